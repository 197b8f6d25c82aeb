//! Channels: the company's pages and accounts on networks.

pub mod api;
pub mod cli;
pub mod connectors;
pub mod page;

use vigie_connect::Account;
use vigie_store::ChannelRow;

/// The account that a channel stands for.
pub fn account(row: &ChannelRow) -> Account {
    Account {
        platform: row.platform,
        service: row.service.clone(),
        id: row.account.clone(),
        handle: row.handle.clone(),
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
