//! Logging in once, as a program that is installed (RFC 8252): a person says yes in a browser, which leads back to this machine
//! with a code, and the code is traded for a refresh token (RFC 6749 §4.1, with the proof of RFC 7636).

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::access::object;
use crate::net::{Client, Fault, Method, Request, Secret, Site, pairs};

/// Where people say yes.
pub const PAGE: &str = "https://accounts.google.com/o/oauth2/v2/auth";
/// What is asked for, nothing wider: reading mail, and writing drafts.
const SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/gmail.readonly", "https://www.googleapis.com/auth/gmail.compose"];
/// Time for one request of the browser.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of one.
const LONGEST: u64 = 16 * 1024;

/// The program as the service knows it.
pub struct App {
    id: Secret,
    secret: Secret,
}

impl App {
    /// Read what the service's console gives for a client of type *Desktop app*, or the two values alone.
    ///
    /// # Errors
    /// What is missing; nothing of its content is said.
    pub fn read(document: &Secret) -> Result<Self, String> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Document {
            installed: Option<Values>,
            web: Option<serde_json::Value>,
            #[serde(flatten)]
            own: Values,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Values {
            client_id: String,
            client_secret: String,
        }
        let d: Document = serde_json::from_str(document.expose())
            .map_err(|_| "it is not the JSON that the console gives for a client".to_owned())?;
        if d.web.is_some() {
            return Err("it is a client for web sites; make one of type Desktop app".into());
        }
        let v = d.installed.unwrap_or(d.own);
        let usable = |v: &str| v.len() >= 4 && v.bytes().all(|b| b.is_ascii_graphic());
        if !usable(&v.client_id) || !usable(&v.client_secret) {
            return Err("it has no usable client_id and client_secret".into());
        }
        Ok(Self { id: Secret::new(v.client_id), secret: Secret::new(v.client_secret) })
    }
}

/// A log-in that waits for a person.
pub struct Consent {
    app: App,
    listener: TcpListener,
    redirect: String,
    state: String,
    verifier: Secret,
}

impl Consent {
    /// Listen on this machine alone. `random` are 48 bytes that nobody can guess.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn begin(app: App, random: &[u8; 48]) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let redirect = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let (state, verifier) = random.split_at(16);
        let state = URL_SAFE_NO_PAD.encode(state);
        Ok(Self { app, listener, redirect, state, verifier: Secret::new(URL_SAFE_NO_PAD.encode(verifier)) })
    }

    /// The page on which a person says yes. It holds nothing that is secret.
    #[must_use]
    pub fn page(&self, at: &str, account: &str) -> String {
        let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.expose()));
        let scope = SCOPES.join(" ");
        let fields = [
            ("client_id", self.app.id.expose()),
            ("redirect_uri", &self.redirect),
            ("response_type", "code"),
            ("scope", &scope),
            ("access_type", "offline"),
            ("prompt", "consent"),
            ("login_hint", account),
            ("state", &self.state),
            ("code_challenge", &proof),
            ("code_challenge_method", "S256"),
        ];
        format!("{at}?{}", pairs(fields.into_iter()))
    }

    /// Wait until the browser comes back with a code. What comes without our own word is somebody else's, and is sent away.
    ///
    /// # Errors
    /// When the person said no, or nobody came in time.
    pub fn wait(&self, time: Duration) -> Result<Secret, String> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            match self.listener.accept() {
                Ok((stream, from)) if from.ip().is_loopback() => {
                    if let Some(answer) = self.answer(stream) {
                        return answer;
                    }
                }
                Ok(_) => {}
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(e) => return Err(format!("the port on this machine fails: {e}")),
            }
        }
        Err("nobody came back from that page in time".into())
    }

    fn answer(&self, stream: TcpStream) -> Option<Result<Secret, String>> {
        stream.set_nonblocking(false).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_write_timeout(Some(PATIENCE)).ok()?;
        let mut line = String::new();
        BufReader::new(Read::take(&stream, LONGEST)).read_line(&mut line).ok()?;
        let end = self.read(line.split_whitespace().nth(1).unwrap_or_default());
        let (status, words) = match &end {
            Some(Ok(_)) => ("200 OK", "Done. You can close this page and go back to the terminal."),
            Some(Err(_)) => ("200 OK", "Nothing was allowed. You can close this page."),
            None => ("404 Not Found", "There is nothing here."),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
             referrer-policy: no-referrer\r\nconnection: close\r\n\r\n{words}\n",
            words.len() + 1
        );
        // The browser may be gone already; what it brought counts.
        let _ = (&stream).write_all(head.as_bytes());
        end
    }

    /// What the browser brought; none for what is not ours.
    fn read(&self, target: &str) -> Option<Result<Secret, String>> {
        let (path, query) = target.split_once('?')?;
        let get = |key: &str| query.split('&').find_map(|p| p.strip_prefix(key)?.strip_prefix('='));
        if path != "/" || get("state") != Some(self.state.as_str()) {
            return None;
        }
        if let Some(error) = get("error") {
            let word: String =
                error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
            return Some(Err(format!("the page says: {word}")));
        }
        let code = decoded(get("code")?);
        let usable = (4..=2048).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic());
        Some(if usable { Ok(Secret::new(code)) } else { Err("the page brought no code".into()) })
    }

    /// Trade the code for a credential as it is kept: the document of an `authorized_user`. It can be done once.
    ///
    /// # Errors
    /// When the service refuses it, gives no refresh token, or one that allows less than is needed.
    pub fn trade(&self, client: &Client, tokens: &Site, code: Secret) -> Result<Secret, String> {
        #[derive(Deserialize)]
        struct Traded {
            #[serde(default)]
            refresh_token: String,
            #[serde(default)]
            scope: String,
        }
        #[derive(Deserialize)]
        struct Refusal {
            error: String,
        }
        let request = Request::new(Method::Post, "/token")
            .form(vec![
                ("client_id", self.app.id.clone()),
                ("client_secret", self.app.secret.clone()),
                ("code", code),
                ("code_verifier", self.verifier.clone()),
                ("redirect_uri", Secret::new(self.redirect.clone())),
                ("grant_type", Secret::new("authorization_code".into())),
            ])
            .stay();
        let reply = client.call(tokens, &request).map_err(|f: Fault| f.to_string())?;
        if !reply.ok() {
            let said = object::<Refusal>(reply.bytes()).map(|r| reply.scrub(&r.error));
            let said = said.unwrap_or_else(|| "no reason".into());
            return Err(format!("{}: status {}: {said}", reply.what(), reply.status()));
        }
        // Nothing of this answer is ever shown.
        let traded = object::<Traded>(reply.bytes()).filter(|t| !t.refresh_token.is_empty());
        let Some(traded) = traded else {
            return Err(format!("{}: the answer has no refresh token", reply.what()));
        };
        let given: Vec<&str> = traded.scope.split_whitespace().collect();
        if let Some(lacks) = SCOPES.iter().find(|s| !given.is_empty() && !given.contains(*s)) {
            return Err(format!("{lacks} was not allowed; tick every box on the page"));
        }
        let document = serde_json::json!({"type": "authorized_user", "client_id": self.app.id.expose(),
            "client_secret": self.app.secret.expose(), "refresh_token": traded.refresh_token});
        Ok(Secret::new(document.to_string()))
    }
}

