//! Sealed secrets: envelope encryption with XChaCha20-Poly1305.
//!
//! Each secret has its own random data key; the data key is wrapped by a root key that lives outside the
//! database. What a secret is for is bound into both seals, so a sealed token moved to another row does not open.
//! [`escrow`] splits the root keys among people.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::canonical::Writer;
use crate::id::SecretId;

pub mod escrow;

/// Root keys by id. The first line is the active one; the others still open what they sealed.
///
/// As text, one key a line: `ID:BASE64` with 32 bytes of key. An id is 1 to 32 letters, digits, `-` or `_`.
#[derive(Clone)]
pub struct RootKeys {
    keys: Vec<(String, Zeroizing<[u8; 32]>)>,
}

impl fmt::Debug for RootKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|(id, _)| id.as_str()).collect();
        f.debug_struct("RootKeys")
            .field("ids", &ids)
            .finish_non_exhaustive()
    }
}

/// Why a secret does not open, or a key file is refused. Says nothing about contents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A line of the key file is not `ID:BASE64`.
    #[error("line {0} of the vault key is not ID:BASE64 with 32 bytes")]
    BadKeyLine(usize),
    /// The key file has no key, or one id twice.
    #[error("the vault key is empty or names a key twice")]
    BadKeys,
    /// Sealed with a key that is not here.
    #[error("sealed with the root key `{0}`, which is not among the vault's keys")]
    MissingKey(String),
    /// Altered, or sealed for something else.
    #[error("a sealed secret does not open: altered, moved, or sealed with other keys")]
    DoesNotOpen,
    /// Not an envelope.
    #[error("not a sealed secret")]
    NotAnEnvelope,
}

/// What a secret is for. Bound into its seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The secret's row.
    pub secret: SecretId,
    /// Raised by one with each new value.
    pub version: u32,
    /// For example `channel` or `audit-signing`.
    pub purpose: String,
}

impl Label {
    fn bytes(&self, extra: &str) -> Vec<u8> {
        let mut out = Writer(b"vigie-vault/1\n".to_vec());
        out.0.extend_from_slice(self.secret.uuid().as_bytes());
        out.u32(self.version);
        out.text(&self.purpose);
        out.text(extra);
        out.0
    }
}

/// 80 fresh random bytes, consumed by one seal.
pub struct Fresh(Zeroizing<[u8; 80]>);

