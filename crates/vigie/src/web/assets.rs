//! The pages' style sheet, scripts, signs and typeface: inside the binary, under addresses that hold their content's
//! hash, so that browsers may keep them for ever.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use super::{
    error::Error,
    route::{Route, Who},
};

/// One file, as built in.
pub(super) struct Asset {
    name: &'static str,
    hash: &'static str,
    mime: &'static str,
    bytes: &'static [u8],
    gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The address of the asset `name` (`vigie.css`, `vendor/icons.svg`).
pub fn url(name: &str) -> String {
    let hash = ASSETS
        .iter()
        .find(|a| a.name == name)
        .map_or("missing", |a| a.hash);
    format!("/assets/{hash}/{name}")
}

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/assets/{hash}/{*name}", Who::Anyone, serve),
        Route::get("/favicon.ico", Who::Anyone, favicon),
    ]
}

async fn serve(
    Path((hash, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let asset = ASSETS
        .iter()
        .find(|a| a.name == name)
        .ok_or(Error::NotFound)?;
    // An old address (a page from before an update) still works, it is only not kept.
    let cache = if asset.hash == hash {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    Ok(answer(asset, cache, &headers))
}

async fn favicon(headers: HeaderMap) -> Result<Response, Error> {
    let asset = ASSETS
        .iter()
        .find(|a| a.name == "favicon.svg")
        .ok_or(Error::NotFound)?;
    Ok(answer(asset, "public, max-age=86400", &headers))
}

fn answer(asset: &'static Asset, cache: &'static str, headers: &HeaderMap) -> Response {
    let accepts = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    // Typefaces are compressed already.
    let gzip =
        asset.mime != "font/woff2" && accepts.split(',').any(|e| e.trim().starts_with("gzip"));
    let mut response = if gzip { asset.gzip } else { asset.bytes }.into_response();
    let h = response.headers_mut();
    h.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.mime));
    h.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    h.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        h.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
