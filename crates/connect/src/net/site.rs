//! One service at one address, and what the surroundings say about the way there.

use std::{path::PathBuf, time::Duration};

use super::{Address, AddressError, Service};

/// A service at its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Which service: its routes are the only ones that may leave for this address.
    pub service: Service,
    /// Where.
    pub address: Address,
    /// Requests a minute it accepts, where it says; the client waits rather than sending more.
    pub per_minute: Option<u32>,
    /// Time between two changes, where it asks for that.
    pub apart: Option<Duration>,
}

impl Site {
    /// A service at a configured base address; plain http to another machine only where `plain` says so.
    ///
    /// # Errors
    /// When it is no base address.
    pub fn at(service: Service, address: &str, plain: bool) -> Result<Self, AddressError> {
        Ok(Self { service, address: Address::parse(address, plain)?, per_minute: None, apart: None })
    }
}

/// What the surroundings say about networks. The shell reads the environment; nothing below does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `ALL_PROXY`, `HTTPS_PROXY`, or `HTTP_PROXY`, in that order.
    pub proxy: Option<String>,
    /// `NO_PROXY`, split at commas.
    pub no_proxy: Vec<String>,
    /// `SSL_CERT_FILE`: authorities to trust instead of the built-in ones.
    pub ca_file: Option<PathBuf>,
}

impl Surroundings {
    /// Read them from an environment.
    #[must_use]
    pub fn from_env(env: &dyn Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| {
            env(name).or_else(|| env(&name.to_ascii_lowercase())).filter(|v| !v.trim().is_empty())
        };
        Self {
            proxy: ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"].into_iter().find_map(get),
            no_proxy: get("NO_PROXY")
                .map(|v| v.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect())
                .unwrap_or_default(),
            ca_file: env("SSL_CERT_FILE").filter(|v| !v.is_empty()).map(PathBuf::from),
        }
    }
}
