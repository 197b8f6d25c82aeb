//! Taking back what opens the account.
//!
//! Source: docs.x.com, OAuth 2.0, "Revoke token": `POST /2/oauth2/revoke` by the client that the token was given to.

use super::{X, call};
use crate::{
    Code, Failure, Farewell, Session,
    oauth::Tokens,
    rest::{self, Stage},
    signed,
};
use std::time::{Duration, Instant};
use url::Url;

/// The refresh token first: whoever has it makes new access tokens.
pub async fn farewell(x: &X, session: &Session, within: Duration) -> Result<Farewell, Failure> {
    let until = Instant::now() + within;
    let tokens = Tokens::open(session.secret())?;
    let base = Url::parse(&session.account.service)
        .map_err(|_| Failure::new(Code::BadAddress, "the channel's server is not an address"))?;
    for token in tokens.refresh.iter().chain([&tokens.access]) {
        let fields = vec![("token", token.clone())];
        let request = call::by_client(x.app()?, &base, "revoke", fields);
        let answer = rest::send(&x.http, request, signed::refused, until).await;
        let reply = answer.map_err(|trouble| trouble.failure)?;
        if reply.json.get("revoked") != Some(&serde_json::Value::Bool(true)) {
            return Err(
                rest::Trouble::new(Stage::Unknown, Code::GarbageAnswer, "not revoked").failure,
            );
        }
    }
    Ok(Farewell::Revoked)
}
