//! Socket Mode against a web socket server of the tests.

use crate::{
    slack::{at, start},
    slack_heard::{press, said},
};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};
use vigie_connect::{
    Code,
    chat::{Heard, slack::Delivery},
    testing::contract::chat::slack as network,
};

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "ws://{}/link/?ticket=canaryticket",
        listener.local_addr().unwrap()
    );
    (listener, url)
}

async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut socket = accept_async(stream).await.unwrap();
    send(
        &mut socket,
        &json!({ "type": "hello", "num_connections": 1 }),
    )
    .await;
    socket
}

async fn send(socket: &mut WebSocketStream<TcpStream>, json: &Value) {
    socket.send(Message::text(json.to_string())).await.unwrap();
}

/// What is acknowledged next.
async fn acknowledged(socket: &mut WebSocketStream<TcpStream>) -> String {
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            let json: Value = serde_json::from_str(text.as_str()).unwrap();
            return json["envelope_id"].as_str().unwrap().to_owned();
        }
    }
}

fn envelope(id: &str, kind: &str, payload: &Value) -> Value {
    json!({ "envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": false, "retry_attempt": 1 })
}

#[tokio::test]
async fn events_are_acknowledged_once_they_are_kept() {
    let server = start().await;
    let (listener, url) = listener().await;
    *server.network.socket.lock().unwrap() = url;
    let slack = at(&server.url, network::BOT);
    let (to, mut from) = mpsc::channel::<Delivery>(4);
    let listening = tokio::spawn(async move {
        slack
            .listen(&network::APP.to_owned().into(), Some("U0BOT"), to)
            .await
    });

    let mut socket = accept(&listener).await;
    let spoken = said("oui", Some("1700000000.000001"));
    send(&mut socket, &envelope("e1", "events_api", &spoken)).await;
    let first = from.recv().await.unwrap();
    assert!(matches!(first.came.heard, Some(Heard::Said { .. })) && first.came.retry == 1);
    assert_eq!(first.came.id.as_deref(), Some("Ev1"));
    first.kept.send(()).unwrap();
    assert_eq!(acknowledged(&mut socket).await, "e1");

    // Not kept: not acknowledged. Of no concern: acknowledged at once.
    send(
        &mut socket,
        &envelope(
            "e2",
            "interactive",
            &press("https://hooks.slack.com/actions/1/2/3"),
        ),
    )
    .await;
    let second = from.recv().await.unwrap();
    assert!(matches!(second.came.heard, Some(Heard::Pressed { .. })));
    drop(second.kept);
    send(
        &mut socket,
        &envelope("e3", "events_api", &said("sans fil", None)),
    )
    .await;
    assert_eq!(acknowledged(&mut socket).await, "e3");
    let command = json!({ "command": "/vigie", "team_id": "T1PHARE", "user_id": "U1LEA", "user_name": "lea" });
    send(&mut socket, &envelope("e4", "slash_commands", &command)).await;
    let third = from.recv().await.unwrap();
    assert!(matches!(third.came.heard, Some(Heard::Bind { .. })));
    third.kept.send(()).unwrap();
    assert_eq!(acknowledged(&mut socket).await, "e4");
    // Noise does no harm.
    for noise in [
        "",
        "{",
        "[]",
        "7",
        r#"{"type":"events_api"}"#,
        r#"{"type":"events_api","envelope_id":"../x"}"#,
    ] {
        socket.send(Message::text(noise)).await.unwrap();
    }
    socket
        .send(Message::Binary(vec![0xff].into()))
        .await
        .unwrap();
    socket.send(Message::Ping(vec![1].into())).await.unwrap();
    send(&mut socket, &envelope("e5", "hello_again", &json!({}))).await;
    assert_eq!(acknowledged(&mut socket).await, "e5");

    // Slack asks for a new one; then it is cut; each time another is opened.
    send(
        &mut socket,
        &json!({ "type": "disconnect", "reason": "refresh_requested" }),
    )
    .await;
    let socket = accept(&listener).await;
    drop(socket);
    let mut socket = accept(&listener).await;
    send(
        &mut socket,
        &envelope(
            "e6",
            "events_api",
            &said("encore", Some("1700000000.000001")),
        ),
    )
    .await;
    from.recv().await.unwrap().kept.send(()).unwrap();
    assert_eq!(acknowledged(&mut socket).await, "e6");

    // Nobody receives any more: it ends.
    drop(from);
    listening.await.unwrap().unwrap();
    assert!(
        server
            .seen()
            .iter()
            .filter(|asked| asked.path.ends_with("apps.connections.open"))
            .count()
            >= 3
    );
}

#[tokio::test]
async fn it_ends_where_only_a_person_can_help() {
    let server = start().await;
    let slack = at(&server.url, network::BOT);
    let listen = async |token: &str| {
        let (to, _from) = mpsc::channel(1);
        slack
            .listen(&token.to_owned().into(), None, to)
            .await
            .unwrap_err()
            .code
    };
    assert_eq!(listen("xapp-other").await, Code::TokenExpired);
    assert_eq!(listen(network::BOT).await, Code::MissingRight);
    let (listener, url) = listener().await;
    *server.network.socket.lock().unwrap() = url;
    let (code, _socket) = tokio::join!(listen(network::APP), async {
        let mut socket = accept(&listener).await;
        send(
            &mut socket,
            &json!({ "type": "disconnect", "reason": "link_disabled" }),
        )
        .await;
        socket
    });
    assert_eq!(code, Code::NotOffered);
}

#[tokio::test]
async fn the_socket_is_slacks_and_passes_the_guard() {
    let server = start().await;
    let slack = at(&server.url, network::BOT);
    let elsewhere = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    let tried = async |url: String| {
        *server.network.socket.lock().unwrap() = url;
        let app = network::APP.to_owned().into();
        let (to, from) = mpsc::channel(1);
        let before = server.seen().len();
        let ((), _) = tokio::join!(
            async {
                // Two tries are enough to see that it never gets there.
                while server.seen().len() < before + 2 {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                drop(from);
            },
            slack.listen(&app, None, to),
        );
    };
    // Not Slack's, not a socket, or unencrypted.
    for url in [
        format!("ws://127.0.0.2:{port}/x"),
        "wss://slack.com.evil.example/x".to_owned(),
        "wss://evil.example/x.slack.com".to_owned(),
        "ws://wss-primary.slack.com/x".to_owned(),
        "not an address".to_owned(),
    ] {
        tried(url).await;
    }
    let reached =
        tokio::time::timeout(std::time::Duration::from_millis(1), elsewhere.accept()).await;
    assert!(reached.is_err(), "another address was called");
    assert!(
        server
            .seen()
            .iter()
            .all(|asked| asked.path == "/api/apps.connections.open")
    );
}
