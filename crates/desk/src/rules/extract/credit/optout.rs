//! Does the writer decline to be named? (intake page §6; CVE page §15.5)

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::super::text;

/// An opt-out: where its line begins among the lines of the text, and what it says.
pub(super) struct OptOut {
    /// Index of the line.
    pub from: usize,
    /// The sentence.
    pub text: String,
}

// `anonymous users` and `anonymous access` are about the flaw; an opt-out is about the writer or the credit.
static PROSE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"\b(?:i|we|reporter|researcher|finder|he|she|they)\b(?:'d|'m|'re)?(?:\s+\S+){0,6}?\s+(?:prefer|prefers|want|wants|wish|wishes|like|choose|ask|request|rather|intend|need)(?:\s+\S+){0,7}?\s+(?:anonymous|anonymity|anonymously)\b",
        r"\b(?:prefer|wish|want|like|rather|choose|ask|asked|asks|request|please|happy|decided|chose)(?:\s+\S+){0,4}?\s+(?:to\s+)?(?:stay|remain|be\s+kept|keep\s+\S+|be\s+credited\s+as|be\s+listed\s+as|be)\s+(?:an?\s+|fully\s+|completely\s+|strictly\s+)?anonymous(?:ly)?\b",
        r"\b(?:keep|leave|make|list|credit|treat|consider)\s+(?:me|us|my\s+(?:name|identity|report|credit)|our\s+(?:names?|identity|credit)|the\s+(?:credit|reporter|finder|attribution))(?:\s+\S+){0,2}?\s+(?:as\s+)?anonymous(?:ly)?\b",
        r"\bcredit(?:ed|s)?\s+(?:should\s+be\s+|as\s+|to\s+)?(?:['\x22]?anonymous['\x22]?)\s*(?:$|[.,;!)])",
        r"\bno\s+(?:public\s+|personal\s+)?(?:credits?|attribution|acknowledge?ments?|recognition)(?:\s+(?:is|are|of\s+any\s+kind))?\s*(?:please|needed|necessary|required|wanted|desired|requested|for\s+(?:me|us)|,?\s*thanks?|,?\s*thank\s+you|$|\.|!)",
        r"\b(?:do\s+not|don['’]?t|never|no\s+need\s+to|not\s+necessary\s+to|need\s+not|needn['’]?t|please\s+avoid|without)\s+(?:publicly\s+|to\s+)?(?:crediting|credit|acknowledging|acknowledge|naming|name|mentioning|mention|attributing|attribute|listing|list|disclosing|disclose|publishing|publish|including|include|using|use|revealing|reveal)\s+(?:me|us|my\s+(?:name|identity|affiliation|handle)|our\s+(?:names?|identit\w+))\b",
        r"\b(?:please\s+)?(?:do\s+not|don['’]?t)\s+(?:publicly\s+)?credit\s*(?:$|[.,;!)])",
        r"\bi\s+(?:do\s+not|don['’]?t|dont)\s+(?:need|want|require|wish|care\s+(?:for|about)|expect|seek)\s+(?:for\s+|to\s+(?:have|get|receive)\s+)?(?:any\s+|public\s+|a\s+|the\s+|my\s+name\s+|to\s+be\s+)*(?:credits?|acknowledge?ments?|attribution|recognition|named|credited|listed|mentioned|acknowledged|identified)\b",
        r"\b(?:not\s+(?:want|wish|like)\s+to\s+be|(?:prefer|rather|like|wish|want|ask|request)(?:\s+to)?\s+not\s+(?:to\s+)?be|(?:prefer|rather|like|wish|want|ask|request)\s+not\s+to\s+be|would\s+rather\s+not\s+be)\s+(?:publicly\s+)?(?:credited|named|listed|mentioned|acknowledged|identified|attributed)\b",
        r"\b(?:withhold|omit|leave\s+out|remove|hide)\s+my\s+(?:name|identity)\b|\bleave\s+my\s+name\s+(?:out|off)\b|\bkeep\s+my\s+(?:name|identity)\s+(?:private|confidential|secret|out|hidden)\b",
        r"\banonym\s+bleiben\b|\bmöchte\w*\s+(?:ich\s+|wir\s+)?(?:nicht\s+(?:namentlich\s+)?genannt|anonym)\b|\brester\s+anonymes?\b|\bne\s+pas\s+(?:être\s+(?:cité|crédité|mentionné|nommé)|me\s+(?:citer|créditer|mentionner|nommer))\w*|\b(?:permanecer|quedar|mantener\w*|seguir)\s+(?:en\s+el\s+|\S+\s+)?an[óo]nim[oa]|\b(?:permanecer|ficar)\s+anônim[oa]|\brimanere\s+anonim[oa]|\banoniem\s+blijven|остаться\s+анонимн",
        r"(?:希望|请|請|保持|要求|愿意|想).{0,6}匿名|匿名(?:处理|處理|でお願い|希望|署名|即可|发布)|不(?:需要|用|必|要)(?:署名|致谢|公开姓名)",
    ]
    .iter()
    .map(|p| Regex::new(&format!("(?i){p}")).expect("valid"))
    .collect()
});
static DENIED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:not?|n['’]t|without|needn['’]?t|rather\s+than)\s+(?:\w+\s+){0,4}?(?:anonymous|anonymity|anonymously)\b").expect("valid")
});
static CARD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bcredit\s+(?:card|score|limit|rating)").expect("valid"));

/// The last opt-out that the text states in prose.
pub(super) fn find(text: &str) -> Option<OptOut> {
    let lines = text::lines(text);
    let mut last = None;
    // Two lines at a time, so that a wrapped sentence is seen whole; linear in the text.
    for i in 0..lines.len() {
        let Some(line) = lines.get(i).filter(|l| !l.fenced && !l.text.trim().is_empty()) else { continue };
        let next =
            lines.get(i + 1).filter(|l| !l.fenced && text::label(l.text).is_none() && !text::closing(l.text));
        let own = text::collapse(text::head(line.text, 2000)).len();
        let joined = text::collapse(&format!(
            "{} {}",
            text::head(line.text, 2000),
            next.map_or("", |l| text::head(l.text, 500))
        ));
        let mut at = 0usize;
        let mut rest = joined.as_str();
        while !rest.is_empty() {
            let (end, _) = text::sentence_end(rest, true);
            let sentence = rest.get(..end).unwrap_or(rest);
            // A sentence that begins on the next line is seen in its own turn.
            if at > own {
                break;
            }
            if PROSE.iter().any(|p| p.is_match(sentence))
                && !DENIED.is_match(sentence)
                && !CARD.is_match(sentence)
            {
                last = Some(OptOut { from: i, text: sentence.trim().to_string() });
            }
            let step =
                rest.get(end..).and_then(|r| r.chars().next()).map_or(end, |c| end + c.len_utf8()).max(1);
            at += step;
            rest = rest.get(step..).unwrap_or_default();
        }
    }
    last
}
