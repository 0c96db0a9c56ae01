use super::*;
use proptest::prelude::*;

fn rules(text: &str) -> Vec<(&'static str, String)> {
    let all = check_text(text.as_bytes(), &lint::Options::default()).into_records();
    all.into_iter().flat_map(|c| c.findings).map(|f| (f.rule, f.path)).collect()
}

#[test]
fn what_is_no_json_is_a_finding_with_its_place() {
    for (text, line, column) in
        [("", 1, 1), ("{\n  \"a\": }", 2, 8), ("{\"a\": 1e999}", 1, 11), ("nul", 1, 3), ("{} x", 1, 4)]
    {
        let all = check_text(text.as_bytes(), &lint::Options::default()).into_records();
        assert_eq!(all.len(), 1, "{text}");
        let f = &all[0].findings[0];
        assert_eq!(
            (f.rule, f.level, f.place),
            ("schema.json", Level::Error, Some(Place { line, column })),
            "{text}"
        );
    }
    assert_eq!(rules(&"[".repeat(100_000))[0].0, "schema.json");
    assert_eq!(
        check_text(b"{\"a\": \"\xFF\"}", &lint::Options::default()).into_records()[0].findings.len(),
        1
    );
}

#[test]
fn lists_and_envelopes_hold_records() {
    let record = super::super::schema::tests::LEAST;
    let at = |text: &str| {
        check_text(text.as_bytes(), &lint::Options::default())
            .into_records()
            .into_iter()
            .map(|c| (c.cve.unwrap_or_default(), c.record, c.base))
            .collect::<Vec<_>>()
    };
    let id = || "CVE-2026-12345".to_owned();
    assert_eq!(at(record), [(id(), None, "$".into())]);
    assert_eq!(at(&format!("\u{feff}{record}")), [(id(), None, "$".into())]);
    assert_eq!(at(&format!("[{record}]")), [(id(), Some(0), "$[0]".into())]);
    let envelope = format!("[{{\"author\": \"x\", \"body\": {record}, \"__v\": 3}}]");
    assert_eq!(at(&envelope), [(id(), Some(0), "$[0].body".into())]);
}

#[test]
fn other_json_is_told_from_a_broken_record() {
    let other = |t: &str| matches!(check_text(t.as_bytes(), &lint::Options::default()), Content::Other(_));
    assert!(other("{\"id\": \"OSV-1\", \"affected\": []}") && other("[]") && other("3"));
    assert!(!other("{\"containers\": 3}") && !other("[{\"cveMetadata\": {}}]"));
    assert!(rules("{\"id\": 1}").iter().any(|(r, _)| *r == "schema.required"));
    assert!(rules("3").iter().any(|(r, _)| *r == "schema.type"));
}

/// JSON of any shape, with the keys and words of the format so that the rules are reached.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let words = prop::sample::select(vec![
        "CVE_RECORD",
        "5.1",
        "PUBLISHED",
        "REJECTED",
        "CVE-2026-1",
        "en",
        "affected",
        "unaffected",
        "1.0",
        "*",
        "0",
        "< 2.0",
        "semver",
        "custom",
        "python",
        "pkg:pypi/a@1",
        "https://a.example/",
        "HIGH",
        "<b>x</b>",
        "&nbsp;",
        "\u{a0}",
        "\\u0041",
        "CVSS:3.1/AV:N",
        "patch",
        "vendor-advisory",
        "CWE-79",
        "n/a",
        "2.x",
        "2024-01-01T00:00:00",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        words.prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        let keys = prop::sample::select(vec![
            "dataType",
            "dataVersion",
            "cveMetadata",
            "cveId",
            "state",
            "containers",
            "cna",
            "adp",
            "affected",
            "versions",
            "version",
            "lessThan",
            "lessThanOrEqual",
            "versionType",
            "status",
            "changes",
            "at",
            "vendor",
            "product",
            "packageName",
            "packageURL",
            "collectionURL",
            "descriptions",
            "lang",
            "value",
            "references",
            "url",
            "tags",
            "metrics",
            "cvssV3_1",
            "cvssV4_0",
            "other",
            "content",
            "baseScore",
            "baseSeverity",
            "vectorString",
            "credits",
            "type",
            "title",
            "problemTypes",
            "cweId",
            "description",
            "timeline",
            "time",
            "body",
            "x_own",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec((keys, inner), 0..8).prop_map(|entries| {
                entries.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<serde_json::Map<_, _>>().into()
            }),
        ]
    })
}

/// A record in which one part is anything.
fn damaged() -> impl Strategy<Value = serde_json::Value> {
    let parts = prop::sample::select(vec![
        "title",
        "descriptions",
        "affected",
        "references",
        "metrics",
        "credits",
        "problemTypes",
        "timeline",
        "tags",
    ]);
    (parts, any_json()).prop_map(|(part, value)| {
        let mut r: serde_json::Value = serde_json::from_str(super::super::schema::tests::LEAST).unwrap();
        r["containers"]["cna"][part] = value;
        r
    })
}

proptest! {
    #[test]
    fn no_value_makes_the_check_panic(value in prop_oneof![any_json(), damaged()]) {
        let text = serde_json::to_vec(&value).unwrap();
        let all = check_text(&text, &lint::Options::default()).into_records();
        for c in &all {
            let paths: Vec<String> = c.findings.iter().map(|f| f.path.replacen('$', &c.base, 1)).collect();
            prop_assert_eq!(locate(&text, paths.iter().map(String::as_str)).is_empty(), paths.is_empty());
            for f in &c.findings {
                prop_assert!(!f.message.is_empty() && f.path.starts_with('$'), "{:?}", f);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_check_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = check_text(&bytes, &lint::Options::default());
        let _ = locate(&bytes, ["$.a[0].b", "$"]);
    }

    #[test]
    fn a_value_and_its_text_are_judged_alike(value in damaged()) {
        let text = serde_json::to_vec(&value).unwrap();
        let read = check_text(&text, &lint::Options::default()).into_records();
        prop_assert_eq!(&read[0].findings, &check_value(&value, &lint::Options::default()).findings);
    }
}
