//! For tests: a real Bluesky server, a server that answers like Mastodon, stand-ins for networks whose servers cannot run
//! here, and a proxy that breaks connections on purpose.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a harness that cannot start must fail the test"
)]

pub mod contract;
mod cut;
pub mod mail;
mod mastodon;
mod pds;
mod proxy;
mod synapse;
#[cfg(feature = "xmpp")]
mod xmpp;

pub use cut::{Cut, Snip};
pub use mail::MailServers;
pub use mastodon::{MastodonServer, Resident};
pub use pds::{Member, Pds};
pub use proxy::{Fault, Proxy};
pub use synapse::{Resident as MatrixResident, Synapse};
#[cfg(feature = "xmpp")]
pub use xmpp::XmppServer;
