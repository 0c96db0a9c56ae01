//! From the text after a label to a name: joining wrapped lines, finding the end, cleaning.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::super::text;
use crate::people::is_organization_word;

/// How a value is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// After `Label:`; the line is the value unless it plainly goes on.
    Label,
    /// Within a sentence; the sentence is the limit, and words that leave the name.
    Prose,
}

// Words that leave the name and go on with the sentence. Lower case only: `Will`, `May` and `Last` are names.
static STOP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:,|\s[-–—])?\s+(?:",
        r"on\s+(?:\d|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)|the\s|or\s+about|our|your|a\s)|",
        r"in\s+(?:\d{4}|(?i:january|february|march|april|may|june|july|august|september|october|november|december)|the\s|our\s|your\s|this\s|version|case|any\s|an?\s|early|late|mid|response|all\s|public|CVE|GHSA)|",
        r"during|while|via|using|who|which|whose|when|where|through|if|please|thanks|thank|but|because|after|before|since|earlier|",
        r"yesterday|today|tomorrow|recently|previously|privately|independently|responsibly|instead|rather|unless|once|",
        r"last\s+(?:week|month|year|night|january|february|march|april|may|june|july|august|september|october|november|december)|",
        r"as\s+(?:part|the|an?|well|our|soon|described|follows|finder|reporter)|that\s|so\s+that|",
        r"and\s+\w+ed\s+(?:by|in|on|to|with|and)\b|",
        r"and\s+(?:is|was|were|has|had|have|will|it|we|i|I|they|he|she|this|that|then|please|later|subsequently|can|could|should|would|may|not|allows?|affects?|reported|confirmed|verified|disclosed|fixed|add|also|include|let|link|mention|notify|thanks?|if|do|to|in|for|the\s+(?:fix|issue|bug|report|vulnerability|flaw|patch|problem))\b|",
        r"for\s+(?:the|this|that|their|his|her|its|your|our|responsibl\w+|report\w+|find\w+|discover\w+|disclos\w+|identif\w+|any|all|credits?|attribution|bringing|being)\b|",
        r"with\s+(?:help|the|assistance|support|an?|our|cve|CVE|no)\b|under\s+(?:the|a|our|embargo|responsible|coordinated)\b|",
        r"(?:is|was|are|were|has|have|had|will|would|should|could|can|may)\s|",
        r"or\s+(?:similar|just|simply|as|whatever|something)|to\s+(?:the|our|your|us|you|be|me)\b|not\s",
        r")",
    ))
    .expect("valid")
});
static GOES_ON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\b(?:of|from|at|and|with|the|by|for|in|de|del|la|von|van|der|und|et|y|e)|[,&(/@-])$")
        .expect("valid")
});
static TAKES_UP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:of|from|at|and|with|by|for|de|del|von|van|der|und|et)\s|^[&(@/]").expect("valid")
});
static AFFILIATED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\s(?:of|from|at|with|@)\s|,\s|\(|\s[-–—]\s").expect("valid"));

fn organization(line: &str) -> bool {
    let mut words =
        line.split_whitespace().map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase());
    line.split_whitespace().count() <= 6 && words.any(|w| is_organization_word(&w))
}

/// Does the value go on in the next line?
fn joins(value: &str, next: &str, mode: Mode) -> bool {
    let next = next.trim();
    if next.is_empty()
        || text::bullet(next).is_some()
        || text::heading(next).is_some()
        || text::label(next).is_some()
        || next.starts_with(['|', '#', '>'])
        || text::closing(next)
    {
        return false;
    }
    let first = next.split_whitespace().next().unwrap_or_default();
    if mode == Mode::Prose {
        return true;
    }
    if text::sentence_end(value, false).1 {
        return false;
    }
    let open = value.matches('(').count() > value.matches(')').count();
    if GOES_ON.is_match(value) || open || TAKES_UP.is_match(next) {
        return true;
    }
    if text::opens_sentence(first) {
        return false;
    }
    let lower = first.chars().next().is_some_and(char::is_lowercase);
    // A line cut at a usual width whose successor has the words of an organization, or goes on in lower case.
    AFFILIATED.is_match(value) && (organization(next) && !next.contains(',') || lower && value.len() > 40)
        || lower && value.len() > 60
}

/// The value that begins with `lines[0]`, wrapped lines joined by a space, up to its end.
pub(super) fn read(lines: &[&str], mode: Mode) -> Option<String> {
    let mut value = text::head(lines.first()?.trim(), 2000).to_string();
    let whole_first = value.clone();
    for next in lines.iter().skip(1).take(8) {
        if value.len() > 2000 || !joins(&value, next, mode) {
            break;
        }
        if !value.is_empty() {
            value.push(' ');
        }
        value.push_str(next.trim());
    }
    if commands(&whole_first) || (value.len() < 1500 && commands(&value)) {
        return Some(text::collapse(&value)); // verbatim, to be flagged (intake Hard case 15)
    }
    let value = text::collapse(&value);
    if let Some(q) = quoted(&value) {
        return Some(q.to_string());
    }
    let (end, _) = text::sentence_end(&value, mode == Mode::Prose);
    let mut cut = value.get(..end).unwrap_or(&value);
    if mode == Mode::Prose {
        cut = outside_parentheses(cut);
    }
    let cut = cut.trim();
    (!cut.is_empty()).then(|| cut.to_string())
}

