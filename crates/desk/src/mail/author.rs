//! Who wrote a message that a list passed on. Lists rewrite From so that mail survives DMARC; a reader still
//! wants the author (intake page, weakness 19).

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::Address;

/// What the header block says about origin, beside From.
#[derive(Debug, Default)]
pub(super) struct Origin<'a> {
    pub reply_to: &'a [Address],
    /// To and Cc.
    pub recipients: Vec<&'a Address>,
    /// `X-Original-From`, `Original-From`, `X-Original-Sender`, in that order.
    pub original: Vec<Address>,
    /// `List-Id` without brackets.
    pub list_id: &'a str,
    /// Addresses of `List-Post`, `X-BeenThere`, `Mailing-List`.
    pub list_addresses: Vec<String>,
}

/// `Jane Doe via Security`, `'Jane Doe' via security`, `Jane (via security)`.
static VIA: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(?P<who>.+?)\s*[\s(\[]\(?(?:via|über|por|przez|через|経由)\s+(?P<list>[^)\]]+?)\s*[)\]]?\s*$").ok()
});

impl Origin<'_> {
    /// Is that address the list's own? The list's headers say so, not the name.
    fn is_list(&self, email: &str) -> bool {
        if email.is_empty() {
            return false;
        }
        let dotted = email.replacen('@', ".", 1);
        self.list_addresses.iter().any(|a| a.eq_ignore_ascii_case(email))
            || (!self.list_id.is_empty() && self.list_id.eq_ignore_ascii_case(&dotted))
            || (!self.list_id.is_empty() && self.recipients.iter().any(|r| r.is(email)))
    }
}

/// The author behind a rewritten From, or `None` when From stands as its author wrote it.
pub(super) fn behind(from: &Address, origin: &Origin<'_>) -> Option<Address> {
    let via = VIA.as_ref().and_then(|r| r.captures(&from.name)).map(|c| {
        let get = |n: &str| c.name(n).map_or("", |m| m.as_str());
        (strip_quotes(get("who")).to_owned(), get("list").to_owned())
    });
    let spelled = spelled_in(&from.email, origin);
    let is_list = origin.is_list(&from.email)
        || via.as_ref().is_some_and(|(_, list)| {
            // Without list headers: the name after "via" is the list's address.
            resembles(list, from.local()) || origin.recipients.iter().any(|r| r.is(&from.email))
        });
    if spelled.is_none() && !is_list {
        return None;
    }
    let name = via.as_ref().map_or_else(|| from.name.clone(), |(who, _)| who.clone());
    let other = |a: &&Address| a.email.contains('@') && !a.is(&from.email) && !origin.is_list(&a.email);
    let found = origin
        .original
        .iter()
        .find(other)
        .map(|a| a.email.clone())
        .or(spelled)
        .or_else(|| origin.reply_to.iter().find(other).map(|a| a.email.clone()));
    match found {
        Some(email) => {
            let named =
                origin.original.iter().chain(origin.reply_to).find(|a| a.is(&email) && !a.name.is_empty());
            let name = if name.is_empty() || via.is_none() {
                named.map_or(name, |a| strip_quotes(&a.name).to_owned())
            } else {
                name
            };
            Some(Address { name, email })
        }
        // The list hid the address. Its own must not pass for the author's.
        None => via.map(|(who, _)| Address { name: who, email: String::new() }),
    }
}

/// The author's address where a list spelled it into its own: `jane=example.org@lists.x`,
/// `jane=40example.org@lists.x`, `jane@example.org.invalid`.
fn spelled_in(email: &str, origin: &Origin<'_>) -> Option<String> {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    if let Some(real) = domain.strip_suffix(".invalid").filter(|d| d.contains('.')) {
        return Some(format!("{local}@{real}"));
    }
    let unmarked = local.strip_suffix(".invalid");
    if let Some(whole) = unmarked.filter(|l| l.contains('.')) {
        // `jane.example.org.invalid`: no telling where the name ends, so Reply-To decides when it agrees.
        let agrees =
            origin.reply_to.iter().find(|a| a.email.replacen('@', ".", 1).eq_ignore_ascii_case(whole));
        return agrees
            .map(|a| a.email.clone())
            .or_else(|| whole.split_once('.').map(|(l, d)| format!("{l}@{d}")));
    }
    let local = strip_prefix_no_case(local, "srs0=").map_or(local, |srs| srs);
    if local.len() != email.rsplit_once('@').map_or(0, |(l, _)| l.len()) {
        // SRS0=hash=day=domain=local
        let mut bits = local.splitn(4, '=').skip(2);
        let (d, l) = (bits.next()?, bits.next()?);
        return d.contains('.').then(|| format!("{l}@{}", d.to_lowercase()));
    }
    let (l, d) = local.rsplit_once('=')?;
    let d = d.strip_prefix("40").filter(|d| d.contains('.')).unwrap_or(d);
    let host = |d: &str| {
        d.contains('.')
            && !d.starts_with('.')
            && d.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
    };
    (!l.is_empty() && host(d)).then(|| format!("{l}@{}", d.to_lowercase()))
}

