//! Posts of an account, and answers to comments: put, look, list.

use super::DECLARATION;
use crate::{
    Account, Code, Failure, Page, Payload, RemotePost, SegmentKind,
    meta::{self, Containers, Graph, Quota},
    problem,
    rest::{self, Trouble},
    segments::{self, Names},
};
use serde_json::Value;
use vigie_core::publication::{Found, Outcome};

/// What is read of a post.
const POST: &str = "id,caption,permalink,timestamp,children{id}";
/// What is read of a comment.
const COMMENT: &str = "id,text,username,timestamp";
/// How containers are made here.
const CONTAINERS: Containers = Containers {
    edge: "media",
    status: "status_code",
    why: "status",
};
/// Pages of answers that are read to look for ours.
const MOST_ANSWER_PAGES: usize = 20;
/// Most hashtags of a caption, as the reference of the interface says. Instagram announced five for its own editor in
/// December 2025; the reference still says thirty.
const MOST_TAGS: usize = 30;
/// Most accounts named in a caption.
const MOST_NAMES: usize = 20;
/// How many posts may be published in a day: asked each time, since Meta's pages do not agree.
const QUOTA: Quota = Quota {
    edge: "content_publishing_limit",
    used: "quota_usage",
    config: "config",
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
        let count = |is: fn(&SegmentKind) -> bool| found.iter().filter(|s| is(&s.kind)).count();
        let tags = count(|kind| matches!(kind, SegmentKind::Tag { .. }));
        let names = count(|kind| matches!(kind, SegmentKind::Mention { .. }));
        say(tags > MOST_TAGS, Code::TooManyTags);
        say(names > MOST_NAMES, Code::TooManyMentions);
    }
    if let Some(target) = &payload.reply_to {
        // A comment is words only.
        say(!payload.pictures.is_empty(), Code::NotOffered);
        say(payload.text.trim().is_empty(), Code::Empty);
        say(!rest::is_id(target), Code::BadKey);
    }
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
    let prepared = match &payload.reply_to {
        Some(target) => answer(graph, target, payload).await,
        None => prepare(graph, account, payload).await,
    };
    let (path, fields, page) = match prepared {
        Ok(prepared) => prepared,
        Err(trouble) => return meta::published_or_not(trouble),
    };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let id = match graph.post(&path, fields).await {
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
        // A comment has no address of its own: that of the post that it is under.
        Some(post) if payload.reply_to.is_none() => (post.url, post.content_id),
        Some(comment) => (page, comment.content_id),
        None => (page, String::new()),
    };
    Outcome::Published {
        remote_id: id,
        url,
        content_id,
    }
}

