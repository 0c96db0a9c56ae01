//! What was read of a tracker, kept for one plan. The rules look at a tracker several times, each time as the proposals so
//! far would leave it, and little of it changes between two looks. Everything here is a function of the text it is kept
//! under and of the ground, so that a plan made with it is the plan made without.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use serde_json::Value;

use super::{Ground, backport, fields, record};
use crate::{
    cve,
    mail::own_words,
    rules::{
        extract::versions,
        title::{TitleReport, normalise},
    },
    tracker::{self, Body, FieldRole},
};

/// Results by the text they follow from.
struct Memo<V>(RefCell<BTreeMap<String, Rc<V>>>);

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<V> Memo<V> {
    fn get(&self, text: &str, make: impl FnOnce() -> V) -> Rc<V> {
        if let Some(there) = self.0.borrow().get(text) {
            return Rc::clone(there);
        }
        let made = Rc::new(make());
        self.0.borrow_mut().insert(text.to_owned(), Rc::clone(&made));
        made
    }
}

/// What was read of one tracker.
#[derive(Default)]
pub(super) struct Kept {
    bodies: Memo<Body>,
    writes: Memo<RefCell<Vec<Write>>>,
    titles: Memo<TitleReport>,
    ranges: Memo<versions::VersionReport>,
    said: Memo<Said>,
    records: RefCell<Vec<Rc<Made>>>,
}

/// A field written into a body, and what came of it.
struct Write {
    role: FieldRole,
    value: String,
    after: Option<String>,
}

impl Kept {
    /// A body, read.
    pub(super) fn body(&self, text: &str, g: Ground<'_>) -> Rc<Body> {
        self.bodies.get(text, || tracker::parse(text, g.headings))
    }

    /// The body with that field written; none when it cannot be.
    pub(super) fn write(&self, text: &str, role: FieldRole, value: &str, g: Ground<'_>) -> Option<String> {
        let writes = self.writes.get(text, RefCell::default);
        if let Some(w) = writes.borrow().iter().find(|w| w.role == role && w.value == value) {
            return w.after.clone();
        }
        let before = self.body(text, g);
        let after = match tracker::set_in(text, &before, role, value, g.headings) {
            // A write is proved by reading its result: the next look has it.
            Ok(Some((after, read))) => {
                self.bodies.get(&after, || read);
                Some(after)
            }
            Ok(None) => Some(text.to_owned()),
            Err(_) => None,
        };
        writes.borrow_mut().push(Write { role, value: value.to_owned(), after: after.clone() });
        after
    }

    /// A title by the cascade.
    pub(super) fn title(&self, text: &str, g: Ground<'_>) -> Rc<TitleReport> {
        self.titles.get(text, || normalise(text, g.titles))
    }

    /// The ranges of an expression of affected versions.
    pub(super) fn ranges(&self, text: &str, g: Ground<'_>) -> Rc<versions::VersionReport> {
        self.ranges.get(text, || versions::parse(text, g.versions))
    }

    /// What the author of a comment says in it.
    pub(super) fn said(&self, comment: &str) -> Rc<Said> {
        self.said.get(comment, || Said {
            own: own_words(comment),
            stated: OnceCell::new(),
            backport: OnceCell::new(),
        })
    }

    /// The record that follows from those facts.
    pub(super) fn record(&self, facts: cve::Facts) -> Rc<Made> {
        if let Some(there) = self.records.borrow().iter().find(|m| m.facts == facts) {
            return Rc::clone(there);
        }
        let made = Rc::new(Made {
            facts,
            built: OnceCell::new(),
            json: OnceCell::new(),
            text: OnceCell::new(),
            hygiene: OnceCell::new(),
        });
        self.records.borrow_mut().push(Rc::clone(&made));
        made
    }
}

/// What a comment says in its author's own words; a quotation is nobody's word.
pub(super) struct Said {
    /// The words.
    pub(super) own: String,
    stated: OnceCell<fields::Stated>,
    backport: OnceCell<Option<String>>,
}

impl Said {
    /// The values of fields it states.
    pub(super) fn stated(&self) -> &fields::Stated {
        self.stated.get_or_init(|| fields::stated(&self.own))
    }

    /// The sentence that asks for a backport.
    pub(super) fn backport(&self) -> Option<&str> {
        self.backport.get_or_init(|| backport::asks(&self.own).map(str::to_owned)).as_deref()
    }
}

/// A record and what follows from it, each made when it is asked for.
pub(super) struct Made {
    pub(super) facts: cve::Facts,
    built: OnceCell<cve::Built>,
    json: OnceCell<Value>,
    text: OnceCell<String>,
    hygiene: OnceCell<Vec<cve::Finding>>,
}

impl Made {
    pub(super) fn built(&self, g: Ground<'_>) -> &cve::Built {
        self.built.get_or_init(|| record::build(&self.facts, g))
    }

    /// The record as JSON.
    pub(super) fn json(&self, g: Ground<'_>) -> &Value {
        self.json.get_or_init(|| self.built(g).record.to_value())
    }

    /// Its bytes.
    pub(super) fn text(&self, g: Ground<'_>) -> &str {
        self.text.get_or_init(|| cve::render(self.json(g)))
    }

    pub(super) fn hygiene(&self, g: Ground<'_>) -> &[cve::Finding] {
        self.hygiene.get_or_init(|| cve::hygiene_with(&self.built(g).record, &self.facts, g.config, g.titles))
    }
}
