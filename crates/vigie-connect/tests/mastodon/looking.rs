//! Looking for posts, listing them, and being told to wait.

use super::*;

#[tokio::test]
async fn a_repeated_call_is_never_relied_upon() {
    // On one kind the key makes it one post, on the other there would be two: found, it is not sent again.
    for (kind, posts) in [(Kind::mastodon(), 1), (Kind::gotosocial(), 2)] {
        let mut s = scene(kind).await;
        let post = payload(&mastodon(), "Deux fois");
        let (id, _) = published(mastodon().publish(&mut s.session, &post, WITHIN).await);
        assert!(matches!(mastodon().find(&mut s.session, &post).await,
            Found::Same { remote_id, .. } if remote_id == id));
        published(mastodon().publish(&mut s.session, &post, WITHIN).await);
        assert_eq!(s.server.network.held("Deux fois").0, posts);
        assert_eq!(
            mastodon().describe().settling,
            vigie_connect::Settling::ByContent
        );
    }
}

#[tokio::test]
async fn looking_among_the_newest() {
    let mut s = scene(Kind::mastodon()).await;
    let network = Arc::clone(&s.server.network);
    let post = payload(&mastodon(), "Tous les ans");
    // The same words of last year are not this post; nor are a boost or somebody else's.
    let old = network.post(&s.account, "Tous les ans", None, None);
    network.made_before(&old, SignedDuration::from_hours(9_000));
    let other = network.account("bob@loin.test");
    let theirs = network.post(&other, "Tous les ans", None, None);
    let boost = network.boost(&s.account, &theirs);
    assert_eq!(mastodon().find(&mut s.session, &post).await, Found::NotSeen);
    let page = mastodon().list(&mut s.session, None).await.unwrap();
    assert_eq!(page.posts[0].remote_id, boost, "a boost is on the page");
    assert!(page.posts[0].text.contains("@bob@loin.test: Tous les ans"));
    // A server whose clock is late, behind many posts.
    let late = network.post(&s.account, "Tous les ans", None, None);
    network.made_before(&late, SignedDuration::from_mins(8));
    for n in 0..90 {
        network.post(&s.account, &format!("n° {n}"), None, None);
    }
    assert!(matches!(mastodon().find(&mut s.session, &post).await,
        Found::Same { remote_id, .. } if remote_id == late));
    // All of it comes in pages, newest first.
    let (mut all, mut cursor) = (vec![], None);
    loop {
        let page = mastodon()
            .list(&mut s.session, cursor.as_deref())
            .await
            .unwrap();
        all.extend(page.posts);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((all.len(), all[0].text.as_str()), (93, "n° 89"));
    // More than can be looked through: it is said.
    for n in 0..400 {
        network.post(&s.account, &format!("n° {n}"), None, None);
    }
    let unseen = payload(&mastodon(), "Jamais envoyé");
    assert!(matches!(
        mastodon().find(&mut s.session, &unseen).await,
        Found::CannotTell { .. }
    ));
}

#[tokio::test]
async fn edits_strangers_and_odd_ids() {
    let mut s = scene(Kind::mastodon()).await;
    let network = Arc::clone(&s.server.network);
    let bob = network.account("bob@loin.test");
    let text = "Merci @bob@loin.test pour https://exemple.fr/une/adresse/tres/longue/et/encore?x=1&y=2 #été";
    let post = payload(&mastodon(), text);
    let (id, content) = published(mastodon().publish(&mut s.session, &post, WITHIN).await);
    let back = mastodon()
        .read_back(&mut s.session, &id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(back.text, text);
    network.edit(&id, text);
    let same_words = mastodon()
        .read_back(&mut s.session, &id)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(
        same_words.content_id, content,
        "an edit shows even when the words do not"
    );
    let theirs = network.post(&bob, "À moi", None, None);
    assert_eq!(
        mastodon()
            .read_back(&mut s.session, &theirs)
            .await
            .unwrap_err()
            .code,
        Code::GarbageAnswer
    );
    for odd in ["", "..", "1/2", "1?x", "é"] {
        assert_eq!(
            mastodon()
                .read_back(&mut s.session, odd)
                .await
                .unwrap_err()
                .code,
            Code::BadKey
        );
        assert_eq!(
            mastodon()
                .delete(&mut s.session, odd)
                .await
                .unwrap_err()
                .code,
            Code::BadKey
        );
        assert!(mastodon().list(&mut s.session, Some(odd)).await.is_err());
        assert!(
            mastodon()
                .arrivals(&mut s.session, Some(odd))
                .await
                .is_err()
        );
        let mut answer = payload(&mastodon(), "x");
        answer.reply_to = Some(odd.into());
        assert_eq!(
            says(&mastodon().publish(&mut s.session, &answer, WITHIN).await),
            Says::Refused(Code::BadKey)
        );
    }
}

#[tokio::test]
async fn rate_limits_are_dates_there() {
    let mut s = scene(Kind::mastodon()).await;
    let until = Timestamp::now() + SignedDuration::from_mins(4);
    // The reading before the call is the last one left: the call itself is refused, and told when.
    s.server.network.calls_left(0, until);
    let outcome = mastodon()
        .publish(&mut s.session, &payload(&mastodon(), "Trop"), WITHIN)
        .await;
    let Outcome::NotSent {
        code,
        retry_at: Some(at),
    } = &outcome
    else {
        panic!("{outcome:?}");
    };
    assert_eq!(code, "rate_limited");
    assert!(at.duration_since(until).abs() < SignedDuration::from_secs(2));
    // Nothing left is known before the refusal: no second call leaves.
    s.server.network.calls_left(1, until);
    let polite = mastodon();
    polite.list(&mut s.session, None).await.unwrap();
    let calls = s.server.seen().len();
    assert_eq!(
        polite.list(&mut s.session, None).await.unwrap_err().code,
        Code::RateLimited
    );
    assert_eq!(s.server.seen().len(), calls);
}