/// The one call that publishes: its path, its fields, and where to look when the network does not say more.
type Last = (Vec<String>, Vec<(&'static str, String)>, String);

/// The containers, filled. All of it is harmless.
async fn prepare(graph: &Graph<'_>, account: &Account, payload: &Payload) -> Result<Last, Trouble> {
    QUOTA.allows(graph, &account.id).await?;
    let pictures = payload.pictures.iter().map(meta::fetched);
    let mut pictures = pictures.collect::<Result<Vec<_>, _>>()?;
    let mut fields = if pictures.len() > 1 {
        CONTAINERS.carousel(graph, &account.id, pictures).await?
    } else {
        pictures.pop().unwrap_or_default()
    };
    if !payload.text.is_empty() {
        fields.push(("caption", payload.text.clone()));
    }
    let container = CONTAINERS.make(graph, &account.id, fields).await?;
    Ok((
        vec![account.id.clone(), "media_publish".to_owned()],
        vec![("creation_id", container)],
        format!("https://www.instagram.com/{}/", account.handle),
    ))
}

/// Where an answer goes: under a comment, or under a post.
async fn answer(graph: &Graph<'_>, target: &str, payload: &Payload) -> Result<Last, Trouble> {
    let fields = [("fields", "id,media{id,permalink}")];
    let (edge, page) = match graph.get(&[target], &fields).await {
        Ok(comment) => ("replies", meta::address(&comment, "/media/permalink")),
        // A post has no field of that name.
        Err(trouble) if meta::no_such_field(&trouble) => {
            let fields = [("fields", "id,permalink")];
            let post = graph.get(&[target], &fields).await?;
            ("comments", meta::address(&post, "/permalink"))
        }
        Err(trouble) => return Err(trouble),
    };
    let page = if page.is_empty() {
        "https://www.instagram.com/".to_owned()
    } else {
        page
    };
    Ok((
        vec![target.to_owned(), edge.to_owned()],
        vec![("message", payload.text.clone())],
        page,
    ))
}

/// Looks for the payload among what the account has lately posted or answered.
pub async fn find(graph: &Graph<'_>, account: &Account, expected: &Payload) -> Found {
    let from = meta::from(expected.created_at);
    let posts = match &expected.reply_to {
        Some(target) if rest::is_id(target) => answers(graph, account, target).await,
        _ => {
            meta::since(from, |cursor| async move {
                list(graph, account, cursor.as_deref()).await
            })
            .await
        }
    };
    meta::alike(
        graph,
        posts,
        &expected.text,
        expected,
        POST,
        |json, payload| meta::pictures(json) == payload.pictures.len(),
    )
    .await
}

/// The account's own words under a comment or a post. In which order answers are given is not documented: all are read.
async fn answers(
    graph: &Graph<'_>,
    account: &Account,
    target: &str,
) -> Result<Vec<RemotePost>, Failure> {
    let (mut edge, mut after, mut ours) = ("replies", String::new(), Vec::new());
    for _ in 0..MOST_ANSWER_PAGES {
        let mut query = vec![("fields", COMMENT), ("limit", "50")];
        if !after.is_empty() {
            query.push(("after", &after));
        }
        let page = match graph.get(&[target, edge], &query).await {
            Ok(page) => page,
            Err(trouble) if edge == "replies" && meta::no_such_field(&trouble) => {
                edge = "comments";
                continue;
            }
            Err(trouble) => return Err(trouble.failure),
        };
        ours.extend(
            meta::data(&page)?
                .iter()
                .filter(|comment| rest::text(comment, "/username") == account.handle)
                .filter_map(|json| comment(json, account)),
        );
        match meta::next(&page) {
            Some(next) => after = next,
            None => return Ok(ours),
        }
    }
    Err(Failure::new(
        Code::AnswerTooLarge,
        "more answers than are read",
    ))
}

/// Reads one post, or one comment.
pub async fn read_back(
    graph: &Graph<'_>,
    account: &Account,
    remote_id: &str,
) -> Result<Option<RemotePost>, Failure> {
    if !rest::is_id(remote_id) {
        return Err(Failure::new(
            Code::BadKey,
            "an id that the network does not use",
        ));
    }
    let read = match graph.get(&[remote_id], &[("fields", POST)]).await {
        Ok(json) => post(&json),
        Err(trouble) if meta::no_such_field(&trouble) => {
            let json = graph.get(&[remote_id], &[("fields", COMMENT)]).await?;
            comment(&json, account)
        }
        // The same answer comes when the right to read is missing: it is proven apart.
        Err(trouble) if meta::gone(&trouble) => {
            let query = [("fields", "id"), ("limit", "1")];
            graph.get(&[&account.id, "media"], &query).await?;
            return Ok(None);
        }
        Err(trouble) => return Err(trouble.failure),
    };
    match read.filter(|post| post.remote_id == remote_id) {
        Some(post) => Ok(Some(post)),
        None => Err(Failure::new(Code::GarbageAnswer, "not the post asked for")),
    }
}

/// The posts of the account.
pub async fn list(
    graph: &Graph<'_>,
    account: &Account,
    cursor: Option<&str>,
) -> Result<Page, Failure> {
    let mut query = vec![("fields", POST), ("limit", "25")];
    if let Some(after) = cursor {
        query.push(("after", after));
    }
    let answer = graph.get(&[&account.id, "media"], &query).await?;
    Ok(Page {
        posts: meta::data(&answer)?.iter().filter_map(post).collect(),
        cursor: meta::next(&answer),
    })
}

fn post(json: &Value) -> Option<RemotePost> {
    let id = rest::id(json, "/id")?;
    let text = rest::text(json, "/caption");
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
        key: String::new(),
        content_id: rest::shown(&parts),
        url: meta::address(json, "/permalink"),
        text: text.to_owned(),
        created_at: meta::time(json, "/timestamp"),
        remote_id: id,
    })
}

fn comment(json: &Value, account: &Account) -> Option<RemotePost> {
    let text = rest::text(json, "/text");
    Some(RemotePost {
        repliers: None,
        remote_id: rest::id(json, "/id")?,
        key: String::new(),
        content_id: rest::shown(&[text]),
        url: format!("https://www.instagram.com/{}/", account.handle),
        text: text.to_owned(),
        created_at: meta::time(json, "/timestamp"),
    })
}
