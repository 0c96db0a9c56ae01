use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    config::Config,
    cve::{Facts, Options, Target, build},
    tracker::{FieldRole, new_body},
};

fn headings() -> Headings {
    Headings::default()
}

fn record(id: Option<&str>, title: &str, credit: &str) -> Record {
    let fields = [
        (FieldRole::PublicSummary, "An attacker could read files.\nUpgrade to 2.4.1."),
        (FieldRole::AffectedVersions, "< 2.4.1"),
        (FieldRole::ReporterCredit, credit),
        (FieldRole::Severity, "low"),
    ];
    let facts = Facts {
        title: title.into(),
        fields: fields.map(|(r, v)| (r, v.to_owned())).into(),
        cve_id: id.map(String::from),
        ..Facts::default()
    };
    build(&facts, &Config::default(), Options { target: Target::Vulnogram, ..Options::default() }).record
}

fn tracker() -> String {
    let values = [
        (FieldRole::IssueDescription, "It breaks."),
        (FieldRole::Severity, "Low"),
        (FieldRole::CveToolLink, "https://tool.example/CVE-2026-1000"),
    ];
    new_body(&values.map(|(r, v)| (r, v.to_owned())).into(), &headings())
}

fn put(text: &str, record: &Record) -> String {
    embed(text, record, "https://tool.example/cve5/{cve_id}#source", &headings()).unwrap()
}

fn values(text: &str) -> Vec<(Option<FieldRole>, String)> {
    tracker::parse(text, &headings()).sections().iter().map(|s| (s.role, s.value().to_owned())).collect()
}

#[test]
fn embedding_twice_is_embedding_once() {
    let r = record(Some("CVE-2026-1000"), "A flaw in uploads", "Ann");
    let once = put(&tracker(), &r);
    assert_eq!(put(&once, &r), once, "CVE page §13 row 46");
    assert!(once.starts_with(tracker().trim_end()));
    assert_eq!(values(&once), values(&tracker()));
    let found = embedded(&once, &headings());
    assert_eq!((found.len(), found[0].cve_id.as_deref(), found[0].ours), (1, Some("CVE-2026-1000"), true));
    assert_eq!(found[0].record, Some(r.to_value()));
    assert!(once.contains("## CVE record [CVE-2026-1000](https://tool.example/cve5/CVE-2026-1000#source)\n"));
    assert!(once.contains("| Credits | Ann |\n") && once.contains("| State | DRAFT |"));
    assert!(!once.contains("\n\n\n"));
    // A changed record replaces the block in place.
    let changed = record(Some("CVE-2026-1000"), "Another flaw in uploads", "Ann");
    let again = put(&once, &changed);
    assert_eq!(embedded(&again, &headings())[0].record, Some(changed.to_value()));
    assert_eq!(put(&again, &r), once);
}

#[test]
fn an_unknown_id_becomes_known_in_the_same_block() {
    let unknown = put(&tracker(), &record(None, "A flaw in uploads", "Ann"));
    assert!(unknown.contains("cve=UNKNOWN v1 -->"));
    let known = put(&unknown, &record(Some("CVE-2026-1000"), "A flaw in uploads", "Ann"));
    assert_eq!(embedded(&known, &headings()).len(), 1, "CVE page §13 row 47");
    assert!(!known.contains("cve=UNKNOWN"));
    assert_eq!(known, put(&tracker(), &record(Some("CVE-2026-1000"), "A flaw in uploads", "Ann")));
}

#[test]
fn an_older_block_is_replaced_and_another_cve_stands() {
    let r = record(Some("CVE-2026-1000"), "A flaw in uploads", "Ann");
    let old = |id: &str| {
        format!(
            "<!-- generate-cve-json: cve={id} version=v1 -->\n## CVE JSON\n\n### CWE\n\n<details>\n\n````json\n{{\"a\": 1}}\n````\n\n</details>\n<!-- generate-cve-json:end cve={id} version=v1 -->\n"
        )
    };
    let body = tracker() + "\n" + &old("CVE-2026-1000");
    assert_eq!(embedded(&body, &headings())[0].record, Some(json!({"a": 1})));
    let new = put(&body, &r);
    assert_eq!(new.trim_end(), put(&tracker(), &r).trim_end());
    let two = put(&(tracker() + "\n" + &old("CVE-2026-2000")), &r);
    let ids: Vec<_> = embedded(&two, &headings()).into_iter().map(|b| b.cve_id.unwrap()).collect();
    assert_eq!(ids, ["CVE-2026-1000", "CVE-2026-2000"]);
    assert!(two.contains(&old("CVE-2026-2000")));
    let doubled = tracker() + "\n" + &old("CVE-2026-1000") + "\n" + &old("UNKNOWN");
    assert_eq!(embedded(&put(&doubled, &r), &headings()).len(), 1);
    // A begin without an end takes what follows it to the end, not a field.
    let open = tracker() + "\n<!-- tipstaff: cve-record cve=CVE-2026-1000 v1 -->\nhalf a block\n";
    assert_eq!(put(&open, &r).trim_end(), put(&tracker(), &r).trim_end());
}

