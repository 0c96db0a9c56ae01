//! Versions in running text, and placeholders: what the rules for titles, names and descriptions share.

/// Words that stand before a version which is no product's: `HTTP/1.1`, `TLS 1.3`.
const PROTOCOLS: &[&str] = &[
    "http",
    "https",
    "tls",
    "ssl",
    "oauth",
    "openid",
    "xml",
    "xslt",
    "xpath",
    "soap",
    "saml",
    "wsdl",
    "ip",
    "ipv4",
    "ipv6",
    "cvss",
    "utf",
    "mqtt",
    "amqp",
    "snmp",
    "smb",
    "ajp",
    "jsr",
    "html",
    "css",
    "unicode",
    "pkcs",
    "rfc",
    "iso",
    "section",
    "chapter",
    "port",
    "usb",
    "bluetooth",
    "websocket",
    "graphql",
    "cve",
    "cwe",
    "ecmascript",
    "level",
];

/// A version in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'t> {
    /// The version, without a leading `v`.
    pub version: &'t str,
    /// The word before it, empty when there is none.
    pub before: &'t str,
    /// Where it begins, in bytes.
    pub start: usize,
}

/// Versions with at least two parts (`2.4.1`, `2.x`, `1.0.0-M1`) that stand as words of their own.
pub(super) fn versions(text: &str) -> Vec<Found<'_>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while let Some(skip) = bytes.get(i..).and_then(|rest| rest.iter().position(u8::is_ascii_digit)) {
        i += skip;
        let inside =
            i > 0 && bytes.get(i - 1).is_some_and(|p| p.is_ascii_alphanumeric() || b"-/_.%#:@".contains(p));
        let after_v = i > 0
            && bytes.get(i - 1).is_some_and(|p| matches!(p, b'v' | b'V'))
            && !(i > 1 && bytes.get(i - 2).is_some_and(|p| p.is_ascii_alphanumeric() || b"-/_.".contains(p)));
        if inside && !after_v {
            i += 1;
            continue;
        }
        let start = i;
        let mut dots = 0;
        while let Some(&c) = bytes.get(i) {
            let next = bytes.get(i + 1);
            let joins = match c {
                b'.' => next.is_some_and(|n| n.is_ascii_digit() || matches!(n, b'x' | b'X' | b'*')),
                b'-' | b'+' | b'_' => dots > 0 && next.is_some_and(u8::is_ascii_alphanumeric),
                b'*' => true,
                _ => c.is_ascii_alphanumeric(),
            };
            if !joins {
                break;
            }
            dots += usize::from(c == b'.');
            i += 1;
        }
        let version = text.get(start..i).unwrap_or_default();
        if dots > 0 && !is_address(version) {
            let head = text.get(..if after_v { start - 1 } else { start }).unwrap_or_default();
            out.push(Found { version, before: last_word(head), start });
        }
    }
    out.retain(|f| !PROTOCOLS.iter().any(|p| f.before.eq_ignore_ascii_case(p)));
    out
}

/// Four numbers below 256 are an address of the internet more often than a version.
fn is_address(version: &str) -> bool {
    let parts: Vec<&str> = version.split('.').collect();
    let private = matches!(parts.first(), Some(&("0" | "10" | "127" | "172" | "192" | "255" | "169")));
    parts.len() == 4 && private && parts.iter().all(|p| p.parse::<u8>().is_ok())
}

fn last_word(head: &str) -> &str {
    let head = head.trim_end_matches(|c: char| !c.is_alphanumeric() && !"<>=".contains(c));
    head.rsplit(|c: char| c.is_whitespace() || "(),;:/[]\"'`".contains(c)).next().unwrap_or_default()
}

/// Does a text stand where nobody had an answer?
pub(super) fn is_placeholder(text: &str) -> bool {
    let t = text.trim();
    if t.len() > 40 {
        return false;
    }
    let bare = t.trim_matches(|c: char| "_*<>[](){}`\"'.!?".contains(c)).trim();
    if bare.is_empty() {
        // `*` is a version, `...` is nothing.
        return !t.contains('*');
    }
    let words = [
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "undefined",
        "unknown",
        "unspecified",
        "not specified",
        "tbd",
        "tba",
        "to be determined",
        "to be announced",
        "to be defined",
        "todo",
        "fixme",
        "xxx",
        "no response",
        "-",
        "--",
        "---",
        "/",
        "placeholder",
        "not available",
        "not applicable",
        "no information",
        "no description",
        "unkown",
    ];
    words.iter().any(|w| w.eq_ignore_ascii_case(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_running_text() {
        let rows: &[(&str, &[&str])] = &[
            ("Path traversal in Apache HTTP Server 2.4.49 and 2.4.50", &["2.4.49", "2.4.50"]),
            ("before v1.2-rc1, 1.x and 2.*.", &["1.2-rc1", "1.x", "2.*"]),
            ("HTTP/1.1, TLS 1.3, OAuth 2.0, 127.0.0.1, CVE-2021-1234.5", &[]),
            ("mod_http2 and Log4j 1, h2 2", &[]),
            ("ends in 5.4.0.", &["5.4.0"]),
            ("a-1.2 b/1.2 c_1.2", &[]),
            ("(10.0.0-M1)", &["10.0.0-M1"]),
        ];
        for (text, want) in rows {
            let got: Vec<&str> = versions(text).iter().map(|f| f.version).collect();
            assert_eq!(&got, want, "{text}");
        }
        assert_eq!(versions("prior to 2.4")[0].before, "to");
        assert_eq!(versions("< v2.4")[0].before, "<");
    }

    #[test]
    fn placeholders() {
        for t in ["n/a", "N/A", "_No response_", " TBD ", "unspecified", "<unknown>", "-", "", "None."] {
            assert!(is_placeholder(t), "{t}");
        }
        for t in ["0", "1.0", "*", "None of the inputs is checked", "Nah", "Unknown Project"] {
            assert!(!is_placeholder(t), "{t}");
        }
    }
}
