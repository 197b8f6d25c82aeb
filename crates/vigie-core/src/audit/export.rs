//! The export: JSON lines that `vigie audit verify` reads on another machine.
//!
//! First a [`Header`], then each entry in order, and after the entry that completes it, each checkpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::leaf::Leaf;
use super::tree::Hash;

/// Name and version of the format.
pub const FORMAT: &str = "vigie-audit/1";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// Which log.
    pub origin: String,
    /// The key that signs its checkpoints; compare it with one you trust.
    pub key: String,
    /// How many entries follow.
    pub size: u64,
}

/// An entry's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryLine {
    /// The entry, readable.
    pub entry: Leaf,
    /// Its canonical bytes, base64.
    pub leaf: String,
    /// Hash of those bytes.
    #[serde(with = "super::leaf::hex_hash")]
    pub hash: Hash,
    /// What the entry refers to by digest, when it is kept: for an approval, the passkey's assertion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// A checkpoint's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointLine {
    /// The signed note.
    pub checkpoint: String,
}

impl EntryLine {
    /// The line of an entry.
    pub fn new(entry: Leaf, evidence: Option<String>) -> Self {
        let bytes = entry.bytes();
        Self {
            leaf: STANDARD.encode(&bytes),
            hash: super::tree::leaf_hash(&bytes),
            entry,
            evidence,
        }
    }
}

/// One line, with its line feed.
pub fn line(value: &impl Serialize) -> String {
    // These types hold nothing that JSON cannot.
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}
