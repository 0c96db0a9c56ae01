//! Finds the statements of a text that name somebody: labels, headings, table rows, phrases in prose.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::{
    super::text::{self, Line},
    phrase::{ACTIVE, ANSWER, PHRASES, label_source},
    value::{self, Mode},
};

/// How much a statement says about the credit to publish; a higher one hides the lower ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// Thanks, an author line, on behalf of.
    Thanks,
    /// Who found or reported it.
    Identity,
    /// How the credit should read.
    Request,
    /// How a credit should read instead.
    Correction,
}

/// A statement that names somebody.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub name: String,
    pub raw: String,
    pub source: Source,
    pub rule: &'static str,
    pub confirm: bool,
    pub quoted: bool,
    /// Index of the line.
    pub at: usize,
}

/// Lines without a blank between them, cut where a label, bullet, heading or table row begins.
struct Block<'a> {
    lines: Vec<&'a str>,
    at: usize,
    quoted: bool,
    after_blank: bool,
}

fn blocks<'a>(lines: &[Line<'a>]) -> Vec<Block<'a>> {
    let mut out: Vec<Block<'a>> = Vec::new();
    let mut open = false;
    let mut after_blank = true;
    for (at, line) in lines.iter().enumerate() {
        if line.fenced || line.text.trim().is_empty() {
            open = false;
            after_blank = true;
            continue;
        }
        let starts = text::label(line.text).is_some()
            || text::bullet(line.text).is_some()
            || text::heading(line.text).is_some()
            || line.text.trim_start().starts_with('|')
            || text::closing(line.text) && line.text.split_whitespace().count() <= 4
            || out.last().is_some_and(|b| b.quoted != line.quoted);
        match out.last_mut() {
            Some(block) if open && !starts => block.lines.push(line.text),
            _ => out.push(Block { lines: vec![line.text], at, quoted: line.quoted, after_blank }),
        }
        // A heading or table row stands alone.
        open = text::heading(line.text).is_none() && !line.text.trim_start().starts_with('|');
        after_blank = false;
    }
    out
}

/// Every statement in a text, in order. Code fences are not read.
pub(super) fn collect(input: &str) -> Vec<Found> {
    let lines = text::lines(input);
    let blocks = blocks(&lines);
    let mut found = Vec::new();
    let mut skip_until = 0usize;
    for (i, block) in blocks.iter().enumerate() {
        if i < skip_until {
            continue;
        }
        if let Some((source, inline)) = labelled(block) {
            let before = found.len();
            match inline {
                Some(values) => take_label(&values, source, block, &mut found),
                None => skip_until = take_list(&blocks, i, source, &mut found),
            }
            if found.len() > before || skip_until > i {
                continue;
            }
        }
        // `Please credit us as follows:` with the name below.
        if announces(block) {
            let before = found.len();
            skip_until = take_list(&blocks, i, Source::Request, &mut found);
            if found.len() > before {
                continue;
            }
            skip_until = 0;
        }
        take_prose(block, &mut found);
    }
    found
}

/// Does a block end by announcing a credit?
fn announces(block: &Block<'_>) -> bool {
    static WISH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:credit\w*|acknowledg\w+|attribut\w+)\b[^.!?]*[:：]$").expect("valid")
    });
    block.lines.last().is_some_and(|l| l.trim_end().ends_with([':', '：'])) && {
        let tail: Vec<&str> = block.lines.iter().rev().take(3).rev().copied().collect();
        WISH.is_match(&text::collapse(&tail.join(" ")))
    }
}

static DASHED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:[-+•*]\s+)?[*_`]{0,3}(?P<label>\p{L}[\p{L} _\-]{2,30}?)[*_`]{0,3}\s+(?:[-–—=:]|->|=>)\s+(?P<value>\S.*)$").expect("valid")
});

