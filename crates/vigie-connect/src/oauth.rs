//! Signing in at a network with OAuth 2: the authorization code with PKCE (RFC 6749, RFC 7636). The shell binds the
//! state to the browser and keeps the verifier; here are the addresses, and what the answer of a token endpoint says.

use crate::{Code, Failure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

/// Vigie's registration at a platform, made by the operator.
#[derive(Debug, Clone)]
pub struct App {
    /// The public id.
    pub id: String,
    /// The secret; on some platforms it signs webhooks too.
    pub secret: SecretString,
    /// Another address of the interface than the platform's own, for a gateway or a test.
    pub api: Option<Url>,
}

/// What goes along to the network.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Where the person comes back to.
    pub redirect: &'a Url,
    /// Comes back unchanged; bound to the browser.
    pub state: &'a str,
    /// SHA-256 of the verifier, see [`challenge`].
    pub challenge: &'a str,
}

/// Where the person goes.
#[derive(Debug)]
pub struct Going {
    /// The network's page.
    pub url: Url,
    /// For [`crate::Connector::arrive`], sealed meanwhile; what the connector needs to remember.
    pub keep: SecretString,
}

/// The person is back.
#[derive(Debug, Clone, Copy)]
pub struct Back<'a> {
    /// The code that came along.
    pub code: &'a SecretString,
    /// The verifier that the challenge was made from.
    pub verifier: &'a SecretString,
    /// As in [`Ask`].
    pub redirect: &'a Url,
    /// From [`Going`].
    pub keep: &'a SecretString,
}

/// The challenge of a verifier, method S256.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// The address of the network's page of consent.
pub fn consent(page: &Url, id: &str, scopes: &str, ask: &Ask<'_>) -> Url {
    let mut url = page.clone();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", id)
        .append_pair("redirect_uri", ask.redirect.as_str())
        .append_pair("scope", scopes)
        .append_pair("state", ask.state)
        .append_pair("code_challenge", ask.challenge)
        .append_pair("code_challenge_method", "S256");
    url
}

/// What opens an account, as kept in the vault by connectors that sign in with OAuth.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Tokens {
    /// Opens the account.
    pub access: String,
    /// Renews it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
    /// When the access ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When the refresh ends, where known: then a person signs in again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_until: Option<Timestamp>,
    /// Id and secret of a registration that belongs to this account alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<(String, String)>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// Reads the answer of a token endpoint (RFC 6749 §5.1).
    ///
    /// # Errors
    /// `garbage_answer`.
    pub fn answered(answer: &Value, now: Timestamp) -> Result<Self, Failure> {
        let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
        let after = |key: &str| {
            let seconds = answer.get(key)?;
            let seconds = seconds
                .as_i64()
                .or_else(|| seconds.as_str()?.parse().ok())?;
            now.checked_add(SignedDuration::from_secs(
                seconds.clamp(0, 10 * 366 * 86_400),
            ))
            .ok()
        };
        let bad = || Failure::new(Code::GarbageAnswer, "the answer holds no token");
        let access = text("access_token").ok_or_else(bad)?;
        let fits = |token: &str| !token.is_empty() && token.len() <= 8_192 && token.is_ascii();
        let refresh = text("refresh_token").filter(|token| fits(token));
        if !fits(&access) || access.chars().any(char::is_control) {
            return Err(bad());
        }
        Ok(Self {
            access,
            refresh,
            until: after("expires_in"),
            refresh_until: after("refresh_token_expires_in"),
            client: None,
        })
    }

    /// From the vault.
    ///
    /// # Errors
    /// `token_expired` when it is not what was put there.
    pub fn open(secret: &SecretString) -> Result<Self, Failure> {
        serde_json::from_str(secret.expose_secret())
            .map_err(|_| Failure::new(Code::TokenExpired, "the token kept is not a token"))
    }

    /// For the vault.
    pub fn seal(&self) -> SecretString {
        SecretString::from(serde_json::to_string(self).unwrap_or_default())
    }

    /// When a person must do something: never, while it can be renewed without one.
    pub fn ends(&self) -> Option<Timestamp> {
        if self.refresh.is_some() {
            self.refresh_until
        } else {
            self.until
        }
    }

    /// Whether the access ends before `now + ahead`.
    pub fn ends_within(&self, now: Timestamp, ahead: SignedDuration) -> bool {
        self.until
            .is_some_and(|until| until.duration_since(now) < ahead)
    }

    /// The access, as a bearer.
    pub fn bearer(&self) -> SecretString {
        SecretString::from(self.access.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn an_answer_is_read_with_care() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let tokens = Tokens::answered(
            &json!({ "access_token": "a", "refresh_token": "r", "expires_in": "7200" }),
            now,
        )
        .unwrap();
        assert!(tokens.ends_within(now, SignedDuration::from_hours(3)));
        assert_eq!(tokens.ends(), None, "it renews itself");
        assert_eq!(Tokens::open(&tokens.seal()).unwrap(), tokens);
        assert!(!format!("{tokens:?}").contains("\"a\""));
        for bad in [
            json!({}),
            json!({ "access_token": "" }),
            json!({ "access_token": "a\nb" }),
            json!([1]),
        ] {
            assert!(Tokens::answered(&bad, now).is_err(), "{bad}");
        }
        let alone = Tokens::answered(&json!({ "access_token": "a", "expires_in": -5 }), now);
        assert_eq!(alone.unwrap().ends(), Some(now));
    }
}
