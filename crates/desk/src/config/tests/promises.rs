//! What holds for every file: the table of keys and the types agree, nothing panics, merging is associative.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::config::{
    explain::sample,
    keys::{KEYS, Kind, Leaf},
    read::{Errors, read},
};

/// Every path of a serialised configuration, with what stands there; items of lists of tables are walked through.
fn walk(value: &serde_json::Value, path: &str, out: &mut BTreeMap<String, serde_json::Value>) {
    if !path.is_empty() {
        out.insert(path.to_owned(), value.clone());
    }
    let inner = match value {
        serde_json::Value::Array(items) => items.first().filter(|i| i.is_object()),
        other => Some(other),
    };
    if let Some(serde_json::Value::Object(map)) = inner {
        for (key, below) in map {
            let full = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            walk(below, &full, out);
        }
    }
}

#[test]
fn the_table_of_keys_and_the_types_agree() {
    let mut found = BTreeMap::new();
    walk(&serde_json::to_value(sample()).unwrap(), "", &mut found);
    let declared: BTreeSet<&str> = KEYS.iter().map(|k| k.path).collect();
    for path in found.keys() {
        // The one key of a map stands for those of the writer's choice; only tables in maps are declared.
        if let Some(map) = path.strip_suffix(".*") {
            assert!(
                KEYS.iter().any(|k| k.path == map && matches!(k.kind, Kind::Map(..))),
                "{path} is not declared"
            );
        } else {
            assert!(declared.contains(path.as_str()), "{path} is not declared");
        }
    }
    for key in KEYS {
        let value = found.get(key.path).unwrap_or_else(|| panic!("{} is in no type", key.path));
        let fits = match key.kind {
            Kind::Table | Kind::Map(..) => value.is_object(),
            Kind::Tables(identity) => {
                value[0].is_object() && (identity.is_empty() || value[0].get(identity).is_some())
            }
            Kind::One(Leaf::Flag) => value.is_boolean(),
            Kind::One(Leaf::Count) => value.is_u64(),
            Kind::One(Leaf::Fraction) => value.is_f64(),
            Kind::One(_) => value.is_string(),
            Kind::List(_) => value.is_array(),
        };
        assert!(fits, "{} is declared {:?} but holds {value}", key.path, key.kind);
    }
}

#[test]
fn every_allowed_word_is_a_value_of_its_type() {
    for key in KEYS {
        let (words, list) = match key.kind {
            Kind::One(Leaf::Word(w)) => (w(), false),
            Kind::List(Leaf::Word(w)) => (w(), true),
            _ => continue,
        };
        let (table, last) = key.path.rsplit_once('.').unwrap();
        for word in words {
            let value = if list { format!("[\"{word}\"]") } else { format!("\"{word}\"") };
            let parent = KEYS.iter().find(|k| k.path == table).unwrap();
            let text = match (table, parent.kind) {
                ("mail.source", _) if last == "kind" => {
                    format!("[[mail.source]]\nname = \"x\"\nrole = \"primary\"\nkind = {value}\n")
                }
                ("mail.source", _) => format!(
                    "[[mail.source]]\nname = \"y\"\nkind = \"mbox\"\nrole = \"{}\"\n[[mail.source]]\nname = \
                     \"x\"\nkind = \"mbox\"\n{last} = {value}\n{}",
                    if word == "primary" { "fallback" } else { "primary" },
                    if last == "role" { "" } else { "role = \"fallback\"\n" },
                ),
                (_, Kind::Tables(identity)) => format!("[[{table}]]\n{identity} = \"x\"\n{last} = {value}\n"),
                _ => format!("[{table}]\n{last} = {value}\n"),
            };
            if let Err(errors) = load(&[project(&text)]) {
                panic!("{text}\n{errors}");
            }
        }
    }
}

