//! The first page: what needs me.

use askama::Template;
use axum::response::Response;

use crate::{
    web::{
        error::Error,
        frame::{Frame, Page},
        route::{Route, Who},
    },
    words::Words,
};

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/", Who::SignedIn, home)]
}

#[derive(Template)]
#[template(path = "home/home.html")]
struct Home {
    page: Page,
    w: Words,
}

async fn home(frame: Frame) -> Result<Response, Error> {
    let page = frame.page("home-title");
    crate::web::html(&Home {
        w: page.w.clone(),
        page,
    })
}
