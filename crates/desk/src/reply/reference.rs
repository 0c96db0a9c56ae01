//! The reference page of the canned replies, generated.

use std::fmt::Write;

use super::{Library, Placeholder, ReplyId};

/// Ids, names and placeholders as Markdown tables, for `docs/replies.md`.
#[must_use]
pub fn reference_markdown() -> String {
    let library = Library::builtin();
    let mut out = String::from(
        "## Replies\n\n| id | name | turns down | placeholders | also called |\n|---|---|---|---|---|\n",
    );
    for &id in ReplyId::ALL {
        let Some(template) = library.get(id) else { continue };
        let placeholders: Vec<_> = template.placeholders.iter().map(|p| format!("`{p}`")).collect();
        let aliases: Vec<_> =
            id.aliases().iter().filter(|a| **a != template.name).map(|a| a.replace('|', "\\|")).collect();
        let negative = if id.is_negative() { "yes" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "| `{id}` | {} | {negative} | {} | {} |",
            template.name,
            placeholders.join(", "),
            aliases.join("; ")
        );
    }
    out.push_str("\n## Placeholders\n\n| placeholder | type | may be empty | meaning | example |\n|---|---|---|---|---|\n");
    for &p in Placeholder::ALL {
        let _ = writeln!(
            out,
            "| `{p}` | {} | {} | {} | {} |",
            p.kind().name(),
            if p.is_optional() { "yes" } else { "" },
            p.purpose(),
            p.sample().replace('\n', " / ").replace('|', "\\|")
        );
    }
    out
}
