//! `tipstaff import`: the flow of the README, from a mailbox to trackers and drafts.

use crate::{
    env::{Env, Said},
    mails::{self, Mail, ann, ann_again, bob, cleo, drafts, env, mbox, media, one, snapshot, spam},
};

fn with(mails: &[Mail]) -> Env {
    let env = env();
    env.write("in.mbox", mbox(mails));
    env
}

fn import(env: &Env, reply: &str) -> Said {
    env.answer(&["import", "in.mbox"], reply)
}

fn fates(env: &Env) -> String {
    one(
        &env.desk(),
        "select group_concat(message_id || ' ' || word, ', ') from (select * from messages order by arrived, id)",
    )
}

fn titles(env: &Env) -> String {
    one(
        &env.desk(),
        "select coalesce(group_concat(title, ', '), '') from (select * from trackers order by number)",
    )
}

/// The draft whose text holds those words, header lines unfolded and soft line breaks joined.
fn draft(env: &Env, words: &str) -> String {
    let found: Vec<String> = drafts(&env.desk())
        .into_iter()
        .map(|(_, t)| {
            t.replace("=\r\n", "").replace("\r\n ", " ").replace("\r\n\t", " ").replace("\r\n", "\n")
        })
        .filter(|t| t.contains(words))
        .collect();
    assert_eq!(found.len(), 1, "{words}: {found:#?}");
    found.into_iter().next().unwrap()
}

#[test]
fn the_first_import_makes_a_private_desk_and_no_answer_changes_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let env = with(&[ann(), spam()]);
    let said = env.run(&["import", "in.mbox"]).expect(4);
    assert!(said.out.starts_with("new desk in "), "{}", said.out);
    assert!(said.out.contains("read: 2 new"), "{}", said.out);
    assert!(said.out.contains("New tracker: Path traversal in file upload"), "{}", said.out);
    assert!(said.out.contains("No answer is no: nothing was changed."), "{}", said.out);
    assert!(!said.out.contains('\u{1b}'), "colour or links where nobody reads them: {:?}", said.out);
    let mode = |p: &std::path::Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&env.desk()), 0o700);
    assert_eq!(mode(&env.desk().join("desk.sqlite")), 0o600);
    for plan in std::fs::read_dir(env.desk().join("plans")).unwrap() {
        assert_eq!(mode(&plan.unwrap().path()), 0o600);
    }
    assert_eq!(fates(&env), "one@ann.example waiting, three@seo.example waiting");
    assert_eq!(titles(&env), "");

    let none = import(&env, "none\n").expect(0);
    assert!(none.out.contains("Nothing was changed."), "{}", none.out);
    assert_eq!(fates(&env), "one@ann.example waiting, three@seo.example waiting");

    let all = import(&env, "all\n").expect(0);
    assert!(all.out.contains("created desk#1") && all.out.contains("1 draft waits"), "{}", all.out);
    assert_eq!(fates(&env), "one@ann.example tracker, three@seo.example spam");

    let before = snapshot(&env.desk(), true);
    let again = env.run(&["import", "in.mbox"]).expect(3);
    assert!(again.out.contains("1 source unchanged"), "{}", again.out);
    assert!(again.out.contains("every message has its fate"), "{}", again.out);
    assert_eq!(snapshot(&env.desk(), true), before, "a second import does nothing");

    // A touched mailbox is read again, and still nothing is new.
    let text = std::fs::read(env.path().join("in.mbox")).unwrap();
    std::fs::remove_file(env.path().join("in.mbox")).unwrap();
    env.write("in.mbox", [text, mails::bob().entry().into_bytes()].concat());
    let more = env.run(&["import", "in.mbox"]).expect(4);
    assert!(more.out.contains("1 new, 2 known"), "{}", more.out);
    env.run(&["log", "--verify"]).expect(0);
}

#[test]
fn a_receipt_goes_to_the_reporter_with_the_list_in_copy_on_the_same_thread() {
    let env = with(&[ann()]);
    import(&env, "1\n").expect(0);
    let d = draft(&env, "To: \"Ann Archer\" <ann@ann.example>");
    for line in [
        "Cc: <security@server.example>",
        "Subject: Re: Path traversal in file upload",
        "In-Reply-To: <one@ann.example>",
        "References: <one@ann.example>",
        "how would you like to be credited",
    ] {
        assert!(d.contains(line), "{line}\n{d}");
    }
    assert!(!d.contains("desk#"), "the tracker's name stays inside\n{d}");
    let id = |d: &str| d.lines().find_map(|l| l.strip_prefix("Message-ID: ")).unwrap().to_owned();
    // The same mail at another desk gives the same draft, so that two desks do not answer twice unseen.
    let other = with(&[ann()]);
    import(&other, "all\n").expect(0);
    assert_eq!(id(&d), id(&draft(&other, "Ann Archer")));
}

