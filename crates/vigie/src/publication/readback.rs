//! What stands on the pages. A post that Vigie did not make, or one of ours that somebody else changed or deleted, may
//! mean that somebody has the key of the page: it is an alarm.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use vigie_connect::{Allowed, RemotePost};
use vigie_core::content::Repliers;
use vigie_core::id::ChannelId;
use vigie_core::publication::PublicationState;
use vigie_store::{ChannelRow, ObservedRow, ObservedState, PublicationRow, Seen, Tx};

use super::alarm::{self, Kind};
use super::session;
use crate::app::App;
use crate::post::who::Who;

/// How far back deletions are looked for.
const DELETIONS: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Most of our posts that are looked for one by one in one reading.
const MOST: u32 = 50;

/// Reads a channel's page and compares.
///
/// # Errors
/// The database. Trouble with the network is noted at the channel and is none here.
pub async fn read(app: &App, channel: &ChannelRow) -> anyhow::Result<()> {
    let connector = app.connectors.of(channel.platform);
    let mut open = session::open(app, channel).await?;
    let listed = connector.list(&mut open.session, None).await;
    let now = app.clock.now();
    open.keep(app, now).await;
    let page = match listed {
        Ok(page) => page,
        Err(failure) => {
            tracing::info!(channel = %channel.id, error = %failure, "a page could not be read");
            if failure.code.needs_reconnect() && open.is_newest(app).await? {
                let code = failure.code.as_str();
                let mut tx = app.store.begin().await?;
                tx.channel_broken(channel.id, code).await?;
                alarm::broken(&mut tx, channel.id, code, now).await?;
                tx.commit().await?;
            }
            return Ok(());
        }
    };
    // What was there before Vigie came is known, not alarming.
    let first = channel.read_at.is_none();
    let mut tx = app.store.begin().await?;
    let mut coming = coming(&mut tx, channel.id).await?;
    for post in &page.posts {
        compare(&mut tx, channel.id, post, first, &mut coming, now).await?;
    }
    tx.channel_read(channel.id, None, now).await?;
    tx.commit().await?;
    crate::inbound::read(app, channel, &mut open.session).await?;
    open.keep(app, app.clock.now()).await;
    let gone = missing(app, channel, &page.posts, now).await?;
    for row in gone {
        let Some(remote_id) = &row.remote_id else {
            continue;
        };
        // Not on the first page does not mean deleted: ask for this one.
        if let Ok(None) = connector.read_back(&mut open.session, remote_id).await {
            deleted(app, &row, remote_id, now).await?;
        }
    }
    Ok(())
}

/// What a record on the page is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Ours, as published.
    Ours,
    /// Ours, and on its way: nothing to say yet.
    Moving,
    /// Ours, and somebody changed it.
    Edited,
    /// Not ours.
    Foreign,
}

/// Compares a record with the publication that made it, if any.
pub fn judge(
    publication: Option<&PublicationRow>,
    known: Option<&ObservedRow>,
    content_id: &str,
) -> Judgement {
    let Some(row) = publication else {
        return Judgement::Foreign;
    };
    match row.state {
        PublicationState::Sending
        | PublicationState::Unknown
        | PublicationState::Ready
        | PublicationState::TakingBack => Judgement::Moving,
        _ if row.content_id.as_deref() == Some(content_id) => Judgement::Ours,
        // A person said that it is on the page, without its digest: what is there now is what they saw.
        _ if row.content_id.is_none() && known.is_none_or(|k| k.content_id == content_id) => {
            Judgement::Ours
        }
        _ => Judgement::Edited,
    }
}

