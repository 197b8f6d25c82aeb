//! For tests: a real Bluesky server and a proxy that breaks connections on purpose.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a harness that cannot start must fail the test"
)]

mod pds;
mod proxy;

pub use pds::{Member, Pds};
pub use proxy::{Fault, Proxy};
