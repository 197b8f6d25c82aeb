//! The life of a post, as a pure state machine.
//!
//! [`decide`] is the only way from one state to the next. It knows nothing of pages, tokens or databases: it is
//! given a post, an event, who acts and when, and answers with the next post and what must now happen, or with
//! a [`Refusal`] that names the rule.
//!
//! What never bends, whatever the order of events:
//! - an approval counts only for the digest it was given for, and any edit removes approvals and waivers;
//! - the author, the last editor and the proposer of an accepted edit never approve and never waive;
//! - a post goes out only after as many different reviewers as its findings ask for, with the skills they name,
//!   and with every blocking finding waived by a second person with a written reason.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::content::Digest;
use crate::id::{MemberId, PostId, RevisionId};
use crate::member::{Skill, names};

/// A reason shorter than this, in characters, is no reason.
pub const MIN_REASON: usize = 10;

names! {
    /// Where a post stands.
    pub enum PostState {
        /// Being written.
        Draft = "draft",
        /// A peer was asked.
        InReview = "in_review",
        /// A peer asked for changes.
        ChangesRequested = "changes_requested",
        /// Approved; its publications exist.
        Approved = "approved",
        /// Every publication has an outcome.
        Done = "done",
        /// Put away by its author; never goes out.
        Archived = "archived",
    }
}

/// The current revision of a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionHead {
    /// The revision.
    pub id: RevisionId,
    /// 1 for the first.
    pub number: u32,
    /// Digest of its content.
    pub digest: Digest,
    /// Who saved it.
    pub editor: MemberId,
    /// Whose proposed edit it contains, when it came from one.
    pub proposer: Option<MemberId>,
}

/// What a review of the current revision must bring, from the findings of its check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// How many different reviewers, at least 1.
    pub approvals: u8,
    /// Skills that must be among them.
    pub skills: BTreeSet<Skill>,
    /// Rules whose finding blocks until a second person waives it.
    pub stops: BTreeSet<String>,
}

impl Requirements {
    /// From what the check found: any skill asks for a second reviewer.
    pub fn from_findings(skills: BTreeSet<Skill>, stops: BTreeSet<String>) -> Self {
        let approvals = if skills.is_empty() { 1 } else { 2 };
        Self {
            approvals,
            skills,
            stops,
        }
    }
}

impl Default for Requirements {
    fn default() -> Self {
        Self::from_findings(BTreeSet::new(), BTreeSet::new())
    }
}

names! {
    /// How an approval was given.
    pub enum Seal {
        /// In a signed-in session.
        Session = "session",
        /// In a chat, by a speaker whom the member confirmed to be them; or in an answer to a letter, from the address that
        /// they proved to be theirs.
        Chat = "chat",
        /// With a passkey whose challenge was the digest.
        Passkey = "passkey",
    }
}

/// A reviewer's yes to exactly one content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: MemberId,
    /// To which content.
    pub digest: Digest,
    /// The skills they had then.
    pub skills: BTreeSet<Skill>,
    /// When.
    pub at: Timestamp,
    /// How.
    pub seal: Seal,
}

/// A blocking finding lifted by a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Who.
    pub by: MemberId,
    /// Which rule.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// For which content.
    pub digest: Digest,
    /// When.
    pub at: Timestamp,
}

/// A reviewer who was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Who.
    pub member: MemberId,
    /// When.
    pub at: Timestamp,
}

/// Everything that decisions about a post depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The post.
    pub id: PostId,
    /// Who began it.
    pub author: MemberId,
    /// Where it stands.
    pub state: PostState,
    /// What it says now.
    pub revision: RevisionHead,
    /// What its review must bring.
    pub requirements: Requirements,
    /// Approvals of the current revision.
    pub approvals: Vec<Approval>,
    /// Waivers for the current revision.
    pub waivers: Vec<Waiver>,
    /// Who was asked to review it, in order.
    pub assigned: Vec<Assignment>,
}

