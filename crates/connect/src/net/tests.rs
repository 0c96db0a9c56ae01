//! The client against a server that goes wrong.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use testkit::serve::{Answer, Asked, Server, Wrong};

use super::*;

const CVE: &str = "CVE-2026-12345";

struct Setup {
    client: Client,
    site: Site,
    time: Still,
    log: Arc<Mutex<Vec<String>>>,
}

fn setup(url: &str, service: Service) -> Setup {
    let time = Still::default();
    let limits = Limits {
        deadline: Duration::from_secs(1),
        body: 100_000,
        longest_wait: Duration::from_secs(15),
        ..Limits::default()
    };
    // The clock stands still, so the deadline is only spent by waits: give it room for them.
    let limits = Limits { deadline: Duration::from_secs(2), ..limits };
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let lines = Arc::clone(&log);
    let client = Client::new(&Surroundings::default(), limits, Box::new(time.clone()))
        .unwrap()
        .logged(Box::new(move |l| lines.lock().unwrap().push(l.to_string())));
    Setup { client, site: Site::at(service, url, false).unwrap(), time, log }
}

fn echo(asked: &Asked) -> Answer {
    Answer::json(200, &json!({"path": asked.path}))
}

fn read() -> Request {
    Request::get(format!("/cve/{CVE}"))
}

fn write() -> Request {
    Request::new(Method::Post, format!("/cve5/{CVE}")).json(&json!({"x": 1}))
}

#[test]
fn a_reading_request_survives_what_passes() {
    for wrong in [
        Wrong::Status(500),
        Wrong::Status(502),
        Wrong::Status(503),
        Wrong::Wait(503, "1".into()),
        Wrong::Wait(429, "1".into()),
        Wrong::Status(429),
        Wrong::HangUp,
        Wrong::HangUpAfter,
        Wrong::Truncated,
        Wrong::Late(Duration::from_millis(20)),
    ] {
        let server = Server::start(echo);
        server.go_wrong("GET", "/cve/", wrong.clone());
        let s = setup(&server.url(), Service::CveList);
        let reply = s.client.call(&s.site, &read()).unwrap_or_else(|e| panic!("{wrong:?}: {e}"));
        assert_eq!(reply.json().unwrap(), json!({"path": format!("/cve/{CVE}")}), "{wrong:?}");
        let late = matches!(wrong, Wrong::Late(_));
        assert_eq!(server.count("GET", "/cve/"), if late { 1 } else { 2 }, "{wrong:?}");
        assert_eq!(s.client.counts().retries, u64::from(!late));
        assert_eq!(s.client.counts().total(), server.count("GET", "/") as u64);
    }
}

#[test]
fn what_does_not_pass_is_a_typed_end() {
    let ends: &[(Wrong, &str, usize)] = &[
        (Wrong::HangUp, "NoAnswer", 4),
        (Wrong::Truncated, "NoAnswer", 4),
        (Wrong::Oversized(300_000), "TooLarge", 1),
        (Wrong::Wait(429, "86400".into()), "Throttled", 1),
        (Wrong::RedirectLoop, "Redirected", 1),
        (Wrong::RedirectTo("https://elsewhere.example/here".into()), "Redirected", 1),
        (Wrong::Status(404), "404", 1),
        (Wrong::Status(401), "401", 1),
        (Wrong::Status(500), "500", 4),
    ];
    for (wrong, want, tries) in ends {
        let server = Server::start(echo);
        server.go_wrong_times("GET", "/cve/", wrong.clone(), 100);
        let s = setup(&server.url(), Service::CveList);
        let s = Setup { client: s.client, ..s };
        let got = match s.client.call(&s.site, &read()) {
            Ok(r) => r.status().to_string(),
            Err(f) => format!("{f:?}"),
        };
        assert!(got.starts_with(want), "{wrong:?}: {got}");
        // Waits of half a second, one and two are more than the deadline has: three tries then.
        let n = server.count("GET", "/cve/");
        assert!(n == *tries || (*tries == 4 && n >= 3), "{wrong:?}: {n}");
    }
}

#[test]
fn a_page_where_json_belongs_is_no_answer() {
    let server = Server::start(echo);
    server.go_wrong("GET", "/cve/", Wrong::Page);
    let s = setup(&server.url(), Service::CveList);
    let fault = s.client.call(&s.site, &read()).unwrap().json().unwrap_err();
    assert!(matches!(&fault, Fault::Unexpected { why, .. } if why.contains("HTML")), "{fault}");
}

