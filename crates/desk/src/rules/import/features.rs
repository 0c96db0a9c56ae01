//! Does a text claim a flaw, and with what substance? Sentence by sentence, so that a question about a defence, an
//! offer of services or a policy enquiry is not taken for a claim.

use std::collections::BTreeSet;

use super::{
    cue::{Hit, Signal, cues, score, words},
    text::Doc,
};
use crate::{mail::Message, rules::vocabulary::patterns as vocabulary};

cues! {
    /// What a reproduction looks like, wherever it stands.
    pub REPRODUCTION = [
        "class.report.reproduction" 3 r"steps ?:|(?:steps?|how|instructions) to (?:reproduce|replicate|trigger|exploit|repeat)|reproduction(?: steps)?|steps to repro|repro(?:ducer)?|to (?:reproduce|replicate|trigger) (?:it|this|the|that)|reproduz\w+|reproduire|reproducir|riprodurre|reproduktion|nachstellen|reproduzieren|étapes|pasos para|passos para|schritte zum|воспроизв\w+|шаги",
        "class.report.reproduction" 3 r"=复现|重现|復現|再現(?:手順|方法|可能|コード|でき)|재현",
        "class.report.poc" 3 r"proof[- ]of[- ]concept|pocs?|p\.o\.c|exploit (?:code|script|attached|below)|working exploit|test ?case attached|crash(?:ing)? (?:input|file|sample)|minimi[sz]ed (?:input|file|test ?case)|preuve de concept|prueba de concepto|prova de conceito|machbarkeitsnachweis",
        "class.report.payload" 3 r"=<script|<img\s[^>]*onerror|<svg[^>]*onload|javascript:|'\s*or\s*'?1'?\s*=\s*'?1|union\s+(?:all\s+)?select|\.\./\.\./|\.\.%2f|%2e%2e|\$\{jndi:|\{\{\s*7\s*\*\s*7|file:///etc|/etc/passwd|169\.254\.169\.254|<!entity|__proto__|\bsleep\(\d+\)|;\s*(?:id|whoami|cat /)\b|\balert\(|onerror=|%0d%0a|AAAAAAAA|\buid=0\(root\)|\bnt authority\\system|<\w+\s+on\w+=|<iframe|innerHTML",
        "class.report.sanitizer-output" 4 r"=ERROR:\s*\w*Sanitizer|SUMMARY:\s*\w*Sanitizer|runtime error:|==\d+==\s*(?:ERROR|Invalid (?:read|write))|heap-(?:buffer-overflow|use-after-free)|READ of size \d|WRITE of size \d|libfuzzer|afl(?:\+\+|-fuzz)|valgrind",
        "class.report.stack-trace" 2 r"=^\s*#\d+\s+0x[0-9a-f]+|Traceback \(most recent|\bat\s+[\w$.]+\([\w$]+\.java:\d+\)|thread '.{1,40}' panicked|goroutine \d+ \[|core dumped|Segmentation fault|Exception in thread",
        "class.report.request" 2 r"=\bcurl\s+(?:-|'|\x22|https?:)|(?:GET|POST|PUT|DELETE|PATCH)\s+/\S*|HTTP/1\.1|\bnc\s+-?\w*\s*\S+\s+\d{2,5}\b|\bwget\s+http",
    ];
    /// Where in the product.
    POINTERS = [
        "class.report.code-pointer" 2 r"=[\w/.-]+\.(?:c|cc|cpp|h|hpp|rs|go|py|js|ts|jsx|tsx|java|kt|rb|php|cs|swift|scala|pl|ex|erl|lua|m|mm|vue)(?::\d+|#L\d+|\b.{0,12}\bline\s+\d+|\s+\(line)|\b(?:line|lines)\s+\d{1,6}\b",
        "class.report.code-pointer" 1 r"=\b[a-z_][\w]*(?:(?:\.|::|->)\w+)*\(\)|(?-i:\b[A-Z]\w+(?:\.|::|#)[a-z]\w+\b\(?)|\b[\w-]+/[\w./-]+\.(?:c|cc|cpp|h|rs|go|py|js|ts|java|rb|php|cs)\b|\b\w+\.(?:c|cpp|rs|go|py|java|rb|php)\b",
        "class.report.endpoint" 1 r"=(?:^|[\s`'\x22(])/(?:api|v\d|admin|rest|auth|login|users?|upload|download|files?|graphql|ws|debug|internal|export|import)[/\w{}:.?=&-]*|\b(?:parameter|param|endpoint|header|field|query string)\s+[`'\x22]?\w+|[`'\x22]\w+[`'\x22]\s+(?:parameter|param|field|header|endpoint|option)",
    ];
    /// What only a reporter writes beside the flaw itself.
    SUPPORT = [
        "class.report.versions" 1 r"(?:affected|vulnerable|tested|impacted|betroffene|versions?) (?:versions?|releases?|on|with|against|affect\w+|concern\w+)(?: \w+)? ?:?|versions? (?:\S+ )?(?:before|prior|up to|through|and (?:below|earlier|later)|<)|(?:version|release|v) ?\d+\.\d+(?:\.\d+)?|latest (?:version|release|master|main)|current (?:master|main|head)|commit [0-9a-f]{7,40}",
        "class.report.discovery" 1 r"(?:i|we|i've|we've|i have|we have|my team|our team)(?: \w+)? (?:found|discovered|identified|noticed|came across|stumbled (?:up)?on|observed|detected|spotted|uncovered|ran into)|(?:would like|want|wish|writing|like) to (?:report|disclose|notify|inform|submit)|(?:hereby )?(?:reporting|disclosing)|(?:ich|wir) habe?n?|j'ai (?:trouvé|découvert|identifié)|(?:he|hemos) (?:encontrado|descubierto|detectado)|encontrei|descobri|ho (?:trovato|scoperto)|(?:я )?(?:обнаружил\w*|наш[её]л|нашли)",
        "class.report.discovery" 1 r"=我(?:们)?(?:发现|在)|发现了?一个|発見しました|見つけました|報告します|报告一个",
        "class.report.weakness-id" 1 r"=\bCWE-\d+|CVSS:3|CVSS\s*(?:v?[234](?:\.\d)?)?\s*(?:score|vector|base|:|=)|AV:[NALP]/",
        "class.report.disclosure" 1 r"(?:responsible|coordinated) disclosure|embargo|90[- ]?days?|credit (?:me|us|to)|cve (?:id|request|assign\w*|number)|assign (?:a )?cve|please (?:credit|acknowledge)",
        "class.report.impact" 1 r"impact|severity|attack (?:scenario|vector)|suggested fix|root cause|recommended (?:fix|remediation)|mitigation|auswirkung\w*|impacto|impatto|конфиденциальн\w+|воздействи\w+",
        "class.report.expected-actual" 1 r"expected(?: behaviou?r| result)?\s*:|actual(?: behaviou?r| result)?\s*:|(?:works|happens|fails|reproduces?|fine|seen) (?:\w+ )?(?:on|in|since|with|from) v?\d|regression|bisected",
        "class.report.impact" 1 r"=影响|危害|影響|修复建议|漏洞详情|漏洞描述",
    ];
    /// A sentence that says: someone can do what they should not.
    EFFECT = [
        "class.report.attacker" 3 r"(?:attackers?|adversar\w+|hackers?|malicious (?:\w+ )?(?:users?|actors?|clients?|servers?|peers?|files?|sites?|websites?|nodes?|apps?|inputs?|packages?|requests?|payloads?|pages?|plugins?|extensions?|certificates?|repositor\w+|documents?)|unprivileged (?:users?|process)|low[- ]priv\w* users?|crafted \w+|specially[- ]crafted|maliciously crafted)",
        "class.report.attacker" 3 r"allow\w* (?:an? |any |all |every |remote |local |authenticated |unauthenticated |low-\w+ |anonymous |untrusted |arbitrary )*(?:users?|clients?|guests?|peers?|visitors?|person|body|someone|anyone|everyone|members?|callers?|remote|website|page|app)(?: \w+)? to|(?:anyone|anybody|(?:any|every) (?:\w+ )?(?:user|client|website|visitor|peer|process|account|person|guest|app|page|tenant|customer|member|employee|node|device)|everyone|other users?|guests?|strangers?|a (?:normal|regular|simple|plain|logged[- ]in|second|different|random) (?:user|account))(?: who (?:\S+ ){1,14}?| with (?:\S+ ){1,6}?| )(?:\w+ly )?(?:can|could|may|is able|are able|was able|gets?|has|have)",
        "class.report.attacker" 3 r"can (?:still |also |now |then )?be (?:\w+ly )?(?:called|read|accessed|used|invoked|reached|seen|viewed|opened|downloaded|changed|edited|deleted|modified|triggered|abused|set|written|overwritten|guessed|forged|executed|taken over|listed) by (?:\w+ )?(?:any|every|anyone|anybody|everyone|everybody|all|other|another|unauth\w+|a|an|users?|guests?|clients?|outsiders?|strangers?)|(?:lets?|letting|permits?|permitting) (?:\S+ ){1,5}?(?:run|read|write|execute|access|see|view|delete|modify|change|bypass|steal|impersonate|escalate|crash|inject|forge|become|overwrite|open|skip|take) (?:\S+ )?\w+|(?:see|sees|saw|seeing|read|reads|reading|access|accesses|open|opens) (?:each|one an)other'?s|(?:page|browser|client|front-?end|button|menu|form|ui|interface) (?:\w+ ){0,3}(?:checks?|validat\w+|hides?|enforces?|blocks?|grey\w*|disabl\w+)(?: \w+)? but (?:\w+ ){0,3}(?:server|back-?end|api|endpoint)",
        "class.report.attacker" 3 r"(?:attacker|user|externally)[- ](?:controlled|supplied|provided)|untrusted (?:input|data|files?|users?|peers?|sources?|clients?|archives?|servers?)|victim'?s?",
        "class.report.attacker" 3 r"angreifer\w*|attaquants?|atacantes?|attaccant[ei]|aggressor[ei]|злоумышленник\w*|атакующ\w+",
        "class.report.attacker" 3 r"=攻击者|攻擊者|攻撃者|黑客|공격자|第三者が",
        "class.report.can-do" 3 r"(?:i|we|you|one)(?: \w+)? (?:was|were|am|are|is)? ?(?:can|could|able to|managed to|manage to|succeeded in) (?:\w+ly |also |then |still |easily )*(?:log in(?:to)? |sign in |read|view|see|open|access|download|delete|change|modify|edit|overwrite|execut\w+|run|inject|bypass|get|fetch|steal|takeover|take over|impersonat\w+|crash|dump|list|extract|leak|retrieve|reset|become|trigger|forge|create) (?:\w+ ){0,6}(?:without|other|another|someone|somebody|anyone|every|any|arbitrary|all|admin\w*|root|private|internal|secret\w*|password\w*|hash\w*|databases?|tokens?|credentials?|hidden|restricted|protected|deleted|shell|files?|commands?)",
        "class.report.can-do" 3 r"(?:roles?|viewers?|guests?|interns?|agents?|members?|readers?|operators?|students?|employees?|customers?|tenants?|users?|accounts?|visitors?|children|child|people|person|contractor|plugin|extension|app|script|page|website|container|job)\W+(?:\S+ ){0,4}?(?:can|could|was able to|were able to|is able to|are able to|managed to|gets to) (?:\w+ly |still |also |now |then |just )?(?:read|see|view|open|access|download|delete|change|modify|edit|overwrite|execute|run|create|export|list|reset|grant|approve|disable|remove|publish|impersonate|write|send|lift|raise|trigger|call|cat|dump) (?:\S+ ){0,20}?(?:although|though|despite|even if|but|without|not allowed|hid\w+|should\w*|only|other|others|all|any|every|production|private|secret\w*|password\w*|keys?|salar\w+|admin\w*|someone|somebody)",
        "class.report.can-do" 3 r"(?:an?|any|every|one|the|you|i|we|they|who|to|and) (?:\w+ ){0,2}(?:can|could|may|might|able to|possible to) (?:then |thus |therefore |easily |simply |also |trivially )*(?:predict|guess|forge|steal|spoof|hijack|tamper|escalate|impersonate|inject|exfiltrate|brute[- ]?force|replay|decrypt|recover|enumerate|intercept|overwrite|poison|smuggle|craft)",
        "class.report.should-not" 3 r"(?:should(?:n't| not| never)|not supposed to|aren't supposed to|isn't supposed to|must not|shouldn't|not meant to|ought not to) (?:\w+ )?be (?:\w+ )?(?:able|possible|allowed|visible|accessible|public|readable|reachable|exposed|seen|shown|accepted|executed|trusted)|shouldn't (?:\w+ )?(?:see|have access|accept|work|return|leak)",
        "class.report.asks-if-intended" 3 r"(?:is|was) (?:it|this|that) (?:really |actually )?(?:intended|intentional|normal|expected|supposed|by design|deliberate|on purpose|ok(?:ay)?|allowed|a (?:bug|feature|vulnerability|security \w+))|(?:consider|call|regard|treat) (?:this|that|it) (?:as |to be )?an? (?:vulnerability|security \w+|flaw)|darf es sein|(?:ist|war) (?:das|es) (?:so )?(?:gewollt|normal|beabsichtigt|vorgesehen|richtig)|est-(?:ce|il) (?:normal|voulu|prévu)|(?:es|é) normal que|è normale|это (?:нормально|так задумано)",
        "class.report.asks-if-intended" 3 r"=正常吗|是否正常|仕様でしょうか|仕様ですか",
        "class.report.accepts" 3 r"(?:accepts?|accepted|accepting|trusts?|honou?rs?) (?:any|an empty|empty|expired|invalid|wrong|forged|unsigned|self-signed|arbitrary|old|revoked|blank|negative|unlimited|attacker\S*) (?:\w+ )?\w+|(?:logged|log) (?:me |you |us )?in (?:as|without|with (?:any|a wrong|an empty|no))",
        "class.report.unchecked" 2 r"(?:never|not|isn't|aren't|doesn't|don't|wasn't|without|no|fails? to|lack\w*(?: of)?|missing|insufficient|improper|incorrect) (?:being |properly |get |gets |correctly |any |sufficient |adequate |proper |enough |the |its |their |our )*(?:\w+ )?(?:check(?:ed|s|ing)?|escap(?:e|ed|es|ing)|saniti[sz]\w+|validat\w+|verif\w+|encod(?:e|ed|ing)|filter(?:ed|s|ing)?|bounds?|authenticat\w+|authori[sz]\w+|quot(?:ed|ing)|neutrali[sz]\w+|restrict\w*)|(?:skips?|skipping|omits?|omitting|ignores|forgets?|bypasses) (?:the |any |all |its |every |our )*(?:\w+ )?(?:validations?|verification|checks?|authentication|authori[sz]ation|saniti[sz]ation|escaping|revocation)",
        "class.report.crash" 2 r"(?:crash(?:es|ed|ing)?|segfaults?|panic(?:s|ked|king)?|abort(?:s|ed)?|heap corruption|deadlock(?:s|ed)?|stürzt ab|plante|se cuelga|se bloquea|trava|va in crash|падает|зависает)",
        "class.report.crash" 2 r"=崩溃|クラッシュ|宕机|卡死|크래시",
        "class.report.effect" 2 r"(?:lead(?:s|ing)?|result(?:s|ing)?|allow(?:s|ing)?|caus(?:es|ing)|enabl(?:es|ing)) (?:to|in|for|of)? ?(?:a |an |the |full |complete |potential |possible |remote |arbitrary |unauthori[sz]ed |total )*(?:compromise|takeover|disclosure|execution|access|escalation|bypass|corruption|exposure|crash|leak\w*|exfiltration|theft|loss|injection|denial)|expos(?:es|ed|ing) (?:\w+ ){0,4}(?:to|via|in|without)|(?:full|complete) (?:system |account |server )?(?:compromise|takeover)",
    ];
    /// Nouns for a flaw.
    NOUN = [
        "class.report.names-a-flaw" 2 r"vuln(?:erabilit(?:y|ies)|s|erable)?|0[- ]?days?|zero[- ]?days?|exploit(?:s|able|ed|ation|ing)?|security[- ](?:related )?(?:issues?|bugs?|flaws?|holes?|problems?|defects?|weakness(?:es)?|concerns?|risks?|gaps?|loopholes?|findings?|vulnerabilit\w+|reports?|impact|hazard)|weakness(?:es)?|(?:potential|possible|critical|serious|severe|dangerous|high[- ]severity) (?:\w+ )?(?:bugs?|flaws?|issues?|holes?|problems?)|insecure|unsafe|bypass\w*|incomplete (?:fix|patch)|(?:broken|missing|lack of|no|insufficient) (?:\w+ )?(?:isolation|access control|authentication|authori[sz]ation)|(?:does not|doesn't|did not|didn't) (?:fully|completely|properly|entirely) (?:fix|address|resolve|prevent|mitigate)|sicherheits(?:lücke|problem|risiko|mangel|fehler)\w*|schwachstellen?|lücke|vuln[ée]rabilit[ée]s?|failles?|vulnerabilidad(?:e|es)?|(?:fallo|fallos|brecha|problema|agujero) de seguridad|(?:falha|falhas|brecha|problema) de segurança|vulnerabilit[aà]|falle? di sicurezza|уязвимост\w*|дыр[аыу]|брешь|проблем\w+ безопасности",
        "class.report.names-a-flaw" 2 r"=漏洞|弱点|脆弱性|セキュリティホール|セキュリティ上の問題|安全问题|安全缺陷|安全隐患|취약점",
    ];
}

