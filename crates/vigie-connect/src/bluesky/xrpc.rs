//! The protocol's calls, and what each kind of answer says about whether anything was done.

use crate::{
    Code, Failure, Http,
    http::{Answer, Call, MAX_ANSWER, NoAnswer},
};
use bytes::Bytes;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;

/// Longest time for one call, within the time of the whole act.
const CALL_WITHIN: Duration = Duration::from_secs(20);

/// One call. Can be sent again after the credentials were renewed.
#[derive(Debug, Clone)]
pub struct Xrpc {
    /// The method's name.
    pub name: &'static str,
    /// GET parameters.
    pub query: Vec<(&'static str, String)>,
    /// POST body with its type; none is a GET, unless `post`.
    pub body: Option<(&'static str, Bytes)>,
    /// True for a POST without body.
    pub post: bool,
    /// True when the body holds a password.
    pub secret_body: bool,
    /// True when a success has no body.
    pub empty: bool,
    /// Largest answer, in bytes.
    pub max_answer: usize,
}

impl Xrpc {
    /// A reading call.
    pub fn query(name: &'static str, query: Vec<(&'static str, String)>) -> Self {
        Self {
            name,
            query,
            body: None,
            post: false,
            secret_body: false,
            empty: false,
            max_answer: MAX_ANSWER,
        }
    }

    /// A changing call with JSON.
    pub fn procedure(name: &'static str, body: &Value) -> Self {
        let body = Some(("application/json", Bytes::from(body.to_string())));
        Self {
            name,
            query: vec![],
            body,
            post: true,
            secret_body: false,
            empty: false,
            max_answer: MAX_ANSWER,
        }
    }
}

/// What is known about a call that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Surely not carried out, and not the content's fault: it did not leave, or came too often.
    NotSent,
    /// Surely not carried out: the server says no.
    Refused,
    /// Perhaps carried out.
    Unknown,
}

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is known.
    pub stage: Stage,
    /// The protocol's name of the error, when the server gave one.
    pub name: String,
    /// For people and the log.
    pub failure: Failure,
}

impl Trouble {
    pub(super) fn new(stage: Stage, code: Code, detail: impl AsRef<str>) -> Self {
        Self {
            stage,
            name: String::new(),
            failure: Failure::new(code, detail),
        }
    }

    /// True when new credentials may help: they have expired (400 `ExpiredToken`) or are not known (400
    /// `InvalidToken`). Both are 401 on some servers.
    pub fn is_stale_token(&self) -> bool {
        self.stage == Stage::Refused
            && matches!(self.name.as_str(), "ExpiredToken" | "InvalidToken")
    }
}

/// Sends `call` to `service`; `until` bounds it.
///
/// # Errors
/// [`Trouble`], sorted.
pub async fn send(
    http: &Http,
    service: &Url,
    call: &Xrpc,
    bearer: Option<&SecretString>,
    until: Instant,
) -> Result<Value, Trouble> {
    let mut url = service.clone();
    url.set_path(&format!("/xrpc/{}", call.name));
    url.set_query(None);
    if !call.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&call.query);
    }
    let within = until
        .saturating_duration_since(Instant::now())
        .min(CALL_WITHIN);
    if within.is_zero() {
        return Err(Trouble::new(Stage::NotSent, Code::Slow, "no time left"));
    }
    let method = if call.post { Method::POST } else { Method::GET };
    let mut request = Call::new(method, url, within);
    request.bearer = bearer.cloned();
    request.body = call.body.clone();
    request.secret_body = call.secret_body;
    request.max_answer = call.max_answer;
    let answer = http.send(request).await;
    if call.empty
        && let Ok(done) = &answer
        && (200..300).contains(&done.status)
        && done.body.iter().all(u8::is_ascii_whitespace)
    {
        return Ok(Value::Null);
    }
    sort(answer, |message| match bearer {
        // A server may quote what it was sent: nothing of that gets into a log.
        _ if call.secret_body => String::new(),
        Some(bearer) => message.replace(bearer.expose_secret(), "…"),
        None => message,
    })
}

