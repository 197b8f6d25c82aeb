//! What the account itself shows.
//!
//! Source: the published OpenAPI of the X API v2, schema User (`description`, `entities`, `profile_image_url`,
//! `public_metrics`).

use super::{X, call::is_name};
use crate::{
    Code, Failure, Session,
    rest::{self, Request},
    shown,
    signed::Signed,
};
use std::time::Duration;
use vigie_core::page_state::PageState;

const FIELDS: &str = "description,entities,profile_image_url,public_metrics,url";

/// Reads it.
pub async fn read(x: &X, session: &mut Session, within: Duration) -> Result<PageState, Failure> {
    let mut signed = Signed::open(x, session, within)?;
    let url = rest::at(signed.service(), &["2", "users", "me"]);
    let request = Request::get(rest::query(url, &[("user.fields", FIELDS)]));
    let me = signed.call(request).await?.json;
    shown::about(&me, "/data/id", &signed.account().id)?;
    let handle = shown::part(&me, "/data/username", shown::line);
    if !handle.as_deref().is_some_and(is_name) {
        return Err(Failure::new(
            Code::GarbageAnswer,
            "an account without its name",
        ));
    }
    // `url` is shortened by the network, which may shorten the same link anew; where it leads is in the entities.
    let leads = "/data/entities/url/urls/0/expanded_url";
    let website = if me.pointer(leads).is_some() {
        shown::part(&me, leads, shown::line)
    } else {
        // A link and not where it leads: that is not known this time.
        shown::part(&me, "/data/url", shown::line).filter(String::is_empty)
    };
    Ok(PageState {
        name: shown::name(&me, "/data/name"),
        handle,
        description: shown::part(&me, "/data/description", shown::words),
        website,
        picture: picture(&me),
        followers: shown::followers(&me, "/data/public_metrics/followers_count"),
        ..PageState::default()
    })
}

/// Each upload has a number of its own in the path, before the name of the file.
fn picture(me: &serde_json::Value) -> Option<String> {
    let address = shown::part(me, "/data/profile_image_url", shown::line)?;
    let Ok(url) = url::Url::parse(&address) else {
        return address.is_empty().then_some(address);
    };
    Some(shown::line(url.path()))
}
