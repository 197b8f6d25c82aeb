//! Bluesky, and any other server of the AT Protocol.
//!
//! A post is put with `putRecord` under a key of our own and `swapRecord: null`, that is "nothing may be there yet".
//! Measured on a real server: the same record again answers as the first time and changes nothing; another record under
//! the key answers 400 `InvalidSwap`, so that nothing of anybody is ever overwritten. `createRecord` answers a repeated
//! key with a 500, which says less. Everything before that one call (renewed tokens, handles, uploads) is harmless, so
//! only that call can have an unknown outcome.
//!
//! A post that not everyone may answer has a second record, its gate. Both are created in one commit (`applyWrites`),
//! which takes none of them when something is under the key already: it is looked there first, and after every "no".

mod discover;
mod farewell;
mod gate;
mod inbox;
pub mod key;
mod post;
pub mod record;
mod session;
mod shows;
mod xrpc;

use crate::{
    Account, Arrivals, Code, Connected, Connector, Declaration, Failure, Farewell, Http, Limit,
    MediaWay, Page, Payload, Placed, Proven, Reads, RemotePost, Renewal, Revokes, Segment, Session,
    Settling, Shows, SignIn, Token, Unit,
    segments::{self, Names},
};
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use std::time::{Duration, Instant};
use url::Url;
use vigie_core::{
    content::{Platform, Repliers},
    page_state::PageState,
    publication::{Found, Outcome},
};

/// What Bluesky can do.
pub static DECLARATION: Declaration = Declaration {
    platform: Platform::Bluesky,
    name: Platform::Bluesky.name(),
    sign_in: SignIn::AppPassword,
    has_service: true,
    default_service: "https://bsky.social",
    text: Limit {
        most: 300,
        unit: Unit::Graphemes,
        bytes: 3_000,
    },
    pictures: 4,
    needs_picture: false,
    picture_bytes: 2_000_000,
    picture_types: &["image/jpeg", "image/png", "image/webp", "image/gif"],
    alt_graphemes: 2_000,
    media: MediaWay::Upload,
    link_card: true,
    link_card_with_pictures: false,
    languages: 3,
    replies: true,
    warning: false,
    repliers: &[
        Repliers::Followers,
        Repliers::Followed,
        Repliers::Mentioned,
        Repliers::Nobody,
    ],
    series: true,
    settling: Settling::OwnKey,
    reads: Reads {
        posts: true,
        edits: true,
        comments: true,
        mentions: true,
        messages: false,
    },
    // Who else knows a password of the account is not published.
    shows: Shows {
        website: true,
        followers: true,
        ..Shows::PROFILE
    },
    deletes: true,
    every: 1,
    hooks: false,
    scopes: &[],
    version: None,
    token: Token {
        days: None,
        renewal: Renewal::Never,
    },
    prices: None,
    revokes: Revokes::Session,
    removal: "https://bsky.app/settings/app-passwords",
    proven: Proven::RealServer("a PDS and an app view of the Bluesky company's own packages"),
    sources: &[
        "https://docs.bsky.app/docs/advanced-guides/posts",
        "https://docs.bsky.app/docs/advanced-guides/rate-limits",
        "https://docs.bsky.app/docs/tutorials/thread-gates",
        "https://github.com/bluesky-social/atproto/tree/main/lexicons",
    ],
};

/// Longest time for everything but publishing.
const WITHIN: Duration = Duration::from_secs(30);
/// Longest time for taking back what opens an account: a person waits.
const FAREWELL: Duration = Duration::from_secs(10);

/// The connector.
#[derive(Debug, Clone)]
pub struct Bluesky {
    http: Http,
    plc: Option<Url>,
}

impl Bluesky {
    /// With the one HTTP client.
    pub fn new(http: Http) -> Self {
        Self {
            http,
            plc: Url::parse("https://plc.directory").ok(),
        }
    }

    /// With another directory of accounts.
    pub fn with_directory(http: Http, plc: Url) -> Self {
        Self {
            http,
            plc: Some(plc),
        }
    }
}

/// True for the shape of an account's id.
pub fn is_did(text: &str) -> bool {
    text.len() <= 2_048
        && text
            .strip_prefix("did:")
            .and_then(|rest| rest.split_once(':'))
            .is_some_and(|(method, id)| {
                !method.is_empty()
                    && method.bytes().all(|b| b.is_ascii_lowercase())
                    && !id.is_empty()
                    && id
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"._:%-".contains(&b))
            })
}

#[async_trait]
impl Connector for Bluesky {
    fn describe(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn page(&self, account: &Account) -> String {
        format!("https://bsky.app/profile/{}", account.id)
    }

    fn segments(&self, text: &str) -> Vec<Segment> {
        segments::segments(text, Names::Domain)
    }

    fn problems(&self, account: &Account, payload: &Payload) -> Vec<Code> {
        record::problems(account, payload)
    }

    fn next_after(&self, before: &Placed<'_>, first: &Placed<'_>) -> Option<String> {
        record::answerable(
            (before.remote_id, before.content_id),
            (first.remote_id, first.content_id),
        )
    }

    fn new_key(&self, now: Timestamp, salt: u16) -> String {
        key::tid(
            u64::try_from(now.as_microsecond()).unwrap_or_default(),
            salt,
        )
    }

    async fn connect(
        &self,
        service: &str,
        identifier: &str,
        secret: &SecretString,
    ) -> Result<Connected, Failure> {
        let until = Instant::now() + WITHIN;
        let service = if !service.trim().is_empty() {
            discover::service(service)?
        } else {
            let found = match &self.plc {
                Some(plc) => discover::pds(&self.http, plc, identifier, until).await,
                None => None,
            };
            match found {
                // Accounts of the entryway's own servers sign in there.
                Some(home)
                    if !home
                        .host_str()
                        .is_some_and(|host| host.ends_with(".host.bsky.network")) =>
                {
                    home
                }
                _ => discover::service(DECLARATION.default_service)?,
            }
        };
        session::connect(&self.http, &service, identifier, secret, until).await
    }

    async fn check(&self, session: &mut Session) -> Result<(), Failure> {
        post::check(&self.http, session, WITHIN).await
    }

    async fn publish(&self, session: &mut Session, payload: &Payload, within: Duration) -> Outcome {
        post::publish(&self.http, session, payload, within).await
    }

    async fn find(&self, session: &mut Session, expected: &Payload) -> Found {
        post::find(&self.http, session, expected, WITHIN).await
    }

    async fn read_back(
        &self,
        session: &mut Session,
        remote_id: &str,
    ) -> Result<Option<RemotePost>, Failure> {
        post::read_back(&self.http, session, remote_id, WITHIN).await
    }

    async fn list(&self, session: &mut Session, cursor: Option<&str>) -> Result<Page, Failure> {
        post::list(&self.http, session, cursor, WITHIN).await
    }

    async fn delete(&self, session: &mut Session, remote_id: &str) -> Result<(), Failure> {
        post::delete(&self.http, session, remote_id, WITHIN).await
    }

    async fn arrivals(
        &self,
        session: &mut Session,
        cursor: Option<&str>,
    ) -> Result<Arrivals, Failure> {
        inbox::arrivals(&self.http, session, cursor, WITHIN).await
    }

    async fn page_state(&self, session: &mut Session) -> Result<PageState, Failure> {
        shows::read(&self.http, session, WITHIN).await
    }

    async fn farewell(&self, session: &Session) -> Result<Farewell, Failure> {
        farewell::farewell(&self.http, session, FAREWELL).await
    }
}
