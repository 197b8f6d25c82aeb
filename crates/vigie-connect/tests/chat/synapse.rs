//! The real Matrix server.

use crate::{
    matrix::at,
    suite::{WITHIN, huge, note},
};
use serde_json::json;
use std::time::Duration;
use vigie_connect::{
    Code,
    chat::Heard,
    rest::Stage,
    testing::{Fault, Proxy, Synapse},
};

#[tokio::test]
async fn a_conversation_on_a_real_server() {
    let Some(server) = Synapse::shared() else {
        return;
    };
    let (bot, lea) = (server.resident("vigie").await, server.resident("lea").await);
    let name = format!(
        "revue-{}",
        lea.id.trim_start_matches('@').split(':').next().unwrap()
    );
    let made = json!({ "preset": "public_chat", "room_alias_name": name });
    let made = server.call("POST", "/createRoom", Some(&lea), &made).await;
    let proxy = Proxy::before(server.url.trim_start_matches("http://")).await;
    let chat = at(&proxy.url, &bot.token);
    assert_eq!(chat.check().await.unwrap(), bot.id);
    let outside = chat
        .say(made["room_id"].as_str().unwrap(), &note("x"), WITHIN)
        .await
        .unwrap_err();
    assert_eq!(
        (outside.stage, outside.failure.code),
        (Stage::Refused, Code::MissingRight)
    );
    let room = chat.join(&format!("#{name}:localhost")).await.unwrap();
    assert_eq!(room, made["room_id"].as_str().unwrap());
    assert!(!chat.is_encrypted(&room).await.unwrap());
    let secret = json!({
        "preset": "public_chat",
        "initial_state": [{ "type": "m.room.encryption", "state_key": "", "content": { "algorithm": "m.megolm.v1.aes-sha2" } }],
    });
    let secret = server
        .call("POST", "/createRoom", Some(&lea), &secret)
        .await;
    let secret = chat
        .join(secret["room_id"].as_str().unwrap())
        .await
        .unwrap();
    assert!(chat.is_encrypted(&secret).await.unwrap());
    let first = chat.look(&bot.id, None, Duration::ZERO).await.unwrap();
    assert_eq!(first.heard, []);

    // Its answer is lost, and it is said again: one message.
    let asked = note("À relire <b>");
    proxy.harm("/send/", Fault::CutAfter, 1);
    assert_eq!(
        chat.say(&room, &asked, WITHIN).await.unwrap_err().stage,
        Stage::Unknown
    );
    let sent = chat.say(&room, &asked, WITHIN).await.unwrap();
    assert_eq!(chat.say(&room, &asked, WITHIN).await.unwrap(), sent);
    let root = sent.thread.clone().unwrap();
    chat.say(&room, &huge("Trop"), WITHIN).await.unwrap();
    let path = format!(
        "/rooms/{}/messages?dir=b&limit=50",
        room.replace('!', "%21").replace(':', "%3A")
    );
    let all = server.call("GET", &path, Some(&lea), &json!(null)).await;
    let said: Vec<_> = all["chunk"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["type"] == "m.room.message")
        .collect();
    assert_eq!(said.len(), 2, "one of each");

    // An answer in its thread, among other words; then the cursor goes on from there.
    let put = |n: u32| {
        format!(
            "/rooms/{}/send/m.room.message/t{n}",
            room.replace('!', "%21").replace(':', "%3A")
        )
    };
    let relation = json!({ "rel_type": "m.thread", "event_id": root });
    let mut expected = Vec::new();
    for n in 0..3 {
        let text = format!("mot {n} <b>");
        let body = json!({ "msgtype": "m.text", "body": text, "m.relates_to": relation });
        let id = server.call("PUT", &put(n), Some(&lea), &body).await;
        expected.push((text, id["event_id"].as_str().unwrap().to_owned()));
    }
    server
        .call(
            "PUT",
            &put(8),
            Some(&lea),
            &json!({ "msgtype": "m.text", "body": "sans fil" }),
        )
        .await;
    server
        .call(
            "PUT",
            &put(9),
            Some(&lea),
            &json!({ "msgtype": "m.text", "body": "!vigie" }),
        )
        .await;
    let mut next = note("Décidé");
    next.thread = Some(root.clone());
    assert_eq!(
        chat.say(&room, &next, WITHIN).await.unwrap().thread,
        Some(root.clone())
    );
    let look = chat
        .look(&bot.id, Some(&first.next), Duration::from_secs(1))
        .await
        .unwrap();
    let words: Vec<_> = look
        .heard
        .iter()
        .filter_map(|heard| match heard {
            Heard::Said {
                who,
                thread,
                text,
                message,
            } => {
                assert_eq!((&who.id, thread), (&lea.id, &root));
                Some((text.clone(), message.clone()))
            }
            Heard::Bind { who } => {
                assert_eq!(who.id, lea.id);
                None
            }
            other @ Heard::Pressed { .. } => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((words, look.heard.len(), look.missed), (expected, 4, false));
    assert_eq!(
        chat.look(&bot.id, Some(&look.next), Duration::ZERO)
            .await
            .unwrap()
            .heard,
        []
    );
    assert!(chat.name(&lea.id).await.unwrap().starts_with("lea"));

    // More than a look shows is read back.
    for n in 100..230 {
        let body = json!({ "msgtype": "m.text", "body": n.to_string(), "m.relates_to": relation });
        server.call("PUT", &put(n), Some(&lea), &body).await;
    }
    let flood = chat
        .look(&bot.id, Some(&look.next), Duration::ZERO)
        .await
        .unwrap();
    let words: Vec<String> = flood
        .heard
        .iter()
        .map(|heard| match heard {
            Heard::Said { text, .. } => text.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        (words, flood.missed),
        ((100..230).map(|n| n.to_string()).collect(), false)
    );

    server.call("POST", "/logout", Some(&bot), &json!({})).await;
    let ended = chat.say(&room, &note("x"), WITHIN).await.unwrap_err();
    assert_eq!(
        (ended.stage, ended.failure.code),
        (Stage::Refused, Code::TokenExpired)
    );
}
