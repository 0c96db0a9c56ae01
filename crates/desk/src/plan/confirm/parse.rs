//! From text to what was said: one pass over the tokens, no judgement about the plan yet.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    ConfirmItem, Grammar, Unknown,
    grammar::{Assent, Rules},
    lex::{self, Tok, Token},
    ops::class_verb,
};

/// What an answer says, item numbers checked, contradictions still in it.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// An all-word.
    pub all: bool,
    /// Words of assent.
    pub assent: Vec<Assent>,
    /// A word that cancels.
    pub cancel: bool,
    /// `only`.
    pub only: bool,
    /// `also`, `plus`, `including`: numbers come on top of `all`.
    pub on_top: bool,
    /// `skip` and nothing after it.
    pub bare_skip: bool,
    /// `skip all`, `reject everything`.
    pub skip_all: bool,
    /// `skip the rest`.
    pub skip_rest: bool,
    /// Items taken by number.
    pub named: BTreeSet<u32>,
    /// Items taken by a range, which a later `not 3` may narrow.
    pub ranged: BTreeSet<u32>,
    /// Items taken out.
    pub skipped: BTreeSet<u32>,
    /// Items declined with a reply: override name and value.
    pub rejected: BTreeMap<u32, (&'static str, Value)>,
    /// Reclassified items.
    pub classes: BTreeMap<u32, (&'static str, &'static str)>,
    /// Edited items.
    pub edits: Vec<(u32, String)>,
    /// Edits of the plan as a whole.
    pub free: Vec<String>,
    /// `key: value` answers.
    pub keys: BTreeMap<String, Value>,
    /// Trackers to plan although skipped (`bulk`).
    pub force: BTreeSet<u32>,
    /// Order asked for (`bulk`).
    pub order: Vec<u32>,
    /// Items about which the answer is in doubt.
    pub doubtful: BTreeSet<u32>,
    /// What fits nothing.
    pub unknown: Vec<Unknown>,
    noted: BTreeSet<Unknown>,
    /// Something was not understood at all.
    pub lost: bool,
}

impl Said {
    /// Notes what fits nothing, once.
    pub(super) fn note(&mut self, what: Unknown) {
        if self.noted.insert(what.clone()) {
            self.unknown.push(what);
        }
    }

    pub(super) fn lose(&mut self, raw: &str) {
        self.lost = true;
        self.note(Unknown::Text(raw.trim().to_string()));
    }
}

/// What a number means where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Take,
    Skip,
    /// `mark 3 …`: waits for `invalid`.
    Mark,
    /// `upgrade 3 …`: waits for the class.
    Class(&'static str),
    Force,
    Order,
}

/// The word to which `except` refers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    No,
    All,
    Nothing,
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) rules: Rules,
    pub(super) items: BTreeSet<u32>,
    pub(super) desk: &'a BTreeMap<String, Vec<String>>,
    pub(super) said: Said,
    pub(super) mode: Mode,
    /// A verb waits for its numbers.
    pub(super) pending: bool,
    /// The verb was negated.
    negated: bool,
    /// A colon opened a list that goes on over line ends.
    open_list: bool,
    whole: Whole,
    /// Numbers since the last verb or stop.
    pub(super) list: Vec<u32>,
    /// The verb was `reject`.
    rejecting: bool,
    /// A comma or `and` stood since the last number.
    joined: bool,
    /// End of the last token that was a number, and of the comma right after it.
    glued_at: Option<usize>,
}

