//! How layers are laid over each other, and what `explain` says about it.

use super::*;

fn loaded(layers: &[LayerText]) -> Loaded {
    match load(layers) {
        Ok(loaded) => loaded,
        Err(errors) => panic!("{errors}"),
    }
}

#[test]
fn no_file_is_the_independent_profile() {
    let config = loaded(&[]).config;
    assert_eq!(config.cve.tool, CveTool::MitreForm);
    assert_eq!(config.cve.gate, CveGate::SecurityTeam);
    assert_eq!(config.cve.states, [RecordState::Allocated, RecordState::Public]);
    assert_eq!(config.cve.propagation, Propagation::Manual);
    assert_eq!(config.cve.reviewer_channel, ReviewerChannel::PullRequest);
    assert_eq!(config.mail.inbox, Inbox::Ghsa);
    assert_eq!(config.releases.announce, "releases");
    assert!(!config.tracker.board.enabled && !config.cve.vote_gating && config.forwarder.is_empty());
    assert_eq!(config.tracker.identifiers, Identifiers::Secret);
}

#[test]
fn the_asf_profile_says_what_the_foundation_shares() {
    let config = loaded(&[project("[project]\nextends = [\"asf\"]\n")]).config;
    assert_eq!(config.cve.tool, CveTool::Vulnogram);
    assert_eq!(config.cve.gate, CveGate::GovernanceMember);
    assert_eq!(config.cve.states.len(), 4);
    assert_eq!(config.cve.propagation, Propagation::Poll);
    assert_eq!(config.cve.reviewer_channel, ReviewerChannel::MailingList);
    assert_eq!(config.roster.governance_name, "PMC");
    assert_eq!(config.mail.lists.foundation_security, "security@apache.org");
    assert!(config.tracker.board.enabled && config.cve.vote_gating && config.metadata.mandatory);
    assert!(config.mail.source.is_empty() && config.scope.is_empty() && config.roster.person.is_empty());
    assert_eq!(config.lock, ["cve.tool"]);
    let relay = &config.forwarder[0];
    assert!(relay.require_both && relay.credit.is_empty());
    assert_eq!(relay.name, "asf-security");
}

#[test]
fn the_relay_of_the_asf_profile_knows_its_mail() {
    let config = loaded(&[project("[project]\nextends = [\"asf\"]\n")]).config;
    let relay = &config.forwarder[0];
    let preamble = regex::Regex::new(&relay.preamble).unwrap();
    for opening in [
        "Dear PMC,\n\nThe security vulnerability report has been received by the Apache Security Team and is being \
         passed to you for action.",
        "Dear Example PMC,\n\nWe received the following vulnerability report.",
        "Dear PMC,\nPlease find below a report of a possible security issue in your project.",
        "Dear Apache Example PMC,\r\n\r\nthe following security issue was reported to us",
    ] {
        assert!(preamble.is_match(opening), "{opening}");
    }
    for opening in [
        "Hi all,\n\nI think we received a vulnerability report last week.",
        "Dear PMC,\n\nplease vote on the release candidate below.",
        "Dear team, I found a vulnerability in the parser.",
    ] {
        assert!(!preamble.is_match(opening), "{opening}");
    }
    let sender =
        |address: &str| relay.senders.iter().any(|s| regex::Regex::new(s).unwrap().is_match(address));
    assert!(sender("security@apache.org") && sender("Jane@Apache.org"));
    assert!(!sender("security@apache.org.example.com") && !sender("a@notapache.org"));
}

#[test]
fn tables_merge_by_key_lists_of_tables_by_identity_and_the_rest_is_replaced() {
    let org = organization(
        "house",
        "[tracker.fields.severity]\nheading = \"Severity\"\naliases = [\"Impact\"]\n\
         [[forwarder]]\nname = \"a\"\ncontact = \"a@example.org\"\n[[forwarder]]\nname = \"b\"\n\
         [confidentiality]\nembargo_terms = [\"x\", \"y\"]\n",
    );
    let own = project(
        "[project]\nextends = [\"independent\", \"house\"]\n\
         [tracker.fields.severity]\nheading = \"How bad\"\n\
         [[forwarder]]\nname = \"b\"\nrequire_both = true\n[[forwarder]]\nname = \"c\"\n\
         [[forwarder]]\nname = \"a\"\nrequire_both = true\n\
         [confidentiality]\nembargo_terms = [\"z\"]\n",
    );
    // The order in which the shell hands layers over does not matter.
    for layers in [[org.clone(), own.clone()], [own, org]] {
        let config = loaded(&layers).config;
        let severity = &config.tracker.fields["severity"];
        assert_eq!(
            (severity.heading.as_str(), severity.aliases.as_slice()),
            ("How bad", &["Impact".to_owned()][..])
        );
        let names: Vec<(&str, bool)> =
            config.forwarder.iter().map(|f| (f.name.as_str(), f.require_both)).collect();
        assert_eq!(names, [("a", true), ("b", true), ("c", false)]);
        assert_eq!(config.forwarder[0].contact, "a@example.org");
        assert_eq!(config.confidentiality.embargo_terms, ["z"]);
    }
}

