//! The shape of errors: for people a page that says what happened, what was kept and how to mend it; for programs
//! problem details (RFC 9457).

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse as _, Response},
};
use serde::Serialize;
use vigie_core::member::Lang;

use super::{
    assets, cookie,
    error::{Error, Problem},
    kept::{Kept, Slot},
    language,
    route::{Route, Who, is_api},
    viewer::{Operation, Theme, Viewer},
};
use crate::{app::App, words::Words};

/// The routes of this room: each problem `type` of the API leads to a page that explains it.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/problems/{kind}", Who::Anyone, explain)]
}

/// Seconds after which a program may ask again when the server cannot tell.
const RETRY: u64 = 10;

/// The stable names of problems, as in `/problems/NAME`.
pub const KINDS: [&str; 20] = [
    "sign-in",
    "step-up",
    "token",
    "scope",
    "forbidden",
    "cross-site",
    "not-found",
    "method",
    "input",
    "refused",
    "conflict",
    "too-large",
    "too-many",
    "timeout",
    "storage-full",
    "storage-readonly",
    "storage-busy",
    "storage-away",
    "storage-damaged",
    "internal",
];

async fn explain(Path(kind): Path<String>, viewer: Viewer) -> Result<Response, Error> {
    let kind = KINDS.iter().find(|k| **k == kind).ok_or(Error::NotFound)?;
    let problem = Problem {
        kind,
        status: StatusCode::OK,
        detail: None,
        wait: None,
        retry: None,
    };
    let shape = Shape {
        w: Words::new(viewer.lang),
        theme: viewer.theme,
        operation: viewer.operation,
        path: viewer.path,
        problem,
        kept: None,
    };
    Ok(shape.page())
}

/// Gives every error answer its shape, also those that a library made.
pub async fn errors(State(_): State<App>, mut request: Request, next: Next) -> Response {
    let api = is_api(request.uri().path());
    let asked = language::of(request.headers());
    let theme = cookie::read(request.headers(), "theme")
        .map(Theme::parse)
        .unwrap_or_default();
    let operation = request
        .extensions()
        .get::<Operation>()
        .cloned()
        .unwrap_or_default();
    let path = request.uri().path().to_owned();
    let slot = Slot::default();
    request.extensions_mut().insert(slot.clone());
    let response = next.run(request).await;
    let Some(problem) = problem_of(&response) else {
        return response;
    };
    let lang = response
        .extensions()
        .get::<Lang>()
        .copied()
        .unwrap_or(asked);
    let shape = Shape {
        w: Words::new(lang),
        theme,
        operation,
        path,
        problem,
        kept: slot.words(),
    };
    shape.put(response, api)
}

/// The problem of an answer; `None` for answers that are fine, or that are shaped already.
fn problem_of(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let status = response.status();
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let shaped = kind.starts_with("text/html") || kind.contains("json");
    if !(status.is_client_error() || status.is_server_error()) || shaped {
        return None;
    }
    let kind = match status {
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::METHOD_NOT_ALLOWED => "method",
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => "timeout",
        s if s.is_client_error() => "input",
        _ => "internal",
    };
    Some(Problem {
        kind,
        status,
        detail: None,
        wait: None,
        retry: (kind == "timeout").then_some(RETRY),
    })
}

struct Shape {
    w: Words,
    theme: Theme,
    operation: Operation,
    path: String,
    problem: Problem,
    kept: Option<Kept>,
}

/// Problem details, as programs read them.
#[derive(Serialize)]
struct Details {
    r#type: String,
    title: String,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    instance: String,
    operation: String,
}

#[derive(Template)]
#[template(path = "web/error.html")]
struct ErrorPage<'a> {
    w: &'a Words,
    theme: &'static str,
    css: String,
    kind: &'static str,
    detail: Option<String>,
    wait: Option<u64>,
    operation: &'a str,
    kept: Option<&'a Kept>,
    /// Where the form was sent to.
    path: &'a str,
}

impl Shape {
    fn put(self, response: Response, api: bool) -> Response {
        let (mut parts, _) = response.into_parts();
        // Somebody who must sign in first is sent there, unless they would leave behind what they typed.
        let stays = self.problem.kind == "sign-in" && self.kept.is_some();
        if !api && !stays && parts.headers.contains_key(header::LOCATION) {
            parts.status = StatusCode::SEE_OTHER;
            return Response::from_parts(parts, axum::body::Body::empty());
        }
        parts.headers.remove(header::LOCATION);
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::CONTENT_TYPE);
        let mut shaped = if api { self.details() } else { self.page() };
        *shaped.status_mut() = parts.status;
        for (name, value) in &parts.headers {
            shaped.headers_mut().append(name, value.clone());
        }
        if let Some(wait) = self.problem.retry.or(self.problem.wait) {
            shaped
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        if api && parts.status == StatusCode::UNAUTHORIZED {
            shaped
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        shaped
    }

    fn details(&self) -> Response {
        let details = Details {
            r#type: format!("/problems/{}", self.problem.kind),
            title: self.w.t(format!("error-{}-title", self.problem.kind)),
            status: self.problem.status.as_u16(),
            detail: self.problem.detail.as_ref().map(|d| self.w.say(d)),
            instance: self.path.clone(),
            operation: self.operation.0.clone(),
        };
        let mut response = axum::Json(details).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
    }

    fn page(&self) -> Response {
        let page = ErrorPage {
            w: &self.w,
            theme: self.theme.as_str(),
            css: assets::url("vigie.css"),
            kind: self.problem.kind,
            detail: self.problem.detail.as_ref().map(|d| self.w.say(d)),
            wait: self.problem.wait,
            operation: &self.operation.0,
            kept: self.kept.as_ref(),
            path: &self.path,
        };
        // The page about a failure must not fail: without the template, the bare title stands.
        let html = page
            .render()
            .unwrap_or_else(|_| self.w.t(format!("error-{}-title", self.problem.kind)));
        Html(html).into_response()
    }
}
