//! Phrases that introduce a credit inside a sentence, in several languages.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::statement::Source;

/// A phrase: what follows it (or its group `v`) is the credit.
pub(super) struct Phrase {
    /// The pattern; a group `v` bounds the value, else the value begins where the match ends.
    pub re: Regex,
    /// Grade.
    pub source: Source,
    /// Rule id.
    pub rule: &'static str,
    /// Must what follows read like a name? Lenient phrases name the writer (`credit me as …`).
    pub strict: bool,
    /// Confirm even a plain name.
    pub confirm: bool,
}

const CREDIT: &str = r"(?:credits?|credit\s+line|attributions?|acknowledge?ments?|recognition)";
const FOUND: &str = r"(?:discovered|found|reported|identified|disclosed|uncovered|detected|submitted|spotted|noticed|flagged|pointed\s+out|researched|analy[sz]ed|brought\s+to\s+our\s+attention|raised)";

/// The rule of active sentences (`Jane Doe found this flaw`); the subject must be a name as a whole.
pub(super) const ACTIVE: &str = "credit.active";

/// The rule of answers; they count only under a question about the credit.
pub(super) const ANSWER: &str = "credit.answer";

/// Every phrase, tried on each block of prose.
pub(super) static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let adverbs = r"(?:\s+(?:publicly|simply|just|only|both|please|there|accordingly|(?:in|on|for|within)\s+(?:the|any|your|this|our)\s+(?:\w+\s+){0,3}?(?:advisory|advisories|record|notes?|credits?|acknowledge?ments?|page|changelog|announcement|report|cve|finding|discovery|issue|bug|vulnerability|entry|publication)))*";
    let table: &[(String, Source, &'static str, bool, bool)] = &[
        (
            format!(r"\b{CREDIT}\s+(?:\w+\s+){{0,2}}?(?:should|must|shall|needs?\s+to|ought\s+to)\s+(?:actually\s+|instead\s+|rather\s+|please\s+)*(?:read|say|state|be\s+changed\s+to|be\s+corrected\s+to)\s*(?:as\s+)?[:\-–]?\s*"),
            Source::Correction,
            "credit.correction",
            false,
            false,
        ),
        (
            format!(r"\b{CREDIT}\s+(?:\w+\s+){{0,2}}?(?:should|must|can|may|could|shall|will|would)\s+(?:please\s+|all\s+)*(?:be\s+(?:given|attributed|assigned|addressed|made\s+out)\s+to|go\s+to|belong\s+to|be\s+to|be|list|name|mention)\s*:?\s+"),
            Source::Request,
            "credit.request",
            true,
            false,
        ),
        (
            format!(r"\b(?:credit(?:ed|ing)?|list(?:ed)?|named?|mention(?:ed)?|acknowledged?|attribut(?:e|ed)|cited?|thank(?:ed)?|identif(?:y|ied)|refer(?:red)?\s+to|include)\s+(?:me|us|myself|ourselves|my\s+(?:name|work|contribution|team)|our\s+(?:names?|team|work)){adverbs}\s+(?:as\s+follows|as|by|under|with|to)\s*[:\-–]?\s*(?:the\s+(?:name|handle|alias)\s*:?\s*)?"),
            Source::Request,
            "credit.request",
            false,
            false,
        ),
        (
            format!(r"\b(?:like|want|wish|prefer|love|happy|glad|ask|asked|request)\s+(?:for\s+)?(?:(?:me|us|him|her|them)\s+)?to\s+(?:be|appear|get)\s*(?:\w+\s+)?(?:listed|named|mentioned|cited|credited|acknowledged|shown|identified|known)?{adverbs}\s*as\s*[:\-–]?\s+"),
            Source::Request,
            "credit.request",
            false,
            false,
        ),
        (
            format!(r"\b(?:credit(?:ed)?|acknowledged?)(?:\s+(?:this|it|him|her|them|(?:the|this)\s+(?:finding|report|discovery|issue|vulnerability|bug|flaw|reporters?|finders?|researchers?)))?{adverbs}\s+(?:as\s+follows|as|to)\s*[:\-–]?\s*"),
            Source::Request,
            "credit.request",
            true,
            false,
        ),
        (
            r"\battribut(?:e|ed)(?:\s+(?:this|it|the|credit|finding|report|discovery|issue|vulnerability|bug|be))*\s+to\s*:?\s+".into(),
            Source::Request,
            "credit.request",
            true,
            true,
        ),
        (
            format!(r"\b{CREDIT}\s+(?:(?:for\s+[^.,:;]{{1,60}}?\s+)?(?:(?:is|are|be|being|is\s+to\s+be)\s+(?:due|given|attributed|assigned)|go(?:es)?|belongs?|due|given)\s+)?to\s*:?\s+"),
            Source::Request,
            "credit.to",
            true,
            false,
        ),
        (
            r"\b(?:please|kindly|could|can|would|will|you|should|must|pls|to|and|also)\s+(?:you\s+|also\s+|publicly\s+|kindly\s+|just\s+|please\s+)*(?:credit|acknowledge)\s+(?:the\s+(?:finding|discovery|report)\s+to\s+)?(?:both\s+)?".into(),
            Source::Request,
            "credit.request",
            true,
            false,
        ),
        (
            format!(r"\b(?:for|regarding|concerning|as\s+for|in|as)\s+(?:the\s+|any\s+|public\s+|your\s+|cve\s+|our\s+|my\s+)*{CREDIT}(?:\s+(?:purposes|section|(?:in|on)\s+[^,:.;]{{1,30}}?))?\s*,?\s*(?:please\s+|you\s+(?:can|may)\s+|kindly\s+|just\s+|simply\s+)*(?:use|list|put|write|mention|name|cite|take|add|include)\s+(?:(?:the\s+)?(?:name|handle|alias|following|string)s?(?:\s+name)?\s*:?\s+|my\s+(?:full\s+|real\s+)?(?:name|handle|alias)\s*[:,(]?\s*(?:as\s+)?|me\s+as\s+|us\s+as\s+)?"),
            Source::Request,
            "credit.request",
            true,
            false,
        ),
        (
            format!(r"\b(?:use|put|write|list|mention|place|enter)\s+(?:the\s+(?:name|handle|alias|following(?:\s+name)?)\s*:?\s+)?(?P<v>[^.,:;\n]{{2,80}}?)\s+(?:for|as|in|under)\s+(?:the\s+|any\s+|your\s+|public\s+|cve\s+|my\s+|our\s+)*{CREDIT}\b"),
            Source::Request,
            "credit.request",
            true,
            false,
        ),
        (
            format!(r"\b(?:my|our|the)\s+(?:preferred\s+|desired\s+|public\s+)*(?:names?|handle|alias|{CREDIT}(?:\s+(?:name|line|text))?)\s+(?:for\s+(?:the\s+|any\s+|public\s+|cve\s+)*(?:{CREDIT}|advisory|cve(?:\s+record)?)\s+)?(?:is|are|will\s+be|would\s+be|to\s+(?:credit|use|publish)\s+is)\s*:?\s+"),
            Source::Identity,
            "credit.by",
            true,
            true,
        ),
        (
            r"\b(?:credit|credited|name[ds]?|list|listed|publish|published|acknowledged?|recogni[sz]ed)\b[^.\n]{0,60}?\b(?:under|using|with|by)\s+(?:the|my)\s+(?:(?:real|full|online|hacker)\s+)?(?:name|handle|alias|pseudonym|nickname|nick|username)\s*(?:of\s+|:\s*)?".into(),
            Source::Request,
            "credit.request",
            false,
            false,
        ),
        (
            format!(r"\b{FOUND}(?:\s*(?:,|and|&|/)\s*(?:responsibly\s+|initially\s+|privately\s+|first\s+|also\s+)?{FOUND})*(?:\s+(?:and\s+)?(?:responsibly|privately|independently|originally|initially|first))?(?:\s+(?:responsibly|privately|directly))?(?:\s+to\s+(?:us|you|\S+(?:\s+\S+){{0,4}}?))?(?:\s+(?:during|in|through|within|as\s+part\s+of)(?:\s+[\w'’-]+){{1,6}}?)?\s+by\s*:?\s+"),
            Source::Identity,
            "credit.by",
            true,
            false,
        ),
        (
            format!(r"\bby\s+(?P<v>[^.,;:\n]{{2,80}}?),?\s+who\s+(?:first\s+|originally\s+|also\s+)?{FOUND}\b"),
            Source::Identity,
            "credit.by",
            true,
            true,
        ),
        (
            r"\b(?:finders?|reporters?|researchers?|discoverers?|credited\s+(?:party|person|name))\s+(?:is|was|are|were|should\s+be|would\s+be)\s*:?\s+".into(),
            Source::Identity,
            "credit.by",
            true,
            true,
        ),
        (
            r"\b(?:kudos|thanks|props|thank\s+you|hat\s+tip|gratitude|thank)\s+(?:go(?:es)?\s+|out\s+|also\s+)*(?:to\s+)?(?P<v>[^.;:\n]{2,100}?)\s+(?:for|who)\s+(?:responsibly\s+|privately\s+|first\s+)?(?:find|found|report|discover|disclos|identif|bringing)\w*".into(),
            Source::Thanks,
            "credit.thanks",
            true,
            true,
        ),
        (
            r"\b(?:kudos|props|hat\s+tip)\s+(?:go(?:es)?\s+)?to\s+".into(),
            Source::Thanks,
            "credit.thanks",
            true,
            true,
        ),
        (r"\bon\s+behalf\s+of\s+".into(), Source::Thanks, "credit.on-behalf", true, true),
        (
            r"\b(?:credit|mention|acknowledge|list|name|cite|include)\s+(?:me|us|our\s+(?:team|group|company|lab|organi[sz]ation)|my\s+(?:team|group|company|name|handle))\s*[(,:–—]+\s*".into(),
            Source::Request,
            "credit.request",
            true,
            false,
        ),
        (
            r"\b(?:use|using|mention|list|include|publish|print|put|add)\s+my\s+(?:full\s+|real\s+)?(?:name|handle|alias)\s*[,(:–—]+\s*".into(),
            Source::Request,
            "credit.request",
            true,
            false,
        ),
        (
            r"(?:^|[.!?]\s+)(?P<v>[^.;:!?\n]{2,90}?(?:\s[A-Z]\.\s[^.;:!?\n]{2,60}?)?)\s+(?:has\s+|have\s+|recently\s+|originally\s+|first\s+|initially\s+|also\s+|responsibly\s+|privately\s+|independently\s+)*(?:discovered|found|reported|identified|uncovered|disclosed)\s+(?:this|an?|the|these|multiple|several|two|three|that)\b".into(),
            Source::Identity,
            ACTIVE,
            true,
            true,
        ),
        // A label within a line.
        (
            r"[.!?;,|(]\s+(?:(?:finder|reporter|researcher|discoverer)s?|(?:reported|discovered|found)\s+by)\s*[:：]\s*".into(),
            Source::Identity,
            "credit.label",
            true,
            false,
        ),
        (
            r"[.!?;,|(]\s+(?:credits?(?:\s+to)?|acknowledge?ments?)\s*[:：]\s*".into(),
            Source::Request,
            "credit.label",
            true,
            false,
        ),
        (
            r"(?:^|[,.;:]\s+)(?:then\s+|just\s+|simply\s+)?credit\s+".into(),
            Source::Request,
            "credit.request",
            true,
            true,
        ),
        // The answer to a question about the credit.
        (
            r"^(?:please\s+|just\s+|you\s+(?:can|may)\s+|feel\s+free\s+to\s+)*(?:use|put|write|list|say)\s+(?:(?:the\s+(?:name|handle|alias)|my\s+(?:full\s+|real\s+)?(?:name|handle|alias))\s*[,:(]?\s*)?".into(),
            Source::Thanks,
            ANSWER,
            true,
            false,
        ),
        // German
        (
            r"\b(?:entdeckt|gefunden|gemeldet|aufgedeckt|identifiziert)(?:\s+und\s+(?:\w+\s+)?(?:entdeckt|gefunden|gemeldet))?(?:\s+(?:wurde|worden))?\s+von\s*:?\s+".into(),
            Source::Identity,
            "credit.by",
            true,
            false,
        ),
        (
            r"\bvon\s+(?P<v>[^.;:\n]{2,80}?)\s+(?:entdeckt|gefunden|gemeldet|aufgedeckt)\b".into(),
            Source::Identity,
            "credit.by",
            true,
            false,
        ),
        (
            r"\b(?:nennen|erwähnen|aufführen|angeben|führen)\s+(?:sie\s+)?(?:bitte\s+)?(?:mich|uns)\s+(?:bitte\s+)?(?:\w+\s+){0,3}?als\s+".into(),
            Source::Request,
            "credit.request",
            false,
            false,
        ),
        (
            r"\bals\s+(?P<v>[^.;:,\n]{2,80}?)\s+(?:genannt|erwähnt|aufgeführt)\s+werden\b".into(),
            Source::Request,
            "credit.request",
            false,
            false,
        ),
        // French
        (
            r"\b(?:découverte?s?|signalée?s?|trouvée?s?|rapportée?s?|identifiée?s?)(?:\s+et\s+\S+)?\s+par\s*:?\s+".into(),
            Source::Identity,
            "credit.by",
            true,
            false,
        ),
        (
            r"\b(?:me|nous)\s+(?:créditer|citer|mentionner|nommer)\s+(?:\w+\s+){0,3}?(?:comme|en\s+tant\s+que|sous\s+le\s+nom\s+(?:de\s+)?)\s*:?\s*".into(),
            Source::Request,
            "credit.request",
            false,
            false,
        ),
        (r"\bcréditer\s+".into(), Source::Request, "credit.request", true, false),
        // Spanish, Portuguese
        (
            r"\b(?:descubiert[oa]s?|descobert[oa]s?|reportad[oa]s?|encontrad[oa]s?|informad[oa]s?|relatad[oa]s?|notificad[oa]s?|identificad[oa]s?)(?:\s+[ye]\s+\S+)?\s+por\s*:?\s+".into(),
            Source::Identity,
            "credit.by",
            true,
            false,
        ),
        (
            r"\b(?:acredit\w+|dar\s+crédito|dar\s+créditos|creditar)(?:me|nos)?\s+(?:a|como|à|ao)\s+".into(),
            Source::Request,
            "credit.request",
            true,
            false,
        ),
        // Italian, Dutch, Polish
        (
            r"\b(?:scopert[oa]|segnalat[oa]|trovat[oa]|individuat[oa])(?:\s+e\s+\S+)?\s+da\s*:?\s+".into(),
            Source::Identity,
            "credit.by",
            true,
            false,
        ),
        (
            r"\b(?:ontdekt|gevonden|gemeld)(?:\s+en\s+\S+)?\s+door\s*:?\s+".into(),
            Source::Identity,
            "credit.by",
            true,
            false,
        ),
        (
            r"\b(?:odkryt[aey]|zgłoszon[aey]|znalezion[aey])(?:\s+i\s+\S+)?\s+przez\s*:?\s+".into(),
            Source::Identity,
            "credit.by",
            true,
            false,
        ),
        // Chinese, Japanese
        (
            r"由\s*(?P<v>[^，。,；：:\n由]{1,40}?)\s*(?:所|共同|联合|聯合|首先|最先|独立|獨立|率先)*(?:发现|發現|报告|報告|提交|披露|上报)".into(),
            Source::Identity,
            "credit.by",
            true,
            false,
        ),
        (
            r"(?:署名|致谢名称|致謝)(?:为|為|请写|请用|写|用)\s*[:：]?\s*(?P<v>[^，。；\n]{1,60})".into(),
            Source::Request,
            "credit.request",
            false,
            false,
        ),
        (
            r"(?:^|[、。はを，])\s*(?P<v>[^、。はを：:\n]{1,40}?)\s*(?:氏|さん|様)?(?:により|によって|が)(?:発見|報告)".into(),
            Source::Identity,
            "credit.by",
            true,
            false,
        ),
        (
            r"クレジット(?:表記|名)?(?:は|には)\s*「?(?P<v>[^。」\n]{1,60}?)」?\s*(?:と|で|として|に)(?:して|お願い|記載|表記|いただ|ください)".into(),
            Source::Request,
            "credit.request",
            false,
            false,
        ),
    ];
    table
        .iter()
        .map(|(p, source, rule, strict, confirm)| Phrase {
            re: Regex::new(&format!("(?i){p}")).expect("valid"),
            source: *source,
            rule,
            strict: *strict,
            confirm: *confirm,
        })
        .collect()
});

