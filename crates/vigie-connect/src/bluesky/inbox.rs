//! What reached the account: answers, mentions, quotes, as the network's app view tells them. The account's own server
//! passes the question on.
//!
//! The app view lists from the newest down. The cursor kept is therefore a time up to which everything was seen; while there
//! is more between it and the newest than one go reads, it also holds how far down the list has been read.
//!
//! The list is sorted by the time that an author's own client wrote, unless that is still to come. A post whose author's
//! clock is slow stands below what was seen already: once an hour, what is a day old is read again.

use super::{
    post::web_address,
    record::{self, COLLECTION},
    session::Signed,
    xrpc::{Stage, Trouble, Xrpc},
};
use crate::{Arrival, ArrivalKind, Arrivals, Code, Failure, Http, Session};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};

/// What is asked for.
const REASONS: [&str; 3] = ["reply", "mention", "quote"];
/// Notifications in one page.
const PAGE: &str = "50";
/// In one page, when a page was too large: others write what is in it.
const FEW: &str = "2";
/// Largest page, in bytes.
const PAGE_BYTES: usize = 8 << 20;
/// Pages read in one go; the rest comes the next time.
const PAGES: usize = 10;
/// The app view may learn of a post late: so far back is read again.
const LATE: SignedDuration = SignedDuration::from_mins(10);
/// And so far back for authors whose clock is wrong, as far as one go reads.
const SLOW_CLOCK: SignedDuration = SignedDuration::from_hours(24);
/// How often that is done.
const LOOK_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Most characters of an arrival's words.
const MAX_TEXT: usize = 10_000;

/// Our cursor.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Mark {
    /// Everything up to here was seen.
    seen: Timestamp,
    /// What `seen` becomes once the list has been read down to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<Timestamp>,
    /// The app view's own cursor, to go on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// When a day was last looked back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    looked: Option<Timestamp>,
}

impl Mark {
    /// Whether it is time to look a day back. Not in the middle of a list: what is new comes first.
    fn looks_back(&self, now: Timestamp) -> bool {
        let long_ago = |at: Timestamp| now.duration_since(at).abs() >= LOOK_EVERY;
        self.at.is_none() && self.looked.is_none_or(long_ago)
    }
}

/// The newest without a cursor; with one, everything since.
pub async fn arrivals(
    http: &Http,
    session: &mut Session,
    cursor: Option<&str>,
    within: Duration,
) -> Result<Arrivals, Failure> {
    let not_ours = |_| Failure::new(Code::BadKey, "not a cursor of ours");
    let first_time = cursor.is_none();
    let mut mark: Mark = match cursor {
        None => Mark::default(),
        Some(text) => serde_json::from_str(text).map_err(not_ours)?,
    };
    let mut signed = Signed::open(http, session, within)?;
    let mut found: Vec<Arrival> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let before = |span| mark.seen.checked_sub(span).unwrap_or(Timestamp::MIN);
    let floor = before(LATE);
    let mut lowest = floor;
    let now = Timestamp::now();
    if mark.looks_back(now) {
        lowest = before(SLOW_CLOCK);
        mark.looked = Some(now);
    }
    // Everything down to the floor was read; what is below it is looked at as far as it goes.
    let mut reached = false;
    let mut pages = 0;
    let done = loop {
        let page = match page(&mut signed, mark.at.as_deref()).await {
            Ok(page) => page,
            // The app view forgot where it was: from the top again, in the same go.
            Err(trouble)
                if pages == 0
                    && mark.at.is_some()
                    && trouble.stage == Stage::Refused
                    && !trouble.failure.code.needs_reconnect() =>
            {
                mark.at = None;
                pages += 1;
                continue;
            }
            // What was read already is not lost; the next time goes on from there.
            Err(_) if pages > 0 && mark.at.is_some() => break reached,
            Err(trouble) => return Err(trouble.failure),
        };
        pages += 1;
        let mut older = false;
        for notification in page.all.iter().filter_map(told) {
            reached |= notification.at < floor;
            older |= notification.at < lowest;
            // A time that is not yet would hide all that comes before it.
            let at = notification.at.min(Timestamp::now());
            mark.next = mark.next.max(Some(at));
            if notification.at < lowest {
                continue;
            }
            if let Some((uri, arrival)) = arrival(&notification, signed.did()) {
                match places.get(&uri).and_then(|place| found.get_mut(*place)) {
                    // An answer that names the account is told twice: it is an answer.
                    Some(known) if arrival.kind == ArrivalKind::Comment => *known = arrival,
                    Some(_) => {}
                    None => {
                        places.insert(uri, found.len());
                        found.push(arrival);
                    }
                }
            }
        }
        let next = page.next.filter(|next| Some(next) != mark.at.as_ref());
        // A page may be empty and not the last: what the account hides is taken out after it was cut.
        if older || first_time || next.is_none() {
            break true;
        }
        mark.at = next;
        if pages >= PAGES {
            break reached;
        }
    };
    if done {
        mark = Mark {
            seen: mark.next.map_or(mark.seen, |next| next.max(mark.seen)),
            looked: mark.looked,
            ..Mark::default()
        };
    }
    Ok(Arrivals {
        items: found,
        cursor: serde_json::to_string(&mark).ok(),
    })
}

