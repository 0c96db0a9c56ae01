//! Titles of trackers and CVE records: what a subject line carries beside the defect is taken off, rule by rule, until
//! nothing more comes off (CVE page §2.3, intake page §6, config page §1.3 "Title cascade order").
//!
//! A product name goes only as whole words: `Example's`, `Examples`, `ExampleX`, `Example-cli` and `Example.js` are
//! other words. What came off is listed, so that the facts in it (a GHSA id, an external id) can move to the body.

use crate::pattern::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::config::Config;

mod patterns;
#[cfg(test)]
mod tests;

use patterns::*;

/// Where a title comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TitleKind {
    /// The subject of a mail, or a tracker's title.
    #[default]
    Mail,
    /// A pull request: its commit conventions come off, too.
    PullRequest,
}

/// The names and rules of one project.
#[derive(Clone, Debug, Default)]
pub struct TitleRules {
    /// Full product names, longest first.
    products: Vec<(Regex, Regex, Regex)>,
    /// Names used in prose.
    short_names: Vec<Regex>,
    /// Prefixes of other trackers' ids.
    external: Option<Regex>,
    /// `cve.title_rules`.
    extra: Vec<Regex>,
    /// Fewer words are worth a warning.
    min_words: usize,
    /// Where the title comes from.
    kind: TitleKind,
    /// Rules of the configuration that are no regexes.
    pub problems: Vec<String>,
}

/// Something that came off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stripped {
    /// Rule id, such as `title.product`.
    pub rule: String,
    /// The text, as it stood.
    pub text: String,
}

/// Before and after, with the reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitleReport {
    /// As given.
    pub original: String,
    /// The result; empty only when the original has no visible character.
    pub normalized: String,
    /// Words in it.
    pub words: usize,
    /// What came off, in order.
    pub stripped: Vec<Stripped>,
    /// `empty`, `nothing-left`, `too-few-words`, `too-long`, `too-short`, `version-in-title`, `cve-in-title`,
    /// `ghsa-in-title`, `invisible-characters`.
    pub warnings: Vec<String>,
}

/// Longest title that goes through the cascade, in bytes.
const MAX_TITLE: usize = 4096;
/// Longest title a CVE record takes, in characters (CVE page §7).
const MAX_RECORD_TITLE: usize = 256;
/// A pull request's title below this many characters says too little (intake page §6).
const MIN_PR_TITLE: usize = 25;
/// A name as a pattern: its words with any blanks between them.
fn name_pattern(name: &str) -> Option<String> {
    let words: Vec<String> = name.split_whitespace().map(regex::escape).collect();
    (!words.is_empty()).then(|| words.join(r"\s+"))
}

impl TitleRules {
    /// Rules for these full product names and short names.
    #[must_use]
    pub fn new(products: &[&str], short_names: &[&str]) -> Self {
        let mut full: Vec<&str> = products.iter().map(|p| p.trim()).filter(|p| !p.is_empty()).collect();
        full.sort_by_key(|p| (std::cmp::Reverse(p.chars().count()), p.to_lowercase()));
        full.dedup_by_key(|p| p.to_lowercase());
        let mut rules = Self { min_words: 3, ..Self::default() };
        let mut compile = |p: &str| match RegexBuilder::new(p).case_insensitive(true).build() {
            Ok(r) => Some(r),
            Err(e) => {
                rules.problems.push(e.to_string());
                None
            }
        };
        let v = r"(?:\s*v?\d+(?:\.(?:\d+|x))*)?";
        rules.products = full
            .iter()
            .filter_map(|p| name_pattern(p))
            .filter_map(|p| {
                Some((
                    compile(&format!("^{p}"))?,
                    compile(&format!(r"(?:^|\s)in\s+(?:the\s+)?{p}{v}\.?$"))?,
                    compile(&format!(r"[\(\[]\s*(?:in\s+)?{p}{v}\s*[\)\]]\.?$"))?,
                ))
            })
            .collect();
        rules.short_names = short_names
            .iter()
            .filter_map(|s| name_pattern(s.trim()))
            .filter_map(|p| compile(&format!("^{p}")))
            .collect();
        rules.external = external(EXTERNAL.iter().copied());
        rules
    }

    /// The rules of a configuration: names of `project` and `scope`, `cve.title_rules`, `cve.title_min_words`.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        let mut products = vec![config.project.name.as_str()];
        products.extend(config.scope.iter().map(|s| s.product.as_str()));
        let mut rules = Self::new(&products, &[config.project.short_name.as_str()]);
        rules.min_words = config.cve.title_min_words as usize;
        for pattern in &config.cve.title_rules {
            match RegexBuilder::new(pattern).case_insensitive(true).size_limit(1 << 20).build() {
                Ok(r) => rules.extra.push(r),
                Err(e) => rules.problems.push(format!("cve.title_rules: {e}")),
            }
        }
        rules
    }

    /// The same rules for a title from elsewhere.
    #[must_use]
    pub fn with_kind(mut self, kind: TitleKind) -> Self {
        self.kind = kind;
        self
    }

    /// The same rules with other prefixes of external ids (`ZDRES`, `HUNTR` …) instead of the built-in ones.
    #[must_use]
    pub fn with_external_ids(mut self, prefixes: &[&str]) -> Self {
        self.external = external(prefixes.iter().copied());
        self
    }
}

