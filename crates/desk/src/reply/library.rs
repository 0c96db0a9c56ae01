//! The set of templates of a desk, and how one is filled.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::LazyLock,
};

use super::{
    ParagraphKind, Placeholder, ReplyId, Template, TemplateError,
    id::fold_name,
    template::{Piece, TemplateParagraph, is_screaming},
};

/// The built-in wording, as file name and text.
const BUILTIN: &[(&str, &str)] = &[
    ("builtin/receipt.md", include_str!("builtin/receipt.md")),
    ("builtin/receipt_bundle.md", include_str!("builtin/receipt_bundle.md")),
    ("builtin/escalation_call.md", include_str!("builtin/escalation_call.md")),
    ("builtin/assessed_valid.md", include_str!("builtin/assessed_valid.md")),
    ("builtin/more_information.md", include_str!("builtin/more_information.md")),
    ("builtin/out_of_scope.md", include_str!("builtin/out_of_scope.md")),
    ("builtin/not_vulnerability.md", include_str!("builtin/not_vulnerability.md")),
    ("builtin/self_xss.md", include_str!("builtin/self_xss.md")),
    ("builtin/authenticated_dos.md", include_str!("builtin/authenticated_dos.md")),
    ("builtin/trusted_author.md", include_str!("builtin/trusted_author.md")),
    ("builtin/operator_config.md", include_str!("builtin/operator_config.md")),
    ("builtin/caller_parameters.md", include_str!("builtin/caller_parameters.md")),
    ("builtin/automated_scan.md", include_str!("builtin/automated_scan.md")),
    ("builtin/consolidated.md", include_str!("builtin/consolidated.md")),
    ("builtin/media.md", include_str!("builtin/media.md")),
    ("builtin/already_public.md", include_str!("builtin/already_public.md")),
    ("builtin/duplicate.md", include_str!("builtin/duplicate.md")),
    ("builtin/cve_allocated.md", include_str!("builtin/cve_allocated.md")),
    ("builtin/pr_opened.md", include_str!("builtin/pr_opened.md")),
    ("builtin/pr_merged.md", include_str!("builtin/pr_merged.md")),
    ("builtin/scheduled.md", include_str!("builtin/scheduled.md")),
    ("builtin/released.md", include_str!("builtin/released.md")),
    ("builtin/advisory_sent.md", include_str!("builtin/advisory_sent.md")),
    ("builtin/cve_published.md", include_str!("builtin/cve_published.md")),
    ("builtin/credit_fix.md", include_str!("builtin/credit_fix.md")),
    ("builtin/credit_announcement.md", include_str!("builtin/credit_announcement.md")),
    ("builtin/credit_cna.md", include_str!("builtin/credit_cna.md")),
    ("builtin/distributors_note.md", include_str!("builtin/distributors_note.md")),
    ("builtin/credit_question.md", include_str!("builtin/credit_question.md")),
    ("builtin/forwarder_relay.md", include_str!("builtin/forwarder_relay.md")),
];

/// First line of the removable block that a person may add to a canned text.
const ADDITION_HEAD: &str = "> **[Inline addition for this report]**";

/// The canned replies of a desk: the built-in set with the desk's own files over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Library {
    templates: BTreeMap<ReplyId, Template>,
}

/// Values to fill in, by placeholder. Surrounding white space is dropped; empty means absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<Placeholder, String>);

impl Values {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one value more; a later one replaces an earlier one.
    #[must_use]
    pub fn with(mut self, placeholder: Placeholder, value: impl Into<String>) -> Self {
        self.set(placeholder, value);
        self
    }

    /// Sets one value.
    pub fn set(&mut self, placeholder: Placeholder, value: impl Into<String>) {
        self.0.insert(placeholder, value.into());
    }

    /// The value, trimmed, with LF line ends; `None` when absent or blank.
    fn get(&self, placeholder: Placeholder) -> Option<String> {
        let value = self.0.get(&placeholder)?.replace("\r\n", "\n");
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

/// A paragraph of a filled reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paragraph {
    /// What it is.
    pub kind: ParagraphKind,
    /// Its text, LF between lines, none at the end.
    pub text: String,
}

/// A canned reply with every placeholder filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Which reply.
    pub id: ReplyId,
    /// Its paragraphs, in order.
    pub paragraphs: Vec<Paragraph>,
}

impl Filled {
    /// The text of the mail: paragraphs with an empty line between them, LF at the end.
    #[must_use]
    pub fn text(&self) -> String {
        self.join(|_| true)
    }

    /// The text without the addition, as the template has it.
    #[must_use]
    pub fn canned_text(&self) -> String {
        self.join(|k| k != ParagraphKind::Addition)
    }

    fn join(&self, keep: impl Fn(ParagraphKind) -> bool) -> String {
        let kept: Vec<&str> =
            self.paragraphs.iter().filter(|p| keep(p.kind)).map(|p| p.text.as_str()).collect();
        format!("{}\n", kept.join("\n\n"))
    }
}

