//! The reject-class check, made for every message (intake page §6, §8; decisions page §1.3): does a standing
//! negative answer fit plainly, fit with a claimed way around it, or not fit?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    class::Class,
    cue::{Cues, cues, shorten, words},
    features::Features,
    text::Doc,
};
use crate::{mail::Message, rules::vocabulary::patterns as vocabulary};

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RejectVerdict {
    /// A canned reply fits plainly.
    RejectWithCanned,
    /// It would fit, but the author claims a way around the boundary, or tells too little.
    HoldForHumanReview,
    /// None fits.
    NoMatch,
}

/// The check's result, always reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectCheck {
    /// The outcome.
    pub verdict: RejectVerdict,
    /// The canned reply that fits or would fit: `out_of_scope`, `not_vulnerability`, `automated_scan`,
    /// `consolidated`, `media`, `already_public`.
    pub reply_id: Option<String>,
    /// The row of the table, e.g. `reject.authenticated-dos`.
    pub rule: Option<String>,
    /// Why a person must look; empty otherwise.
    pub why: String,
    /// One or two sentences of the mail.
    pub quotes: Vec<String>,
}

impl RejectCheck {
    /// No standing answer fits.
    #[must_use]
    pub fn no_match() -> Self {
        Self {
            verdict: RejectVerdict::NoMatch,
            reply_id: None,
            rule: None,
            why: String::new(),
            quotes: Vec::new(),
        }
    }
}

