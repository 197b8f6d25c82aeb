//! Any other chat or program of the company: a signed JSON document is sent to its address. `docs/chat-webhook.md` says
//! how a receiver checks it.

use super::{Note, Sent, address::Address};
use crate::{
    Code, Failure, Http, hook,
    rest::{Said, Stage, Trouble},
};
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::time::Duration;

/// Fewest characters of the secret that signs.
const SECRET: usize = 16;
/// Most bytes of a document; beyond, the contents are left out and `cut` is true.
const MOST: usize = 256 << 10;

/// One receiver.
#[derive(Debug, Clone)]
pub struct Webhook {
    http: Http,
    address: Address,
    secret: SecretString,
}

impl Webhook {
    /// The receiver at `address`; it knows `secret`, of at least 16 characters.
    ///
    /// # Errors
    /// `bad_key` when the secret is too short.
    pub fn new(http: Http, address: Address, secret: SecretString) -> Result<Self, Failure> {
        if secret.expose_secret().chars().count() < SECRET {
            return Err(Failure::new(
                Code::BadKey,
                "a secret of fewer than 16 characters",
            ));
        }
        Ok(Self {
            http,
            address,
            secret,
        })
    }

    /// Says something. Repeats carry the same `id` ([`Note::key`]): the receiver drops them.
    ///
    /// # Errors
    /// [`Trouble`]; the receiver's answer is 2xx when it has it, 4xx when it will not have it.
    pub async fn say(&self, note: &Note, within: Duration) -> Result<Sent, Trouble> {
        let body = document(note);
        let stamp = Timestamp::now().as_second().to_string();
        let signature = format!("v1={}", sign(&self.secret, &stamp, body.as_bytes()));
        let bad = |_| Trouble::new(Stage::NotSent, Code::BadKey, "a header that cannot be sent");
        let headers = vec![
            (
                HeaderName::from_static("x-vigie-timestamp"),
                HeaderValue::try_from(stamp).map_err(bad)?,
            ),
            (
                HeaderName::from_static("x-vigie-signature"),
                HeaderValue::try_from(signature).map_err(bad)?,
            ),
        ];
        let answer = self
            .address
            .post(&self.http, Bytes::from(body), headers, within)
            .await?;
        let status = answer.status;
        let own: fn(u16, &Value) -> Option<Said> = |_, _| None;
        match self.address.judge(answer, |_| true, own) {
            Ok(_) => Ok(Sent {
                thread: None,
                message: None,
            }),
            // Our own protocol: 4xx is the receiver's no, whatever its words.
            Err(mut trouble) if (400..500).contains(&status) && status != 429 => {
                trouble.stage = Stage::Refused;
                trouble.failure.code = match status {
                    401 | 403 | 404 | 410 => Code::TokenExpired,
                    413 => Code::TooManyBytes,
                    _ => Code::RefusedByServer,
                };
                Err(trouble)
            }
            Err(trouble) => Err(trouble),
        }
    }
}

fn sign(secret: &SecretString, stamp: &str, body: &[u8]) -> String {
    let mut signed = format!("v1:{stamp}:").into_bytes();
    signed.extend_from_slice(body);
    hex::encode(hook::mac(secret, &signed))
}

fn document(note: &Note) -> String {
    let whole = |cut: bool| {
        let contents: Vec<Value> = note
            .contents
            .iter()
            .filter(|_| !cut)
            .map(|c| json!({ "page": c.page, "text": c.text, "pictures": c.pictures }))
            .collect();
        let findings: Vec<Value> = note
            .findings
            .iter()
            .take(100)
            .map(|(severity, words)| json!({ "severity": severity, "text": words }))
            .collect();
        let links: Vec<Value> = super::words::links(note, 20)
            .map(|(label, url)| json!({ "label": label, "url": url.as_str() }))
            .collect();
        json!({
            "id": note.key,
            "kind": "note",
            "title": note.title,
            "body": note.body,
            "contents": contents,
            "findings": findings,
            "links": links,
            "footer": note.footer,
            "lang": note.lang,
            "cut": cut,
        })
        .to_string()
    };
    let all = whole(false);
    if all.len() <= MOST { all } else { whole(true) }
}
