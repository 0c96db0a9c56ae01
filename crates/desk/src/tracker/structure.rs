//! The block structure of Markdown as the forge sees it: which headings, fences and HTML are live, and whether
//! everything that opens also closes. Body fields, rollup entries and the sanitiser all read through here, so that
//! there is one parser everywhere (config page §3).

use std::{borrow::Cow, ops::Range};

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The Markdown dialect of trackers.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// The same text, byte for byte as long, without the characters on which Markdown parsers disagree: only LF and CRLF
/// end a line here; a lone CR, a vertical tab and a form feed are ordinary characters (config page §3).
pub(super) fn shadow(text: &str) -> Cow<'_, str> {
    if memchr::memchr3(b'\r', 0x0b, 0x0c, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(match c {
            '\r' if rest.peek() != Some(&'\n') => ' ',
            '\u{b}' | '\u{c}' => '\u{1}',
            c => c,
        });
    }
    Cow::Owned(out)
}

/// What opened and never closed, or closed and never opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Open {
    /// A code fence.
    Fence,
    /// An HTML comment.
    Comment,
    /// Another construct that swallows text until its end: `<script>`, `<?`, `<![CDATA[` …
    RawHtml,
    /// `<details>` or another element.
    Element,
}

/// A piece of raw HTML that no container holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// An element opens; the name in lower case.
    Open(String),
    /// An element closes.
    Close(String),
    /// A whole comment.
    Comment,
    /// A comment without an end.
    UnclosedComment,
    /// A tag or another construct without an end.
    Unclosed,
}

/// A level-three heading in column 0 that no container, fence or HTML block holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    /// Where the `###` stands.
    pub(super) start: usize,
    /// Where its line ends, line end included.
    pub(super) end: usize,
}

/// One pass over a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// Section headings, in order.
    pub(super) headings: Vec<Heading>,
    /// HTML outside containers, in order.
    pub(super) tokens: Vec<Token>,
    /// Blocks that never close, with the place where each opens. At most one swallows the rest of the text.
    pub(super) open: Vec<(Open, usize)>,
    /// A fence inside a quote or list that only its container ends.
    pub(super) fence_cut_by_container: bool,
    /// HTML tokens inside containers, for balance only.
    pub(super) inner: Vec<Token>,
}

/// Reads the structure of `text[from..]`; offsets are of `text`. `text` must be a [`shadow`], `from` a line start.
pub(super) fn scan(text: &str, from: usize) -> Scan {
    if is_plain(text.get(from..).unwrap_or_default()) {
        return Scan { headings: plain_headings(text, from), ..Scan::default() };
    }
    scan_markdown(text, from)
}

/// Is there nothing in it that could hide a heading: no run of three that opens a fence, no `<` that opens a tag, a comment
/// or another HTML block? Then every heading in column 0 is live whatever else the text holds (CommonMark: it interrupts
/// paragraphs, lists, quotes and tables), and there is no need to parse the rest: most bodies are such.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr3_iter(b'<', b'`', b'~', bytes).all(|at| match bytes.get(at..).unwrap_or_default() {
        [b'<', rest @ ..] => !may_open_html(rest),
        [b'`', b'`', b'`', ..] | [b'~', b'~', b'~', ..] => false,
        _ => true,
    })
}

/// May what follows a `<` make it HTML? A name has to end as names of tags end: `<https://…>` and `<a@b>` are links.
fn may_open_html(rest: &[u8]) -> bool {
    match rest.first() {
        Some(b'/' | b'!' | b'?') => true,
        Some(c) if c.is_ascii_alphabetic() => {
            let end = rest.iter().find(|c| !c.is_ascii_alphanumeric() && **c != b'-');
            end.is_none_or(|c| c.is_ascii_whitespace() || matches!(c, b'/' | b'>'))
        }
        _ => false,
    }
}

fn plain_headings(text: &str, from: usize) -> Vec<Heading> {
    let after = text.as_bytes().get(from..).unwrap_or_default();
    let starts = std::iter::once(from).chain(memchr::memchr_iter(b'\n', after).map(|n| from + n + 1));
    starts.filter_map(|at| section_heading(text, at)).collect()
}

