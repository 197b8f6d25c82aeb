//! Posts on the network: put, look, list, take back.

use super::{
    calls::Signed,
    status::{is_same, made, remote_post},
};
use crate::{
    Code, Connector as _, Failure, Http, Mastodon, Page, Payload, Picture, RemotePost, Session,
    rest::{self, Body, File, Request, Stage, Trouble},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use vigie_core::publication::{Found, Outcome};

/// Posts in one page of a listing; the most that is given.
const PAGE: &str = "40";
/// Largest page, in bytes: boosted posts are written by others.
const PAGE_BYTES: usize = 8 << 20;
/// Pages looked through for a post.
const PAGES: usize = 10;
/// A server's clock may be so far from ours.
const CLOCKS: SignedDuration = SignedDuration::from_mins(10);
/// Between two looks at a picture that the server still works on.
const BETWEEN: Duration = Duration::from_secs(1);

/// Puts a post.
pub async fn publish(
    http: &Http,
    session: &mut Session,
    payload: &Payload,
    within: Duration,
) -> Outcome {
    let refused = |code: Code, detail: &str| Outcome::Refused {
        code: code.as_str().to_owned(),
        detail: detail.to_owned(),
    };
    let problems = Mastodon::new(http.clone()).problems(&session.account, payload);
    if let Some(code) = problems.first() {
        return refused(*code, "found before sending");
    }
    if payload
        .reply_to
        .as_deref()
        .is_some_and(|id| !rest::is_id(id))
    {
        return refused(Code::BadKey, "not the id of a post");
    }
    let mut signed = match Signed::open(http, session, within) {
        Ok(signed) => signed,
        Err(failure) => {
            return Trouble::new(Stage::NotSent, failure.code, failure.detail).before();
        }
    };
    let body = match prepare(&mut signed, payload, within).await {
        Ok(body) => body,
        Err(trouble) => return trouble.before(),
    };
    let url = signed.at(&["api", "v1", "statuses"]);
    let request =
        Request::post(url, Body::Json(body)).header("idempotency-key", payload.key.as_str());
    let answer = match signed.call(request).await {
        Ok(reply) => reply.json,
        Err(trouble) => return trouble.outcome(),
    };
    let Some(put) = remote_post(&answer, &signed) else {
        return Outcome::Unknown {
            detail: format!("{}: a success without our post", Code::GarbageAnswer),
        };
    };
    let back = get(&mut signed, &put.remote_id).await.ok().flatten();
    let content_id = back.as_ref().and_then(|back| remote_post(back, &signed));
    Outcome::Published {
        remote_id: put.remote_id,
        url: put.url,
        content_id: content_id.map(|post| post.content_id).unwrap_or_default(),
    }
}

/// Everything that must be done before the post: harmless. Returns the body of the one call.
async fn prepare(
    signed: &mut Signed<'_>,
    payload: &Payload,
    within: Duration,
) -> Result<Value, Trouble> {
    signed.keep_fresh().await?;
    // The default of an account may be another one, such as `unlisted`.
    let mut body = json!({ "status": payload.text, "visibility": "public" });
    if let Some(warning) = &payload.warning {
        body["spoiler_text"] = json!(warning);
        // Pictures are folded away with the text.
        body["sensitive"] = json!(true);
    }
    if let Some(parent) = &payload.reply_to {
        let url = signed.at(&["api", "v1", "statuses", parent]);
        let parent_post = signed.call(Request::get(url)).await?.json;
        if rest::text(&parent_post, "/visibility") == "direct" {
            return Err(Trouble::new(
                Stage::Refused,
                Code::NotOffered,
                "an answer to a private message would be public",
            ));
        }
        body["in_reply_to_id"] = json!(parent);
    }
    if let Some(language) = payload.langs.first().and_then(|l| l.split('-').next()) {
        body["language"] = json!(language.to_ascii_lowercase());
    }
    // The last third of the time is for the post itself.
    let until = signed.until.checked_sub(within / 3).unwrap_or(signed.until);
    let mut media = Vec::new();
    for picture in &payload.pictures {
        media.push(upload(signed, picture, until).await?);
    }
    if !media.is_empty() {
        body["media_ids"] = json!(media);
    }
    Ok(body)
}

/// Uploads a picture and waits until the server has made what it shows. One that nobody posts is thrown away by the
/// server.
async fn upload(
    signed: &mut Signed<'_>,
    picture: &Picture,
    until: Instant,
) -> Result<String, Trouble> {
    let mut fields = Vec::new();
    if !picture.alt.is_empty() {
        fields.push(("description", picture.alt.clone()));
    }
    let file = File {
        field: "file",
        mime: picture.mime.clone(),
        bytes: picture.bytes.clone(),
    };
    let failed = |mut trouble: Trouble| {
        if trouble.status == 413 {
            // Often the word of a server before it, in no shape of the network's.
            trouble.stage = Stage::Refused;
            trouble.failure.code = Code::MediaTooBig;
        } else if trouble.status == 422 && trouble.failure.code == Code::RefusedByServer {
            trouble.failure.code = Code::MediaFailed;
        }
        trouble
    };
    let url = signed.at(&["api", "v2", "media"]);
    let request = Request::post(url, Body::Parts(fields, file));
    let mut reply = signed.call(request).await.map_err(failed)?;
    let id = rest::id(&reply.json, "/id").ok_or_else(|| {
        Trouble::new(
            Stage::Unknown,
            Code::GarbageAnswer,
            "uploaded, but the answer has no id",
        )
    })?;
    // 202: it is being worked on; 206: it still is.
    while matches!(reply.status, 202 | 206) {
        if Instant::now() + BETWEEN >= until {
            return Err(Trouble::new(
                Stage::NotSent,
                Code::Slow,
                "the server still works on a picture",
            ));
        }
        tokio::time::sleep(BETWEEN).await;
        let url = signed.at(&["api", "v1", "media", &id]);
        reply = signed.call(Request::get(url)).await.map_err(failed)?;
    }
    Ok(id)
}

/// Looks among the posts made since a little before the payload.
pub async fn find(
    http: &Http,
    session: &mut Session,
    expected: &Payload,
    within: Duration,
) -> Found {
    let seen = recent(http, session, expected, within).await;
    rest::among(seen, |_| true)
}

/// The posts since then that show what was to be published.
async fn recent(
    http: &Http,
    session: &mut Session,
    expected: &Payload,
    within: Duration,
) -> Result<Vec<RemotePost>, Failure> {
    let since = expected
        .created_at
        .checked_sub(CLOCKS)
        .unwrap_or(expected.created_at);
    let mut signed = Signed::open(http, session, within)?;
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES {
        let page = statuses(&mut signed, cursor.as_deref(), true).await?;
        for status in &page {
            let post = remote_post(status, &signed).ok_or_else(not_ours)?;
            if post.created_at.is_none_or(|at| at >= since) && is_same(status, expected) {
                return Ok(vec![post]);
            }
        }
        let Some(last) = page.last() else {
            return Ok(Vec::new());
        };
        let older = made(last).is_some_and(|at| at < since);
        let next = rest::id(last, "/id");
        if older || next.is_none() || next == cursor {
            return Ok(Vec::new());
        }
        cursor = next;
    }
    Err(Failure::new(
        Code::AnswerTooLarge,
        "too many posts since then to look through",
    ))
}

fn not_ours() -> Failure {
    Failure::new(Code::GarbageAnswer, "not a post of this account")
}

/// Reads one post.
pub async fn read_back(
    http: &Http,
    session: &mut Session,
    remote_id: &str,
    within: Duration,
) -> Result<Option<RemotePost>, Failure> {
    checked(remote_id)?;
    let mut signed = Signed::open(http, session, within)?;
    match get(&mut signed, remote_id).await? {
        None => Ok(None),
        Some(status) => match remote_post(&status, &signed) {
            Some(post) if post.remote_id == remote_id => Ok(Some(post)),
            _ => Err(not_ours()),
        },
    }
}

/// The newest posts first, boosts of others' posts too: they are on the page.
pub async fn list(
    http: &Http,
    session: &mut Session,
    cursor: Option<&str>,
    within: Duration,
) -> Result<Page, Failure> {
    if let Some(cursor) = cursor {
        checked(cursor)?;
    }
    let mut signed = Signed::open(http, session, within)?;
    let page = statuses(&mut signed, cursor, false).await?;
    let posts: Option<Vec<RemotePost>> = page.iter().map(|s| remote_post(s, &signed)).collect();
    let posts = posts.ok_or_else(not_ours)?;
    let next = posts.last().map(|post| post.remote_id.clone());
    Ok(Page {
        cursor: next.filter(|next| Some(next.as_str()) != cursor),
        posts,
    })
}

/// Deletes; one that is gone is a success.
pub async fn delete(
    http: &Http,
    session: &mut Session,
    remote_id: &str,
    within: Duration,
) -> Result<(), Failure> {
    checked(remote_id)?;
    let mut signed = Signed::open(http, session, within)?;
    let url = signed.at(&["api", "v1", "statuses", remote_id]);
    let request = Request::new(reqwest::Method::DELETE, url, Body::None);
    match signed.call(request).await {
        Err(trouble) if is_gone(&trouble) => Ok(()),
        other => Ok(other.map(drop)?),
    }
}

fn checked(id: &str) -> Result<(), Failure> {
    if rest::is_id(id) {
        return Ok(());
    }
    Err(Failure::new(Code::BadKey, "not the id of a post"))
}

/// The network's own word that there is no such post.
fn is_gone(trouble: &Trouble) -> bool {
    trouble.stage == Stage::Refused && matches!(trouble.status, 404 | 410)
}

async fn get(signed: &mut Signed<'_>, id: &str) -> Result<Option<Value>, Trouble> {
    let url = signed.at(&["api", "v1", "statuses", id]);
    match signed.call(Request::get(url)).await {
        Ok(reply) => Ok(Some(reply.json)),
        Err(trouble) if is_gone(&trouble) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

async fn statuses(
    signed: &mut Signed<'_>,
    cursor: Option<&str>,
    own: bool,
) -> Result<Vec<Value>, Failure> {
    let id = signed.id().to_owned();
    if !rest::is_id(&id) {
        return Err(Failure::new(Code::BadKey, "not the id of an account"));
    }
    let mut pairs = vec![("limit", PAGE)];
    pairs.extend(cursor.map(|cursor| ("max_id", cursor)));
    if own {
        pairs.push(("exclude_reblogs", "true"));
    }
    let url = signed.at(&["api", "v1", "accounts", &id, "statuses"]);
    let request = Request::get(rest::query(url, &pairs)).most(PAGE_BYTES);
    match signed.call(request).await?.json {
        Value::Array(all) => Ok(all),
        _ => Err(Failure::new(Code::GarbageAnswer, "not a list of posts")),
    }
}
