//! Ceremonies between start and finish: passkeys, signing in at a network, links that bind a chat's account. Each is
//! used once, and only by who holds its name, of which the database has the hash.

use crate::row::q;
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde::Serialize;

queries! {
    COUNT = "select count(*) from ceremony where kind = $1 and expires_at > $2";
    GET = "select body from ceremony where hash = $1 and expires_at > $2";
    ADD = "insert into ceremony (hash, body, expires_at, kind, subject) values ($1, $2, $3, $4, $5)";
    TAKE = "delete from ceremony where hash = $1 and expires_at > $2 returning body";
    VOID = "delete from ceremony where kind = $1 and subject = $2";
    PURGE = "delete from ceremony where expires_at <= $1";
}

/// What a ceremony is for. Each kind has a limit of its own, so that a flood of one leaves room for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CeremonyKind {
    /// Somebody signs in with a passkey. Anybody can begin one.
    SignIn,
    /// A member adds a passkey.
    AddPasskey,
    /// A page is being connected at its network.
    Network,
    /// A member proves that an address of e-mail is theirs.
    Address,
    /// Somebody in a chat says which member they are. Whoever writes there can begin one.
    Bind,
}

impl Conn {
    /// How many of a kind are under way.
    pub async fn ceremonies(&mut self, kind: CeremonyKind, now: Timestamp) -> Result<u64> {
        let n: i64 = q(COUNT).word(&kind).time(now).one(self).await?;
        Ok(n.unsigned_abs())
    }

    /// What is kept of one, without using it.
    pub async fn ceremony_body(
        &mut self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<String>> {
        q(GET).bytes(hash.as_slice()).time(now).maybe(self).await
    }
}

impl Tx {
    /// Keeps what a ceremony needs to end, until `expires`; forgets those past their time. With a `subject`, it is the
    /// only one of its kind for them: an older one no longer works.
    pub async fn ceremony_add(
        &mut self,
        kind: CeremonyKind,
        subject: Option<&str>,
        hash: &[u8; 32],
        body: &str,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<()> {
        q(PURGE).time(now).run(self).await?;
        if let Some(subject) = subject {
            q(VOID).word(&kind).text(subject).run(self).await?;
        }
        q(ADD)
            .bytes(hash.as_slice())
            .text(body)
            .time(expires)
            .word(&kind)
            .text_opt(subject)
            .run(self)
            .await?;
        Ok(())
    }

    /// Takes a ceremony out; `None` when there is none of that name, it was used, or its time passed.
    pub async fn ceremony_take(
        &mut self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<String>> {
        q(TAKE).bytes(hash.as_slice()).time(now).maybe(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_ceremony_is_taken_once_and_in_time() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_mins(5)).unwrap();
            let kind = CeremonyKind::SignIn;
            let mut tx = store.begin().await.unwrap();
            for hash in [[1; 32], [2; 32]] {
                tx.ceremony_add(kind, None, &hash, "{}", now, later)
                    .await
                    .unwrap();
            }
            assert_eq!(tx.ceremonies(kind, now).await.unwrap(), 2);
            let taken = tx.ceremony_take(&[1; 32], now).await.unwrap();
            assert_eq!(taken.as_deref(), Some("{}"));
            assert_eq!(tx.ceremony_take(&[1; 32], now).await.unwrap(), None);
            assert_eq!(tx.ceremony_take(&[2; 32], later).await.unwrap(), None);
            assert_eq!(tx.ceremonies(kind, later).await.unwrap(), 0);
        })
        .await;
    }

    #[tokio::test]
    async fn kinds_are_counted_apart_and_a_new_link_voids_the_old() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_mins(5)).unwrap();
            let (bind, network) = (CeremonyKind::Bind, CeremonyKind::Network);
            let mut tx = store.begin().await.unwrap();
            for (n, kind, subject) in [
                (1, bind, Some("T1 U1")),
                (2, bind, Some("T1 U2")),
                (3, network, Some("T1 U1")),
                (4, bind, Some("T1 U1")),
            ] {
                tx.ceremony_add(kind, subject, &[n; 32], "{}", now, later)
                    .await
                    .unwrap();
            }
            assert_eq!(tx.ceremonies(bind, now).await.unwrap(), 2);
            assert_eq!(tx.ceremonies(network, now).await.unwrap(), 1);
            assert_eq!(tx.ceremony_body(&[1; 32], now).await.unwrap(), None, "void");
            for n in [2, 3, 4] {
                assert!(tx.ceremony_take(&[n; 32], now).await.unwrap().is_some());
            }
        })
        .await;
    }
}
