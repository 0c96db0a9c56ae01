use proptest::prelude::*;

use super::*;

fn h() -> Headings {
    Headings::default()
}

fn sample() -> String {
    let mut values = BTreeMap::new();
    values.insert(FieldRole::IssueDescription, "It breaks.\n\n- one\n- two".to_owned());
    values.insert(FieldRole::Severity, "Unknown".to_owned());
    new_body(&values, &h())
}

#[test]
fn a_new_body_has_eleven_sections_in_order() {
    let text = sample();
    let body = parse(&text, &h());
    assert_eq!(body.problems, []);
    assert_eq!(body.sections().iter().map(|s| s.role.unwrap()).collect::<Vec<_>>(), FieldRole::ALL);
    assert_eq!(body.get(FieldRole::IssueDescription), Some("It breaks.\n\n- one\n- two"));
    assert_eq!(body.get(FieldRole::Cwe), None);
    assert_eq!(body.get(FieldRole::Severity), Some("Unknown"));
    assert!(!body.is_set(FieldRole::Severity), "Unknown is no severity");
    assert!(text.starts_with("### The issue description\n\nIt breaks."));
    assert!(text.ends_with("### CVE tool link\n\n_No response_\n"));
}

#[test]
fn both_placeholders_mean_empty() {
    for v in ["_No response_", "*No response*", "_no RESPONSE_", "  *No Response* ", "", " \n"] {
        assert!(is_placeholder(v), "{v:?}");
    }
    for v in ["No response yet", "_No response*", "none"] {
        assert!(!is_placeholder(v), "{v:?}");
    }
}

#[test]
fn values_follow_the_grammar() {
    let cases: &[(&str, FieldRole, Option<&str>)] = &[
        ("### CWE\n\nCWE-79\n\n### Severity\n\nHigh\n", FieldRole::Cwe, Some("CWE-79")),
        ("### CWE\nCWE-79\n### Severity\nHigh", FieldRole::Severity, Some("High")),
        (
            "### CWE\r\n\r\nCWE-79\r\nCWE-80\r\n\r\n### Severity\r\n\r\n",
            FieldRole::Cwe,
            Some("CWE-79\nCWE-80"),
        ),
        ("### CWE\n### Severity\n\nHigh\n", FieldRole::Cwe, None),
        ("### CWE   \n\nx", FieldRole::Cwe, Some("x")),
        ("### CWE ###\n\nx", FieldRole::Cwe, Some("x")),
        ("### cwe\n\nx", FieldRole::Cwe, None),
        ("## CWE\n\nx\n#### CWE\n\n> ### CWE\n", FieldRole::Cwe, None),
        ("### CWE\n\n    code\n", FieldRole::Cwe, Some("    code")),
        ("### Severity\n\n```\n### Severity\n```\n", FieldRole::Severity, Some("```\n### Severity\n```")),
        ("### CWE\n\n<!--\n### CWE\n-->\nx\n", FieldRole::Cwe, Some("<!--\n### CWE\n-->\nx")),
        ("### CWE\n\na\u{2028}### CWE\u{c}### CWE\n", FieldRole::Cwe, Some("a\u{2028}### CWE\u{c}### CWE")),
        ("### CWE\n\none\n\n### CWE\n\ntwo\n", FieldRole::Cwe, None),
    ];
    for (text, role, want) in cases {
        assert_eq!(parse(text, &h()).get(*role), *want, "{text:?}");
    }
}

#[test]
fn a_fenced_heading_never_beats_the_real_field() {
    let text = sample().replace("It breaks.", "````\n```\n### Severity\n\nCritical\n```\n````");
    let body = parse(&text, &h());
    assert_eq!(body.problems, []);
    assert_eq!(body.get(FieldRole::Severity), Some("Unknown"));
}

#[test]
fn a_collapsed_copy_of_another_body_is_part_of_the_value() {
    let text = sample().replace(
        "It breaks.",
        "<details><summary>merged</summary>\n\n### Severity\n\nHigh\n\n### Other\n\n</details>",
    );
    let body = parse(&text, &h());
    assert_eq!(body.problems, []);
    assert_eq!(body.get(FieldRole::Severity), Some("Unknown"));
    assert!(body.get(FieldRole::IssueDescription).unwrap().ends_with("- two"));
    let only = "<details>\n\n### Severity\n\nHigh\n\n</details>\n";
    assert!(parse(only, &h()).section(FieldRole::Severity).is_some(), "nothing vanishes");
}

#[test]
fn problems_say_what_and_where() {
    let text = "### CWE\n\na\n\n### CWE\n\nb\n";
    let body = parse(text, &h());
    let twice: Vec<_> =
        body.problems.iter().filter(|p| p.kind == BodyProblemKind::DuplicateHeading).collect();
    assert_eq!((twice.len(), twice[0].at, twice[0].role), (1, 12, Some(FieldRole::Cwe)));
    assert_eq!(body.problems.iter().filter(|p| p.kind == BodyProblemKind::MissingHeading).count(), 10);
}