impl Fresh {
    /// From a cryptographic generator.
    pub fn new(bytes: [u8; 80]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

/// A sealed secret, as stored (JSON).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Format, 1.
    v: u8,
    /// Root key that wraps the data key.
    key: String,
    wrap_nonce: String,
    wrapped: String,
    nonce: String,
    sealed: String,
}

impl Envelope {
    /// The id of the root key that opens it.
    pub fn key_id(&self) -> &str {
        &self.key
    }
}

impl RootKeys {
    /// Reads the text form. Empty lines and lines that begin with `#` are passed over.
    ///
    /// # Errors
    /// Names the line; never shows it.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let mut keys: Vec<(String, Zeroizing<[u8; 32]>)> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let bad = || VaultError::BadKeyLine(number + 1);
            let (id, key) = line.split_once(':').ok_or_else(bad)?;
            let mut bytes = STANDARD.decode(key).map_err(|_| bad())?;
            let key: Result<[u8; 32], _> = bytes.as_slice().try_into();
            bytes.zeroize();
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if id.is_empty() || id.len() > 32 || !id.chars().all(fits) {
                return Err(bad());
            }
            if keys.iter().any(|(other, _)| other == id) {
                return Err(VaultError::BadKeys);
            }
            keys.push((id.to_owned(), Zeroizing::new(key.map_err(|_| bad())?)));
        }
        if keys.is_empty() {
            Err(VaultError::BadKeys)
        } else {
            Ok(Self { keys })
        }
    }

    /// The text form. A secret.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut out = String::new();
        for (id, key) in &self.keys {
            let encoded = Zeroizing::new(STANDARD.encode(key.as_slice()));
            out.push_str(id);
            out.push(':');
            out.push_str(&encoded);
            out.push('\n');
        }
        Zeroizing::new(out)
    }

    /// One new key.
    pub fn single(id: &str, key: [u8; 32]) -> Self {
        Self {
            keys: vec![(id.to_owned(), Zeroizing::new(key))],
        }
    }

    /// The same keys with a new active one.
    pub fn with_active(&self, id: &str, key: [u8; 32]) -> Result<Self, VaultError> {
        if self.keys.iter().any(|(other, _)| other == id) {
            return Err(VaultError::BadKeys);
        }
        let mut keys = vec![(id.to_owned(), Zeroizing::new(key))];
        keys.extend(self.keys.iter().cloned());
        Ok(Self { keys })
    }

    /// Only the active key: once everything is wrapped with it.
    pub fn only_active(&self) -> Self {
        Self {
            keys: self.keys.iter().take(1).cloned().collect(),
        }
    }

    /// The id of the active key.
    pub fn active_id(&self) -> &str {
        self.keys.first().map_or("", |(id, _)| id)
    }

    fn key(&self, id: &str) -> Result<XChaCha20Poly1305, VaultError> {
        self.keys
            .iter()
            .find(|(other, _)| other == id)
            .map(|(_, key)| cipher(key))
            .ok_or_else(|| VaultError::MissingKey(id.to_owned()))
    }

    /// Seals a secret under the active key.
    ///
    /// # Errors
    /// Never for secrets of sane size (under 256 GiB).
    pub fn seal(
        &self,
        secret: &[u8],
        label: &Label,
        fresh: &Fresh,
    ) -> Result<Envelope, VaultError> {
        let (data_key, rest) = fresh.0.split_at(32);
        let (nonce, wrap_nonce) = rest.split_at(24);
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(data_key);
        let sealed = encrypt(&cipher(&key), nonce, secret, &label.bytes("data"))?;
        let id = self.active_id().to_owned();
        let wrapped = encrypt(&self.key(&id)?, wrap_nonce, data_key, &label.bytes(&id))?;
        Ok(Envelope {
            v: 1,
            key: id,
            wrap_nonce: STANDARD.encode(wrap_nonce),
            wrapped: STANDARD.encode(wrapped),
            nonce: STANDARD.encode(nonce),
            sealed: STANDARD.encode(sealed),
        })
    }

    /// Opens a sealed secret.
    ///
    /// # Errors
    /// When its key is missing, it was altered, or it was sealed for something else.
    pub fn open(&self, envelope: &Envelope, label: &Label) -> Result<SecretSlice<u8>, VaultError> {
        let data_key = self.unwrap(envelope, label)?;
        let nonce = decode(&envelope.nonce)?;
        let sealed = decode(&envelope.sealed)?;
        let secret = decrypt(&cipher(&data_key), &nonce, &sealed, &label.bytes("data"))?;
        Ok(SecretSlice::from(secret))
    }

    /// Wraps the data key with the active root key; the secret itself is not touched.
    ///
    /// # Errors
    /// As [`RootKeys::open`].
    pub fn rewrap(
        &self,
        envelope: &Envelope,
        label: &Label,
        fresh: &Fresh,
    ) -> Result<Envelope, VaultError> {
        let data_key = self.unwrap(envelope, label)?;
        let (_, wrap_nonce) = fresh.0.split_at(56);
        let id = self.active_id().to_owned();
        let wrapped = encrypt(
            &self.key(&id)?,
            wrap_nonce,
            data_key.as_slice(),
            &label.bytes(&id),
        )?;
        Ok(Envelope {
            key: id,
            wrap_nonce: STANDARD.encode(wrap_nonce),
            wrapped: STANDARD.encode(wrapped),
            ..envelope.clone()
        })
    }

    fn unwrap(
        &self,
        envelope: &Envelope,
        label: &Label,
    ) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        if envelope.v != 1 {
            return Err(VaultError::NotAnEnvelope);
        }
        let root = self.key(&envelope.key)?;
        let nonce = decode(&envelope.wrap_nonce)?;
        let wrapped = decode(&envelope.wrapped)?;
        let key = Zeroizing::new(decrypt(
            &root,
            &nonce,
            &wrapped,
            &label.bytes(&envelope.key),
        )?);
        let mut out = Zeroizing::new([0; 32]);
        if key.len() != out.len() {
            return Err(VaultError::DoesNotOpen);
        }
        out.copy_from_slice(&key);
        Ok(out)
    }
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

fn encrypt(
    cipher: &XChaCha20Poly1305,
    nonce: &[u8],
    msg: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let nonce = XNonce::try_from(nonce).map_err(|_| VaultError::NotAnEnvelope)?;
    cipher
        .encrypt(&nonce, Payload { msg, aad })
        .map_err(|_| VaultError::DoesNotOpen)
}

