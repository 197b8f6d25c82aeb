//! Who may do what: one table, read by pages, API and command line alike.

use serde::{Deserialize, Serialize};

use crate::member::{Role, names};

names! {
    /// Every act that Vigie distinguishes.
    pub enum Act {
        /// See posts, calendar, channels, members and their own pages.
        Read = "read",
        /// Write in a post's thread.
        Comment = "comment",
        /// Try a text against the rules.
        Check = "check",
        /// Create and edit posts, add pictures, propose edits, ask for review.
        Write = "write",
        /// Approve, ask for changes, waive a stop, as a peer.
        Review = "review",
        /// Take a published post back.
        TakeBack = "take_back",
        /// Stop every publication.
        Pause = "pause",
        /// Ask for, or confirm, the end of a pause.
        Resume = "resume",
        /// Prepare a change that takes two people (channel, role, invitation, settings).
        ProposeChange = "propose_change",
        /// Confirm or refuse somebody else's change.
        ConfirmChange = "confirm_change",
        /// Look after an alarm.
        CloseAlarm = "close_alarm",
        /// Settle by hand a publication whose outcome is unknown.
        Settle = "settle",
        /// Read and export the audit log.
        ReadAudit = "read_audit",
        /// Manage one's own sign-in, sessions, tokens and language.
        ManageSelf = "manage_self",
    }
}

names! {
    /// What a personal API token was given. A token never does more than its member may.
    pub enum Scope {
        /// Posts, calendar, channels, outcomes.
        ReadPosts = "posts:read",
        /// Create and edit posts, ask for review, add pictures, comment.
        WritePosts = "posts:write",
        /// Try texts against the rules.
        Check = "check",
        /// Read and export the audit log.
        ReadAudit = "audit:read",
        /// Pause all publications.
        Pause = "pause",
        /// Take a published post back.
        TakeBack = "posts:take_back",
    }
}

impl Act {
    /// True for acts that need a person present: a token never has them, whatever its scopes.
    pub const fn needs_person(self) -> bool {
        match self {
            Self::Review
            | Self::Resume
            | Self::ProposeChange
            | Self::ConfirmChange
            | Self::CloseAlarm
            | Self::Settle
            | Self::ManageSelf => true,
            Self::Read
            | Self::Comment
            | Self::Check
            | Self::Write
            | Self::TakeBack
            | Self::Pause
            | Self::ReadAudit => false,
        }
    }
}

/// May a member with this role, who may or may not review, do this?
pub const fn allowed(role: Role, reviewer: bool, act: Act) -> bool {
    match act {
        Act::Read
        | Act::Comment
        | Act::Check
        | Act::Pause
        | Act::Resume
        | Act::ReadAudit
        | Act::ConfirmChange
        | Act::CloseAlarm
        | Act::ManageSelf => true,
        Act::Write | Act::TakeBack | Act::Settle => matches!(role, Role::Writer | Role::Steward),
        Act::Review => reviewer,
        Act::ProposeChange => matches!(role, Role::Steward),
    }
}

/// Does one of these scopes give the act? Acts that need a person are never given.
pub fn token_allows(scopes: &[Scope], act: Act) -> bool {
    if act.needs_person() {
        return false;
    }
    let wanted = match act {
        Act::Read => Scope::ReadPosts,
        Act::Write | Act::Comment => Scope::WritePosts,
        Act::Check => Scope::Check,
        Act::ReadAudit => Scope::ReadAudit,
        Act::Pause => Scope::Pause,
        Act::TakeBack => Scope::TakeBack,
        _ => return false,
    };
    scopes.contains(&wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_every_scope_cannot_stand_in_for_a_person() {
        for act in Act::ALL.iter().filter(|act| act.needs_person()) {
            assert!(!token_allows(Scope::ALL, *act), "{act}");
        }
        for act in Act::ALL.iter().filter(|act| !act.needs_person()) {
            assert!(
                token_allows(Scope::ALL, *act),
                "{act} is out of reach of every scope"
            );
            assert!(!token_allows(&[], *act));
        }
    }

    #[test]
    fn a_steward_reviews_only_when_trained_like_anybody() {
        for role in Role::ALL {
            assert!(!allowed(*role, false, Act::Review));
            assert!(allowed(*role, true, Act::Review));
        }
    }
}