fn sort(
    answer: Result<Answer, NoAnswer>,
    clean: impl Fn(String) -> String,
) -> Result<Value, Trouble> {
    let answer = answer.map_err(|error| Trouble {
        stage: if error.left {
            Stage::Unknown
        } else {
            Stage::NotSent
        },
        name: String::new(),
        failure: error.failure,
    })?;
    let json: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let said = |key: &str| {
        json.as_ref()
            .and_then(|j| j.get(key)?.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let name =
        Some(said("error")).filter(|n| n.len() <= 40 && n.bytes().all(|b| b.is_ascii_alphabetic()));
    let (name, message) = (name.unwrap_or_default(), clean(said("message")));
    let trouble = |stage, code, detail: String| {
        let failure = Failure::new(code, detail).retry_at(answer.retry_at);
        Err(Trouble {
            stage,
            name: name.clone(),
            failure,
        })
    };
    let status = answer.status;
    match status {
        200..300 => match json {
            Some(json) if json.is_object() => Ok(json),
            _ => trouble(
                Stage::Unknown,
                Code::GarbageAnswer,
                format!("{status} without a JSON object"),
            ),
        },
        429 => trouble(Stage::NotSent, Code::RateLimited, format!("429 {name}")),
        413 => trouble(
            Stage::Refused,
            Code::MediaTooBig,
            format!("413 {name} {message}"),
        ),
        400..500 if !name.is_empty() => trouble(
            Stage::Refused,
            code_of(&name),
            format!("{status} {name}: {message}"),
        ),
        500..600 => trouble(
            Stage::Unknown,
            Code::ServerError,
            format!("{status} {name}"),
        ),
        // Not a server of this protocol, or something in between: nothing is known.
        _ => trouble(
            Stage::Unknown,
            Code::GarbageAnswer,
            format!("{status} without an error of the protocol"),
        ),
    }
}

fn code_of(name: &str) -> Code {
    match name {
        "ExpiredToken" | "InvalidToken" | "AuthMissing" => Code::TokenExpired,
        "AuthenticationRequired" => Code::BadCredentials,
        "AuthFactorTokenRequired" => Code::NeedsAppPassword,
        "AccountTakedown" | "AccountDeactivated" | "AccountSuspended" => Code::AccountSuspended,
        "BlobTooLarge" | "PayloadTooLarge" => Code::MediaTooBig,
        "InvalidMimeType" => Code::MediaKind,
        "InvalidSwap" => Code::KeyTaken,
        _ => Code::RefusedByServer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(status: u16, body: &str) -> Option<(Stage, Code)> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        sort(
            Ok(Answer {
                headers: reqwest::header::HeaderMap::new(),
                wait_until: None,
                location: None,
                status,
                retry_at: None,
                body,
            }),
            |m| m,
        )
        .err()
        .map(|t| (t.stage, t.failure.code))
    }

    #[test]
    fn only_an_error_of_the_protocol_is_a_refusal() {
        use Code::*;
        use Stage::*;
        for (status, body, expected) in [
            (200, "{}", None),
            (200, "ok", Some((Unknown, GarbageAnswer))),
            (200, "[]", Some((Unknown, GarbageAnswer))),
            (200, "", Some((Unknown, GarbageAnswer))),
            (302, "", Some((Unknown, GarbageAnswer))),
            (
                400,
                r#"{"error":"InvalidRequest","message":"no"}"#,
                Some((Refused, RefusedByServer)),
            ),
            (
                400,
                r#"{"error":"ExpiredToken"}"#,
                Some((Refused, TokenExpired)),
            ),
            (
                401,
                r#"{"error":"AuthenticationRequired"}"#,
                Some((Refused, BadCredentials)),
            ),
            (400, "<html>", Some((Unknown, GarbageAnswer))),
            (
                400,
                r#"{"error":"eyJ0.eyJz.c2ln"}"#,
                Some((Unknown, GarbageAnswer)),
            ),
            (404, "not found", Some((Unknown, GarbageAnswer))),
            (413, "", Some((Refused, MediaTooBig))),
            (429, "", Some((NotSent, RateLimited))),
            (
                500,
                r#"{"error":"InternalServerError"}"#,
                Some((Unknown, ServerError)),
            ),
            (502, "<html>", Some((Unknown, ServerError))),
        ] {
            assert_eq!(sorted(status, body), expected, "{status} {body}");
        }
    }
}
