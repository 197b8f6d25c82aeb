//! The frame of all pages and of the API: what surrounds a handler. `dress` shows the layers from the outside in.

pub mod address;
pub mod assets;
pub mod cookie;
pub mod csrf;
pub mod error;
pub mod flash;
pub mod form;
pub mod frame;
pub mod headers;
pub mod idempotent;
pub mod kept;
pub mod language;
pub mod limit;
pub mod look;
pub mod panic;
pub mod route;
pub mod shape;
pub mod unread;
pub mod viewer;

use askama::Template;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse as _, Response},
};
use std::time::Duration;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer,
};

use crate::app::App;
use error::Error;
use flash::Flash;
use route::Route;
use viewer::Operation;

/// How long a request may take in all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The frame's own routes.
pub fn routes() -> Vec<Route> {
    [assets::routes(), look::routes(), shape::routes()]
        .into_iter()
        .flatten()
        .collect()
}

/// Puts the layers around the routes. A request goes through them from the last to the first of this list.
pub fn dress(app: &App, routes: Router<App>) -> Router {
    let with = || app.clone();
    routes
        .fallback(|| async { Error::NotFound })
        .method_not_allowed_fallback(|| async { Error::Method })
        .layer(middleware::from_fn_with_state(with(), csrf::check))
        .layer(middleware::from_fn_with_state(with(), viewer::identify))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIMEOUT,
        ))
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(middleware::from_fn_with_state(with(), shape::errors))
        .layer(CompressionLayer::new().gzip(true))
        .layer(middleware::from_fn_with_state(with(), headers::add))
        .layer(middleware::from_fn(unread::drop_rest))
        .layer(middleware::from_fn_with_state(with(), log))
        .with_state(app.clone())
}

/// Names the request and writes one line when it ends: method, path without query, status, milliseconds.
async fn log(State(app): State<App>, mut request: Request, next: Next) -> Response {
    use tracing::Instrument as _;
    let operation = Operation::new();
    let span = tracing::info_span!("request", id = operation.0);
    request.extensions_mut().insert(operation);
    let (method, path) = (request.method().clone(), logged_path(request.uri().path()));
    let start = std::time::Instant::now();
    async {
        let response = next.run(request).await;
        let took = start.elapsed();
        app.metrics.answered(response.status(), took.as_micros());
        let ms = took.as_millis();
        tracing::debug!(%method, path, status = response.status().as_u16(), ms, "answered");
        response
    }
    .instrument(span)
    .await
}

/// The path for the log. What follows `/invite/` opens an account and must not be written down.
fn logged_path(path: &str) -> String {
    if path.starts_with("/invite/") {
        "/invite/…".to_owned()
    } else if path.starts_with("/chat/bind/") {
        "/chat/bind/…".to_owned()
    } else if path.starts_with("/me/mail/prove/") {
        "/me/mail/prove/…".to_owned()
    } else if path.starts_with("/hooks/mail/stop/") {
        "/hooks/mail/stop/…".to_owned()
    } else if path.starts_with("/fetch/") {
        "/fetch/…".to_owned()
    } else {
        path.to_owned()
    }
}

/// A page, 200.
///
/// # Errors
/// The template fails.
pub fn html(template: &impl Template) -> Result<Response, Error> {
    Ok(Html(template.render()?).into_response())
}

/// A page with another status: 422 for a form with something wrong.
///
/// # Errors
/// The template fails.
pub fn html_with(status: StatusCode, template: &impl Template) -> Result<Response, Error> {
    Ok((status, Html(template.render()?)).into_response())
}

/// "Done, look there": 303 to `path` of this site.
pub fn see_other(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(value) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// "Done, look there", with something to say on arrival.
pub fn done(app: &App, path: &str, flash: &Flash) -> Response {
    let mut response = see_other(path);
    flash::put(app, &mut response, flash);
    response
}

/// Whether an answer is a page (and so shows notices).
pub fn is_page(response: &Response) -> bool {
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    kind.is_some_and(|k| k.starts_with("text/html"))
}

/// `path` of this site, or `/` when it is anything else: never sends people to another host.
pub fn local(path: &str) -> &str {
    let plain = path
        .bytes()
        .all(|b| (0x21..0x7f).contains(&b) && b != b'\\');
    if plain && path.starts_with('/') && !path.starts_with("//") {
        path
    } else {
        "/"
    }
}

/// A text as part of a query.
pub fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_never_sent_to_another_host() {
        for (given, kept) in [
            ("/posts?x=1", "/posts?x=1"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
            ("", "/"),
        ] {
            assert_eq!(local(given), kept);
        }
    }
}
