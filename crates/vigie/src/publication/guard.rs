//! The last look before sending. Everything is read again from the database and computed again: a row that was
//! changed behind Vigie's back must not go out.

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use vigie_connect::{Payload, Picture, Placed};
use vigie_core::content::{Digest, Variant};
use vigie_core::post::{PostState, Seal};
use vigie_core::publication::{PublicationState, Timing, timing};
use vigie_core::seal::Assertion;
use vigie_store::{
    ApprovalRow, ChannelRow, ChannelStatus, Conn, ObservedState, PostRecord, PublicationRow,
};

use crate::app::App;

/// Why a publication is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// What would go out is not what was approved. Says which part, as a stable name.
    Tampered(&'static str),
    /// Its window passed.
    Late,
    /// The channel cannot be used now.
    Channel,
    /// The part before this one in a series cannot be answered.
    Series,
}

/// What may be sent, and by whom it was approved.
#[derive(Debug)]
pub struct Cleared {
    /// What the connector gets.
    pub payload: Payload,
    /// On which channel.
    pub channel: ChannelRow,
    /// SHA-256 over what is sent, for the record of the attempt.
    pub request: Digest,
    /// The pictures, in order.
    pub pictures: Vec<Digest>,
}

/// Reads a publication's content again and compares it with what was approved.
///
/// # Errors
/// The database. `Ok(Err(stop))` says why it must not go out.
pub async fn clear(
    app: &App,
    conn: &mut Conn,
    row: &PublicationRow,
    now: Timestamp,
) -> Result<Result<Cleared, Stop>, vigie_store::Error> {
    let post = match conn.post(row.post).await {
        Ok(post) => post,
        Err(vigie_store::Error::Unreadable { .. }) => return Ok(Err(Stop::Tampered("unreadable"))),
        Err(error) => return Err(error),
    };
    let evidence = conn.approval_evidence(row.post).await?;
    let channel = conn.channel(row.channel).await?;
    let variant = match judge(row, &post, &evidence, &channel, now) {
        Ok(variant) => variant,
        Err(stop) => return Ok(Err(stop)),
    };
    let Some(mut variant) = part(row, variant) else {
        return Ok(Err(Stop::Tampered("part")));
    };
    if row.part > 0 {
        match before(app, conn, row, &channel).await? {
            Some((PublicationState::Published, to)) => variant.reply_to = Some(to),
            _ => return Ok(Err(Stop::Series)),
        }
    }
    cleared(conn, row, variant, channel).await
}

/// The part of a variant that a publication is about, as a post of its own.
fn part(row: &PublicationRow, variant: &Variant) -> Option<Variant> {
    variant.single(usize::try_from(row.part).ok()?)
}

/// The part before this one: where it stands, and how it is answered. The same at every attempt, since it has its outcome
/// before this one is first sent.
async fn before(
    app: &App,
    conn: &mut Conn,
    row: &PublicationRow,
    channel: &ChannelRow,
) -> Result<Option<(PublicationState, String)>, vigie_store::Error> {
    let all = conn.publications(row.post).await?;
    let of = |part: Option<u32>| {
        all.iter()
            .find(|o| o.is_series(row) && Some(o.part) == part)
            .and_then(|o| {
                let remote_id = o.remote_id.as_deref()?;
                let content_id = o.content_id.as_deref().unwrap_or_default();
                Some((
                    o.state,
                    Placed {
                        remote_id,
                        content_id,
                    },
                ))
            })
    };
    let (Some((state, before)), Some((_, first))) = (of(row.part.checked_sub(1)), of(Some(0)))
    else {
        return Ok(None);
    };
    // Somebody deleted it on the network: nothing can answer it.
    let seen = conn.observed(row.channel, before.remote_id).await?;
    if seen.is_some_and(|seen| seen.state == ObservedState::Deleted) {
        return Ok(None);
    }
    let connector = app.connectors.of(channel.platform);
    Ok(connector.next_after(&before, &first).map(|to| (state, to)))
}

