//! What the publisher does before it calls the network: claim, write the intent down, and clear up after those who
//! did not come back. What comes after the call is in `publication_settle.rs`.
//!
//! - A claim is a compare-and-set lease. It raises `attempt`, the fencing token: whatever an older holder still
//!   writes touches no row and is told [`Error::Fenced`]. The lease must outlast the longest call.
//! - A claim for sending, and the intent, first lock the row of the pause while nothing is paused. So once a pause
//!   is committed no claim or intent can be, on both engines.
//! - After [`Tx::publication_begin`] is committed the network may be called. If the process dies then, the lease runs
//!   out and the outcome is unknown, never ready.
//!
//! Order of locks, for PostgreSQL: pause, post, publication, audit head.

use crate::publication::PublicationRow;
use crate::row::{Cells, FromRow, Q, q};
use crate::{Conn, Error, Result, Tx};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use vigie_core::content::Digest;
use vigie_core::id::{ChannelId, PublicationId};
use vigie_core::publication::PublicationState;

queries! {
    RUNNING = "update pause set claims = claims + 1 where id = 1 and paused = 0";
    /// Channel by channel, so that a long queue hides no other. See `publication_turn`.
    WAITING = "select c.id from channel c where c.status = 'connected' and ( \
               select p.id from publication p where p.channel = c.id and p.state = 'ready' and p.due_at <= $1 \
               and p.not_after >= $1 and (p.next_try_at is null or p.next_try_at <= $1) \
               and (p.lease_until is null or p.lease_until < $1) and (p.part = 0 or ( \
               select b.id from publication b where b.post = p.post and b.channel = p.channel \
               and b.revision = p.revision and b.created_at = p.created_at and b.part = p.part - 1 \
               and b.state = 'published' limit 1) is not null) \
               limit 1) is not null order by c.id";
    DUE = "select id, attempt, due_at from publication where channel = $3 and state = 'ready' and due_at <= $1 \
           and not_after >= $1 and (next_try_at is null or next_try_at <= $1) \
           and (lease_until is null or lease_until < $1) and (part = 0 or ( \
           select b.id from publication b where b.post = publication.post and b.channel = publication.channel \
           and b.revision = publication.revision and b.created_at = publication.created_at \
           and b.part = publication.part - 1 and b.state = 'published' limit 1) is not null) \
           order by due_at, part, id limit $2";
    /// Parts whose turn cannot come any more.
    BROKEN = "select id, attempt from publication where state = 'ready' and part > 0 and ( \
              select b.id from publication b where b.post = publication.post and b.channel = publication.channel \
              and b.revision = publication.revision and b.created_at = publication.created_at \
              and b.part = publication.part - 1 and b.state in ('refused', 'lapsed', 'cancelled', 'taking_back', 'taken_back') limit 1) is not null \
              order by id limit 500";
    BREAK = "update publication set state = 'cancelled', attempt = attempt + 1, settled_at = $3, next_try_at = null, \
             lease_owner = null, lease_until = null, error_code = 'series_broken' \
             where id = $1 and attempt = $2 and state = 'ready'";
    LOOK_DUE = "select id, attempt from publication where state = 'unknown' and next_try_at <= $1 \
                and (lease_until is null or lease_until < $1) order by next_try_at, id limit $2";
    /// A page that does not let us in is not asked again and again: networks lock out those who do.
    BACK_DUE = "select id, attempt from publication where state = 'taking_back' \
                and (next_try_at is null or next_try_at <= $1) \
                and (lease_until is null or lease_until < $1) \
                and channel not in (select c.id from channel c where c.status = 'broken') \
                order by back_at, id limit $2";
    GO_ON = "update publication set next_try_at = null where channel = $1 and state in ('ready', 'taking_back') \
             and next_try_at is not null";
    /// Those in somebody's hands have their own answer.
    WAIT = "update publication set next_try_at = $3, error_code = $4 where channel = $1 and state = 'ready' \
            and due_at <= $3 and (next_try_at is null or next_try_at < $3) \
            and (lease_until is null or lease_until < $2)";
    CLAIM = "update publication set attempt = attempt + 1, lease_owner = $4, lease_until = $5 \
             where id = $1 and attempt = $2 and state = $3";
    LOOKING = "update publication set looks = looks + 1 where id = $1 and attempt = $2";
    RENEW = "update publication set lease_until = $3 where id = $1 and attempt = $2";
    RELEASE = "update publication set lease_owner = null, lease_until = null where id = $1 and attempt = $2 \
               and state = 'ready'";
    BEGIN = "update publication set state = 'sending', tries = tries + 1 \
             where id = $1 and attempt = $2 and state = 'ready' and not_after >= $3 and lease_until >= $3 and (part = 0 \
             or (select b.id from publication b where b.post = publication.post and b.channel = publication.channel \
             and b.revision = publication.revision and b.created_at = publication.created_at \
             and b.part = publication.part - 1 and b.state = 'published' limit 1) is not null)";
    /// An outcome nobody wrote down. The token goes up, so that a late writer is fenced off.
    STUCK = "select id, attempt from publication where state = 'sending' and lease_until < $1 order by id limit 200";
    UNKNOWN = "update publication set state = 'unknown', attempt = attempt + 1, next_try_at = $3, lease_owner = null, \
               lease_until = null, error_code = 'interrupted', error_detail = null \
               where id = $1 and attempt = $2 and state = 'sending'";
    LATE = "select id, attempt from publication where state = 'ready' and not_after < $1 order by id limit 500";
    MISSED = "select id, attempt from publication where state = 'ready' and due_at <= $1 order by id limit 500";
    LAPSE = "update publication set state = 'lapsed', attempt = attempt + 1, settled_at = $3, next_try_at = null, \
             lease_owner = null, lease_until = null where id = $1 and attempt = $2 and state = 'ready'";
    TRY_ADD = "insert into publication_attempt (publication, n, purpose, owner, request_digest, started_at) \
               values ($1, $2, $3, $4, $5, $6)";
    TRY_END = "update publication_attempt set ended_at = $3, result = $4, detail = $5 \
               where publication = $1 and n = $2 and ended_at is null";
    TRIES = "select n, purpose, owner, request_digest, started_at, ended_at, result, detail \
             from publication_attempt where publication = $1 order by n limit 500";
}

