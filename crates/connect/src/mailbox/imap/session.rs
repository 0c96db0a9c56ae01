//! A session: log-in, folders, and the few commands a desk needs. Folders are opened with EXAMINE and read with
//! BODY.PEEK, so that nobody's unread mail becomes read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use imap_codec::imap_types::{
    fetch::{MessageDataItem, Section},
    flag::FlagNameAttribute,
    mailbox::Mailbox,
    response::{Capability, Code, Data, GreetingKind, StatusKind},
};
use rustls::ClientConfig;

use super::{
    LogIn, Trouble, name,
    server::{Security, Server},
    stream::Stream,
    wire::{Cost, Done, More, Wire, is_plain, printable, quoted},
};

/// A folder as EXAMINE shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Folder {
    pub validity: u32,
    /// The next UID to be given, where the server says it.
    pub next: Option<u32>,
    pub exists: u32,
}

/// A folder as LIST shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its name on the wire.
    pub raw: String,
    /// Its name for people.
    pub name: String,
    /// The last part of it.
    pub leaf: String,
    /// Attributes in lower case: `\drafts`, `\noselect`.
    pub attributes: BTreeSet<String>,
}

/// Parts of messages by UID.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub of: BTreeMap<u32, Vec<u8>>,
    /// Answers that could not be read.
    pub lost: usize,
}

/// A connection that is logged in.
pub(super) struct Session {
    wire: Wire,
    /// Folders for a purpose that were found, by their names on the wire.
    pub known: BTreeMap<&'static str, String>,
    /// What the server offers to somebody who is logged in, once that was asked.
    offers: Option<BTreeSet<String>>,
}

impl Session {
    /// Connect, secure and log in.
    pub(super) fn open(
        server: &Server,
        account: &str,
        log_in: &LogIn,
        trust: &Arc<ClientConfig>,
        connect: Duration,
        patience: Duration,
    ) -> Result<Self, Trouble> {
        // Whatever goes wrong before there is a session never reached anything that could be changed.
        let early = |t: Trouble| match t {
            Trouble::Lost { why, .. } => Trouble::Unreachable(why),
            t => t,
        };
        let stream = Stream::connect(&server.host, server.port, connect, Instant::now() + patience)?;
        let stream = match server.security {
            Security::Tls => stream.secure(&server.host, trust)?,
            Security::StartTls | Security::Plain => stream,
        };
        let mut wire = Wire::new(stream, patience);
        let greeting = wire.greeting().map_err(early)?;
        let said = printable(greeting.text.inner());
        if greeting.kind == GreetingKind::Bye {
            return Err(Trouble::Unreachable(format!("the server turns us away: {said}")));
        }
        if server.security == Security::StartTls {
            // A session that is open before it is secured may be somebody else's.
            if greeting.kind == GreetingKind::PreAuth {
                return Err(Trouble::Strange("the server opens the session before it is secured".into()));
            }
            if !capabilities(&mut wire).map_err(early)?.contains("STARTTLS") {
                let why =
                    "the server offers no STARTTLS, and secrets do not go out in the clear; use imaps://";
                return Err(Trouble::Setup(why.into()));
            }
            wire.command("STARTTLS", Cost::SMALL, &mut |_| {}).and_then(Done::yes).map_err(early)?;
            wire = wire.secure(&server.host, trust).map_err(early)?;
        }
        if greeting.kind != GreetingKind::PreAuth {
            let can = capabilities(&mut wire).map_err(early)?;
            authenticate(&mut wire, account, log_in, &can).map_err(early)?;
        }
        Ok(Self { wire, known: BTreeMap::new(), offers: None })
    }

    /// What the server offers to somebody who is logged in, in capitals.
    pub(super) fn offers(&mut self) -> Result<BTreeSet<String>, Trouble> {
        if self.offers.is_none() {
            self.offers = Some(capabilities(&mut self.wire)?);
        }
        Ok(self.offers.clone().unwrap_or_default())
    }

