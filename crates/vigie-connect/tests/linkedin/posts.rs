//! Posts: words, pictures, lists, limits.

use super::*;

#[tokio::test]
async fn words_reach_the_page_whole() {
    let stage = Stage::new().await;
    let (linkedin, mut session) = (stage.linkedin(), stage.session(60, false));
    for text in [
        r"Tous les signes : \ | { } @ [ ] ( ) < > # * _ ~ et la suite",
        "Soldes (50 %) chez @marie #Été_2026 — voir https://exemple.fr/a_b(c)~d#e\n\n#fin",
        "{hashtag|\\#|faux} @[Ada](urn:li:person:1) \\( déjà \\)",
        "👩‍👩‍👧‍👦 «\u{202f}oui\u{202f}»",
    ] {
        let sent = post(text);
        let (id, content) = published(linkedin.publish(&mut session, &sent, WITHIN).await);
        assert_eq!(stage.held(text), 1, "cut in silence: {text}");
        let back = linkedin
            .read_back(&mut session, &id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (back.text.as_str(), back.content_id),
            (text, content.clone())
        );
        assert_eq!(
            back.url,
            format!("https://www.linkedin.com/feed/update/{id}/")
        );
        let found = linkedin.find(&mut session, &sent).await;
        assert!(
            matches!(&found, Found::Same { remote_id, content_id, .. } if *remote_id == id && *content_id == content),
            "{found:?}"
        );
    }
    let tags = stage.server.network.state().posts[1].commentary.clone();
    assert!(
        tags.contains(r"{hashtag|\#|Été\_2026}") && tags.ends_with(r"{hashtag|\#|fin}"),
        "{tags}"
    );

    // One that was there before is not ours, clocks apart; nor is another text, nor one with a picture.
    let sent = post("👩‍👩‍👧‍👦 «\u{202f}oui\u{202f}»");
    let mut other = sent.clone();
    other.created_at = sent.created_at + SignedDuration::from_mins(11);
    assert_eq!(linkedin.find(&mut session, &other).await, Found::NotSeen);
    other.created_at = sent.created_at + SignedDuration::from_mins(9);
    assert!(matches!(
        linkedin.find(&mut session, &other).await,
        Found::Same { .. }
    ));
    other.pictures = vec![picture("")];
    assert_eq!(linkedin.find(&mut session, &other).await, Found::NotSeen);
    assert_eq!(
        linkedin.find(&mut session, &post("👩‍👩‍👧‍👦 « non »")).await,
        Found::NotSeen
    );

    // The network refuses the same text; an edit is seen.
    let outcome = linkedin.publish(&mut session, &sent, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::Duplicate));
    let page = linkedin.list(&mut session, None).await.unwrap();
    let before = page.posts[0].clone();
    stage
        .server
        .network
        .state()
        .posts
        .last_mut()
        .unwrap()
        .commentary = "Changé".into();
    let back = linkedin
        .read_back(&mut session, &before.remote_id)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(back.content_id, before.content_id);

    for bad in [
        "",
        "..",
        "urn:li:person:1",
        "urn:li:share:1/2",
        "urn:li:comment:(urn:li:share:1)",
    ] {
        assert_eq!(
            linkedin
                .read_back(&mut session, bad)
                .await
                .unwrap_err()
                .code,
            Code::BadKey
        );
        assert_eq!(
            linkedin.delete(&mut session, bad).await.unwrap_err().code,
            Code::BadKey
        );
    }
}

