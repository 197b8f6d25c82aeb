//! Stories of publications: claims, fences, pauses, and what becomes of everything that goes wrong.

use crate::testing::{self, approved, content};
use crate::{Begun, ChannelRow, Error, PersonSays, PublicationRow, Share, Store, TakeBackOutcome};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use vigie_core::content::Digest;
use vigie_core::id::{ChannelId, MemberId, PublicationId};
use vigie_core::post::Event;
use vigie_core::publication::{Found, Outcome, PublicationState, settle, settle_found};

const LEASE: SignedDuration = SignedDuration::from_secs(60);
const REQUEST: Digest = Digest([9; 32]);

struct World {
    store: Store,
    ines: MemberId,
    paul: MemberId,
    channel: ChannelRow,
}

impl World {
    async fn new(store: Store) -> Self {
        let ines = testing::member(&store, "ines").await;
        let paul = testing::member(&store, "paul").await;
        let channel = testing::channel(&store, ines, "acme").await;
        Self {
            store,
            ines,
            paul,
            channel,
        }
    }

    /// An approved post that is due; its publication.
    async fn due(&self) -> PublicationId {
        let text = content(std::slice::from_ref(&self.channel), "Bonjour", None);
        let (_, made) = approved(&self.store, self.ines, self.paul, &text).await;
        made[0]
    }

    async fn claim(&self, now: Timestamp, owner: &str) -> Vec<PublicationRow> {
        let mut tx = self.store.begin().await.unwrap();
        let claimed = tx.publications_claim(now, owner, LEASE, 10).await.unwrap();
        tx.commit().await.unwrap();
        claimed
    }

    async fn begin(&self, one: &PublicationRow, now: Timestamp) -> Result<Begun, Error> {
        let mut tx = self.store.begin().await.unwrap();
        let begun = tx
            .publication_begin(one.id, one.attempt, "w1", REQUEST, now)
            .await;
        tx.commit().await.unwrap();
        begun
    }

    async fn settle(
        &self,
        one: &PublicationRow,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.store.begin().await.unwrap();
        let settlement = settle(outcome, one.tries.saturating_add(1), now);
        tx.publication_settle(one.id, one.attempt, outcome, &settlement, now)
            .await?;
        tx.commit().await
    }

    async fn get(&self, id: PublicationId) -> PublicationRow {
        self.store
            .read()
            .await
            .unwrap()
            .publication(id)
            .await
            .unwrap()
    }

