//! Threads by `References` and `In-Reply-To` only, never by subject (intake page §2 rule 5): two reports titled
//! "Security issue" must not join.

use std::collections::BTreeMap;

use super::{Message, MessageKey, Thread};

/// Threads, and what was odd about the messages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grouped {
    /// By arrival of their first message, then by id.
    pub threads: Vec<Thread>,
    /// Messages that came twice, byte for byte; the second was dropped.
    pub duplicates: Vec<MessageKey>,
    /// Messages that share a Message-ID and differ in content; all are kept in their thread.
    pub clashes: Vec<MessageKey>,
}

/// Group messages into threads. The result does not depend on the order of the input.
///
/// A message's own headers decide what it answers; the `References` of others only connect ids nobody has seen, so
/// that no stranger can pull two threads together by naming both. n log n; no recursion.
#[must_use]
pub fn group(mut messages: Vec<Message>) -> Grouped {
    let mut out = Grouped::default();
    // Arrival first: of two messages that claim to answer each other, the earlier is the root.
    messages.sort_by(|a, b| order(a).cmp(&order(b)));
    let drop = repeats(&messages, &mut out);
    let mut keep = drop.iter();
    messages.retain(|_| !keep.next().copied().unwrap_or(false));

    let tops = tops(&messages);
    let mut by_top: Vec<(u32, u32)> = tops.nodes.iter().zip(0u32..).map(|((top, _), m)| (*top, m)).collect();
    by_top.sort_unstable();
    let mut slots: Vec<Option<Message>> = messages.into_iter().map(Some).collect();
    for run in by_top.chunk_by(|a, b| a.0 == b.0) {
        let Some(&(top, _)) = run.first() else { continue };
        // The messages are in order of arrival already; those of the root's id go first.
        let is_root = |m: u32| tops.nodes.get(m as usize).is_some_and(|(_, own)| *own == top);
        let roots = run.iter().filter(|(_, m)| is_root(*m));
        let others = run.iter().filter(|(_, m)| !is_root(*m));
        let messages: Vec<Message> = roots
            .chain(others)
            .filter_map(|(_, m)| slots.get_mut(*m as usize).and_then(Option::take))
            .collect();
        let id = match tops.ids.get(&top) {
            Some(id) => id.clone(),
            // A root without Message-ID.
            None => messages.first().map(|m| format!("sha256:{}", m.key.digest.0)).unwrap_or_default(),
        };
        out.threads.push(Thread { id, messages });
    }
    let first =
        |t: &Thread| t.messages.iter().map(Message::arrived).min_by_key(|a| (a.is_none(), *a)).flatten();
    out.threads.sort_by_cached_key(|t| {
        let first = first(t);
        (first.is_none(), first, t.id.clone())
    });
    out
}

fn order(m: &Message) -> (bool, Option<jiff::Timestamp>, &MessageKey, usize, &str) {
    let at = m.arrived();
    (at.is_none(), at, &m.key, m.size, &m.subject)
}

/// Marks messages that are there already, and records clashes.
fn repeats(messages: &[Message], out: &mut Grouped) -> Vec<bool> {
    let mut by_key: Vec<usize> = (0..messages.len()).collect();
    let key = |i: &usize| messages.get(*i).map(|m| &m.key);
    by_key.sort_by(|a, b| key(a).cmp(&key(b)).then(a.cmp(b)));
    let mut drop = vec![false; messages.len()];
    for same in by_key.chunk_by(|a, b| key(a) == key(b)) {
        for &i in same.iter().skip(1) {
            if let (Some(d), Some(m)) = (drop.get_mut(i), messages.get(i)) {
                *d = true;
                out.duplicates.push(m.key.clone());
            }
        }
    }
    by_key.retain(|i| !drop.get(*i).copied().unwrap_or(true));
    let id = |i: &usize| messages.get(*i).map(|m| m.key.id.as_str()).filter(|id| !id.is_empty());
    for same in by_key.chunk_by(|a, b| id(a).is_some() && id(a) == id(b)).filter(|s| s.len() > 1) {
        out.clashes.extend(same.iter().filter_map(|i| messages.get(*i)).map(|m| m.key.clone()));
    }
    drop
}