/// What a claim is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To send it.
    Send,
    /// To look for it on the network.
    Look,
    /// To delete it there.
    TakeBack,
}

/// One try: what was called, by whom, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// The fencing token it held.
    pub n: i64,
    /// What it was for.
    pub purpose: Purpose,
    /// Which worker.
    pub owner: String,
    /// Digest of the request, for a send.
    pub request_digest: Option<Digest>,
    /// When the intent was written down.
    pub started_at: Timestamp,
    /// When the outcome was.
    pub ended_at: Option<Timestamp>,
    /// The state it led to, or `interrupted`.
    pub result: Option<String>,
    /// For the log.
    pub detail: Option<String>,
}

impl FromRow for AttemptRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            n: row.int("n")?,
            purpose: row.word("purpose")?,
            owner: row.text("owner")?,
            request_digest: row
                .bytes_opt("request_digest")?
                .map(|_| row.hash("request_digest"))
                .transpose()?
                .map(Digest),
            started_at: row.time("started_at")?,
            ended_at: row.time_opt("ended_at")?,
            result: row.text_opt("result")?,
            detail: row.text_opt("detail")?,
        })
    }
}

/// Whether a send may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The intent is written; once committed, call the network.
    Yes,
    /// Everything is paused. The claim is given back; do not call.
    Paused,
}

struct Candidate {
    id: PublicationId,
    attempt: i64,
}

impl FromRow for Candidate {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            attempt: row.int("attempt")?,
        })
    }
}

/// What a channel may be given in a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// At most so many.
    pub room: u32,
    /// How many it has in hand; who has fewer comes first.
    pub held: u32,
    /// When it was last given something; who waits longer comes first.
    pub served: u64,
}

/// A channel with something due.
struct Waiting(ChannelId);

impl FromRow for Waiting {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self(row.id("id")?))
    }
}

struct Due {
    one: Candidate,
    at: Timestamp,
}

impl FromRow for Due {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            one: Candidate::from_row(row)?,
            at: row.time("due_at")?,
        })
    }
}

impl Conn {
    /// Every try of a publication, oldest first.
    pub async fn attempts(&mut self, id: PublicationId) -> Result<Vec<AttemptRow>> {
        q(TRIES).id(id).all(self).await
    }
}

impl Tx {
    /// Takes at most `limit` publications that are due, on channels that work, for `lease`. Nothing while paused.
    ///
    /// Each comes with its new fencing token in `attempt`. Channels take turns: the oldest of each, then the next.
    pub async fn publications_claim(
        &mut self,
        now: Timestamp,
        owner: &str,
        lease: SignedDuration,
        limit: u32,
    ) -> Result<Vec<PublicationRow>> {
        let share = Share {
            room: limit,
            held: 0,
            served: 0,
        };
        self.publications_claim_shared(now, owner, lease, limit, &|_| share)
            .await
    }

