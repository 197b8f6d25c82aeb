//! Posts on the network: put, look, list, take back.

use super::{
    gate::{self, Gates},
    key,
    record::{self, COLLECTION},
    session::{self, Signed},
    xrpc::{self, Stage, Trouble, Xrpc},
};
use crate::{Allowed, Code, Failure, Http, Page, Payload, Picture, RemotePost, Session};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use url::Url;
use vigie_core::{
    content::Repliers,
    publication::{Found, Outcome},
};

/// Posts in one page of a listing.
const PAGE: &str = "50";
/// Gates read with them; the most that is given.
const GATES: &str = "100";

/// Asks the server who we are.
pub async fn check(http: &Http, session: &mut Session, within: Duration) -> Result<(), Failure> {
    let mut signed = Signed::open(http, session, within)?;
    let answer = signed
        .call(&Xrpc::query("com.atproto.server.getSession", vec![]))
        .await
        .map_err(|trouble| trouble.failure)?;
    if answer.get("did").and_then(Value::as_str) != Some(signed.did()) {
        return Err(Failure::new(
            Code::OtherAccount,
            "the tokens are for another account",
        ));
    }
    if answer.get("active") == Some(&Value::Bool(false)) {
        return Err(Failure::new(
            Code::AccountSuspended,
            "the account is not active",
        ));
    }
    Ok(())
}

/// Puts a post.
pub async fn publish(
    http: &Http,
    session: &mut Session,
    payload: &Payload,
    within: Duration,
) -> Outcome {
    if let Some(code) = record::problems(&session.account, payload).first() {
        return Outcome::Refused {
            code: code.as_str().into(),
            detail: "found before sending".into(),
        };
    }
    let mut signed = match Signed::open(http, session, within) {
        Ok(signed) => signed,
        Err(failure) => return not_sent(failure),
    };
    let record = match prepare(&mut signed, payload).await {
        Ok(record) => record,
        // A harmless step: whatever happened, the post is not there.
        Err(trouble)
            if trouble.stage == Stage::Refused && !trouble.failure.code.needs_reconnect() =>
        {
            return refused(trouble.failure);
        }
        Err(trouble) => return not_sent(trouble.failure),
    };
    if let Some(gate) = gate::gate(signed.did(), payload) {
        return publish_gated(&mut signed, payload, &record, &gate).await;
    }
    let put = json!({
        "repo": signed.did(),
        "collection": COLLECTION,
        "rkey": payload.key,
        "record": record,
        "swapRecord": null,
    });
    match signed
        .call(&Xrpc::procedure("com.atproto.repo.putRecord", &put))
        .await
    {
        Ok(answer) => published(&answer, signed.did(), &payload.key),
        Err(trouble) => match trouble.stage {
            Stage::NotSent => not_sent(trouble.failure),
            Stage::Refused if trouble.failure.code.needs_reconnect() => not_sent(trouble.failure),
            // Nothing was overwritten; what is there may be an earlier attempt that somebody has edited since.
            Stage::Refused if trouble.failure.code == Code::KeyTaken => Outcome::Unknown {
                detail: trouble.failure.to_string(),
            },
            Stage::Refused => refused(trouble.failure),
            Stage::Unknown => Outcome::Unknown {
                detail: trouble.failure.to_string(),
            },
        },
    }
}

/// Puts a post and its gate, in one commit.
async fn publish_gated(
    signed: &mut Signed<'_>,
    payload: &Payload,
    record: &Value,
    gate: &Value,
) -> Outcome {
    let (did, key) = (signed.did().to_owned(), payload.key.as_str());
    // The call does not say "the same again" by itself: an earlier attempt is looked for. Reading changes nothing.
    match already(signed, key, record, gate).await {
        Ok(Found::Absent) => {}
        Ok(found) => return there(found),
        Err(failure) => return not_sent(failure),
    }
    let body = gate::both(&did, key, record, gate);
    let call = Xrpc::procedure("com.atproto.repo.applyWrites", &body);
    let trouble = match signed.call(&call).await {
        Ok(answer) => {
            let made = answer.pointer("/results/0").unwrap_or(&Value::Null);
            return published(made, &did, key);
        }
        Err(trouble) => trouble,
    };
    match trouble.stage {
        Stage::NotSent => not_sent(trouble.failure),
        Stage::Refused if trouble.failure.code.needs_reconnect() => not_sent(trouble.failure),
        // The reason may be an earlier attempt that came late: a no is believed when nothing is there.
        Stage::Refused => match already(signed, key, record, gate).await {
            Ok(Found::Absent) => refused(trouble.failure),
            _ => Outcome::Unknown {
                detail: trouble.failure.to_string(),
            },
        },
        Stage::Unknown => Outcome::Unknown {
            detail: trouble.failure.to_string(),
        },
    }
}

