//! The one HTTP client. Nothing else in the product opens a connection to the outside.
//!
//! It calls public addresses only (and those the operator allows, see [`crate::guard`]), follows no redirect, uses no
//! proxy and no cookie, bounds every answer in time and size, and says of every failure whether the request may have
//! left. Its errors and its log lines hold no secret.

use crate::{
    Code, Failure,
    guard::{self, AllowedPrivate, Door},
    journal::{Called, Journal},
    quota,
    resolve::{Guarded, Lookup, System},
};
use bytes::{Bytes, BytesMut};
use jiff::{SignedDuration, Timestamp};
use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;
use url::Url;

/// Longest wait for a connection, TLS included.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Largest answer read unless a call says otherwise.
pub const MAX_ANSWER: usize = 1 << 20;

/// Calls to one host at the same time.
const AT_ONCE: usize = 4;
/// Two moments so near to each other are the same reset of a budget: some servers say it in seconds from now.
const SAME_WINDOW: SignedDuration = SignedDuration::from_secs(2);
/// Hosts, and lanes of calls, that are remembered; beyond, all are forgotten.
const REMEMBERED: usize = 10_000;

/// The client. Cheap to clone; shares its connections, its manners and its journal.
#[derive(Clone)]
pub struct Http {
    public: reqwest::Client,
    allowed: reqwest::Client,
    rules: Arc<AllowedPrivate>,
    manners: Arc<Mutex<Manners>>,
    journal: Journal,
    /// Certificate authorities of the company's own (PEM), for what is not HTTP.
    own: Option<Arc<[u8]>>,
}

/// What is owed to the servers called.
#[derive(Default)]
struct Manners {
    /// At most so many calls at once, by host.
    doors: HashMap<String, Arc<Semaphore>>,
    /// What servers said about how often they may be called, by [`lane`].
    lanes: HashMap<[u8; 32], Lane>,
}

/// Calls that share a budget.
#[derive(Default)]
struct Lane {
    /// Not before: a server said so.
    wait: Option<Timestamp>,
    /// What was left at the last answer, and until when.
    left: Option<(i64, Timestamp)>,
    /// Calls on their way: the server may not have counted them yet.
    flying: i64,
}

impl Lane {
    /// When the next call may be made, if not now. Of the calls that are left, those on their way take theirs first: so
    /// the last one is not asked for twice.
    fn not_before(&self, now: Timestamp) -> Option<Timestamp> {
        let none_left = self.left.filter(|(left, _)| *left <= self.flying);
        let until = self.wait.max(none_left.map(|(_, until)| until));
        until.filter(|until| *until > now)
    }

    /// Answers may overtake each other: within one window the smallest number is the newest.
    fn hear(&mut self, said: (i64, Timestamp)) {
        let same = |until: Timestamp| until.duration_since(said.1).abs() <= SAME_WINDOW;
        self.left = Some(match self.left {
            Some((left, until)) if same(until) => (left.min(said.0), said.1),
            _ => said,
        });
    }
}

/// A call on its way.
struct Flight {
    manners: Arc<Mutex<Manners>>,
    lane: [u8; 32],
    /// It left and has no answer: the server is taken to have counted it.
    open: bool,
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut manners = self.manners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = manners.lanes.get_mut(&self.lane) {
            lane.flying = lane.flying.saturating_sub(1);
            if self.open
                && let Some((left, _)) = &mut lane.left
            {
                *left = left.saturating_sub(1);
            }
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// One request.
#[derive(Clone)]
pub struct Call {
    /// GET, POST, …
    pub method: Method,
    /// Where. Never put a secret here: addresses are logged (without their query).
    pub url: Url,
    /// Sent as `Authorization: Bearer`.
    pub bearer: Option<SecretString>,
    /// Sent with it, with its type.
    pub body: Option<(&'static str, Bytes)>,
    /// Sent besides. No secret: they are not marked as such.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// True when the body is a secret (a password): refused on an unencrypted connection, as is a bearer.
    pub secret_body: bool,
    /// True when the path is a secret (a chat's address for messages): it is not logged.
    pub secret_path: bool,
    /// Longest time for all of it.
    pub within: Duration,
    /// Largest answer, in bytes.
    pub max_answer: usize,
    /// True to hang up after the headers: the body is left empty.
    pub headers_only: bool,
}

impl fmt::Debug for Call {
    /// Without what may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.secret_path {
            ""
        } else {
            self.url.path()
        };
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("host", &self.url.host_str().unwrap_or_default())
            .field("path", &path)
            .finish_non_exhaustive()
    }
}

impl Call {
    /// A request without body that may take `within`.
    pub fn new(method: Method, url: Url, within: Duration) -> Self {
        Self {
            method,
            url,
            bearer: None,
            body: None,
            headers: Vec::new(),
            secret_body: false,
            secret_path: false,
            within,
            max_answer: MAX_ANSWER,
            headers_only: false,
        }
    }
}

/// A complete answer, of any status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Not before, as the headers of a refusal say.
    pub retry_at: Option<Timestamp>,
    /// No more such calls before, as the headers of any answer say.
    pub wait_until: Option<Timestamp>,
    /// Where it sends on to (`Location`), as written.
    pub location: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// Everything after the headers.
    pub body: Bytes,
}

