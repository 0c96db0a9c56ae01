//! A web server for tests, on this machine alone: it answers from a state of its own and goes wrong on request, in all
//! the ways a service on the network can.

mod cve_services;
mod github;
mod gmail;
mod gmail_front;
mod ponymail;
mod vulnogram;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

pub use cve_services::CveServicesFake;
pub use github::{
    Comment as GithubComment, GithubFake, GithubFront, Issue as GithubIssue, Milestone as GithubMilestone,
    Public as GithubPublic,
};
pub use gmail::{GmailFake, Message as GmailMessage};
pub use gmail_front::GmailFront;
pub use ponymail::{PonyFake, PonyMessage};
pub use vulnogram::VulnogramFake;

/// A request as the server saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Method.
    pub method: String,
    /// Path, without query.
    pub path: String,
    /// Query, as sent.
    pub query: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Asked {
    /// A header; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    /// A parameter of the query, as sent.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<&str> {
        self.query.split('&').find_map(|p| p.strip_prefix(key)?.strip_prefix('='))
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers beside length and type.
    pub headers: Vec<(String, String)>,
    /// Type of the body.
    pub kind: &'static str,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// JSON with a status.
    #[must_use]
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self { status, headers: Vec::new(), kind: "application/json", body: value.to_string().into_bytes() }
    }

    /// A page with a status.
    #[must_use]
    pub fn html(status: u16, text: &str) -> Self {
        Self { status, headers: Vec::new(), kind: "text/html; charset=utf-8", body: text.as_bytes().to_vec() }
    }

    /// A redirect.
    #[must_use]
    pub fn redirect(to: &str) -> Self {
        Self::html(302, "moved").with("location", to)
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// How one request goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The answer comes late.
    Late(Duration),
    /// A status instead of the work.
    Status(u16),
    /// A status with that `Retry-After`, instead of the work.
    Wait(u16, String),
    /// The work is done, and a status says it failed.
    StatusAfter(u16),
    /// The work is done; the body of the answer breaks off in its middle.
    Truncated,
    /// The work is done; the answer is that many bytes long.
    Oversized(usize),
    /// A page instead of the work, with status 200.
    Page,
    /// The work is done, and a page says hello with status 200.
    PageAfter,
    /// A redirect to the same address.
    RedirectLoop,
    /// A redirect to that address.
    RedirectTo(String),
    /// The connection ends before the work.
    HangUp,
    /// The connection ends after the work, before the answer.
    HangUpAfter,
    /// The work is done; the answer is this JSON, which is somebody else's.
    Other(serde_json::Value),
    /// No answer for as long as the client is willing to wait; no work.
    Silence,
}

impl Wrong {
    /// Is the work done although the client cannot know it?
    #[must_use]
    pub fn after(&self) -> bool {
        matches!(
            self,
            Wrong::StatusAfter(_)
                | Wrong::Truncated
                | Wrong::Oversized(_)
                | Wrong::PageAfter
                | Wrong::HangUpAfter
                | Wrong::Other(_)
                | Wrong::Late(_)
        )
    }

    /// One of each kind.
    #[must_use]
    pub fn every() -> Vec<Self> {
        let mut out = vec![
            Wrong::Late(Duration::from_millis(30)),
            Wrong::Wait(429, "1".into()),
            Wrong::Wait(429, "86400".into()),
            Wrong::Wait(503, "1".into()),
            Wrong::StatusAfter(500),
            Wrong::StatusAfter(504),
            Wrong::Truncated,
            Wrong::Oversized(300_000),
            Wrong::Page,
            Wrong::PageAfter,
            Wrong::RedirectLoop,
            Wrong::RedirectTo("https://elsewhere.example/here".into()),
            Wrong::HangUp,
            Wrong::HangUpAfter,
            Wrong::Other(
                serde_json::json!({"cveMetadata": {"cveId": "CVE-1999-0001", "state": "PUBLISHED"}}),
            ),
            Wrong::Other(serde_json::json!([{"body": {"cveMetadata": {"cveId": "CVE-1999-0001"}}}])),
            Wrong::Other(serde_json::json!([])),
            Wrong::Silence,
        ];
        out.extend([401, 403, 404, 409, 422, 429, 500, 502, 503].map(Wrong::Status));
        out
    }
}

/// A value as a service written in JavaScript keeps it: `9.0` is `9`.
fn kept(v: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match v {
        Value::Number(n) => match n.as_f64() {
            // Display writes a whole double without its point, as that language does.
            Some(f) if n.is_f64() => serde_json::from_str(&format!("{f}")).unwrap(),
            _ => Value::Number(n),
        },
        Value::Array(a) => Value::Array(a.into_iter().map(kept).collect()),
        Value::Object(o) => Value::Object(o.into_iter().map(|(k, v)| (k, kept(v))).collect()),
        v => v,
    }
}

/// The next request of this method whose path ends so goes wrong this way, that many times.
#[derive(Clone, Debug)]
struct Planned {
    method: String,
    path: String,
    skip: usize,
    times: usize,
    wrong: Wrong,
}

/// A service: state behind routes.
pub trait Service: Send {
    /// Answer a request.
    fn answer(&mut self, asked: &Asked) -> Answer;
}

impl<F: FnMut(&Asked) -> Answer + Send> Service for F {
    fn answer(&mut self, asked: &Asked) -> Answer {
        self(asked)
    }
}

struct Shared<S> {
    service: Mutex<S>,
    planned: Mutex<Vec<Planned>>,
    seen: Mutex<Vec<Asked>>,
    stop: AtomicBool,
}

