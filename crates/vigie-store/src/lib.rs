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

mod alarm;
mod api_token;
mod approval;
mod assignment;
mod audit;
mod ceremony;
mod change;
mod channel;
mod chat;
mod chat_link;
mod comment;
mod credential;
mod db;
mod engine;
mod error;
mod farewell;
mod fold;
mod idempotency;
mod inbound;
mod invite;
mod letter;
mod letter_in;
mod link_trail;
#[cfg(test)]
mod lint;
mod login_attempt;
mod mail_address;
mod mail_server;
mod media;
mod media_evidence;
mod member;
mod network_use;
mod observed;
mod organisation;
mod page_change;
mod page_follower;
mod page_state;
mod password;
mod pause;
mod post;
mod post_list;
mod publication;
mod publication_claim;
mod publication_settle;
mod rate;
mod recovery_code;
mod revision;
mod row;
mod rule_book;
mod sandbox;
mod secret;
mod session;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod stories_publication;
mod suggestion;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod totp;
mod waiver;

pub use alarm::{AlarmRow, NewAlarm};
pub use api_token::{ApiToken, TokenHolder};
pub use approval::ApprovalRow;
pub use audit::{AuditFilter, AuditRow, CheckpointRow, Detail};
pub use ceremony::CeremonyKind;
pub use change::ChangeRow;
pub use channel::{ChannelRow, ChannelStatus, NewChannel};
pub use chat::{BoundRow, ChatNoteKind, ChatNoteRow, ChatRoomRow};
pub use chat_link::ChatLinkRow;
pub use comment::{CommentKind, CommentRow};
pub use credential::Credential;
pub use db::{Conn, Store, Tx};
pub use engine::Engine;
pub use error::{Error, Result};
pub use farewell::{FarewellOutcome, FarewellRow};
pub use idempotency::Reserved;
pub use inbound::{InboundRow, InboundState, NewInbound};
pub use invite::Invite;
pub use letter::{LetterRow, NewLetter};
pub use letter_in::LetterInRow;
pub use login_attempt::Failures;
pub use mail_address::MailAddressRow;
pub use mail_server::MailServerRow;
pub use media::{MediaRow, NewMedia};
pub use member::{Member, NewMember, fold_login};
pub use observed::{ObservedRow, ObservedState, Seen};
pub use organisation::{Organisation, Settings};
pub use page_change::{NewPageChange, PageChangeRow, PageVerdict};
pub use page_follower::PageFollowers;
pub use page_state::PageStateRow;
pub use pause::PauseRow;
pub use post::{OPEN_STATES, PostChange, PostRecord};
pub use post_list::{
    BadCursor, CalendarChannel, CalendarPost, CalendarPublication, HomeCounts, PostCursor,
    PostFilter, PostLine, PostPage,
};
pub use publication::{NewPublication, PublicationRow, SeriesBack};
pub use publication_claim::{AttemptRow, Begun, Purpose, Share};
pub use publication_settle::{PersonSays, TakeBackOutcome};
pub use rate::{Limit, Taken};
pub use revision::{NewRevision, RevisionLine, RevisionRow};
pub use rule_book::RuleBookRow;
pub use sandbox::{SandboxAccount, SandboxBody, SandboxPost, SandboxPut};
pub use secret::SecretRow;
pub use session::{Session, SignedIn};
pub use suggestion::{NewSuggestion, SuggestionRow, SuggestionState};
pub use totp::Totp;
pub use waiver::WaiverRow;

/// File name and statements of every table file, for the tests.
#[cfg(test)]
pub(crate) const TABLES: &[(&str, &[(&str, &str)])] = &[
    ("alarm", alarm::QUERIES),
    ("api_token", api_token::QUERIES),
    ("approval", approval::QUERIES),
    ("assignment", assignment::QUERIES),
    ("audit", audit::QUERIES),
    ("ceremony", ceremony::QUERIES),
    ("change", change::QUERIES),
    ("channel", channel::QUERIES),
    ("chat", chat::QUERIES),
    ("chat_link", chat_link::QUERIES),
    ("comment", comment::QUERIES),
    ("credential", credential::QUERIES),
    ("farewell", farewell::QUERIES),
    ("idempotency", idempotency::QUERIES),
    ("inbound", inbound::QUERIES),
    ("invite", invite::QUERIES),
    ("letter", letter::QUERIES),
    ("letter_in", letter_in::QUERIES),
    ("link_trail", link_trail::QUERIES),
    ("login_attempt", login_attempt::QUERIES),
    ("mail_address", mail_address::QUERIES),
    ("mail_server", mail_server::QUERIES),
    ("media", media::QUERIES),
    ("media_evidence", media_evidence::QUERIES),
    ("member", member::QUERIES),
    ("network_use", network_use::QUERIES),
    ("observed", observed::QUERIES),
    ("organisation", organisation::QUERIES),
    ("page_change", page_change::QUERIES),
    ("page_follower", page_follower::QUERIES),
    ("page_state", page_state::QUERIES),
    ("password", password::QUERIES),
    ("pause", pause::QUERIES),
    ("post", post::QUERIES),
    ("post_list", post_list::QUERIES),
    ("publication", publication::QUERIES),
    ("publication_claim", publication_claim::QUERIES),
    ("publication_settle", publication_settle::QUERIES),
    ("rate", rate::QUERIES),
    ("recovery_code", recovery_code::QUERIES),
    ("revision", revision::QUERIES),
    ("rule_book", rule_book::QUERIES),
    ("sandbox", sandbox::QUERIES),
    ("secret", secret::QUERIES),
    ("session", session::QUERIES),
    ("suggestion", suggestion::QUERIES),
    ("totp", totp::QUERIES),
    ("waiver", waiver::QUERIES),
];