#[test]
fn bodies_of_other_shapes() {
    let r = record(Some("CVE-2026-1000"), "A flaw in uploads", "Ann");
    for body in [
        "",
        "no fields at all",
        "### CWE",
        "### CVE tool link\n\n### CWE\n\nCWE-79\n",
        "text\n\n### CVE tool link\nx",
    ] {
        let once = put(body, &r);
        assert_eq!(put(&once, &r), once, "{body:?}");
        assert_eq!(values(&once), values(body), "{body:?}");
    }
    let crlf = tracker().replace('\n', "\r\n");
    let once = put(&crlf, &r);
    assert_eq!(once.matches('\n').count(), once.matches("\r\n").count());
    assert_eq!(put(&once, &r), once);
    // A field before the block that is edited later leaves the block alone.
    let edited = tracker::set(&once, FieldRole::Severity, "High", &headings()).unwrap();
    assert_eq!(embedded(&edited, &headings()), {
        let mut same = embedded(&once, &headings());
        same[0].span = same[0].span.start + 1..same[0].span.end + 1;
        same
    });
    assert_eq!(put(&edited, &r), edited);
    let open = tracker() + "\n```\nnever closed\n";
    assert!(matches!(embed(&open, &r, "", &headings()), Err(EmbedError::Unterminated { .. })));
}

#[test]
fn hostile_content_stays_inside() {
    for hostile in [
        "<!-- tipstaff: cve-record end cve=CVE-2026-1000 v1 -->",
        "<!-- generate-cve-json:end cve=CVE-2026-1000 version=v1 -->",
        "-->",
        "````",
        "``` | a | b",
        "$1 \\1 \\n \\t \\\\ ${0}",
        "</details>",
        "<script>alert(1)</script>",
        "### Severity",
        "a | b | c",
        "@everyone #1 https://evil.example",
        "[x](javascript:alert(1))",
        "\u{2028}### CWE",
    ] {
        let r = record(Some("CVE-2026-1000"), &format!("A flaw in {hostile}"), &format!("Ann {hostile} x"));
        let once = put(&tracker(), &r);
        assert_eq!(put(&once, &r), once, "{hostile}");
        assert_eq!(values(&once), values(&tracker()), "{hostile}");
        assert_eq!(embedded(&once, &headings())[0].record, Some(r.to_value()), "{hostile}");
        // Whoever looks for marks by their text finds each once, and a fence of three or four only where it is ours.
        assert_eq!(once.matches("tipstaff: cve-record end cve=CVE-2026-1000 v1 -->").count(), 1, "{hostile}");
        assert_eq!(once.matches("````").count(), 2, "{hostile}");
        // Every row of the tables has its columns.
        for row in once.lines().filter(|l| l.starts_with("| Title") || l.starts_with("| Credits")) {
            assert_eq!(row.matches('|').count(), 3, "{row}");
        }
        assert!(!once.contains("<script>alert(1)</script> x |"), "{hostile}");
    }
}

fn piece() -> impl Strategy<Value = String> {
    let words = vec![
        "### CWE\n",
        "### CVE tool link\n\n",
        "### Severity\n",
        "<!-- tipstaff: cve-record cve=CVE-2026-1000 v1 -->\n",
        "<!-- tipstaff: cve-record end cve=CVE-2026-1000 v1 -->\n",
        "<!-- tipstaff: cve-record cve=UNKNOWN v1 -->\n",
        "<!-- generate-cve-json: cve=CVE-2026-1000 version=v1 -->\n",
        "<!-- generate-cve-json:end cve=x -->\n",
        "\n",
        "\r\n",
        "````\n",
        "```json\n",
        "<details>",
        "</details>\n",
        "<!--",
        "-->",
        "text ",
        "> ",
        "- ",
        "|",
        "$1",
        "\\n",
        "é",
        "    ",
    ];
    prop_oneof![4 => prop::sample::select(words).prop_map(String::from), 1 => "\\PC{0,12}"]
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(96))]
    #[test]
    fn embedding_is_idempotent_and_leaves_the_rest_alone(
        pieces in prop::collection::vec(piece(), 0..14), title in "\\PC{0,30}", credit in prop::collection::vec(piece(), 0..4), known in any::<bool>()
    ) {
        let text = pieces.concat();
        let r = record(known.then_some("CVE-2026-1000"), &title, &credit.concat());
        if let Ok(once) = embed(&text, &r, "", &headings()) {
            prop_assert_eq!(&embed(&once, &r, "", &headings()).unwrap(), &once);
            prop_assert_eq!(values(&once), values(&text));
            let before = embedded(&text, &headings());
            let kept: String = outside(&text, &before);
            let left = outside(&once, &embedded(&once, &headings()));
            let squeezed = |t: &str| t.split(['\n', '\r']).filter(|l| !l.is_empty()).map(String::from).collect::<Vec<_>>();
            let foreign = before.iter().any(|b| b.cve_id.as_deref().is_some_and(|i| i != "CVE-2026-1000") || (b.cve_id.is_some() && !known));
            if !foreign {
                prop_assert_eq!(squeezed(&left), squeezed(&kept));
            }
        }
    }
}

#[test]
fn a_mark_that_the_next_write_would_take_for_a_block_is_refused() {
    // The second mark's block holds the only heading; once it is gone, the first mark stands behind the last field.
    let damaged = "<!-- tipstaff: cve-record cve=UNKNOWN v1 -->\n<!-- tipstaff: cve-record cve=UNKNOWN v1 -->\n### CWE\n\
                   <!-- tipstaff: cve-record end cve=CVE-2026-1000 v1 -->\n";
    let r = record(Some("CVE-2026-1000"), "", "");
    assert_eq!(embed(damaged, &r, "", &headings()), Err(EmbedError::NotReadBack));
}

fn outside(text: &str, blocks: &[Embedded]) -> String {
    let mut out = String::new();
    let mut pos = 0;
    for b in blocks {
        out.push_str(&text[pos..b.span.start]);
        out.push('\n');
        pos = b.span.end;
    }
    out.push_str(&text[pos..]);
    out
}
