//! `affected[]`: one entry per package with sorted, overlap-checked versions (CVE page §5, OURS; §13 rows 1–19).

use crate::pattern::Regex;

use super::{
    finding::{Finding, Level},
    record::{Affected, DataVersion, Version},
};
use crate::{
    config::{Config, Scope},
    percent,
    rules::extract::{
        VersionOptions, VersionRange,
        versions::{self, order::Scheme},
    },
    tracker::FieldRole,
};

/// What the field of affected versions becomes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AffectedReport {
    /// One per package, in order of appearance.
    pub affected: Vec<Affected>,
    /// The ranges as they were read.
    pub ranges: Vec<VersionRange>,
    /// What could not be read, and what is worth a look.
    pub findings: Vec<Finding>,
}

const PATH: &str = "/containers/cna/affected";

/// Reads the field for a tracker of that scope. A line that names a package of another scope belongs to that one;
/// a line without a package belongs to `scope`.
#[must_use]
pub fn affected(field: &str, scope: Option<&Scope>, config: &Config, data: DataVersion) -> AffectedReport {
    affected_by(field, scope, config, &VersionOptions::from_config(config), data)
}

/// The same with [`VersionOptions`] that were made from the configuration before.
#[must_use]
pub(super) fn affected_by(
    field: &str,
    scope: Option<&Scope>,
    config: &Config,
    versions: &VersionOptions,
    data: DataVersion,
) -> AffectedReport {
    let options = options(scope, config, versions);
    let report = versions::parse(field, &options);
    let mut out = AffectedReport::default();
    for p in &report.problems {
        out.findings.push(problem("record.affected", Level::Error, p));
    }
    for w in &report.warnings {
        out.findings.push(problem("record.affected.doubt", Level::Warning, w));
    }
    let mut packages: Vec<Option<&String>> = Vec::new();
    for range in &report.ranges {
        let place = packages.iter().position(|p| *p == range.package.as_ref());
        let place = place.unwrap_or_else(|| {
            packages.push(range.package.as_ref());
            out.affected.push(entry(range.package.as_deref(), scope, config, data));
            packages.len() - 1
        });
        if let Some(a) = out.affected.get_mut(place) {
            a.versions.push(version(range));
        }
    }
    let untyped = |a: &Affected| a.versions.iter().any(|v| v.version_type.as_deref() == Some("custom"));
    for (i, a) in out.affected.iter().enumerate().filter(|(_, a)| untyped(a)) {
        let name = a.package_name.as_deref().or(a.product.as_deref()).unwrap_or("the product");
        let message = format!(
            "no version scheme fits every bound of {name}; write full versions (`2.4.0`, not `2.4`), or set scope.collection_url"
        );
        out.findings.push(Finding::new(
            "record.affected.type",
            Level::Warning,
            &format!("{PATH}/{i}/versions"),
            FieldRole::AffectedVersions,
            message,
        ));
    }
    out.ranges = report.ranges;
    out
}