#[test]
fn what_never_closes_is_read_on_and_not_written() {
    for (open, kind) in [
        ("```\ncode", BodyProblemKind::UnterminatedFence),
        ("~~~~\n~~~", BodyProblemKind::UnterminatedFence),
        ("<!-- note", BodyProblemKind::UnterminatedComment),
        ("<script>", BodyProblemKind::UnterminatedHtml),
        ("```\n### Severity\n\nCritical\n", BodyProblemKind::UnterminatedFence),
    ] {
        let text = sample().replace("It breaks.", open);
        let body = parse(&text, &h());
        assert_eq!(body.problems.len(), 1, "{open:?}: {:?}", body.problems);
        assert_eq!((body.problems[0].kind, body.problems[0].at), (kind, text.find(open).unwrap()));
        assert_eq!(body.get(FieldRole::Severity), Some("Unknown"), "{open:?}");
        let refused = set(&text, FieldRole::Cwe, "CWE-1", &h());
        assert!(matches!(refused, Err(BodyError::Unterminated { .. })), "{open:?}");
    }
}

#[test]
fn the_generated_record_is_no_part_of_the_field_and_survives_a_write() {
    let block = "<!-- generate-cve-json: cve=CVE-2026-1000 version=v1 -->\n## CVE JSON\n\n### CWE\n\n<details>\n\n````json\n{}\n````\n\n</details>\n<!-- generate-cve-json:end cve=CVE-2026-1000 version=v1 -->";
    for (link, want) in
        [("https://cve.example/1", Some("https://cve.example/1")), ("_No response_", None), ("", None)]
    {
        let text = sample().trim_end().strip_suffix("_No response_").unwrap().to_owned()
            + link
            + "\n\n"
            + block
            + "\n";
        let body = parse(&text, &h());
        assert_eq!(body.problems, [], "{link:?}");
        assert_eq!(body.get(FieldRole::CveToolLink), want);
        assert_eq!(body.get(FieldRole::Cwe), None);
        let after = set(&text, FieldRole::CveToolLink, "https://cve.example/2", &h()).unwrap();
        assert!(after.ends_with(&format!("https://cve.example/2\n\n{block}\n")), "{after}");
        let open = text.replace("<!-- generate-cve-json:end cve=CVE-2026-1000 version=v1 -->", "");
        assert_eq!(parse(&open, &h()).get(FieldRole::CveToolLink), want, "a block without an end");
    }
    let forged = sample().replace("It breaks.", "<!-- generate-cve-json: cve=CVE-2026-1 -->\nmine");
    assert!(
        parse(&forged, &h()).get(FieldRole::IssueDescription).unwrap().contains("mine"),
        "only where it belongs"
    );
}

#[test]
fn a_write_keeps_spacers_and_line_ends() {
    let cases: &[(&str, FieldRole, &str, &str)] = &[
        ("pre\n### CWE\n\nold\n\n### X\n", FieldRole::Cwe, "new", "pre\n### CWE\n\nnew\n\n### X\n"),
        ("### CWE\nold\n### X\ny", FieldRole::Cwe, "new", "### CWE\nnew\n### X\ny"),
        ("### CWE\n\n\n old\n\n\n\n### X\n", FieldRole::Cwe, "new\n\n\n", "### CWE\n\n\nnew\n\n\n\n### X\n"),
        (
            "### CWE\r\n\r\nold\r\n\r\n### X\r\n",
            FieldRole::Cwe,
            "a\nb",
            "### CWE\r\n\r\na\r\nb\r\n\r\n### X\r\n",
        ),
        ("### X\r\n\r\nx\r\n\r\n### CWE", FieldRole::Cwe, "a", "### X\r\n\r\nx\r\n\r\n### CWE\r\n\r\na\r\n"),
        ("### CWE", FieldRole::Cwe, "a", "### CWE\n\na\n"),
        ("### CWE\n\nold", FieldRole::Cwe, "a", "### CWE\n\na\n"),
        ("### CWE\n### X\n", FieldRole::Cwe, "a", "### CWE\n\na\n\n### X\n"),
        ("### CWE\n\n\n### X\n", FieldRole::Cwe, "a", "### CWE\n\na\n\n### X\n"),
        ("### CWE\n\nold\n\n### X\n", FieldRole::Cwe, "", "### CWE\n\n_No response_\n\n### X\n"),
        ("### CWE\n\n*No response*\n", FieldRole::Cwe, "", "### CWE\n\n*No response*\n"),
        ("### CWE\n\nold  \n\n### X\n", FieldRole::Cwe, "old\r\n", "### CWE\n\nold  \n\n### X\n"),
        ("### CWE\n\n\u{feff}\n", FieldRole::Cwe, "a\rb", "### CWE\n\na\nb\n"),
    ];
    for (text, role, value, want) in cases {
        assert_eq!(set(text, *role, value, &h()).as_deref(), Ok(*want), "{text:?} <- {value:?}");
    }
}

