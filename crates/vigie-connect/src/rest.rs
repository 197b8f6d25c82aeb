//! Calls of networks that speak JSON over HTTP, and what each kind of answer says about whether anything was done.

use crate::{
    Code, Failure, Http,
    http::{Answer, Call, MAX_ANSWER, NoAnswer},
};
use bytes::{BufMut as _, Bytes, BytesMut};
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;
use vigie_core::publication::{Found, Outcome};

/// Longest time for one call, within the time of the whole act.
const CALL_WITHIN: Duration = Duration::from_secs(20);
/// Between the parts of a form with files. Longer than any chance to meet it in a picture.
const BOUNDARY: &str = "vigie-9f2c1d7e5b8a4630a1c7d2e8f4b60395";

/// What a call carries.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Value),
    /// Fields of a form.
    Form(Vec<(&'static str, String)>),
    /// Fields and one file, as a browser sends them.
    Parts(Vec<(&'static str, String)>, File),
    /// Bytes with their type.
    Bytes(&'static str, Bytes),
}

/// A file of a form.
#[derive(Debug, Clone)]
pub struct File {
    /// The field.
    pub field: &'static str,
    /// Its type.
    pub mime: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Request {
    /// GET, POST, …
    pub method: Method,
    /// Where.
    pub url: Url,
    /// Opens the account.
    pub bearer: Option<SecretString>,
    /// What goes along.
    pub body: Body,
    /// Sent besides; no secret but `authorization` where that is not a bearer.
    pub headers: Vec<(&'static str, String)>,
    /// True when the body or the query holds a secret.
    pub secret: bool,
    /// Largest answer, in bytes.
    pub most: usize,
}

impl Request {
    /// A reading call.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url, Body::None)
    }

    /// A changing call.
    pub fn post(url: Url, body: Body) -> Self {
        Self::new(Method::POST, url, body)
    }

    /// Any call.
    pub const fn new(method: Method, url: Url, body: Body) -> Self {
        Self {
            method,
            url,
            bearer: None,
            body,
            headers: Vec::new(),
            secret: false,
            most: MAX_ANSWER,
        }
    }

    /// Opened by this token.
    #[must_use]
    pub fn bearer(mut self, token: &SecretString) -> Self {
        self.bearer = Some(token.clone());
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With an answer of up to so many bytes, for lists whose parts others write.
    #[must_use]
    pub const fn most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// Holding a secret in its body: refused unencrypted, and nothing of the answer's words is kept.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

/// A good answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status, 200 to 299.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null when it is empty.
    pub json: Value,
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

/// What a platform's own error says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The reason, where the platform's name of the error is known. `None` is `refused_by_server`, or what the
    /// status means.
    pub code: Option<Code>,
    /// True when the platform says that it may be tried again, whatever the status: nothing was done.
    pub again: bool,
    /// For the log.
    pub message: String,
}

/// Reads a platform's own error from a status and a JSON answer; `None` when it does not have the platform's shape.
pub type ReadError = fn(u16, &Value) -> Option<Said>;

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is known.
    pub stage: Stage,
    /// HTTP status; 0 without an answer.
    pub status: u16,
    /// For people and the log.
    pub failure: Failure,
}

impl Trouble {
    /// A trouble without an answer.
    pub fn new(stage: Stage, code: Code, detail: impl AsRef<str>) -> Self {
        Self {
            stage,
            status: 0,
            failure: Failure::new(code, detail),
        }
    }

    /// As the outcome of the one call that makes the post.
    pub fn outcome(self) -> Outcome {
        let code = self.failure.code;
        match self.stage {
            Stage::Unknown => Outcome::Unknown {
                detail: self.failure.to_string(),
            },
            Stage::Refused if !code.needs_reconnect() && !code.is_passing() => Outcome::Refused {
                code: code.as_str().to_owned(),
                detail: self.failure.detail,
            },
            Stage::NotSent | Stage::Refused => self.failure.not_sent(),
        }
    }

    /// As the outcome of a publication that has not made its one call yet: nothing was published.
    pub fn before(mut self) -> Outcome {
        if self.stage == Stage::Unknown {
            self.stage = Stage::NotSent;
        }
        self.outcome()
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        trouble.failure
    }
}

/// Sends a call; `until` bounds it.
///
/// # Errors
/// [`Trouble`], sorted.
pub async fn send(
    http: &Http,
    request: Request,
    read: ReadError,
    until: Instant,
) -> Result<Reply, Trouble> {
    let within = until
        .saturating_duration_since(Instant::now())
        .min(CALL_WITHIN);
    if within.is_zero() {
        return Err(Trouble::new(Stage::NotSent, Code::Slow, "no time left"));
    }
    let mut call = Call::new(request.method, request.url, within);
    call.bearer = request.bearer.clone();
    call.secret_body = request.secret;
    call.max_answer = request.most;
    call.body = encode(request.body);
    for (name, value) in request.headers {
        let bad = |_| Trouble::new(Stage::NotSent, Code::BadKey, "a header that cannot be sent");
        let mut value = HeaderValue::try_from(value).map_err(bad)?;
        value.set_sensitive(name == "authorization");
        call.headers.push((HeaderName::from_static(name), value));
    }
    let answer = http.send(call).await;
    let clean = |message: String| match &request.bearer {
        // A server may quote what it was sent: nothing of that gets into a log.
        _ if request.secret => String::new(),
        Some(bearer) => message.replace(bearer.expose_secret(), "…"),
        None => message,
    };
    sort(answer, read, clean)
}

fn encode(body: Body) -> Option<(&'static str, Bytes)> {
    match body {
        Body::None => None,
        Body::Json(json) => Some(("application/json", Bytes::from(json.to_string()))),
        Body::Form(fields) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(fields);
            let text = form.finish();
            Some(("application/x-www-form-urlencoded", Bytes::from(text)))
        }
        Body::Parts(fields, file) => {
            const KIND: &str =
                "multipart/form-data; boundary=vigie-9f2c1d7e5b8a4630a1c7d2e8f4b60395";
            let mut out = BytesMut::with_capacity(file.bytes.len() + 1_024);
            let head = |name: &str, more: &str| {
                format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n")
            };
            for (name, value) in fields {
                out.put_slice(head(name, "").as_bytes());
                out.put_slice(format!("\r\n{value}\r\n").as_bytes());
            }
            out.put_slice(head(file.field, "; filename=\"picture\"").as_bytes());
            out.put_slice(format!("content-type: {}\r\n\r\n", file.mime).as_bytes());
            out.put_slice(&file.bytes);
            out.put_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
            Some((KIND, out.freeze()))
        }
        Body::Bytes(kind, bytes) => Some((kind, bytes)),
    }
}

fn sort(
    answer: Result<Answer, NoAnswer>,
    read: ReadError,
    clean: impl Fn(String) -> String,
) -> Result<Reply, Trouble> {
    let answer = answer.map_err(|error| Trouble {
        stage: if error.left {
            Stage::Unknown
        } else {
            Stage::NotSent
        },
        status: 0,
        failure: error.failure,
    })?;
    let empty = answer.body.iter().all(u8::is_ascii_whitespace);
    let json: Option<Value> = if empty {
        Some(Value::Null)
    } else {
        serde_json::from_slice(&answer.body).ok()
    };
    let status = answer.status;
    // Some platforms answer 200 with an error inside.
    let said = json.as_ref().and_then(|json| read(status, json));
    let trouble = |stage, code, detail: String| Trouble {
        stage,
        status,
        failure: Failure::new(code, clean(detail)).retry_at(answer.retry_at),
    };
    match (status, json, said) {
        (200..=299, Some(json), None) => Ok(Reply {
            status,
            headers: answer.headers,
            json,
        }),
        (429, ..) => Err(trouble(
            Stage::NotSent,
            Code::RateLimited,
            "too many calls".to_owned(),
        )),
        (_, _, Some(said)) if said.again && status < 500 => Err(trouble(
            Stage::NotSent,
            said.code.unwrap_or(Code::ServerError),
            said.message,
        )),
        (200..=499, _, Some(said)) => {
            let code = said.code.unwrap_or(match status {
                401 => Code::TokenExpired,
                403 => Code::MissingRight,
                _ => Code::RefusedByServer,
            });
            Err(trouble(Stage::Refused, code, said.message))
        }
        (200..=299, None, _) => Err(trouble(
            Stage::Unknown,
            Code::GarbageAnswer,
            "the answer is not JSON".to_owned(),
        )),
        (500.., _, said) => Err(trouble(
            Stage::Unknown,
            Code::ServerError,
            said.map(|s| s.message).unwrap_or_default(),
        )),
        // A page of something in between, a redirect: not the platform's word.
        _ => Err(trouble(
            Stage::Unknown,
            Code::GarbageAnswer,
            format!("status {status} in an unknown shape"),
        )),
    }
}

/// What a look among the account's newest posts says about a publication without a key of ours. `seen` are the posts
/// made since shortly before it, if all of them could be read.
pub fn among(
    posts: Result<Vec<crate::RemotePost>, Failure>,
    expected: impl Fn(&crate::RemotePost) -> bool,
) -> Found {
    match posts {
        Err(failure) => failure.cannot_tell(),
        Ok(posts) => match posts.into_iter().find(|post| expected(post)) {
            Some(post) => Found::Same {
                remote_id: post.remote_id,
                url: post.url,
                content_id: post.content_id,
            },
            None => Found::NotSeen,
        },
    }
}

/// SHA-256 over what a post shows, for networks without a digest of their own.
pub fn shown(parts: &[&str]) -> String {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// A text of an answer.
pub fn text<'a>(json: &'a Value, pointer: &str) -> &'a str {
    json.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// An id of an answer, written as text or as a number: short, and without what could lead elsewhere in a path.
pub fn id(json: &Value, pointer: &str) -> Option<String> {
    let id = match json.pointer(pointer)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    is_id(&id).then_some(id)
}

/// Whether a text can stand in a path as an id.
pub fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 256
        && id != "."
        && id != ".."
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-:~".contains(&b))
}

/// An address below a server's: `path` is joined segment by segment, each encoded.
pub fn at(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// The address with a query.
pub fn query(mut url: Url, pairs: &[(&str, &str)]) -> Url {
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(status: u16, body: &str) -> Result<Reply, Trouble> {
        let read: ReadError = |_, json| {
            Some(Said {
                message: json.get("error")?.as_str()?.to_owned(),
                again: json.get("again").is_some(),
                ..Said::default()
            })
        };
        let answer = Answer {
            status,
            retry_at: None,
            wait_until: None,
            location: None,
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        sort(Ok(answer), read, |m| m)
    }

    #[test]
    fn only_the_platforms_own_word_is_a_refusal() {
        let stage = |status, body| sorted(status, body).unwrap_err().stage;
        let own = r#"{"error":"no"}"#;
        assert!(sorted(200, "{}").is_ok() && sorted(204, "").is_ok());
        assert_eq!(stage(400, own), Stage::Refused);
        assert_eq!(stage(200, own), Stage::Refused);
        assert_eq!(stage(400, r#"{"error":"no","again":1}"#), Stage::NotSent);
        assert_eq!(stage(429, ""), Stage::NotSent);
        for (status, body) in [
            (200, "<html>"),
            (302, ""),
            (403, "<html>"),
            (404, ""),
            (500, own),
            (502, "<html>"),
            (503, r#"{"error":"no","again":1}"#),
        ] {
            assert_eq!(stage(status, body), Stage::Unknown, "{status} {body}");
        }
    }

    #[test]
    fn an_id_leads_nowhere_else() {
        assert!(is_id("urn:li:share:7") && is_id("17841_9"));
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "a?b",
            "a#b",
            "a%2fb",
            "é",
            &"1".repeat(257),
        ] {
            assert!(!is_id(bad), "{bad}");
        }
        let base = Url::parse("https://graph.example/v1/").unwrap();
        assert_eq!(
            at(&base, &["a", "b/c?d"]).as_str(),
            "https://graph.example/v1/a/b%2Fc%3Fd"
        );
    }

    #[test]
    fn a_form_with_a_file_is_whole() {
        let file = File {
            field: "file",
            mime: "image/png".into(),
            bytes: Bytes::from_static(b"\x89PNG"),
        };
        let (kind, bytes) = encode(Body::Parts(vec![("description", "é".into())], file)).unwrap();
        assert!(kind.ends_with(BOUNDARY));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(text.contains("name=\"description\"\r\n\r\né\r\n"));
        assert!(text.ends_with(&format!("PNG\r\n--{BOUNDARY}--\r\n")));
    }
}
