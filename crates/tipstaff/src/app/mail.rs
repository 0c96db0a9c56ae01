//! The mail sources of the configuration: who is asked for what, and in which order (intake page §2, rules 1 to 4;
//! configuration page §1.3, dispatch). Servers are asked when they are first needed.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use connect::{
    drafts::DraftsFolder,
    mailbox::{
        Abilities, Cursor, Found, Mail, MailFault, Mailbox, NewDraft, Page, Place,
        ghsa::{Ghsa, GhsaSource},
        gmail::{self, Credential, Gmail, GmailSource},
        imap::{Imap, ImapSource, LogIn, Purpose, Server},
        ponymail::{self, PonyMailbox, PonySession, PonySource},
    },
    net::{Client, Counts, Limits, Secret, SecretRef, Service, Site, Surroundings, SystemPace},
};
use desk::{
    config::{self, Config, MailSource, SourceKind, SourceRole},
    mail::Address,
    people::Roster,
    plan::ports::PortError,
};
use jiff::Timestamp;

use super::{
    host,
    session::{Session, Setting},
};

/// A mailbox, shared by what reads and what writes.
pub type Shared = Arc<dyn Mailbox>;

/// What may be asked of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// New mail.
    ListRecent,
    /// A thread, however old.
    ReadThread,
    /// Our drafts.
    ListDrafts,
    /// What became of them.
    ListSent,
    /// A new draft.
    CreateDraft,
}

impl Operation {
    /// Its name in `preferred_for`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ListRecent => "list_recent",
            Self::ReadThread => "read",
            Self::ListDrafts => "list_drafts",
            Self::ListSent => "list_sent_since",
            Self::CreateDraft => "create_draft",
        }
    }

    fn among(self, can: Abilities) -> bool {
        match self {
            Self::ListRecent => can.list_recent,
            Self::ReadThread => can.read_thread,
            Self::ListDrafts => can.list_drafts,
            Self::ListSent => can.list_sent,
            Self::CreateDraft => can.create_draft,
        }
    }
}

/// One source on a server.
pub struct Account {
    /// What the configuration says about it.
    pub config: MailSource,
    opened: OnceLock<Result<Shared, MailFault>>,
}

impl Account {
    /// The key of the configuration that names it, for messages.
    #[must_use]
    pub fn title(&self) -> String {
        format!("mail source \"{}\"", self.config.name)
    }
}

/// What sources need from their surroundings.
#[derive(Clone)]
struct Around {
    base: PathBuf,
    home: Option<PathBuf>,
    env: fn(&str) -> Option<String>,
    trace: Option<fn(&str)>,
    /// Base addresses of services that are not at their usual ones.
    services: BTreeMap<String, String>,
    /// The public repository, where the token for it is kept, and who is of the team.
    upstream: config::Upstream,
    roster: Roster,
    /// The security list, which an archive is read for when its source names none.
    list: String,
    /// The clients of those that were opened, for what they spent.
    clients: Arc<Mutex<Vec<Arc<Client>>>>,
}

impl Around {
    /// A client with these limits, whose requests are written down where that is wanted, and counted.
    fn client(&self, limits: Limits) -> Result<Arc<Client>, MailFault> {
        let surroundings = Surroundings::from_env(&self.env);
        let client = Client::new(&surroundings, limits, Box::<SystemPace>::default())
            .map_err(MailFault::of_request)?;
        let client = Arc::new(match self.trace {
            Some(write) => client.logged(Box::new(move |line| write(&line.to_string()))),
            None => client,
        });
        // Counters of a thread that died are still counters.
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&client));
        Ok(client)
    }
}

/// Every source of the configuration that is on a server, and the folder for drafts when none of them takes any.
pub struct Mailboxes {
    sources: Vec<Account>,
    backend: String,
    folder: DraftsFolder,
    around: Around,
}

impl Mailboxes {
    /// The sources of a configuration; nothing is asked yet. `base` is where its relative paths start.
    #[must_use]
    pub fn new(config: &Config, base: &Path, setting: &Setting, folder: DraftsFolder) -> Self {
        let sources = config.mail.source.iter().filter(|s| s.kind != SourceKind::Mbox).cloned();
        Self {
            sources: sources.map(|config| Account { config, opened: OnceLock::new() }).collect(),
            backend: config.user.draft_backend.clone(),
            folder,
            around: Around {
                base: base.into(),
                home: setting.home.clone(),
                env: setting.env,
                trace: setting.trace,
                services: config.services.clone(),
                upstream: config.upstream.clone(),
                roster: Roster::from_config(config),
                list: config.mail.lists.security.clone(),
                clients: Arc::default(),
            },
        }
    }

