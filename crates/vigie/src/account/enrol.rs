//! Becoming a member: name, sign-in name and password first, then an authenticator app. Nothing is written before the
//! first code has been given; what was typed travels sealed inside the form, so an interruption leaves nothing behind.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vigie_core::id::{MemberId, SecretId};
use vigie_core::member::Lang;
use vigie_core::vault::{Envelope, Fresh, Label};
use vigie_store::{NewMember, Tx, fold_login};

use super::{code, password, session};
use crate::app::App;
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::{self};
use crate::words::Words;

/// How long somebody may take between the two steps.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// What somebody typed in the first step, sealed between the steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Begun {
    /// Their name.
    pub name: String,
    /// The name they sign in with.
    pub login: String,
    /// argon2id.
    password: String,
    /// The authenticator's secret.
    totp: String,
    /// When the first step was made.
    at: Timestamp,
    /// What else the page needs to remember.
    pub more: Vec<String>,
}

/// Reads the first step. What is wrong is noted in the form. `more` is kept for the second step, and its words are too
/// easy to guess in a password.
///
/// # Errors
/// Database, randomness, hashing.
pub async fn begin(app: &App, form: &mut Form, more: Vec<String>) -> Result<Option<Begun>, Error> {
    let name = form.required("name", 100);
    let login = fold_login(&form.required("login", 100));
    let secret = form.value("password").to_owned();
    let mut about = vec![name.as_str(), login.as_str()];
    about.extend(more.iter().map(String::as_str));
    if let Some(key) = password::problem(&secret, &about) {
        form.wrong_key("password", key);
    }
    if !login.is_empty()
        && app
            .store
            .read()
            .await?
            .member_by_login(&login)
            .await?
            .is_some()
    {
        form.wrong_key("login", "login-taken");
    }
    if !form.ok() {
        return Ok(None);
    }
    let totp = code::secret().map_err(Error::Internal)?;
    Ok(Some(Begun {
        name,
        login,
        password: password::hash(secret).await.map_err(Error::Internal)?,
        totp: STANDARD.encode(totp),
        at: app.clock.now(),
        more,
    }))
}

fn label() -> Label {
    Label {
        secret: SecretId::new(Uuid::nil()),
        version: 1,
        purpose: "enrolment".to_owned(),
    }
}

fn fresh() -> Result<Fresh, Error> {
    let mut bytes = [0; 80];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::internal(format!("no randomness from the system: {e}")))?;
    Ok(Fresh::new(bytes))
}