/// Words that carry no meaning of their own here.
const FILLER: &[&str] = &[
    "please",
    "pls",
    "plz",
    "kindly",
    "thanks",
    "thank",
    "you",
    "thx",
    "cheers",
    "hi",
    "hello",
    "hey",
    "and",
    "then",
    "the",
    "of",
    "them",
    "these",
    "those",
    "item",
    "items",
    "number",
    "numbers",
    "nr",
    "candidate",
    "candidates",
    "report",
    "reports",
    "proposal",
    "proposals",
    "finding",
    "findings",
    "tracker",
    "trackers",
    "step",
    "steps",
    "for",
    "now",
    "with",
    "it",
    "just",
    "too",
    "well",
    "team",
];
const ALL: &[&str] = &["all", "everything"];
const CANCEL: &[&str] = &[
    "none",
    "cancel",
    "no",
    "n",
    "nope",
    "nah",
    "nothing",
    "abort",
    "stop",
    "quit",
    "nevermind",
    "hold-off",
];
const EXCEPT: &[&str] = &["except", "excepting", "but", "excluding", "minus", "without", "besides", "save"];
const SKIP: &[&str] = &["skip", "skipping", "drop", "omit", "exclude", "ignore", "discard", "decline"];
const TAKE: &[&str] = &[
    "import", "apply", "take", "do", "run", "accept", "approve", "include", "create", "post", "confirm",
    "execute",
];
const REST: &[&str] = &["rest", "others", "other", "remaining", "remainder", "else"];

/// Reads the text of an answer.
pub(super) fn parse(
    text: &str,
    rules: Rules,
    items: &[ConfirmItem],
    desk: &BTreeMap<String, Vec<String>>,
) -> Said {
    let mut p = Parser {
        text,
        at: 0,
        rules,
        items: items.iter().map(|i| i.n).collect(),
        desk,
        said: Said::default(),
        mode: Mode::Take,
        pending: false,
        negated: false,
        open_list: false,
        whole: Whole::No,
        list: Vec::new(),
        rejecting: false,
        joined: true,
        glued_at: None,
    };
    while let Some(token) = lex::next(p.text, p.at) {
        p.at = token.end;
        p.step(token);
    }
    p.end_clause();
    p.said
}

