//! Use cases shared by every shell: opening a desk, importing mail, working by hand, approving and applying.

pub mod affected;
pub mod authority;
pub mod by_hand;
pub mod clearance;
pub mod cve_check;
pub mod doctor;
pub mod error;
pub mod facts;
pub mod fix;
pub mod host;
pub mod ical;
pub mod import;
pub mod log_in;
pub mod mail;
pub mod plans;
pub mod ports;
mod pulls;
mod reading;
mod services;
pub mod session;
pub mod sync;
mod threads;

pub use self::{
    error::{AppError, Exit},
    ports::Ports,
    session::{Session, Setting},
};