/// Why a template was not filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// The library holds no such template.
    #[error("there is no canned reply `{0}`")]
    NoTemplate(ReplyId),
    /// A placeholder has no value.
    #[error("`{id}` needs a value for {placeholder} ({})", placeholder.purpose())]
    Missing {
        /// Which reply.
        id: ReplyId,
        /// Which placeholder.
        placeholder: Placeholder,
    },
    /// A value does not fit its placeholder.
    #[error("the value for {placeholder} {reason}")]
    Invalid {
        /// Which placeholder.
        placeholder: Placeholder,
        /// What is wrong with the value.
        reason: &'static str,
    },
    /// The addition cannot be used.
    #[error("the addition {0}")]
    Addition(String),
    /// A bundle covers two reports or more.
    #[error("a bundled receipt covers at least two reports, not {0}")]
    Bundle(usize),
}

impl Library {
    /// The built-in set.
    #[must_use]
    pub fn builtin() -> &'static Library {
        // The embedded files always load; `every_builtin_loads` proves it for each build.
        static SET: LazyLock<Library> = LazyLock::new(|| Library::load(&[]).unwrap_or_default());
        &SET
    }

    /// The built-in set with the desk's own templates over it, each as (file name, text).
    ///
    /// # Errors
    /// Every error of every file: those of [`Template::parse`], an id in two files, a placeholder that the reply
    /// cannot do without, a name that means another reply.
    pub fn load(overrides: &[(&str, &str)]) -> Result<Library, Vec<TemplateError>> {
        let mut errors = Vec::new();
        let mut templates = BTreeMap::new();
        for (file, text) in BUILTIN {
            match Template::parse(file, text) {
                Ok(t) => {
                    templates.insert(t.id, t);
                }
                Err(e) => errors.extend(e),
            }
        }
        let mut first: BTreeMap<ReplyId, &str> = BTreeMap::new();
        for (file, text) in overrides {
            let (template, line) = match Template::parse_with_line(file, text) {
                Ok(t) => t,
                Err(e) => {
                    errors.extend(e);
                    continue;
                }
            };
            let mut fail =
                |message: String| errors.push(TemplateError { file: (*file).into(), line, message });
            let id = template.id;
            if let Some(other) = first.insert(id, file) {
                fail(format!("`{id}` is given by {other} already"));
                continue;
            }
            for p in required(id) {
                if !template.placeholders.contains(p) {
                    fail(format!("`{id}` must hold {p} ({})", p.purpose()));
                }
            }
            for name in std::iter::once(&template.name).chain(&template.aliases) {
                if let Some(other) = ReplyId::resolve(name).filter(|o| *o != id) {
                    fail(format!("the name `{name}` means `{other}`"));
                }
            }
            templates.insert(id, template);
        }
        if errors.is_empty() {
            Ok(Library { templates })
        } else {
            errors.sort();
            Err(errors)
        }
    }

    /// The template of a reply.
    #[must_use]
    pub fn get(&self, id: ReplyId) -> Option<&Template> {
        self.templates.get(&id)
    }

    /// Every template, in the order of the process.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.templates.values()
    }

    /// The reply that a name means: as [`ReplyId::resolve`], and by the names the desk's own files give.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<ReplyId> {
        let folded = fold_name(name);
        ReplyId::resolve(name).or_else(|| {
            self.templates()
                .find(|t| {
                    !folded.is_empty()
                        && (fold_name(&t.name) == folded || t.aliases.iter().any(|a| fold_name(a) == folded))
                })
                .map(|t| t.id)
        })
    }

    /// The template's own words with its placeholders filled, and the addition as a removable block before the
    /// signature. Nothing is rewrapped, and no value is searched for placeholders.
    ///
    /// # Errors
    /// A missing value, a value that does not fit its type, an addition that is unusable.
    pub fn fill(&self, id: ReplyId, values: &Values, addition: Option<&str>) -> Result<Filled, FillError> {
        let template = self.get(id).ok_or(FillError::NoTemplate(id))?;
        let mut given = BTreeMap::new();
        for &placeholder in &template.placeholders {
            match values.get(placeholder) {
                Some(value) => {
                    placeholder
                        .kind()
                        .check(&value)
                        .map_err(|reason| FillError::Invalid { placeholder, reason })?;
                    given.insert(placeholder, value);
                }
                None if placeholder.is_optional() && !asks_for(id, placeholder) => {}
                None => return Err(FillError::Missing { id, placeholder }),
            }
        }
        let mut paragraphs: Vec<Paragraph> = template
            .paragraphs
            .iter()
            .filter_map(|p| fill_paragraph(p, &given).map(|text| Paragraph { kind: p.kind, text }))
            .collect();
        if let Some(text) = addition.map(str::trim).filter(|t| !t.is_empty()) {
            let at = paragraphs
                .iter()
                .rposition(|p| p.kind == ParagraphKind::Signature)
                .unwrap_or(paragraphs.len());
            paragraphs.insert(at, Paragraph { kind: ParagraphKind::Addition, text: addition_block(text)? });
        }
        Ok(Filled { id, paragraphs })
    }

    /// One receipt for several reports by one person: every title is listed, the credit question stands once.
    ///
    /// # Errors
    /// As [`Library::fill`]; fewer than two titles.
    pub fn bundle(
        &self,
        titles: &[String],
        values: &Values,
        addition: Option<&str>,
    ) -> Result<Filled, FillError> {
        if titles.len() < 2 {
            return Err(FillError::Bundle(titles.len()));
        }
        let placeholder = Placeholder::ReportTitles;
        let mut list = String::new();
        for title in titles {
            let title = title.trim();
            if title.is_empty() {
                return Err(FillError::Missing { id: ReplyId::ReceiptBundle, placeholder });
            }
            super::Kind::Line.check(title).map_err(|reason| FillError::Invalid { placeholder, reason })?;
            // Writing to a String cannot fail.
            let _ = fmt::Write::write_fmt(&mut list, format_args!("- {title}\n"));
        }
        self.fill(ReplyId::ReceiptBundle, &values.clone().with(placeholder, list), addition)
    }

    /// A filled reply as a message that the forwarder can paste (intake page §5). `values` gives the forwarder's
    /// name and reference, and the signature.
    ///
    /// # Errors
    /// As [`Library::fill`].
    pub fn relay(&self, inner: &Filled, values: &Values) -> Result<Filled, FillError> {
        let values = values.clone().with(Placeholder::InnerMessage, inner.text());
        self.fill(ReplyId::ForwarderRelay, &values, None)
    }
}

