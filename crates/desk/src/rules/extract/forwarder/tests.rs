use super::*;
use crate::{config::ForwarderConfig, people::Person};

fn adapter(name: &str) -> ForwarderConfig {
    ForwarderConfig {
        name: name.into(),
        senders: vec![r"security@relay\.example".into(), r"@relay\.example".into()],
        preamble: r"Dear PMC,\s+The security vulnerability report has been received".into(),
        credit: r"(?:discovered and reported by|Credit:|Reported by:)\s*([^.\n]+)".into(),
        ..ForwarderConfig::default()
    }
}

fn config() -> Config {
    Config { forwarder: vec![adapter("relay")], ..Config::default() }
}

fn mail(from: &str, body: &str) -> Message {
    Message {
        from: Address::new("Ann Roe", from),
        date: "2026-03-01T10:00:00Z".parse().ok(),
        text: body.into(),
        ..Message::default()
    }
}

const RELAYED: &str = "Dear PMC,\n\nThe security vulnerability report has been received by the relay team.\n\nThis issue was discovered and reported by Jane Doe of bugbunny.ai.\n";

fn codes(r: &ForwarderReport) -> Vec<&str> {
    r.problems.iter().map(|p| p.code.as_str()).collect()
}

fn run(m: &Message, c: &Config) -> ForwarderReport {
    detect(m, c, &Roster::default())
}

#[test]
fn a_relayed_report() {
    let r = run(&mail("ann@relay.example", RELAYED), &config());
    assert_eq!((r.adapter.as_deref(), r.mode), (Some("relay"), Mode::ViaForwarder));
    assert_eq!(r.contact.address.as_deref(), Some("ann@relay.example"));
    assert!(r.sender_matched && r.preamble.as_deref().is_some_and(|p| p.starts_with("Dear PMC,")));
    assert_eq!(r.credit.map(|c| c.name), Some("Jane Doe of bugbunny.ai".into()));
    assert!(r.problems.is_empty(), "{:?}", r.problems);
}

#[test]
fn either_signal_or_both() {
    let body = "Hello, there is a bug. Reported by: Jane Doe\n";
    assert!(run(&mail("ann@relay.example", body), &config()).adapter.is_some());
    assert!(run(&mail("jo@x.org", RELAYED), &config()).adapter.is_some());
    assert!(run(&mail("jo@x.org", body), &config()).adapter.is_none());

    let mut both = config();
    both.forwarder[0].require_both = true;
    let r = run(&mail("ann@relay.example", body), &both);
    assert_eq!((r.adapter.clone(), r.mode, r.sender_matched), (None, Mode::Direct, true));
    assert_eq!(codes(&r), ["sender-only"]);
    let r = run(&mail("jo@x.org", RELAYED), &both);
    assert_eq!((r.adapter.clone(), r.sender_matched, codes(&r)), (None, false, vec!["preamble-only"]));
    assert!(run(&mail("ann@relay.example", RELAYED), &both).adapter.is_some());
}

#[test]
fn preambles_are_found_near_the_top_behind_quote_marks_and_wraps() {
    let quoted = "\n\n> Dear PMC,\n>\n> The security vulnerability report has been\n> received.\n";
    let r = run(&mail("jo@x.org", quoted), &config());
    assert!(r.adapter.is_some());
    let late = format!("{}\n{RELAYED}", "filler ".repeat(80));
    assert!(run(&mail("jo@x.org", &late), &config()).adapter.is_none());
}

#[test]
fn senders_match_whole_domains() {
    for (from, want) in [
        ("ann@relay.example", true),
        ("ANN@RELAY.EXAMPLE", true),
        ("ann@relay.example.evil.example", false),
        ("ann@notrelay.example", false),
        ("ann@sub.relay.example", false),
    ] {
        assert_eq!(run(&mail(from, "hi"), &config()).sender_matched, want, "{from}");
    }
}

#[test]
fn missing_things_are_problems() {
    let r = run(&Message::default(), &Config::default());
    assert_eq!(codes(&r), ["missing-from", "missing-date", "missing-body", "no-forwarder-config"]);
    let mut c = config();
    c.forwarding.enabled = vec!["other".into()];
    let r = run(&mail("ann@relay.example", RELAYED), &c);
    assert_eq!((r.adapter.clone(), codes(&r)), (None, vec!["forwarder-undefined"]));
    let mut c = config();
    c.forwarder[0].preamble = "(".into();
    assert!(codes(&run(&mail("jo@x.org", "hi"), &c)).contains(&"bad-pattern"));
}

#[test]
fn order_and_enabling() {
    let mut c = config();
    c.forwarder.push(adapter("second"));
    assert_eq!(run(&mail("ann@relay.example", RELAYED), &c).adapter.as_deref(), Some("relay"));
    c.forwarding.enabled = vec!["second".into(), "relay".into()];
    assert_eq!(run(&mail("ann@relay.example", RELAYED), &c).adapter.as_deref(), Some("second"));
    c.forwarding.enabled = vec!["second".into()];
    assert_eq!(run(&mail("ann@relay.example", RELAYED), &c).adapter.as_deref(), Some("second"));
}

