//! Is a version affected, disclaimed, or somebody else's?

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::{
    super::text,
    PRODUCT,
    expression::Expression,
    words::{foreign, generic},
};

/// What a clause says about the versions in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Polarity {
    /// Said to be affected.
    Affected,
    /// Tested, run or used by the reporter.
    Tested,
    /// Fixed, safe, not tested.
    Disclaimed,
    /// Nothing is said.
    Silent,
}

/// What a version hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attach {
    /// The product's name.
    Product,
    /// The word `version` with nothing else before it.
    Version,
    /// Something that is not the product.
    Foreign,
    /// A name that is neither the product nor known to be foreign.
    Stranger,
    /// No noun.
    Neutral,
}

const AUX: &str = r"(?:(?:is|are|was|were|isn['’]t|aren['’]t|wasn['’]t|weren['’]t|be|been|has|have|had|hasn['’]t|haven['’]t|remains?|seems?|appears?|appeared|looks?|should|may|might|can|could|will|would|to|also|all|both|already|currently|yet|only|still|known|believed|likely|probably|definitely|confirmed|possibly|not|no|longer|never|at\s+least|therefore|thus|now|too|even|fully|completely)\s+)";

static TRAILING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)^[\s,:)\]*`'\x22\-–—(]{{0,6}}(?:(?:versions?|releases?|branch(?:es)?|series|lines?|builds?|of\s+\x{{E000}}|\x{{E000}}|which|that|this|it|the\s+(?:issue|bug|vulnerability|flaw|problem))\s+){{0,3}}(?P<aux>{AUX}{{0,6}})(?P<word>affected|vulnerable|impacted|exploitable|susceptible|reproducible|unaffected|untested|unverified|safe|fixed|patched|fine|ok|okay|tested|verified|checked|secure|immune|resolved|gone|remediated|corrected|solved|mitigated|invulnerable|clean|confirmed)\b"
    ))
    .expect("valid")
});
static TRAILING_FIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^[\s,)(]{0,4}(?:predates?\b|(?:is|was)\s+(?:too\s+old|from\s+before)|(?:already|also|which|that|should|will|now|it)\s+){0,2}(?:fix(?:es|ed)?\s+(?:this|the|it|that)|(?:is|was|has|contains?|includes?|included|ships?|brings?|with|got|received|carries)\s+(?:already\s+)?(?:the|a|an|this|our|your)\s+(?:\w+\s+)?(?:fix|patch|fixed|patched|correction|mitigation)|resolve[sd]|address(?:es|ed)\s|(?:it\s+)?(?:does|do|did)(?:\s+not|n['’]t)\s+(?:seem|appear|have|contain|exhibit|suffer|show|reproduce|include|exist|crash|trigger|work|fail|happen)|it\s+(?:does|did)(?:\s+not|n['’]t)\b|is\s+the\s+first\s+(?:fixed|safe|patched))").expect("valid")
});
static NEGATIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:not|never|n['’]t|cannot|unable\s+to|without|neither|nor|no\s+longer|failed\s+to)\b(?:\s+(?:\w+['’]?\w*\s+){0,3}?(?:affect\w*|test\w*|verif\w*|check\w*|confirm\w*|vulnerab\w*|impact\w*|reproduc\w*|exploit\w*|present|apply|applies|exist\w*|work\w*|contain\w*|try|tried))",
        r"|\b(?:hasn|haven|isn|aren|wasn|weren|doesn|don|didn|couldn|can)['’]t\s+(?:\w+\s+){0,3}?(?:affect\w*|test\w*|verif\w*|check\w*|confirm\w*|vulnerab\w*|impact\w*|reproduc\w*|exploit\w*|present|appl\w*|exist\w*|work\w*|contain\w*|try|tried)",
        r"|\b(?:unaffected|untested|unverified|neither)\b|\bgood\s+(?:version|release)s?\b|\b(?:fixed|patched|resolved|remediated|corrected|mitigated|addressed|solved|closed|gone|removed|eliminated|rewritten|refactored)\b(?:\s+\w+){0,3}?\s+(?:in|by|with|since|as\s+of|from|starting)\b|\b(?:fixed|patched|resolved|remediated)\b",
        r"|\bfix(?:es)?\s+(?:\w+\s+){0,4}?(?:in|with|by|as)\b|\bpatch(?:es)?\s+(?:\w+\s+){0,4}?(?:in|with|by|as)\b|\bfix(?:es)?\s*:|\bpatch(?:es)?\s*:",
        r"|\b(?:upgrade|upgrading|upgraded|update|updating|updated|migrate|migrating|downgrade|bump)\b(?:\s+\S+){0,3}?\s+(?:to|at\s+least|from)\b|\b(?:safe|secure|immune|clean)\s+(?:in|since|as\s+of|from|versions?|releases?)\b",
        r"|\b(?:except|excluding|other\s+than|apart\s+from|besides|instead\s+of|rather\s+than|unlike)\b|\bback-?port\w*\s+to\b|\b(?:planned|scheduled|targeted|expected|slated)\s+(?:for|in)\b|\b(?:compared\s+(?:to|with)|similar\s+to)\b",
        r"|\b(?:behoben|corrigée?s?|corregid[oa]s?|nicht\s+(?:betroffen|getestet)|pas\s+(?:affectée?s?|testée?s?))\b",
    ))
    .expect("valid")
});
static POSITIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:affect(?:s|ed|ing)?|vulnerable|impact(?:s|ed|ing)|exploitable|susceptible|vulnerability\s+in|(?:bug|issue|flaw|vulnerability|problem)\s+(?:is|was|lies|resides|sits)\s+in|(?:bad|vulnerable|broken)\s+(?:version|release)s?\s+(?:is|are|was|were)|found\s+in|discovered\s+in|present\s+(?:in|since)|exists?\s+(?:in|since)|occurs?\s+(?:in|on)|introduced|applies\s+to|",
        r"reproduc(?:e|ed|es|ible|ing)|confirm(?:ed|s)?|verified|tested|tests?\s+(?:on|with|against|were)|testing|observed|checked|happens?\s+(?:in|on|with)|still\s+(?:present|works?|there|exists?)|only\s+(?:on|in|affects?|for)|works?\s+(?:on|in|against)|(?:i|we)\s+tried|",
        r"i(?:['’]m|\s+am)\s+(?:running|using|on)|we(?:['’]re|\s+are)\s+(?:running|using|on)|running|using|i\s+used|we\s+(?:use|run|used)|i\s+(?:run|use)|installed|ran|deployed|betroffen\w*|betrifft|getestet|affectent?|affecte|testée?|afecta\w*|afeta\w*|probado)\b",
    ))
    .expect("valid")
});
static ADDED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:bundled|shipped|default|available|included|added|part\s+of|enabled|deprecated|supported|renamed|documented|required|shown|offered)\b[^.;]{0,30}$").expect("valid")
});
static OPENS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)^(?:since|starting|beginning|seit|depuis|desde)\b").expect("valid"));
static ELLIPSIS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^[\s,]*(?:\w+ly\s+)?(?:is|are|does|do|was|were)(?P<no>n['’]t|\s+not)?\s*(?:,?\s*too|as\s+well)?\s*[.!]*$").expect("valid")
});
static HAPPENS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^[\s,:]*(?:the\s+\w+|it|this)\s+(?:\w+\s+)?(?:crash|fail|hang|leak|work|trigger|reproduc|execut|still)\w*").expect("valid")
});
static STRONG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)affect|vulnerab|impact|bad|broken|is\s+in|was\s+in|lies|resides|exploitable|susceptible|found|discovered|present|exist|occur|introduced|applies|happens|still|only|betr|afe").expect("valid")
});
static INCOMPLETE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:incomplete|insufficient|partial|bypass(?:es|ed|ing)?|inadequate)\b|不完全")
        .expect("valid")
});
static DIRECT_NOT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:not|nor|neither|except|excluding|but\s+not|unlike)\s*(?:(?:in|on|with|for|to|from|by|the|versions?|releases?|\x{E000}|v|affecting|since)\s*)*$").expect("valid")
});

/// Splits a sentence into clauses. A disclaiming parenthesis becomes a clause of its own.
pub(super) fn clauses(sentence: &str) -> Vec<String> {
    static SPLIT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i);|,?\s*\b(?:but|however|whereas|while|although|though|yet|aber)\b\s*,?|,\s+(?:and\s+)?(?:it|this|so|only|which|then|i|we|they|the\s+(?:fix|issue|bug|vulnerability|patch|problem|flaw))\b|\s+(?:and|which)\s+(?:it|this|the\s+(?:fix|issue|bug|vulnerability|patch|problem|flaw))\b|\s[-–—]\s+(?:fixed|patched|not\s|untested|unaffected)").expect("valid")
    });
    static PAREN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[(\[]([^()\[\]]*)[)\]]").expect("valid"));
    static SPARED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)v?\d+(?:\.[\dx*]+)+\S*\s*[(\[]\s*(?:untested|not\s+(?:yet\s+)?(?:tested|affected|vulnerable|verified|impacted)|unaffected|fixed|patched|safe)\s*[)\]]").expect("valid")
    });
    let mut out = Vec::new();
    let mut asides = Vec::new();
    // `5.1.0 (untested)`: the note takes its own version away, not the list it stands in.
    let sentence = SPARED.replace_all(sentence, " ");
    let main = PAREN.replace_all(&sentence, |c: &crate::pattern::Captures<'_>| {
        let inner = c.get(1).map_or("", |m| m.as_str());
        let lower = inner.trim().to_lowercase();
        // `(inclusive)` and `(and earlier)` belong to the version; a bare version hangs on what stands before it.
        let note = NEGATIVE.is_match(inner) || lower.starts_with("cvss") || lower.starts_with("score");
        if note {
            asides.push(inner.to_string());
            return " ".to_string();
        }
        c.get(0).map_or(String::new(), |m| m.as_str().to_string())
    });
    let mut last = 0;
    for m in SPLIT.find_iter(&main) {
        // The separator's own words open the next clause: `, so fixed in`.
        let keep = m.as_str().find(|c: char| c.is_alphabetic()).map_or(m.end(), |i| m.start() + i);
        out.push(main.get(last..m.start()).unwrap_or_default().to_string());
        last = if m.as_str().trim_start_matches([' ', ',']).to_lowercase().starts_with(['b', 'h', 'w', 'y']) {
            m.end()
        } else {
            keep
        };
    }
    out.push(main.get(last..).unwrap_or_default().to_string());
    out.extend(asides);
    out.retain(|c| c.contains(|d: char| d.is_ascii_digit()));
    out
}

/// What the text around a list of versions says about it. What follows (`are not affected`) is nearer than what
/// precedes; of what precedes, the last cue counts.
pub(super) fn judge(before: &str, first: &Expression, after: &str) -> Polarity {
    if TRAILING_FIX.is_match(after) {
        return Polarity::Disclaimed;
    }
    if let Some(c) = TRAILING.captures(after) {
        let aux = c.name("aux").map_or("", |m| m.as_str()).to_lowercase();
        let word = c.name("word").map_or("", |m| m.as_str()).to_lowercase();
        let denied = ["not ", "n't ", "n’t ", "no longer", "never "].iter().any(|n| aux.contains(n));
        let good = matches!(
            word.as_str(),
            "affected"
                | "vulnerable"
                | "impacted"
                | "exploitable"
                | "susceptible"
                | "reproducible"
                | "tested"
                | "verified"
                | "checked"
                | "confirmed"
        );
        let bare_fix = aux.trim().is_empty()
            && matches!(
                word.as_str(),
                "fixed"
                    | "patched"
                    | "resolved"
                    | "confirmed"
                    | "tested"
                    | "verified"
                    | "fine"
                    | "ok"
                    | "clean"
                    | "solved"
                    | "corrected"
                    | "remediated"
                    | "mitigated"
                    | "secure"
                    | "gone"
            );
        if !bare_fix {
            // `not fixed` leaves the version affected.
            let still = denied
                && matches!(
                    word.as_str(),
                    "fixed"
                        | "patched"
                        | "resolved"
                        | "safe"
                        | "secure"
                        | "remediated"
                        | "mitigated"
                        | "corrected"
                );
            let tested = matches!(word.as_str(), "tested" | "verified" | "checked" | "confirmed");
            return match (good && !denied, still) {
                (true, _) if tested => Polarity::Tested,
                (true, _) | (_, true) => Polarity::Affected,
                _ => Polarity::Disclaimed,
            };
        }
    }
    if let Some(c) = ELLIPSIS.captures(after) {
        return if c.name("no").is_some() { Polarity::Disclaimed } else { Polarity::Affected };
    }
    if HAPPENS.is_match(after) {
        return Polarity::Tested;
    }
    if DIRECT_NOT.is_match(before) {
        return Polarity::Disclaimed;
    }
    let negative: Vec<(usize, usize)> = NEGATIVE.find_iter(before).map(|m| (m.start(), m.end())).collect();
    let positive = POSITIVE
        .find_iter(before)
        .filter(|m| !negative.iter().any(|(s, e)| m.start() < *e && *s < m.end()))
        .last();
    let refused = negative.last().map(|(_, e)| *e);
    let said = |cue: &str| if STRONG.is_match(cue) { Polarity::Affected } else { Polarity::Tested };
    match (refused, positive) {
        (Some(n), Some(p)) if p.end() > n => said(p.as_str()),
        (Some(_), _) if INCOMPLETE.is_match(before) || INCOMPLETE.is_match(text::head(after, 60)) => {
            Polarity::Affected
        }
        (Some(_), _) => Polarity::Disclaimed,
        (None, Some(p)) => said(p.as_str()),
        // "bundled since 2.8" dates something else than the flaw.
        (None, None) if first.since && ADDED.is_match(before) => Polarity::Silent,
        (None, None) if first.since && first.range && OPENS.is_match(&first.text) => Polarity::Affected,
        (None, None) => Polarity::Silent,
    }
}

/// What an expression hangs on: the words before it, else words within it (`before version 2.3`).
pub(super) fn attach(before: &str, first: &Expression, names_known: bool) -> Attach {
    match outer(before, names_known) {
        found @ (Attach::Product | Attach::Foreign) => found,
        _ if first.product => Attach::Product,
        Attach::Neutral if first.announced => Attach::Version,
        // `reachable since 2.0`: what stands before a lower bound is a word of the sentence, unless it is a name.
        Attach::Stranger
            if first.since
                && before.split_whitespace().last().is_some_and(|w| w.chars().all(char::is_lowercase)) =>
        {
            if first.announced {
                Attach::Version
            } else {
                Attach::Neutral
            }
        }
        found => found,
    }
}

fn outer(before: &str, names_known: bool) -> Attach {
    // Keywords of the expression itself (`before`, `<=`) may hold the product's mark.
    let glued = before.chars().next_back();
    // `name (Python), versions 1.2`: the note belongs to the name.
    static NOTE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\x{E000}(\s*\([^()\d]{0,40}\)\s*,?)(\s+\w+\s*)?$").expect("valid"));
    if NOTE.is_match(before) {
        return Attach::Product;
    }
    let trimmed = before.trim_end_matches(|c: char| c.is_whitespace() || "(:=@\"'`*[<>≤≥~^|,".contains(c));
    let hyphen = trimmed.trim_end_matches(['-', '/', '_', 'v']);
    if trimmed.ends_with(PRODUCT) || (hyphen.ends_with(PRODUCT) && hyphen.len() < trimmed.len()) {
        return Attach::Product;
    }
    if matches!(glued, Some('/' | '-' | '_' | '.' | '\\')) {
        return Attach::Foreign;
    }
    // `name:1.2`, `name@1.2`, `name==1.2` of something else.
    let pinned = before.ends_with([':', '@', '=']) && !before.ends_with(": ");
    let mut words = trimmed
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '[' | ']' | '"' | '`' | '*'));
    let Some(word) = words.next().filter(|w| !w.is_empty()) else { return Attach::Neutral };
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '.' && c != '+' && c != PRODUCT);
    let low = bare.to_lowercase();
    // "確認したバージョン 2.6.4": no blank parts the word from its noun.
    let cjk = ["バージョン", "版本", "버전", "版"].iter().any(|w| low.ends_with(w));
    if cjk {
        return Attach::Version;
    }
    if matches!(
        low.as_str(),
        "version"
            | "versions"
            | "release"
            | "releases"
            | "ver"
            | "v"
            | "versionen"
            | "versión"
            | "versiones"
            | "versão"
            | "versões"
            | "versioni"
            | "versie"
            | "версия"
            | "версии"
            | "tag"
            | "build"
    ) {
        let Some(noun) = words.find(|w| !w.is_empty()) else { return Attach::Version };
        if noun.ends_with(PRODUCT)
            || noun.trim_matches(|c: char| !c.is_alphanumeric() && c != PRODUCT).ends_with(PRODUCT)
        {
            return Attach::Product;
        }
        let noun_low = noun.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        if foreign(&noun_low) {
            return Attach::Foreign;
        }
        let cased = noun.starts_with(char::is_uppercase);
        let opens = !trimmed.contains(char::is_whitespace) || trimmed.split_whitespace().next() == Some(noun);
        return match (generic(&noun_low), cased && !opens) {
            (true, _) => Attach::Version,
            (false, true) => Attach::Stranger,
            (false, false) => Attach::Version,
        };
    }
    if bare.starts_with(PRODUCT) {
        return Attach::Product; // `example-core`
    }
    // `compared 2.3.1`: a participle, no name.
    if low.ends_with("ed") && bare.chars().all(char::is_lowercase) {
        return Attach::Neutral;
    }
    if foreign(&low) || pinned && names_known && !generic(&low) {
        return Attach::Foreign;
    }
    if low.is_empty() || generic(&low) {
        // `Python <= 3.11`, `on Java before 17`: the noun stands before the filler.
        let noun = words.find(|w| !w.is_empty() && !generic(&w.to_lowercase()));
        let directly = matches!(
            low.as_str(),
            "version" | "through" | "up" | "to" | "before" | "prior" | "below" | "above" | "since" | "from"
        );
        if directly && noun.is_some_and(|n| foreign(&n.to_lowercase())) {
            return Attach::Foreign;
        }
        return Attach::Neutral;
    }
    if bare.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return Attach::Neutral;
    }
    Attach::Stranger
}
