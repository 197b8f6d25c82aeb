//! Posts on X: put, look, list, take back.

use super::{X, media, text};
use crate::{
    Account, Allowed, Code, Failure, Page, Payload, RemotePost, Session,
    rest::{self, Body, Reply, Request, Stage, Trouble},
    signed::Signed,
};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::time::Duration;
use vigie_core::{
    content::Repliers,
    publication::{Found, Outcome},
};

/// Posts in one page; each that is read costs.
pub const PAGE: &str = "20";
/// What is asked of a post. Fields cost nothing.
const FIELDS: &str = "attachments,author_id,created_at,edit_history_tweet_ids,entities,note_tweet,referenced_tweets,reply_settings";
/// Most pages that are read for one look, or one visit.
pub const PAGES: usize = 5;
/// How far the network's clock may be from ours, in minutes.
const CLOCKS: SignedDuration = SignedDuration::from_mins(10);

/// The shape of an id of a post, a user or a picture.
pub fn is_post_id(id: &str) -> bool {
    (1..=19).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}

/// Where people see the account.
pub fn page(account: &Account) -> String {
    format!("https://x.com/{}", name(&account.handle))
}

/// Where people see a post; the network finds it by its id, whatever the name.
pub fn web_address(handle: &str, id: &str) -> String {
    format!("https://x.com/{}/status/{id}", name(handle))
}

fn name(handle: &str) -> &str {
    if super::call::is_name(handle) {
        handle
    } else {
        "i"
    }
}

/// Puts a post.
pub async fn publish(x: &X, session: &mut Session, payload: &Payload, within: Duration) -> Outcome {
    let mut signed = match Signed::open(x, session, within) {
        Ok(signed) => signed,
        Err(trouble) => return trouble.before(),
    };
    let mut ids = Vec::new();
    for picture in &payload.pictures {
        match media::upload(&mut signed, picture).await {
            Ok(id) => ids.push(id),
            // Nobody sees a picture that no post names.
            Err(trouble) => return trouble.before(),
        }
    }
    let mut body = Map::new();
    if !payload.text.is_empty() {
        body.insert("text".into(), json!(payload.text));
    }
    if !ids.is_empty() {
        body.insert("media".into(), json!({ "media_ids": ids }));
    }
    if let Some(id) = &payload.reply_to {
        body.insert("reply".into(), json!({ "in_reply_to_tweet_id": id }));
    }
    if let Some(who) = reply_settings(payload.repliers) {
        body.insert("reply_settings".into(), json!(who));
    }
    let url = rest::at(signed.service(), &["2", "tweets"]);
    let put = Request::post(url, Body::Json(Value::Object(body)));
    let answer = match signed.call(put).await {
        Ok(answer) => answer,
        Err(trouble) => return trouble.outcome(),
    };
    let Some(id) = rest::id(&answer.json, "/data/id").filter(|id| is_post_id(id)) else {
        return Outcome::Unknown {
            detail: format!("{}: a success without our post's id", Code::GarbageAnswer),
        };
    };
    // What it shows, by the same eyes that will look at it later.
    let back = get(&mut signed, &id).await.ok().flatten();
    Outcome::Published {
        url: web_address(&signed.account().handle, &id),
        content_id: back.map(|post| post.content_id).unwrap_or_default(),
        remote_id: id,
    }
}

/// The network's word for who may answer; none for everyone, and for what it does not offer.
const fn reply_settings(repliers: Repliers) -> Option<&'static str> {
    match repliers {
        Repliers::Followed => Some("following"),
        Repliers::Mentioned => Some("mentionedUsers"),
        Repliers::Everyone | Repliers::Followers | Repliers::Nobody => None,
    }
}

/// Looks among the posts made since shortly before the payload.
pub async fn find(x: &X, session: &mut Session, expected: &Payload, within: Duration) -> Found {
    let mut signed = match Signed::open(x, session, within) {
        Ok(signed) => signed,
        Err(trouble) => return trouble.failure.cannot_tell(),
    };
    let since = expected
        .created_at
        .checked_sub(CLOCKS)
        .unwrap_or(expected.created_at);
    let seen = since_then(&mut signed, since, expected).await;
    rest::among(seen.map_err(Failure::from), |post| {
        post.created_at.is_some_and(|at| at >= since)
            && text::same(&post.text, &expected.text, expected.reply_to.is_some())
    })
}

/// The account's posts since a moment that carry as many pictures and answer the same: parts of a series may be alike,
/// and only what they answer tells them apart.
async fn since_then(
    signed: &mut Signed<'_, X>,
    since: Timestamp,
    expected: &Payload,
) -> Result<Vec<RemotePost>, Trouble> {
    let start = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut all = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..PAGES {
        let mut query = vec![
            ("max_results", PAGE),
            ("start_time", start.as_str()),
            ("tweet.fields", FIELDS),
        ];
        query.extend(next.as_deref().map(|next| ("pagination_token", next)));
        let answer = timeline(signed, "tweets", &query).await?;
        let posts = posts_of(&answer.json)?;
        let wanted = posts.iter().filter(|post| {
            carries(post) == expected.pictures.len() && answered(post) == expected.reply_to
        });
        all.extend(wanted.filter_map(|post| remote(signed.account(), post)));
        next = token(&answer.json);
        if next.is_none() {
            break;
        }
    }
    Ok(all)
}

fn carries(post: &Value) -> usize {
    let keys = post.pointer("/attachments/media_keys");
    keys.and_then(Value::as_array).map_or(0, Vec::len)
}

