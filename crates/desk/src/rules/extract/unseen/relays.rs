//! Relayed messages written after the rules.

use crate::{
    config::{Config, ForwarderConfig, Forwarding},
    mail::{Address, Message},
    people::{Person, Roster},
    rules::extract::forwarder::{ForwarderReport, Mode, detect},
};

fn config() -> Config {
    let foundation = ForwarderConfig {
        name: "foundation".into(),
        senders: vec![r"@foundation\.example$".into()],
        preamble: r"^Dear PMC,.*vulnerability report .*received".into(),
        credit: r"(?:discovered and reported by|Credit:|Reported by:)\s*([\w ]+)".into(),
        require_both: true,
        ..ForwarderConfig::default()
    };
    let bounty = ForwarderConfig {
        name: "bounty-house".into(),
        senders: vec![r"^no-reply@bounty\.example$".into(), r"triage@bounty\.example".into()],
        preamble: r"A new report has been submitted to your program".into(),
        contact_handle: "bountytriage".into(),
        ..ForwarderConfig::default()
    };
    let national = ForwarderConfig {
        name: "national-cert".into(),
        preamble: r"(?s)Tracking number: NC#\d+".into(),
        contact: "desk@cert.example".into(),
        ..ForwarderConfig::default()
    };
    let mut c = Config { forwarder: vec![foundation, bounty, national], ..Config::default() };
    c.mail.lists.security = "security@project.example".into();
    c.mail.lists.foundation_security = "security@foundation.example".into();
    c
}

fn mail(from: (&str, &str), body: &str) -> Message {
    Message {
        from: Address::new(from.0, from.1),
        date: "2026-03-01T10:00:00Z".parse().ok(),
        text: body.into(),
        ..Message::default()
    }
}

const ANN: (&str, &str) = ("Ann Roe", "ann@foundation.example");
const DEAR: &str =
    "Dear PMC,\n\nThe following security vulnerability report was\nreceived at the foundation.\n\n";

fn row(r: &ForwarderReport) -> String {
    let codes: Vec<&str> = r.problems.iter().map(|p| p.code.as_str()).collect();
    format!(
        "{} {} {} {} {} {} [{}]",
        r.adapter.as_deref().unwrap_or("-"),
        if r.mode == Mode::Direct { "direct" } else { "via" },
        r.contact.address.as_deref().unwrap_or("-"),
        r.contact.handle.as_deref().unwrap_or("-"),
        r.sender_matched,
        r.credit.as_ref().map_or("-", |c| c.name.as_str()),
        codes.join(" ")
    )
}

