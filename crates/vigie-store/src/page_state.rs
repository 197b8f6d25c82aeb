//! What each page shows of itself, as last read. A change is found by comparing with it, once.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::id::ChannelId;
use vigie_core::page_state::PageState;

queries! {
    GET = "select body, read_at from page_state where channel = $1";
    FIRST = "insert into page_state (channel, body, read_at) values ($1, $2, $3) on conflict (channel) do nothing";
    NEXT = "update page_state set body = $3, read_at = $4 where channel = $1 and read_at = $2";
    FORGET = "delete from page_state where channel = $1";
}

/// What was read, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageStateRow {
    /// What the page shows.
    pub state: PageState,
    /// When it was last read.
    pub read_at: Timestamp,
}

impl FromRow for PageStateRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            state: row.json("body")?,
            read_at: row.time("read_at")?,
        })
    }
}

impl Conn {
    /// What a page shows, if it was read already.
    pub async fn page_state(&mut self, channel: ChannelId) -> Result<Option<PageStateRow>> {
        q(GET).id(channel).maybe(self).await
    }
}

impl Tx {
    /// The first reading of a page; false when another process was first.
    pub async fn page_state_first(
        &mut self,
        channel: ChannelId,
        state: &PageState,
        now: Timestamp,
    ) -> Result<bool> {
        Ok(q(FIRST).id(channel).json(state).time(now).run(self).await? == 1)
    }

    /// The reading after the one of `seen`; false when another process has made it: what it compared is compared.
    pub async fn page_state_next(
        &mut self,
        channel: ChannelId,
        seen: Timestamp,
        state: &PageState,
        now: Timestamp,
    ) -> Result<bool> {
        let done = q(NEXT)
            .id(channel)
            .time(seen)
            .json(state)
            .time(now)
            .run(self)
            .await?;
        Ok(done == 1)
    }

    /// The page is no longer used: what it shows is not Vigie's business any more.
    pub async fn page_state_forget(&mut self, channel: ChannelId) -> Result<()> {
        q(FORGET).id(channel).run(self).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_reading_follows_the_one_that_it_was_compared_with() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_hours(6)).unwrap();
            let ines = testing::member(&store, "ines").await;
            let channel = testing::channel(&store, ines, "phare").await.id;
            let state = |name: &str| PageState {
                name: Some(name.into()),
                ..PageState::default()
            };
            let mut tx = store.begin().await.unwrap();
            assert_eq!(tx.page_state(channel).await.unwrap(), None);
            assert!(
                tx.page_state_first(channel, &state("a"), now)
                    .await
                    .unwrap()
            );
            assert!(
                !tx.page_state_first(channel, &state("b"), now)
                    .await
                    .unwrap()
            );
            let next = tx.page_state_next(channel, now, &state("c"), later).await;
            assert!(next.unwrap());
            let again = tx.page_state_next(channel, now, &state("d"), later).await;
            assert!(!again.unwrap(), "somebody else compared already");
            let row = tx.page_state(channel).await.unwrap().unwrap();
            assert_eq!((row.state, row.read_at), (state("c"), later));
            tx.page_state_forget(channel).await.unwrap();
            assert_eq!(tx.page_state(channel).await.unwrap(), None);
        })
        .await;
    }
}
