//! Invitations: prepared by one member, given a link once another has confirmed, used once.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;
use vigie_core::id::{InviteId, MemberId};
use vigie_core::member::{Role, Skill};

queries! {
    GET = "select id, created_by, for_name, role, reviewer, skills, created_at, expires_at, used_at, used_by, revoked_at
        from invite where id = $1";
    BY_HASH = "select id, created_by, for_name, role, reviewer, skills, created_at, expires_at, used_at, used_by, revoked_at
        from invite where hash = $1 and expires_at > $2 and used_at is null and revoked_at is null";
    LIST = "select id, created_by, for_name, role, reviewer, skills, created_at, expires_at, used_at, used_by, revoked_at
        from invite order by created_at desc, id limit $1";
    CREATE = "insert into invite (id, created_by, for_name, role, reviewer, skills, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    OPEN = "update invite set hash = $2, expires_at = $3 where id = $1 and hash is null and revoked_at is null";
    TAKE = "update invite set used_at = $2, used_by = $3
        where hash = $1 and expires_at > $2 and used_at is null and revoked_at is null
        returning id, created_by, for_name, role, reviewer, skills, created_at, expires_at, used_at, used_by, revoked_at";
    REVOKE = "update invite set revoked_at = $2 where id = $1 and used_at is null and revoked_at is null";
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Its id.
    pub id: InviteId,
    /// Who prepared it.
    pub created_by: MemberId,
    /// For whom, in the words of who prepared it.
    pub for_name: String,
    /// The role of the new member.
    pub role: Role,
    /// Whether they may review.
    pub reviewer: bool,
    /// Their skills.
    pub skills: BTreeSet<Skill>,
    /// When it was prepared.
    pub created_at: Timestamp,
    /// Until when the link works; `None` while there is no link.
    pub expires_at: Option<Timestamp>,
    /// When the link was used.
    pub used_at: Option<Timestamp>,
    /// The member it made.
    pub used_by: Option<MemberId>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl FromRow for Invite {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            created_by: row.id("created_by")?,
            for_name: row.text("for_name")?,
            role: row.word("role")?,
            reviewer: row.flag("reviewer")?,
            skills: row.json("skills")?,
            created_at: row.time("created_at")?,
            expires_at: row.time_opt("expires_at")?,
            used_at: row.time_opt("used_at")?,
            used_by: row.id_opt("used_by")?,
            revoked_at: row.time_opt("revoked_at")?,
        })
    }
}

impl Conn {
    /// An invitation, whatever its state.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn invite(&mut self, id: InviteId) -> Result<Invite> {
        q(GET).id(id).one(self).await
    }

    /// The invitation whose link has this SHA-256, if the link works at `now`.
    pub async fn invite_by_hash(
        &mut self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Invite>> {
        q(BY_HASH)
            .bytes(hash.as_slice())
            .time(now)
            .maybe(self)
            .await
    }

    /// The latest invitations, at most `limit`.
    pub async fn invites(&mut self, limit: u32) -> Result<Vec<Invite>> {
        q(LIST).int(limit.into()).all(self).await
    }
}

impl Tx {
    /// Prepares an invitation, without a link; only the fields up to `created_at` are looked at.
    pub async fn create_invite(&mut self, new: &Invite) -> Result<()> {
        let q = q(CREATE)
            .id(new.id)
            .id(new.created_by)
            .text(&new.for_name)
            .word(&new.role)
            .flag(new.reviewer);
        q.json(&new.skills)
            .time(new.created_at)
            .run(self)
            .await
            .map(|_| ())
    }

    /// Gives the invitation its link, once it is confirmed.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it has one already or was taken back.
    pub async fn open_invite(
        &mut self,
        id: InviteId,
        hash: &[u8; 32],
        expires_at: Timestamp,
    ) -> Result<()> {
        q(OPEN)
            .id(id)
            .bytes(hash.as_slice())
            .time(expires_at)
            .run_one(self)
            .await
    }

    /// Uses the link up for `member`, who must have been created in this transaction: of two uses at once one wins,
    /// and the other's member is undone with its transaction.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if the link is unknown, used, expired or taken back.
    pub async fn take_invite(
        &mut self,
        hash: &[u8; 32],
        member: MemberId,
        now: Timestamp,
    ) -> Result<Invite> {
        let taken = q(TAKE)
            .bytes(hash.as_slice())
            .time(now)
            .id(member)
            .maybe(self)
            .await?;
        taken.ok_or(crate::Error::Conflict)
    }

    /// Takes an unused invitation back.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is used or was taken back already.
    pub async fn revoke_invite(&mut self, id: InviteId, now: Timestamp) -> Result<()> {
        q(REVOKE).id(id).time(now).run_one(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};
    use jiff::ToSpan;

    #[tokio::test]
    async fn an_invitation_is_confirmed_and_used_once() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let paul = testing::member(&store, "paul").await;
            let new = |name: &str| Invite {
                id: InviteId::new(uuid::Uuid::now_v7()),
                created_by: ines,
                for_name: name.into(),
                role: Role::Writer,
                reviewer: true,
                skills: BTreeSet::from([Skill::Communication]),
                created_at: now,
                expires_at: None,
                used_at: None,
                used_by: None,
                revoked_at: None,
            };
            let (invite, gone) = (new("Paul"), new("Zoé"));
            let mut tx = store.begin().await.unwrap();
            tx.create_invite(&invite).await.unwrap();
            tx.create_invite(&gone).await.unwrap();
            assert_eq!(tx.invite(invite.id).await.unwrap(), invite);
            tx.open_invite(invite.id, &[1; 32], now + 72.hours())
                .await
                .unwrap();
            assert!(matches!(
                tx.open_invite(invite.id, &[2; 32], now + 72.hours()).await,
                Err(Error::Conflict)
            ));
            tx.open_invite(gone.id, &[3; 32], now + 72.hours())
                .await
                .unwrap();
            tx.revoke_invite(gone.id, now).await.unwrap();
            tx.commit().await.unwrap();

            let mut tx = store.begin().await.unwrap();
            assert!(tx.invite_by_hash(&[1; 32], now).await.unwrap().is_some());
            assert!(
                tx.invite_by_hash(&[1; 32], now + 73.hours())
                    .await
                    .unwrap()
                    .is_none()
            );
            assert!(tx.invite_by_hash(&[3; 32], now).await.unwrap().is_none());
            assert!(matches!(
                tx.take_invite(&[1; 32], paul, now + 73.hours()).await,
                Err(Error::Conflict)
            ));
            assert!(matches!(
                tx.take_invite(&[3; 32], paul, now).await,
                Err(Error::Conflict)
            ));
            let taken = tx.take_invite(&[1; 32], paul, now).await.unwrap();
            assert_eq!((taken.id, taken.used_by), (invite.id, Some(paul)));
            assert!(matches!(
                tx.take_invite(&[1; 32], paul, now).await,
                Err(Error::Conflict)
            ));
            assert!(matches!(
                tx.revoke_invite(invite.id, now).await,
                Err(Error::Conflict)
            ));
            tx.commit().await.unwrap();
            assert_eq!(
                store.read().await.unwrap().invites(10).await.unwrap().len(),
                2
            );
        })
        .await;
    }
}
