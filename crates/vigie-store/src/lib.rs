//! Everything Vigie keeps, in SQLite or PostgreSQL, with one SQL text for both. No other room knows SQL.
//!
//! How to add a table (one file each, at most a few hundred lines):
//! 1. its `create table` in `migrations/` (ids `text`, times `bigint` microseconds UTC, yes/no `bigint` 0/1, whole
//!    numbers `bigint`, bytes `bytea`, JSON `text`; no engine-specific word: `lint.rs` refuses them);
//! 2. `src/<table>.rs`: a row struct with `impl FromRow`, the statements in one [`queries!`] block, reads as
//!    `impl Conn { pub async fn … }` and writes as `impl Tx { pub async fn … }`. A [`Tx`] dereferences to [`Conn`], so
//!    each read is written once and works inside and outside a transaction;
//! 3. `mod` line and one line in [`TABLES`] below (the tests prepare every statement on both engines, and a file with
//!    statements that is missing from the list fails a test);
//! 4. a story test in the file with `testing::both_engines(|store| async move { … })`.
//!
//! Statements are run with [`row::q`]: `q(GET).id(id).time(now).maybe::<MemberRow>(self).await?`.
//! A compare-and-set is one `update … where <expected>` whose count is checked (`.run_one(self)` turns zero rows into
//! [`Error::Conflict`]).

/// The statements of one table file: constants, and a list of all of them for the tests.
macro_rules! queries {
    ($($(#[$meta:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$meta])* const $name: &str = $sql;)+
        /// Name and text of every statement in this file, for the tests.
        #[cfg(test)]
        pub(crate) const QUERIES: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

mod api_token;
mod credential;
mod db;
mod engine;
mod error;
mod invite;
#[cfg(test)]
mod lint;
mod login_attempt;
mod member;
mod organisation;
mod password;
mod rate;
mod recovery_code;
mod row;
mod session;
#[cfg(test)]
mod stories;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod totp;

pub use api_token::{ApiToken, TokenHolder};
pub use credential::Credential;
pub use db::{Conn, Store, Tx};
pub use engine::Engine;
pub use error::{Error, Result};
pub use invite::Invite;
pub use login_attempt::Failures;
pub use member::{Member, NewMember, fold_login};
pub use organisation::{Organisation, Settings};
pub use rate::{Limit, Taken};
pub use session::{Session, SignedIn};
pub use totp::Totp;

/// File name and statements of every table file, for the tests.
#[cfg(test)]
pub(crate) const TABLES: &[(&str, &[(&str, &str)])] = &[
    ("api_token", api_token::QUERIES),
    ("credential", credential::QUERIES),
    ("invite", invite::QUERIES),
    ("login_attempt", login_attempt::QUERIES),
    ("member", member::QUERIES),
    ("organisation", organisation::QUERIES),
    ("password", password::QUERIES),
    ("rate", rate::QUERIES),
    ("recovery_code", recovery_code::QUERIES),
    ("session", session::QUERIES),
    ("totp", totp::QUERIES),
];
