//! Case builders, strategies and fakes for tests of the promises. Never shipped.
//!
//! [`lifecycle`] applies items of a sync to a case, without ports.
//! [`authority`] is the suite every CVE authority passes.
//! [`serve`] is a web server that goes wrong on request, with fakes of services.
//! [`dovecot`] is a real IMAP server for one test, [`emulate`] are the services of GitHub and Google.
//! [`described`] holds requests beside what services publish about them.
//! [`case`] builds trackers, mails and scenes, realistic and hostile; [`world`] is a whole outside in maps, behind the
//! ports of [`desk::plan::ports`], that can fail, refuse and forget at any call.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

pub mod authority;
pub mod case;
pub mod described;
pub mod dovecot;
pub mod emulate;
pub mod lifecycle;
pub mod mails;
pub mod records;
pub mod serve;
pub mod world;
