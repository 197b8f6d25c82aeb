//! The export, part by part, so that a long log never lies in memory whole.

use vigie_core::audit::export::{CheckpointLine, EntryLine, FORMAT, Header, line};

use super::checkpoint;
use crate::app::App;

/// Entries in one part.
const PART: u32 = 500;

/// How far an export has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// How many entries the export holds: those that were there when it began.
    size: u64,
    /// The next entry.
    next: u64,
}

/// The next part of an export and where it goes on; `None` after the last. Begins with a fresh checkpoint, so that a
/// signature covers everything.
///
/// # Errors
/// The database.
pub async fn part(app: &App, cursor: Option<Cursor>) -> anyhow::Result<Option<(String, Cursor)>> {
    let Some(cursor) = cursor else {
        let size = checkpoint::make(app).await?.size;
        let key = checkpoint::key(app).to_text();
        let header = Header {
            format: FORMAT.to_owned(),
            origin: checkpoint::origin(app),
            key,
            size,
        };
        return Ok(Some((line(&header), Cursor { size, next: 0 })));
    };
    if cursor.next >= cursor.size {
        return Ok(None);
    }
    let mut conn = app.store.read().await?;
    let rows = conn.audit_from(cursor.next, PART).await?;
    let mut checkpoints = conn
        .checkpoints(cursor.next, PART)
        .await?
        .into_iter()
        .peekable();
    let mut out = String::new();
    let mut next = cursor.next;
    for row in rows
        .into_iter()
        .take_while(|row| row.leaf.seq < cursor.size)
    {
        next = row.leaf.seq.saturating_add(1);
        out.push_str(&line(&EntryLine::new(row.leaf, row.evidence)));
        while let Some(at) = checkpoints.next_if(|c| c.size <= next) {
            out.push_str(&line(&CheckpointLine {
                checkpoint: at.note,
            }));
        }
    }
    anyhow::ensure!(
        next > cursor.next,
        "entry {} of the log is missing",
        cursor.next
    );
    Ok(Some((out, Cursor { next, ..cursor })))
}
