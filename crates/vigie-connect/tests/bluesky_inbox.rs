//! What reaches a Bluesky account, on a stand-in that can be made to hide, forget and lie. For the real app view see
//! `bluesky_network.rs`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::{collections::HashSet, sync::Arc};
use vigie_connect::{
    Account, AllowedPrivate, ArrivalKind, Bluesky, Code, Connector, Http, Limits, Session,
    bluesky::record,
    testing::{
        Fault, Proxy,
        contract::{Contract, appview::AppView},
    },
};
use vigie_core::content::Platform;

const TABLE: &str = include_str!("../contracts/bluesky-inbox.toml");
const US: &str = "did:plc:phare";

fn bluesky() -> Bluesky {
    Bluesky::new(Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap())
}

struct Scene {
    view: Contract<AppView>,
    proxy: Proxy,
    session: Session,
}

async fn scene() -> Scene {
    let view = Contract::start(TABLE, AppView::new(US)).await;
    let proxy = Proxy::before(view.address()).await;
    let account = Account {
        platform: Platform::Bluesky,
        service: proxy.url.clone(),
        id: US.into(),
        handle: "phare.exemple.fr".into(),
        limits: Limits::default(),
    };
    let session = Session::new(account, view.network.keys().into());
    Scene {
        view,
        proxy,
        session,
    }
}

fn ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

fn ours(key: &str) -> String {
    format!("at://{US}/app.bsky.feed.post/{key}")
}

#[tokio::test]
async fn kinds_and_answers() {
    let mut s = scene().await;
    let view = Arc::clone(&s.view.network);
    let cid = format!("bafyreib{:051}", 7);
    let reply = |parent: &str, root: &str| {
        json!({ "reasonSubject": ours("racine"), "record": { "text": "Bravo", "reply": {
            "parent": { "uri": parent, "cid": cid }, "root": { "uri": root, "cid": cid } } } })
    };
    let comment = view.tell(
        "reply",
        "",
        ago(5),
        &reply(&ours("milieu"), &ours("racine")),
    );
    // Answers somebody else in a thread of ours.
    view.tell(
        "reply",
        "",
        ago(4),
        &reply("at://did:plc:tiers/app.bsky.feed.post/3x", &ours("racine")),
    );
    view.tell("mention", "Voir @phare.exemple.fr", ago(3), &Value::Null);
    view.tell(
        "quote",
        "Tiens",
        ago(2),
        &json!({ "reasonSubject": ours("citee") }),
    );
    // Named in an answer to us: told as a mention alone, and an answer all the same.
    let named = reply(&ours("milieu"), &ours("racine"));
    view.tell("mention", "", ago(1), &named);
    view.tell("like", "", ago(1), &Value::Null);
    let came = bluesky().arrivals(&mut s.session, None).await.unwrap();
    let shown: Vec<(ArrivalKind, Option<&str>)> = came
        .items
        .iter()
        .map(|a| (a.kind, a.about.as_deref()))
        .collect();
    assert_eq!(
        shown,
        [
            (ArrivalKind::Comment, Some(ours("milieu").as_str())),
            (ArrivalKind::Mention, Some(ours("citee").as_str())),
            (ArrivalKind::Mention, None),
            (ArrivalKind::Comment, Some(ours("racine").as_str())),
            (ArrivalKind::Comment, Some(ours("milieu").as_str())),
        ]
    );
    let first = came.items.last().unwrap();
    assert_eq!(
        (first.text.as_str(), first.author.as_str()),
        ("Bravo", "autre.exemple.fr")
    );
    assert_eq!(
        first.url,
        "https://bsky.app/profile/did:plc:autre/post/3k00000000000"
    );
    // It can be answered as it came: parent and beginning of the thread.
    let parts: Vec<&str> = first.remote_id.split('|').collect();
    assert_eq!(
        (parts[0], parts[2], parts[3]),
        (comment.as_str(), ours("racine").as_str(), cid.as_str())
    );
    assert!(record::answerable((parts[0], parts[1]), (parts[2], parts[3])).is_some());
    // A mention begins its own thread.
    let mention = &came.items[2].remote_id;
    let parts: Vec<&str> = mention.split('|').collect();
    assert_eq!(parts[..2], parts[2..]);
}

