//! The questions of `init`, and the file made of the answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{
    keys::Leaf,
    leaf::{check, shown},
    load::PROFILES,
    schema::{CveGate, CveTool},
    tree::nearest,
    value::quote,
};

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Question {
    /// Key of the answer.
    pub id: &'static str,
    /// The question.
    pub text: &'static str,
    /// How to answer.
    pub help: &'static str,
    /// The answer when none is given.
    pub default: &'static str,
    /// The possible answers; empty when any text may do.
    pub choices: Vec<&'static str>,
}

/// An answer that will not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{id}: {message}")]
pub struct AnswerError {
    /// The question.
    pub id: String,
    /// Why.
    pub message: String,
}

/// The questions, at most eight (config page §9).
#[must_use]
pub fn questions() -> Vec<Question> {
    let question = |id, text, help, default| Question { id, text, help, default, choices: Vec::new() };
    vec![
        Question {
            choices: PROFILES.iter().map(|(name, _)| *name).collect(),
            ..question(
                "profile",
                "Which organization does the project belong to?",
                "asf: Apache Software Foundation; independent: a project on its own",
                "independent",
            )
        },
        question(
            "project",
            "What is the project called?",
            "The full product name, e.g. Example Server",
            "My Project",
        ),
        question(
            "tracker",
            "Where do the private trackers live?",
            "owner/name of a private repository, or embedded: in the desk's own database",
            "embedded",
        ),
        question("upstream", "Where is the public code?", "owner/name, or none", "none"),
        question(
            "inbox",
            "Where do reports arrive?",
            "The address of the security list, or ghsa for private advisories on the forge. After a comma, where that \
             mail can be read: a path, imaps://SERVER/ACCOUNT, or gmail:ACCOUNT",
            "ghsa",
        ),
        question(
            "cve",
            "Which CVE tool is used, and who may allocate?",
            "profile keeps the profile's; else TOOL or TOOL/GATE, e.g. cve_services/security_team",
            "profile",
        ),
        question(
            "scopes",
            "Which products do reports concern?",
            "One label per product, separated by commas; LABEL=Product Name where they differ; auto makes one of the \
             project's name",
            "auto",
        ),
        question(
            "roster",
            "Who is on the security team?",
            "Handles separated by commas; HANDLE:governance for those who may allocate; or collaborators, to take them \
             from the tracker",
            "none",
        ),
    ]
}

/// The commented `tipstaff.toml` for these answers; questions that were not answered take their default. What it
/// returns passes [`super::load`].
///
/// # Errors
/// Every answer that will not do, in the order of the questions.
pub fn render(answers: &BTreeMap<String, String>) -> Result<String, Vec<AnswerError>> {
    let mut form = Form { answers, errors: Vec::new(), out: String::new() };
    let ids: Vec<&str> = questions().iter().map(|q| q.id).collect();
    for id in answers.keys().filter(|id| !ids.contains(&id.as_str())) {
        let hint = nearest(id, ids.iter().copied()).map_or(String::new(), |n| format!("; did you mean {n}?"));
        form.errors.push(AnswerError { id: id.clone(), message: format!("there is no such question{hint}") });
    }
    let profile = form.profile();
    let name = form.project(&profile);
    form.tracker();
    form.upstream();
    form.scopes(&name);
    form.inbox();
    form.cve(&profile);
    form.roster();
    if form.errors.is_empty() { Ok(form.out) } else { Err(form.errors) }
}

struct Form<'a> {
    answers: &'a BTreeMap<String, String>,
    errors: Vec<AnswerError>,
    out: String,
}

