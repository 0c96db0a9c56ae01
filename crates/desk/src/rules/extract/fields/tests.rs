use super::*;
use crate::{config::Project, mail::Address};

fn config() -> Config {
    Config {
        project: Project {
            name: "Example Server".into(),
            short_name: "Example".into(),
            ..Project::default()
        },
        ..Config::default()
    }
}

#[test]
fn titles() {
    let table: &[(&str, &str)] = &[
        ("Re: Fwd: [SECURITY] Auth: token leak", "Auth: token leak"),
        ("[Security] Example Server 2.10.x - xss in UI", "Xss in UI"),
        ("CVE candidate: path traversal in uploads", "Path traversal in uploads"),
        ("RCE via template (CVSS 9.8)", "RCE via template"),
        ("RCE via template - CVSS 3.1: 9.8 Critical", "RCE via template"),
        ("[CRITICAL] SQL injection in search", "SQL injection in search"),
        ("Security vulnerability report: open redirect in login", "Open redirect in login"),
        ("Security issue in Example Server: SSRF in webhooks", "SSRF in webhooks"),
        ("SSRF in webhooks of Example Server 2.3.1", "SSRF in webhooks"),
        ("Example Server: Scheduler: missing check", "Scheduler: missing check"),
        ("[core] heap overflow", "[core] heap overflow"),
        ("AW: [EXT] Example: heap overflow.", "Heap overflow"),
        ("ExampleX leak", "ExampleX leak"),
        ("XSS", "XSS"),
        ("", ""),
        ("Security vulnerability", "Security vulnerability"),
    ];
    for (subject, want) in table {
        assert_eq!(clean_title(subject, &config()), *want, "{subject}");
    }
}

#[test]
fn fields_of_a_report() {
    let m = Message {
        from: Address::new("Jane Doe", "jane@x.org"),
        subject: "[SECURITY] Example Server: SSRF in webhooks (CVSS 9.8)".into(),
        text: "Affected versions: <= 2.3.1\nSeverity: Critical\n\nPlease credit me as Jane Doe of Acme.\n"
            .into(),
        ..Message::default()
    };
    let f = fields(&m, &m.text, &config());
    assert_eq!(f.title, "SSRF in webhooks");
    assert_eq!(f.affected_versions, ["<= 2.3.1"]);
    assert_eq!(f.credit.as_deref(), Some("Jane Doe of Acme"));
    assert_eq!(f.severity, "Unknown");
    let o = observed_in(&m, &m.text);
    assert_eq!((o.severity.as_deref(), o.cvss.as_deref()), (Some("Critical"), Some("9.8")));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]
    #[test]
    fn titles_never_panic(s in "\\PC{0,120}") {
        let _ = clean_title(&s, &config());
        let _ = observed(&s, &s);
        let _ = super::super::pointers(&s);
    }
}
