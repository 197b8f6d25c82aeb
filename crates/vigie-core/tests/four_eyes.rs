#![allow(clippy::unwrap_used, clippy::expect_used)]
//! Generated members do generated things to a post, in any order. Whatever happens, a content goes out only
//! after other people than those who wrote it said yes to exactly that content.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;
use vigie_core::content::Digest;
use vigie_core::id::{MemberId, PostId, RevisionId};
use vigie_core::member::Skill;
use vigie_core::post::{
    Actor, Approval, Decision, Effect, Event, Post, PostState, Refusal, Requirements, RevisionHead,
    Seal, decide,
};

const MEMBERS: u128 = 4;

fn member(n: u128) -> MemberId {
    MemberId::new(Uuid::from_u128(n % MEMBERS + 1))
}

fn digest(n: u8) -> Digest {
    Digest([n; 32])
}

/// What a generated person tries; invalid tries are part of the game.
#[derive(Clone, Debug)]
enum Try {
    Edit {
        content: u8,
    },
    EditAsAnother {
        as_member: u128,
        content: u8,
    },
    Accept {
        proposer: u128,
        content: u8,
    },
    Submit {
        skills: Vec<Skill>,
        stop: bool,
        drawn: Vec<u128>,
        stale: bool,
    },
    Approve {
        content: Option<u8>,
        passkey: bool,
    },
    RequestChanges,
    Waive {
        reason: &'static str,
    },
    Offer {
        to: u128,
    },
    Withdraw,
    Settled,
    Lapse,
    Archive,
}

fn tries() -> impl Strategy<Value = Try> {
    let skills = prop::collection::vec(prop::sample::select(Skill::ALL), 0..3);
    prop_oneof![
        3 => (0..4_u8).prop_map(|content| Try::Edit { content }),
        1 => (0..MEMBERS, 0..4_u8).prop_map(|(as_member, content)| Try::EditAsAnother { as_member, content }),
        2 => (0..MEMBERS, 0..4_u8).prop_map(|(proposer, content)| Try::Accept { proposer, content }),
        6 => (skills, any::<bool>(), prop::collection::vec(0..MEMBERS, 0..3), prop::bool::weighted(0.1))
            .prop_map(|(skills, stop, drawn, stale)| Try::Submit { skills, stop, drawn, stale }),
        10 => (prop::option::weighted(0.15, 0..4_u8), any::<bool>())
            .prop_map(|(content, passkey)| Try::Approve { content, passkey }),
        1 => Just(Try::RequestChanges),
        4 => prop::sample::select(vec!["", "short", "checked with the source"]).prop_map(|reason| Try::Waive { reason }),
        1 => (0..MEMBERS).prop_map(|to| Try::Offer { to }),
        1 => Just(Try::Withdraw),
        1 => Just(Try::Settled),
        1 => Just(Try::Lapse),
        1 => Just(Try::Archive),
    ]
}

fn actors() -> impl Strategy<Value = Actor> {
    let skills = prop::collection::btree_set(prop::sample::select(Skill::ALL), 0..3);
    prop_oneof![
        8 => (0..MEMBERS, prop::bool::weighted(0.9), prop::bool::weighted(0.8), skills)
            .prop_map(|(n, writes, reviews, skills)| Actor::Member { id: member(n), writes, reviews, skills }),
        1 => (0..MEMBERS).prop_map(|n| Actor::Token { member: member(n), writes: true }),
        1 => Just(Actor::System),
    ]
}

