//! Lengths as each network counts them. The vectors of `tests/counting.json` hold every counter.

use icu_properties::{CodePointSetData, props::ExtendedPictographic};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::declaration::Limit;
use crate::segments::{self, Names};
use crate::text::SegmentKind;

/// What a network counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// User-perceived characters: extended grapheme clusters of UAX #29.
    Graphemes,
    /// Unicode code points.
    Characters,
    /// Code units of UTF-16, as a browser counts.
    Utf16,
    /// X: after NFC, light characters weigh one and others two, an emoji two, a link 23.
    Weighted,
    /// Mastodon: graphemes; a link has a fixed weight, of an account elsewhere only its name counts.
    Fediverse {
        /// What a link counts for.
        url: usize,
    },
    /// Threads: code points, but an emoji counts as its bytes.
    EmojiBytes,
}

/// What every link weighs on X.
const X_URL: usize = 23;

impl Unit {
    /// The length of a text.
    pub fn measure(self, text: &str) -> usize {
        match self {
            Self::Graphemes => text.graphemes(true).count(),
            Self::Characters => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Weighted => weighted(text),
            Self::Fediverse { url } => fediverse(text, url),
            Self::EmojiBytes => text
                .graphemes(true)
                .map(|g| {
                    if is_emoji(g) {
                        g.len()
                    } else {
                        g.chars().count()
                    }
                })
                .sum(),
        }
    }

    /// The stable name, for documents and words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Graphemes => "graphemes",
            Self::Characters => "characters",
            Self::Utf16 => "utf16",
            Self::Weighted => "weighted",
            Self::Fediverse { .. } => "fediverse",
            Self::EmojiBytes => "emoji_bytes",
        }
    }
}

/// The length of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// As the network counts.
    pub used: usize,
    /// Bytes of UTF-8.
    pub bytes: usize,
    /// The limits.
    pub limit: Limit,
}

impl Counts {
    /// Counts a text under a limit.
    pub fn of(text: &str, limit: Limit) -> Self {
        Self {
            used: limit.unit.measure(text),
            bytes: text.len(),
            limit,
        }
    }

    /// The same with a warning before the text, whose characters count one each.
    #[must_use]
    pub fn with_warning(mut self, warning: &str) -> Self {
        self.used = self.used.saturating_add(Unit::Graphemes.measure(warning));
        self.bytes = self.bytes.saturating_add(warning.len());
        self
    }

    /// How many characters are left; negative when too long. The byte limit, when it is the one reached, gives at
    /// least -1.
    pub fn left(&self) -> i64 {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let left = number(self.limit.most).saturating_sub(number(self.used));
        if self.bytes > self.limit.bytes {
            left.min(-1)
        } else {
            left
        }
    }

    /// True when the network would take it.
    pub fn fits(&self) -> bool {
        self.used <= self.limit.most && self.bytes <= self.limit.bytes
    }
}

/// Weighs as X does (its page "Counting characters", configuration 3).
fn weighted(text: &str) -> usize {
    segments::segments(text, Names::Plain)
        .iter()
        .map(|segment| match segment.kind {
            SegmentKind::Link { .. } => X_URL,
            _ => segment
                .of(text)
                .nfc()
                .collect::<String>()
                .graphemes(true)
                .map(weight)
                .sum(),
        })
        .sum()
}

fn weight(grapheme: &str) -> usize {
    if is_emoji(grapheme) {
        return 2;
    }
    grapheme
        .chars()
        .map(|c| match u32::from(c) {
            0..=0x10ff | 0x2000..=0x200d | 0x2010..=0x201f | 0x2032..=0x2037 => 1,
            _ => 2,
        })
        .sum()
}

fn fediverse(text: &str, url: usize) -> usize {
    segments::segments(text, Names::Fediverse)
        .iter()
        .map(|segment| match &segment.kind {
            // A bare domain is words there.
            SegmentKind::Link { .. } if segment.of(text).contains("://") => url,
            SegmentKind::Mention { handle } => {
                let name = handle.split('@').next().unwrap_or(handle);
                1 + name.graphemes(true).count()
            }
            _ => segment.of(text).graphemes(true).count(),
        })
        .sum()
}

/// Whether a grapheme is shown as an emoji: a picture, a flag, a keycap.
pub(crate) fn is_emoji(grapheme: &str) -> bool {
    let pictures = CodePointSetData::new::<ExtendedPictographic>();
    let text_style = grapheme.ends_with('\u{fe0e}');
    !text_style
        && (grapheme.contains('\u{20e3}')
            || grapheme.chars().any(|c| {
                // © ® ™ and the like are letters unless a picture is asked for.
                let is_picture = pictures.contains(c)
                    && (u32::from(c) > 0x2190 || grapheme.contains('\u{fe0f}'));
                is_picture || ('\u{1f1e6}'..='\u{1f1ff}').contains(&c)
            }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published vectors: `[text, unit, length]`.
    #[test]
    fn every_counter_holds_its_vectors() {
        let vectors: Vec<(String, String, usize)> =
            serde_json::from_str(include_str!("../tests/counting.json")).unwrap();
        assert!(vectors.len() >= 40);
        for (text, unit, length) in vectors {
            let unit = match unit.as_str() {
                "graphemes" => Unit::Graphemes,
                "characters" => Unit::Characters,
                "utf16" => Unit::Utf16,
                "weighted" => Unit::Weighted,
                "fediverse" => Unit::Fediverse { url: 23 },
                "emoji_bytes" => Unit::EmojiBytes,
                other => panic!("{other}"),
            };
            assert_eq!(unit.measure(&text), length, "{unit:?} of {text:?}");
        }
    }

    #[test]
    fn bytes_can_be_the_limit_that_is_reached() {
        let limit = Limit {
            most: 300,
            unit: Unit::Graphemes,
            bytes: 3_000,
        };
        let family = Counts::of(&"👨‍👩‍👧‍👦".repeat(121), limit);
        assert!(!family.fits() && family.left() == -1);
        assert_eq!(Counts::of(&"é".repeat(301), limit).left(), -1);
    }
}
