//! Who may answer: a record beside the post, under the same key. Both are written in one commit, so that there is still
//! one call whose outcome can be unknown, and a post is never there without its gate.

use super::{post::uri, record};
use crate::{Allowed, Payload};
use serde_json::{Value, json};
use vigie_core::content::Repliers;

/// The collection of gates.
pub const COLLECTION: &str = "app.bsky.feed.threadgate";

/// The gate of a payload, complete and repeatable; `None` where everyone may answer.
pub fn gate(did: &str, payload: &Payload) -> Option<Value> {
    let rule = match payload.repliers {
        Repliers::Everyone => return None,
        Repliers::Followers => Some("followerRule"),
        Repliers::Followed => Some("followingRule"),
        Repliers::Mentioned => Some("mentionRule"),
        // An empty list lets nobody in.
        Repliers::Nobody => None,
    };
    let allow: Vec<Value> = rule
        .map(|rule| json!({ "$type": format!("{COLLECTION}#{rule}") }))
        .into_iter()
        .collect();
    Some(json!({
        "$type": COLLECTION,
        "post": uri(did, &payload.key),
        "allow": allow,
        "createdAt": record::created_at(payload.created_at),
    }))
}

/// Who may answer by a gate.
pub fn allowed(gate: &Value) -> Allowed {
    repliers(gate).map_or(Allowed::Otherwise, Allowed::By)
}

/// The same in the words that Vigie has; `None` for what it has no word for.
fn repliers(gate: &Value) -> Option<Repliers> {
    let Some(allow) = gate.get("allow") else {
        return Some(Repliers::Everyone);
    };
    let rule = match allow.as_array()?.as_slice() {
        [] => return Some(Repliers::Nobody),
        [one] => one.get("$type")?.as_str()?.strip_prefix(COLLECTION)?,
        _ => return None,
    };
    match rule {
        "#followerRule" => Some(Repliers::Followers),
        "#followingRule" => Some(Repliers::Followed),
        "#mentionRule" => Some(Repliers::Mentioned),
        _ => None,
    }
}

/// The newest gates of an account, as far as they were read.
#[derive(Debug, Default)]
pub struct Gates {
    /// Key and gate, newest first.
    found: Vec<(String, Allowed)>,
    /// Whether these are all.
    all: bool,
}

impl Gates {
    /// From the answer of a listing.
    pub fn read(did: &str, answer: &Value) -> Self {
        let prefix = format!("at://{did}/{COLLECTION}/");
        let records = answer.get("records").and_then(Value::as_array);
        let found = records
            .into_iter()
            .flatten()
            .filter_map(|record| {
                let key = record.get("uri")?.as_str()?.strip_prefix(&prefix)?;
                Some((key.to_owned(), allowed(record.get("value")?)))
            })
            .collect();
        Self {
            found,
            all: records.is_some() && answer.get("cursor").is_none_or(Value::is_null),
        }
    }

    /// Who may answer the post with this key; `None` when these gates do not tell.
    pub fn of(&self, key: &str) -> Option<Allowed> {
        if let Some((_, who)) = self.found.iter().find(|(gate, _)| gate == key) {
            return Some(*who);
        }
        // Keys sort by time: a gate of this post would be among those read.
        let reached = self
            .found
            .last()
            .is_some_and(|(oldest, _)| oldest.as_str() <= key);
        (self.all || reached).then_some(Allowed::By(Repliers::Everyone))
    }
}

/// The body of the call that makes both, or neither.
pub fn both(did: &str, key: &str, post: &Value, gate: &Value) -> Value {
    let create = |collection: &str, value: &Value| {
        json!({
            "$type": "com.atproto.repo.applyWrites#create",
            "collection": collection,
            "rkey": key,
            "value": value,
        })
    };
    json!({
        "repo": did,
        "writes": [create(record::COLLECTION, post), create(COLLECTION, gate)],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_read_is_not_claimed() {
        let record = |key: &str, gate: Value| json!({ "uri": format!("at://d/{COLLECTION}/{key}"), "value": gate });
        let rule = |rule: &str| json!({ "allow": [{ "$type": format!("{COLLECTION}#{rule}") }] });
        let records = [
            record("9", json!({ "allow": [] })),
            record("8", json!({})),
            record("7", rule("mentionRule")),
            record("6", rule("listRule")),
            record("5", json!({ "allow": [{}, {}] })),
        ];
        let by = |who| Some(Allowed::By(who));
        let more = Gates::read("d", &json!({ "records": records, "cursor": "5" }));
        let all = Gates::read("d", &json!({ "records": records }));
        for gates in [&more, &all] {
            assert_eq!(gates.of("9"), by(Repliers::Nobody));
            assert_eq!(gates.of("8"), by(Repliers::Everyone));
            assert_eq!(gates.of("7"), by(Repliers::Mentioned));
            assert_eq!(
                gates.of("6"),
                Some(Allowed::Otherwise),
                "a list has no word"
            );
            assert_eq!(gates.of("5"), Some(Allowed::Otherwise));
            assert_eq!(gates.of("75"), by(Repliers::Everyone));
        }
        assert_eq!(more.of("4"), None, "older than what was read");
        assert_eq!(all.of("4"), by(Repliers::Everyone));
        for bad in [json!({}), json!([]), json!({ "records": 1 })] {
            assert_eq!(Gates::read("d", &bad).of("9"), None, "{bad}");
        }
    }
}
