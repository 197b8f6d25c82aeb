//! Pages of Facebook, by the Graph API.
//!
//! A post is made by one call, `POST /{page}/feed`. Its pictures are uploaded before, unpublished, which nobody sees.
//! There is no key of ours, so that an unknown outcome is settled by looking for the same content. An answer to a
//! comment is made by `POST /{comment}/comments`.
//!
//! Meta documents PKCE for its OpenID flow only; the challenge and the verifier are sent all the same, beside the
//! program's secret, on which the exchange of the code depends. Every call carries `appsecret_proof`, so that a stolen
//! token is of no use without that secret.

mod inbox;
mod post;
mod shows;
mod sign_in;

use crate::{
    Account, Arrivals, Code, Connected, Connector, Declaration, Failure, Http, Limit, MediaWay,
    Page, Payload, Proven, Reads, RemotePost, Renewal, Revokes, Segment, Session, Settling, Shows,
    SignIn, Token, Unit,
    hook::{HookAnswer, HookCall},
    meta::{self, Graph, VERSION, WITHIN},
    oauth::{App, Ask, Back, Going},
    segments::{self, Names},
};
use async_trait::async_trait;
use serde_json::Value;
use std::time::Duration;
use url::Url;
use vigie_core::{
    content::Platform,
    page_state::PageState,
    publication::{Found, Outcome},
};

/// What Facebook pages can do.
pub static DECLARATION: Declaration = Declaration {
    platform: Platform::Facebook,
    name: Platform::Facebook.name(),
    sign_in: SignIn::OAuth { registered: true },
    has_service: false,
    default_service: "https://graph.facebook.com",
    text: Limit {
        most: 63_206,
        unit: Unit::Characters,
        bytes: 63_206 * 4,
    },
    pictures: 10,
    needs_picture: false,
    picture_bytes: 4_000_000,
    picture_types: &["image/jpeg", "image/png"],
    // Meta publishes no limit; this is the one of Instagram.
    alt_graphemes: 1_000,
    media: MediaWay::Upload,
    link_card: true,
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
        mentions: true,
        messages: false,
    },
    // People with a role on the page (`roles`, `assigned_users`) and programs (`subscribed_apps`) would take the right to
    // change the page's settings, pages_manage_metadata.
    shows: Shows {
        website: true,
        followers: true,
        ..Shows::PROFILE
    },
    deletes: true,
    // The operator subscribes a page to the app (`feed`, `mention`): to let Vigie do it would take the right to change
    // the page's settings, pages_manage_metadata.
    every: 5,
    hooks: true,
    scopes: &[
        "pages_show_list",
        "pages_manage_posts",
        "pages_read_engagement",
        "pages_read_user_content",
        "pages_manage_engagement",
    ],
    version: Some(VERSION),
    // The token of a page that comes from a long-lived token of a person has no end of its own.
    token: Token {
        days: None,
        renewal: Renewal::Never,
    },
    // `DELETE /{user}/permissions` is documented for the token of a person or of the program, not for a page's.
    prices: None,
    revokes: Revokes::Nothing,
    removal: "https://www.facebook.com/settings/?tab=business_tools",
    proven: Proven::Contract("the Graph API as in Meta's own facebook-business 26.0.3"),
    sources: &[
        "https://pypi.org/project/facebook-business/26.0.3/",
        "https://developers.facebook.com/docs/pages-api/posts",
        "https://developers.facebook.com/docs/pages-api/comments-mentions",
        "https://developers.facebook.com/docs/graph-api/reference/page",
        "https://developers.facebook.com/docs/graph-api/reference/page/assigned_users",
        "https://developers.facebook.com/docs/graph-api/changelog",
        "https://developers.facebook.com/docs/graph-api/guides/error-handling",
        "https://developers.facebook.com/docs/graph-api/overview/rate-limiting",
        "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
        "https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived",
    ],
};

/// The connector.
#[derive(Debug, Clone)]
pub struct Facebook {
    http: Http,
    app: Option<App>,
}

impl Facebook {
    /// With the one HTTP client and the operator's registration, if there is one.
    pub fn new(http: Http, app: Option<App>) -> Self {
        Self { http, app }
    }

    fn open<'a>(&'a self, session: &Session, within: Duration) -> Result<Graph<'a>, Failure> {
        let app = self.app.as_ref();
        Graph::open(&self.http, session, VERSION.name, app, within)
    }
}

#[async_trait]
impl Connector for Facebook {
    fn describe(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn is_ready(&self) -> bool {
        self.app.is_some()
    }

    fn page(&self, account: &Account) -> String {
        format!("https://www.facebook.com/{}", account.id)
    }

    fn segments(&self, text: &str) -> Vec<Segment> {
        // A name after @ is shown as words in a post made by a program.
        segments::segments(text, Names::Nobody)
    }

    fn problems(&self, account: &Account, payload: &Payload) -> Vec<Code> {
        post::problems(account, payload)
    }

    async fn authorize(&self, _service: &str, ask: &Ask<'_>) -> Result<Going, Failure> {
        sign_in::authorize(self.app.as_ref(), ask)
    }

    async fn arrive(&self, _service: &str, back: &Back<'_>) -> Result<Vec<Connected>, Failure> {
        sign_in::arrive(&self.http, self.app.as_ref(), back).await
    }

    async fn check(&self, session: &mut Session) -> Result<(), Failure> {
        let graph = self.open(session, WITHIN)?;
        let me = graph.get(&["me"], &[("fields", "id,name")]).await?;
        if crate::rest::id(&me, "/id").as_deref() != Some(session.account.id.as_str()) {
            return Err(Failure::new(
                Code::OtherAccount,
                "the token is for another page",
            ));
        }
        let name = meta::cut(crate::rest::text(&me, "/name"), 200);
        if !name.is_empty() {
            session.account.handle = name;
        }
        Ok(())
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
        let graph = self.open(session, WITHIN)?;
        post::read_back(&graph, &session.account, remote_id).await
    }

    async fn list(&self, session: &mut Session, cursor: Option<&str>) -> Result<Page, Failure> {
        let graph = self.open(session, WITHIN)?;
        post::list(&graph, &session.account, cursor).await
    }

    async fn delete(&self, session: &mut Session, remote_id: &str) -> Result<(), Failure> {
        let graph = self.open(session, WITHIN)?;
        post::delete(&graph, &session.account, remote_id).await
    }

    async fn arrivals(
        &self,
        session: &mut Session,
        cursor: Option<&str>,
    ) -> Result<Arrivals, Failure> {
        let graph = self.open(session, WITHIN)?;
        inbox::arrivals(&graph, &session.account, cursor).await
    }

    async fn page_state(&self, session: &mut Session) -> Result<PageState, Failure> {
        shows::read(&self.open(session, WITHIN)?, &session.account).await
    }

    fn hook(&self, call: &HookCall<'_>) -> Result<HookAnswer, Failure> {
        meta::hook(self.app.as_ref(), call, meta::entries)
    }
}

/// The server of the interface.
fn service(app: &App) -> Result<Url, Failure> {
    match &app.api {
        Some(api) => Ok(api.clone()),
        None => meta::server(DECLARATION.default_service),
    }
}

/// The page that someone writes as.
fn author(json: &Value) -> Option<&str> {
    json.pointer("/from/id").and_then(Value::as_str)
}
