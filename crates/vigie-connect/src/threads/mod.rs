//! Threads.
//!
//! A post or an answer is made in two steps: containers, which nobody sees and whose pictures Threads fetches from the
//! short-lived address of Vigie, then `POST /{user}/threads_publish`, the one call that can have an unknown outcome.
//! PKCE is not documented for it; the exchange of the code depends on the program's secret.

mod inbox;
mod post;
mod shows;

use crate::{
    Account, Arrivals, Code, Connected, Connector, Declaration, Failure, Http, Limit, MediaWay,
    Page, Payload, Proven, Reads, RemotePost, Renewal, Revokes, Segment, Session, Settling, Shows,
    SignIn, Token, Unit, Version,
    hook::{HookAnswer, HookCall},
    meta::{self, Flavour, Graph, WITHIN},
    oauth::{App, Ask, Back, Going, Tokens},
    rest,
    segments::{self, Names},
};
use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;
use vigie_core::{
    content::{Platform, Repliers},
    page_state::PageState,
    publication::{Found, Outcome},
};

/// The version of the interface: the only one so far, without an end.
const VERSION: Version = Version {
    name: "v1.0",
    ends: None,
};

/// What Threads can do.
pub static DECLARATION: Declaration = Declaration {
    platform: Platform::Threads,
    name: Platform::Threads.name(),
    sign_in: SignIn::OAuth { registered: true },
    has_service: false,
    default_service: "https://graph.threads.net",
    text: Limit {
        most: 500,
        unit: Unit::EmojiBytes,
        bytes: 500 * 4,
    },
    pictures: 20,
    needs_picture: false,
    picture_bytes: 8_000_000,
    picture_types: &["image/jpeg", "image/png"],
    alt_graphemes: 1_000,
    media: MediaWay::Fetched,
    link_card: true,
    link_card_with_pictures: false,
    languages: 0,
    replies: true,
    warning: false,
    repliers: &[Repliers::Followers, Repliers::Followed, Repliers::Mentioned],
    series: true,
    settling: Settling::ByContent,
    reads: Reads {
        posts: true,
        edits: true,
        comments: true,
        mentions: true,
        messages: false,
    },
    // The number of followers is an insight, which takes a right of its own.
    shows: Shows::PROFILE,
    deletes: true,
    every: 5,
    hooks: true,
    scopes: &[
        "threads_basic",
        "threads_content_publish",
        "threads_read_replies",
        "threads_manage_replies",
        "threads_manage_mentions",
        "threads_delete",
    ],
    version: Some(VERSION),
    token: Token {
        days: Some(60),
        renewal: Renewal::ByItself,
    },
    // Not documented.
    prices: None,
    revokes: Revokes::Nothing,
    removal: "https://www.threads.com/settings/account",
    proven: Proven::Contract("the Threads API, as documented by Meta"),
    sources: &[
        "https://developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions",
        "https://developers.facebook.com/docs/threads/get-started/long-lived-tokens",
        "https://developers.facebook.com/docs/threads/threads-profiles",
        "https://developers.facebook.com/docs/threads/posts",
        "https://developers.facebook.com/docs/threads/overview",
        "https://developers.facebook.com/docs/threads/posts/delete-posts",
        "https://developers.facebook.com/docs/threads/reply-management",
        "https://developers.facebook.com/docs/threads/retrieve-and-manage-replies/replies-and-conversations",
        "https://developers.facebook.com/docs/threads/troubleshooting",
        "https://developers.facebook.com/docs/threads/webhooks",
    ],
};

/// Its token endpoints.
const FLAVOUR: Flavour = Flavour {
    exchange: "th_exchange_token",
    renew: "th_refresh_token",
};

/// The connector.
#[derive(Debug, Clone)]
pub struct Threads {
    http: Http,
    app: Option<App>,
}

impl Threads {
    /// With the one HTTP client and the operator's registration, if there is one.
    pub fn new(http: Http, app: Option<App>) -> Self {
        Self { http, app }
    }

    fn registered(&self) -> Result<&App, Failure> {
        self.app
            .as_ref()
            .ok_or_else(|| Failure::new(Code::NotRegistered, "no app is registered at Meta"))
    }

    fn open(&self, session: &Session, within: Duration) -> Result<Graph<'_>, Failure> {
        Graph::open(&self.http, session, VERSION.name, None, within)
    }
}

/// Who a token is for.
const ME: meta::Me = meta::Me {
    fields: "id,username",
    read: |me| {
        let id = rest::id(me, "/id")?;
        Some((id, meta::cut(rest::text(me, "/username"), 200)))
    },
};

