//! Publications: one revision on one channel, from the approval to the outcome. What the publisher does with them
//! is in `publication_claim.rs`.

use crate::post::PostRecord;
use crate::row::{Cells, FromRow, q};
use crate::{Conn, Error, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::content::{Digest, Variant};
use vigie_core::id::{ChannelId, MemberId, PostId, PublicationId, RevisionId};
use vigie_core::publication::PublicationState;

/// The columns of [`PublicationRow`].
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, post, revision, channel, digest, state, attempt, tries, looks, lease_owner, lease_until, due_at, \
             not_after, next_try_at, remote_key, remote_id, url, content_id, error_code, error_detail, created_at, \
             published_at, settled_at, back_by, back_reason, back_at, withdrawn_at, part from publication ",
            $rest
        )
    };
}

queries! {
    ADD = "insert into publication (id, post, revision, channel, digest, state, attempt, tries, looks, due_at, \
           not_after, remote_key, created_at, part) values ($1, $2, $3, $4, $5, 'ready', 0, 0, 0, $6, $7, $8, $9, $10)";
    GET = columns!("where id = $1");
    OF_POST = columns!("where post = $1 order by created_at, id");
    LIVE = columns!("where post = $1 and state in ('ready', 'sending', 'unknown', 'published', 'taking_back')");
    UNDECIDED = columns!("where state = 'unknown' and next_try_at is null order by created_at, id limit 200");
    UNNAMED = columns!("where channel = $1 and remote_id is null and state in ('sending', 'unknown', 'published') \
                        order by created_at desc, id limit 50");
    BY_REMOTE = columns!("where channel = $1 and remote_id = $2");
    BY_KEY = columns!("where channel = $1 and remote_key = $2");
    ON_PAGE = columns!("where channel = $1 and state = 'published' and published_at >= $2 \
                        order by published_at desc, id limit $3");
    UNSETTLED = "select count(*) from publication where post = $1 \
                 and state in ('ready', 'sending', 'unknown', 'taking_back')";
    CANCEL = "update publication set state = 'cancelled', settled_at = $2, lease_owner = null, lease_until = null, \
              next_try_at = null where post = $1 and state = 'ready'";
    WITHDRAW = "update publication set withdrawn_at = $2 where post = $1 and withdrawn_at is null \
                and state in ('sending', 'unknown')";
    TAKE_BACK = "update publication set state = 'taking_back', back_by = $2, back_reason = $3, back_at = $4, \
                 next_try_at = null, lease_owner = null, lease_until = null, error_code = null, error_detail = null \
                 where id = $1 and state = 'published'";
    /// The other parts of a series that is taken back: what did not begin never will.
    STOP_REST = "update publication set state = 'cancelled', attempt = attempt + 1, settled_at = $2, next_try_at = null, \
                 lease_owner = null, lease_until = null, error_code = 'series_broken' \
                 where id = $1 and state = 'ready'";
    /// What is on its way is taken back once it is known to be on the page.
    WANT_BACK = "update publication set withdrawn_at = coalesce(withdrawn_at, $4), back_by = $2, back_reason = $3 \
                 where id = $1 and state in ('sending', 'unknown')";
    WANTED = columns!("where state = 'published' and withdrawn_at is not null and back_by is not null \
                       and back_at is null order by id limit 200");
}

/// What became of the other parts of a series when one of them was taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesBack {
    /// Parts that were on the page, and are to be deleted as well.
    pub taken: Vec<PublicationId>,
    /// Parts that will never be sent.
    pub stopped: Vec<PublicationId>,
    /// Parts on their way, which are deleted as soon as it is known that they are on the page.
    pub awaited: Vec<PublicationId>,
}

