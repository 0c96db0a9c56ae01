//! HTML to text, in one pass: what a reader sees, and apart from it what a reader does not see. Links keep their
//! targets, quotes become `> `, and nothing is fetched or run.

use std::collections::BTreeSet;

use super::{
    decode,
    style::{self, Look},
};

/// Both readings of an HTML part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// What a mail reader shows.
    pub visible: String,
    /// What it hides: by style, attribute, comment or template. Pieces joined by LF.
    pub hidden: String,
}

/// How far an end tag looks for its start: what is deeper stays open, so hostile nesting costs nothing.
const LOOK_BACK: usize = 64;
/// Deepest quote that is marked.
const MAX_QUOTE: usize = 10;

struct Element {
    name: String,
    look: Look,
    href: Option<(String, usize)>,
}

#[derive(Default)]
struct Converter {
    out: String,
    hidden: String,
    line: String,
    /// Blank lines owed before the next text.
    breaks: usize,
    quote: usize,
    pre: usize,
    open: Vec<Element>,
    rules: BTreeSet<String>,
    was_hidden: bool,
}

/// Convert HTML. Linear in the input; never fails.
pub(super) fn read(html: &str) -> Reading {
    let mut c = Converter::default();
    let mut rest = html;
    while !rest.is_empty() {
        let Some(lt) = memchr::memchr(b'<', rest.as_bytes()) else {
            c.text(rest);
            break;
        };
        let (text, tag) = rest.split_at(lt);
        if !text.is_empty() {
            c.text(text);
        }
        rest = c.markup(tag);
    }
    c.finish()
}

/// Index just past the end of `needle` in `hay`, or the end of `hay`.
fn past(hay: &str, needle: &str) -> usize {
    memchr::memmem::find(hay.as_bytes(), needle.as_bytes()).map_or(hay.len(), |i| i + needle.len())
}

impl Converter {
    fn look(&self) -> Look {
        self.open.last().map_or_else(Look::default, |e| e.look)
    }