#[test]
fn a_value_that_would_leak_is_refused() {
    let text = sample();
    for value in [
        "x\n### Severity\n\nCritical",
        "### Mine",
        "```\nopen",
        "<!-- open",
        "</details>",
        "<details>",
        "<script>",
        "x\r### Severity",
        "ok --> fine\n\n<!-- \n\n",
        "x <!-- y --> <details>",
    ] {
        for role in FieldRole::ALL {
            assert!(set(&text, role, value, &h()).is_err(), "{role}: {value:?}");
        }
    }
    let leak = set("### CWE\nold\n### Severity\nHigh\n", FieldRole::Cwe, "<div>", &h());
    assert_eq!(
        leak,
        Err(BodyError::ValueEscapes { role: FieldRole::Cwe }),
        "an HTML block would swallow the next heading"
    );
    let marker = "<!-- generate-cve-json: cve=CVE-1 -->";
    assert!(set(&text, FieldRole::CveToolLink, marker, &h()).is_err());
}

#[test]
fn missing_and_duplicate_sections_are_typed_errors() {
    let twice = "### CWE\n\na\n\n### CWE\n\nb\n";
    assert!(
        matches!(set(twice, FieldRole::Cwe, "x", &h()), Err(BodyError::DuplicateHeading { at, .. }) if at == [0, 12])
    );
    assert!(matches!(set(twice, FieldRole::Severity, "x", &h()), Err(BodyError::MissingHeading { .. })));
}

#[test]
fn a_new_body_neutralises_what_could_not_stand() {
    let mut values = BTreeMap::new();
    values.insert(FieldRole::IssueDescription, "x\n### Severity\n\nCritical".to_owned());
    values.insert(FieldRole::ReporterCredit, "Mallory\n\n```".to_owned());
    let text = new_body(&values, &h());
    let body = parse(&text, &h());
    assert_eq!(body.problems, []);
    assert_eq!(body.get(FieldRole::Severity), None);
}

fn chunk() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(vec![
            "\n", "\n\n", "\r\n", "\r\n\r\n", " ", "    ", "\t", "```", "~~~", "````\n", "`", "### Severity\n", "### CWE\n\n", "### Other\n",
            "### The issue description\r\n\r\n", "### CVE tool link\n\n", "### Severity", "> ", "- ", "<details>", "</details>", "<details>\n\n",
            "\n</details>\n", "<!--", "-->", "<div>", "<script>", "</script>", "_No response_", "text", "High", "\u{2028}", "\u{b}", "\u{c}", "\r",
            "<!-- generate-cve-json: cve=C -->\n", "<!-- generate-cve-json:end -->\n", "===", "---", "[a]: /u '", "|", "\\", "###", "#",
        ]).prop_map(String::from),
        1 => "[ -~]{0,6}",
        1 => "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..20).prop_map(|v| v.concat())
}

fn role() -> impl Strategy<Value = FieldRole> {
    prop::sample::select(vec![
        FieldRole::IssueDescription,
        FieldRole::Cwe,
        FieldRole::Severity,
        FieldRole::CveToolLink,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_write_reads_back_and_changes_nothing_else(body in chunk(), role in role(), value in chunk()) {
        let before = parse(&body, &h());
        if let Ok(after) = set(&body, role, &value, &h()) {
            let new = parse(&after, &h());
            let wanted = normalise(&value);
            let wanted = if is_placeholder(&wanted) { None } else { Some(wanted.as_str()) };
            prop_assert_eq!(new.get(role), wanted);
            for other in FieldRole::ALL.into_iter().filter(|r| *r != role) {
                prop_assert_eq!(before.get(other), new.get(other));
            }
            let s = before.section(role).unwrap();
            prop_assert!(after.starts_with(&body[..s.content.start]));
            prop_assert!(after.ends_with(&body[s.content.end..]));
            prop_assert_eq!(set(&after, role, &value, &h()), Ok(after));
        }
    }

    #[test]
    fn writing_what_stands_there_is_no_write(body in chunk(), role in role()) {
        let b = parse(&body, &h());
        if b.section(role).is_some() && b.unterminated().is_none() {
            prop_assert_eq!(set(&body, role, b.get(role).unwrap_or_default(), &h()), Ok(body));
        }
    }

    #[test]
    fn a_new_body_reads_back_whatever_it_is_given(values in prop::collection::vec(chunk(), 11)) {
        let map: BTreeMap<_, _> = FieldRole::ALL.into_iter().zip(values).collect();
        let text = new_body(&map, &h());
        let body = parse(&text, &h());
        prop_assert_eq!(&body.problems, &[]);
        prop_assert_eq!(body.sections().len(), 11);
    }

    #[test]
    fn reading_never_panics_and_sections_tile_the_body(body in "\\PC{0,200}", more in chunk()) {
        let text = format!("{more}{body}{more}");
        let b = parse(&text, &h());
        let mut at = b.preamble.end;
        for s in b.sections() {
            prop_assert_eq!(s.span.start, at);
            prop_assert!(s.content.start <= s.core.start && s.core.end <= s.content.end);
            at = s.span.end;
        }
        prop_assert_eq!(at, text.len());
    }
}
