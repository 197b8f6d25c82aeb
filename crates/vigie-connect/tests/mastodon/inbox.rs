//! What reaches the account, and answering it.

use super::*;

#[tokio::test]
async fn replies() {
    let mut s = scene(Kind::mastodon()).await;
    let network = Arc::clone(&s.server.network);
    let bob = network.account("bob@loin.test");
    let question = network.post(&bob, "Ouvert dimanche ?", None, None);
    let mut answer = payload(&mastodon(), "@bob@loin.test Oui !");
    answer.reply_to = Some(question.clone());
    published(mastodon().publish(&mut s.session, &answer, WITHIN).await);
    assert!(matches!(
        mastodon().find(&mut s.session, &answer).await,
        Found::Same { .. }
    ));
    // The same words elsewhere are another post.
    answer.reply_to = None;
    assert_eq!(
        mastodon().find(&mut s.session, &answer).await,
        Found::NotSeen
    );
    // A private message is never answered in public; a post that is gone is not answered at all.
    network.make_direct(&question);
    answer.reply_to = Some(question);
    answer.text = "Autre".into();
    let outcome = mastodon().publish(&mut s.session, &answer, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::NotOffered));
    answer.reply_to = Some("999".into());
    let outcome = mastodon().publish(&mut s.session, &answer, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::RefusedByServer));
    assert_eq!(network.held("Autre").0, 0);
}

#[tokio::test]
async fn arrivals_lose_nothing() {
    for kind in [Kind::mastodon(), Kind::gotosocial()] {
        let mut s = scene(kind).await;
        let network = Arc::clone(&s.server.network);
        let bob = network.account("bob@loin.test");
        let ours = network.post(&s.account, "Bonjour", None, None);
        let tell = |text: &str, html: Option<&str>, reply: Option<&str>| {
            let id = network.post(&bob, text, html, reply);
            network.notify(&s.account, &id);
            id
        };
        let empty = mastodon().arrivals(&mut s.session, None).await.unwrap();
        assert_eq!(empty.items, []);
        // More at once than one page, and than ten.
        for n in 0..95 {
            tell(&format!("n° {n}"), None, None);
        }
        let came = mastodon()
            .arrivals(&mut s.session, empty.cursor.as_deref())
            .await
            .unwrap();
        let mut ids: Vec<String> = came.items.iter().map(|a| a.remote_id.clone()).collect();
        ids.sort();
        assert_eq!(ids.len(), 95);
        assert!(
            came.items
                .iter()
                .all(|a| a.kind == ArrivalKind::Mention && a.author == "bob@loin.test")
        );
        let none = mastodon()
            .arrivals(&mut s.session, came.cursor.as_deref())
            .await
            .unwrap();
        assert_eq!((none.items.len(), &none.cursor), (0, &came.cursor));
        // The same again from an older cursor.
        let again = mastodon()
            .arrivals(&mut s.session, empty.cursor.as_deref())
            .await
            .unwrap();
        assert_eq!(again.items.len(), 95);
        // Kinds; hostile words.
        let comment = tell("Bof", None, Some(&ours));
        let message = tell("Psst", None, None);
        network.make_direct(&message);
        let evil = tell(
            "",
            Some(
                "<p>Votre <a href=\"https://banque.evil.test/\">https://banque.fr</a><script>alert(1)</script></p>",
            ),
            None,
        );
        let long = tell(&"é".repeat(20_000), None, None);
        let came = mastodon()
            .arrivals(&mut s.session, came.cursor.as_deref())
            .await
            .unwrap();
        let of = |id: &str| came.items.iter().find(|a| a.remote_id == id).unwrap();
        assert_eq!(
            (of(&comment).kind, of(&comment).about.as_deref()),
            (ArrivalKind::Comment, Some(ours.as_str()))
        );
        assert_eq!(of(&message).kind, ArrivalKind::Message);
        assert_eq!(
            of(&evil).text,
            "Votre https://banque.fr (https://banque.evil.test/)"
        );
        assert_eq!(of(&long).text.chars().count(), 10_000);
        // Cut before the second page: what was read is kept, and the cursor stays where it was read to.
        let from = came.cursor.clone();
        let mut told = Vec::new();
        for n in 0..50 {
            let id = network.post(&bob, &format!("encore {n}"), None, None);
            told.push(network.notify(&s.account, &id));
        }
        s.proxy
            .harm(&format!("min_id={}", told[39]), Fault::CutBefore, 1);
        let came = mastodon()
            .arrivals(&mut s.session, from.as_deref())
            .await
            .unwrap();
        assert_eq!(
            (came.items.len(), came.cursor.as_deref()),
            (40, Some(told[39].as_str()))
        );
        let rest = mastodon()
            .arrivals(&mut s.session, came.cursor.as_deref())
            .await
            .unwrap();
        assert_eq!(rest.items.len(), 10);
        // Cut before the first: nothing is claimed.
        s.proxy.harm("min_id=", Fault::CutBefore, 1);
        assert_eq!(
            mastodon()
                .arrivals(&mut s.session, from.as_deref())
                .await
                .unwrap_err()
                .code,
            Code::CutOff
        );
    }
}

#[tokio::test]
async fn very_long_posts_of_others_do_not_stop_the_ears() {
    let mut s = scene(Kind::mastodon()).await;
    let network = Arc::clone(&s.server.network);
    let bob = network.account("bob@loin.test");
    let start = mastodon().arrivals(&mut s.session, None).await.unwrap();
    let huge = "<p>é</p>".repeat(100_000);
    for _ in 0..12 {
        let id = network.post(&bob, "", Some(&huge), None);
        network.notify(&s.account, &id);
    }
    let (mut items, mut cursor) = (0, start.cursor);
    for _ in 0..3 {
        let came = mastodon()
            .arrivals(&mut s.session, cursor.as_deref())
            .await
            .unwrap();
        items += came.items.len();
        cursor = came.cursor;
    }
    assert_eq!(items, 12);
}
