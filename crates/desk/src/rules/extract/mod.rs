//! What a message says: who relayed it, whom to credit, which versions it names, which code it points at.
//!
//! Everything read here is untrusted text. It becomes a value to show and confirm, never an instruction
//! (intake page §7), and a severity stated by a reporter is an observation, never a field.

pub mod affected;
pub mod asked;
pub mod bot;
pub mod credit;
pub mod fields;
pub mod forwarder;
pub mod observed;
pub mod pointers;
mod text;
#[cfg(test)]
mod unseen;
pub mod versions;

pub use asked::asks_credit;
pub use bot::{BotVerdict, CreditKind, judge, unreplyable};
pub use credit::{Credit, CreditFinding, CreditOrigin, credits, from_message, private_scanners};
pub use fields::{FieldReader, ReportFields, clean_title, fields};
pub use forwarder::{ForwarderReport, Mode, adapter, detect, reporter_addressing_block};
pub use observed::{Observed, observed};
pub use pointers::{Pointers, cve_ids, pointers};
pub use versions::{VersionOptions, VersionRange, VersionReport, parse, render};

use crate::{config::Config, mail::Message, people::Roster};

/// Everything that is read out of one message.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Who delivered it.
    pub forwarder: ForwarderReport,
    /// The fields of a tracker.
    pub fields: ReportFields,
    /// Whom to credit.
    pub credit: CreditFinding,
}

/// Reads many messages for one project: what depends on the configuration is compiled once, and what a text says
/// about credit is looked for once.
pub struct Reader<'c> {
    config: &'c Config,
    roster: &'c Roster,
    fields: FieldReader<'c>,
    patterns: forwarder::Patterns,
}

impl<'c> Reader<'c> {
    /// A reader for that project.
    #[must_use]
    pub fn new(config: &'c Config, roster: &'c Roster) -> Self {
        Self { config, roster, fields: FieldReader::new(config), patterns: forwarder::Patterns::default() }
    }

    /// As [`detect`], [`fields()`] and [`from_message`].
    #[must_use]
    pub fn read(&self, message: &Message) -> Read {
        let credits = credit::from_text(&message.text);
        let forwarder = forwarder::judged(message, self.config, self.roster, &self.patterns, &credits);
        let fields = self.fields.stated(message, &message.text, credits.clone());
        let relayed = forwarder.mode == Mode::ViaForwarder;
        let credit = credit::from_stated(message, relayed, credits);
        Read { forwarder, fields, credit }
    }
}