    /// The sources, as the configuration lists them.
    #[must_use]
    pub fn sources(&self) -> &[Account] {
        &self.sources
    }

    /// Who is asked for that, in order: the preferred, the primary, the fallbacks. Optional ones are asked only where
    /// they are preferred.
    #[must_use]
    pub fn order(&self, operation: Operation) -> Vec<&Account> {
        let able = |s: &&Account| operation.among(abilities(&s.config));
        let preferred = |s: &Account| s.config.preferred_for.iter().any(|o| o == operation.word());
        let of = |role: SourceRole| {
            self.sources.iter().filter(able).filter(move |s| s.config.role == role && !preferred(s))
        };
        let first = self.sources.iter().filter(able).filter(|s| preferred(s));
        first.chain(of(SourceRole::Primary)).chain(of(SourceRole::Fallback)).collect()
    }

    /// Open a source.
    ///
    /// # Errors
    /// What is wrong with what the configuration says about it.
    pub fn open(&self, source: &Account) -> Result<Shared, MailFault> {
        source.opened.get_or_init(|| open(&source.config, &self.around)).clone()
    }

    /// Where drafts go, in order: the source the user named, else those that take drafts; none when the folder takes them.
    fn outbox(&self, operation: Operation) -> Result<Vec<&Account>, MailFault> {
        if self.backend.is_empty() {
            return Ok(self.order(operation));
        }
        let named = self.sources.iter().find(|s| s.config.name == self.backend);
        match named.filter(|s| operation.among(abilities(&s.config))) {
            Some(s) => Ok(vec![s]),
            None => Err(MailFault::Setup {
                what: "user.draft_backend".into(),
                why: format!("\"{}\" is no mail source that takes drafts", self.backend),
            }),
        }
    }

    /// Ask every source that may hold one of our letters. One that is there decides; nobody else can say no for a source
    /// that did not answer.
    fn look<T>(
        &self,
        operation: Operation,
        ask: impl Fn(&dyn Mailbox) -> Result<Option<T>, MailFault>,
    ) -> Result<Option<T>, MailFault> {
        let sources = self.outbox(operation)?;
        if sources.is_empty() && operation != Operation::ListSent {
            return ask(&self.folder);
        }
        let mut fault = None;
        for source in sources {
            match self.open(source).and_then(|m| ask(m.as_ref())) {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) => {}
                Err(f) => fault = fault.or(Some(f)),
            }
        }
        fault.map_or(Ok(None), Err)
    }
}

impl Mailboxes {
    /// What the sources spent so far, those over IMAP left out.
    #[must_use]
    pub fn spent(&self) -> Counts {
        let mut out = Counts::default();
        for c in self.around.clients.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            out.add(&c.counts());
        }
        out
    }
}

/// What a kind of source can do, before anybody asks it.
fn abilities(config: &MailSource) -> Abilities {
    match config.kind {
        SourceKind::Imap => {
            let drafts = purpose(&config.drafts) != Purpose::Nowhere;
            let sent = purpose(&config.sent) != Purpose::Nowhere;
            Abilities {
                list_recent: true,
                read: true,
                list_drafts: drafts,
                list_sent: sent,
                create_draft: drafts,
                read_thread: true,
                ..Abilities::default()
            }
        }
        SourceKind::Gmail => {
            let drafts = purpose(&config.drafts) != Purpose::Nowhere;
            Abilities {
                list_recent: true,
                read: true,
                list_drafts: drafts,
                list_sent: purpose(&config.sent) != Purpose::Nowhere,
                create_draft: drafts,
                thread_url: true,
                read_thread: true,
            }
        }
        SourceKind::Ghsa => Abilities { list_recent: true, read: true, ..Abilities::default() },
        SourceKind::Ponymail => ponymail::abilities(),
        SourceKind::Mbox => Abilities::default(),
    }
}

fn purpose(folder: &str) -> Purpose {
    match folder {
        "" => Purpose::Asked,
        "none" => Purpose::Nowhere,
        name => Purpose::Named(name.into()),
    }
}

fn open(config: &MailSource, around: &Around) -> Result<Shared, MailFault> {
    match config.kind {
        SourceKind::Imap => imap(config, around),
        SourceKind::Gmail => gmail(config, around),
        SourceKind::Ghsa => ghsa(config, around),
        SourceKind::Ponymail => pony_mail(config, around),
        other => Err(MailFault::Setup {
            what: format!("mail source \"{}\"", config.name),
            why: format!("this version cannot read sources of kind {}", other.as_str()),
        }),
    }
}

