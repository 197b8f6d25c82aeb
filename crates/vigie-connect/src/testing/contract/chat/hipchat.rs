//! A HipChat server with one room, « Revue du phare ».

use super::super::{Asked, Network, Said};
use serde_json::{Value, json};
use std::sync::Mutex;

/// The table.
pub const TABLE: &str = include_str!("../../../../contracts/hipchat.toml");
/// The token.
pub const TOKEN: &str = "canaryhipchattoken";

/// The server.
#[derive(Debug, Default)]
pub struct HipChat {
    /// What was said.
    pub notifications: Mutex<Vec<Value>>,
}

fn no(status: u16, kind: &str) -> Said {
    Said::json(
        status,
        json!({ "error": { "code": status, "message": "no", "type": kind } }),
    )
}

impl Network for HipChat {
    fn answer(&self, asked: &Asked) -> Said {
        if asked.authorization != format!("Bearer {TOKEN}") {
            return no(401, "Unauthorized");
        }
        if asked.segments().get(2) != Some(&"Revue%20du%20phare") {
            return no(404, "Not Found");
        }
        let length = asked.field("message").chars().count();
        let known = ["yellow", "green", "red", "purple", "gray", "random"];
        if !(1..=10_000).contains(&length)
            || !known.contains(&asked.field("color").as_str())
            || !matches!(asked.field("message_format").as_str(), "html" | "text")
            || asked.field("from").chars().count() > 64
        {
            return no(400, "Bad request");
        }
        self.notifications.lock().unwrap().push(asked.json.clone());
        Said::json(204, Value::Null)
    }
}
