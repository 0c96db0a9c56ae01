//! The port every mailbox stands behind (DESIGN §6, intake page §2). Nothing in it sends.

use jiff::Timestamp;

use super::{MailFault, Passed};

/// What a kind of mailbox can do. What is not among it is refused with [`MailFault::NotSupported`], never answered with
/// an empty list (intake page §2, rule 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// [`Mailbox::page`]: new messages.
    pub list_recent: bool,
    /// [`Mailbox::fetch`]: one message by its Message-ID.
    pub read: bool,
    /// [`Mailbox::drafts`] and [`Mailbox::find`] in [`Place::Drafts`].
    pub list_drafts: bool,
    /// [`Mailbox::find`] in [`Place::Sent`].
    pub list_sent: bool,
    /// [`Mailbox::create_draft`].
    pub create_draft: bool,
    /// [`Mailbox::thread_url`].
    pub thread_url: bool,
    /// [`Mailbox::thread`]: a thread whole, however old.
    pub read_thread: bool,
}

/// How far a mailbox was read: a text of the connector's own making, kept by the desk as it is. It names no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor(pub String);

/// One message of a mailbox on a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// Its bytes as RFC 5322 has them; of a draft in a list, at least what says who it is and what it answers.
    pub bytes: Vec<u8>,
    /// Where it was, in words: `imaps://mail.example.org INBOX uid 17`.
    pub place: String,
    /// Folder or label.
    pub folder: String,
    /// The source's own id of it.
    pub id: String,
    /// The source's own id of its thread; empty where it has none. Ids of different kinds never match each other.
    pub thread: String,
    /// Why the bytes may not be the whole message; empty when they are.
    pub note: String,
}

/// Some of the messages that came since a cursor, in the mailbox's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// They.
    pub mails: Vec<Mail>,
    /// What was not read, and why: it is said to a person, and passed only once.
    pub passed: Vec<Passed>,
    /// Where to go on. It is kept only after the messages are: a run that stops between the two reads them again.
    pub cursor: Cursor,
    /// Is there more?
    pub more: bool,
}

/// Where one of our own letters may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Among the drafts.
    Drafts,
    /// Among what was sent.
    Sent,
}

/// A letter to be put among the drafts.
#[derive(Clone, Copy, Debug)]
pub struct NewDraft<'a> {
    /// Its Message-ID, ours, without angle brackets.
    pub message_id: &'a str,
    /// Its bytes as RFC 5322 has them.
    pub bytes: &'a [u8],
    /// Message-ID of the mail it answers, without angle brackets; empty when it answers none.
    pub in_reply_to: &'a str,
    /// Is it no mail, but a text that a person pastes somewhere? It stays on this machine.
    pub by_hand: bool,
}

/// A message that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Where, in words, for a receipt.
    pub place: String,
    /// The source's own id of it.
    pub id: String,
    /// A link for a browser; empty where there is none.
    pub url: String,
}

/// A mailbox. Implementations connect when they are first asked, keep every call within a deadline, and try what only
/// reads once more after a lost connection. Message-IDs are without angle brackets throughout.
pub trait Mailbox: Send + Sync {
    /// The mailbox in words, for a receipt and for messages: address, account, folder. The same text for the same
    /// mailbox: the desk keeps the cursor under it.
    fn name(&self) -> String;

    /// What this kind of mailbox can do.
    fn can(&self) -> Abilities;

    /// Log in and look at what the configuration names. One line for each thing that is as it should be; a fault for
    /// what is not.
    fn probe(&self) -> Vec<Result<String, MailFault>>;

    /// Messages since a cursor; from the beginning without one, or when the mailbox was made anew and the cursor means
    /// nothing any more. Messages that arrived before `since` may be left out; asked again with an earlier `since`, the
    /// mailbox goes back for them. The same message may come twice, none is left out.
    ///
    /// # Errors
    /// [`MailFault`]; the cursor of the page before holds.
    fn page(&self, cursor: Option<&Cursor>, since: Option<Timestamp>) -> Result<Page, MailFault>;

    /// One message by its Message-ID.
    ///
    /// # Errors
    /// [`MailFault`]; a message that is not there is none.
    fn fetch(&self, message_id: &str) -> Result<Option<Mail>, MailFault>;

    /// Is a message with this Message-ID among the drafts, or among what was sent?
    ///
    /// # Errors
    /// [`MailFault`], when nobody can tell.
    fn find(&self, place: Place, message_id: &str) -> Result<Option<Found>, MailFault>;

    /// Every draft, at least what says who it is and what it answers.
    ///
    /// # Errors
    /// [`MailFault`], when nobody can tell.
    fn drafts(&self) -> Result<Vec<Mail>, MailFault>;

    /// Put a letter among the drafts. The letter is there once, however often this is asked: it is looked up first, and
    /// again when the answer is lost.
    ///
    /// # Errors
    /// [`MailFault`]; nothing was made unless it is [`MailFault::UnknownOutcome`].
    fn create_draft(&self, draft: &NewDraft<'_>) -> Result<Found, MailFault>;

    /// A link to the thread of a message, where the source has such links and knows the message.
    ///
    /// # Errors
    /// [`MailFault`]
    fn thread_url(&self, message_id: &str) -> Result<Option<String>, MailFault>;

    /// Every message of the thread that holds a message, its root first; none when the message is not there.
    ///
    /// # Errors
    /// [`MailFault`]; [`MailFault::NotSupported`] where the source knows no threads.
    fn thread(&self, message_id: &str) -> Result<Vec<Mail>, MailFault> {
        let _ = message_id;
        Err(MailFault::NotSupported { what: self.name(), operation: "read a thread" })
    }
}