/// What a label (`Reported by:`) introduces, or nothing.
pub(super) fn label_source(label: &str) -> Option<Source> {
    let lower = label.to_lowercase();
    let outer = strip_parentheses(&lower);
    let words: Vec<&str> = outer
        .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
        .filter(|w| !w.is_empty())
        .collect();
    if words.is_empty() || words.len() > 9 {
        return None;
    }
    const NOT: &[&str] = &[
        "date",
        "email",
        "e-mail",
        "mail",
        "address",
        "url",
        "link",
        "website",
        "card",
        "cards",
        "score",
        "id",
        "severity",
        "type",
        "status",
        "phone",
        "country",
        "time",
        "timeline",
        "company",
        "organization",
        "organisation",
        "contact",
        "note",
        "notes",
        "policy",
        "version",
        "versions",
        "api",
        "balance",
        "limit",
        "count",
        "number",
        "in",
        "at",
        "when",
        "how",
        "where",
        "why",
        "title",
        "role",
        "host",
        "method",
        "component",
        "ip",
        "function",
        "table",
        "endpoint",
        "account",
        "amount",
        "cve",
        "cwe",
        "what",
        "not",
        "no",
        "bounty",
        "program",
        "first",
        "previously",
        "history",
    ];
    let has = |set: &[&str]| words.iter().any(|w| set.contains(w));
    let wish = has(&[
        "credit",
        "credits",
        "credited",
        "crediting",
        "acknowledgement",
        "acknowledgements",
        "acknowledgment",
        "acknowledgments",
        "attribution",
        "attributions",
    ]);
    // `How would you like to be credited:` and `Name for CVE credit:` ask for a name; `Credit card number:` does not.
    let asks = wish
        && (has(&["name", "line"])
            || words.first() == Some(&"how")
            || words.last().is_some_and(|w| {
                matches!(
                    *w,
                    "as" | "to"
                        | "credit"
                        | "credits"
                        | "credited"
                        | "read"
                        | "follows"
                        | "name"
                        | "line"
                        | "cve"
                        | "advisory"
                        | "acknowledged"
                )
            }));
    let harmless = ["cve", "in", "how", "note", "notes", "type", "title", "when", "not"];
    let refused = words.iter().any(|w| NOT.contains(w) && !(asks && harmless.contains(w)));
    if refused {
        return None;
    }
    if wish {
        return Some(Source::Request);
    }
    let by = has(&["by", "from"]);
    let verb = has(&[
        "reported",
        "discovered",
        "found",
        "identified",
        "disclosed",
        "submitted",
        "detected",
        "uncovered",
        "researched",
        "report",
        "finding",
        "discovery",
    ]);
    if has(&[
        "reporter",
        "reporters",
        "finder",
        "finders",
        "researcher",
        "researchers",
        "discoverer",
        "discoverers",
        "submitter",
        "hunter",
    ]) && words.len() <= 5
        || verb && by && words.last().is_some_and(|w| matches!(*w, "by" | "from"))
    {
        return Some(Source::Identity);
    }
    if matches!(
        words.as_slice(),
        ["thanks", "to"]
            | ["kudos"]
            | ["kudos", "to"]
            | ["special", "thanks", "to"]
            | ["special", "thanks"]
            | ["exploit", "author"]
            | ["author"]
            | ["authors"]
            | ["analyst"]
            | ["discovery"]
    ) {
        return Some(Source::Thanks);
    }
    foreign_label(outer.trim())
}

