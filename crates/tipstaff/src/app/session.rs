//! One run of the program at one desk: configuration, desk, clock and person.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
    sync::Arc,
};

use connect::drafts::DraftsFolder;
use desk::{
    confidential::Policy,
    config::{self, Layer, LayerText, Loaded},
    people::{Role, Roster},
    plan::{Actor, KnownBy},
    reply::Library,
    rules::{extract::versions::VersionOptions, sync::Ground, title::TitleRules},
    tracker::{ColumnNames, Headings, LabelNames},
};
use jiff::Timestamp;
use store::{Desk, OpenOptions};

use super::{
    error::{AppError, Exit, Result},
    mail::{self, Mailboxes, Outbox},
};

/// What the shell says about its surroundings. Nothing below reads environment or clock.
#[derive(Clone, Debug)]
pub struct Setting {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--desk` or `TIPSTAFF_DESK`.
    pub desk: Option<PathBuf>,
    /// Working folder.
    pub cwd: PathBuf,
    /// Home folder, if any.
    pub home: Option<PathBuf>,
    /// The user's data folder, if the system names one.
    pub data_home: Option<PathBuf>,
    /// The user's configuration folder, if the system names one.
    pub config_home: Option<PathBuf>,
    /// Name of the operating system's user.
    pub os_user: String,
    /// The time.
    pub now: Timestamp,
    /// Was the time given, and not read from the clock?
    pub now_given: bool,
    /// A variable of the environment: proxy, authorities and the secrets that the configuration names are asked for here.
    pub env: fn(&str) -> Option<String>,
    /// Where the log of requests goes, when one is wanted.
    pub trace: Option<fn(&str)>,
}

impl Setting {
    /// The folder of the desk (DESIGN §5).
    ///
    /// # Errors
    /// When nothing says where it could be.
    pub fn desk_dir(&self) -> Result<PathBuf> {
        if let Some(d) = &self.desk {
            return Ok(self.cwd.join(d));
        }
        let data = self.data_home.clone().or_else(|| Some(self.home.as_ref()?.join(".local/share")));
        data.map(|d| d.join("tipstaff")).ok_or_else(|| {
            AppError::new(
                Exit::Usage,
                "there is no home folder to keep the desk in",
                "name a folder with --desk DIR or TIPSTAFF_DESK",
            )
        })
    }

    /// The configuration file in force: `--config`, else `tipstaff.toml` upward from the working folder.
    #[must_use]
    pub fn config_file(&self) -> Option<PathBuf> {
        if let Some(c) = &self.config {
            return Some(self.cwd.join(c));
        }
        self.cwd.ancestors().map(|d| d.join("tipstaff.toml")).find(|p| p.is_file())
    }

    fn user_file(&self) -> Option<PathBuf> {
        let dir = self.config_home.clone().or_else(|| Some(self.home.as_ref()?.join(".config")))?;
        Some(dir.join("tipstaff").join("user.toml")).filter(|p| p.is_file())
    }

    /// Load the configuration. Without a file the `independent` profile is used.
    ///
    /// # Errors
    /// When a file cannot be read, or holds errors; all of them are shown.
    pub fn load_config(&self) -> Result<Loaded> {
        let mut layers = Vec::new();
        if let Some(path) = self.config_file() {
            layers.push(layer(Layer::Project, &path)?);
        }
        if let Some(path) = self.user_file() {
            layers.push(layer(Layer::User, &path)?);
        }
        config::load(&layers).map_err(|errors| {
            AppError::new(
                Exit::Usage,
                errors.to_string(),
                "`tipstaff config explain KEY` says what a key means and where its value comes from",
            )
        })
    }
}

fn layer(layer: Layer, path: &Path) -> Result<LayerText> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        AppError::new(
            Exit::Usage,
            format!("the configuration {} cannot be read: {e}", path.display()),
            "name another with --config FILE, or make one with `tipstaff init`",
        )
    })?;
    Ok(LayerText { layer, file: path.display().to_string(), text })
}

/// One run at one desk.
pub struct Session {
    /// Surroundings.
    pub setting: Setting,
    /// Configuration with its provenance.
    pub loaded: Loaded,
    /// The desk.
    pub desk: Desk,
    /// The team.
    pub roster: Roster,
    /// The confidentiality policy.
    pub policy: Policy,
    /// Headings of body fields.
    pub headings: Headings,
    /// Names of labels.
    pub labels: LabelNames,
    /// The title cascade.
    pub titles: TitleRules,
    /// Names of board columns.
    pub columns: ColumnNames,
    /// Packages and patterns of version expressions.
    pub versions: VersionOptions,
    /// Digest of the configuration.
    pub digest: String,
    /// Canned replies.
    pub replies: Library,
    /// The mail sources.
    pub mail: Arc<Mailboxes>,
    /// Where drafts go.
    pub drafts: mail::Shared,
    /// Folder that relative paths of the configuration start from.
    pub base: PathBuf,
    /// The person at the desk.
    pub actor: Actor,
    reached: std::cell::OnceCell<std::result::Result<Option<super::authority::Shared>, String>>,
    hosted: std::cell::OnceCell<std::result::Result<Option<super::host::Shared>, String>>,
    pub(super) client: std::cell::OnceCell<std::result::Result<std::sync::Arc<connect::net::Client>, String>>,
}

impl Session {
    /// Open the desk, making it on first use when asked to.
    ///
    /// # Errors
    /// When configuration, replies or desk cannot be used.
    pub fn open(setting: Setting, create: bool) -> Result<Self> {
        let loaded = setting.load_config()?;
        let dir = setting.desk_dir()?;
        // Trackers at a host are there before any desk is.
        let create = create || !loaded.config.tracker.token.is_empty();
        if !create && !dir.join("desk.sqlite").exists() {
            return Err(AppError::new(
                Exit::Nothing,
                format!("there is no desk in {} yet", dir.display()),
                "`tipstaff import PATH` makes one from a mailbox, `tipstaff new` from a report that came another way",
            ));
        }
        let desk = Desk::open(&dir, OpenOptions { create, now: setting.now, seed: seed() })?;
        Self::with_desk(setting, loaded, desk)
    }

    /// The same over a desk that is already open.
    ///
    /// # Errors
    /// When the canned replies cannot be used.
    pub fn with_desk(setting: Setting, mut loaded: Loaded, desk: Desk) -> Result<Self> {
        // On a desk without a roster the person who sits at it owns what nobody else does (promise G4).
        if loaded.config.roster.person.is_empty() && loaded.config.user.handle.is_empty() {
            loaded.config.user.handle.clone_from(&setting.os_user);
        }
        let config = &loaded.config;
        let roster = Roster::from_config(config);
        let policy = Policy::new(config, &roster)?;
        let headings = Headings::new(config);
        let labels = LabelNames::new(config);
        let titles = TitleRules::from_config(config);
        let columns = ColumnNames::new(config);
        let versions = VersionOptions::from_config(config);
        let digest = config::digest(config);
        let base = setting.config_file().and_then(|p| p.parent().map(Path::to_path_buf));
        let base = base.unwrap_or_else(|| setting.cwd.clone());
        let replies = load_replies(&base, &config.replies.dir)?;
        let drafts = if config.mail.drafts.is_empty() {
            desk.dir().join("drafts")
        } else {
            base.join(&config.mail.drafts)
        };
        let mail = Arc::new(Mailboxes::new(config, &base, &setting, DraftsFolder::new(&drafts)));
        let actor = actor(&loaded.config, &roster, &setting);
        Ok(Self {
            drafts: Arc::new(Outbox(mail.clone())),
            mail,
            setting,
            loaded,
            desk,
            roster,
            policy,
            labels,
            titles,
            columns,
            versions,
            digest,
            headings,
            replies,
            base,
            actor,
            reached: std::cell::OnceCell::new(),
            hosted: std::cell::OnceCell::new(),
            client: std::cell::OnceCell::new(),
        })
    }

    /// The CVE authority on the network, made when it is first asked for; none where the desk keeps its own records or was
    /// not told how to reach one.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn authority(&self) -> std::result::Result<Option<super::authority::Shared>, String> {
        self.reached.get_or_init(|| super::authority::of(self)).clone()
    }

    /// What this run has asked of services so far; none when it asked nothing.
    #[must_use]
    pub fn spent(&self) -> Option<connect::net::Counts> {
        let mut all = self.mail.spent();
        if let Some(Ok(c)) = self.client.get() {
            all.add(&c.counts());
        }
        (all.total() > 0).then_some(all)
    }

    /// The host of the trackers, made when it is first asked for; none where they live on the desk.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn host(&self) -> std::result::Result<Option<super::host::Shared>, String> {
        self.hosted.get_or_init(|| super::host::of(self)).clone()
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &config::Config {
        &self.loaded.config
    }

    /// What the rules of the lifecycle read besides a case.
    #[must_use]
    pub fn ground(&self) -> Ground<'_> {
        Ground {
            config: self.config(),
            config_digest: &self.digest,
            headings: &self.headings,
            labels: &self.labels,
            roster: &self.roster,
            replies: &self.replies,
            titles: &self.titles,
            policy: &self.policy,
            actor: &self.actor.handle,
            columns: &self.columns,
            versions: &self.versions,
            now: self.now(),
        }
    }

    /// The time of this run.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.setting.now
    }
}

fn load_replies(base: &Path, dir: &str) -> Result<Library> {
    let mut files = Vec::new();
    if !dir.is_empty() {
        let dir = base.join(dir);
        let unreadable = |e: std::io::Error| {
            AppError::new(
                Exit::Usage,
                format!("the canned replies in {} cannot be read: {e}", dir.display()),
                "correct replies.dir in tipstaff.toml, or leave it empty for the built-in replies",
            )
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(&dir).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|e| e == "md") {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(unreadable)?;
            files.push((path.display().to_string(), text));
        }
    }
    let pairs: Vec<(&str, &str)> = files.iter().map(|(f, t)| (f.as_str(), t.as_str())).collect();
    Library::load(&pairs).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        AppError::new(Exit::Usage, lines.join("\n"), "correct the canned reply named above")
    })
}

/// Who is at the desk, and in which roles. On a desk without a roster, or for somebody not on it, a role is that
/// person's own statement and is logged as such (DESIGN §2, Approve).
fn actor(config: &config::Config, roster: &Roster, setting: &Setting) -> Actor {
    let handle =
        if config.user.handle.is_empty() { setting.os_user.clone() } else { config.user.handle.clone() };
    let listed = roster.by_handle(&handle).filter(|p| p.member_at(setting.now));
    let mut roles: BTreeSet<Role> = match listed {
        Some(p) => p.roles.iter().copied().collect(),
        None if roster.people.is_empty() => [Role::Triager, Role::Remediation, Role::ReleaseManager].into(),
        None => BTreeSet::new(),
    };
    let mut stated = listed.is_none();
    if config.user.governance_member && !roles.contains(&Role::Governance) {
        roles.insert(Role::Governance);
        stated = true;
    }
    let handle = handle.trim_start_matches('@').to_owned();
    Actor { handle, known_by: KnownBy::OsUser, roles, stated }
}

/// Randomness for a new desk's key.
fn seed() -> [u8; 32] {
    random()
}

/// Bytes that nobody can guess, from the standard library's own source.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    for (i, chunk) in out.chunks_mut(8).enumerate() {
        let word = RandomState::new().hash_one(i).to_le_bytes();
        chunk.iter_mut().zip(word).for_each(|(to, from)| *to = from);
    }
    out
}