/// The credit label a block begins with: its value lines, or `None` when the value stands below.
fn labelled<'a>(block: &Block<'a>) -> Option<(Source, Option<Vec<&'a str>>)> {
    let first = *block.lines.first()?;
    if let Some(cells) = text::cells(first) {
        let (label, value) = (cells.first()?, cells.get(1)?);
        let source = label_source(label.trim_matches(['*', '_', '`', ':', ' ']))?;
        return (!value.is_empty() && cells.len() == 2).then(|| (source, Some(vec![*value])));
    }
    // `How should we credit you?` on a form: the answer stands below.
    let question = first.trim().trim_start_matches("Q:").trim().trim_matches(['*', '_', '#', ' ', '>', '-']);
    if let Some(asked) = question.strip_suffix('?') {
        return label_source(asked).filter(|s| *s == Source::Request).map(|s| (s, None));
    }
    if let Some((label, value)) = text::label(first) {
        if let Some(source) = label_source(label) {
            if value.is_empty() {
                return Some((source, None));
            }
            let mut lines = vec![value];
            lines.extend(block.lines.iter().skip(1));
            return Some((source, Some(lines)));
        }
        return None;
    }
    if let Some(h) = text::heading(first) {
        return label_source(h).map(|s| (s, None));
    }
    if let Some(c) = DASHED.captures(first) {
        let (label, value) = (c.name("label")?.as_str(), c.name("value")?.as_str());
        if let Some(source) = label_source(label).filter(|s| *s > Source::Thanks) {
            let mut lines = vec![value];
            lines.extend(block.lines.iter().skip(1));
            return Some((source, Some(lines)));
        }
    }
    // A label alone on its line, underlined or followed by its value.
    let alone = first.trim().trim_matches(['*', '_']);
    let next_is_rule =
        block.lines.get(1).is_some_and(|l| !l.is_empty() && l.trim().chars().all(|c| c == '=' || c == '-'));
    if alone.split_whitespace().count() <= 3 && (block.lines.len() == 1 || next_is_rule) && block.after_blank
    {
        return label_source(alone).filter(|s| *s > Source::Thanks).map(|s| (s, None));
    }
    None
}

fn push(
    found: &mut Vec<Found>,
    raw: &str,
    source: Source,
    block: &Block<'_>,
    rule: &'static str,
    confirm: bool,
) {
    let Some(name) = value::clean(raw) else { return };
    let wordy = name.split_whitespace().count() > 14 || sentence_like(&name);
    found.push(Found {
        confirm: confirm || wordy || value::commands(raw),
        name,
        raw: text::collapse(raw),
        source,
        rule,
        quoted: block.quoted,
        at: block.at,
    });
}

/// Reads like a sentence rather than a name: several lower-case words that are no particles.
fn sentence_like(name: &str) -> bool {
    let plain = name
        .split_whitespace()
        .filter(|w| w.chars().all(|c| c.is_lowercase()))
        .filter(|w| {
            !matches!(
                *w,
                "of" | "from"
                    | "at"
                    | "and"
                    | "the"
                    | "de"
                    | "la"
                    | "van"
                    | "von"
                    | "der"
                    | "with"
                    | "for"
                    | "in"
                    | "by"
                    | "et"
                    | "und"
                    | "y"
            )
        })
        .count();
    plain >= 4
}

fn take_label(lines: &[&str], source: Source, block: &Block<'_>, found: &mut Vec<Found>) {
    let Some(first) = lines.first() else { return };
    // `Credits: I'd like to be credited as Jane Doe`: the sentence names her, not the label.
    let joined = lines.join("\n");
    if value::clean(first).is_some_and(|n| {
        let first = n.split_whitespace().next().unwrap_or_default();
        let asks = matches!(first.to_lowercase().as_str(), "please" | "kindly" | "use" | "list" | "feel");
        sentence_like(&n) || asks || text::opens_sentence(first)
    }) && !value::commands(first)
    {
        let before = found.len();
        phrases(&joined, block, source, found);
        if found.len() > before {
            return;
        }
        if let Some(out) = super::optout::find(&joined) {
            push(found, "anonymous", source, block, "credit.opt-out", false);
            if let Some(f) = found.last_mut() {
                f.raw = out.text;
            }
            return;
        }
    }
    let Some(raw) = value::read(lines, Mode::Label) else { return };
    push(found, &raw, source, block, "credit.label", source == Source::Thanks);
    // Several credits, a line each, under one plural label.
    let plural = block
        .lines
        .first()
        .and_then(|l| text::label(l))
        .is_some_and(|(l, _)| l.to_lowercase().trim_end().ends_with('s'));
    if plural {
        for line in lines.iter().skip(1) {
            if raw.contains(text::collapse(line).as_str()) || !nameish_line(line) {
                continue;
            }
            push(found, line, source, block, "credit.label", true);
        }
    }
}