#[test]
fn two_reports_of_one_person_share_a_receipt_and_the_credit_question() {
    let mut second = bob();
    second.from = "Ann Archer <ann@ann.example>";
    let env = with(&[ann(), second, cleo()]);
    import(&env, "all\n").expect(0);
    assert_eq!(drafts(&env.desk()).len(), 2, "one per person");
    let d = draft(&env, "ann@ann.example");
    assert!(
        d.contains("Path traversal in file upload") && d.contains("SQL injection in the login form"),
        "{d}"
    );
    assert_eq!(d.matches("how would you like to be credited").count(), 1, "{d}");
    assert!(d.contains("In-Reply-To: <one@ann.example>"), "the earliest thread: {d}");
}

#[test]
fn the_credit_question_is_asked_once_a_thread() {
    let env = with(&[ann()]);
    import(&env, "all\n").expect(0);
    // A report of something else on the same thread opens a tracker of its own.
    let mut other = bob();
    other.from = "Ann Archer <ann@ann.example>";
    other.body =
        format!("Hello,\n\nhere is a new, separate vulnerability, not the one above.\n\n{}", other.body);
    let other = other.with("In-Reply-To: <one@ann.example>").with("References: <one@ann.example>");
    env.write("in.mbox", mbox(&[ann(), other]));
    let said = import(&env, "all\n").expect(0);
    let asked = drafts(&env.desk())
        .iter()
        .filter(|(_, t)| t.replace("=\r\n", "").contains("would you like to be credited"))
        .count();
    assert!(said.out.contains("created desk#2"), "{}", said.out);
    assert_eq!(asked, 1, "{}", said.out);
}

#[test]
fn what_is_not_named_waits_and_is_shown_again() {
    let env = with(&[ann(), bob(), spam()]);
    let said = import(&env, "1,3\n").expect(0);
    assert!(said.out.contains("Not applied: 2."), "{}", said.out);
    assert_eq!(fates(&env), "one@ann.example tracker, two@bob.example waiting, three@seo.example spam");
    let again = env.run(&["import", "in.mbox"]).expect(4);
    assert!(again.out.contains("1  New tracker: SQL injection"), "{}", again.out);
    assert!(!again.out.contains("Path traversal"), "{}", again.out);
    let queue = env.run(&["queue"]).expect(0);
    assert!(queue.out.contains("1 message has no fate yet"), "{}", queue.out);
}

#[test]
fn a_skip_is_remembered_listed_and_taken_back() {
    let env = with(&[ann(), bob()]);
    import(&env, "all skip 1\n").expect(0);
    assert_eq!(fates(&env), "one@ann.example skipped, two@bob.example tracker");
    assert_eq!(titles(&env), "SQL injection in the login form");
    env.run(&["import", "in.mbox"]).expect(3);
    let list = env.run(&["import", "--skipped"]).expect(0);
    assert!(list.out.contains("skipped") && list.out.contains("by @maren"), "{}", list.out);
    assert!(list.out.contains("one@ann.example"), "{}", list.out);
    let json = env.run(&["import", "--skipped", "--json"]).expect(0).json();
    assert_eq!(json[0]["message_id"], "one@ann.example");

    let back = env.run(&["import", "--unskip", "<one@ann.example>"]).expect(4);
    assert!(back.out.contains("1 taken back"), "{}", back.out);
    import(&env, "all\n").expect(0);
    assert_eq!(titles(&env), "SQL injection in the login form, Path traversal in file upload");
    // What has a tracker cannot be taken back, and what is not there is said so.
    let no = env.run(&["import", "--unskip", "two@bob.example"]).expect(2);
    assert!(no.err.contains("its fate is `tracker`"), "{}", no.err);
    env.run(&["import", "--unskip", "nobody@nowhere.example"]).expect(2);
}

