//! Who is asking: the signed-in member or token, their language, address and look, found once for each request.

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use vigie_core::{
    id::{MemberId, SessionId, TokenId},
    member::{Lang, Role},
    rights::{Act, Scope, allowed},
};

use super::{address, cookie, error::Error, flash::Flash, kept, language, route::is_api};
use crate::app::App;

/// A signed-in member, as the session tells.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The member.
    pub id: MemberId,
    /// Their name, as shown.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Whether they may review.
    pub reviewer: bool,
    /// Their language.
    pub lang: Lang,
    /// Their session.
    pub session: SessionId,
    /// When they last proved themselves with a passkey or a code in this session.
    pub step_up_at: Option<Timestamp>,
}

impl Signed {
    /// Whether their role allows `act`.
    pub fn may(&self, act: Act) -> bool {
        allowed(self.role, self.reviewer, act)
    }
}

/// An API token in use. It acts for its member and can never stand in for a second person.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// The token.
    pub id: TokenId,
    /// The member it acts for.
    pub member: MemberId,
    /// That member's role now.
    pub role: Role,
    /// Whether that member may review.
    pub reviewer: bool,
    /// That member's language.
    pub lang: Lang,
    /// What the token may do.
    pub scopes: Vec<Scope>,
}

/// Light, dark, or as the device says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The name in cookies, forms and `data-theme`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of that name; anything else is `Auto`.
    pub fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }
}

/// The name of one request in logs, error pages and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation(pub String);

impl Operation {
    /// A new name.
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().simple().to_string())
    }
}

impl Default for Operation {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything known about who asks.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The signed-in member (pages only: a cookie never authorises the API).
    pub signed: Option<Signed>,
    /// The token (API only).
    pub token: Option<Bearer>,
    /// The language of the answer.
    pub lang: Lang,
    /// The look of the page.
    pub theme: Theme,
    /// Where the request comes from, proxies taken into account.
    pub address: IpAddr,
    /// The name of this request.
    pub operation: Operation,
    /// What the page before left to say.
    pub flash: Option<Flash>,
    /// Path and query that were asked for.
    pub path: String,
    /// Asked by htmx for a part of a page.
    pub partial: bool,
}

impl Viewer {
    /// The signed-in member.
    ///
    /// # Errors
    /// Nobody is signed in (a route that says `Who::Member` or `SignedIn` never sees this).
    pub fn member(&self) -> Result<&Signed, Error> {
        self.signed.as_ref().ok_or(Error::SignIn { next: None })
    }

    /// Whose bucket a request is taken from: the member, the token, or the network address (IPv6 by its /64).
    pub fn rate_key(&self) -> String {
        match (&self.signed, &self.token) {
            (Some(s), _) => format!("m{}", s.id),
            (None, Some(t)) => format!("t{}", t.id),
            (None, None) => format!("a{}", address::network(self.address)),
        }
    }
}

/// Finds out who asks and passes it on; the answer carries the language and name for the error pages.
pub async fn identify(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let seen = match of_request(&app, &parts).await {
        Ok(viewer) => viewer,
        Err(error) => {
            // Nobody knows who it is, but what they typed is theirs all the same.
            let _ = kept::hold(Request::from_parts(parts, body), kept::STRANGER).await;
            return error.into_response();
        }
    };
    let (lang, had_flash) = (seen.lang, seen.flash.is_some());
    parts.extensions.insert(seen);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    response.extensions_mut().insert(lang);
    if had_flash && super::is_page(&response) {
        super::flash::clear(&app, &mut response);
    }
    response
}

async fn of_request(app: &App, request: &Parts) -> Result<Viewer, Error> {
    let headers = &request.headers;
    let peer = request
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |c| c.0.ip());
    let api = is_api(request.uri.path());
    // The same for everybody, and answered also when the database does not.
    let path = request.uri.path();
    let same_for_all = path.starts_with("/assets/") || matches!(path, "/healthz" | "/readyz");
    let signed = if api || same_for_all {
        None
    } else {
        signed(app, headers).await?
    };
    let token = if api {
        token(app, headers).await?
    } else {
        None
    };
    let lang = signed
        .as_ref()
        .map(|s| s.lang)
        .or(token.as_ref().map(|t| t.lang));
    Ok(Viewer {
        lang: lang.unwrap_or_else(|| language::of(headers)),
        theme: cookie::read(headers, "theme")
            .map(Theme::parse)
            .unwrap_or_default(),
        address: address::client(headers, peer, app.config.trusted_proxies),
        operation: request
            .extensions
            .get::<Operation>()
            .cloned()
            .unwrap_or_default(),
        flash: super::flash::read(app, headers),
        path: request
            .uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), |p| p.as_str().to_owned()),
        partial: headers.contains_key("hx-request"),
        signed,
        token,
    })
}

/// The name of the session cookie for `app`'s address.
pub fn session_cookie(app: &App) -> String {
    cookie::guarded("vigie_session", app.config.https())
}

async fn signed(app: &App, headers: &HeaderMap) -> Result<Option<Signed>, Error> {
    match cookie::read(headers, &session_cookie(app)) {
        None => Ok(None),
        Some(secret) => crate::account::session::find(app, secret).await,
    }
}

async fn token(app: &App, headers: &HeaderMap) -> Result<Option<Bearer>, Error> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    match value.to_str().ok().and_then(|v| v.strip_prefix("Bearer ")) {
        None => Ok(None),
        Some(secret) => crate::token::bearer::find(app, secret.trim()).await,
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Error::internal("a handler was reached without a viewer"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let viewer = parts.extensions.get::<Viewer>();
        viewer
            .and_then(|v| v.signed.clone())
            .ok_or(Error::SignIn { next: None })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts
            .extensions
            .get::<Viewer>()
            .and_then(|v| v.token.clone())
            .ok_or(Error::Token)
    }
}
