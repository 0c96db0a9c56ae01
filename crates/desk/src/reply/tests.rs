//! Tests of the canned replies.

use proptest::prelude::*;

use super::*;

fn samples() -> Values {
    Placeholder::ALL.iter().fold(Values::new(), |v, p| v.with(*p, p.sample()))
}

fn load_one(text: &str) -> Result<Library, Vec<String>> {
    Library::load(&[("replies/x.md", text)]).map_err(|e| e.iter().map(ToString::to_string).collect())
}

#[test]
fn every_builtin_loads() {
    let library = Library::load(&[]).unwrap();
    for id in ReplyId::ALL {
        let t = library.get(*id).unwrap();
        assert_eq!(Library::builtin().resolve(&t.name), Some(*id), "{}", t.name);
    }
    assert_eq!(library.templates().count(), ReplyId::ALL.len());
    assert_eq!(Library::builtin(), &library);
}

#[test]
fn every_builtin_fills_and_keeps_the_house_style() {
    let library = Library::builtin();
    for &id in ReplyId::ALL {
        let filled = library.fill(id, &samples(), None).unwrap();
        assert_eq!(check_style(&filled), [], "{id}");
        let text = filled.text();
        for p in Placeholder::ALL {
            assert!(!text.contains(p.as_str()), "{id}: {p} is left in\n{text}");
        }
        assert!(text.ends_with("security team\n"), "{id}");
        assert!(text.lines().all(|l| l.len() <= 100), "{id}");
        let greets = filled.paragraphs.first().map(|p| p.kind);
        assert_eq!(greets, Some(ParagraphKind::Greeting), "{id}");
    }
}

#[test]
fn receipt_asks_for_credit_and_names_the_window() {
    let values = samples().with(Placeholder::CreditQuestion, CREDIT_QUESTION_PERSON);
    let text = Library::builtin().fill(ReplyId::Receipt, &values, None).unwrap().text();
    assert!(text.contains("how would you like to be credited"));
    assert!(text.contains("within 90\ndays"));
}

#[test]
fn credit_questions_are_one_paragraph_each() {
    for q in [CREDIT_QUESTION_PERSON, CREDIT_QUESTION_TOOL] {
        assert_eq!(Kind::Paragraph.check(q.trim()), Ok(()));
        assert!(q.contains('?') && q.lines().count() <= 4);
    }
}

#[test]
fn empty_optional_values_leave_no_trace() {
    let values = samples()
        .with(Placeholder::CreditQuestion, "")
        .with(Placeholder::ReporterName, "  ")
        .with(Placeholder::SecurityPolicyUrl, "");
    let text = Library::builtin().fill(ReplyId::Receipt, &values, None).unwrap().text();
    assert!(text.starts_with("Hello,\n\nYour report"), "{text}");
    assert!(!text.contains("\n\n\n") && !text.contains(" ,") && !text.contains("described here"), "{text}");
    assert!(text.contains("changes.\n\nSam Doe"), "{text}");
}