#[test]
fn a_rendered_configuration_loads_as_itself() {
    let full = "[project]\nname = \"Example\"\nterminology = { \"e x\" = \"E\" }\nextends = [\"independent\"]\n\
        [[scope]]\nlabel = \"core\"\ndisplay_names = { a = \"b\" }\n[tracker.fields.cwe]\nheading = \"CWE\"\n\
        [[mail.source]]\nname = \"a\"\nkind = \"mbox\"\n[upstream.toolchain]\ntest = [\"make\", \"test\"]\n\
        [[roster.person]]\nhandle = \"alice\"\nroles = [\"triager\"]\nfrom = 2020-01-01\n";
    for config in [Config::default(), load(&[]).unwrap().config, load(&[project(full)]).unwrap().config] {
        let text = toml::to_string(&config).unwrap();
        match load(&[project(&text)]) {
            Ok(again) => {
                assert_eq!(again.config, config);
                assert_eq!(digest(&again.config), digest(&config));
            }
            Err(errors) => panic!("{errors}"),
        }
    }
}

#[test]
fn the_digest_changes_with_a_value_and_only_then() {
    let a = load(&[project("[project]\nname = \"A\"\n")]).unwrap().config;
    let same = load(&[project("# comment\nproject = { name = \"A\" }\n")]).unwrap().config;
    let b = load(&[project("[project]\nname = \"B\"\n")]).unwrap().config;
    assert_eq!(digest(&a), digest(&same));
    assert_ne!(digest(&a), digest(&b));
    assert_eq!(digest(&a).len(), 64);
}

