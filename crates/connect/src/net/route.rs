//! Which requests may leave: those whose method and path stand in [`ALLOWED`], and no others. No path that sends mail
//! stands there (promise G5), so no code, configuration or report can make the program send.

/// Which service a route belongs to; its base address is configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// A mailbox over REST.
    Mailbox,
    /// Its token endpoint.
    Token,
    /// A mail archive.
    Archive,
    /// The public CVE list.
    CveList,
    /// A CVE tool that keeps drafts, reviews and publishes them.
    Vulnogram,
    /// The service that reserves ids and publishes records.
    CveServices,
    /// The index of several package ecosystems.
    DepsDev,
    /// A package index with JSON pages.
    JsonIndex,
    /// The hub of Helm charts.
    ArtifactHub,
    /// The forge of the trackers and of the public code.
    Github,
}

impl Service {
    /// Every service, for tests that must hold for all of them.
    pub const ALL: [Service; 10] = [
        Service::Mailbox,
        Service::Token,
        Service::Archive,
        Service::CveList,
        Service::Vulnogram,
        Service::CveServices,
        Service::DepsDev,
        Service::JsonIndex,
        Service::ArtifactHub,
        Service::Github,
    ];

    /// A name for the log of requests.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Service::Mailbox => "mailbox",
            Service::Token => "token",
            Service::Archive => "archive",
            Service::CveList => "cve-list",
            Service::Vulnogram => "vulnogram",
            Service::CveServices => "cve-services",
            Service::DepsDev => "deps-dev",
            Service::JsonIndex => "json-index",
            Service::ArtifactHub => "artifact-hub",
            Service::Github => "github",
        }
    }
}

/// A request that may leave. In `path`, `*` stands for exactly one segment, `{cve}` for a segment that is a CVE id, and
/// `{name}` for one that may hold an encoded `@`, `/` or `:`, as names of packages and tags do.
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

/// Every request the program can make (intake page §2, CVE page §11, sync page §13). A connector that needs another adds
/// it here, where a reviewer sees it.
pub const ALLOWED: &[Route] = &[
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/profile"),
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/history"),
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/labels"),
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/messages"),
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/messages/*"),
    route(Service::Mailbox, "GET", "/gmail/v1/users/me/threads/*"),
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
    route(Service::CveList, "GET", "/cve/{cve}"),
    route(Service::CveList, "GET", "/cve-id/{cve}"),
    route(Service::Vulnogram, "GET", "/cve5/new"),
    route(Service::Vulnogram, "GET", "/cve5/json/{cve}"),
    route(Service::Vulnogram, "GET", "/cve5/log/{cve}"),
    route(Service::Vulnogram, "GET", "/cve5/{cve}"),
    route(Service::Vulnogram, "POST", "/cve5/{cve}"),
    route(Service::CveServices, "GET", "/org/*/id_quota"),
    route(Service::CveServices, "GET", "/cve-id"),
    route(Service::CveServices, "POST", "/cve-id"),
    route(Service::CveServices, "GET", "/cve-id/{cve}"),
    route(Service::CveServices, "PUT", "/cve-id/{cve}"),
    route(Service::CveServices, "GET", "/cve/{cve}"),
    route(Service::CveServices, "POST", "/cve/{cve}/cna"),
    route(Service::CveServices, "PUT", "/cve/{cve}/cna"),
    route(Service::CveServices, "POST", "/cve/{cve}/reject"),
    route(Service::CveServices, "PUT", "/cve/{cve}/reject"),
    route(Service::DepsDev, "GET", "/v3/systems/*/packages/{name}/versions/{name}"),
    route(Service::JsonIndex, "GET", "/pypi/{name}/{name}/json"),
    route(Service::ArtifactHub, "GET", "/api/v1/packages/helm/{name}/{name}/{name}"),
    route(Service::Github, "GET", "/repos/*/*/releases/tags/{name}"),
    route(Service::Github, "GET", "/repos/*/*/security-advisories"),
    route(Service::Github, "GET", "/repos/*/*/security-advisories/*"),
    route(Service::Github, "GET", "/repos/*/*/private-vulnerability-reporting"),
    route(Service::Github, "GET", "/repos/*/*/compare/*"),
    route(Service::Github, "GET", "/repos/*/*/commits"),
    route(Service::Github, "GET", "/repos/*/*/pulls"),
    route(Service::Github, "POST", "/repos/*/*/pulls"),
    route(Service::Github, "POST", "/graphql"),
    route(Service::Github, "GET", "/repos/*/*"),
    route(Service::Github, "GET", "/repos/*/*/labels"),
    route(Service::Github, "POST", "/repos/*/*/labels"),
    route(Service::Github, "GET", "/repos/*/*/issues"),
    route(Service::Github, "GET", "/repos/*/*/contents/.github/ISSUE_TEMPLATE"),
    route(Service::Github, "GET", "/repos/*/*/contents/.github/ISSUE_TEMPLATE/*"),
    route(Service::Github, "PUT", "/repos/*/*/contents/.github/ISSUE_TEMPLATE/*"),
    route(Service::Github, "POST", "/repos/*/*/issues"),
    route(Service::Github, "PATCH", "/repos/*/*/issues/*"),
    route(Service::Github, "POST", "/repos/*/*/issues/*/comments"),
    route(Service::Github, "PATCH", "/repos/*/*/issues/comments/*"),
    route(Service::Github, "DELETE", "/repos/*/*/issues/comments/*"),
    route(Service::Github, "GET", "/repos/*/*/milestones"),
    route(Service::Github, "POST", "/repos/*/*/milestones"),
    route(Service::Github, "PATCH", "/repos/*/*/milestones/*"),
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

/// May this request leave? The path is compared as it will be sent: anything doubled or relative is refused, and anything
/// encoded that is not part of a name.
///
/// # Errors
/// [`NotAllowed`] with the request.
pub fn allowed(service: Service, method: &str, path: &str) -> Result<&'static Route, NotAllowed> {
    let no = || NotAllowed { method: method.into(), path: path.into() };
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.@~=+%".contains(&b));
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
            (Some("*"), Some(s)) if !s.is_empty() && !s.contains(['%', '+']) => {}
            (Some("{name}"), Some(s)) if is_name(s) => {}
            (Some("{cve}"), Some(s)) if is_cve(s) => {}
            (Some(w), Some(h)) if w == h => {}
            _ => return false,
        }
    }
}