cues! {
    // The role that acts is trusted to run code or to configure.
    TRUSTED = [
        "reject.trusted-author" 1 r"(?:dag|workflow|pipeline|template|plugin|script|job|notebook|model|theme|recipe|playbook|extension|query|report|policy|rule|chart|schema|macro|module|site) (?:authors?|writers?|developers?|editors?|maintainers?)|(?:an? |the |any |malicious |authenticated |logged[- ]in |compromised )*(?:admin(?:istrator)?s?|superusers?|sysadmins?|operators?|cluster[- ]admins?|root|site owners?|instance owners?|deployment managers?|deployers?)(?: users?| accounts?)? (?:can|could|may|might|is able|who|is allowed|with|has|to (?:run|execut\w+|inject))|(?:with|has|having|requires?|needs?|need|requiring|given) (?:an? |the |valid |full |existing )*(?:admin\w*|root|superuser|operator|deploy\w*) (?:rights?|access|privileges?|role|permissions?|account|credentials)|(?:as|logged in as|login as|log in as) (?:an? |the )*(?:admin\w*|root|superuser|operator)|write access to (?:the )?(?:config\w*|server|plugins?|dags?|source|file ?system|templates?|repository)|(?:author|developer|programmer|operator) (?:controls?|writes|passes|supplies|concatenat\w+|embeds|interpolat\w+)",
    ];
    AUTHENTICATED = [
        "reject.authenticated-dos" 1 r"(?:an? |any |every )?(?:authenticated|logged[- ]in|signed[- ]in|registered|authorized|authorised) (?:\w+ )?(?:users?|attackers?|clients?|sessions?|accounts?|members?|person|customer|api)|(?:requires?|needs?|after|with|need) (?:\w+ )?(?:authentication|login|logging in|valid (?:credentials|account|session)|an account|signing in)|once (?:logged|signed) in|(?:as|using) (?:a |an |any )?(?:normal |regular |ordinary )?(?:logged[- ]in|authenticated|registered) (?:user|account)",
    ];
    SELF_XSS = [
        "reject.self-xss" 1 r"self[- ]?xss|(?:paste|pasting|type|typing|enter\w*|run\w*) (?:\S+ ){0,8}(?:dev(?:eloper)?[- ]?tools?|console|address bar|inspector)|(?:only|just) (?:\w+ ){0,3}(?:affects?|visible|fires|executes|triggers?|seen|rendered|works) (?:\w+ ){0,4}(?:myself|my own|own|himself|same user|the user himself|yourself|themselves)|(?:his|her|their|my|your|one's) own (?:browser|session|account|profile)(?: only)?|victim (?:has|needs|must|would have) to (?:paste|type|enter)",
    ];
    CONNECTION = [
        "reject.connection-configuration" 1 r"(?:connection|jdbc|odbc|dsn|driver|datasource|data source|database|broker|webhook|proxy|backend|upstream|ldap|smtp) (?:url|uri|string|config\w*|settings?|extras?|properties|parameters?|form|test|definition|host|options?)|test[- ]connection|(?:edit|create|configure|add|define|modify)\w* (?:a |the |new |an )*(?:connections?|datasources?|data sources?)",
    ];
    CALLER = [
        "reject.trusted-caller" 1 r"(?:if|when|where|since) (?:the |a |an )*(?:\w+ )?(?:application|developer|caller|calling code|programmer|library user|user of the library|consumer|host program|app)(?: code)? (?:passes|calls|supplies|uses|provides|forwards|builds|hands|gives|feeds)|(?:caller|developer|application)[- ](?:controlled|supplied|provided)|(?:parameter|argument|keyword) (?:of|to|passed to) (?:the )?(?:\S+ )?(?:hook|operator|helper|api method|function|constructor|client class|library)|misuse of (?:the )?api|passes? (?:untrusted|unsaniti[sz]ed|user) (?:\w+ )?(?:input|data|values?|strings?) (?:\w+ )?(?:to|into) (?:the |this |your )*(?:\S+ )?(?:function|method|api|hook|operator|constructor)",
    ];
    IMAGE = [
        "reject.image-scan" 1 r"(?:docker|container|oci|base|published|official)[- ]?images? (?:\S+ ){0,8}(?:vulnerab\w+|cves?|outdated|contain\w*|packages?)|(?:vulnerab\w+|cves?|outdated packages?) (?:\S+ ){0,6}(?:in|inside|of|from) (?:the |your |our )*(?:\S+ )?(?:docker|container|oci|base|published|official)[- ]?image|(?:trivy|grype|clair|docker scout|xray|anchore) ",
    ];
    DEPENDENCY = [
        "reject.dependency" 1 r"(?:uses?|using|ships?|bundles?|includes?|depends? on|contains?|pulls? in|relies on|imports?|pins?|has|outdated|old|vulnerable) (?:\S+ ){0,6}(?:dependenc\w+|librar(?:y|ies)|packages?|versions?|component|jar|module) (?:\S+ ){0,12}CVE-\d{4}-\d+|CVE-\d{4}-\d+ (?:\S+ ){0,12}(?:dependenc\w+|librar(?:y|ies)|transitive|bundled|third[- ]party|jar|package)|(?:outdated|vulnerable|old|transitive|third[- ]party) (?:\w+ )?(?:dependenc\w+|librar(?:y|ies)|components?|packages?|jquery|bootstrap|openssl|log4j)",
    ];
}

