//! GitHub's and Google's services for one test, with their state: npm `emulate`, on loopback ports. Where it or node is not
//! installed the test says so and passes. What it lacks stands in front of it: [`crate::serve::GithubFront`] and
//! [`crate::serve::GmailFront`].

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::Value;

/// Where `./check` puts what it fetches with npm.
pub(crate) const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/check-node/node_modules");

/// The running services. They end when this is dropped.
pub struct Emulator {
    child: Child,
    ports: BTreeMap<String, u16>,
}

impl Emulator {
    /// Start these services with what they hold at first, as if it were that time; none, and a line that says so, where they
    /// are not installed.
    #[must_use]
    pub fn start(services: &[&str], now: Timestamp, seed: &Value) -> Option<Self> {
        let entry = Path::new(MODULES).join("emulate/dist/api.js");
        let node = Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !entry.is_file() || !node.is_ok_and(|s| s.success()) {
            #[allow(clippy::print_stdout, reason = "this is how a skipped test shows")]
            {
                println!("skipped: npm `emulate` or node is not here; `./check` fetches the first");
            }
            return None;
        }
        let mut child = Command::new("node")
            .args(["--input-type=module", "-e", include_str!("emulate.mjs")])
            .arg(entry.canonicalize().unwrap())
            .args([services.join(","), now.as_millisecond().to_string(), seed.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ports = BTreeMap::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            match line.split_once(' ').and_then(|(name, port)| Some((name, port.parse().ok()?))) {
                Some((name, port)) => _ = ports.insert(name.to_owned(), port),
                None => break,
            }
        }
        let this = Self { child, ports };
        assert!(services.iter().all(|s| this.ports.contains_key(*s)), "emulate does not start");
        Some(this)
    }

    /// The port of a service.
    #[must_use]
    pub fn port(&self, service: &str) -> u16 {
        self.ports[service]
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What one of the services said.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Heard {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Ask one of the services. `bearer` is the token, `kind` the type of the body.
pub(crate) fn ask(port: u16, method: &str, target: &str, bearer: &str, kind: &str, body: &[u8]) -> Heard {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut head = format!(
        "{method} {target} HTTP/1.1\r\nhost: emulated.example\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in [("authorization", bearer), ("content-type", kind)] {
        if !value.is_empty() {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let end = all.windows(4).position(|w| w == b"\r\n\r\n").expect("an answer with a head");
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|l| l.split(' ').nth(1)?.parse().ok()).unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()))
        .collect();
    let chunked = headers.iter().any(|(n, v)| n == "transfer-encoding" && v == "chunked");
    let rest = &all[end + 4..];
    Heard { status, headers, body: if chunked { whole(rest) } else { rest.to_vec() } }
}

/// The body of an answer that came in chunks.
fn whole(mut rest: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(String::from_utf8_lossy(&rest[..end]).trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        out.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    out
}
