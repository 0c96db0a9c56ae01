//! The tree of MIME parts, found in one pass over the bytes with limits on depth and number. Nested messages are
//! leaves here: whoever wants their text walks them apart, to a small depth.

use std::ops::Range;

use memchr::memmem;

use super::{
    decode::{self, Parameterised, Transfer},
    headers::{self, Block, line_at},
};

/// Deepest nesting of multiparts that is read.
pub(super) const MAX_DEPTH: usize = 50;
/// Most parts that are read.
pub(super) const MAX_PARTS: usize = 1000;

/// One node of the tree; node 0 is the message itself.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub ctype: Parameterised,
    pub transfer: Transfer,
    /// `attachment`, `inline` or empty.
    pub disposition: String,
    /// File name as written; empty when none.
    pub name: String,
    /// Undecoded content of a leaf.
    pub range: Range<usize>,
    /// Children of a multipart, in order; `None` for a leaf.
    pub children: Option<Vec<usize>>,
}

/// The tree and what was wrong with it.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub parts: Vec<Part>,
    pub truncated: bool,
    pub too_many: bool,
}

struct Level {
    part: usize,
    boundary: Vec<u8>,
    /// Was its first boundary line seen?
    opened: bool,
}

fn part_of(block: &Block<'_>, digest: bool) -> Part {
    let mut ctype = block.get("content-type").map(decode::parameterised).unwrap_or_default();
    if !ctype.value.contains('/') {
        // RFC 2046 §5.1.5, §5.2: the default, also for a type nobody can read.
        let keep = std::mem::take(&mut ctype.params);
        let value = match (ctype.value.as_str(), digest) {
            ("", true) => "message/rfc822",
            ("html", _) => "text/html",
            _ => "text/plain",
        };
        ctype = Parameterised { value: value.into(), params: keep };
    }
    let disposition = block.get("content-disposition").map(decode::parameterised).unwrap_or_default();
    let name = disposition.param("filename").or_else(|| ctype.param("name")).unwrap_or("").to_owned();
    let transfer = block.get("content-transfer-encoding").map(Transfer::named).unwrap_or_default();
    Part { ctype, transfer, disposition: disposition.value, name, ..Part::default() }
}

/// Boundary of a multipart: its parameter, else the first line that looks like one.
fn boundary_of(part: &Part, content: &[u8]) -> Option<Vec<u8>> {
    if let Some(b) = part.ctype.param("boundary").map(str::trim_end).filter(|b| !b.is_empty()) {
        return Some(b.as_bytes().to_vec());
    }
    let at = if content.starts_with(b"--") { 0 } else { memmem::find(content, b"\n--")? + 1 };
    let line = line_at(content, at).0.get(2..)?.trim_ascii_end();
    (!line.is_empty() && line.len() <= 200).then(|| line.to_vec())
}

/// Walk `raw` from the end of its header `block`. `complete` is false when only the head of a message is given.
pub(super) fn walk(raw: &[u8], block: &Block<'_>, complete: bool) -> Tree {
    let mut tree = Tree::default();
    let mut root = part_of(block, false);
    root.range = block.body..raw.len();
    let mut stack: Vec<Level> = Vec::new();
    let content = raw.get(block.body..).unwrap_or_default();
    if root.ctype.value.starts_with("multipart/")
        && let Some(boundary) = boundary_of(&root, content)
    {
        root.children = Some(Vec::new());
        stack.push(Level { part: 0, boundary, opened: false });
    }
    tree.parts.push(root);
    if stack.is_empty() {
        return tree;
    }

    let finder = memmem::Finder::new(b"\n--");
    let mut open: Option<usize> = None;
    let mut pos = block.body;
    // `pos` is always at the start of a line here.
    while !stack.is_empty() {
        let at = if raw.get(pos..).unwrap_or_default().starts_with(b"--") {
            pos
        } else {
            match finder.find(raw.get(pos..).unwrap_or_default()) {
                Some(p) => pos + p + 1,
                None => break,
            }
        };
        let (line, next) = line_at(raw, at);
        pos = next;
        let text = line.get(2..).unwrap_or_default().trim_ascii_end();
        let Some((level, closing)) = matching(&stack, text) else {
            if next >= raw.len() {
                break;
            }
            continue;
        };
        while stack.len() > level + 1 {
            tree.truncated = true;
            close(&mut tree, &stack.pop(), before_line_end(raw, at));
        }
        if let Some(i) = open.take()
            && let Some(p) = tree.parts.get_mut(i)
        {
            p.range.end = before_line_end(raw, at).max(p.range.start);
        }
        if closing {
            stack.pop();
            continue;
        }
        let Some(parent) = stack.last_mut() else { break };
        parent.opened = true;
        let parent = parent.part;
        if tree.parts.len() >= MAX_PARTS {
            tree.too_many = true;
            return tree;
        }
        let rest = raw.get(next..).unwrap_or_default();
        let block = headers::block(rest, false);
        let digest = tree.parts.get(parent).is_some_and(|p| p.ctype.value == "multipart/digest");
        let mut part = part_of(&block, digest);
        let start = next + block.body;
        part.range = start..raw.len();
        let index = tree.parts.len();
        let boundary = if part.ctype.value.starts_with("multipart/") && stack.len() < MAX_DEPTH {
            boundary_of(&part, raw.get(start..).unwrap_or_default().get(..64 * 1024).unwrap_or_default())
        } else {
            None
        };
        if let Some(boundary) = boundary {
            part.children = Some(Vec::new());
            stack.push(Level { part: index, boundary, opened: false });
        } else {
            if part.ctype.value.starts_with("multipart/") && stack.len() >= MAX_DEPTH {
                tree.too_many = true;
                return tree;
            }
            open = Some(index);
        }
        if let Some(siblings) = tree.parts.get_mut(parent).and_then(|p| p.children.as_mut()) {
            siblings.push(index);
        }
        tree.parts.push(part);
        pos = start;
    }
    if !stack.is_empty() && complete {
        tree.truncated = true;
    }
    while let Some(level) = stack.pop() {
        close(&mut tree, &Some(level), raw.len());
    }
    tree
}

