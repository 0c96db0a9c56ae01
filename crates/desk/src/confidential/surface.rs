//! The surfaces text can reach: the columns of the confidentiality matrix (§5).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

mod sealed {
    pub trait Sealed {}
}

/// A surface as a type. Sealed: no other module can invent a surface of its own.
pub trait Surface: sealed::Sealed + Clone + fmt::Debug + PartialEq + Eq + Send + Sync + 'static {
    /// The same surface as a value.
    const KIND: SurfaceKind;
}

macro_rules! surfaces {
    ($($(#[$d:meta])* $name:ident => $word:literal),+ $(,)?) => {
        /// A surface as a value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum SurfaceKind { $($(#[$d])* $name),+ }

        impl SurfaceKind {
            /// Every surface.
            pub const ALL: &'static [SurfaceKind] = &[$(SurfaceKind::$name),+];

            /// The word used on the command line and in JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str { match self { $(SurfaceKind::$name => $word),+ } }
        }

        $(
            $(#[$d])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $name;
            impl sealed::Sealed for $name {}
            impl Surface for $name { const KIND: SurfaceKind = SurfaceKind::$name; }
        )+
    };
}

surfaces! {
    /// The private tracker: bodies, comments, labels.
    Tracker => "tracker",
    /// Mail inside the security team and its private lists.
    TeamMail => "team-mail",
    /// Mail to the person who reported.
    Reporter => "reporter",
    /// Mail to the relay that reported for somebody else.
    Forwarder => "forwarder",
    /// Anything anyone can read: pull requests, branches, commits, lists, release notes.
    Public => "public",
    /// A CVE record that is not published.
    CveDraft => "cve-draft",
    /// A CVE record as it is published.
    CvePublic => "cve-public",
}

impl SurfaceKind {
    /// Does the text stay inside the security team?
    #[must_use]
    pub fn is_private(self) -> bool {
        matches!(self, SurfaceKind::Tracker | SurfaceKind::TeamMail)
    }

    /// Is it mail, so that recipients are judged too?
    #[must_use]
    pub fn is_mail(self) -> bool {
        matches!(self, SurfaceKind::TeamMail | SurfaceKind::Reporter | SurfaceKind::Forwarder)
    }
}

impl fmt::Display for SurfaceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SurfaceKind {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let wanted = s.trim().to_ascii_lowercase().replace('_', "-");
        SurfaceKind::ALL.iter().copied().find(|k| k.as_str() == wanted).ok_or_else(|| {
            let all: Vec<_> = SurfaceKind::ALL.iter().map(|k| k.as_str()).collect();
            format!("no surface is called `{s}`: use one of {}", all.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_types_and_values_agree() {
        for &kind in SurfaceKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(CveDraft::KIND.as_str(), "cve-draft");
        assert!("everyone".parse::<SurfaceKind>().is_err());
    }
}
