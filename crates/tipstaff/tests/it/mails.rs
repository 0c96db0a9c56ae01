//! Mails and desks for the whole-program tests, written for them and small: a run that classifies costs a second.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, types::Value};

use crate::env::Env;

/// A desk with one product, two people and one list.
pub fn env() -> Env {
    Env::with_config(&config())
}

/// Its configuration.
pub fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/desk.toml")
}

/// A mail to be written.
#[derive(Clone)]
pub struct Mail {
    pub id: &'static str,
    pub from: &'static str,
    pub subject: &'static str,
    /// Minutes after 2026-11-16 10:00 UTC.
    pub minute: u32,
    /// More headers, each with its line end.
    pub headers: String,
    pub body: String,
}

impl Mail {
    pub fn new(id: &'static str, from: &'static str, subject: &'static str, minute: u32, body: &str) -> Self {
        Self { id, from, subject, minute, headers: String::new(), body: body.into() }
    }

    pub fn with(mut self, header: &str) -> Self {
        self.headers.push_str(header);
        self.headers.push('\n');
        self
    }

    /// As an `.eml`.
    pub fn eml(&self) -> String {
        let date = format!("Mon, 16 Nov 2026 {:02}:{:02}:00 +0000", 10 + self.minute / 60, self.minute % 60);
        format!(
            "Received: from mx.example by lists.example; {date}\nMessage-ID: <{}>\nFrom: {}\nTo: security@server.example\n\
             Subject: {}\nDate: {date}\n{}\n{}",
            self.id, self.from, self.subject, self.headers, self.body
        )
    }

    /// As an entry of an mbox.
    pub fn entry(&self) -> String {
        let body = self.eml().replace("\nFrom ", "\n>From ");
        format!("From x@mx.example Mon Nov 16 10:00:00 2026\n{body}\n\n")
    }
}

/// An mbox of these.
pub fn mbox(mails: &[Mail]) -> String {
    mails.iter().map(Mail::entry).collect()
}

pub const TRAVERSAL: &str = "Hello,

I found a path traversal vulnerability in Example Server 2.4.0. The upload endpoint /api/files joins the file
name of the request with the data folder without any check, so that an authenticated user can write outside of it:

    curl -u user:pw -F 'file=@x;filename=../../etc/cron.d/x' http://host/api/files

An attacker can overwrite any file of the server's user and run code. Versions 2.0 to 2.4.0 are affected.

Regards,
Ann Archer
";

pub const INJECTION: &str = "Dear team,

the login form of Example Server 2.3.1 is vulnerable to SQL injection. The parameter `user` of POST /login is
concatenated into the query in src/login.c:120. An unauthenticated attacker can log in as any user:

    curl -d \"user=' OR 1=1 --&password=x\" http://host/login

All versions before 2.4 are affected.

Bob Baker
";

pub const OVERFLOW: &str = "Hi,

Example Server 2.4.0 has a heap buffer overflow in the WebSocket frame parser, src/ws/frame.c:310. A frame whose
length field is 0xffffffff makes the server copy past the end of its buffer, and a remote attacker without an
account can crash the process and probably run code. A frame that does it is attached as hex below.

    81 ff ff ff ff ff ff ff ff ff

Found in 2.4.0 and 2.3.9 by reading and fuzzing.

Cleo Dunn
";

/// A report by Ann.
pub fn ann() -> Mail {
    Mail::new(
        "one@ann.example",
        "Ann Archer <ann@ann.example>",
        "Path traversal in file upload",
        0,
        TRAVERSAL,
    )
}

/// A report by Bob.
pub fn bob() -> Mail {
    Mail::new(
        "two@bob.example",
        "Bob Baker <bob@bob.example>",
        "SQL injection in the login form",
        60,
        INJECTION,
    )
}

/// A report by Cleo.
pub fn cleo() -> Mail {
    Mail::new(
        "five@cleo.example",
        "Cleo Dunn <cleo@cleo.example>",
        "Heap buffer overflow in the WebSocket frame parser",
        150,
        OVERFLOW,
    )
}

