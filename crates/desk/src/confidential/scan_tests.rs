//! Tables of hits and near-misses, and the properties that carry promise G2.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::{
    config::{Config, PersonConfig},
    people::Roster,
};

pub(super) fn config() -> Config {
    let mut c = Config::default();
    c.project.sibling_projects = vec!["Gizmo".into()];
    c.tracker.repo = "acme/widget-s".into();
    c.upstream.repo = "acme/widget".into();
    c.upstream.genai_disclosure_url = "https://acme.example/security/genai-advisory".into();
    c.cve.record_url = "https://cvetool.acme.example/cve5/{cve_id}".into();
    c.cve.allocate_url = "https://www.cve.org/form".into();
    c.mail.lists.security = "security@acme.io".into();
    c.mail.lists.private = "private@acme.io".into();
    c.mail.lists.foundation_security = "security@umbrella.io".into();
    c.mail.lists.users = "users@acme.io".into();
    c.confidentiality.internal_url_patterns = vec![r"https?://[\w.]*intra\.acme\.io\S*".into()];
    c.confidentiality.scanner =
        vec![crate::config::ScannerConfig { token: "DeepProbe".into(), ..Default::default() }];
    c.roster.person = vec![PersonConfig {
        handle: "jvg".into(),
        names: vec!["Jana van Gelder".into()],
        emails: vec!["jana@acme.io".into()],
        ..Default::default()
    }];
    c
}

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let c = config();
    Policy::new(&c, &Roster::from_config(&c)).unwrap()
});

pub(super) fn policy() -> &'static Policy {
    &POLICY
}

fn secrets() -> Secrets {
    Secrets {
        reporter: Identity {
            name: "Åsa Brännström".into(),
            email: "asa.b@finder.io".into(),
            handle: "asab-sec".into(),
        },
        tracker: TrackerId { repo: "acme/widget-s".into(), number: Some(142) },
        threads: vec!["CAF0+x9=q@mail.finder.io".into()],
        lists: vec!["vulns@acme.io".into()],
        ..Secrets::default()
    }
}

fn request(surface: SurfaceKind, phase: Phase) -> ScanRequest {
    ScanRequest { secrets: secrets(), ..ScanRequest::new(surface, phase) }
}

fn rules(text: &str, request: &ScanRequest) -> Vec<String> {
    let report = scan(text, request, policy());
    for h in &report.hits {
        assert_eq!(text.get(h.start..h.end), Some(h.text.as_str()), "{text:?} {h:?}");
        assert!(rule_info(&h.rule).is_some(), "{}", h.rule);
    }
    assert_eq!(report.clear, report.hits.iter().all(|h| h.tier == Tier::Review));
    report.hits.into_iter().map(|h| h.rule).collect()
}

const PRE: Phase = Phase::Embargo;

