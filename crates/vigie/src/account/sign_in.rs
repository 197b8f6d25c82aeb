//! Signing in: password, then a code of the authenticator (or a recovery code); or a passkey alone, which is both.

use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::id::MemberId;
use vigie_store::{Member, fold_login};

use super::{code, enrol, password, session, throttle};
use crate::app::App;
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
        Route::get("/sign-in", Who::SignedOut, show),
        Route::post("/sign-in", Who::SignedOut, sign_in).rate(Rate::GUESS),
        Route::post("/sign-out", Who::SignedIn, sign_out),
        Route::get("/step-up", Who::SignedIn, show_step_up),
        Route::post("/step-up", Who::SignedIn, step_up).rate(Rate::GUESS),
    ]
}

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "account/sign_in.html")]
struct SignIn {
    page: Page,
    w: Words,
    form: Form,
}

fn view(frame: &Frame, form: Form) -> SignIn {
    let page = frame.page("sign-in-title");
    SignIn {
        w: page.w.clone(),
        page,
        form,
    }
}

async fn show(frame: Frame, Query(next): Query<Next>) -> Result<Response, Error> {
    web::html(&view(&frame, Form::new().with("next", next.next)))
}

/// The same words and the same work whatever was wrong: nobody learns who has an account.
async fn sign_in(frame: Frame, headers: HeaderMap, mut form: Form) -> Result<Response, Error> {
    let app = &frame.app;
    let login = fold_login(&form.required("login", 100));
    if form.value("password").is_empty() {
        form.wrong_key("password", "form-required");
    }
    if !form.ok() {
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &view(&frame, form));
    }
    let attempt = throttle::attempt(app, &frame.viewer, &login).await?;
    let (member, hash) = {
        let mut conn = app.store.read().await?;
        let member = conn
            .member_by_login(&login)
            .await?
            .filter(Member::is_active);
        let hash = match &member {
            Some(member) => conn.password(member.id).await?,
            None => None,
        };
        (member, hash)
    };
    let right = password::fits(form.value("password").to_owned(), hash).await;
    let now = app.clock.now();
    let proven = match &member {
        Some(member) if right => second_factor(app, member.id, form.trimmed("code"), now).await?,
        _ => false,
    };
    let Some(member) = member.filter(|_| proven) else {
        failed(app, now).await?;
        form.wrong_key("login", "sign-in-wrong");
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &view(&frame, form));
    };
    throttle::succeeded(app, attempt).await?;
    enter(
        app,
        member.id,
        &headers,
        web::local(form.value("next")),
        "session.open",
    )
    .await
}

/// The log counts the failures. It does not say whose: what was typed may be anybody's, and the work is the same.
async fn failed(app: &App, now: Timestamp) -> Result<(), Error> {
    let mut tx = app.store.begin().await?;
    tx.audit(now, AuditActor::System, "session.refuse", "sign-in", &[])
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Opens the session and goes on.
///
/// # Errors
/// Database.
pub async fn enter(
    app: &App,
    member: MemberId,
    headers: &HeaderMap,
    next: &str,
    act: &str,
) -> Result<Response, Error> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let secret = session::open(&mut tx, member, headers, now).await?;
    let actor = AuditActor::Member { member };
    tx.audit(now, actor, act, &format!("member/{member}"), &[])
        .await?;
    tx.commit().await?;
    let mut response = web::see_other(next);
    session::set(app, &mut response, &secret);
    Ok(response)
}

/// A code of the authenticator, spent at once, or a recovery code, struck off.
async fn second_factor(
    app: &App,
    member: MemberId,
    typed: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let totp = app.store.read().await?.totp(member).await?;
    if let Some(sealed) = totp.and_then(|t| t.sealed) {
        let secret = enrol::open_totp(app, member, &sealed)?;
        if let Some(step) = code::step(&secret, typed, now) {
            let mut tx = app.store.begin().await?;
            return match tx.spend_totp(member, step).await {
                Ok(()) => {
                    tx.commit().await?;
                    Ok(true)
                }
                // Used before: somebody may have looked over a shoulder.
                Err(vigie_store::Error::Conflict) => Ok(false),
                Err(error) => Err(error.into()),
            };
        }
    }
    if typed.chars().filter(char::is_ascii_alphanumeric).count() != 10 {
        return Ok(false);
    }
    let mut tx = app.store.begin().await?;
    match tx
        .take_recovery_code(member, &code::recovery_hash(typed), now)
        .await
    {
        Ok(_) => {
            let actor = AuditActor::Member { member };
            tx.audit(now, actor, "recovery.use", &format!("member/{member}"), &[])
                .await?;
            tx.commit().await?;
            Ok(true)
        }
        Err(vigie_store::Error::Conflict | vigie_store::Error::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn sign_out(frame: Frame, me: Signed) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.end_session(me.session, me.id).await?;
    let actor = AuditActor::Member { member: me.id };
    tx.audit(now, actor, "session.end", &format!("member/{}", me.id), &[])
        .await?;
    tx.commit().await?;
    let mut response = web::done(app, "/sign-in", &Flash::good("sign-out-done"));
    session::clear(app, &mut response);
    Ok(response)
}

#[derive(Template)]
#[template(path = "account/step_up.html")]
struct StepUp {
    page: Page,
    w: Words,
    form: Form,
}

fn step_up_view(frame: &Frame, form: Form) -> StepUp {
    let page = frame.page("step-up-title");
    StepUp {
        w: page.w.clone(),
        page,
        form,
    }
}

async fn show_step_up(frame: Frame, Query(next): Query<Next>) -> Result<Response, Error> {
    web::html(&step_up_view(&frame, Form::new().with("next", next.next)))
}

/// A fresh proof inside a session; the session gets a new secret.
async fn step_up(
    frame: Frame,
    headers: HeaderMap,
    me: Signed,
    mut form: Form,
) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    let login = format!("step-up:{}", me.id);
    let attempt = throttle::attempt(app, &frame.viewer, &login).await?;
    if !second_factor(app, me.id, form.trimmed("code"), now).await? {
        form.wrong_key("code", "sign-in-code-wrong");
        return web::html_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &step_up_view(&frame, form),
        );
    }
    throttle::succeeded(app, attempt).await?;
    let mut response = web::see_other(web::local(form.value("next")));
    renew(app, &me, &headers, &mut response, now).await?;
    Ok(response)
}

/// Notes a fresh proof and gives the session a new secret.
///
/// # Errors
/// Database.
pub async fn renew(
    app: &App,
    me: &Signed,
    headers: &HeaderMap,
    response: &mut Response,
    now: Timestamp,
) -> Result<(), Error> {
    let name = web::viewer::session_cookie(app);
    let Some(old) = web::cookie::read(headers, &name) else {
        return Err(Error::SignIn { next: None });
    };
    let secret = session::secret()?;
    let mut tx = app.store.begin().await?;
    tx.step_up(
        me.session,
        &session::hash(old),
        &session::hash(&secret),
        now,
    )
    .await?;
    tx.commit().await?;
    session::set(app, response, &secret);
    Ok(())
}
