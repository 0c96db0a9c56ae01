//! A thread, whole, however old: every message of the folders that headers tie to one, directly or by way of others (intake
//! page §2, rule 5). A server that keeps threads (RFC 5256) is asked for them, which saves rounds of searching; it also
//! joins by subject, and what no header ties is left out again.

use std::collections::{BTreeMap, BTreeSet};

use imap_codec::imap_types::{extensions::thread::Thread, response::Data};
use jiff::Timestamp;

use super::{
    Trouble,
    session::Session,
    wire::{Cost, is_plain, quoted},
};

/// Messages of a thread that are read.
const MOST: usize = 1000;
/// Times that what was learnt is looked for again. A thread is known after two or three.
const ROUNDS: usize = 30;
/// Ids that are looked for in one question, and how long one may be, so that its line stays short.
const AT_ONCE: usize = 8;
const LONGEST: usize = 300;
/// Headers that are read at once.
const HEADS: usize = 200;

/// A message of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its folder, by its place in the list.
    pub folder: usize,
    pub uid: u32,
    pub id: String,
    /// Ids that its headers name.
    links: Vec<String>,
}

impl Member {
    fn belongs(&self, thread: &BTreeSet<String>) -> bool {
        thread.contains(&self.id) || self.links.iter().any(|l| thread.contains(l))
    }
}

impl Session {
    /// The messages of the folders that belong to the thread of a message, the root first.
    pub(super) fn conversation(
        &mut self,
        folders: &[String],
        id: &str,
        threads: bool,
    ) -> Result<Vec<Member>, Trouble> {
        let mut thread = BTreeSet::from([id.to_owned()]);
        let mut members: BTreeMap<(usize, u32), Member> = BTreeMap::new();
        let mut asked: Vec<BTreeSet<String>> = vec![BTreeSet::new(); folders.len()];
        for _ in 0..ROUNDS {
            let mut any = false;
            for (folder, (raw, asked)) in folders.iter().zip(&mut asked).enumerate() {
                let fit = |i: &&String| i.len() <= LONGEST && is_plain(i) && !i.is_empty();
                let new: Vec<String> = thread.difference(asked).filter(fit).cloned().collect();
                if new.is_empty() {
                    continue;
                }
                any = true;
                self.examine(raw)?;
                let mut uids = BTreeSet::new();
                for some in new.chunks(AT_ONCE) {
                    uids.extend(self.search(&naming(some))?);
                }
                asked.extend(new);
                let trees = if threads && !uids.is_empty() { self.trees()? } else { None };
                let found = uids.clone();
                for tree in trees.iter().flatten().filter(|t| !t.is_disjoint(&found)) {
                    uids.extend(tree);
                }
                uids.retain(|u| !members.contains_key(&(folder, *u)));
                if members.len() + uids.len() > MOST {
                    return Err(Trouble::Refused(format!("the thread has more than {MOST} messages")));
                }
                let mut left = self.heads(folder, &uids)?;
                loop {
                    let (own, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|m| m.belongs(&thread));
                    left = others;
                    if own.is_empty() {
                        break;
                    }
                    for m in own {
                        thread.insert(m.id.clone());
                        thread.extend(m.links.iter().cloned());
                        if trees.is_some() {
                            // Whatever names these in this folder was in the tree.
                            asked.insert(m.id.clone());
                            asked.extend(m.links.iter().cloned());
                        }
                        members.insert((folder, m.uid), m);
                    }
                }
            }
            if !any {
                let mut all: Vec<Member> = members.into_values().collect();
                all.sort_by_key(|m| (m.links.len(), m.folder, m.uid));
                // The same mail in two folders, as sent and as it came back from a list.
                let mut seen = BTreeSet::new();
                all.retain(|m| seen.insert(m.id.clone()));
                return Ok(all);
            }
        }
        Err(Trouble::Strange("the thread has no end".into()))
    }

    fn heads(&mut self, folder: usize, uids: &BTreeSet<u32>) -> Result<Vec<Member>, Trouble> {
        let uids: Vec<u32> = uids.iter().copied().collect();
        let mut out = Vec::new();
        for some in uids.chunks(HEADS) {
            let part = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID IN-REPLY-TO REFERENCES)]";
            let read = self.parts(some, part, 0)?;
            if read.lost > 0 {
                return Err(Trouble::Strange("the header of a message cannot be read".into()));
            }
            for (uid, header) in read.of {
                let m = desk::mail::parse_headers(&header, Timestamp::UNIX_EPOCH);
                let links: BTreeSet<String> = m.references.into_iter().chain(m.in_reply_to).collect();
                out.push(Member { folder, uid, id: m.key.id, links: links.into_iter().collect() });
            }
        }
        Ok(out)
    }

    /// The threads of the open folder by their UIDs; none where the server keeps none, or answers in a form that is not read.
    fn trees(&mut self) -> Result<Option<Vec<BTreeSet<u32>>>, Trouble> {
        let offered = self.offers()?;
        let Some(way) = ["REFS", "REFERENCES"].iter().find(|w| offered.contains(&format!("THREAD={w}")))
        else {
            return Ok(None);
        };
        let mut out = Vec::new();
        let done = self.command(&format!("UID THREAD {way} US-ASCII ALL"), Cost::LIST, &mut |data| {
            if let Data::Thread(all) = data {
                out.extend(all.iter().map(tree));
            }
        })?;
        Ok((done.lost == 0 && done.yes().is_ok()).then_some(out))
    }
}

fn tree(t: &Thread) -> BTreeSet<u32> {
    let (mut out, mut left) = (BTreeSet::new(), vec![t]);
    while let Some(t) = left.pop() {
        match t {
            Thread::Members { prefix, answers } => {
                out.extend(prefix.as_ref().iter().map(|n| n.get()));
                left.extend(answers.iter().flat_map(|a| a.as_ref()));
            }
            Thread::Nested { answers } => left.extend(answers.as_ref()),
        }
    }
    out
}

/// What finds messages that are one of these, or name one.
fn naming(ids: &[String]) -> String {
    let keys = ids.iter().flat_map(|id| {
        ["Message-ID", "In-Reply-To", "References"].map(|field| format!("HEADER {field} {}", quoted(id)))
    });
    keys.reduce(|all, key| format!("OR {all} {key}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_names_each_id_in_three_fields() {
        let one = naming(&["a@x".into()]);
        assert_eq!(
            one,
            "OR OR HEADER Message-ID \"a@x\" HEADER In-Reply-To \"a@x\" HEADER References \"a@x\""
        );
        let longest = vec!["x".repeat(LONGEST); AT_ONCE];
        assert!(naming(&longest).len() < 8192, "{}", naming(&longest).len());
    }
}
