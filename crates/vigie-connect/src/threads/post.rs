//! Posts of an account, and its answers: put, look, list, take back.

use super::DECLARATION;
use crate::{
    Account, Code, Failure, Page, Payload, RemotePost, SegmentKind,
    meta::{self, Containers, Graph, Quota},
    problem,
    rest::{self, Trouble},
    segments::{self, Names},
};
use serde_json::Value;
use std::collections::BTreeSet;
use vigie_core::{
    content::Repliers,
    publication::{Found, Outcome},
};

/// What is read of a post or an answer.
const POST: &str = "id,text,permalink,timestamp,media_type,children{id}";
/// What is asked of a post that looks like ours: `replied_to` is the id of what it answers, on answers alone.
const CLOSELY: &str = "id,children{id},replied_to";
/// Most different links, the card included (since December 2025).
const MOST_LINKS: usize = 5;
/// How containers are made here.
const CONTAINERS: Containers = Containers {
    edge: "threads",
    status: "status",
    why: "error_message",
};
/// How many posts may be published in a day.
const POSTS: Quota = Quota {
    edge: "threads_publishing_limit",
    used: "quota_usage",
    config: "config",
};
/// How many answers may be published in a day.
const ANSWERS: Quota = Quota {
    edge: "threads_publishing_limit",
    used: "reply_quota_usage",
    config: "reply_config",
};

/// What is surely wrong.
pub fn problems(account: &Account, payload: &Payload) -> Vec<Code> {
    let mut all = problem::problems(&DECLARATION, account, payload);
    let mut say = |wrong: bool, code| {
        if wrong && !all.contains(&code) {
            all.push(code);
        }
    };
    if payload.text.len() <= DECLARATION.text.bytes {
        let found = segments::segments(&payload.text, Names::Plain);
        let links: BTreeSet<String> = found
            .into_iter()
            .filter_map(|segment| match segment.kind {
                SegmentKind::Link { uri } => Some(uri),
                _ => None,
            })
            .chain(payload.link.clone())
            .collect();
        say(links.len() > MOST_LINKS, Code::TooManyLinks);
    }
    say(
        payload
            .reply_to
            .as_ref()
            .is_some_and(|target| !rest::is_id(target)),
        Code::BadKey,
    );
    all
}

/// Puts a post or an answer.
pub async fn publish(graph: &Graph<'_>, account: &Account, payload: &Payload) -> Outcome {
    if let Some(code) = problems(account, payload).first() {
        return Outcome::Refused {
            code: code.as_str().to_owned(),
            detail: "found before sending".to_owned(),
        };
    }
    let container = match prepare(graph, account, payload).await {
        Ok(container) => container,
        Err(trouble) => return meta::published_or_not(trouble),
    };
    let fields = vec![("creation_id", container)];
    let made = graph.post(&[&account.id, "threads_publish"], fields).await;
    let id = match made {
        Ok(answer) => match meta::made(&answer) {
            Ok(id) => id,
            Err(failure) => {
                return Outcome::Unknown {
                    detail: failure.to_string(),
                };
            }
        },
        Err(trouble) => return trouble.outcome(),
    };
    let shown = read_back(graph, account, &id).await.ok().flatten();
    let (url, content_id) = match shown {
        Some(post) if !post.url.is_empty() => (post.url, post.content_id),
        shown => (
            format!("https://www.threads.com/@{}", account.handle),
            shown.map(|post| post.content_id).unwrap_or_default(),
        ),
    };
    Outcome::Published {
        remote_id: id,
        url,
        content_id,
    }
}

/// The container, filled. All of it is harmless.
async fn prepare(
    graph: &Graph<'_>,
    account: &Account,
    payload: &Payload,
) -> Result<String, Trouble> {
    let quota = if payload.reply_to.is_some() {
        ANSWERS
    } else {
        POSTS
    };
    quota.allows(graph, &account.id).await?;
    let pictures = payload.pictures.iter().map(|picture| {
        let mut fields = meta::fetched(picture)?;
        fields.push(("media_type", "IMAGE".to_owned()));
        Ok(fields)
    });
    let mut pictures = pictures.collect::<Result<Vec<_>, Trouble>>()?;
    let mut fields = if pictures.len() > 1 {
        CONTAINERS.carousel(graph, &account.id, pictures).await?
    } else if let Some(picture) = pictures.pop() {
        picture
    } else {
        let mut fields = vec![("media_type", "TEXT".to_owned())];
        if let Some(link) = &payload.link {
            fields.push(("link_attachment", link.clone()));
        }
        fields
    };
    // A card alone needs words: its own address.
    match (&payload.link, payload.text.is_empty()) {
        (_, false) => fields.push(("text", payload.text.clone())),
        (Some(link), true) if payload.pictures.is_empty() => fields.push(("text", link.clone())),
        _ => {}
    }
    if let Some(target) = &payload.reply_to {
        fields.push(("reply_to_id", target.clone()));
    }
    if let Some(who) = reply_control(payload.repliers) {
        fields.push(("reply_control", who.to_owned()));
    }
    CONTAINERS.make(graph, &account.id, fields).await
}

