//! Channels: the company's pages and accounts on networks.

pub mod api;
pub mod cli;
pub mod connectors;
pub mod page;
