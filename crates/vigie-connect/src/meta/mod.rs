//! What the interfaces of Meta have in common: Facebook pages, Instagram and Threads speak the same Graph API.
//!
//! The token travels as `Authorization: Bearer`, which the Graph API takes. Only the exchange and the renewal of a
//! token are documented with the token in the query alone: those calls are marked secret, and neither the log nor the
//! journal keeps a query.

mod container;
mod error;
mod graph;
mod hook;
mod sweep;
mod token;

pub use container::{Containers, Quota, fetched, made, published_or_not};
pub use error::{gone, no_such_field, read};
pub use graph::{Graph, server};
pub use hook::{entries, hook};
pub use sweep::{MOST_TEXT, Read, Step, Sweep, cut};
pub use token::{Flavour, Me, all_granted, checked, exchanged, granted, not_granted};

use crate::{Code, Failure, Page, Payload, RemotePost, Version, rest};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::{future::Future, time::Duration};
use unicode_normalization::UnicodeNormalization as _;
use vigie_core::publication::Found;

/// The version of the Graph API that is spoken. v26.0 is out since July 2026, but its end is not published yet.
pub const VERSION: Version = Version {
    name: "v25.0",
    ends: Some("2028-07-29"),
};
/// Longest time for everything but publishing.
pub const WITHIN: Duration = Duration::from_secs(30);
/// How far the clocks of a network and of Vigie may be apart.
pub const CLOCKS: SignedDuration = SignedDuration::from_mins(10);
/// Pages of a listing that are read to look for a post.
const MOST_PAGES: usize = 10;

/// A time as Meta writes it, `2026-11-28T12:00:00+0000`.
pub fn time(json: &Value, pointer: &str) -> Option<Timestamp> {
    let text = json.pointer(pointer)?.as_str()?;
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text)
        .ok()
        .or_else(|| text.parse().ok())
}

/// Where people see something; empty when it is no address of the web.
pub fn address(json: &Value, pointer: &str) -> String {
    let text = rest::text(json, pointer);
    let web = text.len() <= 2_048
        && url::Url::parse(text)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if web { text.to_owned() } else { String::new() }
}

/// Words as compared: networks trim them and write line ends and accents in their own way.
fn words(text: &str) -> String {
    text.replace("\r\n", "\n").trim().nfc().collect()
}

/// Whether a post was made for this payload, judged by its time: not long before it was asked for.
fn after(post: &RemotePost, payload: &Payload) -> bool {
    post.created_at
        .is_some_and(|at| at >= from(payload.created_at))
}

/// The earliest time at which the network may say that something asked for now was made.
pub fn from(asked: Timestamp) -> Timestamp {
    asked.checked_sub(CLOCKS).unwrap_or(asked)
}

/// The posts of a listing, newest first, that were made since `from`.
///
/// # Errors
/// Any failure of a page, or more posts than are read.
pub async fn since<F, Fut>(from: Timestamp, page: F) -> Result<Vec<RemotePost>, Failure>
where
    F: Fn(Option<String>) -> Fut,
    Fut: Future<Output = Result<Page, Failure>>,
{
    let mut all = Vec::new();
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let Page {
            posts,
            cursor: next,
        } = page(cursor).await?;
        let older = posts
            .last()
            .and_then(|post| post.created_at)
            .is_some_and(|at| at < from);
        all.extend(
            posts
                .into_iter()
                .filter(|post| post.created_at.is_some_and(|at| at >= from)),
        );
        cursor = next;
        if older || cursor.is_none() {
            return Ok(all);
        }
    }
    Err(Failure::new(
        Code::AnswerTooLarge,
        "more posts since then than are read",
    ))
}

/// The post that is `text`, among those made since then. A post without words is looked at more closely with `fits`:
/// anything without words would be like it.
pub async fn alike(
    graph: &Graph<'_>,
    posts: Result<Vec<RemotePost>, Failure>,
    text: &str,
    payload: &Payload,
    fields: &str,
    fits: fn(&Value, &Payload) -> bool,
) -> Found {
    let mut same = posts.map(|posts| like(posts, text, payload));
    if words(text).is_empty()
        && let Ok(posts) = same
    {
        same = closely(graph, posts, payload, fields, |json, payload| {
            Ok(fits(json, payload))
        })
        .await;
    }
    rest::among(same, |_| true)
}

/// Those of the posts that say `text` and were not made long before the payload.
pub fn like(mut posts: Vec<RemotePost>, text: &str, payload: &Payload) -> Vec<RemotePost> {
    let wanted = words(text);
    posts.retain(|post| words(&post.text) == wanted && after(post, payload));
    posts
}

/// Those of the posts that fit the payload, each looked at alone.
///
/// # Errors
/// Any failure of a look, or what `fits` says of an answer that does not tell.
pub async fn closely(
    graph: &Graph<'_>,
    posts: Vec<RemotePost>,
    payload: &Payload,
    fields: &str,
    fits: impl Fn(&Value, &Payload) -> Result<bool, Failure>,
) -> Result<Vec<RemotePost>, Failure> {
    let mut close = Vec::new();
    for post in posts {
        let json = graph
            .get(&[&post.remote_id], &[("fields", fields)])
            .await
            .map_err(|trouble| trouble.failure)?;
        if fits(&json, payload)? {
            close.push(post);
        }
    }
    Ok(close)
}

/// How many children a carousel has; one where there is none.
pub fn pictures(json: &Value) -> usize {
    json.pointer("/children/data")
        .and_then(Value::as_array)
        .map_or(1, Vec::len)
}

/// The cursor of the next page of an answer, where there is a next page.
pub fn next(json: &Value) -> Option<String> {
    json.pointer("/paging/next")?;
    let after = json.pointer("/paging/cursors/after")?.as_str()?;
    (!after.is_empty() && after.len() <= 1_024).then(|| after.to_owned())
}

/// The list of an answer.
///
/// # Errors
/// `garbage_answer` when there is none.
pub fn data(json: &Value) -> Result<&Vec<Value>, Failure> {
    json.pointer("/data")
        .and_then(Value::as_array)
        .ok_or_else(|| Failure::new(Code::GarbageAnswer, "the answer holds no list"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_read_with_care() {
        let at = |text: &str| time(&json!({ "t": text }), "/t").map(Timestamp::as_second);
        assert_eq!(at("2026-11-28T12:00:00+0000"), Some(1_795_867_200));
        assert_eq!(at("2026-11-28T14:00:00+0200"), Some(1_795_867_200));
        assert_eq!(at("2026-11-28T12:00:00Z"), Some(1_795_867_200));
        assert_eq!((at("hier"), at("")), (None, None));
        let place = |text: &str| address(&json!({ "u": text }), "/u");
        assert_eq!(place("https://exemple.fr/a"), "https://exemple.fr/a");
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "/p/1",
            "",
            "https://",
        ] {
            assert_eq!(place(bad), "", "{bad}");
        }
        assert_eq!(words(" e\u{301}\r\n"), words("é"));
    }

    #[test]
    fn a_page_follows_only_where_the_network_says_so() {
        let page = |next: bool, after: &str| {
            let mut json = json!({ "paging": { "cursors": { "after": after } } });
            if next {
                json["paging"]["next"] = json!("https://graph.example/?access_token=t");
            }
            super::next(&json)
        };
        assert_eq!(page(true, "a"), Some("a".to_owned()));
        assert_eq!((page(false, "a"), page(true, "")), (None, None));
        assert_eq!(page(true, &"a".repeat(1_025)), None);
    }
}
