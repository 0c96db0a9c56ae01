//! `format=flowed` (RFC 3676): lines that end in a space continue.

/// Paragraphs joined again, quoted ones at their own depth; space-stuffing undone.
pub(super) fn unflow(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // Quote depth of a line that waits for its continuation.
    let mut open: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let content = line.get(depth..).unwrap_or("");
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        match open {
            Some(d) if d == depth && !signature => {}
            Some(_) => {
                out.push('\n');
                open = None;
            }
            None => {}
        }
        if open.is_none() {
            out.push_str(line.get(..depth).unwrap_or(""));
            if depth > 0 {
                out.push(' ');
            }
        }
        if content.ends_with(' ') && !signature {
            out.push_str(if delsp { content.strip_suffix(' ').unwrap_or(content) } else { content });
            open = Some(depth);
        } else {
            out.push_str(content);
            out.push('\n');
            open = None;
        }
    }
    if open.is_some() {
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_joined() {
        for (text, delsp, want) in [
            ("a \nb\nc\n", false, "a b\nc\n"),
            ("a \nb\n", true, "ab\n"),
            ("> q \n> r\nmine\n", false, "> q r\nmine\n"),
            ("> q \nmine\n", false, "> q \nmine\n"),
            (" >stuffed\n From here\n", false, ">stuffed\nFrom here\n"),
            ("text \n-- \nJane\n", false, "text \n-- \nJane\n"),
            ("", false, ""),
        ] {
            assert_eq!(unflow(text, delsp), want);
        }
    }
}
