//! Posts: words, pictures, lists, limits.

use super::*;

#[tokio::test]
async fn what_the_network_changes_is_seen_through() {
    let stage = Stage::new().await;
    let (x, mut session) = (stage.x(), stage.session(120));
    let text = "Voir <b> & https://exemple.fr/a?b=1&c=2 puis\nhttps://exemple.fr/ — l’été ?";
    let sent = post(text);
    let (id, content) = published(x.publish(&mut session, &sent, WITHIN).await);
    assert!(!content.is_empty());
    let back = x.read_back(&mut session, &id).await.unwrap().unwrap();
    assert_eq!(
        (back.text.as_str(), back.content_id.as_str()),
        (text, content.as_str())
    );
    assert_eq!(back.url, format!("https://x.com/ancien_nom/status/{id}"));
    assert_eq!(back.repliers, Some(Allowed::By(Repliers::Everyone)));
    let same = |found: &Found| matches!(found, Found::Same { remote_id, content_id, .. } if *remote_id == id && *content_id == content);
    let found = x.find(&mut session, &sent).await;
    assert!(same(&found), "{found:?}");
    // Decomposed letters are the same letters.
    let mut other = sent.clone();
    other.text = text.replace('é', "e\u{301}");
    assert!(same(&x.find(&mut session, &other).await));
    other.text = text.replace("c=2", "c=3");
    assert_eq!(x.find(&mut session, &other).await, Found::NotSeen);
    // One that was there before is not ours, clocks apart.
    other = sent.clone();
    other.created_at = sent.created_at + SignedDuration::from_mins(11);
    assert_eq!(x.find(&mut session, &other).await, Found::NotSeen);
    other.created_at = sent.created_at + SignedDuration::from_mins(9);
    assert!(same(&x.find(&mut session, &other).await));
    // The same words with a picture are another post.
    other = sent.clone();
    other.pictures = vec![picture("")];
    assert_eq!(x.find(&mut session, &other).await, Found::NotSeen);

    // So is one that answers.
    other = sent.clone();
    other.reply_to = Some(id.clone());
    assert_eq!(x.find(&mut session, &other).await, Found::NotSeen);

    // The network refuses the same text.
    let outcome = x.publish(&mut session, &sent, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::Duplicate));

    // An edit is seen under the old id, and the new one is listed.
    let new = stage.server.network.edit(&id, "Autre chose");
    let back = x.read_back(&mut session, &id).await.unwrap().unwrap();
    assert_ne!(back.content_id, content);
    let page = x.list(&mut session, None).await.unwrap();
    let ids: Vec<&str> = page
        .posts
        .iter()
        .map(|post| post.remote_id.as_str())
        .collect();
    assert_eq!(ids, [new.as_str()]);

    // Not ours, not an id.
    let stranger = stage.server.network.elsewhere(7, "Bonjour", None);
    let failure = x.read_back(&mut session, &stranger).await.unwrap_err();
    assert_eq!(failure.code, Code::BadKey);
    for bad in ["", "..", "1/2", "me", "12345678901234567890"] {
        assert_eq!(
            x.read_back(&mut session, bad).await.unwrap_err().code,
            Code::BadKey
        );
        assert_eq!(
            x.delete(&mut session, bad).await.unwrap_err().code,
            Code::BadKey
        );
    }
}

