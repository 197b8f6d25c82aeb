//! Servers that stand in for networks whose own cannot run here: they hold posts, answer every documented error, and
//! check each request strictly against a table of what the network publishes about its interface (`contracts/`).
//! A request that the table does not allow is answered with an error, and fails the test at its end.

pub mod appview;
pub mod chat;
pub mod face;
pub mod facebook;
mod facts;
pub mod instagram;
mod linkedin;
pub mod mastodon;
pub mod meta;
pub mod metered;
pub mod profile;
pub mod site;
pub mod threads;
pub mod two_step;
mod x;

pub use linkedin::LinkedInNetwork;
pub use x::XNetwork;

use facts::Facts;
use serde_json::Value;
use std::{
    fmt,
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex},
};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

/// A request, read.
#[derive(Debug, Clone)]
pub struct Asked {
    /// GET, POST, …
    pub method: String,
    /// The path, as sent.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// What `Authorization` holds.
    pub authorization: String,
    /// A header's value, by its lower-case name.
    pub headers: Vec<(String, String)>,
    /// Fields of a form (those of a form with files too), decoded.
    pub form: Vec<(String, String)>,
    /// The body as JSON; null when it is none.
    pub json: Value,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Asked {
    fn read(request: &Request) -> Self {
        let header = |name: &str| {
            request
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let kind = header("content-type");
        let form = if kind.starts_with("application/x-www-form-urlencoded") {
            url::form_urlencoded::parse(&request.body)
                .into_owned()
                .collect()
        } else if kind.starts_with("multipart/form-data") {
            parts(&request.body)
        } else {
            Vec::new()
        };
        Self {
            method: request.method.to_string(),
            path: request.url.path().to_owned(),
            query: request.url.query_pairs().into_owned().collect(),
            authorization: header("authorization"),
            headers: request
                .headers
                .iter()
                .map(|(name, value)| {
                    let value = value.to_str().unwrap_or_default();
                    (name.as_str().to_owned(), value.to_owned())
                })
                .collect(),
            form,
            json: serde_json::from_slice(&request.body).unwrap_or(Value::Null),
            body: request.body.clone(),
        }
    }

    /// A field of the form, the query or the JSON body, as text; empty when it is not there.
    pub fn field(&self, name: &str) -> String {
        let pair = self
            .form
            .iter()
            .chain(&self.query)
            .find(|(key, _)| key == name);
        match (pair, self.json.get(name)) {
            (Some((_, value)), _) => value.clone(),
            (None, Some(Value::String(text))) => text.clone(),
            (None, Some(other)) => other.to_string(),
            (None, None) => String::new(),
        }
    }

    /// A header, by its lower-case name; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// The parts of the path.
    pub fn segments(&self) -> Vec<&str> {
        self.path.trim_matches('/').split('/').collect()
    }
}

/// Names and values of the parts of a form with files; of a file, its length.
fn parts(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body).into_owned();
    let Some(boundary) = text.split("\r\n").next().map(str::to_owned) else {
        return Vec::new();
    };
    text.split(&boundary)
        .filter_map(|part| {
            let (head, value) = part.split_once("\r\n\r\n")?;
            let name = head.split("name=\"").nth(1)?.split('"').next()?.to_owned();
            let value = value.trim_end_matches("\r\n");
            Some(if head.contains("filename=") {
                (name, value.len().to_string())
            } else {
                (name, value.to_owned())
            })
        })
        .collect()
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Said {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body; a text with a `content-type` among the headers is sent as it is.
    pub body: Value,
}

impl Said {
    /// JSON with a status.
    pub const fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }

    /// A word that is no JSON.
    pub fn text(status: u16, word: &str) -> Self {
        Self::json(status, Value::String(word.to_owned())).header("content-type", "text/plain")
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A network's behaviour. The table has been held against the request before.
pub trait Network: Send + Sync + 'static {
    /// Answers.
    fn answer(&self, asked: &Asked) -> Said;
}

/// A running stand-in. On drop it panics if a request broke the contract.
pub struct Contract<N: Network> {
    /// Its address, `http://127.0.0.1:PORT`.
    pub url: String,
    /// The network's state.
    pub network: Arc<N>,
    broken: Arc<Mutex<Vec<String>>>,
    seen: Arc<Mutex<Vec<Asked>>>,
    _server: MockServer,
}

impl<N: Network> fmt::Debug for Contract<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Contract({})", self.url)
    }
}

