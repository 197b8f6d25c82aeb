//! The built-in network that stands in for a real one: a readable page served by Vigie itself.

pub mod connector;
pub mod page;
