//! What the account itself shows.
//!
//! Source: developers.facebook.com, Instagram API with Instagram Login, "Get started", fields of `GET /me`.

use crate::{Account, Failure, meta::Graph, shown};
use vigie_core::page_state::PageState;

const FIELDS: &str = "user_id,username,name,profile_picture_url,followers_count";

/// Reads it.
pub async fn read(graph: &Graph<'_>, account: &Account) -> Result<PageState, Failure> {
    let answer = graph.get(&["me"], &[("fields", FIELDS)]).await?;
    // Documented as a list of one; seen plain.
    let me = answer.pointer("/data/0").unwrap_or(&answer);
    shown::about(me, "/user_id", &account.id)?;
    Ok(PageState {
        name: shown::name(me, "/name"),
        handle: shown::name(me, "/username"),
        picture: shown::picture(me, "/profile_picture_url"),
        followers: shown::followers(me, "/followers_count"),
        ..PageState::default()
    })
}
