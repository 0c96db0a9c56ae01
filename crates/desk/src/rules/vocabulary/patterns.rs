//! Bug classes as people write about them in running text, in several languages: does a mail claim one?
//!
//! The phrases beside this file are finer and in English: do two reports mean the same one? [`FAMILY`] ties the two
//! together, and a test keeps them so.

use std::{collections::BTreeSet, sync::LazyLock};

use crate::pattern::Regex;

use crate::rules::import::cue::pattern;

/// A class of bug.
#[derive(Clone, Copy, Debug)]
pub struct BugClass {
    /// Stable id, e.g. `sql-injection`.
    pub id: &'static str,
    /// Words in scripts with blanks (whole words, no case).
    pub words: &'static str,
    /// Words in scripts without blanks; empty when there are none.
    pub cjk: &'static str,
}

const fn bug(id: &'static str, words: &'static str, cjk: &'static str) -> BugClass {
    BugClass { id, words, cjk }
}

/// The class of running text that holds each class of phrases.
#[rustfmt::skip]
pub const FAMILY: &[(&str, &str)] = &[
    ("xss", "xss"), ("csrf", "csrf"), ("ssrf", "ssrf"), ("sql-injection", "sql-injection"),
    ("nosql-injection", "sql-injection"), ("command-injection", "command-injection"),
    ("code-injection", "code-execution"), ("template-injection", "template-injection"),
    ("expression-injection", "template-injection"), ("deserialization", "deserialization"),
    ("path-traversal", "path-traversal"), ("file-upload", "file-upload"), ("symlink", "path-traversal"),
    ("xxe", "xxe"), ("entity-expansion", "denial-of-service"), ("decompression-bomb", "denial-of-service"),
    ("open-redirect", "open-redirect"), ("ldap-injection", "other-injection"),
    ("xpath-injection", "other-injection"), ("header-injection", "header-injection"),
    ("request-smuggling", "request-smuggling"), ("log-injection", "other-injection"),
    ("csv-injection", "other-injection"), ("prototype-pollution", "prototype-pollution"),
    ("mass-assignment", "prototype-pollution"), ("buffer-overflow", "memory-corruption"),
    ("out-of-bounds-read", "memory-corruption"), ("use-after-free", "use-after-free"),
    ("double-free", "use-after-free"), ("integer-overflow", "memory-corruption"), ("null-dereference", "crash"),
    ("format-string", "memory-corruption"), ("type-confusion", "use-after-free"),
    ("race-condition", "race-condition"), ("authentication-bypass", "auth-bypass"),
    ("missing-authorization", "auth-bypass"), ("session", "auth-bypass"), ("brute-force", "rate-limit"),
    ("secret-exposure", "information-disclosure"), ("hardcoded-credentials", "hardcoded-secret"),
    ("weak-crypto", "weak-cryptography"), ("certificate-validation", "weak-cryptography"),
    ("signature-verification", "weak-cryptography"), ("timing", "information-disclosure"), ("redos", "redos"),
    ("clickjacking", "clickjacking"), ("cors", "cors"), ("cache", "cache-poisoning"),
    ("dns-rebinding", "cache-poisoning"), ("insecure-permissions", "insecure-permissions"),
    ("insecure-temp-file", "insecure-permissions"), ("supply-chain", "supply-chain"),
    ("uncontrolled-recursion", "denial-of-service"), ("resource-leak", "denial-of-service"),
    ("rce", "code-execution"), ("dos", "denial-of-service"),
    ("information-disclosure", "information-disclosure"), ("privilege-escalation", "privilege-escalation"),
];

