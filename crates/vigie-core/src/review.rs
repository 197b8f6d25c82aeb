//! Who is asked to review: rotation among peers, no hierarchy.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::id::MemberId;
use crate::member::Skill;
use crate::post::{Assignment, Requirements};

/// Somebody who may review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub member: MemberId,
    /// Their skills.
    pub skills: BTreeSet<Skill>,
    /// When they were last asked.
    pub last_asked: Option<Timestamp>,
}

/// The candidate who was asked longest ago, and never one of `exclude`. Ties go to the smaller id, so that
/// every replica draws the same person.
pub fn draw(candidates: &[Candidate], exclude: &[MemberId]) -> Option<MemberId> {
    draw_where(candidates, exclude, |_| true)
}

/// The same among those who have a skill.
pub fn draw_with_skill(
    candidates: &[Candidate],
    exclude: &[MemberId],
    skill: Skill,
) -> Option<MemberId> {
    draw_where(candidates, exclude, |c| c.skills.contains(&skill))
}

fn draw_where(
    candidates: &[Candidate],
    exclude: &[MemberId],
    fits: impl Fn(&Candidate) -> bool,
) -> Option<MemberId> {
    candidates
        .iter()
        .filter(|c| !exclude.contains(&c.member) && fits(c))
        .min_by_key(|c| (c.last_asked, c.member))
        .map(|c| c.member)
}

/// Draws as many reviewers as the requirements ask for: first one for each skill, then peers.
///
/// Returns fewer than asked when there are not enough people; the page then says which skill is missing.
pub fn draw_for(
    candidates: &[Candidate],
    exclude: &[MemberId],
    wanted: &Requirements,
) -> Vec<MemberId> {
    let mut out: Vec<MemberId> = Vec::new();
    let mut taken = exclude.to_vec();
    let mut covered: BTreeSet<Skill> = BTreeSet::new();
    for skill in &wanted.skills {
        if covered.contains(skill) {
            continue;
        }
        if let Some(member) = draw_with_skill(candidates, &taken, *skill) {
            covered.extend(
                candidates
                    .iter()
                    .filter(|c| c.member == member)
                    .flat_map(|c| c.skills.iter().copied()),
            );
            taken.push(member);
            out.push(member);
        }
    }
    while out.len() < usize::from(wanted.approvals.max(1)) {
        let Some(member) = draw(candidates, &taken) else {
            break;
        };
        taken.push(member);
        out.push(member);
    }
    out
}

/// Is it time to offer the review to another peer too? True when the last one was asked `delay` ago or more.
pub fn needs_another(assigned: &[Assignment], delay: SignedDuration, now: Timestamp) -> bool {
    assigned
        .iter()
        .map(|a| a.at)
        .max()
        .is_none_or(|last| now.duration_since(last) >= delay)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn member(n: u128) -> MemberId {
        MemberId::new(Uuid::from_u128(n))
    }

    fn candidate(n: u128, asked: Option<i64>, skills: &[Skill]) -> Candidate {
        Candidate {
            member: member(n),
            skills: skills.iter().copied().collect(),
            last_asked: asked.map(|s| Timestamp::from_second(s).unwrap()),
        }
    }

    #[test]
    fn the_one_asked_longest_ago_is_drawn_and_never_an_excluded_one() {
        let people = [
            candidate(1, Some(50), &[]),
            candidate(2, Some(10), &[]),
            candidate(3, None, &[]),
        ];
        assert_eq!(draw(&people, &[]), Some(member(3)));
        assert_eq!(draw(&people, &[member(3)]), Some(member(2)));
        assert_eq!(draw(&people, &[member(1), member(2), member(3)]), None);
    }

    #[test]
    fn skills_are_drawn_first_and_one_person_may_bring_two() {
        let people = [
            candidate(1, None, &[]),
            candidate(2, Some(9), &[Skill::Legal, Skill::Security]),
            candidate(3, Some(5), &[Skill::Security]),
        ];
        let wanted =
            Requirements::from_findings([Skill::Legal, Skill::Security].into(), BTreeSet::new());
        assert_eq!(draw_for(&people, &[], &wanted), vec![member(2), member(1)]);
        assert_eq!(
            draw_for(&people, &[member(2)], &wanted),
            vec![member(3), member(1)]
        );
    }

    #[test]
    fn another_is_asked_only_after_the_delay() {
        let at = Timestamp::from_second(1000).unwrap();
        let asked = [Assignment {
            member: member(1),
            at,
        }];
        let delay = SignedDuration::from_secs(60);
        assert!(!needs_another(
            &asked,
            delay,
            Timestamp::from_second(1059).unwrap()
        ));
        assert!(needs_another(
            &asked,
            delay,
            Timestamp::from_second(1060).unwrap()
        ));
        assert!(needs_another(&[], delay, at));
    }
}
