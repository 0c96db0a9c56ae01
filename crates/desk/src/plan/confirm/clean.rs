//! The person's own words: quoted mail, attribution lines and signatures say nothing.

/// The reply without quoted lines, the line that introduces them, what a mail program puts below, and quotation
/// marks around the whole. Line ends become LF.
pub(super) fn own_words(reply: &str) -> String {
    let text = reply.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.split('\n').collect();
    let mut kept: Vec<&str> = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let bare = line.trim();
        if bare.starts_with('>') {
            continue;
        }
        if *line == "-- " || bare.to_lowercase().starts_with("-----original message") {
            break;
        }
        let quote_follows = lines
            .iter()
            .skip(i + 1)
            .find(|l| !l.trim().is_empty())
            .is_some_and(|l| l.trim().starts_with('>'));
        if bare.ends_with(':') && quote_follows && bare.split_whitespace().count() > 2 {
            continue;
        }
        kept.push(line);
    }
    let own = kept.join("\n");
    unquote(own.trim()).to_string()
}

/// `"all"` and `` `all` `` mean what stands inside.
fn unquote(text: &str) -> &str {
    for (open, close) in [('"', '"'), ('`', '`'), ('\'', '\''), ('“', '”')] {
        if let Some(inner) = text.strip_prefix(open).and_then(|t| t.strip_suffix(close))
            && !inner.contains(open)
            && !inner.contains(close)
        {
            return inner.trim();
        }
    }
    text
}