/// Who acts, with what the shell looked up about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person.
    Member {
        /// Who.
        id: MemberId,
        /// May write posts.
        writes: bool,
        /// May review posts.
        reviews: bool,
        /// Their skills.
        skills: BTreeSet<Skill>,
    },
    /// A program that acts with a member's API token: it writes for them and never reviews.
    Token {
        /// Whose token.
        member: MemberId,
        /// May write posts.
        writes: bool,
    },
    /// Vigie itself: the publisher, the clock.
    System,
}

impl Actor {
    /// The member who acts, or for whom a token acts.
    pub const fn member(&self) -> Option<MemberId> {
        match self {
            Self::Member { id, .. } => Some(*id),
            Self::Token { member, .. } => Some(*member),
            Self::System => None,
        }
    }
}

/// What happens to a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A new revision was written.
    Edit {
        /// The new revision; `editor` must be the actor and `proposer` nobody.
        revision: RevisionHead,
    },
    /// The author takes over a peer's proposed edit.
    AcceptSuggestion {
        /// The new revision; `proposer` is the peer.
        revision: RevisionHead,
    },
    /// The author asks for review.
    Submit {
        /// From the check of this revision.
        requirements: Requirements,
        /// The content that was checked.
        digest: Digest,
        /// First reviewers, drawn by the shell through [`crate::review::draw`].
        drawn: Vec<MemberId>,
    },
    /// A reviewer says yes.
    Approve {
        /// The content that they saw.
        digest: Digest,
        /// How.
        seal: Seal,
    },
    /// A reviewer asks for changes.
    RequestChanges {
        /// What they ask, at least one word.
        note: String,
    },
    /// A second person lifts a blocking finding.
    Waive {
        /// The rule.
        rule: String,
        /// Why, in writing.
        reason: String,
        /// The content that they saw.
        digest: Digest,
    },
    /// Nobody answered in time: another peer is asked too.
    OfferToAnother {
        /// Who was drawn.
        member: MemberId,
    },
    /// The author, or a co-writer, takes the post back to work on it; what has not gone out never will.
    Withdraw,
    /// Every publication has an outcome.
    Settled,
    /// The window passed, or a pause outlived it, before anything went out: back to the author.
    Lapse,
    /// Put away.
    Archive,
}

/// What must happen now, in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell these reviewers that they were asked.
    Ask(Vec<MemberId>),
    /// Create one publication per channel, for exactly this content.
    Enqueue {
        /// The revision.
        revision: RevisionId,
        /// Its digest.
        digest: Digest,
    },
    /// Cancel publications that have not begun.
    CancelUnsent,
    /// Tell the author.
    TellAuthor(News),
}

/// What an author is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A peer asked for changes.
    ChangesRequested,
    /// Approved, and on its way.
    Approved,
    /// The window passed.
    Lapsed,
}

/// Why an event was refused. The words for people are in the catalogue under `refusal-…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not possible in this state.
    #[error("not possible in this state")]
    WrongState,
    /// The actor may not write.
    #[error("the actor may not write posts")]
    MayNotWrite,
    /// The actor may not review.
    #[error("the actor may not review")]
    MayNotReview,
    /// A token or the system cannot do what needs a person.
    #[error("this takes a person")]
    NeedsPerson,
    /// Author, last editor or proposer.
    #[error("nobody approves what they wrote")]
    OwnContent,
    /// The content is no longer what the actor saw.
    #[error("the content changed since")]
    ContentChanged,
    /// The same person twice.
    #[error("already approved by this member")]
    AlreadyApproved,
    /// A reason or note is missing or too short.
    #[error("a written reason is needed")]
    ReasonNeeded,
    /// The rule does not block this content, or is waived already.
    #[error("nothing to waive")]
    NothingToWaive,
    /// The revision does not follow from the post.
    #[error("the revision does not follow the current one")]
    BadRevision,
    /// Only the author does this.
    #[error("only the author does this")]
    NotAuthor,
    /// A drawn reviewer is not allowed for this content.
    #[error("this reviewer cannot be asked")]
    BadReviewer,
}

