//! Whether an organisation can still work after a change: somebody looks after it, and somebody can approve.

use crate::change::ChangeKind;
use crate::id::MemberId;
use crate::member::Role;

/// An active member, as far as the work depends on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mate {
    /// Who.
    pub id: MemberId,
    /// Their role.
    pub role: Role,
    /// May review.
    pub reviewer: bool,
    /// Has a passkey that can seal an approval.
    pub seals: bool,
}

/// What would be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Nobody could prepare invitations, pages and settings any more.
    NoSteward,
    /// Nobody could approve anything.
    NoReviewer,
    /// Approvals must be sealed, and no reviewer has a passkey that seals.
    NobodySeals,
}

/// The members as they would be after a change. Invitations change nothing until they are accepted.
pub fn after(crew: &[Mate], kind: &ChangeKind) -> Vec<Mate> {
    match kind {
        ChangeKind::ChangeRole {
            member,
            role,
            reviewer,
            ..
        } => crew
            .iter()
            .map(|mate| {
                if mate.id == *member {
                    Mate {
                        role: *role,
                        reviewer: *reviewer,
                        ..*mate
                    }
                } else {
                    *mate
                }
            })
            .collect(),
        ChangeKind::DisableMember { member } => {
            crew.iter().filter(|m| m.id != *member).copied().collect()
        }
        ChangeKind::ConnectChannel { .. }
        | ChangeKind::DisconnectChannel { .. }
        | ChangeKind::OpenRoom { .. }
        | ChangeKind::SetUpMail { .. }
        | ChangeKind::ChangeWorkflow { .. }
        | ChangeKind::ChangeRules { .. }
        | ChangeKind::InviteMember { .. } => crew.to_vec(),
    }
}

/// What is missing in a crew; `sealed`: approvals must be sealed by a passkey.
pub fn gaps(crew: &[Mate], sealed: bool) -> Vec<Gap> {
    let mut out = Vec::new();
    if !crew.iter().any(|m| m.role == Role::Steward) {
        out.push(Gap::NoSteward);
    }
    let mut reviewers = crew.iter().filter(|m| m.reviewer).peekable();
    if reviewers.peek().is_none() {
        out.push(Gap::NoReviewer);
    } else if sealed && !reviewers.any(|m| m.seals) {
        out.push(Gap::NobodySeals);
    }
    out
}

/// The gap that a change would open: one that is not there today. A gap that is there already stops nothing, or
/// nobody could ever mend it.
pub fn opens(crew: &[Mate], sealed: bool, kind: &ChangeKind, sealed_after: bool) -> Option<Gap> {
    let today = gaps(crew, sealed);
    gaps(&after(crew, kind), sealed_after)
        .into_iter()
        .find(|gap| !today.contains(gap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    fn mate(n: u128, role: Role, reviewer: bool, seals: bool) -> Mate {
        Mate {
            id: MemberId::new(Uuid::from_u128(n)),
            role,
            reviewer,
            seals,
        }
    }

    #[test]
    fn the_last_of_each_stays() {
        let crew = [
            mate(1, Role::Steward, false, false),
            mate(2, Role::Writer, true, true),
            mate(3, Role::Writer, true, false),
        ];
        let without = |n: usize| ChangeKind::DisableMember { member: crew[n].id };
        assert_eq!(
            opens(&crew, false, &without(0), false),
            Some(Gap::NoSteward)
        );
        assert_eq!(opens(&crew, false, &without(1), false), None);
        assert_eq!(
            opens(&crew, true, &without(1), true),
            Some(Gap::NobodySeals)
        );
        assert_eq!(
            opens(&crew[..2], false, &without(1), false),
            Some(Gap::NoReviewer)
        );
        let settings = ChangeKind::ChangeWorkflow {
            settings: serde_json::Value::Null,
        };
        assert_eq!(opens(&crew, false, &settings, true), None);
        let bare = [crew[0], crew[2]];
        assert_eq!(opens(&bare, false, &settings, true), Some(Gap::NobodySeals));
    }

    proptest! {
        /// Whatever is allowed, the crew never loses what it had.
        #[test]
        fn what_is_allowed_keeps_the_work_going(
            people in proptest::collection::vec((0..3usize, any::<bool>(), any::<bool>()), 1..6),
            who in 0..6usize,
            role in 0..3usize,
            reviewer in any::<bool>(),
            sealed in any::<bool>(),
        ) {
            let crew: Vec<Mate> = people
                .iter()
                .enumerate()
                .map(|(n, (role, reviewer, seals))| {
                    mate(n as u128, Role::ALL[*role], *reviewer, *seals)
                })
                .collect();
            let member = MemberId::new(Uuid::from_u128(who as u128));
            let kind = ChangeKind::ChangeRole {
                member,
                role: Role::ALL[role],
                reviewer,
                skills: BTreeSet::new(),
            };
            if opens(&crew, sealed, &kind, sealed).is_none() {
                let today = gaps(&crew, sealed);
                for gap in gaps(&after(&crew, &kind), sealed) {
                    prop_assert!(today.contains(&gap));
                }
            }
        }
    }
}
