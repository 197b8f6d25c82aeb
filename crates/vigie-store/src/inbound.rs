//! What reached the company's pages: other people's words, kept for a time only.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use vigie_core::id::{ChannelId, InboundId, MemberId, PostId};

/// The columns of [`InboundRow`].
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, channel, remote_id, kind, about, author, body, url, at, seen_at, state, post, settled_by, \
             settled_at from inbound ",
            $rest
        )
    };
}

queries! {
    ADD = "insert into inbound (id, channel, remote_id, kind, about, author, body, url, at, seen_at, state) \
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'new') on conflict (channel, remote_id) do nothing";
    GET = columns!("where id = $1");
    BY_REMOTE = columns!("where channel = $1 and remote_id = $2");
    NEWEST = columns!("where state = $1 order by at desc, id limit $2");
    /// At most a hundred: more is "many".
    WAITING = "select count(*) from (select id from inbound where state = 'new' limit 100) as waiting";
    ANSWERING = "update inbound set state = 'answering', post = $3, settled_by = $4, settled_at = $5 \
                 where channel = $1 and remote_id = $2 and state <> 'answering'";
    UNANSWERED = "update inbound set state = 'new', post = null, settled_by = null, settled_at = null \
                  where post = $1 and state = 'answering'";
    ASIDE = "update inbound set state = 'aside', settled_by = $2, settled_at = $3 where id = $1 and state = 'new'";
    FORGET = "delete from inbound where seen_at < $1";
}

/// Where an arrival stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboundState {
    /// Nobody has done anything about it.
    New,
    /// Somebody writes an answer.
    Answering,
    /// Somebody saw it and leaves it at that.
    Aside,
}

impl InboundState {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Answering => "answering",
            Self::Aside => "aside",
        }
    }
}

/// A comment, mention or message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundRow {
    /// The arrival.
    pub id: InboundId,
    /// Which page it reached.
    pub channel: ChannelId,
    /// The network's id of it.
    pub remote_id: String,
    /// `comment`, `mention` or `message`.
    pub kind: String,
    /// The network's id of the post of ours that it is about.
    pub about: Option<String>,
    /// The name its author shows.
    pub author: String,
    /// Its words.
    pub body: String,
    /// Where people see it; empty when nowhere.
    pub url: String,
    /// When it was made.
    pub at: Timestamp,
    /// When it was first seen here.
    pub seen_at: Timestamp,
    /// Where it stands.
    pub state: InboundState,
    /// The post that answers it.
    pub post: Option<PostId>,
    /// Who did something about it.
    pub settled_by: Option<MemberId>,
    /// When.
    pub settled_at: Option<Timestamp>,
}

impl FromRow for InboundRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            channel: row.id("channel")?,
            remote_id: row.text("remote_id")?,
            kind: row.text("kind")?,
            about: row.text_opt("about")?,
            author: row.text("author")?,
            body: row.text("body")?,
            url: row.text("url")?,
            at: row.time("at")?,
            seen_at: row.time("seen_at")?,
            state: row.word("state")?,
            post: row.id_opt("post")?,
            settled_by: row.id_opt("settled_by")?,
            settled_at: row.time_opt("settled_at")?,
        })
    }
}

/// An arrival as the network told it.
#[derive(Clone, Copy, Debug)]
pub struct NewInbound<'a> {
    /// Its id, used if it is not known yet.
    pub id: InboundId,
    /// Which page it reached.
    pub channel: ChannelId,
    /// The network's id of it.
    pub remote_id: &'a str,
    /// `comment`, `mention` or `message`.
    pub kind: &'a str,
    /// The network's id of the post of ours that it is about.
    pub about: Option<&'a str>,
    /// The name its author shows.
    pub author: &'a str,
    /// Its words.
    pub body: &'a str,
    /// Where people see it; empty when nowhere.
    pub url: &'a str,
    /// When it was made.
    pub at: Timestamp,
}

impl Conn {
    /// One arrival.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn inbound(&mut self, id: InboundId) -> Result<InboundRow> {
        q(GET).id(id).one(self).await
    }

    /// The arrival with the network's id.
    pub async fn inbound_by_remote(
        &mut self,
        channel: ChannelId,
        remote_id: &str,
    ) -> Result<Option<InboundRow>> {
        q(BY_REMOTE).id(channel).text(remote_id).maybe(self).await
    }

    /// The newest arrivals in this state.
    pub async fn inbound_newest(
        &mut self,
        state: InboundState,
        limit: u32,
    ) -> Result<Vec<InboundRow>> {
        q(NEWEST).word(&state).int(limit.into()).all(self).await
    }

    /// How many nobody has done anything about.
    pub async fn inbound_waiting(&mut self) -> Result<u64> {
        let n: i64 = q(WAITING).one(self).await?;
        Ok(n.unsigned_abs())
    }
}

