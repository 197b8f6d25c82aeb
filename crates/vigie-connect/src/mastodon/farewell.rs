//! Taking back what opens the account.
//!
//! Source: docs.joinmastodon.org, "Revoke an access token": `POST /oauth/revoke` by the program that it was given to. A
//! token that a person made in the settings belongs to no program of ours: only they can take it back.

use super::calls;
use crate::{
    Code, Failure, Farewell, Http, Session,
    oauth::Tokens,
    rest::{self, Body, Request},
};
use std::time::{Duration, Instant};

/// What renews it first, on servers that give such.
pub async fn farewell(
    http: &Http,
    session: &Session,
    within: Duration,
) -> Result<Farewell, Failure> {
    let until = Instant::now() + within;
    let tokens = Tokens::open(session.secret())?;
    let service = calls::service_of(&session.account)?;
    let Some((id, secret)) = &tokens.client else {
        return Err(Failure::new(Code::NotOffered, "a token made by hand"));
    };
    for token in tokens.refresh.iter().chain([&tokens.access]) {
        let form = vec![
            ("client_id", id.clone()),
            ("client_secret", secret.clone()),
            ("token", token.clone()),
        ];
        let url = rest::at(&service, &["oauth", "revoke"]);
        let request = Request::post(url, Body::Form(form)).secret();
        let reply = rest::send(http, request, calls::read_error, until).await?;
        // An empty object; some servers say nothing at all.
        let done = match &reply.json {
            serde_json::Value::Null => true,
            json => json.as_object().is_some_and(serde_json::Map::is_empty),
        };
        if !done {
            return Err(Failure::new(
                Code::GarbageAnswer,
                "not the answer of a revocation",
            ));
        }
    }
    Ok(Farewell::Revoked)
}