fn external<'a>(prefixes: impl Iterator<Item = &'a str>) -> Option<Regex> {
    let any: Vec<String> =
        prefixes.map(|p| regex::escape(p.trim_end_matches('-'))).filter(|p| !p.is_empty()).collect();
    let pattern = format!(r"(?:\[\s*(?:{0})-[^\[\]]*\]|\(\s*(?:{0})-[^()]*\))\.?$", any.join("|"));
    if any.is_empty() { None } else { RegexBuilder::new(&pattern).case_insensitive(true).build().ok() }
}

/// Takes off what is not the defect. Idempotent; never leaves nothing.
#[must_use]
pub fn normalise(title: &str, rules: &TitleRules) -> TitleReport {
    let mut report = TitleReport { original: title.to_string(), ..TitleReport::default() };
    let (clean, invisible) = visible(title);
    if invisible {
        report.warnings.push("invisible-characters".into());
    }
    if clean.is_empty() {
        report.warnings.push("empty".into());
        return report;
    }
    let mut text = clean.clone();
    if clean.len() <= MAX_TITLE {
        // Every pass that changes anything makes the text shorter, so this ends.
        while let Some((shorter, off)) = pass(&text, rules) {
            text = shorter;
            report.stripped.extend(off);
        }
    }
    if !text.chars().any(char::is_alphanumeric) {
        text = clean;
        report.warnings.push("nothing-left".into());
        report.stripped.clear();
    } else {
        text = capitalised(&text);
    }
    report.words = text.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).count();
    let length = text.chars().count();
    for (id, hit) in [
        ("too-few-words", report.words < rules.min_words),
        ("too-short", rules.kind == TitleKind::PullRequest && length < MIN_PR_TITLE),
        ("too-long", length > MAX_RECORD_TITLE),
        ("version-in-title", HAS_VERSION.is_match(&text)),
        ("cve-in-title", HAS_CVE.is_match(&text)),
        ("ghsa-in-title", HAS_GHSA.is_match(&text)),
    ] {
        if hit {
            report.warnings.push(id.into());
        }
    }
    report.normalized = text;
    report
}

/// One line, blanks collapsed, without characters that a reader cannot see. Tells whether there were any.
fn visible(title: &str) -> (String, bool) {
    if title.bytes().all(|b| matches!(b, b' '..=b'~')) {
        // Nothing in it is hidden, a control character or composed: most titles are such.
        return (title.split_whitespace().collect::<Vec<_>>().join(" "), false);
    }
    // Joiners and variation selectors spell words and emoji; line and paragraph separators are blanks.
    let hidden = |c: char| {
        crate::mail::is_hidden(c)
            && !matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{2028}' | '\u{2029}')
    };
    let shown: String =
        title.chars().filter(|c| !hidden(*c)).map(|c| if c.is_control() { ' ' } else { c }).nfc().collect();
    let words: Vec<&str> = shown.split_whitespace().collect();
    (words.join(" "), title.chars().any(hidden))
}

/// First character in upper case, whatever script it is in.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// One run of the cascade; `None` when nothing came off.
fn pass(text: &str, rules: &TitleRules) -> Option<(String, Vec<Stripped>)> {
    let mut run = Run { text: text.to_string(), off: Vec::new() };
    if rules.kind == TitleKind::PullRequest {
        run.everywhere(PR_CI_SKIP.id, &PR_CI_SKIP.regex);
        run.head(PR_LEADING.id, &PR_LEADING.regex);
    }
    for rule in LEADING.iter() {
        run.head(rule.id, &rule.regex);
    }
    for (head, _, _) in &rules.products {
        run.product("title.product", head, false);
    }
    for head in &rules.short_names {
        run.product("title.short-name", head, true);
    }
    if rules.kind == TitleKind::PullRequest {
        run.tail(PR_NUMBER.id, &PR_NUMBER.regex);
    }
    for (_, inside, version) in &rules.products {
        run.tail("title.in-product", inside);
        run.tail("title.product-version", version);
    }
    for rule in TRAILING.iter() {
        run.tail(rule.id, &rule.regex);
    }
    if let Some(external) = &rules.external {
        run.tail("title.external-id", external);
    }
    run.everywhere("title.cvss", &INNER_CVSS);
    for extra in &rules.extra {
        run.everywhere("title.config", extra);
    }
    run.trim();
    (run.text != text).then_some((run.text, run.off))
}

struct Run {
    text: String,
    off: Vec<Stripped>,
}

impl Run {
    fn note(&mut self, rule: &str, text: &str) {
        if !text.trim().is_empty() {
            self.off.push(Stripped { rule: rule.into(), text: text.trim().into() });
        }
    }

