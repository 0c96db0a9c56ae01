//! Mail no person wrote to us: bounces, auto-replies, list administration. A list's ordinary traffic is not.

use super::{Address, decode, headers::Block};

/// Was the message made by a machine about mail itself? Read from headers only. Ordinary list mail carries
/// `Precedence: list` or `bulk`, which therefore says nothing beside a List-Id.
pub(super) fn is_automatic(block: &Block<'_>, from: &Address, list_id: &str, content_type: &str) -> bool {
    let text =
        |name: &str| block.get(name).map(|v| String::from_utf8_lossy(v.trim_ascii()).to_ascii_lowercase());
    if let Some(v) = text("auto-submitted")
        && v.split([';', ' ', '(']).next().is_some_and(|v| !v.is_empty() && v != "no")
    {
        return true;
    }
    let autoreply = ["x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-auto-response"];
    if autoreply.iter().any(|n| text(n).is_some_and(|v| v != "no" && v != "false")) {
        return true;
    }
    match text("precedence").as_deref() {
        Some("auto_reply" | "auto-reply" | "junk") => return true,
        Some("bulk") if list_id.is_empty() => return true,
        _ => {}
    }
    if text("x-list-administrivia").is_some_and(|v| v != "no") || block.get("x-failed-recipients").is_some() {
        return true;
    }
    // A bounce has the empty return path; one that could not be read is no evidence.
    if text("return-path").is_some_and(|v| v.split_whitespace().collect::<String>() == "<>") {
        return true;
    }
    content_type == "multipart/report" || is_machinery(from.local()) || request_by_mail(block)
}

/// Local parts that only list software and mail servers write from.
fn is_machinery(local: &str) -> bool {
    let local = local.to_ascii_lowercase();
    let local = local.split('+').next().unwrap_or("");
    if local.ends_with("-dmarc-request") {
        // A rewritten author, not the list.
        return false;
    }
    matches!(
        local,
        "mailer-daemon" | "mailerdaemon" | "listserv" | "majordomo" | "sympa" | "listmaster" | "mailman"
    ) || ["-request", "-owner", "-bounces", "-bounce", "-confirm", "-subscribe", "-unsubscribe"]
        .iter()
        .any(|s| local.len() > s.len() && local.ends_with(s))
        || (local.starts_with("owner-") && local.len() > 6)
}

/// A list manager that asks to confirm by answering to an address made for this one request
/// (`list-sc.1234.token-jane=example.org@…`).
fn request_by_mail(block: &Block<'_>) -> bool {
    let Some(v) = block.get("reply-to") else { return false };
    decode::addresses(v).iter().any(|a| {
        let local = a.local().to_ascii_lowercase();
        ["-sc.", "-uc.", "-accept-", "-reject-", "-confirm+", "-tc."].iter().any(|m| local.contains(m))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::headers;

    #[test]
    fn machines_and_people() {
        for (raw, list_id, want) in [
            ("Auto-Submitted: auto-replied\n\n", "", true),
            ("Auto-Submitted: no\n\n", "", false),
            ("Auto-Submitted: auto-generated (rejected)\n\n", "", true),
            ("X-Autoreply: yes\n\n", "", true),
            ("X-Autorespond: vacation\n\n", "", true),
            ("Precedence: auto_reply\n\n", "", true),
            ("Precedence: bulk\n\n", "", true),
            ("Precedence: bulk\n\n", "security.lists.x", false),
            ("Precedence: list\n\n", "security.lists.x", false),
            ("Precedence: junk\n\n", "security.lists.x", true),
            ("Return-Path: <>\nFrom: x@y.example\n\n", "", true),
            ("Return-Path: <jane@x.example>\nFrom: x@y.example\n\n", "", false),
            ("X-List-Administrivia: yes\n\n", "security.lists.x", true),
            ("From: MAILER-DAEMON@mx.example\n\n", "", true),
            ("From: security-request@lists.x\n\n", "", true),
            ("From: security-bounces@lists.x\n\n", "", true),
            ("From: owner-security@lists.x\n\n", "", true),
            ("From: 0001-dmarc-request@lists.x\n\n", "", false),
            ("From: owner@shop.example\nSender: security-bounces@lists.x\n\n", "security.lists.x", false),
            ("From: jane@x.example\nX-Auto-Response-Suppress: All\n\n", "", false),
            ("From: help@x.example\nReply-To: sec-sc.1700000000.abc-jane=x.example@lists.x\n\n", "", true),
        ] {
            let block = headers::block(raw.as_bytes(), true);
            let from = block.get("from").map(decode::addresses).and_then(|mut a| a.pop()).unwrap_or_default();
            assert_eq!(is_automatic(&block, &from, list_id, "text/plain"), want, "{raw}");
        }
    }
}
