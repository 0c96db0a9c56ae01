//! How far the advisories were read. Each is a message once. What becomes of one later is a message on its thread. Lists that
//! have not changed cost one question each and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use desk::mail::place_of_page;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Ghsa, fits,
    shape::{Advisory, State, is_ghsa},
};
use crate::{
    mailbox::{Cursor, Mail, MailFault, Page, Passed},
    net::Request,
};

/// States that are listed: what waits, and what is worked on. What is over was told, or never concerned the desk.
const LISTED: [State; 2] = [State::Triage, State::Draft];
/// Advisories on one page of a list, the most there may be.
const COUNT: &str = "100";
/// Pages of one list. A server that always says there is more is not believed for ever.
const PAGES: usize = 50;
/// Messages of one page of ours.
const MAILS: usize = 50;
/// Advisories that left the lists and are asked about one by one, in one page of ours.
const SINGLES: usize = 20;

/// How far they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct At {
    /// Of which repository; of another one this means nothing.
    repo: String,
    /// What names the lists as they were, for those that have one page.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lists: BTreeMap<String, String>,
    /// What was read, by id.
    #[serde(default)]
    seen: BTreeMap<String, Seen>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    state: State,
    /// Names the text as it was; empty for one that was passed over.
    text: String,
}

/// One list as it is now.
enum List {
    Unchanged,
    /// The advisories, and what names the list when asked again.
    Now(Vec<Advisory>, String),
}

impl Ghsa {
    /// The next page, see [`crate::mailbox::Mailbox::page`]. What a person has to decide is never too old, so that nothing is
    /// left out for its date.
    pub(super) fn next(&self, cursor: Option<&Cursor>) -> Result<Page, MailFault> {
        let known = cursor.and_then(|c| serde_json::from_str::<At>(&c.0).ok());
        let known = known.filter(|at| at.repo.eq_ignore_ascii_case(&self.source.repo));
        let first = known.is_none();
        let mut at = known.unwrap_or_else(|| At { repo: self.source.repo.clone(), ..At::default() });
        let mut lists = BTreeMap::new();
        let (mut here, mut asked) = (Vec::new(), Vec::new());
        for state in LISTED {
            match self.list(state, at.lists.get(state.word()).map(String::as_str))? {
                List::Unchanged => {
                    lists.extend(at.lists.get_key_value(state.word()).map(|(k, v)| (k.clone(), v.clone())));
                }
                List::Now(all, name) => {
                    asked.push(state);
                    here.extend(all);
                    if !name.is_empty() {
                        lists.insert(state.word().to_owned(), name);
                    }
                }
            }
        }
        let mut page = Taken::default();
        if asked.is_empty() {
            return page.end(at, false);
        }
        if first && !self.shows_all()? {
            if here.is_empty() {
                let why = format!("it shows no private report, and {}", self.partial());
                return Err(MailFault::Refused { what: crate::mailbox::Mailbox::name(self), why });
            }
            page.passed.push(Passed { place: crate::mailbox::Mailbox::name(self), why: self.partial() });
        }
        here.sort_by(|a, b| (a.created_at, &a.ghsa_id).cmp(&(b.created_at, &b.ghsa_id)));
        let listed: BTreeSet<String> = here.iter().map(|a| a.ghsa_id.clone()).collect();
        for a in here {
            if page.mails.len() >= MAILS {
                return page.end(at, true);
            }
            self.take(&a, &mut at, &mut page);
        }
        // Those that stand on a list no more: closed, or public by now.
        let left = |(id, s): &(&String, &Seen)| asked.contains(&s.state) && !listed.contains(*id);
        let gone: Vec<String> = at.seen.iter().filter(left).map(|(id, _)| id.clone()).collect();
        for (i, id) in gone.iter().enumerate() {
            if i >= SINGLES || page.mails.len() >= MAILS {
                return page.end(at, true);
            }
            if !self.left(id, &asked, &mut at, &mut page)? {
                // It is asked about again.
                lists.clear();
            }
        }
        at.lists = lists;
        page.end(at, false)
    }

    /// How many are listed.
    pub(super) fn count(&self) -> Result<usize, MailFault> {
        let mut n = 0;
        for state in LISTED {
            if let List::Now(all, _) = self.list(state, None)? {
                n += all.len();
            }
        }
        Ok(n)
    }

    fn list(&self, state: State, name: Option<&str>) -> Result<List, MailFault> {
        let (mut out, mut after, mut named) = (Vec::new(), None::<String>, String::new());
        let mut turns = BTreeSet::new();
        for turn in 0..PAGES {
            let mut request = Request::get(self.path("/security-advisories"))
                .query("state", state.word())
                .query("sort", "created")
                .query("direction", "asc")
                .query("per_page", COUNT);
            if let Some(after) = &after {
                request = request.query("after", after);
            } else if let Some(name) = name {
                request = request.open_header("if-none-match", name);
            }
            let reply = self.ask(request)?;
            match reply.status() {
                304 if turn == 0 && name.is_some() => return Ok(List::Unchanged),
                200 => {}
                _ => return Err(self.refusal(&reply)),
            }
            let some: Vec<Advisory> = fits(&reply)?;
            let strange = |why: &str| MailFault::Strange { what: reply.what().into(), why: why.into() };
            if let Some(a) = some.iter().find(|a| a.state != state || !a.is_named_well()) {
                let shown = reply.scrub(&a.ghsa_id);
                return Err(strange(&format!("`{shown}` is no advisory of the state that was asked for")));
            }
            out.extend(some);
            let Some(next) = reply.next_page("after") else {
                // Of several pages the name of the first says nothing about the others.
                named = if turn == 0 { plain(reply.etag()) } else { named };
                return Ok(List::Now(out, named));
            };
            if !turns.insert(next.clone()) {
                return Err(strange("its pages go round in a circle"));
            }
            after = Some(next);
        }
        Err(MailFault::Strange {
            what: crate::mailbox::Mailbox::name(self),
            why: format!("it has more than {PAGES} pages of advisories in {}", state.word()),
        })
    }