    /// Takes bytes off one end.
    fn cut(&mut self, rule: &str, from: usize, to: usize) {
        let off = self.text.get(from..to).unwrap_or("").to_string();
        self.note(rule, &off);
        // Both are boundaries of a match, hence of characters.
        self.text.replace_range(from..to, "");
        if from == 0 {
            // The other end is as it was: a colon there may belong to the next prefix.
            let kept = LEADING_MARKS.replace(self.text.trim(), "").into_owned();
            self.text = kept;
        } else {
            self.trim();
        }
    }

    /// Blanks, loose marks at both ends, final dots.
    fn trim(&mut self) {
        let joined = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut t = joined.as_str();
        loop {
            let before = t.len();
            t = t.trim().trim_end_matches('.');
            if let Some(m) = LEADING_MARKS.find(t) {
                t = t.get(m.end()..).unwrap_or("");
            }
            if let Some(m) = TRAILING_MARKS.find(t) {
                t = t.get(..m.start()).unwrap_or("");
            }
            if t.len() == before {
                break;
            }
        }
        self.text = t.to_string();
    }

    fn head(&mut self, rule: &str, regex: &Regex) {
        while let Some(end) = regex.find(&self.text).map(|m| m.end()).filter(|e| *e > 0) {
            self.cut(rule, 0, end);
        }
    }

    fn tail(&mut self, rule: &str, regex: &Regex) {
        while let Some(start) = regex.find(&self.text).map(|m| m.start()).filter(|s| *s < self.text.len()) {
            let end = self.text.len();
            self.cut(rule, start, end);
        }
    }

    fn everywhere(&mut self, rule: &str, regex: &Regex) {
        let found: Vec<(usize, usize)> =
            regex.find_iter(&self.text).map(|m| (m.start(), m.end())).filter(|(a, b)| a < b).collect();
        if found.is_empty() {
            return;
        }
        let mut kept = String::with_capacity(self.text.len());
        let mut at = 0;
        for (a, b) in &found {
            kept.push_str(self.text.get(at..*a).unwrap_or(""));
            kept.push(' ');
            at = *b;
        }
        kept.push_str(self.text.get(at..).unwrap_or(""));
        for (a, b) in found {
            let off = self.text.get(a..b).unwrap_or("").to_string();
            self.note(rule, &off);
        }
        let before = self.text.chars().filter(|c| !c.is_whitespace()).count();
        // A rule that takes blanks only would change nothing for good.
        if kept.chars().filter(|c| !c.is_whitespace()).count() < before {
            self.text = kept;
            self.trim();
        }
    }

    /// A product name at the beginning, its version and the separator after it.
    fn product(&mut self, rule: &str, head: &Regex, separator_needed: bool) {
        let Some(name_end) = head.find(&self.text).map(|m| m.end()) else { return };
        let mut end = name_end;
        let after = |at: usize| self.text.get(at..).unwrap_or("");
        if let Some(m) = VERSION.find(after(end)).filter(|m| ends_word(after(end + m.end()))) {
            end += m.end();
        } else if MAJOR.is_match(after(end))
            && let Some(m) = DIGITS.find(after(end))
        {
            end += m.end();
        }
        let rest = after(end);
        if !ends_word(rest) {
            return;
        }
        let marks = rest.len() - rest.trim_start_matches([' ', ':', '：', '|', '-', '–', '—']).len();
        if separator_needed && marks == 0 {
            return;
        }
        self.cut(rule, 0, end + marks);
    }
}

/// May a name end before this text? A hyphen ends it only when a blank follows: `Example-cli` is another name.
fn ends_word(rest: &str) -> bool {
    let mut chars = rest.chars();
    match (chars.next(), chars.next()) {
        (None, _) => true,
        (Some('-'), next) => next.is_none_or(|c| c.is_whitespace() || c == '-'),
        (Some(c), _) => {
            c.is_whitespace() || matches!(c, ':' | '：' | '|' | '–' | '—' | ',' | ';' | '(' | '[')
        }
    }
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("title.ci-skip", "marks that skip a build (pull requests)"),
    ("title.commit-prefix", "a prefix such as `fix(core):` (pull requests)"),
    ("title.config", "a pattern of `cve.title_rules`"),
    ("title.cve-candidate", "`CVE candidate`, `CVE request`"),
    ("title.cve-id", "a CVE id in brackets at the end"),
    ("title.cvss", "a CVSS score"),
    ("title.external-id", "the id of another tracker"),
    ("title.follow-up", "`(follow-up)` at the end"),
    ("title.ghsa", "an advisory id at the end"),
    ("title.in-product", "`in PRODUCT` at the end"),
    ("title.pr-number", "`(#12)` at the end (pull requests)"),
    ("title.product", "the project's name, with a version"),
    ("title.product-version", "`(PRODUCT VERSION)` at the end"),
    ("title.reply-prefix", "`Re:`, `Fwd:` and their like in other languages"),
    ("title.report-words", "`Vulnerability report:` and the like"),
    ("title.security-tag", "a tag such as `[SECURITY]`"),
    ("title.security-words", "`Security issue` and the like, without a mark"),
    ("title.severity", "a severity"),
    ("title.short-name", "the project's short name"),
    ("title.split-from", "`(split from #12)` at the end"),
    ("title.tag", "tags such as `[EXT]` or `[private]`"),
];
