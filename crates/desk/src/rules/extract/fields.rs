//! The fields of a report: title, affected versions, credit, severity (intake page §6).

use std::sync::LazyLock;

use crate::pattern::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::{
    affected::{Names, affected_in},
    bot::unreplyable,
    credit::{self, Credit},
    observed::{Observed, observed},
    text,
};
use crate::{
    config::Config,
    mail::Message,
    rules::title::{self, TitleRules},
};

/// What goes into a new tracker (DESIGN §7, `x classify`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportFields {
    /// The subject, cleaned.
    pub title: String,
    /// Stated versions, without the product's name; empty when vague.
    pub affected_versions: Vec<String>,
    /// The credit, one name per line; none when unknown.
    pub credit: Option<String>,
    /// Always `Unknown`: the team rates, not the reporter.
    pub severity: String,
}

/// The severity of every new tracker (intake page §6).
pub const UNKNOWN: &str = "Unknown";

/// Reads the fields of many reports for one project: the patterns made of its names are compiled once.
pub struct FieldReader<'c> {
    config: &'c Config,
    titles: TitleRules,
    parts: [Option<Regex>; 3],
    names: Names,
}

impl<'c> FieldReader<'c> {
    /// A reader for that project.
    #[must_use]
    pub fn new(config: &'c Config) -> Self {
        Self {
            config,
            titles: TitleRules::from_config(config),
            parts: product_parts(config),
            names: Names::new(config),
        }
    }

    /// As [`fields`].
    #[must_use]
    pub fn fields(&self, message: &Message, text: &str) -> ReportFields {
        self.stated(message, text, credit::from_text(text))
    }

    /// As [`fields`], with the credits that the text states.
    pub(super) fn stated(&self, message: &Message, text: &str, credits: Vec<Credit>) -> ReportFields {
        let read = Message { text: text.to_string(), from: message.from.clone(), ..Message::default() };
        let relayed = unreplyable(&message.from);
        ReportFields {
            title: self.clean_title(&message.subject),
            affected_versions: versions(message, text, &self.names),
            credit: credit::from_stated(&read, relayed, credits).field(),
            severity: UNKNOWN.into(),
        }
    }

    /// As [`clean_title`].
    #[must_use]
    pub fn clean_title(&self, subject: &str) -> String {
        clean(subject, self.config, &self.titles, &self.parts)
    }
}

/// Reads the fields of a report. `text` is the body to read, normally [`Message::text`]; a sender that nobody can
/// answer is a relay and is never credited.
#[must_use]
pub fn fields(message: &Message, text: &str, config: &Config) -> ReportFields {
    FieldReader::new(config).fields(message, text)
}

/// The versions that the text states, else those of the first attached text that states some.
fn versions(message: &Message, text: &str, names: &Names) -> Vec<String> {
    let to: Vec<&str> = message.to.iter().chain(&message.cc).map(|a| a.email.as_str()).take(20).collect();
    let names = names.hearing(std::iter::once(message.subject.as_str()).chain(to));
    let read = |text: &str| affected_in(&message.subject, text, &names);
    let found = read(text);
    if !found.is_empty() {
        return found;
    }
    let attached = message.attachments.iter().map(|a| a.text.as_str()).filter(|t| !t.is_empty());
    attached.take(5).map(read).find(|v| !v.is_empty()).unwrap_or_default()
}

/// The reporter's own ratings, from subject and body: observation only.
#[must_use]
pub fn observed_in(message: &Message, text: &str) -> Observed {
    observed(&message.subject, text)
}

static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*[\[(【]([^\])】]{0,60})[\])】]\s*[:|\-–—]*\s*").expect("valid"));
static TAG_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:security|important|urgent|critical|high|medium|moderate|low|severe|external|internal|ext|cve|cvss|vuln\w*|report|disclosure|embargo\w*|confidential|private|responsible|coordinated|bug\s*bounty|poc|0-?day|issue|advisory|action\s+required|new|relay\w*|spam\??|list|pmc)\b").expect("valid")
});

/// A subject as a title: the cascade of [`crate::rules::title`], and what only mail has: list tags, and a product
/// that trails after `of`, `for` or `on`. First letter upper case.
#[must_use]
pub fn clean_title(subject: &str, config: &Config) -> String {
    clean(subject, config, &TitleRules::from_config(config), &product_parts(config))
}