#[test]
fn a_change_leaves_once_and_says_what_is_known() {
    for (wrong, want, effects) in [
        (Wrong::HangUp, "UnknownOutcome", 0),
        (Wrong::HangUpAfter, "UnknownOutcome", 1),
        (Wrong::Truncated, "UnknownOutcome", 1),
        (Wrong::Oversized(300_000), "UnknownOutcome", 1),
        (Wrong::Wait(429, "1".into()), "Throttled", 0),
        (Wrong::Status(429), "Throttled", 0),
        (Wrong::RedirectTo("/users/login".into()), "Redirected", 0),
        (Wrong::RedirectLoop, "Redirected", 0),
        (Wrong::StatusAfter(500), "500", 1),
        (Wrong::Status(409), "409", 0),
    ] {
        let made = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&made);
        let server = Server::start(move |a: &Asked| {
            count.fetch_add(1, Ordering::SeqCst);
            echo(a)
        });
        server.go_wrong("POST", "/cve5/", wrong.clone());
        let s = setup(&server.url(), Service::Vulnogram);
        let got = match s.client.call(&s.site, &write()) {
            Ok(r) => r.status().to_string(),
            Err(f) => format!("{f:?}"),
        };
        assert!(got.starts_with(want), "{wrong:?}: {got}");
        assert_eq!(server.count("POST", "/"), 1, "{wrong:?}");
        assert_eq!(made.load(Ordering::SeqCst), effects, "{wrong:?}");
    }
    // Nobody listens: nothing was sent.
    let s = setup("http://127.0.0.1:1", Service::Vulnogram);
    let fault = s.client.call(&s.site, &write()).err().unwrap();
    assert!(matches!(fault, Fault::NotSent { .. }) && fault.nothing_made(), "{fault:?}");
}

#[test]
fn a_change_is_looked_up_before_it_is_tried_again() {
    for wrong in Wrong::every() {
        let made = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&made);
        let server = Server::start(move |a: &Asked| {
            count.fetch_add(1, Ordering::SeqCst);
            echo(a)
        });
        server.go_wrong("POST", "/cve5/", wrong.clone());
        let s = setup(&server.url(), Service::Vulnogram);
        let _ = s.client.change(&s.site, &write(), || {
            Ok(if made.load(Ordering::SeqCst) > 0 { Looked::Made(()) } else { Looked::NotMade })
        });
        assert!(made.load(Ordering::SeqCst) <= 1, "{wrong:?} made it twice");
    }
    // Who cannot be asked has not said no.
    let server = Server::start(echo);
    server.go_wrong("POST", "/cve5/", Wrong::HangUpAfter);
    let s = setup(&server.url(), Service::Vulnogram);
    let end = s.client.change::<()>(&s.site, &write(), || Ok(Looked::CannotTell("two candidates".into())));
    assert!(matches!(end, Err(Fault::UnknownOutcome { ref why, .. }) if why.contains("two")));
    assert_eq!(server.count("POST", "/"), 1);
}

#[test]
fn a_redirect_is_followed_on_this_host_and_this_list_only() {
    let server = Server::start(|a: &Asked| match a.path.as_str() {
        "/cve/CVE-2026-0001" => Answer::redirect("/cve/CVE-2026-0002"),
        "/cve/CVE-2026-0003" => Answer::redirect("/gmail/v1/users/me/messages/send"),
        "/cve/CVE-2026-0004" => Answer::redirect("//127.0.0.1:1/cve/CVE-2026-0002"),
        "/cve/CVE-2026-0005" => Answer::redirect("/cve/CVE-2026-0006"),
        "/cve/CVE-2026-0006" => Answer::redirect("/cve/CVE-2026-0005"),
        _ => echo(a),
    });
    let s = setup(&server.url(), Service::CveList);
    let get = |n: &str| s.client.call(&s.site, &Request::get(format!("/cve/CVE-2026-{n}")));
    assert_eq!(get("0001").unwrap().json().unwrap(), json!({"path": "/cve/CVE-2026-0002"}));
    let to = |n: &str| match get(n).err().unwrap() {
        Fault::Redirected { to, .. } => to,
        other => panic!("{other}"),
    };
    assert_eq!(to("0003"), Redirect::Page("/gmail/v1/users/me/messages/send".into()));
    assert_eq!(to("0004"), Redirect::OtherHost("127.0.0.1:1".into()));
    assert_eq!(to("0005"), Redirect::Loop);
    let stay = s.client.call(&s.site, &Request::get("/cve/CVE-2026-0001").stay()).err().unwrap();
    assert!(matches!(stay, Fault::Redirected { to: Redirect::Page(_), .. }), "{stay}");
    assert!(server.seen().iter().all(|a| !a.path.contains("send")));
}