#[test]
fn the_user_sets_user_and_that_alone() {
    let config =
        loaded(&[project(""), user("[user]\nhandle = \"alice\"\ncredentials.mail = \"keyring:mail\"\n")]);
    assert_eq!(config.config.user.handle, "alice");
    assert!(config.notices.is_empty());
    let shared = loaded(&[project("[user]\nhandle = \"alice\"\n")]);
    assert_eq!(shared.notices[0].code, "review.user-in-project");
}

#[test]
fn a_locked_value_may_be_repeated() {
    assert!(load(&[project("[project]\nextends = [\"asf\"]\n[cve]\ntool = \"vulnogram\"\n")]).is_ok());
    let errors = load(&[project("[project]\nextends = [\"asf\"]\n[cve]\ntool = \"none\"\n")]).unwrap_err();
    assert_eq!((errors[0].code, errors[0].line), ("config.locked", 4));
    // A table is locked with all that is in it, set or not.
    let org = organization("house", "lock = [\"disclosure\"]\n[disclosure]\nwindow_days = 60\n");
    let own = "[project]\nextends = [\"house\"]\n[disclosure]\nwindow_days = 60\ngrace_days = 14\n";
    assert!(load(&[org.clone(), project(own)]).is_ok());
    let own = "[project]\nextends = [\"house\"]\n[disclosure]\ngrace_days = 20\n";
    assert_eq!(load(&[org, project(own)]).unwrap_err()[0].key, "disclosure.grace_days");
}

#[test]
fn days_may_be_written_without_quotes() {
    let config = loaded(&[project("[stats]\nstart = 2026-01-31\n")]).config;
    assert_eq!(config.stats.start, "2026-01-31");
}

#[test]
fn explain_names_value_layer_and_what_it_replaced() {
    let loaded = loaded(&[project(
        "[project]\nextends = [\"asf\"]\n\n[cve]\ngate = \"security_team\"\n\n[[scope]]\nlabel = \"core.api\"\nproduct = \"Core\"\n",
    )]);
    let gate = explain(&loaded, "cve.gate").unwrap();
    assert_eq!(
        gate.to_string(),
        "cve.gate = \"security_team\"\n  from     project, tipstaff.toml:5\n  instead of \"governance_member\"  (profile \
         asf, profiles/asf.toml:51)\n  means    Who may allocate; anyone else gets a message to pass on\n  takes    one \
         word\n  allowed  security_team, governance_member, maintainer, none\n  default  \"security_team\"\n  used by  \
         CVE allocation and records\n"
    );
    let tool = explain(&loaded, "cve.tool").unwrap();
    assert_eq!(tool.locked_by.as_deref(), Some("profile asf"));
    assert_eq!(tool.value.unwrap().origin.layer, "profile asf");
    let window = explain(&loaded, "disclosure.window_days").unwrap();
    let said = window.value.unwrap();
    assert_eq!((said.value.as_str(), said.origin.layer.as_str()), ("90", "built-in"));
    assert_eq!(explain(&loaded, "scope.\"core.api\".product").unwrap().value.unwrap().value, "\"Core\"");
    // A key of list items shows every item.
    let products = explain(&loaded, "scope.product").unwrap();
    assert_eq!(products.keys[0].key, "scope.\"core.api\".product");
    assert_eq!(products.default, "required");
    let train = explain(&loaded, "scope.train").unwrap();
    assert_eq!((train.keys[0].value.as_str(), train.default.as_str()), ("\"default\"", "\"default\""));
    // A table lists its keys, built-in values among them.
    let board = explain(&loaded, "tracker.board").unwrap();
    let keys: Vec<&str> = board.keys.iter().map(|k| k.key.as_str()).collect();
    assert_eq!(keys, ["tracker.board.archive_on_close", "tracker.board.enabled", "tracker.board.url"]);
    // An item lists what it says.
    assert_eq!(explain(&loaded, "scope.\"core.api\"").unwrap().keys.len(), 2);
    assert_eq!(explain(&loaded, "tracker.labels.pr_merged").unwrap().value.unwrap().value, "\"\"");
}