/// The next post and what must happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The post after the event.
    pub post: Post,
    /// In order.
    pub effects: Vec<Effect>,
}

impl Post {
    /// A new post with its first revision.
    pub fn draft(id: PostId, revision: RevisionHead) -> Self {
        Self {
            id,
            author: revision.editor,
            state: PostState::Draft,
            revision,
            requirements: Requirements::default(),
            approvals: Vec::new(),
            waivers: Vec::new(),
            assigned: Vec::new(),
        }
    }

    /// True for those who had a hand in the current content: they cannot approve it.
    pub fn wrote(&self, member: MemberId) -> bool {
        member == self.author
            || member == self.revision.editor
            || self.revision.proposer == Some(member)
    }

    /// What is still missing before the post goes out.
    pub fn missing(&self) -> Missing {
        let valid: Vec<&Approval> = self
            .approvals
            .iter()
            .filter(|a| a.digest == self.revision.digest && !self.wrote(a.by))
            .collect();
        let people: BTreeSet<MemberId> = valid.iter().map(|a| a.by).collect();
        let held: BTreeSet<Skill> = valid
            .iter()
            .flat_map(|a| a.skills.iter().copied())
            .collect();
        let waived: BTreeSet<&str> = self
            .waivers
            .iter()
            .filter(|w| w.digest == self.revision.digest && !self.wrote(w.by))
            .map(|w| w.rule.as_str())
            .collect();
        let needed = usize::from(self.requirements.approvals.max(1));
        Missing {
            approvals: needed.saturating_sub(people.len()),
            skills: self
                .requirements
                .skills
                .difference(&held)
                .copied()
                .collect(),
            stops: self
                .requirements
                .stops
                .iter()
                .filter(|rule| !waived.contains(rule.as_str()))
                .cloned()
                .collect(),
        }
    }
}

/// What a review still lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Approvals by other people.
    pub approvals: usize,
    /// Skills that no approver had.
    pub skills: BTreeSet<Skill>,
    /// Blocking findings that nobody waived.
    pub stops: BTreeSet<String>,
}

impl Missing {
    /// True when nothing is missing.
    pub fn is_nothing(&self) -> bool {
        self.approvals == 0 && self.skills.is_empty() && self.stops.is_empty()
    }
}

/// Applies an event.
///
/// # Errors
/// A [`Refusal`] that names the rule; the post is then unchanged.
pub fn decide(
    post: &Post,
    event: Event,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    match event {
        Event::Edit { revision } => edit(post, revision, actor),
        Event::AcceptSuggestion { revision } => accept(post, revision, actor),
        Event::Submit {
            requirements,
            digest,
            drawn,
        } => submit(post, requirements, digest, drawn, actor, now),
        Event::Approve { digest, seal } => approve(post, digest, seal, actor, now),
        Event::RequestChanges { note } => request_changes(post, &note, actor),
        Event::Waive {
            rule,
            reason,
            digest,
        } => waive(post, rule, reason, digest, actor, now),
        Event::OfferToAnother { member } => offer(post, member, actor, now),
        Event::Withdraw => withdraw(post, actor),
        Event::Settled => by_system(post, actor, PostState::Approved, PostState::Done, vec![]),
        Event::Lapse => lapse(post, actor),
        Event::Archive => archive(post, actor),
    }
}

fn edit(post: &Post, revision: RevisionHead, actor: &Actor) -> Result<Decision, Refusal> {
    let editor = writer(actor)?;
    if revision.editor != editor || revision.proposer.is_some() {
        return Err(Refusal::BadRevision);
    }
    replace(post, revision)
}

fn accept(post: &Post, revision: RevisionHead, actor: &Actor) -> Result<Decision, Refusal> {
    let editor = person(actor)?;
    writer(actor)?;
    if editor != post.author {
        return Err(Refusal::NotAuthor);
    }
    match revision.proposer {
        Some(proposer) if proposer != editor && revision.editor == editor => {
            replace(post, revision)
        }
        _ => Err(Refusal::BadRevision),
    }
}