#[test]
fn a_canned_reply_needs_its_number_and_a_yes_to_its_words() {
    let env = with(&[ann(), bob()]);
    let said = import(&env, "2:reject-with-canned media\nno\n").expect(0);
    assert!(said.out.contains("Revised as you said:"), "{}", said.out);
    assert!(
        said.out.contains("Subject: Re: SQL injection in the login form"),
        "the letter is shown: {}",
        said.out
    );
    assert_eq!(fates(&env), "one@ann.example waiting, two@bob.example waiting");
    import(&env, "2:reject-with-canned media\nyes\n").expect(0);
    assert_eq!(fates(&env), "one@ann.example waiting, two@bob.example rejected");
    assert_eq!(titles(&env), "");
    draft(&env, "bob@bob.example");
    assert_eq!(one::<i64>(&env.desk(), "select count(*) from rejections"), 1);
    let no = import(&env, "1:reject-with-canned nonsense\nnone\n");
    assert_eq!(fates(&env), "one@ann.example waiting, two@bob.example rejected", "{}{}", no.out, no.err);
}

#[test]
fn what_needs_a_word_is_not_done_by_all() {
    let env = with(&[ann(), media()]);
    let said = import(&env, "all\n").expect(0);
    assert!(said.out.contains("Needs a word from you"), "{}", said.out);
    assert_eq!(fates(&env), "one@ann.example tracker, four@times.example waiting");
    import(&env, "1\n").expect(0);
    assert_eq!(fates(&env), "one@ann.example tracker, four@times.example rejected");
    draft(&env, "h.lowe@times.example");
}

#[test]
fn an_edit_makes_a_revision_that_needs_its_own_yes() {
    let env = with(&[ann(), bob()]);
    import(&env, "2:edit title: Login takes SQL\nno\n").expect(0);
    assert_eq!(titles(&env), "");
    let said = import(&env, "2:edit title: Login takes SQL\nyes\n").expect(0);
    assert!(said.out.contains("Login takes SQL"), "{}", said.out);
    assert_eq!(titles(&env), "Login takes SQL");
    assert_eq!(fates(&env), "one@ann.example waiting, two@bob.example tracker");
}

#[test]
fn a_reply_that_is_not_understood_is_asked_again_and_never_guessed() {
    let env = with(&[ann()]);
    let said = import(&env, "maybe\nwhat?\n17\n9,12\n").expect(4);
    assert_eq!(fates(&env), "one@ann.example waiting", "{}", said.out);
    import(&env, "hm\nall\n").expect(0);
    assert_eq!(fates(&env), "one@ann.example tracker");
}

#[test]
fn json_asks_nothing_and_can_be_read() {
    let env = with(&[ann(), spam()]);
    let said = env.answer(&["import", "in.mbox", "--json"], "all\n").expect(4);
    let v = said.json();
    assert_eq!(v["read"]["new"], 2);
    assert_eq!(v["plan"]["items"].as_array().unwrap().len(), 2);
    assert_eq!(v["digest"].as_str().unwrap().len(), 64);
    assert_eq!(fates(&env), "one@ann.example waiting, three@seo.example waiting");
    assert!(said.err.is_empty(), "{}", said.err);
    import(&env, "all\n").expect(0);
    let v = env.run(&["import", "in.mbox", "--json"]).expect(3).json();
    assert_eq!(v["read"]["unchanged_sources"], 1);
}

#[test]
fn selectors_narrow_what_is_shown_and_hide_nothing() {
    let mut old = ann();
    old.minute = 0;
    let text =
        mbox(&[old, bob()]).replacen("16 Nov 2026", "06 Oct 2026", 2).replacen("Mon, 06", "Tue, 06", 2);
    let env = env();
    env.write("in.mbox", text);
    let said = env.run(&["import", "in.mbox", "since:2026-11-01"]).expect(4);
    assert!(said.out.contains("SQL injection") && !said.out.contains("Path traversal"), "{}", said.out);
    let said = env.run(&["import", "in.mbox", "last", "3d"]).expect(3);
    assert!(said.out.contains("2 messages outside it wait"), "what is left out is said: {}", said.out);
    let said = env.run(&["import", "in.mbox", "thread:one@ann.example"]).expect(4);
    assert!(said.out.contains("Path traversal") && !said.out.contains("SQL injection"), "{}", said.out);
    let said = env.run(&["import", "in.mbox"]).expect(4);
    assert!(said.out.contains("Path traversal") && said.out.contains("SQL injection"), "{}", said.out);
    let said = env.run(&["import", "in.mbox", "since:yesterday"]).expect(2);
    assert!(said.err.contains("is no selector"), "{}", said.err);
    let said = env.run(&["import", "nowhere.mbox"]).expect(1);
    assert!(said.err.contains("there is no mailbox at"), "{}", said.err);
}

