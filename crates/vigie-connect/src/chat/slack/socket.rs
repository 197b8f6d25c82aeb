//! Socket Mode: Slack's events over a web socket that Vigie opens, for installations that cannot be reached from
//! outside. The address of the socket comes from Slack and passes the same guard as every call.
//!
//! Source: <https://docs.slack.dev/apis/events-api/using-socket-mode>.

use super::{Came, Slack, hear};
use crate::{
    Code, Failure,
    rest::{Body, Trouble, is_id, text},
    socket::{Came as Frame, Socket},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use url::Url;

/// For the call that asks for an address, and for the socket to open.
const WITHIN: Duration = Duration::from_secs(15);
/// Without a sign of life for so long, one is asked for; without an answer to that, the socket is dead.
const QUIET: Duration = Duration::from_secs(30);
/// Slack sends again what is not acknowledged within 3 seconds.
const KEPT_WITHIN: Duration = Duration::from_millis(2_500);
/// Waits before the next try, from the first to the longest.
const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// A connection that was greeted and lasted so long has worked.
const WORKED: Duration = Duration::from_secs(60);

/// Something heard.
#[derive(Debug)]
pub struct Delivery {
    /// What.
    pub came: Came,
    /// To be told once it is kept; only then it is acknowledged, and otherwise Slack sends it again.
    pub kept: oneshot::Sender<()>,
}

/// How listening goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listening {
    /// Not connected yet.
    Connecting,
    /// Slack greeted us.
    Online,
    /// Not connected, and why.
    Failed(Failure),
}

impl Slack {
    /// Listens until nobody receives any more. Opens a new socket whenever one ends. `own` is the bot's user id.
    ///
    /// # Errors
    /// When only a person can help: the app-level token is no longer good, or Socket Mode was turned off.
    pub async fn listen(
        &self,
        app_token: &SecretString,
        own: Option<&str>,
        to: mpsc::Sender<Delivery>,
    ) -> Result<(), Failure> {
        let (tells, _) = watch::channel(Listening::Connecting);
        self.listen_telling(app_token, own, to, &tells).await
    }