/// Is it a name with nothing encoded but `@`, `/` and `:`, and no way up in it?
fn is_name(segment: &str) -> bool {
    let plain = segment.replace("%40", "@").replace("%2F", "/").replace("%3A", ":");
    !plain.contains('%') && plain.split('/').all(|s| !matches!(s, "" | "." | ".."))
}

/// Is it a CVE id, in the form that goes into a path?
#[must_use]
pub fn is_cve(text: &str) -> bool {
    let digits = |s: &str, least: usize, most: usize| {
        (least..=most).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit())
    };
    text.strip_prefix("CVE-")
        .and_then(|r| r.split_once('-'))
        .is_some_and(|(year, number)| digits(year, 4, 4) && digits(number, 4, 19))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDING: &[(&str, &str)] = &[
        ("POST", "/gmail/v1/users/me/messages/send"),
        ("POST", "/gmail/v1/users/me/drafts/send"),
        ("POST", "/upload/gmail/v1/users/me/messages/send"),
        ("POST", "/upload/gmail/v1/users/me/drafts/send"),
        ("POST", "/gmail/v1/users/me/messages/import"),
        ("POST", "/gmail/v1/users/me/messages"),
        ("PUT", "/gmail/v1/users/me/drafts/r1"),
        ("DELETE", "/gmail/v1/users/me/drafts/r1"),
        ("POST", "/v1.0/me/sendMail"),
        ("POST", "/v1.0/me/messages/AAMk/send"),
        ("POST", "/jmap/api"),
        ("POST", "/api/compose.lua"),
        ("POST", "/v3/mail/send"),
        ("POST", "/cve5/send"),
        ("POST", "/cve5/email"),
        ("POST", "/gmail/v1/users/me/drafts/"),
        ("POST", "/gmail/v1/users/me/drafts/../messages/send"),
        ("POST", "/gmail/v1/users/me/drafts%2Fsend"),
        ("POST", "//gmail/v1/users/me/drafts"),
        ("post", "/gmail/v1/users/me/drafts"),
    ];

    #[test]
    fn paths_that_send_mail_are_refused() {
        for service in Service::ALL {
            for (method, path) in SENDING {
                let refused = allowed(service, method, path);
                assert_eq!(
                    refused.unwrap_err(),
                    NotAllowed { method: (*method).into(), path: (*path).into() },
                    "{service:?}"
                );
            }
        }
    }

    #[test]
    fn a_listed_pair_may_leave_for_its_own_service_only() {
        assert!(allowed(Service::Mailbox, "POST", "/gmail/v1/users/me/drafts").is_ok());
        assert!(allowed(Service::Mailbox, "GET", "/gmail/v1/users/me/messages/18f").is_ok());
        assert!(allowed(Service::Archive, "POST", "/gmail/v1/users/me/drafts").is_err());
        assert!(allowed(Service::Mailbox, "GET", "/gmail/v1/users/me/messages/18f/x").is_err());
        assert!(allowed(Service::Vulnogram, "POST", "/cve5/CVE-2026-12345").is_ok());
        assert!(allowed(Service::CveServices, "POST", "/cve5/CVE-2026-12345").is_err());
    }

    #[test]
    fn only_a_cve_id_stands_where_one_is_meant() {
        for bad in ["new", "CVE-2026-1", "CVE-26-12345", "cve-2026-12345", "CVE-2026-12345x", "CVE-2026-"] {
            assert!(allowed(Service::Vulnogram, "POST", &format!("/cve5/{bad}")).is_err(), "{bad}");
            assert!(allowed(Service::CveList, "GET", &format!("/cve/{bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_one_segment_and_leads_nowhere_else() {
        let get = |name: &str| {
            allowed(Service::DepsDev, "GET", &format!("/v3/systems/npm/packages/{name}/versions/1.0")).is_ok()
        };
        for good in ["left-pad", "%40scope%2Fname", "org.acme%3Aserver", "a.b_c~d+e"] {
            assert!(get(good), "{good}");
        }
        for bad in ["..%2F..", "%2F", "a%2F%2Fb", "a%2F..%2Fb", "a%20b", "%252F", "a%2fb", "a%", "a%00"] {
            assert!(!get(bad), "{bad}");
        }
        assert!(allowed(Service::DepsDev, "GET", "/v3/systems/n%2Fm/packages/a/versions/1").is_err());
        assert!(allowed(Service::Mailbox, "GET", "/gmail/v1/users/me/messages/a%2Fb").is_err());
    }

    #[test]
    fn no_listed_route_sends() {
        for r in ALLOWED {
            assert!(!r.path.to_lowercase().contains("send"), "{}", r.path);
            assert!(Service::ALL.contains(&r.service));
        }
    }
}