#[test]
fn missing_and_unfit_values_are_refused() {
    let fill = |id, v: Values| Library::builtin().fill(id, &v, None).unwrap_err().to_string();
    let with = |p, v: &str| samples().with(p, v);
    use Placeholder as P;
    let cases = [
        (
            fill(ReplyId::CveAllocated, with(P::CveId, "")),
            "`cve_allocated` needs a value for CVE_ID (The CVE id of this report.)",
        ),
        (
            fill(ReplyId::CreditQuestion, with(P::CreditQuestion, "")),
            "`credit_question` needs a value for CREDIT_QUESTION (The credit question; empty when it was asked before.)",
        ),
        (fill(ReplyId::CveAllocated, with(P::CveId, "CVE-26-1")), "the value for CVE_ID is not a CVE id"),
        (
            fill(ReplyId::CveAllocated, with(P::CveId, "CVE-2026-12345\nBcc: x")),
            "the value for CVE_ID holds a line break",
        ),
        (
            fill(ReplyId::PrOpened, with(P::PrUrl, "http://code.example.org/1")),
            "the value for PR_URL is no https address",
        ),
        (
            fill(ReplyId::PrOpened, with(P::PrUrl, "https://me:pw@code.example.org/1")),
            "the value for PR_URL holds a user name",
        ),
        (
            fill(ReplyId::PrOpened, with(P::PrUrl, "https://code.example.org/a b")),
            "the value for PR_URL holds a character that no address holds",
        ),
        (fill(ReplyId::PrOpened, with(P::PrUrl, "https:///x")), "the value for PR_URL has no host"),
        (
            fill(ReplyId::AlreadyPublic, with(P::FixUrls, "https://a.example/1\nnot one")),
            "the value for FIX_URLS is no https address",
        ),
        (
            fill(ReplyId::Receipt, with(P::ReporterName, "Ada\nExample")),
            "the value for REPORTER_NAME holds a line break",
        ),
        (
            fill(ReplyId::Receipt, with(P::ReporterName, "Ada\u{202e}")),
            "the value for REPORTER_NAME holds an invisible or direction-changing character",
        ),
        (
            fill(ReplyId::Receipt, with(P::ReporterName, "win at https://x.example")),
            "the value for REPORTER_NAME is not a plain name",
        ),
        (
            fill(ReplyId::Receipt, with(P::ReporterName, "a\u{7}b")),
            "the value for REPORTER_NAME holds a control character",
        ),
        (
            fill(ReplyId::Receipt, with(P::WindowDays, "0")),
            "the value for WINDOW_DAYS is not a number of days from 1 to 3650",
        ),
        (
            fill(ReplyId::Receipt, with(P::WindowDays, "+90")),
            "the value for WINDOW_DAYS is not a number of days from 1 to 3650",
        ),
        (
            fill(ReplyId::Released, with(P::Release, "2.8.3 <b>")),
            "the value for RELEASE is not the name of a release",
        ),
        (
            fill(ReplyId::Receipt, with(P::CreditQuestion, "one\n\ntwo")),
            "the value for CREDIT_QUESTION holds an empty line",
        ),
    ];
    for (got, want) in cases {
        assert_eq!(got, want);
    }
}

#[test]
fn a_value_that_looks_like_a_placeholder_stays_as_it_is() {
    let values = samples().with(Placeholder::ReporterName, "CVE_ID");
    let text = Library::builtin().fill(ReplyId::CveAllocated, &values, None).unwrap().text();
    assert!(text.starts_with("Hello CVE_ID,\n"));
}

#[test]
fn drifting_names_resolve() {
    use ReplyId as R;
    let cases = [
        ("receipt", R::Receipt),
        ("Confirmation of receiving the report", R::Receipt),
        ("confirmation of receiving report", R::Receipt),
        ("Negative assessment — out of scope per the Security Model", R::OutOfScope),
        ("“Negative assessment - out-of-scope per Security Model”", R::OutOfScope),
        ("Negative assessment — not a vulnerability", R::NotVulnerability),
        ("Automated scanning results", R::AutomatedScan),
        ("automated-scan", R::AutomatedScan),
        ("Consolidated multi-issue report", R::Consolidated),
        ("Sending multiple issues in consolidated report", R::Consolidated),
        ("Media / research-disclosure request", R::Media),
        ("When someone submits a media report", R::Media),
        ("Publicly-disclosed issue", R::AlreadyPublic),
        ("publicly disclosed issues", R::AlreadyPublic),
        ("CVE allocated", R::CveAllocated),
        ("Fix PR opened", R::PrOpened),
        ("Fix PR merged", R::PrMerged),
        ("Release shipped", R::Released),
        ("Advisory sent", R::AdvisorySent),
        ("CVE published", R::CvePublished),
        ("Credit correction", R::CreditFix),
        ("Dag-author input", R::TrustedAuthor),
        ("authenticated DoS", R::AuthenticatedDos),
        ("self-XSS", R::SelfXss),
        ("image scan", R::AutomatedScan),
        ("connection configuration", R::OperatorConfig),
        ("parameter injection", R::CallerParameters),
    ];
    for (name, id) in cases {
        assert_eq!(ReplyId::resolve(name), Some(id), "{name}");
    }
    for name in ["", "the", "mediaa", "negative", "no such reply"] {
        assert_eq!(ReplyId::resolve(name), None, "{name}");
    }
    assert_eq!(ReplyId::closest("automated scaning result"), Some(R::AutomatedScan));
    assert_eq!(ReplyId::closest("xyzzy"), None);
}

#[test]
fn no_name_means_two_replies() {
    for &id in ReplyId::ALL {
        for name in id.aliases().iter().copied().chain([id.as_str()]) {
            assert_eq!(ReplyId::resolve(name), Some(id), "{name}");
        }
        assert_eq!(serde_json::to_value(id).unwrap(), id.as_str());
    }
}

