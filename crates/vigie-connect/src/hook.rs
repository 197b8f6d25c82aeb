//! Calls of networks to Vigie (webhooks). Each is signed over its raw bytes; nothing that it says is believed beyond
//! "look now", so that one that comes twice, late or out of order does no harm.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::{Code, Failure};

/// Furthest that a signed clock may be from ours, in seconds.
pub const CLOCK: i64 = 300;
/// Largest body of a call, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// A call, as it came.
#[derive(Debug, Clone, Copy)]
pub struct HookCall<'a> {
    /// True for a POST, false for a GET.
    pub post: bool,
    /// The query, decoded.
    pub query: &'a [(String, String)],
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The raw bytes.
    pub body: &'a [u8],
    /// A secret word of this installation that the operator has given to the network (Meta's `verify_token`).
    pub word: &'a str,
    /// When it came.
    pub now: Timestamp,
}

impl<'a> HookCall<'a> {
    /// A value of the query.
    pub fn asked(&self, name: &str) -> Option<&'a str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A header, if it is text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What to answer, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookAnswer {
    /// A handshake: this is answered, with its type, and nothing is done.
    Say(&'static str, String),
    /// Something happened to these accounts (the network's ids): look at them now. Empty means all of the platform.
    Look(Vec<String>),
}

/// HMAC-SHA-256 of `bytes`.
pub fn mac(key: &SecretString, bytes: &[u8]) -> Vec<u8> {
    mac_with(key.expose_secret().as_bytes(), bytes)
}

/// The same with a key that is not text.
pub fn mac_with(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    // A key of any length is good for HMAC.
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(bytes);
            mac.finalize().into_bytes().to_vec()
        }
        Err(_) => Vec::new(),
    }
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Hexadecimal digits.
    Hex,
    /// Base 64.
    Base64,
}

/// Checks a signature in constant time. `given` is what the header holds, after `prefix`.
///
/// # Errors
/// `forged`.
pub fn verify(
    key: &SecretString,
    bytes: &[u8],
    given: Option<&str>,
    prefix: &str,
    written: Written,
) -> Result<(), Failure> {
    let forged = || Failure::new(Code::Forged, "the signature is missing or not right");
    let given = given
        .and_then(|g| g.trim().strip_prefix(prefix))
        .ok_or_else(forged)?;
    let given = match written {
        Written::Hex => hex::decode(given).map_err(|_| forged())?,
        Written::Base64 => STANDARD.decode(given).map_err(|_| forged())?,
    };
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).map_err(|_| forged())?;
    mac.update(bytes);
    mac.verify_slice(&given).map_err(|_| forged())
}

/// Checks a signed clock (seconds since 1970).
///
/// # Errors
/// `forged` when it is missing or too far from `now`: a replay.
pub fn fresh(given: Option<&str>, now: Timestamp) -> Result<(), Failure> {
    let seconds: i64 = given
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Failure::new(Code::Forged, "no time is signed"))?;
    if now.as_second().saturating_sub(seconds).saturating_abs() > CLOCK {
        return Err(Failure::new(
            Code::Forged,
            "it is too old, or from the future",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_signature_over_the_exact_bytes_holds() {
        let key = SecretString::from("k".to_owned());
        let good = format!("sha256={}", hex::encode(mac(&key, b"body")));
        let holds = |bytes: &[u8], given: Option<&str>| {
            verify(&key, bytes, given, "sha256=", Written::Hex).is_ok()
        };
        assert!(holds(b"body", Some(&good)));
        assert!(!holds(b"body ", Some(&good)));
        assert!(!holds(b"body", None));
        assert!(!holds(b"body", Some("sha256=")));
        assert!(!holds(b"body", Some(good.trim_start_matches("sha256="))));
        assert!(!holds(b"body", Some(&good[..good.len() - 2])));
        let base = STANDARD.encode(mac(&key, b"body"));
        assert!(verify(&key, b"body", Some(&base), "", Written::Base64).is_ok());
    }

    #[test]
    fn an_old_clock_is_a_replay() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let at = |offset: i64| (now.as_second() + offset).to_string();
        assert!(fresh(Some(&at(-300)), now).is_ok());
        assert!(fresh(Some(&at(300)), now).is_ok());
        for bad in [
            Some(at(-301)),
            Some(at(301)),
            Some("x".into()),
            Some(i64::MIN.to_string()),
            None,
        ] {
            assert!(fresh(bad.as_deref(), now).is_err(), "{bad:?}");
        }
    }
}
