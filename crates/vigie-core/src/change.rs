//! Changes that take two people: who publishes where, who may do what, and how.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::content::Platform;
use crate::id::{ChangeId, ChannelId, ChatRoomId, InviteId, MailServerId, MemberId};
use crate::member::{Role, Skill, names};
use crate::rulebook::Step;

/// What would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChangeKind {
    /// A page is connected; its token is sealed already and unusable until confirmed.
    ConnectChannel {
        /// The channel, pending.
        channel: ChannelId,
        /// Its network.
        platform: Platform,
        /// Its address on the network.
        handle: String,
    },
    /// A page is disconnected and its token destroyed.
    DisconnectChannel {
        /// The channel.
        channel: ChannelId,
    },
    /// A room of a chat is opened: posts under review, what is said about them and alarms go there, and approvals may
    /// come from there.
    OpenRoom {
        /// The room, pending.
        room: ChatRoomId,
        /// Its name.
        name: String,
        /// Which chat, and where it is: for whoever confirms.
        place: String,
    },
    /// Letters go to members who want them, through this server; where an inbox is named, answers are read there, and
    /// approvals may come from there.
    SetUpMail {
        /// The server, pending.
        server: MailServerId,
        /// From which address, through what, read where: for whoever confirms.
        place: String,
    },
    /// What a member may do.
    ChangeRole {
        /// Who.
        member: MemberId,
        /// New role.
        role: Role,
        /// May review.
        reviewer: bool,
        /// Skills.
        skills: BTreeSet<Skill>,
    },
    /// How reviews and publications work.
    ChangeWorkflow {
        /// The new settings, as stored.
        settings: serde_json::Value,
    },
    /// Which rules hold here, how serious they are, and what they know of the organisation.
    ChangeRules {
        /// The step.
        step: Step,
    },
    /// A new member.
    InviteMember {
        /// The invitation.
        invite: InviteId,
        /// Their role.
        role: Role,
        /// May review.
        reviewer: bool,
        /// Skills.
        skills: BTreeSet<Skill>,
    },
    /// A member can no longer sign in.
    DisableMember {
        /// Who.
        member: MemberId,
    },
}

impl ChangeKind {
    /// The stable name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ConnectChannel { .. } => "connect_channel",
            Self::DisconnectChannel { .. } => "disconnect_channel",
            Self::OpenRoom { .. } => "open_room",
            Self::SetUpMail { .. } => "set_up_mail",
            Self::ChangeRole { .. } => "change_role",
            Self::ChangeWorkflow { .. } => "change_workflow",
            Self::ChangeRules { .. } => "change_rules",
            Self::InviteMember { .. } => "invite_member",
            Self::DisableMember { .. } => "disable_member",
        }
    }

    /// The member whom it is about; they cannot be the second person for it.
    pub const fn about(&self) -> Option<MemberId> {
        match self {
            Self::ChangeRole { member, .. } | Self::DisableMember { member } => Some(*member),
            _ => None,
        }
    }
}

names! {
    /// Where a change stands.
    pub enum ChangeState {
        /// Waits for a second person.
        Open = "open",
        /// Confirmed and in force.
        Confirmed = "confirmed",
        /// A second person said no.
        Refused = "refused",
        /// The first person took it back, or it grew too old.
        Cancelled = "cancelled",
    }
}

/// A change and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The change.
    pub id: ChangeId,
    /// What it would change.
    pub kind: ChangeKind,
    /// Who prepared it.
    pub by: MemberId,
    /// When.
    pub at: Timestamp,
    /// Where it stands.
    pub state: ChangeState,
}

/// A change lapses after this many hours without a second person.
pub const OPEN_HOURS: i64 = 7 * 24;

/// Why a change did not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    /// Settled already.
    #[error("already settled")]
    Settled,
    /// The same person twice.
    #[error("a second person confirms")]
    SamePerson,
    /// It is about the person who would confirm it.
    #[error("nobody confirms a change about themselves")]
    AboutYou,
    /// Too old.
    #[error("it waited too long")]
    TooOld,
    /// Only the person who prepared it takes it back.
    #[error("only the person who prepared it takes it back")]
    NotYours,
}

