//! What the publisher writes down after it called the network, under the fence: only the holder of the latest
//! `attempt` changes a row, anybody else is told [`crate::Error::Fenced`] and does nothing more about it.

use crate::publication_claim::fenced;
use crate::row::q;
use crate::{Result, Tx};
use jiff::Timestamp;
use vigie_core::id::PublicationId;
use vigie_core::publication::{Found, Outcome, PublicationState, Settlement};

queries! {
    SETTLE = "update publication set state = $4, next_try_at = $5, remote_id = coalesce($6, remote_id), \
              url = coalesce($7, url), content_id = coalesce($8, content_id), error_code = $9, error_detail = $10, \
              published_at = case when $4 = 'published' then $11 else published_at end, \
              settled_at = case when $4 in ('published', 'refused', 'cancelled', 'taken_back') then $11 else settled_at end, \
              lease_owner = null, lease_until = null where id = $1 and attempt = $2 and state = $3";
    DECIDE = "update publication set attempt = attempt + 1 where id = $1 and attempt = $2 and state = 'unknown'";
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

/// Values that a settlement writes besides the state.
#[derive(Default)]
struct Facts<'a> {
    remote_id: Option<&'a str>,
    url: Option<&'a str>,
    content_id: Option<&'a str>,
    code: Option<&'a str>,
    detail: Option<&'a str>,
}

impl Tx {
    /// Writes down what came of a send. `settlement` is `vigie_core::publication::settle`'s answer.
    ///
    /// # Errors
    /// [`crate::Error::Fenced`].
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
    /// [`crate::Error::Fenced`].
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
    /// [`crate::Error::Fenced`].
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
    /// [`crate::Error::Fenced`].
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
            Found::NotSeen => Facts {
                code: Some("not_seen"),
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
    /// [`crate::Error::Fenced`].
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
    /// [`crate::Error::Fenced`] if it is no longer as they saw it.
    pub async fn publication_decide(
        &mut self,
        id: PublicationId,
        seen: i64,
        says: &PersonSays,
        now: Timestamp,
    ) -> Result<()> {
        // Claimed and settled in one transaction, so that no worker comes between.
        fenced(q(DECIDE).id(id).int(seen), self).await?;
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
            .text_opt(facts.content_id.filter(|id| !id.is_empty()))
            .text_opt(facts.code)
            .text_opt(facts.detail)
            .time(settled);
        fenced(statement, self).await?;
        let detail = facts.detail.or(facts.code);
        self.attempt_end(id, attempt, settlement.state.as_str(), detail, now)
            .await
    }
}