/// The texts of our posts that may be on the page without our knowing under which id: on their way, or found by a
/// person. On networks that keep no key of ours, only the text tells them from somebody else's.
async fn coming(tx: &mut Tx, channel: ChannelId) -> Result<Vec<String>, vigie_store::Error> {
    let mut texts = Vec::new();
    for row in tx.publications_unnamed(channel).await? {
        let revision = match tx.revision(row.revision).await {
            Ok(revision) => revision,
            Err(vigie_store::Error::Unreadable { .. } | vigie_store::Error::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let variants = revision.content.variants.into_iter();
        texts.extend(
            variants
                .filter(|variant| variant.channel == channel)
                .filter_map(|variant| variant.single(usize::try_from(row.part).ok()?))
                .map(|part| plain(&part.words())),
        );
    }
    Ok(texts)
}

/// A text without what networks change: blanks and line ends.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text without the names before it: X puts there whom a post answers.
fn unnamed(text: &str) -> &str {
    let mut rest = text;
    while let Some((name, more)) = rest.split_once(' ')
        && name.starts_with('@')
    {
        rest = more;
    }
    rest
}

async fn compare(
    tx: &mut Tx,
    channel: ChannelId,
    post: &RemotePost,
    first: bool,
    coming: &mut Vec<String>,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    // Networks that keep no key of ours give none.
    let by_key = match post.key.as_str() {
        "" => None,
        key => tx.publication_by_key(channel, key).await?,
    };
    let publication = match by_key {
        Some(row) => Some(row),
        None => tx.publication_by_remote(channel, &post.remote_id).await?,
    };
    let known = tx.observed(channel, &post.remote_id).await?;
    let judgement = match judge(publication.as_ref(), known.as_ref(), &post.content_id) {
        Judgement::Ours if opened(tx, publication.as_ref(), post).await? => Judgement::Edited,
        other => other,
    };
    let state = match judgement {
        Judgement::Moving => return Ok(()),
        Judgement::Ours => ObservedState::Ours,
        Judgement::Edited => ObservedState::Edited,
        // One of ours excuses one post, on networks that keep no key.
        Judgement::Foreign if post.key.is_empty() && known.is_none() => {
            let text = plain(&post.text);
            match coming
                .iter()
                .position(|one| !text.is_empty() && (*one == text || *one == unnamed(&text)))
            {
                Some(at) => {
                    coming.swap_remove(at);
                    return Ok(());
                }
                None => ObservedState::Foreign,
            }
        }
        Judgement::Foreign => ObservedState::Foreign,
    };
    let news = known
        .as_ref()
        .is_none_or(|k| k.state != state || k.content_id != post.content_id);
    let seen = Seen {
        channel,
        remote_id: &post.remote_id,
        content_id: &post.content_id,
        publication: publication.as_ref().map(|p| p.id),
        state,
        text: &post.text,
        url: &post.url,
    };
    tx.observed_see(seen, now).await?;
    if !news {
        return Ok(());
    }
    match (judgement, &publication) {
        (Judgement::Edited, Some(row)) => {
            alarm::about(tx, Kind::Edited, row, json!({ "url": post.url }), now).await?;
            note(tx, "page.edited", channel, &post.content_id, now).await
        }
        (Judgement::Foreign, _) if !first => {
            alarm::on_page(tx, Kind::Foreign, channel, &post.remote_id, &post.url, now).await?;
            note(tx, "page.foreign", channel, &post.content_id, now).await
        }
        _ => Ok(()),
    }
}

/// Whether a post that not everyone may answer can be answered by others than was approved, or by rules that Vigie has no
/// word for. A post for everyone may be closed on the page by whoever watches over its answers: that is no harm, and no
/// alarm.
async fn opened(
    tx: &mut Tx,
    publication: Option<&PublicationRow>,
    post: &RemotePost,
) -> Result<bool, vigie_store::Error> {
    let (Some(row), Some(now)) = (publication, post.repliers) else {
        return Ok(false);
    };
    let revision = match tx.revision(row.revision).await {
        Ok(revision) => revision,
        Err(vigie_store::Error::Unreadable { .. } | vigie_store::Error::NotFound) => {
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    let mut variants = revision.content.variants.into_iter();
    let approved = variants
        .find(|variant| variant.channel == row.channel)
        .and_then(|variant| variant.single(usize::try_from(row.part).ok()?))
        .map_or(Repliers::Everyone, |variant| variant.repliers);
    Ok(widened(approved, now))
}

/// Whether more people than was approved may answer now, as far as can be told.
fn widened(approved: Repliers, now: Allowed) -> bool {
    // Closing it to all is no opening.
    let as_strict = now == Allowed::By(approved) || now == Allowed::By(Repliers::Nobody);
    !approved.is_everyone() && !as_strict
}

async fn note(
    tx: &mut Tx,
    act: &str,
    channel: ChannelId,
    content_id: &str,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let detail: vigie_store::Detail<'_> = &[("content", &content_id)];
    tx.audit(
        now,
        Who::system().audit,
        act,
        &format!("channel/{channel}"),
        detail,
    )
    .await
    .map(|_| ())
}

/// What of ours should be on the page and was not in the listing.
async fn missing(
    app: &App,
    channel: &ChannelRow,
    posts: &[RemotePost],
    now: Timestamp,
) -> Result<Vec<PublicationRow>, vigie_store::Error> {
    let from = now.checked_sub(DELETIONS).unwrap_or(Timestamp::MIN);
    let mut conn = app.store.read().await?;
    let mut out = Vec::new();
    for row in conn.publications_on_page(channel.id, from, MOST).await? {
        let listed = posts
            .iter()
            .any(|p| row.remote_id.as_deref() == Some(&p.remote_id));
        if listed || row.state != PublicationState::Published {
            continue;
        }
        let Some(remote_id) = &row.remote_id else {
            continue;
        };
        let known = conn.observed(channel.id, remote_id).await?;
        if known.is_none_or(|k| k.state != ObservedState::Deleted) {
            out.push(row);
        }
    }
    Ok(out)
}

async fn deleted(
    app: &App,
    row: &PublicationRow,
    remote_id: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut tx = app.store.begin().await?;
    // Taken back by ourselves meanwhile?
    if tx.publication(row.id).await?.state != PublicationState::Published {
        return Ok(());
    }
    let seen = Seen {
        channel: row.channel,
        remote_id,
        content_id: row.content_id.as_deref().unwrap_or_default(),
        publication: Some(row.id),
        state: ObservedState::Deleted,
        text: "",
        url: row.url.as_deref().unwrap_or_default(),
    };
    tx.observed_see(seen, now).await?;
    alarm::about(&mut tx, Kind::Deleted, row, json!({ "url": row.url }), now).await?;
    let detail: vigie_store::Detail<'_> = &[("digest", &row.digest)];
    tx.audit(
        now,
        Who::system().audit,
        "page.deleted",
        &format!("channel/{}", row.channel),
        detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_vigie_has_no_word_for_is_an_edit() {
        use Repliers::{Everyone, Followers, Nobody};
        assert!(widened(Nobody, Allowed::Otherwise));
        assert!(widened(Followers, Allowed::Otherwise));
        assert!(widened(Nobody, Allowed::By(Followers)));
        for (approved, now) in [
            (Everyone, Allowed::Otherwise),
            (Everyone, Allowed::By(Nobody)),
            (Followers, Allowed::By(Followers)),
            (Followers, Allowed::By(Nobody)),
        ] {
            assert!(!widened(approved, now), "{approved} {now:?}");
        }
    }
}