/// Cuts at the first stop word that does not stand in parentheses.
fn outside_parentheses(s: &str) -> &str {
    for m in STOP.find_iter(s) {
        let before = s.get(..m.start()).unwrap_or_default();
        if before.matches('(').count() <= before.matches(')').count() {
            return before;
        }
    }
    s
}

/// The text in the quotation marks a value begins with, with an affiliation that follows them.
fn quoted(value: &str) -> Option<&str> {
    let mut chars = value.chars();
    let open = chars.next()?;
    let close = match open {
        '"' => '"',
        '“' | '„' => '”',
        '‘' => '’',
        '«' => '»',
        '「' => '」',
        '\'' => '\'',
        _ => return None,
    };
    let inner = chars.as_str();
    let end = inner.char_indices().find(|(i, c)| {
        (*c == close || (open == '„' && *c == '“'))
            && (close != '\'' || inner.get(i + 1..).is_none_or(|r| !r.starts_with(char::is_alphanumeric)))
    });
    let name = inner.get(..end?.0)?;
    (!name.trim().is_empty()).then(|| name.trim())
}

static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:ignore|disregard|forget|override|bypass)\s+(?:all|any|the|your|previous|prior|above|earlier|every)\b|",
        r"\b(?:system|assistant|developer)\s*(?:prompt|message|:)|\byou\s+are\s+now\b|\binstructions?\s*:|",
        r"\b(?:previous|prior|above)\s+instructions?\b|<!--|-->|<script|<img|<iframe|javascript:|\{\{|\$\(|\bpre-?approved\b|",
        r"\b(?:set|change|mark|raise|lower|treat|classify|rate|close|approve|skip|allocate|assign|execute|delete|reveal)\s+(?:this|the|it|all|every|as|its|cve|severity|confirmation|triage|tracker|issue)\b|",
        r"\bjailbreak\b|\[/?(?:INST|SYSTEM)\]|<\|",
    ))
    .expect("valid")
});

/// Does a credit value read like an order to the desk?
pub(super) fn commands(value: &str) -> bool {
    COMMAND.is_match(text::head(value, 4000))
}

/// Values that ask for no name.
pub(super) fn is_anonymous(raw: &str) -> bool {
    let v = text::plain(raw).to_lowercase();
    let v = v.trim_matches(|c: char| !c.is_alphanumeric()).trim();
    let v = v.trim_end_matches(" please").trim_end_matches(" thanks").trim_end_matches([',', ' ']);
    matches!(
        v,
        "anonymous"
            | "anonymously"
            | "anonymity"
            | "anonymous reporter"
            | "anonymous researcher"
            | "anonymous finder"
            | "an anonymous researcher"
            | "an anonymous reporter"
            | "an anonymous finder"
            | "anonymous contributor"
            | "anonymous security researcher"
            | "anonymous user"
            | "as anonymous"
            | "remain anonymous"
            | "stay anonymous"
            | "no credit"
            | "no credits"
            | "no attribution"
            | "no acknowledgement"
            | "no acknowledgment"
            | "no name"
            | "no credit needed"
            | "no credit necessary"
            | "no credit required"
            | "no credit wanted"
            | "credit not needed"
            | "not needed"
            | "not required"
            | "not necessary"
            | "none needed"
            | "none required"
            | "none wanted"
            | "do not credit"
            | "don't credit"
            | "do not credit me"
            | "don't credit me"
            | "please do not credit"
            | "please do not credit me"
            | "not to be credited"
            | "do not name"
            | "withheld"
            | "name withheld"
            | "withheld by request"
            | "name withheld by request"
            | "prefer to stay anonymous"
            | "prefer to remain anonymous"
            | "prefers to remain anonymous"
            | "prefers to stay anonymous"
            | "i prefer to stay anonymous"
            | "i prefer to remain anonymous"
            | "wishes to remain anonymous"
            | "keep me anonymous"
            | "please keep me anonymous"
            | "requested anonymity"
            | "anonym"
            | "anonyme"
            | "anónimo"
            | "anonimo"
            | "anônimo"
            | "anónima"
            | "anonimowo"
            | "anoniem"
            | "анонимно"
            | "аноним"
            | "匿名"
            | "匿名希望"
            | "匿名者"
            | "익명"
    )
}

