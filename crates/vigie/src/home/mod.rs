//! The first page: what needs me, now.

use askama::Template;
use axum::response::Response;
use vigie_core::post::PostState;
use vigie_store::{PostFilter, PostLine};

use crate::alarm::{self, AlarmView};
use crate::post::view::People;
use crate::web::{
    error::Error,
    frame::{Frame, Page},
    route::{Route, Who},
    viewer::Signed,
};
use crate::words::Words;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/", Who::SignedIn, home)]
}

/// Lines of a list on this page; the rest is behind its link.
const FEW: u32 = 8;

#[derive(Template)]
#[template(path = "home/home.html")]
struct Home {
    page: Page,
    w: Words,
    alarms: Vec<AlarmView>,
    reviews: Vec<PostLine>,
    mine: Vec<PostLine>,
    changes: usize,
    people: People,
}

impl Home {
    fn calm(&self) -> bool {
        self.alarms.is_empty()
            && self.reviews.is_empty()
            && self.mine.is_empty()
            && self.changes == 0
    }
}

async fn home(frame: Frame, me: Signed) -> Result<Response, Error> {
    let mut conn = frame.app.store.read().await?;
    let alarms = alarm::open(&mut conn).await?;
    let to_review = PostFilter {
        assigned: Some(me.id),
        states: vec![PostState::InReview],
        ..PostFilter::default()
    };
    let open = vec![PostState::Draft, PostState::ChangesRequested];
    let to_write = PostFilter {
        author: Some(me.id),
        states: open,
        ..PostFilter::default()
    };
    let reviews = conn.posts(&to_review, None, FEW).await?.lines;
    let mine = conn.posts(&to_write, None, FEW).await?.lines;
    let changes = conn
        .changes_open()
        .await?
        .iter()
        .filter(|c| c.change.waits_for(me.id))
        .count();
    let people = People::new(conn.members().await?);
    let page = frame.page("home-title");
    crate::web::html(&Home {
        w: page.w.clone(),
        page,
        alarms,
        reviews,
        mine,
        changes,
        people,
    })
}
