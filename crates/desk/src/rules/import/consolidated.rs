//! Several unrelated flaws in one mail (intake page §4, `consolidated-multi-issue`).

use std::{collections::BTreeSet, sync::LazyLock};

use crate::pattern::Regex;

use super::{
    cue::{Signal, words},
    features,
    text::Doc,
};
use crate::rules::vocabulary::patterns as vocabulary;

words! {
    // "Issue 1", "## Vulnerability #2:", "Finding A -", "漏洞一".
    NAMED = r"=^\s*(?:[#*_>-]+\s*)*(?:\[?\s*)(?:security\s+)?(?:issues?|vulnerabilit(?:y|ies)|findings?|bugs?|vulns?|problems?|problèmes?|problemas?|flaws?|reports?|defects?|weakness(?:es)?|schwachstelle|lücke|problem|vulnérabilité|faille|vulnerabilidad(?:e)?|fallo|falha|hallazgo|achado|befund|fund|constat|rilievo|находка|vulnerabilità|уязвимость|проблема|漏洞|问题|脆弱性|問題)\s*(?:no\.?|nr\.?|n[°º]\.?|№)?\s*[-#:.]?\s*(?:\d{1,2}|[A-H]|[IVX]{1,4}|one|two|three|four|five|six|[一二三四五六])\b[\s:.)\]*–—-]*(.*)$";
    // "1. Title", "2) Title", "### 3 - Title", "(a) Title", "First, …".
    NUMBERED = r"=^(?:#{1,5}\s*)?(?:\*\*)?\s{0,3}(?:\(?(?:\d{1,2}|[a-h])[.):、]|\d{1,2}\s+[-–—])\s*(?:\*\*)?\s*(.{3,})$";
    ORDINAL = r"=^\s*(?:the\s+)?(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|fourth(?:ly)?|fifth(?:ly)?|finally|lastly|additionally|another|next|also|besides)\b[,:]?\s+(.{3,})$";
    BULLET = r"=^\s*[-*+•]\s+(.{3,})$";
    SEVERAL = r"(?:several|multiple|various|some|many|a (?:number|few|couple|bunch|list|handful) of|three|four|five|six|seven|eight|nine|ten|\d+|following|these|all|different|distinct|separate|unrelated) (?:\w+ ){0,4}(?:vulnerabilit\w+|issues|bugs|flaws|problems|findings|weaknesses|holes|vulns|defects)|mehrere (?:schwachstellen|lücken|probleme)|plusieurs (?:failles|vulnérabilités)|varias vulnerabilidades|várias vulnerabilidades|несколько уязвимостей";
    SEVERAL_CJK = r"=多个漏洞|几个漏洞|三个漏洞|以下漏洞|複数の脆弱性";
    ONE_BUG = r"variants?|same (?:root cause|bug|issue|flaw|vulnerability|underlying|sink|function|problem|code path)|single (?:root cause|vulnerability|issue|bug|flaw)|chain(?:ed|ing|s)?|combin(?:ed|ing|ation)|in combination|together (?:they |these |this )?(?:allow|lead|give|yield|result)|one (?:bug|vulnerability|issue|flaw|root cause)|attack (?:chain|path|flow|scenario)|which (?:then|in turn)|(?:three|two|four|several|multiple|different) (?:ways|vectors|paths|entry points|places|payloads|endpoints|call sites)|all (?:stem|share|caused by|originate|go through|come)";
    STEPS_HEAD = r"=(?:steps?|reproduc\w*|poc|proof\s+of\s+concept|instructions|procedure|exploit\w*|how\s+to|walk-?through|schritte|étapes|pasos|passos|шаги|步骤|手順|setup|impact|consequences?|effects?|fix\w*|mitigation\w*|recommend\w*|remed\w*|attacker\s+can|allows?|timeline|references?)[^.]{0,80}:?\s*$";
    POINTER = r"=[\w/.-]+\.(?:c|cc|cpp|h|rs|go|py|js|ts|java|rb|php|cs|kt|swift)\b|(?:^|[\s`'\x22(])/[\w-]+(?:/[\w{}.-]+)*|\b[a-z_]\w*(?:(?:\.|::)\w+)*\(\)|(?-i:\b[A-Z]\w+(?:\.|::|#)[a-z]\w+|\b[A-Z][a-z]+[A-Z]\w+\b)";
    // The author's own word that they have nothing to do with one another.
    UNRELATED = r"(?:not|un|in no way|nothing)[- ]?(?:to do with|related to|connected to|connected with|dependent on) (?:one another|each other)|independent (?:of|from) (?:one another|each other)|(?:unrelated|independent|separate|distinct) (?:\w+ ){0,2}(?:issues|bugs|flaws|problems|findings|vulnerabilities|observations|matters|topics|weaknesses|holes)|(?:sans|aucun) (?:\w+ )?(?:rapport|lien) entre|indépendant\w* (?:les un\w* des autres|l'un\w* de l'autre)|(?:voneinander unabhängig|unabhängig voneinander|nichts miteinander)|independientes (?:entre sí|unas? de)|(?:sin|não) (?:relaci\w+|têm relação) entre|independentes entre si|indipendenti (?:tra|l'un\w*)|не связан\w+ (?:между собой|друг)|независим\w+ друг";
    UNRELATED_CJK = r"=互不相关|相互独立|互いに(?:無関係|独立)|それぞれ独立";
}