fn secret(config: &MailSource, around: &Around) -> Result<Secret, MailFault> {
    let what = format!("mail source \"{}\", credential", config.name);
    SecretRef::parse(&config.credential)
        .and_then(|r| r.resolve(&around.base, around.home.as_deref(), &around.env))
        .map_err(|e| MailFault::of_secret(&what, &e))
}

/// The folders or labels that are read.
fn folders(config: &MailSource) -> Vec<String> {
    let mut folders = config.folders.clone();
    let first = if config.folder.is_empty() { "INBOX" } else { &config.folder };
    folders.retain(|f| f != first);
    folders.insert(0, first.into());
    folders
}

fn gmail(config: &MailSource, around: &Around) -> Result<Shared, MailFault> {
    let wrong = |why: String| MailFault::Setup { what: format!("mail source \"{}\"", config.name), why };
    if config.account.is_empty() {
        return Err(wrong("it names no account".into()));
    }
    let site = |service: Service, key: &str, usual: &str| {
        let base = around.services.get(key).map_or(usual, String::as_str);
        Site::at(service, base, false).map_err(|e| MailFault::of_address(&format!("services.{key}"), &e))
    };
    let credential = Credential::read(&secret(config, around)?)
        .map_err(|why| wrong(format!("credential: {why}; see docs/mailboxes.md, Gmail")))?;
    let source = GmailSource {
        site: site(Service::Mailbox, "gmail", gmail::API)?,
        tokens: site(Service::Token, "google_token", gmail::TOKENS)?,
        credential,
        account: config.account.clone(),
        folders: folders(config),
        drafts: purpose(&config.drafts) != Purpose::Nowhere,
        sent: purpose(&config.sent) != Purpose::Nowhere,
    };
    // Whole messages are longer than other answers.
    Ok(Arc::new(Gmail::new(around.client(gmail::limits())?, source)))
}

fn pony_mail(config: &MailSource, around: &Around) -> Result<Shared, MailFault> {
    let wrong = |why: String| MailFault::Setup { what: format!("mail source \"{}\"", config.name), why };
    if config.url.is_empty() {
        return Err(wrong("it names no url, such as https://lists.example.org".into()));
    }
    let mut lists = config.folders.clone();
    let first = if config.folder.is_empty() { around.list.clone() } else { config.folder.clone() };
    if !first.is_empty() && !lists.contains(&first) {
        lists.insert(0, first);
    }
    // The configured address may end where the service's own paths begin.
    let base = config.url.trim_end_matches('/').trim_end_matches("/api");
    let site = Site::at(Service::Archive, base, config.plain_text)
        .map_err(|e| MailFault::of_address(&format!("mail source \"{}\", url", config.name), &e))?;
    let session = if config.credential.is_empty() {
        None
    } else {
        let session = PonySession::read(&secret(config, around)?);
        Some(session.map_err(|why| wrong(format!("credential: {why}; see docs/mailboxes.md, Pony Mail")))?)
    };
    let source = PonySource { site, lists, session };
    let mailbox = PonyMailbox::new(around.client(ponymail::limits())?, source)
        .map_err(|why| wrong(format!("folder: {why}")))?;
    Ok(Arc::new(mailbox))
}

fn ghsa(config: &MailSource, around: &Around) -> Result<Shared, MailFault> {
    let (key, reference) = match (config.credential.as_str(), around.upstream.token.as_str()) {
        ("", "") => {
            let what = format!("mail source \"{}\"", config.name);
            let why = "no token says that private reports may be read: set upstream.token, or its credential";
            return Err(MailFault::Setup { what, why: why.into() });
        }
        ("", token) => ("upstream.token".to_owned(), token),
        (own, _) => (format!("mail source \"{}\", credential", config.name), own),
    };
    let token = SecretRef::parse(reference)
        .and_then(|r| r.resolve(&around.base, around.home.as_deref(), &around.env))
        .map_err(|e| MailFault::of_secret(&key, &e))?;
    let wrong = |why: String| MailFault::Setup { what: "services.github".into(), why };
    let at = host::forge(&around.services).map_err(wrong)?;
    // What answers in GitHub's place on this machine answers for its pages.
    let web = if host::is_near(&at.rest) { "https://github.com".to_owned() } else { at.web };
    let people = around.roster.people.iter().filter_map(|p| {
        let email = p.emails.first()?;
        let name = p.names.first().map_or(p.handle.as_str(), String::as_str);
        Some((p.handle.to_lowercase(), Address::new(name, email)))
    });
    let source = GhsaSource {
        site: at.rest,
        web,
        repo: around.upstream.repo.clone(),
        token,
        key,
        team: people.collect(),
    };
    Ok(Arc::new(Ghsa::new(around.client(Limits::default())?, source)?))
}

