//! Pictures for networks that fetch them (Instagram, Threads): at a signed address, for an hour, made when a post is
//! on its way out.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use url::Url;
use vigie_connect::hook::mac_with;
use vigie_connect::{MediaWay, Payload};
use vigie_core::content::{Digest, Platform};

use crate::app::App;
use crate::web::error::Error;
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};

/// How long an address works. Networks fetch within minutes.
const LASTS: SignedDuration = SignedDuration::from_hours(1);

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/fetch/{sha256}/{until}/{signature}", Who::Anyone, picture).rate(Rate::COSTLY)]
}

/// Gives the pictures of a payload addresses, where its network fetches them and can reach this Vigie.
pub fn address(app: &App, platform: Platform, payload: &mut Payload, pictures: &[Digest]) {
    let way = app.connectors.of(platform).describe().media;
    if way != MediaWay::Fetched || !reachable(app) {
        return;
    }
    let until = app.clock.now().checked_add(LASTS).unwrap_or(Timestamp::MAX);
    for (picture, sha256) in payload.pictures.iter_mut().zip(pictures) {
        let path = format!(
            "/fetch/{sha256}/{}/{}",
            until.as_second(),
            signature(app, sha256, until.as_second())
        );
        picture.address = Url::parse(&app.config.link(&path)).ok();
    }
}

/// Networks fetch over https only; a host that the operator allows is a test's.
pub fn reachable(app: &App) -> bool {
    app.config.https() || !app.config.allowed_private.is_empty()
}

fn signature(app: &App, sha256: &Digest, until: i64) -> String {
    let signed = format!("vigie-fetch\n{sha256}\n{until}");
    URL_SAFE_NO_PAD.encode(mac_with(app.keys.link.expose_secret(), signed.as_bytes()))
}

async fn picture(
    State(app): State<App>,
    Path((sha256, until, given)): Path<(String, i64, String)>,
) -> Result<Response, Error> {
    let sha256 = Digest::parse(&sha256).ok_or(Error::NotFound)?;
    let right = signature(&app, &sha256, until);
    let same: bool = subtle::ConstantTimeEq::ct_eq(right.as_bytes(), given.as_bytes()).into();
    if !same || app.clock.now().as_second() > until {
        return Err(Error::NotFound);
    }
    let mut conn = app.store.read().await?;
    let row = conn.media(sha256).await?;
    let bytes = conn.media_bytes(sha256).await?;
    let kind = HeaderValue::from_str(&row.mime).map_err(|e| Error::Internal(e.into()))?;
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    Ok(response)
}
