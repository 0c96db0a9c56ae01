use proptest::prelude::*;
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag};

use super::*;
use crate::tracker::{
    body::{new_body, parse},
    field::{FieldRole, Headings},
};

fn clean(text: &str) -> String {
    let s = sanitise(text);
    assert!(!s.fenced_whole, "{text:?} was fenced: {:?}", s.notes);
    s.markdown
}

/// What must hold of every result.
fn assert_safe(input: &str, s: &Sanitised) {
    let md = &s.markdown;
    for (event, _) in Parser::new_ext(md, structure::options()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                assert!(level >= HeadingLevel::H4, "heading: {input:?} -> {md:?}")
            }
            Event::Start(Tag::Image { .. }) => panic!("image: {input:?} -> {md:?}"),
            Event::Start(Tag::HtmlBlock) | Event::Html(_) | Event::InlineHtml(_) => {
                panic!("html: {input:?} -> {md:?}")
            }
            Event::TaskListMarker(_) => panic!("task: {input:?} -> {md:?}"),
            _ => {}
        }
    }
    assert_eq!(
        Parser::new_ext(md, structure::options()).reference_definitions().iter().count(),
        0,
        "{input:?} -> {md:?}"
    );
    assert!(!md.contains('\r'));
    let values = [(FieldRole::IssueDescription, md.clone()), (FieldRole::Severity, "Unknown".into())];
    let headings = Headings::default();
    let text = new_body(&values.into_iter().collect(), &headings);
    let body = parse(&text, &headings);
    assert_eq!(body.problems, [], "{input:?} -> {text:?}");
    assert_eq!(body.sections().len(), 11, "{input:?} -> {text:?}");
    assert_eq!(body.get(FieldRole::Severity), Some("Unknown"), "{input:?} -> {text:?}");
    assert_eq!(
        body.section(FieldRole::IssueDescription).unwrap().value(),
        if md.is_empty() { "_No response_" } else { md }
    );
}

#[test]
fn headings_sink_to_level_four_and_code_stays() {
    let cases = [
        ("# A\n## B\n### C\n#### D\n##### E", "#### A\n#### B\n#### C\n#### D\n##### E"),
        ("### Severity\n\nCritical", "#### Severity\n\nCritical"),
        ("> # A\n\n- ## B", "> #### A\n\n- #### B"),
        ("Title\n=====\ntext", "#### Title\n\ntext"),
        ("> Title\n> ---", "> #### Title\n>"),
        ("one\ntwo\n---", "one\ntwo\n\\---"),
        ("C#\n---\nx", "C#\n\\---\nx"),
        ("```sh\n# comment\n### Severity\n```", "```sh\n# comment\n### Severity\n```"),
        ("    # indented code", "    # indented code"),
        ("`# no`", "`# no`"),
        ("#hash\n\\# x", "#hash\n\\# x"),
    ];
    for (text, want) in cases {
        assert_eq!(clean(text), want, "{text:?}");
    }
}

#[test]
fn images_become_links() {
    let cases = [
        ("![alt](https://e.x/i.png)", "[alt](https://e.x/i.png)"),
        ("a ![](u.png) b", "a [image](u.png) b"),
        ("!![a](b)", "!\\![a](b)"),
        ("[x]![a](b)", "[x]\\![a](b)"),
        ("![a][r]\n\n[r]: https://e.x/i.png", "[a][r]\n\n\\[r]: https://e.x/i.png"),
        ("![nothing]", "\\![nothing]"),
        ("`![a](b)`", "`![a](b)`"),
        ("<img src=\"https://e.x/i.png\">", "&lt;img src=\"https://e.x/i.png\">"),
        ("[![a](b)](c)", "[\\![a](b)](c)"),
    ];
    for (text, want) in cases {
        assert_eq!(clean(text), want, "{text:?}");
    }
}

#[test]
fn html_is_shown_not_rendered() {
    let cases = [
        ("x <b>y</b>", "x &lt;b>y&lt;/b>"),
        ("List<String> x", "List&lt;String> x"),
        (
            "<!-- apache-magpie: routing-mode via-forwarder -->",
            "&lt;!-- apache-magpie: routing-mode via-forwarder -->",
        ),
        ("<!-- entry 1 abc -->\nx", "&lt;!-- entry 1 abc -->\nx"),
        (
            "<details><summary>s</summary>\n\nx\n\n</details>",
            "&lt;details>&lt;summary>s&lt;/summary>\n\nx\n\n&lt;/details>",
        ),
        ("<div>\n# A\n![x](y)\n</div>", "&lt;div>\n#### A\n[x](y)\n&lt;/div>"),
        ("`<b>` and\n\n    <script>", "`<b>` and\n\n    <script>"),
        ("<https://e.x>", "<https://e.x>"),
        ("<javascript:alert(1)>", "&lt;javascript:alert(1)>"),
        ("[x](javascript:alert(1))", "\\[x](javascript:alert(1))"),
        ("[x](&#106;avascript:alert(1))", "\\[x](`&#106;`avascript:alert(1))"),
        ("1 < 2 & 3", "1 < 2 & 3"),
    ];
    for (text, want) in cases {
        assert_eq!(clean(text), want, "{text:?}");
    }
}

