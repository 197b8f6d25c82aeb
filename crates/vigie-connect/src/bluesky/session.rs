//! Signing in with an app password, and staying signed in.
//!
//! What the vault keeps is one JSON text: the two tokens and the app password. The password is kept because a refresh
//! token is lost when the program stops between its renewal and its storing, or rests for months; signing in anew is
//! the only way back, and servers allow it rarely, so tokens are used as long as they live.

use super::xrpc::{self, Stage, Trouble, Xrpc};
use crate::{Account, Code, Connected, Failure, Http, Session};
use base64::Engine;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;
use vigie_core::content::Platform;

/// The scope of a token that can do everything, given for the account's main password.
const FULL_ACCESS: &str = "com.atproto.access";
/// The server that signs in for many: it names each account's own.
const ENTRYWAY: &str = "bsky.social";

/// What the vault keeps.
#[derive(Debug, Clone)]
pub struct Keys {
    access: SecretString,
    refresh: SecretString,
    password: SecretString,
    /// Where posts live, when that is not where one signs in.
    home: Option<Url>,
}

impl Keys {
    fn parse(secret: &SecretString) -> Result<Self, Failure> {
        // The parser's own message is not passed on: it could quote the secret.
        let broken = || {
            Failure::new(
                Code::TokenExpired,
                "what the vault keeps for this channel cannot be read",
            )
        };
        let value: Value = serde_json::from_str(secret.expose_secret()).map_err(|_| broken())?;
        let part = |name: &str| {
            value
                .get(name)
                .and_then(Value::as_str)
                .map(SecretString::from)
                .ok_or_else(broken)
        };
        Ok(Self {
            access: part("access")?,
            refresh: part("refresh")?,
            password: part("password")?,
            home: value
                .get("home")
                .and_then(Value::as_str)
                .and_then(|home| Url::parse(home).ok()),
        })
    }

    fn seal(&self) -> SecretString {
        json!({
            "access": self.access.expose_secret(),
            "refresh": self.refresh.expose_secret(),
            "password": self.password.expose_secret(),
            "home": self.home.as_ref().map(Url::as_str),
        })
        .to_string()
        .into()
    }
}

/// Signs in at `service`.
pub async fn connect(
    http: &Http,
    service: &Url,
    identifier: &str,
    password: &SecretString,
    until: Instant,
) -> Result<Connected, Failure> {
    http.admit_secret(service)?;
    let identifier = identifier.trim().trim_start_matches('@');
    let entered = create(http, service, identifier, password, until)
        .await
        .map_err(|trouble| trouble.failure)?;
    if scope(&entered.keys.access).as_deref() == Some(FULL_ACCESS) {
        // The main password opens everything; a company's key for posting must not. The session is ended at once.
        let end = Xrpc {
            post: true,
            ..Xrpc::query("com.atproto.server.deleteSession", vec![])
        };
        let _ = xrpc::send(http, service, &end, Some(&entered.keys.refresh), until).await;
        return Err(Failure::new(
            Code::NeedsAppPassword,
            "this is the account's main password",
        ));
    }
    let account = Account {
        platform: Platform::Bluesky,
        service: service.as_str().trim_end_matches('/').to_owned(),
        id: entered.did,
        handle: entered.handle,
        limits: crate::Limits::default(),
    };
    Ok(Connected {
        account,
        secret: entered.keys.seal(),
        until: None,
    })
}

struct Entered {
    did: String,
    handle: String,
    keys: Keys,
}

async fn create(
    http: &Http,
    service: &Url,
    identifier: &str,
    password: &SecretString,
    until: Instant,
) -> Result<Entered, Trouble> {
    let body = json!({ "identifier": identifier, "password": password.expose_secret() });
    let mut call = Xrpc::procedure("com.atproto.server.createSession", &body);
    call.secret_body = true;
    let answer = xrpc::send(http, service, &call, None, until).await?;
    entered(&answer, service, password)
}

/// Reads the answer of a sign-in or a renewal.
fn entered(answer: &Value, service: &Url, password: &SecretString) -> Result<Entered, Trouble> {
    let part = |name: &str| {
        answer.get(name).and_then(Value::as_str).ok_or_else(|| {
            Trouble::new(
                Stage::Unknown,
                Code::GarbageAnswer,
                format!("signed in, but the answer has no {name}"),
            )
        })
    };
    if answer.get("active") == Some(&Value::Bool(false)) {
        return Err(Trouble::new(
            Stage::Refused,
            Code::AccountSuspended,
            "the account is not active",
        ));
    }
    let did = part("did")?.to_owned();
    if !super::is_did(&did) {
        return Err(Trouble::new(
            Stage::Unknown,
            Code::GarbageAnswer,
            "signed in, but the account's id is not one",
        ));
    }
    // Only the entryway sends us on; a server that somebody named is kept, whatever it says of itself.
    let home = (service.host_str() == Some(ENTRYWAY))
        .then(|| super::discover::pds_of(answer.get("didDoc")?))
        .flatten();
    Ok(Entered {
        did,
        handle: part("handle")?.to_owned(),
        keys: Keys {
            access: part("accessJwt")?.into(),
            refresh: part("refreshJwt")?.into(),
            password: password.clone(),
            home,
        },
    })
}

