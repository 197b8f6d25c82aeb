//! An approval sealed with a passkey: a WebAuthn assertion whose challenge is the content's digest.
//!
//! The assertion is kept and can be checked by anybody, later, without the server and without the passkey:
//! [`Assertion::verify`] follows WebAuthn level 3, section 7.2, for the parts that do not need the server's state.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::content::Digest;
use crate::member::names;

names! {
    /// Signature algorithms of passkeys that can seal.
    pub enum SealAlgorithm {
        /// ECDSA over P-256 with SHA-256 (COSE -7); the key is its 65-byte uncompressed point.
        Es256 = "ES256",
        /// Ed25519 (COSE -8); the key is its 32 bytes.
        EdDsa = "EdDSA",
    }
}

/// The public key of a passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealKey {
    /// How it signs.
    pub algorithm: SealAlgorithm,
    /// Its bytes, hexadecimal.
    pub public: String,
}

impl SealKey {
    /// SHA-256 of the key, under which the log knows it since the passkey was added.
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(format!(
            "{}:{}",
            self.algorithm, self.public
        )))
    }
}

/// A passkey's answer to a challenge, with what is needed to check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// Format, 1.
    pub v: u8,
    /// Id of the passkey, base64url.
    pub credential: String,
    /// Its key.
    pub key: SealKey,
    /// The domain it belongs to.
    pub rp_id: String,
    /// The page on which it was given.
    pub origin: String,
    /// What the browser signed for, base64url.
    pub client_data: String,
    /// What the authenticator signed for, base64url.
    pub authenticator_data: String,
    /// The signature, base64url.
    pub signature: String,
}

/// Why an assertion proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A part is not in its encoding.
    #[error("the assertion cannot be read")]
    Format,
    /// Not an assertion of a passkey.
    #[error("not an assertion")]
    Type,
    /// Given for something else.
    #[error("given for another content")]
    Challenge,
    /// Given on another page, or inside a frame of one.
    #[error("given on another page")]
    Origin,
    /// Given for another domain.
    #[error("given for another domain")]
    Domain,
    /// Nobody was there, or they did not prove who they are.
    #[error("the person was not verified")]
    NotVerified,
    /// The signature does not fit.
    #[error("the signature does not fit")]
    Signature,
}

#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;

