//! Calls of LinkedIn's interface: tokens, the pages that a person administers, and what its errors mean.

use super::{CONSENT, DECLARATION, LinkedIn, VERSION, address, urn};
use crate::{
    Account, Code, Connected, Failure, Http, Limits, Session,
    oauth::{App, Back},
    rest::{self, Body, ReadError, Request, Said, Stage, Trouble},
    signed::{self, Opens, Signed},
};
use async_trait::async_trait;
use jiff::SignedDuration;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;
use vigie_core::content::Platform;

/// Access lasts 60 days; where it can be renewed, it is this long before its end.
const AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Roles that may post for a page.
const ROLES: [&str; 2] = ["ADMINISTRATOR", "CONTENT_ADMIN"];
/// Pages of roles that are read, and roles in one.
const PAGES: usize = 5;
const PAGE: usize = 100;

/// A call with the headers that every call of this interface carries.
pub fn call(method: Method, url: Url, body: Body) -> Request {
    Request::new(method, url, body)
        .header("linkedin-version", VERSION)
        .header("x-restli-protocol-version", "2.0.0")
}

/// A call that looks something up by other things than its name.
pub fn finder(url: Url) -> Request {
    call(Method::GET, url, Body::None).header("x-restli-method", "FINDER")
}

/// The token endpoint takes the id and the secret of the program in the form.
fn token(app: &App, base: Option<&Url>, fields: Vec<(&'static str, String)>) -> Option<Request> {
    // It lives at another host than the rest.
    let home = address(CONSENT).ok()?.join("/").ok()?;
    let url = urn::at(base.unwrap_or(&home), &["oauth", "v2", "accessToken"]);
    let mut fields = fields;
    fields.push(("client_id", app.id.clone()));
    fields.push(("client_secret", app.secret.expose_secret().to_owned()));
    Some(Request::post(url, Body::Form(fields)).secret())
}

/// The person is back: every page that they may post for.
pub async fn arrive(
    http: &Http,
    app: &App,
    back: &Back<'_>,
    until: Instant,
) -> Result<Vec<Connected>, Failure> {
    let fields = vec![
        ("grant_type", "authorization_code".to_owned()),
        ("code", back.code.expose_secret().to_owned()),
        ("redirect_uri", back.redirect.as_str().to_owned()),
    ];
    let request = token(app, app.api.as_ref(), fields)
        .ok_or_else(|| Failure::new(Code::BadAddress, "not an address"))?;
    let tokens = signed::trade(http, request, DECLARATION.scopes, until).await?;
    let base = match &app.api {
        Some(api) => api.clone(),
        None => address(DECLARATION.default_service)?,
    };
    let mut all = Vec::new();
    for id in pages(http, &base, &tokens.bearer(), until).await? {
        let handle = name(http, &base, &id, &tokens.bearer(), until).await?;
        all.push(Connected {
            account: Account {
                platform: Platform::LinkedIn,
                service: base.as_str().trim_end_matches('/').to_owned(),
                id,
                handle,
                limits: Limits::default(),
            },
            secret: tokens.seal(),
            until: tokens.ends(),
        });
    }
    if all.is_empty() {
        return Err(Failure::new(
            Code::NoPage,
            "no page with the role of an administrator",
        ));
    }
    Ok(all)
}

/// The pages that the person may post for.
async fn pages(
    http: &Http,
    base: &Url,
    bearer: &SecretString,
    until: Instant,
) -> Result<Vec<String>, Trouble> {
    let mut all: Vec<String> = Vec::new();
    for page in 0..PAGES {
        let (start, count) = ((page * PAGE).to_string(), PAGE.to_string());
        let url = rest::query(
            urn::at(base, &["rest", "organizationAcls"]),
            &[
                ("q", "roleAssignee"),
                ("state", "APPROVED"),
                ("start", &start),
                ("count", &count),
            ],
        );
        let answer = rest::send(http, finder(url).bearer(bearer), errors, until).await?;
        let roles = elements(&answer.json)?;
        for role in roles {
            let of = ["/organization", "/organizationTarget"]
                .iter()
                .map(|at| rest::text(role, at))
                .find(|of| urn::is_organization(of));
            let may = ROLES.contains(&rest::text(role, "/role"))
                && rest::text(role, "/state") == "APPROVED";
            if let Some(of) = of.filter(|of| may && !all.iter().any(|have| have == of)) {
                all.push(of.to_owned());
            }
        }
        if roles.len() < PAGE {
            break;
        }
    }
    Ok(all)
}

/// What a list holds.
pub fn elements(answer: &Value) -> Result<&Vec<Value>, Trouble> {
    answer
        .get("elements")
        .and_then(Value::as_array)
        .ok_or_else(|| Trouble::new(Stage::Unknown, Code::GarbageAnswer, "not a list"))
}

/// The name that a page shows.
async fn name(
    http: &Http,
    base: &Url,
    id: &str,
    bearer: &SecretString,
    until: Instant,
) -> Result<String, Trouble> {
    let number = id.rsplit(':').next().unwrap_or_default();
    let url = urn::at(base, &["rest", "organizations", number]);
    let request = call(Method::GET, url, Body::None).bearer(bearer);
    let answer = rest::send(http, request, errors, until).await?;
    let name: String = ["/localizedName", "/vanityName"]
        .iter()
        .map(|at| rest::text(&answer.json, at))
        .find(|name| !name.trim().is_empty())
        .unwrap_or(id)
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect();
    Ok(name)
}

/// Proves the tokens and refreshes the page's name.
pub async fn check(
    linkedin: &LinkedIn,
    session: &mut Session,
    within: Duration,
) -> Result<(), Failure> {
    let mut signed = Signed::open(linkedin, session, within)?;
    Ok(signed.check(AHEAD).await?)
}

#[async_trait]
impl Opens for LinkedIn {
    fn http(&self) -> &Http {
        &self.http
    }

    fn errors(&self) -> ReadError {
        errors
    }

    fn renewal(&self, service: &Url, refresh: &str) -> Option<Request> {
        let app = self.app.as_ref()?;
        let fields = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", refresh.to_owned()),
        ];
        token(app, app.api.as_ref().map(|_| service), fields)
    }

    async fn prove(
        &self,
        account: &Account,
        bearer: &SecretString,
        until: Instant,
    ) -> Result<Option<String>, Trouble> {
        let base = address(&account.service)
            .map_err(|f| Trouble::new(Stage::NotSent, f.code, &f.detail))?;
        let pages = pages(&self.http, &base, bearer, until).await?;
        if !pages.contains(&account.id) {
            return Err(Trouble::new(
                Stage::Refused,
                Code::OtherAccount,
                "the tokens do not open this page",
            ));
        }
        // The name is a courtesy.
        Ok(name(&self.http, &base, &account.id, bearer, until)
            .await
            .ok())
    }
}

