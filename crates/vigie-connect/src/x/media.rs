//! Pictures: announced, sent, closed, waited for, described. Harmless until a post names them.

use super::X;
use crate::{
    Code, Picture,
    rest::{self, Body, File, Request, Stage, Trouble},
    signed::Signed,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Most times that a picture in work is asked about.
const ASKS: u32 = 30;
/// Longest wait between two asks.
const LONGEST: u64 = 5;

/// Uploads a picture; its id.
pub async fn upload(signed: &mut Signed<'_, X>, picture: &Picture) -> Result<String, Trouble> {
    let base = signed.service().clone();
    let announced = json!({
        "media_type": picture.mime,
        "media_category": "tweet_image",
        "total_bytes": picture.bytes.len(),
    });
    let url = rest::at(&base, &["2", "media", "upload", "initialize"]);
    let answer = signed
        .call(Request::post(url, Body::Json(announced)))
        .await?;
    let id = rest::id(&answer.json, "/data/id")
        .filter(|id| super::post::is_post_id(id))
        .ok_or_else(|| garbage("a picture without its id"))?;
    // The most that a picture may have fits into one part.
    let file = File {
        field: "media",
        mime: picture.mime.clone(),
        bytes: picture.bytes.clone(),
    };
    let url = rest::at(&base, &["2", "media", "upload", &id, "append"]);
    let fields = vec![("segment_index", "0".to_owned())];
    signed
        .call(Request::post(url, Body::Parts(fields, file)))
        .await?;
    let url = rest::at(&base, &["2", "media", "upload", &id, "finalize"]);
    let mut answer = signed.call(Request::post(url, Body::None)).await?.json;
    for _ in 0..ASKS {
        if is_ready(&answer)? {
            describe(signed, picture, &id).await?;
            return Ok(id);
        }
        let asked = answer.pointer("/data/processing_info/check_after_secs");
        let wait = asked.and_then(Value::as_u64).unwrap_or(1).min(LONGEST);
        let wait = Duration::from_secs(wait);
        if Instant::now() + wait >= signed.until() {
            break;
        }
        tokio::time::sleep(wait).await;
        let url = rest::at(&base, &["2", "media", "upload"]);
        let url = rest::query(url, &[("command", "STATUS"), ("media_id", &id)]);
        answer = signed.call(Request::get(url)).await?.json;
    }
    Err(Trouble::new(
        Stage::NotSent,
        Code::Slow,
        "the picture is still in work",
    ))
}

fn is_ready(answer: &Value) -> Result<bool, Trouble> {
    if rest::id(answer, "/data/id").is_none() {
        return Err(garbage("a picture without its id"));
    }
    match answer.pointer("/data/processing_info") {
        None | Some(Value::Null) => Ok(true),
        Some(info) => match rest::text(info, "/state") {
            "succeeded" => Ok(true),
            "pending" | "in_progress" => Ok(false),
            "failed" => Err(Trouble::new(
                Stage::Refused,
                Code::MediaFailed,
                "the network could not use the picture",
            )),
            _ => Err(garbage("a picture in an unknown state")),
        },
    }
}

async fn describe(signed: &mut Signed<'_, X>, picture: &Picture, id: &str) -> Result<(), Trouble> {
    if picture.alt.is_empty() {
        return Ok(());
    }
    let said = json!({ "id": id, "metadata": { "alt_text": { "text": picture.alt } } });
    let url = rest::at(signed.service(), &["2", "media", "metadata"]);
    signed
        .call(Request::post(url, Body::Json(said)))
        .await
        .map(drop)
}

fn garbage(words: &str) -> Trouble {
    Trouble::new(Stage::Unknown, Code::GarbageAnswer, words)
}
