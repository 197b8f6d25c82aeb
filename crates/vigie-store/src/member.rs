//! Members of the organisation.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;
use vigie_core::id::MemberId;
use vigie_core::member::{Lang, MemberStatus, Role, Skill};

queries! {
    GET = "select id, login, name, role, reviewer, skills, lang, status, stamp, last_drawn_at, created_at
        from member where id = $1";
    BY_LOGIN = "select id, login, name, role, reviewer, skills, lang, status, stamp, last_drawn_at, created_at
        from member where login = $1";
    LIST = "select id, login, name, role, reviewer, skills, lang, status, stamp, last_drawn_at, created_at
        from member order by name, id";
    COUNT_ACTIVE = "select count(*) from member where status = 'active'";
    CREATE = "insert into member (id, login, name, role, reviewer, skills, lang, status, stamp, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, 'active', 0, $8)";
    SET_ROLE = "update member set role = $2, stamp = stamp + 1 where id = $1";
    SET_REVIEWER = "update member set reviewer = $2 where id = $1";
    SET_SKILLS = "update member set skills = $2 where id = $1";
    SET_LANG = "update member set lang = $2 where id = $1";
    SET_NAME = "update member set name = $2 where id = $1";
    DRAWN = "update member set last_drawn_at = $2
        where id = $1 and (last_drawn_at is null or last_drawn_at < $2)";
    DISABLE = "update member set status = 'disabled', stamp = stamp + 1 where id = $1 and status = 'active'";
    ENABLE = "update member set status = 'active', stamp = stamp + 1 where id = $1 and status = 'disabled'";
    BUMP = "update member set stamp = stamp + 1 where id = $1";
    END_SESSIONS = "delete from session where member = $1";
    REVOKE_TOKENS = "update api_token set revoked_at = $2 where member = $1 and revoked_at is null";
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub id: MemberId,
    /// The name they sign in with, folded by [`fold_login`], unique.
    pub login: String,
    /// The name others see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may review.
    pub reviewer: bool,
    /// What they know enough about to give a required second approval.
    pub skills: BTreeSet<Skill>,
    /// Their language.
    pub lang: Lang,
    /// Whether they may sign in.
    pub status: MemberStatus,
    /// Goes up when all their sessions must end; a session opened under another stamp is dead.
    pub stamp: i64,
    /// When a review was last given to them.
    pub last_drawn_at: Option<Timestamp>,
    /// When they joined.
    pub created_at: Timestamp,
}

/// A member to create.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// Who.
    pub id: MemberId,
    /// The name they sign in with.
    pub login: String,
    /// The name others see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may review.
    pub reviewer: bool,
    /// Their skills.
    pub skills: BTreeSet<Skill>,
    /// Their language.
    pub lang: Lang,
}

/// The form of a login under which it is stored and looked up: no space around, lower case.
pub fn fold_login(login: &str) -> String {
    login.trim().to_lowercase()
}

impl Member {
    /// Whether they may sign in and act.
    pub fn is_active(&self) -> bool {
        self.status == MemberStatus::Active
    }

    /// The member in a row of a join whose column `id` belongs to another table.
    pub(crate) fn joined(row: &AnyRow, id: &str, created_at: &str) -> Result<Self> {
        Ok(Self {
            id: row.id(id)?,
            login: row.text("login")?,
            name: row.text("name")?,
            role: row.word("role")?,
            reviewer: row.flag("reviewer")?,
            skills: row.json("skills")?,
            lang: row.word("lang")?,
            status: row.word("status")?,
            stamp: row.int("stamp")?,
            last_drawn_at: row.time_opt("last_drawn_at")?,
            created_at: row.time(created_at)?,
        })
    }
}

impl FromRow for Member {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Self::joined(row, "id", "created_at")
    }
}

impl Conn {
    /// A member.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn member(&mut self, id: MemberId) -> Result<Member> {
        q(GET).id(id).one(self).await
    }

    /// The member who signs in with `login`, however it is written.
    pub async fn member_by_login(&mut self, login: &str) -> Result<Option<Member>> {
        q(BY_LOGIN).text(fold_login(login)).maybe(self).await
    }

    /// All members, disabled ones too, by name.
    pub async fn members(&mut self) -> Result<Vec<Member>> {
        q(LIST).all(self).await
    }

    /// How many members are active. One means that the founding exception holds.
    pub async fn active_members(&mut self) -> Result<u64> {
        let count: i64 = q(COUNT_ACTIVE).one(self).await?;
        Ok(count.unsigned_abs())
    }
}

impl Tx {
    /// Creates an active member.
    ///
    /// # Errors
    /// [`crate::Error::Unique`] if the login is taken.
    pub async fn create_member(&mut self, new: &NewMember, now: Timestamp) -> Result<()> {
        let q = q(CREATE)
            .id(new.id)
            .text(fold_login(&new.login))
            .text(&new.name)
            .word(&new.role)
            .flag(new.reviewer);
        q.json(&new.skills)
            .word(&new.lang)
            .time(now)
            .run(self)
            .await
            .map(|_| ())
    }

