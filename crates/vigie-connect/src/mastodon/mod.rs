//! Mastodon, and any other server with its interface (GoToSocial, Pleroma, …).
//!
//! A post is made with `POST /api/v1/statuses`. The `Idempotency-Key` is always sent, but nothing is built on it: Mastodon
//! keeps it for an hour only, and GoToSocial was measured to ignore it, so that a repeated call made a second post. An
//! unknown outcome is therefore settled by looking for the content, and never by sending again. Everything before that one
//! call (uploads, their processing, a look at the post that is answered) is harmless.

mod calls;
mod farewell;
mod inbox;
mod post;
mod server;
mod shows;
mod status;

use crate::{
    Account, Arrivals, Connected, Connector, Declaration, Failure, Farewell, Http, Limit, MediaWay,
    Page, Payload, Proven, Reads, RemotePost, Renewal, Revokes, Segment, Session, Settling, Shows,
    SignIn, Token, Unit,
    oauth::{Ask, Back, Going},
    segments::{self, Names},
};
use async_trait::async_trait;
use secrecy::SecretString;
use std::time::Duration;
use vigie_core::{
    content::Platform,
    page_state::PageState,
    publication::{Found, Outcome},
};

/// What Mastodon can do; each server says its own limits ([`crate::Limits`]).
pub static DECLARATION: Declaration = Declaration {
    platform: Platform::Mastodon,
    name: Platform::Mastodon.name(),
    sign_in: SignIn::OAuth { registered: false },
    has_service: true,
    default_service: "",
    text: Limit {
        most: 500,
        unit: Unit::Fediverse { url: 23 },
        // No limit of the network: links count 23 each, however long they are.
        bytes: 50_000,
    },
    pictures: 4,
    needs_picture: false,
    picture_bytes: 10_485_760,
    picture_types: &["image/jpeg", "image/png", "image/webp", "image/gif"],
    alt_graphemes: 1_500,
    media: MediaWay::Upload,
    // Servers make a card from a link in the text; nobody can say which or how.
    link_card: false,
    link_card_with_pictures: false,
    languages: 1,
    replies: true,
    warning: true,
    repliers: &[],
    series: true,
    settling: Settling::ByContent,
    reads: Reads {
        posts: true,
        edits: true,
        comments: true,
        mentions: true,
        messages: true,
    },
    // Only a person sees in the account's settings which programs are let in, and an account has no other
    // administrators than those who know its password.
    shows: Shows {
        website: true,
        followers: true,
        ..Shows::PROFILE
    },
    deletes: true,
    every: 2,
    hooks: false,
    scopes: &[
        "read:accounts",
        "read:statuses",
        "read:notifications",
        "write:statuses",
        "write:media",
    ],
    version: None,
    token: Token {
        days: None,
        renewal: Renewal::Never,
    },
    prices: None,
    revokes: Revokes::Token,
    removal: "",
    proven: Proven::Contract(
        "the published interface, and mastodon_mock, a server of its own that answers like Mastodon",
    ),
    sources: &[
        "https://docs.joinmastodon.org/methods/statuses/",
        "https://docs.joinmastodon.org/methods/media/",
        "https://docs.joinmastodon.org/methods/notifications/",
        "https://docs.joinmastodon.org/methods/accounts/",
        "https://docs.joinmastodon.org/methods/oauth/",
        "https://docs.joinmastodon.org/entities/Instance/",
        "https://docs.joinmastodon.org/api/rate-limits/",
    ],
};

/// Longest time for everything but publishing.
const WITHIN: Duration = Duration::from_secs(30);
/// Longest time for taking back what opens an account: a person waits.
const FAREWELL: Duration = Duration::from_secs(10);

/// The connector.
#[derive(Debug, Clone)]
pub struct Mastodon {
    http: Http,
}

impl Mastodon {
    /// With the one HTTP client. Nothing is registered beforehand: Vigie registers itself at each server.
    pub const fn new(http: Http) -> Self {
        Self { http }
    }
}

#[async_trait]
impl Connector for Mastodon {
    fn describe(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn page(&self, account: &Account) -> String {
        let name = account.handle.split('@').next().unwrap_or_default();
        format!("{}/@{name}", account.service)
    }

    fn segments(&self, text: &str) -> Vec<Segment> {
        segments::segments(text, Names::Fediverse)
    }

    async fn connect(
        &self,
        service: &str,
        identifier: &str,
        secret: &SecretString,
    ) -> Result<Connected, Failure> {
        server::connect(&self.http, service, identifier, secret, WITHIN).await
    }

    async fn authorize(&self, service: &str, ask: &Ask<'_>) -> Result<Going, Failure> {
        server::authorize(&self.http, service, ask, WITHIN).await
    }

    async fn arrive(&self, _service: &str, back: &Back<'_>) -> Result<Vec<Connected>, Failure> {
        server::arrive(&self.http, back, WITHIN).await
    }

    async fn check(&self, session: &mut Session) -> Result<(), Failure> {
        server::check(&self.http, session, WITHIN).await
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

    fn removal(&self, account: &Account) -> String {
        format!("{}/oauth/authorized_applications", account.service)
    }
}