fn imap(config: &MailSource, around: &Around) -> Result<Shared, MailFault> {
    let wrong = |why: String| MailFault::Setup { what: format!("mail source \"{}\"", config.name), why };
    if config.account.is_empty() {
        return Err(wrong("it names no account".into()));
    }
    let server = Server::parse(&config.url, config.plain_text).map_err(|why| wrong(format!("url: {why}")))?;
    let word = secret(config, around)?;
    let log_in = match config.log_in {
        config::LogIn::Password => LogIn::Password(word),
        config::LogIn::Xoauth2 => LogIn::Token(word),
    };
    let folders = folders(config);
    let source = ImapSource {
        server,
        account: config.account.clone(),
        log_in,
        folders,
        drafts: purpose(&config.drafts),
        sent: purpose(&config.sent),
        ca_file: Surroundings::from_env(&around.env).ca_file,
    };
    let imap = Imap::new(source, Limits::default())?;
    Ok(Arc::new(match around.trace {
        Some(write) => imap.logged(Box::new(write)),
        None => imap,
    }))
}

/// Where drafts are written and looked for: the sources that take them, else the folder of this machine.
pub struct Outbox(pub Arc<Mailboxes>);

impl Outbox {
    fn no(&self, operation: &'static str) -> MailFault {
        MailFault::NotSupported { what: self.name(), operation }
    }
}

impl Mailbox for Outbox {
    fn name(&self) -> String {
        match self.0.outbox(Operation::CreateDraft) {
            Err(_) => self.0.backend.clone(),
            Ok(sources) => sources.first().map_or_else(
                || self.0.folder.name(),
                |s| self.0.open(s).map_or_else(|_| s.title(), |m| format!("Drafts of {}", m.name())),
            ),
        }
    }

    fn can(&self) -> Abilities {
        let list_sent = self.0.outbox(Operation::ListSent).is_ok_and(|s| !s.is_empty());
        Abilities { list_drafts: true, create_draft: true, list_sent, ..Abilities::default() }
    }

    fn probe(&self) -> Vec<Result<String, MailFault>> {
        match self.0.outbox(Operation::CreateDraft) {
            Err(f) => vec![Err(f)],
            Ok(sources) if sources.is_empty() => self.0.folder.probe(),
            // Each source is tried as a source.
            Ok(_) => vec![Ok(format!("drafts go to {}", self.name()))],
        }
    }

    fn page(&self, _: Option<&Cursor>, _: Option<Timestamp>) -> Result<Page, MailFault> {
        Err(self.no("list new mail"))
    }

    fn fetch(&self, _: &str) -> Result<Option<Mail>, MailFault> {
        Err(self.no("read mail"))
    }

    fn find(&self, place: Place, message_id: &str) -> Result<Option<Found>, MailFault> {
        let operation = match place {
            Place::Drafts => Operation::ListDrafts,
            Place::Sent => Operation::ListSent,
        };
        // What is pasted by hand lies in the folder, wherever mail goes.
        let pasted = || match place {
            Place::Drafts => Mailbox::find(&self.0.folder, place, message_id),
            Place::Sent => Ok(None),
        };
        match self.0.look(operation, |m| m.find(place, message_id)) {
            Ok(None) => pasted(),
            Err(f) => pasted().ok().flatten().map(Some).ok_or(f),
            found => found,
        }
    }

    fn drafts(&self) -> Result<Vec<Mail>, MailFault> {
        let sources = self.0.outbox(Operation::ListDrafts)?;
        if sources.is_empty() {
            return self.0.folder.drafts();
        }
        // What is pasted by hand lies in the folder, wherever mail goes.
        let mut out = self.0.folder.drafts()?;
        for source in sources {
            out.extend(self.0.open(source)?.drafts()?);
        }
        Ok(out)
    }

    fn create_draft(&self, draft: &NewDraft<'_>) -> Result<Found, MailFault> {
        if draft.by_hand {
            return self.0.folder.create_draft(draft);
        }
        let sources = self.0.outbox(Operation::CreateDraft)?;
        let mut fault = None;
        for source in &sources {
            match self.0.open(source).and_then(|m| m.create_draft(draft)) {
                Ok(found) => return Ok(found),
                // The next may take it only where it is certain that this one has not.
                Err(f) if f.nothing_made() && f.unavailable() && !source.config.mandatory => {
                    fault = fault.or(Some(f));
                }
                Err(f) => return Err(f),
            }
        }
        match fault {
            Some(f) => Err(f),
            None => self.0.folder.create_draft(draft),
        }
    }

