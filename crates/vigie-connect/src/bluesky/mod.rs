//! Bluesky, and any other server of the AT Protocol.

use crate::{Declaration, Limit, Settling};
use vigie_core::content::Platform;

/// What Bluesky can do.
pub static DECLARATION: Declaration = Declaration {
    platform: Platform::Bluesky,
    name: "Bluesky",
    has_service: true,
    default_service: "https://bsky.social",
    text: Limit {
        graphemes: 300,
        bytes: 3_000,
    },
    pictures: 4,
    picture_bytes: 2_000_000,
    alt_graphemes: 2_000,
    picture_types: &["image/jpeg", "image/png", "image/webp", "image/gif"],
    link_card: true,
    link_card_with_pictures: false,
    languages: 3,
    settling: Settling::OwnKey,
    reads_back: true,
    deletes: true,
    proven: "a real PDS",
};
