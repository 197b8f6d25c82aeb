//! Channels: the company's pages and accounts on networks.

pub mod connectors;
pub mod page;