/// A publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicationRow {
    /// The publication; the idempotency key for ever.
    pub id: PublicationId,
    /// Of which post.
    pub post: PostId,
    /// Of which revision.
    pub revision: RevisionId,
    /// On which channel.
    pub channel: ChannelId,
    /// Which part of a series; 0 is the first, or the only one.
    pub part: u32,
    /// Digest of the approved content. The publisher compares it with the content it is about to send.
    pub digest: Digest,
    /// Where it stands.
    pub state: PublicationState,
    /// Fencing token: goes up with every claim, whatever it is for.
    pub attempt: i64,
    /// How many sends were begun.
    pub tries: u32,
    /// How many looks on the network were begun.
    pub looks: u32,
    /// Who works on it.
    pub lease_owner: Option<String>,
    /// Until when.
    pub lease_until: Option<Timestamp>,
    /// When it should go out.
    pub due_at: Timestamp,
    /// When it may no longer go out.
    pub not_after: Timestamp,
    /// When it is tried, or looked for, again.
    pub next_try_at: Option<Timestamp>,
    /// The record's name on the network, chosen before the first call.
    pub remote_key: String,
    /// The network's id of it.
    pub remote_id: Option<String>,
    /// Where people see it.
    pub url: Option<String>,
    /// The network's digest of it.
    pub content_id: Option<String>,
    /// Stable name of what went wrong last.
    pub error_code: Option<String>,
    /// The same for the log.
    pub error_detail: Option<String>,
    /// When it was approved.
    pub created_at: Timestamp,
    /// When it went out.
    pub published_at: Option<Timestamp>,
    /// When it reached a state that lasts.
    pub settled_at: Option<Timestamp>,
    /// Who took it back.
    pub back_by: Option<MemberId>,
    /// Why.
    pub back_reason: Option<String>,
    /// When.
    pub back_at: Option<Timestamp>,
    /// When its post was withdrawn while it was on its way: it is never sent again.
    pub withdrawn_at: Option<Timestamp>,
}

impl FromRow for PublicationRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            post: row.id("post")?,
            revision: row.id("revision")?,
            channel: row.id("channel")?,
            part: row.num("part")?,
            digest: Digest(row.hash("digest")?),
            state: row.word("state")?,
            attempt: row.int("attempt")?,
            tries: row.num("tries")?,
            looks: row.num("looks")?,
            lease_owner: row.text_opt("lease_owner")?,
            lease_until: row.time_opt("lease_until")?,
            due_at: row.time("due_at")?,
            not_after: row.time("not_after")?,
            next_try_at: row.time_opt("next_try_at")?,
            remote_key: row.text("remote_key")?,
            remote_id: row.text_opt("remote_id")?,
            url: row.text_opt("url")?,
            content_id: row.text_opt("content_id")?,
            error_code: row.text_opt("error_code")?,
            error_detail: row.text_opt("error_detail")?,
            created_at: row.time("created_at")?,
            published_at: row.time_opt("published_at")?,
            settled_at: row.time_opt("settled_at")?,
            back_by: row.id_opt("back_by")?,
            back_reason: row.text_opt("back_reason")?,
            back_at: row.time_opt("back_at")?,
            withdrawn_at: row.time_opt("withdrawn_at")?,
        })
    }
}

/// A publication that is about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPublication {
    /// The publication.
    pub id: PublicationId,
    /// On which channel of the content.
    pub channel: ChannelId,
    /// Which part of a series; 0 is the first, or the only one.
    pub part: u32,
    /// The record's name on the network.
    pub remote_key: String,
}

impl Conn {
    /// One publication.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn publication(&mut self, id: PublicationId) -> Result<PublicationRow> {
        q(GET).id(id).one(self).await
    }

    /// Every publication a post ever had, oldest first.
    pub async fn publications(&mut self, post: PostId) -> Result<Vec<PublicationRow>> {
        q(OF_POST).id(post).all(self).await
    }

    /// How many publications of a post have no outcome yet. At 0 an approved post is done.
    pub async fn publications_unsettled(&mut self, post: PostId) -> Result<i64> {
        q(UNSETTLED).id(post).one(self).await
    }

    /// Publications whose outcome only a person can tell, at most 200.
    pub async fn publications_undecided(&mut self) -> Result<Vec<PublicationRow>> {
        q(UNDECIDED).all(self).await
    }

    /// Publications that may be on the page without our knowing the network's id of them; the newest 50.
    pub async fn publications_unnamed(
        &mut self,
        channel: ChannelId,
    ) -> Result<Vec<PublicationRow>> {
        q(UNNAMED).id(channel).all(self).await
    }

    /// The publication that made a record of a page, by the network's id.
    pub async fn publication_by_remote(
        &mut self,
        channel: ChannelId,
        remote_id: &str,
    ) -> Result<Option<PublicationRow>> {
        q(BY_REMOTE).id(channel).text(remote_id).maybe(self).await
    }

    /// The publication that made or will make a record of a page, by the name chosen for it.
    pub async fn publication_by_key(
        &mut self,
        channel: ChannelId,
        key: &str,
    ) -> Result<Option<PublicationRow>> {
        q(BY_KEY).id(channel).text(key).maybe(self).await
    }

    /// What should be on a page since `from`, latest first.
    pub async fn publications_on_page(
        &mut self,
        channel: ChannelId,
        from: Timestamp,
        limit: u32,
    ) -> Result<Vec<PublicationRow>> {
        q(ON_PAGE)
            .id(channel)
            .time(from)
            .int(limit.into())
            .all(self)
            .await
    }
}

