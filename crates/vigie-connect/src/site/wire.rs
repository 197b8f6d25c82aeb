//! The calls that a site receives, as `docs/site-webhook.md` has them, and what its answers and its feed say.

use super::OWN;
use crate::{
    Code, Failure, Payload, RemotePost, feed, hook,
    rest::{self, Body, Request, Said, Stage, Trouble},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

/// An address that posts may be sent to.
pub fn address(typed: &str) -> Result<Url, Failure> {
    let bad = |why| Failure::new(Code::BadAddress, why);
    let url = Url::parse(typed.trim()).map_err(|_| bad("not a whole address"))?;
    let good = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.fragment().is_none()
        && url.query_pairs().all(|(key, _)| key != "id");
    good.then_some(url)
        .ok_or_else(|| bad("not an address that posts can be sent to"))
}

/// `{"error": "…"}` is the receiver's own word.
pub fn read_error(status: u16, json: &Value) -> Option<Said> {
    let error = json.get("error")?.as_str()?;
    let code = match status {
        409 => Some(Code::KeyTaken),
        413 => Some(Code::TooManyBytes),
        415 => Some(Code::MediaKind),
        _ => None,
    };
    Some(Said {
        code,
        again: false,
        message: format!("{status} {error}"),
    })
}

/// The body of the call: the same payload gives the same bytes.
pub fn body(payload: &Payload) -> String {
    let pictures: Vec<Value> = payload
        .pictures
        .iter()
        .map(|picture| {
            json!({
                "mime": picture.mime,
                "alt": picture.alt,
                "width": picture.width,
                "height": picture.height,
                "base64": STANDARD.encode(&picture.bytes),
            })
        })
        .collect();
    let mut body = json!({
        "id": payload.key,
        "text": payload.text,
        "langs": payload.langs,
        "pictures": pictures,
        "created_at": payload.created_at.to_string(),
    });
    for (name, value) in [("link", &payload.link), ("reply_to", &payload.reply_to)] {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    body.to_string()
}

/// SHA-256 of the body, in hexadecimal digits.
pub fn digest(body: &str) -> String {
    hex::encode(Sha256::digest(body.as_bytes()))
}

/// A signed call. Without a body, the method and the id stand in its place, so that a signature is good for nothing else.
pub fn signed(secret: &SecretString, request: Request, said: &str, now: Timestamp) -> Request {
    let time = now.as_second().to_string();
    let mac = hook::mac(secret, format!("v1:{time}:{said}").as_bytes());
    request
        .header("x-vigie-timestamp", time)
        .header("x-vigie-signature", format!("v1={}", hex::encode(mac)))
}

/// A signed call about one post.
pub fn about(method: Method, address: &Url, id: &str, secret: &SecretString) -> Request {
    let said = format!("{method} {id}");
    let url = rest::query(address.clone(), &[("id", id)]);
    signed(
        secret,
        Request::new(method, url, Body::None),
        &said,
        Timestamp::now(),
    )
}

/// The receiver's own word that it has no such post.
pub fn is_absent(trouble: &Trouble) -> bool {
    trouble.stage == Stage::Refused && matches!(trouble.status, 404 | 410)
}

/// An entry as a post; `None` when nothing names it.
pub fn entry(entry: feed::Entry) -> Option<RemotePost> {
    let key = entry.id.strip_prefix(OWN).filter(|key| rest::is_id(key));
    let key = key.unwrap_or_default().to_owned();
    let remote_id = [&key, &entry.link, &entry.id]
        .into_iter()
        .find(|id| !id.is_empty())?
        .clone();
    Some(post(remote_id, key, entry.link, entry.text, entry.at))
}

fn post(
    remote_id: String,
    key: String,
    url: String,
    text: String,
    at: Option<Timestamp>,
) -> RemotePost {
    RemotePost {
        repliers: None,
        content_id: rest::shown(&[text.trim()]),
        remote_id,
        key,
        url,
        text,
        // Feeds know whole seconds only.
        created_at: at.and_then(|at| Timestamp::from_second(at.as_second()).ok()),
    }
}

/// What the receiver says of a post: its address and, when asked for it, what it shows.
pub fn said(json: &Value, id: &str) -> Option<RemotePost> {
    let url = rest::text(json, "/url");
    let is_page = Url::parse(url)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= 2_048);
    if rest::text(json, "/id") != id || !is_page {
        return None;
    }
    let (id, text) = (id.to_owned(), rest::text(json, "/text").to_owned());
    let at = rest::text(json, "/created_at").parse().ok();
    Some(post(id.clone(), id, url.to_owned(), text, at))
}