/// What was sent, to look for it: the revision of the publication itself, whatever became of the post since. `None`
/// when it can no longer be read as it was approved.
///
/// # Errors
/// The database.
pub async fn was_sent(
    app: &App,
    conn: &mut Conn,
    row: &PublicationRow,
) -> Result<Option<Cleared>, vigie_store::Error> {
    let revision = match conn.revision(row.revision).await {
        Ok(revision) => revision,
        Err(vigie_store::Error::Unreadable { .. } | vigie_store::Error::NotFound) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if revision.content.digest() != row.digest {
        return Ok(None);
    }
    let channel = conn.channel(row.channel).await?;
    let variants = revision.content.variants.into_iter();
    let Some(variant) = variants.into_iter().find(|v| {
        v.channel == row.channel && v.platform == channel.platform && v.account == channel.account
    }) else {
        return Ok(None);
    };
    let Some(mut variant) = part(row, &variant) else {
        return Ok(None);
    };
    if row.part > 0 {
        let Some((_, to)) = before(app, conn, row, &channel).await? else {
            return Ok(None);
        };
        variant.reply_to = Some(to);
    }
    Ok(cleared(conn, row, variant, channel).await?.ok())
}

async fn cleared(
    conn: &mut Conn,
    row: &PublicationRow,
    variant: Variant,
    channel: ChannelRow,
) -> Result<Result<Cleared, Stop>, vigie_store::Error> {
    let mut pictures = Vec::with_capacity(variant.media.len());
    for media in &variant.media {
        let Ok(bytes) = conn.media_bytes(media.sha256).await else {
            return Ok(Err(Stop::Tampered("picture")));
        };
        if <[u8; 32]>::from(Sha256::digest(&bytes)) != media.sha256.0 {
            return Ok(Err(Stop::Tampered("picture")));
        }
        pictures.push(Picture {
            bytes: Bytes::from(bytes),
            mime: media.mime.clone(),
            alt: if media.decorative {
                String::new()
            } else {
                media.alt.clone()
            },
            width: media.width,
            height: media.height,
            address: None,
        });
    }
    let payload = Payload {
        key: row.remote_key.clone(),
        text: variant.text,
        link: variant.link,
        langs: variant.langs,
        pictures,
        reply_to: variant.reply_to,
        warning: variant.warning,
        repliers: variant.repliers,
        created_at: row.created_at,
    };
    Ok(Ok(Cleared {
        request: request(row, &payload),
        pictures: variant.media.iter().map(|media| media.sha256).collect(),
        payload,
        channel,
    }))
}

/// The pure part: is everything that was read consistent with an approval of exactly this?
fn judge<'p>(
    row: &PublicationRow,
    post: &'p PostRecord,
    evidence: &[ApprovalRow],
    channel: &ChannelRow,
    now: Timestamp,
) -> Result<&'p Variant, Stop> {
    let digest = post.content.digest();
    if digest != row.digest
        || digest != post.post.revision.digest
        || row.revision != post.post.revision.id
    {
        return Err(Stop::Tampered("content"));
    }
    if post.post.state != PostState::Approved || !post.post.missing().is_nothing() {
        return Err(Stop::Tampered("approval"));
    }
    for approval in evidence.iter().filter(|a| a.approval.seal == Seal::Passkey) {
        let assertion = approval
            .assertion
            .as_deref()
            .and_then(|text| serde_json::from_str::<Assertion>(text).ok());
        let holds = assertion.is_some_and(|assertion| assertion.verify(&digest).is_ok());
        if !holds {
            return Err(Stop::Tampered("seal"));
        }
    }
    let variant = post
        .content
        .variants
        .iter()
        .find(|v| v.channel == row.channel);
    let variant = variant.ok_or(Stop::Tampered("channel"))?;
    if variant.platform != channel.platform || variant.account != channel.account {
        return Err(Stop::Tampered("account"));
    }
    match timing(&post.content.window, now) {
        Timing::Late => return Err(Stop::Late),
        // The row says that it is due, the approved window says that it is not.
        Timing::Early => return Err(Stop::Tampered("window")),
        Timing::Due => {}
    }
    if channel.status != ChannelStatus::Connected {
        return Err(Stop::Channel);
    }
    Ok(variant)
}

/// Digest of a request: what was sent under which key.
fn request(row: &PublicationRow, payload: &Payload) -> Digest {
    let mut hash = Sha256::new();
    for part in [
        row.id.to_string().as_bytes(),
        row.remote_key.as_bytes(),
        &row.digest.0,
        payload.text.as_bytes(),
    ] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    Digest(hash.finalize().into())
}
