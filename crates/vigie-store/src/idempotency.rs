//! Answers to API requests that carried an `Idempotency-Key`, so that the same request is done once.

use crate::row::{Cells, FromRow, q};
use crate::{Error, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;

queries! {
    RESERVE = "insert into idempotency (actor, name, request, at) values ($1, $2, $3, $4) \
               on conflict (actor, name) do nothing";
    GET = "select request, status, body from idempotency where actor = $1 and name = $2";
    COMPLETE = "update idempotency set status = $3, body = $4 where actor = $1 and name = $2 and status is null";
    RELEASE = "delete from idempotency where actor = $1 and name = $2 and status is null";
    SWEEP = "delete from idempotency where at < $1";
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// Never seen: do the request, then [`Tx::idempotency_complete`].
    New,
    /// The same request is being done, or its process died.
    Running,
    /// The same request was done; this was the answer.
    Done {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
    },
    /// The key was used for another request.
    OtherRequest,
}

struct Line {
    request: [u8; 32],
    status: Option<i64>,
    body: Option<String>,
}

impl FromRow for Line {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            request: row.hash("request")?,
            status: row.int_opt("status")?,
            body: row.text_opt("body")?,
        })
    }
}

impl Tx {
    /// Takes a key for a request. `actor` is who sends it (`token/<id>`), so that keys of two never meet; `request`
    /// is the SHA-256 of method, path and body.
    pub async fn idempotency_reserve(
        &mut self,
        actor: &str,
        key: &str,
        request: [u8; 32],
        now: Timestamp,
    ) -> Result<Reserved> {
        if q(RESERVE)
            .text(actor)
            .text(key)
            .bytes(request)
            .time(now)
            .run(self)
            .await?
            == 1
        {
            return Ok(Reserved::New);
        }
        let line: Line = q(GET)
            .text(actor)
            .text(key)
            .maybe(self)
            .await?
            .ok_or(Error::Conflict)?;
        if line.request != request {
            return Ok(Reserved::OtherRequest);
        }
        Ok(
            match (
                line.status.and_then(|status| u16::try_from(status).ok()),
                line.body,
            ) {
                (Some(status), Some(body)) => Reserved::Done { status, body },
                _ => Reserved::Running,
            },
        )
    }

    /// Keeps the answer, best in the transaction of the act itself.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the key is not reserved or has an answer.
    pub async fn idempotency_complete(
        &mut self,
        actor: &str,
        key: &str,
        status: u16,
        body: &str,
    ) -> Result<()> {
        q(COMPLETE)
            .text(actor)
            .text(key)
            .int(status.into())
            .text(body)
            .run_one(self)
            .await
    }

    /// Gives a key back: the request failed before anything happened and may be sent again.
    pub async fn idempotency_release(&mut self, actor: &str, key: &str) -> Result<()> {
        q(RELEASE).text(actor).text(key).run(self).await?;
        Ok(())
    }

    /// Forgets keys taken before `before`; how many.
    pub async fn idempotency_sweep(&mut self, before: Timestamp) -> Result<u64> {
        q(SWEEP).time(before).run(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_request_is_done_once() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let mut tx = store.begin().await.unwrap();
            assert_eq!(
                tx.idempotency_reserve("token/1", "a", [1; 32], now)
                    .await
                    .unwrap(),
                Reserved::New
            );
            assert_eq!(
                tx.idempotency_reserve("token/1", "a", [1; 32], now)
                    .await
                    .unwrap(),
                Reserved::Running
            );
            assert_eq!(
                tx.idempotency_reserve("token/2", "a", [1; 32], now)
                    .await
                    .unwrap(),
                Reserved::New
            );
            tx.idempotency_complete("token/1", "a", 201, "{}")
                .await
                .unwrap();
            let done = Reserved::Done {
                status: 201,
                body: "{}".into(),
            };
            assert_eq!(
                tx.idempotency_reserve("token/1", "a", [1; 32], now)
                    .await
                    .unwrap(),
                done
            );
            let other = tx
                .idempotency_reserve("token/1", "a", [2; 32], now)
                .await
                .unwrap();
            assert_eq!(other, Reserved::OtherRequest);
            assert!(matches!(
                tx.idempotency_complete("token/1", "a", 200, "").await,
                Err(Error::Conflict)
            ));
            tx.idempotency_release("token/2", "a").await.unwrap();
            assert_eq!(
                tx.idempotency_reserve("token/2", "a", [1; 32], now)
                    .await
                    .unwrap(),
                Reserved::New
            );
            let later = now.checked_add(SignedDuration::from_secs(1)).unwrap();
            assert_eq!(tx.idempotency_sweep(later).await.unwrap(), 2);
        })
        .await;
    }
}
