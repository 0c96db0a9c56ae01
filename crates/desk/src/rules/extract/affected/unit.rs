//! Cuts a body into units: a labelled value, a table cell, a sentence of prose; each with its context.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::{super::text, Names, PRODUCT};

/// What the place of a text says about versions in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// `Affected versions:`.
    Affected,
    /// `Version:`, `Tested on:`.
    Version,
    /// `Fixed in:`, `Not affected:`.
    Negative,
    /// `Python version:`, `OS:`, `CVSS:`.
    Foreign,
    /// Within a code fence: only the product's own name counts.
    Code,
    /// Anything else.
    Prose,
}

/// A piece of text with one context; product names are marked.
pub(super) struct Unit {
    pub text: String,
    pub context: Context,
}

static NEGATIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:fix(?:e[sd])?|patch(?:ed|es)?|unaffected|not\s+(?:affected|vulnerable|impacted|tested)|non[- ]?(?:affected|vulnerable)|untested|resolved|remediat\w+|mitigat\w+|workaround|solution|upgrade|recommend\w*|safe|corrected|behoben|corrigé\w*|corregid[oa])\b").expect("valid")
});
static AFFECTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:affect(?:ed|s|ing)?|vulnerable|impacted|betroffen\w*|affectée?s?|vulnérables?|afectad[oa]s?|afetad[oa]s?|introduced)\b|影响版本|受影响|影響").expect("valid")
});
// A label about something affected that is no version: its value is read as prose.
static THING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:components?|users?|files?|functions?|endpoints?|param\w*|code|modules?|urls?|platforms?|class(?:es)?|parts?|areas?|assets?|methods?|systems?|os|hosts?|domains?|urls?|configurations?|features?|products?|packages?|projects?|software|repositor\w+|vendors?|apis?)\b").expect("valid")
});
static VERSION_WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:versions?|releases?|ver|tag|build|versión|versiones|versão|versões|versionen|版本|バージョン)$").expect("valid")
});
const BESIDE_VERSION: &[&str] = &[
    "tested",
    "product",
    "software",
    "application",
    "app",
    "package",
    "server",
    "confirmed",
    "found",
    "in",
    "on",
    "current",
    "latest",
    "installed",
    "number",
    "component",
    "library",
    "plugin",
    "module",
    "range",
    "ranges",
    "the",
    "verified",
    "with",
    "using",
    "of",
    "used",
    "observed",
    "running",
    "s",
    "and",
    "info",
    "information",
    "exact",
    "reproduced",
    "project",
    "from",
    "since",
    "first",
    "discovered",
    "environment",
    "our",
    "my",
    "target",
    "client",
    "agent",
    "image",
    "docker",
    "container",
    "testée",
    "probada",
    "getestete",
];
const STRUCTURE: &[&str] = &[
    "step",
    "steps",
    "section",
    "sections",
    "chapter",
    "figure",
    "fig",
    "table",
    "line",
    "lines",
    "page",
    "item",
    "issue",
    "appendix",
    "paragraph",
    "report",
    "document",
    "advisory",
    "draft",
    "question",
    "clause",
    "rule",
];
/// A word for a part of a report.
pub(super) fn is_structure(word: &str) -> bool {
    STRUCTURE.contains(&word.trim_end_matches([',', ':']).to_lowercase().as_str())
}

static TESTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:(?:tested|confirmed|verified|reproduced|observed|found|discovered)(?:\s+(?:on|with|against|in|using|for|version|versions))?|environment|setup|test\s+environment|target)$").expect("valid")
});

/// The context a label or heading opens.
fn context(label: &str) -> Context {
    let words: Vec<&str> =
        label.split(|c: char| !(c.is_alphanumeric() || c == PRODUCT)).filter(|w| !w.is_empty()).collect();
    if words.len() > 9 {
        return Context::Prose;
    }
    if NEGATIVE.is_match(label) {
        return Context::Negative;
    }
    let version = words.iter().any(|w| VERSION_WORD.is_match(w));
    if AFFECTED.is_match(label) {
        return if version || !THING.is_match(label) { Context::Affected } else { Context::Prose };
    }
    if label.contains(PRODUCT) && (version || words.len() <= 2) {
        return Context::Version;
    }
    if version {
        let fits = words.iter().all(|w| {
            VERSION_WORD.is_match(w)
                || BESIDE_VERSION.contains(&w.to_lowercase().as_str())
                || w.chars().any(|c| c == PRODUCT)
        });
        return if fits { Context::Version } else { Context::Foreign };
    }
    if TESTED.is_match(label.trim()) {
        return Context::Version;
    }
    // "Steps to reproduce", "Section 2" are parts of the report, no other software.
    let foreign = words.iter().map(|w| w.to_lowercase()).any(|w| {
        super::words::foreign(&w) && !STRUCTURE.contains(&w.trim_end_matches(|c: char| c.is_ascii_digit()))
    });
    if foreign { Context::Foreign } else { Context::Prose }
}

