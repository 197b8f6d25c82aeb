//! Professional accounts of Instagram, by the Instagram API with Instagram Login.
//!
//! Of Meta's two ways in this is the one taken: it needs no Facebook page, asks for three rights instead of five, its
//! tokens can be renewed without a person, and it is documented whole. What it does not do is to delete a post: Meta
//! offers that with Facebook Login alone. PKCE is not documented for it; the exchange of the code depends on the
//! program's secret.
//!
//! A post is made in two steps: containers, which nobody sees and whose pictures Instagram fetches from the short-lived
//! address of Vigie, then `POST /{user}/media_publish`, the one call that can have an unknown outcome.

mod inbox;
mod post;
mod shows;

use crate::{
    Account, Arrivals, Code, Connected, Connector, Declaration, Failure, Http, Limit, MediaWay,
    Page, Payload, Proven, Reads, RemotePost, Renewal, Revokes, Segment, Session, Settling, Shows,
    SignIn, Token, Unit,
    hook::{HookAnswer, HookCall},
    meta::{self, Flavour, Graph, VERSION, WITHIN},
    oauth::{App, Ask, Back, Going, Tokens},
    rest,
    segments::{self, Names},
};
use async_trait::async_trait;
use secrecy::SecretString;
use std::time::{Duration, Instant};
use url::Url;
use vigie_core::{
    content::Platform,
    page_state::PageState,
    publication::{Found, Outcome},
};

/// What Instagram can do.
pub static DECLARATION: Declaration = Declaration {
    platform: Platform::Instagram,
    name: Platform::Instagram.name(),
    sign_in: SignIn::OAuth { registered: true },
    has_service: false,
    default_service: "https://graph.instagram.com",
    text: Limit {
        most: 2_200,
        unit: Unit::Characters,
        bytes: 2_200 * 4,
    },
    pictures: 10,
    needs_picture: true,
    picture_bytes: 8_000_000,
    picture_types: &["image/jpeg"],
    alt_graphemes: 1_000,
    media: MediaWay::Fetched,
    link_card: false,
    link_card_with_pictures: false,
    languages: 0,
    replies: true,
    warning: false,
    repliers: &[],
    series: false,
    settling: Settling::ByContent,
    reads: Reads {
        posts: true,
        edits: true,
        comments: true,
        mentions: false,
        messages: false,
    },
    // The documented fields of one's own account with this way of signing in; its words and links are not among them.
    shows: Shows {
        description: false,
        followers: true,
        ..Shows::PROFILE
    },
    deletes: false,
    every: 5,
    hooks: true,
    scopes: &[
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_comments",
    ],
    version: Some(VERSION),
    token: Token {
        days: Some(60),
        renewal: Renewal::ByItself,
    },
    // Not documented for this way of signing in.
    prices: None,
    revokes: Revokes::Nothing,
    removal: "https://www.instagram.com/accounts/manage_access/",
    proven: Proven::Contract("the Instagram API with Instagram Login, as documented by Meta"),
    sources: &[
        "https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login",
        "https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started",
        "https://developers.facebook.com/docs/instagram-platform/content-publishing",
        "https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media",
        "https://developers.facebook.com/docs/instagram-platform/comment-moderation",
        "https://developers.facebook.com/docs/instagram-platform/webhooks",
        "https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes",
        "https://pypi.org/project/facebook-business/26.0.3/",
    ],
};

/// Its token endpoints.
const FLAVOUR: Flavour = Flavour {
    exchange: "ig_exchange_token",
    renew: "ig_refresh_token",
};

/// The connector.
#[derive(Debug, Clone)]
pub struct Instagram {
    http: Http,
    app: Option<App>,
}

impl Instagram {
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

/// Who a token is for: the account's id, the same as in webhooks, and its name.
const ME: meta::Me = meta::Me {
    fields: "user_id,username",
    read: |answer| {
        // Documented as a list of one; seen plain.
        let me = answer.pointer("/data/0").unwrap_or(answer);
        let id = rest::id(me, "/user_id")?;
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

#[async_trait]
impl Connector for Instagram {
    fn describe(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn is_ready(&self) -> bool {
        self.app.is_some()
    }

    fn page(&self, account: &Account) -> String {
        format!("https://www.instagram.com/{}/", account.handle)
    }

    fn segments(&self, text: &str) -> Vec<Segment> {
        segments::segments(text, Names::Plain)
    }

    fn problems(&self, account: &Account, payload: &Payload) -> Vec<Code> {
        post::problems(account, payload)
    }

    async fn authorize(&self, _service: &str, ask: &Ask<'_>) -> Result<Going, Failure> {
        let app = self.registered()?;
        let server = host(app, "https://www.instagram.com")?;
        let mut url = rest::at(&server, &["oauth", "authorize"]);
        url.query_pairs_mut()
            .append_pair("client_id", &app.id)
            .append_pair("redirect_uri", ask.redirect.as_str())
            .append_pair("response_type", "code")
            .append_pair("scope", &DECLARATION.scopes.join(","))
            .append_pair("state", ask.state);
        Ok(Going {
            url,
            keep: SecretString::from(String::new()),
        })
    }

    async fn arrive(&self, _service: &str, back: &Back<'_>) -> Result<Vec<Connected>, Failure> {
        let app = self.registered()?;
        let until = Instant::now() + WITHIN;
        let door = host(app, "https://api.instagram.com")?;
        let server = host(app, DECLARATION.default_service)?;
        let short = meta::granted(&self.http, &door, app, back, until).await?;
        meta::all_granted(&short, DECLARATION.scopes)?;
        let short = Tokens::answered(&short, jiff::Timestamp::now())?.access;
        let tokens = meta::exchanged(&self.http, &server, app, FLAVOUR, &short, until).await?;
        let base = rest::at(&server, &[VERSION.name]);
        let graph = Graph::new(&self.http, base, tokens.bearer(), None, until);
        let (id, handle) = ME.of(&graph).await?;
        // Instagram calls Vigie about an account only when asked to. Without that Vigie looks by itself all the same.
        let fields = vec![("subscribed_fields", "comments".to_owned())];
        if let Err(trouble) = graph.post(&[&id, "subscribed_apps"], fields).await {
            tracing::warn!(failure = %trouble.failure, "no webhooks for this account");
        }
        Ok(vec![Connected {
            account: Account {
                platform: Platform::Instagram,
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
        post::list(&self.open(session, WITHIN)?, &session.account, cursor).await
    }

    /// Instagram Login offers no deletion: a person deletes in Instagram.
    async fn delete(&self, _session: &mut Session, _remote_id: &str) -> Result<(), Failure> {
        Err(Failure::new(
            Code::NotOffered,
            "Instagram deletes no post for a program that signs in this way",
        ))
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
        meta::hook(self.app.as_ref(), call, meta::entries)
    }
}
