//! My account: passkeys, sessions, access tokens, recovery codes, language.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::id::{CredentialId, SessionId, TokenId};
use vigie_core::rights::Scope;
use vigie_store::{ApiToken, Credential, Session};

use super::{code, device, session};
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// A fresh proof counts this long.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// Longest life of a token, days.
const MOST_DAYS: i64 = 365;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/me", Who::SignedIn, show),
        Route::post("/me/passkeys/{id}/remove", Who::SignedIn, remove_passkey),
        Route::post("/me/sessions/{id}/end", Who::SignedIn, end_session),
        Route::post("/me/sessions/end-others", Who::SignedIn, end_others),
        Route::post("/me/recovery", Who::SignedIn, recovery),
        Route::post("/me/tokens", Who::SignedIn, create_token),
        Route::post("/me/tokens/{id}/revoke", Who::SignedIn, revoke_token),
    ]
}

#[derive(Template)]
#[template(path = "account/me.html")]
struct Me {
    page: Page,
    w: Words,
    me: Signed,
    passkeys: Vec<Credential>,
    sessions: Vec<Session>,
    tokens: Vec<ApiToken>,
    scopes: &'static [Scope],
    left: u64,
    /// A token just made, or codes just made: shown once.
    secret: Option<String>,
    codes: Vec<String>,
    form: Form,
}

impl Me {
    /// What a browser is called; as it calls itself when it is none of the usual ones.
    fn device(&self, user_agent: &str) -> String {
        match device::name(user_agent) {
            known if !known.is_empty() => known,
            _ if user_agent.trim().is_empty() => self.w.t("me-session-unknown"),
            _ => user_agent.chars().take(60).collect(),
        }
    }
}

async fn view(frame: &Frame, me: Signed, form: Form) -> Result<Me, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    let idle = now.checked_sub(session::IDLE).unwrap_or(Timestamp::MIN);
    let mut conn = app.store.read().await?;
    let passkeys = conn.credentials(me.id).await?;
    let sessions = conn.sessions(me.id, now, idle).await?;
    let tokens = conn.tokens(me.id).await?;
    let left = conn.recovery_codes_left(me.id).await?;
    let page = frame.page("me-title");
    Ok(Me {
        w: page.w.clone(),
        page,
        me,
        passkeys,
        sessions,
        tokens,
        scopes: Scope::ALL,
        left,
        secret: None,
        codes: Vec::new(),
        form,
    })
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    let form = Form::new().with("days", "90");
    web::html(&view(&frame, me, form).await?)
}

/// Asks for a fresh proof before what an intruder at an open screen would do first.
///
/// # Errors
/// [`Error::StepUp`].
pub fn fresh(me: &Signed, now: Timestamp, next: &str) -> Result<(), Error> {
    match me.step_up_at {
        Some(at) if now.duration_since(at) < FRESH => Ok(()),
        _ => Err(Error::StepUp {
            next: next.to_owned(),
        }),
    }
}

async fn remove_passkey(
    frame: Frame,
    me: Signed,
    Path(id): Path<CredentialId>,
) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    fresh(&me, now, "/me")?;
    let mut tx = frame.app.store.begin().await?;
    tx.remove_credential(id, me.id).await?;
    note(&mut tx, &me, "passkey.remove", now).await?;
    tx.commit().await?;
    Ok(web::done(
        &frame.app,
        "/me#passkeys",
        &Flash::good("me-passkey-removed"),
    ))
}

/// Writes an act about oneself into the log.
///
/// # Errors
/// Database.
pub async fn note(
    tx: &mut vigie_store::Tx,
    me: &Signed,
    act: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let actor = AuditActor::Member { member: me.id };
    tx.audit(now, actor, act, &format!("member/{}", me.id), &[])
        .await?;
    Ok(())
}

async fn end_session(
    frame: Frame,
    me: Signed,
    Path(id): Path<SessionId>,
) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    let mut tx = frame.app.store.begin().await?;
    tx.end_session(id, me.id).await?;
    note(&mut tx, &me, "session.end", now).await?;
    tx.commit().await?;
    Ok(web::done(
        &frame.app,
        "/me#sessions",
        &Flash::good("me-session-ended"),
    ))
}

async fn end_others(frame: Frame, me: Signed) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    let mut tx = frame.app.store.begin().await?;
    tx.end_other_sessions(me.id, me.session).await?;
    note(&mut tx, &me, "session.end_others", now).await?;
    tx.commit().await?;
    Ok(web::done(
        &frame.app,
        "/me#sessions",
        &Flash::good("me-sessions-ended"),
    ))
}

async fn recovery(frame: Frame, me: Signed) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    fresh(&me, now, "/me")?;
    let codes = code::recovery().map_err(Error::Internal)?;
    let hashes: Vec<[u8; 32]> = codes.iter().map(|c| code::recovery_hash(c)).collect();
    let mut tx = frame.app.store.begin().await?;
    tx.replace_recovery_codes(me.id, &hashes).await?;
    note(&mut tx, &me, "recovery.new", now).await?;
    tx.commit().await?;
    let mut page = view(&frame, me, Form::new()).await?;
    page.codes = codes;
    web::html(&page)
}

async fn create_token(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    fresh(&me, now, "/me")?;
    let name = form.required("token_name", 60);
    let scopes: std::collections::BTreeSet<Scope> =
        form.all("scope").filter_map(Scope::parse).collect();
    if scopes.is_empty() {
        form.wrong_key("scope", "me-token-no-scope");
    }
    let days: i64 = form.trimmed("days").parse().unwrap_or(90);
    if !(1..=MOST_DAYS).contains(&days) {
        form.wrong_key("days", "me-token-days-wrong");
    }
    if !form.ok() {
        return web::html_with(
            axum::http::StatusCode::UNPROCESSABLE_ENTITY,
            &view(&frame, me, form).await?,
        );
    }
    let secret = format!("vigie_{}", session::secret()?);
    let new = ApiToken {
        id: TokenId::new(Uuid::now_v7()),
        member: me.id,
        name,
        scopes,
        created_at: now,
        expires_at: now.checked_add(SignedDuration::from_hours(24 * days)).ok(),
        last_used_at: None,
        revoked_at: None,
    };
    let mut tx = frame.app.store.begin().await?;
    tx.create_token(&new, &session::hash(&secret)).await?;
    note(&mut tx, &me, "token.create", now).await?;
    tx.commit().await?;
    let mut page = view(&frame, me, Form::new()).await?;
    page.secret = Some(secret);
    web::html(&page)
}

async fn revoke_token(
    frame: Frame,
    me: Signed,
    Path(id): Path<TokenId>,
) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    let mut tx = frame.app.store.begin().await?;
    tx.revoke_token(id, me.id, now).await?;
    note(&mut tx, &me, "token.revoke", now).await?;
    tx.commit().await?;
    Ok(web::done(
        &frame.app,
        "/me#tokens",
        &Flash::good("me-token-revoked"),
    ))
}
