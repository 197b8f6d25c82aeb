//! The first page: what needs me, now.

use askama::Template;
use axum::response::Response;
use jiff::SignedDuration;
use vigie_core::post::PostState;
use vigie_store::{CalendarPost, PostFilter, PostLine};

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
/// How far ahead the page looks for what goes out next.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 14);
/// What goes out next, at most.
const NEXT: usize = 5;

#[derive(Template)]
#[template(path = "home/home.html")]
struct Home {
    page: Page,
    w: Words,
    alarms: Vec<AlarmView>,
    reviews: Vec<PostLine>,
    mine: Vec<PostLine>,
    /// In review, and asked of others.
    theirs: Vec<PostLine>,
    /// Approved, in the order in which they go out.
    next: Vec<CalendarPost>,
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
    let in_review = PostFilter {
        states: vec![PostState::InReview],
        ..PostFilter::default()
    };
    let mut theirs = conn.posts(&in_review, None, FEW).await?.lines;
    theirs.retain(|line| reviews.iter().all(|mine| mine.id != line.id));
    let now = frame.app.clock.now();
    let mut next = conn
        .calendar(now, now.checked_add(AHEAD).unwrap_or(now))
        .await?;
    next.retain(|post| post.state == PostState::Approved);
    next.truncate(NEXT);
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
        theirs,
        next,
        changes,
        people,
    })
}
