//! `vigie-content/1`, `/2` and `/3`: the bytes that a content's digest is taken over. The second is for contents that
//! answer somebody, the third for those with a warning, a limit on who may answer, or further parts; all others have the first, as they
//! always had.
//!
//! Written out in `docs/canonical-encoding.md`, with test vectors. The encoding is injective: every value is
//! preceded by its length or has a fixed size, lists by their count, so that two contents never share bytes.

use sha2::{Digest as _, Sha256};

use crate::content::{Content, Digest, MediaRef, Variant};

/// First bytes of every encoding of the first kind: its name and version, and a line feed.
pub const TAG: &[u8] = b"vigie-content/1\n";
/// The same of an encoding with an answer.
pub const TAG_ANSWER: &[u8] = b"vigie-content/2\n";
/// The same of an encoding with a warning, a limit on who may answer, or further parts.
pub const TAG_THIRD: &[u8] = b"vigie-content/3\n";

/// Which encoding a content has: the first that holds all of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Encoding {
    First,
    Second,
    Third,
}

impl Encoding {
    fn of(content: &Content) -> Self {
        if content.variants.iter().any(Variant::is_third) {
            Self::Third
        } else if content.variants.iter().any(|v| v.reply_to.is_some()) {
            Self::Second
        } else {
            Self::First
        }
    }

    const fn tag(self) -> &'static [u8] {
        match self {
            Self::First => TAG,
            Self::Second => TAG_ANSWER,
            Self::Third => TAG_THIRD,
        }
    }
}

/// Appends values in the canonical form.
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn count(&mut self, n: usize) {
        // A content holds far fewer than 2^64 of anything, so the cast loses nothing.
        self.0.extend_from_slice(&(n as u64).to_be_bytes());
    }
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }
    /// Whether there is one, then the text.
    pub(crate) fn maybe(&mut self, text: Option<&str>) {
        self.flag(text.is_some());
        if let Some(text) = text {
            self.text(text);
        }
    }
    pub(crate) fn u32(&mut self, n: u32) {
        self.0.extend_from_slice(&n.to_be_bytes());
    }
    pub(crate) fn flag(&mut self, flag: bool) {
        self.0.push(u8::from(flag));
    }
    /// Seconds and nanoseconds since 1970 in UTC.
    pub(crate) fn time(&mut self, time: jiff::Timestamp) {
        self.0.extend_from_slice(&time.as_second().to_be_bytes());
        self.0
            .extend_from_slice(&time.subsec_nanosecond().to_be_bytes());
    }
}

fn media(out: &mut Writer, media: &MediaRef) {
    out.0.extend_from_slice(&media.sha256.0);
    out.text(&media.mime);
    out.u32(media.width);
    out.u32(media.height);
    out.text(&media.alt);
    out.flag(media.decorative);
}

fn pictures(out: &mut Writer, all: &[MediaRef]) {
    out.count(all.len());
    for item in all {
        media(out, item);
    }
}

fn variant(out: &mut Writer, variant: &Variant, encoding: Encoding) {
    out.0.extend_from_slice(variant.channel.uuid().as_bytes());
    out.text(variant.platform.as_str());
    out.text(&variant.account);
    out.text(&variant.text);
    out.maybe(variant.link.as_deref());
    out.count(variant.langs.len());
    for lang in &variant.langs {
        out.text(lang);
    }
    pictures(out, &variant.media);
    if encoding >= Encoding::Second {
        out.maybe(variant.reply_to.as_deref());
    }
    if encoding >= Encoding::Third {
        out.maybe(variant.warning.as_deref());
        out.text(variant.repliers.as_str());
        out.count(variant.parts.len());
        for part in &variant.parts {
            out.text(&part.text);
            pictures(out, &part.media);
        }
    }
}

impl Content {
    /// The canonical bytes. The order of variants does not matter: they are sorted by channel.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let encoding = Encoding::of(self);
        let mut out = Writer(encoding.tag().to_vec());
        let mut variants: Vec<&Variant> = self.variants.iter().collect();
        variants.sort_by_key(|v| v.channel);
        out.count(variants.len());
        for item in variants {
            variant(&mut out, item, encoding);
        }
        out.flag(self.window.not_before.is_some());
        if let Some(time) = self.window.not_before {
            out.time(time);
        }
        out.time(self.window.not_after);
        out.0
    }

    /// SHA-256 over the canonical bytes: what an approval is bound to.
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.canonical_bytes()).into())
    }
}
