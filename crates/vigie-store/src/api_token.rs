//! Personal API tokens. The table keeps their SHA-256 only.

use crate::member::Member;
use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;
use vigie_core::id::{MemberId, TokenId};
use vigie_core::rights::Scope;

queries! {
    BY_HASH = "select t.id as token_id, t.member, t.name as token_name, t.scopes, t.created_at, t.expires_at,
            t.last_used_at, t.revoked_at, m.login, m.name, m.role, m.reviewer, m.skills, m.lang, m.status, m.stamp,
            m.last_drawn_at, m.created_at as member_created_at
        from api_token t join member m on m.id = t.member
        where t.hash = $1 and m.status = 'active' and t.revoked_at is null
        and (t.expires_at is null or t.expires_at > $2)";
    LIST = "select id as token_id, member, name as token_name, scopes, created_at, expires_at, last_used_at, revoked_at
        from api_token where member = $1 and revoked_at is null order by created_at desc, id";
    CREATE = "insert into api_token (id, hash, member, name, scopes, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    TOUCH = "update api_token set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2)";
    REVOKE = "update api_token set revoked_at = $3 where id = $1 and member = $2 and revoked_at is null";
}

/// A personal API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id, which may be shown.
    pub id: TokenId,
    /// Whose it is: it never does more than they may.
    pub member: MemberId,
    /// What the member calls it.
    pub name: String,
    /// What it was given.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute or so.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl FromRow for ApiToken {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("token_id")?,
            member: row.id("member")?,
            name: row.text("token_name")?,
            scopes: row.json("scopes")?,
            created_at: row.time("created_at")?,
            expires_at: row.time_opt("expires_at")?,
            last_used_at: row.time_opt("last_used_at")?,
            revoked_at: row.time_opt("revoked_at")?,
        })
    }
}

/// A good token with its member as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHolder {
    /// The token.
    pub token: ApiToken,
    /// The member.
    pub member: Member,
}

impl FromRow for TokenHolder {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            token: ApiToken::from_row(row)?,
            member: Member::joined(row, "member", "member_created_at")?,
        })
    }
}

impl Conn {
    /// The token of this hash if it is good at `now`: not revoked, not expired, its member active.
    pub async fn token_by_hash(
        &mut self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<TokenHolder>> {
        q(BY_HASH)
            .bytes(hash.as_slice())
            .time(now)
            .maybe(self)
            .await
    }

    /// The tokens of a member that are not revoked, the newest first.
    pub async fn tokens(&mut self, member: MemberId) -> Result<Vec<ApiToken>> {
        q(LIST).id(member).all(self).await
    }
}

impl Tx {
    /// Makes a token, known by the SHA-256 of its secret.
    pub async fn create_token(&mut self, new: &ApiToken, hash: &[u8; 32]) -> Result<()> {
        let q = q(CREATE)
            .id(new.id)
            .bytes(hash.as_slice())
            .id(new.member)
            .text(&new.name)
            .json(&new.scopes);
        q.time(new.created_at)
            .time_opt(new.expires_at)
            .run(self)
            .await
            .map(|_| ())
    }

    /// Notes a use. The caller does so once a minute or so.
    pub async fn touch_token(&mut self, id: TokenId, now: Timestamp) -> Result<()> {
        q(TOUCH).id(id).time(now).run(self).await.map(|_| ())
    }

    /// Revokes a token of `member`.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] if that member has no such token in force.
    pub async fn revoke_token(
        &mut self,
        id: TokenId,
        member: MemberId,
        now: Timestamp,
    ) -> Result<()> {
        q(REVOKE).id(id).id(member).time(now).run_found(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};
    use jiff::ToSpan;

    #[tokio::test]
    async fn a_token_is_good_until_it_ends() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let paul = testing::member(&store, "paul").await;
            let new = |member, expires_at| ApiToken {
                id: TokenId::new(uuid::Uuid::now_v7()),
                member,
                name: "Script".into(),
                scopes: BTreeSet::from([Scope::ReadPosts]),
                created_at: now,
                expires_at,
                last_used_at: None,
                revoked_at: None,
            };
            let (short, lasting, pauls) = (
                new(ines, Some(now + 1.hour())),
                new(ines, None),
                new(paul, None),
            );
            let mut tx = store.begin().await.unwrap();
            tx.create_token(&short, &[1; 32]).await.unwrap();
            tx.create_token(&lasting, &[2; 32]).await.unwrap();
            tx.create_token(&pauls, &[3; 32]).await.unwrap();
            let held = tx.token_by_hash(&[1; 32], now).await.unwrap().unwrap();
            assert_eq!((held.token, held.member.id), (short.clone(), ines));
            assert!(
                tx.token_by_hash(&[1; 32], now + 1.hour())
                    .await
                    .unwrap()
                    .is_none(),
                "expired"
            );
            assert!(tx.token_by_hash(&[9; 32], now).await.unwrap().is_none());
            tx.touch_token(lasting.id, now).await.unwrap();
            assert_eq!(tx.tokens(ines).await.unwrap().len(), 2);
            assert!(
                matches!(
                    tx.revoke_token(lasting.id, paul, now).await,
                    Err(Error::NotFound)
                ),
                "not theirs"
            );
            tx.revoke_token(lasting.id, ines, now).await.unwrap();
            assert!(
                tx.token_by_hash(&[2; 32], now).await.unwrap().is_none(),
                "revoked"
            );
            tx.disable_member(paul, now).await.unwrap();
            tx.enable_member(paul).await.unwrap();
            assert!(
                tx.token_by_hash(&[3; 32], now).await.unwrap().is_none(),
                "revoked with its member"
            );
            tx.commit().await.unwrap();
        })
        .await;
    }
}
