//! Bringing a record to an authority where others write, too: three records of strangers, separated by 0xFF, and what is
//! asked. What the tracker did not make stays, links stay, no state falls, and doing it again changes nothing.
#![no_main]

use desk::{
    case::RecordStage,
    cve::authority::{
        Over, Prefer, Submission, as_kept, merge, prepare, same_id, stage_of, unwrap_envelope, with_stage,
    },
};
use desk_fuzz::Fields;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const CVE: &str = "CVE-2026-12345";

fuzz_target!(|data: &[u8]| {
    let mut fields = Fields::of(data);
    let mut read = || serde_json::from_str::<Value>(&fields.text());
    let (Ok(ours), Ok(theirs), base) = (read(), read(), read().ok()) else { return };
    let asked = fields.byte();
    let theirs = as_kept(theirs);
    assert_eq!(as_kept(theirs.clone()), theirs, "what is kept is kept as it is");
    let _ = unwrap_envelope(json!([theirs]));
    for prefer in [Prefer::Neither, Prefer::Ours] {
        let m = merge(base.as_ref(), &ours, &theirs, prefer);
        assert!(prefer == Prefer::Neither || m.conflicts.is_empty(), "whoever is preferred there is no clash");
        foreign(base.as_ref(), &ours, &theirs, &m.record);
        let links = |v: &Value| v.pointer("/containers/cna/references").and_then(Value::as_array).cloned();
        if let (Some(there), Some(_)) = (links(&theirs), links(&ours)) {
            let now = links(&m.record).unwrap_or_default();
            let urls: Vec<_> = now.iter().map(|l| l.get("url").cloned()).collect();
            for l in there.iter().filter(|l| l.get("url").is_some_and(Value::is_string)) {
                assert!(urls.contains(&l.get("url").cloned()), "{l} stays");
            }
        }
        let again = merge(Some(&ours), &ours, &m.record, prefer);
        assert_eq!(again.record, m.record, "doing it again changes nothing");
        assert!(again.conflicts.is_empty());
    }
    assert_eq!(merge(Some(&ours), &ours, &theirs, Prefer::Neither).record, theirs, "nothing new is nothing to bring");

    let over = Over { packages: asked & 1 > 0, conflicts: asked & 2 > 0, ..Over::default() }.of(&theirs);
    let wish = if asked & 4 > 0 { RecordStage::ReviewReady } else { RecordStage::Public };
    let s = Submission { cve: CVE, ours: &ours, base: base.as_ref(), wish, over: Some(&over) };
    let publish = asked & 8 > 0;
    let Ok(p) = prepare("a tool", &s, &theirs, publish) else { return };
    assert!(same_id(&p.body, CVE).is_ok() && p.state >= stage_of(&theirs), "{:?}", p.state);
    assert!(publish || p.state != RecordStage::Public || stage_of(&theirs) == RecordStage::Public);
    assert_eq!(p.differs, p.body != theirs);
    if with_stage(p.body.clone(), p.state) == p.body {
        let s = Submission { base: Some(&ours), ..s };
        if let Ok(again) = prepare("a tool", &s, &p.body, publish) {
            assert!(!again.differs || !p.holds, "{:?}", again.notes);
        }
    }
});

/// Every key of theirs that neither we nor the last push have is there, with its value.
fn foreign(base: Option<&Value>, ours: &Value, theirs: &Value, out: &Value) {
    let (Value::Object(t), Value::Object(o), Value::Object(r)) = (theirs, ours, out) else { return };
    for (k, v) in t {
        let b = base.and_then(|b| b.get(k));
        match (b, o.get(k)) {
            (None, None) => assert_eq!(r.get(k), Some(v), "{k} stays"),
            (b, Some(o)) if o.is_object() && v.is_object() => foreign(b, o, v, r.get(k).unwrap_or(&Value::Null)),
            _ => {}
        }
    }
}
