//! Answers to the account's newest fifty posts, and posts that name it.

use crate::{
    Account, Arrival, ArrivalKind, Arrivals, Failure,
    meta::{self, Graph, MOST_TEXT, Read, Step, Sweep},
    rest::{self, Trouble},
};
use jiff::Timestamp;
use serde_json::Value;

/// What is read of an answer.
const ANSWER: &str = "id,text,username,timestamp,permalink,is_reply_owned_by_me";
/// What is read of a post that names the account.
const MENTION: &str = "id,text,username,timestamp,permalink";

/// What came since the cursor.
pub async fn arrivals(
    graph: &Graph<'_>,
    account: &Account,
    cursor: Option<&str>,
) -> Result<Arrivals, Failure> {
    let first = [Step::first("mentions", ""), Step::first("threads", "")];
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
    let (path, fields) = match step.edge.as_str() {
        // All answers at any depth, newest first.
        "conversation" => ([step.of.as_str(), "conversation"], ANSWER),
        "mentions" => ([account.id.as_str(), "mentions"], MENTION),
        _ => ([account.id.as_str(), "threads"], "id,has_replies"),
    };
    let mut query = vec![("fields", fields), ("limit", "50")];
    if step.edge == "conversation" {
        query.push(("reverse", "true"));
    }
    if !step.after.is_empty() {
        query.push(("after", &step.after));
    }
    let answer = graph.get(&path, &query).await?;
    let items = answer.pointer("/data").and_then(Value::as_array);
    let items: Vec<&Value> = items.into_iter().flatten().collect();
    let mut found = Read::default();
    if step.edge == "threads" {
        found.more = items
            .into_iter()
            .filter(|post| post.pointer("/has_replies") != Some(&Value::Bool(false)))
            .filter_map(|post| Some(Step::first("conversation", &rest::id(post, "/id")?)))
            .collect();
        return Ok(found);
    }
    let older = items
        .last()
        .and_then(|item| meta::time(item, "/timestamp"))
        .is_some_and(|at| at < since);
    found.more.extend(
        meta::next(&answer)
            .filter(|_| !older)
            .map(|after| step.then(after)),
    );
    let kind = if step.edge == "mentions" {
        ArrivalKind::Mention
    } else {
        ArrivalKind::Comment
    };
    found.items = items
        .into_iter()
        .filter_map(|item| arrival(account, item, kind, &step.of))
        .collect();
    Ok(found)
}

fn arrival(account: &Account, json: &Value, kind: ArrivalKind, post: &str) -> Option<Arrival> {
    let author = rest::text(json, "/username");
    let ours = json.pointer("/is_reply_owned_by_me") == Some(&Value::Bool(true));
    if ours || (!author.is_empty() && author == account.handle) {
        return None;
    }
    Some(Arrival {
        kind,
        remote_id: rest::id(json, "/id")?,
        about: rest::is_id(post).then(|| post.to_owned()),
        author: meta::cut(author, 200),
        text: meta::cut(rest::text(json, "/text"), MOST_TEXT),
        url: meta::address(json, "/permalink"),
        at: meta::time(json, "/timestamp")?,
    })
}