words! {
    // A way around the boundary: who should be kept out gets in.
    ESCAPE = r"(?:users?|accounts?|somebody|someone|anyone|attackers?) (?:with|who (?:has|have|holds?)) (?:only|just|nothing but)|no (?:write|edit|admin\w*|author\w*) (?:permissions?|access|rights|privileges?)|(?:is|are) not the (?:author|owner|admin\w*|operator)|(?:low|lower|least|minimal|limited|un)[- ]?priv\w*|unauth\w+|un-authenticated|pre-?auth\w*|without (?:any )?(?:auth\w+|login|logging in|credentials|an account|permission|privileges?)|anonymous\w*|no (?:auth\w*|login|credentials|privileges?|account) (?:is |are )?(?:required|needed)|(?:viewer|read-only|guest|reader|regular|normal|ordinary|non-admin|any|low-level|standard|basic|unprivileged|external|public|self-registered) (?:\w+ )?(?:role|user|users|account|member|visitor|permission|caller|client|trigger|attacker)|non-?admin\w*|cross[- ](?:tenant|user|account|project|workspace|origin)|other (?:tenants?|users?|customers?|accounts?)|another (?:tenant|user|customer|account|user's)|untrusted (?:users?|clients?|trigger)|remote attackers?|attacker[- ]controlled|(?:escalat|elevat)\w+|outside(?:r| attacker)|default (?:config\w*|installation|install|settings?)|over the network|self-regist\w+|csrf|(?:tricks?|lure|lures|visits? a|malicious (?:page|site|website))|trigger(?:s|ed|ing)? (?:by|from) (?:a |an |any )*\w+ (?:user|role|client|request)";
    VICTIM_ADMIN = r"(?:admin\w*|operator|superuser|other users?|another user|moderator|staff|victim)(?:'s|s')? (?:\w+ ){0,3}(?:views?|opens?|visits?|browses|clicks|session|cookie|loads?|looks?|browser|sees|reviews?|account|dashboard|panel)|stored xss|persistent xss|when (?:an? |the )*(?:admin\w*|operator|moderator|staff|another user|other users?|victim)";
    STATIC_SITE = r"(?:static|documentation|docs|marketing|project|main|landing|your|public|company) (?:web)?(?:site|page|domain)|website|domain";
    NEGATED_ESCAPE = r"(?:no|not|without|neither|doesn't|isn't|never|cannot) (?:\w+ ){0,4}(?:escalat\w+|low[- ]priv\w*|unauth\w*|cross[- ]tenant|other users?|another user)|(?:only|solely) (?:an? |the )?(?:admin\w*|author|operator)";
}

const DOS: &[&str] = &["denial-of-service", "redos", "crash"];
const CONFIG_CLASSES: &[&str] = &[
    "ssrf",
    "code-execution",
    "command-injection",
    "deserialization",
    "path-traversal",
    "information-disclosure",
    "other-injection",
    "sql-injection",
    "template-injection",
];
const HYGIENE: &[&str] =
    &["missing-header", "clickjacking", "mail-spoofing", "version-disclosure", "rate-limit", "cors"];

struct Row {
    rule: &'static str,
    reply: &'static str,
    quote: String,
}

fn sentence(doc: &Doc, table: &Cues) -> Option<String> {
    doc.sentences
        .iter()
        .find(|s| table.any(s))
        .map(|s| shorten(s))
        .or_else(|| table.first(&doc.all_prose()).map(|h| shorten(&h.words)))
}

fn row(doc: &Doc, f: &Features, message: &Message) -> Option<Row> {
    let classes = &f.classes;
    let has = |of: &[&str]| of.iter().any(|c| classes.contains(c));
    let found = |rule, reply, quote| Some(Row { rule, reply, quote });
    let dos = has(DOS)
        && classes
            .iter()
            .all(|c| DOS.contains(c) || matches!(*c, "memory-corruption" | "rate-limit" | "auth-bypass"));
    if let (true, Some(q)) = (dos, sentence(doc, &AUTHENTICATED)) {
        return found("reject.authenticated-dos", "out_of_scope", q);
    }
    if let (true, Some(q)) = (classes.contains("xss"), sentence(doc, &SELF_XSS)) {
        return found("reject.self-xss", "not_vulnerability", q);
    }
    if let (true, Some(q)) = (f.reproduction < 3, sentence(doc, &IMAGE)) {
        return found("reject.image-scan", "automated_scan", q);
    }
    if !classes.is_empty()
        && classes.iter().all(|c| HYGIENE.contains(c))
        && has(&["missing-header", "clickjacking", "mail-spoofing", "version-disclosure"])
    {
        let quote = doc
            .sentences
            .iter()
            .find(|s| !vocabulary::classes(s).is_empty())
            .map_or_else(String::new, |s| shorten(s));
        let site = STATIC_SITE.is_match(&doc.all_prose()) || f.substance < 4;
        if site {
            return found("reject.hygiene", "out_of_scope", quote);
        }
    }
    if has(CONFIG_CLASSES)
        && let (Some(q), true) =
            (sentence(doc, &CONNECTION), TRUSTED.any(&doc.all_prose()) || AUTHENTICATED.any(&doc.all_prose()))
    {
        return found("reject.connection-configuration", "out_of_scope", q);
    }
    if let Some(q) = sentence(doc, &CALLER).filter(|_| !classes.is_empty()) {
        return found("reject.trusted-caller", "not_vulnerability", q);
    }
    if let Some(q) = sentence(doc, &TRUSTED).filter(|_| !classes.is_empty()) {
        return found("reject.trusted-author", "out_of_scope", q);
    }
    if let (true, Some(q)) =
        (f.reproduction < 3 && message.attachments.is_empty(), sentence(doc, &DEPENDENCY))
    {
        return found("reject.theoretical-dependency", "not_vulnerability", q);
    }
    None
}