#[tokio::test]
async fn a_listing_is_paged() {
    let stage = Stage::new().await;
    let (linkedin, mut session) = (stage.linkedin(), stage.session(60, false));
    published(
        linkedin
            .publish(&mut session, &post("Modèle"), WITHIN)
            .await,
    );
    let model = stage.server.network.state().posts[0].clone();
    for n in 1..45_i64 {
        let mut next = model.clone();
        next.id = format!("urn:li:share:{n}");
        next.commentary = format!("Post {n}");
        next.at -= n * 1_000;
        stage.server.network.state().posts.push(next);
    }
    let (mut cursor, mut seen) = (None, Vec::new());
    loop {
        let page = linkedin
            .list(&mut session, cursor.as_deref())
            .await
            .unwrap();
        seen.extend(page.posts.into_iter().map(|post| post.text));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (1..45).map(|n| format!("Post {n}")).collect();
    assert_eq!(
        (seen[0].as_str(), &seen[1..]),
        ("Modèle", expected.as_slice())
    );
    assert!(matches!(
        linkedin.find(&mut session, &post("Post 44")).await,
        Found::Same { .. }
    ));
    assert_eq!(
        linkedin
            .list(&mut session, Some("x"))
            .await
            .unwrap_err()
            .code,
        Code::BadKey
    );
}

#[tokio::test]
async fn pictures_and_cards() {
    let stage = Stage::new().await;
    let (linkedin, mut session) = (stage.linkedin(), stage.session(60, false));
    let network = &stage.server.network;
    network.state().states = vec!["WAITING_UPLOAD", "PROCESSING"];
    let mut one = post("Une");
    one.pictures = vec![picture("Un « phare »")];
    published(linkedin.publish(&mut session, &one, WITHIN).await);
    let mut two = post("Deux");
    two.pictures = vec![picture("a"), picture("")];
    published(linkedin.publish(&mut session, &two, WITHIN).await);
    let mut card = post("Une carte");
    card.link = Some("https://www.exemple.fr/page".into());
    published(linkedin.publish(&mut session, &card, WITHIN).await);
    {
        let state = network.state();
        let image = |at: usize| state.images[at].0.clone();
        assert!(state.images.iter().all(|(_, bytes)| *bytes == 3_000));
        assert_eq!(
            state.posts[0].content,
            json!({ "media": { "id": image(0), "altText": "Un « phare »" } })
        );
        assert_eq!(
            state.posts[1].content,
            json!({ "multiImage": { "images": [{ "id": image(1), "altText": "a" }, { "id": image(2) }] } })
        );
        assert_eq!(
            state.posts[2].content,
            json!({ "article": { "source": "https://www.exemple.fr/page", "title": "exemple.fr" } })
        );
    }
    for sent in [&one, &two, &card] {
        assert!(matches!(
            linkedin.find(&mut session, sent).await,
            Found::Same { .. }
        ));
    }

    // The network cannot use it; a place that is not the network's gets neither the bytes nor the token.
    let mut bad = post("Illisible");
    bad.pictures = vec![picture("x")];
    network.state().states = vec!["PROCESSING_FAILED"];
    let outcome = linkedin.publish(&mut session, &bad, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::MediaFailed));
    let elsewhere = Proxy::before(stage.server.address()).await;
    network.state().place = format!("{}/dms-uploads/0", elsewhere.url);
    let outcome = linkedin.publish(&mut session, &bad, WITHIN).await;
    assert_eq!(says(&outcome), Says::NotSent(Code::GarbageAnswer));
    assert!(elsewhere.seen().is_empty());
    network.state().place.clear();
    assert_eq!(stage.held("Illisible"), 0);

    // Uploads that die, at every step: nothing was published.
    for (step, fault) in [
        ("POST /rest/images", Fault::CutBefore),
        (
            "POST /rest/images",
            Fault::AnswerInstead(Fault::http(200, "", r#"{"value":{}}"#)),
        ),
        ("PUT /dms-uploads", Fault::CutDuring),
        ("PUT /dms-uploads", Fault::CutAfter),
        (
            "PUT /dms-uploads",
            Fault::Answer(Fault::http(500, "", "<html>")),
        ),
    ] {
        let mut dies = post("Meurt");
        dies.pictures = vec![picture("x")];
        stage.proxy.harm(step, fault, 1);
        let outcome = linkedin.publish(&mut session, &dies, WITHIN).await;
        stage.proxy.heal();
        assert!(
            matches!(says(&outcome), Says::NotSent(code) if code.is_passing()),
            "{step}: {outcome:?}"
        );
        assert_eq!(stage.held("Meurt"), 0, "{step}");
        assert_eq!(linkedin.find(&mut session, &dies).await, Found::NotSeen);
    }
}

#[tokio::test]
async fn limits_at_and_one_over() {
    let stage = Stage::new().await;
    let (linkedin, mut session) = (stage.linkedin(), stage.session(60, false));
    let problems = |change: &dyn Fn(&mut Payload)| {
        let mut payload = post("x");
        change(&mut payload);
        linkedin.problems(&session.account, &payload)
    };
    let at = format!("{}{}", "😀".repeat(1_000), "é".repeat(1_000));
    assert_eq!(problems(&|p| p.text = at.clone()), []);
    assert_eq!(problems(&|p| p.text = format!("{at}x")), [Code::TooLong]);
    assert_eq!(problems(&|p| p.pictures = vec![picture("a"); 20]), []);
    assert_eq!(
        problems(&|p| p.pictures = vec![picture("a"); 21]),
        [Code::TooManyPictures]
    );
    let big = |bytes: usize| Picture {
        bytes: Bytes::from(vec![0; bytes]),
        ..picture("")
    };
    assert_eq!(problems(&|p| p.pictures = vec![big(5_000_000)]), []);
    assert_eq!(
        problems(&|p| p.pictures = vec![big(5_000_001)]),
        [Code::MediaTooBig]
    );
    let wide = |width| Picture {
        width,
        height: 1_000,
        ..picture("")
    };
    assert_eq!(problems(&|p| p.pictures = vec![wide(36_152)]), []);
    assert_eq!(
        problems(&|p| p.pictures = vec![wide(36_153)]),
        [Code::MediaTooBig]
    );
    assert_eq!(
        problems(&|p| p.pictures = vec![picture(&"é".repeat(4_000))]),
        []
    );
    assert_eq!(
        problems(&|p| p.pictures = vec![picture(&"é".repeat(4_001))]),
        [Code::AltTooLong]
    );
    let webp = || Picture {
        mime: "image/webp".into(),
        ..picture("")
    };
    assert_eq!(problems(&|p| p.pictures = vec![webp()]), [Code::MediaKind]);
    let link = || Some("https://exemple.fr".to_owned());
    assert_eq!(
        problems(&|p| (p.link, p.pictures) = (link(), vec![picture("")])),
        [Code::LinkWithPictures]
    );

    // A comment is shorter, and carries words alone.
    let to = || Some("urn:li:share:7".to_owned());
    let comment = |text: String| problems(&|p| (p.reply_to, p.text) = (to(), text.clone()));
    assert_eq!(comment("é".repeat(1_250)), []);
    assert_eq!(comment("é".repeat(1_251)), [Code::TooLong]);
    assert_eq!(comment(" ".into()), [Code::Empty]);
    assert_eq!(
        problems(&|p| (p.reply_to, p.pictures) = (to(), vec![picture("")])),
        [Code::TooManyPictures]
    );
    assert_eq!(
        problems(&|p| (p.reply_to, p.link) = (to(), link())),
        [Code::LinkNotInText]
    );

    published(linkedin.publish(&mut session, &post(&at), WITHIN).await);
    let asked = stage.proxy.seen().len();
    let outcome = linkedin
        .publish(&mut session, &post(&format!("{at}x")), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::Refused(Code::TooLong));
    assert_eq!(stage.proxy.seen().len(), asked, "nothing was sent");
}
