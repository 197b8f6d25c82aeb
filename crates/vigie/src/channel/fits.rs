//! Whether a network would take what somebody writes, said before anybody is asked to review it.

use bytes::Bytes;
use jiff::Timestamp;
use url::Url;
use vigie_connect::{Code, Payload, Picture};
use vigie_core::content::{Content, MediaRef, Variant};
use vigie_store::{ChannelRow, Conn};

use super::{account, fetch};
use crate::app::App;

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
    for variant in &content.variants {
        let channel = conn.channel(variant.channel).await?;
        let mut all = Vec::new();
        for media in variant.all_media() {
            all.push((
                media.sha256,
                Bytes::from(conn.media_bytes(media.sha256).await?),
            ));
        }
        let bytes = |media: &MediaRef| {
            all.iter()
                .find(|(sha256, _)| *sha256 == media.sha256)
                .map(|(_, bytes)| bytes.clone())
                .unwrap_or_default()
        };
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
