//! Ways to show a report: for people, and for programs.

pub mod human;
pub mod json;
pub mod jsonl;
pub mod sarif;