#[test]
fn an_override_replaces_the_wording_and_adds_names() {
    let library = load_one(
        "---\r\nid: media\r\nname: Press\r\naliases: Journalist; Podcast invitation\r\n---\r\n\r\nHello,\r\n\r\nplease ask elsewhere.\r\n\r\nTEAM_SIGNATURE\r\n",
    )
    .unwrap();
    assert_eq!(library.resolve("journalists"), Some(ReplyId::Media));
    assert_eq!(library.resolve("Press"), Some(ReplyId::Media));
    let text = library.fill(ReplyId::Media, &samples(), None).unwrap().text();
    assert_eq!(text, "Hello,\n\nplease ask elsewhere.\n\nSam Doe\nfor the Example Server security team\n");
    assert_eq!(library.get(ReplyId::Receipt), Library::builtin().get(ReplyId::Receipt));
}

#[test]
fn template_errors_name_file_and_line() {
    let known_ids: Vec<_> = ReplyId::ALL.iter().map(|i| i.as_str()).collect();
    let known: Vec<_> = Placeholder::ALL.iter().map(|p| p.as_str()).collect();
    let (known, known_ids) = (known.join(", "), known_ids.join(", "));
    let cases: Vec<(&str, Vec<String>)> = vec![
        ("Hello,\n", vec!["replies/x.md:1: the file must begin with a head between two lines of `---`".into()]),
        ("---\nid: media\n", vec!["replies/x.md:1: the head is not closed by a second line of `---`".into()]),
        ("---\nname: x\n---\nbody\n", vec!["replies/x.md:1: the head has no `id`".into()]),
        (
            "---\nid: out-of-scope\n---\nbody\n",
            vec!["replies/x.md:2: unknown id `out-of-scope`; did you mean `out_of_scope`?".into()],
        ),
        (
            "---\nid: xyzzy\n---\nbody\n",
            vec![format!("replies/x.md:2: unknown id `xyzzy`; known: {known_ids}")],
        ),
        ("---\nid: media\n---\n\n", vec!["replies/x.md:2: the body is empty".into()]),
        (
            "---\nid: media\nid: media\ncolour: red\nnonsense\n---\nbody\n",
            vec![
                "replies/x.md:3: `id` stands twice in the head".into(),
                "replies/x.md:4: unknown key `colour`; known: id, name, aliases, placeholders".into(),
                "replies/x.md:5: expected `key: value`, found `nonsense`".into(),
            ],
        ),
        (
            "---\nid: media\n---\nHello REPORTER_NAME,\n\nsee TRACKER_URL\n",
            vec![format!("replies/x.md:6: unknown placeholder `TRACKER_URL`; known: {known}")],
        ),
        (
            "---\nid: media\nplaceholders: REPORTER_NAME, PR_URL\n---\nHello REPORTER_NAME,\n\nTEAM_SIGNATURE\n",
            vec![
                "replies/x.md:3: `PR_URL` is declared but does not stand in the body".into(),
                "replies/x.md:7: `TEAM_SIGNATURE` stands in the body but is not declared".into(),
            ],
        ),
        (
            "---\nid: receipt\n---\nWithin WINDOW_DAYS days.\n",
            vec!["replies/x.md:2: `receipt` must hold CREDIT_QUESTION (The credit question; empty when it was asked before.)".into()],
        ),
        (
            "---\nid: media\naliases: Self-XSS\n---\nbody\n",
            vec!["replies/x.md:2: the name `Self-XSS` means `self_xss`".into()],
        ),
    ];
    for (text, want) in cases {
        assert_eq!(load_one(text), Err(want), "{text}");
    }
    let twice =
        Library::load(&[("a.md", "---\nid: media\n---\nbody\n"), ("b.md", "---\nid: media\n---\nbody\n")]);
    let errors: Vec<_> = twice.unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(errors, ["b.md:2: `media` is given by a.md already"]);
}

#[test]
fn the_addition_is_a_removable_block_before_the_signature() {
    let library = Library::builtin();
    let plain = library.fill(ReplyId::Media, &samples(), None).unwrap();
    let added =
        library.fill(ReplyId::Media, &samples(), Some("The page you need:\n\nhttps://a.example/\n")).unwrap();
    assert!(added.text().contains(
        "\n\n> **[Inline addition for this report]**\n> The page you need:\n>\n> https://a.example/\n\nSam Doe\n"
    ));
    assert_eq!(added.canned_text(), plain.text());
    assert_eq!(library.fill(ReplyId::Media, &samples(), Some(" \n")).unwrap(), plain);
    let error = library.fill(ReplyId::Media, &samples(), Some("see ADVISORY_URL")).unwrap_err();
    assert_eq!(error.to_string(), "the addition holds the placeholder ADVISORY_URL; write the value itself");
    let error = library.fill(ReplyId::Media, &samples(), Some("a\0b")).unwrap_err();
    assert_eq!(error.to_string(), "the addition holds a control character");
}

