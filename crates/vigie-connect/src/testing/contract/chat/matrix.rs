//! A homeserver with one room, `!phare:localhost`; what is said there is one numbered list.

use super::super::{Asked, Network, Said};
use serde_json::{Value, json};
use std::sync::Mutex;

/// The table.
pub const TABLE: &str = include_str!("../../../../contracts/matrix.toml");
/// The access token.
pub const TOKEN: &str = "canarymatrixtoken";
/// The room.
pub const ROOM: &str = "!phare:localhost";
/// The account.
pub const OWN: &str = "@vigie:localhost";

/// The server.
#[derive(Debug, Default)]
pub struct Matrix {
    /// Events of the room, oldest first.
    pub events: Mutex<Vec<Value>>,
    keys: Mutex<Vec<(String, String)>>,
    /// When set, a look shows at most so many events of the timeline.
    pub window: Mutex<Option<usize>>,
}

fn no(status: u16, code: &str) -> Said {
    Said::json(status, json!({ "errcode": code, "error": "no" }))
}

impl Matrix {
    /// Somebody says something.
    ///
    /// # Panics
    /// Never in practice.
    pub fn say(&self, sender: &str, content: Value) -> String {
        let mut events = self.events.lock().unwrap();
        let id = format!("$e{}", events.len());
        events.push(json!({
            "type": "m.room.message", "sender": sender, "event_id": id, "content": content,
            "origin_server_ts": 1_700_000_000_000_u64,
        }));
        id
    }

    fn sync(&self, asked: &Asked) -> Said {
        let events = self.events.lock().unwrap();
        let next = format!("s{}", events.len());
        let since = asked.field("since");
        if since.is_empty() {
            return Said::json(200, json!({ "next_batch": next }));
        }
        let Some(from) = place(&since) else {
            return no(400, "M_INVALID_PARAM");
        };
        let new = events.get(from..).unwrap_or_default();
        if new.is_empty() {
            return Said::json(200, json!({ "next_batch": next }));
        }
        let window = self.window.lock().unwrap().unwrap_or(100);
        let hidden = new.len().saturating_sub(window);
        let timeline = json!({
            "events": new[hidden..], "limited": hidden > 0, "prev_batch": format!("s{}", from + hidden),
        });
        let join = json!({ ROOM: { "timeline": timeline } });
        Said::json(
            200,
            json!({ "next_batch": next, "rooms": { "join": join } }),
        )
    }

    /// Backwards from `from` to `to`, three at a time.
    fn messages(&self, asked: &Asked) -> Said {
        let events = self.events.lock().unwrap();
        let (Some(from), Some(to)) = (place(&asked.field("from")), place(&asked.field("to")))
        else {
            return no(400, "M_INVALID_PARAM");
        };
        let first = from.saturating_sub(3).max(to);
        let chunk: Vec<Value> = events[first..from].iter().rev().cloned().collect();
        let mut body = json!({ "start": format!("s{from}"), "chunk": chunk });
        if first > to {
            body["end"] = json!(format!("s{first}"));
        }
        Said::json(200, body)
    }
}

fn place(token: &str) -> Option<usize> {
    token.strip_prefix('s')?.parse().ok()
}

impl Network for Matrix {
    fn answer(&self, asked: &Asked) -> Said {
        if asked.authorization != format!("Bearer {TOKEN}") {
            return no(401, "M_UNKNOWN_TOKEN");
        }
        let path: Vec<&str> = asked.segments().into_iter().skip(3).collect();
        match path.as_slice() {
            ["account", "whoami"] => Said::json(200, json!({ "user_id": OWN, "device_id": "D" })),
            ["join", "%23revue:localhost" | ROOM] => Said::json(200, json!({ "room_id": ROOM })),
            ["join", _] => no(403, "M_FORBIDDEN"),
            ["profile", "@lea:localhost", _] => {
                Said::json(200, json!({ "displayname": "Léa\u{7}" }))
            }
            ["profile", ..] => no(404, "M_NOT_FOUND"),
            ["sync"] => self.sync(asked),
            ["rooms", ROOM, "state", _] => no(404, "M_NOT_FOUND"),
            ["rooms", ROOM, "messages"] => self.messages(asked),
            ["rooms", ROOM, "send", _, key] => {
                if asked.body.len() > 64_000 {
                    return no(413, "M_TOO_LARGE");
                }
                let known = self
                    .keys
                    .lock()
                    .unwrap()
                    .iter()
                    .find(|(k, _)| k == key)
                    .cloned();
                let id = known.map_or_else(
                    || {
                        let id = self.say(OWN, asked.json.clone());
                        self.keys
                            .lock()
                            .unwrap()
                            .push(((*key).to_owned(), id.clone()));
                        id
                    },
                    |(_, id)| id,
                );
                Said::json(200, json!({ "event_id": id }))
            }
            ["rooms", ..] => no(403, "M_FORBIDDEN"),
            _ => no(404, "M_UNRECOGNIZED"),
        }
    }
}