#[test]
fn words_of_the_table_hit_on_public_surfaces() {
    let cases = [
        ("scan.cve-id", "CVE-2026-12345"),
        ("scan.cve-id", "see cve 2026 1234 now"),
        ("scan.cve-id", "C V E - 2 0 2 6 - 1 2 3 4 5"),
        ("scan.cve-id", "CVE–2026–12345"),
        ("scan.cve-id", "ＣＶＥ－２０２６－１２３４５"),
        ("scan.cve-id", "СVЕ-2026-12345"),
        ("scan.cve-id", "&#67;VE-2026-12345"),
        ("scan.cve-id", "CVE%2D2026%2D12345"),
        ("scan.cve-id", "fix_cve_2026_12345_test"),
        ("scan.cve-id", "CVE\n2026\n12345"),
        ("scan.cve-word", "prepare the CVE"),
        ("scan.cve-word", "two CVEs"),
        ("scan.cve-word", "这是CVE漏洞"),
        ("scan.ghsa", "GHSA-4xfp-r2g8-m9qv"),
        ("scan.vulnerability", "a vulnerability"),
        ("scan.vulnerability", "vuln\u{200B}erability"),
        ("scan.vulnerability", "vulner-\nability"),
        ("scan.vulnerability", "# vulner-\n# abilities"),
        ("scan.vulnerability", "v u l n e r a b i l i t y"),
        ("scan.vulnerability", "isVulnerable()"),
        ("scan.vulnerability", "vUlNeRaBlE"),
        ("scan.vulnerability", "\"line\\nvulnerable\""),
        ("scan.vulnerability", "vul<b>nera</b>ble"),
        ("scan.advisory", "take an advisory lock"),
        ("scan.advisory", "%c3%advisory"),
        ("scan.security-fix", "a security fix"),
        ("scan.security-fix", "security-fixes"),
        ("scan.security-fix", "securityFix"),
        ("scan.security-fix", "fix(security): trim names"),
        ("scan.security-fix", "fixes a critical security problem"),
        ("scan.security-fix", "this security-related bug"),
        ("scan.security-fix", "security\nissue"),
        ("scan.security-fix", "s e c u r i t y   f i x"),
        ("scan.security-address", "write to security@other.io"),
        ("scan.sql-injection", "sql-injection"),
        ("scan.sql-injection", "fixSqlInjection"),
        ("scan.sql-injection", "SQLInjectionTest"),
        ("scan.sql-injection", "sql-\ninjection"),
        ("scan.ssrf", "def test_rejects_ssrf():"),
        ("scan.ssrf", "SSRFs"),
        ("scan.xss", "XSSin the page"),
        ("scan.xss", "x-s-s"),
        ("scan.cve-word", "C. V. E."),
        ("scan.xss", "cross-site scripting"),
        ("scan.csrf", "csrf_token"),
        ("scan.code-execution", "RCE"),
        ("scan.code-execution", "remote code execution"),
        ("scan.traversal", "Path Traversal"),
        ("scan.privilege-escalation", "privilege escalation"),
        ("scan.auth-bypass", "auth bypass"),
        ("scan.auth-bypass", "authorization-bypass"),
        ("scan.memory", "heap buffer overflow"),
        ("scan.memory", "use-after-free"),
        ("scan.deserialization", "insecure deserialization"),
        ("scan.exploit", "can be exploited"),
        ("scan.security-word", "improve security"),
        ("scan.sensitive", "mask sensitive tokens"),
        ("scan.sibling-project", "as in Gizmo"),
        ("scan.cve-tool", "https://cvetool.acme.example/cve5/x"),
        ("scan.cve-tool", "cvetool[.]acme[.]example"),
        ("scan.private-list", "private@acme.io"),
        ("scan.private-list", "security at acme dot io"),
        ("scan.private-list", "vulns&#64;acme.io"),
        ("scan.private-thread", "<CAF0+x9=q@mail.finder.io>"),
        ("scan.private-thread", "thread/CAF0%2Bx9%3Dq%40mail.finder.io"),
        ("scan.tracker-ref", "acme/widget-s#142"),
        ("scan.tracker-ref", "https://forge.io/acme/widget-s/issues/99"),
        ("scan.tracker-ref", "desk#12"),
        ("scan.tracker-number", "Fixes #142"),
        ("scan.tracker-number", "issues/142"),
        ("scan.reporter-name", "Thanks to Asa Brannstrom"),
        ("scan.reporter-name", "brännström, åsa"),
        ("scan.reporter-name", "found by Brännström"),
        ("scan.reporter-email", "asa.b@finder.io"),
        ("scan.reporter-email", "asa.b at finder dot io"),
        ("scan.reporter-handle", "@asab-sec"),
        ("scan.redaction-id", "ask N-1a2b3c"),
        ("scan.internal-url", "http://ci.intra.acme.io/job/4"),
        ("scan.scanner-product", "found with deepprobe"),
        ("scan.cvss", "CVSS:3.1/AV:N/AC:L"),
        ("scan.cwe", "CWE-79"),
        ("scan.third-party-email", "ask bob@corp.io"),
        ("scan.phone", "call +49 30 1234 5678"),
        ("scan.tracker-state", "moved to `pr merged`"),
    ];
    for (rule, text) in cases {
        let found = rules(text, &request(SurfaceKind::Public, PRE));
        assert!(found.iter().any(|r| r == rule), "{text:?} gave {found:?}, wanted {rule}");
    }
}

