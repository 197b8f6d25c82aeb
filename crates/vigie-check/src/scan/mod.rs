//! One pass over a text that says which rules have a reason to look closer.

pub(crate) mod common;
pub(crate) mod features;
pub(crate) mod hits;
pub(crate) mod literals;
pub(crate) mod pattern;
pub(crate) mod required;
pub(crate) mod runs;
pub(crate) mod table;