/// A new revision: whatever was said about the old one no longer counts.
fn replace(post: &Post, revision: RevisionHead) -> Result<Decision, Refusal> {
    if !matches!(
        post.state,
        PostState::Draft | PostState::InReview | PostState::ChangesRequested
    ) {
        // What is approved and on its way is withdrawn first, so that nobody edits by accident.
        return Err(Refusal::WrongState);
    }
    if revision.number != post.revision.number.saturating_add(1) || revision.id == post.revision.id
    {
        return Err(Refusal::BadRevision);
    }
    let post = Post {
        state: PostState::Draft,
        revision,
        requirements: Requirements::default(),
        approvals: Vec::new(),
        waivers: Vec::new(),
        assigned: Vec::new(),
        ..post.clone()
    };
    Ok(Decision {
        post,
        effects: vec![],
    })
}

fn submit(
    post: &Post,
    requirements: Requirements,
    digest: Digest,
    drawn: Vec<MemberId>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    writer(actor)?;
    if !matches!(post.state, PostState::Draft | PostState::ChangesRequested) {
        return Err(Refusal::WrongState);
    }
    if digest != post.revision.digest {
        return Err(Refusal::ContentChanged);
    }
    if drawn.iter().any(|member| post.wrote(*member)) {
        return Err(Refusal::BadReviewer);
    }
    let assigned = drawn
        .iter()
        .map(|member| Assignment {
            member: *member,
            at: now,
        })
        .collect();
    // Held here too, whatever the caller counted: a skill always brings a second pair of eyes.
    let least = Requirements::from_findings(requirements.skills.clone(), BTreeSet::new());
    let post = Post {
        state: PostState::InReview,
        requirements: Requirements {
            approvals: requirements.approvals.max(least.approvals),
            ..requirements
        },
        approvals: Vec::new(),
        waivers: Vec::new(),
        assigned,
        ..post.clone()
    };
    Ok(Decision {
        post,
        effects: vec![Effect::Ask(drawn)],
    })
}

fn approve(
    post: &Post,
    digest: Digest,
    seal: Seal,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let (by, skills) = reviewer(post, actor)?;
    in_review(post, digest)?;
    if post.approvals.iter().any(|a| a.by == by) {
        return Err(Refusal::AlreadyApproved);
    }
    let mut post = post.clone();
    post.approvals.push(Approval {
        by,
        digest,
        skills,
        at: now,
        seal,
    });
    Ok(go_if_complete(post))
}

fn waive(
    post: &Post,
    rule: String,
    reason: String,
    digest: Digest,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let (by, _) = reviewer(post, actor)?;
    in_review(post, digest)?;
    if reason.trim().chars().count() < MIN_REASON {
        return Err(Refusal::ReasonNeeded);
    }
    if !post.missing().stops.contains(&rule) {
        return Err(Refusal::NothingToWaive);
    }
    let mut post = post.clone();
    post.waivers.push(Waiver {
        by,
        rule,
        reason,
        digest,
        at: now,
    });
    Ok(go_if_complete(post))
}

/// The one place where a post becomes publishable.
fn go_if_complete(mut post: Post) -> Decision {
    if !post.missing().is_nothing() {
        return Decision {
            post,
            effects: vec![],
        };
    }
    post.state = PostState::Approved;
    let effects = vec![
        Effect::Enqueue {
            revision: post.revision.id,
            digest: post.revision.digest,
        },
        Effect::TellAuthor(News::Approved),
    ];
    Decision { post, effects }
}

fn request_changes(post: &Post, note: &str, actor: &Actor) -> Result<Decision, Refusal> {
    reviewer(post, actor)?;
    if post.state != PostState::InReview {
        return Err(Refusal::WrongState);
    }
    if note.trim().is_empty() {
        return Err(Refusal::ReasonNeeded);
    }
    let post = Post {
        state: PostState::ChangesRequested,
        approvals: Vec::new(),
        waivers: Vec::new(),
        ..post.clone()
    };
    Ok(Decision {
        post,
        effects: vec![Effect::TellAuthor(News::ChangesRequested)],
    })
}