/// No complete answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{failure} (request {})", if *.left { "may have left" } else { "not sent" })]
pub struct NoAnswer {
    /// False when surely nothing of the request reached the server.
    pub left: bool,
    /// Why.
    pub failure: Failure,
}

impl Flight {
    /// The answer says what is left.
    fn land(&mut self, answer: &Answer) {
        self.open = false;
        let said = quota::left_until(&answer.headers, Timestamp::now());
        let mut manners = self.manners.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lane) = manners.lanes.get_mut(&self.lane) else {
            return;
        };
        if let Some(until) = answer.wait_until {
            lane.wait = Some(until);
        }
        if let Some(said) = said {
            lane.hear(said);
        }
    }
}

impl Http {
    /// The door of a host and a place in a lane, or when to come back.
    fn depart(&self, host: &str, lane: [u8; 32]) -> Result<(Arc<Semaphore>, Flight), Timestamp> {
        let mut manners = self.manners.lock().unwrap_or_else(PoisonError::into_inner);
        if manners.doors.len() > REMEMBERED {
            manners.doors.clear();
        }
        if manners.lanes.len() > REMEMBERED {
            manners.lanes.retain(|_, lane| lane.flying > 0);
        }
        let one = manners.lanes.entry(lane).or_default();
        if let Some(at) = one.not_before(Timestamp::now()) {
            return Err(at);
        }
        one.flying = one.flying.saturating_add(1);
        let gate = manners.doors.entry(host.to_owned());
        let gate = Arc::clone(gate.or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))));
        let flight = Flight {
            manners: Arc::clone(&self.manners),
            lane,
            open: false,
        };
        Ok((gate, flight))
    }

    /// A client that looks names up in the system's way.
    ///
    /// # Errors
    /// When TLS cannot be set up; a fault of the build.
    pub fn new(rules: AllowedPrivate) -> Result<Self, Failure> {
        Self::with_lookup(rules, Arc::new(System))
    }

    /// A client with another way to look names up.
    ///
    /// # Errors
    /// As [`Http::new`].
    pub fn with_lookup(rules: AllowedPrivate, lookup: Arc<dyn Lookup>) -> Result<Self, Failure> {
        let public = client(Guarded {
            lookup: Arc::clone(&lookup),
            public_only: true,
        })?;
        let allowed = client(Guarded {
            lookup,
            public_only: false,
        })?;
        Ok(Self {
            public,
            allowed,
            rules: Arc::new(rules),
            manners: Arc::default(),
            journal: Journal::default(),
            own: None,
        })
    }

    /// What was called lately.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Connections of other kinds under the same rules.
    pub fn reach(&self) -> crate::reach::Reach {
        let reach = crate::reach::Reach::new((*self.rules).clone());
        match &self.own {
            // They were read once already; were they not, the usual authorities count.
            Some(pem) => reach.clone().trusting(pem).unwrap_or(reach),
            None => reach,
        }
    }

    /// Connections of other kinds ([`Http::reach`]) trust the certificate authorities of this PEM file too: a company's
    /// own, for its own servers. Calls over HTTP do not.
    ///
    /// # Errors
    /// `bad_key` when it holds no certificate.
    pub fn trusting(mut self, pem: &[u8]) -> Result<Self, Failure> {
        self.reach().trusting(pem)?;
        self.own = Some(pem.into());
        Ok(self)
    }

    /// Forgets that servers asked to wait: for a test that lets time pass by hand.
    #[cfg(feature = "testing")]
    pub fn forget_waits(&self) {
        let mut manners = self.manners.lock().unwrap_or_else(PoisonError::into_inner);
        for lane in manners.lanes.values_mut() {
            (lane.wait, lane.left) = (None, None);
        }
    }

    /// Judges an address without calling it: may credentials be sent there?
    ///
    /// # Errors
    /// `bad_address`, `address_not_allowed`, `not_encrypted`.
    pub fn admit_secret(&self, url: &Url) -> Result<(), Failure> {
        match guard::admit(url, &self.rules)? {
            Door::Public if url.scheme() != "https" => Err(Failure::new(
                Code::NotEncrypted,
                "credentials only travel over https",
            )),
            Door::Public | Door::Allowed => Ok(()),
        }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// [`NoAnswer`]; an answer of any status is not an error.
    pub async fn send(&self, call: Call) -> Result<Answer, NoAnswer> {
        let not_sent = |failure| NoAnswer {
            left: false,
            failure,
        };
        let door = guard::admit(&call.url, &self.rules).map_err(not_sent)?;
        if call.bearer.is_some() || call.secret_body || call.secret_path {
            self.admit_secret(&call.url).map_err(not_sent)?;
        }
        let lane = lane(&call);
        let host = call.url.host_str().unwrap_or_default().to_owned();
        // Asking again before its time would be impolite, and counted against the company.
        let (gate, mut flight) = self.depart(&host, lane).map_err(|at| {
            let failure = Failure::new(Code::RateLimited, "the server asked to wait");
            not_sent(failure.retry_at(Some(at)))
        })?;
        let started = Instant::now();
        let at = Timestamp::now();
        let Ok(Ok(_place)) = tokio::time::timeout(call.within, gate.acquire_owned()).await else {
            return Err(not_sent(Failure::new(
                Code::Slow,
                "too many calls to this server at once",
            )));
        };
        let within = call.within.saturating_sub(started.elapsed());
        let client = match door {
            Door::Public => &self.public,
            Door::Allowed => &self.allowed,
        };
        let mut request = client
            .request(call.method.clone(), call.url.clone())
            .header(ACCEPT, "application/json");
        if let Some(bearer) = &call.bearer {
            let mut value = HeaderValue::try_from(format!("Bearer {}", bearer.expose_secret()))
                .map_err(|_| {
                    not_sent(Failure::new(
                        Code::TokenExpired,
                        "the token kept is not a token",
                    ))
                })?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some((kind, body)) = call.body {
            request = request.header(CONTENT_TYPE, kind).body(body);
        }
        let most = (!call.headers_only).then_some(call.max_answer);
        flight.open = true;
        let answer = match tokio::time::timeout(within, exchange(request, most)).await {
            Ok(answer) => answer,
            // The time limit may strike at any point: the request is taken to have left.
            Err(_) => Err(NoAnswer {
                left: true,
                failure: Failure::new(Code::Slow, "no answer in time"),
            }),
        };
        tracing::debug!(
            method = %call.method,
            host = call.url.host_str().unwrap_or_default(),
            path = if call.secret_path { "" } else { call.url.path() },
            status = answer.as_ref().map(|a| a.status).unwrap_or_default(),
            failure = answer.as_ref().err().map(|e| e.failure.code.as_str()).unwrap_or_default(),
            ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "called"
        );
        match &answer {
            Ok(answer) => flight.land(answer),
            Err(none) => flight.open = none.left,
        }
        self.journal.add(Called {
            at,
            method: call.method.to_string(),
            host,
            path: if call.secret_path {
                String::new()
            } else {
                call.url.path().to_owned()
            },
            status: answer.as_ref().ok().map(|a| a.status),
            failure: answer.as_ref().err().map(|e| e.failure.code.as_str()),
            ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        answer
    }
}

impl Http {
    /// Asks a server to change the connection to another protocol (a web socket), under the same guard. The query may
    /// hold a secret. Needs HTTP/1.1, the only version that this client speaks (reqwest without `http2`).
    ///
    /// # Errors
    /// When the address is not admitted, the server does not answer within `within`, or says no.
    pub(crate) async fn upgrade(
        &self,
        url: Url,
        headers: &[(HeaderName, HeaderValue)],
        within: Duration,
    ) -> Result<reqwest::Response, Failure> {
        self.admit_secret(&url)?;
        let client = match guard::admit(&url, &self.rules)? {
            Door::Public => &self.public,
            Door::Allowed => &self.allowed,
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut request = client.get(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let (at, started) = (Timestamp::now(), Instant::now());
        let answer = match tokio::time::timeout(within, request.send()).await {
            Ok(answer) => answer.map_err(|error| no_answer(&error).failure),
            Err(_) => Err(Failure::new(Code::Slow, "no answer in time")),
        };
        self.journal.add(Called {
            at,
            method: Method::GET.to_string(),
            host,
            path: String::new(),
            status: answer.as_ref().ok().map(|a| a.status().as_u16()),
            failure: answer.as_ref().err().map(|f| f.code.as_str()),
            ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        let answer = answer?;
        let status = answer.status().as_u16();
        if status == 101 {
            return Ok(answer);
        }
        let retry_at = quota::not_before(status, answer.headers(), Timestamp::now());
        let code = match status {
            429 => Code::RateLimited,
            500.. => Code::ServerError,
            _ => Code::GarbageAnswer,
        };
        Err(Failure::new(code, format!("status {status} to a web socket")).retry_at(retry_at))
    }
}

/// What shares a budget of calls: the same credentials, server, method and beginning of the path. A digest, so that no
/// credential is kept.
fn lane(call: &Call) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(call.bearer.as_ref().map_or("", |b| b.expose_secret()));
    for part in [
        call.method.as_str(),
        call.url.host_str().unwrap_or_default(),
        &call.url.port().unwrap_or_default().to_string(),
    ] {
        hash.update([0]);
        hash.update(part);
    }
    for segment in call.url.path_segments().into_iter().flatten().take(3) {
        hash.update([0]);
        hash.update(segment);
    }
    hash.finalize().into()
}

/// With no `most`, nothing is read after the headers.
async fn exchange(
    request: reqwest::RequestBuilder,
    most: Option<usize>,
) -> Result<Answer, NoAnswer> {
    let mut response = request.send().await.map_err(|error| no_answer(&error))?;
    let status = response.status().as_u16();
    let wait_until = quota::not_before(status, response.headers(), Timestamp::now());
    let retry_at = wait_until.filter(|_| status >= 400);
    let headers = response.headers().clone();
    let location = response.headers().get(LOCATION);
    // Servers write UTF-8 there too.
    let location = location.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
    let Some(max_answer) = most else {
        return Ok(Answer {
            status,
            retry_at,
            wait_until,
            location,
            headers,
            body: Bytes::new(),
        });
    };
    let too_large = || NoAnswer {
        left: true,
        failure: Failure::new(Code::AnswerTooLarge, "the answer is too large"),
    };
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| no_answer(&error))? {
        if body.len().saturating_add(chunk.len()) > max_answer {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        retry_at,
        wait_until,
        location,
        headers,
        body: body.freeze(),
    })
}

/// Sorts a client error: what it means, and whether the request may have left.
fn no_answer(error: &reqwest::Error) -> NoAnswer {
    // Our own resolver's reasons are somewhere in the chain.
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut words = String::new();
    while let Some(this) = cause {
        if let Some(failure) = this.downcast_ref::<Failure>() {
            return NoAnswer {
                left: false,
                failure: failure.clone(),
            };
        }
        // The outermost message holds the address with its query; the causes say more.
        if this.downcast_ref::<reqwest::Error>().is_none() {
            words = this.to_string();
        }
        cause = this.source();
    }
    let (left, code) = if error.is_builder() {
        (false, Code::BadAddress)
    } else if error.is_connect() {
        (
            false,
            if error.is_timeout() {
                Code::Slow
            } else {
                Code::ServerDown
            },
        )
    } else if error.is_timeout() {
        (true, Code::Slow)
    } else {
        (true, Code::CutOff)
    };
    NoAnswer {
        left,
        failure: Failure::new(code, words),
    }
}

fn client(resolver: Guarded) -> Result<reqwest::Client, Failure> {
    let broken =
        |why: String| Failure::new(Code::ServerDown, format!("TLS cannot be set up: {why}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(resolver)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT_WITHIN)
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("Vigie/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| broken(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_wait_has_one_name() {
        let name = vigie_core::publication::RATE_LIMITED;
        assert_eq!(Code::RateLimited.as_str(), name);
    }

    #[test]
    fn the_last_call_of_a_budget_is_not_made_twice() {
        let now = Timestamp::UNIX_EPOCH;
        let (soon, later) = (
            now + SignedDuration::from_secs(900),
            now + SignedDuration::from_secs(1_800),
        );
        let mut lane = Lane::default();
        assert_eq!(lane.not_before(now), None);
        lane.hear((3, soon));
        lane.flying = 2;
        assert_eq!(lane.not_before(now), None);
        lane.flying = 3;
        assert_eq!(lane.not_before(now), Some(soon));
        // Answers that overtook each other.
        lane.hear((1, soon));
        lane.hear((2, soon + SignedDuration::from_secs(1)));
        lane.flying = 1;
        assert!(lane.not_before(now).is_some());
        // The next window.
        assert_eq!(lane.not_before(later), None);
        lane.hear((99, later));
        assert_eq!(lane.not_before(soon), None);
        lane.wait = Some(later);
        assert_eq!(lane.not_before(soon), Some(later));
    }
}
