//! Passkeys: adding one, signing in with one, and sealing an approval with one.
//!
//! Between start and finish a ceremony's state is kept in the database for five minutes and used once, so that any
//! replica ends what another began. It never leaves the server: the browser holds its random name.

use axum::Json;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::content::Digest;
use vigie_core::id::{CredentialId, MemberId};
use vigie_core::seal::{Assertion, SealAlgorithm, SealKey};
use vigie_store::{CeremonyKind, Conn, Credential};
use webauthn_rs::prelude::{
    COSEKeyType, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::{session, sign_in};
use crate::app::App;
use crate::config::Config;
use crate::web::error::Error;
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};

/// How long a ceremony may take.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);
/// Ceremonies under way at most; more is an attack, and waits.
const MOST: u64 = 10_000;

/// The routes of this room: JSON for the small script of the pages.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/passkey/add/start", Who::SignedIn, add_start),
        Route::post("/passkey/add/finish", Who::SignedIn, add_finish),
        Route::post("/passkey/sign-in/start", Who::Anyone, sign_in_start).rate(Rate::GUESS),
        Route::post("/passkey/sign-in/finish", Who::Anyone, sign_in_finish).rate(Rate::GUESS),
    ]
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ceremony {
    Add(MemberId, PasskeyRegistration),
    SignIn(DiscoverableAuthentication),
}

impl Ceremony {
    /// Keeps it, and gives its name.
    async fn put(&self, app: &App, now: Timestamp) -> Result<String, Error> {
        let name = session::secret()?;
        let body = serde_json::to_string(self).map_err(|e| Error::Internal(e.into()))?;
        let expires = now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
        let mut tx = app.store.begin().await?;
        let kind = match self {
            Self::Add(..) => CeremonyKind::AddPasskey,
            Self::SignIn(_) => CeremonyKind::SignIn,
        };
        if tx.ceremonies(kind, now).await? >= MOST {
            return Err(Error::TooMany { seconds: 30 });
        }
        tx.ceremony_add(kind, None, &session::hash(&name), &body, now, expires)
            .await?;
        tx.commit().await?;
        Ok(name)
    }

    /// Takes it out: a name works once.
    async fn take(app: &App, name: &str, now: Timestamp) -> Result<Self, Error> {
        let mut tx = app.store.begin().await?;
        let body = tx.ceremony_take(&session::hash(name), now).await?;
        tx.commit().await?;
        let body = body.ok_or_else(|| Error::input("passkey-too-old"))?;
        serde_json::from_str(&body).map_err(|e| Error::Internal(e.into()))
    }
}

/// The relying party.
pub struct Passkeys {
    webauthn: Webauthn,
    /// The domain that passkeys belong to.
    pub rp_id: String,
    /// The page that they are used on.
    pub origin: String,
}

impl Passkeys {
    /// For the public address of this installation.
    ///
    /// # Errors
    /// An address without a host.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let rp_id = config
            .public_url
            .host_str()
            .unwrap_or("localhost")
            .to_owned();
        let webauthn = WebauthnBuilder::new(&rp_id, &config.public_url)?
            .rp_name("Vigie")
            .build()?;
        Ok(Self {
            webauthn,
            rp_id,
            origin: config.origin(),
        })
    }
}

/// A ceremony's answer from the browser.
#[derive(Debug, Deserialize)]
struct Finish<T> {
    ceremony: String,
    answer: T,
    #[serde(default)]
    name: String,
    #[serde(default)]
    next: String,
}

#[derive(Debug, Serialize)]
struct Start {
    ceremony: String,
    options: Value,
}

async fn add_start(
    axum::extract::State(app): axum::extract::State<App>,
    me: Signed,
) -> Result<Response, Error> {
    let now = app.clock.now();
    // A key of their own is the first thing that an intruder at an open screen would want.
    super::me::fresh(&me, now, "/me")?;
    let mut conn = app.store.read().await?;
    let member = conn.member(me.id).await?;
    let known = conn
        .credentials(me.id)
        .await?
        .into_iter()
        .map(|c| c.raw_id)
        .collect();
    drop(conn);
    let (challenge, state) = app
        .passkeys
        .webauthn
        .start_passkey_registration(me.id.uuid(), &member.login, &member.name, Some(known))
        .map_err(|e| Error::Internal(e.into()))?;
    let mut options = serde_json::to_value(challenge).map_err(|e| Error::Internal(e.into()))?;
    // A passkey that the device finds by itself signs in without a name being typed.
    options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
    options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
    let ceremony = Ceremony::Add(me.id, state).put(&app, now).await?;
    Ok(Json(Start { ceremony, options }).into_response())
}