    async fn pause(&self, on: bool) {
        let mut tx = self.store.begin().await.unwrap();
        let seen = tx.pause().await.unwrap();
        let next = if on {
            seen.pause
                .pause(self.ines, String::new(), testing::now())
                .unwrap()
        } else {
            vigie_core::pause::Pause::Running
        };
        tx.pause_set(seen.version, &next).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn published() -> Outcome {
    Outcome::Published {
        remote_id: "at://x/1".into(),
        url: "https://example.org/1".into(),
        content_id: "cid".into(),
    }
}

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

#[tokio::test]
async fn a_publication_goes_out_and_is_taken_back() {
    testing::both_engines(|store| async move {
        let world = World::new(store).await;
        let id = world.due().await;
        let now = testing::now();
        let one = world.claim(now, "w1").await.remove(0);
        assert_eq!(
            (one.id, one.attempt, one.lease_owner.as_deref()),
            (id, 1, Some("w1"))
        );
        assert!(world.claim(now, "w2").await.is_empty(), "held by w1");
        assert_eq!(world.begin(&one, now).await.unwrap(), Begun::Yes);
        assert_eq!(world.get(id).await.state, PublicationState::Sending);
        world
            .settle(&one, &published(), after(now, 1))
            .await
            .unwrap();
        let row = world.get(id).await;
        assert_eq!(
            (row.state, row.tries, row.url.as_deref()),
            (
                PublicationState::Published,
                1,
                Some("https://example.org/1")
            )
        );
        assert_eq!(
            (row.published_at, row.lease_until),
            (Some(after(now, 1)), None)
        );

        let mut tx = world.store.begin().await.unwrap();
        assert_eq!(tx.publications_unsettled(row.post).await.unwrap(), 0);
        assert_eq!(
            tx.post(row.post).await.unwrap().calendar_at,
            Some(after(now, 1))
        );
        assert_eq!(
            tx.publication_by_remote(row.channel, "at://x/1")
                .await
                .unwrap()
                .unwrap()
                .id,
            id
        );
        assert_eq!(
            tx.publications_on_page(row.channel, now, 10)
                .await
                .unwrap()
                .len(),
            1
        );
        let tries = tx.attempts(id).await.unwrap();
        assert_eq!(
            (
                tries.len(),
                tries[0].request_digest,
                tries[0].result.as_deref()
            ),
            (1, Some(REQUEST), Some("published"))
        );

        tx.publication_take_back(id, world.paul, "Erreur de date", now)
            .await
            .unwrap();
        let again = tx.publication_take_back(id, world.paul, "", now).await;
        assert!(matches!(again, Err(Error::Conflict)));
        let one = tx
            .publications_claim_back(now, "w1", LEASE, 10)
            .await
            .unwrap()
            .remove(0);
        let retry = TakeBackOutcome::Retry {
            at: after(now, 5),
            code: "unreachable".into(),
        };
        tx.publication_taken_back(id, one.attempt, &retry, now)
            .await
            .unwrap();
        assert!(
            tx.publications_claim_back(now, "w1", LEASE, 10)
                .await
                .unwrap()
                .is_empty()
        );
        let one = tx
            .publications_claim_back(after(now, 6), "w1", LEASE, 10)
            .await
            .unwrap()
            .remove(0);
        let refused = TakeBackOutcome::Refused {
            code: "denied".into(),
            detail: String::new(),
        };
        tx.publication_taken_back(id, one.attempt, &refused, after(now, 7))
            .await
            .unwrap();
        let row = tx.publication(id).await.unwrap();
        assert_eq!(
            (row.state, row.published_at),
            (PublicationState::Published, Some(after(now, 1))),
            "still on the page"
        );
        tx.publication_take_back(id, world.paul, "Erreur de date", now)
            .await
            .unwrap();
        let one = tx
            .publications_claim_back(after(now, 8), "w1", LEASE, 10)
            .await
            .unwrap()
            .remove(0);
        tx.publication_taken_back(id, one.attempt, &TakeBackOutcome::Gone, after(now, 9))
            .await
            .unwrap();
        let row = tx.publication(id).await.unwrap();
        assert_eq!(
            (row.state, row.back_by),
            (PublicationState::TakenBack, Some(world.paul))
        );
    })
    .await;
}

#[tokio::test]
async fn a_late_writer_is_fenced_off() {
    testing::both_engines(|store| async move {
        let world = World::new(store).await;
        let id = world.due().await;
        let now = testing::now();
        let old = world.claim(now, "w1").await.remove(0);
        let late = after(now, 61);
        let new = world.claim(late, "w2").await.remove(0);
        assert_eq!(new.attempt, 2);
        assert!(matches!(world.begin(&old, late).await, Err(Error::Fenced)));
        assert_eq!(world.begin(&new, late).await.unwrap(), Begun::Yes);
        assert!(matches!(
            world.settle(&old, &published(), late).await,
            Err(Error::Fenced)
        ));

        // The new holder dies after the intent: unknown, never ready.
        let later = after(late, 61);
        let mut tx = world.store.begin().await.unwrap();
        assert!(tx.publications_interrupted(late).await.unwrap().is_empty());
        let stuck = tx.publications_interrupted(later).await.unwrap();
        assert_eq!(
            (stuck[0].id, stuck[0].state),
            (id, PublicationState::Unknown)
        );
        tx.commit().await.unwrap();
        assert!(
            world.claim(later, "w3").await.is_empty(),
            "unknown is never sent again by itself"
        );
        assert!(matches!(
            world.settle(&new, &published(), later).await,
            Err(Error::Fenced)
        ));

        // It is looked for, and found.
        let mut tx = world.store.begin().await.unwrap();
        let look = tx
            .publications_claim_looks(later, "w3", LEASE, 10)
            .await
            .unwrap()
            .remove(0);
        let found = Found::Same {
            remote_id: "r".into(),
            url: "u".into(),
            content_id: "c".into(),
        };
        let settlement = settle_found(&found, look.looks, later);
        tx.publication_looked(id, look.attempt, &found, &settlement, later)
            .await
            .unwrap();
        assert_eq!(
            tx.publication(id).await.unwrap().state,
            PublicationState::Published
        );
        let results: Vec<_> = tx
            .attempts(id)
            .await
            .unwrap()
            .into_iter()
            .map(|a| a.result)
            .collect();
        assert_eq!(
            results,
            [Some("interrupted".into()), Some("published".into())]
        );
    })
    .await;
}

#[tokio::test]
async fn what_nobody_can_tell_goes_to_a_person() {
    testing::both_engines(|store| async move {
        let world = World::new(store).await;
        let id = world.due().await;
        let now = testing::now();
        let one = world.claim(now, "w1").await.remove(0);
        world.begin(&one, now).await.unwrap();
        world
            .settle(
                &one,
                &Outcome::Unknown {
                    detail: "cut".into(),
                },
                now,
            )
            .await
            .unwrap();
        let soon = after(now, 3);
        let mut tx = world.store.begin().await.unwrap();
        let look = tx
            .publications_claim_looks(soon, "w1", LEASE, 10)
            .await
            .unwrap()
            .remove(0);
        let found = Found::Different {
            detail: "other text".into(),
        };
        tx.publication_looked(
            id,
            look.attempt,
            &found,
            &settle_found(&found, look.looks, soon),
            soon,
        )
        .await
        .unwrap();
        let waiting = tx.publications_undecided().await.unwrap().remove(0);
        assert!(
            tx.publications_claim_looks(after(soon, 9999), "w1", LEASE, 10)
                .await
                .unwrap()
                .is_empty()
        );
        let stale = tx
            .publication_decide(id, waiting.attempt - 1, &PersonSays::GiveUp, soon)
            .await;
        assert!(matches!(stale, Err(Error::Fenced)));
        tx.publication_decide(id, waiting.attempt, &PersonSays::SendAgain, soon)
            .await
            .unwrap();
        assert_eq!(
            tx.publication(id).await.unwrap().state,
            PublicationState::Ready
        );
        tx.commit().await.unwrap();
        assert_eq!(world.claim(soon, "w1").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_was_not_sent_is_tried_again_later() {
    testing::both_engines(|store| async move {
        let world = World::new(store).await;
        let id = world.due().await;
        let now = testing::now();
        let one = world.claim(now, "w1").await.remove(0);
        world.begin(&one, now).await.unwrap();
        let outcome = Outcome::NotSent {
            code: "unreachable".into(),
            retry_at: None,
        };
        world.settle(&one, &outcome, now).await.unwrap();
        let row = world.get(id).await;
        assert_eq!(
            (row.state, row.error_code.as_deref()),
            (PublicationState::Ready, Some("unreachable"))
        );
        assert!(world.claim(now, "w1").await.is_empty());
        let one = world.claim(after(now, 6), "w1").await.remove(0);

        let mut tx = world.store.begin().await.unwrap();
        tx.publication_postpone(
            id,
            one.attempt,
            "vault-sealed",
            after(now, 30),
            after(now, 6),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        assert!(world.claim(after(now, 20), "w1").await.is_empty());
        let one = world.claim(after(now, 31), "w1").await.remove(0);
        let mut tx = world.store.begin().await.unwrap();
        tx.publication_refuse(id, one.attempt, "content-changed", "digest", after(now, 31))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.get(id).await.state, PublicationState::Refused);

        // A channel that does not work waits for its repair.
        let second = world.due().await;
        let now = after(testing::now(), 60);
        let mut tx = world.store.begin().await.unwrap();
        tx.channel_broken(world.channel.id, "login").await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.claim(now, "w1").await.is_empty());
        let mut tx = world.store.begin().await.unwrap();
        tx.channel_healthy(world.channel.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.claim(now, "w1").await[0].id, second);
    })
    .await;
}

#[tokio::test]
async fn a_window_that_passed_and_a_withdrawal_stop_what_has_not_begun() {
    testing::both_engines(|store| async move {
        let world = World::new(store).await;
        let (late, cancelled) = (world.due().await, world.due().await);
        let now = testing::now();
        let claimed = world.claim(now, "w1").await;
        let post = world.get(cancelled).await.post;
        let mut tx = world.store.begin().await.unwrap();
        assert_eq!(tx.publications_cancel(post, now).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let held = claimed.iter().find(|one| one.id == cancelled).unwrap();
        assert!(
            matches!(world.begin(held, now).await, Err(Error::Fenced)),
            "claimed, not begun"
        );

        let tomorrow = after(now, 25 * 3600);
        assert!(world.claim(tomorrow, "w1").await.is_empty());
        let mut tx = world.store.begin().await.unwrap();
        let lapsed = tx.publications_lapse(tomorrow).await.unwrap();
        assert_eq!(lapsed.iter().map(|row| row.id).collect::<Vec<_>>(), [late]);
        assert!(tx.publications_lapse(tomorrow).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_post_is_on_a_page_once_whatever_happens_to_its_text() {
    testing::both_engines(|store| async move {
        let world = World::new(store).await;
        let id = world.due().await;
        let now = testing::now();
        let one = world.claim(now, "w1").await.remove(0);
        world.begin(&one, now).await.unwrap();
        world.settle(&one, &published(), now).await.unwrap();
        // Withdrawn, submitted and approved again while it is on the page.
        let post = world
            .store
            .read()
            .await
            .unwrap()
            .post(one.post)
            .await
            .unwrap();
        let back = testing::act(
            &world.store,
            &post,
            Event::Withdraw,
            &testing::person(world.ines),
        )
        .await;
        let digest = back.post.revision.digest;
        let event = Event::Submit {
            requirements: back.post.requirements.clone(),
            digest,
            drawn: vec![world.paul],
        };
        let asked = testing::act(&world.store, &back, event, &testing::person(world.ines)).await;
        let event = Event::Approve {
            digest,
            seal: vigie_core::post::Seal::Session,
        };
        let again = testing::act(&world.store, &asked, event, &testing::person(world.paul)).await;
        let mut tx = world.store.begin().await.unwrap();
        assert!(testing::enqueue(&mut tx, &again).await.is_empty());
        assert_eq!(tx.publications(one.post).await.unwrap().len(), 1);
        // Taken back, it may go out again.
        tx.publication_take_back(id, world.paul, "Erreur", now)
            .await
            .unwrap();
        let one = tx
            .publications_claim_back(now, "w1", LEASE, 1)
            .await
            .unwrap()
            .remove(0);
        tx.publication_taken_back(id, one.attempt, &TakeBackOutcome::Gone, now)
            .await
            .unwrap();
        assert_eq!(testing::enqueue(&mut tx, &again).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn while_paused_nothing_is_claimed_and_nothing_begins() {
    testing::both_engines(|store| async move {
        let world = World::new(store).await;
        let (id, other) = (world.due().await, world.due().await);
        let now = testing::now();
        let mut tx = world.store.begin().await.unwrap();
        let held = tx
            .publications_claim(now, "w1", LEASE, 1)
            .await
            .unwrap()
            .remove(0);
        tx.commit().await.unwrap();
        assert_eq!(held.id, id);
        world.pause(true).await;
        assert!(world.claim(now, "w2").await.is_empty());
        assert_eq!(world.begin(&held, now).await.unwrap(), Begun::Paused);
        assert_eq!(world.get(id).await.lease_until, None, "given back");

        // What became due meanwhile goes back to its author instead of bursting out.
        let mut tx = world.store.begin().await.unwrap();
        assert_eq!(tx.publications_lapse_missed(now).await.unwrap().len(), 2);
        tx.commit().await.unwrap();
        world.pause(false).await;
        assert!(world.claim(now, "w2").await.is_empty());
        assert_eq!(world.get(other).await.state, PublicationState::Lapsed);
        let third = world.due().await;
        assert_eq!(world.claim(testing::now(), "w2").await[0].id, third);
    })
    .await;
}

/// Eight workers, 200 publications, and a pause in the middle: each is claimed once, and none after the pause.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_workers_claim_each_publication_once() {
    testing::both_engines(|store| async move {
        let world = World::new(store).await;
        let channels = std::slice::from_ref(&world.channel);
        for n in 0..200 {
            let text = content(channels, &format!("Bonjour {n}"), None);
            approved(&world.store, world.ines, world.paul, &text).await;
        }
        let now = testing::now();
        let run = |stop_at: usize| {
            let workers: Vec<_> = (0..8)
                .map(|n| {
                    let store = world.store.clone();
                    tokio::spawn(async move {
                        let mut mine = Vec::new();
                        while mine.len() < stop_at {
                            let mut tx = store.begin().await.unwrap();
                            let some = tx
                                .publications_claim(now, &format!("w{n}"), LEASE, 3)
                                .await
                                .unwrap();
                            tx.commit().await.unwrap();
                            if some.is_empty() {
                                break;
                            }
                            mine.extend(some.into_iter().map(|one| (one.id, one.attempt)));
                        }
                        mine
                    })
                })
                .collect();
            async move {
                let mut all = Vec::new();
                for worker in workers {
                    all.extend(worker.await.unwrap());
                }
                all
            }
        };
        let mut claimed = run(6).await;
        assert!(claimed.len() < 100);
        // Paused while others are in the middle of claiming.
        let racing = run(1);
        world.pause(true).await;
        claimed.extend(racing.await);
        assert!(run(1).await.is_empty());
        world.pause(false).await;
        claimed.extend(run(usize::MAX).await);
        let mut times: HashMap<PublicationId, usize> = HashMap::new();
        for (id, attempt) in claimed {
            *times.entry(id).or_default() += 1;
            assert_eq!(attempt, 1);
        }
        assert_eq!(times.len(), 200);
        assert!(times.values().all(|n| *n == 1));
    })
    .await;
}

/// A long queue on one channel, then one publication on each of two others.
async fn queues(world: &World) -> (ChannelId, [ChannelId; 2]) {
    let mut others = Vec::new();
    for handle in ["second", "third"] {
        others.push(testing::channel(&world.store, world.ines, handle).await);
    }
    for n in 0..6 {
        let text = content(
            std::slice::from_ref(&world.channel),
            &format!("Bonjour {n}"),
            None,
        );
        approved(&world.store, world.ines, world.paul, &text).await;
    }
    for channel in &others {
        let text = content(std::slice::from_ref(channel), "Bonjour", None);
        approved(&world.store, world.ines, world.paul, &text).await;
    }
    (world.channel.id, [others[0].id, others[1].id])
}

#[tokio::test]
async fn channels_take_turns() {
    testing::both_engines(|store| async move {
        let world = World::new(store).await;
        let (long, [second, third]) = queues(&world).await;
        let now = testing::now();
        let claim = async |limit, share: &(dyn Fn(ChannelId) -> Share + Sync)| {
            let mut tx = world.store.begin().await.unwrap();
            let claimed = tx.publications_claim_shared(now, "w1", LEASE, limit, share);
            let claimed = claimed.await.unwrap();
            // Not committed: the next one finds the same.
            claimed.iter().map(|one| one.channel).collect::<Vec<_>>()
        };
        let free = |_| Share {
            room: 9,
            held: 0,
            served: 0,
        };
        let mut all = claim(4, &free).await;
        assert_eq!(all.pop(), Some(long), "one of each, then the next");
        all.sort_unstable();
        let mut each = vec![long, second, third];
        each.sort_unstable();
        assert_eq!(all, each);
        // Who waits longer comes first, who holds many comes last, who has no room gets nothing.
        let share = |channel| Share {
            room: if channel == second { 0 } else { 2 },
            held: u32::from(channel == long),
            served: 0,
        };
        assert_eq!(claim(9, &share).await, [third, long, long]);
        let share = |channel| Share {
            room: 1,
            held: 0,
            served: if channel == third { 7 } else { 8 },
        };
        assert_eq!(claim(1, &share).await, [third]);
        assert!(claim(0, &free).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_must_wait_waits_as_one_and_alone() {
    testing::both_engines(|store| async move {
        let world = World::new(store).await;
        let (long, _) = queues(&world).await;
        let (now, until) = (testing::now(), after(testing::now(), 900));
        let mut tx = world.store.begin().await.unwrap();
        let held = tx.publications_claim(now, "w1", LEASE, 1).await.unwrap();
        // The one in hand is its holder's.
        let waiting = tx.publications_wait(long, until, "rate_limited", now);
        let waiting = waiting.await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(waiting, if held[0].channel == long { 5 } else { 6 });
        assert_eq!(world.get(held[0].id).await.next_try_at, None);
        let others = world.claim(now, "w1").await;
        assert!(others.iter().all(|one| one.channel != long));
        // Nothing that waits longer comes earlier; and when its time has come, all of it is due again.
        let mut tx = world.store.begin().await.unwrap();
        let sooner = tx.publications_wait(long, after(now, 5), "rate_limited", now);
        assert_eq!(sooner.await.unwrap(), 0);
        tx.commit().await.unwrap();
        let back = world.claim(until, "w2").await;
        assert!(back.len() >= 5 && back.iter().filter(|one| one.channel == long).count() >= 5);
        let row = &back
            .iter()
            .find(|one| one.tries == 0 && one.channel == long);
        assert!(row.is_some(), "waiting is no try");
    })
    .await;
}