    /// The same, and tells how it goes.
    ///
    /// # Errors
    /// As [`Slack::listen`].
    pub async fn listen_telling(
        &self,
        app_token: &SecretString,
        own: Option<&str>,
        to: mpsc::Sender<Delivery>,
        tells: &watch::Sender<Listening>,
    ) -> Result<(), Failure> {
        let mut wait = WAITS.0;
        loop {
            tells.send_if_modified(|now| {
                let greeted = *now == Listening::Online;
                if greeted {
                    *now = Listening::Connecting;
                }
                greeted
            });
            let started = Instant::now();
            let ended = tokio::select! {
                () = to.closed() => return Ok(()),
                ended = self.one(app_token, own, &to, tells) => ended,
            };
            // One that is greeted and ends at once, again and again, is no reason to come back at once.
            if *tells.borrow() == Listening::Online && started.elapsed() >= WORKED {
                wait = WAITS.0;
            }
            let mut pause = wait;
            wait = wait.saturating_mul(2).min(WAITS.1);
            match ended {
                Ok(()) => {}
                Err(failure) if !failure.code.is_passing() => return Err(failure),
                Err(failure) => {
                    tells.send_replace(Listening::Failed(failure.clone()));
                    tracing::debug!(code = failure.code.as_str(), "the web socket ended");
                    let told = failure
                        .retry_at
                        .map(|at| at.duration_since(jiff::Timestamp::now()));
                    let told = told
                        .and_then(|wait| Duration::try_from(wait).ok())
                        .unwrap_or_default();
                    pause = pause.max(told.min(Duration::from_secs(600)));
                }
            }
            tokio::select! {
                () = to.closed() => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One socket; `Ok` when Slack asks for a new one.
    async fn one(
        &self,
        app_token: &SecretString,
        own: Option<&str>,
        to: &mpsc::Sender<Delivery>,
        tells: &watch::Sender<Listening>,
    ) -> Result<(), Failure> {
        let url = self.socket_address(app_token).await?;
        let mut socket = Socket::open(&self.http, &url, WITHIN).await?;
        let mut asked = false;
        loop {
            let frame = match tokio::time::timeout(QUIET, socket.next()).await {
                Ok(frame) => frame?,
                Err(_) if !asked => {
                    asked = true;
                    socket.ping().await?;
                    continue;
                }
                Err(_) => return Err(Failure::new(Code::CutOff, "the web socket is dead")),
            };
            asked = false;
            let words = match frame {
                Frame::Text(words) => words,
                Frame::Other => continue,
                Frame::End => return Err(Failure::new(Code::CutOff, "the web socket ended")),
            };
            // What is not JSON is not for us; it cannot be acknowledged either.
            let Ok(json) = serde_json::from_str::<Value>(&words) else {
                continue;
            };
            match text(&json, "/type") {
                "hello" => {
                    tells.send_replace(Listening::Online);
                }
                "disconnect" if text(&json, "/reason") == "link_disabled" => {
                    return Err(Failure::new(Code::NotOffered, "Socket Mode was turned off"));
                }
                "disconnect" => return Ok(()),
                _ => {
                    let id = text(&json, "/envelope_id");
                    if is_id(id) && hand_on(envelope(&json, own), to).await {
                        socket.say(json!({ "envelope_id": id }).to_string()).await?;
                    }
                }
            }
        }
    }

    async fn socket_address(&self, app_token: &SecretString) -> Result<Url, Failure> {
        let opened = self
            .call(app_token, "apps.connections.open", Body::None, WITHIN)
            .await;
        // Asking again does no harm: what is unknown has passed.
        let json = opened.map_err(|trouble: Trouble| trouble.failure)?;
        let bad = |why: &str| Failure::new(Code::GarbageAnswer, why);
        let url = Url::parse(text(&json, "/url")).map_err(|_| bad("not a web socket's address"))?;
        let host = url.host_str().unwrap_or_default();
        let slacks = url.scheme() == "wss" && host.ends_with(".slack.com");
        // A gateway's sockets are at the gateway.
        let ours = self
            .api
            .as_ref()
            .is_some_and(|api| api.host_str() == url.host_str());
        if slacks || ours {
            Ok(url)
        } else {
            Err(bad("a web socket that is not Slack's"))
        }
    }
}

/// An envelope's payload has the shape of the same call over HTTP.
fn envelope(json: &Value, own: Option<&str>) -> Came {
    let Some(payload) = json.get("payload") else {
        return Came::default();
    };
    let mut came = match text(json, "/type") {
        "events_api" => hear::event(payload, own),
        "interactive" => hear::interaction(payload),
        "slash_commands" => hear::command(|name| {
            payload
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        }),
        _ => Came::default(),
    };
    let retry = json.get("retry_attempt").and_then(Value::as_u64);
    came.retry = retry.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    came
}

/// True when it may be acknowledged: it is of no concern, or somebody keeps it.
async fn hand_on(came: Came, to: &mpsc::Sender<Delivery>) -> bool {
    if came.heard.is_none() {
        return true;
    }
    let (kept, told) = oneshot::channel();
    let handed = async {
        to.send(Delivery { came, kept }).await.ok()?;
        told.await.ok()
    };
    matches!(
        tokio::time::timeout(KEPT_WITHIN, handed).await,
        Ok(Some(()))
    )
}

#[cfg(test)]
mod tests {
    use super::{super::hear::tests::any_json, *};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_envelope_breaks_the_parser(payload in any_json(), kind in "(events_api|interactive|slash_commands|.{0,9})", retry: i64) {
            envelope(&json!({ "type": kind, "payload": payload, "retry_attempt": retry }), Some("U1"));
            envelope(&payload, None);
        }
    }
}