struct Strict<N: Network> {
    facts: Facts,
    network: Arc<N>,
    broken: Arc<Mutex<Vec<String>>>,
    seen: Arc<Mutex<Vec<Asked>>>,
}

impl<N: Network> Respond for Strict<N> {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let asked = Asked::read(request);
        let said = match self.facts.violation(&asked) {
            None => self.network.answer(&asked),
            Some(violation) => {
                self.broken.lock().unwrap().push(violation.clone());
                Said::json(400, Value::String(violation))
            }
        };
        self.seen.lock().unwrap().push(asked);
        let mut template = ResponseTemplate::new(said.status);
        for (name, value) in &said.headers {
            template = template.insert_header(*name, value.as_str());
        }
        let kind = said
            .headers
            .iter()
            .find(|(name, _)| *name == "content-type");
        match (said.body, kind) {
            (Value::Null, _) => template,
            // Not JSON: a feed, a page.
            (Value::String(text), Some((_, kind))) => template.set_body_raw(text, kind),
            (body, _) => template.set_body_json(body),
        }
    }
}

impl<N: Network> Contract<N> {
    /// Starts a stand-in that holds requests against `table` (TOML, see [`facts`](self)).
    ///
    /// # Panics
    /// When the table cannot be read or no port is free.
    pub async fn start(table: &str, network: N) -> Self {
        Self::on(MockServer::start().await, table, network).await
    }

    /// The same at `127.0.0.last`: platforms that stand on hosts of their own do so here too. Where the machine has no
    /// such address (macOS), at `127.0.0.1`.
    ///
    /// # Panics
    /// As [`Contract::start`].
    pub async fn start_at(last: u8, table: &str, network: N) -> Self {
        let bind = |last| TcpListener::bind((Ipv4Addr::new(127, 0, 0, last), 0));
        let listener = bind(last).or_else(|_| bind(1)).unwrap();
        let server = MockServer::builder()
            .listener(listener)
            // Thousands of requests are counted, not kept.
            .disable_request_recording()
            .start()
            .await;
        Self::on(server, table, network).await
    }

    async fn on(server: MockServer, table: &str, network: N) -> Self {
        let network = Arc::new(network);
        let (broken, seen) = (Arc::default(), Arc::default());
        let strict = Strict {
            facts: Facts::read(table),
            network: Arc::clone(&network),
            broken: Arc::clone(&broken),
            seen: Arc::clone(&seen),
        };
        Mock::given(any()).respond_with(strict).mount(&server).await;
        Self {
            url: server.uri(),
            network,
            broken,
            seen,
            _server: server,
        }
    }

    /// `host:port`, for a proxy before it.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// All requests so far.
    ///
    /// # Panics
    /// Never in practice.
    pub fn seen(&self) -> Vec<Asked> {
        self.seen.lock().unwrap().clone()
    }

    /// The breaches so far, forgotten hereby: for a test that makes one on purpose.
    ///
    /// # Panics
    /// Never in practice.
    pub fn breaches(&self) -> Vec<String> {
        std::mem::take(&mut *self.broken.lock().unwrap())
    }
}

impl<N: Network> Drop for Contract<N> {
    fn drop(&mut self) {
        let broken = self.breaches();
        if !std::thread::panicking() {
            assert!(
                broken.is_empty(),
                "requests against the contract: {broken:#?}"
            );
        }
    }
}