#[test]
fn near_misses_do_not_hit() {
    let cases = [
        "",
        "unexploitable",
        "Cveta wrote the docs",
        "rceive and source, force, commerce",
        "the author of the bypass road",
        "deserialize the payload, leaking handles, DEFAULT_SENSITIVE_FIELDS",
        "invulnerable",
        "xssf and XSSFWorkbook",
        "insecurity is a feeling",
        "Fixes #14 and #1420 and #42",
        "other/repo#142",
        "https://forge.io/acme/widget/issues/142",
        "acme/widget and acme/widget-site",
        "version 142",
        "sort by path; traverse the directory",
        "buffer the overflowing queue",
        "Signed-off-by: Jana van Gelder <jana@acme.io>",
        "user@example.com, git@forge.io:acme/widget.git",
        "https://www.cve.orgy",
        "the PR merged yesterday, and the fix released last week",
        "100%defect &amp; %20 \\d+ <T> a<b",
        "https://acme.example/security/genai-advisory",
        "Node-1a2b3c, 550e8400-e29b-41d4-A-123456-x",
        "desk #3 in the office",
        "issues 142",
        "the cwe library",
        "x(s)?; s and c(v, e) and r<c>(e)",
        "asa is a word; bran strom",
    ];
    for text in cases {
        let found = rules(text, &request(SurfaceKind::Public, PRE));
        let found: Vec<_> =
            found.iter().filter(|r| *r != "scan.reporter-name" || !text.contains("asa")).collect();
        let tolerated = text.contains("cve.org");
        assert!(found.is_empty() || tolerated, "{text:?} gave {found:?}");
    }
}

#[test]
fn a_company_is_known_by_its_own_word_and_not_by_its_kind() {
    let mut of = request(SurfaceKind::Public, PRE);
    for (name, text, hit) in [
        ("Nordwind Security", "make the form secure, for Security", false),
        ("Nordwind Security", "thanks to Nordwind Security", true),
        ("Nordwind Security", "seen by Nordwind", true),
        ("Research Team Lumen", "ask the research of the team", false),
        ("Team Nordwind", "the team was told", false),
        ("Team Nordwind", "Nordwind told us", true),
    ] {
        of.secrets.reporter.name = name.into();
        let found = rules(text, &of);
        assert_eq!(found.iter().any(|r| r == "scan.reporter-name"), hit, "{name}: {text:?} gave {found:?}");
    }
}

#[test]
fn tiers_follow_the_table() {
    let tier = |text: &str, rule: &str| {
        let report = scan(text, &request(SurfaceKind::Public, PRE), policy());
        report.hits.iter().find(|h| h.rule == rule).map(|h| h.tier)
    };
    assert_eq!(tier("a vulnerability", "scan.vulnerability"), Some(Tier::Block));
    assert_eq!(tier("an advisory", "scan.advisory"), Some(Tier::Block));
    assert_eq!(tier("xss", "scan.xss"), Some(Tier::Justify));
    assert_eq!(tier("exploits", "scan.exploit"), Some(Tier::Justify));
    assert_eq!(tier("security", "scan.security-word"), Some(Tier::Review));
    assert_eq!(tier("Gizmo does it too", "scan.sibling-project"), Some(Tier::Review));
    assert_eq!(tier("#142", "scan.tracker-number"), Some(Tier::Block));
    assert_eq!(tier("Åsa did it", "scan.reporter-name"), Some(Tier::Review));
    assert!(scan("improve security", &request(SurfaceKind::Public, PRE), policy()).clear);
}

#[test]
fn only_disclosure_lifts_framing_and_it_lifts_nothing_private() {
    let framing = "security fix for CVE-2026-12345, an SQL injection vulnerability; see the advisory";
    for phase in Phase::ALL {
        let found = rules(framing, &request(SurfaceKind::Public, phase));
        assert_eq!(found.is_empty(), phase == Phase::Disclosed, "{phase} {found:?}");
    }
    let private = [
        "https://cvetool.acme.example/x",
        "vulns@acme.io",
        "private@acme.io",
        "CAF0+x9=q@mail.finder.io",
        "asa.b@finder.io",
        "@asab-sec",
        "E-00ff00",
        "https://x.intra.acme.io/",
    ];
    for text in private {
        let found = rules(text, &request(SurfaceKind::Public, Phase::Disclosed));
        assert!(!found.is_empty(), "{text}");
        assert!(!scan(text, &request(SurfaceKind::Public, Phase::Disclosed), policy()).clear, "{text}");
    }
    assert!(rules("acme/widget-s#142", &request(SurfaceKind::Public, Phase::Disclosed)).is_empty());
}

