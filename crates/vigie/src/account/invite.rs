//! An invitation's link: a colleague becomes a member. The link works once, for seven days; its secret is nowhere kept.

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use vigie_core::audit::leaf::AuditActor;
use vigie_store::Invite;

use super::enrol::{self, Begun};
use super::session;
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};
use crate::web::{self};
use crate::words::Words;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/invite/{secret}", Who::SignedOut, show).rate(Rate::GUESS),
        Route::post("/invite/{secret}", Who::SignedOut, first).rate(Rate::GUESS),
        Route::post("/invite/{secret}/authenticator", Who::SignedOut, second).rate(Rate::GUESS),
    ]
}

#[derive(Template)]
#[template(path = "account/invite.html")]
struct Accept {
    page: Page,
    w: Words,
    form: Form,
    secret: String,
    organisation: String,
    by: String,
}

async fn find(frame: &Frame, secret: &str) -> Result<Invite, Error> {
    let now = frame.app.clock.now();
    let found = frame
        .app
        .store
        .read()
        .await?
        .invite_by_hash(&session::hash(secret), now)
        .await?;
    found.ok_or_else(|| Error::refused("invite-over"))
}

async fn view(frame: &Frame, secret: String, invite: &Invite, form: Form) -> Result<Accept, Error> {
    let mut conn = frame.app.store.read().await?;
    let by = conn.member(invite.created_by).await?.name;
    let organisation = conn
        .organisation()
        .await?
        .map(|o| o.name)
        .unwrap_or_default();
    let page = frame.page("invite-title");
    Ok(Accept {
        w: page.w.clone(),
        page,
        form,
        secret,
        organisation,
        by,
    })
}

async fn show(frame: Frame, Path(secret): Path<String>) -> Result<Response, Error> {
    let invite = find(&frame, &secret).await?;
    let form = Form::new().with("name", invite.for_name.clone());
    web::html(&view(&frame, secret, &invite, form).await?)
}

async fn first(
    frame: Frame,
    Path(secret): Path<String>,
    mut form: Form,
) -> Result<Response, Error> {
    let invite = find(&frame, &secret).await?;
    let company = frame.app.store.read().await?.organisation().await?;
    let more = company.map(|o| o.name).into_iter().collect();
    match enrol::begin(&frame.app, &mut form, more).await? {
        None => web::html_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &view(&frame, secret, &invite, form).await?,
        ),
        Some(begun) => enrol::authenticator(
            &frame,
            &begun,
            &format!("/invite/{secret}/authenticator"),
            Form::new(),
        ),
    }
}

async fn second(
    frame: Frame,
    Path(secret): Path<String>,
    headers: HeaderMap,
    mut form: Form,
) -> Result<Response, Error> {
    let invite = find(&frame, &secret).await?;
    let now = frame.app.clock.now();
    let begun = Begun::open(&frame.app, form.value("begun"))
        .ok_or_else(|| Error::input("enrol-too-old"))?;
    let Some(step) = begun.step(form.value("code"), now) else {
        form.wrong_key("code", "sign-in-code-wrong");
        return enrol::authenticator(
            &frame,
            &begun,
            &format!("/invite/{secret}/authenticator"),
            form,
        );
    };
    let mut member = begun.member(frame.viewer.lang);
    member.role = invite.role;
    member.reviewer = invite.reviewer;
    member.skills = invite.skills;
    let mut tx = frame.app.store.begin().await?;
    let codes = begun.write(&frame.app, &mut tx, &member, step, now).await?;
    tx.take_invite(&session::hash(&secret), member.id, now)
        .await?;
    let actor = AuditActor::Member { member: member.id };
    let detail: vigie_store::Detail<'_> = &[("invite", &invite.id), ("role", &invite.role)];
    tx.audit(
        now,
        actor,
        "member.join",
        &format!("member/{}", member.id),
        detail,
    )
    .await?;
    enrol::welcome(&frame, tx, member.id, &headers, codes).await
}
