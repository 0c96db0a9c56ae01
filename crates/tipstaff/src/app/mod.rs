//! Use cases shared by every shell: opening a desk, importing mail, working by hand, approving and applying.

pub mod by_hand;
pub mod doctor;
pub mod error;
pub mod import;
pub mod plans;
pub mod ports;
mod reading;
pub mod session;
mod threads;

pub use self::{
    error::{AppError, Exit},
    ports::Ports,
    session::{Session, Setting},
};
