//! For tests: a real Bluesky server, stand-ins for networks whose servers cannot run here, and a proxy that breaks
//! connections on purpose.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a harness that cannot start must fail the test"
)]

pub mod contract;
mod pds;
mod proxy;

pub use pds::{Member, Pds};
pub use proxy::{Fault, Proxy};
