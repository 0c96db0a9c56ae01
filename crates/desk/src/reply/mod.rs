//! Canned replies: templates with typed placeholders, filled verbatim (intake page §8, sync page §11).
//!
//! The wording lives in `builtin/*.md` and may be overridden by the desk's own files; code never writes a
//! sentence of its own. Nothing here sends or addresses mail.

mod id;
mod library;
mod opening;
mod placeholder;
mod reference;
pub mod style;
mod template;

pub use id::ReplyId;
pub use library::{FillError, Filled, Library, Paragraph, Values};
pub use opening::{Opening, openings};
pub use placeholder::{Kind, Placeholder};
pub use reference::reference_markdown;
pub use style::{StyleFinding, check_style, check_text};
pub use template::{ParagraphKind, Template, TemplateError};

/// The credit question to a person; goes into `CREDIT_QUESTION` unless it was asked before on the thread.
pub const CREDIT_QUESTION_PERSON: &str = include_str!("builtin/parts/credit_person.txt");
/// The credit question where the finder looks like a tool: is a person owed credit as well? (intake page §6)
pub const CREDIT_QUESTION_TOOL: &str = include_str!("builtin/parts/credit_tool.txt");

#[cfg(test)]
mod tests;