struct PageOf {
    all: Vec<Value>,
    next: Option<String>,
}

async fn page(signed: &mut Signed<'_>, at: Option<&str>) -> Result<PageOf, Trouble> {
    let first = ask(signed, at, PAGE).await;
    let answer = match first {
        Err(trouble) if trouble.failure.code == Code::AnswerTooLarge => {
            ask(signed, at, FEW).await?
        }
        other => other?,
    };
    let garbage = || {
        Trouble::new(
            Stage::Unknown,
            Code::GarbageAnswer,
            "not a list of notifications",
        )
    };
    let all = answer.get("notifications").and_then(Value::as_array);
    let next = answer.get("cursor").and_then(Value::as_str);
    Ok(PageOf {
        all: all.cloned().ok_or_else(garbage)?,
        next: next
            .filter(|next| !next.is_empty() && next.len() <= 1_024)
            .map(str::to_owned),
    })
}

async fn ask(signed: &mut Signed<'_>, at: Option<&str>, most: &str) -> Result<Value, Trouble> {
    let mut query: Vec<(&'static str, String)> = vec![("limit", most.to_owned())];
    query.extend(REASONS.map(|reason| ("reasons", reason.to_owned())));
    query.extend(at.map(|at| ("cursor", at.to_owned())));
    let call = Xrpc {
        max_answer: PAGE_BYTES,
        ..Xrpc::query("app.bsky.notification.listNotifications", query)
    };
    signed.call(&call).await
}

struct Told<'a> {
    json: &'a Value,
    at: Timestamp,
}

/// A notification with its time.
fn told(json: &Value) -> Option<Told<'_>> {
    let at = json.get("indexedAt")?.as_str()?.parse().ok()?;
    Some(Told { json, at })
}

/// The address of the post and what it is; `None` for other things than posts about us.
fn arrival(told: &Told<'_>, us: &str) -> Option<(String, Arrival)> {
    let text = |pointer: &str| {
        told.json
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let ours = format!("at://{us}/{COLLECTION}/");
    // An answer that names or quotes the account is told as that alone, at times.
    let answers_us = ["/record/reply/parent/uri", "/record/reply/root/uri"]
        .into_iter()
        .any(|at| text(at).starts_with(&ours));
    let kind = match text("/reason") {
        "reply" => ArrivalKind::Comment,
        "mention" | "quote" if answers_us => ArrivalKind::Comment,
        "mention" | "quote" => ArrivalKind::Mention,
        _ => return None,
    };
    let (uri, cid) = (text("/uri"), text("/cid"));
    let (did, key) = record::post_of(uri)?;
    let root = match (
        text("/record/reply/root/uri"),
        text("/record/reply/root/cid"),
    ) {
        ("", _) | (_, "") => (uri, cid),
        root => root,
    };
    // A thread's beginning that is no post: the answer goes to the post itself.
    let remote_id = record::answerable((uri, cid), root)
        .or_else(|| record::answerable((uri, cid), (uri, cid)))?;
    let about = [
        "/record/reply/parent/uri",
        "/reasonSubject",
        "/record/reply/root/uri",
    ]
    .into_iter()
    .map(text)
    .find(|about| about.starts_with(&ours) && record::post_of(about).is_some());
    // A handle that is not proven is not shown.
    let author = match text("/author/handle") {
        handle if crate::segments::is_handle(handle) && handle != "handle.invalid" => handle,
        _ => did,
    };
    let arrival = Arrival {
        kind,
        remote_id,
        about: about.map(str::to_owned),
        author: author.to_owned(),
        text: text("/record/text").chars().take(MAX_TEXT).collect(),
        url: web_address(did, key),
        at: told.at,
    };
    Some((uri.to_owned(), arrival))
}