/// One of the hosts; the operator's gateway stands for all of them.
fn host(app: &App, own: &str) -> Result<Url, Failure> {
    match &app.api {
        Some(api) => Ok(api.clone()),
        None => meta::server(own),
    }
}

/// The account of a call: the owner of the post that was answered. Of other calls it is not documented whom they are
/// about.
fn called(said: &Value) -> Vec<String> {
    rest::id(said, "/values/value/root_post/owner_id")
        .into_iter()
        .collect()
}

#[async_trait]
impl Connector for Threads {
    fn describe(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn is_ready(&self) -> bool {
        self.app.is_some()
    }

    fn page(&self, account: &Account) -> String {
        format!("https://www.threads.com/@{}", account.handle)
    }

    fn segments(&self, text: &str) -> Vec<Segment> {
        segments::segments(text, Names::Plain)
    }

    fn problems(&self, account: &Account, payload: &Payload) -> Vec<Code> {
        post::problems(account, payload)
    }

    async fn authorize(&self, _service: &str, ask: &Ask<'_>) -> Result<Going, Failure> {
        let app = self.registered()?;
        let server = host(app, "https://threads.net")?;
        let mut url = rest::at(&server, &["oauth", "authorize"]);
        url.query_pairs_mut()
            .append_pair("client_id", &app.id)
            .append_pair("redirect_uri", ask.redirect.as_str())
            .append_pair("scope", &DECLARATION.scopes.join(","))
            .append_pair("response_type", "code")
            .append_pair("state", ask.state);
        Ok(Going {
            url,
            keep: SecretString::from(String::new()),
        })
    }

    async fn arrive(&self, _service: &str, back: &Back<'_>) -> Result<Vec<Connected>, Failure> {
        let app = self.registered()?;
        let until = Instant::now() + WITHIN;
        let server = host(app, DECLARATION.default_service)?;
        let short = meta::granted(&self.http, &server, app, back, until).await?;
        let short = Tokens::answered(&short, jiff::Timestamp::now())?.access;
        let tokens = meta::exchanged(&self.http, &server, app, FLAVOUR, &short, until).await?;
        let base = rest::at(&server, &[VERSION.name]);
        let graph = Graph::new(&self.http, base, tokens.bearer(), None, until);
        let (id, handle) = ME.of(&graph).await?;
        Ok(vec![Connected {
            account: Account {
                platform: Platform::Threads,
                service: server.as_str().trim_end_matches('/').to_owned(),
                id,
                handle,
                limits: crate::Limits::default(),
            },
            until: tokens.ends(),
            secret: tokens.seal(),
        }])
    }

    async fn check(&self, session: &mut Session) -> Result<(), Failure> {
        meta::checked(&self.http, FLAVOUR, VERSION.name, ME, session, WITHIN).await
    }

    async fn publish(&self, session: &mut Session, payload: &Payload, within: Duration) -> Outcome {
        match self.open(session, within) {
            Ok(graph) => post::publish(&graph, &session.account, payload).await,
            Err(failure) => failure.not_sent(),
        }
    }

    async fn find(&self, session: &mut Session, expected: &Payload) -> Found {
        match self.open(session, WITHIN) {
            Ok(graph) => post::find(&graph, &session.account, expected).await,
            Err(failure) => failure.cannot_tell(),
        }
    }

    async fn read_back(
        &self,
        session: &mut Session,
        remote_id: &str,
    ) -> Result<Option<RemotePost>, Failure> {
        post::read_back(&self.open(session, WITHIN)?, &session.account, remote_id).await
    }

    async fn list(&self, session: &mut Session, cursor: Option<&str>) -> Result<Page, Failure> {
        let graph = self.open(session, WITHIN)?;
        post::list(&graph, &session.account, "threads", cursor).await
    }

    async fn delete(&self, session: &mut Session, remote_id: &str) -> Result<(), Failure> {
        post::delete(&self.open(session, WITHIN)?, &session.account, remote_id).await
    }

    async fn arrivals(
        &self,
        session: &mut Session,
        cursor: Option<&str>,
    ) -> Result<Arrivals, Failure> {
        inbox::arrivals(&self.open(session, WITHIN)?, &session.account, cursor).await
    }

    async fn page_state(&self, session: &mut Session) -> Result<PageState, Failure> {
        shows::read(&self.open(session, WITHIN)?, &session.account).await
    }

    fn hook(&self, call: &HookCall<'_>) -> Result<HookAnswer, Failure> {
        meta::hook(self.app.as_ref(), call, called)
    }
}
