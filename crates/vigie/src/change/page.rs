//! What waits for a second person.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use vigie_core::change::ChangeKind;
use vigie_core::id::ChangeId;
use vigie_core::member::{Role, Skill};
use vigie_core::rights::Act;
use vigie_store::{ChangeRow, Conn};

use super::apply::{self, Done};
use crate::channel::place;
use crate::post::view::People;
use crate::rules::steps;
use crate::settings::Wanted;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// Settled changes shown; the log has them all.
const PAST: u32 = 20;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    let who = Who::Member(Act::ConfirmChange);
    vec![
        Route::get("/changes", who, show),
        Route::post("/changes/{id}/confirm", who, confirm),
        Route::post("/changes/{id}/refuse", who, refuse),
        Route::post("/changes/{id}/cancel", who, cancel),
    ]
}

struct Line {
    row: ChangeRow,
    what: Vec<String>,
    mine: bool,
    about_me: bool,
}

#[derive(Template)]
#[template(path = "change/changes.html")]
struct Changes {
    page: Page,
    w: Words,
    open: Vec<Line>,
    past: Vec<ChangeRow>,
    people: People,
}

impl Changes {
    /// Who answered a change.
    fn answered(&self, row: &ChangeRow) -> String {
        row.settled_by
            .map(|id| self.people.name(&id).to_owned())
            .unwrap_or_default()
    }
}

/// What a change would do, line by line, for the person who confirms it: everything that will be in force is said.
async fn what(
    conn: &mut Conn,
    people: &People,
    w: &Words,
    kind: &ChangeKind,
) -> Result<Vec<String>, Error> {
    Ok(match kind {
        ChangeKind::ConnectChannel {
            platform, handle, ..
        } => vec![format!("{} · {handle}", platform.name())],
        ChangeKind::DisconnectChannel { channel } => {
            let row = conn.channel(*channel).await?;
            vec![format!("{} · {}", row.display, place(&row))]
        }
        ChangeKind::OpenRoom { name, place, .. } => vec![name.clone(), place.clone()],
        ChangeKind::SetUpMail { place, .. } => vec![place.clone()],
        ChangeKind::ChangeRole {
            member,
            role,
            reviewer,
            skills,
        } => vec![
            people.name(member).to_owned(),
            rights(w, *role, *reviewer, skills),
        ],
        ChangeKind::ChangeWorkflow { settings } => match conn.organisation().await? {
            Some(org) => {
                let wanted = Wanted::read(settings)?;
                let mut lines = wanted.lines(w, &org);
                if wanted.require_passkey_seal == Some(true) {
                    lines.extend(cannot_seal(conn, people, w).await?);
                }
                lines
            }
            None => Vec::new(),
        },
        ChangeKind::ChangeRules { step } => steps::said(w, &conn.rule_book().await?.book, step),
        ChangeKind::InviteMember {
            invite,
            role,
            reviewer,
            skills,
        } => vec![
            conn.invite(*invite).await?.for_name,
            rights(w, *role, *reviewer, skills),
        ],
        ChangeKind::DisableMember { member } => vec![people.name(member).to_owned()],
    })
}

/// Who could no longer approve once approvals must be sealed.
async fn cannot_seal(conn: &mut Conn, people: &People, w: &Words) -> Result<Option<String>, Error> {
    let crew = apply::crew(conn).await?;
    let without: Vec<_> = crew.iter().filter(|m| m.reviewer && !m.seals).collect();
    Ok((!without.is_empty()).then(|| {
        w.t1(
            "change-cannot-seal",
            "names",
            people.names(without.iter().map(|m| &m.id)),
        )
    }))
}

/// A role, whether it reviews, and its skills.
fn rights(w: &Words, role: Role, reviewer: bool, skills: &BTreeSet<Skill>) -> String {
    let mut parts = vec![w.t(format!("role-{role}"))];
    parts.push(w.t(if reviewer {
        "members-reviews"
    } else {
        "changes-no-review"
    }));
    parts.extend(skills.iter().map(|skill| w.t(format!("skill-{skill}"))));
    parts.join(" · ")
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    let mut conn = frame.app.store.read().await?;
    let people = People::new(conn.members().await?);
    let rows = conn.changes_open().await?;
    let w = frame.words();
    let mut open = Vec::new();
    for row in rows {
        let what = what(&mut conn, &people, &w, &row.change.kind).await?;
        let (mine, about_me) = (
            row.change.by == me.id,
            row.change.kind.about() == Some(me.id),
        );
        open.push(Line {
            row,
            what,
            mine,
            about_me,
        });
    }
    let past = conn.changes_settled(PAST).await?;
    web::html(&Changes {
        page: frame.page("changes-title"),
        w,
        open,
        past,
        people,
    })
}

#[derive(Template)]
#[template(path = "change/invited.html")]
struct Invited {
    page: Page,
    w: Words,
    link: String,
}

/// The page that shows an invitation's link, once.
///
/// # Errors
/// Template.
pub fn invited(frame: &Frame, secret: &str) -> Result<Response, Error> {
    let page = frame.page("invited-title");
    let link = frame.app.config.link(&format!("/invite/{secret}"));
    web::html(&Invited {
        w: page.w.clone(),
        page,
        link: link.to_string(),
    })
}

async fn confirm(frame: Frame, me: Signed, Path(id): Path<ChangeId>) -> Result<Response, Error> {
    match apply::confirm(&frame.app, me.id, id).await? {
        Done::Happened {
            invitation: Some(secret),
        } => invited(&frame, &secret),
        _ => Ok(web::done(
            &frame.app,
            "/changes",
            &Flash::good("change-confirmed"),
        )),
    }
}

async fn refuse(frame: Frame, me: Signed, Path(id): Path<ChangeId>) -> Result<Response, Error> {
    apply::refuse(&frame.app, me.id, id).await?;
    Ok(web::done(
        &frame.app,
        "/changes",
        &Flash::good("change-refused"),
    ))
}

async fn cancel(frame: Frame, me: Signed, Path(id): Path<ChangeId>) -> Result<Response, Error> {
    apply::cancel(&frame.app, me.id, id).await?;
    Ok(web::done(
        &frame.app,
        "/changes",
        &Flash::good("change-cancelled"),
    ))
}