fn offer(
    post: &Post,
    member: MemberId,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    if post.state != PostState::InReview {
        return Err(Refusal::WrongState);
    }
    if !matches!(actor, Actor::System) {
        person(actor)?;
    }
    if post.wrote(member) || post.assigned.iter().any(|a| a.member == member) {
        return Err(Refusal::BadReviewer);
    }
    let mut post = post.clone();
    post.assigned.push(Assignment { member, at: now });
    Ok(Decision {
        post,
        effects: vec![Effect::Ask(vec![member])],
    })
}

fn withdraw(post: &Post, actor: &Actor) -> Result<Decision, Refusal> {
    writer(actor)?;
    if !matches!(
        post.state,
        PostState::InReview | PostState::ChangesRequested | PostState::Approved
    ) {
        return Err(Refusal::WrongState);
    }
    Ok(Decision {
        post: back_to(post, PostState::Draft),
        effects: vec![Effect::CancelUnsent],
    })
}

fn lapse(post: &Post, actor: &Actor) -> Result<Decision, Refusal> {
    if !matches!(actor, Actor::System) {
        return Err(Refusal::WrongState);
    }
    if !matches!(post.state, PostState::InReview | PostState::Approved) {
        return Err(Refusal::WrongState);
    }
    Ok(Decision {
        post: back_to(post, PostState::Draft),
        effects: vec![Effect::CancelUnsent, Effect::TellAuthor(News::Lapsed)],
    })
}

fn archive(post: &Post, actor: &Actor) -> Result<Decision, Refusal> {
    writer(actor)?;
    if !matches!(
        post.state,
        PostState::Draft | PostState::ChangesRequested | PostState::Done
    ) {
        return Err(Refusal::WrongState);
    }
    Ok(Decision {
        post: back_to(post, PostState::Archived),
        effects: vec![],
    })
}

fn by_system(
    post: &Post,
    actor: &Actor,
    from: PostState,
    to: PostState,
    effects: Vec<Effect>,
) -> Result<Decision, Refusal> {
    if post.state != from || !matches!(actor, Actor::System) {
        return Err(Refusal::WrongState);
    }
    Ok(Decision {
        post: Post {
            state: to,
            ..post.clone()
        },
        effects,
    })
}

/// The same content in an earlier state: whatever was said about it is to be said again.
fn back_to(post: &Post, state: PostState) -> Post {
    Post {
        state,
        approvals: Vec::new(),
        waivers: Vec::new(),
        assigned: Vec::new(),
        ..post.clone()
    }
}

fn in_review(post: &Post, digest: Digest) -> Result<(), Refusal> {
    if post.state != PostState::InReview {
        return Err(Refusal::WrongState);
    }
    if digest != post.revision.digest {
        return Err(Refusal::ContentChanged);
    }
    Ok(())
}

fn person(actor: &Actor) -> Result<MemberId, Refusal> {
    match actor {
        Actor::Member { id, .. } => Ok(*id),
        Actor::Token { .. } | Actor::System => Err(Refusal::NeedsPerson),
    }
}

fn writer(actor: &Actor) -> Result<MemberId, Refusal> {
    match actor {
        Actor::Member {
            id, writes: true, ..
        }
        | Actor::Token {
            member: id,
            writes: true,
        } => Ok(*id),
        Actor::Member { .. } | Actor::Token { .. } => Err(Refusal::MayNotWrite),
        Actor::System => Err(Refusal::NeedsPerson),
    }
}

/// The one place that says who may judge a content.
fn reviewer(post: &Post, actor: &Actor) -> Result<(MemberId, BTreeSet<Skill>), Refusal> {
    let Actor::Member {
        id,
        reviews,
        skills,
        ..
    } = actor
    else {
        return Err(Refusal::NeedsPerson);
    };
    if post.wrote(*id) {
        return Err(Refusal::OwnContent);
    }
    if !reviews {
        return Err(Refusal::MayNotReview);
    }
    Ok((*id, skills.clone()))
}
