//! The connector on a real server.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use bytes::Bytes;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::time::Duration;
use vigie_connect::{
    Allowed, Code, Connector, Payload, Picture, Placed, Session, bluesky, testing::Pds,
};
use vigie_core::{
    content::Repliers,
    publication::{Found, Outcome},
};

const WITHIN: Duration = Duration::from_secs(60);
/// One white pixel.
const PNG: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0,
    0, 0, 58, 126, 155, 85, 0, 0, 0, 10, 73, 68, 65, 84, 120, 156, 99, 248, 15, 0, 1, 1, 1, 0, 27,
    182, 238, 86, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

fn payload(connector: &dyn Connector, text: &str) -> Payload {
    let now = Timestamp::now();
    Payload {
        key: connector.new_key(now, 7),
        text: text.into(),
        link: None,
        langs: vec!["fr".into(), "en".into()],
        pictures: vec![],
        reply_to: None,
        warning: None,
        repliers: Repliers::Everyone,
        created_at: now,
    }
}

fn published(outcome: Outcome) -> (String, String) {
    match outcome {
        Outcome::Published {
            remote_id,
            content_id,
            ..
        } => (remote_id, content_id),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_post_goes_out_once_and_is_read_back() {
    let Some(pds) = Pds::shared() else { return };
    let (bluesky, member) = (Pds::bluesky(), pds.member("alice").await);
    let mut session = pds.session(&member).await;
    assert_eq!(
        (session.account.id.as_str(), session.account.handle.as_str()),
        (member.did.as_str(), member.handle.as_str())
    );
    bluesky.check(&mut session).await.unwrap();

    let text = format!(
        "👩‍👩‍👧‍👦 Voilà l’été : @{} @nobody-at-all.test #éTé https://exemple.fr/x. שלום",
        member.handle
    );
    let post = payload(&bluesky, &text);
    assert_eq!(bluesky.find(&mut session, &post).await, Found::Absent);
    let (id, cid) = published(bluesky.publish(&mut session, &post, WITHIN).await);
    assert_eq!(
        published(bluesky.publish(&mut session, &post, WITHIN).await),
        (id.clone(), cid.clone()),
        "the same again"
    );
    assert_eq!(pds.posts(&member.did).await.len(), 1);
    assert!(
        matches!(bluesky.find(&mut session, &post).await, Found::Same { content_id, .. } if content_id == cid)
    );
    let back = bluesky.read_back(&mut session, &id).await.unwrap().unwrap();
    assert_eq!(
        (
            back.text.as_str(),
            back.content_id.as_str(),
            back.key.as_str()
        ),
        (text.as_str(), cid.as_str(), post.key.as_str())
    );
    assert_eq!(
        back.created_at.map(Timestamp::as_millisecond),
        Some(post.created_at.as_millisecond())
    );
    let facets = pds.posts(&member.did).await[0]["value"]["facets"].clone();
    assert_eq!(
        facets.as_array().unwrap().len(),
        3,
        "mention, tag, link; nobody is not mentioned: {facets}"
    );
    assert_eq!(facets[0]["features"][0]["did"], member.did);

    // Another content under the same key: nothing is overwritten.
    let mut other = post.clone();
    other.text = "Autre chose".into();
    assert!(
        matches!(bluesky.publish(&mut session, &other, WITHIN).await, Outcome::Unknown { detail } if detail.contains("key_taken"))
    );
    assert!(matches!(
        bluesky.find(&mut session, &other).await,
        Found::Different { .. }
    ));
    assert_eq!(
        bluesky
            .read_back(&mut session, &id)
            .await
            .unwrap()
            .unwrap()
            .content_id,
        cid
    );

    // Somebody edits it: another content id. Somebody else posts: it is listed.
    let mut record = pds.posts(&member.did).await[0]["value"].clone();
    record["text"] = json!("changé");
    record.as_object_mut().unwrap().remove("facets");
    let edit = json!({ "repo": member.did, "collection": "app.bsky.feed.post", "rkey": post.key, "record": record });
    pds.call("com.atproto.repo.putRecord", &member.access, &edit)
        .await;
    assert_ne!(
        bluesky
            .read_back(&mut session, &id)
            .await
            .unwrap()
            .unwrap()
            .content_id,
        cid
    );
    assert!(matches!(
        bluesky.find(&mut session, &post).await,
        Found::Different { .. }
    ));

    bluesky.delete(&mut session, &id).await.unwrap();
    bluesky.delete(&mut session, &id).await.unwrap();
    assert_eq!(bluesky.read_back(&mut session, &id).await.unwrap(), None);
    assert_eq!(bluesky.find(&mut session, &post).await, Found::Absent);
    assert_eq!(
        bluesky
            .delete(
                &mut session,
                "at://did:plc:other/app.bsky.feed.post/3jzfcijpj2z2a"
            )
            .await
            .unwrap_err()
            .code,
        Code::BadKey
    );
}

#[tokio::test]
async fn pictures_and_cards() {
    let Some(pds) = Pds::shared() else { return };
    let (bluesky, member) = (Pds::bluesky(), pds.member("bob").await);
    let mut session = pds.session(&member).await;
    let mut post = payload(&bluesky, "");
    let picture = Picture {
        bytes: Bytes::from_static(PNG),
        mime: "image/png".into(),
        alt: "Un pixel « blanc »".into(),
        width: 1,
        height: 1,
        address: None,
    };
    post.pictures = vec![picture.clone(), picture];
    published(bluesky.publish(&mut session, &post, WITHIN).await);
    assert!(matches!(
        bluesky.find(&mut session, &post).await,
        Found::Same { .. }
    ));
    let embed = pds.posts(&member.did).await[0]["value"]["embed"].clone();
    assert_eq!(embed["images"][1]["alt"], "Un pixel « blanc »");
    assert_eq!(
        embed["images"][0]["aspectRatio"],
        json!({ "width": 1, "height": 1 })
    );
    // Another alternative text is another content.
    post.pictures[0].alt = "Autre".into();
    assert!(matches!(
        bluesky.find(&mut session, &post).await,
        Found::Different { .. }
    ));

    // Not what it claims.
    let mut post = payload(&bluesky, "x");
    post.pictures = vec![Picture {
        bytes: Bytes::from_static(PNG),
        mime: "image/jpeg".into(),
        alt: String::new(),
        width: 1,
        height: 1,
        address: None,
    }];
    assert!(
        matches!(bluesky.publish(&mut session, &post, WITHIN).await, Outcome::Refused { code, .. } if code == "media_kind")
    );

    let mut post = payload(&bluesky, "Lisez");
    post.link = Some("https://exemple.fr/dossier?a=b".into());
    published(bluesky.publish(&mut session, &post, WITHIN).await);
    assert_eq!(
        pds.posts(&member.did).await[0]["value"]["embed"]["external"]["uri"],
        "https://exemple.fr/dossier?a=b"
    );
}

/// This server has no app view: what reaches an account is in `bluesky_network.rs`, where there is one.
#[tokio::test]
async fn an_answer_stands_in_its_thread() {
    let Some(pds) = Pds::shared() else { return };
    let (bluesky, member, other) = (
        Pds::bluesky(),
        pds.member("alix").await,
        pds.member("bruno").await,
    );
    let mut theirs = pds.session(&other).await;
    let question = payload(&bluesky, "Ouvert dimanche ?");
    let (uri, cid) = published(bluesky.publish(&mut theirs, &question, WITHIN).await);
    let id = bluesky::record::answerable((&uri, &cid), (&uri, &cid)).unwrap();
    let mut session = pds.session(&member).await;
    let mut answer = payload(&bluesky, "Oui !");
    answer.reply_to = Some(id);
    let (own, own_cid) = published(bluesky.publish(&mut session, &answer, WITHIN).await);
    let held = pds.posts(&member.did).await;
    assert_eq!(
        held[0]["value"]["reply"]["parent"],
        json!({ "uri": uri, "cid": cid })
    );
    assert_eq!(
        published(bluesky.publish(&mut session, &answer, WITHIN).await),
        (own.clone(), own_cid.clone()),
        "the same again"
    );
    assert!(matches!(
        bluesky.find(&mut session, &answer).await,
        Found::Same { .. }
    ));
    // Deeper in the thread the beginning stays; without the answer it is another content.
    let mut deeper = payload(&bluesky, "Et lundi ?");
    deeper.reply_to = bluesky::record::answerable((&own, &own_cid), (&uri, &cid));
    published(bluesky.publish(&mut theirs, &deeper, WITHIN).await);
    let held = pds.posts(&other.did).await;
    assert_eq!(held[0]["value"]["reply"]["root"]["uri"], uri);
    answer.reply_to = None;
    assert!(matches!(
        bluesky.find(&mut session, &answer).await,
        Found::Different { .. }
    ));
    answer.reply_to = Some(uri);
    assert!(
        matches!(bluesky.publish(&mut session, &answer, WITHIN).await, Outcome::Refused { code, .. } if code == "bad_key")
    );
    // Nobody tells this server what reached the account: that is said, not taken for silence.
    assert!(bluesky.arrivals(&mut session, None).await.is_err());
}

#[tokio::test]
async fn the_server_counts_as_we_do() {
    let Some(pds) = Pds::shared() else { return };
    let (bluesky, member) = (Pds::bluesky(), pds.member("carole").await);
    let mut session = pds.session(&member).await;
    // At the limit for us is at the limit for the server; one more is refused by both.
    for unit in [
        "a",
        "é",
        "e\u{301}",
        "👍🏽",
        "🇫🇷",
        "ש",
        "각",
        "नि",
        "\u{1112}\u{1161}\u{11ab}",
    ] {
        let post = payload(&bluesky, &unit.repeat(300));
        assert!(
            bluesky.count(&session.account, &post.text).left() == 0,
            "{unit}"
        );
        published(bluesky.publish(&mut session, &post, WITHIN).await);
        let over = json!({ "repo": member.did, "collection": "app.bsky.feed.post", "record": {
            "$type": "app.bsky.feed.post", "text": unit.repeat(301), "createdAt": "2026-11-24T12:00:00.000Z" } });
        let answer = reqwest_status(&pds, &member.access, &over).await;
        assert_eq!(answer, 400, "{unit}");
        assert!(
            matches!(bluesky.publish(&mut session, &payload(&bluesky, &unit.repeat(301)), WITHIN).await,
            Outcome::Refused { code, .. } if code == "too_long" || code == "too_many_bytes")
        );
    }
}

async fn reqwest_status(pds: &Pds, access: &str, body: &serde_json::Value) -> u16 {
    let http = Pds::http();
    let url = format!("{}/xrpc/com.atproto.repo.createRecord", pds.url)
        .parse()
        .unwrap();
    let mut call = vigie_connect::http::Call::new(reqwest::Method::POST, url, WITHIN);
    call.bearer = Some(access.to_owned().into());
    call.body = Some(("application/json", Bytes::from(body.to_string())));
    http.send(call).await.unwrap().status
}

#[tokio::test]
async fn credentials() {
    let Some(pds) = Pds::shared() else { return };
    let (bluesky, member) = (Pds::bluesky(), pds.member("denis").await);
    let connect = async |who: &str, word: &str| {
        let secret = SecretString::from(word.to_owned());
        bluesky
            .connect(&pds.url, who, &secret)
            .await
            .map(|c| c.account.id)
            .map_err(|f| f.code)
    };
    assert_eq!(
        connect(&member.did, &member.app_password).await.as_ref(),
        Ok(&member.did)
    );
    assert_eq!(
        connect(&format!(" @{} ", member.handle), &member.app_password)
            .await
            .as_ref(),
        Ok(&member.did)
    );
    assert_eq!(
        connect(&member.handle, "wrong").await,
        Err(Code::BadCredentials)
    );
    assert_eq!(
        connect("nobody.test", "wrong").await,
        Err(Code::BadCredentials)
    );
    assert_eq!(
        connect(&member.handle, &member.password).await,
        Err(Code::NeedsAppPassword)
    );

    // Broken access token: renewed by the refresh token. Both broken: by the app password. Revoked: connect again.
    let good = pds.session(&member).await;
    let broken = |keys: &[&str]| {
        let mut secret: serde_json::Value =
            serde_json::from_str(good.secret().expose_secret()).unwrap();
        for key in keys {
            secret[*key] = json!("eyJhbGciOiJIUzI1NiJ9.e30.AAAA");
        }
        Session::new(good.account.clone(), secret.to_string().into())
    };
    for keys in [&["access"][..], &["access", "refresh"]] {
        let mut session = broken(keys);
        published(
            bluesky
                .publish(&mut session, &payload(&bluesky, "renouvelé"), WITHIN)
                .await,
        );
        let renewed = session
            .take_renewed()
            .expect("a new secret for the vault")
            .0
            .clone();
        assert!(session.take_renewed().is_none());
        bluesky
            .check(&mut Session::new(good.account.clone(), renewed))
            .await
            .unwrap();
    }
    let mut dead = broken(&["access", "refresh", "password"]);
    assert!(
        matches!(bluesky.publish(&mut dead, &payload(&bluesky, "x"), WITHIN).await,
        Outcome::NotSent { code, .. } if code == "token_expired")
    );
    assert_eq!(
        bluesky.check(&mut dead).await.unwrap_err().code,
        Code::TokenExpired
    );
    assert_eq!(
        bluesky.list(&mut dead, None).await.unwrap().posts.len(),
        2,
        "reading needs no credentials"
    );
    let mut junk = Session::new(good.account.clone(), SecretString::from("junk".to_owned()));
    assert_eq!(
        bluesky.check(&mut junk).await.unwrap_err().code,
        Code::TokenExpired
    );
    // Tokens of another account never post.
    let other = pds.member("eve").await;
    let mut mixed = Session::new(pds.session(&other).await.account, good.secret().clone());
    assert_eq!(
        bluesky.check(&mut mixed).await.unwrap_err().code,
        Code::OtherAccount
    );
    assert!(!matches!(
        bluesky
            .publish(&mut mixed, &payload(&bluesky, "x"), WITHIN)
            .await,
        Outcome::Published { .. }
    ));
    assert!(pds.posts(&other.did).await.is_empty());
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let Some(pds) = Pds::shared() else { return };
    let (bluesky, member) = (Pds::bluesky(), pds.member("farid").await);
    let mut session = pds.session(&member).await;
    for n in 0..53 {
        published(
            bluesky
                .publish(&mut session, &payload(&bluesky, &format!("n° {n}")), WITHIN)
                .await,
        );
    }
    let (mut all, mut cursor) = (vec![], None);
    loop {
        let page = bluesky.list(&mut session, cursor.as_deref()).await.unwrap();
        all.extend(page.posts);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 53);
    assert_eq!(all[0].text, "n° 52");
}

#[tokio::test]
async fn a_server_that_is_found_and_then_gone() {
    let Some(mut pds) = Pds::start() else { return };
    let (bluesky, member) = (Pds::bluesky(), pds.member("gina").await);
    let mut session = pds.session(&member).await;
    // Without an address, the account's own server is found through the directory.
    let finder = vigie_connect::Bluesky::with_directory(Pds::http(), pds.plc.parse().unwrap());
    let secret = SecretString::from(member.app_password.clone());
    let found = finder.connect("", &member.did, &secret).await.unwrap();
    assert_eq!(
        (found.account.id, found.account.service),
        (
            member.did.clone(),
            pds.url.replace("127.0.0.1", "localhost")
        )
    );

    let post = payload(&bluesky, "trop tard");
    pds.kill();
    assert!(matches!(
        bluesky.publish(&mut session, &post, WITHIN).await,
        Outcome::NotSent { .. }
    ));
    assert!(matches!(
        bluesky.find(&mut session, &post).await,
        Found::CannotTell { .. }
    ));
    assert_eq!(
        bluesky.list(&mut session, None).await.unwrap_err().code,
        Code::ServerDown
    );
    assert_eq!(
        bluesky
            .connect(&pds.url, "x", &secret)
            .await
            .unwrap_err()
            .code,
        Code::ServerDown
    );
}

/// Three parts in one thread: each names the one before and the first.
#[tokio::test]
async fn a_series_is_one_thread() {
    let Some(pds) = Pds::shared() else { return };
    let (bluesky, member) = (Pds::bluesky(), pds.member("suite").await);
    let mut session = pds.session(&member).await;
    let mut made: Vec<(String, String)> = Vec::new();
    for text in ["Un", "Deux", "Trois"] {
        let mut post = payload(&bluesky, text);
        if let (Some(before), Some(first)) = (made.last(), made.first()) {
            let placed = |(remote_id, content_id)| Placed {
                remote_id,
                content_id,
            };
            let (before, first) = (placed((&before.0, &before.1)), placed((&first.0, &first.1)));
            post.reply_to = bluesky.next_after(&before, &first);
        }
        let one = published(bluesky.publish(&mut session, &post, WITHIN).await);
        // An interrupted part is the same part when it is sent again.
        let again = published(bluesky.publish(&mut session, &post, WITHIN).await);
        assert_eq!(again, one);
        made.push(one);
    }
    let held = pds.posts(&member.did).await;
    assert_eq!(held.len(), 3);
    // Newest first.
    assert_eq!(held[0]["value"]["reply"]["parent"]["uri"], made[1].0);
    assert_eq!(held[0]["value"]["reply"]["root"]["uri"], made[0].0);
    assert_eq!(held[1]["value"]["reply"]["parent"]["uri"], made[0].0);
    assert!(held[2]["value"].get("reply").is_none());
    // A part without the network's digest cannot be answered.
    let lost = Placed {
        remote_id: &made[0].0,
        content_id: "",
    };
    assert_eq!(bluesky.next_after(&lost, &lost), None);
}

/// The gate is there with the post, says who may answer, and goes with it.
#[tokio::test]
async fn who_may_answer_is_in_the_same_commit() {
    const GATES: &str = "app.bsky.feed.threadgate";
    let Some(pds) = Pds::shared() else { return };
    let (bluesky, member) = (Pds::bluesky(), pds.member("gate").await);
    let mut session = pds.session(&member).await;
    let cases = [
        (
            Repliers::Followers,
            json!([{ "$type": "app.bsky.feed.threadgate#followerRule" }]),
        ),
        (
            Repliers::Followed,
            json!([{ "$type": "app.bsky.feed.threadgate#followingRule" }]),
        ),
        (
            Repliers::Mentioned,
            json!([{ "$type": "app.bsky.feed.threadgate#mentionRule" }]),
        ),
        (Repliers::Nobody, json!([])),
    ];
    for (repliers, allow) in cases {
        let mut post = payload(&bluesky, &format!("Pour @{} : {repliers}", member.handle));
        post.repliers = repliers;
        assert_eq!(bluesky.problems(&session.account, &post), []);
        let before = pds.revision(&member.did).await;
        let (id, cid) = published(bluesky.publish(&mut session, &post, WITHIN).await);
        let after = pds.revision(&member.did).await;
        assert_ne!(before, after);
        let gates = pds.records(&member.did, GATES).await;
        assert_eq!(gates.len(), 1);
        assert_eq!(
            gates[0]["uri"],
            format!("at://{}/{GATES}/{}", member.did, post.key)
        );
        assert_eq!(gates[0]["value"]["allow"], allow);
        assert_eq!(gates[0]["value"]["post"], id);
        // The same again is the same post, and changes nothing.
        assert_eq!(
            published(bluesky.publish(&mut session, &post, WITHIN).await),
            (id.clone(), cid.clone())
        );
        assert_eq!(pds.revision(&member.did).await, after);
        let found = bluesky.find(&mut session, &post).await;
        assert!(matches!(found, Found::Same { content_id, .. } if content_id == cid));
        // What is read, one by one and listed, says who may answer.
        let back = bluesky.read_back(&mut session, &id).await.unwrap().unwrap();
        assert_eq!(back.repliers, Some(Allowed::By(repliers)));
        let page = bluesky.list(&mut session, None).await.unwrap();
        assert!(page.posts.contains(&back), "{page:?}");
        // Another limit, or other words, are another content.
        let mut other = post.clone();
        other.repliers = Repliers::ALL
            .iter()
            .copied()
            .find(|who| *who != repliers && !who.is_everyone())
            .unwrap();
        let found = bluesky.find(&mut session, &other).await;
        assert!(matches!(found, Found::Different { .. }), "{found:?}");
        other.text.push('!');
        let outcome = bluesky.publish(&mut session, &other, WITHIN).await;
        assert!(matches!(outcome, Outcome::Unknown { detail } if detail.contains("key_taken")));
        assert_eq!(
            pds.revision(&member.did).await,
            after,
            "nothing is overwritten"
        );
        // Somebody opens the gate on the page: seen when it is looked for.
        let open = json!({ "repo": member.did, "collection": GATES, "rkey": post.key });
        pds.call("com.atproto.repo.deleteRecord", &member.access, &open)
            .await;
        let found = bluesky.find(&mut session, &post).await;
        assert!(matches!(found, Found::Different { .. }), "{found:?}");
        let back = bluesky.read_back(&mut session, &id).await.unwrap().unwrap();
        assert_eq!(back.repliers, Some(Allowed::By(Repliers::Everyone)));
        let page = bluesky.list(&mut session, None).await.unwrap();
        assert!(page.posts.contains(&back), "{page:?}");
        bluesky.delete(&mut session, &id).await.unwrap();
        assert_eq!(bluesky.find(&mut session, &post).await, Found::Absent);
    }
    // Gone with its post.
    let mut post = payload(&bluesky, "Sans réponse");
    post.repliers = Repliers::Nobody;
    let (id, _) = published(bluesky.publish(&mut session, &post, WITHIN).await);
    bluesky.delete(&mut session, &id).await.unwrap();
    assert_eq!(pds.records(&member.did, GATES).await.len(), 0);
    // An answer has none of its own, and no warning can be shown.
    post.reply_to = Some("x".into());
    assert!(
        bluesky
            .problems(&session.account, &post)
            .contains(&Code::RepliersNotOffered)
    );
    let mut post = payload(&bluesky, "Averti");
    post.warning = Some("Attention".into());
    assert_eq!(
        bluesky.problems(&session.account, &post),
        [Code::WarningLost]
    );
}