/// Keep a credential in a file that only its owner can read; what was there is replaced.
///
/// # Errors
/// When it cannot be written.
pub fn keep(document: &Secret, path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(&part)
        .and_then(|mut f| f.write_all(document.expose().as_bytes()).and_then(|()| f.sync_all()))
        .and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        if *first == b'%'
            && let [a, b, after @ ..] = more
            && let Some(byte) =
                std::str::from_utf8(&[*a, *b]).ok().and_then(|h| u8::from_str_radix(h, 16).ok())
        {
            out.push(byte);
            rest = after;
        } else {
            out.push(*first);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_bears_our_word_is_taken() {
        let app = App { id: Secret::new("planted-id".into()), secret: Secret::new("planted-word".into()) };
        let c = Consent::begin(app, &[7; 48]).unwrap();
        let state = c.state.clone();
        let said = |t: &str| c.read(t).map(|r| r.map(|s| s.expose().to_owned()));
        assert_eq!(said(&format!("/?state={state}&code=4%2F0abc&scope=x")), Some(Ok("4/0abc".into())));
        assert_eq!(
            said(&format!("/?error=access_denied&state={state}")),
            Some(Err("the page says: access_denied".into()))
        );
        for foreign in [
            "/".to_owned(),
            "/favicon.ico".into(),
            "/?code=4%2F0abc".into(),
            "/?state=&code=4abc".into(),
            format!("/other?state={state}&code=4abc"),
            format!("/?state={state}x&code=4abc"),
            format!("/?state={state}"),
        ] {
            assert_eq!(said(&foreign), None, "{foreign}");
        }
        assert!(said(&format!("/?state={state}&code=a%0d%0ab")).unwrap().is_err());
        let page = c.page(PAGE, "security@acme.example");
        assert!(
            page.contains("login_hint=security%40acme.example") && !page.contains("planted-word"),
            "{page}"
        );
        assert!(!page.contains(c.verifier.expose()), "the proof alone is shown");
    }

    #[test]
    fn a_client_is_read_as_the_console_gives_it() {
        let read = |text: &str| App::read(&Secret::new(text.into())).map(|a| a.id.expose().to_owned());
        let both = r#""client_id":"12-ab.apps","client_secret":"planted-word""#;
        assert_eq!(read(&format!(r#"{{"installed":{{{both},"auth_uri":"x"}}}}"#)), Ok("12-ab.apps".into()));
        assert_eq!(read(&format!("{{{both}}}")), Ok("12-ab.apps".into()));
        for (text, words) in [
            (format!(r#"{{"web":{{{both}}}}}"#), "Desktop app"),
            ("{}".into(), "no usable"),
            ("planted-word".into(), "not the JSON"),
        ] {
            let why = read(&text).unwrap_err();
            assert!(why.contains(words) && !why.contains("planted"), "{why}");
        }
    }
}