impl Tx {
    /// Makes the publications of a post that was just approved, in the same transaction. `post` is the record after
    /// the decision. A channel where the post is already on its way or on the page is left out; returns what was made.
    ///
    /// # Errors
    /// [`Error::Conflict`] for a channel that the content has no variant for, or no such part, [`Error::Unique`] for a key that was
    /// used on this channel before.
    pub async fn publications_enqueue(
        &mut self,
        post: &PostRecord,
        new: &[NewPublication],
        now: Timestamp,
    ) -> Result<Vec<PublicationId>> {
        let live: Vec<PublicationRow> = q(LIVE).id(post.post.id).all(self).await?;
        let window = post.content.window;
        let due = window.not_before.unwrap_or(now);
        let mut made = Vec::new();
        for one in new {
            let part = usize::try_from(one.part).unwrap_or(usize::MAX);
            let has =
                |variant: &Variant| variant.channel == one.channel && variant.parts.len() >= part;
            if !post.content.variants.iter().any(has) {
                return Err(Error::Conflict);
            }
            if live.iter().any(|other| other.channel == one.channel) {
                continue;
            }
            q(ADD)
                .id(one.id)
                .id(post.post.id)
                .id(post.post.revision.id)
                .id(one.channel)
                .bytes(post.post.revision.digest.0)
                .time(due)
                .time(window.not_after)
                .text(&one.remote_key)
                .time(now)
                .int(one.part.into())
                .run(self)
                .await?;
            made.push(one.id);
        }
        if !made.is_empty() {
            self.post_calendar(post.post.id, due).await?;
        }
        Ok(made)
    }

    /// Cancels what of a post has not begun to be sent; how many. What is on its way is marked: it is looked for, and
    /// never sent again.
    pub async fn publications_cancel(&mut self, post: PostId, now: Timestamp) -> Result<u64> {
        q(WITHDRAW).id(post).time(now).run(self).await?;
        q(CANCEL).id(post).time(now).run(self).await
    }

    /// Asks that a published post be deleted on its page; the publisher does it.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it is not on the page.
    pub async fn publication_take_back(
        &mut self,
        id: PublicationId,
        by: MemberId,
        reason: &str,
        now: Timestamp,
    ) -> Result<()> {
        q(TAKE_BACK)
            .id(id)
            .id(by)
            .text(reason)
            .time(now)
            .run_one(self)
            .await
    }

    /// The same for the other parts of its series, wherever each of them stands.
    ///
    /// # Errors
    /// Database.
    pub async fn series_take_back(
        &mut self,
        one: &PublicationRow,
        by: MemberId,
        reason: &str,
        now: Timestamp,
    ) -> Result<SeriesBack> {
        let mut out = SeriesBack::default();
        let all = self.publications(one.post).await?;
        for other in all.iter().filter(|o| o.id != one.id && o.is_series(one)) {
            let id = other.id;
            // Each is one compare-and-set: what a worker is doing at the same time comes wholly before or after it.
            if q(STOP_REST).id(id).time(now).run(self).await? == 1 {
                out.stopped.push(id);
            } else if q(WANT_BACK)
                .id(id)
                .id(by)
                .text(reason)
                .time(now)
                .run(self)
                .await?
                == 1
            {
                out.awaited.push(id);
            } else {
                match self.publication_take_back(id, by, reason, now).await {
                    Ok(()) => out.taken.push(id),
                    // It is gone, or never was there.
                    Err(Error::Conflict | Error::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(out)
    }

    /// Parts that were on their way when their series was taken back, and turned out to be on the page: they are
    /// taken back now. At most 200 a call.
    pub async fn publications_back_late(&mut self, now: Timestamp) -> Result<Vec<PublicationRow>> {
        let wanted: Vec<PublicationRow> = q(WANTED).all(self).await?;
        let mut out = Vec::new();
        for row in wanted {
            let (Some(by), reason) = (row.back_by, row.back_reason.as_deref().unwrap_or_default())
            else {
                continue;
            };
            match self.publication_take_back(row.id, by, reason, now).await {
                Ok(()) => out.push(row),
                Err(Error::Conflict | Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(out)
    }
}

impl PublicationRow {
    /// Whether both are parts of one series, made by one approval.
    pub fn is_series(&self, other: &PublicationRow) -> bool {
        self.post == other.post
            && self.channel == other.channel
            && self.revision == other.revision
            && self.created_at == other.created_at
    }
}
