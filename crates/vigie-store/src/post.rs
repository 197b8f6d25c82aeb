//! Posts: the aggregate that decisions are made on, loaded and saved whole.
//!
//! [`PostRecord`] holds the state machine's own value. A decision is saved by what differs between the record that
//! was read and the post that `vigie_core::post::decide` answered, under a compare-and-set on `version`: of two
//! people who decide at once, the second gets [`Error::Conflict`] and looks again.

use crate::fold::{excerpt, folded};
use crate::revision::NewRevision;
use crate::row::{Cells, FromRow, q};
use crate::{Conn, Error, Result, Tx};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;
use vigie_core::content::{Content, Digest};
use vigie_core::id::{ChannelId, MemberId, PostId};
use vigie_core::post::{Post, PostState, Requirements, RevisionHead};
use vigie_core::seal::Assertion;

queries! {
    ADD = "insert into post (id, author, state, version, revision, requirements, excerpt, folded, channels, assigned, \
           revision_number, calendar_at, not_after, created_at, updated_at) \
           values ($1, $2, $3, 1, $4, $5, $6, $7, $8, '[]', $9, $10, $11, $12, $12)";
    SAVE = "update post set state = $3, version = version + 1, requirements = $4, assigned = $5, updated_at = $6, \
            submitted_at = case when $3 = 'in_review' and state <> 'in_review' then $6 else submitted_at end \
            where id = $1 and version = $2";
    HEAD = "update post set revision = $2, revision_number = $3, excerpt = $4, folded = $5, channels = $6, \
            calendar_at = $7, not_after = $8 where id = $1";
    CALENDAR = "update post set calendar_at = $2 where id = $1";
    CHANNEL_ADD = "insert into post_channel (post, channel) values ($1, $2) on conflict (post, channel) do nothing";
    CHANNEL_CLEAR = "delete from post_channel where post = $1";
    GET = "select p.id, p.author, p.state, p.version, p.requirements, p.excerpt, p.calendar_at, p.created_at, \
           p.updated_at, p.submitted_at, r.id as revision, r.number, r.content, r.digest, r.editor, r.proposer, \
           r.report, r.checked_with from post p join revision r on r.id = p.revision where p.id = $1";
}

/// A post with everything that its page and decisions about it need.
#[derive(Clone, Debug, PartialEq)]
pub struct PostRecord {
    /// The value of the state machine.
    pub post: Post,
    /// Goes up with every decision.
    pub version: i64,
    /// What the current revision says.
    pub content: Content,
    /// What the check found in it.
    pub report: Option<Value>,
    /// Versions of engine and packs that made the report.
    pub checked_with: Option<String>,
    /// Its first words.
    pub excerpt: String,
    /// Where the calendar shows it: planned, or when it went out.
    pub calendar_at: Option<Timestamp>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When review was last asked for.
    pub submitted_at: Option<Timestamp>,
}

impl FromRow for PostRecord {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            post: Post {
                id: row.id("id")?,
                author: row.id("author")?,
                state: row.word("state")?,
                revision: RevisionHead {
                    id: row.id("revision")?,
                    number: row.num("number")?,
                    digest: Digest(row.hash("digest")?),
                    editor: row.id("editor")?,
                    proposer: row.id_opt("proposer")?,
                },
                requirements: row.json::<Requirements>("requirements")?,
                approvals: Vec::new(),
                waivers: Vec::new(),
                assigned: Vec::new(),
            },
            version: row.int("version")?,
            content: row.json("content")?,
            report: row.json_opt("report")?,
            checked_with: row.text_opt("checked_with")?,
            excerpt: row.text("excerpt")?,
            calendar_at: row.time_opt("calendar_at")?,
            created_at: row.time("created_at")?,
            updated_at: row.time("updated_at")?,
            submitted_at: row.time_opt("submitted_at")?,
        })
    }
}

/// What comes with a decision besides the post itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostChange<'a> {
    /// The new revision's content, when the decision brings one.
    pub revision: Option<NewRevision<'a>>,
    /// The passkey's assertion behind a new approval, kept as evidence.
    pub assertion: Option<&'a Assertion>,
}

impl Conn {
    /// A post whole.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn post(&mut self, id: PostId) -> Result<PostRecord> {
        let mut record: PostRecord = q(GET).id(id).one(self).await?;
        record.post.approvals = self.approvals_counting(id).await?;
        record.post.waivers = self.waivers_counting(id).await?;
        record.post.assigned = self.assigned(id).await?;
        Ok(record)
    }
}

