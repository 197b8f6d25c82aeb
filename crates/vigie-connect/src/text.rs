//! The preview of a text: which parts a network will show as links, mentions or tags.

use serde::Serialize;
use std::ops::Range;

/// A run of a text. The runs of a text follow each other without gap: joined, they are the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// What it is.
    pub kind: SegmentKind,
    /// Its bytes in the text (UTF-8 offsets, always on character boundaries).
    pub range: Range<usize>,
}

/// What a run of text is shown as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SegmentKind {
    /// Words.
    Text,
    /// A link.
    Link {
        /// Where it leads (a scheme is added to a bare domain).
        uri: String,
    },
    /// A mention of an account; becomes a link only if the handle is known when the post goes out.
    Mention {
        /// The handle, without `@`.
        handle: String,
    },
    /// A hashtag.
    Tag {
        /// Without `#`.
        tag: String,
    },
}

impl Segment {
    /// Its words.
    pub fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.range.clone()).unwrap_or_default()
    }
}
