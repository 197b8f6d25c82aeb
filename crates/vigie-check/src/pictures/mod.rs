//! Pictures: bytes in, evidence out. What a file really is, what hides in it, what its codes say, what it looks like.
//!
//! Nothing here believes a file: sizes are bounded before anything is unpacked, every reader goes on where it can, and
//! what could not be read is said in [`Evidence::unread`]. The same bytes give the same evidence; nothing is fetched.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};

use crate::content::MediaFacts;
use crate::facts::FactValue;

mod bullseye;
mod c2pa;
pub mod codes;
pub mod declare;
mod exif;
mod gather;
pub mod hash;
mod iptc;
pub mod kind;
mod marks;
mod parts;
mod xmp;

pub use codes::Code;
pub use kind::Kind;

/// Bytes of a file that is read.
pub const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Longest side of a picture that is unpacked.
pub const MOST_SIDE: u32 = 16_000;
/// Points of a picture that is unpacked.
pub const MOST_POINTS: u64 = 60_000_000;
/// Memory that unpacking may use, bytes.
const MOST_MEMORY: u64 = 320 * 1024 * 1024;

/// Facts that go when a picture is encoded again: hidden data, not what the picture shows or who holds its rights.
pub const HIDDEN: &[&str] = &[
    "disguise",
    "gps",
    "artist",
    "owner",
    "camera",
    "serial",
    "software",
    "taken",
    "comment",
    "thumbnail",
    "tail",
    "path",
];

/// Marks of machine-made pictures, most telling first.
pub const AI_SOURCES: &[&str] = &[
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "compositeSynthetic",
];

/// What was found out about one picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// The real media type.
    pub mime: String,
    /// Width and height in pixels, as unpacked or else as claimed.
    pub size: Option<(u32, u32)>,
    /// Facts by key without `media.`: `docs/rules.md` lists them.
    pub facts: BTreeMap<String, FactValue>,
    /// What bar codes in it say.
    pub codes: Vec<Code>,
    /// Text read in it, by a program outside.
    pub ocr: Option<String>,
    /// What could not be read, and why: `bytes`, `kind`, `size`, `damaged`, `codes`, `ocr`, `ocr_absent`.
    pub unread: Vec<String>,
    /// Hidden data that was taken out: keys of [`HIDDEN`].
    pub removed: Vec<String>,
}

/// Whether some bytes are a picture, or a file that is named like one.
pub fn is_picture(name: &str, bytes: &[u8]) -> bool {
    let claimed = Kind::of_name(name).is_some_and(Kind::is_picture);
    let kind = Kind::of(bytes);
    // An SVG is text as well; only its name makes it a picture.
    (kind.is_picture() && kind != Kind::Svg) || claimed
}

/// Reads a picture. `name` and `declared` are what the sender says of it.
pub fn read(name: Option<&str>, declared: Option<&str>, bytes: &[u8]) -> Evidence {
    let kind = Kind::of(bytes);
    let mut evidence = Evidence {
        mime: kind.mime().to_owned(),
        ..Evidence::default()
    };
    evidence.set("type", kind.mime());
    let claims = [
        ("name", name.and_then(Kind::of_name)),
        ("declared", declared.and_then(Kind::of_mime)),
    ];
    if let Some((claim, _)) = claims.iter().find(|(_, k)| k.is_some_and(|k| k != kind)) {
        evidence.set("disguise", *claim);
    }
    if bytes.len() > MOST_BYTES {
        evidence.unread.push("bytes".to_owned());
        return evidence;
    }
    gather::hidden(kind, name, bytes, &mut evidence);
    if let Some(picture) = evidence.unpack(kind, bytes) {
        gather::shown(&picture, &mut evidence);
    }
    evidence
}

impl Evidence {
    fn set(&mut self, key: &str, value: impl Into<FactValue>) {
        self.facts.insert(key.to_owned(), value.into());
    }

    /// Sets a fact with several values: one is a text, more are a list.
    fn set_all(&mut self, key: &str, mut values: Vec<String>) {
        values.retain(|v| !v.is_empty());
        values.truncate(32);
        match values.as_slice() {
            [] => {}
            [one] => self.set(key, one.clone()),
            _ => self.set(key, values),
        }
    }

    /// The picture, unpacked and not yet turned; says what stood in the way.
    fn unpack(&mut self, kind: Kind, bytes: &[u8]) -> Option<DynamicImage> {
        let format = match kind {
            Kind::Jpeg => ImageFormat::Jpeg,
            Kind::Png => ImageFormat::Png,
            Kind::Webp => ImageFormat::WebP,
            Kind::Gif => ImageFormat::Gif,
            _ => {
                self.unread.push("kind".to_owned());
                return None;
            }
        };
        let read = catch_unwind(AssertUnwindSafe(|| unpack(bytes, format)));
        match read.unwrap_or(Err("damaged")) {
            Ok(picture) => {
                self.size = Some((picture.width(), picture.height()));
                Some(picture)
            }
            Err(why) => {
                self.unread.push(why.to_owned());
                None
            }
        }
    }

    /// The digital source type to write back when the picture is encoded again: AI marks are kept, whatever carried them.
    pub fn source_to_keep(&self) -> Option<&'static str> {
        let says = |key: &str, word: &str| match self.facts.get(key) {
            Some(FactValue::Text(t)) => t == word,
            Some(FactValue::List(l)) => l.iter().any(|t| t == word),
            _ => false,
        };
        let named = AI_SOURCES
            .iter()
            .find(|s| says("iptc", s) || says("c2pa", s))
            .copied();
        let ai = self.facts.get("ai") == Some(&FactValue::Bool(true));
        named.or(ai.then_some("trainedAlgorithmicMedia"))
    }

    /// The same evidence once the picture was encoded again: hidden data is gone and remembered as removed.
    #[must_use]
    pub fn cleaned(mut self) -> Evidence {
        for key in HIDDEN {
            if self.facts.remove(*key).is_some() && !self.removed.iter().any(|r| r == key) {
                self.removed.push((*key).to_owned());
            }
        }
        self
    }

    /// Joins what is known of two files that became the same picture.
    #[must_use]
    pub fn with(mut self, other: Evidence) -> Evidence {
        for (key, value) in other.facts {
            self.facts.entry(key).or_insert(value);
        }
        for code in other.codes {
            if !self.codes.contains(&code) {
                self.codes.push(code);
            }
        }
        for (mine, theirs) in [
            (&mut self.removed, other.removed),
            (&mut self.unread, other.unread),
        ] {
            for one in theirs {
                if !mine.contains(&one) {
                    mine.push(one);
                }
            }
        }
        self.ocr = self.ocr.or(other.ocr);
        self
    }

    /// The evidence as a check reads it.
    pub fn media(&self) -> MediaFacts {
        let mut metadata = self.facts.clone();
        for (key, values) in [("unread", &self.unread), ("removed", &self.removed)] {
            if !values.is_empty() {
                metadata.insert(key.to_owned(), values.clone().into());
            }
        }
        MediaFacts {
            mime: Some(self.mime.clone()),
            metadata,
            codes: self.codes.iter().map(|c| c.text.clone()).collect(),
            ocr: self.ocr.clone(),
            ..MediaFacts::default()
        }
    }
}

/// Unpacks within the limits.
fn unpack(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, &'static str> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let sized = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => "size",
        _ => "damaged",
    };
    let decoder = reader.into_decoder().map_err(sized)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_POINTS {
        return Err("size");
    }
    DynamicImage::from_decoder(decoder).map_err(sized)
}