impl Tx {
    /// Begins a post with its first revision ([`Post::draft`]).
    ///
    /// # Errors
    /// [`Error::Conflict`] if the head is not about `new.content`, [`Error::Reference`] for an unknown channel.
    pub async fn post_create(
        &mut self,
        post: &Post,
        new: NewRevision<'_>,
        now: Timestamp,
    ) -> Result<PostRecord> {
        about(post, new.content)?;
        let window = new.content.window;
        q(ADD)
            .id(post.id)
            .id(post.author)
            .word(&post.state)
            .id(post.revision.id)
            .json(&post.requirements)
            .text(excerpt(new.content))
            .text(folded(new.content))
            .json(&channels(new.content))
            .int(post.revision.number.into())
            .time_opt(window.not_before)
            .time(window.not_after)
            .time(now)
            .run(self)
            .await?;
        self.revision_add(post.id, &post.revision, new, now).await?;
        self.post_channels(post.id, new.content).await?;
        self.post(post.id).await
    }

    /// Saves what a decision changed, and only if nobody decided since `before` was read.
    ///
    /// Effects (publications, audit) are the caller's, in this same transaction.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the post changed meanwhile, or the new head comes without its content.
    pub async fn post_save(
        &mut self,
        before: &PostRecord,
        after: &Post,
        change: PostChange<'_>,
        now: Timestamp,
    ) -> Result<PostRecord> {
        let asked: Vec<MemberId> = after.assigned.iter().map(|asked| asked.member).collect();
        q(SAVE)
            .id(after.id)
            .int(before.version)
            .word(&after.state)
            .json(&after.requirements)
            .json(&asked)
            .time(now)
            .run_one(self)
            .await?;
        let version = before.version.saturating_add(1);
        match change.revision {
            Some(new) => self.post_head(after, new, now).await?,
            None if after.revision != before.post.revision => return Err(Error::Conflict),
            None => {}
        }
        self.approvals_save(&before.post, after, change.assertion, version, now)
            .await?;
        self.waivers_save(&before.post, after, version, now).await?;
        self.assignments_save(&before.post, after, version, now)
            .await?;
        self.post(after.id).await
    }

    async fn post_head(
        &mut self,
        after: &Post,
        new: NewRevision<'_>,
        now: Timestamp,
    ) -> Result<()> {
        about(after, new.content)?;
        self.revision_add(after.id, &after.revision, new, now)
            .await?;
        q(HEAD)
            .id(after.id)
            .id(after.revision.id)
            .int(after.revision.number.into())
            .text(excerpt(new.content))
            .text(folded(new.content))
            .json(&channels(new.content))
            .time_opt(new.content.window.not_before)
            .time(new.content.window.not_after)
            .run(self)
            .await?;
        self.post_channels(after.id, new.content).await
    }

    async fn post_channels(&mut self, post: PostId, content: &Content) -> Result<()> {
        q(CHANNEL_CLEAR).id(post).run(self).await?;
        for channel in channels(content) {
            q(CHANNEL_ADD).id(post).id(channel).run(self).await?;
        }
        Ok(())
    }

    /// Moves a post in the calendar, to where it is planned or went out.
    pub(crate) async fn post_calendar(&mut self, post: PostId, at: Timestamp) -> Result<()> {
        q(CALENDAR).id(post).time(at).run(self).await?;
        Ok(())
    }
}

/// A head that is not about its content would make an approval mean something else.
fn about(post: &Post, content: &Content) -> Result<()> {
    if content.digest() == post.revision.digest {
        Ok(())
    } else {
        Err(Error::Conflict)
    }
}

fn channels(content: &Content) -> BTreeSet<ChannelId> {
    content
        .variants
        .iter()
        .map(|variant| variant.channel)
        .collect()
}

