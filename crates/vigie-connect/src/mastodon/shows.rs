//! What the account itself shows.
//!
//! Source: docs.joinmastodon.org, entity CredentialAccount (`source.note`, `source.fields`).

use super::calls::Signed;
use crate::{Failure, Http, Session, html, rest::Request, shown};
use serde_json::Value;
use std::time::Duration;
use vigie_core::page_state::PageState;

/// Most links of a profile that are read; Mastodon has four.
const LINKS: usize = 20;

/// Reads it.
pub async fn read(
    http: &Http,
    session: &mut Session,
    within: Duration,
) -> Result<PageState, Failure> {
    let mut signed = Signed::open(http, session, within)?;
    let url = signed.at(&["api", "v1", "accounts", "verify_credentials"]);
    let me = signed.call(Request::get(url)).await?.json;
    shown::about(&me, "/id", signed.id())?;
    Ok(PageState {
        // Where none is written, its pages show the handle.
        name: shown::name(&me, "/display_name").or_else(|| shown::name(&me, "/username")),
        handle: shown::name(&me, "/username"),
        description: plain(&me, "/source/note", "/note"),
        website: links(&me),
        picture: shown::picture(&me, "/avatar"),
        followers: shown::followers(&me, "/followers_count"),
        ..PageState::default()
    })
}

/// As the owner wrote it, else made of what is shown.
fn plain(me: &Value, written: &str, seen: &str) -> Option<String> {
    match me.pointer(written) {
        Some(Value::String(text)) => Some(shown::words(text)),
        _ => shown::part(me, seen, |text| shown::words(&html::text(text, &[]))),
    }
}

/// The table of links and facts below the description, a line each.
fn links(me: &Value) -> Option<String> {
    let fields = me.pointer("/source/fields").or_else(|| me.get("fields"));
    let fields = match fields {
        None | Some(Value::Null) => return Some(String::new()),
        Some(fields) => fields.as_array()?,
    };
    let mut lines = Vec::new();
    for field in fields.iter().take(LINKS) {
        let name = shown::part(field, "/name", shown::line)?;
        let value = shown::part(field, "/value", |text| shown::line(&html::text(text, &[])))?;
        if !(name.is_empty() && value.is_empty()) {
            lines.push(format!("{name}: {value}"));
        }
    }
    Some(lines.join("\n"))
}