    /// One advisory; none where it is not shown.
    pub(super) fn one(&self, ghsa: &str) -> Result<Option<Advisory>, MailFault> {
        let reply = self.ask(Request::get(self.path(&format!("/security-advisories/{ghsa}"))))?;
        match reply.status() {
            200 => {}
            404 if !reply.is_html() => return Ok(None),
            _ => return Err(self.refusal(&reply)),
        }
        let a: Advisory = fits(&reply)?;
        if a.ghsa_id != ghsa {
            let why = "it answered with another advisory than was asked for";
            return Err(MailFault::Strange { what: reply.what().into(), why: why.into() });
        }
        Ok(Some(a))
    }

    /// An advisory as a message.
    pub(super) fn mail(&self, a: &Advisory) -> Mail {
        let member = |login: &str| self.member(login);
        let url = self.page_of(&a.ghsa_id);
        self.at(a, self.written(&member).report(a, &url))
    }

    fn at(&self, a: &Advisory, bytes: Vec<u8>) -> Mail {
        Mail {
            bytes,
            place: place_of_page(&self.page_of(&a.ghsa_id)),
            folder: a.state.word().into(),
            id: a.ghsa_id.clone(),
            thread: a.ghsa_id.clone(),
            note: String::new(),
        }
    }

    /// One that is on a list.
    fn take(&self, a: &Advisory, at: &mut At, page: &mut Taken) {
        let (id, text) = (a.ghsa_id.clone(), a.digest());
        match at.seen.get(&id) {
            None if a.state == State::Draft && a.submission.is_none() => {
                let who = a.author.as_ref().map_or("somebody", |u| u.login.as_str());
                page.passed.push(Passed {
                    place: self.page_of(&id),
                    why: format!(
                        "a draft that @{who} opened, and nobody's report: `tipstaff new` takes it in"
                    ),
                });
                at.seen.insert(id, Seen { state: a.state, text: String::new() });
            }
            None => {
                page.mails.push(self.mail(a));
                at.seen.insert(id, Seen { state: a.state, text });
            }
            // It was passed over, and that was said.
            Some(was) if was.text.is_empty() => {
                at.seen.insert(id, Seen { state: a.state, text: String::new() });
            }
            Some(was) => {
                self.news(a, &was.clone(), page);
                at.seen.insert(id, Seen { state: a.state, text });
            }
        }
    }

    /// What is new about one that was read.
    fn news(&self, a: &Advisory, was: &Seen, page: &mut Taken) {
        let (url, when) =
            (self.page_of(&a.ghsa_id), a.updated_at.or(a.created_at).unwrap_or(Timestamp::UNIX_EPOCH));
        let member = |login: &str| self.member(login);
        let written = self.written(&member);
        if a.state != was.state {
            page.mails.push(self.at(a, written.moved(a, was.state, &url, when)));
        }
        if a.digest() != was.text {
            page.mails.push(self.at(a, written.rewritten(a, &url, when)));
        }
    }

    /// One that stands on no list any more. Is it known what became of it?
    fn left(&self, id: &str, asked: &[State], at: &mut At, page: &mut Taken) -> Result<bool, MailFault> {
        let Some(was) = at.seen.get(id).cloned().filter(|_| is_ghsa(id)) else { return Ok(true) };
        let Some(a) = self.one(id)? else {
            if !self.shows_all()? {
                let why = format!("{id} is not shown any more; {}", self.partial());
                return Err(MailFault::Refused { what: crate::mailbox::Mailbox::name(self), why });
            }
            // Advisories are closed and not deleted, so that this may pass.
            let why = "it is not shown any more, and what became of it cannot be told";
            page.passed.push(Passed { place: self.page_of(id), why: why.into() });
            return Ok(false);
        };
        if asked.contains(&a.state) {
            // The list that was just read should hold it. It may have come back in between; then the next run sees that.
            return Err(MailFault::Strange {
                what: crate::mailbox::Mailbox::name(self),
                why: format!("{id} is in {}, and the list of those leaves it out", a.state.word()),
            });
        }
        if !was.text.is_empty() {
            self.news(&a, &was, page);
        }
        let text = if was.text.is_empty() { String::new() } else { a.digest() };
        at.seen.insert(id.to_owned(), Seen { state: a.state, text });
        Ok(true)
    }
}

/// What one page holds so far.
#[derive(Default)]
struct Taken {
    mails: Vec<Mail>,
    passed: Vec<Passed>,
}

impl Taken {
    #[expect(clippy::unnecessary_wraps, reason = "every way out of a page is one")]
    fn end(self, at: At, more: bool) -> Result<Page, MailFault> {
        // Texts are always JSON.
        let cursor = Cursor(serde_json::to_string(&at).unwrap_or_default());
        Ok(Page { mails: self.mails, passed: self.passed, cursor, more })
    }
}

/// A name that goes back as a header.
fn plain(etag: &str) -> String {
    let ok = etag.len() <= 200 && etag.bytes().all(|b| b.is_ascii_graphic());
    if ok { etag.to_owned() } else { String::new() }
}
