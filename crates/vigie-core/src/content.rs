//! What is approved: the exact content of a post for each channel, and when it may go out.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::ChannelId;
use crate::member::names;

names! {
    /// A network that Vigie can publish on.
    pub enum Platform {
        /// Bluesky or any AT Protocol server.
        Bluesky = "bluesky",
        /// Mastodon or any server with its interface.
        Mastodon = "mastodon",
        /// A Facebook page.
        Facebook = "facebook",
        /// A professional Instagram account.
        Instagram = "instagram",
        /// Threads.
        Threads = "threads",
        /// X, formerly Twitter.
        X = "x",
        /// A company page on LinkedIn.
        LinkedIn = "linkedin",
        /// The company's own web site.
        Site = "site",
        /// The built-in page that stands in for a network.
        Sandbox = "sandbox",
    }
}

impl Platform {
    /// Its name for people, the same in every language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bluesky => "Bluesky",
            Self::Mastodon => "Mastodon",
            Self::Facebook => "Facebook",
            Self::Instagram => "Instagram",
            Self::Threads => "Threads",
            Self::X => "X",
            Self::LinkedIn => "LinkedIn",
            Self::Site => "Web",
            Self::Sandbox => "Sandbox",
        }
    }
}

names! {
    /// Who may answer a post on its network. Each network offers some of these, or none.
    #[derive(Default)]
    pub enum Repliers {
        /// Anybody: what a network does when nothing else is asked.
        #[default]
        Everyone = "everyone",
        /// The accounts that follow the page.
        Followers = "followers",
        /// The accounts that the page follows.
        Followed = "followed",
        /// The accounts that the post names.
        Mentioned = "mentioned",
        /// Nobody.
        Nobody = "nobody",
    }
}

impl Repliers {
    /// True for anybody.
    pub fn is_everyone(&self) -> bool {
        *self == Self::Everyone
    }
}

/// SHA-256, over the canonical bytes of a content or over a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The first eight digits, enough for people to tell two contents apart.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}
impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not 64 hexadecimal digits"))
    }
}

/// Everything that will be published, and when it may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// One per channel, sorted by channel when encoded.
    pub variants: Vec<Variant>,
    /// When it may go out.
    pub window: Window,
}

/// What one channel will show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// The channel.
    pub channel: ChannelId,
    /// Its network.
    pub platform: Platform,
    /// The network's own, stable id of the account (a DID on Bluesky): approval is for this account.
    pub account: String,
    /// The text, exactly.
    pub text: String,
    /// A link shown as a card, if any.
    pub link: Option<String>,
    /// Languages of the text (BCP 47), for networks that carry them.
    pub langs: Vec<String>,
    /// Pictures, in order.
    pub media: Vec<MediaRef>,
    /// The network's id of the post or comment that this answers: approval is for an answer to exactly this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// What readers are told before they see the text, in one line; where there is one, the text is folded away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Who may answer it.
    #[serde(default, skip_serializing_if = "Repliers::is_everyone")]
    pub repliers: Repliers,
    /// What goes on after it, part by part: each is a post of its own that answers the one before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// A part of a series, after its first post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The text, exactly.
    pub text: String,
    /// Pictures, in order.
    pub media: Vec<MediaRef>,
}

impl Variant {
    /// All that readers see in words: the warning, the text, and the text of each further part.
    pub fn words(&self) -> String {
        let mut out = warned(self.warning.as_deref(), &self.text);
        for part in &self.parts {
            out.push_str("\n\n");
            out.push_str(&part.text);
        }
        out
    }

    /// Pictures of all parts, in order.
    pub fn all_media(&self) -> impl Iterator<Item = &MediaRef> {
        let more = self.parts.iter().flat_map(|part| &part.media);
        self.media.iter().chain(more)
    }

    /// Part `n` as a post of its own, the first being 0; `None` when there are not so many. The warning stands before
    /// each of them, since each can be met alone; link, answer, and who may answer are matters of the first.
    pub fn single(&self, n: usize) -> Option<Self> {
        let alone = Self {
            parts: Vec::new(),
            ..self.clone()
        };
        let Some(before) = n.checked_sub(1) else {
            return Some(alone);
        };
        let part = self.parts.get(before)?;
        Some(Self {
            text: part.text.clone(),
            media: part.media.clone(),
            link: None,
            reply_to: None,
            repliers: Repliers::Everyone,
            ..alone
        })
    }

    /// Whether it holds something that only the third encoding has.
    pub(crate) fn is_third(&self) -> bool {
        self.warning.is_some() || !self.repliers.is_everyone() || !self.parts.is_empty()
    }
}

/// A text with the warning before it, as one.
pub fn warned(warning: Option<&str>, text: &str) -> String {
    match warning {
        Some(warning) => format!("{warning}\n\n{text}"),
        None => text.to_owned(),
    }
}

/// A picture, by the digest of its exact bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRef {
    /// SHA-256 of the bytes that will be sent.
    pub sha256: Digest,
    /// Type of those bytes, found by content.
    pub mime: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Alternative text.
    pub alt: String,
    /// True when the picture says nothing that the text does not: no alternative text is then right.
    pub decorative: bool,
}

/// When a content may go out. A publication that misses it goes back to its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Not before; at once when absent.
    pub not_before: Option<Timestamp>,
    /// Not after.
    pub not_after: Timestamp,
}
