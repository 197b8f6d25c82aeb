//! The tests' harness: the whole program in this process, without a port and without waiting. Time stands still until
//! a test moves it.
#![expect(
    clippy::expect_used,
    reason = "part of the tests: what cannot start must fail loudly"
)]

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::{
    app::{self, App},
    clock::{Clock, ManualClock},
    config::{Config, Layer},
};

/// Tuesday 24 November 2026, 9:00 UTC (10:00 in Paris): when tests begin.
pub const START: &str = "2026-11-24T09:00:00Z";

/// Largest answer that is read, bytes.
const MOST: usize = 32 * 1024 * 1024;

/// The program with a data folder of its own, removed at the end.
pub struct TestApp {
    /// The program.
    pub app: App,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    router: Router,
    _data: TempDir,
}

/// Tells `story` once on SQLite and once on PostgreSQL, on a new program each.
pub async fn both_engines<F: Future<Output = ()>>(story: impl Fn(TestApp) -> F) {
    let story = &story;
    vigie_store::testing::both_databases(|url| async move {
        let app = TestApp::with(&[("database", &url)]).await;
        let store = app.app.store.clone();
        story(app).await;
        store.close().await;
    })
    .await;
}

impl TestApp {
    /// A program on a new SQLite file.
    ///
    /// # Panics
    /// It cannot start.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with some settings.
    ///
    /// # Panics
    /// It cannot start.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let data = TempDir::new().expect("a temporary folder");
        let mut flags: Layer = settings
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        flags
            .entry("data".to_owned())
            .or_insert_with(|| data.path().display().to_string());
        // What a machine has or reaches decides nothing in a story that does not ask for it.
        for key in ["ocr", "follow_links"] {
            flags
                .entry(key.to_owned())
                .or_insert_with(|| "off".to_owned());
        }
        let config = Config::load(None, std::iter::empty(), flags).expect("settings");
        let clock = Arc::new(ManualClock::at(START.parse().expect("a time")));
        let app = App::open(config, Arc::clone(&clock) as Arc<dyn Clock>)
            .await
            .expect("the program opens");
        let router = app::router(&app);
        Self {
            app,
            clock,
            router,
            _data: data,
        }
    }

    /// Another replica: a program of its own on the same database, with the same clock and keys.
    ///
    /// # Panics
    /// It cannot start.
    pub async fn replica(&self) -> Self {
        let clock = Arc::clone(&self.clock);
        let config = self.app.config.clone();
        let app = App::open(config, Arc::clone(&clock) as Arc<dyn Clock>)
            .await
            .expect("the replica opens");
        let router = app::router(&app);
        Self {
            app,
            clock,
            router,
            _data: TempDir::new().expect("a temporary folder"),
        }
    }

    /// The same program with another set of routes around it, for tests of the frame itself.
    pub fn routed(&mut self, routes: Vec<crate::web::route::Route>) {
        self.router = crate::web::dress(&self.app, crate::web::route::mount(&self.app, routes));
    }

    /// What time it is for the program.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the program's clock.
    pub fn wait(&self, span: jiff::SignedDuration) {
        self.clock.advance(span);
        self.app.http.forget_waits();
    }

    /// A browser with an empty cookie jar.
    pub fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            jar: Mutex::default(),
            lang: "en",
            origin: self.app.config.origin(),
        }
    }

    /// A program that calls the API with `token`.
    pub fn client(&self, token: &str) -> Client {
        Client {
            router: self.router.clone(),
            token: token.to_owned(),
        }
    }
}

/// Somebody in front of a browser.
pub struct Browser {
    router: Router,
    jar: Mutex<BTreeMap<String, String>>,
    /// What it sends as `Accept-Language`.
    pub lang: &'static str,
    origin: String,
}

impl Browser {
    /// Asks for a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(
            self.request(Method::GET, path)
                .body(Body::empty())
                .expect("a request"),
        )
        .await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.post_raw(path, "application/x-www-form-urlencoded", form.into_bytes())
            .await
    }

    /// Sends a body of another kind (JSON, multipart).
    pub async fn post_raw(&self, path: &str, mime: &str, body: Vec<u8>) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, mime)
            .header("sec-fetch-site", "same-origin")
            .header(header::ORIGIN, &self.origin);
        self.send(request.body(Body::from(body)).expect("a request"))
            .await
    }

    /// Sends a form and follows the answer's redirect, as a person would see it.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(path, fields).await;
        match answer.location() {
            Some(to) => self.get(&to).await,
            None => answer,
        }
    }

    /// A request with this browser's cookies, to be changed by the test.
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
        let cookies: Vec<String> = jar.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT_LANGUAGE, self.lang);
        if cookies.is_empty() {
            request
        } else {
            request.header(header::COOKIE, cookies.join("; "))
        }
    }

    /// Sends a request as it is and keeps the cookies of the answer.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let answer = send(&self.router, request).await;
        let mut jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("a cookie in ASCII");
            let (name, value) = line
                .split(';')
                .next()
                .and_then(|p| p.split_once('='))
                .expect("a cookie");
            if line.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    /// Plants a cookie.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), value.to_owned());
    }
}

/// A program with an API token.
pub struct Client {
    router: Router,
    token: String,
}

impl Client {
    /// Calls the API; `body` is sent as JSON.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Answer {
        self.call_with(method, path, &[], body).await
    }

    /// The same with more headers.
    pub async fn call_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&serde_json::Value>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |b| Body::from(b.to_string()));
        send(&self.router, request.body(body).expect("a request")).await
    }
}

async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router
        .clone()
        .oneshot(request)
        .await
        .expect("the service answers");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MOST).await.expect("a body");
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.to_vec(),
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is not JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// A header as text; empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    }

    /// Where a redirect leads.
    pub fn location(&self) -> Option<String> {
        self.headers
            .get(header::LOCATION)
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned)
    }

    /// The same, when it has this status.
    ///
    /// # Panics
    /// It has another one; the body is shown.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status.as_u16(),
            status,
            "location {:?}\n{}",
            self.location(),
            self.text()
        );
        self
    }
}
