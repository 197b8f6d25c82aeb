//! What reaches the account, answers, and calls of the network.

use super::*;

#[tokio::test]
async fn comments_come_in_and_are_answered() {
    let stage = Stage::new().await;
    let (linkedin, mut session) = (stage.linkedin(), stage.session(60, false));
    let network = &stage.server.network;
    assert_eq!(
        linkedin.arrivals(&mut session, None).await.unwrap(),
        vigie_connect::Arrivals::default()
    );
    let (first, _) = published(linkedin.publish(&mut session, &post("Un"), WITHIN).await);
    let (second, _) = published(linkedin.publish(&mut session, &post("Deux"), WITHIN).await);
    let bravo = network.comment(&first, PERSON, "Bravo (vraiment) !");
    let long = network.comment(&second, PERSON, &"é".repeat(12_000));
    network.comment(&second, LinkedInNetwork::PAGE, "Le nôtre");
    let seen = linkedin.arrivals(&mut session, None).await.unwrap();
    let mut ids: Vec<&str> = seen
        .items
        .iter()
        .map(|item| item.remote_id.as_str())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, [bravo.as_str(), long.as_str()]);
    let item = seen
        .items
        .iter()
        .find(|item| item.remote_id == bravo)
        .unwrap();
    assert_eq!(
        (
            item.kind,
            item.about.as_deref(),
            item.author.as_str(),
            item.text.as_str()
        ),
        (
            ArrivalKind::Comment,
            Some(first.as_str()),
            PERSON,
            "Bravo (vraiment) !"
        )
    );
    assert!(
        item.url
            .starts_with("https://www.linkedin.com/feed/update/urn:li:activity:")
    );
    let item = seen
        .items
        .iter()
        .find(|item| item.remote_id == long)
        .unwrap();
    assert_eq!(item.text.chars().count(), 10_000);

    // Later: the same may come again, nothing is lost, however many; what is old enough does not come.
    network.state().comments[0].at -= 2 * 3_600_000;
    let later: Vec<String> = (0..230)
        .map(|n| network.comment(&first, PERSON, &format!("Encore {n}")))
        .collect();
    let again = linkedin
        .arrivals(&mut session, seen.cursor.as_deref())
        .await
        .unwrap();
    let ids: Vec<&str> = again
        .items
        .iter()
        .map(|item| item.remote_id.as_str())
        .collect();
    assert!(later.iter().all(|id| ids.contains(&id.as_str())));
    assert!(!ids.contains(&bravo.as_str()) && ids.contains(&long.as_str()));
    assert!(again.cursor > seen.cursor);

    // An answer to a comment, and one to the post itself.
    let mut reply = post("Merci (beaucoup) #phare !");
    reply.reply_to = Some(bravo.clone());
    assert_eq!(linkedin.problems(&session.account, &reply), []);
    let (id, content) = published(linkedin.publish(&mut session, &reply, WITHIN).await);
    {
        let state = network.state();
        let made = state.comments.last().unwrap();
        assert_eq!(
            (made.urn(), made.parent.as_deref()),
            (id.clone(), Some(bravo.as_str()))
        );
        assert_eq!(made.text, "Merci (beaucoup) #phare !", "plain words");
    }
    let back = linkedin
        .read_back(&mut session, &id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (back.text, back.content_id, back.remote_id),
        (reply.text.clone(), content, id.clone())
    );
    assert!(
        matches!(linkedin.find(&mut session, &reply).await, Found::Same { remote_id, .. } if remote_id == id)
    );
    let mut other = reply.clone();
    other.reply_to = Some(first.clone());
    assert_eq!(linkedin.find(&mut session, &other).await, Found::NotSeen);
    published(linkedin.publish(&mut session, &other, WITHIN).await);
    assert!(matches!(
        linkedin.find(&mut session, &other).await,
        Found::Same { .. }
    ));
    assert_eq!(
        linkedin
            .read_back(&mut session, &bravo)
            .await
            .unwrap_err()
            .code,
        Code::BadKey,
        "somebody else's"
    );

    // Lost on the way: unknown, and a look tells.
    for (fault, done) in [(Fault::CutAfter, true), (Fault::CutBefore, false)] {
        let mut lost = post(&format!("Perdu {done}"));
        lost.reply_to = Some(bravo.clone());
        stage.proxy.harm("POST /rest/socialActions/", fault, 9);
        let outcome = linkedin.publish(&mut session, &lost, WITHIN).await;
        stage.proxy.heal();
        assert_eq!(says(&outcome), Says::Unknown);
        let found = linkedin.find(&mut session, &lost).await;
        assert_eq!(matches!(found, Found::Same { .. }), done, "{found:?}");
    }

    linkedin.delete(&mut session, &id).await.unwrap();
    linkedin.delete(&mut session, &id).await.unwrap();
    assert_eq!(linkedin.read_back(&mut session, &id).await.unwrap(), None);
    // To one that is gone, or is not one.
    let mut reply = post("Trop tard");
    reply.reply_to = Some("urn:li:comment:(urn:li:activity:7,8)".into());
    let outcome = linkedin.publish(&mut session, &reply, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::Gone));
    reply.reply_to = Some("urn:li:comment:(urn:li:activity:7,8/..)".into());
    assert_eq!(linkedin.problems(&session.account, &reply), [Code::BadKey]);
}

#[tokio::test]
async fn calls_of_the_network_are_signed() {
    let stage = Stage::new().await;
    let linkedin = stage.linkedin();
    let none = HeaderMap::new();
    let query = [(
        "challengeCode".to_owned(),
        "890e4665-4dfe-4ab1-b689-ed553bceeed0".to_owned(),
    )];
    let said = json!({ "challengeCode": "890e4665-4dfe-4ab1-b689-ed553bceeed0", "challengeResponse": CHALLENGE });
    assert_eq!(
        linkedin.hook(&call(&none, &query, b"")).unwrap(),
        HookAnswer::Say("application/json", said.to_string())
    );
    for bad in ["", "<script>", "\"}"] {
        let query = [("challengeCode".to_owned(), bad.to_owned())];
        assert_eq!(
            linkedin.hook(&call(&none, &query, b"")).unwrap_err().code,
            Code::Forged
        );
    }
    let signed = |signature: &str| {
        let value = HeaderValue::from_str(signature).unwrap();
        HeaderMap::from_iter([(HeaderName::from_static("x-li-signature"), value)])
    };
    let headers = signed(SIGNATURE);
    let look = HookAnswer::Look(vec!["urn:li:organization:5583111".into()]);
    assert_eq!(linkedin.hook(&call(&headers, &[], BODY)).unwrap(), look);
    // Again: it is only a reason to look once more.
    assert_eq!(linkedin.hook(&call(&headers, &[], BODY)).unwrap(), look);
    // Tampered, unsigned, forged, or signed without what comes before the body.
    let tampered = BODY.to_ascii_uppercase();
    assert_eq!(
        linkedin
            .hook(&call(&headers, &[], &tampered))
            .unwrap_err()
            .code,
        Code::Forged
    );
    assert_eq!(
        linkedin.hook(&call(&none, &[], BODY)).unwrap_err().code,
        Code::Forged
    );
    for forged in ["00ff", BARE, ""] {
        let headers = signed(forged);
        assert_eq!(
            linkedin.hook(&call(&headers, &[], BODY)).unwrap_err().code,
            Code::Forged
        );
    }
}