/// Reads an error: `status` and `message`, with a `code` or a `serviceErrorCode` for most.
pub fn errors(status: u16, answer: &Value) -> Option<Said> {
    let message = answer.get("message").and_then(Value::as_str);
    let said = answer.get("status").and_then(Value::as_u64);
    let (message, said) = (message.unwrap_or_default(), said?);
    if status < 400 || said != u64::from(status) {
        return None;
    }
    let code = rest::text(answer, "/code");
    let number = answer.get("serviceErrorCode").and_then(Value::as_u64);
    let low = message.to_lowercase();
    let meaning = match (status, code) {
        (426, _) | (_, "NONEXISTENT_VERSION") => Some(Code::VersionEnded),
        (429, _) | (_, "QUOTA_EXCEEDED" | "TOO_MANY_REQUESTS") => Some(Code::RateLimited),
        (401 | 403, _) if low.contains("restricted") || low.contains("suspended") => {
            Some(Code::AccountSuspended)
        }
        // 65600 to 65605: not a token, revoked, ended, …
        (401, _) => Some(Code::TokenExpired),
        (403, _) => Some(Code::MissingRight),
        (404, _) => Some(Code::Gone),
        (400 | 409 | 422, _) if low.contains("duplicate") || code.contains("DUPLICATE") => {
            Some(Code::Duplicate)
        }
        (400 | 422, _) if code == "FIELD_LENGTH_TOO_LONG" || low.contains("too long") => {
            Some(Code::TooLong)
        }
        _ => (number == Some(101)).then_some(Code::RateLimited),
    };
    Some(Said {
        // Nothing was done, and not because of the post: a newer Vigie can send it.
        again: meaning == Some(Code::VersionEnded),
        code: meaning,
        message: message.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_are_told_apart() {
        let error = |status: u16, code: &str, message: &str| json!({ "status": status, "code": code, "message": message });
        let meaning = |status: u16, answer: &Value| errors(status, answer).map(|said| said.code);
        for (status, code, message, expected) in [
            (
                401,
                "EXPIRED_ACCESS_TOKEN",
                "The token used in the request has expired",
                Some(Code::TokenExpired),
            ),
            (
                401,
                "REVOKED_ACCESS_TOKEN",
                "The token used in the request has been revoked by the user",
                Some(Code::TokenExpired),
            ),
            (
                403,
                "ACCESS_DENIED",
                "Not enough permissions to access: posts.CREATE",
                Some(Code::MissingRight),
            ),
            (
                426,
                "NONEXISTENT_VERSION",
                "Requested version 20250101 is not active",
                Some(Code::VersionEnded),
            ),
            (
                422,
                "",
                "Content is a duplicate of urn:li:share:7",
                Some(Code::Duplicate),
            ),
            (404, "NOT_FOUND", "Not found", Some(Code::Gone)),
            (400, "FIELD_LENGTH_TOO_LONG", "x", Some(Code::TooLong)),
            (422, "x", "x", None),
        ] {
            assert_eq!(
                meaning(status, &error(status, code, message)),
                Some(expected),
                "{code} {message}"
            );
        }
        for (status, answer) in [
            (403, json!({ "error": "no" })),
            (403, json!({ "message": "no" })),
            (403, json!({ "status": 200, "message": "no" })),
            (200, json!({ "status": 200, "message": "x" })),
        ] {
            assert_eq!(meaning(status, &answer), None, "{answer}");
        }
    }
}
