//! What the page itself shows.
//!
//! Source: developers.facebook.com, reference of the node Page (fields `about`, `description`, `followers_count`,
//! `name`, `picture`, `username`, `website`) and of Profile Picture Source (`cache_key`), as in facebook-business 26.0.3.

use crate::{Account, Failure, meta::Graph, shown};
use vigie_core::page_state::PageState;

const FIELDS: &str =
    "id,name,username,about,description,website,followers_count,picture{cache_key,is_silhouette}";

/// Reads it.
pub async fn read(graph: &Graph<'_>, account: &Account) -> Result<PageState, Failure> {
    let page = graph.get(&[&account.id], &[("fields", FIELDS)]).await?;
    shown::about(&page, "/id", &account.id)?;
    let about = shown::part(&page, "/about", shown::words);
    let more = shown::part(&page, "/description", shown::words);
    Ok(PageState {
        name: shown::name(&page, "/name"),
        handle: shown::part(&page, "/username", shown::line),
        // Two fields, that people read one below the other.
        description: about
            .zip(more)
            .map(|(about, more)| format!("{about}\n\n{more}").trim().to_owned()),
        website: shown::part(&page, "/website", shown::line),
        // Its address is signed anew in every answer; this is the picture's own name.
        picture: shown::part(&page, "/picture/data/cache_key", shown::line),
        followers: shown::followers(&page, "/followers_count"),
        ..PageState::default()
    })
}
