#![allow(clippy::unwrap_used, clippy::expect_used)]
//! Generated members do generated things to a post, in any order. Whatever happens, a content goes out only
//! after other people than those who wrote it said yes to exactly that content.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
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
    fn note(&mut self, before: &Post, event: &Event, actor: &Actor) {
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
    }

    fn agrees(&self, digest: Digest) -> Result<(), TestCaseError> {
        let others: BTreeSet<MemberId> = self
            .yes
            .iter()
            .filter(|(who, what, _)| *what == digest && !self.wrote.contains(who))
            .map(|y| y.0)
            .collect();
        prop_assert!(
            others.len() >= usize::from(self.wanted.approvals),
            "too few other people said yes"
        );
        prop_assert!(
            self.yes.iter().all(|(who, ..)| !self.wrote.contains(who)),
            "somebody approved what they wrote"
        );
        for skill in &self.wanted.skills {
            prop_assert!(
                self.yes.iter().any(|(_, _, held)| held.contains(skill)),
                "{skill} is missing"
            );
        }
        if !self.wanted.stops.is_empty() {
            prop_assert!(
                self.waived
                    .iter()
                    .any(|(who, what)| *what == digest && !self.wrote.contains(who))
            );
        }
        Ok(())
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

/// A machine that decides: the real one, or one that somebody broke.
type Machine = fn(&Post, Event, &Actor, Timestamp) -> Result<Decision, Refusal>;

/// Lets a story happen and holds everything that goes out against what was really said.
fn live(story: &[(Actor, Try)], machine: Machine) -> Result<(), TestCaseError> {
    let mut post = first();
    let mut witness = Witness {
        wrote: BTreeSet::from([post.author]),
        ..Witness::default()
    };
    for (i, (actor, attempt)) in story.iter().enumerate() {
        let now = Timestamp::from_second(i64::try_from(i).unwrap()).unwrap();
        let event = event(&post, actor, attempt);
        let Ok(next) = machine(&post, event.clone(), actor, now) else {
            continue;
        };
        witness.note(&post, &event, actor);
        for effect in &next.effects {
            if let Effect::Enqueue { revision, digest } = effect {
                prop_assert_eq!(*digest, next.post.revision.digest);
                prop_assert_eq!(*revision, next.post.revision.id);
                prop_assert_eq!(next.post.state, PostState::Approved);
                witness.agrees(*digest)?;
            }
        }
        // An approved post never changes its words without going back to a draft first.
        if post.state == PostState::Approved && next.post.state == PostState::Approved {
            prop_assert_eq!(post.revision.digest, next.post.revision.digest);
        }
        // Every approval that is kept is for the content at hand.
        let current = |a: &Approval| a.digest == next.post.revision.digest;
        prop_assert!(next.post.approvals.iter().all(current));
        post = next.post;
    }
    Ok(())
}

fn stories() -> impl Strategy<Value = Vec<(Actor, Try)>> {
    prop::collection::vec((actors(), tries()), 1..60)
}

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(1500)
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_sequence_publishes_what_only_its_writers_approved(story in stories()) {
        live(&story, decide)?;
    }
}

/// Decides with one of the writers forgotten while a content is judged, as if its check were not there.
fn forgetful(
    post: &Post,
    event: Event,
    actor: &Actor,
    now: Timestamp,
    forget: fn(&mut Post, MemberId),
) -> Result<Decision, Refusal> {
    let mut seen = post.clone();
    if matches!(event, Event::Approve { .. } | Event::Waive { .. }) {
        // Nobody in the stories has this id.
        forget(&mut seen, MemberId::new(Uuid::max()));
    }
    let mut decision = decide(&seen, event, actor, now)?;
    if seen != *post {
        decision.post.author = post.author;
        decision.post.revision = post.revision.clone();
    }
    Ok(decision)
}

/// The stories are worth something: they catch a machine in which any one of the rules is gone.
#[test]
fn the_stories_catch_every_broken_machine() {
    let broken: [(&str, Machine); 4] = [
        ("author", |p, e, a, n| {
            forgetful(p, e, a, n, |post, nobody| post.author = nobody)
        }),
        ("last editor", |p, e, a, n| {
            forgetful(p, e, a, n, |post, nobody| post.revision.editor = nobody)
        }),
        ("proposer", |p, e, a, n| {
            forgetful(p, e, a, n, |post, _| post.revision.proposer = None)
        }),
        ("edits that void", |p, e, a, n| {
            let edit = matches!(e, Event::Edit { .. } | Event::AcceptSuggestion { .. });
            let mut decision = decide(p, e, a, n)?;
            if edit {
                decision.post.approvals.clone_from(&p.approvals);
            }
            Ok(decision)
        }),
    ];
    for (rule, machine) in broken {
        let quiet = ProptestConfig {
            max_shrink_iters: 0,
            ..config()
        };
        let caught = TestRunner::new(quiet).run(&stories(), |story| live(&story, machine));
        assert!(
            matches!(caught, Err(TestError::Fail(..))),
            "nobody notices when the check of the {rule} is gone"
        );
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

#[test]
fn the_last_editor_cannot_approve_and_an_edit_voids() {
    let (author, peer, third) = (member(0), member(1), member(2));
    let person = |id| Actor::Member {
        id,
        writes: true,
        reviews: true,
        skills: BTreeSet::from([Skill::Legal]),
    };
    let now = Timestamp::UNIX_EPOCH;
    // A caller that counts wrong: a skill asks for two people all the same.
    let submit = |content| Event::Submit {
        requirements: Requirements {
            approvals: 1,
            skills: BTreeSet::from([Skill::Legal]),
            stops: BTreeSet::new(),
        },
        digest: digest(content),
        drawn: vec![],
    };
    let approve = |content| Event::Approve {
        digest: digest(content),
        seal: Seal::Session,
    };
    let post = decide(&first(), submit(0), &person(author), now)
        .unwrap()
        .post;
    let post = decide(&post, approve(0), &person(third), now).unwrap().post;
    assert_eq!(post.state, PostState::InReview, "one of two");
    let revision = RevisionHead {
        id: RevisionId::new(Uuid::from_u128(2)),
        number: 2,
        digest: digest(1),
        editor: peer,
        proposer: None,
    };
    let post = decide(&post, Event::Edit { revision }, &person(peer), now)
        .unwrap()
        .post;
    assert_eq!(
        (post.state, post.approvals.len()),
        (PostState::Draft, 0),
        "the edit voids"
    );
    let post = decide(&post, submit(1), &person(author), now).unwrap().post;
    for wrote in [author, peer] {
        assert_eq!(
            decide(&post, approve(1), &person(wrote), now),
            Err(Refusal::OwnContent)
        );
    }
    assert_eq!(
        decide(&post, approve(0), &person(third), now),
        Err(Refusal::ContentChanged)
    );
    assert!(decide(&post, approve(1), &person(third), now).is_ok());
}
