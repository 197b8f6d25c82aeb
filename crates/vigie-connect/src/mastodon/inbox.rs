//! What reached the account: posts that name it, answers, messages.

use super::{
    calls::{self, Signed},
    status,
};
use crate::{
    Arrival, ArrivalKind, Arrivals, Code, Failure, Http, Session, html,
    rest::{self, Request, Trouble},
};
use serde_json::Value;
use std::time::Duration;

/// Notifications in one page, the first time.
const PAGE: usize = 40;
/// In one page, when a page was too large to be read: somebody writes very long posts.
const FEW: usize = 1;
/// Largest page, in bytes. A post of another server may have a million.
const PAGE_BYTES: usize = 8 << 20;
/// Pages read in one go; the rest comes the next time.
const PAGES: usize = 10;
/// Most characters of an arrival's words.
const MAX_TEXT: usize = 10_000;

/// The newest without a cursor; with one, everything since, oldest pages first, so that nothing is passed over when there
/// is more than one go can read.
pub async fn arrivals(
    http: &Http,
    session: &mut Session,
    cursor: Option<&str>,
    within: Duration,
) -> Result<Arrivals, Failure> {
    if cursor.is_some_and(|cursor| !rest::is_id(cursor)) {
        return Err(Failure::new(Code::BadKey, "not a cursor of ours"));
    }
    let mut signed = Signed::open(http, session, within)?;
    let mut all = Arrivals::default();
    let mut at = cursor.map(str::to_owned);
    for _ in 0..PAGES {
        let read = match page(&mut signed, at.as_deref(), PAGE).await {
            Err(trouble) if trouble.failure.code == Code::AnswerTooLarge => {
                page(&mut signed, at.as_deref(), FEW).await
            }
            other => other,
        };
        let page = match read {
            Ok(page) => page,
            // What was read already is not lost; the next time goes on from there.
            Err(_) if !all.items.is_empty() => break,
            Err(trouble) => return Err(trouble.failure),
        };
        all.items
            .extend(page.iter().filter_map(|n| arrival(n, &signed)));
        // Newest first within a page.
        let newest = page.first().and_then(|n| rest::id(n, "/id"));
        let first_time = at.is_none();
        match newest {
            Some(newest) if Some(&newest) != at.as_ref() => at = Some(newest),
            // Nothing yet: the next time starts from before everything.
            None if first_time && page.is_empty() => at = Some("0".to_owned()),
            _ => break,
        }
        if first_time {
            break;
        }
    }
    all.cursor = at;
    Ok(all)
}

async fn page(
    signed: &mut Signed<'_>,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<Value>, Trouble> {
    let most = most.to_string();
    let mut pairs = vec![
        ("limit", most.as_str()),
        // Answers to posts of ours are mentions too.
        ("types[]", "mention"),
        // What the account's own settings set aside (new accounts, strangers) is what a lookout wants to see.
        ("include_filtered", "true"),
    ];
    // `min_id` gives the oldest since then, `since_id` would give the newest and leave a hole.
    pairs.extend(after.map(|after| ("min_id", after)));
    let url = signed.at(&["api", "v1", "notifications"]);
    let request = Request::get(rest::query(url, &pairs)).most(PAGE_BYTES);
    match signed.call(request).await?.json {
        Value::Array(all) => Ok(all),
        _ => Err(Trouble::new(
            rest::Stage::Unknown,
            Code::GarbageAnswer,
            "not a list of notifications",
        )),
    }
}

/// `None` for what is not a mention, or cannot be answered.
fn arrival(notification: &Value, signed: &Signed<'_>) -> Option<Arrival> {
    if rest::text(notification, "/type") != "mention" {
        return None;
    }
    let post = notification.get("status")?;
    let to_us = calls::is_account(post, "/in_reply_to_account_id", signed.id());
    let direct = rest::text(post, "/visibility") == "direct";
    let kind = match (direct, to_us) {
        (true, _) => ArrivalKind::Message,
        (false, true) => ArrivalKind::Comment,
        (false, false) => ArrivalKind::Mention,
    };
    let at = [post, notification]
        .iter()
        .find_map(|json| rest::text(json, "/created_at").parse().ok())?;
    let author = rest::text(post, "/account/acct");
    let author = match author.contains('@') {
        true => author.to_owned(),
        false => {
            let home = &signed.session.account.handle;
            format!("{author}@{}", home.rsplit('@').next().unwrap_or_default())
        }
    };
    Some(Arrival {
        kind,
        remote_id: rest::id(post, "/id")?,
        about: rest::id(post, "/in_reply_to_id").filter(|_| to_us),
        author: html::first(&author, 300),
        text: html::first(&status::words(post), MAX_TEXT),
        url: status::page_of(post).unwrap_or_default(),
        at,
    })
}