#[tokio::test]
async fn nothing_is_lost_however_much_comes() {
    let mut s = scene().await;
    let view = Arc::clone(&s.view.network);
    let start = bluesky().arrivals(&mut s.session, None).await.unwrap();
    assert_eq!(start.items, []);
    let mut told: HashSet<String> = HashSet::new();
    for n in 0..1_200 {
        told.insert(view.tell("mention", &format!("n° {n}"), ago(3_000 - n), &Value::Null));
    }
    let mut seen: HashSet<String> = HashSet::new();
    let mut cursor = start.cursor;
    for round in 0..4 {
        let came = bluesky()
            .arrivals(&mut s.session, cursor.as_deref())
            .await
            .unwrap();
        seen.extend(
            came.items
                .iter()
                .map(|a| a.remote_id.split('|').next().unwrap().to_owned()),
        );
        cursor = came.cursor;
        if round == 0 {
            assert!(seen.len() < told.len(), "more than one go can read");
            // Something new comes while the old is still being read.
            told.insert(view.tell("mention", "entre-temps", ago(1), &Value::Null));
        }
    }
    assert_eq!(seen, told);
    // Caught up: only what came lately comes again.
    let again = bluesky()
        .arrivals(&mut s.session, cursor.as_deref())
        .await
        .unwrap();
    assert_eq!(again.items.len(), 1);
    // One that the app view learnt of late is not passed over.
    view.tell("mention", "en retard", ago(8), &Value::Null);
    let late = bluesky()
        .arrivals(&mut s.session, again.cursor.as_deref())
        .await
        .unwrap();
    assert!(late.items.iter().any(|a| a.text == "en retard"));
}

/// `cursor` as it is when a day was last looked back two hours ago.
fn hours_later(cursor: Option<String>) -> String {
    let mut cursor: Value = serde_json::from_str(&cursor.unwrap()).unwrap();
    cursor["looked"] = json!(ago(120));
    cursor.to_string()
}

#[tokio::test]
async fn a_slow_clock_is_looked_for_and_keeps_nobody_waiting() {
    let mut s = scene().await;
    let view = Arc::clone(&s.view.network);
    view.tell("mention", "premier", ago(1), &Value::Null);
    let start = bluesky().arrivals(&mut s.session, None).await.unwrap();
    view.tell("mention", "horloge lente", ago(300), &Value::Null);
    view.tell("mention", "avant-hier", ago(2_000), &Value::Null);
    let read = async |s: &mut Scene, cursor: &str| {
        let came = bluesky().arrivals(&mut s.session, Some(cursor)).await;
        let came = came.unwrap();
        let texts: Vec<String> = came.items.into_iter().map(|a| a.text).collect();
        (texts, came.cursor)
    };
    let (texts, cursor) = read(&mut s, &start.cursor.unwrap()).await;
    assert_eq!(texts, ["premier"], "not every time");
    let (texts, cursor) = read(&mut s, &hours_later(cursor)).await;
    assert_eq!(texts, ["premier", "horloge lente"]);
    let (texts, cursor) = read(&mut s, &cursor.unwrap()).await;
    assert_eq!(texts, ["premier"], "not again at once");
    // A cursor that knows nothing of it yet.
    let mut old: Value = serde_json::from_str(cursor.as_ref().unwrap()).unwrap();
    old.as_object_mut().unwrap().remove("looked");
    assert_eq!(read(&mut s, &old.to_string()).await.0.len(), 2);
    // More in a day than one go reads: the looking ends there, and what is new comes the next time.
    for n in 0..900 {
        view.tell(
            "mention",
            &format!("n° {n}"),
            ago(20 + n / 10),
            &Value::Null,
        );
    }
    let (texts, cursor) = read(&mut s, &hours_later(cursor)).await;
    assert_eq!(texts.len(), 500);
    view.tell("mention", "nouveau", ago(0), &Value::Null);
    let (texts, cursor) = read(&mut s, &cursor.unwrap()).await;
    assert_eq!(texts, ["nouveau", "premier"], "as always");
    // Cut below the floor: what is above it was read.
    s.proxy.harm("cursor=", Fault::CutBefore, 1);
    let (texts, cursor) = read(&mut s, &hours_later(cursor)).await;
    assert_eq!(texts.len(), 50);
    view.tell("mention", "encore", ago(0), &Value::Null);
    let (texts, _) = read(&mut s, &cursor.unwrap()).await;
    assert_eq!(texts, ["encore", "nouveau", "premier"]);
}

