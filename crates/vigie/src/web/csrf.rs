//! Requests that change something must come from our own pages.
//!
//! Browsers say where a request comes from in `Sec-Fetch-Site`; those that do not, say `Origin`. Neither can be set by
//! a script of another site. A request that says nothing and changes something is refused. The API is not concerned:
//! it takes no cookie, and no browser adds a bearer token by itself. Nor are the calls of networks, and of mail programs
//! that stop letters (`/hooks/…`): they are signed, and no cookie counts there.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{error::Error, route::is_api};
use crate::app::App;

/// Refuses cross-site requests that are not plain reads.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let path = request.uri().path();
    if safe
        || is_api(path)
        || path.starts_with("/hooks/")
        || from_here(request.headers(), &app.config.origin())
    {
        next.run(request).await
    } else {
        Error::CrossSite.into_response()
    }
}

/// Whether the headers say that the request comes from a page of `origin`.
pub fn from_here(headers: &HeaderMap, origin: &str) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => headers.get(header::ORIGIN).is_some_and(|o| o == origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_our_own_pages_pass() {
        let cases = [
            (Some("same-origin"), None, true),
            (Some("same-site"), None, false),
            (Some("cross-site"), Some("http://localhost:8420"), false),
            (Some("none"), None, false),
            (None, Some("http://localhost:8420"), true),
            (None, Some("http://localhost:8421"), false),
            (None, Some("null"), false),
            (None, None, false),
        ];
        for (site, origin, expected) in cases {
            let mut h = HeaderMap::new();
            site.map(|s| h.insert("sec-fetch-site", HeaderValue::from_static(s)));
            origin.map(|o| h.insert(header::ORIGIN, HeaderValue::from_static(o)));
            assert_eq!(
                from_here(&h, "http://localhost:8420"),
                expected,
                "{site:?} {origin:?}"
            );
        }
    }
}
