//! Channels and posts for tests, made the way the product makes them.

use super::now;
use crate::{ChannelRow, NewChannel, NewPublication, NewRevision, PostChange, PostRecord, Store};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use vigie_core::content::{Content, Platform, Variant, Window};
use vigie_core::id::{ChannelId, MemberId, PostId, PublicationId, RevisionId};
use vigie_core::post::{Actor, Event, Post, Requirements, RevisionHead, Seal, decide};

/// A connected sandbox channel with this handle.
pub async fn channel(store: &Store, by: MemberId, handle: &str) -> ChannelRow {
    let id = ChannelId::new(uuid::Uuid::now_v7());
    let new = NewChannel {
        id,
        platform: Platform::Sandbox,
        handle: handle.into(),
        display: handle.into(),
        account: format!("sandbox:{handle}"),
        service: "vigie".into(),
        color: "blue".into(),
        secret: None,
        token_until: None,
        limits: None,
        created_by: by,
    };
    let mut tx = store.begin().await.unwrap();
    tx.channel_add(&new, now()).await.unwrap();
    tx.channel_connect(id, now()).await.unwrap();
    let row = tx.channel(id).await.unwrap();
    tx.commit().await.unwrap();
    row
}

/// `text` on each of `channels`, to go out from `not_before` on for a day.
pub fn content(channels: &[ChannelRow], text: &str, not_before: Option<Timestamp>) -> Content {
    let from = not_before.unwrap_or_else(now);
    Content {
        variants: channels
            .iter()
            .map(|channel| Variant {
                channel: channel.id,
                platform: channel.platform,
                account: channel.account.clone(),
                text: text.into(),
                link: None,
                langs: vec!["fr".into()],
                media: Vec::new(),
                reply_to: None,
                warning: None,
                repliers: vigie_core::content::Repliers::Everyone,
                parts: vec![],
            })
            .collect(),
        window: Window {
            not_before,
            not_after: from.checked_add(SignedDuration::from_hours(24)).unwrap(),
        },
    }
}

/// The head of a new revision of `content`.
pub fn head(number: u32, content: &Content, editor: MemberId) -> RevisionHead {
    RevisionHead {
        id: RevisionId::new(uuid::Uuid::now_v7()),
        number,
        digest: content.digest(),
        editor,
        proposer: None,
    }
}

/// A revision without a report.
pub fn revision(content: &Content) -> NewRevision<'_> {
    NewRevision {
        content,
        report: None,
        checked_with: None,
    }
}

/// A draft of `author`.
pub async fn draft(store: &Store, author: MemberId, content: &Content) -> PostRecord {
    let post = Post::draft(PostId::new(uuid::Uuid::now_v7()), head(1, content, author));
    let mut tx = store.begin().await.unwrap();
    let record = tx
        .post_create(&post, revision(content), now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    record
}

/// A person who may write and review.
pub fn person(id: MemberId) -> Actor {
    Actor::Member {
        id,
        writes: true,
        reviews: true,
        skills: BTreeSet::new(),
    }
}

/// Decides and saves, in a transaction of its own.
pub async fn act(store: &Store, record: &PostRecord, event: Event, by: &Actor) -> PostRecord {
    let decision = decide(&record.post, event, by, now()).unwrap();
    let mut tx = store.begin().await.unwrap();
    let saved = tx
        .post_save(record, &decision.post, PostChange::default(), now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    saved
}

/// A post in review, `reviewer` asked.
pub async fn in_review(
    store: &Store,
    author: MemberId,
    reviewer: MemberId,
    content: &Content,
) -> PostRecord {
    let record = draft(store, author, content).await;
    let event = Event::Submit {
        requirements: Requirements::default(),
        digest: record.post.revision.digest,
        drawn: vec![reviewer],
    };
    act(store, &record, event, &person(author)).await
}

/// A post approved by `reviewer`, with its publications.
pub async fn approved(
    store: &Store,
    author: MemberId,
    reviewer: MemberId,
    content: &Content,
) -> (PostRecord, Vec<PublicationId>) {
    let record = in_review(store, author, reviewer, content).await;
    let event = Event::Approve {
        digest: record.post.revision.digest,
        seal: Seal::Session,
    };
    let record = act(store, &record, event, &person(reviewer)).await;
    let mut tx = store.begin().await.unwrap();
    let made = enqueue(&mut tx, &record).await;
    tx.commit().await.unwrap();
    (record, made)
}

/// Makes the publications of an approved post, with keys of their own.
pub async fn enqueue(tx: &mut crate::Tx, record: &PostRecord) -> Vec<PublicationId> {
    let new: Vec<NewPublication> = record
        .content
        .variants
        .iter()
        .map(|variant| {
            let id = PublicationId::new(uuid::Uuid::now_v7());
            NewPublication {
                id,
                channel: variant.channel,
                part: 0,
                remote_key: id.to_string(),
            }
        })
        .collect();
    tx.publications_enqueue(record, &new, now()).await.unwrap()
}
