//! The client: deadline, tries, limits, redirects, and the log.

use std::{
    collections::{BTreeMap, VecDeque},
    io::Read,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ureq::{
    Agent, Proxy, Timeout,
    http::{self, HeaderMap},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{
    Body, Counts, Fault, Looked, Method, Pace, Redirect, Reply, Request, Secret, Site, Surroundings,
    TraceLine,
    address::Landing,
    allowed,
    pace::{backoff, retry_after},
    request::pairs,
};

/// Redirects that are followed on one host.
const HOPS: u32 = 5;
/// What this program calls itself.
const AGENT: &str = concat!("tipstaff/", env!("CARGO_PKG_VERSION"));

/// What one call may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time for a call, its tries and waits together.
    pub deadline: Duration,
    /// Time to connect.
    pub connect: Duration,
    /// Tries of a reading request.
    pub tries: u32,
    /// First wait between tries; it doubles.
    pub first_wait: Duration,
    /// Longest wait, also of one a service asks for.
    pub longest_wait: Duration,
    /// Bytes of an answer.
    pub body: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            connect: Duration::from_secs(10),
            tries: 4,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(15),
            body: 16 * 1024 * 1024,
        }
    }
}

type Log = Box<dyn Fn(&TraceLine) + Send + Sync>;

/// The client. One per run; threads may share it.
pub struct Client {
    /// For reading: connections are kept.
    keeping: Agent,
    /// For changes: each has a connection of its own, so that one which the service closed is no riddle.
    fresh: Agent,
    limits: Limits,
    pace: Box<dyn Pace>,
    log: Option<Log>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    counts: Counts,
    /// When the last requests to an origin left, newest last.
    recent: BTreeMap<String, VecDeque<Duration>>,
    /// Not before that, by origin: what rate headers said.
    closed: BTreeMap<String, Duration>,
    /// When the last change left, by origin.
    changed: BTreeMap<String, Duration>,
}

impl Client {
    /// A client for these surroundings.
    ///
    /// # Errors
    /// When the proxy or the file of authorities cannot be used.
    pub fn new(surroundings: &Surroundings, limits: Limits, pace: Box<dyn Pace>) -> Result<Self, Fault> {
        let agent = |idle: usize| -> Result<Agent, Fault> {
            let mut tls = TlsConfig::builder();
            if let Some(file) = &surroundings.ca_file {
                tls = tls.root_certs(authorities(file)?);
            }
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .user_agent(AGENT)
                .accept("application/json")
                .timeout_connect(Some(limits.connect))
                .max_idle_connections(idle)
                .max_idle_connections_per_host(idle)
                .proxy(proxy(surroundings)?)
                .tls_config(tls.build());
            Ok(Agent::new_with_config(config.build()))
        };
        let (keeping, fresh) = (agent(4)?, agent(0)?);
        Ok(Self { keeping, fresh, limits, pace, log: None, state: Mutex::default() })
    }

    /// Write every request down, without secrets.
    #[must_use]
    pub fn logged(mut self, log: Log) -> Self {
        self.log = Some(log);
        self
    }

