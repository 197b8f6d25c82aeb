//! An entry of the log, for a reader.

use jiff::Timestamp;
use vigie_core::audit::leaf::{AuditActor, Leaf};
use vigie_core::id::MemberId;

use crate::post::view::People;
use crate::words::Words;

/// Kinds of acts that the page can show alone: the word before the dot.
pub const KINDS: &[&str] = &[
    "post",
    "publication",
    "channel",
    "page",
    "change",
    "pause",
    "alarm",
    "rules",
    "member",
    "session",
    "passkey",
    "token",
    "vault",
];

/// An entry in a reader's words.
pub struct Entry {
    /// Its number in the log, from 0.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who: a member's name, or Vigie.
    pub who: String,
    /// Whether a program did it with the member's token.
    pub by_program: bool,
    /// What was done.
    pub what: String,
    /// The stable name of the act.
    pub act: String,
    /// On what, `kind/id`.
    pub object: String,
    /// Where that can be seen.
    pub link: Option<String>,
    /// What else the entry holds: names and values.
    pub detail: Vec<(String, String)>,
}

impl Entry {
    /// Puts an entry in words.
    pub fn new(leaf: Leaf, people: &People, w: &Words) -> Self {
        let (who, by_program) = match leaf.actor {
            AuditActor::System => (w.t("audit-by-vigie"), false),
            AuditActor::Member { member } => (people.name(&member).to_owned(), false),
            AuditActor::Token { member, .. } => (people.name(&member).to_owned(), true),
        };
        let outcome = leaf
            .detail
            .get("outcome")
            .or_else(|| leaf.detail.get("state"));
        Self {
            seq: leaf.seq,
            at: leaf.at,
            who,
            by_program,
            what: said(&leaf.act, outcome.map(String::as_str), w),
            link: link(&leaf.object),
            detail: leaf
                .detail
                .into_iter()
                .map(|(name, value)| (name, named(value, people)))
                .collect(),
            act: leaf.act,
            object: leaf.object,
        }
    }
}

/// The act in words; an act that this version has no words for is shown by its stable name.
fn said(act: &str, outcome: Option<&str>, w: &Words) -> String {
    let key = act.replace(['.', '_'], "-");
    let text = w.t(format!("audit-act-{key}"));
    let text = if text.contains("audit-act-") {
        act.to_owned()
    } else {
        text
    };
    match outcome {
        Some(outcome) if act.starts_with("publication.") => {
            format!("{text} ({})", w.t(format!("outcome-{outcome}")))
        }
        _ => text,
    }
}

/// A member's name in place of their id.
fn named(value: String, people: &People) -> String {
    let name = value
        .parse::<MemberId>()
        .map(|id| people.name(&id).to_owned())
        .unwrap_or_default();
    if name.is_empty() { value } else { name }
}

fn link(object: &str) -> Option<String> {
    let (kind, id) = object.split_once('/').unwrap_or((object, ""));
    match kind {
        "post" => Some(format!("/posts/{id}")),
        "channel" => Some("/channels".to_owned()),
        "page" => Some(format!("/channels/{id}/page")),
        "change" => Some("/changes".to_owned()),
        "alarm" => Some("/alarms".to_owned()),
        "rule" => Some(format!("/rules/{id}")),
        "list" => Some("/rules/lists".to_owned()),
        "fact" => Some("/rules/profile".to_owned()),
        "member" => Some("/members".to_owned()),
        "pause" => Some("/pause".to_owned()),
        _ => None,
    }
}