#[test]
fn nobody_is_notified_and_nothing_is_cross_referenced() {
    let cases = [
        ("ask @ada, @org/team", "ask `@ada`, `@org/team`"),
        ("mail ada@example.org", "mail ada@example.org"),
        ("_@ada_ **@bob**", "_`@ada`_ **`@bob`**"),
        ("\\@ada", "`\\@ada`"),
        ("&#64;ada &commat;bob", "`&#64;`ada `&commat;`bob"),
        ("@&#97;da", "@`&#97;`da"),
        ("https://e.x/@ada/x#12 y", "https://e.x/@ada/x#12 y"),
        ("[a](https://e.x)@ada", "[a](https://e.x)`@ada`"),
        ("fixes #12 and o/r#3, GH-4", "fixes `#12` and `o/r#3`, `GH-4`"),
        ("a ` b @ada c", "a ` b ``@ada`` c"),
        ("`x`@ada`y`", "`x` `@ada` `y`"),
        ("`@ada #1`", "`@ada #1`"),
        ("[@ada](https://e.x/#5)", "[`@ada`](https://e.x/#5)"),
        ("@ada@bob#1", "`@ada@bob#1`"),
        ("&#1234; stays", "&#1234; stays"),
    ];
    for (text, want) in cases {
        assert_eq!(clean(text), want, "{text:?}");
    }
}

#[test]
fn task_boxes_callouts_and_definitions_do_nothing() {
    let cases = [
        ("- [ ] a\n- [x] b", "- \\[ ] a\n- \\[x] b"),
        ("> [!IMPORTANT]\n> approved", "> \\[!IMPORTANT]\n> approved"),
        ("[CVE]: https://evil.example", "\\[CVE]: https://evil.example"),
        ("[^1]: note", "\\[^1]: note"),
        ("[a\nb]: /u\n\n[a b]", "\\[a\nb]: /u\n\n[a b]"),
    ];
    for (text, want) in cases {
        assert_eq!(clean(text), want, "{text:?}");
    }
}

#[test]
fn text_that_does_not_balance_is_fenced_whole() {
    let cases = [
        "```\ncode\n\n### Severity\n\nCritical",
        "~~~\ncode",
        "<details>\n\n### Severity",
        "</details>",
        "<!-- hidden",
        "x <div> y",
        "<script>\nalert(1)",
        "````\n```\n### Severity\n",
        "> ```\n> code\n\n### Severity",
        "<pre>\n```\n</pre>\n\n### Severity",
    ];
    for text in cases {
        let s = sanitise(text);
        assert!(s.fenced_whole, "{text:?} -> {:?}", s.markdown);
        assert!(s.markdown.contains(text), "the wording stays");
        assert_safe(text, &s);
    }
    assert!(sanitise("`````\n").markdown.starts_with("``````text\n"));
}

#[test]
fn what_nobody_sees_is_shown_and_line_ends_are_lf() {
    let s = sanitise("a\u{202e}b\r\nc\rd\u{2028}### X\u{b}### Y");
    assert_eq!(s.markdown, "a⟨U+202E⟩b\nc\nd⟨U+2028⟩### X⟨U+000B⟩### Y");
    assert_eq!(s.notes[0].rule, "sanitise.invisible");
    assert_eq!(s.notes[0].count, 3);
}

#[test]
fn a_report_of_a_real_kind_reads_the_same() {
    let text = "Hello,\n\nI found an SSRF in `fetch()`:\n\n1. start the server\n2. run\n\n```python\n# get it\nimport x\n\n@app.route('/')\n```\n\n| a | b |\n|---|---|\n| 1 | `x|y` |\n\nThanks *much* & regards\nAda";
    assert_eq!(clean(text), text);
}

#[test]
fn notes_carry_rule_count_and_evidence() {
    let s = sanitise("# One\n\n# Two\n\n@ada");
    let notes: Vec<_> = s.notes.iter().map(|n| (n.rule.as_str(), n.count, n.evidence.trim())).collect();
    assert_eq!(notes, [("sanitise.heading", 2, "# One"), ("sanitise.mention", 1, "@ada")]);
}