#[test]
fn a_body_that_asks_for_another_adapter_is_flagged() {
    let mut c = config();
    c.forwarder.push(ForwarderConfig { senders: vec!["@never.example".into()], ..adapter("bounty-relay") });
    for line in [
        "Please route this via the bounty-relay adapter.",
        "forwarder: bounty-relay",
        "<!-- routing-mode direct -->",
        "Use the adapter some-other",
    ] {
        let r = run(&mail("ann@relay.example", &format!("{RELAYED}\n{line}\n")), &c);
        assert_eq!(r.adapter.as_deref(), Some("relay"));
        assert_eq!(codes(&r), ["other-adapter-claimed"], "{line}");
    }
    let r =
        run(&mail("jo@x.org", "The USB adapter class leaks memory: use a different forwarder in HTTP."), &c);
    assert!(r.problems.is_empty(), "{:?}", r.problems);
}

#[test]
fn robots_lists_and_handles_are_not_addresses() {
    let mut c = config();
    c.mail.lists.foundation_security = "security@relay.example".into();
    let r = run(&mail("notifications@forge.example", "A report was opened. Credit: Jane Doe\n"), &c);
    assert_eq!((r.mode, r.contact.address.clone()), (Mode::ViaForwarder, None));
    assert_eq!(codes(&r), ["unaddressable"]);
    let r = run(&mail("security@relay.example", RELAYED), &c);
    assert_eq!((r.adapter.is_some(), r.contact.address), (true, None));
    let mut m = mail("security@relay.example", RELAYED);
    m.reply_to = vec![Address::new("Ann", "ann@relay.example")];
    assert_eq!(run(&m, &c).contact.address.as_deref(), Some("ann@relay.example"));
    c.forwarder[0].contact_handle = "@annroe".into();
    c.forwarder[0].contact = "annroe".into();
    let r = run(&mail("ann@relay.example", RELAYED), &c);
    assert_eq!(
        r.contact,
        Contact { address: Some("ann@relay.example".into()), handle: Some("annroe".into()) }
    );
    assert_eq!(codes(&r), ["contact-not-an-address"]);
    let mut m = mail("noreply@form.example", "Bug. Credit: Jo");
    m.reply_to = vec![Address::new("Jo", "jo@x.org")];
    let r = run(&m, &c);
    assert_eq!((r.mode, r.contact.address.as_deref()), (Mode::Direct, Some("jo@x.org")));
}

#[test]
fn a_forwarder_on_the_roster_is_a_warning() {
    let roster = Roster {
        people: vec![Person {
            handle: "ann".into(),
            emails: vec!["ann@relay.example".into()],
            ..Person::default()
        }],
    };
    let r = detect(&mail("ann@relay.example", RELAYED), &config(), &roster);
    assert!(r.adapter.is_some() && r.collaborator_warning);
}

#[test]
fn credits_of_relayed_mail() {
    for (body, want) in [
        ("Dear PMC. Reported by: bugbunny.ai", Some("bugbunny.ai")),
        ("Credit: Jane Doe <jane@x.org>\n", Some("Jane Doe")),
        ("discovered and reported by Jane Doe of\nExample Labs.", Some("Jane Doe of Example Labs")),
        ("No names here.", None),
        ("The finder is Jane Doe.", Some("Jane Doe")),
        ("Reported by: Jane Doe. Please do not credit me.", Some("anonymous")),
    ] {
        let r = run(&mail("ann@relay.example", body), &config());
        assert_eq!(r.credit.as_ref().map(|c| c.name.as_str()), want, "{body} {r:?}");
        assert_eq!(codes(&r).contains(&"credit-unknown"), want.is_none());
    }
    let r = run(&mail("ann@relay.example", "Credit: Jane Doe <jane@x.org>\n"), &config());
    assert_eq!(r.credit.map(|c| (c.kind, c.raw)), Some((CreditKind::Human, "Jane Doe <jane@x.org>".into())));
}

#[test]
fn keys_are_the_contract() {
    let v = serde_json::to_value(run(&mail("ann@relay.example", RELAYED), &config())).unwrap();
    for key in [
        "match",
        "mode",
        "contact",
        "sender_matched",
        "preamble",
        "collaborator_warning",
        "credit",
        "problems",
    ] {
        assert!(v.get(key).is_some(), "{key}");
    }
    assert_eq!(v["mode"], "via-forwarder");
    assert_eq!(v["credit"]["kind"], "human");
}

#[test]
fn the_block_keeps_the_inner_text() {
    let b = reporter_addressing_block(
        "For the reporter:",
        Some("https://a.example/1"),
        "Hi Jane,",
        "See ```x```\nBye",
    );
    assert_eq!(
        b,
        "For the reporter:\n\nhttps://a.example/1\n\n````text\nHi Jane,\n\nSee ```x```\nBye\n````\n"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(8))]
    #[test]
    fn never_panics(from in "\\PC{0,30}", body in "\\PC{0,300}") {
        let _ = run(&mail(&from, &body), &config());
    }
}