/// The values under a label: bullets, or the lines of the next block. Returns the first block not used.
fn take_list(blocks: &[Block<'_>], i: usize, source: Source, found: &mut Vec<Found>) -> usize {
    let Some(head) = blocks.get(i) else { return i + 1 };
    let rest: Vec<&str> = head
        .lines
        .iter()
        .skip(1)
        .copied()
        .filter(|l| !l.trim().chars().all(|c| c == '=' || c == '-'))
        .collect();
    if !rest.is_empty() {
        take_lines(&rest, source, head, found);
    }
    let mut next = i + 1;
    let mut used = !rest.is_empty();
    while let Some(block) = blocks.get(next) {
        let Some(first) = block.lines.first() else { break };
        if text::heading(first).is_some() || block.quoted != head.quoted {
            break;
        }
        let item = text::bullet(first);
        let content = item.unwrap_or(first);
        if let Some((label, val)) = text::label(content) {
            if matches!(label.to_lowercase().as_str(), "a" | "answer" | "re" | "r")
                && !val.is_empty()
                && !used
            {
                take_label(&[val], source, block, found);
                return next + 1;
            }
            // `Name: Jane Doe` under `Reporter`.
            if matches!(
                label.to_lowercase().as_str(),
                "name" | "full name" | "handle" | "alias" | "reporter" | "finder" | "researcher" | "credit"
            ) && !val.is_empty()
                && !used
            {
                push(found, val, source, block, "credit.label", false);
                used = true;
                next += 1;
                continue;
            }
            break;
        }
        if let Some(item) = item {
            let mut lines = vec![item];
            lines.extend(block.lines.iter().skip(1));
            let joined = text::collapse(&lines.join(" "));
            let raw = if joined.len() < 160 { joined } else { item.to_string() };
            let (end, _) = text::sentence_end(&raw, false);
            push(found, raw.get(..end).unwrap_or(&raw), source, block, "credit.label", false);
            used = true;
            next += 1;
            continue;
        }
        if used || text::closing(first) {
            break;
        }
        take_lines(&block.lines, source, block, found);
        used = true;
        next += 1;
    }
    next
}

fn take_lines(lines: &[&str], source: Source, block: &Block<'_>, found: &mut Vec<Found>) {
    if lines.len() > 1 && lines.iter().all(|l| nameish_line(l)) && !value::commands(&lines.join(" ")) {
        let mut i = 0;
        while let Some(line) = lines.get(i) {
            let joined = value::read(lines.get(i..).unwrap_or_default(), Mode::Label).unwrap_or_default();
            let used = lines.iter().skip(i).scan(0usize, |n, l| {
                *n += text::collapse(l).len() + 1;
                Some(*n)
            });
            let count = used.take_while(|n| *n <= joined.len() + 2).count().max(1);
            push(found, if count > 1 { &joined } else { line }, source, block, "credit.label", false);
            i += count;
        }
        return;
    }
    take_label(lines, source, block, found);
}

static EARLIER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:CVE-\d{4}-\d+|GHSA-\w{4}|previously|earlier\s+(?:report|issue|bug|vulnerability)|similar\s+(?:issue|bug|vulnerability|flaw|report)|related\s+(?:issue|bug|vulnerability)|last\s+year|same\s+(?:issue|bug|flaw)\s+as|looks?\s+like|similar\s+to|duplicate\s+of)\b").expect("valid")
});

static EARLIER_IN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:CVE-\d{4}-\d+|GHSA-\w{4})").expect("valid"));

fn take_prose(block: &Block<'_>, found: &mut Vec<Found>) {
    phrases(&block.lines.join("\n"), block, Source::Thanks, found);
}