static HEADING: LazyLock<Regex> = LazyLock::new(|| super::cue::pattern(r"=^\s*#{1,6}\s"));

/// One flaw of a list.
#[derive(Clone, Debug)]
struct Entry {
    title: String,
    text: String,
    classes: BTreeSet<&'static str>,
    places: BTreeSet<String>,
}

fn entry(title: &str, text: &str) -> Entry {
    let mut classes = vocabulary::classes(title);
    if classes.is_empty() {
        // The first class named in the section is what the section is about.
        classes = vocabulary::find(text).into_iter().take(1).map(|h| h.class).collect();
    } else {
        classes = vocabulary::find(title).into_iter().take(1).map(|h| h.class).collect();
    }
    let places = POINTER
        .find_iter(text)
        .take(12)
        .map(|m| m.as_str().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .collect();
    Entry { title: title.trim().into(), text: text.into(), classes, places }
}

/// Splits the text at lines that match; the first group is the title. A line under a heading of steps does not count.
fn sections(lines: &[&str], re: &Regex, guard_steps: bool) -> Vec<Entry> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut in_steps = false;
    let mut fenced = false;
    for line in lines {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if line.len() > 1000 || fenced {
            if let Some((_, t)) = out.last_mut() {
                t.push_str(line);
                t.push('\n');
            }
            continue;
        }
        let hit = re.captures(line).map(|c| c.get(1).map_or("", |m| m.as_str()).to_owned());
        if hit.is_none() && !line.trim().is_empty() {
            let head = line.trim().trim_matches(['*', '#', ' ', '_']);
            if head.chars().count() < 90 && (STEPS_HEAD.is_match(head)) {
                in_steps = true;
            } else if HEADING.is_match(line) {
                in_steps = false;
            }
        }
        match hit {
            Some(title) if !(guard_steps && in_steps) => {
                if out.len() >= 60 {
                    break;
                }
                out.push((title.clone(), format!("{title}\n")));
            }
            _ => {
                if let Some((_, t)) = out.last_mut() {
                    t.push_str(line);
                    t.push('\n');
                }
            }
        }
    }
    out.iter().map(|(title, text)| entry(title, text)).collect()
}

/// Distinct flaws among the entries: another class, or the same class in another place.
fn unrelated(entries: &[Entry]) -> usize {
    let mut kinds: Vec<&Entry> = Vec::new();
    for e in entries.iter().filter(|e| !e.classes.is_empty() || !e.places.is_empty()) {
        let known = kinds.iter().any(|k| {
            let same_class = e.classes.is_empty() || k.classes.is_empty() || e.classes == k.classes;
            let same_place = e.places.is_empty() || k.places.is_empty() || !e.places.is_disjoint(&k.places);
            same_class && same_place
        });
        if !known {
            kinds.push(e);
        }
    }
    kinds.len()
}

fn distinct_classes(entries: &[Entry]) -> usize {
    entries.iter().flat_map(|e| &e.classes).collect::<BTreeSet<_>>().len()
}

/// Paragraphs of prose that claim a flaw, or point into code, and share no place with one before.
fn claiming_passages(doc: &Doc) -> usize {
    let mut places: BTreeSet<String> = BTreeSet::new();
    let mut count = 0;
    for block in doc.raw.split("\n\n").filter(|b| b.trim().len() >= 80).take(60) {
        let f = features::of_text(&Doc::from_text("", block));
        let here = entry("", block).places;
        if (f.claims() || (f.claim > 0 && f.substance > 0) || f.substance >= 2) && here.is_disjoint(&places) {
            count += 1;
        }
        places.extend(here);
    }
    count
}

