//! The append-only log: what was decided, by whom, provable by a stranger.
//!
//! - [`tree`]: the Merkle tree of RFC 6962, section 2.1.
//! - [`leaf`]: the bytes of an entry. Each carries the root of the tree before it, so that an alteration is
//!   located even when every later hash was computed again.
//! - [`note`]: signed checkpoints (C2SP signed note, C2SP tlog-checkpoint).
//! - [`export`], [`verify`](mod@verify): the file that leaves the machine, and its proof.
//!
//! Leaves hold ids and digests only. Names, texts and addresses live in ordinary tables and can be erased.

pub mod export;
pub mod leaf;
pub mod note;
pub mod tree;
pub mod verify;
