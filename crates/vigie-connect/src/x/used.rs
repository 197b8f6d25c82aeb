//! What a call that went well is charged for: what the answer holds for a reading, the call itself for a post. Pictures and
//! deletions are not counted. X charges the same thing once a day, so this is the most that it can be.

use super::price;
use crate::{
    price::Meter,
    rest::{Body, Reply, Request},
};
use reqwest::Method;
use serde_json::Value;

/// Counts a call.
pub fn count(meter: &Meter, request: &Request, reply: &Reply) {
    let path: Vec<&str> = request
        .url
        .path_segments()
        .map(Iterator::collect)
        .unwrap_or_default();
    let at = path
        .iter()
        .position(|part| *part == "2")
        .unwrap_or_default();
    let held = |pointer: &str| match reply.json.pointer(pointer) {
        Some(Value::Array(all)) => u64::try_from(all.len()).unwrap_or_default(),
        Some(Value::Object(_)) => 1,
        _ => 0,
    };
    let path = path.get(at + 1..).unwrap_or_default();
    match (request.method.clone(), path) {
        (Method::POST, ["tweets"]) => {
            let text = match &request.body {
                Body::Json(json) => json.get("text").and_then(Value::as_str).unwrap_or_default(),
                _ => "",
            };
            meter.add(
                if price(text) > price("") {
                    "post_with_link"
                } else {
                    "post"
                },
                1,
            );
        }
        (Method::GET, ["users", "me"]) => meter.add("user_read", held("/data")),
        (Method::GET, ["tweets", _] | ["users", _, "tweets"]) => {
            meter.add("own_post_read", held("/data"));
        }
        (Method::GET, ["users", _, "mentions"]) => {
            meter.add("post_read", held("/data"));
            meter.add("user_read", held("/includes/users"));
        }
        _ => return,
    }
    meter.add("call", 1);
}
