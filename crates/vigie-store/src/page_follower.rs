//! How many follow a page, a figure a day. A number: nobody is named.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::civil::Date;
use sqlx::any::AnyRow;
use vigie_core::id::ChannelId;

queries! {
    NOTE = "insert into page_follower (channel, day, followers) values ($1, $2, $3) \
            on conflict (channel, day) do update set followers = excluded.followers";
    BEFORE = "select day, followers from page_follower where channel = $1 and day < $2 order by day desc limit 1";
    LATEST = "select day, followers from page_follower where channel = $1 order by day desc limit $2";
    FORGET = "delete from page_follower where day < $1";
}

/// The figure of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFollowers {
    /// The day, UTC.
    pub day: Date,
    /// How many.
    pub count: u64,
}

impl FromRow for PageFollowers {
    fn from_row(row: &AnyRow) -> Result<Self> {
        let day = row.text("day")?;
        Ok(Self {
            day: day.parse().map_err(|_| crate::Error::Unreadable {
                column: "day".to_owned(),
                why: "not a day".to_owned(),
            })?,
            count: u64::try_from(row.int("followers")?).unwrap_or_default(),
        })
    }
}

impl Conn {
    /// The last figure before a day.
    pub async fn page_followers_before(
        &mut self,
        channel: ChannelId,
        day: Date,
    ) -> Result<Option<PageFollowers>> {
        q(BEFORE)
            .id(channel)
            .text(day.to_string())
            .maybe(self)
            .await
    }

    /// The latest figures, latest first.
    pub async fn page_followers(
        &mut self,
        channel: ChannelId,
        limit: u32,
    ) -> Result<Vec<PageFollowers>> {
        q(LATEST).id(channel).int(limit.into()).all(self).await
    }
}

impl Tx {
    /// Notes the figure of a day; the last one of the day stays.
    pub async fn page_followers_note(
        &mut self,
        channel: ChannelId,
        day: Date,
        count: u64,
    ) -> Result<()> {
        q(NOTE)
            .id(channel)
            .text(day.to_string())
            .int(i64::try_from(count).unwrap_or(i64::MAX))
            .run(self)
            .await?;
        Ok(())
    }

    /// Forgets the figures before a day.
    pub async fn page_followers_forget(&mut self, before: Date) -> Result<u64> {
        q(FORGET).text(before.to_string()).run(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use jiff::civil::date;

    #[tokio::test]
    async fn a_figure_a_day() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let channel = testing::channel(&store, ines, "phare").await.id;
            let (first, second) = (date(2026, 9, 30), date(2026, 10, 1));
            let mut tx = store.begin().await.unwrap();
            tx.page_followers_note(channel, first, 7).await.unwrap();
            tx.page_followers_note(channel, second, 8).await.unwrap();
            tx.page_followers_note(channel, second, 9).await.unwrap();
            let before = tx.page_followers_before(channel, second).await.unwrap();
            assert_eq!(
                before,
                Some(PageFollowers {
                    day: first,
                    count: 7
                })
            );
            assert_eq!(
                tx.page_followers_before(channel, first).await.unwrap(),
                None
            );
            let all = tx.page_followers(channel, 5).await.unwrap();
            assert_eq!(all.iter().map(|row| row.count).collect::<Vec<_>>(), [9, 7]);
            assert_eq!(tx.page_followers_forget(second).await.unwrap(), 1);
        })
        .await;
    }
}