    /// The same, with what each channel may be given.
    pub async fn publications_claim_shared(
        &mut self,
        now: Timestamp,
        owner: &str,
        lease: SignedDuration,
        limit: u32,
        share: &(dyn Fn(ChannelId) -> Share + Sync),
    ) -> Result<Vec<PublicationRow>> {
        if limit == 0 || !self.running().await? {
            return Ok(Vec::new());
        }
        let channels: Vec<Waiting> = q(WAITING).time(now).all(self).await?;
        let mut due = Vec::new();
        for Waiting(channel) in channels {
            let Share { room, held, served } = share(channel);
            if room == 0 {
                continue;
            }
            let of = q(DUE).time(now).int(room.min(limit).into()).id(channel);
            let of: Vec<Due> = of.all(self).await?;
            due.extend((held..).zip(of).map(|(turn, due)| (turn, served, due)));
        }
        due.sort_by_key(|(turn, served, due)| (*turn, *served, due.at, due.one.id));
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let due = due.into_iter().map(|(_, _, due)| due.one).collect();
        self.take(due, PublicationState::Ready, now, owner, lease)
            .await
    }

    /// Takes at most `limit` publications of unknown outcome whose time to look has come. Looking is no publishing:
    /// a pause does not stop it.
    pub async fn publications_claim_looks(
        &mut self,
        now: Timestamp,
        owner: &str,
        lease: SignedDuration,
        limit: u32,
    ) -> Result<Vec<PublicationRow>> {
        let mut claimed = self
            .claim(
                LOOK_DUE,
                PublicationState::Unknown,
                now,
                owner,
                lease,
                limit,
            )
            .await?;
        for one in &mut claimed {
            q(LOOKING).id(one.id).int(one.attempt).run_one(self).await?;
            one.looks = one.looks.saturating_add(1);
            self.attempt_add(one.id, one.attempt, Purpose::Look, owner, None, now)
                .await?;
        }
        Ok(claimed)
    }

    /// Takes at most `limit` publications that should be deleted on their page, paused or not.
    pub async fn publications_claim_back(
        &mut self,
        now: Timestamp,
        owner: &str,
        lease: SignedDuration,
        limit: u32,
    ) -> Result<Vec<PublicationRow>> {
        let claimed = self
            .claim(
                BACK_DUE,
                PublicationState::TakingBack,
                now,
                owner,
                lease,
                limit,
            )
            .await?;
        for one in &claimed {
            self.attempt_add(one.id, one.attempt, Purpose::TakeBack, owner, None, now)
                .await?;
        }
        Ok(claimed)
    }

    /// A channel works again: what waited for it need not wait any longer. How many did.
    pub async fn publications_go_on(&mut self, channel: ChannelId) -> Result<u64> {
        q(GO_ON).id(channel).run(self).await
    }

    /// A network said when a channel may be called again: what waits for the channel waits until then, instead of
    /// asking in vain one after the other. `code` says why. How many do.
    pub async fn publications_wait(
        &mut self,
        channel: ChannelId,
        until: Timestamp,
        code: &str,
        now: Timestamp,
    ) -> Result<u64> {
        let wait = q(WAIT).id(channel).time(now).time(until).text(code);
        wait.run(self).await
    }

    /// Keeps a claim for longer.
    ///
    /// # Errors
    /// [`Error::Fenced`].
    pub async fn publication_renew(
        &mut self,
        id: PublicationId,
        attempt: i64,
        until: Timestamp,
    ) -> Result<()> {
        fenced(q(RENEW).id(id).int(attempt).time(until), self).await
    }

    /// Writes the intent to send down. Commit before touching the network.
    ///
    /// # Errors
    /// [`Error::Fenced`] if somebody newer owns it, it was cancelled, its window or the lease has passed, or the part
    /// before it is no longer on the page.
    pub async fn publication_begin(
        &mut self,
        id: PublicationId,
        attempt: i64,
        owner: &str,
        request: Digest,
        now: Timestamp,
    ) -> Result<Begun> {
        if !self.running().await? {
            q(RELEASE).id(id).int(attempt).run(self).await?;
            return Ok(Begun::Paused);
        }
        fenced(q(BEGIN).id(id).int(attempt).time(now), self).await?;
        self.attempt_add(id, attempt, Purpose::Send, owner, Some(request), now)
            .await?;
        Ok(Begun::Yes)
    }

