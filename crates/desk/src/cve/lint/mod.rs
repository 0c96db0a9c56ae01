//! What the record format allows and a published record should not have. Rules named `lint.E…` are those of cvelint
//! (CVE page §12), with its codes; the others are ours, from what published records get wrong.
//!
//! Each file looks at one part of the CNA container. What other containers say is their authors' business.

mod affected;
mod credits;
mod cvss3;
mod description;
mod metrics;
mod problem;
mod purl;
mod ranges;
mod references;
mod stems;
mod text;
mod title;
mod version;
mod versions;
mod whole;

use super::check::{At, Finding, Level, Node, Sink};

/// Which findings are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The least level.
    pub min_level: Level,
    /// Only rules whose id begins with one of these; empty keeps all but those that are off.
    pub only: Vec<String>,
    /// No rules whose id begins with one of these.
    pub ignore: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { min_level: Level::Note, only: Vec::new(), ignore: Vec::new() }
    }
}

impl Options {
    /// Is this finding wanted?
    #[must_use]
    pub fn keeps(&self, f: &Finding) -> bool {
        let named = |list: &[String]| list.iter().any(|p| f.rule.starts_with(p.as_str()));
        let on = !OFF.contains(&f.rule) || self.only.iter().any(|o| o == f.rule);
        on && f.level >= self.min_level && (self.only.is_empty() || named(&self.only)) && !named(&self.ignore)
    }
}

/// Rules that speak only when they are asked for by their whole id.
pub const OFF: &[&str] = &["lint.E019"];

use Level::{Error, Note, Warning};

/// Every rule of the lint: id, usual level, meaning.
const TABLE: [(&str, Level, &str); 58] = [
    ("lint.E001", Error, "A reference is no http, https, ftp or ftps address"),
    ("lint.E002", Warning, "A reference stands twice"),
    ("lint.E003", Error, "The English description is shorter than 10 characters, or there is more than one"),
    ("lint.E004", Warning, "A description begins or ends with white space"),
    ("lint.E005", Error, "A CVSS 3 severity that is not the one of the score"),
    ("lint.E006", Error, "Nothing is affected, and nothing may be"),
    ("lint.E007", Error, "A version is no version, or not one of its type; `*` stands in `lessThan` only"),
    ("lint.E008", Error, "The vendor is `-`, `/`, `n/a` or an address"),
    ("lint.E009", Error, "The product is `-`, `/`, `n/a` or an address"),
    ("lint.E010", Warning, "A reference to the record itself; an error when there is no other"),
    ("lint.E011", Warning, "The version type is `custom`: nobody can order such versions"),
    ("lint.E013", Error, "A package URL (purl) is malformed, or has a version in `packageURL`"),
    ("lint.E014", Warning, "A package URL (purl) names another package than its entry"),
    ("lint.E015", Error, "There is no CVE ID, or the state is neither PUBLISHED nor REJECTED"),
    ("lint.E016", Error, "No description is in English"),
    ("lint.E017", Error, "There is no reference"),
    ("lint.E018", Error, "A CVSS 3.1 score is out of range, or its severity is no severity"),
    (
        "lint.E019",
        Note,
        "Off: the timeline has no `event` and `eventDate`, which the record format does not know",
    ),
    ("lint.E020", Warning, "A description holds a literal `\\uXXXX` where a character was meant"),
    ("lint.credit-mail", Warning, "A credit publishes a mail address"),
    ("lint.credit-sentence", Note, "A credit is a sentence; a name belongs there"),
    ("lint.credit-twice", Warning, "Somebody is credited twice for the same"),
    ("lint.cvss-score", Error, "A CVSS 3 base score that is not the one of its vector"),
    (
        "lint.cvss-vector",
        Error,
        "A CVSS 3 vector lacks or repeats a base metric, or disagrees with the keys beside it",
    ),
    ("lint.cwe-text", Warning, "The text of a weakness names another CWE than `cweId`"),
    ("lint.dates", Warning, "The record was published before its ID was reserved"),
    ("lint.description-product", Note, "The description does not name the product"),
    ("lint.description-upgrade", Warning, "The description does not say which version to upgrade to"),
    ("lint.description-what", Note, "The description does not say what can happen"),
    ("lint.description-when", Note, "The description does not say which versions are affected"),
    ("lint.description-who", Note, "The description does not say who can do it"),
    (
        "lint.duplicate-key",
        Error,
        "A key stands twice in one object; readers keep one of the two, and not all the same",
    ),
    ("lint.html", Warning, "HTML where plain text belongs"),
    ("lint.invisible", Warning, "A character that cannot be seen: zero-width, directional or control"),
    ("lint.legacy", Note, "Leftovers of a converted version 4 record are published along"),
    ("lint.markdown", Note, "Markdown where plain text belongs"),
    ("lint.mojibake", Warning, "Characters that were read in the wrong character set: `â€`, `Ã©`"),
    ("lint.name-version", Warning, "The name of a product or package holds a version or a range"),
    ("lint.nbsp", Warning, "A non-breaking space, which searches do not match"),
    ("lint.no-credit", Note, "Nobody is credited"),
    ("lint.no-cwe", Warning, "The weakness has no CWE ID"),
    ("lint.no-patch", Warning, "No reference is tagged `patch`"),
    ("lint.no-severity", Note, "Nothing says how severe it is"),
    ("lint.no-title", Warning, "There is no title"),
    ("lint.no-vendor-advisory", Warning, "No reference is tagged `vendor-advisory`"),
    ("lint.open-range", Note, "Every later version is affected: the record names no fixed version"),
    (
        "lint.organisation",
        Warning,
        "The organisation that assigned the ID is not the one that wrote the container",
    ),
    ("lint.placeholder", Warning, "A placeholder stands where a fact belongs"),
    (
        "lint.product-twice",
        Warning,
        "A product stands in two entries of `affected`; one entry can hold all its versions",
    ),
    ("lint.range-overlap", Warning, "Two ranges of one product overlap"),
    ("lint.range-reversed", Error, "A range ends before it begins, or is empty"),
    ("lint.reference-private", Error, "A reference that the public cannot open, or that carries a password"),
    ("lint.severity-word", Warning, "The severity is none of the usual words"),
    ("lint.title-version", Warning, "The title holds a version; they belong in `affected`"),
    ("lint.uri", Error, "An address is no URI; the record service refuses it"),
    ("lint.version-type", Warning, "The version type is itself a version, or prose"),
    ("lint.version-zero", Warning, "Only version 0 is affected: a range was meant"),
    ("lint.whitespace", Warning, "A name begins or ends with white space"),
];

