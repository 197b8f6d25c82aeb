//! Ending the session. The app password stays until its owner deletes it: a program that signed in with one may not.
//!
//! Source: the lexicon `com.atproto.server.deleteSession`.

use super::{
    session,
    xrpc::{self, Xrpc},
};
use crate::{Code, Failure, Farewell, Http, Session};
use std::time::{Duration, Instant};

/// Ends it; one that has ended already is ended.
pub async fn farewell(
    http: &Http,
    session: &Session,
    within: Duration,
) -> Result<Farewell, Failure> {
    let (service, refresh) = session::door(session)?;
    let end = Xrpc {
        post: true,
        empty: true,
        ..Xrpc::query("com.atproto.server.deleteSession", vec![])
    };
    match xrpc::send(
        http,
        &service,
        &end,
        Some(&refresh),
        Instant::now() + within,
    )
    .await
    {
        Ok(_) => Ok(Farewell::Partly),
        Err(trouble) if trouble.is_stale_token() => Ok(Farewell::Partly),
        Err(trouble) if trouble.failure.code == Code::TokenExpired => Ok(Farewell::Partly),
        Err(trouble) => Err(trouble.failure),
    }
}
