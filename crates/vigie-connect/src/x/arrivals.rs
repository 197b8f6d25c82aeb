//! What reaches an account on X: posts that name it, answers to its posts among them.

use super::{
    X,
    post::{PAGE, PAGES, is_post_id, posts_of, timeline, token, web_address},
    text,
};
use crate::{Account, Arrival, ArrivalKind, Arrivals, Failure, Session, rest, signed::Signed};
use serde_json::Value;
use std::time::Duration;

/// What is asked of a post. Fields cost nothing; the author's name is one more thing read, once a day.
const FIELDS: &str =
    "author_id,created_at,entities,in_reply_to_user_id,note_tweet,referenced_tweets";

/// How far a visit has come: everything up to `since` was seen; between it and `until` something was left, because
/// there was more than one visit may read; `newest` is the newest seen.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Far {
    since: Option<String>,
    left: Option<(String, String)>,
}

impl Far {
    fn parse(cursor: &str) -> Self {
        let parts: Vec<&str> = cursor.split('.').collect();
        let id = |at: usize| {
            let id = parts.get(at).copied().filter(|id| is_post_id(id));
            id.map(str::to_owned)
        };
        Self {
            since: id(0),
            left: id(1).zip(id(2)),
        }
    }

    fn seal(&self) -> Option<String> {
        match (&self.since, &self.left) {
            (since, Some((until, newest))) => {
                let since = since.as_deref().unwrap_or("1");
                Some(format!("{since}.{until}.{newest}"))
            }
            (since, None) => since.clone(),
        }
    }
}

fn number(id: &str) -> u64 {
    id.parse().unwrap_or_default()
}

/// Posts that name the account. Answers to its posts are among them.
pub async fn arrivals(
    x: &X,
    session: &mut Session,
    cursor: Option<&str>,
    within: Duration,
) -> Result<Arrivals, Failure> {
    let far = cursor.map(Far::parse).unwrap_or_default();
    let mut signed = Signed::open(x, session, within)?;
    let mut items = Vec::new();
    let mut next: Option<String> = None;
    let (mut newest, mut oldest): (u64, u64) = (0, u64::MAX);
    // The first visit reads one page: what came before Vigie is not its business, and costs.
    let pages = if cursor.is_some() { PAGES } else { 1 };
    for _ in 0..pages {
        let mut query = vec![
            ("max_results", PAGE),
            ("tweet.fields", FIELDS),
            ("expansions", "author_id"),
            ("user.fields", "username"),
        ];
        query.extend(far.since.as_deref().map(|id| ("since_id", id)));
        query.extend(far.left.as_ref().map(|left| ("until_id", left.0.as_str())));
        query.extend(next.as_deref().map(|next| ("pagination_token", next)));
        let answer = timeline(&mut signed, "mentions", &query).await?;
        let posts = posts_of(&answer.json)?;
        for id in posts.iter().filter_map(|post| rest::id(post, "/id")) {
            newest = newest.max(number(&id));
            oldest = oldest.min(number(&id));
        }
        let account = signed.account();
        items.extend(
            posts
                .iter()
                .filter_map(|post| arrival(account, &answer.json, post)),
        );
        next = token(&answer.json).filter(|_| !posts.is_empty());
        if next.is_none() {
            break;
        }
    }
    let newest = far
        .left
        .as_ref()
        .map_or(newest, |left| newest.max(number(&left.1)));
    let newest = newest.max(far.since.as_deref().map_or(0, number));
    let reached = Far {
        since: far.since.clone(),
        left: Some((oldest.to_string(), newest.to_string())),
    };
    let reached = if next.is_some() && cursor.is_some() && oldest <= newest {
        reached
    } else {
        Far {
            since: (newest > 0).then(|| newest.to_string()),
            left: None,
        }
    };
    Ok(Arrivals {
        items,
        cursor: reached.seal(),
    })
}

fn arrival(account: &Account, answer: &Value, post: &Value) -> Option<Arrival> {
    let id = rest::id(post, "/id").filter(|id| is_post_id(id))?;
    let author = rest::text(post, "/author_id");
    if !is_post_id(author) || author == account.id {
        return None;
    }
    let users = answer.pointer("/includes/users").and_then(Value::as_array);
    let handle = users
        .into_iter()
        .flatten()
        .find(|user| rest::text(user, "/id") == author)
        .map(|user| rest::text(user, "/username"))
        .filter(|handle| super::call::is_name(handle));
    let answered = super::post::answered(post)
        .filter(|_| rest::text(post, "/in_reply_to_user_id") == account.id);
    Some(Arrival {
        kind: if answered.is_some() {
            ArrivalKind::Comment
        } else {
            ArrivalKind::Mention
        },
        about: answered,
        author: handle.unwrap_or(author).to_owned(),
        text: text::shown(post).chars().take(10_000).collect(),
        url: web_address(handle.unwrap_or_default(), &id),
        at: rest::text(post, "/created_at").parse().ok()?,
        remote_id: id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_says_how_far() {
        for (cursor, sealed) in [
            ("7", Some("7")),
            ("7.9.12", Some("7.9.12")),
            ("7.9", Some("7")),
            ("x", None),
            ("", None),
            ("7.x.12", Some("7")),
        ] {
            assert_eq!(Far::parse(cursor).seal().as_deref(), sealed, "{cursor}");
        }
    }
}
