//! From paths to lines and columns: one walk over the text, only into the parts that hold something wanted.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// A place in a text, as people count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Where the values at these paths begin; a path that leads nowhere has the place of the nearest value above. The
/// text must be JSON that was read; a text that is not gives places that say little, and nothing worse.
#[must_use]
pub fn locate<'p>(text: &[u8], paths: impl IntoIterator<Item = &'p str>) -> BTreeMap<&'p str, Place> {
    let asked: BTreeSet<&str> = paths.into_iter().collect();
    if asked.is_empty() {
        return BTreeMap::new();
    }
    let asked: Vec<(&str, Vec<Way<'_>>)> = asked.into_iter().map(|p| (p, ways(p))).collect();
    let mut tree = Tree::default();
    for (_, ways) in &asked {
        tree.add(ways);
    }
    let start = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let mut walk = Walk { text, pos: start };
    walk.value(&mut tree, 0);
    let offsets = asked.iter().map(|(p, ways)| (*p, tree.nearest(ways).unwrap_or(start))).collect();
    places(text, &offsets)
}

/// The parts of a text that something was asked about.
#[derive(Default)]
struct Tree<'p> {
    offset: Option<usize>,
    keys: BTreeMap<&'p str, Tree<'p>>,
    items: BTreeMap<usize, Tree<'p>>,
}

impl<'p> Tree<'p> {
    fn add(&mut self, ways: &'p [Way<'_>]) {
        let mut tree = self;
        for way in ways {
            tree = match way {
                Way::Index(n) => tree.items.entry(*n).or_default(),
                Way::Key(k) => tree.keys.entry(k.as_ref()).or_default(),
            };
        }
    }

    /// The offset of a place, or of the nearest above it.
    fn nearest(&self, ways: &[Way<'_>]) -> Option<usize> {
        let mut tree = self;
        let mut found = tree.offset;
        for way in ways {
            let below = match way {
                Way::Index(n) => tree.items.get(n),
                Way::Key(k) => tree.keys.get(k.as_ref()),
            };
            let Some(next) = below.filter(|t| t.offset.is_some()) else { break };
            (tree, found) = (next, next.offset);
        }
        found
    }
}

/// A step of a path.
enum Way<'p> {
    Key(Cow<'p, str>),
    Index(usize),
}

/// A path, taken apart again.
fn ways(path: &str) -> Vec<Way<'_>> {
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut out = Vec::with_capacity(8);
    while !rest.is_empty() {
        if let Some(r) = rest.strip_prefix("['") {
            let mut key = String::new();
            let mut chars = r.char_indices();
            let mut end = r.len();
            while let Some((n, c)) = chars.next() {
                match c {
                    '\\' => key.extend(chars.next().map(|(_, c)| c)),
                    '\'' => {
                        end = n + 1;
                        break;
                    }
                    c => key.push(c),
                }
            }
            out.push(Way::Key(Cow::Owned(key)));
            let r = r.get(end..).unwrap_or_default();
            rest = r.strip_prefix(']').unwrap_or(r);
        } else if let Some(r) = rest.strip_prefix('[') {
            let (number, r) = r.split_once(']').unwrap_or((r, ""));
            out.push(Way::Index(number.parse().unwrap_or(usize::MAX)));
            rest = r;
        } else if let Some(r) = rest.strip_prefix('.') {
            let end = r.bytes().position(|b| matches!(b, b'.' | b'[')).unwrap_or(r.len());
            out.push(Way::Key(Cow::Borrowed(r.get(..end).unwrap_or_default())));
            rest = r.get(end..).unwrap_or_default();
        } else {
            break;
        }
    }
    out
}

/// Lines and columns of byte offsets, in one pass.
fn places<'p>(text: &[u8], offsets: &BTreeMap<&'p str, usize>) -> BTreeMap<&'p str, Place> {
    let mut order: Vec<(usize, &str)> = offsets.iter().map(|(p, o)| (*o, *p)).collect();
    order.sort_unstable();
    let mut out = BTreeMap::new();
    let (mut line, mut column, mut at) = (1, 1, 0);
    for (offset, path) in order {
        let between = text.get(at..offset.min(text.len())).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', between).count();
        let tail = match memchr::memrchr(b'\n', between) {
            Some(last) => {
                line += lines;
                column = 1;
                between.get(last + 1..).unwrap_or_default()
            }
            None => between,
        };
        // Every byte but those that continue a character.
        column += tail.iter().filter(|b| **b & 0xC0 != 0x80).count();
        at = at.max(offset);
        out.insert(path, Place { line, column });
    }
    out
}

struct Walk<'t> {
    text: &'t [u8],
    pos: usize,
}