/// The rules without their levels, as the registry wants them.
pub const RULES: &[(&str, &str)] = &{
    let mut out = [("", ""); TABLE.len()];
    let mut n = 0;
    while n < TABLE.len() {
        // Within the table: `n` is below its length.
        out[n] = (TABLE[n].0, TABLE[n].2);
        n += 1;
    }
    out
};

/// The usual level of a rule of the lint.
#[must_use]
pub fn level(rule: &str) -> Level {
    TABLE.iter().find(|(id, _, _)| *id == rule).map_or(Warning, |(_, l, _)| *l)
}

/// Where the parts of a record are, for the rules.
struct Record<'n, 'a> {
    root: &'n Node<'a>,
    cna: &'n Node<'a>,
    id: Option<&'n str>,
    state: Option<&'n str>,
}

impl<'n, 'a> Record<'n, 'a> {
    fn tagged(&self, tag: &str) -> bool {
        self.cna.items("tags").any(|(_, t)| t.text() == Some(tag))
    }

    /// The English entries of a list of descriptions.
    fn english(&self, key: &str) -> impl Iterator<Item = (usize, &'n Node<'a>)> {
        self.cna.items(key).filter(|(_, d)| d.get("lang").and_then(Node::text).is_some_and(is_english))
    }
}

/// Look over a record.
pub fn check(record: &Node<'_>, sink: &mut Sink<'_, '_>) {
    static NOTHING: Node<'static> = Node::Null;
    let metadata = record.get("cveMetadata").unwrap_or(&NOTHING);
    let text = |key: &str| metadata.get(key).and_then(Node::text);
    let r = Record {
        root: record,
        cna: record.walk(&["containers", "cna"]).unwrap_or(&NOTHING),
        id: text("cveId"),
        state: text("state"),
    };
    let containers = At::ROOT.key("containers");
    let at = containers.key("cna");
    whole::check(&r, &at, sink);
    text::check(&r, &at, sink);
    references::check(&r, &at, sink);
    if r.state == Some("REJECTED") || (r.state.is_none() && r.cna.get("rejectedReasons").is_some()) {
        return;
    }
    title::check(&r, &at, sink);
    description::check(&r, &at, sink);
    affected::check(&r, &at, sink);
    problem::check(&r, &at, sink);
    metrics::check(&r, &at, sink);
    credits::check(&r, &at, sink);
}

/// `en`, `en-US`, `en_GB`. cvelint takes `en` alone; the record format and every reader take these, too.
fn is_english(lang: &str) -> bool {
    let mut parts = lang.split(['-', '_']);
    parts.next().is_some_and(|p| p.eq_ignore_ascii_case("en"))
}

/// The base score of a CVSS 3 vector in tenths; none when it lacks or repeats a base metric.
pub(in crate::cve) fn base_score(vector: &str) -> Option<u8> {
    cvss3::score(vector)
}

/// Say something with the usual level of the rule.
fn say(sink: &mut Sink<'_, '_>, rule: &'static str, at: &At<'_>, message: impl Into<String>) {
    sink.say(rule, level(rule), at, message);
}

#[cfg(test)]
mod tests;