/// Every class. A blank in a pattern is any run of white space.
pub const BUG_CLASSES: &[BugClass] = &[
    bug(
        "sql-injection",
        r"sql[- ]?injections?|sqli|(?:nos|h|j|c)ql[- ]?injections?|(?:blind|union|error|time|boolean|stacked)[- ](?:based )?(?:blind )?sql\w*|inject\w* (?:arbitrary |malicious |raw |own )*sql|injectable (?:parameter|query)|inyecci[oó]n (?:de )?sql|inje[cç][aã]o (?:de )?sql|injections? sql|iniezione sql|sql[- ]?инъекци\w+",
        r"SQL\s*注入|SQL\s*インジェクション|SQL\s*인젝션",
    ),
    bug(
        "command-injection",
        r"(?:os |shell )?command[- ]injections?|shell[- ]injections?|arg(?:ument|v)?[- ]injections?|inject\w* (?:arbitrary |shell |os |system )*commands?|(?:execut\w+|run|runs|running) (?:of )?(?:arbitrary |any |shell |os |system |his own |their own )+commands?|arbitrary (?:shell |os |system )?commands?|befehls?injektion|beliebige\w* befehle?|injections? de commandes?|commandes? arbitraires?|inyecci[oó]n de comandos|comandos arbitr[aá]rios?|inje[cç][aã]o de comandos?|iniezione di comandi|внедрени\w+ команд\w*|произвольн\w+ команд\w*",
        r"命令注入|命令执行|任意命令|コマンドインジェクション|任意のコマンド|명령어?\s*(?:삽입|인젝션)",
    ),
    bug(
        "code-execution",
        r"rce|remote[- ]code[- ]exec\w*|(?:arbitrary|remote|attacker'?s?|malicious) (?:(?:python|java|javascript|php|ruby|native|user) )?code(?:[- ]exec\w*)?|code[- ](?:execution|injection)|execut\w+ (?:of )?(?:arbitrary|attacker[- ]\w+|malicious) \w+|eval injection|codeausführung|beliebigen? (?:\w+)?code|exécution (?:de |à distance )?(?:de )?code|code arbitraire|ejecuci[oó]n (?:remota |arbitraria )?de c[oó]digo|c[oó]digo arbitr[aá]rio|execu[cç][aã]o (?:remota |arbitr[aá]ria )?de c[oó]digo|esecuzione (?:remota |arbitraria )?di codice|codice arbitrario|выполнени\w+ (?:произвольного |удал[её]нного |вредоносного )?кода|произвольн\w+ код\w*",
        r"远程代码执行|任意代码|代码执行|代码注入|遠端程式碼執行|リモートコード実行|任意のコード|원격 코드 실행",
    ),
    bug(
        "template-injection",
        r"ssti|template[- ]injection|(?:expression[- ]language|el|ognl|spel|jinja2?|velocity|freemarker) injection|jndi (?:injection|lookups?)",
        r"模板注入|表达式注入|JNDI\s*注入",
    ),
    bug(
        "other-injection",
        r"(?:ldap|xpath|xml|csv|formula|log|email|imap|css|dll|so|graphql|http parameter|parameter|property) injection",
        r"LDAP\s*注入",
    ),
    bug(
        "header-injection",
        r"crlf|(?:http |response |host )?header[- ]injection|response[- ]splitting|host header (?:attack|poisoning)",
        "",
    ),
    bug(
        "request-smuggling",
        r"(?:request|response|http)[- ](?:request[- ])?smuggling|http desync\w*|(?:te|cl)\.(?:te|cl)",
        "请求走私",
    ),
    bug(
        "xss",
        r"xss|cross[- ]site[- ]script\w*|(?:script|html|javascript|markup)[- ]injection|(?:inject\w*|runs?|execut\w+) (?:arbitrary |malicious |my |any |his )*(?:javascript|html|scripts?)(?: (?:code|tags?))?|(?:javascript|script|payload) (?:\w+ ){0,3}(?:executed|executes|runs|fires|run) in|межсайтов\w+ (?:скриптинг\w*|выполнени\w+)|secuencias de comandos en sitios cruzados",
        r"跨站脚本|跨站腳本|クロスサイトスクリプティング|크로스\s*사이트\s*스크립팅",
    ),
    bug(
        "csrf",
        r"[cx]srf|cross[- ]site request forger\w+|межсайтов\w+ подделк\w+",
        r"跨站请求伪造|跨站請求偽造|クロスサイトリクエストフォージェリ",
    ),
    bug(
        "ssrf",
        r"ssrf|server[- ]side[- ]request[- ]forger\w+|подделк\w+ запрос\w+ на стороне сервера|(?:make|force|trick)\w* the server (?:\w+ )?(?:request|fetch|connect)\w*|internal metadata (?:service|endpoint)",
        r"服务器端请求伪造|服务端请求伪造|サーバーサイドリクエストフォージェリ",
    ),
    bug(
        "path-traversal",
        r"(?:(?:path|directory|dir|file)[- ]?)?traversals?|zip[- ]?slip|tar[- ]?slip|[lr]fi|(?:local|remote) file inclusion|arbitrary (?:local )?files? (?:read\w*|writ\w+|upload\w*|delet\w+|overwrit\w+|download\w*|access|disclosure|inclusion)|(?:read|reads|write|writes|overwrite|overwrites|delete|deletes|download|fetch|create)(?:ing)? (?:any|arbitrary) files?|(?:escap\w+|outside) (?:of )?(?:the |its )?(?:web ?root|document root|base|extraction|target|destination|output|upload|intended) ?(?:dir\w*|folder|path)?|symlink (?:attack|following|race|traversal)|(?:verzeichnis|pfad)[- ]?(?:traversal|überschreit\w*|durchquerung)|beliebige\w* dateien|travers[ée]e de (?:r[ée]pertoires?|chemins?)|fichiers? arbitraires?|recorrido de (?:directorios|rutas)|archivos arbitrarios|travessia de (?:diret[oó]rios?|caminhos?)|arquivos arbitr[aá]rios|attraversamento|file arbitrari|обход\w* (?:каталог\w*|директори\w*|пут\w+)|произвольн\w+ файл\w*",
        r"路径遍历|目录遍历|路徑遍歷|目录穿越|路径穿越|任意文件|パストラバーサル|ディレクトリ\s*トラバーサル|任意のファイル|경로 조작",
    ),
    bug(
        "deserialization",
        r"(?:un|de)[- ]?seriali[sz]\w+|unpickl\w+|pickle\.loads?|gadget chains?|yaml\.(?:load|unsafe_load)|ysoserial|object injection|d[ée]s[ée]rialis\w+|deserialisier\w*|des?s?erializa\w+|десериализ\w+",
        r"反序列化|デシリアライ|역직렬화",
    ),
    bug(
        "memory-corruption",
        r"(?:heap|stack|integer|int|buffer|global|arithmetic)[- ](?:based )?(?:buffer )?[- ]?(?:over|under)[- ]?(?:flow|read|run|write)\w*|(?:over|under)flows? (?:in|of) (?:the |a )?(?:heap|stack|buffer|integer|size|length)\w*|out[- ]of[- ]bounds?(?: (?:heap )?(?:read|write|access)\w*)?|oob(?:[- ](?:read|write|access))?|off[- ]by[- ]one|format[- ]string (?:bug|vulnerab\w+|flaw|attack|issue)|(?:controls?|controlled|user[- ]\w+) format string|memory corruption|heap corruption|stack smash\w+|(?:writes?|reads?) (?:past|beyond) (?:the )?(?:end|bounds?|buffer|allocated)|unchecked (?:strcpy|memcpy|sprintf|length)|puffer[- ]?überl\w+|speicherüberl\w+|speicherfehler|d[ée]passement (?:de |d')(?:tampon|tas|pile|entier)|d[ée]bordement (?:de |d')(?:tampon|m[ée]moire|pile|tas|entier)|desbordamiento de\w* (?:b[uú]fer|buffer|pila|memoria|entero)|estouro de (?:buffer|pilha|mem[oó]ria)|переполнени\w+ (?:буфер\w*|стек\w*|куч\w*|цел\w+)",
        r"缓冲区溢出|緩衝區溢位|堆溢出|栈溢出|整数溢出|越界|内存破坏|バッファオーバーフロー|バッファオーバーラン|範囲外|버퍼 오버플로",
    ),
    bug(
        "use-after-free",
        r"use[- ]after[- ]free|uaf|double[- ]free|dangling (?:pointer|reference)|type confusion|uninitiali[sz]ed (?:memory|read|variable|value|pointer)|freed memory|использовани\w+ (?:памяти )?после освобождения",
        r"释放后|解放後使用|类型混淆",
    ),
    bug(
        "crash",
        r"null(?:[- ]?(?:pointer|ptr))?[- ](?:de)?ref\w*|nullptr deref\w*|seg(?:mentation )?[- ]?faults?|segv|sigsegv|assertion (?:failure|fail\w*)|reachable assert\w*|(?:unhandled|uncaught) (?:exception|panic)|разыменовани\w+ нулевого",
        r"空指针|ヌルポインタ",
    ),
    bug(
        "denial-of-service",
        r"denial[- ]of[- ]service|(?-i:DD?oS)|(?:memory|cpu|disk|heap|resource|stack|socket|connections?|threads?|fd|file descriptor) exhaustion|exhaust\w* (?:the |all |of |server'?s? |available |system |my |its )*(?:memory|ram|cpu|disk|heap|resources|file descriptors|threads|connections)|infinite (?:loop|recursion)|(?:uncontrolled|unbounded|excessive) (?:memory |resource |stack )?(?:recursion|allocation|consumption|growth|loop)|(?:zip|decompression|xml|compression|gzip) bomb|billion laughs|out[- ]of[- ]memory|oom(?:[- ]?kill\w*)?|(?:hang|crash|freeze|take down|kill|stall|bring down|knock over)\w* (?:the |a |an |any |your |our |my |whole |entire |remote |every )*(?:servers?|services?|process\w*|workers?|brokers?|daemons?|nodes?|application|app|parsers?|clients?|cluster|instance|site|gateway|proxy|browser|resolver|vm|peer)|(?:server|service|process|worker|broker|daemon|node|app|application|instance|parser|resolver) (?:then |immediately |will |simply |instantly |always )?(?:hangs?|crash\w*|dies|freezes|becomes? unresponsive|stops? responding|goes down|falls over)|dienst(?:e|s)?verweigerung|d[ée]ni de service|denegaci[oó]n (?:de|del) servicio|nega[cç][aã]o de servi[cç]o|negazione del servizio|отказ\w* в обслуживании",
        r"拒绝服务|拒絕服務|サービス拒否|サービス妨害|서비스 거부|无限循环|内存耗尽",
    ),
    bug(
        "redos",
        r"re-?dos|(?:catastrophic|exponential|polynomial|quadratic) (?:backtracking|regex\w*|blow-?up|time)|regular expression denial[- ]of[- ]service",
        "正则表达式拒绝",
    ),
    bug(
        "auth-bypass",
        r"auth\w*[- ]bypass\w*|(?:login|2fa|mfa|otp|password|access control|permission|acl|policy|signature|verification|captcha) bypass\w*|bypass\w* (?:of )?(?:the |any |all |its |your )*(?:\w+ )?(?:auth\w*|login|access controls?|permissions?|acls?|2fa|mfa|otp|signature|verification|password|sso|checks?|restrictions?|allow-?list|deny-?list|blocklist|whitelist|blacklist)|(?:auth\w*|login|access control|permission|2fa|mfa|otp|signature|verification|restriction|allow-?list|check)s? (?:checks? )?(?:can be |is |are |could be |gets |may be )(?:still |\w+ly )?(?:bypass\w*|circumvent\w*|evaded|skipped|missing)|(?:missing|lack\w*(?: of)?|no|insufficient|incorrect|improper|broken|absent|incomplete) (?:\w+ )?(?:auth\w+|access[- ]controls?|permissions?(?: checks?)?|acl checks?|ownership checks?)(?: checks?)?|not (?:being |even )?(?:logged[- ]in|authenticated|signed[- ]in|authorized)|without (?:any |being |prior |having |a |valid |requiring )*(?:auth\w+|logging in|logged in|log(?:ging)? ?on|credentials|passwords?|permissions?|tokens?|account|login)|unauth(?:enticated|ed|orized|orised) (?:\w+ ){0,2}(?:access|users?|attackers?|requests?|endpoints?|clients?|remote|api|visitors?|caller)|account take[- ]?over|log in as (?:any|another|other|someone|the admin)|impersonat\w+|session (?:hijack\w*|fixation)|(?:forge|forged|forging) (?:a |an |any |arbitrary )?(?:\w+ )?(?:tokens?|signatures?|jwts?|cookies?|certificates?|assertions?|proofs?|transactions?)|ohne (?:anmeldung|authentifizierung|login|passwort|einloggen)|authentifizierung\w* (?:\w+ )?umg\w+|umgehung der (?:authentifizierung|anmeldung)|contourne\w* (?:de )?l'authentification|sans (?:authentification|mot de passe|se connecter|être connecté)|(?:omisi[oó]n|evasi[oó]n|elusi[oó]n|bypass) de (?:la )?autenticaci[oó]n|sin (?:autenticaci[oó]n|autenticarse|iniciar sesi[oó]n|contraseña)|sem (?:autentica[cç][aã]o|senha|login|autenticar)|senza (?:autenticazione|password|login)|обход\w* (?:аутентификаци\w*|авторизаци\w*|проверк\w*)|без (?:аутентификации|авторизации|пароля)",
        r"身份验证绕过|认证绕过|绕过(?:身份)?认证|绕过登录|未授权|未经授权|权限绕过|越权|無需認證|認証バイパス|認証回避|認証なし|認証を回避|인증 우회",
    ),
    bug(
        "idor",
        r"idors?|insecure direct object\w*|bola|(?:read|view|access|see|edit|modify|delete|download|change|fetch|list|open|get|steal|reach)(?:s|ing)? (?:the |all |any |some )?(?:\w+ )?(?:(?:of|from|belonging to|owned by) )?(?:other|another|any|someone else's?|somebody else's?|every) (?:\w+ )?(?:users?|tenants?|customers?|accounts?|teams?|projects?|persons?|people|members?|organi[sz]ations?|patients?|workspaces?|clients?)(?:'s?|s')?|other (?:people|user|tenant|customer|member|account|client)(?:'s|s'|s)?(?: \w+)? (?:data|files?|messages?|mails?|orders?|invoices?|photos?|documents?|records?|passwords?|profiles?|accounts?|notes|jobs|secrets|tickets)|cross[- ]tenant|(?:tenant|user|customer) isolation|(?:each|one an)other's (?:\w+ )?(?:data|files?|messages?|statistics|queues?|records?|jobs|content)|horizontal privilege|daten (?:von )?anderer? (?:benutzer|nutzer|kunden)\w*|fremde\w* (?:daten|konten|rechnungen|dateien)|d'autres? utilisateurs?|otros usuarios|outros usu[aá]rios|altri utenti|чуж\w+ (?:данн\w+|аккаунт\w*|файл\w*|заказ\w*)|других пользователей",
        r"越权访问|他人のデータ|其他用户|他のユーザー",
    ),
    bug(
        "information-disclosure",
        r"information (?:disclosure|exposure|leak\w*)|info[- ]?leak\w*|(?:data|memory|credentials?|secrets?|tokens?|passwords?|keys?|path|source code|heap|version) (?:leak\w*|disclosures?|exposures?)|(?:leak|expos|disclos|reveal)\w* (?:of )?(?:the |all |user |users' |sensitive |internal |private |session |api |database |db |stack |process |plaintext |some )*(?:memory|credentials?|secrets?|tokens?|passwords?|keys?|data|heap|information|cookies?|hashes|files|paths?|emails?|pii)|(?:passwords?|secrets?|tokens?|credentials?|api keys?|private keys?|keys?|seeds?|mnemonics?|session ids?) (?:\w+ ){0,3}(?:logged|log files?|(?:plain|clear) ?-?text|world[- ]readable|exposed|leaked|visible|readable|to the logs?)|sensitive (?:data|information)|timing (?:attack|side[- ]?channel|oracle|leak)|side[- ]?channels?|(?:user(?:name)?|account|email) enumeration|informations(?:leck|preisgabe|offenlegung)|datenleck|fuites? (?:d'informations?|de donn[ée]es|de m[ée]moire)|divulgation (?:d'informations?|de donn[ée]es)|(?:divulgaci[oó]n|fuga|filtraci[oó]n|exposici[oó]n) de (?:informaci[oó]n|datos|credenciales)|(?:vazamento|exposi[cç][aã]o|divulga[cç][aã]o) de (?:dados|informa\w+|credenciais)|divulgazione di (?:informazioni|dati)|утечк\w+|раскрыти\w+ (?:информаци\w+|данн\w+)",
        r"信息泄[露漏]|資訊洩[漏露]|敏感信息|数据泄露|情報漏[えいれ洩]|정보 유출",
    ),
    bug(
        "privilege-escalation",
        r"priv(?:ilege|s)?[- ]?esc\w*|(?:escalat|elevat)\w* (?:of |his |their |own |my |the |to )*(?:\w+ )?privileges?|elevation of privileges?|lpe|(?:become|gain|get|gets|obtain|gaining|becomes) (?:an |full |the )*(?:root|admin\w*|superuser|system)(?: (?:access|rights?|privileges?|shell))?|(?:as|to) (?:root|superuser|nt authority\S*)|make (?:himself|themselves|myself|herself) (?:an )?admin\w*|vertical privilege|rechteausweitung|privilegien(?:eskalation|erweiterung)|(?:[ée]l[ée]vation|escalade) (?:de |des )privil[eè]ges?|(?:escalada|elevaci[oó]n|escalamiento) de privilegios|(?:escala\w*|eleva[cç][aã]o) de privil[eé]gios?|escalation dei privilegi|повышени\w+ привилеги\w+",
        r"权限提升|提权|權限提升|権限昇格|권한 상승",
    ),
    bug(
        "open-redirect",
        r"open[- ]?redirect\w*|(?:unvalidated|arbitrary|unsafe|external) redirect\w*|redirect\w* (?:the )?(?:users?|victims?) to (?:an? )?(?:arbitrary|malicious|external|attacker\S*)|redirection (?:ouverte|non valid[ée]e)|offene\w* (?:weiterleitung|umleitung)|redirecci[oó]n abierta|открыт\w+ редирект\w*",
        r"开放重定向|任意(?:URL)?跳转|オープンリダイレクト",
    ),
    bug("xxe", r"xxe|(?:xml )?external entit\w+|entity expansion", r"XML\s*外部实体|外部実体"),
    bug(
        "prototype-pollution",
        r"prototype[- ]pollution|pollut\w* (?:the )?(?:object )?(?:\.|\w+ )*prototype|__proto__|mass[- ]assignment",
        "原型(?:链)?污染",
    ),
    bug(
        "race-condition",
        r"race[- ]conditions?|data races?|races? (?:in|between|on|when|during|while)|toctou|time[- ]of[- ]check\w*|race window|wettlaufsituation\w*|condition de concurrence|condici[oó]n de carrera|condi[cç][aã]o de corrida|состояни\w+ гонки",
        r"竞争条件|競合状態|竞态",
    ),
    bug(
        "hardcoded-secret",
        r"hard[- ]?coded (?:\w+ )?(?:\w+ )?(?:credentials?|passwords?|secrets?|keys?|tokens?|seed)|(?:default|static|embedded) (?:admin )?(?:credentials?|passwords?|secret key|signing key)|(?:private|api|signing|secret|aws|access) keys? (?:\w+ ){0,3}(?:committed|checked in|in (?:the |your )?(?:public )?(?:repo\w*|source|git|history|bundle|image))|backdoor\w*|hartkodiert\w*|fest (?:ein)?codiert\w*|захардкож\w+|жестко зашит\w+",
        r"硬编码|ハードコード",
    ),
    bug(
        "weak-cryptography",
        r"weak (?:\w+ )?(?:crypto\w*|ciphers?|hash\w*|random\w*|p?rng|entropy|encryption|keys?)|(?:predictable|guessable|low[- ]entropy) (?:\w+ )?(?:tokens?|session|random\w*|seeds?|ivs?|nonces?|ids?|keys?|identifiers?|numbers?)|(?:nonce|iv|k|keystream) reuse|reus\w+ (?:of )?(?:the |a )?(?:same )?(?:nonce|iv)|padding oracle|insecure random\w*|math\.random|(?:certificate|hostname|tls|signature|cert) (?:validation|verification|checks?|check) (?:is |are |was |can be )?(?:\w+ )?(?:disabled|missing|bypass\w*|skipped|not \w+|ignored|off)|(?:does not|doesn't|do not|don't|not|never|fails? to|without) (?:properly )?(?:validat|verif|check)\w* (?:of )?(?:the |tls |server |ssl |peer |jwt |whether the )*(?:certificates?|certs?|hostnames?|signatures?|mac|hmac|issuer|audience)|signature (?:forgery|malleability|wrapping)|downgrade attack|mitm|man[- ]in[- ]the[- ]middle|invalid curve|unsichere\w* zufall\w*|schwache\w* (?:verschlüsselung|krypto\w*|hash\w*)|слаб\w+ (?:шифр\w*|криптограф\w*|хеш\w*)",
        r"弱加密|弱密码算法|证书验证|証明書の?検証|署名検証",
    ),
    bug(
        "supply-chain",
        r"dependency[- ]confusion|supply[- ]chain (?:attack|compromise|risk|vulnerab\w+|issue)|typo-?squat\w*|(?:malicious|compromised|backdoored|hijacked|trojaned) (?:package|dependency|commit|release|maintainer|module|plugin|action)|pwn request|pull_request_target|(?:github actions?|workflow|ci|pipeline) (?:script )?injection|(?:subdomain|namespace|package|domain|bucket) (?:take[- ]?over|hijack\w*)|expired domain|供应链攻击",
        r"供应链|サプライチェーン攻撃",
    ),
    bug(
        "cache-poisoning",
        r"(?:cache|dns|arp) (?:poisoning|deception|spoofing)|dns rebinding|web cache deception",
        "缓存投毒",
    ),
    bug(
        "sandbox-escape",
        r"(?:sandbox|container|vm|jail|chroot|hypervisor|namespace)[- ](?:escape|break[- ]?out)\w*|(?:escap|break)\w* (?:out )?(?:of |from )?(?:the )?(?:sandbox|container|jail|chroot|vm|iframe)|沙箱逃逸",
        r"沙箱逃逸|沙盒逃逸|サンドボックス",
    ),
    bug(
        "file-upload",
        r"(?:unrestricted|arbitrary|malicious|unsafe) (?:file )?uploads?|téléversement de fichiers|subida de (?:archivos|ficheros) (?:arbitrari\w+|php)|upload\w* (?:an? )?(?:arbitrary|malicious|executable|php|jsp|web ?shell|svg) ?(?:files?|shell|scripts?)?|web ?shell",
        r"任意文件上传|文件上传漏洞",
    ),
    bug(
        "session-management",
        r"sessions? (?:is |are |does |do |remains? |stays? |isn't |aren't |not )*(?:\w+ )?(?:invalidat\w+|valid after|expire\w*|terminated|revoked)|(?:tokens?|cookies?|sessions?|links?|keys?) (?:\S+ ){0,6}?(?:still |remains? |stays? )+(?:\w+ )?(?:valid|works?|accepted|usable|active|honou?red)|(?:replay|replayed) (?:attack|the|a)",
        "",
    ),
    bug(
        "insecure-permissions",
        r"world[- ](?:readable|writ(?:e)?able)|insecure (?:file )?permissions?|mode 0?[67]{3}|(?:insecure|predictable) temp(?:orary)? files?",
        "",
    ),
    bug("cors", r"cors (?:misconfig\w*|policy|bypass|wildcard)|access-control-allow-origin", "跨域"),
    bug(
        "clickjacking",
        r"click-?jack\w*|ui redress\w*|tapjack\w*|frame(?:able|d) page|x-frame-options",
        "点击劫持",
    ),
    bug(
        "mail-spoofing",
        r"(?:missing |no |weak )?(?:spf|dmarc|dkim)(?: records?| policy)?|(?:e-?)?mail spoofing",
        "",
    ),
    bug(
        "missing-header",
        r"(?:missing|lack\w*|no|absent|absence of) (?:\w+ ){0,3}(?:hsts|csp|content-security-policy|strict-transport-security|x-\w+(?:-\w+)*|security headers?|httponly|secure flag|samesite)|(?:security|http) headers? (?:\w+ )?(?:missing|not set|not implemented|absent)|cookies? without (?:secure|httponly|samesite)",
        "",
    ),
    bug(
        "version-disclosure",
        r"(?:version|banner|server header) (?:disclosure|exposure|leak\w*|grabbing)|(?:server|x-powered-by) (?:header )?(?:reveals?|discloses?|exposes?)(?: \w+)* versions?",
        "",
    ),
    bug(
        "rate-limit",
        r"(?:no|missing|lack of|without|absent) rate[- ]?limit\w*|rate[- ]?limit\w* (?:bypass|missing|not)|brute[- ]?forc\w+",
        "暴力破解",
    ),
    bug(
        "prompt-injection",
        r"(?:indirect )?prompt[- ]injections?|llm (?:injection|jailbreak)|jailbreak\w*",
        "提示词?注入",
    ),
    bug(
        "smart-contract",
        r"re-?entrancy|flash ?loan|oracle manipulation|(?:drain|steal)\w* (?:the |all |user |users' |any )*(?:funds?|tokens?|coins?|wallets?|balances?|pool|contract)|double[- ]spend\w*|replay protection|consensus (?:bug|failure|split|flaw)",
        "重入",
    ),
    bug(
        "logic-flaw",
        r"business[- ]logic (?:\w+)?|logic (?:flaw|bug|error)|negative (?:quantity|amount|price)|price manipulation|parameter tampering",
        "逻辑漏洞",
    ),
];

