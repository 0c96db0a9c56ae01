//! Mail as data: what a message says, who wrote it, which thread it belongs to. Everything here is untrusted
//! text; no rule ever takes an instruction from it (intake page §7).

mod armour;
mod author;
mod automatic;
mod body;
mod copy;
mod decode;
mod draft;
mod flowed;
mod headers;
mod html;
mod hygiene;
mod mbox;
mod message;
mod mime;
mod page;
mod parse;
#[cfg(test)]
mod parse_tests;
mod quote;
mod style;
mod thread;

pub use copy::is_copy;
pub use draft::{DraftError, MailDraft, can_address, can_refer_to, message_id_for, render, reply_subject};
pub use hygiene::{has_control, has_invisible, is_hidden, one_line, visible};
pub use mbox::{Boundary, CONTEXT, MboxEntry, MboxSplitter, is_single_message, next_boundary, split};
pub use message::*;
pub use page::{archive_of_place, page_of_place, place_of_archive, place_of_page};
pub use parse::{MAX_MESSAGE, digest, parse, parse_headers};
pub use quote::{Forwarded, forwarded, own_words, signature};
pub use thread::{Grouped, group};