impl<'t> Walk<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.pos).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b':')) {
            self.pos += 1;
        }
    }

    /// The value that begins here, of which something was asked.
    fn value(&mut self, tree: &mut Tree<'_>, depth: usize) {
        self.blanks();
        tree.offset = Some(self.pos);
        match self.peek() {
            Some(b'{') if !tree.keys.is_empty() && depth < 200 => {
                self.pos += 1;
                loop {
                    self.blanks();
                    if self.peek() != Some(b'"') {
                        break;
                    }
                    let key = self.string();
                    self.blanks();
                    match tree.keys.get_mut(key.as_ref()) {
                        Some(child) => self.value(child, depth + 1),
                        None => self.skip(),
                    }
                }
                self.pos += 1;
            }
            Some(b'[') if !tree.items.is_empty() && depth < 200 => {
                self.pos += 1;
                for n in 0.. {
                    self.blanks();
                    if matches!(self.peek(), None | Some(b']')) {
                        break;
                    }
                    let before = self.pos;
                    match tree.items.get_mut(&n) {
                        Some(child) => self.value(child, depth + 1),
                        None => self.skip(),
                    }
                    // Only a text that is no JSON stands still.
                    if self.pos == before {
                        break;
                    }
                }
                self.pos += 1;
            }
            _ => self.skip(),
        }
    }

    /// The string that begins here, unescaped.
    fn string(&mut self) -> Cow<'t, str> {
        let start = self.pos;
        self.skip_string();
        let raw = self.text.get(start..self.pos).unwrap_or_default();
        let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        match std::str::from_utf8(inner) {
            Ok(plain) if !inner.contains(&b'\\') => Cow::Borrowed(plain),
            _ => Cow::Owned(serde_json::from_slice(raw).unwrap_or_default()),
        }
    }

    fn skip_string(&mut self) {
        self.pos += 1;
        loop {
            let rest = self.text.get(self.pos..).unwrap_or_default();
            let Some(n) = memchr::memchr2(b'"', b'\\', rest) else {
                self.pos = self.text.len();
                return;
            };
            let quote = rest.get(n) == Some(&b'"');
            self.pos += n + if quote { 1 } else { 2 };
            if quote {
                return;
            }
        }
    }

    /// Past one value of any kind.
    fn skip(&mut self) {
        match self.peek() {
            Some(b'"') => self.skip_string(),
            Some(b'{' | b'[') => self.skip_nest(),
            _ => {
                let rest = self.text.get(self.pos..).unwrap_or_default();
                let ends = |b: &u8| {
                    matches!(b, b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' | b'}' | b']' | b'{' | b'[' | b'"')
                };
                self.pos += rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
    }

    /// Past an object or a list: only brackets and strings count.
    fn skip_nest(&mut self) {
        let mut depth = 0usize;
        loop {
            let rest = self.text.get(self.pos..).unwrap_or_default();
            let Some(n) = rest.iter().position(|b| matches!(b, b'"' | b'{' | b'[' | b'}' | b']')) else {
                self.pos = self.text.len();
                return;
            };
            self.pos += n;
            match rest.get(n) {
                Some(b'"') => self.skip_string(),
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.pos += 1;
                }
                _ => {
                    depth = depth.saturating_sub(1);
                    self.pos += 1;
                }
            }
            if depth == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_line_and_column_of_its_value() {
        let text = "{\n  \"a\": {\"skip\": [1, {\"x\": \"}\"}]},\n  \"b\": [\n    {\"ü\": 1, \"c d\": true}\n  ]\n}\n";
        let found = locate(text.as_bytes(), ["$", "$.b[0]['c d']", "$.b[0].none.deeper", "$.a.skip[1].x"]);
        let at = |p: &str| (found[p].line, found[p].column);
        assert_eq!(at("$"), (1, 1));
        assert_eq!(at("$.b[0]['c d']"), (4, 21));
        assert_eq!(at("$.b[0].none.deeper"), (4, 5), "the nearest above");
        assert_eq!(at("$.a.skip[1].x"), (2, 27));
        let text = r#"{"it's": {"a\\b": [1]}, "\u0061": 2}"#;
        let root = super::super::At::ROOT;
        let (first, escaped) = (root.key("it's"), root.key("a"));
        let second = first.key("a\\b");
        let paths = [second.index(0).path(), escaped.path()];
        let found = locate(text.as_bytes(), paths.iter().map(String::as_str));
        assert_eq!(paths.iter().map(|p| found[p.as_str()].column).collect::<Vec<_>>(), [20, 35]);
    }

    #[test]
    fn a_text_that_is_no_json_ends() {
        for text in ["", "{", "[[[", "{\"a", "]", ",,,", "{\"a\":", "nul", "\"\\", "[}", "[{]", "{\"a\":}"] {
            assert_eq!(locate(text.as_bytes(), ["$.a.b[0]"]).len(), 1, "{text}");
        }
    }
}
