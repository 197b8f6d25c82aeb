//! What changed on a page that Vigie did not change, and what people said it was.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use vigie_core::id::{ChannelId, MemberId, PageChangeId};
use vigie_core::page_state::PagePart;

/// The columns of [`PageChangeRow`].
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, channel, part, was, became, since, seen_at, alarm, verdict, note, settled_by, settled_at \
             from page_change ",
            $rest
        )
    };
}

queries! {
    ADD = "insert into page_change (id, channel, part, was, became, since, seen_at, alarm, verdict) \
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    GET = columns!("where id = $1");
    OPEN = columns!("where channel = $1 and verdict is null order by seen_at desc, id desc limit 200");
    SETTLED = columns!("where channel = $1 and verdict is not null order by seen_at desc, id desc limit $2");
    /// Channels with something to look at.
    WAITING = "select distinct channel from page_change where verdict is null limit 1000";
    SINCE = "select count(*) from page_change where channel = $1 and part = $2 and seen_at >= $3";
    LEFT = "select count(*) from page_change where alarm = $1 and verdict is null";
    SETTLE = "update page_change set verdict = $2, note = $3, settled_by = $4, settled_at = $5 \
              where id = $1 and verdict is null";
    FORGET = "delete from page_change where verdict is not null and seen_at < $1";
}

/// What a change was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageVerdict {
    /// Somebody of the company did it.
    Ours,
    /// Nobody of the company did it.
    Theirs,
    /// Nobody had to look.
    Noted,
}

impl PageVerdict {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
            Self::Noted => "noted",
        }
    }
}

/// A change that was found.
#[derive(Clone, Debug)]
pub struct NewPageChange<'a> {
    /// The change.
    pub id: PageChangeId,
    /// On which page.
    pub channel: ChannelId,
    /// Of what.
    pub part: PagePart,
    /// What was shown before; empty when it was not there.
    pub was: &'a str,
    /// What is shown now; empty when it is not there any more.
    pub became: &'a str,
    /// When the page was last seen without it.
    pub since: Timestamp,
    /// The name of the alarm that is raised for it; without one it is only noted.
    pub alarm: Option<&'a str>,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageChangeRow {
    /// The change.
    pub id: PageChangeId,
    /// On which page.
    pub channel: ChannelId,
    /// Of what.
    pub part: PagePart,
    /// What was shown before; empty when it was not there.
    pub was: String,
    /// What is shown now; empty when it is not there any more.
    pub became: String,
    /// When the page was last seen without it.
    pub since: Timestamp,
    /// When it was found.
    pub seen_at: Timestamp,
    /// The name of the alarm that was raised for it.
    pub alarm: Option<String>,
    /// What it was; `None` while nobody has looked.
    pub verdict: Option<PageVerdict>,
    /// What whoever looked said.
    pub note: Option<String>,
    /// Who looked.
    pub settled_by: Option<MemberId>,
    /// When.
    pub settled_at: Option<Timestamp>,
}

impl FromRow for PageChangeRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            channel: row.id("channel")?,
            part: row.word("part")?,
            was: row.text("was")?,
            became: row.text("became")?,
            since: row.time("since")?,
            seen_at: row.time("seen_at")?,
            alarm: row.text_opt("alarm")?,
            verdict: match row.text_opt("verdict")? {
                Some(_) => Some(row.word("verdict")?),
                None => None,
            },
            note: row.text_opt("note")?,
            settled_by: row.id_opt("settled_by")?,
            settled_at: row.time_opt("settled_at")?,
        })
    }
}

struct Waiting(ChannelId);

impl FromRow for Waiting {
    fn from_row(row: &AnyRow) -> Result<Self> {
        row.id("channel").map(Self)
    }
}

