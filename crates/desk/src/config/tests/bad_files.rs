//! Files with something wrong, and what people are told.

use super::*;

/// Each file with its errors, without the name of the file.
#[rustfmt::skip]
const CASES: &[(&str, &[&str])] = &[
    ("[tracker]\nrepositry = \"a/b\"\n",
     &["2:1: unknown key \"tracker.repositry\"; did you mean \"tracker.repo\"?"]),
    ("[trackr]\nrepo = \"a/b\"\n",
     &["1:2: unknown key \"trackr\"; did you mean \"tracker\"?"]),
    ("[disclosure]\ngrace_period_days = 7\n",
     &["2:1: unknown key \"disclosure.grace_period_days\": that is now called \"disclosure.grace_days\""]),
    ("repo = \"a/b\"\n",
     &["1:1: unknown key \"repo\"; did you mean \"tracker.repo\" or \"upstream.repo\" or \"releases.site.repo\"?"]),
    ("[project]\nwindow_days = 7\n",
     &["2:1: unknown key \"project.window_days\"; did you mean \"disclosure.window_days\"?"]),
    ("[tracker]\nreporter_has_access = \"true\"\n",
     &["2:23: \"tracker.reporter_has_access\" takes true or false, not text; leave out the quotes"]),
    ("[disclosure]\nwindow_days = \"90\"\n",
     &["2:15: \"disclosure.window_days\" takes a whole number from 0 on, not text; leave out the quotes"]),
    ("[disclosure]\nwindow_days = -1\nwarn_fraction = 1.5\n",
     &["2:15: \"disclosure.window_days\" takes a whole number from 0 on, not -1",
       "3:17: \"disclosure.warn_fraction\" takes a number above 0, at most 1, not 1.5"]),
    ("[disclosure]\nwindow_days = 9.5\n",
     &["2:15: \"disclosure.window_days\" takes a whole number from 0 on, not a number"]),
    ("[project]\nname = 7\n",
     &["2:8: \"project.name\" takes text, not a whole number; put it in quotes"]),
    ("[project]\nextends = \"asf\"\n",
     &["2:11: \"project.extends\" takes a list: put [ ] around the text"]),
    ("[scope]\nlabel = \"core\"\n",
     &["1:1: \"scope\" is a list of tables: write [[scope]], not [scope]"]),
    ("[[tracker]]\nrepo = \"a/b\"\n",
     &["1:1: \"tracker\" is one table: write [tracker], not [[tracker]]"]),
    ("tracker = \"a/b\"\n",
     &["1:11: \"tracker\" is a table: write [tracker] and its keys below, not text"]),
    ("[cve]\ntool = \"vulnogran\"\n",
     &["2:8: \"cve.tool\" cannot be \"vulnogran\"; did you mean \"vulnogram\"? Allowed: vulnogram, none, cve_services, mitre_form, desk, ghsa"]),
    ("[cve]\ngate = \"pmc-member\"\n",
     &["2:8: \"cve.gate\" cannot be \"pmc-member\", an old word for \"governance_member\"; allowed: governance_member, maintainer, security_team, none"]),
    ("[cve]\nstates = [\"public\", \"allocated\"]\n",
     &["2:21: \"cve.states\" has \"allocated\" after \"public\"; write them in the order they are reached"]),
    ("[cve]\nrecord_url = \"https://cve.example.org/{cve}\"\n",
     &["2:14: \"cve.record_url\" has the unknown variable {cve}; did you mean {cve_id}? Known: {cve_id}"]),
    ("[[scope]]\nlabel = \"core\"\nmilestone_format = \"{product}-{versoin}\"\n",
     &["3:20: \"scope.milestone_format\" has the unknown variable {versoin}; did you mean {version}? Known: {product}, {version}, {date}"]),
    ("[[scope]]\nlabel = \"core\"\nmilestone_format = \"{product\"\n",
     &["3:20: \"scope.milestone_format\" has a { without a }"]),
    ("[upstream]\nproduct_paths = \"src/(\"\n",
     &["2:17: \"upstream.product_paths\" is not a regular expression: unclosed group"]),
    ("[[forwarder]]\nname = \"relay\"\ncredit = \"Credit: .*\"\n",
     &["3:10: \"forwarder.credit\" needs a group, ( ), around the part to take"]),
    ("[stats]\nstart = \"31.01.2026\"\n",
     &["2:9: \"stats.start\" is not a day: \"31.01.2026\"; write YYYY-MM-DD"]),
    ("[stats]\nstart = 2026-02-30\n",
     &["2:9: not TOML: invalid date, expected day between 01 and 28"]),
    ("[project]\ntime_zone = \"Europe/Berln\"\n",
     &["2:13: \"project.time_zone\" is not a time zone: \"Europe/Berln\"; did you mean \"Europe/Berlin\"?"]),
    ("[project]\nurl = \"example.org\"\n",
     &["2:7: \"project.url\" is not a web address: it does not begin with https:// or http://"]),
    ("[mail.lists]\nsecurity = \"Security <security@example.org>\"\n",
     &["2:12: \"mail.lists.security\" is not a mail address: \"Security <security@example.org>\" is not bare; write one address such as security@example.org, without a name"]),
    ("[tracker]\nrepo = \"https://forge.example.org/example/private.git\"\n",
     &["2:8: \"tracker.repo\" is written owner/name, not as an address: \"example/private\""]),
    ("[[roster.person]]\nhandle = \"@alice\"\n",
     &["2:10: \"roster.person.handle\" is written without @: \"alice\""]),
    ("[[roster.person]]\nhandle = \"alice\"\nroles = [\"triage\"]\n",
     &["3:10: \"roster.person.roles\" cannot be \"triage\"; did you mean \"triager\"? Allowed: triager, remediation, governance, release_manager"]),
    ("[roster.duty]\ntriagger = \"alice\"\n",
     &["2:1: unknown key \"roster.duty.triagger\"; did you mean \"roster.duty.triager\"?"]),
    ("[tracker.labels]\npr-open = \"pr open\"\n",
     &["2:1: unknown key \"tracker.labels.pr-open\"; did you mean \"tracker.labels.pr_open\"?"]),
    ("[[mail.source]]\nname = \"a\"\nkind = \"imap\"\ncredential = \"hunter2\"\n",
     &["4:14: \"mail.source.credential\" holds a secret itself; write where it is kept: env:NAME, file:PATH or keyring:NAME"]),
    ("[[mail.source]]\nname = \"a\"\n",
     &["2:8: [[mail.source]] \"a\" has no kind"]),
    ("[[mail.source]]\nkind = \"mbox\"\n",
     &["1:1: [[mail.source]] has no name; it is known by that"]),
    ("[[mail.source]]\nname = \"a\"\nkind = \"mbox\"\nrole = \"fallback\"\n",
     &["4:8: no mail source is primary: give one of them role = \"primary\""]),
    ("[[mail.source]]\nname = \"a\"\nkind = \"mbox\"\n[[mail.source]]\nname = \"b\"\nkind = \"mbox\"\n",
     &["5:8: mail source \"b\" is a second primary, which is the default; \"a\" is the first: make it fallback or optional"]),
    ("[[mail.source]]\nname = \"a\"\nkind = \"mbox\"\npreferred_for = [\"create_drafts\"]\n",
     &["4:18: \"mail.source.preferred_for\" cannot be \"create_drafts\"; did you mean \"create_draft\"? Allowed: create_draft, read, list_drafts, thread_url, list_recent, list_sent_since"]),
    ("[[scope]]\nlabel = \"core\"\n[[scope]]\nlabel = \"Core\"\n",
     &["4:9: \"scope.label\" \"Core\" is there twice, first on line 2"]),
    ("[[scope]]\nlabel = \"cve allocated\"\n",
     &["2:9: \"scope.label\" cannot be \"cve allocated\": that label says cve_allocated"]),
    ("[[scope]]\nlabel = \"\"\n",
     &["2:9: [[scope]] has no label; it is known by that"]),
    ("[project]\nschema = 2\n",
     &["2:10: the file is written for schema 2, this program knows 1: use a newer program"]),
    ("[project]\nextends = [\"asff\"]\n",
     &["2:12: there is no profile \"asff\"; did you mean \"asf\"? Known: asf, independent"]),
    ("[project]\nextends = [\"asf\"]\n[cve]\ntool = \"ghsa\"\n",
     &["4:8: \"cve.tool\" is locked by profile asf: it stays \"vulnogram\"; ask the organization to change it"]),
    ("lock = [\"cve.tool\"]\n",
     &["1:8: \"lock\" can only be set by an organization profile"]),
    ("[[releases.rm_lookup]]\nroster_file = \"a\"\nvote_thread = \"dev\"\n",
     &["1:1: an entry of \"releases.rm_lookup\" has exactly one of roster_file, wiki_url, vote_thread"]),
    ("[releases]\nrm_lookup = [{ vote_thread = \"devs\" }]\n",
     &["2:30: \"releases.rm_lookup.vote_thread\" names neither an address nor a list of [mail.lists]: \"devs\"; did you mean \"dev\"?"]),
    ("[mail.lists]\nsecurity = \"s@example.org\"\nusers = \"S@example.org\"\n",
     &["3:9: \"mail.lists.users\" is publicly archived and cannot be the security list"]),
    ("[[roster.person]]\nhandle = \"a\"\nfrom = \"2026-02-01\"\nto = \"2026-01-01\"\n",
     &["4:6: \"roster.person.to\" \"2026-01-01\" is before \"from\" \"2026-02-01\""]),
    ("[[roster.person]]\nhandle = \"a\"\nemails = [\"x@example.org\"]\n[[roster.person]]\nhandle = \"b\"\nemails = [\"X@example.org\"]\n",
     &["6:11: \"roster.person.emails\": \"X@example.org\" is the address of both \"a\" and \"b\""]),
    ("[project]\nname = Example\n",
     &["2:8: not TOML: string values must be quoted, expected literal string"]),
    ("[project]\nname = \"a\"\nname = \"b\"\n",
     &["3:1: not TOML: duplicate key"]),
    ("[project\nname = \"a\"\n",
     &["1:9: not TOML: unclosed table, expected `]`"]),
    ("[mail]\nmirror_senders = [\"\"]\n",
     &["2:19: \"mail.mirror_senders\" has an empty entry"]),
];

