//! What read-back saw on each page, ours or not. How far it read is on the channel.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use vigie_core::id::{ChannelId, PublicationId};

/// The columns of [`ObservedRow`].
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select channel, remote_id, content_id, publication, state, excerpt, url, first_seen_at, last_seen_at \
             from observed ",
            $rest
        )
    };
}

queries! {
    SEE = "insert into observed (channel, remote_id, content_id, publication, state, excerpt, url, first_seen_at, \
           last_seen_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
           on conflict (channel, remote_id) do update set content_id = excluded.content_id, \
           publication = excluded.publication, state = excluded.state, excerpt = excluded.excerpt, \
           url = excluded.url, last_seen_at = excluded.last_seen_at";
    STATE = "update observed set state = $3, last_seen_at = $4 where channel = $1 and remote_id = $2";
    GET = columns!("where channel = $1 and remote_id = $2");
    LIST = columns!("where channel = $1 order by first_seen_at desc, remote_id limit $2");
    NOT_SEEN = columns!("where channel = $1 and state <> 'deleted' and last_seen_at < $2 \
                         order by last_seen_at, remote_id limit 500");
}

/// What a record on a page is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObservedState {
    /// Made by Vigie, as approved.
    Ours,
    /// Not made by Vigie.
    Foreign,
    /// Made by Vigie and changed by somebody else.
    Edited,
    /// No longer on the page.
    Deleted,
}

/// A record on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedRow {
    /// On which channel.
    pub channel: ChannelId,
    /// The network's id of it.
    pub remote_id: String,
    /// The network's digest of it, or ours of what was read.
    pub content_id: String,
    /// The publication that made it.
    pub publication: Option<PublicationId>,
    /// What it is to us.
    pub state: ObservedState,
    /// Its first words.
    pub excerpt: String,
    /// Where people see it.
    pub url: String,
    /// When it was first seen.
    pub first_seen_at: Timestamp,
    /// When it was last looked for.
    pub last_seen_at: Timestamp,
}

impl FromRow for ObservedRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            channel: row.id("channel")?,
            remote_id: row.text("remote_id")?,
            content_id: row.text("content_id")?,
            publication: row.id_opt("publication")?,
            state: row.word("state")?,
            excerpt: row.text("excerpt")?,
            url: row.text("url")?,
            first_seen_at: row.time("first_seen_at")?,
            last_seen_at: row.time("last_seen_at")?,
        })
    }
}

/// A record as it was just seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// On which channel.
    pub channel: ChannelId,
    /// The network's id of it.
    pub remote_id: &'a str,
    /// The network's digest of it, or ours of what was read.
    pub content_id: &'a str,
    /// The publication that made it.
    pub publication: Option<PublicationId>,
    /// What it is to us.
    pub state: ObservedState,
    /// Its text; the first words are kept.
    pub text: &'a str,
    /// Where people see it.
    pub url: &'a str,
}

impl Conn {
    /// What is known of a record.
    pub async fn observed(
        &mut self,
        channel: ChannelId,
        remote_id: &str,
    ) -> Result<Option<ObservedRow>> {
        q(GET).id(channel).text(remote_id).maybe(self).await
    }

    /// The latest records of a page.
    pub async fn observed_on(
        &mut self,
        channel: ChannelId,
        limit: u32,
    ) -> Result<Vec<ObservedRow>> {
        q(LIST).id(channel).int(limit.into()).all(self).await
    }

    /// Records that a full reading begun at `since` did not meet: deleted, if it met everything. At most 500.
    pub async fn observed_missing(
        &mut self,
        channel: ChannelId,
        since: Timestamp,
    ) -> Result<Vec<ObservedRow>> {
        q(NOT_SEEN).id(channel).time(since).all(self).await
    }
}

impl Tx {
    /// Notes a record as it was just seen. When it was first seen stays.
    pub async fn observed_see(&mut self, seen: Seen<'_>, now: Timestamp) -> Result<()> {
        q(SEE)
            .id(seen.channel)
            .text(seen.remote_id)
            .text(seen.content_id)
            .id_opt(seen.publication)
            .word(&seen.state)
            .text(crate::fold::shorten(seen.text, 300))
            .text(seen.url)
            .time(now)
            .run(self)
            .await?;
        Ok(())
    }

    /// Notes what a known record has become.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn observed_state(
        &mut self,
        channel: ChannelId,
        remote_id: &str,
        state: ObservedState,
        now: Timestamp,
    ) -> Result<()> {
        q(STATE)
            .id(channel)
            .text(remote_id)
            .word(&state)
            .time(now)
            .run_found(self)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_record_is_followed_from_sight_to_deletion() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_secs(60)).unwrap();
            let ines = testing::member(&store, "ines").await;
            let channel = testing::channel(&store, ines, "acme").await.id;
            let seen = |content_id, state| Seen {
                channel,
                remote_id: "at://x/1",
                content_id,
                publication: None,
                state,
                text: "Un  texte",
                url: "https://example.org/1",
            };
            let mut tx = store.begin().await.unwrap();
            tx.observed_see(seen("a", ObservedState::Foreign), now)
                .await
                .unwrap();
            tx.observed_see(seen("b", ObservedState::Edited), later)
                .await
                .unwrap();
            let row = tx.observed(channel, "at://x/1").await.unwrap().unwrap();
            assert_eq!(
                (row.content_id.as_str(), row.state),
                ("b", ObservedState::Edited)
            );
            assert_eq!(
                (row.first_seen_at, row.last_seen_at, row.excerpt.as_str()),
                (now, later, "Un texte")
            );
            assert!(
                tx.observed_missing(channel, later)
                    .await
                    .unwrap()
                    .is_empty()
            );
            let end = later.checked_add(SignedDuration::from_secs(60)).unwrap();
            assert_eq!(tx.observed_missing(channel, end).await.unwrap().len(), 1);
            tx.observed_state(channel, "at://x/1", ObservedState::Deleted, end)
                .await
                .unwrap();
            let much_later = end.checked_add(SignedDuration::from_secs(60)).unwrap();
            assert!(
                tx.observed_missing(channel, much_later)
                    .await
                    .unwrap()
                    .is_empty()
            );
            assert_eq!(tx.observed_on(channel, 10).await.unwrap().len(), 1);
            assert!(tx.observed(channel, "at://x/2").await.unwrap().is_none());
        })
        .await;
    }
}