static YES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:yes\b|affected|vulnerable|impacted|confirmed|exploitable|✓|✔|✅|❌?\s*vulnerable|tested)",
    )
    .expect("valid")
});
static NO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:no\b|not\b|none\b|un(?:affected|tested|known)|safe|fixed|patched|n/?a\b|✗|✘|❎|-+$|not\s+tested)|\b(?:not\s+(?:affected|vulnerable|tested)|fixed|patched|unaffected|untested)\b").expect("valid")
});

/// The units of a body.
pub(super) fn units(body: &str, names: &Names) -> Vec<Unit> {
    let mut out = Vec::new();
    let mut open: Option<Context> = None; // a label or heading whose value stands below
    let mut filled = false;
    let mut header: Vec<Context> = Vec::new();
    let mut paragraph = String::new();
    let flush = |paragraph: &mut String, out: &mut Vec<Unit>| {
        for sentence in sentences(paragraph) {
            // "… in the console. Version tested: 2.7.3": a label may open a sentence, too.
            let label = labelled(&sentence).map(|(label, value)| (context(label), value.to_owned()));
            match label {
                Some((c @ (Context::Affected | Context::Version | Context::Negative), value))
                    if !value.is_empty() =>
                {
                    out.push(Unit { text: value, context: c });
                }
                _ => out.push(Unit { text: sentence, context: Context::Prose }),
            }
        }
        paragraph.clear();
    };
    for line in text::lines(text::head(body, 400_000)) {
        if line.fenced {
            flush(&mut paragraph, &mut out);
            let marked = names.mark(text::head(line.text, 300));
            if marked.contains(PRODUCT) {
                out.push(Unit { text: marked, context: Context::Code });
            }
            continue;
        }
        let marked = names.mark(line.text);
        let trimmed = marked.trim();
        if trimmed.is_empty() {
            flush(&mut paragraph, &mut out);
            header.clear();
            if filled {
                open = None;
                filled = false;
            }
            continue;
        }
        if let Some(cells) = text::cells(trimmed) {
            flush(&mut paragraph, &mut out);
            table(&cells, &mut header, &mut out);
            continue;
        }
        if let Some(h) = text::heading(trimmed) {
            flush(&mut paragraph, &mut out);
            open = Some(context(h)).filter(|c| *c != Context::Prose);
            filled = false;
            if open.is_none() {
                out.push(Unit { text: h.to_string(), context: Context::Prose });
            }
            continue;
        }
        if let Some((label, value)) = labelled(trimmed) {
            flush(&mut paragraph, &mut out);
            let here = context(label);
            if value.is_empty() {
                open = Some(here).filter(|c| *c != Context::Prose);
                filled = false;
            } else {
                let nested = text::bullet(trimmed).is_some() && open.is_some();
                if !nested {
                    open = None;
                }
                let here = match (here, open) {
                    // `- 2.9: not affected` under `Affected versions`; `- Product: 2.3` keeps its own words.
                    (Context::Prose, Some(outer)) => outer,
                    (own, _) => own,
                };
                let text = if here == Context::Prose { trimmed.to_string() } else { value.to_string() };
                match here {
                    Context::Prose => {
                        sentences(&text).into_iter().for_each(|t| out.push(Unit { text: t, context: here }))
                    }
                    _ => sentences(&text).into_iter().enumerate().for_each(|(i, t)| {
                        out.push(Unit { text: t, context: if i == 0 { here } else { Context::Prose } });
                    }),
                }
                // A value may be wrapped: what follows within the paragraph goes on with it.
                let whole = sentences(value).len() == 1;
                if whole
                    && matches!(here, Context::Affected | Context::Version)
                    && value.ends_with([',', ';'])
                {
                    open = Some(here);
                    filled = true;
                }
            }
            continue;
        }
        if let Some(c) = open {
            let item = text::bullet(trimmed).unwrap_or(trimmed);
            for (i, t) in sentences(item).into_iter().enumerate() {
                out.push(Unit { text: t, context: if i == 0 { c } else { Context::Prose } });
            }
            filled = true;
            continue;
        }
        if let Some(item) = text::bullet(trimmed) {
            flush(&mut paragraph, &mut out);
            paragraph.push_str(item);
            continue;
        }
        if !paragraph.is_empty() {
            paragraph.push(' ');
        }
        paragraph.push_str(trimmed);
    }
    flush(&mut paragraph, &mut out);
    out
}

