//! The status rollup: entries read back, and text of others never becomes an entry of the desk.
#![no_main]

use desk::tracker::rollup::{
    self, Action, ActionKind, Entry, Found, LIMIT, RollupError, Told, Trust, Upsert,
};
use desk_fuzz::{Fields, Numbers};
use jiff::civil::date;
use libfuzzer_sys::fuzz_target;

const KEY: &[u8] = b"key of the desk";

type Known = (String, Option<String>, Option<String>, Option<String>, String);

fn known(e: &Found) -> Known {
    (e.id.clone().unwrap_or_default(), e.date.clone(), e.actor.clone(), e.action.clone(), e.text.clone())
}

fn trusted(comment: &str) -> Vec<Known> {
    let r = rollup::parse(comment);
    let trust = r.verify(KEY);
    assert_eq!(trust.len(), r.entries.len());
    r.entries.iter().zip(trust).filter(|(_, t)| *t == Trust::Trusted).map(|(e, _)| known(e)).collect()
}

fn entry(i: usize, fields: &mut Fields) -> Entry {
    let (detail, headline, body, next, told) =
        (fields.text(), fields.text(), fields.text(), fields.text(), fields.text());
    Entry {
        id: format!("t1:e{i}"),
        date: date(2026, 3, 1),
        actor: "ada".into(),
        action: Action::with(ActionKind::ALL[detail.len() % ActionKind::ALL.len()], &detail),
        headline: format!("h {headline}"),
        body,
        next: Some(next).filter(|n| !n.is_empty()),
        told: match told.len() % 4 {
            0 => Told::Notified(told),
            1 => Told::NotNeeded(told),
            2 => Told::PendingDraft(format!("d {told}")),
            _ => Told::NotTold(format!("r {told}")),
        },
    }
}

fuzz_target!(|data: &[u8]| {
    let mut fields = Fields::of(data);
    let foreign = fields.text();
    let mut parts: Vec<String> = Vec::new();
    let mut wanted = Vec::new();
    for i in 0..6 {
        if i > 0 && fields.is_empty() {
            break;
        }
        let e = entry(i, &mut fields);
        match rollup::append(parts.last().map(String::as_str), &e, KEY) {
            Ok(Upsert::New(text)) => parts.push(text),
            Ok(Upsert::Replace(text)) => {
                let old = parts.pop().unwrap();
                assert!(text.starts_with(old.trim_end()), "history stays");
                parts.push(text);
            }
            Ok(Upsert::Continue { sealed, next }) => {
                let old = parts.pop().unwrap();
                assert!(sealed.starts_with(old.trim_end()), "history stays");
                parts.extend([sealed, next]);
            }
            Err(RollupError::TooLong { .. }) => continue,
            Err(why) => panic!("{why} for {e:?}"),
        }
        wanted.push(e.id);
    }
    let mut got = Vec::new();
    for (i, text) in parts.iter().enumerate() {
        assert!(text.len() <= LIMIT, "{} bytes", text.len());
        let r = rollup::parse(text);
        assert_eq!(r.problems, [], "{text}");
        assert!(r.verify(KEY).iter().all(|t| *t == Trust::Trusted), "{text}");
        assert!(r.verify(b"another").iter().all(|t| *t == Trust::Forged));
        assert_eq!(r.sealed, i + 1 < parts.len(), "{text}");
        got.extend(r.entries.iter().map(|e| e.id.clone().unwrap_or_default()));
    }
    assert_eq!(got, wanted, "entries read back in order");

    // Somebody else edits the comment: at its end, or anywhere in it.
    let Some(text) = parts.last() else { return };
    let honest = trusted(text);
    let mut at = Numbers::of(data).below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    for at in [text.len(), at] {
        let (head, tail) = text.split_at(at);
        let forged = format!("{head}{foreign}{tail}");
        let seen = trusted(&forged);
        assert!(seen.iter().all(|e| honest.contains(e)), "{seen:?} are not all of {honest:?}");
        assert!(seen.len() <= honest.len());
        let e = Entry { id: "t1:late".into(), ..entry(9, &mut Fields::of(&[])) };
        if let Ok(Upsert::Replace(after)) = rollup::append(Some(&forged), &e, KEY) {
            assert!(after.starts_with(forged.trim_end()) && after.len() <= LIMIT);
            let now = trusted(&after);
            assert_eq!(now.len(), seen.len() + 1, "one more entry of the desk");
            assert!(now.starts_with(&seen));
        }
    }
    // A rollup wholly invented, and one signed by a desk that is not ours.
    assert_eq!(trusted(&foreign), []);
    let first = Fields::of(data.get(foreign.len() + 1..).unwrap_or_default());
    if let Ok(Upsert::New(text)) = rollup::append(None, &entry(0, &mut { first }), b"another key") {
        assert_eq!(trusted(&text), []);
    }
});
