//! The outside world: the one guarded HTTP client, and one connector per platform behind one contract.
//!
//! Nothing else in the product opens a connection. A connector answers [`vigie_core::publication::Outcome`] and never
//! guesses; it keeps no state between calls and knows nothing of storage, members or approval.

pub mod bluesky;
pub mod chat;
pub mod code;
pub mod connector;
pub mod count;
pub mod declaration;
pub mod facebook;
pub mod feed;
pub mod follow;
pub mod guard;
pub mod hook;
pub mod html;
pub mod http;
pub mod instagram;
pub mod journal;
pub mod linkedin;
pub mod mail;
pub mod mastodon;
mod meta;
pub mod oauth;
pub mod price;
mod problem;
pub mod quota;
pub mod reach;
pub mod resolve;
pub mod rest;
pub mod segments;
mod shown;
mod signed;
pub mod site;
mod socket;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod threads;
pub mod x;
#[cfg(feature = "xmpp")]
pub mod xmpp;

pub use bluesky::Bluesky;
pub use code::{Code, Failure};
pub use connector::{
    Account, Allowed, Arrival, ArrivalKind, Arrivals, Connected, Connector, Farewell, Page,
    Payload, Picture, Placed, RemotePost, Session,
};
pub use count::{Counts, Unit};
pub use declaration::{
    Declaration, Limit, Limits, MediaWay, Proven, Reads, Renewal, Revokes, Settling, Shows, SignIn,
    Token, Version,
};
pub use facebook::Facebook;
pub use follow::{Ended, Trail};
pub use guard::AllowedPrivate;
pub use http::Http;
pub use instagram::Instagram;
pub use linkedin::LinkedIn;
pub use mastodon::Mastodon;
pub use site::Site;
pub use text::{Segment, SegmentKind};
pub use threads::Threads;
pub use x::X;
