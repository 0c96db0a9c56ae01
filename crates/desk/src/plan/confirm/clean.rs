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
        if closing(bare, lines.get(i + 1..).unwrap_or_default()) {
            break;
        }
        if *line == "-- " || bare.to_lowercase().starts_with("-----original message") {
            break;
        }
        let quote_follows = || {
            let next = lines.iter().skip(i + 1).find(|l| !l.trim().is_empty());
            next.is_some_and(|l| l.trim().starts_with('>'))
        };
        if bare.ends_with(':') && bare.split_whitespace().count() > 2 && quote_follows() {
            continue;
        }
        kept.push(line);
    }
    let own = kept.join("\n");
    unquote(own.trim()).to_string()
}

/// `Thanks,` over a name, or a telephone's advertisement. What follows must look like a name: a few short lines of
/// capitalised words. Anything else is still part of the answer.
fn closing(line: &str, below: &[&str]) -> bool {
    const FAREWELLS: &[&str] = &[
        "thanks,",
        "thank you,",
        "many thanks,",
        "regards,",
        "best,",
        "best regards,",
        "kind regards,",
        "cheers,",
        "sincerely,",
        "yours,",
    ];
    let lower = line.to_lowercase();
    let name = |l: &str| {
        let words: Vec<&str> = l.split_whitespace().take(5).collect();
        words.len() <= 4
            && words.iter().all(|w| {
                w.starts_with(char::is_uppercase) && w.chars().all(|c| c.is_alphabetic() || c == '.')
            })
            && !words.iter().any(|w| MEANT.contains(&w.to_lowercase().as_str()))
    };
    (FAREWELLS.contains(&lower.as_str()) || lower.starts_with("sent from my ")) && {
        let below: Vec<&str> = below.iter().copied().filter(|l| !l.trim().is_empty()).take(5).collect();
        below.len() <= 4 && below.into_iter().all(name)
    }
}

/// Words below a farewell that are still an answer.
const MEANT: &[&str] = &[
    "all",
    "but",
    "cancel",
    "everything",
    "except",
    "go",
    "hold",
    "no",
    "none",
    "not",
    "nothing",
    "only",
    "proceed",
    "skip",
    "stop",
    "wait",
    "yes",
];

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
