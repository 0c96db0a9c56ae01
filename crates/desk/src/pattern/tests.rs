use proptest::prelude::*;

use super::*;

/// Pieces from which patterns are put together: each class, boundary and case matter beyond ASCII.
fn piece() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "K",
        "s",
        "ß",
        "é",
        "я",
        "注",
        r"\w",
        r"\W",
        r"\d",
        r"\s",
        r"\S",
        ".",
        r"(?-u:\b)",
        r"\b",
        r"\B",
        "^",
        "$",
        "(?m:^)",
        "(?m:$)",
        r"[a-zé]",
        r"[^a]",
        r"[^é]",
        r"\p{L}",
        r"\p{Lu}",
        r"(?-u:\w)",
        r"[\w.-]",
        "-",
        " ",
        "",
        r"\n",
        "Kas",
        "aks ",
        "k.s",
        "sK-",
        r"as\s+a",
        "aaa|kk1|ssa",
        "[ks]a[ak]",
        "я注я",
        r"\b{start-half}",
        r"\b{end}",
        r"(?-u:\b{start})",
        "(?i:k)",
        "(?i:ſ)",
        r"\x{E000}",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|v| v.concat()),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|v| format!("(?:{})", v.join("|"))),
            inner.clone().prop_map(|p| format!("({p})")),
            (inner, prop::sample::select(vec!["*", "+", "?", "{0,2}", "{2}", "*?", "+?", "??"]))
                .prop_map(|(p, r)| format!("(?:{p}){r}")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    let chars = prop::sample::select(vec![
        'a', 'K', 'k', 's', 'S', '.', '-', ' ', '\n', '1', '_', 'é', 'É', 'ſ', 'я', '注', 'ß', '\u{212A}',
        '\u{E000}',
    ]);
    let plain = prop::sample::select(vec!['a', 'K', 'k', 's', 'S', '.', '-', ' ', '\n', '1', '_', 'b']);
    let words = prop::sample::select(vec![
        "kas", "AKS", "aks  ", "as\n\na", "ſK-", "kk1", "aaa", "я注я", "saa", " ", "K", ".",
    ]);
    prop_oneof![
        prop::collection::vec(chars, 0..16).prop_map(|v| v.into_iter().collect()),
        prop::collection::vec(plain, 0..16).prop_map(|v| v.into_iter().collect()),
        prop::collection::vec(words, 0..6).prop_map(|v| v.concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn finds_what_the_regex_crate_finds(pattern in piece(), insensitive: bool, text in text()) {
        let theirs = regex::RegexBuilder::new(&pattern).case_insensitive(insensitive).build();
        let ours = RegexBuilder::new(&pattern).case_insensitive(insensitive).build();
        prop_assert_eq!(theirs.is_ok(), ours.is_ok());
        let (Ok(theirs), Ok(ours)) = (theirs, ours) else { return Ok(()) };
        prop_assert_eq!(theirs.captures_len(), ours.captures_len());
        // Again and again: the second search knows the text.
        for _ in 0..3 {
            prop_assert_eq!(theirs.is_match(&text), ours.is_match(&text));
        }
        let all = |c: regex::Captures<'_>| -> Vec<_> { (0..theirs.captures_len()).map(|i| c.get(i).map(|m| m.range())).collect() };
        let own = |c: Captures<'_>| -> Vec<_> { (0..theirs.captures_len()).map(|i| c.get(i).map(|m| m.range())).collect() };
        let theirs_all: Vec<_> = theirs.captures_iter(&text).map(all).collect();
        let ours_all: Vec<_> = ours.captures_iter(&text).map(own).collect();
        prop_assert_eq!(theirs_all, ours_all);
        let theirs_found: Vec<_> = theirs.find_iter(&text).map(|m| m.range()).collect();
        let ours_found: Vec<_> = ours.find_iter(&text).map(|m| m.range()).collect();
        prop_assert_eq!(theirs_found, ours_found);
        for at in (0..=text.len()).filter(|i| text.is_char_boundary(*i)) {
            let (a, b) = (theirs.find_at(&text, at), ours.find_at(&text, at));
            prop_assert_eq!(a.map(|m| m.range()), b.map(|m| m.range()));
        }
        let (a, b): (Vec<_>, Vec<_>) = (theirs.split(&text).collect(), ours.split(&text).collect());
        prop_assert_eq!(a, b);
        prop_assert_eq!(theirs.replace_all(&text, "<$1|${0}>$$x"), ours.replace_all(&text, "<$1|${0}>$$x"));
        prop_assert_eq!(theirs.replace(&text, "_"), ours.replace(&text, "_"));
    }
}

#[test]
fn names_hold_in_both_sizes() {
    let re = Regex::new(r"(?P<far>注+)|(?P<near>\w+)").unwrap();
    for (text, far, near) in
        [("abc", None, Some("abc")), ("注注", Some("注注"), None), ("é", None, Some("é"))]
    {
        let c = re.captures(text).unwrap();
        assert_eq!(c.name("far").map(|m| m.as_str()), far, "{text}");
        assert_eq!(c.name("near").map(|m| m.as_str()), near, "{text}");
        assert_eq!(re.replace_all(text, "[$near]"), format!("[{}]", near.unwrap_or_default()));
    }
}

#[test]
fn what_cannot_match_ascii_is_never_compiled_for_it() {
    let re = Regex::new("漏洞|弱点").unwrap();
    assert!(!re.is_match("a vulnerability"));
    assert!(re.0.ascii.is_none() && re.0.small.get().is_none() && re.0.whole.get().is_none());
    assert!(re.is_match("一个漏洞"));
}

#[test]
fn a_pattern_of_a_stranger_is_held_to_its_limit_at_once() {
    assert!(RegexBuilder::new(r"\w{1000}").size_limit(1 << 20).build().is_err());
    assert!(RegexBuilder::new(r"\w{10}").size_limit(1 << 20).build().is_ok());
    assert!(Regex::new("(").is_err());
}
