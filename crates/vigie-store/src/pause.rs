//! The one switch that stops every publication. Claims lock the same row (`publication_claim.rs`), so that a pause
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

#[cfg(test)]
mod tests {
    use crate::{Error, testing};
    use vigie_core::pause::Pause;

    #[tokio::test]
    async fn of_two_who_switch_at_once_one_wins() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let mut tx = store.begin().await.unwrap();
            let seen = tx.pause().await.unwrap();
            assert_eq!((&seen.pause, seen.version), (&Pause::Running, 0));
            let paused = seen
                .pause
                .pause(ines, "Posts étranges".into(), now)
                .unwrap();
            tx.pause_set(seen.version, &paused).await.unwrap();
            assert!(matches!(
                tx.pause_set(seen.version, &paused).await,
                Err(Error::Conflict)
            ));
            tx.commit().await.unwrap();
            assert_eq!(
                store.read().await.unwrap().pause().await.unwrap().pause,
                paused
            );
        })
        .await;
    }
}
