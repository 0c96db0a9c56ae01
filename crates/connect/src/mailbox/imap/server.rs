//! The address of an IMAP server, as the configuration names it.

use std::net::IpAddr;

/// How the words on the way are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS before the log-in, asked for with STARTTLS; without it there is no log-in.
    StartTls,
    /// None. This machine alone, or where the configuration says so.
    Plain,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Name or number.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub security: Security,
}

impl Server {
    /// Read `imaps://host[:port]` or `imap://host[:port]`. The second asks for STARTTLS, unless it is this machine or
    /// `plain` says otherwise.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, plain: bool) -> Result<Self, String> {
        let no = || {
            let shown: String = text.chars().take(120).collect();
            format!(
                "`{shown}` is no mail server: write imaps://host or imap://host, with :port where it differs"
            )
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(no)?;
        let tls = match scheme {
            "imaps" => true,
            "imap" => false,
            _ => return Err(no()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[').map(|v6| v6.split_once(']').ok_or_else(no)) {
            Some(v6) => {
                let (host, after) = v6?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| no())?;
                let port =
                    if after.is_empty() { None } else { Some(after.strip_prefix(':').ok_or_else(no)?) };
                (format!("[{host}]"), port)
            }
            None => match rest.split_once(':') {
                Some((h, p)) => (h.to_ascii_lowercase(), Some(p)),
                None => (rest.to_ascii_lowercase(), None),
            },
        };
        let named = |b: u8| b.is_ascii_alphanumeric() || b"-.[]:".contains(&b);
        if host.is_empty() || !host.bytes().all(named) || host.starts_with(['-', '.']) {
            return Err(no());
        }
        let port = match port {
            None if tls => 993,
            None => 143,
            Some(p) => p.parse().map_err(|_| no())?,
        };
        let bare = host.trim_matches(['[', ']']);
        let here = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let security = match (tls, plain || here) {
            (true, _) => Security::Tls,
            (false, true) => Security::Plain,
            (false, false) => Security::StartTls,
        };
        Ok(Self { host, port, security })
    }

    /// Scheme, host, and the port where it is not the usual one.
    #[must_use]
    pub fn origin(&self) -> String {
        let (scheme, usual) = if self.security == Security::Tls { ("imaps", 993) } else { ("imap", 143) };
        if self.port == usual {
            format!("{scheme}://{}", self.host)
        } else {
            format!("{scheme}://{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_protected_unless_they_stay_here_or_somebody_says_so() {
        use Security::{Plain, StartTls, Tls};
        for (text, plain, security, origin) in [
            ("imaps://Mail.example.org", false, Tls, "imaps://mail.example.org"),
            ("imaps://mail.example.org:994/", true, Tls, "imaps://mail.example.org:994"),
            ("imap://mail.example.org", false, StartTls, "imap://mail.example.org"),
            ("imap://mail.example.org", true, Plain, "imap://mail.example.org"),
            ("imap://127.0.0.1:10143", false, Plain, "imap://127.0.0.1:10143"),
            ("imap://[::1]:10143", false, Plain, "imap://[::1]:10143"),
            ("imap://127.0.0.1.example.org", false, StartTls, "imap://127.0.0.1.example.org"),
        ] {
            let s = Server::parse(text, plain).unwrap();
            assert_eq!((s.security, s.origin().as_str()), (security, origin), "{text}");
        }
        for bad in [
            "mail.example.org",
            "https://x",
            "imap://",
            "imap://a b",
            "imaps://u:p@host",
            "imaps://host:99999",
            "imaps://host/INBOX",
            "imap://[::1",
            "imaps://-x",
            "imaps://host:",
            "imaps://host\r\n",
        ] {
            assert!(Server::parse(bad, true).is_err(), "{bad}");
        }
    }
}
