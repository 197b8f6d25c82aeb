//! A web socket through the one guarded client.

use crate::{Code, Failure, Http};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::{SinkExt as _, StreamExt as _};
use reqwest::{
    Upgraded,
    header::{CONNECTION, HeaderName, HeaderValue, UPGRADE},
};
use std::{fmt, time::Duration};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message, handshake::derive_accept_key, protocol::Role, protocol::WebSocketConfig,
    },
};
use url::Url;

/// Largest message read, in bytes.
const MAX_MESSAGE: usize = 1 << 20;
/// Longest time for a message of ours to leave.
const SAY_WITHIN: Duration = Duration::from_secs(10);

/// An open web socket.
pub(crate) struct Socket(WebSocketStream<Upgraded>);

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket")
    }
}

/// What came.
#[derive(Debug)]
pub(crate) enum Came {
    /// A message of text.
    Text(String),
    /// A sign of life, or bytes, which nobody here speaks.
    Other,
    /// The server ended it.
    End,
}

impl Socket {
    /// Opens the web socket at a `wss://` address (`ws://` only where the operator allows the host); its query may hold
    /// a secret.
    ///
    /// # Errors
    /// As for any call; `garbage_answer` when the server does not speak the protocol.
    pub(crate) async fn open(http: &Http, url: &Url, within: Duration) -> Result<Self, Failure> {
        let mut url = url.clone();
        let scheme = match url.scheme() {
            "wss" => "https",
            "ws" => "http",
            _ => return Err(Failure::new(Code::BadAddress, "not a web socket's address")),
        };
        url.set_scheme(scheme)
            .map_err(|()| Failure::new(Code::BadAddress, "not a web socket's address"))?;
        // Sixteen bytes that differ each time (RFC 6455 §4.1); they guard nothing.
        let key = STANDARD.encode(uuid::Uuid::now_v7().as_bytes());
        let bad_key = |_| Failure::new(Code::BadKey, "no key for the web socket");
        let headers = [
            (CONNECTION, HeaderValue::from_static("Upgrade")),
            (UPGRADE, HeaderValue::from_static("websocket")),
            (
                HeaderName::from_static("sec-websocket-version"),
                HeaderValue::from_static("13"),
            ),
            (
                HeaderName::from_static("sec-websocket-key"),
                HeaderValue::try_from(&key).map_err(bad_key)?,
            ),
        ];
        let answer = http.upgrade(url, &headers, within).await?;
        let garbage = |why: &str| Failure::new(Code::GarbageAnswer, why);
        let accepted = answer.headers().get("sec-websocket-accept");
        if accepted
            .is_none_or(|said| said.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes())
        {
            return Err(garbage("the server does not speak the web socket protocol"));
        }
        let upgraded = answer.upgrade().await;
        let upgraded = upgraded.map_err(|_| garbage("the connection was not handed over"))?;
        let mut config = WebSocketConfig::default();
        config.max_message_size = Some(MAX_MESSAGE);
        config.max_frame_size = Some(MAX_MESSAGE);
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
        Ok(Self(stream))
    }

    /// The next message. Answers the server's pings by itself.
    ///
    /// # Errors
    /// `cut_off`.
    pub(crate) async fn next(&mut self) -> Result<Came, Failure> {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Ok(Came::Text(text.as_str().to_owned())),
            Some(Ok(Message::Close(_))) | None => Ok(Came::End),
            Some(Ok(_)) => Ok(Came::Other),
            Some(Err(_)) => Err(Failure::new(Code::CutOff, "the web socket was cut")),
        }
    }

    /// Says something.
    ///
    /// # Errors
    /// `cut_off`.
    pub(crate) async fn say(&mut self, text: String) -> Result<(), Failure> {
        self.send(Message::text(text)).await
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// `cut_off`.
    pub(crate) async fn ping(&mut self) -> Result<(), Failure> {
        self.send(Message::Ping(Vec::new().into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Failure> {
        match tokio::time::timeout(SAY_WITHIN, self.0.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Failure::new(Code::CutOff, "the web socket was cut")),
        }
    }
}
