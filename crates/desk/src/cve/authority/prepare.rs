//! What would be written to an authority that keeps drafts, decided before anything is (CVE page §11, guards; sync page §9).

use serde_json::Value;

use super::{
    AuthorityError, Submission, advisory_there, merge, packages_changed, rise, same_id, stage_of, with_stage,
};
use crate::case::RecordStage;

/// What to write.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The whole body.
    pub body: Value,
    /// Its state.
    pub state: RecordStage,
    /// Does it differ from what is there? Nothing is written where it does not.
    pub differs: bool,
    /// Does the body hold what was submitted?
    pub holds: bool,
    /// What to tell a person.
    pub notes: Vec<String>,
}

/// Decide what is written over `theirs`.
///
/// # Errors
/// The guard that said no, or the places both sides changed.
pub fn prepare(
    who: &str,
    s: &Submission<'_>,
    theirs: &Value,
    publish: bool,
) -> Result<Prepared, AuthorityError> {
    let refused = |why: String| AuthorityError::Refused { who: who.to_owned(), why };
    same_id(s.ours, s.cve).map_err(refused)?;
    same_id(theirs, s.cve).map_err(refused)?;
    let has = stage_of(theirs);
    let Some(risen) = rise(has, s.wish) else {
        return Err(refused(match has {
            RecordStage::Retracted => format!("{} was retracted", s.cve),
            _ => format!("{} is in a state this program does not know, so nothing is written over it", s.cve),
        }));
    };
    if publish && !has.is_reviewable() {
        let why = format!("the record of {} is {}; only a reviewed one is published", s.cve, has.as_str());
        return Err(refused(why));
    }
    let over = s.over.cloned().unwrap_or_default();
    let m = merge(s.base, s.ours, theirs, over.prefer(theirs));
    let mut notes = Vec::new();
    if has == RecordStage::Public && !publish {
        // A save of a public record is disclosure, and goes the way of one.
        let holds = m.record == *theirs && m.conflicts.is_empty();
        if !holds {
            notes.push(format!("{} is public and was left as it is; publishing brings it up to date", s.cve));
        }
        return Ok(Prepared { body: theirs.clone(), state: has, differs: false, holds, notes });
    }
    if !m.conflicts.is_empty() {
        return Err(AuthorityError::Conflict { who: who.to_owned(), fields: m.conflicts });
    }
    if !over.packages_of(theirs) {
        packages_changed(theirs, &m.record).map_err(refused)?;
    }
    let state = if publish { RecordStage::Public } else { risen };
    let body = with_stage(m.record, state);
    if state == RecordStage::Public {
        advisory_there(&body).map_err(refused)?;
    }
    let list = |what: &str, places: &[String], notes: &mut Vec<String>| {
        if !places.is_empty() {
            notes.push(format!("{what}: {}", places.join(", ")));
        }
    };
    list("kept as changed there", &m.kept, &mut notes);
    list("replaced what stood there", &m.replaced, &mut notes);
    let differs = body != *theirs;
    Ok(Prepared { body, state, differs, holds: true, notes })
}