fn scan_markdown(text: &str, from: usize) -> Scan {
    let mut out = Scan::default();
    let source = text.get(from..).unwrap_or_default();
    let mut depth = 0usize;
    for (event, range) in Parser::new_ext(source, options()).into_offset_iter() {
        let span = range.start + from..range.end + from;
        match event {
            Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Item | Tag::FootnoteDefinition(_)) => {
                depth += 1
            }
            Event::End(
                TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item | TagEnd::FootnoteDefinition,
            ) => {
                depth = depth.saturating_sub(1);
            }
            Event::Start(Tag::Heading { level: HeadingLevel::H3, .. }) if depth == 0 => {
                if let Some(heading) = section_heading(text, span.start) {
                    out.headings.push(heading);
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_)))
                if !fence_is_closed(text, &span, depth) =>
            {
                if depth == 0 {
                    out.open.push((Open::Fence, span.start));
                } else {
                    out.fence_cut_by_container = true;
                }
            }
            Event::Start(Tag::HtmlBlock) => {
                let html = text.get(span.clone()).unwrap_or_default();
                if depth == 0 {
                    if let Some(open) = raw_block_open(html) {
                        out.open.push((open, span.start));
                    }
                    html_tokens(html, span.start, &mut out.tokens);
                } else {
                    html_tokens(html, span.start, &mut out.inner);
                }
            }
            Event::InlineHtml(_) => {
                let html = text.get(span.clone()).unwrap_or_default();
                html_tokens(html, span.start, if depth == 0 { &mut out.tokens } else { &mut out.inner });
            }
            _ => {}
        }
    }
    out
}

fn section_heading(text: &str, start: usize) -> Option<Heading> {
    let bytes = text.as_bytes();
    let column_0 = start == 0 || bytes.get(start - 1) == Some(&b'\n');
    let rest = bytes.get(start..)?;
    let marked = rest.starts_with(b"###") && matches!(rest.get(3), None | Some(b' ' | b'\t' | b'\r' | b'\n'));
    let end = memchr::memchr(b'\n', rest).map_or(text.len(), |n| start + n + 1);
    (column_0 && marked).then_some(Heading { start, end })
}

/// The name of a heading line: what stands after `###`, without a closing run of `#` and without blanks around.
pub(super) fn heading_name(line: &str) -> &str {
    let blank = [' ', '\t', '\r', '\n'];
    let name = line.strip_prefix("###").unwrap_or(line).trim_matches(blank);
    let bare = name.trim_end_matches('#');
    if bare.is_empty() || (bare.len() < name.len() && bare.ends_with([' ', '\t'])) {
        bare.trim_end_matches(blank)
    } else {
        name
    }
}

/// Does the last line of a fenced block close it? The character must match and the run be as long (CommonMark).
fn fence_is_closed(text: &str, span: &Range<usize>, depth: usize) -> bool {
    let block = text.get(span.clone()).unwrap_or_default();
    let Some(mark) = block.bytes().find(|b| matches!(b, b'`' | b'~')) else { return false };
    let opening = block.bytes().skip_while(|b| *b != mark).take_while(|b| *b == mark).count();
    let trimmed = block.trim_end_matches(['\r', '\n']);
    let Some((_, last)) = trimmed.rsplit_once('\n') else { return false };
    // Inside a container the line begins with the container's own marks; outside, four blanks make it content.
    let indented = last.len() - last.trim_start_matches(' ').len();
    let closing =
        if depth > 0 { last.trim_start_matches([' ', '\t', '>']) } else { last.trim_start_matches(' ') };
    let closing = closing.trim_end_matches([' ', '\t', '\r']);
    (depth > 0 || indented < 4) && closing.len() >= opening && closing.bytes().all(|b| b == mark)
}

/// The HTML blocks that only their own end mark closes (CommonMark HTML block kinds 1–5).
fn raw_block_open(html: &str) -> Option<Open> {
    let head = html.trim_start_matches([' ', '\t']);
    if head.starts_with("<!--") {
        return (!head.contains("-->")).then_some(Open::Comment);
    }
    let ends = |mark: &str| (!head.contains(mark)).then_some(Open::RawHtml);
    if head.starts_with("<?") {
        return ends("?>");
    }
    if head.starts_with("<![CDATA[") {
        return ends("]]>");
    }
    if head.strip_prefix("<!").is_some_and(|r| r.starts_with(|c: char| c.is_ascii_alphabetic())) {
        return ends(">");
    }
    let name = head.strip_prefix('<').map(element_name).unwrap_or_default();
    if RAW_TEXT.contains(&name.as_str()) {
        let lower = head.to_ascii_lowercase();
        let closed = RAW_TEXT.iter().any(|n| lower.contains(&format!("</{n}>")));
        return (!closed).then_some(Open::RawHtml);
    }
    None
}

const RAW_TEXT: [&str; 4] = ["script", "pre", "style", "textarea"];

fn element_name(text: &str) -> String {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_ascii_lowercase()
}