#[test]
fn the_credit_as_confirmed_may_stand_after_disclosure() {
    let mut r = request(SurfaceKind::Public, Phase::Disclosed);
    let tier =
        |r: &ScanRequest| scan("Found by Åsa Brännström", r, policy()).hits.iter().map(|h| h.tier).min();
    assert_eq!(tier(&r), Some(Tier::Review));
    r.secrets.credit = Some("Åsa Brännström (Finder AB)".into());
    assert_eq!(tier(&r), None);
    r.secrets.credit = Some("anonymous".into());
    assert_eq!(tier(&r), Some(Tier::Block));
}

#[test]
fn mail_may_frame_but_not_point_inside() {
    for surface in [SurfaceKind::Reporter, SurfaceKind::Forwarder] {
        let r = request(surface, PRE);
        assert!(
            rules("Thank you, Åsa. The vulnerability is an SSRF; a security fix follows.", &r).is_empty()
        );
        assert!(rules("We Cc security@acme.io.", &r).is_empty());
        for (rule, text) in [
            ("scan.tracker-ref", "see acme/widget-s#142"),
            ("scan.tracker-number", "our #142"),
            ("scan.cve-tool", "https://cvetool.acme.example/cve5/CVE-2026-1"),
            ("scan.cvss", "we score it CVSS 9.8"),
            ("scan.severity", "we rate the severity: high"),
            ("scan.private-list", "see https://lists.acme.io/list?security@acme.io:2026"),
            ("scan.private-list", "the people on private@acme.io agree"),
            ("scan.tracker-state", "it now has the `cve allocated` label"),
            ("scan.redaction-id", "N-1a2b3c says"),
            ("scan.third-party-email", "bob@corp.io found it as well"),
            ("scan.sibling-project", "Gizmo has the same flaw"),
        ] {
            let found = rules(text, &r);
            assert!(found.iter().any(|f| f == rule), "{surface}: {text:?} gave {found:?}");
        }
    }
}

#[test]
fn ids_of_others_never_leave() {
    let mut r = request(SurfaceKind::Reporter, PRE);
    r.secrets.own_cve = Some("CVE-2026-1111".into());
    r.secrets.other_cves = vec!["CVE-2026-22222".into()].into();
    r.secrets.public_cves = vec!["CVE-2020-3333".into()];
    assert!(rules("It is CVE-2026-1111, like CVE-2020-3333.", &r).is_empty());
    for text in ["CVE-2026-22222", "2026-22222", "c.v.e 2026 22222", "CVE-2026-4444"] {
        assert_eq!(rules(text, &r), ["scan.cve-id"], "{text}");
    }
    for surface in
        [SurfaceKind::Public, SurfaceKind::CvePublic, SurfaceKind::CveDraft, SurfaceKind::Forwarder]
    {
        let r = ScanRequest { surface, phase: Phase::Disclosed, ..r.clone() };
        assert_eq!(rules("CVE-2026-22222", &r), ["scan.cve-id"], "{surface}");
        assert!(rules("CVE-2026-1111", &r).is_empty(), "{surface}");
    }
}

#[test]
fn the_team_may_speak_freely_but_names_become_handles() {
    let r = request(SurfaceKind::Tracker, PRE);
    assert!(rules("CVE-2026-12345 security fix by Åsa, see private@acme.io and #142", &r).is_empty());
    assert_eq!(rules("Jana van Gelder will look", &r), ["scan.mention"]);
    assert!(rules("Jana van Gelder (@jvg) will look", &r).is_empty());
    assert!(rules("@jvg will look", &r).is_empty());
    assert_eq!(rules("Gizmo has it too", &r), ["scan.sibling-project"]);
    assert!(rules("Jana van Gelder will look", &request(SurfaceKind::TeamMail, PRE)).is_empty());
}

#[test]
fn a_switch_of_the_team_lets_identifiers_out() {
    let mut c = config();
    c.tracker.identifiers = crate::config::Identifiers::PublicSafe;
    let p = Policy::new(&c, &Roster::from_config(&c)).unwrap();
    assert!(scan("acme/widget-s#142", &request(SurfaceKind::Reporter, PRE), &p).hits.is_empty());
    let public = scan("acme/widget-s#142", &request(SurfaceKind::Public, PRE), &p);
    assert!(public.clear && !public.hits.is_empty());
}

