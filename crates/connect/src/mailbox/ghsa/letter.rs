//! An advisory as a message: the desk reads one kind of thing. The reporter's words stay as they are; what the service knows
//! beside them stands before them, a line each.

use desk::mail::{Address, one_line};
use jiff::{Timestamp, tz::TimeZone};

use super::shape::{Advisory, State};

/// Longest line of a header that is taken from the service, in characters.
const LINE: usize = 900;

/// Whose advisories, and where people read them.
pub(super) struct Place<'a> {
    /// Host of the pages, without a path.
    pub host: &'a str,
    /// Who is written to when the author is of the team.
    pub team: &'a dyn Fn(&str) -> Option<Address>,
}

impl Place<'_> {
    /// Message-ID of the message that an advisory is.
    pub(super) fn id(&self, ghsa: &str) -> String {
        format!("{ghsa}@{}", self.host)
    }

    /// The report.
    pub(super) fn report(&self, a: &Advisory, url: &str) -> Vec<u8> {
        let mut text = format!("Reported privately as {}: {url}\n", a.ghsa_id);
        let mut line = |label: &str, value: &str| {
            if !value.trim().is_empty() {
                text.push_str(&format!("{label}: {}\n", one_line(value.trim(), LINE)));
            }
        };
        for v in a.vulnerabilities.iter().flatten() {
            let package = v.package.as_ref();
            let name = package.and_then(|p| p.name.as_deref()).unwrap_or_default();
            let kind = package.and_then(|p| p.ecosystem.as_deref()).filter(|_| !name.is_empty());
            line("Package", &[name, kind.unwrap_or_default()].join(" "));
            line("Affected versions", v.vulnerable_version_range.as_deref().unwrap_or_default());
            line("Patched versions", v.patched_versions.as_deref().unwrap_or_default());
        }
        line("CVE", a.cve_id.as_deref().unwrap_or_default());
        line("Severity given", a.severity.as_deref().unwrap_or_default());
        for v in a.vectors() {
            line("CVSS given", v);
        }
        line("Weakness given", &a.cwe_ids.iter().flatten().cloned().collect::<Vec<_>>().join(", "));
        // Whoever declined is not named; whoever helped afterwards did not find it.
        let found = |kind: &str| matches!(kind, "finder" | "reporter" | "analyst" | "tool" | "sponsor");
        let credited = a.credits_detailed.iter().flatten();
        for c in credited.filter(|c| c.state != "declined" && found(&c.kind)) {
            line("Credit", &c.user.login);
        }
        text.push('\n');
        text.push_str(a.description.as_deref().unwrap_or_default());
        let author = a.author.as_ref().map_or("ghost", |u| u.login.as_str());
        self.write(&self.from(author), &a.summary, &self.id(&a.ghsa_id), None, a.created_at, false, &text)
    }

    /// That an advisory is in another state than before.
    pub(super) fn moved(&self, a: &Advisory, was: State, url: &str, at: Timestamp) -> Vec<u8> {
        let (id, now) = (&a.ghsa_id, a.state.word());
        let what = match (was, a.state) {
            (State::Triage, State::Draft) => "was accepted, and is a draft now",
            (_, State::Triage | State::Draft) => "was reopened",
            (_, State::Published) => "was published",
            (_, State::Closed) => "was closed",
            (_, State::Withdrawn) => "was withdrawn",
        };
        let text = format!("The advisory {id} {what}: {url}\n");
        let name = format!("{id}.{now}.{}@{}", a.updated_at.unwrap_or(at).as_second(), self.host);
        self.write(
            &self.service(),
            &format!("Advisory {id}"),
            &name,
            Some(id),
            a.updated_at.or(Some(at)),
            true,
            &text,
        )
    }

    /// That the text of an advisory is another than before. Who changed it, the service does not say.
    pub(super) fn rewritten(&self, a: &Advisory, url: &str, at: Timestamp) -> Vec<u8> {
        let id = &a.ghsa_id;
        let text = format!("Somebody changed the text of {id}. It stands at {url}\n");
        let name = format!("{id}.{}@{}", a.digest(), self.host);
        self.write(
            &self.service(),
            &format!("Advisory {id}"),
            &name,
            Some(id),
            a.updated_at.or(Some(at)),
            true,
            &text,
        )
    }

    /// Nobody can be written to by mail: the service gives no address of people.
    fn from(&self, login: &str) -> Address {
        if let Some(known) = (self.team)(login) {
            return known;
        }
        let plain: String =
            login.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(64).collect();
        let plain = if plain.is_empty() { "ghost" } else { &plain };
        Address::new(plain, &format!("{plain}@users.noreply.{}", self.host))
    }

    fn service(&self) -> Address {
        Address::new("Security advisories", &format!("noreply@{}", self.host))
    }

    #[expect(clippy::too_many_arguments, reason = "a message has as many parts")]
    fn write(
        &self,
        from: &Address,
        subject: &str,
        id: &str,
        on: Option<&str>,
        at: Option<Timestamp>,
        automatic: bool,
        text: &str,
    ) -> Vec<u8> {
        let clean = |s: &str| one_line(s, LINE).replace(['\r', '\n', '\0'], " ");
        let mut out = format!(
            "From: \"{}\" <{}>\r\nSubject: {}\r\nMessage-ID: <{id}>\r\n",
            clean(&from.name).replace(['"', '\\'], ""),
            from.email,
            clean(subject)
        );
        if let Some(ghsa) = on {
            out.push_str(&format!("In-Reply-To: <{0}>\r\nReferences: <{0}>\r\n", self.id(ghsa)));
        }
        if let Some(at) = at {
            let zoned = at.to_zoned(TimeZone::UTC);
            if let Ok(date) = jiff::fmt::rfc2822::to_string(&zoned) {
                out.push_str(&format!("Date: {date}\r\n"));
            }
        }
        if automatic {
            out.push_str("Auto-Submitted: auto-generated\r\n");
        }
        out.push_str(
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
        );
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
        out.push_str(&text);
        out.into_bytes()
    }
}
