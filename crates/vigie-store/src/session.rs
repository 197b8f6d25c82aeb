//! Sessions: a signed-in browser. The cookie holds the secret, the table its SHA-256.

use crate::member::Member;
use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::id::{MemberId, SessionId};

queries! {
    // The member's stamp and status are compared here, in one place, at each request.
    BY_HASH = "select s.id as session_id, s.hash, s.member, s.user_agent, s.created_at, s.seen_at, s.expires_at,
            s.step_up_at, m.login, m.name, m.role, m.reviewer, m.skills, m.lang, m.status, m.stamp, m.last_drawn_at,
            m.created_at as member_created_at
        from session s join member m on m.id = s.member
        where s.hash = $1 and s.stamp = m.stamp and m.status = 'active' and s.expires_at > $2 and s.seen_at > $3";
    LIST = "select s.id as session_id, s.hash, s.member, s.user_agent, s.created_at, s.seen_at, s.expires_at, s.step_up_at
        from session s join member m on m.id = s.member
        where s.member = $1 and s.stamp = m.stamp and s.expires_at > $2 and s.seen_at > $3
        order by s.seen_at desc, s.id";
    CREATE = "insert into session (id, hash, member, stamp, user_agent, created_at, seen_at, expires_at, step_up_at)
        select $1, $2, m.id, m.stamp, $4, $5, $5, $6, $7 from member m where m.id = $3 and m.status = 'active'";
    TOUCH = "update session set seen_at = $2 where id = $1 and seen_at < $2";
    RENEW = "update session set hash = $3, step_up_at = $4 where id = $1 and hash = $2";
    KEEP = "update session set stamp = (select m.stamp from member m where m.id = session.member) where id = $1";
    END = "delete from session where id = $1 and member = $2";
    END_OTHERS = "delete from session where member = $1 and id <> $2";
    END_ALL = "delete from session where member = $1";
    PURGE = "delete from session where expires_at <= $1 or seen_at <= $2";
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, which may be shown (it opens nothing).
    pub id: SessionId,
    /// SHA-256 of the secret in the cookie.
    pub hash: [u8; 32],
    /// Whose it is.
    pub member: MemberId,
    /// The browser, as it calls itself; bounded by the caller.
    pub user_agent: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// The last request.
    pub seen_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// When the member last proved a second factor in it.
    pub step_up_at: Option<Timestamp>,
}

impl FromRow for Session {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("session_id")?,
            hash: row.hash("hash")?,
            member: row.id("member")?,
            user_agent: row.text("user_agent")?,
            created_at: row.time("created_at")?,
            seen_at: row.time("seen_at")?,
            expires_at: row.time("expires_at")?,
            step_up_at: row.time_opt("step_up_at")?,
        })
    }
}

/// A live session with its member as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The member.
    pub member: Member,
}

impl FromRow for SignedIn {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            session: Session::from_row(row)?,
            member: Member::joined(row, "member", "member_created_at")?,
        })
    }
}

impl Conn {
    /// The live session of this hash: not expired at `now`, used after `idle_since`, its member active, opened under
    /// their present stamp. Anything else is `None`.
    pub async fn session_by_hash(
        &mut self,
        hash: &[u8; 32],
        now: Timestamp,
        idle_since: Timestamp,
    ) -> Result<Option<SignedIn>> {
        q(BY_HASH)
            .bytes(hash.as_slice())
            .time(now)
            .time(idle_since)
            .maybe(self)
            .await
    }

    /// The live sessions of a member, the last used first.
    pub async fn sessions(
        &mut self,
        member: MemberId,
        now: Timestamp,
        idle_since: Timestamp,
    ) -> Result<Vec<Session>> {
        q(LIST)
            .id(member)
            .time(now)
            .time(idle_since)
            .all(self)
            .await
    }
}

impl Tx {
    /// Opens a session under the member's present stamp; `seen_at` is taken from `created_at`.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if the member does not exist or is not active.
    pub async fn create_session(&mut self, new: &Session) -> Result<()> {
        let q = q(CREATE)
            .id(new.id)
            .bytes(new.hash.as_slice())
            .id(new.member)
            .text(&new.user_agent);
        q.time(new.created_at)
            .time(new.expires_at)
            .time_opt(new.step_up_at)
            .run_one(self)
            .await
    }

    /// Notes a request. The caller does so once a minute or so, not at each request.
    pub async fn touch_session(&mut self, id: SessionId, now: Timestamp) -> Result<()> {
        q(TOUCH).id(id).time(now).run(self).await.map(|_| ())
    }

    /// After a second factor was proven: notes when, and gives the session a new secret, so that one stolen before is
    /// worth nothing.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if the session has ended or its secret is no longer `from`.
    pub async fn step_up(
        &mut self,
        id: SessionId,
        from: &[u8; 32],
        to: &[u8; 32],
        now: Timestamp,
    ) -> Result<()> {
        q(RENEW)
            .id(id)
            .bytes(from.as_slice())
            .bytes(to.as_slice())
            .time(now)
            .run_one(self)
            .await
    }

