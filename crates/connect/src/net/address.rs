//! The base address of a service, as the configuration names it.

use std::net::IpAddr;

/// A base address: scheme, host, port, and the path everything of this service stands below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    plain: bool,
    host: String,
    port: u16,
    prefix: String,
}

/// Why a base address is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an address, or one with parts that do not belong there.
    #[error("`{0}` is no base address: write https://host/path, without user, query or fragment")]
    Form(String),
    /// Plain http to another machine.
    #[error("{0} is plain http: secrets and embargoed words would be readable on the way; use https")]
    Plain(String),
}

impl Address {
    /// Read a base address. Plain http is for this machine alone, unless `plain` says otherwise.
    ///
    /// # Errors
    /// When it has not that form, or is plain http to another machine.
    pub fn parse(text: &str, plain: bool) -> Result<Self, AddressError> {
        let form = || AddressError::Form(text.chars().take(120).collect());
        let (scheme, rest) = text.split_once("://").ok_or_else(form)?;
        let is_plain = match scheme {
            "https" => false,
            "http" => true,
            _ => return Err(form()),
        };
        let (authority, prefix) = match rest.split_once('/') {
            Some((a, p)) => (a, p.trim_end_matches('/')),
            None => (rest, ""),
        };
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, after) = v6.split_once(']').ok_or_else(form)?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| form())?;
                (format!("[{host}]"), after.strip_prefix(':').map_or((after, ""), |p| ("", p)))
            }
            None => match authority.split_once(':') {
                Some((h, p)) => (h.to_ascii_lowercase(), ("", p)),
                None => (authority.to_ascii_lowercase(), ("", "")),
            },
        };
        let named =
            !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.[]:".contains(&b));
        if !named || !port.0.is_empty() || host.starts_with(['-', '.']) {
            return Err(form());
        }
        let port = match port.1 {
            "" if authority.ends_with(':') => return Err(form()),
            "" => {
                if is_plain {
                    80
                } else {
                    443
                }
            }
            p => p.parse().map_err(|_| form())?,
        };
        let plain_path = |b: u8| b.is_ascii_alphanumeric() || b"/-_.~".contains(&b);
        if !prefix.bytes().all(plain_path)
            || (!prefix.is_empty() && prefix.split('/').any(|s| matches!(s, "" | "." | "..")))
        {
            return Err(form());
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        let this = Self { plain: is_plain, host, port, prefix };
        if is_plain && !plain && !this.is_loopback() {
            return Err(AddressError::Plain(this.origin()));
        }
        Ok(this)
    }

    /// Is it this machine?
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_matches(['[', ']']);
        bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// The host, without port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> String {
        let scheme = if self.plain { "http" } else { "https" };
        if self.port == if self.plain { 80 } else { 443 } {
            format!("{scheme}://{}", self.host)
        } else {
            format!("{scheme}://{}:{}", self.host, self.port)
        }
    }

    /// The address of a path below the base.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin(), self.prefix)
    }

    /// Where a redirect from this place leads: the path below the base when it stays here, else the other host.
    pub(super) fn lands(&self, location: &str) -> Landing {
        let location = location.trim();
        let path = if let Some(rest) = location.strip_prefix("//") {
            return Landing::Elsewhere(host_of(rest));
        } else if location.starts_with('/') {
            location.to_owned()
        } else if let Some((_, rest)) = location.split_once("://") {
            match Address::parse(&location[..location.len() - rest.len() + authority_len(rest)], true) {
                Ok(a) if a.origin() == self.origin() => {
                    let path = &rest[authority_len(rest)..];
                    if path.is_empty() { "/".into() } else { path.to_owned() }
                }
                _ => return Landing::Elsewhere(host_of(rest)),
            }
        } else {
            return Landing::Strange;
        };
        let (path, query) = path.split_once('?').map_or((path.as_str(), ""), |(p, q)| (p, q));
        match path.strip_prefix(&self.prefix) {
            Some(below) if below.starts_with('/') => {
                Landing::Here { path: below.to_owned(), query: !query.is_empty() }
            }
            _ => Landing::Above(path.to_owned()),
        }
    }
}

/// Where a redirect leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Landing {
    /// Below the same base.
    Here {
        /// Path below it.
        path: String,
        /// Does it carry a query?
        query: bool,
    },
    /// On the same host, outside of the base.
    Above(String),
    /// To another host.
    Elsewhere(String),
    /// No address.
    Strange,
}

fn authority_len(rest: &str) -> usize {
    rest.find(['/', '?', '#']).unwrap_or(rest.len())
}

fn host_of(rest: &str) -> String {
    let authority = &rest[..authority_len(rest)];
    // A user part is somebody's name or worse.
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.chars().filter(|c| c.is_ascii_alphanumeric() || "-.:[]".contains(*c)).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_this_machine() {
        for (text, at) in [
            ("https://cve.example", "https://cve.example/x"),
            ("https://cve.example/", "https://cve.example/x"),
            ("https://CVE.example:443/api/", "https://cve.example/api/x"),
            ("https://cve.example:8443/api", "https://cve.example:8443/api/x"),
            ("http://127.0.0.1:81", "http://127.0.0.1:81/x"),
            ("http://[::1]:81/a", "http://[::1]:81/a/x"),
            ("http://localhost:9/a/b", "http://localhost:9/a/b/x"),
        ] {
            assert_eq!(Address::parse(text, false).map(|a| a.at("/x")).as_deref(), Ok(at), "{text}");
        }
        for text in
            ["http://cve.example", "http://10.0.0.1:80", "http://127.0.0.1.example", "http://localhost.x"]
        {
            assert!(matches!(Address::parse(text, false), Err(AddressError::Plain(_))), "{text}");
            assert!(Address::parse(text, true).is_ok(), "{text}");
        }
        for text in [
            "",
            "cve.example",
            "ftp://cve.example",
            "https://user:pw@cve.example",
            "https://cve.example/?q",
            "https://cve.example/a#b",
            "https://cve.example/../x",
            "https://cve.example//x",
            "https://cve.example/a%2fb",
            "https://",
            "https://:80",
            "https://cve.example:",
            "https://cve.example:99999",
            "https://[::1",
            "https://[x]:1",
            "https://cve.example\r\n/",
        ] {
            assert!(matches!(Address::parse(text, true), Err(AddressError::Form(_))), "{text}");
        }
    }

    #[test]
    fn a_redirect_is_read_against_the_base() {
        let a = Address::parse("https://cve.example/api", false).unwrap();
        let here = |p: &str| Landing::Here { path: p.into(), query: false };
        assert_eq!(a.lands("/api/x"), here("/x"));
        assert_eq!(a.lands("https://cve.example/api/x"), here("/x"));
        assert_eq!(a.lands("https://cve.example:443/api/x"), here("/x"));
        assert_eq!(a.lands("/users/login"), Landing::Above("/users/login".into()));
        assert_eq!(a.lands("/apix"), Landing::Above("/apix".into()));
        for (to, host) in [
            ("http://cve.example/api/x", "cve.example"),
            ("https://cve.example:8443/api/x", "cve.example:8443"),
            ("//evil.example/api/x", "evil.example"),
            ("https://cve.example@evil.example/api/x", "evil.example"),
            ("https://cve.example.evil.example/", "cve.example.evil.example"),
        ] {
            assert_eq!(a.lands(to), Landing::Elsewhere(host.into()), "{to}");
        }
        assert_eq!(a.lands("x/y"), Landing::Strange);
    }
}