/// Tries every phrase on a text. Ranges once read are not read again by a weaker phrase.
fn phrases(joined: &str, block: &Block<'_>, floor: Source, found: &mut Vec<Found>) {
    let joined = text::head(joined, 20_000);
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for p in PHRASES.iter().filter(|p| p.rule != ANSWER || floor >= Source::Request) {
        for c in p.re.captures_iter(joined).take(20) {
            let Some(whole) = c.get(0) else { continue };
            let (start, raw) = match c.name("v") {
                Some(v) => (v.start(), Some(text::collapse(v.as_str()))),
                None => (whole.end(), value_after(joined, whole.start(), whole.end(), p.strict)),
            };
            let Some(raw) = raw.filter(|r| !r.is_empty()) else { continue };
            if taken.iter().any(|(s, e)| start < *e && *s <= start) {
                continue;
            }
            let pronoun = raw.split(|c: char| !c.is_alphanumeric()).next().is_some_and(|w| {
                matches!(
                    w.to_lowercase().as_str(),
                    "me" | "us"
                        | "myself"
                        | "ourselves"
                        | "him"
                        | "them"
                        | "you"
                        | "it"
                        | "this"
                        | "that"
                        | "whom"
                        | "which"
                        | "whoever"
                )
            });
            // `is identified by …` describes a mechanism, not a finder.
            let led = joined.get(..whole.end()).map_or("", |b| tail(b, whole.start()));
            let mechanism = p.rule == "credit.by" && mechanism(led);
            if mechanism {
                continue;
            }
            let commanded = value::commands(&raw);
            let anonymous = value::is_anonymous(&raw);
            // `My colleague Tim Burns found …`: a capital that only opens the sentence.
            let raw = if p.rule == ACTIVE { without_opening_role(&raw) } else { raw };
            let candidate = value::strip_roles(&raw);
            if !commanded && !anonymous {
                if p.rule == ACTIVE && !(nameish_line(candidate) && candidate.split_whitespace().count() > 1)
                {
                    continue;
                }
                if p.strict && !value::name_like(candidate) || (pronoun && candidate == raw) {
                    continue;
                }
                // About another flaw, found at another time.
                let other = EARLIER_IN.is_match(&raw) || EARLIER.is_match(said_before(joined, whole.start()));
                if p.source == Source::Identity && other {
                    continue;
                }
                if value::is_placeholder(candidate) {
                    continue;
                }
            }
            taken.push((whole.start(), start + raw.len()));
            let source = p.source.max(floor);
            push(
                found,
                &raw,
                source,
                block,
                p.rule,
                p.confirm || !p.strict && !value::name_like(candidate) && !simple(candidate),
            );
        }
    }
}

/// One word of letters, digits and account signs: fine as a name where a name was announced.
fn simple(value: &str) -> bool {
    let first = value.split(" (").next().unwrap_or_default();
    !first.contains(char::is_whitespace) && value.split_whitespace().count() <= 4
}

fn value_after(joined: &str, start: usize, end: usize, strict: bool) -> Option<String> {
    let rest = joined.get(end..)?;
    let lines: Vec<&str> = rest.lines().take(10).collect();
    // A phrase that opens its line and names somebody on it is a label without colon.
    let line_start = joined.get(..start).is_none_or(|b| {
        b.is_empty()
            || b.trim_end_matches(['*', '_', ' ', '-', '>', '•', '#']).ends_with('\n')
            || b.trim().is_empty()
            || text::bullet(b).is_some()
    });
    let short = lines.first().is_some_and(|l| l.trim().len() < 60);
    let mode =
        if line_start && strict && short && lines.len() > 1 && lines.first().is_some_and(|l| nameish_line(l))
        {
            Mode::Label
        } else {
            Mode::Prose
        };
    value::read(&lines, mode)
}

fn without_opening_role(raw: &str) -> String {
    let mut chars = raw.chars();
    let Some(first) = chars.next().filter(char::is_ascii_uppercase) else { return raw.to_string() };
    let lowered = format!("{}{}", first.to_ascii_lowercase(), chars.as_str());
    let rest = value::strip_roles(&lowered);
    // Only text of the input is returned: what is left after the role word was not changed.
    if rest.len() < lowered.len() { rest.to_string() } else { raw.to_string() }
}