    fn thread_url(&self, _: &str) -> Result<Option<String>, MailFault> {
        Err(self.no("link to a thread"))
    }
}

/// A fault of a mailbox, as applying a plan has it.
#[must_use]
pub fn port(f: &MailFault) -> PortError {
    // A letter that is refused, or whose fate nobody knows, ends its item alone; a server that is down ends the run.
    let item_only = matches!(f, MailFault::Refused { .. } | MailFault::UnknownOutcome { .. });
    PortError { item_only, ..PortError::new(f.to_string(), f.mend()) }
}

/// Look up what became of the letters that wait: one that stands among what was sent is marked so (sync page §15).
/// Returns their Message-IDs, and why others could not be looked up.
///
/// # Errors
/// When the desk cannot be read or written.
pub fn learn_sent(session: &Session) -> Result<(Vec<String>, Option<String>), store::StoreError> {
    let mut sent = Vec::new();
    if !session.drafts.can().list_sent {
        return Ok((sent, None));
    }
    let waiting = session.desk.ledger(None)?;
    for row in waiting.iter().filter(|r| r.state == "drafted" && !r.message_id.is_empty()) {
        match session.drafts.find(Place::Sent, &row.message_id) {
            Ok(None) => {}
            Ok(Some(_)) => {
                if session.desk.mark_draft(&row.message_id, "sent", "mailbox", session.now())? > 0 {
                    sent.push(row.message_id.clone());
                }
            }
            // One that is down is not asked for every letter.
            Err(f) => {
                return Ok((sent, Some(format!("what was sent could not be looked up: {f}; {}", f.mend()))));
            }
        }
    }
    Ok((sent, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, role, what it is preferred for, its drafts folder.
    type Given = (&'static str, SourceRole, &'static [&'static str], &'static str);

    fn mailboxes(given: &[Given], backend: &str) -> Mailboxes {
        let mut config = Config::default();
        config.user.draft_backend = backend.into();
        config.mail.source = given
            .iter()
            .map(|(name, role, preferred, drafts)| MailSource {
                name: (*name).into(),
                kind: SourceKind::Imap,
                role: *role,
                preferred_for: preferred.iter().map(|p| (*p).to_owned()).collect(),
                drafts: (*drafts).into(),
                ..MailSource::default()
            })
            .collect();
        let setting = Setting {
            config: None,
            desk: None,
            cwd: PathBuf::new(),
            home: None,
            data_home: None,
            config_home: None,
            os_user: String::new(),
            now: Timestamp::UNIX_EPOCH,
            now_given: true,
            env: |_| None,
            trace: None,
        };
        Mailboxes::new(
            &config,
            Path::new("/nowhere"),
            &setting,
            DraftsFolder::new(Path::new("/nowhere/drafts")),
        )
    }

    #[test]
    fn the_preferred_comes_first_and_the_optional_only_when_it_is_preferred() {
        use SourceRole::{Fallback, Optional, Primary};
        let all = mailboxes(
            &[
                ("second", Fallback, &[], ""),
                ("spare", Optional, &[], ""),
                ("first", Primary, &[], "none"),
                ("archive", Optional, &["list_recent"], "none"),
            ],
            "",
        );
        let names = |sources: Vec<&Account>| -> Vec<String> {
            sources.into_iter().map(|s| s.config.name.clone()).collect()
        };
        assert_eq!(names(all.order(Operation::ListRecent)), ["archive", "first", "second"]);
        // Who takes no drafts is not asked to.
        assert_eq!(names(all.order(Operation::CreateDraft)), ["second"]);
        let told = mailboxes(&[("a", Primary, &[], ""), ("b", Optional, &[], "")], "b");
        assert_eq!(names(told.outbox(Operation::CreateDraft).unwrap()), ["b"]);
        assert!(mailboxes(&[("a", Primary, &[], "")], "c").outbox(Operation::CreateDraft).is_err());
    }

    #[test]
    fn a_source_that_cannot_be_opened_is_a_reason_and_no_draft_goes_elsewhere() {
        let all = Arc::new(mailboxes(&[("a", SourceRole::Primary, &[], "")], ""));
        let out = Outbox(all);
        let draft = NewDraft {
            message_id: "x@desk",
            bytes: b"Message-ID: <x@desk>\r\n\r\n",
            in_reply_to: "",
            by_hand: false,
        };
        let f = out.create_draft(&draft).unwrap_err();
        assert!(f.to_string().contains("names no account") && f.nothing_made(), "{f}");
        assert!(out.find(Place::Drafts, "x@desk").is_err(), "nobody can say that it is not there");
        assert!(out.drafts().is_err());
    }
}