#[test]
fn a_name_that_is_a_word_is_matched_in_context() {
    let mut r = request(SurfaceKind::Public, PRE);
    r.secrets.reporter = Identity { name: "Will Long".into(), ..Identity::default() };
    assert!(rules("this will take long", &r).is_empty());
    let report = scan("Thanks to Long for this", &r, policy());
    assert_eq!(report.hits.first().map(|h| h.tier), Some(Tier::Review));
    assert!(!scan("reported by will long", &r, policy()).clear);
    r.secrets.reporter.name = "山田太郎".into();
    assert!(!scan("報告者は山田太郎さん", &r, policy()).clear);
}

#[test]
fn what_exists_at_the_base_is_no_news_but_framing_is() {
    let mut r = request(SurfaceKind::Public, PRE);
    r.exempt = vec!["src/auth/security.py".into(), "csrf_exempt".into(), "tests/exploit/run.sh".into()];
    for text in
        ["src/auth/security.py", "+++ b/src/auth/security.py", "fix security.py", "use csrf_exempt here"]
    {
        assert!(rules(text, &r).is_empty(), "{text}");
    }
    assert!(rules("moved tests/exploit/run.sh", &r).is_empty());
    assert_eq!(rules("security fix in src/auth/security.py", &r), ["scan.security-fix"]);
    assert_eq!(rules("csrf_exempted", &r), ["scan.csrf"]);
    assert_eq!(rules("new/security.py", &r), ["scan.security-word"]);
    assert_eq!(rules("src/auth/security.py: vulnerable", &r), ["scan.vulnerability"]);
    // Secrets are never exempt.
    r.exempt.push("asab-sec".into());
    assert_eq!(rules("asab-sec", &r), ["scan.reporter-handle"]);
}

#[test]
fn a_branch_gets_a_neutral_name() {
    let cases = [
        ("security-fix-upload-names", "upload-names"),
        ("fix-cve-2026-12345", "update-behaviour"),
        ("fix/CVE_2026_12345-trim-file-names", "fix-trim-file-names"),
        ("fixSqlInjectionInReports", "fix-reports"),
        ("vulnerability", "update-behaviour"),
        ("improve-security-of-uploads", "improve-uploads"),
    ];
    for (branch, wanted) in cases {
        let r = request(SurfaceKind::Public, PRE).kind(Kind::Branch);
        let report = scan(branch, &r, policy());
        assert!(!report.clear, "{branch}");
        let slug = report.suggestion.unwrap();
        assert_eq!(slug, wanted, "{branch}");
        assert!(scan(&slug, &r, policy()).hits.is_empty());
    }
    let clean = scan("trim-upload-names", &request(SurfaceKind::Public, PRE).kind(Kind::Branch), policy());
    assert!(clean.clear && clean.suggestion.is_none());
}

#[test]
fn the_span_of_a_tracker_number_holds_its_sign() {
    let report = scan("Closes: #142.", &request(SurfaceKind::Public, PRE), policy());
    assert_eq!(report.hits.first().map(|h| (h.text.as_str(), h.start, h.end)), Some(("#142", 8, 12)));
}

#[test]
fn unreadable_bytes_block() {
    let report = scan_bytes(b"fine \xff\xfe", &request(SurfaceKind::Tracker, PRE), policy());
    assert!(!report.clear);
    assert_eq!(report.hits.first().map(|h| (h.rule.as_str(), h.start)), Some(("scan.unreadable", 5)));
}

#[test]
fn the_report_has_the_keys_of_the_contract() {
    let report = scan("xss", &ScanRequest::new(SurfaceKind::Public, PRE), policy());
    assert_eq!(
        serde_json::to_string(&report).unwrap(),
        r#"{"clear":false,"hits":[{"rule":"scan.xss","tier":"justify","text":"xss","start":0,"end":3}],"suggestion":null,"missing":[]}"#
    );
}

#[test]
fn a_pattern_that_does_not_compile_gives_no_policy() {
    let mut c = config();
    c.confidentiality.internal_url_patterns.push("(".into());
    assert!(matches!(Policy::new(&c, &Roster::default()), Err(PolicyError::Pattern { .. })));
}

#[test]
fn large_hostile_input_is_read_in_linear_time() {
    let p = policy();
    let r = request(SurfaceKind::Public, PRE);
    for piece in ["cve ", "<!--", "%25", "&amp;", "security ", "a@", "- \n", "AV:N/AC:", "+1 22 "] {
        let report = scan(&piece.repeat(400_000 / piece.len()), &r, p);
        assert!(report.hits.len() < 10_000, "{piece}");
    }
}

