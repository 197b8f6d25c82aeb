//! Whether a network would take what somebody writes, said before anybody is asked to review it.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use bytes::Bytes;
use jiff::Timestamp;
use url::Url;
use vigie_connect::{Code, Payload, Picture};
use vigie_core::content::{Content, Digest, MediaRef, Variant};
use vigie_store::{ChannelRow, Conn};

use super::{account, fetch};
use crate::app::App;
use crate::post::draft::MOST_IN_ALL;

/// What is surely wrong with a variant on its page, without a look at the pictures' bytes.
pub fn problems(app: &App, channel: &ChannelRow, variant: &Variant) -> Vec<Code> {
    of(app, channel, variant, |_| Bytes::from_static(b"."))
}

/// The same, of every part of a series.
fn of(
    app: &App,
    channel: &ChannelRow,
    variant: &Variant,
    bytes: impl Fn(&MediaRef) -> Bytes,
) -> Vec<Code> {
    let mut all = Vec::new();
    if !variant.parts.is_empty() && !app.connectors.of(channel.platform).describe().series {
        all.push(Code::SeriesNotOffered);
    }
    for part in (0..=variant.parts.len()).filter_map(|n| variant.single(n)) {
        for code in one(app, channel, &part, &bytes) {
            if !all.contains(&code) {
                all.push(code);
            }
        }
    }
    all
}

/// The first thing that is surely wrong with a content, pictures and all; `None` when every page would take it.
///
/// # Errors
/// The database.
pub async fn first(
    app: &App,
    conn: &mut Conn,
    content: &Content,
) -> Result<Option<Code>, vigie_store::Error> {
    // Pages mostly show the same pictures: each is read once, and what the next page does not show is let go.
    let mut held: BTreeMap<Digest, Bytes> = BTreeMap::new();
    for variant in &content.variants {
        let channel = conn.channel(variant.channel).await?;
        let wanted: BTreeSet<Digest> = variant.all_media().map(|m| m.sha256).collect();
        if wanted.len() > MOST_IN_ALL {
            return Ok(Some(Code::TooManyPictures));
        }
        held.retain(|sha256, _| wanted.contains(sha256));
        for sha256 in wanted {
            if let Entry::Vacant(place) = held.entry(sha256) {
                place.insert(Bytes::from(conn.media_bytes(sha256).await?));
            }
        }
        let bytes = |media: &MediaRef| held.get(&media.sha256).cloned().unwrap_or_default();
        if let Some(code) = of(app, &channel, variant, bytes).first() {
            return Ok(Some(*code));
        }
    }
    Ok(None)
}

fn one(
    app: &App,
    channel: &ChannelRow,
    variant: &Variant,
    bytes: &impl Fn(&MediaRef) -> Bytes,
) -> Vec<Code> {
    let connector = app.connectors.of(channel.platform);
    // Any address will do here: whether there would be one is all that counts.
    let address = fetch::reachable(app)
        .then(|| Url::parse("https://vigie.example/picture").ok())
        .flatten();
    let payload = Payload {
        key: connector.new_key(Timestamp::UNIX_EPOCH, 0),
        text: variant.text.clone(),
        link: variant.link.clone(),
        langs: variant.langs.clone(),
        pictures: variant
            .media
            .iter()
            .map(|media| Picture {
                bytes: bytes(media),
                mime: media.mime.clone(),
                alt: if media.decorative {
                    String::new()
                } else {
                    media.alt.clone()
                },
                width: media.width,
                height: media.height,
                address: address.clone(),
            })
            .collect(),
        reply_to: variant.reply_to.clone(),
        warning: variant.warning.clone(),
        repliers: variant.repliers,
        created_at: Timestamp::UNIX_EPOCH,
    };
    connector.problems(&account(channel), &payload)
}
