//! What the account itself shows: its handle by its own server, its profile by the record in its repository, and the
//! number of its followers by the network's app view, which its server asks for it. Where no app view answers, the
//! number is not known.
//!
//! Sources: the lexicons `app.bsky.actor.profile`, `app.bsky.actor.getProfile`, `com.atproto.server.getSession`.

use super::{
    session::{self, Signed},
    xrpc::{self, Stage, Xrpc},
};
use crate::{Code, Failure, Http, Session, shown};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use vigie_core::page_state::PageState;

const COLLECTION: &str = "app.bsky.actor.profile";
const KEY: &str = "self";

/// Reads it.
pub async fn read(
    http: &Http,
    session: &mut Session,
    within: Duration,
) -> Result<PageState, Failure> {
    let home = session::home_of(session)?;
    let until = Instant::now() + within;
    let mut signed = Signed::open(http, session, within)?;
    let did = signed.did().to_owned();
    let own = signed
        .call(&Xrpc::query("com.atproto.server.getSession", vec![]))
        .await
        .map_err(|trouble| trouble.failure)?;
    shown::about(&own, "/did", &did)?;
    let handle = shown::name(&own, "/handle");
    let query = vec![("actor", did.clone())];
    let seen = signed
        .call(&Xrpc::query("app.bsky.actor.getProfile", query))
        .await;
    let followers = match seen {
        Ok(seen) if shown::about(&seen, "/did", &did).is_ok() => {
            shown::followers(&seen, "/followersCount")
        }
        _ => None,
    };
    let profile = profile(http, &home, &did, until).await?;
    Ok(PageState {
        // Where none is written, its pages show the handle.
        name: shown::name(&profile, "/displayName").or_else(|| handle.clone()),
        handle,
        description: shown::part(&profile, "/description", shown::words),
        website: shown::part(&profile, "/website", shown::line),
        // The digest of its bytes.
        picture: shown::part(&profile, "/avatar/ref/$link", shown::line),
        followers,
        ..PageState::default()
    })
}

/// The record; one without any field when there is none.
async fn profile(
    http: &Http,
    home: &url::Url,
    did: &str,
    until: Instant,
) -> Result<Value, Failure> {
    let query = vec![
        ("repo", did.to_owned()),
        ("collection", COLLECTION.to_owned()),
        ("rkey", KEY.to_owned()),
    ];
    let call = Xrpc::query("com.atproto.repo.getRecord", query);
    match xrpc::send(http, home, &call, None, until).await {
        Ok(found)
            if found.get("uri").and_then(Value::as_str)
                == Some(&*format!("at://{did}/{COLLECTION}/{KEY}")) =>
        {
            let value = found.get("value").filter(|value| value.is_object());
            value.cloned().ok_or_else(garbage)
        }
        Ok(_) => Err(garbage()),
        Err(trouble) if trouble.stage == Stage::Refused && trouble.name == "RecordNotFound" => {
            Ok(json!({}))
        }
        Err(trouble) => Err(trouble.failure),
    }
}

fn garbage() -> Failure {
    Failure::new(Code::GarbageAnswer, "not the record asked for")
}
