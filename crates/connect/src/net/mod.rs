//! The only way out to a network. One client for every connector: a request leaves when its method and path stand in
//! [`ALLOWED`], within a deadline, to the host that was configured, and is written down without its secrets. None of the
//! listed requests sends mail (promise G5).

mod address;
mod client;
mod fault;
mod keyring;
mod pace;
mod reply;
mod request;
mod route;
mod secret;
mod site;
mod trace;

pub use address::{Address, AddressError};
#[cfg(test)]
pub(crate) use client::hasty;
pub use client::{Client, Limits};
pub use fault::{Fault, Looked, Redirect};
#[cfg(test)]
pub(crate) use pace::Still;
pub use pace::{Pace, SystemPace};
pub use reply::Reply;
pub(crate) use request::pairs;
pub use request::{Body, Method, Request};
pub use route::{ALLOWED, NotAllowed, Route, Service, allowed, is_cve};
pub use secret::{Secret, SecretError, SecretRef};
pub use site::{Site, Surroundings};
pub use trace::{Counts, TraceLine};

#[cfg(test)]
mod tests;