static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
    BUG_CLASSES
        .iter()
        .map(|b| {
            let cjk = (!b.cjk.is_empty()).then(|| pattern(&format!("={}", b.cjk)));
            (b.id, pattern(b.words), cjk)
        })
        .collect()
});

/// A bug class named in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassHit {
    /// Class id.
    pub class: &'static str,
    /// First byte of the words in the text searched.
    pub start: usize,
    /// One past their last byte.
    pub end: usize,
}

type Compiled = (&'static str, Regex, Option<Regex>);

/// The classes that a text names somewhere: what its sentences need be searched for.
#[derive(Debug)]
pub struct Present(Vec<&'static Compiled>);

impl Present {
    /// Looks at a whole text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let there = |(_, words, cjk): &&Compiled| {
            words.is_match(text) || cjk.as_ref().is_some_and(|r| r.is_match(text))
        };
        Self(COMPILED.iter().filter(there).collect())
    }

    /// As [`find`], in a part of that text.
    #[must_use]
    pub fn find(&self, part: &str) -> Vec<ClassHit> {
        search(self.0.iter().copied(), part)
    }
}

/// The first mention of every bug class, in order of the text.
#[must_use]
pub fn find(text: &str) -> Vec<ClassHit> {
    search(COMPILED.iter(), text)
}