/// The scope that a token names, when it can be read. Nothing is decided on it but our own refusal.
fn scope(token: &SecretString) -> Option<String> {
    let middle = token.expose_secret().split('.').nth(1)?;
    let json = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(middle)
        .ok()?;
    let claims: Value = serde_json::from_slice(&json).ok()?;
    Some(claims.get("scope")?.as_str()?.to_owned())
}

/// Calls on behalf of an account, renewing its tokens when they have expired.
#[derive(Debug)]
pub struct Signed<'a> {
    http: &'a Http,
    session: &'a mut Session,
    keys: Keys,
    service: Url,
    until: Instant,
}

impl<'a> Signed<'a> {
    /// Opens `session` for calls that together take at most `within`.
    pub fn open(
        http: &'a Http,
        session: &'a mut Session,
        within: Duration,
    ) -> Result<Self, Failure> {
        let keys = Keys::parse(session.secret())?;
        let service = service_of(&session.account)?;
        let until = Instant::now() + within;
        Ok(Self {
            http,
            session,
            keys,
            service,
            until,
        })
    }

    /// The one client.
    pub const fn http(&self) -> &'a Http {
        self.http
    }

    /// The session that was opened.
    pub const fn session(&self) -> &Session {
        self.session
    }

    /// When the time is over.
    pub const fn until(&self) -> Instant {
        self.until
    }

    /// One call. A call refused for stale tokens was not carried out: it is sent once more with new ones.
    pub async fn call(&mut self, call: &Xrpc) -> Result<Value, Trouble> {
        match self.once(call).await {
            Err(trouble) if trouble.is_stale_token() => {
                self.renew().await?;
                self.once(call).await
            }
            other => other,
        }
    }

    async fn once(&self, call: &Xrpc) -> Result<Value, Trouble> {
        let home = self.keys.home.as_ref().unwrap_or(&self.service);
        xrpc::send(self.http, home, call, Some(&self.keys.access), self.until).await
    }

    /// New tokens: by the refresh token, else by the password. Whatever goes wrong here, the call was not carried out.
    async fn renew(&mut self) -> Result<(), Trouble> {
        let refresh = Xrpc {
            post: true,
            ..Xrpc::query("com.atproto.server.refreshSession", vec![])
        };
        let first = xrpc::send(
            self.http,
            &self.service,
            &refresh,
            Some(&self.keys.refresh),
            self.until,
        )
        .await;
        let entered =
            match first.and_then(|answer| entered(&answer, &self.service, &self.keys.password)) {
                Err(trouble)
                    if trouble.stage == Stage::Refused
                        && trouble.failure.code == Code::TokenExpired =>
                {
                    create(
                        self.http,
                        &self.service,
                        &self.session.account.id,
                        &self.keys.password,
                        self.until,
                    )
                    .await
                }
                other => other,
            };
        let mut entered = entered.map_err(|mut trouble| {
            trouble.stage = Stage::NotSent;
            // The password that once opened the account no longer does.
            if trouble.failure.code == Code::BadCredentials {
                trouble.failure.code = Code::TokenExpired;
            }
            trouble
        })?;
        if entered.did != self.session.account.id {
            return Err(Trouble::new(
                Stage::NotSent,
                Code::OtherAccount,
                "the tokens are for another account",
            ));
        }
        entered.keys.home = entered.keys.home.or_else(|| self.keys.home.take());
        self.keys = entered.keys;
        self.session.renew(self.keys.seal(), None);
        tracing::info!(account = %self.session.account.id, "tokens renewed");
        Ok(())
    }

    /// The account's id.
    pub fn did(&self) -> &str {
        &self.session.account.id
    }
}

/// Where the session was opened, and what renews it.
pub fn door(session: &Session) -> Result<(Url, SecretString), Failure> {
    let keys = Keys::parse(session.secret())?;
    Ok((service_of(&session.account)?, keys.refresh))
}

/// Where an account's records are read; no credentials are needed for that.
pub fn home_of(session: &Session) -> Result<Url, Failure> {
    match Keys::parse(session.secret()) {
        Ok(Keys {
            home: Some(home), ..
        }) => Ok(home),
        _ => service_of(&session.account),
    }
}

fn service_of(account: &Account) -> Result<Url, Failure> {
    Url::parse(&account.service)
        .map_err(|_| Failure::new(Code::BadAddress, "the channel's server is not an address"))
}