impl Assertion {
    /// Checks that the holder of the key, present and verified, said yes to exactly this digest on this page.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn verify(&self, digest: &Digest) -> Result<(), SealError> {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::Format);
        let client_bytes = decode(&self.client_data)?;
        let authenticator = decode(&self.authenticator_data)?;
        let client: ClientData =
            serde_json::from_slice(&client_bytes).map_err(|_| SealError::Format)?;
        if self.v != 1 || client.kind != "webauthn.get" {
            return Err(SealError::Type);
        }
        if client.challenge != URL_SAFE_NO_PAD.encode(digest.0) {
            return Err(SealError::Challenge);
        }
        if client.origin != self.origin || client.cross_origin {
            return Err(SealError::Origin);
        }
        // rpIdHash (32 bytes), flags (1), counter (4), extensions.
        let (domain, rest) = authenticator
            .split_first_chunk::<32>()
            .ok_or(SealError::Format)?;
        let (flags, _) = rest.split_first().ok_or(SealError::Format)?;
        if *domain != <[u8; 32]>::from(Sha256::digest(self.rp_id.as_bytes())) {
            return Err(SealError::Domain);
        }
        if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
            return Err(SealError::NotVerified);
        }
        let mut signed = authenticator;
        signed.extend_from_slice(&Sha256::digest(&client_bytes));
        self.check_signature(&signed, &decode(&self.signature)?)
    }

    fn check_signature(&self, signed: &[u8], signature: &[u8]) -> Result<(), SealError> {
        let key = hex::decode(&self.key.public).map_err(|_| SealError::Format)?;
        match self.key.algorithm {
            SealAlgorithm::Es256 => {
                use p256::ecdsa::signature::Verifier as _;
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&key)
                    .map_err(|_| SealError::Format)?;
                let signature =
                    p256::ecdsa::Signature::from_der(signature).map_err(|_| SealError::Format)?;
                key.verify(signed, &signature)
                    .map_err(|_| SealError::Signature)
            }
            SealAlgorithm::EdDsa => {
                let key: [u8; 32] = key.try_into().map_err(|_| SealError::Format)?;
                let key =
                    ed25519_dalek::VerifyingKey::from_bytes(&key).map_err(|_| SealError::Format)?;
                let signature = ed25519_dalek::Signature::from_slice(signature)
                    .map_err(|_| SealError::Format)?;
                key.verify_strict(signed, &signature)
                    .map_err(|_| SealError::Signature)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::ecdsa::signature::Signer as _;

    const ORIGIN: &str = "https://vigie.example";
    const DIGEST: Digest = Digest([42; 32]);

    struct Passkey {
        flags: u8,
        domain: &'static str,
        kind: &'static str,
        origin: &'static str,
        frame: bool,
    }

    const GOOD: Passkey = Passkey {
        flags: 5,
        domain: "vigie.example",
        kind: "webauthn.get",
        origin: ORIGIN,
        frame: false,
    };

    fn assert_with(passkey: &Passkey, algorithm: SealAlgorithm) -> Assertion {
        let client = format!(
            "{{\"type\":\"{}\",\"challenge\":\"{}\",\"origin\":\"{}\",\"crossOrigin\":{}}}",
            passkey.kind,
            URL_SAFE_NO_PAD.encode(DIGEST.0),
            passkey.origin,
            passkey.frame,
        );
        let mut data = Sha256::digest(passkey.domain).to_vec();
        data.push(passkey.flags);
        data.extend_from_slice(&[0, 0, 0, 1]);
        let mut signed = data.clone();
        signed.extend_from_slice(&Sha256::digest(client.as_bytes()));
        let (public, signature) = match algorithm {
            SealAlgorithm::Es256 => {
                let key = p256::ecdsa::SigningKey::from_slice(&[3; 32]).unwrap();
                let signature: p256::ecdsa::Signature = key.sign(&signed);
                let public = key.verifying_key().to_sec1_point(false);
                (
                    hex::encode(public.as_bytes()),
                    signature.to_der().as_bytes().to_vec(),
                )
            }
            SealAlgorithm::EdDsa => {
                let key = ed25519_dalek::SigningKey::from_bytes(&[3; 32]);
                (
                    hex::encode(key.verifying_key().as_bytes()),
                    key.sign(&signed).to_bytes().to_vec(),
                )
            }
        };
        Assertion {
            v: 1,
            credential: "abc".into(),
            key: SealKey { algorithm, public },
            rp_id: "vigie.example".into(),
            origin: ORIGIN.into(),
            client_data: URL_SAFE_NO_PAD.encode(client),
            authenticator_data: URL_SAFE_NO_PAD.encode(data),
            signature: URL_SAFE_NO_PAD.encode(signature),
        }
    }

    #[test]
    fn a_true_assertion_holds_for_its_digest_only() {
        for algorithm in SealAlgorithm::ALL {
            let assertion = assert_with(&GOOD, *algorithm);
            assert_eq!(assertion.verify(&DIGEST), Ok(()));
            assert_eq!(
                assertion.verify(&Digest([43; 32])),
                Err(SealError::Challenge)
            );
        }
    }

    #[test]
    fn whatever_is_not_exactly_right_is_refused() {
        for algorithm in SealAlgorithm::ALL {
            let cases = [
                (Passkey { flags: 1, ..GOOD }, SealError::NotVerified),
                (Passkey { flags: 4, ..GOOD }, SealError::NotVerified),
                (
                    Passkey {
                        domain: "evil.example",
                        ..GOOD
                    },
                    SealError::Domain,
                ),
                (
                    Passkey {
                        kind: "webauthn.create",
                        ..GOOD
                    },
                    SealError::Type,
                ),
                (
                    Passkey {
                        origin: "https://evil.example",
                        ..GOOD
                    },
                    SealError::Origin,
                ),
                (
                    Passkey {
                        frame: true,
                        ..GOOD
                    },
                    SealError::Origin,
                ),
            ];
            for (passkey, error) in cases {
                assert_eq!(
                    assert_with(&passkey, *algorithm).verify(&DIGEST),
                    Err(error)
                );
            }
            let mut other = assert_with(&GOOD, *algorithm);
            let mut data = URL_SAFE_NO_PAD.decode(&other.authenticator_data).unwrap();
            data[36] = 9;
            other.authenticator_data = URL_SAFE_NO_PAD.encode(data);
            assert_eq!(other.verify(&DIGEST), Err(SealError::Signature));
            other.signature = "!!".into();
            assert_eq!(other.verify(&DIGEST), Err(SealError::Format));
        }
    }
}