async fn add_finish(
    axum::extract::State(app): axum::extract::State<App>,
    me: Signed,
    Json(finish): Json<Finish<RegisterPublicKeyCredential>>,
) -> Result<Response, Error> {
    let now = app.clock.now();
    let Ceremony::Add(member, state) = Ceremony::take(&app, &finish.ceremony, now).await? else {
        return Err(Error::input("passkey-too-old"));
    };
    if member != me.id {
        return Err(Error::Forbidden);
    }
    let passkey = app
        .passkeys
        .webauthn
        .finish_passkey_registration(&finish.answer, &state)
        .map_err(|_| Error::input("passkey-wrong"))?;
    let name: String = finish.name.trim().chars().take(60).collect();
    let new = Credential {
        id: CredentialId::new(Uuid::now_v7()),
        member,
        raw_id: passkey.cred_id().to_vec(),
        name: if name.is_empty() {
            "Passkey".to_owned()
        } else {
            name
        },
        passkey: serde_json::to_string(&passkey).map_err(|e| Error::Internal(e.into()))?,
        created_at: now,
        last_used_at: None,
    };
    let mut tx = app.store.begin().await?;
    tx.add_credential(&new).await?;
    // The log keeps the key's fingerprint: an approval sealed with another key proves nothing.
    let fingerprint = seal_key(&passkey)
        .map(|key| key.fingerprint())
        .unwrap_or_default();
    let detail: vigie_store::Detail<'_> = &[(crate::audit::PASSKEY, &fingerprint)];
    let actor = AuditActor::Member { member };
    tx.audit(
        now,
        actor,
        crate::audit::PASSKEY_ADDED,
        &format!("member/{member}"),
        detail,
    )
    .await?;
    tx.commit().await?;
    Ok(Json(json!({ "next": "/me#passkeys" })).into_response())
}

async fn sign_in_start(
    axum::extract::State(app): axum::extract::State<App>,
) -> Result<Response, Error> {
    let now = app.clock.now();
    let (challenge, state) = app
        .passkeys
        .webauthn
        .start_discoverable_authentication()
        .map_err(|e| Error::Internal(e.into()))?;
    let mut options = serde_json::to_value(challenge).map_err(|e| Error::Internal(e.into()))?;
    // The person pressed a button: the browser may ask at once.
    if let Some(map) = options.as_object_mut() {
        map.remove("mediation");
    }
    let ceremony = Ceremony::SignIn(state).put(&app, now).await?;
    Ok(Json(Start { ceremony, options }).into_response())
}

async fn sign_in_finish(
    axum::extract::State(app): axum::extract::State<App>,
    headers: HeaderMap,
    Json(finish): Json<Finish<PublicKeyCredential>>,
) -> Result<Response, Error> {
    let now = app.clock.now();
    let Ceremony::SignIn(state) = Ceremony::take(&app, &finish.ceremony, now).await? else {
        return Err(Error::input("passkey-too-old"));
    };
    let wrong = || Error::input("passkey-wrong");
    let read = app
        .store
        .read()
        .await?
        .credential_by_raw_id(finish.answer.get_credential_id())
        .await?;
    let read = read.ok_or_else(wrong)?;
    let mut passkey: Passkey =
        serde_json::from_str(&read.passkey).map_err(|e| Error::Internal(e.into()))?;
    #[expect(
        deprecated,
        reason = "its successor takes a type that a passkey only becomes under a dangerous feature"
    )]
    let result = app
        .passkeys
        .webauthn
        .finish_discoverable_authentication(
            &finish.answer,
            state,
            &[DiscoverableKey::from(&passkey)],
        )
        .map_err(|_| wrong())?;
    passkey.update_credential(&result);
    let text = serde_json::to_string(&passkey).map_err(|e| Error::Internal(e.into()))?;
    let mut tx = app.store.begin().await?;
    tx.credential_used(&read, &text, now).await?;
    tx.commit().await?;
    let next = web::local(&finish.next).to_owned();
    let entered =
        sign_in::enter(&app, read.member, &headers, &next, "session.open_passkey").await?;
    // The script follows by itself; the cookie is what matters.
    let (parts, _) = entered.into_parts();
    let mut response = Json(json!({ "next": next })).into_response();
    for cookie in parts.headers.get_all(axum::http::header::SET_COOKIE) {
        response
            .headers_mut()
            .append(axum::http::header::SET_COOKIE, cookie.clone());
    }
    Ok(response)
}