fn event(post: &Post, actor: &Actor, attempt: &Try) -> Event {
    let me = actor.member().unwrap_or(member(0));
    let next = |editor, proposer, content| RevisionHead {
        id: RevisionId::new(Uuid::from_u128(u128::from(post.revision.number) + 1000)),
        number: post.revision.number + 1,
        digest: digest(content),
        editor,
        proposer,
    };
    match attempt.clone() {
        Try::Edit { content } => Event::Edit {
            revision: next(me, None, content),
        },
        Try::EditAsAnother { as_member, content } => Event::Edit {
            revision: next(member(as_member), None, content),
        },
        Try::Accept { proposer, content } => Event::AcceptSuggestion {
            revision: next(me, Some(member(proposer)), content),
        },
        Try::Submit {
            skills,
            stop,
            drawn,
            stale,
        } => Event::Submit {
            requirements: Requirements::from_findings(
                skills.into_iter().collect(),
                if stop {
                    BTreeSet::from(["STOP-1".to_owned()])
                } else {
                    BTreeSet::new()
                },
            ),
            digest: if stale {
                digest(99)
            } else {
                post.revision.digest
            },
            drawn: drawn.into_iter().map(member).collect(),
        },
        Try::Approve { content, passkey } => Event::Approve {
            digest: content.map_or(post.revision.digest, digest),
            seal: if passkey {
                Seal::Passkey
            } else {
                Seal::Session
            },
        },
        Try::RequestChanges => Event::RequestChanges {
            note: "please".into(),
        },
        Try::Waive { reason } => Event::Waive {
            rule: "STOP-1".into(),
            reason: reason.into(),
            digest: post.revision.digest,
        },
        Try::Offer { to } => Event::OfferToAnother { member: member(to) },
        Try::Withdraw => Event::Withdraw,
        Try::Settled => Event::Settled,
        Try::Lapse => Event::Lapse,
        Try::Archive => Event::Archive,
    }
}

/// What was really said, kept apart from the machine under test.
#[derive(Default)]
struct Witness {
    yes: Vec<(MemberId, Digest, BTreeSet<Skill>)>,
    waived: Vec<(MemberId, Digest)>,
    wrote: BTreeSet<MemberId>,
    wanted: Requirements,
}

impl Witness {
    fn note(&mut self, before: &Post, after: &Decision, event: &Event, actor: &Actor) {
        match event {
            Event::Edit { revision } | Event::AcceptSuggestion { revision } => {
                *self = Self::default();
                self.wrote = BTreeSet::from([before.author, revision.editor]);
                self.wrote.extend(revision.proposer);
            }
            Event::Submit { requirements, .. } => {
                self.yes.clear();
                self.waived.clear();
                self.wanted = requirements.clone();
            }
            Event::Approve { digest, .. } => {
                let Actor::Member {
                    id,
                    skills,
                    reviews,
                    ..
                } = actor
                else {
                    panic!("not a person approved")
                };
                assert!(reviews);
                self.yes.push((*id, *digest, skills.clone()));
            }
            Event::Waive { reason, digest, .. } => {
                assert!(reason.chars().count() >= 10);
                self.waived
                    .push((actor.member().expect("a person"), *digest));
            }
            _ => {}
        }
        let _ = after;
    }

    fn agrees(&self, digest: Digest) {
        let others: BTreeSet<MemberId> = self
            .yes
            .iter()
            .filter(|(who, what, _)| *what == digest && !self.wrote.contains(who))
            .map(|y| y.0)
            .collect();
        assert!(
            others.len() >= usize::from(self.wanted.approvals),
            "too few other people said yes"
        );
        assert!(
            self.yes.iter().all(|(who, ..)| !self.wrote.contains(who)),
            "somebody approved what they wrote"
        );
        for skill in &self.wanted.skills {
            assert!(
                self.yes.iter().any(|(_, _, held)| held.contains(skill)),
                "{skill} is missing"
            );
        }
        if !self.wanted.stops.is_empty() {
            assert!(
                self.waived
                    .iter()
                    .any(|(who, what)| *what == digest && !self.wrote.contains(who))
            );
        }
    }
}

