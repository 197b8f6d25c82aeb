//! The log of decisions: its export, its offline proof.

pub mod api;
pub mod checkpoint;
pub mod cli;
pub mod export;
pub mod page;
pub mod proof;
pub mod view;

/// Act of the entry that says which passkey a member added.
pub const PASSKEY_ADDED: &str = "passkey.add";
/// Detail of that entry: the key's fingerprint ([`vigie_core::seal::SealKey::fingerprint`]).
pub const PASSKEY: &str = "key_sha256";
/// Detail under which an entry names the content that it is about.
pub const DIGEST: &str = "digest";