fn problem(rule: &str, level: Level, p: &versions::VersionProblem) -> Finding {
    let message = format!("at byte {}: {}", p.at, p.message);
    Finding::new(rule, level, PATH, FieldRole::AffectedVersions, message).at(p.at)
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What a scope is known by in a range: its package, else its product.
fn key(scope: &Scope) -> Option<String> {
    filled(&scope.package).or_else(|| filled(&scope.product))
}

fn options(scope: Option<&Scope>, config: &Config, versions: &VersionOptions) -> VersionOptions {
    let mut options = versions.clone();
    options.package = scope.and_then(key);
    options.ecosystem = scope.and_then(|s| filled(&s.collection_url));
    let of_project = [config.project.name.trim(), config.project.short_name.trim()];
    for known in &mut options.known {
        let named =
            |s: &&Scope| [&s.package, &s.product, &s.version_prefix].iter().any(|n| n.trim() == known.name);
        if let Some(own) = scope.filter(|s| named(s) || of_project.contains(&known.name.as_str())) {
            known.package = key(own);
            known.ecosystem = filled(&own.collection_url);
        } else if let Some(other) = config.scope.iter().find(named) {
            known.package = key(other);
            // Also when it has none: what holds for the tracker's own scope does not hold for another.
            known.ecosystem = Some(other.collection_url.trim().to_owned());
        }
    }
    options
}

/// The entry of a package, still without versions.
fn entry(package: Option<&str>, scope: Option<&Scope>, config: &Config, data: DataVersion) -> Affected {
    let vendor = filled(&config.project.vendor).or_else(|| filled(&config.project.name));
    let same = |s: &&Scope| key(s).is_some_and(|k| Some(k.as_str()) == package);
    let owner = scope.filter(same).or_else(|| config.scope.iter().find(same));
    let mut out = Affected { vendor, default_status: Some("unaffected".into()), ..Affected::default() };
    if let Some(owner) = owner.or(scope.filter(|_| package.is_none())) {
        out.product = filled(&owner.product)
            .or_else(|| filled(&owner.package).map(|p| title_case(&p)))
            .or_else(|| filled(&config.project.name));
        out.package_name = filled(&owner.package);
        out.collection_url = filled(&owner.collection_url).filter(|_| out.package_name.is_some());
    } else if let Some(package) = package {
        let parent = config.scope.iter().find(|s| {
            let bare = s.package_pattern.trim().trim_start_matches('^').trim_end_matches('$');
            !bare.is_empty()
                && Regex::new(&format!("^(?:{bare})")).is_ok_and(|r| {
                    // A pattern may ask for the expression after the package, too.
                    r.is_match(package) || r.is_match(&format!("{package} < 1.0"))
                })
        });
        out.product = Some(parent.map_or_else(|| title_case(package), |s| product_of(package, s)));
        out.package_name = Some(package.to_owned());
        out.collection_url = parent.or(scope).and_then(|s| filled(&s.collection_url));
    } else {
        out.product = filled(&config.project.name);
    }
    if data == DataVersion::V5_2
        && let (Some(name), Some(url)) = (&out.package_name, &out.collection_url)
    {
        out.package_url = purl(url, name);
    }
    out
}

/// Product of a sub-package: the display name of the whole package; the package in title case with the display name
/// in the place of its part; or the package in title case (§13 row 19).
fn product_of(package: &str, scope: &Scope) -> String {
    let lower = package.to_lowercase();
    let display =
        |k: &str| scope.display_names.iter().find(|(n, _)| n.to_lowercase() == k).map(|(_, v)| v.trim());
    if let Some(whole) = display(&lower).filter(|d| !d.is_empty()) {
        return whole.to_owned();
    }
    let part = scope
        .display_names
        .iter()
        .map(|(name, shown)| (name.to_lowercase(), shown.trim()))
        .filter(|(name, shown)| !name.is_empty() && !shown.is_empty() && lower.ends_with(name.as_str()))
        .filter(|(name, _)| {
            let before = lower.get(..lower.len() - name.len()).unwrap_or_default();
            before.ends_with(['-', '_', '.', '/', ':'])
        })
        .max_by_key(|(name, _)| name.len());
    let Some((name, shown)) = part else { return title_case(package) };
    // A display name that begins like the product is the whole product name.
    let first = |t: &str| t.split_whitespace().next().unwrap_or_default().to_lowercase();
    let head = title_case(package.get(..package.len().saturating_sub(name.len())).unwrap_or_default());
    if !head.is_empty() && (first(shown) == first(&head) || first(shown) == first(&scope.product)) {
        return shown.to_owned();
    }
    format!("{head} {shown}").trim().to_owned()
}

/// `acme-plugin-k8s` → `Acme Plugin K8S`: a letter that follows no letter is upper case, every other lower case.
fn title_case(package: &str) -> String {
    let mut out = String::with_capacity(package.len());
    let mut before_letter = false;
    for c in package.chars() {
        if matches!(c, '-' | '_' | ' ') {
            out.push(' ');
        } else if before_letter {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        before_letter = c.is_alphabetic();
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn version(range: &VersionRange) -> Version {
    let ranged = range.less_than.is_some() || range.less_than_or_equal.is_some();
    // A range without a type is invalid in the record format.
    let fallback = ranged.then(|| "custom".to_owned());
    Version {
        version: range.version.clone(),
        status: "affected".into(),
        version_type: range.version_type.clone().or(fallback),
        less_than: range.less_than.clone(),
        less_than_or_equal: range.less_than_or_equal.clone(),
        ..Version::default()
    }
}

/// The package URL of a package in a collection, without version (record format 5.2); none where the type is unknown.
#[must_use]
pub fn purl(collection_url: &str, package: &str) -> Option<String> {
    let host = super::references::host(collection_url)?;
    let has = |words: &[&str]| words.iter().any(|w| host.split('.').any(|part| part == *w));
    let kind = if has(&["pypi", "pythonhosted"]) || Scheme::of(&host) == Scheme::Python {
        "pypi"
    } else if has(&["maven", "maven2", "sonatype"]) || Scheme::of(collection_url) == Scheme::Maven {
        "maven"
    } else if has(&["npmjs", "npm"]) {
        "npm"
    } else if has(&["crates"]) {
        "cargo"
    } else if has(&["golang"]) {
        "golang"
    } else if has(&["rubygems"]) {
        "gem"
    } else if has(&["nuget"]) {
        "nuget"
    } else if has(&["hex"]) {
        "hex"
    } else if has(&["packagist"]) {
        "composer"
    } else {
        return None;
    };
    let name = match kind {
        "pypi" => package.to_lowercase().replace('_', "-"),
        "maven" => package.replace(':', "/"),
        "composer" | "golang" => package.to_lowercase(),
        _ => package.to_owned(),
    };
    let path = percent::encoded(name.trim_matches('/'), b"/");
    (!name.is_empty()).then(|| format!("pkg:{kind}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes() -> Config {
        let mut config = Config::default();
        config.project.name = "Example".into();
        config.project.vendor = "Example Foundation".into();
        config.scope = vec![
            Scope {
                label: "core".into(),
                product: "Example Core".into(),
                package: "example-core".into(),
                collection_url: "https://pypi.org".into(),
                ..Scope::default()
            },
            Scope {
                label: "plugins".into(),
                product: "Example Plugins".into(),
                package: "example-plugins".into(),
                collection_url: "https://pypi.org".into(),
                package_pattern: "(?P<package>example-project-[a-z0-9-]+)".into(),
                display_names: [
                    ("http", "HTTP"),
                    ("example-project-k8s", "Example for Kubernetes"),
                    ("google", "Example Google Plugin"),
                ]
                .map(|(a, b)| (a.to_string(), b.to_string()))
                .into(),
                ..Scope::default()
            },
            Scope {
                label: "java".into(),
                product: "Example Java".into(),
                package: "org.example:java".into(),
                collection_url: "https://repo.maven.apache.org/maven2".into(),
                ..Scope::default()
            },
            Scope { label: "desktop".into(), product: "Example Desktop".into(), ..Scope::default() },
        ];
        config
    }

    fn read(field: &str, label: &str) -> AffectedReport {
        let config = scopes();
        affected(field, config.scope.iter().find(|s| s.label == label), &config, DataVersion::V5_1)
    }

    /// `product package type: bound|bound …`
    fn show(r: &AffectedReport) -> Vec<String> {
        let one = |v: &Version| match (&v.less_than, &v.less_than_or_equal) {
            (Some(h), _) => format!("{}|{h}", v.version),
            (None, Some(h)) => format!("{}|={h}", v.version),
            (None, None) => v.version.clone(),
        };
        r.affected
            .iter()
            .map(|a| {
                format!(
                    "{} {} {}: {}",
                    a.product.as_deref().unwrap_or("-"),
                    a.package_name.as_deref().unwrap_or("-"),
                    a.versions[0].version_type.as_deref().unwrap_or("-"),
                    a.versions.iter().map(one).collect::<Vec<_>>().join(" ")
                )
            })
            .collect()
    }

    /// CVE page §13 rows 1–19, OURS, in a scope without collection.
    #[test]
    fn the_rows_of_the_page() {
        let errors = |r: &AffectedReport| r.findings.iter().filter(|f| f.level == Level::Error).count();
        for (field, want, type_) in [
            ("<3.2.0", "0|3.2.0", "semver"),
            (">=3.0.0, <3.2.0", "3.0.0|3.2.0", "semver"),
            (">=3.0.0 <3.2.0", "3.0.0|3.2.0", "semver"),
            ("<=6.5.0", "0|=6.5.0", "semver"),
            ("3.1.5", "3.1.5", "semver"),
            ("< next version", "0|*", "semver"),
            (">= 2.0.0, < NEXT VERSION", "2.0.0|*", "semver"),
            (">= 2.0.0", "2.0.0|*", "semver"),
            (">= 2.0.0, <= 3.2.1", "2.0.0|=3.2.1", "semver"),
            ("2.8.0, 2.8.1", "2.8.0 2.8.1", "semver"),
            ("<= 3.2.1, >= 2.0", "2.0|=3.2.1", "custom"),
            ("< 2.5.1 || >= 3.0.0, < 3.2.0", "0|2.5.1 3.0.0|3.2.0", "semver"),
            ("2.9.x", "2.9|2.10", "custom"),
            ("`Example Desktop` < 3.2.0", "0|3.2.0", "semver"),
        ] {
            let r = read(field, "desktop");
            assert_eq!(show(&r), [format!("Example Desktop - {type_}: {want}")], "{field}: {r:?}");
            assert_eq!(errors(&r), 0, "{field}: {r:?}");
        }
        for (field, at) in [
            ("all versions", 0),
            ("Unknown", 0),
            (">= 3.0.0 (note)", 9),
            ("> 2.0, < 3.0", 0),
            ("< 3.2.2 (fixed)", 8),
            ("< 3.2.2.", 7),
            ("< 3.2.*", 6),
            ("Example Desktop", 0),
        ] {
            let r = read(field, "desktop");
            assert!(r.affected.is_empty(), "{field}: {r:?}");
            let first = r.findings.iter().find(|f| f.level == Level::Error).unwrap();
            assert_eq!((first.at, first.field.as_deref()), (Some(at), Some("affected_versions")), "{field}");
        }
        assert!(read(">= 2.0.0", "desktop").findings.iter().any(|f| f.rule == "record.affected.doubt"));
        let twice = read("example-core < 2.0\n`example-core` >= 3.0, < 3.1", "core");
        assert_eq!(show(&twice), ["Example Core example-core python: 0|2.0 3.0|3.1"]);
        let made_up = read("example-project-madeup-widget < 1.0", "plugins");
        assert_eq!(
            show(&made_up),
            ["Example Project Madeup Widget example-project-madeup-widget python: 0|1.0"]
        );
        assert!(made_up.findings.iter().any(|f| f.message.contains("no display name")), "{made_up:?}");
    }

    #[test]
    fn every_package_has_its_own_entry_product_and_scheme() {
        let r = read(
            "< 2.4\nexample-project-http >= 1.0, < 1.2\norg.example:java < 5\nexample-project-k8s < 9\nexample-project-google < 3\nExample Desktop < 1.0.0\nexample-project-http < 0.9\nExample < 1.0",
            "core",
        );
        assert_eq!(
            show(&r),
            [
                "Example Core example-core python: 0|2.4 0|1.0",
                "Example Project HTTP example-project-http python: 0|0.9 1.0|1.2",
                "Example Java org.example:java maven: 0|5",
                "Example for Kubernetes example-project-k8s python: 0|9",
                "Example Google Plugin example-project-google python: 0|3",
                "Example Desktop - semver: 0|1.0.0",
            ],
            "{r:?}"
        );
        assert!(r.findings.iter().any(|f| f.message.contains("overlaps")), "{r:?}");
        assert_eq!(r.affected[1].vendor.as_deref(), Some("Example Foundation"));
        assert_eq!(r.affected[1].collection_url.as_deref(), Some("https://pypi.org"));
        assert_eq!(r.affected[5].collection_url, None);
    }

    #[test]
    fn without_configuration_the_versions_stand_alone() {
        let r = affected("< 1.0.0", None, &Config::default(), DataVersion::V5_1);
        assert_eq!(show(&r), ["- - semver: 0|1.0.0"]);
    }

    #[test]
    fn package_urls_by_collection() {
        for (url, package, want) in [
            ("https://pypi.org", "Example_Core", Some("pkg:pypi/example-core")),
            ("https://repo.maven.apache.org/maven2", "org.example:java", Some("pkg:maven/org.example/java")),
            ("https://registry.npmjs.org", "@example/ui", Some("pkg:npm/%40example/ui")),
            ("https://crates.io", "example", Some("pkg:cargo/example")),
            ("https://downloads.example.org", "example", None),
            ("", "example", None),
        ] {
            assert_eq!(purl(url, package).as_deref(), want, "{url} {package}");
        }
        let config = scopes();
        let r = affected("< 2.4", config.scope.first(), &config, DataVersion::V5_2);
        assert_eq!(r.affected[0].package_url.as_deref(), Some("pkg:pypi/example-core"));
    }

    #[test]
    fn title_case_is_the_page_s() {
        assert_eq!(title_case("acme-k8s"), "Acme K8S");
        assert_eq!(title_case("HTTP_tools"), "Http Tools");
        assert_eq!(title_case(""), "");
    }
}
