//! What is checked: a text with its links and pictures.

use serde::{Deserialize, Serialize};

use crate::facts::{FactValue, Facts};

/// A language Vigie speaks and reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// French.
    Fr,
    /// English.
    En,
}

impl Lang {
    /// The two-letter code, `fr` or `en`.
    pub fn as_str(self) -> &'static str {
        match self {
            Lang::Fr => "fr",
            Lang::En => "en",
        }
    }

    /// Reads `fr`, `fr-CA`, `en_GB.UTF-8`…; `None` for any other language.
    pub fn parse(code: &str) -> Option<Lang> {
        let head: String = code
            .chars()
            .take_while(|c| c.is_ascii_alphabetic())
            .collect();
        match head.to_ascii_lowercase().as_str() {
            "fr" => Some(Lang::Fr),
            "en" => Some(Lang::En),
            _ => None,
        }
    }
}

/// A post as it would be published on one channel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// The words, UTF-8. Only the first [`crate::limits::MAX_CHARS`] characters are read.
    pub text: String,
    /// What readers see before the text, where the network folds the text away behind it.
    #[serde(default)]
    pub warning: Option<String>,
    /// Texts of the further parts of a series, in order.
    #[serde(default)]
    pub parts: Vec<String>,
    /// The language, where the author said so; else it is guessed.
    #[serde(default)]
    pub lang: Option<Lang>,
    /// Links attached beside the text (a link card). Links written in the text need not be repeated.
    #[serde(default)]
    pub links: Vec<String>,
    /// Attached pictures and videos.
    #[serde(default)]
    pub media: Vec<MediaFacts>,
    /// Where links lead, as far as somebody followed them: this library calls nobody.
    #[serde(default)]
    pub trails: Vec<Trail>,
}

/// Where a link leads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Trail {
    /// The link, as an address.
    pub link: String,
    /// The addresses it was sent on to, in order.
    pub hops: Vec<String>,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// Why it could not be followed to its end: `slow`, `unknown_server`, `address_not_allowed`, `too_many`…
    pub failed: Option<String>,
}

impl Content {
    /// A text alone.
    pub fn text(text: impl Into<String>) -> Self {
        Content {
            text: text.into(),
            ..Content::default()
        }
    }
}

/// What is known about one attached picture or video.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MediaFacts {
    /// Alternative text; empty = none written.
    pub alt: String,
    /// The author declared that the picture only decorates: an empty `alt` is then right.
    pub decorative: bool,
    /// The name the file had when it was added.
    pub filename: Option<String>,
    /// Media type, such as `image/png`.
    pub mime: Option<String>,
    /// What was found out about the file, such as `gps` → `48.85, 2.35`: each key is a fact after `media.`.
    pub metadata: std::collections::BTreeMap<String, FactValue>,
    /// Text read in the picture.
    pub ocr: Option<String>,
    /// What bar codes in the picture say.
    pub codes: Vec<String>,
}

impl Content {
    /// The facts that the pictures give (`media.…`), beside those that are given: what a caller says of the pictures
    /// wins. `None` when they give none.
    pub(crate) fn facts_of(media: &[MediaFacts], given: &Facts) -> Option<Facts> {
        if media.iter().all(|m| m.metadata.is_empty()) {
            return None;
        }
        let mut found: std::collections::BTreeMap<&str, FactValue> = Default::default();
        for (key, value) in media.iter().flat_map(|m| &m.metadata) {
            let joined = match found.remove(key.as_str()) {
                Some(first) => first.and(value),
                None => value.clone(),
            };
            found.insert(key, joined);
        }
        let mut all = given.clone();
        for (key, value) in found {
            let key = format!("media.{key}");
            if given.get(&key).is_none() {
                all.set(key, value);
            }
        }
        Some(all)
    }
}
