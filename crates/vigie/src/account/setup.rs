//! The first run: one page makes the organisation and its first member, a second one the authenticator. Nothing else is
//! needed, and nothing works before.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use subtle::ConstantTimeEq as _;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::member::{Lang, Role};
use vigie_core::schedule;
use vigie_store::{Organisation, Settings};

use super::enrol::{self, Begun};
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
        Route::get("/setup", Who::SignedOut, show),
        Route::post("/setup", Who::SignedOut, first).rate(Rate::GUESS),
        Route::post("/setup/authenticator", Who::SignedOut, second).rate(Rate::GUESS),
    ]
}

#[derive(Template)]
#[template(path = "account/setup.html")]
struct Setup {
    page: Page,
    w: Words,
    form: Form,
    asks_code: bool,
}

fn view(frame: &Frame, form: Form) -> Setup {
    let page = frame.page("setup-title");
    Setup {
        w: page.w.clone(),
        page,
        form,
        asks_code: frame.app.setup_code.is_some(),
    }
}

async fn closed(frame: &Frame) -> Result<bool, Error> {
    super::founded(&frame.app).await
}

async fn show(frame: Frame) -> Result<Response, Error> {
    if closed(&frame).await? {
        return Err(Error::NotFound);
    }
    web::html(&view(&frame, Form::new().with("tz", "Europe/Paris")))
}

async fn first(frame: Frame, mut form: Form) -> Result<Response, Error> {
    if closed(&frame).await? {
        return Err(Error::NotFound);
    }
    let organisation = form.required("organisation", 100);
    let tz = form.required("tz", 60);
    if schedule::zone(&tz).is_err() {
        form.wrong_key("tz", "setup-tz-unknown");
    }
    if let Some(code) = &frame.app.setup_code
        && !bool::from(form.trimmed("setup_code").as_bytes().ct_eq(code.as_bytes()))
    {
        form.wrong_key("setup_code", "setup-code-wrong");
    }
    match enrol::begin(&frame.app, &mut form, vec![organisation, tz]).await? {
        None => web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &view(&frame, form)),
        Some(begun) => enrol::authenticator(&frame, &begun, "/setup/authenticator", Form::new()),
    }
}

async fn second(frame: Frame, headers: HeaderMap, mut form: Form) -> Result<Response, Error> {
    if closed(&frame).await? {
        return Err(Error::NotFound);
    }
    let now = frame.app.clock.now();
    let begun = Begun::open(&frame.app, form.value("begun"))
        .ok_or_else(|| Error::input("enrol-too-old"))?;
    let [name, tz] = begun.more.as_slice() else {
        return Err(Error::input("enrol-too-old"));
    };
    let Some(step) = begun.step(form.value("code"), now) else {
        form.wrong_key("code", "sign-in-code-wrong");
        return enrol::authenticator(&frame, &begun, "/setup/authenticator", form);
    };
    let lang: Lang = frame.viewer.lang;
    let mut member = begun.member(lang);
    member.role = Role::Steward;
    let mut tx = frame.app.store.begin().await?;
    tx.create_organisation(&Organisation {
        name: name.clone(),
        tz: tz.clone(),
        lang,
        settings: Settings::default(),
        created_at: now,
        updated_at: now,
    })
    .await?;
    let codes = begun.write(&frame.app, &mut tx, &member, step, now).await?;
    let actor = AuditActor::Member { member: member.id };
    tx.audit(
        now,
        actor,
        "organisation.found",
        &format!("member/{}", member.id),
        &[],
    )
    .await?;
    enrol::welcome(&frame, tx, member.id, &headers, codes).await
}