impl Begun {
    fn seal(&self, app: &App) -> Result<String, Error> {
        let text = serde_json::to_vec(self).map_err(|e| Error::Internal(e.into()))?;
        let envelope = app
            .vault
            .seal(&text, &label(), &fresh()?)
            .map_err(|e| Error::Internal(e.into()))?;
        let bytes = serde_json::to_vec(&envelope).map_err(|e| Error::Internal(e.into()))?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Opens what [`Begun::seal`] made; `None` when it is too old, or not ours.
    pub fn open(app: &App, text: &str) -> Option<Self> {
        use secrecy::ExposeSecret as _;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let envelope: Envelope = serde_json::from_slice(&bytes).ok()?;
        let text = app.vault.open(&envelope, &label()).ok()?;
        let begun: Self = serde_json::from_slice(text.expose_secret()).ok()?;
        (app.clock.now().duration_since(begun.at) < PATIENCE).then_some(begun)
    }

    /// A new authenticator for a member who is one already.
    ///
    /// # Errors
    /// Randomness.
    pub fn again(member: MemberId, name: &str, login: &str, now: Timestamp) -> Result<Self, Error> {
        let totp = code::secret().map_err(Error::Internal)?;
        Ok(Self {
            name: name.to_owned(),
            login: login.to_owned(),
            password: String::new(),
            totp: STANDARD.encode(totp),
            at: now,
            more: vec![member.to_string()],
        })
    }

    /// Whether this is a new authenticator for `member`, and not somebody's enrolment.
    pub fn is_again(&self, member: MemberId) -> bool {
        self.password.is_empty() && self.more == [member.to_string()]
    }

    /// Puts the new authenticator in the place of the old one; `step` is that of the code just given.
    ///
    /// # Errors
    /// Database.
    pub async fn replace(
        &self,
        app: &App,
        tx: &mut Tx,
        member: MemberId,
        step: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        seal_totp(app, tx, member, &self.secret(), step, now).await
    }

    fn secret(&self) -> Vec<u8> {
        STANDARD.decode(&self.totp).unwrap_or_default()
    }

    /// Writes the member with password, authenticator and recovery codes; returns the codes, to be shown once.
    /// `step` is the step of the code just given.
    ///
    /// # Errors
    /// [`vigie_store::Error::Unique`] when the sign-in name was taken meanwhile; database.
    pub async fn write(
        &self,
        app: &App,
        tx: &mut Tx,
        new: &NewMember,
        step: i64,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        // A form for a new authenticator makes no member.
        if self.password.is_empty() {
            return Err(Error::input("enrol-too-old"));
        }
        tx.create_member(new, now).await?;
        tx.set_password(new.id, &self.password, now).await?;
        seal_totp(app, tx, new.id, &self.secret(), step, now).await?;
        let codes = code::recovery().map_err(Error::Internal)?;
        let hashes: Vec<[u8; 32]> = codes.iter().map(|c| code::recovery_hash(c)).collect();
        tx.replace_recovery_codes(new.id, &hashes).await?;
        Ok(codes)
    }

    /// The step of a right code.
    pub fn step(&self, code: &str, now: Timestamp) -> Option<i64> {
        code::step(&self.secret(), code, now)
    }

    /// A member of this name.
    pub fn member(&self, lang: Lang) -> NewMember {
        NewMember {
            id: MemberId::new(Uuid::now_v7()),
            login: self.login.clone(),
            name: self.name.clone(),
            role: vigie_core::member::Role::Writer,
            reviewer: true,
            skills: std::collections::BTreeSet::new(),
            lang,
        }
    }
}

fn totp_label(member: MemberId) -> Label {
    Label {
        secret: SecretId::new(member.uuid()),
        version: 1,
        purpose: "totp".to_owned(),
    }
}

/// Seals an authenticator's secret for a member and puts it in force; the code just given is spent.
///
/// # Errors
/// Database.
async fn seal_totp(
    app: &App,
    tx: &mut Tx,
    member: MemberId,
    secret: &[u8],
    step: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let envelope = app
        .vault
        .seal(secret, &totp_label(member), &fresh()?)
        .map_err(|e| Error::Internal(e.into()))?;
    let sealed = serde_json::to_vec(&envelope).map_err(|e| Error::Internal(e.into()))?;
    tx.prepare_totp(member, &sealed, now).await?;
    tx.confirm_totp(member, &sealed, step, now).await?;
    Ok(())
}

/// The authenticator's secret of a member, if there is one and it opens.
///
/// # Errors
/// It does not open: the vault has other keys.
pub fn open_totp(app: &App, member: MemberId, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    use secrecy::ExposeSecret as _;
    let envelope: Envelope =
        serde_json::from_slice(sealed).map_err(|e| Error::Internal(e.into()))?;
    let secret = app
        .vault
        .open(&envelope, &totp_label(member))
        .map_err(|e| Error::Internal(e.into()))?;
    Ok(secret.expose_secret().to_vec())
}

#[derive(Template)]
#[template(path = "account/authenticator.html")]
struct Authenticator {
    page: Page,
    w: Words,
    form: Form,
    action: String,
    sealed: String,
    qr: String,
    typed: String,
}

/// The second step: the QR code and a field for the first code.
///
/// # Errors
/// Template, randomness.
pub fn authenticator(
    frame: &Frame,
    begun: &Begun,
    action: &str,
    form: Form,
) -> Result<Response, Error> {
    let page = frame.page("enrol-authenticator-title");
    let secret = begun.secret();
    let address = code::address(&secret, "Vigie", &begun.login);
    let status = if form.ok() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let view = Authenticator {
        w: page.w.clone(),
        page,
        form,
        action: action.to_owned(),
        sealed: begun.seal(&frame.app)?,
        qr: code::picture(&address).map_err(Error::Internal)?,
        typed: code::typed(&secret),
    };
    web::html_with(status, &view)
}

#[derive(Template)]
#[template(path = "account/recovery.html")]
struct Recovery {
    page: Page,
    w: Words,
    codes: Vec<String>,
}

/// Signs a new member in and shows the recovery codes, once.
///
/// # Errors
/// Database, template.
pub async fn welcome(
    frame: &Frame,
    mut tx: Tx,
    member: MemberId,
    headers: &HeaderMap,
    codes: Vec<String>,
) -> Result<Response, Error> {
    let secret = session::open(&mut tx, member, headers, frame.app.clock.now()).await?;
    tx.commit().await?;
    let page = frame.page("enrol-recovery-title");
    let mut response = web::html(&Recovery {
        w: page.w.clone(),
        page,
        codes,
    })?;
    session::set(&frame.app, &mut response, &secret);
    Ok(response)
}
