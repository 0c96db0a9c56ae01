//! The state of a record at a tool that keeps drafts (sync page §9): read, compared, and only ever raised.

use serde_json::{Value, json};

use crate::case::RecordStage;

/// Where the state stands.
const PRIVATE: &str = "CNA_private";

const WORDS: [(&str, RecordStage); 5] = [
    ("DRAFT", RecordStage::Allocated),
    ("REVIEW", RecordStage::ReviewReady),
    ("READY", RecordStage::PublishReady),
    ("PUBLIC", RecordStage::Public),
    ("REJECTED", RecordStage::Retracted),
];

/// A state's word; unknown for one that is not among the five.
#[must_use]
pub fn parse_stage(word: &str) -> RecordStage {
    WORDS.iter().find(|(w, _)| w.eq_ignore_ascii_case(word)).map_or(RecordStage::Unknown, |(_, s)| *s)
}

/// The state of a record's body. A body without one was just allocated; a word nobody knows is unknown.
#[must_use]
pub fn stage_of(body: &Value) -> RecordStage {
    match body.get(PRIVATE).and_then(|p| p.get("state")) {
        None | Some(Value::Null) => RecordStage::Allocated,
        Some(Value::String(w)) if w.is_empty() => RecordStage::Allocated,
        Some(v) => v.as_str().map_or(RecordStage::Unknown, parse_stage),
    }
}

/// The body with that state; every other key stands.
#[must_use]
pub fn with_stage(mut body: Value, stage: RecordStage) -> Value {
    let Some((word, _)) = WORDS.iter().find(|(_, s)| *s == stage) else { return body };
    if let Value::Object(o) = &mut body {
        let private = o.entry(PRIVATE).or_insert_with(|| json!({}));
        if let Value::Object(p) = private {
            p.insert("state".into(), json!(word));
        }
    }
    body
}

/// The state after a push that wishes for one: never below what it is, and never public, which is what publishing is for.
/// None for a record that may not be touched: withdrawn, or in a state nobody knows.
#[must_use]
pub fn rise(has: RecordStage, wish: RecordStage) -> Option<RecordStage> {
    match has {
        RecordStage::Unknown | RecordStage::Retracted => None,
        _ => Some(has.max(wish.clamp(RecordStage::Allocated, RecordStage::PublishReady))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [RecordStage; 6] = [
        RecordStage::Unknown,
        RecordStage::Allocated,
        RecordStage::ReviewReady,
        RecordStage::PublishReady,
        RecordStage::Public,
        RecordStage::Retracted,
    ];

    #[test]
    fn no_wish_lowers_a_state_or_makes_it_public() {
        for has in ALL {
            for wish in ALL {
                match rise(has, wish) {
                    None => assert!(matches!(has, RecordStage::Unknown | RecordStage::Retracted)),
                    Some(now) => {
                        assert!(now >= has, "{has:?} {wish:?}");
                        assert!(now != RecordStage::Retracted);
                        assert!(now != RecordStage::Public || has == RecordStage::Public);
                    }
                }
            }
        }
        assert_eq!(
            rise(RecordStage::PublishReady, RecordStage::ReviewReady),
            Some(RecordStage::PublishReady)
        );
    }

    #[test]
    fn a_state_is_read_and_written_beside_other_keys() {
        let body = json!({"CNA_private": {"state": "DRAFT", "todo": ["x"]}});
        assert_eq!(stage_of(&body), RecordStage::Allocated);
        let after = with_stage(body, RecordStage::ReviewReady);
        assert_eq!(after, json!({"CNA_private": {"state": "REVIEW", "todo": ["x"]}}));
        for stage in ALL.into_iter().filter(|s| *s != RecordStage::Unknown) {
            assert_eq!(stage_of(&with_stage(json!({}), stage)), stage);
        }
        assert_eq!(stage_of(&json!({})), RecordStage::Allocated);
        assert_eq!(stage_of(&json!({"CNA_private": {"state": "triage"}})), RecordStage::Unknown);
        assert_eq!(stage_of(&json!({"CNA_private": {"state": 7}})), RecordStage::Unknown);
        assert_eq!(stage_of(&json!({"CNA_private": {"state": "review"}})), RecordStage::ReviewReady);
    }
}
