//! Tokens of Instagram and Threads: an hour from the code, 60 days by an exchange, 60 days more by a renewal.
//!
//! Meta documents the exchange and the renewal with the token in the query only.

use super::{
    error,
    graph::{self, Graph},
};
use crate::{
    Code, Failure, Http, Session,
    oauth::{App, Back, Tokens},
    rest::{self, Body, Request, Stage, Trouble},
};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::{
    future::Future,
    time::{Duration, Instant},
};
use url::Url;

/// Renewed when fewer days are left. Only a token of more than a day can be renewed.
const AHEAD: SignedDuration = SignedDuration::from_hours(20 * 24);

/// Names of one platform's token endpoints.
#[derive(Debug, Clone, Copy)]
pub struct Flavour {
    /// `grant_type` of the exchange.
    pub exchange: &'static str,
    /// `grant_type` of the renewal.
    pub renew: &'static str,
}

/// The short token for a code: `POST /oauth/access_token`.
///
/// # Errors
/// `not_granted` for a code that is not good (any more), `not_registered` for a program that is not known.
pub async fn granted(
    http: &Http,
    server: &Url,
    app: &App,
    back: &Back<'_>,
    until: Instant,
) -> Result<Value, Failure> {
    // Meta's pages append `#_` to the address that the person comes back to.
    let code = back.code.expose_secret().trim_end_matches("#_");
    let fields = vec![
        ("client_id", app.id.clone()),
        ("client_secret", app.secret.expose_secret().to_owned()),
        ("grant_type", "authorization_code".to_owned()),
        ("redirect_uri", back.redirect.to_string()),
        ("code", code.to_owned()),
    ];
    let url = rest::at(server, &["oauth", "access_token"]);
    let answer = rest::send(
        http,
        Request::post(url, Body::Form(fields)).secret(),
        error::read,
        until,
    )
    .await
    .map_err(not_granted)?;
    // Documented as a list of one; seen plain.
    Ok(answer
        .json
        .pointer("/data/0")
        .cloned()
        .unwrap_or(answer.json))
}

/// Whether the answer of a token endpoint names all rights asked for, where it names any: a person can untick some.
///
/// # Errors
/// `not_granted`.
pub fn all_granted(answer: &Value, scopes: &[&str]) -> Result<(), Failure> {
    let named: Vec<&str> = match answer.pointer("/permissions") {
        Some(Value::String(text)) => text.split(',').map(str::trim).collect(),
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    match scopes.iter().find(|scope| !named.contains(scope)) {
        Some(scope) => Err(Failure::new(
            Code::NotGranted,
            format!("{scope} was not granted"),
        )),
        None => Ok(()),
    }
}

/// Whether two ids are one account's.
///
/// # Errors
/// `other_account`.
fn same(ours: &str, given: &str) -> Result<(), Failure> {
    if ours == given {
        return Ok(());
    }
    Err(Failure::new(
        Code::OtherAccount,
        "the token is for another account",
    ))
}

/// A refusal of a token endpoint, in our words.
pub fn not_granted(trouble: Trouble) -> Failure {
    match graph::doubted(trouble) {
        trouble
            if trouble.stage == Stage::Refused
                && matches!(
                    trouble.failure.code,
                    Code::RefusedByServer | Code::TokenExpired
                ) =>
        {
            Failure::new(Code::NotGranted, "the code was not taken")
        }
        trouble => trouble.failure,
    }
}

/// A long token for a short one: `GET /access_token`.
///
/// # Errors
/// Any [`Failure`].
pub async fn exchanged(
    http: &Http,
    server: &Url,
    app: &App,
    flavour: Flavour,
    short: &str,
    until: Instant,
) -> Result<Tokens, Failure> {
    let url = rest::query(
        rest::at(server, &["access_token"]),
        &[
            ("grant_type", flavour.exchange),
            ("client_secret", app.secret.expose_secret()),
            ("access_token", short),
        ],
    );
    let answer = rest::send(http, Request::get(url).secret(), error::read, until)
        .await
        .map_err(not_granted)?;
    Tokens::answered(&answer.json, Timestamp::now())
}

/// Who a token is for, as one platform tells it at `GET /me`.
#[derive(Debug, Clone, Copy)]
pub struct Me {
    /// The fields to ask for.
    pub fields: &'static str,
    /// The account's id in the answer, and its name.
    pub read: fn(&Value) -> Option<(String, String)>,
}

impl Me {
    /// The account's id and name.
    ///
    /// # Errors
    /// `garbage_answer` for an account without an id, and any [`Failure`] of the reading.
    pub async fn of(self, graph: &Graph<'_>) -> Result<(String, String), Failure> {
        let me = graph.get(&["me"], &[("fields", self.fields)]).await?;
        (self.read)(&me)
            .ok_or_else(|| Failure::new(Code::GarbageAnswer, "an account without an id"))
    }
}

/// Whether a session's token opens its account; a token near its end is renewed.
///
/// # Errors
/// `other_account`, and any [`Failure`] of the reading.
pub async fn checked(
    http: &Http,
    flavour: Flavour,
    version: &str,
    me: Me,
    session: &mut Session,
    within: Duration,
) -> Result<(), Failure> {
    let (id, handle) = me
        .of(&Graph::open(http, session, version, None, within)?)
        .await?;
    same(&session.account.id, &id)?;
    if !handle.is_empty() {
        session.account.handle = handle;
    }
    let server = graph::server(&session.account.service)?;
    let base = rest::at(&server, &[version]);
    let until = Instant::now() + within;
    let prove = async |tokens: Tokens| {
        let graph = Graph::new(http, base, tokens.bearer(), None, until);
        same(&id, &me.of(&graph).await?.0)
    };
    renewed(http, &server, flavour, session, until, prove).await;
    Ok(())
}

/// Renews the session's token when its end is near: `GET /refresh_access_token`. The new token is proven by `prove`
/// before it replaces the old one; whatever goes wrong, the old one stays.
async fn renewed<F, Fut>(
    http: &Http,
    server: &Url,
    flavour: Flavour,
    session: &mut Session,
    until: Instant,
    prove: F,
) where
    F: FnOnce(Tokens) -> Fut,
    Fut: Future<Output = Result<(), Failure>>,
{
    let Ok(old) = Tokens::open(session.secret()) else {
        return;
    };
    if !old.ends_within(Timestamp::now(), AHEAD) {
        return;
    }
    let url = rest::query(
        rest::at(server, &["refresh_access_token"]),
        &[
            ("grant_type", flavour.renew),
            ("access_token", old.access.as_str()),
        ],
    );
    let new = match rest::send(http, Request::get(url).secret(), error::read, until).await {
        Ok(answer) => Tokens::answered(&answer.json, Timestamp::now()),
        Err(trouble) => Err(trouble.failure),
    };
    let proven = match new {
        Ok(new) => prove(new.clone()).await.map(|()| new),
        Err(failure) => Err(failure),
    };
    match proven {
        Ok(new) => {
            let until = new.ends();
            session.renew(new.seal(), until);
        }
        // There are days left to try again.
        Err(failure) => tracing::warn!(%failure, "a token could not be renewed"),
    }
}