    /// What was spent so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    /// Note what an answer says it cost, in the service's own measure.
    pub fn cost(&self, service: super::Service, points: u64) {
        if points > 0 {
            *self.state().counts.points.entry(service).or_default() += points;
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Counters of a thread that died are still counters.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Make a call. A reading request is tried again where that may help; a change leaves once. Any status that is no
    /// redirect and no plea to wait comes back as a reply.
    ///
    /// # Errors
    /// A [`Fault`], by what is known of the effect.
    pub fn call(&self, site: &Site, request: &Request) -> Result<Reply, Fault> {
        allowed(site.service, request.method.as_str(), &request.path)?;
        let mut until = self.pace.elapsed() + self.limits.deadline;
        let mut tries = 0;
        loop {
            tries += 1;
            // The wait that a service's own rate asks for is not the call's.
            until += self.gate(site, request, until)?;
            let end = self.follow(site, request, until, tries);
            let again = match &end {
                Err(Fault::NotSent { .. } | Fault::NoAnswer { .. }) => Some(None),
                Err(Fault::Throttled { wait, .. }) => Some(*wait),
                Ok(r) if matches!(r.status, 500 | 502 | 503 | 504) => Some(None),
                _ => None,
            };
            let Some(asked) = again else { return end };
            if request.changes() || tries >= self.limits.tries {
                return end;
            }
            let wait = asked.unwrap_or_else(|| {
                backoff(tries, self.limits.first_wait, self.limits.longest_wait, self.pace.random())
            });
            if wait > self.limits.longest_wait || self.pace.elapsed() + wait >= until {
                return end;
            }
            self.wait(wait);
            self.state().counts.retries += 1;
        }
    }

    /// Make a change, and look it up whenever nobody knows whether it was made. It is tried again only when it is certain
    /// that it was not.
    ///
    /// # Errors
    /// As [`Client::call`]; [`Fault::UnknownOutcome`] when looking it up could not tell either.
    pub fn change<T>(
        &self,
        site: &Site,
        request: &Request,
        mut look_up: impl FnMut() -> Result<Looked<T>, Fault>,
    ) -> Result<Result<Reply, T>, Fault> {
        let mut tries = 0;
        loop {
            tries += 1;
            let fault = match self.call(site, request) {
                Ok(r) if r.status >= 500 => r.refusal(),
                Ok(r) => return Ok(Ok(r)),
                Err(f) => f,
            };
            let wait = match &fault {
                Fault::UnknownOutcome { what, .. } => match look_up() {
                    Ok(Looked::Made(found)) => return Ok(Err(found)),
                    Ok(Looked::NotMade) => None,
                    Ok(Looked::CannotTell(why)) => {
                        return Err(Fault::UnknownOutcome { what: what.clone(), why });
                    }
                    // What was to tell us could not: what is known is still nothing.
                    Err(_) => return Err(fault),
                },
                Fault::NotSent { .. } => None,
                Fault::Throttled { wait, .. } => *wait,
                _ => return Err(fault),
            };
            let wait = wait.unwrap_or_else(|| {
                backoff(tries, self.limits.first_wait, self.limits.longest_wait, self.pace.random())
            });
            if tries >= self.limits.tries || wait > self.limits.longest_wait {
                return Err(match fault {
                    // It was looked up: it was not made.
                    Fault::UnknownOutcome { what, why } => {
                        Fault::NotSent { what, why: format!("{why}, and it was not made") }
                    }
                    other => other,
                });
            }
            self.wait(wait);
            self.state().counts.retries += 1;
        }
    }

    fn wait(&self, time: Duration) {
        self.pace.sleep(time);
        self.state().counts.waited += time;
    }

    /// One try, with the redirects that stay on the host and on the list.
    fn follow(&self, site: &Site, request: &Request, until: Duration, attempt: u32) -> Result<Reply, Fault> {
        let mut request = request.clone();
        for hop in 0..=HOPS {
            let (reply, location) = self.once(site, &request, until, attempt)?;
            let Some(location) = location else { return Ok(reply) };
            let what = reply.what.clone();
            let to = match site.address.lands(&location) {
                Landing::Elsewhere(host) => Redirect::OtherHost(host),
                Landing::Strange => Redirect::Nowhere,
                Landing::Above(path) => Redirect::Page(path),
                Landing::Here { path, query } => {
                    let plain = request.follow && !request.changes() && !query;
                    if !plain || allowed(site.service, request.method.as_str(), &path).is_err() {
                        Redirect::Page(path)
                    } else if hop == HOPS || path == request.path {
                        Redirect::Loop
                    } else {
                        request.path = path;
                        request.query.clear();
                        continue;
                    }
                }
            };
            return Err(Fault::Redirected { what, to });
        }
        // The last hop returns above; said for the compiler.
        Err(Fault::Redirected { what: request.path, to: Redirect::Loop })
    }

    fn once(
        &self,
        site: &Site,
        request: &Request,
        until: Duration,
        attempt: u32,
    ) -> Result<(Reply, Option<String>), Fault> {
        let method = request.method.as_str();
        let mut what = format!("{method} {}", site.address.at(&request.path));
        if !request.query.is_empty() {
            let keys: Vec<&str> = request.query.iter().map(|(k, _)| *k).collect();
            what.push_str(&format!("?{}", keys.join("&")));
        }
        let begun = self.pace.elapsed();
        let sent = match &request.body {
            Body::Json(b) => b.len(),
            Body::Empty | Body::Form(_) => 0,
        };
        let end = self.send(site, request, until, &what);
        let (words, received) = match &end {
            Ok((r, _)) => (r.status.to_string(), r.body.len()),
            Err(f) => (self.scrub(request, &f.to_string()), 0),
        };
        self.state().counts.received += received as u64;
        if let Some(log) = &self.log {
            let took = self.pace.elapsed().saturating_sub(begun);
            log(&TraceLine { service: site.service, what, sent, attempt, end: words, received, took });
        }
        end
    }

    fn scrub(&self, request: &Request, text: &str) -> String {
        secrets(request).iter().fold(text.to_owned(), |t, s| s.scrub(&t))
    }

    fn send(
        &self,
        site: &Site,
        request: &Request,
        until: Duration,
        what: &str,
    ) -> Result<(Reply, Option<String>), Fault> {
        let method = request.method.as_str();
        let changes = request.changes();
        allowed(site.service, method, &request.path)?;
        let left = until.saturating_sub(self.pace.elapsed());
        if left.is_zero() {
            return Err(Fault::NotSent { what: what.into(), why: "there was no time left".into() });
        }
        let mut uri = site.address.at(&request.path);
        if !request.query.is_empty() {
            uri.push('?');
            uri.push_str(&pairs(request.query.iter().map(|(k, v)| (*k, v.as_str()))));
        }
        let mut b = http::Request::builder().method(method).uri(uri);
        for (name, value) in &request.headers {
            b = b.header(*name, value.expose());
        }
        for (name, value) in &request.open {
            b = b.header(*name, value);
        }
        let (kind, body) = match &request.body {
            Body::Empty => ("", Vec::new()),
            Body::Json(json) => ("application/json", json.clone()),
            Body::Form(fields) => (
                "application/x-www-form-urlencoded",
                pairs(fields.iter().map(|(k, v)| (*k, v.expose()))).into_bytes(),
            ),
        };
        if !kind.is_empty() {
            b = b.header("content-type", kind);
        }
        // The library names the header that is wrong and never its value.
        let not_sent = |why: String| Fault::NotSent { what: what.into(), why };
        let http = b.body(body).map_err(|e| not_sent(e.to_string()))?;
        {
            let mut state = self.state();
            *state.counts.requests.entry(site.service).or_default() += 1;
        }
        let agent = if changes { &self.fresh } else { &self.keeping };
        let run = |http: http::Request<Vec<u8>>| {
            if changes {
                let http = agent.configure_request(http).timeout_global(Some(left)).build();
                agent.run(http)
            } else if request.method == Method::Get {
                let http = agent.configure_request(http.map(|_| ())).timeout_global(Some(left)).build();
                agent.run(http)
            } else {
                let http = agent.configure_request(http).timeout_global(Some(left)).build();
                agent.run(http)
            }
        };
        let lost = |e: &ureq::Error| {
            let why = words(e);
            match (never_sent(e), changes) {
                (true, _) => not_sent(why),
                (false, true) => Fault::UnknownOutcome { what: what.into(), why },
                (false, false) => Fault::NoAnswer { what: what.into(), why },
            }
        };
        let mut answer = run(http).map_err(|e| lost(&e))?;
        let status = answer.status().as_u16();
        let header = |name: &str| header(answer.headers(), name);
        self.rates(site, &header);
        // Some services say 403 where others say 429.
        let spent = status == 403
            && (header("retry-after").is_some()
                || header("x-ratelimit-remaining").is_some_and(|v| v.trim() == "0"));
        if status == 429 || spent || (status == 503 && !changes && header("retry-after").is_some()) {
            let wait = header("retry-after").and_then(|v| retry_after(&v, self.pace.now()));
            return Err(Fault::Throttled { what: what.into(), wait });
        }
        let location = if matches!(status, 301 | 302 | 303 | 307 | 308) {
            Some(header("location").unwrap_or_default())
        } else {
            None
        };
        let content_type = header("content-type").unwrap_or_default().to_ascii_lowercase();
        let (etag, link) = (header("etag").unwrap_or_default(), header("link").unwrap_or_default());
        let mut body = Vec::new();
        let limit = self.limits.body;
        // One byte more than allowed tells the difference between full and too full, after unpacking.
        let read = answer.body_mut().as_reader().take(limit + 1).read_to_end(&mut body);
        if let Err(e) = read {
            let why = format!("the answer broke off after {} bytes: {e}", body.len());
            return Err(if changes {
                Fault::UnknownOutcome { what: what.into(), why }
            } else {
                Fault::NoAnswer { what: what.into(), why }
            });
        }
        if body.len() as u64 > limit {
            let what = what.to_owned();
            return Err(if changes {
                Fault::UnknownOutcome { what, why: format!("the answer is longer than {limit} bytes") }
            } else {
                Fault::TooLarge { what, limit }
            });
        }
        let secrets = secrets(request);
        Ok((Reply { what: what.into(), changes, status, content_type, etag, link, body, secrets }, location))
    }

    /// Wait until the service takes another request: its own rate, and what its headers said.
    fn gate(&self, site: &Site, request: &Request, until: Duration) -> Result<Duration, Fault> {
        let origin = site.address.origin();
        let minute = Duration::from_secs(60);
        let now = self.pace.elapsed();
        let wait = {
            let mut state = self.state();
            let mut wait = state.closed.get(&origin).map_or(Duration::ZERO, |t| t.saturating_sub(now));
            if let (Some(apart), true) = (site.apart, request.changes())
                && let Some(last) = state.changed.get(&origin)
            {
                wait = wait.max((*last + apart).saturating_sub(now));
            }
            if let Some(most) = site.per_minute {
                let recent = state.recent.entry(origin.clone()).or_default();
                while recent.front().is_some_and(|t| *t + minute <= now) {
                    recent.pop_front();
                }
                if recent.len() >= most as usize
                    && let Some(first) = recent.front()
                {
                    wait = wait.max((*first + minute).saturating_sub(now));
                }
            }
            wait
        };
        if !wait.is_zero() {
            // A service's own rate is waited for even past the longest wait: a sync of many trackers is to end.
            let patient =
                (site.per_minute.is_some() || site.apart.is_some_and(|a| wait <= a)) && wait <= minute;
            if !patient && (wait > self.limits.longest_wait || now + wait >= until) {
                let what = format!("{} {}", request.method.as_str(), site.address.at(&request.path));
                return Err(Fault::Throttled { what, wait: Some(wait) });
            }
            self.wait(wait);
        }
        let at = self.pace.elapsed();
        let mut state = self.state();
        if site.apart.is_some() && request.changes() {
            state.changed.insert(origin.clone(), at);
        }
        if site.per_minute.is_some() {
            state.recent.entry(origin).or_default().push_back(at);
        }
        Ok(wait)
    }

    /// `RateLimit-Remaining: 0` closes a service until its reset.
    fn rates(&self, site: &Site, header: &dyn Fn(&str) -> Option<String>) {
        let number = |names: [&str; 2]| {
            names.into_iter().find_map(|n| header(n).and_then(|v| v.trim().parse::<u64>().ok()))
        };
        if number(["x-ratelimit-remaining", "ratelimit-remaining"]) != Some(0) {
            return;
        }
        let Some(reset) = number(["x-ratelimit-reset", "ratelimit-reset"]) else { return };
        let now = u64::try_from(self.pace.now().as_second()).unwrap_or_default();
        // A moment, or seconds from now: services differ, and no wait is longer than a year.
        let wait = if reset > 31_536_000 { reset.saturating_sub(now) } else { reset };
        let until = self.pace.elapsed() + Duration::from_secs(wait.min(86_400));
        self.state().closed.insert(site.address.origin(), until);
    }
}

fn secrets(request: &Request) -> Vec<Secret> {
    let mut out: Vec<Secret> = request.headers.iter().map(|(_, s)| s.clone()).collect();
    out.extend(request.hidden.iter().cloned());
    if let Body::Form(fields) = &request.body {
        out.extend(fields.iter().map(|(_, s)| s.clone()));
    }
    out
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|v| v.to_str().ok()).map(String::from)
}

/// Is it certain that the service saw nothing of the request?
fn never_sent(e: &ureq::Error) -> bool {
    match e {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::BadUri(_)
        | ureq::Error::Http(_)
        | ureq::Error::InvalidProxyUrl
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_)
        | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        ureq::Error::Io(e) => {
            e.kind() == std::io::ErrorKind::ConnectionRefused || untrusted(e) || nameless(e)
        }
        _ => false,
    }
}

