//! The table of routes: what can be asked, by whom. The same entry mounts a handler and guards it, so that a page
//! without an entry does not exist and an entry cannot be forgotten by the test that walks the table.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    handler::Handler,
    http::Method,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use vigie_core::rights::{Act, allowed, token_allows};

use super::{error::Error, kept, limit::Rate, viewer::Viewer};
use crate::app::App;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everyone, signed in or not; the answer may differ.
    Anyone,
    /// Only people who are not signed in; others are sent home.
    SignedOut,
    /// Any signed-in member, whatever their role.
    SignedIn,
    /// Signed-in members whose role allows the act.
    Member(Act),
    /// API tokens whose scopes give the act, and whose member may do it.
    Token(Act),
}

/// The default limit on a request's body, bytes.
pub const BODY_LIMIT: usize = 256 * 1024;

/// One entry of the table.
pub struct Route {
    /// HTTP method; GET also answers HEAD.
    pub method: Method,
    /// Path in axum's syntax: `/posts/{id}`.
    pub path: &'static str,
    /// Who may use it.
    pub who: Who,
    /// How often one caller may use it.
    pub rate: Rate,
    /// Largest body it reads, bytes.
    pub body: usize,
    /// Whether nothing of what is sent may stay anywhere.
    pub private: bool,
    handler: MethodRouter<App>,
}

impl Route {
    fn new<H, T>(
        method: Method,
        filter: MethodFilter,
        path: &'static str,
        who: Who,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        Self {
            method,
            path,
            who,
            rate: Rate::PAGE,
            body: BODY_LIMIT,
            private: false,
            handler: on(filter, handler),
        }
    }

    /// A page or a read.
    pub fn get<H: Handler<T, App>, T: 'static>(path: &'static str, who: Who, handler: H) -> Self {
        Self::new(Method::GET, MethodFilter::GET, path, who, handler)
    }

    /// A form or a creation.
    pub fn post<H: Handler<T, App>, T: 'static>(path: &'static str, who: Who, handler: H) -> Self {
        Self::new(Method::POST, MethodFilter::POST, path, who, handler)
    }

    /// A replacement (API).
    pub fn put<H: Handler<T, App>, T: 'static>(path: &'static str, who: Who, handler: H) -> Self {
        Self::new(Method::PUT, MethodFilter::PUT, path, who, handler)
    }

    /// A partial change (API).
    pub fn patch<H: Handler<T, App>, T: 'static>(path: &'static str, who: Who, handler: H) -> Self {
        Self::new(Method::PATCH, MethodFilter::PATCH, path, who, handler)
    }

    /// A removal (API).
    pub fn delete<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        who: Who,
        handler: H,
    ) -> Self {
        Self::new(Method::DELETE, MethodFilter::DELETE, path, who, handler)
    }

    /// The same with another rate.
    #[must_use]
    pub fn rate(mut self, rate: Rate) -> Self {
        self.rate = rate;
        self
    }

    /// The same with another body limit, bytes.
    #[must_use]
    pub fn body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// The same, leaving no trace: what is sent is not held for the page of an error, nor its answer for a repeated
    /// request. Only for what changes nothing, so that asking again does no harm.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Whether this is part of the API: tokens instead of sessions, problem details instead of pages.
    pub fn is_api(&self) -> bool {
        is_api(self.path)
    }
}

/// Whether `path` belongs to the API.
pub fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

/// What the guard of one route needs to know.
#[derive(Clone)]
struct Gate {
    app: App,
    method: Method,
    path: &'static str,
    who: Who,
    rate: Rate,
    body: usize,
    private: bool,
}

/// Mounts every entry behind its guard.
pub fn mount(app: &App, routes: Vec<Route>) -> Router<App> {
    routes.into_iter().fold(Router::new(), |router, route| {
        let gate = Gate {
            app: app.clone(),
            method: route.method,
            path: route.path,
            who: route.who,
            rate: route.rate,
            body: route.body,
            private: route.private,
        };
        let handler = route
            .handler
            .layer(DefaultBodyLimit::max(route.body))
            .layer(middleware::from_fn_with_state(gate, guard));
        router.route(route.path, handler)
    })
}

async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let Some(viewer) = request.extensions().get::<Viewer>() else {
        return Error::internal("a route was reached without a viewer").into_response();
    };
    let key = (gate.path, viewer.rate_key());
    if let Err(wait) =
        gate.app
            .limits
            .take(gate.method.as_str(), key, gate.rate, gate.app.clock.now())
    {
        return Error::TooMany { seconds: wait }.into_response();
    }
    match admit(gate.who, viewer) {
        Ok(()) if gate.private => next.run(request).await,
        Ok(()) => match viewer.token.as_ref().map(|t| t.id) {
            Some(token) => super::idempotent::once(gate.app, token, gate.body, request, next).await,
            None => match kept::hold(request, gate.body).await {
                Ok(request) => next.run(request).await,
                Err(error) => error.into_response(),
            },
        },
        Err(Error::SignIn { .. }) => sign_in(&gate, request).await,
        Err(error) => error.into_response(),
    }
}

/// Nobody is signed in: where to go, and what was typed before the session ended.
async fn sign_in(gate: &Gate, request: Request) -> Response {
    match crate::account::founded(&gate.app).await {
        Ok(false) => super::see_other("/setup"),
        Ok(true) => {
            let safe = *request.method() == Method::GET;
            let next = request
                .uri()
                .path_and_query()
                .map(|p| p.as_str().to_owned());
            if !gate.private {
                // A body that cannot be read changes nothing about the answer.
                let _ = kept::hold(request, kept::STRANGER).await;
            }
            Error::SignIn {
                next: next.filter(|_| safe),
            }
            .into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// The rule of a route for one viewer.
///
/// # Errors
/// `SignIn` when nobody is signed in, `Home` where only signed-out people go, `Token` for a missing token, `Forbidden`.
pub fn admit(who: Who, viewer: &Viewer) -> Result<(), Error> {
    match who {
        Who::Anyone => Ok(()),
        Who::SignedOut => viewer.signed.as_ref().map_or(Ok(()), |_| Err(Error::Home)),
        Who::SignedIn => viewer
            .signed
            .as_ref()
            .map(|_| ())
            .ok_or(Error::SignIn { next: None }),
        Who::Member(act) => match &viewer.signed {
            None => Err(Error::SignIn { next: None }),
            Some(s) if allowed(s.role, s.reviewer, act) => Ok(()),
            Some(_) => Err(Error::Forbidden),
        },
        Who::Token(act) => match &viewer.token {
            None => Err(Error::Token),
            Some(t) if !token_allows(&t.scopes, act) => Err(Error::Scope { act }),
            Some(t) if allowed(t.role, t.reviewer, act) => Ok(()),
            Some(_) => Err(Error::Forbidden),
        },
    }
}
