//! The bytes of an entry: `vigie-audit/1`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::tree::{Hash, leaf_hash};
use crate::canonical::Writer;
use crate::id::{MemberId, TokenId};

/// First bytes of every leaf.
const TAG: &[u8] = b"vigie-audit/1\n";

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AuditActor {
    /// Vigie itself.
    System,
    /// A member, in a session.
    Member {
        /// Who.
        member: MemberId,
    },
    /// A program with a member's token.
    Token {
        /// The token.
        token: TokenId,
        /// Whose.
        member: MemberId,
    },
}

/// One entry. Ids and digests only: no name, no text, no address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// Its place, from 0.
    pub seq: u64,
    /// When, to the microsecond.
    pub at: Timestamp,
    /// Who.
    pub actor: AuditActor,
    /// What: a stable name such as `post.approve`.
    pub act: String,
    /// On what: `kind/id`.
    pub object: String,
    /// What else matters, by stable names.
    pub detail: BTreeMap<String, String>,
    /// Root of the tree before this entry.
    #[serde(with = "hex_hash")]
    pub prev_root: Hash,
}

impl Leaf {
    /// The canonical bytes: fixed sizes, lengths before texts, details in the order of their names.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Writer(TAG.to_vec());
        out.0.extend_from_slice(&self.seq.to_be_bytes());
        out.time(self.at);
        match self.actor {
            AuditActor::System => out.0.push(0),
            AuditActor::Member { member } => {
                out.0.push(1);
                out.0.extend_from_slice(member.uuid().as_bytes());
            }
            AuditActor::Token { token, member } => {
                out.0.push(2);
                out.0.extend_from_slice(token.uuid().as_bytes());
                out.0.extend_from_slice(member.uuid().as_bytes());
            }
        }
        out.text(&self.act);
        out.text(&self.object);
        out.count(self.detail.len());
        for (name, value) in &self.detail {
            out.text(name);
            out.text(value);
        }
        out.0.extend_from_slice(&self.prev_root);
        out.0
    }

    /// The hash that enters the tree.
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.bytes())
    }
}

/// Hashes as 64 hexadecimal digits.
pub(super) mod hex_hash {
    use super::Hash;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(hash))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut hash = [0; 32];
        hex::decode_to_slice(&text, &mut hash).map_err(D::Error::custom)?;
        Ok(hash)
    }
}
