use proptest::prelude::*;

use super::*;
use crate::config::Scope;

/// `version|less_than` (`<`), `version|=less_than_or_equal`, or the version alone; joined by spaces.
fn short(r: &VersionReport) -> String {
    let one = |r: &VersionRange| match (&r.less_than, &r.less_than_or_equal) {
        (Some(h), _) => format!("{}|{h}", r.version),
        (None, Some(h)) => format!("{}|={h}", r.version),
        (None, None) => r.version.clone(),
    };
    r.ranges.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn read(expr: &str) -> VersionReport {
    parse(expr, &VersionOptions::default())
}

#[test]
fn expressions_and_their_ranges() {
    let table: &[(&str, &str)] = &[
        // CVE page §13, OURS.
        ("<3.2.0", "0|3.2.0"),
        (">=3.0.0, <3.2.0", "3.0.0|3.2.0"),
        (">=3.0.0 <3.2.0", "3.0.0|3.2.0"),
        ("<=6.5.0", "0|=6.5.0"),
        ("3.1.5", "3.1.5"),
        ("< next version", "0|*"),
        (">= 2.0.0, < NEXT VERSION", "2.0.0|*"),
        (">= 2.0.0", "2.0.0|*"),
        (">= 2.0.0, <= 3.2.1", "2.0.0|=3.2.1"),
        ("2.8.0, 2.8.1", "2.8.0 2.8.1"),
        ("<= 3.2.1, >= 2.0", "2.0|=3.2.1"),
        ("< 2.5.1 || >= 3.0, < 3.2", "0|2.5.1 3.0|3.2"),
        ("2.9.x", "2.9|2.10"),
        // Words.
        ("before 2.4.4", "0|2.4.4"),
        ("prior to 2.4.4", "0|2.4.4"),
        ("versions prior to 2.4.4", "0|2.4.4"),
        ("all versions before 2.4.4", "0|2.4.4"),
        ("through 2.4.3", "0|=2.4.3"),
        ("up to 2.4.3", "0|=2.4.3"),
        ("up to and including 2.4.3", "0|=2.4.3"),
        ("2.1.0 through 2.4.3", "2.1.0|=2.4.3"),
        ("2.1.0 - 2.4.3", "2.1.0|=2.4.3"),
        ("2.1.0-2.4.3", "2.1.0|=2.4.3"),
        ("2.1.0–2.4.3", "2.1.0|=2.4.3"),
        ("2.1.0 to 2.4.3", "2.1.0|=2.4.3"),
        ("from 2.1.0 to 2.4.3", "2.1.0|=2.4.3"),
        ("from 2.1.0 through 2.4.3", "2.1.0|=2.4.3"),
        ("from 2.1.0 before 2.4.3", "2.1.0|2.4.3"),
        ("from v2.1.0 up to and including v2.4.3", "2.1.0|=2.4.3"),
        ("between 2.1 and 2.4", "2.1|=2.4"),
        ("2.x before 2.4.4", "2|2.4.4"),
        ("2.4.3 and earlier", "0|=2.4.3"),
        ("2.4.3 and all previous versions", "0|=2.4.3"),
        ("2.4.3 or later", "2.4.3|*"),
        ("2.4.3 and later", "2.4.3|*"),
        ("2.4.3+", "2.4.3|*"),
        ("since 1.8", "1.8|*"),
        ("since 1.8, before 2.0", "1.8|2.0"),
        ("v2.3.1", "2.3.1"),
        ("= 1.2", "1.2"),
        ("== 1.2", "1.2"),
        ("== 1.2.*", "1.2|1.3"),
        ("`>= 2.0, < 2.4`", "2.0|2.4"),
        ("- 2.8.0\n- 2.8.1", "2.8.0 2.8.1"),
        ("1) < 2.0\n2) >= 3.0, < 3.4", "0|2.0 3.0|3.4"),
        (">= 3.0, < 3.2\n< 2.5.1", "0|2.5.1 3.0|3.2"),
        ("2.10.0, 2.9.0", "2.9.0 2.10.0"),
        ("2.8.0 and 2.8.1", "2.8.0 2.8.1"),
        ("2.8.0, 2.8.1 and 2.9.0", "2.8.0 2.8.1 2.9.0"),
        ("2.8.0 or 2.8.1", "2.8.0 2.8.1"),
        (">= 1.0 and < 1.5; >= 2.0 and < 2.3", "1.0|1.5 2.0|2.3"),
        (">= 1.0, < 1.5, >= 2.0, < 2.3", "1.0|1.5 2.0|2.3"),
        ("2.8.x, 2.9.x", "2.8|2.9 2.9|2.10"),
        ("2.8.x through 2.10.x", "2.8|2.11"),
        ("9.x", "9|10"),
        ("1.9.*", "1.9|1.10"),
        ("≥ 2.0, ≤ 2.4", "2.0|=2.4"),
        ("2.0.0-rc1", "2.0.0-rc1"),
        (">= 2.0.0-M1, < 2.0.0-M27", "2.0.0-M1|2.0.0-M27"),
        ("2.0.0 <= version < 2.4.1", "2.0.0|2.4.1"),
        ("[1.0,2.0)", "1.0|2.0"),
        ("(,1.5]", "0|=1.5"),
        ("[1.2,)", "1.2|*"),
        ("greater than or equal to 2.0, less than 2.4", "2.0|2.4"),
        (">= 2.0, <= 2.0", "2.0"),
        ("2.1.0 up to 2.4.3 (inclusive)", "2.1.0|=2.4.3"),
        ("starting from 2.1 up to 2.4", "2.1|=2.4"),
        (">= 0", "0|*"),
    ];
    for (expr, want) in table {
        let r = read(expr);
        assert_eq!((short(&r).as_str(), r.problems.len()), (*want, 0), "{expr}: {r:?}");
    }
}

#[test]
fn what_cannot_be_said_is_a_problem_at_its_character() {
    let table: &[(&str, usize)] = &[
        ("all versions", 0),
        ("Unknown", 0),
        (">= 3.0.0 (note)", 9),
        ("> 2.0, < 3.0", 0),
        ("< 3.2.2 (fixed)", 8),
        ("< 3.2.2.", 7),
        ("< 3.2.*", 6),
        ("!= 2.0", 0),
        ("latest", 0),
        ("*", 0),
        (">= 3.0, < 2.0", 0),
        (">= 2.0, < 2.0", 0),
        ("2.8.0, foo", 7),
        ("2.0 2.1", 4),
        ("2.0,", 3),
        ("2.0,, 2.1", 4),
        ("< 2.0, and", 7),
        ("", 0),
        ("_No response_", 0),
        ("after 2.0", 0),
        ("^1.2.3", 0),
        ("~> 1.2", 0),
        ("3f2a9c1d", 0),
        ("1.x.3", 2),
        ("< ", 0),
        ("2.0.0 < 2.4.1", 6),
        (">= 2.0, < 3.0\n>= 2.5", 14),
        ("é 2.0", 0),
        ("NEXT VERSION", 0),
    ];
    for (expr, at) in table {
        let r = read(expr);
        assert_eq!(r.problems.first().map(|p| p.at), Some(*at), "{expr}: {r:?}");
    }
}

#[test]
fn packages_begin_lines() {
    let scope = Scope {
        package: "example-core".into(),
        product: "Example Core".into(),
        collection_url: "https://pypi.org".into(),
        package_pattern: "(?P<package>example-plugin-[a-z-]+)".into(),
        display_names: [("widget".to_string(), "Widget".to_string())].into(),
        ..Scope::default()
    };
    let config = Config { scope: vec![scope], ..Config::default() };
    let options = VersionOptions::from_config(&config);
    let r = parse(
        "`example-plugin-widget` < 1.2\nexample-core: >= 2.0, < 2.4\n- example-plugin-widget >= 2.0, < 2.1\n< 1.9",
        &options,
    );
    assert!(r.problems.is_empty(), "{r:?}");
    let got: Vec<(String, String, String)> = r
        .ranges
        .iter()
        .map(|r| (r.package.clone().unwrap(), r.version.clone(), r.version_type.clone().unwrap()))
        .collect();
    let want = [
        ("example-plugin-widget", "0", "python"),
        ("example-plugin-widget", "2.0", "python"),
        ("example-core", "0", "python"),
        ("example-core", "2.0", "python"),
    ];
    assert_eq!(got, want.map(|(a, b, c)| (a.into(), b.into(), c.into())));

    let r = parse("example-core", &options);
    assert_eq!((r.ranges.len(), r.problems[0].at), (0, 0));
    let r = parse("Example Core 2.3.1", &options);
    assert_eq!(r.ranges[0].version, "2.3.1");
    let r = parse("example-plugin-madeup < 2", &options);
    assert_eq!((r.ranges.len(), r.warnings.len()), (1, 1));
    let r = parse("other-thing < 2", &options);
    assert_eq!((r.ranges.len(), r.problems[0].at), (0, 0));
}

#[test]
fn types_follow_the_ecosystem() {
    for (ecosystem, expr, want) in [
        (Some("PyPI"), "< 2.0", Some("python")),
        (Some("https://pypi.org"), "< 2.0", Some("python")),
        (Some("maven"), "< 2.0", Some("maven")),
        (Some("https://repo.maven.apache.org/maven2"), "< 2.0", Some("maven")),
        (Some("npm"), "< 2.0.0", Some("semver")),
        (Some("npm"), "< 2.0", None),
        (Some("crates.io"), ">= 1.0.0, < 1.2.3", Some("semver")),
        (None, "< 3.2.0", Some("semver")),
        (None, "2.9.x", None),
    ] {
        let r = parse(
            expr,
            &VersionOptions { ecosystem: ecosystem.map(String::from), ..VersionOptions::default() },
        );
        assert_eq!(r.ranges[0].version_type.as_deref(), want, "{ecosystem:?} {expr}");
    }
}

#[test]
fn caret_and_tilde_where_they_have_one_meaning() {
    for (ecosystem, expr, want) in [
        ("npm", "^1.2.3", "1.2.3|2"),
        ("npm", "^0.2.3", "0.2.3|0.3"),
        ("npm", "~1.2.3", "1.2.3|1.3"),
        ("pypi", "~=2.3.1", "2.3.1|2.4"),
    ] {
        let r =
            parse(expr, &VersionOptions { ecosystem: Some(ecosystem.into()), ..VersionOptions::default() });
        assert_eq!(short(&r), want, "{r:?}");
    }
}

#[test]
fn order_follows_the_scheme() {
    let r = parse(
        "2.0rc1 - 2.0",
        &VersionOptions { ecosystem: Some("pypi".into()), ..VersionOptions::default() },
    );
    assert_eq!(short(&r), "2.0rc1|=2.0");
    let r = parse(
        "2.0 - 2.0rc1",
        &VersionOptions { ecosystem: Some("pypi".into()), ..VersionOptions::default() },
    );
    assert_eq!(r.problems.len(), 1);
    let r = parse(
        ">= 9.0.0.M1, < 9.0.0",
        &VersionOptions { ecosystem: Some("maven".into()), ..VersionOptions::default() },
    );
    assert!(r.problems.is_empty());
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]
    #[test]
    fn never_panics_and_points_at_characters(expr in "\\PC{0,60}") {
        let r = read(&expr);
        for p in r.problems.iter().chain(&r.warnings) {
            prop_assert!(expr.is_char_boundary(p.at), "{} {:?}", p.at, expr);
        }
    }

    #[test]
    fn near_misses_never_panic(words in prop::collection::vec(prop::sample::select(vec![
        "2.0", "v1", "2.9.x", ">=", "<", "<=", ",", "||", ";", "and", "before", "up to", "-", "–", "to", "(", ")", "[",
        "and earlier", "\n", "- ", "`", "NEXT VERSION", "1.0-2.0", "2.0+", "*", "é", "all", "versions", "between", "from",
    ]), 0..12)) {
        let expr = words.join(" ");
        let r = read(&expr);
        for p in r.problems.iter().chain(&r.warnings) {
            prop_assert!(expr.is_char_boundary(p.at));
        }
        let again = parse(&render(&r.ranges), &VersionOptions::default());
        if !r.ranges.is_empty() && r.problems.is_empty() {
            prop_assert_eq!(again.ranges, r.ranges, "{} → {}", expr, render(&read(&expr).ranges));
        }
    }

    #[test]
    fn what_is_rendered_reads_back(parts in prop::collection::vec((0u8..20, 0u8..20, 0u8..5, 0u8..4), 1..5)) {
        let lines: Vec<String> = parts.iter().map(|(a, b, c, k)| match k {
            0 => format!("{a}.{b}.{c}"),
            1 => format!(">= {a}.{b}, < {}.{c}", a + 1),
            2 => format!("<= {a}.{b}.{c}rc1"),
            _ => format!("{a}.{b}.x"),
        }).collect();
        let r = read(&lines.join("\n"));
        prop_assert_eq!(parse(&render(&r.ranges), &VersionOptions::default()).ranges, r.ranges);
    }
}
