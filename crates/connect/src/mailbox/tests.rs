use super::*;

fn collect(path: &Path) -> (Vec<(String, String, String)>, ReadReport) {
    let mut got = Vec::new();
    let report = LocalMailbox::open(path)
        .unwrap()
        .read(&mut |m| {
            got.push((String::from_utf8_lossy(&m.bytes).into_owned(), m.place.into(), m.note.into()));
            Ok(())
        })
        .unwrap();
    (got, report)
}

#[test]
fn an_mbox_is_read_in_order_with_places() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.mbox");
    fs::write(
        &path,
        "From a@b.c Mon Nov  2 10:00:00 2026\nSubject: one\n\nFrom here on\n\n\
         From a@b.c Mon Nov  2 11:00:00 2026\nSubject: two\n\n>From quoted\n",
    )
    .unwrap();
    let (got, report) = collect(&path);
    assert_eq!(report.messages, 2);
    assert_eq!(got[0].0, "Subject: one\n\nFrom here on\n");
    assert_eq!(got[0].1, "in.mbox at byte 0");
    assert!(got[1].0.ends_with("\n\nFrom quoted\n"), "{:?}", got[1].0);
}

#[test]
fn a_message_over_the_limit_keeps_its_head_and_the_next_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("big.mbox");
    let mut text = String::from("From a@b.c Mon Nov  2 10:00:00 2026\nSubject: big\n\n");
    let line = "x".repeat(999) + "\n";
    while text.len() < LIMIT + 9 * 1024 * 1024 {
        text.push_str(&line);
    }
    text.push_str("\nFrom a@b.c Mon Nov  2 11:00:00 2026\nSubject: two\n\nhello\n");
    fs::write(&path, &text).unwrap();
    let (got, report) = collect(&path);
    assert_eq!(report.messages, 2);
    assert!(got[0].0.starts_with("Subject: big\n") && got[0].0.len() <= LIMIT);
    assert_eq!(got[0].2, "only the head of this large message was read");
    assert_eq!(got[1].0, "Subject: two\n\nhello\n");
}

#[test]
fn the_last_message_of_a_cut_file_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.mbox");
    fs::write(&path, "From a@b.c Mon Nov  2 10:00:00 2026\nSubject: one\n\nhalf a li").unwrap();
    let (got, _) = collect(&path);
    assert_eq!(got[0].2, "the file ends inside this message");
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_passed_over_and_named() {
    let dir = tempfile::tempdir().unwrap();
    for d in ["cur", "new", "tmp"] {
        fs::create_dir(dir.path().join(d)).unwrap();
    }
    fs::write(dir.path().join("new/1.eml"), "Subject: a\n\nx\n").unwrap();
    fs::write(dir.path().join("cur/2:2,S"), "Subject: b\n\ny\n").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("new/3")).unwrap();
    let fifo = dir.path().join("new/4");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let (got, report) = collect(dir.path());
    assert_eq!(got.len(), 2);
    let passed: Vec<_> = report.passed.iter().map(|p| p.why.as_str()).collect();
    assert_eq!(passed, ["a symbolic link is not followed", "it is no regular file"]);
}

#[test]
fn a_folder_of_eml_is_read_with_its_folders() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("2026")).unwrap();
    fs::write(dir.path().join("2026/a.EML"), "Subject: a\n\nx\n").unwrap();
    fs::write(dir.path().join("b.eml"), "Subject: b\n\nx\n").unwrap();
    fs::write(dir.path().join("notes.txt"), "no mail").unwrap();
    let (got, _) = collect(dir.path());
    assert_eq!(got.iter().map(|g| g.1.as_str()).collect::<Vec<_>>(), ["2026/a.EML", "b.eml"]);
}

#[test]
fn the_fingerprint_follows_additions_only() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.eml"), "Subject: a\n\nx\n").unwrap();
    let before = LocalMailbox::open(dir.path()).unwrap().fingerprint().unwrap();
    assert_eq!(LocalMailbox::open(dir.path()).unwrap().fingerprint().unwrap(), before);
    fs::write(dir.path().join("b.eml"), "Subject: b\n\nx\n").unwrap();
    assert_ne!(LocalMailbox::open(dir.path()).unwrap().fingerprint().unwrap(), before);
}

#[test]
fn what_is_no_mailbox_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let e = LocalMailbox::open(&dir.path().join("none")).unwrap_err();
    assert!(e.to_string().starts_with("there is no mailbox at"), "{e}");
    let path = dir.path().join("image.png");
    fs::write(&path, [0x89, b'P', 0, 0, 0]).unwrap();
    let e = LocalMailbox::open(&path).unwrap_err();
    assert!(e.to_string().contains("binary data"), "{e}");
}
