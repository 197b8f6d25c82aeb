//! Where the links of a post lead. They are followed when review is asked, never while somebody types; what came out
//! is kept for a day and read by every check of a post with the same link.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use url::Url;
use vigie_check::Trail;
use vigie_check::pictures::Evidence;
use vigie_connect::Ended;
use vigie_core::content::{Content, Variant};
use vigie_store::Conn;

use crate::app::App;
use crate::check::gather::Around;

/// Links of one post that are followed.
const MOST: usize = 10;
/// How long following all of them may take.
const WITHIN: Duration = Duration::from_secs(10);
/// How long what was found counts.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// The links of a variant: in its words, its card, and the bar codes of its pictures.
pub fn of(variant: &Variant, around: &Around) -> Vec<String> {
    let pictures = variant.all_media();
    let found = pictures.filter_map(|m| around.pictures.get(&m.sha256));
    let codes = found
        .flat_map(|e: &Evidence| &e.codes)
        .map(|code| code.text.as_str());
    let mut all = vigie_check::detect::addresses(&variant.words());
    for written in variant.link.iter().map(String::as_str).chain(codes) {
        for address in vigie_check::detect::addresses(written) {
            if !all.contains(&address) {
                all.push(address);
            }
        }
    }
    all.truncate(MOST);
    all
}

/// What is known of a link, if it was followed lately.
///
/// # Errors
/// Database.
pub async fn known(
    conn: &mut Conn,
    link: &str,
    now: Timestamp,
) -> vigie_store::Result<Option<Trail>> {
    let from = now.saturating_sub(FRESH).unwrap_or(now);
    let found = conn.link_trail(link, from).await?;
    Ok(found.and_then(|found| serde_json::from_value(found).ok()))
}

/// Follows the links of a content that were not followed lately, all at once, and keeps what came out.
///
/// # Errors
/// Database. A link that leads nowhere is no error: it is what was found.
pub async fn follow(app: &App, content: &Content, around: &Around) -> vigie_store::Result<()> {
    if !app.config.follow_links {
        return Ok(());
    }
    let all: BTreeSet<String> = content
        .variants
        .iter()
        .flat_map(|variant| of(variant, around))
        .collect();
    let new = all
        .into_iter()
        .filter(|link| !around.trails.contains_key(link));
    let new: Vec<String> = new.take(MOST).collect();
    if new.is_empty() {
        return Ok(());
    }
    let trails = join_all(new.iter().map(|link| one(app, link))).await;
    let forget = around.now.saturating_sub(FRESH).unwrap_or(around.now);
    let mut tx = app.store.begin().await?;
    for trail in trails {
        let found = serde_json::to_value(&trail).unwrap_or_default();
        tx.link_trail_put(&trail.link, &found, around.now, forget)
            .await?;
    }
    tx.commit().await
}

async fn one(app: &App, link: &str) -> Trail {
    let mut trail = Trail {
        link: link.to_owned(),
        ..Trail::default()
    };
    let Ok(url) = Url::parse(link) else {
        trail.failed = Some("bad_address".to_owned());
        return trail;
    };
    let found = app.http.follow(&url, WITHIN).await;
    trail.hops = found.hops.iter().map(ToString::to_string).collect();
    match found.ended {
        Ended::Answered(status) => trail.status = Some(status),
        Ended::Failed(code) => trail.failed = Some(code.as_str().to_owned()),
        Ended::TooMany => trail.failed = Some("too_many".to_owned()),
        Ended::Loop => trail.failed = Some("loop".to_owned()),
    }
    trail
}