/// Has the name no address? The standard library has no kind for that, and says it in these words.
fn nameless(e: &std::io::Error) -> bool {
    e.raw_os_error().is_none() && e.to_string().starts_with("failed to lookup address information")
}

/// Did the other side fail to prove who it is? Nothing is said to it before that.
fn untrusted(e: &std::io::Error) -> bool {
    let inner = e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

/// The library's error in words; the causes of a read that broke off are inside it.
fn words(e: &ureq::Error) -> String {
    match e {
        ureq::Error::Timeout(_) => "no answer in time".into(),
        ureq::Error::Io(e) => e.to_string(),
        other => other.to_string(),
    }
}

fn authorities(file: &std::path::Path) -> Result<RootCerts, Fault> {
    let cannot =
        |why: String| Fault::Setup(format!("SSL_CERT_FILE {} cannot be used: {why}", file.display()));
    let pem = std::fs::read(file).map_err(|e| cannot(e.to_string()))?;
    let mut out = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(c) = item.map_err(|e| cannot(e.to_string()))? {
            out.push(c);
        }
    }
    if out.is_empty() {
        return Err(cannot("it holds no certificate".into()));
    }
    Ok(RootCerts::new_with_certs(&out))
}

fn proxy(surroundings: &Surroundings) -> Result<Option<Proxy>, Fault> {
    let Some(text) = &surroundings.proxy else { return Ok(None) };
    // The address may hold a password, so it is not repeated.
    let cannot = |_| Fault::Setup("the proxy of the environment is no address that can be used".into());
    let read = Proxy::new(text).map_err(cannot)?;
    let mut b = Proxy::builder(read.protocol()).host(read.host()).port(read.port());
    if let Some(user) = read.username() {
        b = b.username(user);
    }
    if let Some(password) = read.password() {
        b = b.password(password);
    }
    // This machine is never asked through another.
    for host in ["localhost", "127.0.0.1", "::1", "[::1]"]
        .into_iter()
        .chain(surroundings.no_proxy.iter().map(String::as_str))
    {
        b = b.no_proxy(host);
    }
    b.build().map(Some).map_err(cannot)
}

/// A client for tests against a server on this machine: what is tried again is tried soon.
#[cfg(test)]
pub(crate) fn hasty() -> Client {
    let limits = Limits {
        deadline: Duration::from_secs(5),
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(20),
        body: 100_000,
        ..Limits::default()
    };
    Client::new(&Surroundings::default(), limits, Box::new(super::SystemPace::default())).unwrap()
}