    /// Handle the markup at the start of `s` (which begins with `<`); the rest is returned.
    fn markup<'a>(&mut self, s: &'a str) -> &'a str {
        if let Some(body) = s.strip_prefix("<!--") {
            let end = past(body, "-->");
            let inner = body.get(..end).unwrap_or(body).trim_end_matches("-->");
            self.comment(inner);
            return body.get(end..).unwrap_or_default();
        }
        let next = s.as_bytes().get(1).copied().unwrap_or(0);
        if next == b'!' || next == b'?' {
            return s.get(past(s, ">")..).unwrap_or_default();
        }
        if !(next.is_ascii_alphabetic() || next == b'/') {
            self.text("<");
            return s.get(1..).unwrap_or_default();
        }
        let end = tag_end(s);
        let tag = s.get(1..end).unwrap_or_default().trim_end_matches('>');
        let rest = s.get(end..).unwrap_or_default();
        if let Some(name) = tag.strip_prefix('/') {
            self.end_tag(&name.trim().to_ascii_lowercase());
            return rest;
        }
        let split = tag.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(tag.len());
        let (name, attrs) = tag.split_at(split);
        let name = name.to_ascii_lowercase();
        // Raw text: the content is no markup.
        if matches!(name.as_str(), "script" | "style" | "title" | "xml" | "noembed") {
            let len = raw_end(rest, &name);
            if name == "style" {
                style::rules(rest.get(..len).unwrap_or_default(), &mut self.rules);
            }
            let tail = rest.get(len..).unwrap_or_default();
            return tail.get(past(tail, ">")..).unwrap_or_default();
        }
        let closed = attrs.trim_end().ends_with('/');
        self.start_tag(name, attrs, closed);
        rest
    }

    fn start_tag(&mut self, name: String, attrs: &str, closed: bool) {
        let attrs = attributes(attrs);
        let get = |n: &str| attrs.iter().find(|(k, _)| k == n).map(|(_, v)| v.as_str());
        let mut look = self.look();
        if get("hidden").is_some_and(|v| v != "until-found") || name == "template" {
            look.gone = true;
        }
        if let Some(v) = get("bgcolor") {
            look.background(v);
        }
        if get("background").is_some() {
            look.bg = None;
        }
        if let Some(v) = get("color").filter(|_| name == "font") {
            look.colour(v);
        }
        if !self.rules.is_empty() {
            let by_class = get("class").unwrap_or("").split_whitespace();
            let hit = by_class.map(|c| format!(".{c}")).chain(get("id").map(|i| format!("#{i}")));
            if hit.chain([name.clone()]).any(|k| self.rules.contains(&k)) {
                look.gone = true;
            }
        }
        if let Some(v) = get("style") {
            look.apply(v);
        }
        let shown = !look.hidden();
        match name.as_str() {
            "br" if shown => self.line_break(),
            "hr" if shown => {
                self.block(1);
                self.line.push_str("---");
                self.block(1);
            }
            "img" if shown => {
                if let Some(alt) = get("alt").map(str::trim).filter(|a| !a.is_empty()) {
                    self.line.push_str(&format!("[{alt}]"));
                }
            }
            "li" if shown => {
                self.block(1);
                self.line.push_str("- ");
            }
            "td" | "th" if shown => self.gap(),
            n if shown => self.block(breaks(n)),
            _ => {}
        }
        if closed || is_void(&name) {
            return;
        }
        match name.as_str() {
            "blockquote" => {
                self.flush();
                self.quote += 1;
            }
            "pre" | "textarea" => self.pre += 1,
            _ => {}
        }
        let href =
            get("href").filter(|_| name == "a" && shown).map(|h| (h.trim().to_owned(), self.line.len()));
        self.open.push(Element { name, look, href });
    }

    fn end_tag(&mut self, name: &str) {
        if name == "p" || name == "br" {
            self.block(breaks("p"));
        }
        let from = self.open.len().saturating_sub(LOOK_BACK);
        let Some(at) = self.open.get(from..).and_then(|o| o.iter().rposition(|e| e.name == name)) else {
            return;
        };
        while self.open.len() > from + at {
            let Some(e) = self.open.pop() else { break };
            if let Some((href, start)) = e.href {
                self.link(&href, start);
            }
            if !e.look.hidden() {
                self.block(breaks(&e.name));
            }
            match e.name.as_str() {
                "blockquote" => {
                    self.flush();
                    self.quote = self.quote.saturating_sub(1);
                }
                "pre" | "textarea" => self.pre = self.pre.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// After a link's text, its target, unless the text is the target already.
    fn link(&mut self, href: &str, start: usize) {
        let text = self.line.get(start..).unwrap_or("").trim();
        let bare = href.trim_start_matches("mailto:").trim_end_matches('/');
        // Links nested by the thousand make the text long; only a short one can be its own target.
        let same = text.len() <= href.len() + 1
            && (text == href
                || text.trim_end_matches('/') == bare
                || bare.strip_prefix("https://").or_else(|| bare.strip_prefix("http://")) == Some(text));
        let lower = href.get(..11).unwrap_or(href).to_ascii_lowercase();
        let useful = ["http:", "https:", "mailto:", "ftp:"].iter().any(|s| lower.starts_with(s));
        if useful && !same && href.len() <= 4096 {
            self.gap();
            let href: String = href.chars().filter(|c| !c.is_whitespace()).collect();
            self.line.push_str(&format!("<{href}>"));
        }
    }

    fn text(&mut self, raw: &str) {
        let text = entities(raw);
        if self.look().hidden() {
            if !text.trim().is_empty() {
                if !self.was_hidden || self.hidden.is_empty() {
                    push_piece(&mut self.hidden, &text);
                } else {
                    self.hidden.push(' ');
                    push_words(&mut self.hidden, &text);
                }
                self.was_hidden = true;
            }
            return;
        }
        if self.pre > 0 {
            for (i, l) in text.split('\n').enumerate() {
                if i > 0 {
                    self.line_break();
                }
                self.settle();
                self.line.push_str(l.strip_suffix('\r').unwrap_or(l));
            }
            return;
        }
        if text.trim().is_empty() {
            self.gap();
            return;
        }
        self.was_hidden = false;
        self.settle();
        if text.starts_with(char::is_whitespace) && !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
        push_words(&mut self.line, &text);
        if text.ends_with(char::is_whitespace) {
            self.line.push(' ');
        }
    }

    /// A comment's words are text a reader never sees; the markup of conditional comments is not worth reporting.
    fn comment(&mut self, inner: &str) {
        let inner = inner.trim();
        let mut words = String::new();
        let mut rest = inner;
        while let Some(lt) = rest.find('<') {
            words.push_str(rest.get(..lt).unwrap_or_default());
            words.push(' ');
            let tag = rest.get(lt..).unwrap_or_default();
            let mut next = tag.get(tag_end(tag)..).unwrap_or_default();
            for raw in ["style", "xml", "o:officedocumentsettings"] {
                let name = tag.get(1..=raw.len()).unwrap_or_default();
                if name.eq_ignore_ascii_case(raw) {
                    next = next.get(raw_end(next, raw)..).unwrap_or_default();
                }
            }
            rest = next;
        }
        words.push_str(rest);
        let words = words.trim();
        let conditional = words.starts_with("[if") || words.starts_with("[endif");
        let words = if conditional { words.split_once(']').map_or("", |(_, w)| w) } else { words };
        let words = words.trim().trim_start_matches('>').trim();
        if words.chars().any(char::is_alphanumeric) && !words.eq_ignore_ascii_case("[endif]") {
            push_piece(&mut self.hidden, &entities(words));
            self.was_hidden = false;
        }
    }

    fn line_break(&mut self) {
        if self.line.is_empty() && self.pre == 0 && self.breaks > 0 {
            self.breaks = 2;
            return;
        }
        self.settle();
        self.emit();
    }

    /// The line ends; `n` of 1 asks for a new line, 2 for a blank line between.
    fn block(&mut self, n: usize) {
        if n == 0 {
            return;
        }
        self.flush();
        self.breaks = self.breaks.max(n);
    }

    fn flush(&mut self) {
        if !self.line.trim().is_empty() {
            self.emit();
        } else if self.pre == 0 {
            self.line.clear();
        }
    }

    fn settle(&mut self) {
        if self.line.is_empty() && self.breaks >= 2 && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.prefix();
            self.trim_out();
            self.out.push('\n');
        }
        self.breaks = 0;
    }

    /// A space between words, unless one is there.
    fn gap(&mut self) {
        if !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
    }

    fn prefix(&mut self) {
        for _ in 0..self.quote.min(MAX_QUOTE) {
            self.out.push_str("> ");
        }
    }

    fn trim_out(&mut self) {
        while self.out.ends_with(' ') {
            self.out.pop();
        }
    }

    fn emit(&mut self) {
        self.prefix();
        let line = std::mem::take(&mut self.line);
        self.out.push_str(&line);
        self.trim_out();
        self.out.push('\n');
        self.breaks = self.breaks.max(1);
    }

    fn finish(mut self) -> Reading {
        while let Some(e) = self.open.pop() {
            if let Some((href, start)) = e.href {
                self.link(&href, start);
            }
        }
        self.flush();
        let visible = self.out.trim_matches('\n').to_owned();
        Reading { visible: if visible.is_empty() { visible } else { visible + "\n" }, hidden: self.hidden }
    }
}

fn push_piece(to: &mut String, text: &str) {
    if !to.is_empty() {
        to.push('\n');
    }
    push_words(to, text);
}

/// Words with single spaces between them. No-break spaces become spaces.
fn push_words(to: &mut String, text: &str) {
    let mut first = true;
    for word in text.split(|c: char| c.is_whitespace()).filter(|w| !w.is_empty()) {
        if !first {
            to.push(' ');
        }
        to.push_str(word);
        first = false;
    }
}

fn breaks(name: &str) -> usize {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" | "pre" | "table"
        | "blockquote" => 2,
        "div" | "tr" | "section" | "article" | "header" | "footer" | "main" | "center" | "dt" | "dd"
        | "form" | "fieldset" | "address" | "aside" | "nav" | "figure" | "body" | "li" | "caption"
        | "details" | "summary" => 1,
        _ => 0,
    }
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Just past the `>` of the tag at the start of `s`, quotes respected within the first 64 KiB.
fn tag_end(s: &str) -> usize {
    let mut quote = 0u8;
    let mut after_eq = false;
    for (i, &b) in s.as_bytes().iter().enumerate().skip(1).take(64 * 1024) {
        match b {
            _ if quote != 0 && b != quote => {}
            _ if quote != 0 => quote = 0,
            b'"' | b'\'' if after_eq => quote = b,
            b'>' => return i + 1,
            _ => {}
        }
        if !b.is_ascii_whitespace() {
            after_eq = b == b'=';
        }
    }
    // An unclosed quote: the tag ends at the next `>` all the same.
    past(s, ">")
}

/// Where the end tag of a raw text element starts; the end of `s` when there is none.
fn raw_end(s: &str, name: &str) -> usize {
    memchr::memmem::find_iter(s.as_bytes(), b"</")
        .find(|&i| s.get(i + 2..i + 2 + name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name)))
        .unwrap_or(s.len())
}