struct Tops {
    /// Message-IDs of the tops that have one.
    ids: BTreeMap<u32, String>,
    /// For each message the top of its tree and its own node.
    nodes: Vec<(u32, u32)>,
}

/// A forest over ids whose find returns the top of a tree, in near-constant time.
struct Forest(Vec<u32>);

impl Forest {
    fn up(&self, n: u32) -> u32 {
        self.0.get(n as usize).copied().unwrap_or(n)
    }

    fn top(&mut self, mut n: u32) -> u32 {
        while self.up(n) != n {
            let grand = self.up(self.up(n));
            if let Some(slot) = self.0.get_mut(n as usize) {
                *slot = grand;
            }
            n = grand;
        }
        n
    }

    /// Hang `child` below `parent` unless it hangs somewhere already or that closes a loop.
    fn link(&mut self, parent: u32, child: u32) {
        if self.up(child) != child || self.top(parent) == child {
            return;
        }
        if let Some(slot) = self.0.get_mut(child as usize) {
            *slot = parent;
        }
    }
}

/// The ids a message names: its own, its references, the first it answers.
fn named(m: &Message) -> impl Iterator<Item = &str> {
    std::iter::once(&m.key.id).chain(&m.references).chain(m.in_reply_to.first()).map(String::as_str)
}