impl Form<'_> {
    fn answer(&self, id: &str) -> String {
        let said = self.answers.get(id).map(|a| a.trim()).filter(|a| !a.is_empty());
        let default = || questions().iter().find(|q| q.id == id).map_or("", |q| q.default);
        said.unwrap_or_else(default).to_owned()
    }

    fn wrong(&mut self, id: &str, message: impl Into<String>) {
        self.errors.push(AnswerError { id: id.to_owned(), message: message.into() });
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn set(&mut self, key: &str, value: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "{key} = {}", quote(value));
    }

    /// The value when it may be written, with the reason noted when not.
    fn checked(&mut self, id: &str, leaf: Leaf, value: &str) -> String {
        match check(leaf, value) {
            Ok(value) => value,
            Err(refusal) => {
                let what = if refusal.secret { "the answer".to_owned() } else { shown(value) };
                self.wrong(id, format!("{what} {}", refusal.message));
                String::new()
            }
        }
    }

    fn profile(&mut self) -> String {
        let profile = self.answer("profile");
        let known: Vec<&str> = PROFILES.iter().map(|(name, _)| *name).collect();
        if !known.contains(&profile.as_str()) {
            self.wrong("profile", format!("{} is not one of {}", shown(&profile), known.join(", ")));
        }
        profile
    }

    fn project(&mut self, profile: &str) -> String {
        let name = self.answer("project");
        if name.chars().any(char::is_control) {
            self.wrong("project", "a name has no line breaks or control characters");
        }
        let id = slug(&name);
        if id.is_empty() {
            self.wrong("project", format!("{} has no letter or digit to make an id of", shown(&name)));
        }
        // "Apache Example" is called "Example" in prose; a name of one word is its own short name.
        let short = name.strip_prefix("Apache ").filter(|s| !s.trim().is_empty()).unwrap_or(&name).to_owned();
        self.line(
            "# The security desk's configuration. `tipstaff config explain KEY` says what a key means and",
        );
        self.line("# where its value comes from; docs/config.md lists them all.");
        self.line("");
        self.line("[project]");
        self.line("schema = 1");
        self.set("id", &id);
        self.set("name", &name);
        self.line("# The name in prose; it is stripped from the titles of reports.");
        self.set("short_name", &short);
        self.line("# The organization's shared values; anything below overrides them.");
        let _ = writeln!(self.out, "extends = [{}]", quote(profile));
        self.line("# security_model.url = \"https://…\"   # what triage cites; worth writing early");
        name
    }

    fn tracker(&mut self) {
        let tracker = self.answer("tracker");
        self.line("\n[tracker]");
        if tracker == "embedded" {
            self.line("# Trackers live in the desk's own database.");
            self.set("forge", "embedded");
        } else {
            let repo = self.checked("tracker", Leaf::Repo, &tracker);
            self.set("forge", "github");
            self.set("repo", &repo);
        }
        self.line("# Tracker links and numbers stay inside the team until disclosure.");
        self.set("identifiers", "secret");
    }

    fn upstream(&mut self) {
        let upstream = self.answer("upstream");
        if upstream == "none" {
            self.line("\n# [upstream]\n# repo = \"owner/name\"   # the public code; without it fixes are not followed");
            return;
        }
        let repo = self.checked("upstream", Leaf::Repo, &upstream);
        self.line("\n[upstream]");
        self.set("repo", &repo);
        self.set("default_branch", "main");
    }

    fn scopes(&mut self, name: &str) {
        let said = self.answer("scopes");
        let scopes: Vec<(String, String)> = if said == "auto" {
            vec![(slug(name), name.to_owned())]
        } else {
            said.split(',')
                .map(str::trim)
                .filter(|s| !s.is_empty())
                .map(|s| match s.split_once('=') {
                    Some((label, product)) => (label.trim().to_owned(), product.trim().to_owned()),
                    None => (s.to_owned(), s.to_owned()),
                })
                .collect()
        };
        let mut seen: Vec<String> = Vec::new();
        for (label, product) in &scopes {
            let folded = label.to_lowercase();
            if label.is_empty() || product.is_empty() {
                self.wrong(
                    "scopes",
                    format!("{} is not LABEL or LABEL=Product", shown(&format!("{label}={product}"))),
                );
            } else if super::keys::LABEL_ROLES.iter().any(|(_, taken)| taken.to_lowercase() == folded) {
                self.wrong("scopes", format!("{} is a label that tells a tracker's stage", shown(label)));
            } else if seen.contains(&folded) {
                self.wrong("scopes", format!("{} is there twice", shown(label)));
            } else if label.chars().chain(product.chars()).any(char::is_control) {
                self.wrong("scopes", "a label has no line breaks or control characters");
            }
            seen.push(folded);
        }
        if scopes.is_empty() {
            self.wrong("scopes", "there is no label");
        }
        self.line("\n# One entry per product; a triaged tracker carries exactly one of the labels.");
        for (i, (label, product)) in scopes.iter().enumerate() {
            if i > 0 {
                self.line("");
            }
            self.line("[[scope]]");
            self.set("label", label);
            self.set("product", product);
            self.set("package", &slug(product));
            self.line("# collection_url = \"https://…\"   # the package index, for CVE records");
        }
    }

    fn inbox(&mut self) {
        let said = self.answer("inbox");
        let (place, source) = match said.split_once(',') {
            Some((place, source)) => (place.trim(), source.trim()),
            None => (said.trim(), ""),
        };
        self.line("\n[mail]");
        if place == "ghsa" {
            self.line("# Reports arrive as private advisories on the forge.");
            self.set("inbox", "ghsa");
            self.line("\n# Read with the token of upstream.token, or with a credential of its own:");
            self.line("# [[mail.source]]\n# name = \"reports\"\n# kind = \"ghsa\"\n# credential = \"env:TIPSTAFF_UPSTREAM_TOKEN\"");
        } else {
            let address = self.checked("inbox", Leaf::Address, place);
            self.set("inbox", "mailing_list");
            self.line("\n[mail.lists]");
            self.line("# Inbound; never publicly archived.");
            self.set("security", &address);
        }
        if source.is_empty() {
            self.line("\n# Without a mail source, give mail to `tipstaff import PATH`:");
            self.line("# [[mail.source]]\n# name = \"list\"\n# kind = \"mbox\"\n# role = \"primary\"\n# path = \"/path/to/mail\"");
            return;
        }
        self.line("\n[[mail.source]]");
        self.set("name", "inbox");
        if let Some(rest) = source.strip_prefix("imaps://") {
            let (server, account) = rest.split_once('/').unwrap_or((rest, ""));
            let url = self.checked("inbox", Leaf::ServerUrl, &format!("imaps://{server}"));
            self.set("kind", "imap");
            self.set("role", "primary");
            self.set("url", &url);
            self.set("account", account);
            self.set("folder", "INBOX");
            self.line("# Where the password is kept, never the password.");
            self.set("credential", "env:TIPSTAFF_MAIL");
        } else if let Some(account) = source.strip_prefix("gmail:") {
            let account = self.checked("inbox", Leaf::Address, account);
            self.set("kind", "gmail");
            self.set("role", "primary");
            self.set("account", &account);
            self.line("# Where the token is kept, never the token.");
            self.set("credential", "env:TIPSTAFF_MAIL");
        } else if source.contains("://") {
            self.wrong(
                "inbox",
                format!("{} is not a path, imaps://SERVER/ACCOUNT or gmail:ACCOUNT", shown(source)),
            );
        } else {
            self.set("kind", "mbox");
            self.set("role", "primary");
            self.set("path", source.strip_prefix("mbox:").unwrap_or(source));
        }
    }

    fn cve(&mut self, profile: &str) {
        let said = self.answer("cve");
        if said == "profile" {
            let _ = writeln!(
                self.out,
                "\n# The CVE tool and who may allocate are those of the profile \"{profile}\"; to differ:"
            );
            self.line("# [cve]\n# tool = \"cve_services\"\n# gate = \"security_team\"");
            return;
        }
        let (tool, gate) = said.split_once('/').unwrap_or((&said, ""));
        let tool =
            self.checked("cve", Leaf::Word(|| CveTool::ALL.iter().map(|(w, _)| *w).collect()), tool.trim());
        if profile == "asf" && !tool.is_empty() && tool != CveTool::Vulnogram.as_str() {
            self.wrong("cve", "the profile asf locks the tool: it stays vulnogram");
        }
        self.line("\n[cve]");
        self.set("tool", &tool);
        if !gate.trim().is_empty() {
            let gates = || CveGate::ALL.iter().map(|(w, _)| *w).collect();
            let gate = self.checked("cve", Leaf::Word(gates), gate.trim());
            self.line("# Who may allocate; anyone else gets a message to pass on.");
            self.set("gate", &gate);
        }
    }

    fn roster(&mut self) {
        let said = self.answer("roster");
        self.line("\n[roster]");
        match said.as_str() {
            "collaborators" => {
                self.line("# The tracker's collaborators are the team.");
                self.set("source", "collaborators");
                return;
            }
            "none" => {
                self.set("source", "file");
                self.line("\n# [[roster.person]]\n# handle = \"octocat\"\n# names = [\"Octo Cat\"]\n# emails = [\"octo@example.org\"]");
                self.line("# roles = [\"triager\", \"remediation\", \"release_manager\"]");
                return;
            }
            _ => self.set("source", "file"),
        }
        let mut seen: Vec<String> = Vec::new();
        let mut people = String::new();
        let mut first = String::new();
        for person in said.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (handle, extra) = person.split_once(':').map_or((person, ""), |(h, r)| (h.trim(), r.trim()));
            let handle = self.checked("roster", Leaf::Handle, handle.trim_start_matches('@'));
            if handle.is_empty() {
                continue;
            }
            if seen.contains(&handle.to_lowercase()) {
                self.wrong("roster", format!("{} is there twice", shown(&handle)));
            }
            seen.push(handle.to_lowercase());
            if first.is_empty() {
                first.clone_from(&handle);
            }
            let mut roles = vec!["triager", "remediation", "release_manager"];
            match extra {
                "" => {}
                "governance" => roles.push("governance"),
                other => {
                    self.wrong("roster", format!("{} is not a role to add; only governance is", shown(other)))
                }
            }
            let roles = roles.iter().map(|r| quote(r)).collect::<Vec<_>>().join(", ");
            let _ = writeln!(people, "\n[[roster.person]]\nhandle = {}\nroles = [{roles}]", quote(&handle));
            people.push_str("# names = []    # names this person signs with\n# emails = []   # addresses this person writes from\n");
        }
        if seen.is_empty() {
            self.wrong("roster", "there is no handle");
        }
        self.line("# Inherits what nobody owns.");
        self.set("escalation", &first);
        self.out.push_str(&people);
    }
}

/// Lower-case letters, digits and single hyphens.
fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}
