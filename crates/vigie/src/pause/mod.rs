//! Pause all: one click by anyone stops every publication before the next one starts; two people start them again.

pub mod api;
pub mod cli;

use axum::response::Response;
use jiff::Timestamp;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::id::MemberId;
use vigie_core::pause::{Pause, PauseRefusal};
use vigie_core::rights::Act;
use vigie_store::Tx;

use askama::Template;

use crate::app::App;
use crate::publication::worker;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/pause", Who::Member(Act::Read), show),
        Route::post("/pause", Who::Member(Act::Pause), pause),
        Route::post("/pause/resume", Who::Member(Act::Resume), ask),
        Route::post("/pause/confirm", Who::Member(Act::Resume), confirm),
        Route::post("/pause/keep", Who::Member(Act::Resume), keep),
    ]
}

/// The key of a refusal's words.
const fn key(refusal: PauseRefusal) -> &'static str {
    match refusal {
        PauseRefusal::AlreadyPaused => "pause-refused-already",
        PauseRefusal::NotPaused => "pause-refused-not",
        PauseRefusal::NotAsked => "pause-refused-not-asked",
        PauseRefusal::SamePerson => "pause-refused-same-person",
    }
}

impl From<PauseRefusal> for Error {
    fn from(refusal: PauseRefusal) -> Self {
        Self::refused(key(refusal))
    }
}

async fn change(
    app: &App,
    actor: AuditActor,
    act: &str,
    next: impl Fn(&Pause, Timestamp) -> Result<Pause, PauseRefusal>,
) -> Result<(Tx, Timestamp), Error> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let row = tx.pause().await?;
    let pause = next(&row.pause, now)?;
    tx.pause_set(row.version, &pause).await?;
    if matches!(pause, Pause::Running) {
        // What became due meanwhile goes back to its author: nothing bursts out.
        let missed = tx.publications_lapse_missed(now).await?;
        worker::give_back(app, &mut tx, &missed, now)
            .await
            .map_err(Error::Internal)?;
    }
    tx.audit(now, actor, act, "pause", &[]).await?;
    Ok((tx, now))
}

/// Stops everything. Also for the API.
///
/// # Errors
/// Already paused; database.
pub async fn stop(app: &App, by: MemberId, actor: AuditActor, reason: &str) -> Result<(), Error> {
    let reason: String = reason.trim().chars().take(500).collect();
    let (tx, _) = change(app, actor, "pause.stop", |pause, now| {
        pause.pause(by, reason.clone(), now)
    })
    .await?;
    tx.commit().await?;
    Ok(())
}

#[derive(Template)]
#[template(path = "pause/pause.html")]
struct View {
    page: Page,
    w: Words,
    paused: bool,
    asked: bool,
    asked_by_me: bool,
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    let pause = frame.app.store.read().await?.pause().await?.pause;
    let asked = match &pause {
        Pause::Paused {
            resume: Some(resume),
            ..
        } => Some(resume.by),
        _ => None,
    };
    let page = frame.page("pause-title");
    web::html(&View {
        w: page.w.clone(),
        page,
        paused: pause.is_paused(),
        asked: asked.is_some(),
        asked_by_me: asked == Some(me.id),
    })
}

async fn pause(frame: Frame, me: Signed, form: Form) -> Result<Response, Error> {
    stop(
        &frame.app,
        me.id,
        AuditActor::Member { member: me.id },
        form.value("reason"),
    )
    .await?;
    Ok(web::done(&frame.app, "/pause", &Flash::good("pause-done")))
}

async fn ask(frame: Frame, me: Signed) -> Result<Response, Error> {
    let actor = AuditActor::Member { member: me.id };
    let (tx, _) = change(&frame.app, actor, "pause.ask_resume", |pause, now| {
        pause.ask_resume(me.id, now)
    })
    .await?;
    tx.commit().await?;
    Ok(web::done(
        &frame.app,
        "/pause",
        &Flash::good("pause-resume-waits"),
    ))
}

async fn confirm(frame: Frame, me: Signed) -> Result<Response, Error> {
    let actor = AuditActor::Member { member: me.id };
    let (tx, _) = change(&frame.app, actor, "pause.resume", |pause, _| {
        pause.confirm_resume(me.id)
    })
    .await?;
    tx.commit().await?;
    frame.app.wake.notify_one();
    Ok(web::done(&frame.app, "/", &Flash::good("pause-resumed")))
}

async fn keep(frame: Frame, me: Signed) -> Result<Response, Error> {
    let actor = AuditActor::Member { member: me.id };
    let (tx, _) = change(&frame.app, actor, "pause.keep", |pause, _| pause.keep()).await?;
    tx.commit().await?;
    Ok(web::done(&frame.app, "/pause", &Flash::good("pause-kept")))
}
