//! A Mattermost with one incoming webhook, `/hooks/canaryhook`.

use super::super::{Asked, Network, Said};
use serde_json::json;
use std::sync::Mutex;

/// The table.
pub const TABLE: &str = include_str!("../../../../contracts/mattermost.toml");

/// The server.
#[derive(Debug, Default)]
pub struct Mattermost {
    /// What was said.
    pub posts: Mutex<Vec<String>>,
}

/// An error in its shape.
fn no(status: u16, id: &str) -> Said {
    let body = json!({ "id": id, "message": "no", "detailed_error": "", "request_id": "r1", "status_code": status });
    Said::json(status, body)
}

impl Network for Mattermost {
    fn answer(&self, asked: &Asked) -> Said {
        match asked.path.as_str() {
            "/hooks/canaryhook" => {}
            "/hooks/canarylocked" => {
                return no(403, "web.incoming_webhook.channel_locked.app_error");
            }
            "/hooks/canaryoff" => return no(501, "web.incoming_webhook.disabled.app_error"),
            _ => return no(400, "web.incoming_webhook.invalid.app_error"),
        }
        let text = asked.field("text");
        if text.is_empty() {
            return no(400, "web.incoming_webhook.text.app_error");
        }
        // The server would cut a longer one into several posts.
        if text.chars().count() > 16_383 {
            return no(400, "web.incoming_webhook.text.length.app_error");
        }
        self.posts.lock().unwrap().push(text);
        Said::text(200, "ok")
    }
}