    /// Make a command of a family of its own.
    pub(super) fn command(
        &mut self,
        line: &str,
        cost: Cost,
        take: &mut dyn FnMut(Data<'_>),
    ) -> Result<Done, Trouble> {
        self.wire.command(line, cost, take)
    }

    /// Open a folder for reading; its name as on the wire.
    pub(super) fn examine(&mut self, raw: &str) -> Result<Folder, Trouble> {
        let mut folder = Folder::default();
        let done = self.wire.command(&format!("EXAMINE {}", quoted(raw)), Cost::SMALL, &mut |data| {
            if let Data::Exists(n) = data {
                folder.exists = n;
            }
        })?;
        let said = done.codes.iter().chain(&done.code);
        for code in said {
            match code {
                Code::UidValidity(n) => folder.validity = n.get(),
                Code::UidNext(n) => folder.next = Some(n.get()),
                _ => {}
            }
        }
        if done.kind == StatusKind::No {
            let name = name::decode(raw.as_bytes());
            return Err(Trouble::NotFound(format!(
                "there is no folder `{name}` for this account: {}",
                done.text
            )));
        }
        done.yes()?;
        if folder.validity == 0 {
            return Err(Trouble::Strange(
                "the server names no UIDVALIDITY, so that nothing it says lasts".into(),
            ));
        }
        Ok(folder)
    }

    /// UIDs of the messages that match, in order.
    pub(super) fn search(&mut self, criteria: &str) -> Result<Vec<u32>, Trouble> {
        let mut found = BTreeSet::new();
        let done = self.wire.command(&format!("UID SEARCH {criteria}"), Cost::LIST, &mut |data| {
            if let Data::Search(uids) = data {
                found.extend(uids.iter().map(|n| n.get()));
            }
        })?;
        let done = done.yes()?;
        if done.lost > 0 {
            return Err(Trouble::Strange("the answer to a search cannot be read".into()));
        }
        Ok(found.into_iter().collect())
    }

    /// Sizes in bytes by UID.
    pub(super) fn sizes(&mut self, uids: &[u32]) -> Result<BTreeMap<u32, u32>, Trouble> {
        let mut out = BTreeMap::new();
        let line = format!("UID FETCH {} (UID RFC822.SIZE)", set(uids));
        let done = self.wire.command(&line, Cost::SMALL, &mut |data| {
            let Data::Fetch { items, .. } = data else { return };
            let (mut uid, mut size) = (None, None);
            for item in items.as_ref() {
                match item {
                    MessageDataItem::Uid(n) => uid = Some(n.get()),
                    MessageDataItem::Rfc822Size(n) => size = Some(*n),
                    _ => {}
                }
            }
            if let (Some(uid), Some(size)) = (uid, size) {
                out.insert(uid, size);
            }
        })?;
        done.yes()?;
        Ok(out)
    }

    /// A part of messages, such as `BODY.PEEK[HEADER]`. `expected` is how many bytes that may be.
    pub(super) fn parts(&mut self, uids: &[u32], part: &str, expected: u64) -> Result<Parts, Trouble> {
        let wanted: BTreeSet<u32> = uids.iter().copied().collect();
        let mut out = Parts::default();
        let line = format!("UID FETCH {} (UID {part})", set(uids));
        let done = self.wire.command(&line, Cost::bulk(expected), &mut |data| {
            let Data::Fetch { items, .. } = data else { return };
            let (mut uid, mut bytes) = (None, None);
            for item in items.as_ref() {
                match item {
                    MessageDataItem::Uid(n) => uid = Some(n.get()),
                    MessageDataItem::BodyExt { section, data, .. }
                        if !matches!(section, Some(Section::Mime(_))) =>
                    {
                        bytes = Some(data.0.as_ref().map_or_else(Vec::new, |s| s.as_ref().to_vec()));
                    }
                    _ => {}
                }
            }
            if let (Some(uid), Some(bytes)) = (uid.filter(|u| wanted.contains(u)), bytes) {
                out.of.insert(uid, bytes);
            }
        })?;
        let done = done.yes()?;
        out.lost = done.lost;
        Ok(out)
    }

    /// Every folder that can be opened.
    pub(super) fn list(&mut self) -> Result<Vec<Listed>, Trouble> {
        let mut out = Vec::new();
        let done = self.wire.command("LIST \"\" \"*\"", Cost::LIST, &mut |data| {
            let Data::List { items, delimiter, mailbox } = data else { return };
            let bytes = match &mailbox {
                Mailbox::Inbox => b"INBOX".as_slice(),
                Mailbox::Other(other) => other.as_ref(),
            };
            let Ok(raw) = std::str::from_utf8(bytes).map(str::to_owned) else { return };
            let attributes: BTreeSet<String> = items.iter().map(|a| a.to_string().to_lowercase()).collect();
            if !is_plain(&raw)
                || items.contains(&FlagNameAttribute::Noselect)
                || attributes.contains("\\nonexistent")
            {
                return;
            }
            let name = name::decode(raw.as_bytes());
            let leaf = match &delimiter {
                Some(d) => name.rsplit(d.inner()).next().unwrap_or(&name).to_owned(),
                None => name.clone(),
            };
            out.push(Listed { raw, name, leaf, attributes });
        })?;
        done.yes()?;
        out.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(out)
    }

    /// Put a message into a folder, as a draft. Returns its UID where the server tells it.
    pub(super) fn append(&mut self, raw: &str, bytes: &[u8]) -> Result<Option<u32>, Trouble> {
        let line = format!("APPEND {} (\\Draft \\Seen) {{{}}}", quoted(raw), bytes.len());
        let done = self.wire.dialogue(&line, vec![More::Literal(bytes)], Cost::SMALL, &mut |_| {})?;
        match (&done.kind, &done.code) {
            (StatusKind::Ok, Some(Code::AppendUid { uid, .. })) => Ok(Some(uid.get())),
            (StatusKind::Ok, _) => Ok(None),
            (_, Some(Code::TryCreate)) => {
                let name = name::decode(raw.as_bytes());
                Err(Trouble::NotFound(format!("there is no folder `{name}`: {}", done.text)))
            }
            _ => Err(Trouble::Refused(done.text)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.wire.leave();
    }
}

fn capabilities(wire: &mut Wire) -> Result<BTreeSet<String>, Trouble> {
    let mut out = BTreeSet::new();
    let done = wire.command("CAPABILITY", Cost::SMALL, &mut |data| {
        if let Data::Capability(all) = data {
            out.extend(all.as_ref().iter().map(|c: &Capability<'_>| c.to_string().to_uppercase()));
        }
    })?;
    done.yes()?;
    Ok(out)
}

fn authenticate(
    wire: &mut Wire,
    account: &str,
    log_in: &LogIn,
    can: &BTreeSet<String>,
) -> Result<(), Trouble> {
    let (mechanism, secret, plain) = match log_in {
        LogIn::Password(s) => ("PLAIN", s, format!("\0{account}\0{}", s.expose())),
        LogIn::Token(s) => ("XOAUTH2", s, format!("user={account}\x01auth=Bearer {}\x01\x01", s.expose())),
    };
    if account.contains(['\0', '\x01']) || secret.expose().contains(['\0', '\x01', '\r', '\n']) {
        return Err(Trouble::Setup("account or secret hold a character that no log-in can carry".into()));
    }
    let coded = STANDARD.encode(plain);
    let offered = can.contains(&format!("AUTH={mechanism}"));
    let done = if offered {
        let mut more = vec![More::Line(coded.clone())];
        let mut line = format!("AUTHENTICATE {mechanism}");
        if can.contains("SASL-IR") {
            line = format!("{line} {coded}");
            more.clear();
        }
        // A refused token is explained in a line of its own, which wants an empty one back.
        more.push(More::Line(String::new()));
        wire.dialogue(&line, more, Cost::SMALL, &mut |_| {})?
    } else if mechanism == "PLAIN" && !can.contains("LOGINDISABLED") {
        if !is_plain(account) || !is_plain(secret.expose()) {
            let why = "the server has only a log-in that cannot carry this account or password";
            return Err(Trouble::Setup(why.into()));
        }
        let line = format!("LOGIN {} {}", quoted(account), quoted(secret.expose()));
        wire.command(&line, Cost::SMALL, &mut |_| {})?
    } else {
        let ways: Vec<&str> = can.iter().filter_map(|c| c.strip_prefix("AUTH=")).collect();
        let ways = if ways.is_empty() { "none".to_owned() } else { ways.join(", ") };
        let why = format!("the server does not take {mechanism} here; it offers: {}", printable(&ways));
        return Err(Trouble::Setup(why));
    };
    if done.kind == StatusKind::Ok {
        return Ok(());
    }
    // A server may say back what it was given.
    let text = secret.scrub(&done.text).replace(&coded, "***");
    let code = done.code.map(|c| format!("{c:?}").to_uppercase()).unwrap_or_default();
    if ["UNAVAILABLE", "INUSE"].iter().any(|c| code.contains(c)) {
        return Err(Trouble::Unreachable(text));
    }
    Err(Trouble::LogIn(text))
}

/// `1:4,7,9` for UIDs in order.
fn set(uids: &[u32]) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut run: Option<(u32, u32)> = None;
    let close = |run: &mut Option<(u32, u32)>, out: &mut Vec<String>| match run.take() {
        Some((a, b)) if a == b => out.push(a.to_string()),
        Some((a, b)) => out.push(format!("{a}:{b}")),
        None => {}
    };
    for &n in uids {
        match &mut run {
            Some((_, b)) if b.checked_add(1) == Some(n) => *b = n,
            _ => {
                close(&mut run, &mut out);
                run = Some((n, n));
            }
        }
    }
    close(&mut run, &mut out);
    out.join(",")
}

#[cfg(test)]
mod tests {
    #[test]
    fn sets_are_short() {
        assert_eq!(super::set(&[1, 2, 3, 5, 9, 10]), "1:3,5,9:10");
        assert_eq!(super::set(&[u32::MAX]), "4294967295");
        assert_eq!(super::set(&[]), "");
    }
}