#[tokio::test]
async fn a_listing_is_paged_and_small() {
    let stage = Stage::new().await;
    let (x, mut session) = (stage.x(), stage.session(120));
    for n in 0..45 {
        stage
            .server
            .network
            .elsewhere(0, &format!("Post {n}"), None);
    }
    let (mut cursor, mut seen) = (None, Vec::new());
    loop {
        let page = x.list(&mut session, cursor.as_deref()).await.unwrap();
        assert!(page.posts.len() <= 20);
        seen.extend(page.posts.into_iter().map(|post| post.text));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (0..45).rev().map(|n| format!("Post {n}")).collect();
    assert_eq!(seen, expected);
    // One far down is still found.
    let mut first = post("Post 1");
    first.created_at = Timestamp::now() - SignedDuration::from_mins(1);
    assert!(matches!(
        x.find(&mut session, &first).await,
        Found::Same { .. }
    ));
}

#[tokio::test]
async fn pictures_go_before_the_post() {
    let stage = Stage::new().await;
    let (x, mut session) = (stage.x(), stage.session(120));
    let network = &stage.server.network;
    network.state().states = vec!["pending", "in_progress"];
    let mut sent = post("");
    sent.pictures = vec![picture("Un « phare »"), picture("")];
    assert_eq!(x.problems(&session.account, &sent), []);
    let (id, _) = published(x.publish(&mut session, &sent, WITHIN).await);
    {
        let state = network.state();
        let alts: Vec<&str> = state.media.iter().map(|media| media.alt.as_str()).collect();
        assert_eq!(alts, ["Un « phare »", ""]);
        let ids: Vec<&String> = state.media.iter().map(|media| &media.id).collect();
        let held: Vec<&String> = state.posts[0].media.iter().collect();
        assert_eq!(held, ids, "in order");
    }
    let back = x.read_back(&mut session, &id).await.unwrap().unwrap();
    assert_eq!(back.text, "", "the link to the picture is not its text");
    assert!(matches!(
        x.find(&mut session, &sent).await,
        Found::Same { .. }
    ));

    // The network cannot use it.
    let mut bad = post("Illisible");
    bad.pictures = vec![picture("x")];
    network.state().states = vec!["pending", "failed"];
    let outcome = x.publish(&mut session, &bad, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::MediaFailed));

    // Uploads that die, at every step: nothing was published.
    for (step, fault) in [
        ("/initialize", Fault::CutBefore),
        ("/append", Fault::CutDuring),
        ("/append", Fault::CutAfter),
        ("/finalize", Fault::Answer(Fault::http(500, "", "<html>"))),
        (
            "/finalize",
            Fault::AnswerInstead(Fault::http(200, "", r#"{"data":{}}"#)),
        ),
        ("/2/media/metadata", Fault::CutAnswer),
    ] {
        let mut dies = post(&format!("Meurt à {step} {fault:?}"));
        dies.text.truncate(60);
        dies.pictures = vec![picture("x")];
        stage.proxy.harm(step, fault, 1);
        let outcome = x.publish(&mut session, &dies, WITHIN).await;
        stage.proxy.heal();
        assert!(
            matches!(says(&outcome), Says::NotSent(code) if code.is_passing()),
            "{step}: {outcome:?}"
        );
        assert_eq!(stage.held(&dies.text), 0, "{step}");
        assert_eq!(x.find(&mut session, &dies).await, Found::NotSeen);
    }
}

#[tokio::test]
async fn limits_at_and_one_over() {
    let stage = Stage::new().await;
    let (x, mut session) = (stage.x(), stage.session(120));
    let problems = |change: &dyn Fn(&mut Payload)| {
        let mut payload = post("x");
        change(&mut payload);
        x.problems(&session.account, &payload)
    };
    let at = format!(
        "{} https://exemple.fr/{}",
        "字".repeat(128),
        "a".repeat(400)
    );
    assert_eq!(problems(&|p| p.text = at.clone()), []);
    assert_eq!(problems(&|p| p.text = format!("{at} x")), [Code::TooLong]);
    assert_eq!(problems(&|p| p.pictures = vec![picture("a"); 4]), []);
    assert_eq!(
        problems(&|p| p.pictures = vec![picture("a"); 5]),
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
    assert_eq!(
        problems(&|p| p.pictures = vec![picture(&"é".repeat(1_000))]),
        []
    );
    assert_eq!(
        problems(&|p| p.pictures = vec![picture(&"é".repeat(1_001))]),
        [Code::AltTooLong]
    );
    let gif = || Picture {
        mime: "image/gif".into(),
        ..picture("")
    };
    assert_eq!(problems(&|p| p.pictures = vec![gif()]), [Code::MediaKind]);
    assert_eq!(problems(&|p| p.text.clear()), [Code::Empty]);
    assert_eq!(
        problems(&|p| p.link = Some("https://exemple.fr".into())),
        [Code::LinkNotInText]
    );
    assert_eq!(
        problems(&|p| (p.link, p.text) = (
            Some("https://exemple.fr".into()),
            "Là : https://exemple.fr".into()
        )),
        []
    );
    // What is at the limit is taken.
    published(x.publish(&mut session, &post(&at), WITHIN).await);
    // What is over it is refused before anything is sent.
    let asked = stage.proxy.seen().len();
    let outcome = x
        .publish(&mut session, &post(&format!("{at} x")), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::Refused(Code::TooLong));
    assert_eq!(stage.proxy.seen().len(), asked);
}
