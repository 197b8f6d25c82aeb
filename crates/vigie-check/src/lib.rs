//! Checks a post before it is public: accidents of form, secrets and personal data, identity, the law.
//!
//! One pure, total function does it: [`check`]. It never panics, never waits, reads no clock and no network;
//! the same input gives the same report.
//!
//! ```
//! use vigie_check::{Content, Facts, Packs, check};
//! let packs = Packs::embedded().map_err(|e| e[0].clone())?;
//! let facts = Facts::new().with("now", "2026-11-24");
//! let report = check(&Content::text("Bonjour {{prénom}} !"), &facts, &packs);
//! assert_eq!(report.findings[0].rule, "REP-TPL-01");
//! # Ok::<(), vigie_check::LoadError>(())
//! ```

pub mod changes;
pub mod content;
pub mod cost;
pub mod detect;
mod eval;
pub mod facts;
pub mod limits;
pub mod output;
pub mod packs;
#[cfg(feature = "pictures")]
pub mod pictures;
mod prepared;
pub mod proof;
pub mod report;
pub mod rule;
mod scan;
pub mod text;
mod wake;

pub use changes::{Changes, OwnRule};
pub use content::{Content, Lang, MediaFacts, Trail};
pub use facts::{FactValue, Facts, FactsError};
pub use packs::{LoadError, Packs};
pub use report::{
    Confidence, Disposition, Evidence, Family, Finding, Fix, Report, Severity, Skill, Words,
};
pub use rule::Rule;

/// Name and version of the engine, as written in reports.
pub const ENGINE: &str = concat!("vigie-check/", env!("CARGO_PKG_VERSION"));

/// Checks one post. Pure and total; time grows linearly with the text.
///
/// The day on which the post is read comes from the facts `publish`, `date` or `now`; without any, rules that need it
/// keep silent and a note says so.
pub fn check(content: &Content, facts: &Facts, packs: &Packs) -> Report {
    eval::joined::run(content, facts, packs)
        .unwrap_or_else(|| eval::run(eval::Post::from(content), facts, packs))
}
