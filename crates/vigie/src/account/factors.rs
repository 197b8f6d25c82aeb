//! Changing what one signs in with: the password, the authenticator, the name of a passkey.
//!
//! Each change needs a fresh proof and ends the member's other sessions: whoever was in there is out.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::id::CredentialId;

use super::enrol::{self, Begun};
use super::{me, password, throttle};
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/me/password", Who::SignedIn, show_password),
        Route::post("/me/password", Who::SignedIn, change_password).rate(Rate::GUESS),
        Route::get("/me/authenticator", Who::SignedIn, show_authenticator),
        Route::post("/me/authenticator", Who::SignedIn, change_authenticator).rate(Rate::GUESS),
        Route::post("/me/passkeys/{id}/rename", Who::SignedIn, rename_passkey),
    ]
}

#[derive(Template)]
#[template(path = "account/password.html")]
struct Password {
    page: Page,
    w: Words,
    form: Form,
    login: String,
}

async fn password_view(frame: &Frame, me: &Signed, form: Form) -> Result<Password, Error> {
    let login = frame.app.store.read().await?.member(me.id).await?.login;
    let page = frame.page("me-password-title");
    Ok(Password {
        w: page.w.clone(),
        page,
        form,
        login,
    })
}

async fn show_password(frame: Frame, me: Signed) -> Result<Response, Error> {
    me::fresh(&me, frame.app.clock.now(), "/me/password")?;
    web::html(&password_view(&frame, &me, Form::new()).await?)
}

/// The old password is asked for as well: a code seen over a shoulder is not enough.
async fn change_password(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    me::fresh(&me, now, "/me/password")?;
    let (login, kept, company) = {
        let mut conn = app.store.read().await?;
        let company = conn.organisation().await?.map(|o| o.name);
        let login = conn.member(me.id).await?.login;
        (
            login,
            conn.password(me.id).await?,
            company.unwrap_or_default(),
        )
    };
    if let Some(key) = password::problem(form.value("password"), &[&me.name, &login, &company]) {
        form.wrong_key("password", key);
    }
    if form.ok() {
        let attempt = throttle::attempt(app, &frame.viewer, &format!("password:{}", me.id)).await?;
        if password::fits(form.value("current").to_owned(), kept).await {
            throttle::succeeded(app, attempt).await?;
        } else {
            form.wrong_key("current", "me-password-wrong");
        }
    }
    if !form.ok() {
        let view = password_view(&frame, &me, form).await?;
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
    }
    let hash = password::hash(form.value("password").to_owned())
        .await
        .map_err(Error::Internal)?;
    let mut tx = app.store.begin().await?;
    tx.set_password(me.id, &hash, now).await?;
    tx.end_other_sessions(me.id, me.session).await?;
    me::note(&mut tx, &me, "password.change", now).await?;
    tx.commit().await?;
    Ok(web::done(app, "/me", &Flash::good("me-password-changed")))
}

async fn show_authenticator(frame: Frame, me: Signed) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    me::fresh(&me, now, "/me/authenticator")?;
    let login = frame.app.store.read().await?.member(me.id).await?.login;
    let begun = Begun::again(me.id, &me.name, &login, now)?;
    enrol::authenticator(&frame, &begun, "/me/authenticator", Form::new())
}

/// The old authenticator works until the first code of the new one has been given.
async fn change_authenticator(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    me::fresh(&me, now, "/me/authenticator")?;
    let begun = Begun::open(app, form.value("begun"))
        .filter(|begun| begun.is_again(me.id))
        .ok_or_else(|| Error::input("enrol-too-old"))?;
    let Some(step) = begun.step(form.value("code"), now) else {
        form.wrong_key("code", "sign-in-code-wrong");
        return enrol::authenticator(&frame, &begun, "/me/authenticator", form);
    };
    let mut tx = app.store.begin().await?;
    begun.replace(app, &mut tx, me.id, step, now).await?;
    tx.end_other_sessions(me.id, me.session).await?;
    me::note(&mut tx, &me, "authenticator.change", now).await?;
    tx.commit().await?;
    Ok(web::done(
        app,
        "/me",
        &Flash::good("me-authenticator-changed"),
    ))
}

async fn rename_passkey(
    frame: Frame,
    me: Signed,
    Path(id): Path<CredentialId>,
    form: Form,
) -> Result<Response, Error> {
    let app = &frame.app;
    let name: String = form.trimmed("passkey_name").chars().take(60).collect();
    if name.is_empty() {
        return Err(Error::input("form-required"));
    }
    let mut tx = app.store.begin().await?;
    tx.rename_credential(id, me.id, &name).await?;
    // The name stays out of the log, which keeps no personal words.
    let actor = AuditActor::Member { member: me.id };
    let object = format!("credential/{id}");
    tx.audit(app.clock.now(), actor, "passkey.rename", &object, &[])
        .await?;
    tx.commit().await?;
    Ok(web::done(
        app,
        "/me#passkeys",
        &Flash::good("me-passkey-renamed"),
    ))
}