fn quote(entries: &[Entry]) -> String {
    entries
        .iter()
        .take(3)
        .map(|e| if e.title.is_empty() { e.text.lines().nth(1).unwrap_or("") } else { &e.title })
        .collect::<Vec<_>>()
        .join(" / ")
}

/// Three or more unrelated flaws, and what shows it. Steps of one flaw, variants of one bug and the links of one
/// chain are one report.
#[must_use]
pub fn judge(doc: &Doc) -> Option<Signal> {
    let lines: Vec<&str> = doc.raw.lines().collect();
    let one_bug = ONE_BUG.is_match(&doc.all_prose());
    let named = sections(&lines, &NAMED, false);
    let prose = doc.all_prose();
    let said_unrelated = UNRELATED.find(&prose).or_else(|| UNRELATED_CJK.find(&prose));
    if let Some(said) = said_unrelated {
        if named.len() >= 3 {
            return Some(Signal::new("class.consolidated.named-sections", &quote(&named)));
        }
        // Told one after the other, without numbers: each passage claims something of its own.
        if claiming_passages(doc) >= 3 {
            return Some(Signal::new("class.consolidated.unrelated-passages", said.as_str()));
        }
    }
    if named.len() >= 3 {
        let classes = distinct_classes(&named);
        let kinds = unrelated(&named);
        // Headings that say "Issue N" are the author's own count; only sameness speaks against it.
        // What is neither classed nor placed shows no sameness.
        let told = named.iter().filter(|e| !e.classes.is_empty() || !e.places.is_empty()).count();
        let same = classes <= 1
            && (one_bug || kinds < 3 && told * 2 > named.len())
            && named.iter().any(|e| !e.classes.is_empty());
        if !(same || one_bug && classes < 3) {
            return Some(Signal::new("class.consolidated.named-sections", &quote(&named)));
        }
        return None;
    }
    if one_bug {
        return None;
    }
    let several = SEVERAL.is_match(&doc.all_prose()) || SEVERAL_CJK.is_match(&doc.all_prose());
    let numbered: Vec<Entry> = sections(&lines, &NUMBERED, true)
        .into_iter()
        .filter(|e| !vocabulary::classes(&e.title).is_empty())
        .collect();
    if numbered.len() >= 3
        && unrelated(&numbered) >= 3
        && (distinct_classes(&numbered) >= 3 || (several && distinct_classes(&numbered) >= 2))
    {
        return Some(Signal::new("class.consolidated.numbered-flaws", &quote(&numbered)));
    }
    for (re, rule) in
        [(&*BULLET, "class.consolidated.listed-flaws"), (&*ORDINAL, "class.consolidated.counted-flaws")]
    {
        let prose: Vec<&str> = if rule.ends_with("counted-flaws") {
            doc.sentences.iter().skip(1).map(String::as_str).collect()
        } else {
            lines.clone()
        };
        let items: Vec<Entry> = sections(&prose, re, true)
            .into_iter()
            .filter(|e| !vocabulary::classes(&e.title).is_empty())
            .collect();
        if several && items.len() >= 3 && distinct_classes(&items) >= 3 && unrelated(&items) >= 3 {
            return Some(Signal::new(rule, &quote(&items)));
        }
    }
    // Markdown headings that each name another class.
    let heads: Vec<Entry> = doc
        .raw
        .lines()
        .filter(|l| HEADING.is_match(l) && l.len() < 200)
        .map(|l| entry(l.trim_matches(['#', ' ']), l))
        .filter(|e| !e.classes.is_empty())
        .collect();
    if heads.len() >= 3 && distinct_classes(&heads) >= 3 && several {
        return Some(Signal::new("class.consolidated.headed-flaws", &quote(&heads)));
    }
    None
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    (
        "class.consolidated.unrelated-passages",
        "passages about flaws that have nothing to do with one another",
    ),
    ("class.consolidated.counted-flaws", "it announces several flaws and lists them"),
    ("class.consolidated.headed-flaws", "headings, each about another flaw"),
    ("class.consolidated.listed-flaws", "a list, each point another flaw"),
    ("class.consolidated.named-sections", "sections such as `Issue 1`, each about another flaw"),
    ("class.consolidated.numbered-flaws", "numbered points, each about another flaw"),
];
