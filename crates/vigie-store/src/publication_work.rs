//! What the publisher does: claim, write the intent down, send, settle.
//!
//! - A claim is a compare-and-set lease. It raises `attempt`, the fencing token: whatever an older holder still
//!   writes touches no row and is told [`Error::Fenced`].
//! - A claim for sending, and the intent, first lock the row of the pause while nothing is paused. So once a pause
//!   is committed no claim or intent can be, on both engines: nobody has to wait for "the next round".
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
use vigie_core::id::PublicationId;
use vigie_core::publication::{Found, Outcome, PublicationState, Settlement};

queries! {
    RUNNING = "update pause set claims = claims + 1 where id = 1 and paused = 0";
    DUE = "select id, attempt from publication where state = 'ready' and due_at <= $1 and not_after >= $1 \
           and (next_try_at is null or next_try_at <= $1) and (lease_until is null or lease_until < $1) \
           and channel in (select c.id from channel c where c.status = 'connected') \
           order by due_at, id limit $2";
    LOOK_DUE = "select id, attempt from publication where state = 'unknown' and next_try_at <= $1 \
                and (lease_until is null or lease_until < $1) order by next_try_at, id limit $2";
    BACK_DUE = "select id, attempt from publication where state = 'taking_back' \
                and (next_try_at is null or next_try_at <= $1) \
                and (lease_until is null or lease_until < $1) order by back_at, id limit $2";
    CLAIM = "update publication set attempt = attempt + 1, lease_owner = $4, lease_until = $5 \
             where id = $1 and attempt = $2 and state = $3";
    LOOKING = "update publication set looks = looks + 1 where id = $1 and attempt = $2";
    RENEW = "update publication set lease_until = $3 where id = $1 and attempt = $2";
    RELEASE = "update publication set lease_owner = null, lease_until = null where id = $1 and attempt = $2 \
               and state = 'ready'";
    BEGIN = "update publication set state = 'sending', tries = tries + 1 \
             where id = $1 and attempt = $2 and state = 'ready' and not_after >= $3";
    SETTLE = "update publication set state = $4, next_try_at = $5, remote_id = coalesce($6, remote_id), \
              url = coalesce($7, url), content_id = coalesce($8, content_id), error_code = $9, error_detail = $10, \
              published_at = case when $4 = 'published' then $11 else published_at end, \
              settled_at = case when $4 in ('published', 'refused', 'cancelled', 'taken_back') then $11 else settled_at end, \
              lease_owner = null, lease_until = null where id = $1 and attempt = $2 and state = $3";
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

/// What came of a deletion on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakeBackOutcome {
    /// It is no longer there.
    Gone,
    /// It did not work; again at `at`.
    Retry {
        /// When.
        at: Timestamp,
        /// Stable name of the reason.
        code: String,
    },
    /// The network said no: it stays on the page, and a person looks.
    Refused {
        /// Stable name of the reason.
        code: String,
        /// For the log.
        detail: String,
    },
}

/// What a person found for a publication whose outcome nobody could tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonSays {
    /// It is on the page, there.
    OnPage {
        /// The network's id of it, if it can be told.
        remote_id: Option<String>,
        /// Where.
        url: Option<String>,
    },
    /// It is not, and should be sent again.
    SendAgain,
    /// It is not, and should not be.
    GiveUp,
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