fn tops(messages: &[Message]) -> Tops {
    // Every place an id stands, sorted by id, gives each id one number; an empty id gets a number of its own.
    let mut places: Vec<(&str, u32)> = messages.iter().flat_map(named).zip(0u32..).collect();
    let mut number = vec![0u32; places.len()];
    let mut name: Vec<&str> = Vec::new();
    places.sort_unstable();
    let mut before = "";
    for (id, place) in &places {
        if id.is_empty() || *id != before {
            name.push(id);
            before = id;
        }
        if let Some(n) = number.get_mut(*place as usize) {
            *n = u32::try_from(name.len() - 1).unwrap_or(u32::MAX);
        }
    }
    // Back to messages: the numbers of own id, references, answered id.
    let mut rest = number.as_slice();
    let mut links: Vec<(u32, &[u32], &[u32])> = Vec::with_capacity(messages.len());
    for m in messages {
        let (own, tail) = rest.split_first().map_or((0, &[][..]), |(o, t)| (*o, t));
        let (references, tail) = tail.split_at_checked(m.references.len()).unwrap_or((&[], &[]));
        let (answered, tail) = tail.split_at_checked(m.in_reply_to.len().min(1)).unwrap_or((&[], &[]));
        rest = tail;
        links.push((own, references, answered));
    }
    let mut seen = vec![false; name.len()];
    for (own, ..) in &links {
        if let Some(s) = seen.get_mut(*own as usize) {
            *s = true;
        }
    }
    let mut forest = Forest((0u32..).take(name.len()).collect());
    for (own, references, answered) in &links {
        // The last reference is what is answered; some programs write In-Reply-To only.
        if let Some(parent) = references.iter().rev().chain(*answered).find(|p| *p != own) {
            forest.link(*parent, *own);
        }
    }
    for (_, references, _) in &links {
        for pair in references.windows(2) {
            if let [a, b] = pair
                && !seen.get(*b as usize).copied().unwrap_or(true)
            {
                forest.link(*a, *b);
            }
        }
    }
    let nodes: Vec<(u32, u32)> = links.iter().map(|(own, ..)| (forest.top(*own), *own)).collect();
    let id = |top: u32| name.get(top as usize).filter(|id| !id.is_empty()).map(|id| (top, (*id).to_owned()));
    let ids = nodes.iter().filter_map(|(top, _)| id(*top)).collect();
    Tops { ids, nodes }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::mail::ContentDigest;

    fn m(id: &str, at: i64, references: &[&str]) -> Message {
        Message {
            key: MessageKey { id: id.into(), digest: ContentDigest(format!("{id}{at}{references:?}")) },
            date: Timestamp::from_second(at).ok(),
            references: references.iter().map(|s| (*s).to_owned()).collect(),
            subject: "Security issue".into(),
            ..Message::default()
        }
    }

    fn shape(g: &Grouped) -> Vec<(String, Vec<String>)> {
        g.threads
            .iter()
            .map(|t| (t.id.clone(), t.messages.iter().map(|m| m.key.id.clone()).collect()))
            .collect()
    }

    fn check(messages: Vec<Message>, want: &[(&str, &[&str])]) {
        let want: Vec<(String, Vec<String>)> =
            want.iter().map(|(t, ms)| ((*t).into(), ms.iter().map(|s| (*s).into()).collect())).collect();
        assert_eq!(shape(&group(messages)), want);
    }

    #[test]
    fn threads_follow_headers_only() {
        check(vec![m("a", 1, &[]), m("b", 2, &[])], &[("a", &["a"]), ("b", &["b"])]);
        check(vec![m("c", 3, &["a", "b"]), m("b", 2, &["a"]), m("a", 1, &[])], &[("a", &["a", "b", "c"])]);
        // The root first, whatever the clocks say.
        check(vec![m("a", 9, &[]), m("b", 2, &["a"])], &[("a", &["a", "b"])]);
        // Parents nobody has seen.
        check(vec![m("b", 1, &["x", "y"]), m("c", 2, &["x"])], &[("x", &["b", "c"])]);
        check(vec![m("b", 1, &["x"]), m("c", 2, &["x", "y"])], &[("x", &["b", "c"])]);
        // Self-reference and loops.
        check(vec![m("a", 1, &["a"])], &[("a", &["a"])]);
        check(vec![m("a", 1, &["b"]), m("b", 2, &["a"])], &[("b", &["b", "a"])]);
        // In-Reply-To alone.
        let mut r = m("b", 2, &[]);
        r.in_reply_to = vec!["a".into()];
        check(vec![m("a", 1, &[]), r], &[("a", &["a", "b"])]);
    }

    #[test]
    fn a_stranger_cannot_join_two_threads() {
        check(
            vec![m("a", 1, &[]), m("b", 2, &[]), m("evil", 3, &["a", "b"])],
            &[("a", &["a"]), ("b", &["b", "evil"])],
        );
    }

    #[test]
    fn duplicates_go_and_clashes_stay() {
        let mut other = m("a", 1, &[]);
        other.key.digest = ContentDigest("other".into());
        let g = group(vec![m("a", 1, &[]), m("a", 1, &[]), other]);
        assert_eq!((g.duplicates.len(), g.clashes.len(), g.threads.len()), (1, 2, 1));
        assert_eq!(g.threads[0].messages.len(), 2);
        let g = group(vec![m("", 1, &[]), m("", 2, &[])]);
        assert_eq!((g.clashes.len(), g.threads.len()), (0, 2));
        assert!(g.threads[0].id.starts_with("sha256:"));
    }

    #[test]
    fn a_deep_chain_is_one_thread() {
        let chain: Vec<Message> = (0..100_000)
            .map(|i| {
                let parent = format!("m{}", i - 1);
                m(
                    &format!("m{i}"),
                    100_000 - i,
                    if i == 0 { vec![] } else { vec![parent.as_str()] }.as_slice(),
                )
            })
            .collect();
        let g = group(chain);
        assert_eq!((g.threads.len(), g.threads[0].messages.len()), (1, 100_000));
        assert_eq!(g.threads[0].id, "m0");
    }

    proptest! {
        #[test]
        fn order_of_input_does_not_matter(
            links in prop::collection::vec((0usize..9, 0i64..4, prop::collection::vec(0usize..12, 0..4)), 0..14),
            seed in any::<u64>(),
        ) {
            let messages: Vec<Message> = links
                .iter()
                .map(|(id, at, refs)| {
                    let refs: Vec<String> = refs.iter().map(|r| format!("m{r}")).collect();
                    let id = if *id == 8 { String::new() } else { format!("m{id}") };
                    m(&id, *at, &refs.iter().map(String::as_str).collect::<Vec<_>>())
                })
                .collect();
            let mut shuffled = messages.clone();
            shuffled.sort_by_key(|x| {
                x.key.digest.0.bytes().fold(seed, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)))
            });
            let (a, b) = (group(messages.clone()), group(shuffled));
            prop_assert_eq!(&a, &b);
            let kept: usize = a.threads.iter().map(|t| t.messages.len()).sum();
            prop_assert_eq!(kept + a.duplicates.len(), messages.len());
            prop_assert!(a.threads.iter().all(|t| !t.messages.is_empty()));
        }
    }
}
