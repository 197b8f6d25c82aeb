//! The outside world: the one guarded HTTP client, and one connector per platform behind one contract.
//!
//! Nothing else in the product opens a connection. A connector answers [`vigie_core::publication::Outcome`] and never
//! guesses; it keeps no state between calls and knows nothing of storage, members or approval.

pub mod bluesky;
pub mod code;
pub mod connector;
pub mod follow;
pub mod guard;
pub mod http;
pub mod resolve;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;

pub use bluesky::Bluesky;
pub use code::{Code, Failure};
pub use connector::{
    Account, Connected, Connector, Counts, Declaration, Limit, Page, Payload, Picture, RemotePost,
    Session, Settling,
};
pub use follow::{Ended, Trail};
pub use guard::AllowedPrivate;
pub use http::Http;
pub use text::{Segment, SegmentKind};
