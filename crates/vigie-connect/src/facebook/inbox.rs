//! Comments on the page's newest hundred posts, and posts that name the page.

use crate::{
    Account, Arrival, ArrivalKind, Arrivals, Failure,
    meta::{self, Graph, MOST_TEXT, Read, Step, Sweep},
    rest::{self, Trouble},
};
use jiff::Timestamp;
use serde_json::Value;

/// What is read of a comment or a mention.
const WORDS: &str = "id,message,from{id,name},created_time,permalink_url";
/// Pages of posts, 25 in each.
const POST_PAGES: u8 = 4;

/// What came since the cursor.
pub async fn arrivals(
    graph: &Graph<'_>,
    account: &Account,
    cursor: Option<&str>,
) -> Result<Arrivals, Failure> {
    let first = [Step::first("tagged", ""), Step::first("posts", "")];
    Sweep::from(cursor, Timestamp::now(), &first)
        .run(|step, since| async move { read(graph, account, &step, since).await })
        .await
}

async fn read(
    graph: &Graph<'_>,
    account: &Account,
    step: &Step,
    since: Timestamp,
) -> Result<Read, Trouble> {
    let seconds = since.as_second().to_string();
    let expanded = format!(
        "id,comments.filter(stream).order(chronological).since({seconds}).limit(50){{{WORDS}}}"
    );
    let mut query = match step.edge.as_str() {
        "posts" => vec![("fields", expanded.as_str()), ("limit", "25")],
        "comments" => vec![
            ("fields", WORDS),
            ("filter", "stream"),
            ("order", "chronological"),
            ("since", &seconds),
            ("limit", "100"),
        ],
        _ => vec![("fields", WORDS), ("limit", "25")],
    };
    if !step.after.is_empty() {
        query.push(("after", &step.after));
    }
    let path = match step.edge.as_str() {
        "posts" => [account.id.as_str(), "published_posts"],
        "comments" => [step.of.as_str(), "comments"],
        _ => [account.id.as_str(), "tagged"],
    };
    let answer = graph.get(&path, &query).await?;
    let mut found = Read::default();
    let next = meta::next(&answer).map(|after| step.then(after));
    let items = answer.pointer("/data").and_then(Value::as_array);
    let items = items.into_iter().flatten();
    match step.edge.as_str() {
        "posts" => {
            found
                .more
                .extend(next.filter(|next| next.depth < POST_PAGES));
            for post in items {
                let Some(id) = rest::id(post, "/id") else {
                    continue;
                };
                let comments = post.pointer("/comments/data").and_then(Value::as_array);
                for comment in comments.into_iter().flatten() {
                    found
                        .items
                        .extend(arrival(account, comment, ArrivalKind::Comment, Some(&id)));
                }
                let more = post.pointer("/comments").and_then(meta::next);
                found
                    .more
                    .extend(more.map(|after| Step::first("comments", &id).then(after)));
            }
        }
        "comments" => {
            found.more.extend(next);
            found.items = items
                .filter_map(|item| arrival(account, item, ArrivalKind::Comment, Some(&step.of)))
                .collect();
        }
        _ => {
            let all: Vec<&Value> = items.collect();
            let older = all
                .last()
                .and_then(|item| meta::time(item, "/created_time"))
                .is_some_and(|at| at < since);
            found.more.extend(next.filter(|_| !older));
            found.items = all
                .into_iter()
                .filter_map(|item| arrival(account, item, ArrivalKind::Mention, None))
                .collect();
        }
    }
    Ok(found)
}

fn arrival(
    account: &Account,
    json: &Value,
    kind: ArrivalKind,
    about: Option<&str>,
) -> Option<Arrival> {
    if super::author(json) == Some(account.id.as_str()) {
        // Our own words do not arrive.
        return None;
    }
    Some(Arrival {
        kind,
        remote_id: rest::id(json, "/id")?,
        about: about.map(str::to_owned),
        author: meta::cut(rest::text(json, "/from/name"), 200),
        text: meta::cut(rest::text(json, "/message"), MOST_TEXT),
        url: meta::address(json, "/permalink_url"),
        at: meta::time(json, "/created_time")?,
    })
}
