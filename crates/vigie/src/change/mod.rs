//! Changes that take two people: one prepares, another confirms, and only then it happens, in the same transaction.

pub mod api;
pub mod apply;
pub mod cli;
pub mod page;
