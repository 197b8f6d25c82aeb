//! What is surely wrong with a payload, from a platform's declaration alone.

use crate::{Account, Code, Declaration, MediaWay, Payload};
use unicode_segmentation::UnicodeSegmentation as _;

/// Each reason once, in the order in which a person would mend them.
pub fn problems(declaration: &Declaration, account: &Account, payload: &Payload) -> Vec<Code> {
    let here = declaration.at(&account.limits);
    let mut all = Vec::new();
    let mut say = |wrong: bool, code| {
        if wrong && !all.contains(&code) {
            all.push(code);
        }
    };
    say(
        payload.key.is_empty() || payload.key.len() > 200,
        Code::BadKey,
    );
    say(
        payload.text.trim().is_empty() && payload.link.is_none() && payload.pictures.is_empty(),
        Code::Empty,
    );
    // Bytes first: counting characters of a huge text is not worth it.
    let warning = payload.warning.as_deref().unwrap_or_default();
    let too_many_bytes = payload.text.len().saturating_add(warning.len()) > here.text.bytes;
    say(too_many_bytes, Code::TooManyBytes);
    say(
        !too_many_bytes && !payload.counts(here.text).fits(),
        Code::TooLong,
    );
    say(
        payload.pictures.len() > here.pictures,
        Code::TooManyPictures,
    );
    say(
        here.needs_picture && payload.pictures.is_empty() && payload.reply_to.is_none(),
        Code::NeedsPicture,
    );
    for picture in &payload.pictures {
        say(
            picture.bytes.len() > here.picture_bytes || picture.bytes.is_empty(),
            Code::MediaTooBig,
        );
        say(
            !declaration.takes(&account.limits, &picture.mime),
            Code::MediaKind,
        );
        say(
            here.alt_graphemes > 0
                && (picture.alt.len() > here.alt_graphemes.saturating_mul(10)
                    || picture.alt.graphemes(true).count() > here.alt_graphemes),
            Code::AltTooLong,
        );
        say(
            here.media == MediaWay::Fetched && picture.address.is_none(),
            Code::MediaNotPublic,
        );
    }
    say(
        here.languages > 0 && payload.langs.len() > here.languages,
        Code::TooManyLanguages,
    );
    if let Some(link) = &payload.link {
        let url = url::Url::parse(link).ok();
        let good = url.is_some_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty()
        });
        say(!good, Code::BadLink);
        // Where there is no card the link must be in the words, or nobody would see it.
        let unseen =
            !here.link_card || (!payload.pictures.is_empty() && !here.link_card_with_pictures);
        say(
            unseen && !payload.text.contains(link.as_str()),
            if here.link_card {
                Code::LinkWithPictures
            } else {
                Code::LinkNotInText
            },
        );
    }
    say(
        payload.reply_to.is_some() && !here.replies,
        Code::NotOffered,
    );
    // A warning that is dropped is harm.
    say(
        payload.warning.is_some() && !here.warning,
        Code::WarningLost,
    );
    // Who may answer is a matter of the post that a conversation begins with.
    say(
        !payload.repliers.is_everyone()
            && (payload.reply_to.is_some() || !here.repliers.contains(&payload.repliers)),
        Code::RepliersNotOffered,
    );
    all
}