/// Spam.
pub fn spam() -> Mail {
    Mail::new(
        "three@seo.example",
        "Jess <jess@seo.example>",
        "First page ranking guaranteed",
        120,
        "Dear sir, we offer SEO and first page ranking on Google for your website. Reply for our price list. Cheap \
         backlinks, guaranteed traffic!\n",
    )
}

/// A journalist.
pub fn media() -> Mail {
    Mail::new(
        "four@times.example",
        "Harriet Lowe <h.lowe@times.example>",
        "Request for comment: security of message servers",
        130,
        "Hello,\n\nI am a journalist at the Example Times and I am writing an article about the security of servers \
         such as yours.\nCould a spokesperson give me a comment, or an interview this week? Our deadline for publication \
         is Friday.\n\nHarriet Lowe\nExample Times\n",
    )
}

/// Ann, once more on her thread.
pub fn ann_again() -> Mail {
    Mail::new(
        "six@ann.example",
        "Ann Archer <ann@ann.example>",
        "Re: Path traversal in file upload",
        180,
        "Hello again,\n\nhave you had time to look at this? I can send more detail.\n\nAnn\n",
    )
    .with("In-Reply-To: <one@ann.example>")
    .with("References: <one@ann.example>")
}

/// Everything on a desk that a person or another program would see, events left out: an interrupted run has more of
/// them. Paths of the desk are written as `DESK`.
pub fn snapshot(desk: &Path, with_plans: bool) -> String {
    let c = Connection::open(desk.join("desk.sqlite")).unwrap();
    let journal = if with_plans {
        "select * from journal order by key"
    } else {
        "select key, subject, effect, state, receipt, actor, intended_at, done_at from journal order by key"
    };
    let mut queries = vec![
        "select * from trackers order by key",
        "select * from labels order by 1, 2",
        "select * from assignees order by 1, 2",
        "select * from comments order by id",
        "select * from milestones order by 1",
        "select * from records order by 1",
        "select * from ledger order by 1, 2, 3",
        "select * from rejections order by 1",
        "select * from messages order by digest",
        journal,
    ];
    if with_plans {
        queries.push("select digest, state from plans order by 1");
    }
    let mut out = String::new();
    for sql in queries {
        out.push_str(&format!("== {sql}\n"));
        let mut q = c.prepare(sql).unwrap();
        let n = q.column_count();
        let mut rows = q.query([]).unwrap();
        while let Some(r) = rows.next().unwrap() {
            let cells: Vec<String> = (0..n).map(|i| format!("{:?}", r.get::<_, Value>(i).unwrap())).collect();
            out.push_str(&format!("{}\n", cells.join(" | ")));
        }
    }
    out.push_str("== drafts\n");
    for (name, text) in drafts(desk) {
        out.push_str(&format!("{name}: {text:?}\n"));
    }
    let home = desk.to_str().unwrap();
    out.replace(home, "DESK")
}

/// The drafts of a desk: file names and texts.
pub fn drafts(desk: &Path) -> Vec<(String, String)> {
    let Ok(dir) = std::fs::read_dir(desk.join("drafts")) else { return Vec::new() };
    let mut out: Vec<(String, String)> = dir
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "eml"))
        .map(|p| {
            let name = p.file_name().unwrap().to_str().unwrap().to_owned();
            (name, String::from_utf8(std::fs::read(&p).unwrap()).unwrap())
        })
        .collect();
    out.sort();
    out
}

/// One value from the desk's database.
pub fn one<T: rusqlite::types::FromSql>(desk: &Path, sql: &str) -> T {
    Connection::open(desk.join("desk.sqlite")).unwrap().query_row(sql, [], |r| r.get(0)).unwrap()
}

/// Copy a folder of files and folders.
pub fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for e in std::fs::read_dir(from).unwrap() {
        let e = e.unwrap();
        let to = to.join(e.file_name());
        if e.file_type().unwrap().is_dir() {
            copy_dir(&e.path(), &to)
        } else {
            std::fs::copy(e.path(), to).map(drop).unwrap()
        }
    }
}