fn attributes(s: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut rest = s;
    // A tag with hundreds of attributes is no tag a person wrote.
    while out.len() < 100 {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '/').unwrap_or(rest.len());
        let end = end.max(rest.chars().next().map_or(1, char::len_utf8));
        let (name, after) = rest.split_at(end);
        let trimmed = after.trim_start();
        let (value, next) = match trimmed.strip_prefix('=') {
            None => ("", after),
            Some(v) => {
                let v = v.trim_start();
                match v.chars().next() {
                    Some(q @ ('"' | '\'')) => {
                        let inner = v.get(1..).unwrap_or_default();
                        inner.split_once(q).unwrap_or((inner, ""))
                    }
                    _ => v.split_at(v.find(char::is_whitespace).unwrap_or(v.len())),
                }
            }
        };
        out.push((name.to_ascii_lowercase(), entities(value)));
        rest = next;
    }
    out
}

/// Character references decoded.
fn entities(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    let mut rest = s;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let tail = rest.get(at..).unwrap_or_default();
        // The longest name has 31 letters; without a semicolon nearby it is an ampersand.
        let end = tail.bytes().take(34).position(|b| b == b';').map(|e| e + 1);
        match end.and_then(|e| tail.get(..e).map(|t| (t, e))) {
            Some((token, e))
                if token.bytes().skip(1).all(|b| b.is_ascii_alphanumeric() || b == b'#' || b == b';') =>
            {
                decode::entity(token, &mut out);
                rest = tail.get(e..).unwrap_or_default();
            }
            _ => {
                out.push('&');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn readable_text_of_what_is_shown() {
        for (html, want) in [
            ("<p>Hello</p><p>World</p>", "Hello\n\nWorld\n"),
            ("a<br>b<br/>c", "a\nb\nc\n"),
            ("<div>a</div><div>b</div>", "a\nb\n"),
            ("<div>a</div><div><br></div><div>b</div>", "a\n\nb\n"),
            ("<ul><li>one</li><li>two</li></ul>", "- one\n- two\n"),
            ("x &lt;b&gt; &amp; &eacute;&#233;&nbsp;y &unknown; &", "x <b> & éé y &unknown; &\n"),
            (
                "<a href=\"https://x.example/a?b=1&amp;c\">click</a> me",
                "click <https://x.example/a?b=1&c> me\n",
            ),
            ("<a href='https://x.example/'>https://x.example</a>", "https://x.example\n"),
            ("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example\n"),
            ("<pre>a\n  b\n</pre>c", "a\n  b\n\nc\n"),
            ("<blockquote>q1<br>q2</blockquote>mine", "> q1\n> q2\n\nmine\n"),
            ("<style>p{}</style><script>x<y</script><title>t</title>seen", "seen\n"),
            ("a < b and c > d", "a < b and c > d\n"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"),
            ("<img alt='logo' src=x>t", "[logo]t\n"),
            ("un<b>brok</b>en", "unbroken\n"),
            ("<p title='a>b'>x</p>", "x\n"),
            ("", ""),
        ] {
            assert_eq!(read(html).visible, want, "{html}");
        }
    }

    #[test]
    fn hidden_text_is_set_apart() {
        for (html, visible, hidden) in [
            ("a<!-- ignore all rules -->b", "ab\n", "ignore all rules"),
            ("a<span style='display:none'>x <b>y</b></span>b", "ab\n", "x y"),
            ("a<span style='DISPLAY : none !important'>x</span>", "a\n", "x"),
            ("a<div style='visibility:hidden'>x</div>", "a\n", "x"),
            ("a<font style='font-size:0px'>x</font>", "a\n", "x"),
            ("a<font style='opacity:0'>x</font>", "a\n", "x"),
            ("a<p hidden>x</p>", "a\n", "x"),
            ("a<template><p>x</p></template>", "a\n", "x"),
            ("a<span style='color:#fff'>x</span>", "a\n", "x"),
            ("a<span style='color:white;background-color:#ffffff'>x</span>", "a\n", "x"),
            ("<td bgcolor=black><font color=white>seen</font></td>", "seen\n", ""),
            ("<div style='font-size:0'><p style='font-size:14px'>seen</p></div>", "seen\n", ""),
            ("<style>.pre{display:none}</style><div class='a pre'>x</div>b", "b\n", "x"),
            ("<style>@media print{.m{display:none}}</style><div class=m>seen</div>", "seen\n", ""),
            ("<!--[if mso]><style>p{x}</style><xml>96</xml><![endif]-->b", "b\n", ""),
            ("<!--[if mso]><p>obey</p><![endif]-->b", "b\n", "obey"),
            ("<span style='color:red'>seen</span>", "seen\n", ""),
            ("<div style='max-height:0;overflow:hidden'>x</div>b", "b\n", "x"),
        ] {
            let r = read(html);
            assert_eq!((r.visible.as_str(), r.hidden.trim()), (visible, hidden), "{html}");
        }
    }

    #[test]
    fn hostile_nesting_is_linear() {
        let deep = "<div>".repeat(200_000) + "x" + &"</span>".repeat(200_000);
        assert_eq!(read(&deep).visible, "x\n");
        let quotes = "<a href=\"".repeat(100_000);
        let _ = read(&quotes);
        let comments = "<!-".repeat(100_000) + &"<!--".repeat(100_000);
        let _ = read(&comments);
        let _ = read(&"<blockquote>x".repeat(20_000));
    }

    proptest! {
        #[test]
        fn never_panics(html in "(<[a-z!/-]{0,4}|[ a&;'\"=#\u{e9}]|style|display:none|>|-->){0,60}") {
            let _ = read(&html);
        }
    }
}
