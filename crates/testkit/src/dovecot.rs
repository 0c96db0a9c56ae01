//! A real IMAP server for one test: Dovecot (Debian `dovecot-imapd`), on a loopback port, with everything it keeps in a
//! folder of its own, as an ordinary user. Where it is not installed the test says so and passes.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The account.
pub const ACCOUNT: &str = "alice";
/// Its password: planted, so that a test can look for it in every output.
pub const PASSWORD: &str = "planted-imap-secret";

/// A running server.
pub struct Dovecot {
    dir: TempDir,
    child: Option<Child>,
    /// Port without TLS; STARTTLS is offered.
    pub port: u16,
    /// Port with TLS from the first byte.
    pub tls_port: u16,
}

/// Who runs it: `(program and arguments in front, user, group)`. Dovecot keeps no mail for root.
fn as_whom() -> (Vec<String>, String, String) {
    let id = |args: &[&str]| {
        let out = Command::new("id").args(args).output().unwrap();
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    };
    if id(&["-u"]) == "0" {
        let group = id(&["-gn", "nobody"]);
        let drop = ["setpriv", "--reuid=nobody", &format!("--regid={group}"), "--clear-groups"];
        (drop.map(String::from).to_vec(), "nobody".into(), group)
    } else {
        (Vec::new(), id(&["-un"]), id(&["-gn"]))
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn run(program: &str, args: &[&str], dir: &Path) {
    let out = Command::new(program).args(args).current_dir(dir).output().unwrap();
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

impl Dovecot {
    /// Start one; none, and a line that says so, where it is not installed.
    #[must_use]
    pub fn start() -> Option<Self> {
        let there = ["/usr/sbin/dovecot", "/usr/bin/dovecot"].iter().any(|p| Path::new(p).is_file());
        if !there {
            #[allow(clippy::print_stdout, reason = "this is how a skipped test shows")]
            {
                println!("skipped: dovecot is not installed (Debian: dovecot-imapd)");
            }
            return None;
        }
        let dir = TempDir::new().unwrap();
        for sub in ["run", "home", "tls"] {
            fs::create_dir(dir.path().join(sub)).unwrap();
        }
        certificates(&dir.path().join("tls"));
        let (port, tls_port) = (free_port(), free_port());
        let mut this = Self { dir, child: None, port, tls_port };
        fs::write(this.dir.path().join("dovecot.conf"), this.configuration()).unwrap();
        this.give_away();
        this.resume();
        Some(this)
    }

    fn configuration(&self) -> String {
        let d = self.dir.path().display();
        let (_, user, group) = as_whom();
        let (port, tls) = (self.port, self.tls_port);
        let folders: String = ["Drafts", "Sent"]
            .map(|f| format!("  mailbox {f} {{\n    special_use = \\{f}\n    auto = create\n  }}\n"))
            .concat();
        format!(
            "base_dir = {d}/run\nlog_path = {d}/dovecot.log\nprotocols = imap\nlisten = 127.0.0.1\n\
             default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\n\
             first_valid_uid = 1\nmail_location = maildir:{d}/home/%u\nauth_failure_delay = 0\n\
             ssl = yes\nssl_cert = <{d}/tls/cert.pem\nssl_key = <{d}/tls/key.pem\nauth_mechanisms = plain\n\
             passdb {{\n  driver = static\n  args = user={ACCOUNT} password={PASSWORD}\n}}\n\
             userdb {{\n  driver = static\n  args = uid={user} gid={group} home={d}/home/%u\n}}\n\
             service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {port}\n  }}\n  \
             inet_listener imaps {{\n    port = {tls}\n    ssl = yes\n  }}\n}}\n\
             service anvil {{\n  chroot =\n}}\nservice stats {{\n  chroot =\n}}\n\
             namespace inbox {{\n  inbox = yes\n  separator = /\n{folders}}}\n"
        )
    }

    /// Everything belongs to who runs it.
    fn give_away(&self) {
        let (front, user, group) = as_whom();
        if !front.is_empty() {
            let dir = self.dir.path().to_str().unwrap();
            run("chown", &["-R", &format!("{user}:{group}"), dir], self.dir.path());
        }
    }

    /// Start it again after [`Dovecot::stop`]; it listens when this returns.
    pub fn resume(&mut self) {
        let (mut front, ..) = as_whom();
        let conf = self.dir.path().join("dovecot.conf").display().to_string();
        front.extend(["dovecot", "-F", "-c", &conf].map(String::from));
        let mut command = Command::new(&front[0]);
        command.args(&front[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // An ordinary user has no sbin in the path.
        command.env("PATH", format!("/usr/sbin:/sbin:{}", std::env::var("PATH").unwrap_or_default()));
        command.process_group(0);
        self.child = Some(command.spawn().unwrap());
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(Instant::now() < end, "dovecot does not start: {}", self.log());
            thread::sleep(Duration::from_millis(30));
        }
    }

    /// End it, and every session with it.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let id = child.id();
        let kill = |signal: &str| {
            // Its own group, which it started: the sessions do not outlive it.
            let group = format!("-{id}");
            let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
        };
        kill("-TERM");
        let _ = child.wait();
        kill("-KILL");
    }

    /// What it wrote down.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("dovecot.log")).unwrap_or_default()
    }

    /// The authority its certificate is from.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.dir.path().join("tls/ca.pem")
    }

    /// The folder of the server that holds the account's mail (a Maildir); below it `.Drafts` and `.Sent`.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home").join(ACCOUNT)
    }

    fn folder(&self, name: &str) -> PathBuf {
        if name == "INBOX" { self.home() } else { self.home().join(format!(".{name}")) }
    }

    /// Put a message into a folder, as a delivery would.
    pub fn deliver(&self, folder: &str, name: &str, bytes: &[u8]) {
        self.deliver_all(folder, &[(name.to_owned(), bytes.to_vec())]);
    }

    /// The same with many, by name and bytes.
    pub fn deliver_all(&self, folder: &str, mails: &[(String, Vec<u8>)]) {
        let dir = self.folder(folder);
        for sub in ["tmp", "new", "cur"] {
            fs::create_dir_all(dir.join(sub)).unwrap();
        }
        for (name, bytes) in mails {
            fs::write(dir.join("tmp").join(name), bytes).unwrap();
            fs::rename(dir.join("tmp").join(name), dir.join("new").join(name)).unwrap();
        }
        self.give_away();
    }

    /// Every message of a folder: file name and bytes.
    #[must_use]
    pub fn messages(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let mut out = Vec::new();
        for sub in ["new", "cur"] {
            let Ok(entries) = fs::read_dir(self.folder(folder).join(sub)) else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                out.push((path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
        out.sort();
        out
    }

    /// Forget the numbers of a folder's messages, as a restored server does: its UIDVALIDITY changes.
    pub fn renumber(&mut self, folder: &str) {
        self.stop();
        for entry in fs::read_dir(self.folder(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name == "dovecot-uidlist" || name.starts_with("dovecot.index") {
                fs::remove_file(path).unwrap();
            }
        }
        self.resume();
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The name of a machine that is nowhere, for which there is a certificate, too.
pub const NOWHERE: &str = "nowhere.example";

/// An authority (`ca.pem`), and a certificate of it for `localhost`, 127.0.0.1 and [`NOWHERE`] (`cert.pem`, `key.pem`).
pub fn certificates(dir: &Path) {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let mut ca = vec!["req", "-x509"];
    ca.extend(key);
    ca.extend(["-days", "2", "-subj", "/CN=Test authority", "-addext", "basicConstraints=critical,CA:TRUE"]);
    ca.extend(["-keyout", "ca.key", "-out", "ca.pem"]);
    run("openssl", &ca, dir);
    let mut request = vec!["req"];
    request.extend(key);
    request.extend(["-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request.pem"]);
    run("openssl", &request, dir);
    let names = format!(
        "subjectAltName=DNS:localhost,DNS:{NOWHERE},IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n"
    );
    fs::write(dir.join("names"), names).unwrap();
    let mut sign = vec!["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key"];
    sign.extend(["-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "cert.pem"]);
    run("openssl", &sign, dir);
}