/// Tags and comments of a stretch of HTML; `at` is where it stands. One pass: an open end consumes the rest.
fn html_tokens(html: &str, at: usize, out: &mut Vec<Token>) {
    let mut pos = 0;
    while let Some(lt) = html.get(pos..).and_then(|r| r.find('<')).map(|i| pos + i) {
        let rest = html.get(lt..).unwrap_or_default();
        let (kind, len) = if let Some(inner) = rest.strip_prefix("<!--") {
            // `<!-->` and `<!--->` are whole comments.
            if inner.starts_with('>') || inner.starts_with("->") {
                (Some(TokenKind::Comment), 4 + inner.find('>').map_or(0, |i| i + 1))
            } else {
                match inner.find("-->") {
                    Some(end) => (Some(TokenKind::Comment), 4 + end + 3),
                    None => (Some(TokenKind::UnclosedComment), rest.len()),
                }
            }
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            let mark = match rest {
                r if r.starts_with("<?") => "?>",
                r if r.starts_with("<![CDATA[") => "]]>",
                _ => ">",
            };
            match rest.find(mark) {
                Some(end) => (None, end + mark.len()),
                None => (Some(TokenKind::Unclosed), rest.len()),
            }
        } else {
            let close = rest.starts_with("</");
            let name = element_name(rest.get(if close { 2 } else { 1 }..).unwrap_or_default());
            if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                (None, 1)
            } else {
                match tag_end(rest) {
                    Some(end) if close => (Some(TokenKind::Close(name)), end),
                    Some(end) if rest.get(..end).is_some_and(|t| t.ends_with("/>")) && name != "details" => {
                        (None, end)
                    }
                    Some(end) => (Some(TokenKind::Open(name)), end),
                    None => (Some(TokenKind::Unclosed), rest.len()),
                }
            }
        };
        if let Some(kind) = kind {
            out.push(Token { kind, span: at + lt..at + lt + len });
        }
        pos = lt + len.max(1);
    }
}

/// The offset after the `>` of a tag, quoted attribute values skipped.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (i, b) in tag.bytes().enumerate() {
        match (quote, b) {
            (Some(q), b) if q == b => quote = None,
            (None, b'"' | b'\'') => quote = Some(b),
            (None, b'>') => return Some(i + 1),
            _ => {}
        }
    }
    None
}

/// Balanced `<details>` regions outside containers: where each opens and where its close tag ends.
pub(super) fn details_regions(tokens: &[Token]) -> Vec<Range<usize>> {
    let mut stack = Vec::new();
    let mut out = Vec::new();
    for token in tokens {
        match &token.kind {
            TokenKind::Open(n) if n == "details" => stack.push(token.span.start),
            TokenKind::Close(n) if n == "details" => {
                if let Some(start) = stack.pop() {
                    out.push(start..token.span.end);
                }
            }
            _ => {}
        }
    }
    out.sort_by_key(|r| r.start);
    out
}

/// Elements that must be closed. Others are void, may stay open in HTML, only style text, or are no HTML at all
/// (`List<Object>`).
const PAIRED: &[&str] = &[
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "div",
    "dl",
    "em",
    "fieldset",
    "figure",
    "font",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "iframe",
    "math",
    "noscript",
    "ol",
    "picture",
    "pre",
    "script",
    "section",
    "span",
    "strike",
    "strong",
    "style",
    "summary",
    "svg",
    "table",
    "textarea",
    "ul",
    "video",
];

/// Does everything close? `strict` looks at every paired element and into containers; otherwise only at what can
/// reach beyond the text itself: fences, comments, raw HTML blocks, `<details>` and `<summary>`.
pub(super) fn unbalanced(scan: &Scan, strict: bool) -> Option<(Open, usize)> {
    if let Some(first) = scan.open.first() {
        return Some(*first);
    }
    let inner: &[Token] = if strict { &scan.inner } else { &[] };
    element_imbalance(&scan.tokens, strict)
        .or_else(|| element_imbalance(inner, strict))
        .or_else(|| (strict && scan.fence_cut_by_container).then_some((Open::Fence, 0)))
}