/// What is under a key already, compared with a post and its gate.
async fn already(
    signed: &Signed<'_>,
    key: &str,
    record: &Value,
    gate: &Value,
) -> Result<Found, Failure> {
    let (http, did, until) = (signed.http(), signed.did(), signed.until());
    let home = session::home_of(signed.session())?;
    match get(http, &home, did, key, until).await? {
        None => Ok(Found::Absent),
        Some(found) => compare(http, &home, did, &found, (key, record, Some(gate)), until).await,
    }
}

/// The outcome of an earlier attempt that was found.
fn there(found: Found) -> Outcome {
    match found {
        Found::Same {
            remote_id,
            url,
            content_id,
        } => Outcome::Published {
            remote_id,
            url,
            content_id,
        },
        other => Outcome::Unknown {
            detail: format!("{}: {other:?}", Code::KeyTaken),
        },
    }
}

fn not_sent(failure: Failure) -> Outcome {
    tracing::info!(%failure, "not sent");
    failure.not_sent()
}

fn refused(failure: Failure) -> Outcome {
    Outcome::Refused {
        code: failure.code.as_str().into(),
        detail: failure.detail,
    }
}

fn published(answer: &Value, did: &str, key: &str) -> Outcome {
    let expected = uri(did, key);
    let said = |name: &str| answer.get(name).and_then(Value::as_str);
    match (said("uri"), said("cid")) {
        (Some(uri), Some(cid)) if uri == expected && !cid.is_empty() => Outcome::Published {
            remote_id: expected,
            url: web_address(did, key),
            content_id: cid.to_owned(),
        },
        _ => Outcome::Unknown {
            detail: format!("{}: a success without our post's id", Code::GarbageAnswer),
        },
    }
}

/// Everything that must be there before the post: handles turned into accounts, pictures uploaded.
async fn prepare(signed: &mut Signed<'_>, payload: &Payload) -> Result<Value, Trouble> {
    let mut accounts = BTreeMap::new();
    for handle in record::mentions(&payload.text) {
        let call = Xrpc::query(
            "com.atproto.identity.resolveHandle",
            vec![("handle", handle.clone())],
        );
        if let Some(did) = account_of(signed.call(&call).await)? {
            accounts.insert(handle, did);
        }
    }
    for picture in &payload.pictures {
        upload(signed, picture).await?;
    }
    Ok(record::record(payload, &accounts))
}

/// The account that a look-up of a handle found; `None` when surely nobody has it.
fn account_of(answer: Result<Value, Trouble>) -> Result<Option<String>, Trouble> {
    match answer {
        Ok(answer) => match answer.get("did").and_then(Value::as_str) {
            Some(did) if super::is_did(did) => Ok(Some(did.to_owned())),
            _ => Err(Trouble::new(
                Stage::Unknown,
                Code::GarbageAnswer,
                "a handle without an account's id",
            )),
        },
        Err(trouble)
            if trouble.stage == Stage::Refused && trouble.failure.code == Code::RefusedByServer =>
        {
            Ok(None)
        }
        Err(trouble) => Err(trouble),
    }
}

async fn upload(signed: &mut Signed<'_>, picture: &Picture) -> Result<(), Trouble> {
    let kind = super::DECLARATION
        .picture_types
        .iter()
        .find(|kind| **kind == picture.mime)
        .copied();
    let kind =
        kind.ok_or_else(|| Trouble::new(Stage::Refused, Code::MediaKind, "not a picture we send"))?;
    let call = Xrpc {
        body: Some((kind, picture.bytes.clone())),
        post: true,
        ..Xrpc::query("com.atproto.repo.uploadBlob", vec![])
    };
    let answer = signed.call(&call).await?;
    // The server looks into the bytes: what it stored must be what was approved.
    let blob = answer.get("blob");
    let cid = blob
        .and_then(|b| b.pointer("/ref/$link"))
        .and_then(Value::as_str);
    let stored_kind = blob.and_then(|b| b.get("mimeType")).and_then(Value::as_str);
    if cid != Some(key::blob_cid(&picture.bytes).as_str()) {
        return Err(Trouble::new(
            Stage::Unknown,
            Code::GarbageAnswer,
            "the server stored other bytes than were sent",
        ));
    }
    if stored_kind != Some(picture.mime.as_str()) {
        let found = stored_kind.unwrap_or("nothing");
        return Err(Trouble::new(
            Stage::Refused,
            Code::MediaKind,
            format!("sent as {kind}, found to be {found}"),
        ));
    }
    Ok(())
}