fn clean(subject: &str, config: &Config, rules: &TitleRules, parts: &[Option<Regex>; 3]) -> String {
    let original = text::collapse(text::head(subject, 500));
    let mut t = original.clone();
    // Every pass that changes anything makes the title shorter; a handful is enough for any real subject.
    for _ in 0..12 {
        let before = t.clone();
        t = untagged(t, config);
        let shorter = title::normalise(&t, rules).normalized;
        if !shorter.is_empty() {
            t = shorter;
        }
        for re in parts.iter().flatten() {
            let cut = re.replace(&t, "").trim().to_string();
            if cut.chars().filter(|c| c.is_alphanumeric()).count() >= 3 {
                t = cut;
            }
        }
        t = t.trim_matches(|c: char| c.is_whitespace() || ":|-–—,;".contains(c)).to_string();
        if t == before {
            break;
        }
    }
    let t = text::collapse(t.trim_end_matches(['.', ' ', '-', ':']));
    let t = if t.is_empty() { original } else { t };
    let mut chars = t.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// The title without a leading tag of a list or of the kind of mail. `[core]` and the like stay.
fn untagged(title: String, config: &Config) -> String {
    let Some(c) = TAG.captures(&title) else { return title };
    let inner = c.get(1).map_or("", |m| m.as_str());
    let plain =
        |s: &str| s.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let lists = &config.mail.lists;
    let local = |a: &str| a.split('@').next().map(plain).unwrap_or_default();
    let host = |a: &str| a.split('@').nth(1).and_then(|d| d.split('.').next()).map(plain).unwrap_or_default();
    let p = &config.project;
    let repo = config.upstream.repo.rsplit('/').next().map(plain).unwrap_or_default();
    let names = [
        local(&lists.security),
        local(&lists.private),
        host(&lists.security),
        plain(&p.id),
        plain(&p.name),
        plain(&p.short_name),
        repo,
        plain(&config.upstream.repo),
    ];
    let tag = plain(inner);
    if !(tag.is_empty() || names.contains(&tag) || TAG_WORDS.is_match(inner)) {
        return title;
    }
    let rest = title.get(c.get(0).map_or(0, |m| m.end())..).unwrap_or_default().trim();
    if rest.is_empty() { title.clone() } else { rest.to_string() }
}

/// `… of Example Server 2.3`; `… (Example Console)`, another product of the family; `in Example Server: …`.
fn product_parts(config: &Config) -> [Option<Regex>; 3] {
    let mut names: Vec<&str> = vec![&config.project.name, &config.project.short_name];
    names.extend(config.scope.iter().map(|s| s.product.as_str()));
    names.retain(|n| n.trim().chars().count() >= 2);
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    let words: Vec<String> = names.iter().map(|n| regex::escape(n.trim())).collect();
    let family: Vec<String> = names
        .iter()
        .filter_map(|n| {
            n.split_whitespace().next().filter(|w| w.chars().count() >= 5 && w.len() < n.trim().len())
        })
        .map(regex::escape)
        .collect();
    let build = |p: String| RegexBuilder::new(&p).case_insensitive(true).build().ok();
    let of = (!words.is_empty()).then(|| {
        build(format!(
            r"\s*(?:[-–—|,]\s*)?(?:\b(?:in|of|on|for|affecting|dans|de|du|en|im|von|em|do|da|di|nel|в)\s+(?:the\s+)?)?\(?\b(?:{})\b(?:\s*(?:versions?\s*)?(?:[<>=≤≥]+\s*)?v?\d[\w.]*(?:\.x)?(?:\s*(?:and|or)\s+(?:earlier|below|prior))?)?\)?\s*$",
            words.join("|")
        ))
    });
    let kin =
        (!family.is_empty()).then(|| build(format!(r"\s*\((?:{})\b[^()]{{0,40}}\)\s*$", family.join("|"))));
    // What is left of `Security issue in Example Server: …`.
    let opening = (!words.is_empty()).then(|| {
        build(format!(
            r"^(?:in|of|on|for|affecting)\s+(?:the\s+)?(?:{})\s*(?:[:|–—]|\s-)\s*",
            words.join("|")
        ))
    });
    [of.flatten(), kin.flatten(), opening.flatten()]
}

#[cfg(test)]
mod tests;