fn element_imbalance(tokens: &[Token], strict: bool) -> Option<(Open, usize)> {
    let watched = |n: &str| if strict { PAIRED.contains(&n) } else { matches!(n, "details" | "summary") };
    let mut stack: Vec<(&str, usize)> = Vec::new();
    for token in tokens {
        match &token.kind {
            TokenKind::UnclosedComment => return Some((Open::Comment, token.span.start)),
            TokenKind::Unclosed => return Some((Open::RawHtml, token.span.start)),
            TokenKind::Open(n) if watched(n) => stack.push((n, token.span.start)),
            TokenKind::Close(n) if watched(n) => match stack.pop() {
                Some((open, _)) if open == n => {}
                _ => return Some((Open::Element, token.span.start)),
            },
            _ => {}
        }
    }
    stack.last().map(|(_, at)| (Open::Element, *at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(text: &str) -> Vec<&str> {
        scan(&shadow(text), 0).headings.iter().map(|h| heading_name(&text[h.start..h.end])).collect()
    }

    #[test]
    fn only_live_level_three_headings_in_column_0_count() {
        let cases: &[(&str, &[&str])] = &[
            ("### A\n", &["A"]),
            ("###\tA\n", &["A"]),
            ("### A ###\n### B#\n###\n### ##", &["A", "B#", "", ""]),
            ("## A\n#### B\n####### C\n###D\n", &[]),
            (" ### A\n> ### B\n- ### C\n\n  ### D\n", &[]),
            ("- x\n### A\n", &["A"]),
            ("text\n### A\n", &["A"]),
            ("```\n### A\n```\n### B\n", &["B"]),
            ("````\n```\n### A\n```\n````\n### B\n", &["B"]),
            ("```\n~~~\n### A\n```\n### B\n", &["B"]),
            ("~~~ x\n### A\n```\n### A\n~~~\n### B\n", &["B"]),
            ("    ### A\n### B\n", &["B"]),
            ("<!--\n### A\n\n### A\n-->\n### B\n", &["B"]),
            ("<details>\n### A\n</details>\n\n### B\n", &["B"]),
            ("a\u{2028}### A\u{b}### A\u{c}### A\r### A\u{85}### A\n### B\n", &["B"]),
            ("\u{c}### A\n\u{b}\n### B\r\n", &["B"]),
            ("A\n===\n### B\n---\n", &["B"]),
            ("`\n### A\n`\n", &["A"]),
            ("[x]: /u '\n### A\n'\n", &["A"]),
            ("| a |\n| - |\n### A\n", &["A"]),
            ("```a`b\n### A\n", &["A"]),
        ];
        for (text, want) in cases {
            assert_eq!(names(text), *want, "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn a_plain_text_has_the_headings_the_parser_finds(parts in proptest::collection::vec(prop::sample::select(vec![
            "### A", "###", "#", "####", "\n", "\n", "\n\n", "\r\n", " ", "  ", "    ", "\t", "a", "b c", "-", "- ", "> ", "1. ",
            "*", "_", "`", "``", "~", "~~", "<", "< ", "<a", "<a@b.c>", "<https://x>", "<br", "/", "!", "?", "@", "|", "| - |",
            "===", "---", "[x]: ", "[x]", "(", ")", "'", "\"", "\\", "&lt;", ":", "\u{b}", "\r", "é", "[ ] ", "+", "^", "$",
        ]), 0..24)) {
            let text = parts.concat();
            let text = shadow(&text);
            if is_plain(&text) {
                prop_assert_eq!(scan(&text, 0), scan_markdown(&text, 0));
            }
        }
    }

    #[test]
    fn what_never_closes_is_found() {
        let cases: &[(&str, Option<(Open, usize)>)] = &[
            ("a\n\n```\nx\n", Some((Open::Fence, 3))),
            ("```\nx\n``\n", Some((Open::Fence, 0))),
            ("```\nx\n~~~\n", Some((Open::Fence, 0))),
            ("```\nx\n```\n", None),
            ("```\nx\n````  \n", None),
            ("```\n```", None),
            ("```\nx\n> ```", Some((Open::Fence, 0))),
            ("```\nx\n    ```", Some((Open::Fence, 0))),
            ("   ```\nx\n   ```", None),
            ("```", Some((Open::Fence, 0))),
            ("> ```\n> x\n> ```\n", None),
            ("- ```\n  x\n  ```\n", None),
            ("a\n\n<!-- x\n\ny", Some((Open::Comment, 3))),
            ("<!-- x -->\n", None),
            ("<!-- x --> <!-- y\n\nz", Some((Open::Comment, 11))),
            ("<script>\n\nx", Some((Open::RawHtml, 0))),
            ("<script>x</script>", None),
            ("<details>\n\nx", Some((Open::Element, 0))),
            ("x </details>", Some((Open::Element, 2))),
            ("`</details>` <br> List<String> <p>", None),
            ("<details><summary>a</details></summary>", Some((Open::Element, 19))),
            ("<div title=\"</div>\">x</div>", None),
        ];
        for (text, want) in cases {
            assert_eq!(unbalanced(&scan(text, 0), true), *want, "{text:?}");
        }
        assert!(unbalanced(&scan("> ```\n> x\n\ny", 0), true).is_some(), "a fence that only a quote ends");
        assert!(unbalanced(&scan("<div>", 0), false).is_none(), "only what reaches beyond the text");
    }
}
