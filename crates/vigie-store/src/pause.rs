//! The one switch that stops every publication. Claims lock the same row (`publication_work.rs`), so that a pause
//! that is committed comes before every later claim.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use sqlx::any::AnyRow;
use vigie_core::pause::Pause;

queries! {
    GET = "select body, version from pause where id = 1";
    SET = "update pause set paused = $1, body = $2, version = version + 1 where id = 1 and version = $3";
}

/// The switch as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseRow {
    /// Where it stands.
    pub pause: Pause,
    /// Goes up with every change.
    pub version: i64,
}

impl FromRow for PauseRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            pause: row.json("body")?,
            version: row.int("version")?,
        })
    }
}

impl Conn {
    /// Where the switch stands.
    pub async fn pause(&mut self) -> Result<PauseRow> {
        q(GET).one(self).await
    }
}

impl Tx {
    /// Changes the switch, unless somebody did since `seen` was read.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`].
    pub async fn pause_set(&mut self, seen: i64, pause: &Pause) -> Result<()> {
        q(SET)
            .flag(pause.is_paused())
            .json(pause)
            .int(seen)
            .run_one(self)
            .await
    }
}
