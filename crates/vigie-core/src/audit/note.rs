//! Signed checkpoints: C2SP signed note with Ed25519, C2SP tlog-checkpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::tree::Hash;

/// Signature type of Ed25519 in a signed note.
const ED25519: u8 = 1;

/// The public half, with the name it signs under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    key: VerifyingKey,
}

/// Why a note is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not in the format.
    #[error("not a signed note")]
    Format,
    /// No line signed by this key.
    #[error("not signed by this key")]
    NotSigned,
    /// Signed, but the signature does not fit the text.
    #[error("the signature does not fit")]
    BadSignature,
    /// Not a key.
    #[error("not a verifier key")]
    BadKey,
}

impl NoteKey {
    /// The key of `signer` under `name` (no spaces, no plus sign).
    pub fn new(name: &str, signer: &SigningKey) -> Self {
        Self {
            name: name.to_owned(),
            key: signer.verifying_key(),
        }
    }

    /// The name it signs under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// First four bytes of `SHA-256(name || 0x0A || 0x01 || key)`.
    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
        [a, b, c, d]
    }

    /// The text that people compare and pin: `name+id+base64`.
    pub fn to_text(&self) -> String {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        format!(
            "{}+{}+{}",
            self.name,
            hex::encode(self.id()),
            STANDARD.encode(bytes)
        )
    }

    /// Reads [`NoteKey::to_text`].
    ///
    /// # Errors
    /// When it is none, or its id does not fit.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::BadKey);
        };
        let bytes = STANDARD.decode(key).map_err(|_| NoteError::BadKey)?;
        let Some((&ED25519, key)) = bytes.split_first() else {
            return Err(NoteError::BadKey);
        };
        let key: [u8; 32] = key.try_into().map_err(|_| NoteError::BadKey)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| NoteError::BadKey)?;
        let key = Self {
            name: name.to_owned(),
            key,
        };
        if hex::encode(key.id()) != id || name.is_empty() || name.contains(char::is_whitespace) {
            return Err(NoteError::BadKey);
        }
        Ok(key)
    }

    /// Checks a note and returns its text (with its last line feed).
    ///
    /// # Errors
    /// When it is not a note, or not signed by this key.
    pub fn open<'n>(&self, note: &'n str) -> Result<&'n str, NoteError> {
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Format)?;
        let text = note.get(..=text.len()).ok_or(NoteError::Format)?;
        let prefix = format!("\u{2014} {} ", self.name);
        for line in signatures.lines() {
            let Some(encoded) = line.strip_prefix(&prefix) else {
                continue;
            };
            let bytes = STANDARD.decode(encoded).map_err(|_| NoteError::Format)?;
            let Some((id, signature)) = bytes.split_first_chunk::<4>() else {
                return Err(NoteError::Format);
            };
            if *id != self.id() {
                continue;
            }
            let signature = Signature::from_slice(signature).map_err(|_| NoteError::Format)?;
            return match self.key.verify_strict(text.as_bytes(), &signature) {
                Ok(()) => Ok(text),
                Err(_) => Err(NoteError::BadSignature),
            };
        }
        Err(NoteError::NotSigned)
    }
}

/// Signs a text whose last character is a line feed.
pub fn sign(text: &str, name: &str, signer: &SigningKey) -> String {
    let mut bytes = NoteKey::new(name, signer).id().to_vec();
    bytes.extend_from_slice(&signer.sign(text.as_bytes()).to_bytes());
    format!("{text}\n\u{2014} {name} {}\n", STANDARD.encode(bytes))
}

/// The head of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Which log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// Their root.
    pub root: Hash,
}

impl TreeHead {
    /// The text of a checkpoint.
    pub fn to_text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root)
        )
    }

    /// Reads a checkpoint's text; lines after the third are extensions and are passed over.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Format);
        };
        let number: u64 = size.parse().map_err(|_| NoteError::Format)?;
        let root = STANDARD.decode(root).map_err(|_| NoteError::Format)?;
        let root = root.try_into().map_err(|_| NoteError::Format)?;
        if origin.is_empty() || number.to_string() != size {
            return Err(NoteError::Format);
        }
        Ok(Self {
            origin: origin.to_owned(),
            size: number,
            root,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    #[test]
    fn a_checkpoint_survives_and_a_changed_one_does_not() {
        let head = TreeHead {
            origin: "vigie.example/audit".into(),
            size: 42,
            root: [3; 32],
        };
        let note = sign(&head.to_text(), "vigie.example/audit", &signer());
        let key = NoteKey::new("vigie.example/audit", &signer());
        assert_eq!(TreeHead::parse(key.open(&note).unwrap()).unwrap(), head);
        assert_eq!(
            key.open(&note.replace("\n42\n", "\n43\n")),
            Err(NoteError::BadSignature)
        );
        assert_eq!(key.open("nothing"), Err(NoteError::Format));
        let other = NoteKey::new("vigie.example/audit", &SigningKey::from_bytes(&[8; 32]));
        assert_eq!(other.open(&note), Err(NoteError::NotSigned));
    }

    #[test]
    fn keys_are_read_back_and_checked() {
        let key = NoteKey::new("vigie.example/audit", &signer());
        assert_eq!(NoteKey::parse(&key.to_text()).unwrap(), key);
        assert_eq!(
            NoteKey::parse(&key.to_text().replace("vigie", "vigle")),
            Err(NoteError::BadKey)
        );
        assert_eq!(NoteKey::parse("a+b"), Err(NoteError::BadKey));
    }

    #[test]
    fn the_published_example_of_the_signed_note_format() {
        // Example of the Go package golang.org/x/mod/sumdb/note, which the C2SP format describes.
        let key =
            NoteKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
                .unwrap();
        let note = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n\
                    \n\
                    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        assert!(key.open(note).is_ok());
    }
}