/// The record in an answer that is a list of at most one: an envelope with `body` and `__v`, or the record alone. Gives
/// record and version; none for an empty list.
///
/// # Errors
/// When it is something else.
pub fn unwrap_envelope(answer: Value) -> Result<Option<(Value, String)>, String> {
    let Value::Array(mut all) = answer else { return Err("no list of records".into()) };
    if all.len() > 1 {
        return Err(format!("{} records for one id", all.len()));
    }
    let Some(one) = all.pop() else { return Ok(None) };
    let version =
        one.get("__v").map_or_else(String::new, |v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
    let body = match one {
        Value::Object(mut o) if o.contains_key("body") => o.remove("body").unwrap_or_default(),
        other => other,
    };
    if !body.is_object() || body.get("cveMetadata").is_none() {
        return Err("no record in the list".into());
    }
    Ok(Some((body, version)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::cve::authority::Over;

    const CVE: &str = "CVE-2026-12345";

    fn ours(tags: &[&str]) -> Value {
        json!({"cveMetadata": {"cveId": CVE}, "containers": {"cna": {"title": "T",
            "references": [{"url": "https://a.example", "tags": tags}]}}})
    }

    fn theirs(state: &str) -> Value {
        json!({"cveMetadata": {"cveId": CVE}, "containers": {"cna": {}}, "CNA_private": {"state": state}})
    }

    fn ask(ours: &Value, wish: RecordStage) -> Submission<'_> {
        Submission { cve: CVE, ours, base: None, wish, over: None }
    }

    #[test]
    fn a_push_raises_and_a_publication_needs_review_and_advisory() {
        let (plain, full) = (ours(&["patch"]), ours(&["vendor-advisory"]));
        // state there, publish?, has advisory → state after, or why not
        let rows: &[(&str, bool, bool, Result<&str, &str>)] = &[
            ("DRAFT", false, false, Ok("review-ready")),
            ("REVIEW", false, false, Ok("review-ready")),
            ("READY", false, true, Ok("publish-ready")),
            ("PUBLIC", false, true, Ok("public")),
            ("REJECTED", false, true, Err("retracted")),
            ("embargo", false, true, Err("does not know")),
            ("DRAFT", true, true, Err("only a reviewed one")),
            ("REVIEW", true, true, Ok("public")),
            ("READY", true, true, Ok("public")),
            ("READY", true, false, Err("vendor-advisory")),
            ("PUBLIC", true, true, Ok("public")),
            ("PUBLIC", true, false, Err("vendor-advisory")),
            ("REJECTED", true, true, Err("retracted")),
        ];
        for (state, publish, advisory, want) in rows {
            let record = if *advisory { &full } else { &plain };
            let got = prepare("the tool", &ask(record, RecordStage::ReviewReady), &theirs(state), *publish);
            match (&got, want) {
                (Ok(p), Ok(s)) => assert_eq!(p.state.as_str(), *s, "{state} {publish}"),
                (Err(e), Err(w)) => assert!(e.to_string().contains(w), "{state} {publish}: {e}"),
                _ => panic!("{state} {publish} {advisory}: {got:?}"),
            }
        }
    }

    #[test]
    fn a_person_lets_a_write_go_over_what_they_saw_and_nothing_else() {
        let with = |title: &str, package: &str| {
            json!({"cveMetadata": {"cveId": CVE}, "CNA_private": {"state": "REVIEW"}, "containers": {"cna": {"title": title,
                "affected": [{"product": "S", "packageName": package}], "references": [{"url": "https://a.example"}]}}})
        };
        let (base, mine, there) = (with("base", "a"), with("mine", "a"), with("theirs", "a"));
        let over = |o: Over, there: &Value, ours: &Value| {
            let s = Submission { base: Some(&base), over: Some(&o), ..ask(ours, RecordStage::ReviewReady) };
            prepare("the tool", &s, there, false)
        };
        let conflicts = Over { conflicts: true, ..Over::default() }.of(&there);
        let done = over(conflicts.clone(), &there, &mine).unwrap();
        assert_eq!(done.body, mine);
        // Somebody wrote once more: that is not what was seen.
        for o in [conflicts.clone(), Over::default().of(&there), Over { conflicts: true, ..Over::default() }]
        {
            let now = if o.conflicts { with("theirs again", "a") } else { there.clone() };
            assert!(matches!(over(o, &now, &mine), Err(AuthorityError::Conflict { .. })));
        }
        let (ours, there) = (with("base", "b"), with("base", "a"));
        let packages = Over { packages: true, ..Over::default() }.of(&there);
        assert!(over(conflicts.of(&there), &there, &ours).unwrap_err().to_string().contains("packages"));
        assert_eq!(over(packages.clone(), &there, &ours).unwrap().body, ours);
        // The other guards stand.
        let s = Submission { over: Some(&packages), ..ask(&ours, RecordStage::Public) };
        assert!(prepare("the tool", &s, &there, true).unwrap_err().to_string().contains("vendor-advisory"));
    }

    #[test]
    fn a_public_record_is_left_alone_by_a_push() {
        let record = ours(&["vendor-advisory"]);
        let there = theirs("PUBLIC");
        let p = prepare("the tool", &ask(&record, RecordStage::ReviewReady), &there, false).unwrap();
        assert_eq!((p.differs, &p.body), (false, &there));
        assert!(p.notes[0].contains("publishing"), "{:?}", p.notes);
    }

    #[test]
    fn another_records_id_is_refused_on_either_side() {
        let mut other = ours(&[]);
        other["cveMetadata"]["cveId"] = json!("CVE-2026-99999");
        let e = prepare("the tool", &ask(&other, RecordStage::Allocated), &theirs("DRAFT"), false);
        assert!(e.unwrap_err().to_string().contains("CVE-2026-99999"));
        let mut there = theirs("DRAFT");
        there["cveMetadata"]["cveId"] = json!("CVE-2026-99999");
        assert!(prepare("the tool", &ask(&ours(&[]), RecordStage::Allocated), &there, false).is_err());
    }

    #[test]
    fn an_answer_is_a_list_of_envelopes_or_records() {
        let body = json!({"cveMetadata": {"cveId": CVE}});
        let list = |v: Value| unwrap_envelope(json!([v]));
        assert_eq!(list(json!({"body": body, "__v": 7})).unwrap(), Some((body.clone(), "7".into())));
        assert_eq!(list(body.clone()).unwrap(), Some((body.clone(), String::new())));
        assert_eq!(unwrap_envelope(json!([])).unwrap(), None);
        for bad in [json!({}), json!([1]), json!([{"body": 1}]), json!([body, body]), json!("x"), json!(null)]
        {
            assert!(unwrap_envelope(bad.clone()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_prepared_is_final(
            state in prop_oneof![Just("DRAFT"), Just("REVIEW"), Just("READY"), Just("PUBLIC")],
            wish in prop_oneof![Just(RecordStage::Allocated), Just(RecordStage::ReviewReady), Just(RecordStage::Public)],
            title in "[a-c]{0,2}", note in "[a-c]{0,2}", publish: bool,
        ) {
            let record = ours(&["vendor-advisory"]);
            let mut there = theirs(state);
            there["containers"]["cna"]["title"] = json!(title);
            there["x_note"] = json!(note);
            if let Ok(p) = prepare("the tool", &ask(&record, wish), &there, publish) {
                prop_assert!(p.state >= stage_of(&there));
                prop_assert_eq!(&p.body["x_note"], &json!(note));
                let again = Submission { base: Some(&record), ..ask(&record, wish) };
                let second = prepare("the tool", &again, &p.body, publish).unwrap();
                prop_assert!(!second.differs, "{:?}", second);
            }
        }
    }
}