words! {
    QUESTION = r"=\?\s*[\x22')]*$|？|^\s*(?:(?:hi|hello|hey|dear)[^,.!]{0,30},?\s*)?(?:how (?:do|does|can|could|should|would|to|may|must)|what (?:is|are|does|do|would|should|version)|where (?:can|do|is|are|should|would)|which (?:version|one|release|setting|option)|who (?:should|do|can|is)|when (?:will|is|are|do) (?:the|you|your|it|there)|is there|are there|do you|can (?:i|we|you)|could (?:you|we|i)|may i|would you|should (?:i|we)|wie (?:kann|muss|soll)|comment (?:puis|peut|faire)|cómo|onde (?:posso|está)|come (?:posso|si)|как (?:мне|можно|настроить)|请问|如何|怎么)\b";
    ASKING_SUBJECT = r"=^\s*(?:question|help|how (?:to|do|can)|query|support|asking|enquiry|inquiry|frage|pregunta|dúvida|domanda|вопрос|请教|咨询)\b";
    HOW_TO_REPORT = r"(?:how|where|whom|who|best way|right (?:way|place|channel|person|address)|proper (?:way|channel)|process|procedure|correct (?:way|address|channel)|channel|guidelines|contact) (?:\w+ ){0,8}(?:report\w*|disclos\w+|submit\w*)(?: \w+){0,5}|vulnerability (?:disclosure|reporting) (?:policy|program\w*|process)|security (?:policy|contact)|disclosure policy|responsible disclosure (?:policy|program\w*)|bug[- ]?bounty (?:program\w*|scheme|policy)|security\.txt|pgp (?:public )?key";
    HYPOTHETICAL = r"(?:no|not a|isn't a|not any|nothing to do with|unrelated to|other than|without any) (?:\w+ )?(?:vulnerabilit\w+|security (?:issue|bug|problem|vulnerability|report|matter|hole|concern)s?)|not (?:a )?security|in case (?:i|we|someone|anyone) (?:ever )?(?:find|discover|finds)|(?:if|should|whenever|when) (?:i|we|someone|anyone|a researcher|one|somebody) (?:ever |were to |would |happen to )?(?:find|discover|finds|discovers|notice|report)|(?:protect|protects|protecting|safe|secure|guard|defend|hardened|defence|defense) (?:\w+ )?(?:against|from)|keine (?:sicherheitslücke|schwachstelle)";
    DEFENCE = r"(?:protection|prevention|tokens?|filter\w*|middleware|mitigation|detection|scanner|scanners|training|cheat ?sheet|headers?|settings?|support|options?|configuration|awareness|testing|assessments?|management|solutions?|services?|programs?|programmes?|tool|tools|platform|team|research|researcher|researchers|course|workshop|statistics|metrics|numbers|counts?|lists?|feeds?|database|history|scores?|handling|disclosures?|process|processes|polic(?:y|ies)|advisor(?:y|ies))";
    ABSENT = r"bypass\w*|miss\w+|lack\w*|without|absent|disabled?|ineffective|not|no|never|broken|circumvent\w*|leak\w*|skip\w*|evad\w+|weak|flaw\w*|vulnerable|ignored?|incomplete|does ?n.t";
    // The product refused: an error met by a user, not a flaw.
    REFUSED = r"=\b(?:40[13]\b|verification\s+failed|access\s+denied|permission\s+denied|request\s+(?:was\s+)?(?:aborted|rejected|refused|blocked))";
    NOT_REFUSED = r"bypass\w*|instead of|still|without|although|though|but|despite|even|rather than|attacker\w*";
    PAST = r"(?:that |which )?(?:you|they|the (?:project|team|vendor|maintainers)) (?:have |had |recently |just |already )*(?:patched|fixed|disclosed|announced|published|resolved)|your (?:\w+ )?(?:advisory|disclosure|incident|breach|announcement)";
    STEP = r"=^\s*(?:step\s*\d+\b|\(?\d{1,2}[.):、]|[-*]\s|第[一二三四五]步)\s*(?:step\s*\d+\s*[:.-]?\s*)?(?:as\s+(?:the\s+|an?\s+)?\w+[,:]?\s+|then\s+|now\s+|next,?\s+)?(?:open|click|log|login|sign|run|send|create|start|visit|go|navigate|upload|download|enter|set|use|call|install|build|compile|clone|intercept|capture|change|modify|replace|observe|notice|wait|execute|save|submit|select|paste|connect|craft|browse|configure|deploy|add|launch|load|view|check|copy|make|note|issue|request|register|feed|parse|pass|invoke|generate|host|serve|point|put|write|prepare|öffne\w*|ouvr\w+|abr\w+|apr\w+|starte\w*|lanc\w+|ejecut\w+|execut\w+|инициал\w+|откр\w+|запуст\w+|访问|打开|登录|上传|构造|运行|点击)";
    POC_FILE = r"=(?:poc|exploit|crash|repro|payload|vuln|report|advisory|finding|asan|fuzz|trace|screenshot|evidence|disclosure|security)";
}