/// Placeholders that a template of this reply must hold, whoever writes it.
fn required(id: ReplyId) -> &'static [Placeholder] {
    use Placeholder as P;
    match id {
        ReplyId::Receipt => &[P::WindowDays, P::CreditQuestion],
        ReplyId::ReceiptBundle => &[P::ReportTitles, P::WindowDays, P::CreditQuestion],
        ReplyId::MoreInformation => &[P::OpenQuestions],
        ReplyId::OutOfScope
        | ReplyId::SelfXss
        | ReplyId::AuthenticatedDos
        | ReplyId::TrustedAuthor
        | ReplyId::OperatorConfig
        | ReplyId::CallerParameters => &[P::SecurityModelUrl],
        ReplyId::AlreadyPublic => &[P::FixUrls],
        ReplyId::PrOpened | ReplyId::PrMerged => &[P::PrUrl],
        ReplyId::CveAllocated => &[P::CveId],
        ReplyId::Scheduled | ReplyId::Released => &[P::Release],
        ReplyId::AdvisorySent => &[P::CveId, P::AdvisoryUrl],
        ReplyId::CvePublished => &[P::CveId, P::CveRecordUrl],
        ReplyId::CreditFix => &[P::ChangedFields],
        ReplyId::CreditAnnouncement | ReplyId::CreditCna => &[P::CveId, P::ChangedFields],
        ReplyId::DistributorsNote => &[P::CveId, P::PublicSummary],
        ReplyId::EscalationCall => &[P::ReportTitles],
        ReplyId::CreditQuestion => &[P::CreditQuestion],
        ReplyId::ForwarderRelay => &[P::InnerMessage],
        ReplyId::AssessedValid
        | ReplyId::NotVulnerability
        | ReplyId::AutomatedScan
        | ReplyId::Consolidated
        | ReplyId::Media
        | ReplyId::Duplicate => &[],
    }
}

/// A reply whose only purpose is a placeholder that is optional elsewhere.
fn asks_for(id: ReplyId, placeholder: Placeholder) -> bool {
    id == ReplyId::CreditQuestion && placeholder == Placeholder::CreditQuestion
}

/// The paragraph's text, or `None` when it goes away with an empty placeholder.
fn fill_paragraph(paragraph: &TemplateParagraph, given: &BTreeMap<Placeholder, String>) -> Option<String> {
    let mut lines = Vec::with_capacity(paragraph.lines.len());
    for pieces in &paragraph.lines {
        if let [Piece::Slot(p)] = pieces.as_slice()
            && !given.contains_key(p)
        {
            return None;
        }
        let mut line = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(t) => line.push_str(t),
                Piece::Slot(p) => match given.get(p) {
                    Some(value) => line.push_str(value),
                    None if line.ends_with(' ') => {
                        line.pop();
                    }
                    None => {}
                },
            }
        }
        lines.push(line);
    }
    Some(lines.join("\n"))
}

/// The addition as a quoted block with its head.
fn addition_block(text: &str) -> Result<String, FillError> {
    let text = text.replace("\r\n", "\n");
    super::Kind::Message.check(&text).map_err(|r| FillError::Addition(r.into()))?;
    let unfilled: BTreeSet<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| is_screaming(w) && Placeholder::parse(w).is_some())
        .collect();
    if let Some(word) = unfilled.first() {
        return Err(FillError::Addition(format!("holds the placeholder {word}; write the value itself")));
    }
    let mut out = String::from(ADDITION_HEAD);
    for line in text.lines() {
        out.push_str("\n>");
        if !line.trim().is_empty() {
            out.push(' ');
            out.push_str(line.trim_end());
        }
    }
    Ok(out)
}