#[test]
fn each_mistake_is_named_where_it_stands() {
    for (text, expected) in CASES {
        let errors = load(&[project(text)]).expect_err(text);
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let expected: Vec<String> = expected.iter().map(|line| format!("tipstaff.toml:{line}")).collect();
        assert_eq!(said, expected, "{text}");
    }
}

#[test]
fn the_report_shows_line_and_place() {
    let text =
        "[tracker]\n\n  repositry = \"a/b\"\n\tforge = \"gihtub\"\n[user.credentials]\nmail = \"hunter2\"\n";
    assert_eq!(
        load(&[project(text)]).unwrap_err().to_string(),
        r#"tipstaff.toml:3:3: unknown key "tracker.repositry"; did you mean "tracker.repo"?
  |
3 |   repositry = …
  |   ^^^^^^^^^

tipstaff.toml:4:10: "tracker.forge" cannot be "gihtub"; did you mean "github"? Allowed: github, embedded
  |
4 |  forge = "gihtub"
  |          ^^^^^^^^

tipstaff.toml:6:8: "user.credentials.mail" holds a secret itself; write where it is kept: env:NAME, file:PATH or keyring:NAME
  |
6 | mail = …
  |        ^
"#
    );
}

#[test]
fn long_lines_and_what_does_not_print_are_kept_off_the_terminal() {
    let text = format!("[cve]\nstates = [{}\"pub\u{202e}lic\"]\n", "\"allocated\", ".repeat(30));
    let errors = load(&[project(&text)]).unwrap_err();
    let error = errors.iter().find(|e| e.code == "config.bad-word").unwrap();
    assert!(error.message.contains("\"pub\\u{202e}lic\""), "{}", error.message);
    assert!(
        error.source_line.starts_with('…') && error.source_line.ends_with("\"pub·lic\"]"),
        "{}",
        error.source_line
    );
    let (from, len) = error.mark;
    let marked: String = error.source_line.chars().skip(from).take(len).collect();
    assert_eq!(marked, "\"pub·lic\"");
    let escape = load(&[project("[cve]\ntool = \"\\u001b[31m\"\n\"\\u001b]0;x\\u0007\" = 1\n")]).unwrap_err();
    assert!(!escape.to_string().contains('\u{1b}'), "{escape}");
}

