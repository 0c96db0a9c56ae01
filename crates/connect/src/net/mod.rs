//! The only way out to a network: a request leaves when its method and path stand in [`ALLOWED`], and not otherwise.
//! No path that sends mail stands there (promise G5), so no code, configuration or report can make the program send.

/// Which service a route belongs to; its base address is configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// A mailbox over REST.
    Mailbox,
    /// Its token endpoint.
    Token,
    /// A mail archive.
    Archive,
    /// The public CVE list.
    CveList,
}

/// A request that may leave. In `path`, `*` stands for exactly one segment.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Whose.
    pub service: Service,
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Path below the service's base address, without query.
    pub path: &'static str,
}

const fn route(service: Service, method: &'static str, path: &'static str) -> Route {
    Route { service, method, path }
}

/// Every request the program can make (intake page §2, sync page §13). A connector that needs another adds it here,
/// where a reviewer sees it.
pub const ALLOWED: &[Route] = &[
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/profile"),
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/threads"),
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/threads/*"),
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/messages"),
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/messages/*"),
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/drafts"),
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/drafts/*"),
    route(Service::Mailbox, "POST", "/gmail/v1/users/me/drafts"),
    route(Service::Token, "POST", "/token"),
    route(Service::Archive, "GET", "/api/preferences.lua"),
    route(Service::Archive, "GET", "/api/stats.lua"),
    route(Service::Archive, "GET", "/api/thread.lua"),
    route(Service::Archive, "GET", "/api/email.lua"),
    route(Service::Archive, "GET", "/api/source.lua"),
    route(Service::Archive, "GET", "/api/mbox.lua"),
    route(Service::CveList, "GET", "/api/cve/*"),
    route(Service::CveList, "GET", "/api/cve-id/*"),
];

/// A request that is not in the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{method} {path} is not a request this program makes; it was not sent")]
pub struct NotAllowed {
    /// Method asked for.
    pub method: String,
    /// Path asked for.
    pub path: String,
}

/// May this request leave? The path is compared as it will be sent: anything encoded, doubled or relative is refused.
///
/// # Errors
/// [`NotAllowed`] with the request.
pub fn allowed(service: Service, method: &str, path: &str) -> Result<&'static Route, NotAllowed> {
    let no = || NotAllowed { method: method.into(), path: path.into() };
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.@~=".contains(&b));
    if !plain || path.split('/').skip(1).any(|s| matches!(s, "" | "." | "..")) {
        return Err(no());
    }
    ALLOWED.iter().find(|r| r.service == service && r.method == method && fits(r.path, path)).ok_or_else(no)
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut want, mut have) = (pattern.split('/'), path.split('/'));
    loop {
        match (want.next(), have.next()) {
            (None, None) => return true,
            (Some("*"), Some(s)) if !s.is_empty() => {}
            (Some(w), Some(h)) if w == h => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_send_mail_are_refused() {
        for (method, path) in [
            ("POST", "/gmail/v1/users/me/messages/send"),
            ("POST", "/gmail/v1/users/me/drafts/send"),
            ("POST", "/upload/gmail/v1/users/me/messages/send"),
            ("POST", "/upload/gmail/v1/users/me/drafts/send"),
            ("POST", "/gmail/v1/users/me/messages/import"),
            ("POST", "/gmail/v1/users/me/messages"),
            ("PUT", "/gmail/v1/users/me/drafts/r1"),
            ("DELETE", "/gmail/v1/users/me/drafts/r1"),
            ("POST", "/v1.0/me/sendMail"),
            ("POST", "/jmap/api"),
            ("POST", "/gmail/v1/users/me/drafts/"),
            ("POST", "/gmail/v1/users/me/drafts/../messages/send"),
            ("POST", "/gmail/v1/users/me/drafts%2Fsend"),
            ("POST", "//gmail/v1/users/me/drafts"),
            ("post", "/gmail/v1/users/me/drafts"),
        ] {
            let refused = allowed(Service::Mailbox, method, path);
            assert_eq!(refused.unwrap_err(), NotAllowed { method: method.into(), path: path.into() });
        }
    }

    #[test]
    fn a_listed_pair_may_leave_for_its_own_service_only() {
        assert!(allowed(Service::Mailbox, "POST", "/gmail/v1/users/me/drafts").is_ok());
        assert!(allowed(Service::Mailbox, "GET", "/gmail/v1/users/me/threads/18f").is_ok());
        assert!(allowed(Service::Archive, "POST", "/gmail/v1/users/me/drafts").is_err());
        assert!(allowed(Service::Mailbox, "GET", "/gmail/v1/users/me/threads/18f/x").is_err());
    }

    #[test]
    fn no_listed_route_sends() {
        for r in ALLOWED {
            assert!(!r.path.to_lowercase().contains("send"), "{}", r.path);
        }
    }
}