#[test]
fn a_bundle_lists_every_title_and_asks_once() {
    let titles =
        ["Scheduler: missing check".to_owned(), "Console: stored script".to_owned(), "Third".to_owned()];
    let values = samples().with(Placeholder::CreditQuestion, CREDIT_QUESTION_PERSON);
    let filled = Library::builtin().bundle(&titles, &values, None).unwrap();
    let text = filled.text();
    assert!(text.contains("\n\n- Scheduler: missing check\n- Console: stored script\n- Third\n\n"), "{text}");
    assert_eq!(text.matches('?').count(), 1);
    assert_eq!(check_style(&filled), []);
    let one = Library::builtin().bundle(&titles[..1], &values, None).unwrap_err();
    assert_eq!(one.to_string(), "a bundled receipt covers at least two reports, not 1");
    let broken = Library::builtin().bundle(&["a".into(), "b\nc".into()], &values, None).unwrap_err();
    assert_eq!(broken.to_string(), "the value for REPORT_TITLES holds a line break");
}

#[test]
fn a_relay_carries_the_inner_text_unchanged() {
    let library = Library::builtin();
    let inner = library.fill(ReplyId::AdvisorySent, &samples(), None).unwrap();
    let values =
        Values::new().with(Placeholder::TeamSignature, "Sam Doe").with(Placeholder::ForwarderName, "Rowan");
    let text = library.relay(&inner, &values).unwrap().text();
    assert!(
        text.contains(&format!("----- for the reporter -----\n\n{}\n----- end -----", inner.text())),
        "{text}"
    );
    assert!(!text.contains("credit"));
}

#[test]
fn house_style_is_checked() {
    let filled = |body: &[&str], id| Filled {
        id,
        paragraphs: body
            .iter()
            .map(|t| Paragraph { kind: ParagraphKind::Body, text: (*t).to_owned() })
            .collect(),
    };
    let rules =
        |body: &[&str], id| -> Vec<&str> { check_style(&filled(body, id)).iter().map(|f| f.rule).collect() };
    let cases: &[(&[&str], &[&str])] = &[
        (&["a", "b", "c"], &[]),
        (&["a", "b", "c", "d"], &["reply.style.paragraphs"]),
        (&["The CVSS score is 9.8"], &["reply.style.cvss"]),
        (&["vector AV:N/AC:L/PR:N"], &["reply.style.cvss"]),
        (&["see #12 for this"], &["reply.style.bare-number"]),
        (&["(#12)"], &["reply.style.bare-number"]),
        (&["https://a.example/page#12 and C#12"], &[]),
        (&["read [this](https://a.example/)"], &["reply.style.markup"]),
        (&["a <b>bold</b> word"], &["reply.style.markup"]),
        (&["< 2.8.3 and > 2.6"], &[]),
        (&["http://a.example/"], &["reply.style.http"]),
    ];
    for (body, want) in cases {
        assert_eq!(rules(body, ReplyId::Released), *want, "{body:?}");
    }
    assert_eq!(rules(&["a", "b", "c", "d"], ReplyId::Receipt), [""; 0]);
    assert_eq!(rules(&["x".repeat(701).as_str()], ReplyId::Released), ["reply.style.long"]);
}

#[test]
fn every_negative_reply_has_an_opening_of_its_own() {
    let all = openings();
    let negative: Vec<_> = ReplyId::ALL.iter().filter(|i| i.is_negative()).copied().collect();
    assert_eq!(all.iter().map(|o| o.id).collect::<Vec<_>>(), negative);
    for &id in ReplyId::ALL {
        let text = Library::builtin().fill(id, &samples(), None).unwrap().text();
        let head: String = text.chars().take(300).collect();
        let found: Vec<_> = all.iter().filter(|o| o.found_in(&head)).map(|o| o.id).collect();
        let want = if id.is_negative() { vec![id] } else { vec![] };
        assert_eq!(found, want, "{id}");
    }
}

#[test]
fn openings_stand_in_the_answered_threads_of_the_sample_mailbox() {
    let mailbox = String::from_utf8_lossy(include_bytes!("../../../../examples/mailbox.mbox"));
    let hits = |id| {
        let opening = openings().iter().find(|o| o.id == id).unwrap();
        mailbox
            .split("\nFrom ")
            .filter(|m| {
                m.contains("\nFrom: Marit") || m.contains("\nFrom: Ifeoma") || m.contains("\nFrom: Tomasz")
            })
            .filter(|m| opening.found_in(m))
            .count()
    };
    assert_eq!(hits(ReplyId::OutOfScope), 3);
    assert_eq!(hits(ReplyId::NotVulnerability), 1);
    assert_eq!(hits(ReplyId::Media), 0);
}