#[test]
fn what_is_not_listed_does_not_leave() {
    let server = Server::start(echo);
    for service in Service::ALL {
        let s = setup(&server.url(), service);
        for path in ["/gmail/v1/users/me/messages/send", "/cve5/email", "/v1.0/me/sendMail"] {
            let fault = s.client.call(&s.site, &Request::new(Method::Post, path)).err().unwrap();
            assert!(matches!(fault, Fault::NotAllowed(_)), "{service:?} {path}");
        }
    }
    assert!(server.seen().is_empty());
}

#[test]
fn a_planted_secret_shows_nowhere() {
    let planted = "planted-secret-value";
    let secret = Secret::new(planted.into());
    // A service that repeats what it was sent.
    let server = Server::start(|a: &Asked| {
        Answer::html(
            418,
            &format!("you sent {} and {}", a.header("cookie"), String::from_utf8_lossy(&a.body)),
        )
    });
    let s = setup(&server.url(), Service::Vulnogram);
    let request = write().header("cookie", &secret);
    let reply = s.client.call(&s.site, &request).unwrap();
    assert!(reply.text().contains(planted));
    assert!(!reply.excerpt().contains(planted) && reply.excerpt().contains("***"), "{}", reply.excerpt());
    assert!(!reply.refusal().to_string().contains(planted));
    server.go_wrong("POST", "/", Wrong::HangUp);
    let fault = s.client.call(&s.site, &request).err().unwrap();
    assert!(!format!("{fault} {fault:?}").contains(planted));
    let t = setup(&server.url(), Service::Token);
    let form = Request::new(Method::Post, "/token").form(vec![("refresh_token", secret.clone())]);
    assert!(!t.client.call(&t.site, &form).unwrap().excerpt().contains(planted));
    // A value that no header can hold is refused without being repeated.
    let broken = Secret::new(format!("{planted}\r\nx: y"));
    let fault = s.client.call(&s.site, &write().header("cookie", &broken)).err().unwrap();
    assert!(!format!("{fault} {fault:?}").contains(planted), "{fault}");
    let log = [s.log.lock().unwrap().join("\n"), t.log.lock().unwrap().join("\n")].join("\n");
    assert!(log.contains("POST http://127.0.0.1") && log.contains("→ 418"), "{log}");
    assert!(!log.contains(planted), "{log}");
}

#[test]
fn a_services_rate_is_kept() {
    let server = Server::start(echo);
    let s = setup(&server.url(), Service::CveList);
    let site = Site { per_minute: Some(3), ..s.site.clone() };
    for _ in 0..7 {
        s.client.call(&site, &read()).unwrap();
    }
    assert_eq!(s.time.elapsed(), Duration::from_secs(120));
    assert_eq!(s.client.counts().waited, Duration::from_secs(120));
}