/// The key of a passkey that can seal approvals; `None` for RSA keys, which sign in but do not seal.
fn seal_key(passkey: &Passkey) -> Option<SealKey> {
    match &passkey.get_public_key().key {
        COSEKeyType::EC_EC2(key) if key.x.len() == 32 && key.y.len() == 32 => {
            let public = format!("04{}{}", hex::encode(&key.x), hex::encode(&key.y));
            Some(SealKey {
                algorithm: SealAlgorithm::Es256,
                public,
            })
        }
        COSEKeyType::EC_OKP(key) if key.x.len() == 32 => Some(SealKey {
            algorithm: SealAlgorithm::EdDsa,
            public: hex::encode(&key.x),
        }),
        _ => None,
    }
}

/// Whether a member has a passkey that can seal approvals.
///
/// # Errors
/// Database.
pub async fn seals(conn: &mut Conn, member: MemberId) -> Result<bool, Error> {
    for credential in conn.credentials(member).await? {
        let passkey: Passkey =
            serde_json::from_str(&credential.passkey).map_err(|e| Error::Internal(e.into()))?;
        if seal_key(&passkey).is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a page asks the browser for, so that a passkey seals exactly this digest; `None` when the member has no
/// passkey that can.
///
/// # Errors
/// Database.
pub async fn seal_options(
    app: &App,
    conn: &mut Conn,
    member: MemberId,
    digest: &Digest,
) -> Result<Option<Value>, Error> {
    let mut allowed = Vec::new();
    for credential in conn.credentials(member).await? {
        let passkey: Passkey =
            serde_json::from_str(&credential.passkey).map_err(|e| Error::Internal(e.into()))?;
        if seal_key(&passkey).is_some() {
            allowed.push(
                json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(&credential.raw_id) }),
            );
        }
    }
    if allowed.is_empty() {
        return Ok(None);
    }
    Ok(Some(json!({ "publicKey": {
        "challenge": URL_SAFE_NO_PAD.encode(digest.0),
        "rpId": app.passkeys.rp_id,
        "allowCredentials": allowed,
        "userVerification": "required",
        "timeout": 120_000,
    }})))
}

/// The parts of the browser's answer that a seal keeps.
#[derive(Debug, Deserialize)]
struct Sealed {
    id: String,
    response: SealedResponse,
}

#[derive(Debug, Deserialize)]
struct SealedResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "authenticatorData")]
    authenticator_data: String,
    signature: String,
}

/// Makes the browser's answer an assertion of this member over this digest.
///
/// # Errors
/// `refusal-bad-seal` when it is not theirs or proves nothing; database.
pub async fn assertion(
    app: &App,
    conn: &mut Conn,
    member: MemberId,
    digest: &Digest,
    answer: &str,
) -> Result<Assertion, Error> {
    let bad = || Error::refused("refusal-bad-seal");
    let sealed: Sealed = serde_json::from_str(answer).map_err(|_| bad())?;
    let raw_id = URL_SAFE_NO_PAD.decode(&sealed.id).map_err(|_| bad())?;
    let credential = conn
        .credential_by_raw_id(&raw_id)
        .await?
        .filter(|c| c.member == member)
        .ok_or_else(bad)?;
    let passkey: Passkey =
        serde_json::from_str(&credential.passkey).map_err(|e| Error::Internal(e.into()))?;
    let assertion = Assertion {
        v: 1,
        credential: sealed.id,
        key: seal_key(&passkey).ok_or_else(bad)?,
        rp_id: app.passkeys.rp_id.clone(),
        origin: app.passkeys.origin.clone(),
        client_data: sealed.response.client_data,
        authenticator_data: sealed.response.authenticator_data,
        signature: sealed.response.signature,
    };
    assertion.verify(digest).map_err(|_| bad())?;
    Ok(assertion)
}