impl<'a> Parser<'a> {
    pub(super) fn raw(&self, token: &Token) -> &'a str {
        self.text.get(token.start..token.end).unwrap_or("")
    }

    fn step(&mut self, token: Token) {
        match token.tok.clone() {
            Tok::Stop if self.open_list => self.joined = true,
            Tok::Stop => self.end_clause(),
            Tok::Comma => {
                self.joined = true;
                if self.glued_at == Some(token.start) {
                    self.glued_at = Some(token.end);
                }
            }
            Tok::Colon if self.pending || self.whole == Whole::All => self.open_list = self.pending,
            Tok::Colon | Tok::Other => self.said.lose(self.raw(&token)),
            Tok::Number(n) => self.numbers(&[n], &token, false),
            Tok::Range(a, b) => {
                let inside: Vec<u32> = self.items.range(a.min(b)..=b.max(a)).copied().collect();
                if a > b {
                    self.said.note(Unknown::Text(self.raw(&token).to_string()));
                    self.said.lost |= self.mode != Mode::Take;
                    self.said.doubtful.extend(inside);
                    return;
                }
                let size = u64::from(b) - u64::from(a) + 1;
                if size - inside.len() as u64 <= 16 {
                    let all: Vec<u32> = (a..=b).collect();
                    self.numbers(&all, &token, true);
                } else {
                    self.said.note(Unknown::Text(self.raw(&token).to_string()));
                    self.numbers(&inside, &token, true);
                }
            }
            Tok::Word(w) => self.word(&w, &token),
        }
    }

    /// A clause ends: a verb that still waits said nothing we understand.
    fn end_clause(&mut self) {
        match self.mode {
            Mode::Skip if self.pending => {
                if self.negated || self.whole != Whole::No {
                    self.said.lose("skip what?");
                } else {
                    self.said.bare_skip = true;
                }
            }
            Mode::Mark | Mode::Class(_) => self.said.lose("mark as what?"),
            Mode::Force | Mode::Order if self.pending => self.said.lose("which?"),
            _ => {}
        }
        self.verb(Mode::Take);
        self.pending = false;
        self.whole = Whole::No;
    }

    pub(super) fn verb(&mut self, mode: Mode) {
        if matches!(self.mode, Mode::Mark | Mode::Class(_)) {
            self.said.lose("mark as what?");
        }
        self.mode = mode;
        self.pending = true;
        self.negated = false;
        self.open_list = false;
        self.rejecting = false;
        self.joined = true;
        self.glued_at = None;
        self.list.clear();
    }

    /// The next token if it is one of these words.
    fn peek_word(&self, words: &[&str]) -> Option<Token> {
        lex::next(self.text, self.at)
            .filter(|t| matches!(&t.tok, Tok::Word(w) if words.contains(&w.as_str())))
    }

    pub(super) fn take_word(&mut self, words: &[&str]) -> bool {
        let found = self.peek_word(words);
        if let Some(t) = &found {
            self.at = t.end;
        }
        found.is_some()
    }

    fn peek_number(&self) -> bool {
        matches!(lex::next(self.text, self.at), Some(Token { tok: Tok::Number(_) | Tok::Range(..), .. }))
    }

    /// Does prose go on here: a word that is no command?
    pub(super) fn peek_prose(&self) -> bool {
        let known = |w: &str| {
            [FILLER, ALL, CANCEL, EXCEPT, SKIP, TAKE, REST].iter().any(|t| t.contains(&w))
                || matches!(w, "go" | "proceed" | "yes" | "ok" | "edit" | "reject" | "not" | "only" | "also")
        };
        match lex::next(self.text, self.at) {
            Some(Token { tok: Tok::Word(w), .. }) => !known(&w) || w == "the",
            _ => false,
        }
    }

    pub(super) fn take_colon(&mut self) -> bool {
        match lex::next(self.text, self.at) {
            Some(Token { tok: Tok::Colon, end, .. }) => {
                self.at = end;
                true
            }
            _ => false,
        }
    }

    /// Keeps the numbers that are items; the others are noted.
    pub(super) fn known(&mut self, ns: &[u32]) -> Vec<u32> {
        for n in ns.iter().filter(|n| !self.items.contains(n)) {
            self.said.note(Unknown::Number(*n));
        }
        ns.iter().copied().filter(|n| self.items.contains(n)).collect()
    }

    fn numbers(&mut self, ns: &[u32], token: &Token, range: bool) {
        let glued = self.glued_at == Some(token.start);
        self.glued_at = Some(token.end);
        if self.take_colon() {
            // `1,3:skip` may mean both or only the last; `1, 3:skip` means the last.
            if glued && self.mode == Mode::Take {
                let before = std::mem::take(&mut self.list);
                let taken = self.item_op(ns);
                if !taken {
                    for n in before {
                        self.said.note(Unknown::Number(n));
                        self.said.doubtful.insert(n);
                    }
                }
            } else {
                self.item_op(ns);
            }
            self.verb(Mode::Take);
            self.pending = false;
            return;
        }
        self.pending = false;
        let known = self.known(ns);
        for n in &known {
            // `skip 1 1`: the second number may have meant "apply".
            if self.list.contains(n) && !self.joined && self.mode == Mode::Skip {
                self.said.doubtful.insert(*n);
                self.said.note(Unknown::Number(*n));
            }
        }
        match self.mode {
            Mode::Take if range => self.said.ranged.extend(&known),
            Mode::Take => self.said.named.extend(&known),
            Mode::Skip => self.said.skipped.extend(&known),
            Mode::Force => self.said.force.extend(&known),
            Mode::Order => self.said.order.extend(&known),
            Mode::Mark | Mode::Class(_) => {}
        }
        for n in known {
            if !self.list.contains(&n) {
                self.list.push(n);
            }
        }
        self.joined = false;
    }

    fn word(&mut self, w: &str, token: &Token) {
        let whole = std::mem::replace(&mut self.whole, Whole::No);
        if self.key(w) {
            return;
        }
        match w {
            _ if self.negated && self.pending && matches!(w, "any" | "anything" | "go" | "proceed") => {
                self.said.cancel = true;
                self.pending = false;
                self.whole = Whole::Nothing;
            }
            _ if ALL.contains(&w) => self.all_word(token),
            "cancel" | "abort" | "stop" => {
                self.said.cancel = true;
                let _ = self.take_word(ALL);
            }
            "hold" if self.take_word(&["off"]) => {
                if self.take_word(&["on"]) {
                    self.skip_verb(false);
                } else {
                    self.said.cancel = true;
                }
            }
            "hold" if self.peek_number() => self.skip_verb(false),
            "never" if self.take_word(&["mind"]) => self.said.cancel = true,
            "do" if self.take_word(&["nothing"]) => self.said.cancel = true,
            _ if CANCEL.contains(&w) => {
                self.said.cancel = true;
                if matches!(w, "none" | "nothing") {
                    self.whole = Whole::Nothing;
                }
            }
            _ if EXCEPT.contains(&w) => self.except(w, whole, token),
            "other" if whole != Whole::No && self.take_word(&["than"]) => self.except(w, whole, token),
            "apart" if whole != Whole::No && self.take_word(&["from"]) => self.except(w, whole, token),
            _ if REST.contains(&w) => self.rest_word(whole, token),
            "not" | "don't" | "dont" | "never" => self.negate(),
            "leave" if self.take_word(&["out"]) => self.skip_verb(false),
            "leave" if self.rules.skip_is_complete => self.skip_verb(false),
            _ if SKIP.contains(&w) => self.skip_verb(false),
            "reject" => self.skip_verb(true),
            "mark" => self.verb(Mode::Mark),
            "as" | "invalid" if self.mode == Mode::Mark && !self.list.is_empty() => {
                if w == "invalid" {
                    self.said.skipped.extend(&self.list);
                    self.mode = Mode::Take;
                    self.pending = false;
                }
            }
            "with" if self.rejecting && !self.list.is_empty() => self.reject_with(),
            "to" | "as" if matches!(self.mode, Mode::Class(_)) => {}
            "upgrade" | "downgrade" | "reclassify" if self.rules.classes => {
                self.verb(Mode::Class(class_verb(w)));
            }
            _ if matches!(self.mode, Mode::Class(_)) && !self.list.is_empty() => self.class_after(token),
            "force-sync" if self.rules.grammar == Grammar::Bulk => self.verb(Mode::Force),
            "force" if self.rules.grammar == Grammar::Bulk && self.take_word(&["sync"]) => {
                self.verb(Mode::Force)
            }
            "order" if self.rules.grammar == Grammar::Bulk => self.verb(Mode::Order),
            "in" if self.peek_word(&["order", "this"]).is_some() => {}
            "edit" => self.edit_verb(token),
            _ if self.negated && self.pending && TAKE.contains(&w) => {}
            "keep" if self.rules.grammar != Grammar::Merge => self.verb(Mode::Take),
            _ if TAKE.contains(&w) => {
                self.verb(Mode::Take);
                self.pending = false;
                if w == "do" && self.take_word(&["not"]) {
                    self.negate();
                }
            }
            "only" => self.said.only = true,
            "also" | "plus" | "including" => {
                self.said.on_top = true;
                self.whole = whole;
            }
            "go" | "proceed" => {
                self.said.assent.push(Assent::Go);
                if !self.take_word(&["ahead"]) && self.peek_word(&["for"]).is_some() {
                    let _ = self.take_word(&["for"]) && self.take_word(&["it"]);
                }
                self.whole = Whole::All;
            }
            "yes" | "y" => {
                self.said.assent.push(Assent::Yes);
                let _ = self.take_word(&["to"]);
            }
            "ok" | "okay" => self.said.assent.push(Assent::Ok),
            "yep" | "yeah" | "yup" | "sure" | "lgtm" => self.said.assent.push(Assent::Weak),
            _ if FILLER.contains(&w) => {
                self.whole = whole;
                if w == "and" {
                    self.joined = true;
                }
            }
            _ => self.unknown_word(token),
        }
    }

    /// A token with a digit in it is taken for an item we do not know; anything else for something we do not
    /// understand.
    fn unknown_word(&mut self, token: &Token) {
        let raw = self.raw(token);
        let like_an_item = raw.len() <= 8 && raw.chars().any(|c| c.is_ascii_digit());
        if like_an_item && self.mode == Mode::Take && !self.said.all {
            self.said.note(Unknown::Text(raw.to_string()));
        } else {
            self.said.lose(raw);
        }
    }

    fn all_word(&mut self, token: &Token) {
        match self.mode {
            Mode::Skip if self.pending && !self.negated => {
                self.said.skip_all = true;
                self.pending = false;
                self.whole = Whole::Nothing;
            }
            Mode::Skip if self.pending => self.said.lose(self.raw(token)),
            Mode::Mark | Mode::Class(_) => self.said.lose(self.raw(token)),
            Mode::Force | Mode::Order if self.pending => self.said.lose(self.raw(token)),
            _ => {
                self.said.all = true;
                self.pending = false;
                self.whole = Whole::All;
                self.mode = Mode::Take;
            }
        }
    }

    fn except(&mut self, w: &str, whole: Whole, token: &Token) {
        match whole {
            Whole::All => {
                self.verb(Mode::Skip);
                self.whole = Whole::All;
                let _ = self.take_word(&["for"]);
            }
            Whole::Nothing => {
                self.said.cancel = false;
                self.said.skip_all = false;
                self.said.only = true;
                self.verb(Mode::Take);
                let _ = self.take_word(&["for"]);
            }
            // `1-5 except 3`; `1, 2 but not 3` continues with `not`.
            Whole::No if w == "but" => {
                if self.peek_word(self.rules.keys).is_some() {
                    return;
                }
                if self
                    .peek_word(SKIP)
                    .or_else(|| self.peek_word(&["not", "don't", "dont", "reject"]))
                    .is_none()
                {
                    self.said.lose(self.raw(token));
                }
            }
            Whole::No => {
                self.verb(Mode::Skip);
                let _ = self.take_word(&["for"]);
            }
        }
    }

    /// `the rest`, alone or after a verb.
    fn rest_word(&mut self, whole: Whole, token: &Token) {
        match self.mode {
            // `everything else`, `all the others`.
            _ if whole != Whole::No => self.whole = whole,
            Mode::Skip if self.pending && !self.negated => {
                self.said.skip_rest = true;
                self.pending = false;
            }
            Mode::Take if self.took_verb(token) => self.said.all = true,
            _ => self.said.lose(self.raw(token)),
        }
    }

    /// Does a verb such as `import` stand right before this token (articles aside)?
    fn took_verb(&self, token: &Token) -> bool {
        let before = self.text.get(..token.start).unwrap_or("");
        // Word by word from the end: the text before may be long, and every `rest` in it asks.
        let mut words = before
            .split(char::is_whitespace)
            .rev()
            .map(str::to_lowercase)
            .filter(|w| !w.is_empty() && w != "the");
        words.next().is_some_and(|w| TAKE.contains(&w.as_str()) || w == "all")
    }

    fn negate(&mut self) {
        self.verb(Mode::Skip);
        self.negated = true;
        if self.peek_word(SKIP).or_else(|| self.peek_word(&["reject", "leave", "mark", "cancel"])).is_some() {
            self.said.lose("not skip");
        }
    }

    fn skip_verb(&mut self, reject: bool) {
        self.verb(Mode::Skip);
        self.rejecting = reject;
    }
}
