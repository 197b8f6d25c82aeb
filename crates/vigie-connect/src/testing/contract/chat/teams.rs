//! A workflow that takes messages for a channel of Teams, `/workflows/canaryflow/…`, with the signature `canarysig`.

use super::super::{Asked, Network, Said};
use serde_json::{Value, json};
use std::sync::Mutex;

/// The table.
pub const TABLE: &str = include_str!("../../../../contracts/teams.toml");
/// The path of the address, with its query.
pub const PATH: &str = "/workflows/canaryflow/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=canarysig";

/// The channel.
#[derive(Debug, Default)]
pub struct Teams {
    /// The cards taken.
    pub cards: Mutex<Vec<Value>>,
}

fn no(status: u16, code: &str) -> Said {
    Said::json(
        status,
        json!({ "error": { "code": code, "message": "no" } }),
    )
}

impl Network for Teams {
    fn answer(&self, asked: &Asked) -> Said {
        if asked.segments().get(1) != Some(&"canaryflow") {
            return no(404, "WorkflowNotFound");
        }
        if asked.field("sig") != "canarysig" {
            return no(401, "DirectApiAuthorizationRequired");
        }
        if asked.body.len() > 28 << 10 {
            return no(413, "RequestEntityTooLarge");
        }
        let card = &asked.json["attachments"][0];
        if card["contentType"] != "application/vnd.microsoft.card.adaptive"
            || !is_card(&card["content"])
        {
            return no(400, "InvalidRequestContent");
        }
        self.cards.lock().unwrap().push(card["content"].clone());
        Said::json(202, Value::Null)
    }
}

/// The parts of the schema of Adaptive Cards 1.4 that are used (<https://adaptivecards.io/explorer/>).
fn is_card(card: &Value) -> bool {
    let only = |object: &Value, keys: &[&str]| {
        object
            .as_object()
            .is_some_and(|map| map.keys().all(|key| keys.contains(&key.as_str())))
    };
    let one_of =
        |value: &Value, names: &[&str]| value.is_null() || names.iter().any(|name| value == *name);
    let run = |run: &Value| {
        only(
            run,
            &["type", "text", "weight", "size", "fontType", "isSubtle"],
        ) && run["type"] == "TextRun"
            && run["text"].as_str().is_some_and(|text| !text.is_empty())
            && one_of(&run["weight"], &["Lighter", "Default", "Bolder"])
            && one_of(
                &run["size"],
                &["Default", "Small", "Medium", "Large", "ExtraLarge"],
            )
            && one_of(&run["fontType"], &["Default", "Monospace"])
    };
    let block = |block: &Value| {
        only(block, &["type", "spacing", "inlines"])
            && block["type"] == "RichTextBlock"
            && one_of(
                &block["spacing"],
                &["default", "none", "small", "medium", "large"],
            )
            && block["inlines"]
                .as_array()
                .is_some_and(|runs| runs.iter().all(run))
    };
    let action = |action: &Value| {
        only(action, &["type", "title", "url"])
            && action["type"] == "Action.OpenUrl"
            && action["url"]
                .as_str()
                .is_some_and(|url| url.starts_with("http"))
    };
    only(
        card,
        &["$schema", "type", "version", "lang", "body", "actions"],
    ) && card["type"] == "AdaptiveCard"
        && card["version"] == "1.4"
        && card["body"]
            .as_array()
            .is_some_and(|body| body.iter().all(block))
        && card["actions"]
            .as_array()
            .is_some_and(|actions| actions.iter().all(action))
}