/// What a text says about a flaw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Points for asserting a flaw; from [`CLAIM`] on, a flaw is claimed.
    pub claim: i32,
    /// Points for substance a claim without content never has: reproduction, payload, code pointer, endpoint.
    pub substance: i32,
    /// Points of reproduction alone.
    pub reproduction: i32,
    /// Bug classes asserted.
    pub classes: BTreeSet<&'static str>,
    /// Bug classes only asked or talked about.
    pub mentioned: BTreeSet<&'static str>,
    /// Asks how or where to report.
    pub how_to_report: bool,
    /// Sentences that ask.
    pub questions: usize,
    /// The rules that spoke.
    pub signals: Vec<Signal>,
}

/// Points from which a text claims a flaw.
pub const CLAIM: i32 = 2;

impl Features {
    /// Does the text claim a flaw?
    #[must_use]
    pub fn claims(&self) -> bool {
        self.claim >= CLAIM
    }

    /// Does it show how?
    #[must_use]
    pub fn reproduces(&self) -> bool {
        self.reproduction >= 3
    }
}

/// Reads a message.
#[must_use]
pub fn of(message: &Message, doc: &Doc) -> Features {
    let mut f = of_text(doc);
    for a in message.attachments.iter().take(20) {
        let text = a.text.as_str();
        if !text.is_empty() {
            let hits = REPRODUCTION.hits(text);
            let inner = of_text(&Doc::from_text("", text));
            if score(&hits) >= 3 || inner.claims() {
                f.reproduction += score(&hits).min(4);
                f.claim += inner.claim.min(4);
                f.substance += score(&hits).min(4);
                f.classes.extend(inner.classes);
                f.signals.push(Signal::new("class.report.attachment", &a.name));
            }
        } else if POC_FILE.is_match(&a.name) {
            f.claim += 1;
            f.substance += 2;
            f.signals.push(Signal::new("class.report.attachment", &a.name));
        }
    }
    f
}

