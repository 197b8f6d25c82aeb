//! Posts: from a draft to an approved content. One path per decision, in [`actions`]; pages, API and command line all
//! take it.

pub mod actions;
pub mod api;
pub mod buttons;
pub mod cli;
pub mod composer;
pub mod draft;
pub mod history;
pub mod page;
pub mod picture;
pub mod settle;
pub mod view;
pub mod who;

use crate::web::error::Error;
use crate::words::Said;
use actions::ActionError;
use vigie_core::post::Refusal;

/// The key of a refusal's words.
pub const fn refusal_key(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::WrongState => "refusal-wrong-state",
        Refusal::MayNotWrite => "refusal-may-not-write",
        Refusal::MayNotReview => "refusal-may-not-review",
        Refusal::NeedsPerson => "refusal-needs-person",
        Refusal::OwnContent => "refusal-own-content",
        Refusal::ContentChanged => "refusal-content-changed",
        Refusal::AlreadyApproved => "refusal-already-approved",
        Refusal::ReasonNeeded => "refusal-reason-needed",
        Refusal::NothingToWaive => "refusal-nothing-to-waive",
        Refusal::BadRevision => "refusal-bad-revision",
        Refusal::NotAuthor => "refusal-not-author",
        Refusal::BadReviewer => "refusal-bad-reviewer",
    }
}

impl From<ActionError> for Error {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Refused(refusal) => Self::refused(refusal_key(refusal)),
            ActionError::Draft(problem) => Self::Input(Said::new(problem.key())),
            ActionError::Store(error) => error.into(),
            ActionError::NotTaken(code) => Self::Refused(Said::new(format!("connect-{code}"))),
            ActionError::NoReviewer => Self::refused("refusal-no-reviewer"),
            ActionError::WindowPassed => Self::refused("refusal-window-passed"),
            ActionError::HalfOut => Self::refused("refusal-half-out"),
            ActionError::OnThePage => Self::refused("chat-review-page"),
            ActionError::Used => Self::refused("mail-answered-before"),
            ActionError::SealNeeded => Self::refused("refusal-seal-needed"),
            ActionError::BadSeal(_) => Self::refused("refusal-bad-seal"),
            ActionError::SameContent => Self::refused("refusal-same-content"),
            ActionError::Stale => Self::refused("refusal-stale"),
        }
    }
}