    /// Ends a session of `member`.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] if that member has no such session.
    pub async fn end_session(&mut self, id: SessionId, member: MemberId) -> Result<()> {
        q(END).id(id).id(member).run_found(self).await
    }

    /// Ends all sessions of `member` but `kept`, also ones being opened at this moment: the stamp goes up, and `kept`
    /// goes along with it.
    pub async fn end_other_sessions(&mut self, member: MemberId, kept: SessionId) -> Result<()> {
        self.bump_member_stamp(member).await?;
        q(END_OTHERS).id(member).id(kept).run(self).await?;
        q(KEEP).id(kept).run(self).await.map(|_| ())
    }

    /// Ends all sessions of `member`.
    pub async fn end_sessions(&mut self, member: MemberId) -> Result<()> {
        self.bump_member_stamp(member).await?;
        q(END_ALL).id(member).run(self).await.map(|_| ())
    }

    /// Removes sessions that are expired or were not used after `idle_since`; how many.
    pub async fn purge_sessions(&mut self, now: Timestamp, idle_since: Timestamp) -> Result<u64> {
        q(PURGE).time(now).time(idle_since).run(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Store, testing};
    use jiff::ToSpan;
    use vigie_core::member::Role;

    fn session(member: MemberId, hash: u8, now: Timestamp) -> Session {
        Session {
            id: SessionId::new(uuid::Uuid::now_v7()),
            hash: [hash; 32],
            member,
            user_agent: "Firefox".into(),
            created_at: now,
            seen_at: now,
            expires_at: now + 12.hours(),
            step_up_at: None,
        }
    }

    async fn live(store: &Store, hash: u8, now: Timestamp) -> Option<SignedIn> {
        store
            .read()
            .await
            .unwrap()
            .session_by_hash(&[hash; 32], now, now - 30.minutes())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_session_lives_and_ends() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let paul = testing::member(&store, "paul").await;
            let (one, two, other) = (
                session(ines, 1, now),
                session(ines, 2, now),
                session(paul, 3, now),
            );
            let mut tx = store.begin().await.unwrap();
            for new in [&one, &two, &other] {
                tx.create_session(new).await.unwrap();
            }
            tx.commit().await.unwrap();
            let seen = live(&store, 1, now).await.unwrap();
            assert_eq!((seen.session, seen.member.id), (one.clone(), ines));
            assert!(live(&store, 9, now).await.is_none());
            assert!(live(&store, 1, now + 31.minutes()).await.is_none(), "idle");
            assert!(live(&store, 1, now + 13.hours()).await.is_none(), "expired");

            let mut tx = store.begin().await.unwrap();
            tx.touch_session(one.id, now + 20.minutes()).await.unwrap();
            tx.step_up(one.id, &[1; 32], &[4; 32], now).await.unwrap();
            assert!(matches!(
                tx.step_up(one.id, &[1; 32], &[5; 32], now).await,
                Err(Error::Conflict)
            ));
            assert!(matches!(
                tx.end_session(one.id, paul).await,
                Err(Error::NotFound)
            ));
            tx.commit().await.unwrap();
            assert!(live(&store, 1, now).await.is_none(), "the old secret");
            assert_eq!(
                live(&store, 4, now + 31.minutes())
                    .await
                    .unwrap()
                    .session
                    .step_up_at,
                Some(now)
            );

            let mut tx = store.begin().await.unwrap();
            assert_eq!(
                tx.sessions(ines, now, now - 1.hour()).await.unwrap().len(),
                2
            );
            tx.end_other_sessions(ines, one.id).await.unwrap();
            tx.commit().await.unwrap();
            assert!(live(&store, 4, now).await.is_some(), "kept");
            assert!(live(&store, 2, now).await.is_none(), "ended");
            assert!(live(&store, 3, now).await.is_some(), "somebody else's");

            let mut tx = store.begin().await.unwrap();
            assert_eq!(
                tx.purge_sessions(now + 1.hour(), now + 10.minutes())
                    .await
                    .unwrap(),
                1
            );
            tx.end_session(one.id, ines).await.unwrap();
            tx.commit().await.unwrap();
            assert!(live(&store, 4, now).await.is_none());
        })
        .await;
    }

    #[tokio::test]
    async fn each_security_event_ends_sessions() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            for event in 0..4 {
                let new = session(ines, event, now);
                let mut tx = store.begin().await.unwrap();
                tx.create_session(&new).await.unwrap();
                tx.commit().await.unwrap();
                assert!(live(&store, event, now).await.is_some());
                let mut tx = store.begin().await.unwrap();
                match event {
                    0 => tx.set_member_role(ines, Role::Steward).await.unwrap(),
                    1 => tx.bump_member_stamp(ines).await.unwrap(),
                    2 => tx.end_sessions(ines).await.unwrap(),
                    _ => tx.disable_member(ines, now).await.unwrap(),
                }
                tx.commit().await.unwrap();
                assert!(live(&store, event, now).await.is_none(), "event {event}");
            }
            let mut tx = store.begin().await.unwrap();
            assert!(
                matches!(
                    tx.create_session(&session(ines, 9, now)).await,
                    Err(Error::Conflict)
                ),
                "disabled"
            );
        })
        .await;
    }
}
