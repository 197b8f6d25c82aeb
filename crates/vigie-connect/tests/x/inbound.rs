//! What reaches the account, answers, and calls of the network.

use super::*;

#[tokio::test]
async fn answers_and_what_reaches_the_account() {
    let stage = Stage::new().await;
    let (x, mut session) = (stage.x(), stage.session(120));
    let network = &stage.server.network;
    let (own, _) = published(x.publish(&mut session, &post("Bonjour"), WITHIN).await);
    assert_eq!(
        x.arrivals(&mut session, None).await.unwrap(),
        vigie_connect::Arrivals::default()
    );
    let long = "é".repeat(12_000);
    let comment = network.elsewhere(5, &format!("Merci ! {long}"), Some(&own));
    let mention = network.elsewhere(6, "Vu chez @phare_vigie &amp; ailleurs", None);
    network.elsewhere(0, "À moi-même @phare_vigie", None);
    network.elsewhere(7, "Rien à voir", None);

    let first = x.arrivals(&mut session, None).await.unwrap();
    let ids: Vec<&str> = first
        .items
        .iter()
        .map(|item| item.remote_id.as_str())
        .collect();
    assert_eq!(ids, [mention.as_str(), comment.as_str()]);
    let (named, answer) = (&first.items[0], &first.items[1]);
    assert_eq!(
        (named.kind, named.about.as_deref()),
        (ArrivalKind::Mention, None)
    );
    assert_eq!(named.author, "user6");
    assert_eq!(
        named.text, "Vu chez @phare_vigie &amp; ailleurs",
        "escaped once, by the network"
    );
    assert_eq!(
        (answer.kind, answer.about.as_deref()),
        (ArrivalKind::Comment, Some(own.as_str()))
    );
    assert_eq!(answer.text.chars().count(), 10_000);
    assert_eq!(answer.url, format!("https://x.com/user5/status/{comment}"));

    // Nothing new; then 130 at once, in as many visits as it takes; meanwhile more come.
    let again = x
        .arrivals(&mut session, first.cursor.as_deref())
        .await
        .unwrap();
    assert_eq!(again.items, []);
    assert_eq!(again.cursor, first.cursor);
    let mut expected: Vec<String> = (0..130)
        .map(|n| network.elsewhere(8, &format!("@phare_vigie {n}"), None))
        .collect();
    let (mut cursor, mut seen) = (again.cursor, Vec::new());
    for visit in 0..4 {
        let visited = x.arrivals(&mut session, cursor.as_deref()).await.unwrap();
        assert!(visited.items.len() <= 100);
        seen.extend(visited.items.into_iter().map(|item| item.remote_id));
        cursor = visited.cursor.or(cursor);
        if visit == 0 {
            expected.push(network.elsewhere(9, "@phare_vigie enfin", None));
        }
    }
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected, "nothing lost");

    // An answer; found again although the network puts a name before it.
    let mut reply = post("Avec plaisir !");
    reply.reply_to = Some(comment.clone());
    published(x.publish(&mut session, &reply, WITHIN).await);
    assert_eq!(
        network.state().posts.last().unwrap().reply.as_deref(),
        Some(comment.as_str())
    );
    assert!(matches!(
        x.find(&mut session, &reply).await,
        Found::Same { .. }
    ));
    // The same words that answer something else, or nothing, are another post.
    let mut other = reply.clone();
    other.reply_to = Some("1234567".into());
    assert_eq!(x.find(&mut session, &other).await, Found::NotSeen);
    other.reply_to = None;
    assert_eq!(x.find(&mut session, &other).await, Found::NotSeen);
    // To one that is gone.
    let mut reply = post("Trop tard");
    reply.reply_to = Some("123".into());
    let outcome = x.publish(&mut session, &reply, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::Gone));
    reply.reply_to = Some("12/../3".into());
    assert_eq!(x.problems(&session.account, &reply), [Code::BadKey]);
    let outcome = x.publish(&mut session, &reply, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::BadKey));
}

#[tokio::test]
async fn calls_of_the_network_are_signed() {
    let stage = Stage::new().await;
    let x = stage.x();
    let query = [("crc_token".to_owned(), "jeton".to_owned())];
    let none = HeaderMap::new();
    let HookAnswer::Say(kind, said) = x.hook(&call(&none, &query, b"")).unwrap() else {
        panic!("a handshake is answered");
    };
    assert_eq!(kind, "application/json");
    assert_eq!(said, json!({ "response_token": CRC }).to_string());
    let other = [("other".to_owned(), "x".to_owned())];
    assert_eq!(
        x.hook(&call(&none, &other, b"")).unwrap_err().code,
        Code::Forged
    );

    let body: &[u8] = br#"{"for_user_id":"2244994945","tweet_create_events":[{}]}"#;
    let signed = |header: &'static str, signature: &str| {
        let value = HeaderValue::from_str(signature).unwrap();
        HeaderMap::from_iter([(HeaderName::from_static(header), value)])
    };
    for header in [
        "x-twitter-webhooks-signature-oauth2",
        "x-twitter-webhooks-signature",
    ] {
        let headers = signed(header, SIGNATURE);
        let look = HookAnswer::Look(vec!["2244994945".into()]);
        assert_eq!(x.hook(&call(&headers, &[], body)).unwrap(), look);
        // Again: it is only a reason to look once more.
        assert_eq!(x.hook(&call(&headers, &[], body)).unwrap(), look);
        let tampered = body.to_ascii_uppercase();
        assert_eq!(
            x.hook(&call(&headers, &[], &tampered)).unwrap_err().code,
            Code::Forged
        );
    }
    // Unsigned, forged, or a good old signature beside a bad new one.
    assert_eq!(
        x.hook(&call(&none, &[], body)).unwrap_err().code,
        Code::Forged
    );
    let forged = signed("x-twitter-webhooks-signature-oauth2", "sha256=AAAA");
    assert_eq!(
        x.hook(&call(&forged, &[], body)).unwrap_err().code,
        Code::Forged
    );
    let mut both = forged;
    both.extend(signed("x-twitter-webhooks-signature", SIGNATURE));
    assert_eq!(
        x.hook(&call(&both, &[], body)).unwrap_err().code,
        Code::Forged
    );
    // Signed with the secret, but naming nobody: no account is looked at.
    let headers = signed("x-twitter-webhooks-signature-oauth2", GARBAGE);
    assert_eq!(
        x.hook(&call(&headers, &[], b"garbage")).unwrap_err().code,
        Code::Forged
    );
    // The handshake signs letters and digits only: its answer is good as the signature of no call.
    let body = [("crc_token".to_owned(), r#"{"for_user_id":"1"}"#.to_owned())];
    assert_eq!(
        x.hook(&call(&none, &body, b"")).unwrap_err().code,
        Code::Forged
    );
}
