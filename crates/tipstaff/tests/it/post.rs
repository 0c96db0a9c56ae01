//! Where the mail of a walk comes from and its letters go: files, a real IMAP server, or a mailbox at Gmail.

use std::os::unix::fs::PermissionsExt;

use testkit::{
    dovecot::{Dovecot, PASSWORD},
    serve::{GmailFront, Server},
};

use crate::{
    env::Env,
    mails::{Mail, drafts, one},
};

/// One of them.
pub enum Post {
    /// Files, and the folder of drafts of this machine.
    Here,
    Imap(Dovecot),
    Gmail(Server<GmailFront>),
}

/// The account at Gmail.
pub const ACCOUNT: &str = "security@server.example";
/// The OAuth client there.
pub const CLIENT: [&str; 2] = ["planted-client", "planted-client-secret"];

/// A file that only its owner can read.
fn secret(env: &Env, name: &str, text: &str) {
    let path = env.write(name, text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

impl Post {
    /// The lines of `[services]` and the source for the configuration. Writes the secret that they name.
    pub fn settings(&self, env: &Env) -> (String, String) {
        let source = |kind: &str, account: &str, more: &str| {
            format!(
                "\n[[mail.source]]\nname = \"box\"\nkind = \"{kind}\"\nrole = \"primary\"\naccount = \"{account}\"\n\
                 credential = \"file:mail-secret\"\n{more}"
            )
        };
        match self {
            Post::Here => Default::default(),
            Post::Imap(d) => {
                secret(env, "mail-secret", PASSWORD);
                let url = format!("url = \"imap://127.0.0.1:{}\"\n", d.port);
                (String::new(), source("imap", "alice", &url))
            }
            Post::Gmail(server) => {
                let [id, word, refresh] = server.with(|f| f.credential.clone());
                let document = serde_json::json!({"type": "authorized_user", "client_id": id,
                    "client_secret": word, "refresh_token": refresh});
                secret(env, "mail-secret", &document.to_string());
                let services = format!("gmail = \"{0}\"\ngoogle_token = \"{0}\"\n", server.url());
                (services, source("gmail", ACCOUNT, ""))
            }
        }
    }

    /// What must show nowhere.
    pub fn secrets(&self) -> Vec<String> {
        match self {
            Post::Here => Vec::new(),
            Post::Imap(_) => vec![PASSWORD.into()],
            Post::Gmail(server) => server.with(|f| f.credential[1..].to_vec()),
        }
    }

    /// A mail comes in.
    pub fn deliver(&self, mail: &Mail) {
        let bytes = mail.eml().replace('\n', "\r\n").into_bytes();
        match self {
            Post::Here => {}
            Post::Imap(d) => d.deliver("INBOX", &format!("1.{}", mail.minute), &bytes),
            Post::Gmail(server) => server.with(|f| f.receive(&bytes, &["INBOX", "UNREAD"])),
        }
    }

    /// Drafts as they lie there, and the letters that people sent.
    fn read(&self) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let bytes = |all: Vec<(String, Vec<u8>)>| all.into_iter().map(|(_, b)| b).collect();
        match self {
            Post::Here => Default::default(),
            Post::Imap(d) => (bytes(d.messages("Drafts")), bytes(d.messages("Sent"))),
            Post::Gmail(server) => {
                server.with(|f| (f.drafts().into_iter().map(|(_, _, b)| b).collect(), bytes(f.under("SENT"))))
            }
        }
    }

    /// Every letter that was ever written, sent or not.
    pub fn letters(&self, env: &Env) -> Vec<String> {
        if matches!(self, Post::Here) {
            return drafts(&env.desk()).into_iter().map(|(_, text)| text).collect();
        }
        let (drafts, sent) = self.read();
        let all = drafts.into_iter().chain(sent);
        all.map(|b| String::from_utf8(b).unwrap().replace("\r\n", "\n")).collect()
    }

    /// How many drafts lie there.
    pub fn waiting(&self) -> usize {
        self.read().0.len()
    }

    /// A person sends every draft: with a mail program, and says so; or on the server, which `sync` sees by itself.
    pub fn send(&self, env: &Env) {
        match self {
            Post::Here => {
                let drafted = "select group_concat(message_id, ' ') from ledger where state <> 'sent'";
                let drafted: Option<String> = one(&env.desk(), drafted);
                for id in drafted.unwrap_or_default().split_whitespace() {
                    let _ = env.run(&["mark-sent", id]).expect(0);
                }
            }
            Post::Imap(d) => {
                for (name, bytes) in d.messages("Drafts") {
                    for sub in ["new", "cur"] {
                        let _ = std::fs::remove_file(d.home().join(".Drafts").join(sub).join(&name));
                    }
                    d.deliver("Sent", &format!("{}.sent", d.messages("Sent").len()), &bytes);
                }
            }
            Post::Gmail(server) => server.with(|f| {
                for (draft, ..) in f.drafts() {
                    f.press_send(&draft);
                }
            }),
        }
    }
}