#[test]
fn hostile_sizes_are_refused_or_read_not_crashed_on() {
    let deep = format!("{}a = 1\n", "a.".repeat(200_000));
    let table = format!("[{}a]\n", "a . ".repeat(200_000));
    let nested = format!("a = {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let inline = format!("a = {}b = 1{}\n", "{ a = ".repeat(50_000), "}".repeat(50_000));
    let many: String = (0..20_000).map(|i| format!("unknown_key_number_{i} = 1\n")).collect();
    let wide = format!("[tracker]\nrepositry = \"{}\"\n", "x".repeat(1_000_000));
    let items: String = (0..20_000).map(|i| format!("[[scope]]\nlabel = \"l{i}\"\n")).collect();
    for text in [deep, table, nested, inline, many, wide] {
        let errors = load(&[project(&text)]).unwrap_err();
        assert!(!errors.is_empty() && errors.len() <= 100);
        assert!(errors.to_string().len() < 100_000);
    }
    assert_eq!(load(&[project(&items)]).unwrap().config.scope.len(), 20_000);
}

#[test]
fn a_byte_order_mark_and_windows_lines_are_read() {
    let config = load(&[project("\u{feff}[project]\r\nname = \"A\"\r\n")]).unwrap().config;
    assert_eq!(config.project.name, "A");
    let errors = load(&[project("[project]\r\nnam = \"A\"\r\n")]).unwrap_err();
    assert_eq!(errors[0].source_line, "nam = …");
}

#[test]
fn a_secret_is_never_quoted() {
    for text in [
        "[user.credentials]\nmail = \"hunter2\"\n",
        "[user.credentials]\nmail = hunter2\n",
        "[user.credentals]\nmail = \"hunter2\"\n",
        "[user]\ncredentials = { mail = \"hunter2\" }\n",
        "[user]\npasword = \"hunter2\"\n",
        "[[mail.source]]\nname = \"a\"\nkind = \"imap\"\ncredential = \"hunter2\"\n",
        "[[mail.source]]\nname = \"a\"\nkind = \"imap\"\ncredentials = \"hunter2\"\n",
        "[[mail.source]]\nname = \"a\"\nkind = \"imap\"\ncredential = [\"hunter2\"]\n",
        "[[mail.source]]\nname = \"a\"\nkind = \"imap\"\nurl = \"imaps://me:hunter2@mail.example.org\"\n",
        "[services]\nforge = \"https://hunter2@forge.example.org\"\n",
    ] {
        let errors = load(&[project(text)]).unwrap_err();
        assert!(!errors.to_string().contains("hunter2"), "{errors}");
        assert!(!format!("{errors:?}").contains("hunter2"), "{errors:?}");
    }
}

#[test]
fn the_reference_page_has_every_key() {
    let page = reference_markdown();
    for key in KEYS.iter().filter(|k| !matches!(k.kind, Kind::Table)) {
        assert!(page.contains(key.meaning), "{}", key.path);
    }
    assert!(page.contains("| `label` | text | **required** | The tracker label | * |"));
    assert!(page.contains("## `[[scope]]`"));
    assert!(page.contains("| `window_days` | a whole number from 0 on | `90` |"));
}

#[test]
fn every_combination_of_answers_makes_a_file_that_loads() {
    let options: &[(&str, &[&str])] = &[
        ("profile", &["asf", "independent"]),
        ("tracker", &["embedded", "example/private"]),
        ("upstream", &["none", "example/server"]),
        (
            "inbox",
            &[
                "ghsa",
                "security@example.org",
                "security@example.org, /var/mail/list",
                "security@example.org, imaps://mail.example.org/desk",
                "ghsa, gmail:desk@example.org",
            ],
        ),
        ("cve", &["profile", "vulnogram", "vulnogram/maintainer"]),
        ("scopes", &["auto", "core, chart=Example Helm Chart"]),
        ("roster", &["none", "collaborators", "alice:governance, @bob"]),
    ];
    assert_eq!(
        init::questions().iter().map(|q| q.id).collect::<Vec<_>>(),
        ["profile", "project", "tracker", "upstream", "inbox", "cve", "scopes", "roster"]
    );
    let total: usize = options.iter().map(|(_, o)| o.len()).product();
    for n in 0..total {
        let mut rest = n;
        let mut answers = BTreeMap::new();
        for (id, choices) in options {
            answers.insert((*id).to_owned(), choices[rest % choices.len()].to_owned());
            rest /= choices.len();
        }
        let name = if (n / 3) % 2 == 0 { "Apache Example" } else { "Quoted \"Name\" \\ Ünï" };
        answers.insert("project".to_owned(), name.to_owned());
        let text = init::render(&answers).unwrap_or_else(|e| panic!("{answers:?}: {e:?}"));
        let config = load(&[project(&text)]).unwrap_or_else(|e| panic!("{text}\n{e}")).config;
        assert_eq!(config.project.name, answers["project"]);
        assert_eq!(config.project.extends, [answers["profile"].clone()]);
        assert_eq!(config.tracker.repo.is_empty(), answers["tracker"] == "embedded");
        assert_eq!(config.scope.len(), if answers["scopes"] == "auto" { 1 } else { 2 });
        assert_eq!(config.mail.source.len(), usize::from(answers["inbox"].contains(',')));
        assert_eq!(config.roster.person.len(), if answers["roster"].contains("alice") { 2 } else { 0 });
    }
    let text = init::render(&BTreeMap::new()).unwrap();
    assert!(load(&[project(&text)]).is_ok());
}

#[test]
fn answers_that_will_not_do_are_all_named() {
    let answers = [
        ("profile", "asff"),
        ("project", "???"),
        ("tracker", "https://forge.example.org/a/b"),
        ("inbox", "nobody"),
        ("cve", "vulnogran"),
        ("scopes", "core, CORE, announced"),
        ("roster", "a b, @carol, carol:chief"),
        ("scope", "x"),
    ];
    let answers = answers.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let said: Vec<String> = init::render(&answers).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "scope: there is no such question; did you mean scopes?",
            "profile: \"asff\" is not one of asf, independent",
            "project: \"???\" has no letter or digit to make an id of",
            "tracker: \"https://forge.example.org/a/b\" is written owner/name, not as an address: \"a/b\"",
            "scopes: \"CORE\" is there twice",
            "scopes: \"announced\" is a label that tells a tracker's stage",
            "inbox: \"nobody\" is not a mail address: \"nobody\" has no @",
            "cve: \"vulnogran\" cannot be \"vulnogran\"; did you mean \"vulnogram\"? Allowed: vulnogram, none, cve_services, mitre_form, desk, ghsa",
            "roster: \"a b\" is not a handle: \"a b\"",
            "roster: \"carol\" is there twice",
            "roster: \"chief\" is not a role to add; only governance is",
        ]
    );
}