#[test]
fn unseen_relays() {
    let dear = |rest: &str| format!("{DEAR}{rest}");
    let table: Vec<(Message, &str)> = vec![
        (
            mail(ANN, &dear("Credit: Kim Lee, Example Inc.")),
            "foundation via ann@foundation.example - true Kim Lee, Example Inc. []",
        ),
        (
            mail(ANN, &dear("This was discovered and reported by Kim Lee of\nNorth.io Security. Thanks.")),
            "foundation via ann@foundation.example - true Kim Lee of North.io Security []",
        ),
        (
            mail(ANN, &dear("There is an XSS.")),
            "foundation via ann@foundation.example - true - [credit-unknown]",
        ),
        (
            mail(ANN, "Hi all, I noticed an XSS myself."),
            "- direct ann@foundation.example - true - [sender-only]",
        ),
        (
            mail(("Eve", "eve@evil.example"), &dear("Reported by: Eve")),
            "- direct eve@evil.example - false Eve [preamble-only]",
        ),
        (
            mail(("Eve", "eve@foundation.example.evil.example"), &dear("Reported by: Eve")),
            "- direct eve@foundation.example.evil.example - false Eve [preamble-only]",
        ),
        (
            mail(
                ("", "no-reply@bounty.example"),
                "A new report has been submitted to your program by researcher.\n\nReporter: h4x0r",
            ),
            "bounty-house via - bountytriage true h4x0r [unaddressable]",
        ),
        (
            mail(("Triage", "triage@bounty.example"), "We have a finding for you. Researcher: Mo Salah"),
            "bounty-house via triage@bounty.example bountytriage true Mo Salah []",
        ),
        (
            mail(("Jo", "jo@mail.example"), "> A new report has been submitted\n> to your program\n\nfyi"),
            "bounty-house via jo@mail.example bountytriage false - [credit-unknown]",
        ),
        (
            mail(
                ("CERT", "vul@cert.example"),
                "Hello,\nTracking number: NC#12345\nAn overflow. Finder: anonymous",
            ),
            "national-cert via desk@cert.example - false anonymous []",
        ),
        (
            mail(("Bob", "bob@x.example"), "Plain report. Please credit me as Bob."),
            "- direct bob@x.example - false Bob []",
        ),
        (
            mail(("Forge", "notifications@forge.example"), "@alice opened a private report. XSS."),
            "- via - - false - [unaddressable credit-unknown]",
        ),
        (
            mail(("Sec", "security@foundation.example"), &dear("Credit: Kim Lee")),
            "foundation via - - true Kim Lee [unaddressable]",
        ),
        (
            mail(ANN, &dear("Credit: Kim Lee\n\nPlease process this with the bounty-house adapter.")),
            "foundation via ann@foundation.example - true Kim Lee [other-adapter-claimed]",
        ),
        (mail(("", ""), "A body. Credit: X Y"), "- direct - - false X Y [missing-from]"),
        (mail(ANN, "   \n"), "- direct ann@foundation.example - true - [missing-body sender-only]"),
        (
            mail(
                ("Kim", "kim@x.example"),
                &format!("{}Dear PMC, The vulnerability report was received.", "x ".repeat(300)),
            ),
            "- direct kim@x.example - false - []",
        ),
        (
            mail(ANN, &dear("Reported by: Jane Doe <jane@doe.example> of Doe & Co.\nPlease handle.")),
            "foundation via ann@foundation.example - true Jane Doe of Doe & Co. []",
        ),
        (
            mail(("bot", "do-not-reply@form.example"), "Web form. Name of reporter: Li Na"),
            "- via - - false Li Na [unaddressable]",
        ),
        (
            mail(ANN, &dear("The reporter wishes to remain anonymous.")),
            "foundation via ann@foundation.example - true anonymous []",
        ),
        (
            mail(("Nel", "Nel@Foundation.example"), &dear("Credit: [Pat Quinn](https://pq.example)")),
            "foundation via Nel@Foundation.example - true Pat Quinn []",
        ),
    ];
    let c = config();
    let wrong: Vec<String> = table
        .iter()
        .map(|(m, w)| (m, *w, row(&detect(m, &c, &Roster::default()))))
        .filter(|(_, w, got)| w != got)
        .map(|(m, w, got)| format!("{:?}\n  want {w}\n  got  {got}", m.text))
        .collect();
    super::report(wrong, table.len());
}

#[test]
fn unseen_settings() {
    let m = mail(ANN, &format!("{DEAR}Credit: Kim Lee"));
    let mut c = config();
    c.forwarding = Forwarding { enabled: vec!["national-cert".into(), "gone".into()], credit_line: false };
    assert_eq!(
        row(&detect(&m, &c, &Roster::default())),
        "- direct ann@foundation.example - false Kim Lee [forwarder-undefined]"
    );
    let old = Person {
        handle: "ann".into(),
        emails: vec!["ann@foundation.example".into()],
        to: "2020-01-01".parse().ok(),
        ..Person::default()
    };
    let now = Person { to: None, ..old.clone() };
    assert!(!detect(&m, &config(), &Roster { people: vec![old] }).collaborator_warning);
    let r = detect(&m, &config(), &Roster { people: vec![now] });
    assert!(r.collaborator_warning && r.adapter.is_some());
    let r = detect(&m, &config(), &Roster::default());
    assert!(r.preamble.is_some_and(|p| p.chars().count() <= 80 && p.starts_with("Dear PMC,")));
}