    /// Sends that were begun and whose holder was not heard of again: their outcome is unknown, to be looked up at
    /// once. At most 200 a call.
    pub async fn publications_interrupted(
        &mut self,
        now: Timestamp,
    ) -> Result<Vec<PublicationRow>> {
        let stuck: Vec<Candidate> = q(STUCK).time(now).all(self).await?;
        let mut changed = Vec::new();
        for one in stuck {
            if q(UNKNOWN)
                .id(one.id)
                .int(one.attempt)
                .time(now)
                .run(self)
                .await?
                == 1
            {
                self.attempt_end(one.id, one.attempt, "interrupted", None, now)
                    .await?;
                changed.push(self.publication(one.id).await?);
            }
        }
        Ok(changed)
    }

    /// Publications whose window passed before they went out: they lapse, and their posts go back. At most 500 a call.
    pub async fn publications_lapse(&mut self, now: Timestamp) -> Result<Vec<PublicationRow>> {
        self.lapse(LATE, now).await
    }

    /// Publications that became due while everything was paused: called when it ends, so that they go back to their
    /// authors instead of bursting out. At most 500 a call.
    pub async fn publications_lapse_missed(
        &mut self,
        now: Timestamp,
    ) -> Result<Vec<PublicationRow>> {
        self.lapse(MISSED, now).await
    }

    /// Cancels parts of series that come after one that is not, or no longer, on its page. At most 500 a call; the
    /// part after a cancelled one is found by the next.
    pub async fn publications_break(&mut self, now: Timestamp) -> Result<Vec<PublicationRow>> {
        let broken: Vec<Candidate> = q(BROKEN).all(self).await?;
        self.end(BREAK, broken, now).await
    }

    async fn lapse(&mut self, which: &'static str, now: Timestamp) -> Result<Vec<PublicationRow>> {
        let late: Vec<Candidate> = q(which).time(now).all(self).await?;
        self.end(LAPSE, late, now).await
    }

    async fn end(
        &mut self,
        how: &'static str,
        all: Vec<Candidate>,
        now: Timestamp,
    ) -> Result<Vec<PublicationRow>> {
        let mut lapsed = Vec::new();
        for one in all {
            if q(how)
                .id(one.id)
                .int(one.attempt)
                .time(now)
                .run(self)
                .await?
                == 1
            {
                lapsed.push(self.publication(one.id).await?);
            }
        }
        Ok(lapsed)
    }

    /// True, with the row of the pause locked until the end of this transaction, while nothing is paused.
    async fn running(&mut self) -> Result<bool> {
        Ok(q(RUNNING).run(self).await? == 1)
    }

    async fn claim(
        &mut self,
        which: &'static str,
        state: PublicationState,
        now: Timestamp,
        owner: &str,
        lease: SignedDuration,
        limit: u32,
    ) -> Result<Vec<PublicationRow>> {
        let due: Vec<Candidate> = q(which).time(now).int(limit.into()).all(self).await?;
        self.take(due, state, now, owner, lease).await
    }

    async fn take(
        &mut self,
        due: Vec<Candidate>,
        state: PublicationState,
        now: Timestamp,
        owner: &str,
        lease: SignedDuration,
    ) -> Result<Vec<PublicationRow>> {
        let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
        let mut claimed = Vec::with_capacity(due.len());
        for one in due {
            let won = q(CLAIM)
                .id(one.id)
                .int(one.attempt)
                .word(&state)
                .text(owner)
                .time(until)
                .run(self)
                .await?;
            if won == 1 {
                claimed.push(self.publication(one.id).await?);
            }
        }
        Ok(claimed)
    }

    async fn attempt_add(
        &mut self,
        id: PublicationId,
        attempt: i64,
        purpose: Purpose,
        owner: &str,
        request: Option<Digest>,
        now: Timestamp,
    ) -> Result<()> {
        q(TRY_ADD)
            .id(id)
            .int(attempt)
            .word(&purpose)
            .text(owner)
            .bytes_opt(request.map(|digest| digest.0))
            .time(now)
            .run(self)
            .await?;
        Ok(())
    }

    pub(crate) async fn attempt_end(
        &mut self,
        id: PublicationId,
        attempt: i64,
        result: &str,
        detail: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        q(TRY_END)
            .id(id)
            .int(attempt)
            .time(now)
            .text(result)
            .text_opt(detail)
            .run(self)
            .await?;
        Ok(())
    }
}

/// Runs a statement under the fence.
pub(crate) async fn fenced(statement: Q, conn: &mut Conn) -> Result<()> {
    if statement.run(conn).await? == 1 {
        Ok(())
    } else {
        Err(Error::Fenced)
    }
}