/// Lines that are mostly right, so that random files get past the parser.
fn line() -> impl Strategy<Value = String> {
    let keys: Vec<&'static str> =
        KEYS.iter().flat_map(|k| [k.path, k.path.rsplit('.').next().unwrap_or("")]).collect();
    let values = prop::sample::select(vec![
        "\"\"",
        "\"x\"",
        "true",
        "1",
        "0.5",
        "[]",
        "[\"a\"]",
        "{}",
        "{ a = \"b\" }",
        "[{ label = \"a\" }]",
        "2026-01-01",
        "\"env:X\"",
        "\"github\"",
        "\"{\"",
        "\"<\\u0000\"",
        "nan",
        "-1",
        "\"asf\"",
        "[\"asf\"]",
        "[\"cve.tool\"]",
    ]);
    let key = prop::sample::select(keys);
    prop_oneof![
        (key.clone(), values).prop_map(|(k, v)| format!("{k} = {v}")),
        key.clone().prop_map(|k| format!("[{k}]")),
        key.prop_map(|k| format!("[[{k}]]")),
    ]
}

/// A small valid layer, read.
fn layer(source: usize) -> impl Strategy<Value = String> {
    let scope =
        (0..4u8, 0..3u8).prop_map(|(l, p)| format!("[[scope]]\nlabel = \"l{l}\"\nproduct = \"p{p}\"\n"));
    let other = prop::sample::select(vec![
        "[disclosure]\nwindow_days = 1\n",
        "[disclosure]\ngrace_days = 2\n",
        "[tracker.labels]\nannounced = \"x\"\n",
        "[tracker.fields.cwe]\naliases = [\"a\"]\n",
        "[tracker.fields.cwe]\nheading = \"b\"\n",
        "[stats]\nstart = \"2026-01-01\"\n",
        "",
    ]);
    (prop::collection::vec(scope, 0..3), other).prop_map(move |(scopes, other)| {
        let mut scopes: Vec<String> = scopes;
        scopes.sort();
        scopes.dedup_by_key(|s| s[..s.find("product").unwrap()].to_owned());
        format!("# layer {source}\n{}{other}", scopes.concat())
    })
}

proptest! {
    #[test]
    fn load_never_panics_on_any_text(text in "\\PC{0,200}|[\\[\\]a-z.=\"'{} \\n#\\\\]{0,200}") {
        let _ = load(&[project(&text), user(&text)]).map_err(|e| e.to_string());
    }

    #[test]
    fn load_never_panics_on_nearly_right_files(lines in prop::collection::vec(line(), 0..12)) {
        let text = lines.join("\n");
        let layers = [project(&text), user(&text), organization("asf", &text), organization("x", &text)];
        match load(&layers) {
            Ok(loaded) => {
                let _ = review(&loaded.config);
                for key in KEYS {
                    let _ = explain(&loaded, key.path).map(|e| e.to_string());
                }
            }
            Err(errors) => prop_assert!(!errors.to_string().is_empty()),
        }
    }

    #[test]
    fn explain_never_panics(key in "\\PC{0,40}|[a-z.\"*_]{0,40}") {
        let loaded = load(&[]).unwrap();
        let _ = explain(&loaded, &key).map_err(|e| e.to_string());
    }

    #[test]
    fn init_never_makes_a_file_that_does_not_load(
        answers in prop::collection::btree_map(
            prop::sample::select(vec!["project", "tracker", "upstream", "inbox", "cve", "scopes", "roster"]),
            "\\PC{0,20}|[a-z@.,:/= -]{0,20}",
            0..7,
        )
    ) {
        let answers: BTreeMap<String, String> = answers.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        if let Ok(text) = init::render(&answers)
            && let Err(errors) = load(&[project(&text)])
        {
            return Err(TestCaseError::fail(format!("{answers:?}\n{text}\n{errors}")));
        }
    }

    #[test]
    fn merging_is_associative(a in layer(0), b in layer(1), c in layer(2)) {
        let mut errors = Errors::new();
        let mut entries = Vec::new();
        for text in [&a, &b, &c] {
            let source = errors.file("f", text);
            entries.push(read(source, text, &mut errors));
        }
        prop_assert!(errors.is_empty());
        let [a, b, c]: [_; 3] = entries.try_into().unwrap();
        let left = a.clone().merge(b.clone()).merge(c.clone());
        let right = a.merge(b.merge(c));
        prop_assert_eq!(left, right);
    }
}