/// A running server. It ends when it is dropped.
pub struct Server<S: Service + 'static> {
    at: SocketAddr,
    shared: Arc<Shared<S>>,
    thread: Option<JoinHandle<()>>,
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Service + 'static> Server<S> {
    /// Start one.
    #[must_use]
    pub fn start(service: S) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            service: Mutex::new(service),
            planned: Mutex::default(),
            seen: Mutex::default(),
            stop: AtomicBool::new(false),
        });
        let inner = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if inner.stop.load(Ordering::SeqCst) {
                    return;
                }
                let inner = Arc::clone(&inner);
                std::thread::spawn(move || {
                    // A client that went away is no failure of the server.
                    let _ = serve(stream, &inner);
                });
            }
        });
        Self { at, shared, thread: Some(thread) }
    }

    /// Its base address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.at)
    }

    /// The next request of this method whose path contains that goes wrong.
    pub fn go_wrong(&self, method: &str, path: &str, wrong: Wrong) {
        self.go_wrong_times(method, path, wrong, 1);
    }

    /// The same for that many requests.
    pub fn go_wrong_times(&self, method: &str, path: &str, wrong: Wrong, times: usize) {
        self.plan(method, path, 0, times, wrong);
    }

    /// After `skip` more requests of this method and path, one goes wrong.
    pub fn go_wrong_skipping(&self, method: &str, path: &str, skip: usize, wrong: Wrong) {
        self.plan(method, path, skip, 1, wrong);
    }

    /// After `skip` more requests, that many go wrong.
    pub fn go_wrong_at(&self, skip: usize, times: usize, wrong: Wrong) {
        self.plan("", "", skip, times, wrong);
    }

    fn plan(&self, method: &str, path: &str, skip: usize, times: usize, wrong: Wrong) {
        let (method, path) = (method.into(), path.into());
        lock(&self.shared.planned).push(Planned { method, path, skip, times, wrong });
    }

    /// Forget what was to go wrong; says whether anything was left.
    pub fn all_well(&self) -> bool {
        let mut planned = lock(&self.shared.planned);
        let left = planned.iter().any(|p| p.times > 0);
        planned.clear();
        left
    }

    /// Every request so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Asked> {
        lock(&self.shared.seen).clone()
    }

    /// How many requests of this method had a path that contains that.
    #[must_use]
    pub fn count(&self, method: &str, path: &str) -> usize {
        lock(&self.shared.seen).iter().filter(|a| a.method == method && a.path.contains(path)).count()
    }

    /// Look at the state, or change it as a person on the other side would.
    pub fn with<T>(&self, f: impl FnOnce(&mut S) -> T) -> T {
        f(&mut lock(&self.shared.service))
    }
}

impl<S: Service + 'static> Drop for Server<S> {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.at);
        if let Some(t) = self.thread.take() {
            let _ = t.join();
        }
    }
}

fn read(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut asked =
        Asked { method: method.into(), path: path.into(), query: query.into(), ..Asked::default() };
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            asked.headers.push((name.trim().to_ascii_lowercase(), value.trim().into()));
        }
    }
    let length: u64 = asked.header("content-length").parse().unwrap_or(0);
    reader.take(length).read_to_end(&mut asked.body)?;
    Ok(asked)
}

fn serve<S: Service>(mut stream: TcpStream, shared: &Shared<S>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let asked = read(&stream)?;
    if asked.method.is_empty() {
        return Ok(());
    }
    lock(&shared.seen).push(asked.clone());
    let wrong = {
        let mut planned = lock(&shared.planned);
        let hit = planned.iter_mut().find(|p| {
            let here = p.method.is_empty() || p.method == asked.method;
            p.times > 0 && here && asked.path.contains(&p.path)
        });
        hit.and_then(|p| {
            if p.skip > 0 {
                p.skip -= 1;
                return None;
            }
            p.times -= 1;
            Some(p.wrong.clone())
        })
    };
    let work = || lock(&shared.service).answer(&asked);
    let mut cut = false;
    let answer = match wrong {
        None => work(),
        Some(Wrong::Late(time)) => {
            let answer = work();
            std::thread::sleep(time);
            answer
        }
        Some(Wrong::Status(status)) => Answer::json(status, &serde_json::json!({"error": "PLANNED"})),
        Some(Wrong::Wait(status, after)) => {
            Answer::json(status, &serde_json::json!({"error": "WAIT"})).with("retry-after", &after)
        }
        Some(Wrong::StatusAfter(status)) => {
            work();
            Answer::json(status, &serde_json::json!({"error": "PLANNED"}))
        }
        Some(Wrong::Truncated) => {
            cut = true;
            work()
        }
        Some(Wrong::Oversized(bytes)) => {
            work();
            Answer::html(200, &" ".repeat(bytes))
        }
        Some(Wrong::Page) => Answer::html(200, "<!doctype html><title>Welcome</title>"),
        Some(Wrong::PageAfter) => {
            work();
            Answer::html(200, "<!doctype html><title>Welcome</title>")
        }
        Some(Wrong::RedirectLoop) => Answer::redirect(&asked.path),
        Some(Wrong::RedirectTo(to)) => Answer::redirect(&to),
        Some(Wrong::HangUp) => return Ok(()),
        Some(Wrong::HangUpAfter) => {
            work();
            return Ok(());
        }
        Some(Wrong::Other(json)) => {
            work();
            Answer::json(200, &json)
        }
        Some(Wrong::Silence) => {
            // Until the client hangs up.
            let mut rest = [0; 1];
            let _ = stream.read(&mut rest);
            return Ok(());
        }
    };
    let mut head = format!("HTTP/1.1 {} X\r\ncontent-type: {}\r\n", answer.status, answer.kind);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", answer.body.len()));
    stream.write_all(head.as_bytes())?;
    let body = if cut { &answer.body[..answer.body.len() / 2] } else { &answer.body[..] };
    stream.write_all(body)?;
    stream.flush()
}
