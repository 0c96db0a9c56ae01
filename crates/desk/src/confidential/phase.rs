//! How public a flaw is (confidentiality page §0.8).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How public a flaw is. Only [`Phase::Disclosed`] lifts the bans on framing and on CVE ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Not yet assessed.
    Intake,
    /// Validated, up to the merged fix; also whatever is unknown or contradictory.
    #[default]
    Embargo,
    /// The fix shipped, the advisory is not archived. "Sent" is not enough.
    Released,
    /// The address of the public advisory is captured.
    Disclosed,
    /// Closed without a CVE; tracker content is never publicised.
    ClosedNoCve,
}

/// What is observed of a tracker that bears on its phase. `None` means unknown, which is never "no".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Signals {
    /// Does it carry the label for untriaged reports?
    pub needs_triage: Option<bool>,
    /// Is a CVE id allocated?
    pub cve_allocated: Option<bool>,
    /// Does a public fix exist (pull request open or merged)?
    pub fix_public: Option<bool>,
    /// Has a release with the fix shipped?
    pub shipped: Option<bool>,
    /// Is it closed?
    pub closed: Option<bool>,
    /// Does it carry one of the closing labels (invalid, not CVE worthy, duplicate, wontfix)?
    pub closing_label: Option<bool>,
    /// The captured address of the public advisory, if any.
    pub public_advisory_url: Option<String>,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Phase; 5] =
        [Phase::Intake, Phase::Embargo, Phase::Released, Phase::Disclosed, Phase::ClosedNoCve];

    /// The word used on the command line and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Intake => "intake",
            Phase::Embargo => "embargo",
            Phase::Released => "released",
            Phase::Disclosed => "disclosed",
            Phase::ClosedNoCve => "closed-no-cve",
        }
    }

    /// The phase that the signals prove; unknown or contradictory signals give [`Phase::Embargo`] (§0.8, ours).
    ///
    /// A captured advisory address gives `Disclosed` whatever the labels say (hard case 18).
    #[must_use]
    pub fn derive(signals: &Signals) -> Self {
        if signals.public_advisory_url.as_deref().is_some_and(is_captured_url) {
            return Phase::Disclosed;
        }
        let (Some(triage), Some(cve), Some(fix), Some(shipped), Some(closed), Some(closing)) = (
            signals.needs_triage,
            signals.cve_allocated,
            signals.fix_public,
            signals.shipped,
            signals.closed,
            signals.closing_label,
        ) else {
            return Phase::Embargo;
        };
        match (triage, closed, closing) {
            // Untriaged and already with a CVE, a fix or a release: somebody moved a label by mistake.
            (true, _, _) if cve || fix || shipped || closed || closing => Phase::Embargo,
            (true, ..) => Phase::Intake,
            // A verdict "no CVE" over a record or a release contradicts itself.
            (false, true, true) if !cve && !shipped => Phase::ClosedNoCve,
            (false, _, true) => Phase::Embargo,
            // Closed without a verdict and without an advisory: not a known end.
            (false, true, false) => Phase::Embargo,
            (false, false, false) if shipped => Phase::Released,
            (false, false, false) => Phase::Embargo,
        }
    }

    /// Are the bans on framing and CVE ids lifted?
    #[must_use]
    pub fn is_disclosed(self) -> bool {
        self == Phase::Disclosed
    }
}

/// A captured address is a whole web address; a placeholder or a promise is not one.
fn is_captured_url(url: &str) -> bool {
    let url = url.trim();
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|r| r.contains('.') && !r.contains(char::is_whitespace) && !r.starts_with('.'))
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Phase {
    type Err = String;

    /// Reads the kebab-case word; case, `_` and the undashed spelling are accepted.
    fn from_str(s: &str) -> Result<Self, String> {
        let bare = |s: &str| s.to_ascii_lowercase().replace(['-', '_', ' '], "");
        let wanted = bare(s.trim());
        Phase::ALL.into_iter().find(|p| bare(p.as_str()) == wanted).ok_or_else(|| {
            format!("no phase is called `{s}`: use intake, embargo, released, disclosed or closed-no-cve")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Signals {
        let no = Some(false);
        Signals {
            needs_triage: no,
            cve_allocated: no,
            fix_public: no,
            shipped: no,
            closed: no,
            closing_label: no,
            public_advisory_url: None,
        }
    }

    #[test]
    fn phases_follow_from_known_signals() {
        let yes = Some(true);
        let url = Some("https://lists.example.org/thread/abc".to_string());
        let cases = [
            (Signals { needs_triage: yes, ..known() }, Phase::Intake),
            (known(), Phase::Embargo),
            (Signals { cve_allocated: yes, fix_public: yes, ..known() }, Phase::Embargo),
            (Signals { cve_allocated: yes, shipped: yes, ..known() }, Phase::Released),
            (Signals { closed: yes, closing_label: yes, ..known() }, Phase::ClosedNoCve),
            // The address decides, labels and unknowns notwithstanding.
            (Signals { public_advisory_url: url.clone(), ..Signals::default() }, Phase::Disclosed),
            (Signals { public_advisory_url: url, needs_triage: yes, ..known() }, Phase::Disclosed),
        ];
        for (signals, phase) in cases {
            assert_eq!(Phase::derive(&signals), phase, "{signals:?}");
        }
    }

    #[test]
    fn unknown_or_contradictory_signals_mean_embargo() {
        let yes = Some(true);
        let cases = [
            Signals::default(),
            Signals { shipped: None, ..known() },
            Signals { needs_triage: yes, shipped: yes, ..known() },
            Signals { needs_triage: yes, closed: yes, ..known() },
            Signals { closed: yes, closing_label: yes, cve_allocated: yes, ..known() },
            Signals { closed: yes, closing_label: yes, shipped: yes, ..known() },
            Signals { closing_label: yes, ..known() },
            Signals { closed: yes, cve_allocated: yes, shipped: yes, ..known() },
            Signals { public_advisory_url: Some("_No response_".into()), ..known() },
            Signals { public_advisory_url: Some("https://example.org/x soon".into()), ..known() },
        ];
        for signals in cases {
            assert_eq!(Phase::derive(&signals), Phase::Embargo, "{signals:?}");
        }
    }

    #[test]
    fn words_are_read_back() {
        for phase in Phase::ALL {
            assert_eq!(phase.as_str().parse::<Phase>(), Ok(phase));
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.as_str());
        }
        assert_eq!("ClosedNoCve".parse(), Ok(Phase::ClosedNoCve));
        assert!("sent".parse::<Phase>().is_err());
    }
}
