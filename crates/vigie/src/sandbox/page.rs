//! The sandbox's public pages: what a visitor of a real network would see.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use vigie_core::content::Digest;
use vigie_store::{SandboxAccount, SandboxPost};

use crate::media::picture;
use crate::web::error::Error;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::{self};
use crate::words::{Said, Words};

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/sandbox/{handle}", Who::Anyone, show),
        Route::get("/sandbox/{handle}/{key}/{sha256}", Who::Anyone, image),
    ]
}

#[derive(Template)]
#[template(path = "sandbox/sandbox.html")]
struct View {
    page: Page,
    w: Words,
    account: SandboxAccount,
    posts: Vec<SandboxPost>,
}

async fn show(frame: Frame, Path(handle): Path<String>) -> Result<Response, Error> {
    let mut conn = frame.app.store.read().await?;
    let account = conn
        .sandbox_account_by_handle(&handle)
        .await?
        .ok_or(Error::NotFound)?;
    let posts = conn.sandbox_posts(&account.account, None, 50).await?;
    let page = frame.page_said(&Said::new("sandbox-title").with("name", account.display.clone()));
    web::html(&View {
        w: page.w.clone(),
        page,
        account,
        posts,
    })
}

/// A picture of a post that is on the page, and of no other.
async fn image(
    frame: Frame,
    Path((handle, key, sha256)): Path<(String, String, String)>,
) -> Result<Response, Error> {
    let digest = Digest::parse(&sha256).ok_or(Error::NotFound)?;
    let mut conn = frame.app.store.read().await?;
    let account = conn
        .sandbox_account_by_handle(&handle)
        .await?
        .ok_or(Error::NotFound)?;
    let post = conn
        .sandbox_post(&account.account, &key)
        .await?
        .ok_or(Error::NotFound)?;
    let media = post
        .body
        .media
        .iter()
        .find(|m| m.sha256 == digest)
        .ok_or(Error::NotFound)?;
    Ok(picture(conn.media_bytes(digest).await?, &media.mime))
}
