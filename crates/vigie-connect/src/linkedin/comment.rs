//! Comments on a page's posts: those of others come in, ours answer them. The words of a comment are plain, not
//! little text.

use super::{
    LinkedIn, call, post,
    urn::{self, Comment},
};
use crate::{
    Account, Arrival, ArrivalKind, Arrivals, Code, Failure, Payload, RemotePost, Session,
    rest::{self, Body, Stage, Trouble},
    signed::Signed,
};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;
use vigie_core::publication::{Found, Outcome};

/// Posts whose comments are read at one visit: the newest.
const POSTS: usize = 10;
/// Comments in one page, and pages of one post.
const PAGE: usize = 100;
const PAGES: usize = 10;
/// A comment may be seen later than it was made: this much of what was seen comes again.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A post: the answer is a comment on it.
    Post(String),
    /// A comment: the answer stands below it.
    Comment(Comment),
}

impl Target {
    /// From the network's id of it.
    pub fn parse(id: &str) -> Option<Self> {
        match Comment::parse(id) {
            Some(comment) => Some(Self::Comment(comment)),
            None => urn::is_post(id).then(|| Self::Post(id.to_owned())),
        }
    }

    fn urn(&self) -> String {
        match self {
            Self::Post(urn) => urn.clone(),
            Self::Comment(comment) => comment.urn(),
        }
    }

    fn thread(&self) -> &str {
        match self {
            Self::Post(urn) => urn,
            Self::Comment(comment) => &comment.thread,
        }
    }
}

fn below(base: &Url, urn: &str) -> Url {
    urn::at(base, &["rest", "socialActions", urn, "comments"])
}

/// Puts a comment.
pub async fn publish(
    linkedin: &LinkedIn,
    session: &mut Session,
    payload: &Payload,
    to: &str,
    within: Duration,
) -> Outcome {
    let bad = || Trouble::new(Stage::Refused, Code::BadKey, "not a post or a comment");
    let opened = Signed::open(linkedin, session, within);
    let (mut signed, target) = match (opened, Target::parse(to)) {
        (Ok(signed), Some(target)) => (signed, target),
        (Err(trouble), _) => return trouble.before(),
        (_, None) => return bad().before(),
    };
    let mut body = json!({
        "actor": signed.account().id,
        "object": target.thread(),
        "message": { "text": payload.text },
    });
    if let (Target::Comment(comment), Some(body)) = (&target, body.as_object_mut()) {
        body.insert("parentComment".into(), json!(comment.urn()));
    }
    let url = below(signed.service(), &target.urn());
    let answer = match signed
        .call(call::call(Method::POST, url, Body::Json(body)))
        .await
    {
        Ok(answer) => answer,
        Err(trouble) => return trouble.outcome(),
    };
    // The whole name, or the number with the post that it is on.
    let number = answer.headers.get("x-restli-id");
    let number = number.and_then(|id| id.to_str().ok()).unwrap_or_default();
    let object = Some(rest::text(&answer.json, "/object")).filter(|object| urn::is_post(object));
    let made = Comment::parse(rest::text(&answer.json, "/commentUrn"))
        .or_else(|| Comment::parse(number))
        .or_else(|| Comment::new(object.unwrap_or(target.thread()), number));
    let Some(made) = made else {
        return Outcome::Unknown {
            detail: format!(
                "{}: a success without our comment's id",
                Code::GarbageAnswer
            ),
        };
    };
    let back = get(&mut signed, &made).await.ok().flatten();
    Outcome::Published {
        remote_id: made.urn(),
        url: web_address(&made),
        content_id: back.map(|post| post.content_id).unwrap_or_default(),
    }
}

/// Looks among the comments below what was answered.
pub async fn find(
    linkedin: &LinkedIn,
    session: &mut Session,
    expected: &Payload,
    to: &str,
    within: Duration,
) -> Found {
    let since = post::since(expected);
    let seen = match (Signed::open(linkedin, session, within), Target::parse(to)) {
        (Ok(mut signed), Some(target)) => {
            let found = all_below(&mut signed, &target.urn()).await;
            found.map(|all| {
                let account = signed.account();
                all.iter()
                    .filter_map(|found| remote(account, found, target.thread()))
                    .collect()
            })
        }
        (Err(trouble), _) => Err(trouble),
        (_, None) => Err(Trouble::new(
            Stage::Refused,
            Code::BadKey,
            "not a post or a comment",
        )),
    };
    rest::among(seen.map_err(Failure::from), |found| {
        found.created_at.is_some_and(|at| at >= since) && post::same(&found.text, &expected.text)
    })
}

/// Every comment below a post or a comment, within bounds.
async fn all_below(signed: &mut Signed<'_, LinkedIn>, urn: &str) -> Result<Vec<Value>, Trouble> {
    let mut all = Vec::new();
    for page in 0..PAGES {
        let (start, count) = ((page * PAGE).to_string(), PAGE.to_string());
        let url = rest::query(
            below(signed.service(), urn),
            &[("start", &start), ("count", &count)],
        );
        let answer = match signed.call(call::call(Method::GET, url, Body::None)).await {
            // The post went meanwhile, and its comments with it.
            Err(trouble) if trouble.failure.code == Code::Gone => break,
            other => other?,
        };
        let found = call::elements(&answer.json)?;
        all.extend(found.iter().cloned());
        if found.len() < PAGE {
            break;
        }
    }
    Ok(all)
}