impl Change {
    /// Whether this member could be its second person: it is neither theirs nor about them.
    pub fn waits_for(&self, member: MemberId) -> bool {
        self.by != member && self.kind.about() != Some(member)
    }

    fn open(&self, now: Timestamp) -> Result<(), ChangeRefusal> {
        if self.state != ChangeState::Open {
            return Err(ChangeRefusal::Settled);
        }
        if now.duration_since(self.at).as_hours() >= OPEN_HOURS {
            return Err(ChangeRefusal::TooOld);
        }
        Ok(())
    }

    /// The second person says yes.
    ///
    /// # Errors
    /// When it is the same person, the person concerned, or too late.
    pub fn confirm(&self, by: MemberId, now: Timestamp) -> Result<ChangeState, ChangeRefusal> {
        self.open(now)?;
        if by == self.by {
            return Err(ChangeRefusal::SamePerson);
        }
        if self.kind.about() == Some(by) {
            return Err(ChangeRefusal::AboutYou);
        }
        Ok(ChangeState::Confirmed)
    }

    /// A second person says no.
    ///
    /// # Errors
    /// When it is the same person (who cancels instead), or settled.
    pub fn refuse(&self, by: MemberId, now: Timestamp) -> Result<ChangeState, ChangeRefusal> {
        self.open(now)?;
        if by == self.by {
            return Err(ChangeRefusal::SamePerson);
        }
        Ok(ChangeState::Refused)
    }

    /// The first person takes it back.
    ///
    /// # Errors
    /// When it is somebody else's, or settled.
    pub fn cancel(&self, by: MemberId) -> Result<ChangeState, ChangeRefusal> {
        if self.state != ChangeState::Open {
            return Err(ChangeRefusal::Settled);
        }
        if by != self.by {
            return Err(ChangeRefusal::NotYours);
        }
        Ok(ChangeState::Cancelled)
    }
}

/// May this be done by one person because nobody else is there yet? Only the invitation of the second member.
pub const fn founding(kind: &ChangeKind, active_members: usize) -> bool {
    active_members <= 1 && matches!(kind, ChangeKind::InviteMember { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn member(n: u128) -> MemberId {
        MemberId::new(Uuid::from_u128(n))
    }

    fn role_change() -> Change {
        Change {
            id: ChangeId::new(Uuid::from_u128(9)),
            kind: ChangeKind::ChangeRole {
                member: member(3),
                role: Role::Steward,
                reviewer: true,
                skills: BTreeSet::new(),
            },
            by: member(1),
            at: Timestamp::UNIX_EPOCH,
            state: ChangeState::Open,
        }
    }

    #[test]
    fn it_takes_a_second_person_who_is_not_concerned() {
        let change = role_change();
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(
            change.confirm(member(1), now),
            Err(ChangeRefusal::SamePerson)
        );
        assert_eq!(change.confirm(member(3), now), Err(ChangeRefusal::AboutYou));
        assert_eq!(change.confirm(member(2), now), Ok(ChangeState::Confirmed));
        assert_eq!(change.refuse(member(3), now), Ok(ChangeState::Refused));
        assert_eq!(change.cancel(member(2)), Err(ChangeRefusal::NotYours));
        let late = now
            .checked_add(jiff::SignedDuration::from_hours(OPEN_HOURS))
            .unwrap();
        assert_eq!(change.confirm(member(2), late), Err(ChangeRefusal::TooOld));
    }

    #[test]
    fn alone_one_can_only_invite() {
        assert!(!founding(&role_change().kind, 1));
        let invite = ChangeKind::InviteMember {
            invite: InviteId::new(Uuid::from_u128(1)),
            role: Role::Writer,
            reviewer: true,
            skills: BTreeSet::new(),
        };
        assert!(founding(&invite, 1));
        assert!(!founding(&invite, 2));
    }
}
