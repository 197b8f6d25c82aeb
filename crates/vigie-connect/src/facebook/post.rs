//! Posts of a page, and answers to comments: put, look, list, take back.

use super::DECLARATION;
use crate::{
    Account, Code, Failure, Page, Payload, Picture, RemotePost,
    meta::{self, Graph},
    problem,
    rest::{self, File, Stage, Trouble},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use vigie_core::publication::{Found, Outcome};

/// What is read of a post. Of what hangs on it only what does not change by itself.
const POST: &str = "id,message,permalink_url,created_time,attachments{media_type,unshimmed_url,target{id},subattachments.limit(20){media_type,target{id}}}";
/// What is read of a comment.
const COMMENT: &str = "id,message,permalink_url,created_time,from{id}";
/// Posts in one page of a listing.
const PAGE: &str = "25";

/// What is surely wrong.
pub fn problems(account: &Account, payload: &Payload) -> Vec<Code> {
    let mut all = problem::problems(&DECLARATION, account, payload);
    let mut say = |wrong: bool, code| {
        if wrong && !all.contains(&code) {
            all.push(code);
        }
    };
    if let Some(target) = &payload.reply_to {
        // A comment is words here; its link is shown if it is among them.
        say(!payload.pictures.is_empty(), Code::NotOffered);
        say(
            payload
                .link
                .as_ref()
                .is_some_and(|link| !payload.text.contains(link.as_str())),
            Code::LinkNotInText,
        );
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
    let made = if let Some(target) = &payload.reply_to {
        let fields = vec![("message", payload.text.clone())];
        graph.post(&[target, "comments"], fields).await
    } else {
        let mut photos = Vec::new();
        for picture in &payload.pictures {
            match upload(graph, account, picture).await {
                Ok(id) => photos.push(json!({ "media_fbid": id })),
                // Nobody sees an unpublished photo.
                Err(trouble) => return trouble.before(),
            }
        }
        let fields = fields(payload, photos);
        graph.post(&[&account.id, "feed"], fields).await
    };
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
        Some(post) => (post.url, post.content_id),
        None => (web(&id), String::new()),
    };
    Outcome::Published {
        remote_id: id,
        url,
        content_id,
    }
}

fn fields(payload: &Payload, photos: Vec<Value>) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    if !payload.text.is_empty() {
        fields.push(("message", payload.text.clone()));
    }
    if photos.is_empty() {
        if let Some(link) = &payload.link {
            fields.push(("link", link.clone()));
        }
    } else {
        fields.push(("attached_media", Value::Array(photos).to_string()));
    }
    fields
}

async fn upload(
    graph: &Graph<'_>,
    account: &Account,
    picture: &Picture,
) -> Result<String, Trouble> {
    let mut fields = vec![("published", "false".to_owned())];
    if !picture.alt.is_empty() {
        fields.push(("alt_text_custom", picture.alt.clone()));
    }
    let file = File {
        field: "source",
        mime: picture.mime.clone(),
        bytes: picture.bytes.clone(),
    };
    let answer = graph.upload(&[&account.id, "photos"], fields, file).await?;
    meta::made(&answer).map_err(|failure| Trouble {
        stage: Stage::NotSent,
        status: 0,
        failure,
    })
}

/// A place for people to look when the network has not said one.
fn web(id: &str) -> String {
    format!("https://www.facebook.com/{id}")
}

/// Looks for the payload among what the page has lately posted or answered.
pub async fn find(graph: &Graph<'_>, account: &Account, expected: &Payload) -> Found {
    let from = meta::from(expected.created_at);
    let posts = match &expected.reply_to {
        Some(target) if rest::is_id(target) => {
            meta::since(from, |cursor| {
                answers(graph, account, target.clone(), cursor, from)
            })
            .await
        }
        _ => {
            meta::since(from, |cursor| async move {
                list(graph, account, cursor.as_deref()).await
            })
            .await
        }
    };
    meta::alike(graph, posts, &expected.text, expected, POST, fits).await
}