impl Tx {
    /// Notes an arrival; one that is known already stays as it is. True when it is new.
    pub async fn inbound_add(&mut self, new: &NewInbound<'_>, now: Timestamp) -> Result<bool> {
        let added = q(ADD)
            .id(new.id)
            .id(new.channel)
            .text(new.remote_id)
            .text(new.kind)
            .text_opt(new.about)
            .text(new.author)
            .text(new.body)
            .text(new.url)
            .time(new.at)
            .time(now)
            .run(self)
            .await?;
        Ok(added > 0)
    }

    /// A post answers what the network calls `remote_id`. False when that is not known here, or another post answers
    /// it already: it stays that one's.
    pub async fn inbound_answering(
        &mut self,
        channel: ChannelId,
        remote_id: &str,
        post: PostId,
        by: MemberId,
        now: Timestamp,
    ) -> Result<bool> {
        let marked = q(ANSWERING)
            .id(channel)
            .text(remote_id)
            .id(post)
            .id(by)
            .time(now)
            .run(self)
            .await?;
        Ok(marked > 0)
    }

    /// The post answers nothing any more: what it answered waits again.
    pub async fn inbound_unanswered(&mut self, post: PostId) -> Result<()> {
        q(UNANSWERED).id(post).run(self).await?;
        Ok(())
    }

    /// Somebody saw it and leaves it at that.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if something was done about it already.
    pub async fn inbound_aside(
        &mut self,
        id: InboundId,
        by: MemberId,
        now: Timestamp,
    ) -> Result<()> {
        q(ASIDE).id(id).id(by).time(now).run_one(self).await
    }

    /// Forgets what was first seen before `then`; how many it was.
    pub async fn inbound_forget(&mut self, then: Timestamp) -> Result<u64> {
        q(FORGET).time(then).run(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};
    use jiff::SignedDuration;

    #[tokio::test]
    async fn an_arrival_is_kept_once_settled_once_and_forgotten() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let page = testing::channel(&store, ines, "acme").await;
            let text = testing::content(std::slice::from_ref(&page), "Oui", None);
            let post = testing::draft(&store, ines, &text).await.post.id;
            let other = testing::draft(&store, ines, &text).await.post.id;
            let new = |n: u128, remote_id: &'static str| NewInbound {
                id: InboundId::new(uuid::Uuid::from_u128(n)),
                channel: page.id,
                remote_id,
                kind: "comment",
                about: Some("p1"),
                author: "visiteur",
                body: "Ouvert dimanche ?",
                url: "",
                at: now,
            };
            let mut tx = store.begin().await.unwrap();
            assert!(tx.inbound_add(&new(1, "c1"), now).await.unwrap());
            assert!(!tx.inbound_add(&new(2, "c1"), now).await.unwrap());
            assert!(tx.inbound_add(&new(3, "c2"), now).await.unwrap());
            assert_eq!(tx.inbound_waiting().await.unwrap(), 2);
            let (one, two) = (new(1, "").id, new(3, "").id);
            tx.inbound_aside(one, ines, now).await.unwrap();
            assert!(matches!(
                tx.inbound_aside(one, ines, now).await,
                Err(Error::Conflict)
            ));
            let aside = tx.inbound_newest(InboundState::Aside, 9).await.unwrap();
            assert_eq!(aside[0].body, "Ouvert dimanche ?");
            assert_eq!(aside[0].settled_by, Some(ines));
            // An answer is one post's; without it, the arrival waits again.
            for (remote, by, mine) in [
                ("c2", post, true),
                ("c2", other, false),
                ("c9", post, false),
            ] {
                let marked = tx.inbound_answering(page.id, remote, by, ines, now).await;
                assert_eq!(marked.unwrap(), mine, "{remote}");
            }
            tx.inbound_unanswered(other).await.unwrap();
            assert_eq!(tx.inbound(two).await.unwrap().post, Some(post));
            tx.inbound_unanswered(post).await.unwrap();
            let again = tx.inbound(two).await.unwrap();
            assert_eq!(
                (again.state, again.post, again.settled_by),
                (InboundState::New, None, None)
            );
            let known = tx.inbound_by_remote(page.id, "c2").await.unwrap();
            assert_eq!(known.map(|row| row.id), Some(two));
            let later = now.checked_add(SignedDuration::from_secs(1)).unwrap();
            assert_eq!(tx.inbound_forget(later).await.unwrap(), 2);
            assert!(matches!(tx.inbound(one).await, Err(Error::NotFound)));
        })
        .await;
    }
}