fn first() -> Post {
    let editor = member(0);
    let revision = RevisionHead {
        id: RevisionId::new(Uuid::from_u128(1)),
        number: 1,
        digest: digest(0),
        editor,
        proposer: None,
    };
    Post::draft(PostId::new(Uuid::from_u128(7)), revision)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_sequence_publishes_what_only_its_writers_approved(
        story in prop::collection::vec((actors(), tries()), 1..60)
    ) {
        let mut post = first();
        let mut witness = Witness { wrote: BTreeSet::from([post.author]), ..Witness::default() };
        for (i, (actor, attempt)) in story.iter().enumerate() {
            let now = Timestamp::from_second(i64::try_from(i).unwrap()).unwrap();
            let event = event(&post, actor, attempt);
            let Ok(next) = decide(&post, event.clone(), actor, now) else { continue };
            witness.note(&post, &next, &event, actor);
            for effect in &next.effects {
                if let Effect::Enqueue { revision, digest } = effect {
                    prop_assert_eq!(*digest, next.post.revision.digest);
                    prop_assert_eq!(*revision, next.post.revision.id);
                    prop_assert_eq!(next.post.state, PostState::Approved);
                    witness.agrees(*digest);
                }
            }
            // An approved post never changes its words without going back to a draft first.
            if post.state == PostState::Approved && next.post.state == PostState::Approved {
                prop_assert_eq!(post.revision.digest, next.post.revision.digest);
            }
            // Every approval that is kept is for the content at hand.
            prop_assert!(next.post.approvals.iter().all(|a: &Approval| a.digest == next.post.revision.digest));
            post = next.post;
        }
    }
}

#[test]
fn the_short_way_works() {
    let (author, peer) = (member(0), member(1));
    let writes = |id| Actor::Member {
        id,
        writes: true,
        reviews: true,
        skills: BTreeSet::new(),
    };
    let now = Timestamp::UNIX_EPOCH;
    let post = first();
    let submit = Event::Submit {
        requirements: Requirements::default(),
        digest: digest(0),
        drawn: vec![peer],
    };
    let post = decide(&post, submit, &writes(author), now).unwrap().post;
    let approve = Event::Approve {
        digest: digest(0),
        seal: Seal::Session,
    };
    assert_eq!(
        decide(&post, approve.clone(), &writes(author), now),
        Err(Refusal::OwnContent)
    );
    let done = decide(&post, approve.clone(), &writes(peer), now).unwrap();
    assert_eq!(done.post.state, PostState::Approved);
    assert!(done.effects.contains(&Effect::Enqueue {
        revision: post.revision.id,
        digest: digest(0)
    }));
    let token = Actor::Token {
        member: peer,
        writes: true,
    };
    assert_eq!(
        decide(&post, approve, &token, now),
        Err(Refusal::NeedsPerson)
    );
}

#[test]
fn a_peer_whose_edit_was_taken_over_cannot_approve_it() {
    let (author, peer, third) = (member(0), member(1), member(2));
    let writes = |id| Actor::Member {
        id,
        writes: true,
        reviews: true,
        skills: BTreeSet::new(),
    };
    let now = Timestamp::UNIX_EPOCH;
    let revision = RevisionHead {
        id: RevisionId::new(Uuid::from_u128(2)),
        number: 2,
        digest: digest(1),
        editor: author,
        proposer: Some(peer),
    };
    let post = decide(
        &first(),
        Event::AcceptSuggestion { revision },
        &writes(author),
        now,
    )
    .unwrap()
    .post;
    let submit = |drawn| Event::Submit {
        requirements: Requirements::default(),
        digest: digest(1),
        drawn,
    };
    assert_eq!(
        decide(&post, submit(vec![peer]), &writes(author), now),
        Err(Refusal::BadReviewer)
    );
    let post = decide(&post, submit(vec![third]), &writes(author), now)
        .unwrap()
        .post;
    let approve = Event::Approve {
        digest: digest(1),
        seal: Seal::Session,
    };
    assert_eq!(
        decide(&post, approve.clone(), &writes(peer), now),
        Err(Refusal::OwnContent)
    );
    assert!(decide(&post, approve, &writes(third), now).is_ok());
}