/// The id of the post that a post answers.
pub fn answered(post: &Value) -> Option<String> {
    let of = post.get("referenced_tweets").and_then(Value::as_array);
    of.into_iter()
        .flatten()
        .find(|of| rest::text(of, "/type") == "replied_to")
        .and_then(|of| rest::id(of, "/id"))
        .filter(|id| is_post_id(id))
}

pub async fn timeline(
    signed: &mut Signed<'_, X>,
    which: &str,
    query: &[(&str, &str)],
) -> Result<Reply, Trouble> {
    let id = signed.account().id.clone();
    let url = rest::at(signed.service(), &["2", "users", &id, which]);
    signed.call(Request::get(rest::query(url, query))).await
}

/// The posts of a page; an empty page has no `data`.
pub fn posts_of(answer: &Value) -> Result<Vec<Value>, Trouble> {
    match (answer.get("data"), answer.get("meta")) {
        (Some(Value::Array(posts)), _) => Ok(posts.clone()),
        (None, Some(_)) => Ok(Vec::new()),
        _ => Err(Trouble::new(
            Stage::Unknown,
            Code::GarbageAnswer,
            "not a list of posts",
        )),
    }
}

pub fn token(answer: &Value) -> Option<String> {
    let next = rest::text(answer, "/meta/next_token");
    rest::is_id(next).then(|| next.to_owned())
}

/// A post of the account; `None` for what is not one.
fn remote(account: &Account, post: &Value) -> Option<RemotePost> {
    let id = rest::id(post, "/id").filter(|id| is_post_id(id))?;
    if rest::text(post, "/author_id") != account.id {
        return None;
    }
    let list = |at: &str| {
        let all = post.pointer(at).and_then(Value::as_array);
        let all = all.into_iter().flatten().filter_map(Value::as_str);
        all.collect::<Vec<_>>().join(",")
    };
    let text = text::shown(post);
    // An edit makes a new id, which joins the history of the old one.
    let history = list("/edit_history_tweet_ids");
    let pictures = list("/attachments/media_keys");
    Some(RemotePost {
        content_id: rest::shown(&[&text, &history, &pictures]),
        url: web_address(&account.handle, &id),
        remote_id: id,
        key: String::new(),
        text,
        created_at: rest::text(post, "/created_at").parse().ok(),
        repliers: match rest::text(post, "/reply_settings") {
            "" => None,
            "everyone" => Some(Allowed::By(Repliers::Everyone)),
            "following" => Some(Allowed::By(Repliers::Followed)),
            "mentionedUsers" => Some(Allowed::By(Repliers::Mentioned)),
            _ => Some(Allowed::Otherwise),
        },
    })
}

async fn get(signed: &mut Signed<'_, X>, id: &str) -> Result<Option<RemotePost>, Trouble> {
    let url = rest::at(signed.service(), &["2", "tweets", id]);
    let url = rest::query(url, &[("tweet.fields", FIELDS)]);
    let answer = match signed.call(Request::get(url)).await {
        Err(trouble) if trouble.failure.code == Code::Gone => return Ok(None),
        other => other?,
    };
    let post = answer.json.get("data").unwrap_or(&Value::Null);
    if rest::id(post, "/id").as_deref() != Some(id) {
        return Err(Trouble::new(
            Stage::Unknown,
            Code::GarbageAnswer,
            "not the post asked for",
        ));
    }
    remote(signed.account(), post)
        .map(Some)
        .ok_or_else(|| Trouble::new(Stage::Refused, Code::BadKey, "not a post of this account"))
}

fn own_id(id: &str) -> Result<(), Failure> {
    if is_post_id(id) {
        return Ok(());
    }
    Err(Failure::new(Code::BadKey, "not the id of a post on X"))
}

/// Reads one post.
pub async fn read_back(
    x: &X,
    session: &mut Session,
    id: &str,
    within: Duration,
) -> Result<Option<RemotePost>, Failure> {
    own_id(id)?;
    let mut signed = Signed::open(x, session, within)?;
    Ok(get(&mut signed, id).await?)
}

/// The newest posts first.
pub async fn list(
    x: &X,
    session: &mut Session,
    cursor: Option<&str>,
    within: Duration,
) -> Result<Page, Failure> {
    let mut query = vec![("max_results", PAGE), ("tweet.fields", FIELDS)];
    query.extend(cursor.map(|cursor| ("pagination_token", cursor)));
    let mut signed = Signed::open(x, session, within)?;
    let answer = timeline(&mut signed, "tweets", &query).await?;
    let posts = posts_of(&answer.json)?;
    let account = signed.account();
    Ok(Page {
        posts: posts.iter().filter_map(|p| remote(account, p)).collect(),
        cursor: token(&answer.json).filter(|next| Some(next.as_str()) != cursor),
    })
}

/// Deletes; one that is gone is a success.
pub async fn delete(
    x: &X,
    session: &mut Session,
    id: &str,
    within: Duration,
) -> Result<(), Failure> {
    own_id(id)?;
    let mut signed = Signed::open(x, session, within)?;
    let url = rest::at(signed.service(), &["2", "tweets", id]);
    match signed
        .call(Request::new(Method::DELETE, url, Body::None))
        .await
    {
        Ok(answer) if answer.json.pointer("/data/deleted") == Some(&Value::Bool(true)) => Ok(()),
        Ok(_) => Err(Failure::new(
            Code::GarbageAnswer,
            "the network does not say that it is deleted",
        )),
        Err(trouble) if trouble.failure.code == Code::Gone => Ok(()),
        Err(trouble) => Err(trouble.failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers() {
        assert!(is_post_id("1234567890123456789"));
        for bad in ["", "12345678901234567890", "1a", "1/2", "-1", "١"] {
            assert!(!is_post_id(bad), "{bad}");
        }
    }
}