#[test]
fn a_mistyped_path_makes_no_desk() {
    let env = env();
    env.run(&["import", "nowhere.mbox"]).expect(1);
    assert!(!env.desk().exists());
    let said = env.run(&["import"]).expect(2);
    assert!(said.err.contains("name one: `tipstaff import PATH`"), "{}", said.err);
    let said = env.run(&["queue"]).expect(3);
    assert!(said.err.contains("there is no desk"), "{}", said.err);
}

#[test]
fn maildirs_folders_and_single_mails_are_mailboxes() {
    let env = env();
    env.write("box/new/1.host", ann().eml());
    env.write("box/cur/2.host:2,S", bob().eml());
    env.write("box/tmp/3.host", "half a mail");
    let said = env.run(&["import", "box"]).expect(4);
    assert!(said.out.contains("read: 2 new, 0 known"), "{}", said.out);
    env.write("folder/deep/a.eml", ann().eml());
    env.write("folder/b.eml", spam().eml());
    env.write("folder/notes.txt", "nothing");
    let said = env.run(&["import", "folder"]).expect(4);
    assert!(said.out.contains("read: 1 new, 1 known"), "one mail by two ways is one: {}", said.out);
    env.write("one.eml", cleo().eml());
    let said = env.run(&["import", "one.eml"]).expect(4);
    assert!(said.out.contains("read: 1 new, 0 known"), "{}", said.out);
    assert!(said.out.contains("Heap buffer overflow"), "{}", said.out);
}

#[test]
fn a_message_on_a_tracked_thread_is_a_follow_up_and_the_tracker_says_so() {
    let env = with(&[ann()]);
    import(&env, "all\n").expect(0);
    env.write("in.mbox", mbox(&[ann(), ann_again()]));
    let said = import(&env, "all\n").expect(0);
    assert!(said.out.contains("1 new message on desk#1"), "{}", said.out);
    assert_eq!(fates(&env), "one@ann.example tracker, six@ann.example follow-up");
    assert_eq!(titles(&env), "Path traversal in file upload");
    let status: String = one(&env.desk(), "select group_concat(body) from comments");
    assert!(status.contains("have you had time to look at this"), "{status}");
    assert_eq!(drafts(&env.desk()).len(), 1, "no second receipt");
}

#[test]
fn a_new_report_on_a_tracked_thread_is_not_swallowed() {
    let env = with(&[ann()]);
    import(&env, "all\n").expect(0);
    let mut other = bob();
    other.from = "Ann Archer <ann@ann.example>";
    other.body =
        format!("Hello,\n\nhere is a new, separate vulnerability, not the one above.\n\n{}", other.body);
    let other = other.with("In-Reply-To: <one@ann.example>").with("References: <one@ann.example>");
    env.write("in.mbox", mbox(&[ann(), other]));
    let said = env.run(&["import", "in.mbox"]).expect(4);
    assert!(said.out.contains("New tracker: SQL injection in the login form"), "{}", said.out);
}

#[test]
fn the_same_mail_through_two_lists_is_a_copy() {
    let mut first = ann().with("List-Id: <security.lists.example>");
    first.headers.insert_str(0, "Received: from a by b; Mon, 16 Nov 2026 10:00:09 +0000\n");
    let mut second = ann().with("List-Id: <private.lists.example>");
    second.subject = "[private] Path traversal in file upload";
    second.body.push_str(
        "\n---------------------------------------------------------------------\n\
         To unsubscribe, e-mail: private-unsubscribe@lists.example\n",
    );
    let env = with(&[first.clone(), second.clone()]);
    let said = import(&env, "all\n").expect(0);
    assert!(said.out.contains("1 new, 0 known, 1 copy of mails that came another way"), "{}", said.out);
    assert!(!said.out.contains("clash"), "{}", said.out);
    assert_eq!(said.out.matches("created desk#").count(), 1, "{}", said.out);
    let words: String =
        one(&env.desk(), "select group_concat(word) from (select word from messages order by id)");
    assert_eq!(words, "tracker,copy");
    assert_eq!(drafts(&env.desk()).len(), 1);
    // It stays a copy when it comes later, and in the other order.
    let env = with(&[second]);
    import(&env, "all\n").expect(0);
    env.write("in.mbox", mbox(&[first]));
    let said = env.run(&["import", "in.mbox"]).expect(3);
    assert!(said.out.contains("1 copy"), "{}", said.out);
    let no = env.run(&["import", "--unskip", "one@ann.example"]);
    assert_eq!(no.code, 2, "{}", no.err);
}

