//! A Slack: one workspace with two channels, its limits on blocks, and its errors.

use super::super::{Asked, Network, Said};
use serde_json::{Value, json};
use std::sync::Mutex;

/// The table.
pub const TABLE: &str = include_str!("../../../../contracts/slack.toml");
/// The bot's token.
pub const BOT: &str = "xoxb-canary-bot";
/// The app-level token.
pub const APP: &str = "xapp-canary-app";

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Where.
    pub channel: String,
    /// Its id there.
    pub ts: String,
    /// The message it answers.
    pub thread: Option<String>,
    /// As sent.
    pub body: Value,
}

/// The workspace.
#[derive(Debug, Default)]
pub struct Slack {
    /// What was said.
    pub messages: Mutex<Vec<Message>>,
    /// What was sent to a `response_url`.
    pub answers: Mutex<Vec<Value>>,
    /// What the next call that asks for a web socket is told.
    pub socket: Mutex<String>,
}

fn no(error: &str) -> Said {
    Said::json(200, json!({ "ok": false, "error": error }))
}

impl Network for Slack {
    fn answer(&self, asked: &Asked) -> Said {
        if asked.path.starts_with("/actions/") {
            if let Some(wrong) = wrong_blocks(&asked.json) {
                return Said::json(500, json!({ "ok": false, "error": wrong }));
            }
            self.answers.lock().unwrap().push(asked.json.clone());
            return Said::text(200, "ok");
        }
        let token = asked.authorization.trim_start_matches("Bearer ");
        let method = asked.path.trim_start_matches("/api/");
        match (method, token) {
            ("apps.connections.open", APP) => {
                let url = self.socket.lock().unwrap().clone();
                Said::json(200, json!({ "ok": true, "url": url }))
            }
            ("apps.connections.open", BOT) => no("not_allowed_token_type"),
            (_, "xoxb-revoked") => no("token_revoked"),
            (_, BOT) => self.method(method, asked),
            _ => no("invalid_auth"),
        }
    }
}

impl Slack {
    fn method(&self, method: &str, asked: &Asked) -> Said {
        match method {
            "auth.test" => Said::json(
                200,
                json!({
                    "ok": true, "url": "https://phare.slack.com/", "team": "Phare", "user": "vigie",
                    "team_id": "T1PHARE", "user_id": "U0BOT", "bot_id": "B0BOT",
                }),
            ),
            "users.info" if asked.field("user") == "U1LEA" => Said::json(
                200,
                json!({ "ok": true, "user": {
                    "id": "U1LEA", "team_id": "T1PHARE", "name": "lea", "real_name": "Léa Martin",
                    "profile": { "real_name": "Léa Martin", "display_name": "" },
                } }),
            ),
            "users.info" => no("user_not_found"),
            "chat.postMessage" => self.post(asked),
            "chat.update" => self.update(asked),
            _ => no("unknown_method"),
        }
    }

    fn post(&self, asked: &Asked) -> Said {
        let channel = match asked.field("channel").as_str() {
            "C1REVUE" => "C1REVUE".to_owned(),
            "C2AUTRE" => "C2AUTRE".to_owned(),
            "U1LEA" => "D1LEA".to_owned(),
            "C9ARCHIVE" => return no("is_archived"),
            "C9DEHORS" => return no("not_in_channel"),
            _ => return no("channel_not_found"),
        };
        if let Some(wrong) = wrong_blocks(&asked.json) {
            return no(wrong);
        }
        let mut messages = self.messages.lock().unwrap();
        let thread = Some(asked.field("thread_ts")).filter(|ts| !ts.is_empty());
        let ts = format!("1700000000.{:06}", messages.len() + 1);
        messages.push(Message {
            channel: channel.clone(),
            ts: ts.clone(),
            thread,
            body: asked.json.clone(),
        });
        Said::json(
            200,
            json!({ "ok": true, "channel": channel, "ts": ts, "message": { "ts": ts } }),
        )
    }

    fn update(&self, asked: &Asked) -> Said {
        if let Some(wrong) = wrong_blocks(&asked.json) {
            return no(wrong);
        }
        let (channel, ts) = (asked.field("channel"), asked.field("ts"));
        let mut messages = self.messages.lock().unwrap();
        let Some(message) = messages
            .iter_mut()
            .find(|m| m.channel == channel && m.ts == ts)
        else {
            return no("message_not_found");
        };
        message.body = asked.json.clone();
        Said::json(
            200,
            json!({ "ok": true, "channel": channel, "ts": ts, "text": asked.field("text") }),
        )
    }
}

/// Slack's limits on blocks (<https://docs.slack.dev/reference/block-kit/blocks>).
fn wrong_blocks(body: &Value) -> Option<&'static str> {
    let blocks = body["blocks"].as_array()?;
    if blocks.is_empty() && body["text"].as_str().unwrap_or_default().is_empty() {
        return Some("no_text");
    }
    if blocks.len() > 50 {
        return Some("invalid_blocks");
    }
    // Nowhere documented; seen at about so many characters of the whole.
    if body["blocks"].to_string().chars().count() > 11_000 {
        return Some("msg_blocks_too_long");
    }
    let text = |object: &Value, most: usize| {
        let words = object["text"].as_str().unwrap_or_default();
        let kind = object["type"].as_str().unwrap_or_default();
        matches!(kind, "plain_text" | "mrkdwn")
            && (1..=most).contains(&words.encode_utf16().count())
    };
    let good = blocks.iter().all(|block| match block["type"].as_str() {
        Some("header") => text(&block["text"], 150) && block["text"]["type"] == "plain_text",
        Some("section") => text(&block["text"], 3_000),
        Some("context") => {
            let elements = block["elements"].as_array().map_or(&[][..], Vec::as_slice);
            (1..=10).contains(&elements.len()) && elements.iter().all(|e| text(e, 3_000))
        }
        Some("rich_text") => block["elements"].as_array().is_some_and(|elements| {
            elements.iter().all(|element| {
                element["type"] == "rich_text_preformatted"
                    && element["elements"].as_array().is_some_and(|runs| {
                        runs.iter().all(|run| {
                            let words = run["text"].as_str().unwrap_or_default();
                            run["type"] == "text"
                                && (1..=3_000).contains(&words.encode_utf16().count())
                        })
                    })
            })
        }),
        Some("actions") => {
            let elements = block["elements"].as_array().map_or(&[][..], Vec::as_slice);
            let mut ids: Vec<&str> = elements
                .iter()
                .filter_map(|e| e["action_id"].as_str())
                .collect();
            ids.sort_unstable();
            ids.dedup();
            (1..=25).contains(&elements.len())
                && ids.len() == elements.len()
                && elements.iter().all(|button| {
                    text(&button["text"], 75)
                        && button["text"]["type"] == "plain_text"
                        && button["value"].as_str().is_none_or(|v| v.len() <= 2_000)
                        && button["url"].as_str().is_none_or(|v| v.len() <= 3_000)
                })
        }
        _ => false,
    });
    (!good).then_some("invalid_blocks")
}
