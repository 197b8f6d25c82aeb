//! Calls of the X API: tokens, who we are, and what its errors mean.

use super::{DECLARATION, X, address, used};
use crate::{
    Account, Code, Failure, Http, Session,
    oauth::{App, Back, Tokens},
    rest::{self, Body, ReadError, Reply, Request, Said, Stage, Trouble},
    signed::{self, Opens, Signed},
};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;

/// Access lasts two hours; it is renewed this long before its end, so that a lost renewal can be met.
const AHEAD: SignedDuration = SignedDuration::from_mins(45);

/// A call of the token endpoint by a confidential client: the id and the secret go into the header.
fn token(app: &App, base: &Url, fields: Vec<(&'static str, String)>) -> Request {
    by_client(app, base, "token", fields)
}

/// The same of another endpoint about tokens.
pub fn by_client(
    app: &App,
    base: &Url,
    endpoint: &str,
    fields: Vec<(&'static str, String)>,
) -> Request {
    let both = format!("{}:{}", app.id, app.secret.expose_secret());
    Request::post(
        rest::at(base, &["2", "oauth2", endpoint]),
        Body::Form(fields),
    )
    .header("authorization", format!("Basic {}", STANDARD.encode(both)))
    .secret()
}

/// The code of a person who is back, for tokens.
pub async fn trade(
    http: &Http,
    app: &App,
    base: &Url,
    back: &Back<'_>,
    until: Instant,
) -> Result<Tokens, Failure> {
    let fields = vec![
        ("grant_type", "authorization_code".to_owned()),
        ("code", back.code.expose_secret().to_owned()),
        ("redirect_uri", back.redirect.as_str().to_owned()),
        ("code_verifier", back.verifier.expose_secret().to_owned()),
    ];
    signed::trade(http, token(app, base, fields), DECLARATION.scopes, until).await
}

/// The account that a token opens: its id and its name.
pub async fn me(
    http: &Http,
    base: &Url,
    bearer: &SecretString,
    until: Instant,
) -> Result<(String, String), Trouble> {
    let url = rest::at(base, &["2", "users", "me"]);
    let answer = rest::send(http, Request::get(url).bearer(bearer), errors, until).await?;
    let id = rest::id(&answer.json, "/data/id").filter(|id| super::post::is_post_id(id));
    let name = rest::text(&answer.json, "/data/username");
    match id {
        Some(id) if is_name(name) => Ok((id, name.to_owned())),
        _ => Err(Trouble::new(
            Stage::Unknown,
            Code::GarbageAnswer,
            "an account without its id or its name",
        )),
    }
}

/// The shape of a name on X.
pub fn is_name(name: &str) -> bool {
    (1..=50).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Proves the tokens and refreshes the account's name.
pub async fn check(x: &X, session: &mut Session, within: Duration) -> Result<(), Failure> {
    let mut signed = Signed::open(x, session, within)?;
    signed.check(AHEAD).await?;
    Ok(())
}

#[async_trait]
impl Opens for X {
    fn http(&self) -> &Http {
        &self.http
    }

    fn errors(&self) -> ReadError {
        errors
    }

    fn count(&self, request: &Request, reply: &Reply) {
        used::count(&self.meter, request, reply);
    }

    fn renewal(&self, service: &Url, refresh: &str) -> Option<Request> {
        let fields = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", refresh.to_owned()),
        ];
        Some(token(self.app.as_ref()?, service, fields))
    }

    async fn prove(
        &self,
        account: &Account,
        bearer: &SecretString,
        until: Instant,
    ) -> Result<Option<String>, Trouble> {
        let base = address(&account.service)
            .map_err(|f| Trouble::new(Stage::NotSent, f.code, &f.detail))?;
        let (id, name) = me(&self.http, &base, bearer, until).await?;
        for what in ["user_read", "call"] {
            self.meter.add(what, 1);
        }
        if id == account.id {
            return Ok(Some(name));
        }
        Err(Trouble::new(
            Stage::Refused,
            Code::OtherAccount,
            "the tokens are for another account",
        ))
    }
}

/// Reads an error: a problem (`title`, `detail`, `type`), alone or as the first of `errors`, or the older form with a
/// code and a message. An answer with `data` is a success, even a partial one.
pub fn errors(status: u16, answer: &Value) -> Option<Said> {
    if status < 400 && (answer.get("data").is_some() || answer.get("meta").is_some()) {
        return None;
    }
    let problem = match answer.get("errors").and_then(Value::as_array) {
        // The title of the whole says less than the first of its errors.
        Some(all) => all.first().filter(|first| first.is_object())?,
        None => answer,
    };
    let text = |key: &str| problem.get(key).and_then(Value::as_str).unwrap_or_default();
    let (kind, title) = (text("type"), text("title"));
    let words = [text("detail"), text("message"), title]
        .into_iter()
        .find(|words| !words.is_empty())?;
    if kind.is_empty() && title.is_empty() && text("message").is_empty() {
        return None;
    }
    Some(Said {
        code: meaning(status, kind.rsplit('/').next().unwrap_or_default(), words),
        // Nothing was done, and not because of the post.
        again: status == 402 || kind.ends_with("/credits") || kind.ends_with("/usage-capped"),
        message: words.to_owned(),
    })
}

fn meaning(status: u16, kind: &str, words: &str) -> Option<Code> {
    let low = words.to_lowercase();
    let says = |part: &str| low.contains(part);
    Some(match (status, kind) {
        (402, _) | (_, "credits") => Code::Unpaid,
        (_, "usage-capped" | "rate-limit-exceeded") => Code::RateLimited,
        (401 | 403, _) if says("suspended") || says("locked") => Code::AccountSuspended,
        (401, _) => Code::TokenExpired,
        (_, "resource-not-found") | (404, _) => Code::Gone,
        (_, "client-forbidden" | "unsupported-authentication") => Code::MissingRight,
        (_, kind) if kind.ends_with("-permissions") || kind.ends_with("-scope") => {
            Code::MissingRight
        }
        (403, _) if says("duplicate content") || says("duplicate of") => Code::Duplicate,
        (403, _) if says("deleted or not visible") => Code::Gone,
        (400 | 403, _) if says("too long") => Code::TooLong,
        (400, _) if says("media id") || says("media_ids") => Code::MediaFailed,
        // What a token without the scope gets: no reason at all.
        (403, _) if low == "forbidden" => Code::MissingRight,
        (403, _) => Code::RefusedByServer,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(status: u16, answer: &Value) -> Option<Option<Code>> {
        errors(status, answer).map(|said| said.code)
    }

    #[test]
    fn errors_are_told_apart() {
        let problem =
            |kind: &str, detail: &str| json!({ "type": kind, "title": "T", "detail": detail });
        let blank = "about:blank";
        for (status, answer, expected) in [
            (401, problem(blank, "Unauthorized"), Code::TokenExpired),
            (403, problem(blank, "Forbidden"), Code::MissingRight),
            (
                403,
                problem(blank, "Your account is suspended and …"),
                Code::AccountSuspended,
            ),
            (
                403,
                problem(
                    blank,
                    "You are not allowed to create a Tweet with duplicate content.",
                ),
                Code::Duplicate,
            ),
            (
                403,
                problem(
                    blank,
                    "You attempted to reply to a Tweet that is deleted or not visible to you.",
                ),
                Code::Gone,
            ),
            (
                403,
                problem(blank, "You are not permitted to perform this action."),
                Code::RefusedByServer,
            ),
            (
                403,
                problem("https://api.twitter.com/2/problems/oauth1-permissions", "x"),
                Code::MissingRight,
            ),
            (
                402,
                problem("https://api.twitter.com/2/problems/credits", "x"),
                Code::Unpaid,
            ),
            (
                200,
                json!({ "errors": [problem("https://api.x.com/2/problems/resource-not-found", "x")] }),
                Code::Gone,
            ),
            (
                401,
                json!({ "errors": [{ "code": 89, "message": "Invalid or expired token." }] }),
                Code::TokenExpired,
            ),
        ] {
            assert_eq!(code(status, &answer), Some(Some(expected)), "{answer}");
        }
        assert_eq!(code(400, &problem(blank, "x")), Some(None));
        // Not its errors: a page of something in between, a partial success, another shape.
        for (status, answer) in [
            (403, json!({ "error": "no" })),
            (403, json!({ "errors": [] })),
            (403, json!({ "errors": "no" })),
            (403, json!("Forbidden")),
            (403, json!({ "detail": "x" })),
            (200, json!({ "data": [], "errors": [problem(blank, "x")] })),
            (200, json!({ "meta": { "result_count": 0 } })),
        ] {
            assert_eq!(code(status, &answer), None, "{answer}");
        }
    }
}