fn search(among: impl Iterator<Item = &'static Compiled>, text: &str) -> Vec<ClassHit> {
    let mut hits: Vec<ClassHit> = among
        .filter_map(|(class, words, cjk)| {
            let m = words.find(text).or_else(|| cjk.as_ref().and_then(|r| r.find(text)))?;
            Some(ClassHit { class, start: m.start(), end: m.end() })
        })
        .collect();
    hits.sort_by_key(|h| (h.start, h.class));
    hits
}

/// The bug classes named in a text.
#[must_use]
pub fn classes(text: &str) -> BTreeSet<&'static str> {
    find(text).into_iter().map(|h| h.class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_class_in_many_registers_and_languages() {
        for (text, class) in [
            ("Blind SQL injection in order_by", "sql-injection"),
            ("Inyección SQL en el buscador", "sql-injection"),
            ("存在SQL注入漏洞", "sql-injection"),
            ("lets anybody run arbitrary shell commands", "command-injection"),
            ("exécution de code à distance", "code-execution"),
            ("Выполнение произвольного кода", "code-execution"),
            ("リモートコード実行の脆弱性", "code-execution"),
            ("heap-buffer-overflow in png_read", "memory-corruption"),
            ("Pufferüberlauf im Parser", "memory-corruption"),
            ("double free on error path", "use-after-free"),
            ("the broker hangs", "denial-of-service"),
            ("negação de serviço", "denial-of-service"),
            ("I can download any customer's invoice", "idor"),
            ("works without logging in", "auth-bypass"),
            ("the token is logged in plaintext", "information-disclosure"),
            ("../ sequences lead to directory traversal", "path-traversal"),
            ("任意文件读取", "path-traversal"),
            ("__proto__ key is merged", "prototype-pollution"),
            ("does not verify the hostname", "weak-cryptography"),
            ("hard-coded AWS credentials", "hardcoded-secret"),
        ] {
            assert!(classes(text).contains(class), "{text}: {:?}", classes(text));
        }
    }

    #[test]
    fn ordinary_words_name_no_class() {
        for text in [
            "los dos usuarios",
            "thanks for the quick answer",
            "how do I install version 2.1",
            "we would like to order two licences",
            "the meeting moves to Tuesday",
        ] {
            assert!(classes(text).is_empty(), "{text}: {:?}", classes(text));
        }
    }

    #[test]
    fn every_class_of_phrases_has_its_family() {
        use crate::rules::vocabulary;
        let families: std::collections::BTreeMap<_, _> = FAMILY.iter().copied().collect();
        let ids: BTreeSet<_> = BUG_CLASSES.iter().map(|b| b.id).collect();
        assert_eq!(families.len(), FAMILY.len());
        assert_eq!(families.len(), vocabulary::BUG_CLASSES.len());
        for (id, phrases) in vocabulary::BUG_CLASSES {
            let family = families.get(id).unwrap_or_else(|| panic!("{id} has no family"));
            assert!(ids.contains(family), "{family}");
            // What the phrases call by its usual name, running text calls so, too.
            let read = |p: &&str| {
                let said = [p.to_string(), format!("{p} vulnerability"), format!("{p} missing")];
                said.iter().any(|s| classes(s).contains(family))
            };
            assert!(phrases.iter().any(read), "{id}: no phrase is read as {family}");
        }
    }

    #[test]
    fn ids_are_unique() {
        let ids: BTreeSet<_> = BUG_CLASSES.iter().map(|b| b.id).collect();
        assert_eq!(ids.len(), BUG_CLASSES.len());
    }
}
