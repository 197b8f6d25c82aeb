//! Alarms: what people must look at. The same trouble is one alarm while it is open.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Error, Result, Tx};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::any::AnyRow;
use vigie_core::id::{AlarmId, ChannelId, MemberId, PostId, PublicationId};

/// The columns of [`AlarmRow`].
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, kind, dedup, channel, post, publication, detail, times, raised_at, last_at, closed_at, \
             closed_by, close_note from alarm ",
            $rest
        )
    };
}

queries! {
    RAISE = "insert into alarm (id, kind, dedup, channel, post, publication, detail, times, raised_at, last_at) \
             values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8) \
             on conflict (dedup) where closed_at is null \
             do update set times = alarm.times + 1, last_at = excluded.last_at returning times";
    CLOSE = "update alarm set closed_at = $2, closed_by = $3, close_note = $4 where id = $1 and closed_at is null";
    SETTLE = "update alarm set closed_at = $2, closed_by = $3, close_note = $4 where dedup = $1 and closed_at is null";
    OVER = "update alarm set closed_at = $2 where dedup = $1 and closed_at is null";
    GET = columns!("where id = $1");
    OPEN = columns!("where closed_at is null order by raised_at desc, id desc limit 500");
    OF_POST = columns!("where post = $1 order by raised_at desc, id desc limit 100");
    RECENT = columns!("where closed_at is not null order by closed_at desc, id desc limit $1");
}

/// An alarm that is raised.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAlarm {
    /// The alarm, unless the same is open.
    pub id: AlarmId,
    /// Stable name of what happened; the words are in the catalogue.
    pub kind: String,
    /// Two alarms with the same name are the same trouble.
    pub dedup: String,
    /// On which channel.
    pub channel: Option<ChannelId>,
    /// About which post.
    pub post: Option<PostId>,
    /// About which publication.
    pub publication: Option<PublicationId>,
    /// Values for the words. Never a secret.
    pub detail: Value,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmRow {
    /// The alarm.
    pub id: AlarmId,
    /// Stable name of what happened.
    pub kind: String,
    /// Two alarms with the same name are the same trouble.
    pub dedup: String,
    /// On which channel.
    pub channel: Option<ChannelId>,
    /// About which post.
    pub post: Option<PostId>,
    /// About which publication.
    pub publication: Option<PublicationId>,
    /// Values for the words.
    pub detail: Value,
    /// How often it was raised.
    pub times: i64,
    /// When first.
    pub raised_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// By whom; nobody when the trouble went away.
    pub closed_by: Option<MemberId>,
    /// What they said.
    pub close_note: Option<String>,
}

impl FromRow for AlarmRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            kind: row.text("kind")?,
            dedup: row.text("dedup")?,
            channel: row.id_opt("channel")?,
            post: row.id_opt("post")?,
            publication: row.id_opt("publication")?,
            detail: row.json("detail")?,
            times: row.int("times")?,
            raised_at: row.time("raised_at")?,
            last_at: row.time("last_at")?,
            closed_at: row.time_opt("closed_at")?,
            closed_by: row.id_opt("closed_by")?,
            close_note: row.text_opt("close_note")?,
        })
    }
}

impl Conn {
    /// One alarm.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn alarm(&mut self, id: AlarmId) -> Result<AlarmRow> {
        q(GET).id(id).one(self).await
    }

    /// Open alarms, latest first, at most 500.
    pub async fn alarms_open(&mut self) -> Result<Vec<AlarmRow>> {
        q(OPEN).all(self).await
    }

    /// Alarms about a post, latest first, at most 100.
    pub async fn alarms_of_post(&mut self, post: PostId) -> Result<Vec<AlarmRow>> {
        q(OF_POST).id(post).all(self).await
    }

    /// The latest closed alarms.
    pub async fn alarms_closed(&mut self, limit: u32) -> Result<Vec<AlarmRow>> {
        q(RECENT).int(limit.into()).all(self).await
    }
}

impl Tx {
    /// Raises an alarm. True if it is a new one, false if the same is open already and was counted.
    pub async fn alarm_raise(&mut self, new: &NewAlarm, now: Timestamp) -> Result<bool> {
        let times: i64 = q(RAISE)
            .id(new.id)
            .text(&new.kind)
            .text(&new.dedup)
            .id_opt(new.channel)
            .id_opt(new.post)
            .id_opt(new.publication)
            .json(&new.detail)
            .time(now)
            .maybe(self)
            .await?
            .ok_or(Error::NotFound)?;
        Ok(times == 1)
    }

    /// A person has looked.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it is closed already.
    pub async fn alarm_close(
        &mut self,
        id: AlarmId,
        by: MemberId,
        note: &str,
        now: Timestamp,
    ) -> Result<()> {
        q(CLOSE)
            .id(id)
            .time(now)
            .id(by)
            .text(note)
            .run_one(self)
            .await
    }

    /// A person has settled what the alarm with this name was about; true if it was open.
    pub async fn alarm_settle(
        &mut self,
        dedup: &str,
        by: MemberId,
        note: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let done = q(SETTLE)
            .text(dedup)
            .time(now)
            .id(by)
            .text(note)
            .run(self)
            .await?;
        Ok(done > 0)
    }

    /// The trouble went away by itself; true if an alarm was open for it.
    pub async fn alarm_over(&mut self, dedup: &str, now: Timestamp) -> Result<bool> {
        Ok(q(OVER).text(dedup).time(now).run(self).await? > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use serde_json::json;

    #[tokio::test]
    async fn the_same_trouble_is_one_alarm_until_it_is_closed() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let new = |n: u128| NewAlarm {
                id: AlarmId::new(uuid::Uuid::from_u128(n)),
                kind: "foreign-post".into(),
                dedup: "foreign-post/at://x/1".into(),
                channel: None,
                post: None,
                publication: None,
                detail: json!({"url": "https://example.org"}),
            };
            let mut tx = store.begin().await.unwrap();
            assert!(tx.alarm_raise(&new(1), now).await.unwrap());
            assert!(!tx.alarm_raise(&new(2), now).await.unwrap());
            let open = tx.alarms_open().await.unwrap();
            assert_eq!((open.len(), open[0].id, open[0].times), (1, new(1).id, 2));
            tx.alarm_close(new(1).id, ines, "C’était nous.", now)
                .await
                .unwrap();
            assert!(matches!(
                tx.alarm_close(new(1).id, ines, "", now).await,
                Err(Error::Conflict)
            ));
            assert!(
                tx.alarm_raise(&new(2), now).await.unwrap(),
                "it is new again"
            );
            assert!(tx.alarm_over("foreign-post/at://x/1", now).await.unwrap());
            assert!(!tx.alarm_over("foreign-post/at://x/1", now).await.unwrap());
            assert!(tx.alarms_open().await.unwrap().is_empty());
            let settled = tx
                .alarm_settle("foreign-post/at://x/1", ines, "Vu.", now)
                .await;
            assert!(!settled.unwrap(), "none is open");
            assert_eq!(tx.alarms_closed(10).await.unwrap().len(), 2);
            assert_eq!(tx.alarm(new(2).id).await.unwrap().closed_by, None);
        })
        .await;
    }
}