#[tokio::test]
async fn holes_cuts_and_forgotten_places() {
    let mut s = scene().await;
    let view = Arc::clone(&s.view.network);
    let start = bluesky()
        .arrivals(&mut s.session, None)
        .await
        .unwrap()
        .cursor;
    for n in 0..120 {
        view.tell("reply", &format!("n° {n}"), ago(3_000 - n), &Value::Null);
    }
    view.hide();
    let whole = bluesky()
        .arrivals(&mut s.session, start.as_deref())
        .await
        .unwrap();
    assert_eq!(whole.items.len(), 120, "an empty page is not the last");
    // Cut before the second page: what was read is kept and it goes on from there.
    s.proxy.harm("cursor=", Fault::CutBefore, 1);
    let half = bluesky()
        .arrivals(&mut s.session, start.as_deref())
        .await
        .unwrap();
    assert_eq!(half.items.len(), 50);
    let rest = bluesky()
        .arrivals(&mut s.session, half.cursor.as_deref())
        .await
        .unwrap();
    assert_eq!(rest.items.len(), 70);
    // The app view has forgotten the place meanwhile: all of it again, rather than a hole.
    view.forget_cursors();
    let again = bluesky()
        .arrivals(&mut s.session, half.cursor.as_deref())
        .await
        .unwrap();
    assert_eq!(again.items.len(), 120);
    // Cut at once: nothing is claimed.
    s.proxy.harm("listNotifications", Fault::CutBefore, 1);
    let cut = bluesky().arrivals(&mut s.session, start.as_deref()).await;
    assert_eq!(cut.unwrap_err().code, Code::CutOff);
    // No app view behind the server.
    let none = Fault::http(502, "", r#"{"error":"UpstreamFailure"}"#);
    s.proxy.harm("listNotifications", Fault::Answer(none), 1);
    let none = bluesky().arrivals(&mut s.session, None).await;
    assert_eq!(none.unwrap_err().code, Code::ServerError);
    for odd in ["", "x", "{}", r#"{"seen":7}"#] {
        let code = bluesky()
            .arrivals(&mut s.session, Some(odd))
            .await
            .unwrap_err()
            .code;
        assert_eq!(code, Code::BadKey, "{odd}");
    }
}

#[tokio::test]
async fn hostile_words_and_odd_shapes() {
    let mut s = scene().await;
    let view = Arc::clone(&s.view.network);
    let start = bluesky()
        .arrivals(&mut s.session, None)
        .await
        .unwrap()
        .cursor;
    // Told twice: as an answer it is one.
    let twice = "at://did:plc:autre/app.bsky.feed.post/3double";
    view.tell("mention", "deux fois", ago(9), &json!({ "uri": twice }));
    view.tell("reply", "deux fois", ago(9), &json!({ "uri": twice }));
    let long = "é".repeat(20_000);
    view.tell("mention", &long, ago(8), &Value::Null);
    for odd in [
        json!({ "uri": "at://did:plc:autre/app.bsky.feed.post/../x" }),
        json!({ "uri": "https://exemple.fr/" }),
        json!({ "uri": 7 }),
        json!({ "cid": "bad|cid" }),
        json!({ "indexedAt": "hier" }),
        json!({ "indexedAt": null }),
        json!({ "reason": "autre" }),
    ] {
        view.tell("mention", "étrange", ago(7), &odd);
    }
    // Its handle is not proven, its thread begins nowhere.
    let odd = json!({ "author": { "handle": "handle.invalid" }, "record": { "text": "anonyme",
        "reply": { "root": { "uri": "javascript:alert(1)", "cid": "x" } } } });
    let uri = view.tell("reply", "", ago(6), &odd);
    view.tell(
        "mention",
        "du futur",
        "2999-01-01T00:00:00Z".parse().unwrap(),
        &Value::Null,
    );
    let came = bluesky()
        .arrivals(&mut s.session, start.as_deref())
        .await
        .unwrap();
    let texts: Vec<String> = came
        .items
        .iter()
        .map(|a| a.text.chars().take(9).collect())
        .collect();
    assert_eq!(texts, ["du futur", "anonyme", "ééééééééé", "deux fois"]);
    assert_eq!(came.items[3].kind, ArrivalKind::Comment);
    assert_eq!(came.items[2].text.chars().count(), 10_000);
    assert_eq!(
        (
            came.items[1].author.as_str(),
            came.items[1].about.as_deref()
        ),
        ("did:plc:autre", None)
    );
    let parts: Vec<&str> = came.items[1].remote_id.split('|').collect();
    assert_eq!((parts[0], parts[2]), (uri.as_str(), uri.as_str()));
    // A time that is not yet does not close the ears.
    view.tell("mention", "après", ago(0), &Value::Null);
    let next = bluesky()
        .arrivals(&mut s.session, came.cursor.as_deref())
        .await
        .unwrap();
    assert!(next.items.iter().any(|a| a.text == "après"));
    // Records of others may be very large.
    for n in 0..8 {
        let huge =
            json!({ "record": { "text": format!("énorme {n}"), "facets": "x".repeat(1_200_000) } });
        view.tell("mention", "", ago(0), &huge);
    }
    let mut cursor = next.cursor;
    let mut seen = HashSet::new();
    for _ in 0..3 {
        let came = bluesky()
            .arrivals(&mut s.session, cursor.as_deref())
            .await
            .unwrap();
        seen.extend(
            came.items
                .into_iter()
                .map(|a| a.text)
                .filter(|t| t.starts_with("énorme")),
        );
        cursor = came.cursor;
    }
    assert_eq!(seen.len(), 8);
}

#[tokio::test]
async fn tokens_are_renewed_on_the_way() {
    let mut s = scene().await;
    let view = Arc::clone(&s.view.network);
    view.tell("mention", "là", ago(1), &Value::Null);
    view.expire();
    let came = bluesky().arrivals(&mut s.session, None).await.unwrap();
    assert_eq!(came.items.len(), 1);
    assert!(s.session.take_renewed().is_some());
}
