//! Published records, turned into the tracker fields that would make them, and made again. What comes out is compared
//! key by key; what the fields cannot express is counted apart, by reason. `docs/cve.md` has the counts; run with
//! `--nocapture` to see them.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that fails should say where")]

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    config::{Config, Scope},
    cve::{self, Affected, Facts, Record},
    tracker::{FieldRole, Headings, new_body},
};

/// `(aspect, outcome)` → count, with one example each.
#[derive(Default)]
struct Counts(BTreeMap<(&'static str, String), (usize, String)>);

impl Counts {
    fn add(&mut self, aspect: &'static str, outcome: impl Into<String>, example: &str) {
        let key = outcome.into();
        let entry = self.0.entry((aspect, key.clone())).or_default();
        entry.0 += 1;
        // Differences are all shown.
        if entry.1.is_empty() || key.starts_with("different") || key.starts_with("hygiene.") {
            entry.1 = format!("{}\n    {example}", entry.1);
        }
    }

    fn get(&self, aspect: &'static str, outcome: &str) -> usize {
        self.0.get(&(aspect, outcome.to_owned())).map_or(0, |(n, _)| *n)
    }

    /// Same, of those that the fields can express.
    fn share(&self, aspect: &'static str) -> (usize, usize) {
        let of = |p: &str| -> usize {
            self.0.iter().filter(|((a, o), _)| *a == aspect && o.starts_with(p)).map(|(_, (n, _))| n).sum()
        };
        (of("same"), of("same") + of("different"))
    }
}

/// Something that looks like a version.
fn is_version(v: &str) -> bool {
    v.len() < 60
        && v.starts_with(|c: char| c.is_ascii_digit())
        && v.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_+".contains(&b))
}

type Ranges = BTreeSet<(String, Option<String>, Option<String>)>;

/// The ranges of a record, each once.
fn ranges(a: &Affected) -> Ranges {
    a.versions
        .iter()
        .map(|v| (v.version.clone(), v.less_than.clone(), v.less_than_or_equal.clone()))
        .collect()
}

/// Why the field of affected versions cannot say this.
fn inexpressible(affected: &[Affected]) -> Option<&'static str> {
    let all = || affected.iter().flat_map(|a| &a.versions);
    let vendors: BTreeSet<_> = affected.iter().map(|a| &a.vendor).collect();
    // A line names its package, or its product where there is no package.
    let names: BTreeSet<_> =
        affected.iter().map(|a| a.package_name.as_ref().or(a.product.as_ref())).collect();
    let upper = |v: &cve::Version| v.less_than.clone().or(v.less_than_or_equal.clone());
    let bad =
        |v: &cve::Version| !is_version(&v.version) || upper(v).is_some_and(|u| u != "*" && !is_version(&u));
    if affected.is_empty() || affected.iter().any(|a| a.versions.is_empty()) {
        Some("nothing is said about versions")
    } else if vendors.len() > 1 {
        Some("several vendors")
    } else if names.len() < affected.len() {
        Some("one package in several entries")
    } else if all().any(bad) {
        Some("a version that is prose, or none")
    } else if all().any(|v| v.status != "affected") {
        Some("a status other than affected")
    } else if all().any(|v| v.rest.contains_key("changes")) {
        Some("changes inside a range")
    } else if all().any(|v| v.less_than.is_some() && v.less_than_or_equal.is_some()) {
        Some("two upper bounds")
    } else if all().any(|v| v.less_than_or_equal.as_deref() == Some("*")) {
        Some("up to and including everything")
    } else {
        None
    }
}

/// The configuration of a desk that has this record's packages as its scopes.
fn config(record: &Record) -> Config {
    let mut config = Config::default();
    let affected = &record.containers.cna.affected;
    let first = affected.first().cloned().unwrap_or_default();
    config.project.name = first.product.clone().unwrap_or_default();
    config.project.vendor = first.vendor.clone().unwrap_or_default();
    config.scope = affected
        .iter()
        .enumerate()
        .map(|(i, a)| Scope {
            label: format!("scope {i}"),
            product: a.product.clone().unwrap_or_default(),
            package: a.package_name.clone().unwrap_or_default(),
            collection_url: a.collection_url.clone().unwrap_or_default(),
            ..Scope::default()
        })
        .collect();
    // The project says which sites carry its advisories.
    let advisories =
        record.containers.cna.references.iter().filter(|r| r.tags.iter().any(|t| t == "vendor-advisory"));
    config.cve.advisory_hosts.extend(advisories.filter_map(|r| cve::host(&r.url)));
    config.cve.org_id = "f0158376-9dc2-43b6-827c-5f631a4d8d09".into();
    config
}

fn expression(v: &cve::Version) -> String {
    match (&v.less_than, &v.less_than_or_equal) {
        (Some(h), _) if h == "*" => format!(">= {}", v.version),
        (Some(h), _) if v.version == "0" => format!("< {h}"),
        (Some(h), _) => format!(">= {}, < {h}", v.version),
        (None, Some(h)) if v.version == "0" => format!("<= {h}"),
        (None, Some(h)) => format!(">= {}, <= {h}", v.version),
        (None, None) => v.version.clone(),
    }
}

/// The word of the severity, wherever a published record keeps it.
fn severity_word(record: &Record) -> Option<String> {
    let content = record.containers.cna.metrics.iter().find_map(|m| m.other.as_ref()).map(|o| &o.content)?;
    let word = content.get("text").or_else(|| content.get("other"))?.as_str()?;
    (!word.trim().is_empty()).then(|| word.trim().to_owned())
}

fn vectors(record: &Record) -> Vec<String> {
    let data = |m: &cve::Metric| m.cvss_v3_1.clone().or(m.cvss_v4_0.clone()).map(|d| d.vector_string);
    record.containers.cna.metrics.iter().filter_map(data).collect()
}

/// The fields that would make the record.
fn fields(record: &Record) -> BTreeMap<FieldRole, String> {
    let cna = &record.containers.cna;
    let several = cna.affected.len() > 1;
    let mut versions = Vec::new();
    for a in &cna.affected {
        let name = a.package_name.clone().or(a.product.clone()).unwrap_or_default();
        for v in &a.versions {
            let line = expression(v);
            versions.push(if several { format!("{name} {line}") } else { line });
        }
    }
    let mut finders = Vec::new();
    let mut developers = Vec::new();
    for c in &cna.credits {
        match c.kind.as_deref() {
            Some("remediation developer") => developers.push(c.value.clone()),
            None | Some("finder") => finders.push(c.value.clone()),
            Some(other) => finders.push(format!("{} ({other})", c.value)),
        }
    }
    let cwes: Vec<String> = cna
        .problem_types
        .iter()
        .flat_map(|p| &p.descriptions)
        .map(|d| match &d.cwe_id {
            Some(id) if !d.description.contains(id.as_str()) => format!("{id}: {}", d.description),
            _ => d.description.clone(),
        })
        .collect();
    let tagged = |tag: &str| -> Vec<String> {
        let with = cna.references.iter().filter(|r| r.tags.iter().any(|t| t == tag));
        with.map(|r| r.url.clone()).collect()
    };
    let mut severity = severity_word(record).unwrap_or_default();
    for v in vectors(record) {
        severity = format!("{severity}\n{v}");
    }
    let fixes: Vec<String> = cna
        .references
        .iter()
        .filter(|r| !r.tags.iter().any(|t| t == "vendor-advisory"))
        .map(|r| r.url.clone())
        .collect();
    [
        (FieldRole::PublicSummary, record.description().to_owned()),
        (FieldRole::AffectedVersions, versions.join("\n")),
        (FieldRole::ReporterCredit, finders.join("\n")),
        (FieldRole::RemediationDeveloper, developers.join("\n")),
        (FieldRole::Cwe, cwes.join("\n")),
        (FieldRole::Severity, severity),
        (FieldRole::PrWithFix, fixes.join("\n")),
        (FieldRole::PublicAdvisoryUrl, tagged("vendor-advisory").join("\n")),
        (
            FieldRole::CveToolLink,
            format!("https://tool.example/{}", record.cve_metadata.cve_id.clone().unwrap_or_default()),
        ),
    ]
    .into()
}

/// `CWE-79 Title`, `CWE-79: Title`, `(CWE-79)` …: the title alone.
fn cwe_title(text: &str) -> String {
    let text = text.replace(|c: char| !c.is_alphanumeric(), " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let rest = match words.as_slice() {
        ["CWE" | "cwe", n, rest @ ..] if n.bytes().all(|b| b.is_ascii_digit()) => rest,
        all => all,
    };
    rest.join(" ").to_lowercase()
}

fn compare(name: &str, old: &Record, new: &Record, counts: &mut Counts) {
    let (a, b) = (&old.containers.cna, &new.containers.cna);
    let label = |o: &str, n: &str| format!("{name}: {o:.90} → {n:.90}");

    let (t, u) = (a.title.as_deref().unwrap_or_default(), b.title.as_deref().unwrap_or_default());
    let outcome = if t == u {
        "same"
    } else if t.split_whitespace().eq(u.split_whitespace()) {
        "same but for blanks"
    } else if t.ends_with(u) {
        "cannot: the product's name before the title"
    } else {
        "different"
    };
    counts.add("title", outcome, &label(t, u));

    let (t, u) = (old.description(), new.description());
    let unix = t.replace("\r\n", "\n");
    let outcome = if t == u {
        "same"
    } else if unix.trim() == u {
        "same but for outer blanks"
    } else {
        "different"
    };
    counts.add("description", outcome, &label(t, u));

    if let Some(why) = inexpressible(&a.affected) {
        counts.add("affected", format!("cannot: {why}"), name);
    } else {
        let by_name = |list: &[Affected]| -> BTreeMap<(Option<String>, Option<String>), Ranges> {
            list.iter().map(|a| ((a.product.clone(), a.package_name.clone()), ranges(a))).collect()
        };
        let same = by_name(&a.affected) == by_name(&b.affected)
            && a.affected.first().map(|x| &x.vendor) == b.affected.first().map(|x| &x.vendor);
        let show = |list: &[Affected]| serde_json::to_string(list).unwrap();
        let note = format!("{name}: {} → {}", show(&a.affected), show(&b.affected));
        counts.add("affected", if same { "same" } else { "different" }, &note);
        if same {
            let kinds = |list: &[Affected]| -> BTreeSet<String> {
                list.iter().flat_map(|a| &a.versions).filter_map(|v| v.version_type.clone()).collect()
            };
            let (x, y) = (kinds(&a.affected), kinds(&b.affected));
            let word = |s: &BTreeSet<String>| s.iter().cloned().collect::<Vec<_>>().join("+");
            counts.add(
                "version type",
                if x == y { "same".into() } else { format!("{} → {}", word(&x), word(&y)) },
                name,
            );
            let extra: BTreeSet<&str> =
                a.affected.iter().flat_map(|a| a.rest.keys().map(String::as_str)).collect();
            for key in extra {
                counts.add("affected, other keys", key, name);
            }
        }
    }

    let ids = |r: &cve::Cna| -> BTreeSet<String> {
        r.problem_types.iter().flat_map(|p| &p.descriptions).filter_map(|d| d.cwe_id.clone()).collect()
    };
    let titles = |r: &cve::Cna| -> BTreeSet<String> {
        r.problem_types.iter().flat_map(|p| &p.descriptions).map(|d| cwe_title(&d.description)).collect()
    };
    let (x, y) = (ids(a), ids(b));
    let text = |r: &cve::Cna| serde_json::to_string(&r.problem_types).unwrap();
    let note = format!("{name}: {} → {}", text(a), text(b));
    let outcome = if x == y && titles(a) == titles(b) {
        "same"
    } else if x == y && !x.is_empty() {
        "different title"
    } else if x.is_empty() && y.is_empty() {
        "cannot: prose of several parts, no id"
    } else if x.is_subset(&y) {
        "an id out of the text, where the record had none"
    } else {
        "different"
    };
    counts.add("cwe", outcome, &note);

    match (severity_word(old), severity_word(new)) {
        (x, y) if x.as_deref().map(str::to_lowercase) == y => counts.add("severity", "same", name),
        (Some(x), None) => counts.add("severity", format!("cannot: `{x}` is no severity"), name),
        (x, y) => counts.add("severity", "different", &format!("{name} {x:?} {y:?}")),
    }
    let (x, y) = (vectors(old), vectors(new));
    if !x.is_empty() {
        counts.add("cvss", if x == y { "same" } else { "different" }, &format!("{name} {x:?} {y:?}"));
        let scores = |r: &Record| -> Vec<f64> {
            let data = |m: &cve::Metric| m.cvss_v3_1.clone().or(m.cvss_v4_0.clone())?.base_score.as_f64();
            r.containers.cna.metrics.iter().filter_map(data).collect()
        };
        if x == y {
            let (s, t) = (scores(old), scores(new));
            counts.add(
                "cvss score",
                if s == t { "same" } else { "different" },
                &format!("{name} {x:?} {s:?} {t:?}"),
            );
        }
    }

    let credits = |r: &cve::Cna| -> Vec<(String, String)> {
        let kind = |c: &cve::RecordCredit| c.kind.clone().unwrap_or_else(|| "finder".into());
        let mut all: Vec<_> = r.credits.iter().map(|c| (c.value.trim().to_owned(), kind(c))).collect();
        all.sort();
        all.dedup();
        all
    };
    let (x, y) = (credits(a), credits(b));
    let names = |l: &[(String, String)]| l.iter().map(|c| c.0.clone()).collect::<Vec<_>>();
    let mail = a.credits.iter().any(|c| c.value.contains('@'));
    let outcome = if x == y {
        "same"
    } else if x.iter().any(|c| c.0.contains('\n')) {
        "cannot: several lines in one credit"
    } else if mail {
        "cannot: a mail address or a link in a credit"
    } else if names(&x) == names(&y) {
        "different kind"
    } else {
        "different"
    };
    counts.add("credits", outcome, &format!("{name}: {x:?} → {y:?}"));

    let urls = |r: &cve::Cna| -> BTreeSet<String> { r.references.iter().map(|r| r.url.clone()).collect() };
    let (x, y) = (urls(a), urls(b));
    let odd = |u: &String| {
        u.contains(char::is_whitespace) || u.contains(['<', '>', '"', '|', '`']) || !u.starts_with("http")
    };
    let own = |u: &&String| u.starts_with("https://www.cve.org/CVERecord?id=");
    let private = x.difference(&y).any(|u| u.contains("security") || u.contains("private"));
    let outcome = if x == y {
        "same"
    } else if x.iter().any(odd) {
        "cannot: an address with blanks or marks, or not of the web"
    } else if x.is_subset(&y) && y.difference(&x).all(|u| own(&u)) {
        "same, and a link to the CVE that the description names"
    } else if private {
        "cannot: a link into the archive of a private list"
    } else {
        "different"
    };
    let diff: Vec<_> = x.symmetric_difference(&y).collect();
    counts.add("references", outcome, &format!("{name}: {diff:?}"));
    let known = ["patch", "vendor-advisory", "related"];
    for r in &a.references {
        let Some(made) = b.references.iter().find(|m| m.url == r.url) else { continue };
        let old: BTreeSet<&str> = r.tags.iter().map(String::as_str).filter(|t| known.contains(t)).collect();
        let new: BTreeSet<&str> = made.tags.iter().map(String::as_str).collect();
        let word = |s: &BTreeSet<&str>| s.iter().copied().collect::<Vec<_>>().join("+");
        let outcome =
            if old == new { "same".into() } else { format!("`{}` → `{}`", word(&old), word(&new)) };
        counts.add("reference tags", outcome, &format!("{name}: {}", r.url));
    }
}

#[test]
fn published_records_come_out_of_their_fields_again() {
    let Some(files) = testkit::records::published(".cve.json") else {
        println!("skipped: no records beside the repository");
        return;
    };
    let mut counts = Counts::default();
    let headings = Headings::default();
    for (name, text) in &files {
        let name = name.rsplit('/').next().unwrap_or(name);
        let old = Record::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(
            old.to_value(),
            serde_json::from_str::<serde_json::Value>(text).unwrap(),
            "{name}: a key is lost"
        );
        let config = config(&old);
        let body = new_body(&fields(&old), &headings);
        let facts = Facts {
            labels: vec!["scope 0".into()],
            ..Facts::from_body(&body, old.containers.cna.title.as_deref().unwrap_or_default(), &config)
        };
        let built = cve::build(&facts, &config, cve::Options::default());
        compare(name, &old, &built.record, &mut counts);
        for f in cve::hygiene(&built.record, &facts, &config) {
            counts.add("hygiene", f.rule, &format!("{name}: {}", old.description().replace('\n', " ")));
        }
    }
    for ((aspect, outcome), (n, example)) in &counts.0 {
        println!("{aspect:22} {n:5}  {outcome}{example}");
    }
    assert!(files.len() > 700, "{}", files.len());
    for (aspect, floor) in FLOORS {
        let (same, of) = counts.share(aspect);
        println!("{aspect}: {same} of {of}");
        assert!(same >= *floor, "{aspect}: {same} of {of} come out as they were, {floor} did");
    }
    assert_eq!(counts.get("cvss", "different"), 0);
}

/// What came out as it was when this was last written down; see `docs/cve.md`.
const FLOORS: &[(&str, usize)] = &[
    ("title", 733),
    ("description", 796),
    ("affected", 516),
    ("cwe", 790),
    ("severity", 794),
    ("cvss", 94),
    ("credits", 693),
    ("references", 795),
];