/// Reads a text.
#[must_use]
pub fn of_text(doc: &Doc) -> Features {
    let mut f = Features::default();
    let everything = doc.everything();
    let mut best: Vec<Hit> = Vec::new();
    // Each table is run over the whole once; sentence by sentence only what was found there.
    let whole = doc.sentences.join("\n");
    let named = vocabulary::Present::of(&whole);
    let effects = EFFECT.present(&whole);
    let nouns = NOUN.present(&whole);
    let supports = SUPPORT.present(&whole);
    let how_to = HOW_TO_REPORT.is_match(&whole);
    let hypothetical = HYPOTHETICAL.is_match(&whole);
    let refusals = REFUSED.is_match(&whole);
    for (n, s) in doc.sentences.iter().enumerate() {
        let is_subject = n == 0;
        let asks = QUESTION.is_match(s) || (is_subject && ASKING_SUBJECT.is_match(s));
        f.questions += usize::from(asks);
        let how = how_to && HOW_TO_REPORT.is_match(s);
        let found = supports.has("class.report.discovery", s);
        if how {
            f.how_to_report = true;
        }
        let idle = (hypothetical && HYPOTHETICAL.is_match(s)) || (how && !found);
        let mut effect = effects.hits(s);
        if asks {
            // A question that describes what can be done is a claim put politely; a bare "crash" is not.
            effect.retain(|h| h.weight >= 3);
        }
        let refused = refusals && REFUSED.is_match(s) && !NOT_REFUSED.is_match(s);
        if refused {
            effect.retain(|h| h.weight >= 3);
        }
        let bugs = named.find(s);
        let mut asserted = false;
        for b in &bugs {
            let after = s.get(b.end..).unwrap_or("").trim_start_matches([' ', '-', '/']);
            let past = PAST.is_match(s) && !ABSENT.is_match(s);
            let defended = DEFENCE.find(after).is_some_and(|m| m.start() < 14) && !ABSENT.is_match(s);
            if idle || defended || past || refused || (asks && effect.is_empty()) {
                f.mentioned.insert(b.class);
            } else {
                f.classes.insert(b.class);
                asserted = true;
                best.push(Hit {
                    rule: "class.report.bug-class",
                    weight: 3,
                    words: s.get(b.start..b.end).unwrap_or("").into(),
                    start: 0,
                    end: 0,
                });
            }
        }
        if !idle {
            best.extend(effect);
            if !asks || asserted {
                best.extend(nouns.hits(s).into_iter().filter(|h| {
                    let after = s.get(h.end..).unwrap_or("").trim_start();
                    found || DEFENCE.find(after).is_none_or(|m| m.start() >= 4)
                }));
            }
        }
    }
    let repro = REPRODUCTION.hits(&everything);
    let steps: Vec<&str> = doc.raw.lines().filter(|l| l.len() < 600 && STEP.is_match(l)).collect();
    f.reproduction = score(&repro);
    if steps.len() >= 2 {
        f.reproduction += 2;
    }
    let pointers = POINTERS.hits(&everything);
    let support = SUPPORT.hits(&everything);
    f.substance = f.reproduction + score(&pointers);
    f.claim = score(&best);
    // Sanitizer output, a payload or a named proof of concept is a claim by itself.
    f.claim += repro
        .iter()
        .filter(|h| h.weight >= 4 || h.rule == "class.report.poc")
        .map(|h| h.weight - 1)
        .max()
        .unwrap_or(0);
    if f.claim > 0 {
        f.claim += score(&support).min(3) + i32::from(f.reproduction >= 3) * 2;
    } else if f.reproduction >= 5 && support.len() >= 2 {
        f.claim = 2;
    }
    let mut seen = BTreeSet::new();
    for h in best.iter().chain(&repro).chain(&pointers).chain(&support) {
        if seen.insert(h.rule) {
            f.signals.push(h.signal());
        }
    }
    if steps.len() >= 2 && seen.insert("class.report.steps") {
        f.signals.push(Signal::new("class.report.steps", steps.first().copied().unwrap_or_default()));
    }
    f
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("class.report.accepts", "it says that the product accepts or trusts what it must refuse"),
    ("class.report.asks-if-intended", "it describes a behaviour and asks whether that is intended"),
    ("class.report.attachment", "a file that looks like a proof of concept is attached"),
    ("class.report.attacker", "a sentence says what an attacker, or somebody without the right, can do"),
    ("class.report.bug-class", "it names a class of flaw, in any of several languages"),
    ("class.report.can-do", "the writer says that they did what should not be possible"),
    ("class.report.code-pointer", "it points at a file, a line or a function"),
    ("class.report.crash", "it tells of a crash, a hang or memory corruption"),
    ("class.report.disclosure", "it speaks of disclosure, an embargo, a CVE id or credit"),
    ("class.report.discovery", "the writer says that they found something"),
    ("class.report.effect", "it names a consequence: takeover, disclosure, code execution"),
    ("class.report.endpoint", "it names an endpoint, a parameter or a header"),
    ("class.report.expected-actual", "it sets expected against actual behaviour"),
    ("class.report.impact", "it has a part on impact, root cause or remedy"),
    ("class.report.names-a-flaw", "it uses a word for a flaw"),
    ("class.report.payload", "it holds an exploit payload"),
    ("class.report.poc", "it holds or announces a proof of concept"),
    ("class.report.reproduction", "it says how to reproduce"),
    ("class.report.request", "it shows a request, such as a curl command"),
    ("class.report.sanitizer-output", "it holds the output of a sanitizer, a fuzzer or valgrind"),
    ("class.report.should-not", "it says that something should not be possible"),
    ("class.report.stack-trace", "it holds a stack trace or a core dump's message"),
    ("class.report.steps", "it lists steps"),
    ("class.report.unchecked", "it says that something is not checked, escaped or verified"),
    ("class.report.versions", "it names the versions it is about"),
    ("class.report.weakness-id", "it gives a CWE id or a CVSS score"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(text: &str) -> Features {
        of_text(&Doc::from_text("", text))
    }

    #[test]
    fn a_claim_needs_no_jargon() {
        for t in [
            "If I change the number in the address I can see the invoices of other customers.",
            "Your parser crashes on the attached file.",
            "I was able to log in without a password.",
            "The reset link still works after the password was changed.",
            "Guests can open the admin page.",
            "Ein Angreifer kann Dateien lesen.",
            "Обнаружил уязвимость в модуле загрузки.",
            "我们发现了一个漏洞，攻击者可以读取任意文件。",
            "Is it intended that anyone can read the tokens of other users?",
        ] {
            assert!(claim(t).claims(), "{t}: {:?}", claim(t));
        }
    }

    #[test]
    fn a_question_about_a_defence_is_no_claim() {
        for t in [
            "How do I enable CSRF protection for the admin form?",
            "Does the framework protect against XSS?",
            "Where should I report a security vulnerability?",
            "What is your vulnerability disclosure policy?",
            "Do you have a bug bounty program?",
            "Thanks, that settles it.",
            "Please unsubscribe me from this list.",
            "How can I configure TLS between the nodes?",
        ] {
            assert!(!claim(t).claims(), "{t}: {:?}", claim(t));
        }
    }
}