fn strip_prefix_no_case<'a>(s: &'a str, prefix: &str) -> Option<&'a str> {
    s.get(..prefix.len()).filter(|p| p.eq_ignore_ascii_case(prefix)).and_then(|_| s.get(prefix.len()..))
}

/// `Security List` and `security`: one holds the other, letters and digits only.
fn resembles(list: &str, local: &str) -> bool {
    let plain = |s: &str| -> String {
        s.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (list, local) = (plain(list), plain(local));
    !local.is_empty() && !list.is_empty() && (list.contains(&local) || local.contains(&list))
}

fn strip_quotes(s: &str) -> &str {
    let s = s.trim();
    for q in ['\'', '"'] {
        if let Some(inner) = s.strip_prefix(q).and_then(|s| s.strip_suffix(q)) {
            return inner.trim();
        }
    }
    s
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a(name: &str, email: &str) -> Address {
        Address::new(name, email)
    }

    #[test]
    fn the_author_behind_a_list() {
        let list = a("", "security@lists.x");
        let jane = a("Jane Doe", "jane@example.org");
        for (from, reply_to, original, list_id, want) in [
            // From as its author wrote it.
            (jane.clone(), None, None, "security.lists.x", None),
            (
                a("Jane via GitHub", "notifications@hub.example"),
                Some(a("", "reply+1@hub.example")),
                None,
                "repo.hub.example",
                None,
            ),
            (a("Acme Security", "psirt@acme.example"), Some(a("", "case-12@acme.example")), None, "", None),
            // Rewritten, with the original at hand.
            (
                a("Jane via security", "security@lists.x"),
                Some(jane.clone()),
                None,
                "security.lists.x",
                Some(a("Jane", "jane@example.org")),
            ),
            (
                a("'Jane Doe' via Security List", "security@lists.x"),
                None,
                Some(jane.clone()),
                "",
                Some(jane.clone()),
            ),
            (
                a("Jane Doe (via security)", "security@lists.x"),
                Some(jane.clone()),
                None,
                "",
                Some(jane.clone()),
            ),
            (a("", "security@lists.x"), Some(jane.clone()), None, "security.lists.x", Some(jane.clone())),
            // Spelled into the address.
            (a("Jane", "jane=example.org@lists.x"), None, None, "", Some(a("Jane", "jane@example.org"))),
            (
                a("Jane", "jane=40example.org@dmarc.lists.x"),
                None,
                None,
                "",
                Some(a("Jane", "jane@example.org")),
            ),
            (a("Jane", "jane@example.org.invalid"), None, None, "", Some(a("Jane", "jane@example.org"))),
            (a("Jane", "jane.example.org.invalid"), None, None, "", Some(a("Jane", "jane@example.org"))),
            (
                a("J", "j.doe.example.org.invalid"),
                Some(a("", "j.doe@example.org")),
                None,
                "",
                Some(a("J", "j.doe@example.org")),
            ),
            (
                a("Jane", "SRS0=ab=cd=example.org=jane@fwd.x"),
                None,
                None,
                "",
                Some(a("Jane", "jane@example.org")),
            ),
            // The list hid it: its own address must not pass for the author's.
            (
                a("Jane via security", "security@lists.x"),
                Some(list.clone()),
                None,
                "security.lists.x",
                Some(a("Jane", "")),
            ),
            // A key=value local part is no rewrite.
            (a("Shop", "order=12@shop.example"), None, None, "", None),
        ] {
            let reply_to: Vec<_> = reply_to.into_iter().collect();
            let origin = Origin {
                reply_to: &reply_to,
                recipients: vec![&list],
                original: original.into_iter().collect(),
                list_id,
                list_addresses: vec![],
            };
            assert_eq!(behind(&from, &origin), want, "{from}");
        }
    }
}