/// States in which a post is somebody's work.
pub const OPEN_STATES: &[PostState] = &[
    PostState::Draft,
    PostState::InReview,
    PostState::ChangesRequested,
    PostState::Approved,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, act, content, head, person, revision};
    use vigie_core::id::{PostId, RevisionId};
    use vigie_core::member::Skill;
    use vigie_core::post::{Event, Seal, decide};

    #[tokio::test]
    async fn a_post_is_written_reviewed_waived_approved_and_withdrawn() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let paul = testing::member(&store, "paul").await;
            let channel = testing::channel(&store, ines, "acme").await;
            let first = content(std::slice::from_ref(&channel), "Bonjour", None);
            let draft = testing::draft(&store, ines, &first).await;
            assert_eq!(
                (draft.version, draft.post.state, &draft.content),
                (1, PostState::Draft, &first)
            );

            let second = content(&[channel], "Bonjour à tous", None);
            let mut tx = store.begin().await.unwrap();
            let event = Event::Edit {
                revision: head(2, &second, ines),
            };
            let after = decide(&draft.post, event, &person(ines), testing::now())
                .unwrap()
                .post;
            let report = serde_json::json!({"findings": []});
            let new = NewRevision {
                report: Some(&report),
                checked_with: Some("engine 1"),
                ..revision(&second)
            };
            let change = PostChange {
                revision: Some(new),
                assertion: None,
            };
            let edited = tx
                .post_save(&draft, &after, change, testing::now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
            assert_eq!(
                (edited.version, &edited.content, edited.report.as_ref()),
                (2, &second, Some(&report))
            );

            let wanted = Requirements::from_findings(
                [Skill::Legal].into(),
                ["legal.superlative".to_owned()].into(),
            );
            let digest = edited.post.revision.digest;
            let event = Event::Submit {
                requirements: wanted.clone(),
                digest,
                drawn: vec![paul],
            };
            let asked = act(&store, &edited, event, &person(ines)).await;
            assert_eq!(
                (
                    asked.post.requirements.clone(),
                    asked.post.assigned[0].member
                ),
                (wanted, paul)
            );
            assert!(asked.submitted_at.is_some());
            let drawn = store
                .read()
                .await
                .unwrap()
                .member(paul)
                .await
                .unwrap()
                .last_drawn_at;
            assert_eq!(
                drawn,
                Some(asked.post.assigned[0].at),
                "asked last, drawn last"
            );

            let reason = "Vérifié avec la source.".to_owned();
            let event = Event::Waive {
                rule: "legal.superlative".into(),
                reason,
                digest,
            };
            let waived = act(&store, &asked, event, &person(paul)).await;
            let approved = act(
                &store,
                &waived,
                Event::Approve {
                    digest,
                    seal: Seal::Session,
                },
                &person(paul),
            )
            .await;
            assert_eq!(
                (approved.post.waivers.len(), approved.post.approvals.len()),
                (1, 1)
            );
            let again = store
                .read()
                .await
                .unwrap()
                .post(approved.post.id)
                .await
                .unwrap();
            assert_eq!(again, approved);

            let back = act(&store, &approved, Event::Withdraw, &person(ines)).await;
            assert!(
                back.post.approvals.is_empty()
                    && back.post.waivers.is_empty()
                    && back.post.assigned.is_empty()
            );
            let mut conn = store.read().await.unwrap();
            let kept = conn.approvals(back.post.id).await.unwrap();
            assert_eq!(
                (kept.len(), kept[0].voided_at.is_some()),
                (1, true),
                "what was said is kept"
            );
            assert!(
                conn.waivers(back.post.id).await.unwrap()[0]
                    .voided_at
                    .is_some()
            );
            assert!(
                conn.approval_evidence(back.post.id)
                    .await
                    .unwrap()
                    .is_empty()
            );
            let history = conn.revisions(back.post.id).await.unwrap();
            assert_eq!(
                history
                    .iter()
                    .map(|line| line.head.number)
                    .collect::<Vec<_>>(),
                [2, 1]
            );
            assert_eq!(
                conn.revision_number(back.post.id, 1).await.unwrap().content,
                first
            );
            assert_eq!(
                conn.revision(history[0].head.id).await.unwrap().head(),
                back.post.revision
            );
        })
        .await;
    }

    #[tokio::test]
    async fn of_two_decisions_at_once_one_counts() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let paul = testing::member(&store, "paul").await;
            let channel = testing::channel(&store, ines, "acme").await;
            let text = content(&[channel], "Bonjour", None);
            let seen = testing::in_review(&store, ines, paul, &text).await;
            act(&store, &seen, Event::Withdraw, &person(ines)).await;
            let event = Event::Approve {
                digest: seen.post.revision.digest,
                seal: Seal::Session,
            };
            let late = decide(&seen.post, event, &person(paul), testing::now())
                .unwrap()
                .post;
            let mut tx = store.begin().await.unwrap();
            let refused = tx
                .post_save(&seen, &late, PostChange::default(), testing::now())
                .await;
            assert!(matches!(refused, Err(Error::Conflict)));
        })
        .await;
    }

    #[tokio::test]
    async fn a_head_about_something_else_is_refused() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let channel = testing::channel(&store, ines, "acme").await;
            let said = content(std::slice::from_ref(&channel), "Bonjour", None);
            let other = content(&[channel], "Bonsoir", None);
            let post = Post::draft(PostId::new(uuid::Uuid::now_v7()), head(1, &said, ines));
            let mut tx = store.begin().await.unwrap();
            let refused = tx
                .post_create(&post, revision(&other), testing::now())
                .await;
            assert!(matches!(refused, Err(Error::Conflict)));
            let seen = tx
                .post_create(&post, revision(&said), testing::now())
                .await
                .unwrap();
            let mut after = seen.post.clone();
            after.revision.id = RevisionId::new(uuid::Uuid::now_v7());
            let refused = tx
                .post_save(&seen, &after, PostChange::default(), testing::now())
                .await;
            assert!(
                matches!(refused, Err(Error::Conflict)),
                "a new head comes with its content"
            );
        })
        .await;
    }
}
