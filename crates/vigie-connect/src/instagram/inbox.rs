//! Comments on the account's newest fifty posts, and answers to them.
//!
//! Instagram gives the comments of a post newest first, and the answers to each apart from it: a new answer to an old
//! comment is not among the newest. So all comments of those posts are read each time, over several turns where there
//! are many.

use crate::{
    Account, Arrival, ArrivalKind, Arrivals, Failure,
    meta::{self, Graph, MOST_TEXT, Read, Step, Sweep},
    rest::{self, Trouble},
};
use jiff::Timestamp;
use serde_json::Value;

/// What is read of a comment, with the first answers to it.
const COMMENTS: &str = "id,text,username,timestamp,replies.limit(25){id,text,username,timestamp}";
/// What is read of an answer.
const REPLIES: &str = "id,text,username,timestamp";

/// What came since the cursor.
pub async fn arrivals(
    graph: &Graph<'_>,
    account: &Account,
    cursor: Option<&str>,
) -> Result<Arrivals, Failure> {
    Sweep::from(cursor, Timestamp::now(), &[Step::first("media", "")])
        .run(|step, _| async move { read(graph, account, &step).await })
        .await
}

async fn read(graph: &Graph<'_>, account: &Account, step: &Step) -> Result<Read, Trouble> {
    // A step on comments is about one post; one on answers about a comment, and remembers the post.
    let (of, post) = step.of.split_once('~').unwrap_or((&step.of, &step.of));
    let (path, fields) = match step.edge.as_str() {
        "comments" => ([of, "comments"], COMMENTS),
        "replies" => ([of, "replies"], REPLIES),
        _ => ([account.id.as_str(), "media"], "id,comments_count"),
    };
    let mut query = vec![("fields", fields), ("limit", "50")];
    if !step.after.is_empty() {
        query.push(("after", &step.after));
    }
    let answer = graph.get(&path, &query).await?;
    let items = answer.pointer("/data").and_then(Value::as_array);
    let items = items.into_iter().flatten();
    let mut found = Read::default();
    if step.edge == "media" {
        found.more = items
            .filter(|post| post.pointer("/comments_count").and_then(Value::as_u64) != Some(0))
            .filter_map(|post| Some(Step::first("comments", &rest::id(post, "/id")?)))
            .collect();
        return Ok(found);
    }
    found
        .more
        .extend(meta::next(&answer).map(|after| step.then(after)));
    for item in items {
        found.items.extend(arrival(account, item, post));
        let replies = item.pointer("/replies");
        let inner = replies.and_then(|replies| replies.pointer("/data"));
        for reply in inner.and_then(Value::as_array).into_iter().flatten() {
            found.items.extend(arrival(account, reply, post));
        }
        if let (Some(after), Some(id)) = (replies.and_then(meta::next), rest::id(item, "/id")) {
            let more = Step::first("replies", &format!("{id}~{post}"));
            found.more.push(more.then(after));
        }
    }
    Ok(found)
}

fn arrival(account: &Account, json: &Value, post: &str) -> Option<Arrival> {
    let author = rest::text(json, "/username");
    if author == account.handle {
        // Our own words do not arrive.
        return None;
    }
    Some(Arrival {
        kind: ArrivalKind::Comment,
        remote_id: rest::id(json, "/id")?,
        about: rest::is_id(post).then(|| post.to_owned()),
        author: meta::cut(author, 200),
        text: meta::cut(rest::text(json, "/text"), MOST_TEXT),
        // A comment has no address of its own.
        url: String::new(),
        at: meta::time(json, "/timestamp")?,
    })
}