#[test]
fn explain_of_an_unknown_key_names_the_nearest() {
    let loaded = loaded(&[]);
    let said = |key: &str| explain(&loaded, key).unwrap_err().to_string();
    assert_eq!(
        said("tracker.repositry"),
        "unknown key \"tracker.repositry\"; did you mean \"tracker.repo\"?"
    );
    assert_eq!(said("trakcer.repo"), "unknown key \"trakcer.repo\"; did you mean \"tracker.repo\"?");
    assert_eq!(said("window_days"), "unknown key \"window_days\"; did you mean \"disclosure.window_days\"?");
    for key in
        ["", ".", "a..b", "\"", "zzz", "cve.tool.x", "tracker.labels.nonsense", "*", "tracker.fields.*"]
    {
        assert!(explain(&loaded, key).is_err(), "{key}");
    }
}

#[test]
fn review_finds_what_is_open_and_nothing_in_a_finished_file() {
    let codes = |text: &str| -> Vec<&'static str> {
        review(&loaded(&[project(text)]).config).into_iter().map(|f| f.code).collect()
    };
    let bare = codes("[project]\nextends = [\"asf\"]\n");
    for code in [
        "review.no-project",
        "review.no-tracker",
        "review.no-scope",
        "review.no-security-list",
        "review.no-mail-source",
        "review.gate-unheld",
        "review.no-vote-list",
        "review.roster-empty",
    ] {
        assert!(bare.contains(&code), "{code} in {bare:?}");
    }
    let full = "[project]\nname = \"Example\"\nsecurity_model.url = \"https://example.org/model\"\nextends = [\"asf\"]\n\
        [tracker]\nrepo = \"example/private\"\n[upstream]\nrepo = \"example/server\"\n\
        [[scope]]\nlabel = \"core\"\nproduct = \"Example\"\npackage = \"example\"\n\
        [mail.lists]\nsecurity = \"security@example.org\"\ndev = \"dev@example.org\"\n\
        [[mail.source]]\nname = \"box\"\nkind = \"mbox\"\npath = \"mail\"\n\
        [[roster.person]]\nhandle = \"alice\"\nroles = [\"triager\", \"remediation\", \"release_manager\", \"governance\"]\n\
        [roster]\nescalation = \"alice\"\n";
    assert_eq!(codes(full), Vec::<&str>::new());
    let cases = [
        ("escalation = \"alice\"", "escalation = \"mallory\"", "review.handle-unknown"),
        ("escalation = \"alice\"", "", "review.no-escalation"),
        (
            "repo = \"example/private\"",
            "repo = \"example/private\"\ncontents = \"public\"",
            "review.tracker-public",
        ),
        (
            "repo = \"example/private\"",
            "repo = \"example/private\"\nidentifiers = \"public_safe\"",
            "review.identifiers-public-safe",
        ),
        ("repo = \"example/private\"", "repo = \"Example/Server\"", "review.tracker-is-upstream"),
        ("label = \"core\"", "label = \"core\"\ntrain = \"old\"", "review.train-unknown"),
        ("path = \"mail\"", "", "review.source-incomplete"),
        (", \"governance\"", "", "review.gate-unheld"),
        ("\"triager\", ", "", "review.role-unheld"),
        ("[tracker]", "[forwarding]\nenabled = [\"nobody\"]\n[tracker]", "review.forwarder-undefined"),
        ("[tracker]", "[[forwarder]]\nname = \"x\"\nsenders = [\"y\"]\n[tracker]", "review.forwarder-either"),
        (
            "[tracker]",
            "[[models.endpoint]]\nname = \"m\"\nurl = \"https://m.example.org\"\n[tracker]",
            "review.model-unapproved",
        ),
    ];
    for (old, new, code) in cases {
        assert!(full.contains(old), "{old}");
        assert_eq!(codes(&full.replacen(old, new, 1)), [code], "{new}");
    }
}