fn decrypt(
    cipher: &XChaCha20Poly1305,
    nonce: &[u8],
    msg: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let nonce = XNonce::try_from(nonce).map_err(|_| VaultError::NotAnEnvelope)?;
    cipher
        .decrypt(&nonce, Payload { msg, aad })
        .map_err(|_| VaultError::DoesNotOpen)
}

fn decode(text: &str) -> Result<Vec<u8>, VaultError> {
    STANDARD.decode(text).map_err(|_| VaultError::NotAnEnvelope)
}

/// The secret as text.
///
/// # Errors
/// When it is not UTF-8.
pub fn text(secret: &SecretSlice<u8>) -> Result<Zeroizing<String>, VaultError> {
    String::from_utf8(secret.expose_secret().to_vec())
        .map(Zeroizing::new)
        .map_err(|_| VaultError::DoesNotOpen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn label(n: u128) -> Label {
        Label {
            secret: SecretId::new(Uuid::from_u128(n)),
            version: 1,
            purpose: "channel".into(),
        }
    }

    fn keys() -> RootKeys {
        RootKeys::single("k1", [1; 32])
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_only() {
        let envelope = keys()
            .seal(b"app-password", &label(1), &Fresh::new([9; 80]))
            .unwrap();
        assert_eq!(
            keys().open(&envelope, &label(1)).unwrap().expose_secret(),
            b"app-password"
        );
        assert_eq!(
            keys().open(&envelope, &label(2)).unwrap_err(),
            VaultError::DoesNotOpen
        );
        let mut other = label(1);
        other.version = 2;
        assert_eq!(
            keys().open(&envelope, &other).unwrap_err(),
            VaultError::DoesNotOpen
        );
        let mut other = label(1);
        other.purpose = "audit-signing".into();
        assert_eq!(
            keys().open(&envelope, &other).unwrap_err(),
            VaultError::DoesNotOpen
        );
    }

    #[test]
    fn an_altered_envelope_does_not_open() {
        let envelope = keys()
            .seal(b"secret", &label(1), &Fresh::new([9; 80]))
            .unwrap();
        let text = serde_json::to_string(&envelope).unwrap();
        assert!(
            !text.contains("secret\""),
            "the text of the secret is not in it"
        );
        let mut altered = envelope.clone();
        altered.sealed = altered.wrapped.clone();
        assert_eq!(
            keys().open(&altered, &label(1)).unwrap_err(),
            VaultError::DoesNotOpen
        );
        let other = RootKeys::single("k1", [2; 32]);
        assert_eq!(
            other.open(&envelope, &label(1)).unwrap_err(),
            VaultError::DoesNotOpen
        );
        let other = RootKeys::single("k2", [1; 32]);
        assert_eq!(
            other.open(&envelope, &label(1)).unwrap_err(),
            VaultError::MissingKey("k1".into())
        );
    }

    #[test]
    fn keys_rotate_without_a_moment_in_which_nothing_opens() {
        let envelope = keys()
            .seal(b"secret", &label(1), &Fresh::new([9; 80]))
            .unwrap();
        let both = keys().with_active("k2", [2; 32]).unwrap();
        assert_eq!(
            both.open(&envelope, &label(1)).unwrap().expose_secret(),
            b"secret"
        );
        let again = both
            .rewrap(&envelope, &label(1), &Fresh::new([8; 80]))
            .unwrap();
        assert_eq!(again.key_id(), "k2");
        let only = both.only_active();
        assert_eq!(
            only.open(&again, &label(1)).unwrap().expose_secret(),
            b"secret"
        );
        assert_eq!(
            only.open(&envelope, &label(1)).unwrap_err(),
            VaultError::MissingKey("k1".into())
        );
        assert!(both.with_active("k1", [3; 32]).is_err());
    }

    #[test]
    fn key_files_are_read_back_and_bad_lines_are_named_not_shown() {
        let keys = keys().with_active("k2", [2; 32]).unwrap();
        let again = RootKeys::parse(&keys.to_text()).unwrap();
        assert_eq!(again.active_id(), "k2");
        assert_eq!(*again.to_text(), *keys.to_text());
        assert_eq!(
            RootKeys::parse("# only\n").unwrap_err(),
            VaultError::BadKeys
        );
        assert_eq!(
            RootKeys::parse("# a\nk1:c2hvcnQ=").unwrap_err(),
            VaultError::BadKeyLine(2)
        );
        assert!(
            !format!("{:?}", keys).contains("AgIC"),
            "Debug shows ids only"
        );
    }
}
