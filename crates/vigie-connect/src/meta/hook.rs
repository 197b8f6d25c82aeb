//! Webhooks of Meta: a handshake by GET, then POSTs signed with the program's secret over their raw bytes.
//! Source: developers.facebook.com, "Webhooks: Getting Started".

use crate::{
    Code, Failure,
    hook::{self, HookAnswer, HookCall, Written, mac},
    oauth::App,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Accounts named by one call at most; Meta puts up to 1,000 events into one.
const MOST: usize = 1_000;

/// Answers a call. `accounts` finds the accounts that it is about; none found means all.
///
/// # Errors
/// `not_registered`, `forged`.
pub fn hook(
    app: Option<&App>,
    call: &HookCall<'_>,
    accounts: fn(&Value) -> Vec<String>,
) -> Result<HookAnswer, Failure> {
    let app = app.ok_or_else(|| Failure::new(Code::NotRegistered, "no app is registered"))?;
    if !call.post {
        return handshake(app, call);
    }
    let given = call.header("x-hub-signature-256");
    hook::verify(&app.secret, call.body, given, "sha256=", Written::Hex)?;
    let said: Value = serde_json::from_slice(call.body).unwrap_or_default();
    let named: BTreeSet<String> = accounts(&said)
        .into_iter()
        .filter(|id| crate::rest::is_id(id))
        .take(MOST)
        .collect();
    Ok(HookAnswer::Look(named.into_iter().collect()))
}

/// The accounts of a call of Facebook or Instagram: each entry names one.
pub fn entries(said: &Value) -> Vec<String> {
    let entries = said.pointer("/entry").and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| crate::rest::id(entry, "/id"))
        .collect()
}

fn handshake(app: &App, call: &HookCall<'_>) -> Result<HookAnswer, Failure> {
    let forged = || Failure::new(Code::Forged, "not the word that was agreed");
    let word = call.asked("hub.verify_token").ok_or_else(forged)?;
    // Compared as digests, so that the time it takes says nothing.
    let expected = hex::encode(mac(&app.secret, call.word.as_bytes()));
    hook::verify(
        &app.secret,
        word.as_bytes(),
        Some(&expected),
        "",
        Written::Hex,
    )
    .map_err(|_| forged())?;
    let challenge = call.asked("hub.challenge").unwrap_or_default();
    let plain = !challenge.is_empty()
        && challenge.len() <= 256
        && challenge
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if call.word.is_empty() || call.asked("hub.mode") != Some("subscribe") || !plain {
        return Err(forged());
    }
    Ok(HookAnswer::Say("text/plain", challenge.to_owned()))
}