/// The network's word for who may answer; none for everyone, and for what it does not offer.
const fn reply_control(repliers: Repliers) -> Option<&'static str> {
    match repliers {
        Repliers::Followers => Some("followers_only"),
        Repliers::Followed => Some("accounts_you_follow"),
        Repliers::Mentioned => Some("mentioned_only"),
        Repliers::Everyone | Repliers::Nobody => None,
    }
}

/// Looks for the payload among what the account has lately posted or answered.
pub async fn find(graph: &Graph<'_>, account: &Account, expected: &Payload) -> Found {
    let edge = if expected.reply_to.is_some() {
        "replies"
    } else {
        "threads"
    };
    let posts = meta::since(meta::from(expected.created_at), |cursor| async move {
        list(graph, account, edge, cursor.as_deref()).await
    })
    .await;
    let text = match (&expected.link, expected.text.is_empty()) {
        (Some(link), true) if expected.pictures.is_empty() => link,
        _ => &expected.text,
    };
    let close = match posts {
        Ok(posts) => {
            let same = meta::like(posts, text, expected);
            meta::closely(graph, same, expected, CLOSELY, fits).await
        }
        Err(failure) => Err(failure),
    };
    rest::among(close, |_| true)
}

/// Whether a post with the same words answers the same: parts of a series may be alike. One without words is known by
/// its pictures too.
fn fits(json: &Value, payload: &Payload) -> Result<bool, Failure> {
    let answered = rest::id(json, "/replied_to/id").or_else(|| rest::id(json, "/replied_to"));
    if payload.reply_to.is_some() && answered.is_none() {
        return Err(Failure::new(
            Code::GarbageAnswer,
            "an answer that does not say what it answers",
        ));
    }
    let bare = payload.text.trim().is_empty() && !payload.pictures.is_empty();
    let pictures = !bare || meta::pictures(json) == payload.pictures.len();
    Ok(answered == payload.reply_to && pictures)
}

/// Reads one post or answer.
pub async fn read_back(
    graph: &Graph<'_>,
    account: &Account,
    remote_id: &str,
) -> Result<Option<RemotePost>, Failure> {
    known(remote_id)?;
    match graph.get(&[remote_id], &[("fields", POST)]).await {
        Ok(json) => match post(&json).filter(|post| post.remote_id == remote_id) {
            Some(post) => Ok(Some(post)),
            None => Err(Failure::new(Code::GarbageAnswer, "not the post asked for")),
        },
        // The same answer comes when the right to read is missing: it is proven apart.
        Err(trouble) if meta::gone(&trouble) => {
            let query = [("fields", "id"), ("limit", "1")];
            graph.get(&[&account.id, "threads"], &query).await?;
            Ok(None)
        }
        Err(trouble) => Err(trouble.failure),
    }
}

fn known(remote_id: &str) -> Result<(), Failure> {
    if rest::is_id(remote_id) {
        return Ok(());
    }
    Err(Failure::new(
        Code::BadKey,
        "an id that the network does not use",
    ))
}

/// The posts of the account (`threads`), or its answers (`replies`).
pub async fn list(
    graph: &Graph<'_>,
    account: &Account,
    edge: &str,
    cursor: Option<&str>,
) -> Result<Page, Failure> {
    let mut query = vec![("fields", POST), ("limit", "25")];
    if let Some(after) = cursor {
        query.push(("after", after));
    }
    let answer = graph.get(&[&account.id, edge], &query).await?;
    let mut posts: Vec<RemotePost> = meta::data(&answer)?.iter().filter_map(post).collect();
    posts.sort_by_key(|post| std::cmp::Reverse(post.created_at));
    Ok(Page {
        posts,
        cursor: meta::next(&answer),
    })
}

/// Deletes a post or an answer.
pub async fn delete(graph: &Graph<'_>, account: &Account, remote_id: &str) -> Result<(), Failure> {
    known(remote_id)?;
    match graph.delete(&[remote_id]).await {
        Ok(answer) if answer.pointer("/success") == Some(&Value::Bool(true)) => Ok(()),
        Ok(_) => Err(Failure::new(Code::GarbageAnswer, "no word of success")),
        Err(trouble) if meta::gone(&trouble) => match read_back(graph, account, remote_id).await? {
            None => Ok(()),
            Some(_) => Err(trouble.failure),
        },
        Err(trouble) => Err(trouble.failure),
    }
}

fn post(json: &Value) -> Option<RemotePost> {
    // Posts of others that the account has shared are listed too; they are not its words.
    if rest::text(json, "/media_type") == "REPOST_FACADE" {
        return None;
    }
    let text = rest::text(json, "/text");
    // Addresses of pictures change by themselves; their ids do not.
    let children = json.pointer("/children/data").and_then(Value::as_array);
    let mut parts = vec![text];
    parts.extend(
        children
            .into_iter()
            .flatten()
            .map(|child| rest::text(child, "/id")),
    );
    Some(RemotePost {
        repliers: None,
        remote_id: rest::id(json, "/id")?,
        key: String::new(),
        content_id: rest::shown(&parts),
        url: meta::address(json, "/permalink"),
        text: text.to_owned(),
        created_at: meta::time(json, "/timestamp"),
    })
}
