//! Addresses that take messages and are themselves the secret: whoever knows one can speak in that room.

use crate::{
    Code, Failure, Http,
    http::{Answer, Call},
    rest::{ReadError, Stage, Trouble},
};
use bytes::Bytes;
use reqwest::{
    Method,
    header::{HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// Longest address, in bytes.
const MAX: usize = 2_000;
/// Largest answer read: chats answer a word.
const MAX_ANSWER: usize = 64 << 10;

/// An address for messages. It is never printed: [`Address::host`] says where it leads.
#[derive(Debug, Clone)]
pub struct Address(SecretString);

impl Address {
    /// Reads what a person pasted.
    ///
    /// # Errors
    /// `bad_address`, without a word of what was pasted.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let bad = || Failure::new(Code::BadAddress, "not an http(s) address for messages");
        let text = text.trim();
        if text.len() > MAX {
            return Err(bad());
        }
        let mut url = Url::parse(text).map_err(|_| bad())?;
        let web = matches!(url.scheme(), "http" | "https") && url.has_host();
        if !web || !url.username().is_empty() || url.password().is_some() {
            return Err(bad());
        }
        url.set_fragment(None);
        Ok(Self(SecretString::from(String::from(url))))
    }

    /// The server it leads to, which may be shown.
    pub fn host(&self) -> String {
        let url = Url::parse(self.0.expose_secret()).ok();
        url.and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The whole, to be sealed in the vault.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }

    pub(super) fn url(&self) -> Result<Url, Trouble> {
        Url::parse(self.0.expose_secret())
            .map_err(|_| Trouble::new(Stage::NotSent, Code::BadAddress, "not an address"))
    }

    /// Sends JSON there. The server's own words are never kept: it may quote the address.
    pub(super) async fn post(
        &self,
        http: &Http,
        body: Bytes,
        headers: Vec<(HeaderName, HeaderValue)>,
        within: Duration,
    ) -> Result<Answer, Trouble> {
        let mut call = Call::new(Method::POST, self.url()?, within);
        call.secret_path = true;
        call.body = Some(("application/json", body));
        call.headers = headers;
        call.max_answer = MAX_ANSWER;
        http.send(call).await.map_err(|error| Trouble {
            stage: if error.left {
                Stage::Unknown
            } else {
                Stage::NotSent
            },
            status: 0,
            failure: error.failure,
        })
    }

    /// What an answer says, under the same rules as [`crate::rest`], for servers that do not answer in JSON when all is
    /// well.
    pub(super) fn judge(
        &self,
        answer: Answer,
        good: impl FnOnce(&Answer) -> bool,
        read: ReadError,
    ) -> Result<Answer, Trouble> {
        let trouble = |stage, code, detail: &str| Trouble {
            stage,
            status: answer.status,
            failure: Failure::new(code, self.kept(detail)).retry_at(answer.retry_at),
        };
        let json: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let said = json.as_ref().and_then(|json| read(answer.status, json));
        match (answer.status, said) {
            (200..=299, None) if good(&answer) => Ok(answer),
            (429, _) => Err(trouble(Stage::NotSent, Code::RateLimited, "too many calls")),
            (_, Some(said)) if said.again => Err(trouble(
                Stage::NotSent,
                said.code.unwrap_or(Code::ServerError),
                &said.message,
            )),
            (_, Some(said)) => Err(trouble(
                Stage::Refused,
                said.code.unwrap_or(Code::RefusedByServer),
                &said.message,
            )),
            (500.., None) => Err(trouble(
                Stage::Unknown,
                Code::ServerError,
                "an error of the server",
            )),
            (status, None) => {
                let detail = format!("status {status} in an unknown shape");
                Err(trouble(Stage::Unknown, Code::GarbageAnswer, &detail))
            }
        }
    }

    /// A server's word, unless it is one of the address.
    fn kept<'a>(&self, word: &'a str) -> &'a str {
        if self.0.expose_secret().contains(word) {
            ""
        } else {
            word
        }
    }
}

/// A name of an error, if it is a short word: what else a server says stays out of the log.
pub(super) fn word(text: &str) -> String {
    let good = text.len() <= 100
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if good { text.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_never_printed() {
        let address = Address::parse(" https://chat.example/hooks/canary?sig=canary#x ").unwrap();
        assert_eq!(address.host(), "chat.example");
        assert!(!format!("{address:?}").contains("canary"));
        for bad in [
            "",
            "canary",
            "ftp://canary/",
            "https://u:canary@x.example/",
            &"canary".repeat(400),
        ] {
            let failure = Address::parse(bad).unwrap_err();
            assert!(!format!("{failure:?}").contains("canary"), "{bad}");
        }
    }
}
