//! Socket Mode against a web socket server of the tests.

use crate::{
    slack::{at, start},
    slack_heard::{press, said},
};
use serde_json::json;
use tokio::{net::TcpListener, sync::mpsc};
use tokio_tungstenite::tungstenite::Message;
use vigie_connect::{
    Code,
    chat::{Heard, slack::Delivery},
    testing::contract::chat::{slack as network, socket::SocketServer},
};

#[tokio::test]
async fn events_are_acknowledged_once_they_are_kept() {
    let server = start().await;
    let sockets = SocketServer::start().await;
    *server.network.socket.lock().unwrap() = sockets.url.clone();
    let slack = at(&server.url, network::BOT);
    let (to, mut from) = mpsc::channel::<Delivery>(4);
    let listening = tokio::spawn(async move {
        slack
            .listen(&network::APP.to_owned().into(), Some("U0BOT"), to)
            .await
    });

    let mut socket = sockets.accept().await;
    let spoken = said("oui", Some("1700000000.000001"));
    socket.envelope("e1", "events_api", &spoken).await;
    let first = from.recv().await.unwrap();
    assert!(matches!(first.came.heard, Some(Heard::Said { .. })) && first.came.retry == 1);
    assert_eq!(first.came.id.as_deref(), Some("Ev1"));
    first.kept.send(()).unwrap();
    assert_eq!(socket.acknowledged().await, "e1");

    // Not kept: not acknowledged. Of no concern: acknowledged at once.
    socket
        .envelope(
            "e2",
            "interactive",
            &press("https://hooks.slack.com/actions/1/2/3"),
        )
        .await;
    let second = from.recv().await.unwrap();
    assert!(matches!(second.came.heard, Some(Heard::Pressed { .. })));
    drop(second.kept);
    socket
        .envelope("e3", "events_api", &said("sans fil", None))
        .await;
    assert_eq!(socket.acknowledged().await, "e3");
    let command = json!({ "command": "/vigie", "team_id": "T1PHARE", "user_id": "U1LEA", "user_name": "lea" });
    socket.envelope("e4", "slash_commands", &command).await;
    let third = from.recv().await.unwrap();
    assert!(matches!(third.came.heard, Some(Heard::Bind { .. })));
    third.kept.send(()).unwrap();
    assert_eq!(socket.acknowledged().await, "e4");
    // Noise does no harm.
    for noise in [
        "",
        "{",
        "[]",
        "7",
        r#"{"type":"events_api"}"#,
        r#"{"type":"events_api","envelope_id":"../x"}"#,
    ] {
        socket.raw(Message::text(noise)).await;
    }
    socket.raw(Message::Binary(vec![0xff].into())).await;
    socket.raw(Message::Ping(vec![1].into())).await;
    socket.envelope("e5", "hello_again", &json!({})).await;
    assert_eq!(socket.acknowledged().await, "e5");

    // Slack asks for a new one; then it is cut; each time another is opened.
    socket
        .send(&json!({ "type": "disconnect", "reason": "refresh_requested" }))
        .await;
    let socket = sockets.accept().await;
    drop(socket);
    let mut socket = sockets.accept().await;
    socket
        .envelope(
            "e6",
            "events_api",
            &said("encore", Some("1700000000.000001")),
        )
        .await;
    from.recv().await.unwrap().kept.send(()).unwrap();
    assert_eq!(socket.acknowledged().await, "e6");

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
    let sockets = SocketServer::start().await;
    *server.network.socket.lock().unwrap() = sockets.url.clone();
    let (code, _socket) = tokio::join!(listen(network::APP), async {
        let mut socket = sockets.accept().await;
        socket
            .send(&json!({ "type": "disconnect", "reason": "link_disabled" }))
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