impl Conn {
    /// One change.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn page_change(&mut self, id: PageChangeId) -> Result<PageChangeRow> {
        q(GET).id(id).one(self).await
    }

    /// The changes of a page that nobody has looked at, latest first, at most 200.
    pub async fn page_changes_open(&mut self, channel: ChannelId) -> Result<Vec<PageChangeRow>> {
        q(OPEN).id(channel).all(self).await
    }

    /// The changes of a page that are settled, latest first.
    pub async fn page_changes_settled(
        &mut self,
        channel: ChannelId,
        limit: u32,
    ) -> Result<Vec<PageChangeRow>> {
        q(SETTLED).id(channel).int(limit.into()).all(self).await
    }

    /// The channels on whose page something changed that nobody has looked at.
    pub async fn page_changes_waiting(&mut self) -> Result<Vec<ChannelId>> {
        let all: Vec<Waiting> = q(WAITING).all(self).await?;
        Ok(all.into_iter().map(|one| one.0).collect())
    }

    /// How many changes of a part were found since then.
    pub async fn page_changes_since(
        &mut self,
        channel: ChannelId,
        part: PagePart,
        since: Timestamp,
    ) -> Result<i64> {
        q(SINCE)
            .id(channel)
            .word(&part)
            .time(since)
            .maybe(self)
            .await
            .map(Option::unwrap_or_default)
    }

    /// How many changes that share an alarm nobody has looked at.
    pub async fn page_changes_left(&mut self, alarm: &str) -> Result<i64> {
        q(LEFT)
            .text(alarm)
            .maybe(self)
            .await
            .map(Option::unwrap_or_default)
    }
}

impl Tx {
    /// A change was found.
    pub async fn page_change_add(&mut self, new: &NewPageChange<'_>, now: Timestamp) -> Result<()> {
        let verdict = new.alarm.is_none().then_some(PageVerdict::Noted.as_str());
        q(ADD)
            .id(new.id)
            .id(new.channel)
            .word(&new.part)
            .text(new.was)
            .text(new.became)
            .time(new.since)
            .time(now)
            .text_opt(new.alarm)
            .text_opt(verdict)
            .run(self)
            .await?;
        Ok(())
    }

    /// Somebody looked.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if somebody else was first.
    pub async fn page_change_settle(
        &mut self,
        id: PageChangeId,
        verdict: PageVerdict,
        note: &str,
        by: MemberId,
        now: Timestamp,
    ) -> Result<()> {
        q(SETTLE)
            .id(id)
            .word(&verdict)
            .text(note)
            .id(by)
            .time(now)
            .run_one(self)
            .await
    }

    /// Forgets what was settled and found before then.
    pub async fn page_changes_forget(&mut self, before: Timestamp) -> Result<u64> {
        q(FORGET).time(before).run(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_change_is_settled_once_and_forgotten_when_it_is_old() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let channel = testing::channel(&store, ines, "phare").await.id;
            let id = |n: u128| PageChangeId::new(uuid::Uuid::from_u128(n));
            let new = |n, alarm| NewPageChange {
                id: id(n),
                channel,
                part: PagePart::Website,
                was: "https://phare.example",
                became: "",
                since: now,
                alarm,
            };
            let mut tx = store.begin().await.unwrap();
            tx.page_change_add(&new(1, Some("w")), now).await.unwrap();
            tx.page_change_add(&new(2, Some("w")), now).await.unwrap();
            tx.page_change_add(&new(3, None), now).await.unwrap();
            assert_eq!(tx.page_changes_waiting().await.unwrap(), [channel]);
            assert_eq!(tx.page_changes_open(channel).await.unwrap().len(), 2);
            assert_eq!(tx.page_changes_left("w").await.unwrap(), 2);
            let since = tx.page_changes_since(channel, PagePart::Website, now).await;
            assert_eq!(since.unwrap(), 3);
            let since = tx.page_changes_since(channel, PagePart::Name, now).await;
            assert_eq!(since.unwrap(), 0);
            let ours = PageVerdict::Ours;
            tx.page_change_settle(id(1), ours, "Nouveau site.", ines, now)
                .await
                .unwrap();
            let again = tx.page_change_settle(id(1), ours, "", ines, now).await;
            assert!(matches!(again, Err(Error::Conflict)));
            assert_eq!(tx.page_changes_left("w").await.unwrap(), 1);
            let settled = tx.page_changes_settled(channel, 10).await.unwrap();
            let verdicts: Vec<_> = settled.iter().map(|row| row.verdict).collect();
            assert_eq!(verdicts, [Some(PageVerdict::Noted), Some(ours)]);
            assert_eq!(tx.page_change(id(1)).await.unwrap().settled_by, Some(ines));
            let later = now.checked_add(SignedDuration::from_hours(1)).unwrap();
            assert_eq!(tx.page_changes_forget(now).await.unwrap(), 0);
            assert_eq!(
                tx.page_changes_forget(later).await.unwrap(),
                2,
                "not what is open"
            );
        })
        .await;
    }
}