static MECHANISM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?P<what>\w+)\s+(?:is|are|be|being|gets?)\s+(?:\w+\s+)?(?:identified|submitted|detected|raised)\s+by\s*$").expect("valid")
});

/// Does the phrase say how something works, rather than who found the report's flaw?
fn mechanism(led: &str) -> bool {
    MECHANISM.captures(led).and_then(|c| c.name("what")).is_some_and(|w| {
        !matches!(
            w.as_str().to_lowercase().as_str(),
            "report"
                | "issue"
                | "vulnerability"
                | "bug"
                | "finding"
                | "flaw"
                | "this"
                | "it"
                | "problem"
                | "weakness"
        )
    })
}

/// The end of a text, from a little before a byte on.
fn tail(text: &str, at: usize) -> &str {
    let mut from = at.saturating_sub(24);
    while !text.is_char_boundary(from) {
        from -= 1; // zero is a boundary
    }
    text.get(from..).unwrap_or_default()
}

/// What the sentence says before a byte.
fn said_before(joined: &str, at: usize) -> &str {
    let before = joined.get(..at).unwrap_or_default();
    let start = before.rfind(". ").or_else(|| before.rfind(".\n")).map_or(0, |i| i + 1);
    before.get(start..).unwrap_or_default()
}

const PARTICLES: &[&str] = &[
    "of", "the", "from", "at", "and", "de", "van", "der", "von", "den", "la", "le", "di", "da", "dos", "del",
    "du", "bin", "ibn", "al", "el", "for", "in", "with", "y", "e", "et", "und", "zu", "zur", "ter", "ten",
    "team", "working", "via", "on",
];

/// A line that could be the value of a credit field: capitalised words, handles, particles.
fn nameish_line(line: &str) -> bool {
    let line = text::bullet(line).unwrap_or(line.trim());
    if line.is_empty() || line.chars().count() > 160 || text::label(line).is_some() || text::closing(line) {
        return false;
    }
    let plain = text::plain(line);
    let words: Vec<&str> = plain.split_whitespace().collect();
    if words.is_empty() {
        return line.starts_with("http");
    }
    if let [only] = words.as_slice() {
        return only.chars().any(char::is_alphanumeric);
    }
    if plain.ends_with(['.', '!', '?', '。']) && words.len() > 5 || plain.ends_with(['?', '。']) {
        return false;
    }
    let opener = words.first().is_some_and(|w| text::opens_sentence(w)) && words.len() > 3;
    !opener
        && words.len() <= 16
        && words.iter().all(|w| {
            let bare = w.trim_matches(|c: char| !c.is_alphanumeric());
            PARTICLES.contains(&bare)
                || bare.is_empty()
                || w.starts_with('@')
                || w.starts_with("(@")
                || w.contains(['.', '_', '[', '-', '@', '\''])
                || bare.chars().next().is_some_and(|c| !c.is_lowercase())
        })
}

/// Reads a text as the value of a credit field, a credit per line; nothing when it is prose.
pub(super) fn field_value(input: &str) -> Vec<Found> {
    let lines: Vec<&str> = input.lines().map(str::trim).filter(|l| !l.is_empty()).take(200).collect();
    let single = if let [one] = lines.as_slice() { value::commands(one) } else { false };
    let lower_name = if let [one] = lines.as_slice() {
        one.split_whitespace().count() <= 3
            && one.len() < 60
            && !one.ends_with(['.', '?', '!'])
            && text::label(one).is_none()
    } else {
        false
    };
    let names = lines.iter().all(|l| {
        nameish_line(l)
            || value::is_anonymous(l)
            || value::is_placeholder(l)
            || value::commands(l) && lines.len() <= 6
    });
    if lines.is_empty() || !(names || single || lower_name) {
        return Vec::new();
    }
    let block = Block { lines: Vec::new(), at: 0, quoted: false, after_blank: true };
    let mut found = Vec::new();
    for line in lines {
        let line = text::bullet(line).unwrap_or(line);
        push(&mut found, line, Source::Request, &block, "credit.field", false);
    }
    found
}