/// The name of a comment in an answer.
fn named(found: &Value, thread: &str) -> Option<Comment> {
    let id = rest::id(found, "/id").unwrap_or_default();
    Comment::parse(rest::text(found, "/commentUrn"))
        .or_else(|| Comment::new(rest::text(found, "/object"), &id))
        .or_else(|| Comment::new(thread, &id))
}

fn made_at(found: &Value) -> Option<Timestamp> {
    post::moment(found, "/created/time")
}

/// A comment of the page itself.
fn remote(account: &Account, found: &Value, thread: &str) -> Option<RemotePost> {
    let comment = named(found, thread)?;
    if rest::text(found, "/actor") != account.id {
        return None;
    }
    let text = rest::text(found, "/message/text");
    Some(RemotePost {
        repliers: None,
        remote_id: comment.urn(),
        key: String::new(),
        content_id: rest::shown(&[text]),
        url: web_address(&comment),
        text: text.to_owned(),
        created_at: made_at(found),
    })
}

fn web_address(comment: &Comment) -> String {
    let mut url = format!("https://www.linkedin.com/feed/update/{}/", comment.thread);
    if let Ok(whole) = Url::parse(&url) {
        url = rest::query(whole, &[("commentUrn", &comment.urn())]).into();
    }
    url
}

async fn get(
    signed: &mut Signed<'_, LinkedIn>,
    comment: &Comment,
) -> Result<Option<RemotePost>, Trouble> {
    let path = [
        "rest",
        "socialActions",
        &comment.thread,
        "comments",
        &comment.id,
    ];
    let url = urn::at(signed.service(), &path);
    let answer = match signed.call(call::call(Method::GET, url, Body::None)).await {
        Err(trouble) if trouble.failure.code == Code::Gone => return Ok(None),
        other => other?,
    };
    let found = remote(signed.account(), &answer.json, &comment.thread)
        .filter(|_| rest::id(&answer.json, "/id").as_deref() == Some(&comment.id));
    match found {
        // The network may name the thread otherwise; the name that was asked for stays.
        Some(found) => Ok(Some(RemotePost {
            repliers: None,
            remote_id: comment.urn(),
            url: web_address(comment),
            ..found
        })),
        None => Err(Trouble::new(
            Stage::Refused,
            Code::BadKey,
            "not a comment of this page",
        )),
    }
}

/// Reads one comment of the page.
pub async fn read_back(
    linkedin: &LinkedIn,
    session: &mut Session,
    comment: &Comment,
    within: Duration,
) -> Result<Option<RemotePost>, Failure> {
    let mut signed = Signed::open(linkedin, session, within)?;
    Ok(get(&mut signed, comment).await?)
}

/// Deletes a comment of the page; one that is gone is a success.
pub async fn delete(
    linkedin: &LinkedIn,
    session: &mut Session,
    comment: &Comment,
    within: Duration,
) -> Result<(), Failure> {
    let mut signed = Signed::open(linkedin, session, within)?;
    let path = [
        "rest",
        "socialActions",
        &comment.thread,
        "comments",
        &comment.id,
    ];
    let actor = signed.account().id.clone();
    let url = rest::query(urn::at(signed.service(), &path), &[("actor", &actor)]);
    post::gone(&mut signed, call::call(Method::DELETE, url, Body::None)).await
}

/// Comments of others on the newest posts, since the moment that the cursor names.
pub async fn arrivals(
    linkedin: &LinkedIn,
    session: &mut Session,
    cursor: Option<&str>,
    within: Duration,
) -> Result<Arrivals, Failure> {
    let seen: Option<Timestamp> = cursor.and_then(|cursor| cursor.parse().ok());
    let since = seen.and_then(|seen| seen.checked_sub(AGAIN).ok());
    let mut signed = Signed::open(linkedin, session, within)?;
    let mut items = Vec::new();
    for held in post::newest(&mut signed, 0, POSTS).await? {
        let Some(held) = post::remote(signed.account(), &held) else {
            continue;
        };
        let found = all_below(&mut signed, &held.remote_id).await?;
        let account = signed.account();
        items.extend(
            found
                .iter()
                .filter_map(|found| arrival(account, found, &held.remote_id))
                .filter(|item| since.is_none_or(|since| item.at >= since)),
        );
    }
    // A moment yet to come would hide what comes before it.
    let newest = items.iter().map(|item| item.at).chain(seen).max();
    let newest = newest.map(|at| at.min(Timestamp::now()));
    Ok(Arrivals {
        cursor: newest.map(|at| at.to_string()),
        items,
    })
}

fn arrival(account: &Account, found: &Value, about: &str) -> Option<Arrival> {
    let comment = named(found, about)?;
    let actor = rest::text(found, "/actor");
    if actor == account.id || !rest::is_id(actor) {
        return None;
    }
    let text = rest::text(found, "/message/text");
    Some(Arrival {
        kind: ArrivalKind::Comment,
        remote_id: comment.urn(),
        about: Some(about.to_owned()),
        // Names of members are not given to programs like this one.
        author: actor.to_owned(),
        text: text.chars().take(10_000).collect(),
        url: web_address(&comment),
        at: made_at(found)?,
    })
}