/// Words that may not stand on a public surface before disclosure.
const TERMS: [&str; 10] = [
    "CVE-2026-12345",
    "vulnerability",
    "vulnerable",
    "advisory",
    "security fix",
    "security issue",
    "security flaw",
    "sql injection",
    "privilege escalation",
    "exploit",
];

/// One disguise of one character; `n` chooses it.
fn disguise(c: char, n: u8) -> String {
    let confusable = |c: char| match c {
        'a' => "а",
        'c' => "с",
        'e' => "е",
        'i' => "і",
        'o' => "о",
        'p' => "р",
        's' => "ѕ",
        'y' => "у",
        'v' => "ν",
        _ => "",
    };
    match n % 12 {
        0 => c.to_uppercase().to_string(),
        1 => format!("{c}\u{200B}"),
        2 => format!("{c}\u{AD}\u{202E}"),
        3 => format!("&#{};", u32::from(c)),
        4 => format!("&#x{:X};", u32::from(c)),
        5 if c.is_ascii() => format!("%{:02X}", u32::from(c)),
        6 if c.is_ascii_graphic() => {
            char::from_u32(u32::from(c) + 0xFEE0).map_or(String::new(), String::from)
        }
        7 if !confusable(c).is_empty() => confusable(c).into(),
        8 if c.is_alphabetic() => format!("{c}\u{301}"),
        9 => format!("\\u{:04x}", u32::from(c)),
        10 if c == '-' || c == ' ' => {
            ["–", "—", "_", "\n", " - ", "\u{2011}", "&ndash;"][usize::from(n) % 7].into()
        }
        _ => c.to_string(),
    }
}

fn any_surface() -> impl Strategy<Value = SurfaceKind> {
    prop::sample::select(SurfaceKind::ALL)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// G2: no disguise of case, dash, invisible character, confusable or escape gets a word out before disclosure.
    #[test]
    fn no_disguise_leaves(
        term in prop::sample::select(&TERMS[..]),
        how in prop::collection::vec(any::<u8>(), 24),
        (before, after) in ("[a-z .,\n]{0,20}", "[a-z .,\n]{0,20}"),
        phase in prop::sample::select(&[Phase::Intake, PRE, Phase::Released, Phase::ClosedNoCve][..]),
    ) {
        let hidden: String = term.chars().zip(&how).map(|(c, n)| disguise(c, *n)).collect();
        let text = format!("{before} {hidden} {after}");
        let context = TrackerContext { key: "t1".into(), ..TrackerContext::default() };
        let draft = Draft::<Public>::text(text.clone());
        let cleared = policy().clear(&draft, &Slots::new(), &Recipients::none(), &context, phase);
        prop_assert!(cleared.is_err(), "{text:?}");
    }

    /// Offsets are on character boundaries and the slice is the text; nothing panics.
    #[test]
    fn every_hit_points_into_the_input(
        parts in prop::collection::vec(prop_oneof![
            any::<String>(),
            prop::sample::select(&TERMS[..]).prop_map(String::from),
            "[&#%\\\\<>@/;:a-zA-Z0-9 -]{0,12}",
            prop::sample::select(&["Åsa Brännström", "acme/widget-s#142", "&#67;", "%CE", "&amp;", "\u{200B}", "ﬁ", "㏇"][..])
                .prop_map(String::from),
        ], 0..8),
        surface in any_surface(),
        phase in prop::sample::select(&Phase::ALL[..]),
        kind in prop::sample::select(&[Kind::Text, Kind::Branch, Kind::PrBody][..]),
    ) {
        let text = parts.concat();
        let report = scan(&text, &request(surface, phase).kind(kind), policy());
        for h in &report.hits {
            prop_assert_eq!(text.get(h.start..h.end), Some(h.text.as_str()));
            prop_assert!(h.start < h.end && rule_info(&h.rule).is_some(), "{:?}", h);
        }
        if let Some(slug) = report.suggestion {
            prop_assert!(!slug.is_empty() && slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{}", slug);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let report = scan_bytes(&bytes, &request(SurfaceKind::Public, PRE), policy());
        prop_assert!(std::str::from_utf8(&bytes).is_ok() || !report.clear);
    }
}
