//! What came of taking back at the network what opened a page that is no longer used.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use vigie_core::id::ChannelId;

queries! {
    ADD = "insert into farewell (channel, outcome, removal, at) values ($1, 'untold', $2, $3) \
           on conflict (channel) do nothing";
    SET = "update farewell set outcome = $2, trouble = $3, at = $4 where channel = $1";
    LIST = "select channel, outcome, trouble, removal, at from farewell order by at desc limit 500";
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FarewellOutcome {
    /// The program stopped before the network had answered.
    Untold,
    /// Nothing that opened the page is left.
    Revoked,
    /// The session is ended; what a person made there is left.
    Partly,
    /// The network has no way for a program.
    NotOffered,
    /// The network could not be told.
    Failed,
}

impl FarewellOutcome {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Untold => "untold",
            Self::Revoked => "revoked",
            Self::Partly => "partly",
            Self::NotOffered => "not_offered",
            Self::Failed => "failed",
        }
    }
}

/// What came of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FarewellRow {
    /// Whose.
    pub channel: ChannelId,
    /// What came of it.
    pub outcome: FarewellOutcome,
    /// Why not, a stable name.
    pub trouble: Option<String>,
    /// Where a person does it at the network; empty when nowhere.
    pub removal: String,
    /// When.
    pub at: Timestamp,
}

impl FromRow for FarewellRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            channel: row.id("channel")?,
            outcome: row.word("outcome")?,
            trouble: row.text_opt("trouble")?,
            removal: row.text("removal")?,
            at: row.time("at")?,
        })
    }
}

impl Conn {
    /// What came of all, latest first, at most 500.
    pub async fn farewells(&mut self) -> Result<Vec<FarewellRow>> {
        q(LIST).all(self).await
    }
}

impl Tx {
    /// The network is about to be told.
    pub async fn farewell_begin(
        &mut self,
        channel: ChannelId,
        removal: &str,
        now: Timestamp,
    ) -> Result<()> {
        q(ADD).id(channel).text(removal).time(now).run(self).await?;
        Ok(())
    }

    /// What came of it.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn farewell_set(
        &mut self,
        channel: ChannelId,
        outcome: FarewellOutcome,
        trouble: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        q(SET)
            .id(channel)
            .word(&outcome)
            .text_opt(trouble)
            .time(now)
            .run_found(self)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};

    #[tokio::test]
    async fn it_is_untold_until_the_network_has_answered() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let channel = testing::channel(&store, ines, "phare").await.id;
            let mut tx = store.begin().await.unwrap();
            let failed = FarewellOutcome::Failed;
            let early = tx.farewell_set(channel, failed, None, now).await;
            assert!(matches!(early, Err(Error::NotFound)));
            let at = "https://x.example/apps";
            tx.farewell_begin(channel, at, now).await.unwrap();
            let row = tx.farewells().await.unwrap().remove(0);
            assert_eq!(
                (row.outcome, row.removal.as_str()),
                (FarewellOutcome::Untold, at)
            );
            tx.farewell_set(channel, failed, Some("slow"), now)
                .await
                .unwrap();
            tx.farewell_begin(channel, at, now).await.unwrap();
            let row = tx.farewells().await.unwrap().remove(0);
            assert_eq!(
                (row.outcome, row.trouble.as_deref()),
                (failed, Some("slow"))
            );
        })
        .await;
    }
}