    /// Gives another role. All sessions of the member end, so that none goes on with rights seen before.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`], as for the other changes of a member.
    pub async fn set_member_role(&mut self, id: MemberId, role: Role) -> Result<()> {
        q(SET_ROLE).id(id).word(&role).run_found(self).await
    }

    /// Says whether the member may review.
    pub async fn set_member_reviewer(&mut self, id: MemberId, reviewer: bool) -> Result<()> {
        q(SET_REVIEWER).id(id).flag(reviewer).run_found(self).await
    }

    /// Sets the skills.
    pub async fn set_member_skills(
        &mut self,
        id: MemberId,
        skills: &BTreeSet<Skill>,
    ) -> Result<()> {
        q(SET_SKILLS).id(id).json(skills).run_found(self).await
    }

    /// Sets the language.
    pub async fn set_member_lang(&mut self, id: MemberId, lang: Lang) -> Result<()> {
        q(SET_LANG).id(id).word(&lang).run_found(self).await
    }

    /// Sets the name others see.
    pub async fn set_member_name(&mut self, id: MemberId, name: &str) -> Result<()> {
        q(SET_NAME).id(id).text(name).run_found(self).await
    }

    /// Notes that a review was given to the member. An earlier time than the one noted changes nothing.
    pub async fn member_drawn(&mut self, id: MemberId, at: Timestamp) -> Result<()> {
        q(DRAWN).id(id).time(at).run(self).await.map(|_| ())
    }

    /// Disables the member: sessions end, API tokens are revoked, signing in is refused.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if they are not active.
    pub async fn disable_member(&mut self, id: MemberId, now: Timestamp) -> Result<()> {
        q(DISABLE).id(id).run_one(self).await?;
        q(END_SESSIONS).id(id).run(self).await?;
        self.chat_unbind_all(id).await?;
        q(REVOKE_TOKENS)
            .id(id)
            .time(now)
            .run(self)
            .await
            .map(|_| ())
    }

    /// Lets a disabled member sign in again. Old sessions and tokens stay dead.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if they are not disabled.
    pub async fn enable_member(&mut self, id: MemberId) -> Result<()> {
        q(ENABLE).id(id).run_one(self).await
    }

    /// Ends every session of the member at the next request, as after a change of password.
    pub async fn bump_member_stamp(&mut self, id: MemberId) -> Result<()> {
        q(BUMP).id(id).run_found(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};

    #[tokio::test]
    async fn a_member_comes_changes_and_goes() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "Ines@Exemple.FR ").await;
            let paul = testing::member(&store, "paul").await;
            let mut tx = store.begin().await.unwrap();
            assert_eq!(
                tx.member_by_login(" INES@exemple.fr")
                    .await
                    .unwrap()
                    .unwrap()
                    .id,
                ines
            );
            assert_eq!(tx.active_members().await.unwrap(), 2);
            tx.set_member_role(ines, Role::Steward).await.unwrap();
            tx.set_member_reviewer(ines, true).await.unwrap();
            tx.set_member_skills(ines, &BTreeSet::from([Skill::Legal, Skill::Security]))
                .await
                .unwrap();
            tx.set_member_lang(ines, Lang::En).await.unwrap();
            tx.set_member_name(ines, "Inès").await.unwrap();
            let at = testing::now();
            tx.member_drawn(ines, at).await.unwrap();
            tx.member_drawn(ines, Timestamp::UNIX_EPOCH).await.unwrap();
            tx.disable_member(paul, at).await.unwrap();
            assert!(matches!(
                tx.disable_member(paul, at).await,
                Err(Error::Conflict)
            ));
            tx.commit().await.unwrap();

            let mut db = store.read().await.unwrap();
            let seen = db.member(ines).await.unwrap();
            assert_eq!(
                (seen.role, seen.reviewer, seen.lang, seen.name.as_str()),
                (Role::Steward, true, Lang::En, "Inès")
            );
            assert_eq!(seen.skills, BTreeSet::from([Skill::Legal, Skill::Security]));
            assert_eq!((seen.stamp, seen.last_drawn_at), (1, Some(at)));
            assert!(!db.member(paul).await.unwrap().is_active());
            assert_eq!(db.active_members().await.unwrap(), 1);
            assert_eq!(db.members().await.unwrap().len(), 2);
            assert!(matches!(
                db.member(MemberId::new(uuid::Uuid::nil())).await,
                Err(Error::NotFound)
            ));
        })
        .await;
    }

    #[tokio::test]
    async fn a_login_is_taken_once() {
        testing::both_engines(|store| async move {
            testing::member(&store, "ines").await;
            let mut tx = store.begin().await.unwrap();
            let said = tx
                .create_member(&testing::new_member("INES"), testing::now())
                .await;
            assert!(matches!(said, Err(Error::Unique(table)) if table == "member"));
        })
        .await;
    }
}
