//! The company's own site: posts are sent to it by a signed call, and its feed is read.
//!
//! The call is described for those who write the receiver in `docs/site-webhook.md`. Its `id` is our key: the same id with
//! the same bytes is the same post, so an unknown outcome is settled by asking for that id, and sending again makes no
//! second post. What is read of the site is its RSS or Atom feed.

mod shows;
mod wire;

use crate::{
    Account, Code, Connected, Connector, Declaration, Failure, Http, Limit, Limits, MediaWay, Page,
    Payload, Proven, Reads, RemotePost, Renewal, Revokes, Segment, Session, Settling, Shows,
    SignIn, Token, Unit, Version, feed,
    http::Call,
    problem,
    rest::{self, Body, Reply, Request, Stage, Trouble},
    segments::{self, Names},
};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    Method,
    header::{ACCEPT, HeaderValue},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use url::Url;
use vigie_core::{
    content::Platform,
    page_state::PageState,
    publication::{Found, Outcome},
};
use wire::{about, body, digest, entry, is_absent, read_error, said, signed};

/// What the company's site can do.
pub static DECLARATION: Declaration = Declaration {
    platform: Platform::Site,
    name: Platform::Site.name(),
    sign_in: SignIn::Address,
    has_service: true,
    default_service: "",
    text: Limit {
        most: 50_000,
        unit: Unit::Characters,
        bytes: 200_000,
    },
    pictures: 4,
    needs_picture: false,
    picture_bytes: 5_000_000,
    picture_types: &["image/jpeg", "image/png", "image/webp", "image/gif"],
    alt_graphemes: 2_000,
    media: MediaWay::Upload,
    link_card: true,
    link_card_with_pictures: true,
    languages: 5,
    // Nothing comes in from a site that could be answered.
    replies: false,
    warning: false,
    repliers: &[],
    series: false,
    settling: Settling::OwnKey,
    reads: Reads {
        posts: true,
        edits: true,
        ..Reads::NONE
    },
    // Of its feed.
    shows: Shows {
        name: true,
        description: true,
        website: true,
        ..Shows::NONE
    },
    deletes: true,
    every: 5,
    hooks: false,
    scopes: &[],
    version: Some(Version {
        name: "v1",
        ends: None,
    }),
    token: Token {
        days: None,
        renewal: Renewal::Never,
    },
    prices: None,
    revokes: Revokes::Nothing,
    removal: "",
    proven: Proven::Contract("docs/site-webhook.md, whose check of signatures the tests run"),
    sources: &[
        "https://www.rssboard.org/rss-specification",
        "https://www.rfc-editor.org/rfc/rfc4287",
    ],
};

/// Longest time for everything but publishing.
const WITHIN: Duration = Duration::from_secs(30);
/// Shortest shared secret, in characters.
const MIN_SECRET: usize = 16;
/// Before the key in an entry of the feed, so that Vigie knows its own posts there.
pub const OWN: &str = "urn:vigie:";
/// An id that no post has, to see whether the receiver checks signatures.
const PROBE: &str = "vigie-probe";

/// The connector.
#[derive(Debug, Clone)]
pub struct Site {
    http: Http,
}

/// What opens a site, as kept in the vault.
#[derive(Serialize, Deserialize)]
struct Keys {
    secret: String,
    /// The feed's address; empty for none.
    feed: String,
}

/// A site, opened.
struct Open {
    secret: SecretString,
    feed: Option<Url>,
    address: Url,
}

impl Open {
    fn of(session: &Session) -> Result<Self, Failure> {
        let lost = |_| Failure::new(Code::TokenExpired, "the secret kept is not one");
        let keys: Keys = serde_json::from_str(session.secret().expose_secret()).map_err(lost)?;
        Ok(Self {
            secret: SecretString::from(keys.secret),
            feed: Url::parse(&keys.feed).ok(),
            address: wire::address(&session.account.service)?,
        })
    }
}

impl Site {
    /// With the one HTTP client.
    pub const fn new(http: Http) -> Self {
        Self { http }
    }

