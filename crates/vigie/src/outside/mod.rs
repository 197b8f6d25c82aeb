//! What Vigie called lately, for whoever looks after it: which server, when, with what result. No secret, no query, no
//! body; only as long as this process runs.

use askama::Template;
use axum::response::Response;
use vigie_connect::journal::Called;
use vigie_core::rights::Act;

use crate::web::error::Error;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::{self};
use crate::words::Words;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![Route::get(
        "/outside",
        Who::Member(Act::ProposeChange),
        show,
    )]
}

#[derive(Template)]
#[template(path = "outside/outside.html")]
struct Outside {
    page: Page,
    w: Words,
    calls: Vec<Called>,
}

async fn show(frame: Frame) -> Result<Response, Error> {
    let page = frame.page("outside-title");
    web::html(&Outside {
        w: page.w.clone(),
        page,
        calls: frame.app.http.journal().newest(),
    })
}