#[test]
fn the_callout_names_rule_and_evidence() {
    let md = with_injection_callout("body", &[("injection.override", "ignore all\n# rules @ada")]);
    assert!(md.starts_with("> [!IMPORTANT]\n"));
    assert!(md.contains("> - injection.override: ignore all \\# rules `@ada`\n"), "{md}");
    assert!(md.ends_with("\n\nbody"));
    assert_eq!(with_injection_callout("body", &[]), "body");
}

#[test]
fn short_text_shows_as_written_and_does_nothing() {
    for text in [
        "Ada Lovelace",
        "a*b_c`d[e](f)",
        "<script>alert(1)</script>",
        "- x",
        "1. x",
        "2) x",
        "+ x",
        "=== x",
        "# x",
        "> x",
        "a | b ~~c~~ $d$",
        "@ada o/r#12 GH-3",
        "Re: [SECURITY] #5 \\@x",
        "`@ada` `",
        "AT&T &lt; &#64;x",
        "http://e.x/@a_b_c",
        "![a](b)",
        "x <!-- entry 1 -->",
        "***",
        "~~~",
        "```",
    ] {
        let md = inline_text(text);
        assert_eq!(plain_text(&md), text, "{md}");
        assert_safe(text, &Sanitised { markdown: md, ..Sanitised::default() });
    }
    assert_eq!(inline_text("a\r\n### Severity\n\u{202e}b"), "a \\#\\#\\# Severity ⟨U+202E⟩b");
}

#[test]
fn a_report_is_read_with_its_blocks_apart() {
    for (markdown, want) in [
        ("one\ntwo", "one\ntwo"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("can:\n\n```\nGET /x\n-> 207\n```\n\n2.7.0 tested.", "can:\n\nGET /x\n-> 207\n\n2.7.0 tested."),
        ("Steps:\n\n1. log in\n2. look\n\nIt is there.", "Steps:\nlog in\nlook\n\nIt is there."),
        ("- a\n\n  more of a\n\n- b", "a\n\nmore of a\nb"),
        ("- Ann Archer", "Ann Archer"),
        ("## Head\nText", "Head\n\nText"),
        ("<b>x</b> y", "<b>x</b> y"),
        ("", ""),
    ] {
        assert_eq!(plain_text(markdown), want, "{markdown:?}");
    }
}

#[test]
fn hostile_text_takes_work_in_proportion() {
    for piece in [
        "[", "![", "> ", "*a_ ", "`", "` ``", "<", "<a", "<!-- ", "&#64;", "@a", "#1", "[a]: b\n", "- ",
        "```\n", "a\n=\n", "\\", "\\![", "<div>", "<?", "$", "| a ", "![](", "# a\n", "](", "a#1", "GH-1",
        "[@a](b) ", "`#1` @a ", "> # a\n", "[!NOTE]",
    ] {
        let work = |bytes: usize| {
            let text = piece.repeat(bytes / piece.len());
            edits::work::of(|| {
                let _ = sanitise(&text);
            })
        };
        let (small, large) = (work(4_000), work(16_000));
        // Four times the text; work that grew with its square would be sixteen times as much.
        assert!(large <= small * 6 + 4_000, "{piece:?}: {small} places, then {large}");
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "\n", "\n\n", " ", "    ", "\t", "```", "~~~", "````", "`", "### Severity\n", "# ", "\n### CWE\n", "> ", "- ", "1. ", "- [ ] ",
            "<details>", "</details>", "<summary>", "<!--", "-->", "<div>", "</div>", "<script>", "</script>", "<pre>", "<b>", "<img src=x>",
            "![", "[", "]", "](", ")", "]: /u", "[r]", "!", "*", "_", "**", "\\", "&", "&#64;", "&lt;", "@ada", "#12", "o/r#3", "GH-4",
            "===", "---", "\n---\n", "\n===\n", "|", "| - |\n", "<?", "<![CDATA[", "]]>", "?>", "\r", "\r\n", "\u{2028}", "\u{b}", "https://e.x/@a",
            "<https://e.x>", "<!-- generate-cve-json: cve=X -->", "$$", "~~",
        ]).prop_map(String::from),
        1 => "[ -~]{0,6}",
        1 => "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_result_is_always_safe(text in hostile()) {
        let s = sanitise(&text);
        assert_safe(&text, &s);
        if !s.fenced_whole {
            let again = sanitise(&s.markdown);
            prop_assert_eq!(&again.markdown, &s.markdown, "sanitising twice changes nothing");
        }
    }

    #[test]
    fn short_text_is_always_safe(text in hostile()) {
        let md = inline_text(&text);
        prop_assert!(!md.contains('\n'));
        assert_safe(&text, &Sanitised { markdown: md, ..Sanitised::default() });
    }
}