#[test]
fn rate_headers_close_a_service_until_its_reset() {
    let server = Server::start(|a: &Asked| {
        let left = if a.path.ends_with("0001") { "0" } else { "5" };
        let reset = if a.path.ends_with("0003") { "1" } else { "3600" };
        echo(a).with("x-ratelimit-remaining", left).with("x-ratelimit-reset", reset)
    });
    let s = setup(&server.url(), Service::CveList);
    let get = |n: &str| s.client.call(&s.site, &Request::get(format!("/cve/CVE-2026-{n}")));
    assert!(get("0003").is_ok() && get("0001").is_ok());
    let fault = get("0003").err().unwrap();
    assert!(matches!(fault, Fault::Throttled { wait: Some(w), .. } if w.as_secs() == 3600), "{fault}");
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn silence_ends_with_the_deadline() {
    let server = Server::start(echo);
    server.go_wrong_times("POST", "/", Wrong::Silence, 9);
    let mut s = setup(&server.url(), Service::Vulnogram);
    let limits = Limits { deadline: Duration::from_millis(200), ..Limits::default() };
    s.client = Client::new(&Surroundings::default(), limits, Box::<SystemPace>::default()).unwrap();
    let begun = std::time::Instant::now();
    let fault = s.client.call(&s.site, &write()).err().unwrap();
    assert!(matches!(fault, Fault::UnknownOutcome { .. }), "{fault}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn surroundings_are_read_from_the_environment() {
    let env = |n: &str| match n {
        "HTTPS_PROXY" => Some("http://user:planted-pw@proxy.example:3128".to_owned()),
        "no_proxy" => Some("a.example, .b.example".into()),
        "SSL_CERT_FILE" => Some("/nowhere/ca.pem".into()),
        _ => None,
    };
    let s = Surroundings::from_env(&env);
    assert_eq!(s.no_proxy, ["a.example", ".b.example"]);
    let fault = Client::new(&s, Limits::default(), Box::<SystemPace>::default()).err().unwrap();
    assert!(fault.to_string().contains("/nowhere/ca.pem"), "{fault}");
    let bad = Surroundings { proxy: Some("gopher://u:planted-pw@x".into()), ..Surroundings::default() };
    let fault = Client::new(&bad, Limits::default(), Box::<SystemPace>::default()).err().unwrap();
    assert!(!fault.to_string().contains("planted"), "{fault}");
    // This machine is asked directly, whatever the proxy.
    let server = Server::start(echo);
    let dead = Surroundings { proxy: Some("http://127.0.0.1:1".into()), ..Surroundings::default() };
    let mut t = setup(&server.url(), Service::CveList);
    t.client = Client::new(&dead, Limits::default(), Box::<SystemPace>::default()).unwrap();
    assert!(t.client.call(&t.site, &read()).is_ok());
}

/// A proxy that leads every way to itself, and answers there with the certificate of the testkit. It keeps what it was asked.
fn proxy(dir: &std::path::Path) -> (u16, Arc<Mutex<Vec<String>>>) {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    use std::io::{BufRead, BufReader, Write};
    let chain = CertificateDer::pem_file_iter(dir.join("cert.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(dir.join("key.pem")).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let (tls, asked) = (Arc::new(tls), Arc::<Mutex<Vec<String>>>::default());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let kept = Arc::clone(&asked);
    let head = |from: &mut dyn BufRead| {
        let mut all = String::new();
        while from.read_line(&mut all).is_ok_and(|n| n > 2) {}
        all
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut out = stream.try_clone().unwrap();
            kept.lock().unwrap().push(head(&mut BufReader::new(&stream)));
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            let session = rustls::ServerConnection::new(Arc::clone(&tls)).unwrap();
            let mut inside = BufReader::new(rustls::StreamOwned::new(session, stream));
            let request = head(&mut inside);
            if request.is_empty() {
                continue;
            }
            kept.lock().unwrap().push(request);
            let body = "{\"found\":true}";
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = inside.get_mut().write_all(answer.as_bytes());
            let _ = inside.get_mut().flush();
        }
    });
    (port, asked)
}

#[test]
fn the_proxy_and_the_authorities_of_the_environment_are_used() {
    use testkit::dovecot::{NOWHERE, certificates};
    if std::process::Command::new("openssl").arg("version").output().is_err() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    certificates(dir.path());
    let (port, asked) = proxy(dir.path());
    let with = |ca: bool, around: &str| {
        let env = |n: &str| match n {
            "https_proxy" => Some(format!("http://user:planted-pw@127.0.0.1:{port}")),
            "SSL_CERT_FILE" if ca => Some(dir.path().join("ca.pem").display().to_string()),
            "NO_PROXY" => Some(around.to_owned()),
            _ => None,
        };
        let limits = Limits { tries: 1, deadline: Duration::from_secs(10), ..Limits::default() };
        let client =
            Client::new(&Surroundings::from_env(&env), limits, Box::<SystemPace>::default()).unwrap();
        let site = Site::at(Service::CveList, &format!("https://{NOWHERE}"), false).unwrap();
        let request = read().header("authorization", &Secret::new("planted-token".into()));
        client.call(&site, &request)
    };
    let reply = with(true, "").unwrap();
    assert_eq!((reply.status(), reply.json().unwrap()), (200, json!({"found": true})));
    let seen = std::mem::take(&mut *asked.lock().unwrap());
    let [way, inside] = seen.as_slice() else { panic!("{seen:?}") };
    assert!(way.starts_with(&format!("CONNECT {NOWHERE}:443 ")), "{way}");
    assert!(way.to_lowercase().contains("proxy-authorization: basic ") && !way.contains("planted"), "{way}");
    assert!(inside.contains("planted-token") && inside.starts_with("GET /cve/"), "{inside}");
    // An authority that nobody named is not trusted, and the request never gets there.
    let fault = with(false, "").err().unwrap();
    assert!(matches!(fault, Fault::NotSent { .. }) && !fault.to_string().contains("planted"), "{fault}");
    assert!(asked.lock().unwrap().drain(..).all(|a| a.starts_with("CONNECT ")), "the token stays here");
    // What the environment excepts is asked directly, and is not there.
    let fault = with(true, ".example").err().unwrap();
    assert!(matches!(fault, Fault::NotSent { .. }), "{fault}");
    assert!(asked.lock().unwrap().is_empty());
    // A change that finds nobody there was certainly not made.
    let limits = Limits { tries: 1, ..Limits::default() };
    let client = Client::new(&Surroundings::default(), limits, Box::<SystemPace>::default()).unwrap();
    let site = Site::at(Service::Vulnogram, "https://nowhere.invalid", false).unwrap();
    let fault = client.call(&site, &write()).err().unwrap();
    assert!(fault.nothing_made(), "{fault}");
}
