//! Rules: how they are written in files, and what they become in memory.

pub mod condition;
pub mod days;
pub(crate) mod fault;
pub mod file;
pub mod format;
pub mod load;
pub mod model;
#[cfg(feature = "schema")]
pub mod schema;

pub use model::Rule;
