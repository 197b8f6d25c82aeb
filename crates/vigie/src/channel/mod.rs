//! Channels: the company's pages and accounts on networks.

pub mod api;
pub mod apps;
pub mod cli;
pub mod connect;
pub mod connectors;
pub mod docs;
pub mod farewell;
pub mod fetch;
pub mod fits;
pub mod health;
pub mod hook;
mod oauth;
pub mod page;
mod repair;
pub mod spending;
pub mod trial;
pub mod watch;
pub mod watch_page;

use vigie_connect::Account;
use vigie_store::ChannelRow;

/// The account that a channel stands for.
pub fn account(row: &ChannelRow) -> Account {
    Account {
        platform: row.platform,
        service: row.service.clone(),
        id: row.account.clone(),
        handle: row.handle.clone(),
        // What cannot be read is as if the server had said nothing.
        limits: row
            .limits
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default(),
    }
}

/// Where a channel is, for people: its network, and the account there unless the channel's own name says it.
pub fn place(row: &ChannelRow) -> String {
    let network = row.platform.name();
    if row.display == row.handle {
        network.to_owned()
    } else {
        format!("{network} · {}", row.handle)
    }
}