/// Whether a post without words holds what was sent.
fn fits(json: &Value, payload: &Payload) -> bool {
    let link = rest::text(json, "/attachments/data/0/unshimmed_url").trim_end_matches('/');
    match &payload.link {
        Some(sent) if payload.pictures.is_empty() => sent.trim_end_matches('/') == link,
        _ => photos(json).len() == payload.pictures.len(),
    }
}

/// The page's own comments under something.
async fn answers(
    graph: &Graph<'_>,
    account: &Account,
    target: String,
    cursor: Option<String>,
    from: Timestamp,
) -> Result<Page, Failure> {
    let mut query = vec![
        ("fields", COMMENT),
        ("filter", "stream"),
        ("order", "reverse_chronological"),
        ("limit", "100"),
    ];
    if let Some(after) = &cursor {
        query.push(("after", after));
    }
    let answer = graph.get(&[&target, "comments"], &query).await?;
    let all = meta::data(&answer)?;
    let older = all
        .last()
        .and_then(|comment| meta::time(comment, "/created_time"))
        .is_some_and(|at| at < from);
    let posts = all
        .iter()
        .filter(|comment| super::author(comment) == Some(account.id.as_str()))
        .filter_map(comment)
        .collect();
    Ok(Page {
        posts,
        cursor: meta::next(&answer).filter(|_| !older),
    })
}

/// Reads one post or comment.
pub async fn read_back(
    graph: &Graph<'_>,
    account: &Account,
    remote_id: &str,
) -> Result<Option<RemotePost>, Failure> {
    known(remote_id)?;
    let is_post = remote_id
        .strip_prefix(&account.id)
        .is_some_and(|rest| rest.starts_with('_'));
    let fields = if is_post { POST } else { COMMENT };
    match graph.get(&[remote_id], &[("fields", fields)]).await {
        Ok(answer) => {
            let read = if is_post { post } else { comment };
            match read(&answer).filter(|post| post.remote_id == remote_id) {
                Some(post) => Ok(Some(post)),
                None => Err(Failure::new(Code::GarbageAnswer, "not the post asked for")),
            }
        }
        // The same answer comes when the right to read is missing: it is proven apart.
        Err(trouble) if meta::gone(&trouble) => {
            let query = [("fields", "id"), ("limit", "1")];
            graph.get(&[&account.id, "published_posts"], &query).await?;
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

/// The posts of the page.
pub async fn list(
    graph: &Graph<'_>,
    account: &Account,
    cursor: Option<&str>,
) -> Result<Page, Failure> {
    let mut query = vec![("fields", POST), ("limit", PAGE)];
    if let Some(after) = cursor {
        query.push(("after", after));
    }
    let answer = graph.get(&[&account.id, "published_posts"], &query).await?;
    Ok(Page {
        posts: meta::data(&answer)?.iter().filter_map(post).collect(),
        cursor: meta::next(&answer),
    })
}

/// Deletes a post or a comment.
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
    let text = rest::text(json, "/message");
    let mut parts = vec![text.to_owned()];
    parts.extend(photos(json));
    read(json, &parts)
}

fn comment(json: &Value) -> Option<RemotePost> {
    read(json, &[rest::text(json, "/message").to_owned()])
}

fn read(json: &Value, parts: &[String]) -> Option<RemotePost> {
    let id = rest::id(json, "/id")?;
    let url = meta::address(json, "/permalink_url");
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    Some(RemotePost {
        repliers: None,
        key: String::new(),
        content_id: rest::shown(&parts),
        url: if url.is_empty() { web(&id) } else { url },
        text: rest::text(json, "/message").to_owned(),
        created_at: meta::time(json, "/created_time"),
        remote_id: id,
    })
}

/// The ids of the photos of a post, in order.
fn photos(json: &Value) -> Vec<String> {
    let list = |json: &Value, pointer: &str| -> Vec<Value> {
        let all = json.pointer(pointer).and_then(Value::as_array);
        all.into_iter().flatten().cloned().collect()
    };
    list(json, "/attachments/data")
        .into_iter()
        .flat_map(|item| {
            let inner = list(&item, "/subattachments/data");
            if inner.is_empty() { vec![item] } else { inner }
        })
        .filter(|item| rest::text(item, "/media_type") == "photo")
        .filter_map(|item| rest::id(&item, "/target/id"))
        .collect()
}