/// Values that say nothing.
pub(super) fn is_placeholder(raw: &str) -> bool {
    let v = text::plain(raw).to_lowercase();
    let v = v.trim_matches(|c: char| !c.is_alphanumeric() && c != '/').trim();
    v.is_empty()
        || matches!(
            v,
            "n/a"
                | "na"
                | "none"
                | "null"
                | "nil"
                | "tbd"
                | "tba"
                | "todo"
                | "unknown"
                | "no response"
                | "not provided"
                | "not specified"
                | "not applicable"
                | "your name"
                | "name"
                | "pending"
                | "see below"
                | "see above"
                | "to be determined"
                | "to be confirmed"
                | "empty"
                | "me"
                | "myself"
                | "us"
                | "ourselves"
                | "yes"
                | "no"
                | "yes please"
                | "optional"
                | "x"
        )
}

const ROLE_WORDS: &[&str] = &[
    "the",
    "a",
    "an",
    "our",
    "my",
    "your",
    "independent",
    "security",
    "researcher",
    "researchers",
    "engineer",
    "engineers",
    "pentester",
    "pentesters",
    "student",
    "students",
    "analyst",
    "analysts",
    "expert",
    "bug",
    "bounty",
    "hunter",
    "hunters",
    "user",
    "users",
    "member",
    "members",
    "colleague",
    "colleagues",
    "fellow",
    "contributor",
    "developer",
    "intern",
    "professor",
    "group",
    "folks",
    "people",
    "good",
    "guys",
    "vulnerability",
    "me",
    "myself",
    "us",
    "ourselves",
    "to",
    "by",
    "as",
    "software",
    "senior",
    "lead",
    "named",
    "called",
    "external",
    "reporter",
    "hacker",
    "friend",
    "friends",
    "co-worker",
];

/// Leading words that describe the person (`the`, `independent security researcher`) when a name follows them.
pub(super) fn strip_roles(value: &str) -> &str {
    let mut rest = value.trim_start_matches([':', '-', '–', '—', ' ']);
    while let Some((word, tail)) = rest.split_once(char::is_whitespace) {
        let bare = word.trim_end_matches([',', ':']);
        if !ROLE_WORDS.contains(&bare) {
            break;
        }
        rest = tail.trim_start();
        // `the folks at Acme` names Acme.
        if matches!(
            bare,
            "folks" | "people" | "friends" | "researchers" | "colleagues" | "guys" | "engineers"
        ) {
            rest = ["at ", "from ", "of "].iter().find_map(|p| rest.strip_prefix(p)).unwrap_or(rest);
        }
    }
    // `the awesome team at Acme`: the praise is no name.
    let mut words = rest.splitn(4, char::is_whitespace);
    let praised =
        words.by_ref().take(3).take_while(|w| w.chars().all(char::is_lowercase)).position(|w| w == "team");
    if let Some(n) = praised.filter(|n| *n > 0) {
        let skipped = rest.split_inclusive(char::is_whitespace).take(n).map(str::len).sum::<usize>();
        rest = rest.get(skipped..).unwrap_or(rest).trim_start();
    }
    let named = rest.starts_with(['@', '"', '“', '(', '*', '[', '`', '_'])
        || rest.chars().next().is_some_and(|c| c.is_uppercase() || (c.is_alphabetic() && !c.is_lowercase()))
        || rest.starts_with("team ")
        || rest.starts_with("anonymous ")
        || handle(rest.split_whitespace().next().unwrap_or_default());
    if named { rest } else { value.trim() }
}

fn handle(word: &str) -> bool {
    let w = word.trim_end_matches(['.', ',', ';', ':', ')']);
    w.starts_with('@') && w.len() > 1
        || w.chars().any(char::is_alphabetic)
            && (w.contains(['_', '['])
                || w.chars().any(|c| c.is_ascii_digit())
                || w.trim_matches('.').contains('.'))
            && !w.contains(['/', '(', '=', '<', '$', '\\'])
}

const PARTICLES: &[&str] = &[
    "van", "von", "de", "del", "della", "di", "da", "dos", "du", "la", "le", "el", "al", "bin", "ibn", "ter",
    "ten", "zur", "zu", "af", "av", "team",
];
static NOT_A_NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:CVE-|CWE-|GHSA-|https?:|PR\b|RFC\b|#\d|\d+(?:\.\d+)*\b|(?:GET|POST|PUT|DELETE|PATCH|HEAD|HTTPS?|API|URL|URI|ID|UUID|DNS|IP|JSON|XML|SQL|AJAX|REST|CSRF|XSS|ASAN|UBSAN|MSAN|AddressSanitizer|Valgrind|JavaScript)\b(?:\s*$|\s+[a-z])|\w+(?:[.:]+\w+)*\(|default\b|design\b|accident\b|chance\b)").expect("valid")
});