fn foreign_label(label: &str) -> Option<Source> {
    const WISH: &[&str] = &[
        "danksagung",
        "credit-zeile",
        "namensnennung",
        "crédit",
        "remerciement",
        "crédito",
        "agradecimiento",
        "reconocimiento",
        "agradecimento",
        "crediti",
        "ringraziament",
        "dankbetuiging",
        "podziękowania",
        "благодарност",
        "致谢",
        "致謝",
        "署名",
        "鸣谢",
        "鳴謝",
        "クレジット",
        "謝辞",
        "크레딧",
        "감사",
    ];
    const WHO: &[&str] = &[
        "entdeckt",
        "gefunden von",
        "gemeldet von",
        "melder",
        "entdecker",
        "découvert",
        "signalé",
        "trouvé par",
        "rapporté par",
        "rapporteur",
        "chercheur",
        "descubierto",
        "reportado",
        "encontrado por",
        "investigador",
        "informado por",
        "descoberto",
        "relatado por",
        "pesquisador",
        "scoperto",
        "segnalato",
        "ricercatore",
        "scopritore",
        "ontdekt",
        "gevonden door",
        "gemeld door",
        "melder",
        "odkryte",
        "zgłoszone",
        "zgłaszający",
        "autor",
        "автор",
        "обнаружил",
        "нашел",
        "нашёл",
        "исследователь",
        "发现者",
        "发现人",
        "發現者",
        "漏洞发现",
        "报告者",
        "報告者",
        "报告人",
        "提交者",
        "提交人",
        "发现作者",
        "作者",
        "发现团队",
        "発見者",
        "報告者",
        "발견자",
        "제보자",
        "보고자",
        "신고자",
    ];
    let starts = |set: &[&str]| set.iter().any(|w| label.starts_with(w));
    if starts(WISH) {
        return Some(Source::Request);
    }
    // 漏洞发现者 and the like: the noun stands last.
    let ends = label.chars().count() <= 10 && WHO.iter().any(|w| !w.is_ascii() && label.ends_with(w));
    (starts(WHO) || ends).then_some(Source::Identity)
}

fn strip_parentheses(s: &str) -> String {
    let mut depth = 0usize;
    s.chars()
        .filter(|c| {
            match c {
                '(' | '（' => depth += 1,
                ')' | '）' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}
