//! What the account itself shows.
//!
//! Source: developers.facebook.com, Threads API, "Threads profiles", fields of `GET /me`.

use crate::{Account, Failure, meta::Graph, shown};
use vigie_core::page_state::PageState;

const FIELDS: &str = "id,username,name,threads_profile_picture_url,threads_biography";

/// Reads it.
pub async fn read(graph: &Graph<'_>, account: &Account) -> Result<PageState, Failure> {
    let me = graph.get(&["me"], &[("fields", FIELDS)]).await?;
    shown::about(&me, "/id", &account.id)?;
    Ok(PageState {
        name: shown::name(&me, "/name"),
        handle: shown::name(&me, "/username"),
        description: shown::part(&me, "/threads_biography", shown::words),
        picture: shown::picture(&me, "/threads_profile_picture_url"),
        ..PageState::default()
    })
}