#[test]
fn the_sample_replies_load() {
    let library = Library::load(&[
        (
            "examples/replies/trusted_author.md",
            include_str!("../../../../examples/replies/trusted_author.md"),
        ),
        ("examples/replies/media.md", include_str!("../../../../examples/replies/media.md")),
    ])
    .unwrap();
    for id in [ReplyId::TrustedAuthor, ReplyId::Media] {
        assert_ne!(library.get(id), Library::builtin().get(id));
        let filled = library.fill(id, &samples(), None).unwrap();
        assert_eq!(check_style(&filled), []);
    }
    assert_eq!(library.resolve("pipeline author input"), Some(ReplyId::TrustedAuthor));
}

#[test]
fn the_reference_lists_every_id_and_placeholder() {
    let page = reference_markdown();
    for id in ReplyId::ALL {
        assert!(page.contains(&format!("| `{id}` | ")), "{id}");
    }
    for p in Placeholder::ALL {
        assert!(page.contains(&format!("| `{p}` | ")), "{p}");
    }
    assert!(page.lines().all(|l| !l.starts_with('|') || l.matches('|').count() >= 6));
}

/// The template's body as written, split at its placeholders.
fn words_of(id: ReplyId) -> Vec<String> {
    let t = Library::builtin().get(id).unwrap();
    t.paragraphs
        .iter()
        .flat_map(|p| &p.lines)
        .flatten()
        .filter_map(|p| match p {
            template::Piece::Text(t) => Some(t.clone()),
            template::Piece::Slot(_) => None,
        })
        .collect()
}

fn value_of(p: Placeholder) -> BoxedStrategy<String> {
    match p.kind() {
        Kind::Name | Kind::Line => "[a-zé]{1,12}( [a-zé]{1,12}){0,3}".boxed(),
        Kind::Days => (1u32..3651).prop_map(|d| d.to_string()).boxed(),
        Kind::Url | Kind::Urls => "https://[a-z]{1,9}\\.example/[a-z0-9/?=&%-]{0,30}".boxed(),
        Kind::CveId => "CVE-20[0-9]{2}-[0-9]{4,7}".boxed(),
        Kind::Release => "[0-9]{1,2}\\.[0-9]{1,2}(-rc[1-9])?".boxed(),
        Kind::Paragraph | Kind::Message => "[a-z]{1,9}(\n?[ a-z]{0,20}[a-z])?".boxed(),
    }
}

fn all_values() -> impl Strategy<Value = Values> {
    Placeholder::ALL
        .iter()
        .map(|p| value_of(*p).prop_map(move |v| (*p, v)))
        .collect::<Vec<_>>()
        .prop_map(|vs| vs.into_iter().fold(Values::new(), |all, (p, v)| all.with(p, v)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_fill_leaves_no_placeholder_and_every_word_of_the_template(values in all_values(), n in 0..ReplyId::ALL.len()) {
        let id = ReplyId::ALL[n];
        let filled = Library::builtin().fill(id, &values, None).unwrap();
        let text = filled.text();
        for p in Placeholder::ALL {
            prop_assert!(!text.contains(p.as_str()));
        }
        let mut rest = text.as_str();
        for words in words_of(id) {
            let at = rest.find(&words);
            prop_assert!(at.is_some(), "{words:?} is missing in {text}");
            rest = &rest[at.unwrap() + words.len()..];
        }
    }

    #[test]
    fn reading_a_template_never_panics(text in "(---\n)?(id: media\n)?(.|\n){0,200}") {
        let _ = Library::load(&[("x.md", &text)]);
    }

    #[test]
    fn filling_never_panics_and_refuses_what_it_cannot_check(name in any::<String>(), url in any::<String>(), n in 0..ReplyId::ALL.len()) {
        let values = samples().with(Placeholder::ReporterName, name.clone()).with(Placeholder::PrUrl, url);
        if let Ok(filled) = Library::builtin().fill(ReplyId::ALL[n], &values, Some(&name)) {
            prop_assert!(!filled.canned_text().contains('\r'));
            let _ = check_style(&filled);
        }
        let _ = (ReplyId::resolve(&name), ReplyId::closest(&name));
        for o in openings() { let _ = o.found_in(&name); }
    }
}
