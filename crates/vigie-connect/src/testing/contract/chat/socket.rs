//! The other end of Slack's Socket Mode (<https://docs.slack.dev/apis/events-api/using-socket-mode>).

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

/// Where web sockets are opened.
#[derive(Debug)]
pub struct SocketServer {
    listener: TcpListener,
    /// Its address: what `apps.connections.open` answers.
    pub url: String,
}

/// A web socket that Vigie opened.
#[derive(Debug)]
pub struct SlackSocket(WebSocketStream<TcpStream>);

impl SocketServer {
    /// On a port of its own.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let url = format!("ws://{at}/link/?ticket=canaryticket");
        Self { listener, url }
    }

    /// The next one, greeted.
    ///
    /// # Panics
    /// When it does not speak the protocol.
    pub async fn accept(&self) -> SlackSocket {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut socket = SlackSocket(accept_async(stream).await.unwrap());
        let hello = json!({ "type": "hello", "num_connections": 1 });
        socket.send(&hello).await;
        socket
    }
}

impl SlackSocket {
    /// Sends anything as JSON.
    ///
    /// # Panics
    /// When the other side is gone.
    pub async fn send(&mut self, json: &Value) {
        self.raw(Message::text(json.to_string())).await;
    }

    /// Sends anything at all.
    ///
    /// # Panics
    /// When the other side is gone.
    pub async fn raw(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// Sends an envelope: `events_api`, `interactive` or `slash_commands`.
    ///
    /// # Panics
    /// When the other side is gone.
    pub async fn envelope(&mut self, id: &str, kind: &str, payload: &Value) {
        self.send(&json!({
            "envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": false, "retry_attempt": 1,
        }))
        .await;
    }

    /// What is acknowledged next.
    ///
    /// # Panics
    /// When the other side is gone.
    pub async fn acknowledged(&mut self) -> String {
        loop {
            if let Message::Text(text) = self.0.next().await.unwrap().unwrap() {
                let json: Value = serde_json::from_str(text.as_str()).unwrap();
                return json["envelope_id"].as_str().unwrap().to_owned();
            }
        }
    }
}