/// `Label: value`, where the label may hold the product's mark.
fn labelled(line: &str) -> Option<(&str, &str)> {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\s*(?:[-+•*]\s+|\d{1,2}[.)]\s+)?[*_`]{0,3}(?P<label>[\p{L}\x{E000}][\p{L}\p{N}\x{E000} /&'’()\-]{0,60}?)[*_`]{0,3}\s*(?:[:：]|\s=\s|\s-\s)[*_`]{0,3}(?P<value>.*)$").expect("valid")
    });
    // Most lines have none of these, and the pattern is dear.
    if !line.contains([':', '：', '=', '-']) {
        return None;
    }
    let c = LABEL.captures(line)?;
    let (label, value) = (c.name("label")?.as_str(), c.name("value")?.as_str());
    let dash = line
        .get(c.name("label")?.end()..)
        .is_some_and(|r| r.trim_start_matches(['*', '_', '`']).starts_with(" - "));
    // A dash makes a label only of words that are one anyway.
    let colon = line
        .get(c.name("label")?.end()..)
        .is_some_and(|r| r.trim_start_matches(['*', '_', '`']).starts_with(':'));
    // `image:2.3.1` is a name with a tag.
    let tag = colon
        && !value.is_empty()
        && !value.starts_with([' ', '\t'])
        && !line.contains(":*")
        && !line.contains("*:");
    if value.starts_with("//") || tag || dash && matches!(context(label), Context::Prose) {
        return None;
    }
    Some((label.trim(), value.trim()))
}

fn table(cells: &[&str], header: &mut Vec<Context>, out: &mut Vec<Unit>) {
    if cells.iter().all(|c| !c.is_empty() && c.chars().all(|c| "-: ".contains(c))) {
        return;
    }
    let digits = cells.iter().any(|c| c.contains(|d: char| d.is_ascii_digit()));
    if header.is_empty() && !digits && cells.len() >= 2 {
        *header = cells.iter().map(|c| context(c)).collect();
        return;
    }
    let plain = |c: &&str| c.trim_matches(['*', '`', '_', ' ']).to_string();
    let labelled =
        cells.len() == 2 && !cells.first().is_some_and(|c| c.contains(|d: char| d.is_ascii_digit()));
    if labelled {
        if let (Some(label), Some(value)) = (cells.first(), cells.get(1)) {
            let here = context(label.trim_matches(['*', '`', '_', ':', ' ']));
            let product = label.contains(PRODUCT) && here == Context::Prose;
            out.push(Unit { text: plain(value), context: if product { Context::Version } else { here } });
        }
        return;
    }
    let refused = cells.iter().any(|c| NO.is_match(c.trim_matches(['*', '`', '_', ' '])));
    let agreed = cells.iter().any(|c| YES.is_match(c.trim_matches(['*', '`', '_', ' '])));
    for (i, cell) in cells.iter().enumerate() {
        let here = header.get(i).copied().unwrap_or(Context::Prose);
        let here = match here {
            Context::Version if agreed && !refused => Context::Affected,
            Context::Version | Context::Affected
                if refused && !agreed && cell.contains(|d: char| d.is_ascii_digit()) =>
            {
                let own = header.iter().filter(|h| matches!(h, Context::Affected)).count();
                if here == Context::Affected && own == 1 { Context::Affected } else { Context::Negative }
            }
            other => other,
        };
        out.push(Unit { text: plain(cell), context: here });
    }
}

/// Sentences of a paragraph; dots within versions and common abbreviations do not end one.
pub(super) fn sentences(paragraph: &str) -> Vec<String> {
    static END: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[.!?]['\x22)\]]*\s+|。").expect("valid"));
    let mut out = Vec::new();
    let mut last = 0;
    for m in END.find_iter(paragraph) {
        let before = paragraph.get(last..m.start()).unwrap_or_default();
        let word =
            before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default().to_lowercase();
        if matches!(
            word.as_str(),
            "v" | "ver"
                | "vers"
                | "rev"
                | "incl"
                | "excl"
                | "e.g"
                | "i.e"
                | "resp"
                | "approx"
                | "no"
                | "etc"
                | "vs"
                | "cf"
                | "inc"
                | "ltd"
        ) {
            continue;
        }
        out.push(paragraph.get(last..m.end()).unwrap_or_default().trim().to_string());
        last = m.end();
    }
    let rest = paragraph.get(last..).unwrap_or_default().trim();
    if !rest.is_empty() {
        out.push(rest.to_string());
    }
    out
}