#[test]
fn errors_of_all_files_are_collected_in_order() {
    let layers = [
        user("[cve]\ntool = \"none\"\n[user]\nhandel = \"alice\"\n"),
        organization("house", "lock = [\"cve.tol\"]\n[[scope]]\nlabel = \"core\"\n[cve]\ngate = \"x\"\n"),
        project("[project]\nextends = [\"house\"]\nnam = \"x\"\n"),
    ];
    let said: Vec<String> = load(&layers).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "tipstaff.toml:3:1: unknown key \"project.nam\"; did you mean \"project.name\"?",
            "user.toml:1:1: a user file may only set [user]; \"cve\" belongs in tipstaff.toml",
            "user.toml:4:1: unknown key \"user.handel\"; did you mean \"user.handle\"?",
            "house.toml:1:9: \"lock\" names the unknown key \"cve.tol\"; did you mean \"cve.tool\"?",
            "house.toml:2:1: \"scope\" belongs to the project; a profile cannot set it",
            "house.toml:5:8: \"cve.gate\" cannot be \"x\"; allowed: security_team, governance_member, maintainer, none",
        ]
    );
}

#[test]
fn a_profile_cannot_take_the_name_of_a_built_in_one() {
    let layers =
        [organization("asf", "[cve]\ntool = \"none\"\n"), project("[project]\nextends = [\"asf\"]\n")];
    let errors = load(&layers).unwrap_err();
    assert_eq!(errors[0].message, "the profile \"asf\" is built in; give asf.toml another name");
}

#[test]
fn countless_errors_are_counted() {
    let text: String = (0..500).map(|i| format!("k{i} = 1\n")).collect();
    let errors = load(&[project(&text)]).unwrap_err();
    assert_eq!((errors.len(), errors.more), (100, 400));
    assert!(errors.to_string().ends_with("\nand 400 more\n"));
}