    async fn ask(&self, open: &Open, id: &str, until: Instant) -> Result<Option<Reply>, Trouble> {
        let request = about(Method::GET, &open.address, id, &open.secret);
        match rest::send(&self.http, request, read_error, until).await {
            Ok(reply) => Ok(Some(reply)),
            Err(trouble) if is_absent(&trouble) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Proves that the receiver knows the secret.
    async fn prove(&self, open: &Open, until: Instant) -> Result<(), Failure> {
        match self.ask(open, PROBE, until).await? {
            None => Ok(()),
            Some(_) => Err(Failure::new(
                Code::GarbageAnswer,
                "the receiver claims to have a post that nobody made",
            )),
        }
    }

    /// Proves that the receiver refuses what is not signed with the secret.
    async fn prove_refusal(&self, open: &Open, until: Instant) -> Result<(), Failure> {
        let wrong = SecretString::from(format!("{}.", open.secret.expose_secret()));
        let request = about(Method::GET, &open.address, PROBE, &wrong);
        match rest::send(&self.http, request, read_error, until).await {
            Err(trouble) if matches!(trouble.status, 401 | 403) => Ok(()),
            Err(trouble)
                if trouble.status == 0
                    || trouble.failure.code.is_passing() && !is_absent(&trouble) =>
            {
                Err(trouble.failure)
            }
            Ok(_) | Err(_) => Err(Failure::new(
                Code::SignatureNotChecked,
                "the receiver answered a call that is not signed with the secret",
            )),
        }
    }

    /// The feed as it stands.
    async fn fetch_feed(&self, feed: &Url, until: Instant) -> Result<Bytes, Failure> {
        let within = until.saturating_duration_since(Instant::now());
        let mut call = Call::new(Method::GET, feed.clone(), within);
        let kinds = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5";
        call.headers = vec![(ACCEPT, HeaderValue::from_static(kinds))];
        call.max_answer = feed::MAX_FEED;
        let answer = self.http.send(call).await.map_err(|error| error.failure)?;
        let said = |code, detail: String| Failure::new(code, detail).retry_at(answer.retry_at);
        match answer.status {
            200 => {}
            300..400 => {
                let to = answer.location.clone().unwrap_or_default();
                return Err(said(Code::BadAddress, format!("the feed has moved: {to}")));
            }
            429 => return Err(said(Code::RateLimited, "too many calls".to_owned())),
            500.. => return Err(said(Code::ServerError, format!("feed: {}", answer.status))),
            other => return Err(said(Code::GarbageAnswer, format!("no feed there: {other}"))),
        }
        Ok(answer.body)
    }

    /// The entries of the feed, newest first.
    async fn read_feed(&self, feed: &Url, until: Instant) -> Result<Vec<RemotePost>, Failure> {
        let body = self.fetch_feed(feed, until).await?;
        let mut posts: Vec<RemotePost> = feed::read(&body, feed)?
            .into_iter()
            .filter_map(entry)
            .collect();
        // What has no time comes last, in the order of the feed.
        posts.sort_by_key(|post| std::cmp::Reverse(post.created_at));
        Ok(posts)
    }
}

fn garbage() -> Failure {
    Failure::new(Code::GarbageAnswer, "not the post asked for")
}

#[async_trait]
impl Connector for Site {
    fn describe(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn page(&self, account: &Account) -> String {
        match Url::parse(&account.service) {
            Ok(url) => url.origin().ascii_serialization(),
            Err(_) => account.service.clone(),
        }
    }

    fn segments(&self, text: &str) -> Vec<Segment> {
        segments::segments(text, Names::Nobody)
    }

    fn problems(&self, account: &Account, payload: &Payload) -> Vec<Code> {
        let mut all = problem::problems(&DECLARATION, account, payload);
        if !rest::is_id(&payload.key) && !all.contains(&Code::BadKey) {
            all.insert(0, Code::BadKey);
        }
        all
    }

    /// `service` takes posts, `identifier` is the feed (may be empty), `secret` signs.
    async fn connect(
        &self,
        service: &str,
        identifier: &str,
        secret: &SecretString,
    ) -> Result<Connected, Failure> {
        let until = Instant::now() + WITHIN;
        let address = wire::address(service)?;
        self.http.admit_secret(&address)?;
        let text = secret.expose_secret().trim();
        if text.chars().count() < MIN_SECRET {
            return Err(Failure::new(Code::WeakSecret, "16 characters at least"));
        }
        let feed = match identifier.trim() {
            "" => None,
            typed => Some(wire::address(typed)?),
        };
        let open = Open {
            secret: SecretString::from(text.to_owned()),
            feed,
            address,
        };
        self.prove_refusal(&open, until).await?;
        self.prove(&open, until)
            .await
            .map_err(|failure| match failure.code {
                Code::TokenExpired | Code::MissingRight => {
                    Failure::new(Code::BadCredentials, failure.detail)
                }
                _ => failure,
            })?;
        if let Some(feed) = &open.feed {
            self.read_feed(feed, until).await?;
        }
        let keys = Keys {
            secret: open.secret.expose_secret().to_owned(),
            feed: open.feed.as_ref().map(Url::to_string).unwrap_or_default(),
        };
        let service = open.address.to_string();
        Ok(Connected {
            account: Account {
                platform: DECLARATION.platform,
                id: service.clone(),
                handle: open.address.host_str().unwrap_or_default().to_owned(),
                service,
                limits: Limits::default(),
            },
            secret: SecretString::from(serde_json::to_string(&keys).unwrap_or_default()),
            until: None,
        })
    }

    async fn check(&self, session: &mut Session) -> Result<(), Failure> {
        self.prove(&Open::of(session)?, Instant::now() + WITHIN)
            .await
    }

    async fn publish(&self, session: &mut Session, payload: &Payload, within: Duration) -> Outcome {
        if let Some(code) = self.problems(&session.account, payload).first() {
            return Outcome::Refused {
                code: code.as_str().to_owned(),
                detail: "found before sending".to_owned(),
            };
        }
        let until = Instant::now() + within;
        let open = match Open::of(session) {
            Ok(open) => open,
            Err(failure) => {
                return Trouble::new(Stage::NotSent, failure.code, failure.detail).before();
            }
        };
        let body = body(payload);
        let bytes = Body::Bytes("application/json", body.clone().into());
        let request = Request::post(open.address.clone(), bytes);
        let request = signed(&open.secret, request, &body, Timestamp::now());
        let reply = match rest::send(&self.http, request, read_error, until).await {
            Ok(reply) => reply,
            // Nothing was overwritten; what is there may be an earlier attempt that somebody has edited since.
            Err(trouble) if trouble.failure.code == Code::KeyTaken => {
                return Outcome::Unknown {
                    detail: trouble.failure.to_string(),
                };
            }
            Err(trouble) => return trouble.outcome(),
        };
        let Some(put) = said(&reply.json, &payload.key) else {
            return Outcome::Unknown {
                detail: format!("{}: a success without our post's id", Code::GarbageAnswer),
            };
        };
        let back = self.ask(&open, &payload.key, until).await.ok().flatten();
        let back = back.and_then(|reply| said(&reply.json, &payload.key));
        Outcome::Published {
            remote_id: put.remote_id,
            url: put.url,
            content_id: back.map(|back| back.content_id).unwrap_or_default(),
        }
    }

    async fn find(&self, session: &mut Session, expected: &Payload) -> Found {
        let cannot = Failure::cannot_tell;
        let open = match Open::of(session) {
            Ok(open) if rest::is_id(&expected.key) => open,
            Ok(_) => return cannot(Failure::new(Code::BadKey, "not a key of ours")),
            Err(failure) => return cannot(failure),
        };
        let reply = match self
            .ask(&open, &expected.key, Instant::now() + WITHIN)
            .await
        {
            Ok(Some(reply)) => reply.json,
            Ok(None) => return Found::Absent,
            Err(trouble) => return cannot(trouble.failure),
        };
        let Some(post) = said(&reply, &expected.key) else {
            return cannot(garbage());
        };
        if rest::text(&reply, "/digest") == digest(&body(expected)) {
            Found::Same {
                remote_id: post.remote_id,
                url: post.url,
                content_id: post.content_id,
            }
        } else {
            Found::Different {
                detail: "under our id is another content".to_owned(),
            }
        }
    }

    async fn read_back(
        &self,
        session: &mut Session,
        remote_id: &str,
    ) -> Result<Option<RemotePost>, Failure> {
        let until = Instant::now() + WITHIN;
        let open = Open::of(session)?;
        if rest::is_id(remote_id) {
            let Some(reply) = self.ask(&open, remote_id, until).await? else {
                return Ok(None);
            };
            return said(&reply.json, remote_id).map(Some).ok_or_else(garbage);
        }
        // Somebody else's: it is known from the feed only.
        let feed = open.feed.as_ref().ok_or_else(no_feed)?;
        let posts = self.read_feed(feed, until).await?;
        match posts.into_iter().find(|post| post.remote_id == remote_id) {
            Some(post) => Ok(Some(post)),
            // A feed holds the newest only: what it does not hold may still be on the site.
            None => Err(Failure::new(Code::NotOffered, "no longer in the feed")),
        }
    }

    async fn list(&self, session: &mut Session, _cursor: Option<&str>) -> Result<Page, Failure> {
        let open = Open::of(session)?;
        let feed = open.feed.as_ref().ok_or_else(no_feed)?;
        Ok(Page {
            posts: self.read_feed(feed, Instant::now() + WITHIN).await?,
            cursor: None,
        })
    }

    /// A site without a feed shows nothing that Vigie could read.
    async fn page_state(&self, session: &mut Session) -> Result<PageState, Failure> {
        let open = Open::of(session)?;
        let feed = open.feed.as_ref().ok_or_else(no_feed)?;
        let body = self.fetch_feed(feed, Instant::now() + WITHIN).await?;
        shows::read(&body)
    }

    async fn delete(&self, session: &mut Session, remote_id: &str) -> Result<(), Failure> {
        if !rest::is_id(remote_id) {
            return Err(Failure::new(Code::BadKey, "not a post that Vigie made"));
        }
        let open = Open::of(session)?;
        let request = about(Method::DELETE, &open.address, remote_id, &open.secret);
        let until = Instant::now() + WITHIN;
        match rest::send(&self.http, request, read_error, until).await {
            Err(trouble) if is_absent(&trouble) => Ok(()),
            other => Ok(other.map(drop)?),
        }
    }
}

fn no_feed() -> Failure {
    Failure::new(Code::NotOffered, "no feed of this site is known")
}