/// Makes the check. Classes with a standing answer of their own get that answer.
#[must_use]
pub fn check(class: Class, message: &Message, doc: &Doc, f: &Features) -> RejectCheck {
    let own = match class {
        Class::Scanner => Some("automated_scan"),
        Class::Consolidated => Some("consolidated"),
        Class::Media => Some("media"),
        Class::AlreadyPublic => Some("already_public"),
        _ => None,
    };
    if let Some(reply) = own {
        return RejectCheck {
            verdict: RejectVerdict::RejectWithCanned,
            reply_id: Some(reply.into()),
            rule: Some(format!("reject.{class}")),
            why: String::new(),
            quotes: doc.sentences.iter().take(1).map(|s| shorten(s)).collect(),
        };
    }
    if !matches!(class, Class::Report | Class::RelayedReport) {
        return RejectCheck::no_match();
    }
    let Some(row) = row(doc, f, message) else { return RejectCheck::no_match() };
    let text = doc.all_prose();
    let classes: BTreeSet<&str> = f.classes.iter().copied().collect();
    // A stored script that fires at an administrator crosses the boundary: no row is about that.
    if classes.contains("xss") && row.rule != "reject.self-xss" && VICTIM_ADMIN.is_match(&text) {
        return RejectCheck::no_match();
    }
    let outcome = |verdict, why: String, quotes| RejectCheck {
        verdict,
        reply_id: Some(row.reply.into()),
        rule: Some(row.rule.into()),
        why,
        quotes,
    };
    // Theirs is only hygiene: there is no privilege to escape from.
    let bounded =
        !matches!(row.rule, "reject.hygiene" | "reject.image-scan" | "reject.theoretical-dependency");
    let escape = doc.sentences.iter().find(|s| ESCAPE.is_match(s) && !NEGATED_ESCAPE.is_match(s));
    if let (true, Some(s)) = (bounded, escape) {
        let why = format!("claims a way around the boundary: {}", shorten(s));
        return outcome(RejectVerdict::HoldForHumanReview, why, vec![row.quote.clone(), shorten(s)]);
    }
    if doc.prose.trim().chars().count() < 60 {
        return outcome(
            RejectVerdict::HoldForHumanReview,
            "the body tells too little to reject on".into(),
            vec![row.quote.clone()],
        );
    }
    outcome(RejectVerdict::RejectWithCanned, String::new(), vec![row.quote.clone()])
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("reject.already-public", "the class has a standing answer: the fix is public"),
    ("reject.authenticated-dos", "denial of service by a user who has logged in"),
    ("reject.connection-configuration", "whoever configures a connection decides where it leads"),
    ("reject.consolidated", "the class has a standing answer: one mail for each flaw"),
    ("reject.dependency", "words for a known flaw of a library; evidence of `reject.theoretical-dependency`"),
    ("reject.hygiene", "missing headers and the like, without an attack"),
    ("reject.image-scan", "known flaws in packages of a container image"),
    ("reject.media", "the class has a standing answer: how press requests are handled"),
    ("reject.scanner", "the class has a standing answer: no unverified machine output"),
    ("reject.self-xss", "a script that people can only run against themselves"),
    ("reject.theoretical-dependency", "a flaw of a library, not shown to be reachable"),
    ("reject.trusted-author", "the actor is trusted to run code or to configure"),
    ("reject.trusted-caller", "the calling program passes the dangerous value"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::import::{features, samples::mail};

    fn verdict(text: &str) -> (RejectVerdict, String) {
        let m = mail("a", "r@lab.example", "report", text, "2026-02-01T00:00:00Z");
        let doc = Doc::new(&m);
        let c = check(Class::Report, &m, &doc, &features::of(&m, &doc));
        (c.verdict, c.rule.unwrap_or_default())
    }

    #[test]
    fn plain_fits_are_proposed_for_rejection() {
        for (text, rule) in [
            (
                "A workflow author can put arbitrary SQL into the query of his own task, which is SQL injection.",
                "reject.trusted-author",
            ),
            (
                "An authenticated user can send a huge filter and exhaust the memory of the server, a denial of service.",
                "reject.authenticated-dos",
            ),
            (
                "Self-XSS: when I paste the payload into the developer console the script runs in my own browser only.",
                "reject.self-xss",
            ),
            (
                "The published docker image has vulnerable packages: openssl with CVE-2023-0286 and others, please update.",
                "reject.image-scan",
            ),
            (
                "An administrator who edits the connection can put a file URL into the JDBC URL, leading to SSRF.",
                "reject.connection-configuration",
            ),
            (
                "If the application passes untrusted input to the hook's table argument there is SQL injection.",
                "reject.trusted-caller",
            ),
            (
                "Your website is missing the X-Frame-Options header, so clickjacking is possible. No SPF record either.",
                "reject.hygiene",
            ),
            (
                "Your product uses an outdated library with CVE-2020-8203, which is vulnerable to prototype pollution.",
                "reject.theoretical-dependency",
            ),
        ] {
            assert_eq!(verdict(text), (RejectVerdict::RejectWithCanned, rule.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_claimed_way_around_is_for_a_person() {
        for text in [
            "A workflow author controls the SQL, but a viewer role user can trigger it with own parameters: SQL injection by a low-privileged user.",
            "An authenticated user can crash the server; registration is open, so any user and even unauthenticated attackers can do it: denial of service.",
        ] {
            assert_eq!(verdict(text).0, RejectVerdict::HoldForHumanReview, "{text}: {:?}", verdict(text));
        }
    }

    #[test]
    fn real_boundaries_match_nothing() {
        for text in [
            "A low-privileged user stores XSS in a comment that runs when an admin views the dashboard.",
            "An unauthenticated attacker can read any file with ../ in the name parameter.",
            "heap-buffer-overflow in png_read() with a crafted file.",
        ] {
            assert_eq!(verdict(text).0, RejectVerdict::NoMatch, "{text}: {:?}", verdict(text));
        }
    }

    #[test]
    fn classes_with_a_standing_answer_get_it() {
        let m = mail("a", "r@lab.example", "x", "y", "2026-02-01T00:00:00Z");
        let doc = Doc::new(&m);
        let f = features::of(&m, &doc);
        for (class, id) in [
            (Class::Scanner, "automated_scan"),
            (Class::Consolidated, "consolidated"),
            (Class::Media, "media"),
            (Class::AlreadyPublic, "already_public"),
        ] {
            assert_eq!(check(class, &m, &doc, &f).reply_id.as_deref(), Some(id));
        }
        assert_eq!(check(Class::Spam, &m, &doc, &f), RejectCheck::no_match());
    }
}
