//! What happened to a post, step by step, as the log of decisions has it.

use vigie_core::id::PostId;
use vigie_store::{AuditFilter, Conn, PublicationRow};

use super::view::People;
use crate::audit::view::Entry;
use crate::web::error::Error;
use crate::words::Words;

/// Steps shown at most; the log's own page has them all.
const MOST: u32 = 200;

/// The steps of a post and of its publications, oldest first.
///
/// # Errors
/// Database.
pub async fn of(
    conn: &mut Conn,
    post: PostId,
    publications: &[PublicationRow],
    people: &People,
    w: &Words,
) -> Result<Vec<Entry>, Error> {
    let mut leaves = Vec::new();
    let objects = std::iter::once(format!("post/{post}")).chain(
        publications
            .iter()
            .map(|row| format!("publication/{}", row.id)),
    );
    for object in objects {
        let filter = AuditFilter {
            object: Some(object),
            kind: None,
        };
        leaves.extend(conn.audit_page(&filter, None, MOST).await?);
    }
    leaves.sort_by_key(|leaf| leaf.seq);
    Ok(leaves
        .into_iter()
        .map(|leaf| Entry::new(leaf, people, w))
        .collect())
}
