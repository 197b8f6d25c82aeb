//! Who acts, as the rules and the log know them.

use std::collections::BTreeSet;

use vigie_core::audit::leaf::AuditActor;
use vigie_core::id::{MemberId, TokenId};
use vigie_core::post::Actor;
use vigie_core::rights::{Act, allowed};
use vigie_store::{Conn, Member};

/// An actor, for the rules and for the log.
#[derive(Clone, Debug)]
pub struct Who {
    /// For `vigie_core::post::decide`.
    pub actor: Actor,
    /// For the log.
    pub audit: AuditActor,
}

impl Who {
    /// A signed-in member, with the role and skills they have at this moment.
    ///
    /// # Errors
    /// The database; [`vigie_store::Error::NotFound`] for a member who may no longer act.
    pub async fn member(conn: &mut Conn, id: MemberId) -> Result<Self, vigie_store::Error> {
        let member = active(conn, id).await?;
        Ok(Self {
            actor: Actor::Member {
                id,
                writes: allowed(member.role, member.reviewer, Act::Write),
                reviews: allowed(member.role, member.reviewer, Act::Review),
                skills: member.skills,
            },
            audit: AuditActor::Member { member: id },
        })
    }

    /// A program that acts with a member's token.
    ///
    /// # Errors
    /// As [`Who::member`].
    pub async fn token(
        conn: &mut Conn,
        token: TokenId,
        id: MemberId,
    ) -> Result<Self, vigie_store::Error> {
        let member = active(conn, id).await?;
        Ok(Self {
            actor: Actor::Token {
                member: id,
                writes: allowed(member.role, member.reviewer, Act::Write),
            },
            audit: AuditActor::Token { token, member: id },
        })
    }

    /// Vigie itself.
    pub const fn system() -> Self {
        Self {
            actor: Actor::System,
            audit: AuditActor::System,
        }
    }

    /// The member who acts, or for whom a token acts.
    pub const fn id(&self) -> Option<MemberId> {
        self.actor.member()
    }

    /// Their skills.
    pub fn skills(&self) -> BTreeSet<vigie_core::member::Skill> {
        match &self.actor {
            Actor::Member { skills, .. } => skills.clone(),
            Actor::Token { .. } | Actor::System => BTreeSet::new(),
        }
    }
}

async fn active(conn: &mut Conn, id: MemberId) -> Result<Member, vigie_store::Error> {
    let member = conn.member(id).await?;
    if member.is_active() {
        Ok(member)
    } else {
        Err(vigie_store::Error::NotFound)
    }
}