/// Which open multipart a line after `--` belongs to, innermost first, and whether it closes it.
fn matching(stack: &[Level], text: &[u8]) -> Option<(usize, bool)> {
    stack.iter().enumerate().rev().find_map(|(i, l)| {
        let rest = text.strip_prefix(l.boundary.as_slice())?;
        match rest {
            b"" => Some((i, false)),
            b"--" => Some((i, true)),
            _ => None,
        }
    })
}

/// A multipart whose boundary never came is read as text rather than lost.
fn close(tree: &mut Tree, level: &Option<Level>, end: usize) {
    if let Some(level) = level
        && !level.opened
        && let Some(p) = tree.parts.get_mut(level.part)
    {
        p.children = None;
        p.ctype = Parameterised { value: "text/plain".into(), params: Vec::new() };
        p.range.end = end.max(p.range.start);
    }
}

/// The line break before a boundary belongs to the boundary.
fn before_line_end(raw: &[u8], at: usize) -> usize {
    let head = raw.get(..at).unwrap_or_default();
    let head = head.strip_suffix(b"\n").unwrap_or(head);
    head.strip_suffix(b"\r").unwrap_or(head).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(raw: &[u8]) -> Tree {
        walk(raw, &headers::block(raw, true), true)
    }

    #[test]
    fn parts_of_nested_multiparts() {
        let raw = b"Content-Type: multipart/mixed; boundary=a\n\npre\n--a\nContent-Type: multipart/alternative; \
                    boundary=\"ab\"\n\n--ab\n\nplain\n--ab\nContent-Type: text/html\n\n<p>\n--ab--\n--a\n\nfoot\n--a--\n";
        let t = tree(raw);
        assert!(!t.truncated && !t.too_many);
        assert_eq!(t.parts.len(), 5);
        assert_eq!(t.parts[0].children, Some(vec![1, 4]));
        assert_eq!(t.parts[1].children, Some(vec![2, 3]));
        assert_eq!(&raw[t.parts[2].range.clone()], b"plain");
        assert_eq!(&raw[t.parts[3].range.clone()], b"<p>");
        assert_eq!(&raw[t.parts[4].range.clone()], b"foot");
    }

    #[test]
    fn a_missing_end_is_reported_and_the_text_kept() {
        let raw = b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\nplain";
        let t = tree(raw);
        assert!(t.truncated);
        assert_eq!(&raw[t.parts[1].range.clone()], b"plain");
        let raw = b"Content-Type: multipart/mixed; boundary=never\n\ntext all the same";
        let t = tree(raw);
        assert!(t.truncated && t.parts[0].children.is_none());
        assert_eq!(&raw[t.parts[0].range.clone()], b"text all the same");
    }

    #[test]
    fn limits_hold_for_deep_and_for_many() {
        let mut deep = String::from("Content-Type: multipart/mixed; boundary=b0\n\n");
        for i in 0..1000 {
            deep += &format!("--b{i}\nContent-Type: multipart/mixed; boundary=b{}\n\n", i + 1);
        }
        assert!(tree(deep.as_bytes()).too_many);
        let mut many = String::from("Content-Type: multipart/mixed; boundary=b\n\n");
        many.push_str(&"--b\n\nx\n".repeat(100_000));
        let t = tree(many.as_bytes());
        assert!(t.too_many && t.parts.len() == MAX_PARTS);
    }
}
