//! The log of decisions: its export, its offline proof.

pub mod cli;
