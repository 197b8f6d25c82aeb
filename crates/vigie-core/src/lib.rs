//! The company's rules as pure functions.
//!
//! This crate decides and never acts: no clock, no randomness, no disk, no network, no knowledge of pages or
//! tables. Time, random bytes and what was looked up come in as arguments; decisions come out as values.
//!
//! | module | decides |
//! |---|---|
//! | [`post`] | the life of a post: who may edit, approve, waive, withdraw |
//! | [`review`] | who is asked to review |
//! | [`content`], [`canonical`] | what exactly is approved, and the bytes its digest is taken over |
//! | [`publication`] | what an outcome on a network means |
//! | [`schedule`] | what a wall-clock time means |
//! | [`page_state`] | what changed on a page that Vigie did not change |
//! | [`pause`], [`change`] | what takes two people |
//! | [`letter`] | which letters a member wants, and when |
//! | [`member`], [`rights`] | who may do what |
//! | [`audit`] | the append-only log and its proofs |
//! | [`seal`] | what a passkey proved about an approval |
//! | [`vault`] | sealed secrets, key rotation, escrow |
//!
//! What is never there, and the test that says so:
//!
//! - a way to [`post::Effect::Enqueue`] without other people's yes to exactly this digest: `tests/four_eyes.rs`, which
//!   also shows that it catches a machine without the rule;
//! - two contents with the same bytes, or a change without a new digest: `tests/canonical.rs`, which reads
//!   `docs/canonical-encoding.md`;
//! - an intact log with an entry that no signature covers, or with any byte changed: [`audit`];
//! - an unknown outcome that is sent again before a look says that it is surely absent: [`publication`];
//! - one person who resumes, or confirms their own change, except to invite the second member: [`pause`], [`change`];
//! - a token that stands in for a person: [`rights`];
//! - a secret in a `Debug` text or an error: [`vault`].

pub mod audit;
pub mod canonical;
pub mod change;
pub mod content;
pub mod crew;
pub mod id;
pub mod letter;
pub mod member;
pub mod page_state;
pub mod pause;
pub mod post;
pub mod publication;
pub mod review;
pub mod rights;
pub mod rulebook;
pub mod schedule;
pub mod seal;
pub mod vault;