/// Values that a settlement writes besides the state.
#[derive(Default)]
struct Facts<'a> {
    remote_id: Option<&'a str>,
    url: Option<&'a str>,
    content_id: Option<&'a str>,
    code: Option<&'a str>,
    detail: Option<&'a str>,
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
    /// Each comes with its new fencing token in `attempt`.
    pub async fn publications_claim(
        &mut self,
        now: Timestamp,
        owner: &str,
        lease: SignedDuration,
        limit: u32,
    ) -> Result<Vec<PublicationRow>> {
        if !self.running().await? {
            return Ok(Vec::new());
        }
        self.claim(DUE, PublicationState::Ready, now, owner, lease, limit)
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
    /// [`Error::Fenced`] if somebody newer owns it, it was cancelled, or its window has passed.
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

    /// Writes down what came of a send. `settlement` is `vigie_core::publication::settle`'s answer.
    ///
    /// # Errors
    /// [`Error::Fenced`].
    pub async fn publication_settle(
        &mut self,
        id: PublicationId,
        attempt: i64,
        outcome: &Outcome,
        settlement: &Settlement,
        now: Timestamp,
    ) -> Result<()> {
        let facts = match outcome {
            Outcome::Published {
                remote_id,
                url,
                content_id,
            } => Facts {
                remote_id: Some(remote_id),
                url: Some(url),
                content_id: Some(content_id),
                ..Facts::default()
            },
            Outcome::Refused { code, detail } => Facts {
                code: Some(code),
                detail: Some(detail),
                ..Facts::default()
            },
            Outcome::NotSent { code, .. } => Facts {
                code: Some(code),
                ..Facts::default()
            },
            Outcome::Unknown { detail } => Facts {
                code: Some("unknown"),
                detail: Some(detail),
                ..Facts::default()
            },
        };
        self.settle(
            id,
            attempt,
            PublicationState::Sending,
            settlement,
            &facts,
            now,
        )
        .await
    }

    /// Refuses a claimed publication before anything was sent: its content is not the approved one, its channel is
    /// gone, its pictures are missing.
    ///
    /// # Errors
    /// [`Error::Fenced`].
    pub async fn publication_refuse(
        &mut self,
        id: PublicationId,
        attempt: i64,
        code: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<()> {
        let settlement = Settlement {
            state: PublicationState::Refused,
            next_try: None,
        };
        let facts = Facts {
            code: Some(code),
            detail: Some(detail),
            ..Facts::default()
        };
        self.settle(
            id,
            attempt,
            PublicationState::Ready,
            &settlement,
            &facts,
            now,
        )
        .await
    }

    /// Gives a claim back without a send, to be tried again at `at`: the vault is sealed, a picture cannot be read now.
    ///
    /// # Errors
    /// [`Error::Fenced`].
    pub async fn publication_postpone(
        &mut self,
        id: PublicationId,
        attempt: i64,
        code: &str,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let settlement = Settlement {
            state: PublicationState::Ready,
            next_try: Some(at),
        };
        let facts = Facts {
            code: Some(code),
            ..Facts::default()
        };
        self.settle(
            id,
            attempt,
            PublicationState::Ready,
            &settlement,
            &facts,
            now,
        )
        .await
    }

    /// Writes down what a look found. `settlement` is `vigie_core::publication::settle_found`'s answer.
    ///
    /// # Errors
    /// [`Error::Fenced`].
    pub async fn publication_looked(
        &mut self,
        id: PublicationId,
        attempt: i64,
        found: &Found,
        settlement: &Settlement,
        now: Timestamp,
    ) -> Result<()> {
        let facts = match found {
            Found::Same {
                remote_id,
                url,
                content_id,
            } => Facts {
                remote_id: Some(remote_id),
                url: Some(url),
                content_id: Some(content_id),
                ..Facts::default()
            },
            Found::Different { detail } => Facts {
                code: Some("different"),
                detail: Some(detail),
                ..Facts::default()
            },
            Found::Absent => Facts {
                code: Some("absent"),
                ..Facts::default()
            },
            Found::CannotTell { detail } => Facts {
                code: Some("cannot_tell"),
                detail: Some(detail),
                ..Facts::default()
            },
        };
        self.settle(
            id,
            attempt,
            PublicationState::Unknown,
            settlement,
            &facts,
            now,
        )
        .await
    }

    /// Writes down what came of a deletion.
    ///
    /// # Errors
    /// [`Error::Fenced`].
    pub async fn publication_taken_back(
        &mut self,
        id: PublicationId,
        attempt: i64,
        outcome: &TakeBackOutcome,
        now: Timestamp,
    ) -> Result<()> {
        let (state, next_try, facts) = match outcome {
            TakeBackOutcome::Gone => (PublicationState::TakenBack, None, Facts::default()),
            TakeBackOutcome::Retry { at, code } => (
                PublicationState::TakingBack,
                Some(*at),
                Facts {
                    code: Some(code),
                    ..Facts::default()
                },
            ),
            TakeBackOutcome::Refused { code, detail } => {
                // Still on the page; when it went out does not change.
                let facts = Facts {
                    code: Some(code),
                    detail: Some(detail),
                    ..Facts::default()
                };
                let published = self.publication(id).await?.published_at.unwrap_or(now);
                let settlement = Settlement {
                    state: PublicationState::Published,
                    next_try: None,
                };
                return self
                    .settle_at(
                        id,
                        attempt,
                        PublicationState::TakingBack,
                        &settlement,
                        &facts,
                        published,
                        now,
                    )
                    .await;
            }
        };
        self.settle(
            id,
            attempt,
            PublicationState::TakingBack,
            &Settlement { state, next_try },
            &facts,
            now,
        )
        .await
    }

    /// A person tells the outcome. `seen` is the attempt that their page showed.
    ///
    /// # Errors
    /// [`Error::Fenced`] if it is no longer as they saw it, or is being looked at.
    pub async fn publication_decide(
        &mut self,
        id: PublicationId,
        seen: i64,
        says: &PersonSays,
        now: Timestamp,
    ) -> Result<()> {
        // Claimed and settled in one transaction, so that no worker comes between.
        fenced(
            q(CLAIM)
                .id(id)
                .int(seen)
                .word(&PublicationState::Unknown)
                .text("person")
                .time(now),
            self,
        )
        .await?;
        let attempt = seen.saturating_add(1);
        let (state, next_try, facts) = match says {
            PersonSays::OnPage { remote_id, url } => (
                PublicationState::Published,
                None,
                Facts {
                    remote_id: remote_id.as_deref(),
                    url: url.as_deref(),
                    ..Facts::default()
                },
            ),
            PersonSays::SendAgain => (PublicationState::Ready, Some(now), Facts::default()),
            PersonSays::GiveUp => (PublicationState::Cancelled, None, Facts::default()),
        };
        self.settle(
            id,
            attempt,
            PublicationState::Unknown,
            &Settlement { state, next_try },
            &facts,
            now,
        )
        .await
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

    async fn lapse(&mut self, which: &'static str, now: Timestamp) -> Result<Vec<PublicationRow>> {
        let late: Vec<Candidate> = q(which).time(now).all(self).await?;
        let mut lapsed = Vec::new();
        for one in late {
            if q(LAPSE)
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
        let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
        let due: Vec<Candidate> = q(which).time(now).int(limit.into()).all(self).await?;
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

    async fn settle(
        &mut self,
        id: PublicationId,
        attempt: i64,
        from: PublicationState,
        settlement: &Settlement,
        facts: &Facts<'_>,
        now: Timestamp,
    ) -> Result<()> {
        self.settle_at(id, attempt, from, settlement, facts, now, now)
            .await?;
        if settlement.state == PublicationState::Published {
            let post = self.publication(id).await?.post;
            self.post_calendar(post, now).await?;
        }
        Ok(())
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one private statement with all its values"
    )]
    async fn settle_at(
        &mut self,
        id: PublicationId,
        attempt: i64,
        from: PublicationState,
        settlement: &Settlement,
        facts: &Facts<'_>,
        settled: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let statement = q(SETTLE)
            .id(id)
            .int(attempt)
            .word(&from)
            .word(&settlement.state)
            .time_opt(settlement.next_try)
            .text_opt(facts.remote_id)
            .text_opt(facts.url)
            .text_opt(facts.content_id)
            .text_opt(facts.code)
            .text_opt(facts.detail)
            .time(settled);
        fenced(statement, self).await?;
        let detail = facts.detail.or(facts.code);
        self.attempt_end(id, attempt, settlement.state.as_str(), detail, now)
            .await
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

    async fn attempt_end(
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
async fn fenced(statement: Q, conn: &mut Conn) -> Result<()> {
    if statement.run(conn).await? == 1 {
        Ok(())
    } else {
        Err(Error::Fenced)
    }
}