/// Looks under the payload's key. Reading needs no credentials, so it works with expired ones.
pub async fn find(
    http: &Http,
    session: &mut Session,
    expected: &Payload,
    within: Duration,
) -> Found {
    let cannot = Failure::cannot_tell;
    let until = Instant::now() + within;
    let home = match session::home_of(session) {
        Ok(home) => home,
        Err(failure) => return cannot(failure),
    };
    let did = &session.account.id;
    let found = match get(http, &home, did, &expected.key, until).await {
        Ok(Some(found)) => found,
        Ok(None) => return Found::Absent,
        Err(failure) => return cannot(failure),
    };
    let mut accounts = BTreeMap::new();
    for handle in record::mentions(&expected.text) {
        let call = Xrpc::query(
            "com.atproto.identity.resolveHandle",
            vec![("handle", handle.clone())],
        );
        match account_of(xrpc::send(http, &home, &call, None, until).await) {
            Ok(Some(account)) => drop(accounts.insert(handle, account)),
            Ok(None) => {}
            Err(trouble) => return cannot(trouble.failure),
        }
    }
    let record = record::record(expected, &accounts);
    let gate = gate::gate(did, expected);
    let expected = (expected.key.as_str(), &record, gate.as_ref());
    compare(http, &home, did, &found, expected, until)
        .await
        .unwrap_or_else(cannot)
}

/// Compares what was found under a key with the record that should be there, and with its gate.
async fn compare(
    http: &Http,
    home: &Url,
    did: &str,
    found: &Value,
    (key, record, gate): (&str, &Value, Option<&Value>),
    until: Instant,
) -> Result<Found, Failure> {
    let (Some(cid), Some(value)) = (found.get("cid").and_then(Value::as_str), found.get("value"))
    else {
        return Err(Failure::new(
            Code::GarbageAnswer,
            "a record without its content",
        ));
    };
    if value != record {
        return Ok(Found::Different {
            detail: format!("{cid} under our key is another content"),
        });
    }
    if let Some(gate) = gate {
        let held = get_in(gate::COLLECTION, http, home, did, key, until).await?;
        if held.as_ref().and_then(|held| held.get("value")) != Some(gate) {
            return Ok(Found::Different {
                detail: format!("{cid} is there, but others may answer it"),
            });
        }
    }
    Ok(Found::Same {
        remote_id: uri(did, key),
        url: web_address(did, key),
        content_id: cid.to_owned(),
    })
}

/// Reads one post.
pub async fn read_back(
    http: &Http,
    session: &Session,
    remote_id: &str,
    within: Duration,
) -> Result<Option<RemotePost>, Failure> {
    let key = own_key(session, remote_id)?;
    let home = session::home_of(session)?;
    let found = get(
        http,
        &home,
        &session.account.id,
        key,
        Instant::now() + within,
    )
    .await?;
    match found {
        None => Ok(None),
        Some(found) => match remote_post(&session.account.id, &found) {
            Some(mut post) if post.key == key => {
                let until = Instant::now() + within;
                let did = &session.account.id;
                let gate = get_in(gate::COLLECTION, http, &home, did, key, until).await;
                post.repliers = match gate {
                    Ok(Some(gate)) => gate.get("value").map(gate::allowed),
                    Ok(None) => Some(Allowed::By(Repliers::Everyone)),
                    // The post is what was asked for.
                    Err(_) => None,
                };
                Ok(Some(post))
            }
            _ => Err(Failure::new(
                Code::GarbageAnswer,
                "not the record asked for",
            )),
        },
    }
}

/// The newest posts first.
pub async fn list(
    http: &Http,
    session: &Session,
    cursor: Option<&str>,
    within: Duration,
) -> Result<Page, Failure> {
    let home = session::home_of(session)?;
    let did = &session.account.id;
    let mut query = vec![
        ("repo", did.clone()),
        ("collection", COLLECTION.to_owned()),
        ("limit", PAGE.to_owned()),
    ];
    query.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
    let call = Xrpc::query("com.atproto.repo.listRecords", query);
    let answer = xrpc::send(http, &home, &call, None, Instant::now() + within)
        .await
        .map_err(|t| t.failure)?;
    let records = answer.get("records").and_then(Value::as_array);
    let posts: Option<Vec<RemotePost>> =
        records.and_then(|all| all.iter().map(|r| remote_post(did, r)).collect());
    let mut posts = posts
        .ok_or_else(|| Failure::new(Code::GarbageAnswer, "not a list of this account's posts"))?;
    let gates = gates(http, &home, did, within).await;
    for post in &mut posts {
        post.repliers = gates.of(&post.key);
    }
    let next = answer
        .get("cursor")
        .and_then(Value::as_str)
        .filter(|next| Some(*next) != cursor && !posts.is_empty());
    Ok(Page {
        cursor: next.map(str::to_owned),
        posts,
    })
}