/// Does text found in prose read like a name? Stricter than after a label, where anything was meant as one.
pub(super) fn name_like(value: &str) -> bool {
    let v = value.trim().trim_start_matches(['*', '_', '`', '[', '(', '"', '“', '„', '«', '「', '\'']);
    if v.is_empty() || NOT_A_NAME.is_match(v) || v.split_whitespace().count() > 24 {
        return false;
    }
    let mut words = v.split_whitespace();
    let first = words.next().unwrap_or_default();
    let cased = |w: &str| {
        w.chars().next().is_some_and(|c| c.is_uppercase() || (c.is_alphabetic() && !c.is_lowercase()))
    };
    if handle(first) {
        return true;
    }
    if first == "anonymous" {
        return words.next().is_some();
    }
    if PARTICLES.contains(&first) {
        return if first == "team" { words.any(cased) } else { words.next().is_some_and(cased) };
    }
    if !cased(first) {
        return false;
    }
    let sentence = text::opens_sentence(first) && !matches!(first, "An" | "Best" | "His" | "Is");
    let gerund = first.len() > 5
        && first.ends_with("ing")
        && words.next().is_some_and(|w| matches!(w, "a" | "an" | "the"));
    !sentence && !gerund
}

static YES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:yes|sure|ok|okay)(?:,?\s*please)?\s*[,;:.–—-]+\s*").expect("valid")
});

/// The name in a raw value: verbatim when it reads like an order, else without markup, mail and closing dots.
/// Nothing when only placeholders remain.
pub(super) fn clean(raw: &str) -> Option<String> {
    if commands(raw) {
        return Some(text::collapse(raw));
    }
    if is_placeholder(raw) {
        // A lone link is the only name there is.
        let t = raw.trim();
        return (t.starts_with("http") && !t.contains(char::is_whitespace)).then(|| t.to_string());
    }
    let name = text::plain(raw);
    let name = YES.replace(&name, "");
    let name = strip_roles(&name).trim();
    // A closing quotation mark whose partner stands before the name.
    let name =
        if name.matches('"').count() % 2 == 1 { name.split('"').next().unwrap_or(name).trim() } else { name };
    let name = quoted(name).filter(|q| q.len() + 8 > name.len()).unwrap_or(name);
    let (end, _) = text::sentence_end(name, false);
    let first = name.get(..end).unwrap_or(name).trim();
    // `plain` may leave a stop at the end that an address had hidden.
    let name = if end < name.len()
        && name.get(end..).is_some_and(|r| r.trim_matches(['.', '!', '?', ' ']).is_empty())
    {
        first
    } else {
        name
    };
    let name = balance(name.trim_end_matches([',', ';', ':', ' ']));
    (!name.is_empty() && name.chars().any(char::is_alphanumeric)).then(|| name.to_string())
}

/// Drops a parenthesis that stands alone at an end.
fn balance(name: &str) -> &str {
    let (open, close) = (name.matches('(').count(), name.matches(')').count());
    let name = if open < close { name.strip_suffix(')').unwrap_or(name) } else { name };
    let name = if open > close { name.strip_suffix('(').unwrap_or(name) } else { name };
    if open == 1 && close == 1 && name.starts_with('(') && name.ends_with(')') {
        return name.trim_matches(['(', ')']).trim();
    }
    name.trim()
}

static VIA: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)\s+(?:via|through)\s+.*$").expect("valid"));

/// The display name of a sender as a name; nothing for an address, a list, a robot's mailbox.
pub(super) fn sender_name(name: &str) -> Option<String> {
    let name = VIA.replace(name, "");
    let name = text::plain(name.trim_matches(['"', '\'', ' ']));
    let lower = name.to_lowercase();
    let service = [
        "noreply",
        "no-reply",
        "do not reply",
        "mailer-daemon",
        "mail delivery",
        "notifications",
        "postmaster",
    ];
    if name.is_empty() || name.contains('@') || commands(&name) || service.iter().any(|s| lower.contains(s)) {
        return None;
    }
    Some(name)
}

/// The name under a mail: the first name-like line after a closing formula or the signature mark.
pub(super) fn signature(text: &str) -> Option<String> {
    let lines = text::lines(text);
    let own: Vec<&str> = lines.iter().filter(|l| !l.quoted && !l.fenced).map(|l| l.text.trim()).collect();
    let at = own.iter().rposition(|l| text::closing(l) && l.len() < 60)?;
    own.iter().skip(at + 1).filter(|l| !l.is_empty()).take(2).find_map(|l| {
        let words = l.split_whitespace().count();
        let cased = l
            .split_whitespace()
            .all(|w| w.chars().next().is_some_and(|c| c.is_uppercase() || PARTICLES.contains(&w)));
        (words <= 4 && cased && name_like(l) && text::label(l).is_none()).then(|| (*l).to_string())
    })
}
