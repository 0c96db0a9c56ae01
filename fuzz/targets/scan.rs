//! The publication scan: every hit is where it says, whatever the text and the secrets are.
#![no_main]

use std::sync::LazyLock;

use desk::{
    confidential::{self, Identity, Kind, Phase, Policy, ScanRequest, Secrets, SurfaceKind, Tier, TrackerId},
    config::Config,
    people::Roster,
};
use desk_fuzz::Fields;
use libfuzzer_sys::fuzz_target;

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let mut config = Config::default();
    config.tracker.repo = "acme/security".into();
    config.mail.lists.security = "security@acme.example".into();
    config.mail.lists.private = "private@acme.example".into();
    config.confidentiality.internal_url_patterns = vec![r"https://intra\.acme\.example/\S*".into()];
    Policy::new(&config, &Roster::from_config(&config)).expect("a constant configuration")
});

const KINDS: [Kind; 7] =
    [Kind::Text, Kind::Title, Kind::Branch, Kind::Commit, Kind::PrBody, Kind::Changelog, Kind::Comment];

fn person(fields: &mut Fields) -> Identity {
    Identity { name: fields.text(), email: fields.text(), handle: fields.text() }
}

fuzz_target!(|data: &[u8]| {
    let mut fields = Fields::of(data);
    let text = fields.text();
    let (surface, phase, kind) = (fields.byte(), fields.byte(), fields.byte());
    let mut secrets = Secrets {
        reporter: person(&mut fields),
        tracker: TrackerId { repo: "acme/security".into(), number: Some(u64::from(fields.byte())) },
        threads: fields.lines(),
        lists: fields.lines(),
        own_cve: Some(fields.text()).filter(|c| !c.is_empty()),
        other_cves: fields.lines(),
        reporter_cvss: fields.lines(),
        ..Secrets::default()
    };
    let exempt = fields.lines();
    secrets.people.push(person(&mut fields));
    if secrets.reporter == Identity::default() {
        secrets.reporter = Identity {
            name: "Jane Roe-Smith".into(),
            email: "jane@research.example".into(),
            handle: "jroe".into(),
        };
    }
    let request = ScanRequest {
        surface: SurfaceKind::ALL[usize::from(surface.wrapping_add(4)) % SurfaceKind::ALL.len()],
        phase: Phase::ALL[usize::from(phase.wrapping_add(1)) % Phase::ALL.len()],
        kind: KINDS[usize::from(kind) % KINDS.len()],
        secrets,
        exempt,
    };
    let report = confidential::scan(&text, &request, &POLICY);
    for h in &report.hits {
        assert!(h.start <= h.end, "{h:?}");
        assert_eq!(text.get(h.start..h.end), Some(h.text.as_str()), "{h:?} is where it says");
        assert!(!h.text.is_empty(), "{h:?}");
        assert!(confidential::rule_info(&h.rule).is_some(), "{h:?} has an explanation");
    }
    assert!(report.hits.is_sorted_by_key(|h| h.start), "hits stand in order");
    assert_eq!(report.clear, report.hits.iter().all(|h| h.tier == Tier::Review));
    assert_eq!(confidential::scan_bytes(text.as_bytes(), &request, &POLICY), report);

    let bytes = confidential::scan_bytes(data, &request, &POLICY);
    if std::str::from_utf8(data).is_err() {
        assert!(!bytes.clear, "what cannot be read is not clear");
    }
    for h in &bytes.hits {
        assert!(h.start <= h.end && h.end <= data.len(), "{h:?}");
    }
    if let Some(name) = &report.suggestion {
        let again = ScanRequest { kind: Kind::Text, ..request.clone() };
        let hits = confidential::scan(name, &again, &POLICY).hits;
        assert!(hits.is_empty(), "the suggestion {name:?} has {hits:?}");
    }
});