#[test]
fn another_mail_under_a_taken_message_id_is_a_clash_that_is_shown() {
    let mut thief = bob();
    thief.id = "one@ann.example";
    let env = with(&[ann(), thief.clone()]);
    let said = env.run(&["import", "in.mbox"]).expect(4);
    assert!(said.out.contains("clash:") && said.out.contains("both are kept"), "{}", said.out);
    assert!(said.out.contains("2  New tracker: SQL injection"), "it has an item of its own: {}", said.out);
    assert!(said.out.contains("came twice with different content"), "{}", said.out);
    // Also when it comes to a thread that is tracked, long after, and is shown a second time.
    let env = with(&[ann()]);
    import(&env, "all\n").expect(0);
    env.write("in.mbox", mbox(&[ann(), thief]));
    import(&env, "none\n").expect(0);
    let said = import(&env, "none\n").expect(0);
    assert!(said.out.contains("came twice with different content"), "{}", said.out);
}

#[test]
fn somebody_elses_report_of_the_same_flaw_joins_the_first() {
    let mut twin = ann();
    twin.id = "twin@zoe.example";
    twin.from = "Zoe Zimmer <zoe@zoe.example>";
    twin.minute = 300;
    twin.body = twin.body.replace("Hello,", "Dear all,").replace("Ann Archer", "Zoe Zimmer");
    let env = with(&[ann(), twin]);
    let said = import(&env, "all\n").expect(0);
    assert!(said.out.contains("Duplicate of"), "{}", said.out);
    assert_eq!(titles(&env), "Path traversal in file upload");
    assert_eq!(fates(&env), "one@ann.example tracker, twin@zoe.example duplicate");
    draft(&env, "To: \"Zoe Zimmer\" <zoe@zoe.example>");
    let words: String = one(&env.desk(), "select body from comments where kind = 'comment'");
    assert!(words.contains("A second report of this") && words.contains("Zoe Zimmer"), "{words}");
    // The second alone is not applied without the first it depends on.
    let mut twin = ann();
    twin.id = "twin@zoe.example";
    twin.from = "Zoe Zimmer <zoe@zoe.example>";
    twin.minute = 300;
    let env = with(&[ann(), twin]);
    let said = import(&env, "2\n").expect(5);
    assert!(said.err.contains("comes after item 1"), "{}", said.err);
    assert_eq!(titles(&env), "");
}

#[test]
fn how_such_mail_was_answered_before_is_said_beside_what_reads_like_a_no() {
    let dos = |id, from, minute| {
        let body = "An authenticated user can send a huge filter to the report builder. ReportFilter.parse_filter() recurses \
                    without a limit and exhausts the memory of the server: a denial of service.\n";
        Mail::new(id, from, "Report builder: memory exhaustion in the filter", minute, body)
    };
    let no = Mail::new(
        "no@server.example",
        "Maren Holt <maren@server.example>",
        "Re: Report builder: memory exhaustion in the filter",
        9,
        "Thank you. This is out of scope per the Security Model: whoever may log in may use the memory there is.\n",
    )
    .with("In-Reply-To: <first@rep.example>");
    let env = with(&[dos("first@rep.example", "Rae Repper <rae@rep.example>", 5), no]);
    let first = import(&env, "all skip 1\n").expect(0);
    assert!(first.out.contains("no earlier mail of the kind was answered"), "{}", first.out);
    env.write("later.mbox", mbox(&[dos("second@late.example", "Lou Later <lou@late.example>", 60)]));
    let second = env.answer(&["import", "later.mbox"], "none\n");
    let want = "“Report builder: memory exhaustion in the filter” (thread `first@rep.example`) was answered with \
                `out_of_scope` and left at that; the same words may do";
    assert!(second.out.contains(want), "{}", second.out);
    // Reports that read like reports are not weighed down with it.
    let (_, rest) = second.out.split_once("Proposed").unwrap_or_default();
    assert!(!rest.contains("no earlier mail"), "{}", second.out);
}
