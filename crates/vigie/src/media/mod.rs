//! Pictures: taken in bounded, decoded, turned upright, encoded again. What leaves Vigie is what Vigie encoded: no
//! position, no camera, no hidden rest of the file. What was found in the file is kept beside it, for the check.

pub mod intake;
pub mod ocr;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use vigie_core::content::Digest;
use vigie_core::rights::Act;

use crate::app::App;
use crate::web::error::Error;
use crate::web::route::{Route, Who};

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/media/{sha256}", Who::Member(Act::Read), whole),
        Route::get("/media/{sha256}/small", Who::Member(Act::Read), small),
    ]
}

async fn whole(State(app): State<App>, Path(sha256): Path<String>) -> Result<Response, Error> {
    let digest = Digest::parse(&sha256).ok_or(Error::NotFound)?;
    let mut conn = app.store.read().await?;
    let mime = conn.media(digest).await?.mime;
    Ok(picture(conn.media_bytes(digest).await?, &mime))
}

async fn small(State(app): State<App>, Path(sha256): Path<String>) -> Result<Response, Error> {
    let digest = Digest::parse(&sha256).ok_or(Error::NotFound)?;
    let bytes = app.store.read().await?.media_thumb(digest).await?;
    Ok(picture(bytes, "image/jpeg"))
}

/// A picture that can do nothing but be looked at.
pub fn picture(bytes: Vec<u8>, mime: &str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let mime =
        HeaderValue::from_str(mime).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, mime);
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("inline"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=31536000, immutable"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    response
}
