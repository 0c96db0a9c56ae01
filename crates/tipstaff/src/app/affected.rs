//! Affected versions from the tags of the public code: which releases hold the flaw and not its fix (CVE page §5).

use connect::upstream::{
    fix::{self, Named},
    releases::Since,
    survey::{Survey, SurveyError},
    tags::Wanted,
};
use desk::{
    case::Case,
    cve::ranges::{self, Ranges},
    rules::{
        extract::versions::order::Scheme,
        sync::{View, target},
    },
    tracker::FieldRole,
};
use jiff::Timestamp;

use super::{
    error::{AppError, Exit, Result},
    facts,
    session::Session,
};

/// What the tags say about one package.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name; empty for the project's only one.
    pub name: String,
    /// The ranges, and why.
    pub ranges: Ranges,
}

/// What the tags say about a tracker.
#[derive(Clone, Debug)]
pub struct Affected {
    /// By package, in order of name.
    pub packages: Vec<Package>,
    /// What was looked at.
    pub source: String,
    /// What could not be looked at.
    pub notes: Vec<String>,
}

impl Affected {
    /// The words for the field: a line per package.
    #[must_use]
    pub fn field(&self) -> String {
        let several = self.packages.len() > 1;
        let line = |p: &Package| {
            let name = if several { format!("{} ", p.name) } else { String::new() };
            format!("{name}{}", p.ranges.expression)
        };
        let told = self.packages.iter().filter(|p| !p.ranges.expression.is_empty());
        told.map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Read the affected versions of a tracker off the tags of the clone. `since` names what brought the flaw: versions,
/// commits, pull requests.
///
/// # Errors
/// Without a clone, a fix or a tag; when the clone does not know what is named, or cannot be read.
pub fn affected(session: &Session, case: &Case, since: &[String]) -> Result<Affected> {
    let config = session.config();
    if config.user.upstream_clone.is_empty() {
        return Err(AppError::usage("no clone of the public code is configured")
            .next("set user.upstream_clone in tipstaff.toml to the folder of one"));
    }
    let dir = session.setting.cwd.join(&config.user.upstream_clone);
    let view = View::new(case, session.ground());
    let named = fix::named(view.field(FieldRole::PrWithFix));
    if named.is_empty() {
        return Err(AppError::new(
            Exit::Nothing,
            format!("{} names no fix", view.name),
            "`tipstaff edit N pr_with_fix URL`, or a commit, and run this again",
        ));
    }
    let mut survey =
        Survey::open(&dir, &facts::lines_of(session), Timestamp::UNIX_EPOCH).map_err(|e| failed(&e))?;
    let mut fixes = Vec::new();
    for n in &named {
        fixes.push(survey.fix(n, case.received).map_err(|e| failed(&e))?);
    }
    let since = origin(&mut survey, since)?;
    let target = target::of(&view);
    let own = || vec![view.scope().map(|s| s.package.clone()).unwrap_or_default()];
    let packages = target.as_ref().map_or_else(own, |t| t.packages.clone());
    let wanted = Wanted {
        packages: packages.clone(),
        project: facts::project_names(session, &view),
        ..Wanted::default()
    };
    let planned = target.map(|t| t.version).unwrap_or_default();
    let scheme = Scheme::of(view.scope().map(|s| s.collection_url.as_str()).unwrap_or_default());
    let mut out = Vec::new();
    let mut notes = std::mem::take(&mut survey.notes);
    for name in packages {
        match survey.releases(&name, &wanted, &fixes, &since).map_err(|e| failed(&e))? {
            Some(all) if !all.is_empty() => {
                out.push(Package { ranges: ranges::ranges(&all, &planned, scheme), name });
            }
            _ => notes.push(format!("no tag of the clone is a release of {}", or_project(&name))),
        }
    }
    if out.is_empty() {
        return Err(AppError::new(
            Exit::Nothing,
            notes.join("; "),
            "fetch the tags, or fill the field by hand",
        ));
    }
    Ok(Affected { packages: out, source: format!("clone {}", dir.display()), notes })
}

fn or_project(name: &str) -> &str {
    if name.is_empty() { "the project" } else { name }
}

fn failed(e: &SurveyError) -> AppError {
    AppError::new(Exit::Failed, e.to_string(), "")
}

/// What brought the flaw, as a person names it.
fn origin(survey: &mut Survey, said: &[String]) -> Result<Since> {
    let mut changes = Vec::new();
    for word in said {
        let word = word.trim();
        let named = fix::named(word);
        let number = word.trim_start_matches(['v', 'V']);
        if named.iter().all(|n| matches!(n, Named::Branch(_)))
            && number.starts_with(|c: char| c.is_ascii_digit())
        {
            if said.len() > 1 {
                return Err(AppError::usage("name one version, or the changes that brought the flaw"));
            }
            return Ok(Since::Version(number.to_owned()));
        }
        if named.is_empty() {
            return Err(AppError::usage(format!("`{word}` is no version, commit or pull request")));
        }
        for n in &named {
            changes.push(survey.origin(n).map_err(|e| failed(&e))?);
        }
    }
    Ok(if changes.is_empty() { Since::Unknown } else { Since::Changes(changes) })
}
