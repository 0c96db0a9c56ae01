//! What one item, one class, one key is told: the parts of an answer that carry a value.

use serde_json::{Value, json};

use super::{
    Unknown, canned, grammar,
    lex::{self, Tok, Token, rest},
    parse::{Mode, Parser},
    value,
};

impl Parser<'_> {
    /// `reject 3 with canned media`, `reject 3 with public fix URL`.
    pub(super) fn reject_with(&mut self) {
        let list = self.list.clone();
        for n in &list {
            self.said.skipped.remove(n);
        }
        let public =
            self.take_word(&["public-fix"]) || (self.take_word(&["public"]) && self.take_word(&["fix"]));
        let _ = self.take_word(&["canned"]) && self.take_word(&["reply", "response"]);
        self.reject(&list, public);
        self.verb(Mode::Take);
        self.pending = false;
    }

    fn reject(&mut self, ns: &[u32], public: bool) {
        let known = self.known(ns);
        let value = if public {
            let (urls, bad) = self.urls();
            for b in &bad {
                self.said.note(Unknown::Text(b.clone()));
            }
            (!urls.is_empty() && bad.is_empty()).then(|| ("reject-with-public-fix", json!(urls)))
        } else {
            match self.canned_name() {
                Ok(id) => Some(("reject-with-canned", json!(id))),
                Err(raw) => {
                    self.said.note(Unknown::Text(raw));
                    None
                }
            }
        };
        for n in known {
            match &value {
                Some(v) if self.rules.rejections => {
                    if self.said.rejected.insert(n, v.clone()).is_some_and(|old| old != *v) {
                        self.doubt(n);
                    }
                }
                _ => self.doubt(n),
            }
        }
    }

    fn doubt(&mut self, n: u32) {
        self.said.doubtful.insert(n);
    }

    /// What stands after `N:`. Returns whether the items were simply taken.
    pub(super) fn item_op(&mut self, ns: &[u32]) -> bool {
        let begin = self.at;
        let Some(token) = lex::next(self.text, self.at) else {
            self.said.lose(":");
            return false;
        };
        let Tok::Word(w) = &token.tok else {
            return self.odd_op(ns, begin);
        };
        self.at = token.end;
        // `4: drop that sentence` is an edit, `4: drop` is not.
        if self.rules.free_edits && w != "edit" && self.peek_prose() {
            return self.odd_op(ns, begin);
        }
        match w.as_str() {
            "reject" if self.take_word(&["with"]) => {
                let public = self.take_word(&["public-fix"])
                    || (self.take_word(&["public"]) && self.take_word(&["fix"]));
                let _ = self.take_word(&["canned"]);
                self.reject(ns, public);
            }
            "reject-with-canned" | "canned" => self.reject(ns, false),
            "reject-with-public-fix" | "public-fix" => self.reject(ns, true),
            "skip" | "no" | "n" | "none" | "reject" | "drop" | "ignore" | "invalid" | "cancel"
            | "exclude" | "omit" | "hold" => {
                if w == "hold" {
                    let _ = self.take_word(&["off"]);
                }
                let known = self.known(ns);
                self.said.skipped.extend(known);
            }
            "all" | "apply" | "import" | "yes" | "y" | "go" | "ok" | "okay" | "accept" | "approve"
            | "proceed" | "include" => {
                let known = self.known(ns);
                self.said.named.extend(known);
                return true;
            }
            "edit" => self.edit(ns),
            "upgrade" | "downgrade" | "reclassify" if self.rules.classes => {
                let _ = self.take_word(&["to", "as"]);
                self.class(ns, class_verb(w));
            }
            _ => return self.odd_op(ns, begin),
        }
        false
    }

    /// `3: use another branch`: an edit where edits are free, else a doubt about item 3.
    fn odd_op(&mut self, ns: &[u32], begin: usize) -> bool {
        self.at = begin;
        if self.rules.free_edits {
            self.edit(ns);
            return false;
        }
        let text = self.line_value();
        let known = self.known(ns);
        for n in known {
            self.doubt(n);
            self.said.note(Unknown::Text(format!("{n}:{}", text.trim())));
        }
        false
    }

    fn edit(&mut self, ns: &[u32]) {
        let _ = self.take_colon();
        let text = self.line_value();
        let known = self.known(ns);
        if text.is_empty() {
            for n in known {
                self.doubt(n);
                self.said.note(Unknown::Number(n));
            }
            return;
        }
        for n in known {
            self.said.edits.push((n, text.clone()));
        }
    }

    /// `edit 2: text`, `edit: text`, `edit`.
    pub(super) fn edit_verb(&mut self, token: &Token) {
        if let Some(Token { tok: Tok::Number(n), end, .. }) = lex::next(self.text, self.at) {
            self.at = end;
            self.edit(&[n]);
        } else if self.rules.free_edits {
            let _ = self.take_colon();
            let text = self.line_value();
            self.said.free.push(if text.is_empty() { self.raw(token).to_string() } else { text });
        } else if self.items.len() == 1 {
            let only: Vec<u32> = self.items.iter().copied().collect();
            self.edit(&only);
        } else {
            self.said.lose(self.raw(token));
        }
    }

    /// `upgrade 2 [to] VALID`: the class begins at this token.
    pub(super) fn class_after(&mut self, token: &Token) {
        let Mode::Class(verb) = self.mode else { return };
        self.at = token.start;
        let list = std::mem::take(&mut self.list);
        self.mode = Mode::Take;
        self.class(&list, verb);
        self.verb(Mode::Take);
        self.pending = false;
    }

    fn class(&mut self, ns: &[u32], verb: &'static str) {
        let found = self.longest(5, grammar::class);
        let known = self.known(ns);
        match found {
            Ok(id) => {
                for n in known {
                    if self.said.classes.insert(n, (verb, id)).is_some_and(|old| old != (verb, id)) {
                        self.doubt(n);
                    }
                }
            }
            Err(raw) => {
                self.said.note(Unknown::Text(raw));
                for n in known {
                    self.doubt(n);
                }
            }
        }
    }

    /// `title: …`, `silent`, `bucket:…`: true when the word was a key of this grammar.
    pub(super) fn key(&mut self, w: &str) -> bool {
        let w = if w == "silently" { "silent" } else { w };
        let Some(key) = self.rules.keys.iter().find(|k| **k == w) else { return false };
        if *key == "silent" {
            self.said.keys.insert("silent".into(), Value::Bool(true));
            let _ = self.take_word(&["close"]);
            if self.take_colon() || self.take_word(&["because", "since", "as", "reason"]) {
                let _ = self.take_colon();
                let reason = self.line_value();
                if !reason.is_empty() {
                    self.said.keys.insert("reason".into(), json!(reason));
                }
            }
            return true;
        }
        let assigned = self.take_colon() || {
            let gap = rest(self.text, self.at);
            let blank = gap.len() - gap.trim_start_matches([' ', '\t']).len();
            let assigned = rest(gap, blank).starts_with('=');
            self.at += if assigned { blank + 1 } else { 0 };
            assigned
        };
        if !assigned {
            return false;
        }
        let value = match *key {
            "canned" => match self.canned_name() {
                Ok(id) => Some(id),
                Err(raw) => {
                    self.said.lose(&raw);
                    None
                }
            },
            "bucket" => match self.longest(4, grammar::bucket) {
                Ok(id) => Some(id.to_string()),
                Err(raw) => {
                    self.said.note(Unknown::Text(raw));
                    None
                }
            },
            // A mail is many lines: everything below belongs to it.
            "email" => {
                let text = rest(self.text, self.at).trim().to_string();
                self.at = self.text.len();
                (!text.is_empty()).then_some(text)
            }
            _ => Some(self.key_value()).filter(|v| !v.is_empty()),
        };
        match value {
            Some(v) if *key == "severity" && !grammar::severity(&v) => self.said.lose(&v),
            Some(v) => {
                if self.said.keys.insert((*key).into(), json!(v)).is_some_and(|old| old != json!(v)) {
                    self.said.lose(key);
                }
            }
            None if matches!(*key, "canned" | "bucket") => {}
            None => self.said.lose(key),
        }
        true
    }

    /// The longest run of up to `most` words that means something, consumed; else the words up to the next separator.
    fn longest<T>(&mut self, most: usize, meaning: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let line = value::line_end(self.text, self.at);
        let mut ends = Vec::new();
        let mut at = self.at;
        while ends.len() < most {
            let tail = self.text.get(at..line).unwrap_or("");
            let skip = tail.len() - tail.trim_start().len();
            let Some(word) = tail.split_whitespace().next() else { break };
            at += skip + word.len();
            ends.push(at);
        }
        for end in ends.into_iter().rev() {
            if let Some(found) = self.text.get(self.at..end).and_then(&meaning) {
                self.at = end;
                return Ok(found);
            }
        }
        let text = rest(self.text, self.at);
        let end = value::unknown_end(text);
        let raw = text.get(..end).unwrap_or("").trim().to_string();
        self.at += end;
        Err(raw)
    }

    /// A canned reply by name, quoted or not, however long.
    fn canned_name(&mut self) -> Result<String, String> {
        if let Some((inner, end)) = value::quoted(self.text, self.at) {
            let inner = inner.trim().to_string();
            self.at = end;
            return canned::negative(&inner, self.desk).ok_or(inner);
        }
        let desk = self.desk;
        self.longest(14, |name| canned::negative(name, desk))
    }

    /// URLs, joined by commas or blanks; and what should have been one.
    fn urls(&mut self) -> (Vec<String>, Vec<String>) {
        let (mut urls, mut bad) = (Vec::new(), Vec::new());
        loop {
            let tail = rest(self.text, self.at);
            let skip = tail.len() - tail.trim_start_matches([' ', '\t', ',', '<']).len();
            let text = rest(tail, skip);
            let len =
                text.find(|c: char| c.is_whitespace() || matches!(c, ',' | '>' | ';')).unwrap_or(text.len());
            let word = text.get(..len).unwrap_or("").trim_end_matches(['.', '!']);
            if word.starts_with("https://") || word.starts_with("http://") {
                if !urls.iter().any(|u| u == word) {
                    urls.push(word.to_string());
                }
                self.at += skip + len;
                if rest(self.text, self.at).starts_with('>') {
                    self.at += 1;
                }
                continue;
            }
            if urls.is_empty() || word.contains("://") {
                bad.push(word.to_string());
                self.at += skip + len;
            }
            return (urls, bad);
        }
    }

    /// Free text up to where the next command begins. A skip that hides in it puts its items in doubt.
    fn line_value(&mut self) -> String {
        let (text, end) = value::free_text(self.text, self.at);
        self.at = end;
        for n in value::hidden_skips(&text) {
            if self.items.contains(&n) {
                self.doubt(n);
                self.said.note(Unknown::Number(n));
            }
        }
        text
    }

    fn key_value(&mut self) -> String {
        let (text, end) = value::key_text(self.text, self.at, self.rules.keys);
        self.at = end;
        text
    }
}

/// The verb as overrides name it.
pub(super) fn class_verb(w: &str) -> &'static str {
    match w {
        "upgrade" => "upgrade",
        "downgrade" => "downgrade",
        _ => "reclassify",
    }
}
