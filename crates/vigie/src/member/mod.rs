//! The directory: who is here, who may do what, and how that changes.

pub mod api;
pub mod cli;

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;
use vigie_core::change::ChangeKind;
use vigie_core::id::{InviteId, MemberId};
use vigie_core::member::{Role, Skill};
use vigie_core::rights::Act;
use vigie_store::{Invite, Member};

use crate::change::apply::{self, Done};
use crate::change::page::invited;
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
    let propose = Who::Member(Act::ProposeChange);
    vec![
        Route::get("/members", Who::Member(Act::Read), show),
        Route::post("/members/invite", propose, invite),
        Route::post("/members/{id}/role", propose, role),
        Route::post("/members/{id}/disable", propose, disable),
    ]
}

#[derive(Template)]
#[template(path = "member/members.html")]
struct Members {
    page: Page,
    w: Words,
    members: Vec<Member>,
    roles: &'static [Role],
    skills: &'static [Skill],
    form: Form,
    may: bool,
}

async fn view(frame: &Frame, me: &Signed, form: Form) -> Result<Members, Error> {
    let members = frame.app.store.read().await?.members().await?;
    let page = frame.page("members-title");
    Ok(Members {
        w: page.w.clone(),
        page,
        members,
        roles: Role::ALL,
        skills: Skill::ALL,
        form,
        may: me.may(Act::ProposeChange),
    })
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    web::html(
        &view(
            &frame,
            &me,
            Form::new().with("role", "writer").with("reviewer", "yes"),
        )
        .await?,
    )
}

/// Role, review and skills, as a form says them.
fn wanted(form: &Form) -> (Role, bool, BTreeSet<Skill>) {
    let role = Role::parse(form.trimmed("role")).unwrap_or(Role::Reader);
    (
        role,
        form.has("reviewer"),
        form.all("skill").filter_map(Skill::parse).collect(),
    )
}

async fn invite(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    let for_name = form.required("name", 100);
    if !form.ok() {
        return web::html_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &view(&frame, &me, form).await?,
        );
    }
    let (role, reviewer, skills) = wanted(&form);
    let id = InviteId::new(Uuid::now_v7());
    let mut tx = frame.app.store.begin().await?;
    tx.create_invite(&Invite {
        id,
        created_by: me.id,
        for_name,
        role,
        reviewer,
        skills: skills.clone(),
        created_at: now,
        expires_at: None,
        used_at: None,
        used_by: None,
        revoked_at: None,
    })
    .await?;
    let kind = ChangeKind::InviteMember {
        invite: id,
        role,
        reviewer,
        skills,
    };
    let done = apply::prepare(&mut tx, me.id, kind, now).await?;
    tx.commit().await?;
    match done {
        Done::Happened {
            invitation: Some(secret),
        } => invited(&frame, &secret),
        _ => Ok(web::done(
            &frame.app,
            "/changes",
            &Flash::good("change-asked"),
        )),
    }
}

async fn role(
    frame: Frame,
    me: Signed,
    Path(member): Path<MemberId>,
    form: Form,
) -> Result<Response, Error> {
    let (role, reviewer, skills) = wanted(&form);
    propose(
        &frame,
        &me,
        ChangeKind::ChangeRole {
            member,
            role,
            reviewer,
            skills,
        },
    )
    .await
}

async fn disable(
    frame: Frame,
    me: Signed,
    Path(member): Path<MemberId>,
) -> Result<Response, Error> {
    propose(&frame, &me, ChangeKind::DisableMember { member }).await
}

/// Prepares a change and says that it waits.
///
/// # Errors
/// Database.
pub async fn propose(frame: &Frame, me: &Signed, kind: ChangeKind) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    let mut tx = frame.app.store.begin().await?;
    if let Some(member) = kind.about() {
        tx.member(member).await?;
    }
    apply::prepare(&mut tx, me.id, kind, now).await?;
    tx.commit().await?;
    Ok(web::done(
        &frame.app,
        "/changes",
        &Flash::good("change-asked"),
    ))
}