/// The account's newest gates. None of them is none that is known: the posts were read all the same.
async fn gates(http: &Http, home: &Url, did: &str, within: Duration) -> Gates {
    let query = vec![
        ("repo", did.to_owned()),
        ("collection", gate::COLLECTION.to_owned()),
        ("limit", GATES.to_owned()),
    ];
    let call = Xrpc::query("com.atproto.repo.listRecords", query);
    match xrpc::send(http, home, &call, None, Instant::now() + within).await {
        Ok(answer) => Gates::read(did, &answer),
        Err(trouble) => {
            tracing::info!(failure = %trouble.failure, "who may answer was not read");
            Gates::default()
        }
    }
}

/// Deletes; one that is gone answers like the first time.
pub async fn delete(
    http: &Http,
    session: &mut Session,
    remote_id: &str,
    within: Duration,
) -> Result<(), Failure> {
    let key = own_key(session, remote_id)?.to_owned();
    let mut signed = Signed::open(http, session, within)?;
    // The gate of a post goes with it; where there is none, the server says the same.
    for collection in [COLLECTION, gate::COLLECTION] {
        let body = json!({ "repo": signed.did(), "collection": collection, "rkey": key });
        let call = Xrpc::procedure("com.atproto.repo.deleteRecord", &body);
        signed.call(&call).await.map_err(|t| t.failure)?;
    }
    Ok(())
}

async fn get(
    http: &Http,
    home: &Url,
    did: &str,
    key: &str,
    until: Instant,
) -> Result<Option<Value>, Failure> {
    get_in(COLLECTION, http, home, did, key, until).await
}

async fn get_in(
    collection: &str,
    http: &Http,
    home: &Url,
    did: &str,
    key: &str,
    until: Instant,
) -> Result<Option<Value>, Failure> {
    let query = vec![
        ("repo", did.to_owned()),
        ("collection", collection.to_owned()),
        ("rkey", key.to_owned()),
    ];
    let expected = format!("at://{did}/{collection}/{key}");
    let call = Xrpc::query("com.atproto.repo.getRecord", query);
    match xrpc::send(http, home, &call, None, until).await {
        Ok(found) if found.get("uri").and_then(Value::as_str) == Some(expected.as_str()) => {
            Ok(Some(found))
        }
        Ok(_) => Err(Failure::new(
            Code::GarbageAnswer,
            "not the record asked for",
        )),
        Err(trouble) if trouble.stage == Stage::Refused && trouble.name == "RecordNotFound" => {
            Ok(None)
        }
        Err(trouble) => Err(trouble.failure),
    }
}

fn remote_post(did: &str, found: &Value) -> Option<RemotePost> {
    let said = |name: &str| found.get(name).and_then(Value::as_str);
    let (remote_id, cid, value) = (said("uri")?, said("cid")?, found.get("value")?);
    let key = remote_id.strip_prefix(&uri(did, ""))?.to_owned();
    let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    Some(RemotePost {
        remote_id: remote_id.to_owned(),
        url: web_address(did, &key),
        key,
        content_id: cid.to_owned(),
        text: field("text").to_owned(),
        created_at: field("createdAt").parse().ok(),
        repliers: None,
    })
}

/// The key in the id of one of this account's posts.
fn own_key<'a>(session: &Session, remote_id: &'a str) -> Result<&'a str, Failure> {
    remote_id
        .strip_prefix(&uri(&session.account.id, ""))
        .filter(|key| !key.is_empty() && key.len() <= 512 && !key.contains(['/', '?', '#']))
        .ok_or_else(|| Failure::new(Code::BadKey, "not the id of a post of this account"))
}

pub fn uri(did: &str, key: &str) -> String {
    format!("at://{did}/{COLLECTION}/{key}")
}

/// Where people see a post. The id, not the handle: it stays when the account changes its name.
pub fn web_address(did: &str, key: &str) -> String {
    format!("https://bsky.app/profile/{did}/post/{key}")
}
