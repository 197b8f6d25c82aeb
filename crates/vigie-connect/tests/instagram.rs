//! Instagram against a stand-in that holds each request against what Meta documents, and really fetches the pictures.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod meta;
mod suite;

use jiff::{SignedDuration, Timestamp};
use meta::{
    JPEG, all_arrivals, app, back, going, hooks_hold, http, nothing_secret, picture, session,
};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;
use suite::{Says, Subject, WITHIN, payload, says};
use vigie_connect::{
    Code, Connector, Instagram, Payload, Session,
    oauth::Tokens,
    testing::{
        Fault, Proxy,
        contract::{
            Contract,
            instagram::{Instagram as Network, SCOPES, TABLE},
            meta::{APP, Shown, error, missing, transient},
        },
    },
};
use vigie_core::{
    content::Platform,
    publication::{Found, Outcome},
};

const ID: &str = "17841400000000001";
const PUT: &str = "POST /v25.0/17841400000000001/media_publish";

struct Scene {
    contract: Contract<Network>,
    proxy: Proxy,
    session: Session,
    token: String,
    shown: Shown,
}

async fn scene() -> Scene {
    let contract = Contract::start(TABLE, Network::new(ID, "phare")).await;
    let proxy = Proxy::before(contract.address()).await;
    let token = contract.network.two.token();
    let session = session(Platform::Instagram, &proxy.url, ID, &token, Some(50));
    Scene {
        contract,
        proxy,
        session,
        token,
        shown: Shown::start(JPEG),
    }
}

impl Scene {
    fn connector(&self) -> Instagram {
        Instagram::new(http(), Some(app(&self.proxy.url)))
    }

    fn network(&self) -> &Network {
        &self.contract.network
    }

    fn payload(&self, connector: &Instagram, text: &str) -> Payload {
        let mut post = payload(connector, text);
        post.pictures = vec![picture(Some(&self.shown), "Le phare")];
        post
    }
}

fn remote(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Published { remote_id, .. } => remote_id.clone(),
        other => panic!("{other:?}"),
    }
}

async fn with_subject(run: impl AsyncFnOnce(&mut Subject<'_>)) {
    let scene = scene().await;
    let network = std::sync::Arc::clone(&scene.contract.network);
    // The suite publishes often.
    network.two.set_quota(0, 1_000);
    let held = move |text: &str| network.held(text);
    let (url, shown) = (scene.proxy.url.clone(), &scene.shown);
    run(&mut Subject {
        connector: &|| Box::new(Instagram::new(http(), Some(app(&url)))),
        proxy: &scene.proxy,
        session: scene.session,
        put: PUT,
        refusal: (
            400,
            r#"{"error":{"message":"(#100) Invalid parameter","type":"OAuthException","code":100}}"#,
        ),
        expired: (
            401,
            r#"{"error":{"message":"Session has expired","type":"OAuthException","code":190,"error_subcode":463}}"#,
        ),
        down_scoped: (
            403,
            r#"{"error":{"message":"(#10) Application does not have permission","type":"OAuthException","code":10}}"#,
        ),
        other_shape: r#"{"success":true}"#,
        held: &held,
        who: &|_| String::new(),
        dress: &|post| post.pictures = vec![picture(Some(shown), "")],
    })
    .await;
}

#[tokio::test]
async fn faults() {
    with_subject(suite::faults).await;
}

#[tokio::test]
async fn waits_when_told() {
    with_subject(suite::waits_when_told).await;
}

#[tokio::test]
async fn round_trip() {
    with_subject(suite::round_trip).await;
}

#[tokio::test]
async fn warnings_and_who_may_answer() {
    with_subject(suite::warnings).await;
    with_subject(suite::series).await;
    with_subject(async |subject| suite::repliers(subject, &[]).await).await;
}

#[tokio::test]
async fn connecting() {
    let scene = scene().await;
    let connector = scene.connector();
    let query = going(&connector).await;
    let asked = |name: &str| {
        query
            .iter()
            .find(|(key, _)| key == name)
            .unwrap()
            .1
            .as_str()
    };
    assert_eq!(asked("scope"), SCOPES.join(","));
    assert_eq!((asked("state"), asked("client_id")), ("s-t", APP.0));
    assert!(
        !query.iter().any(|(key, _)| key == "code_challenge"),
        "not documented there"
    );

    let code = scene.network().two.consent(meta::REDIRECT, &SCOPES);
    // Instagram appends this to the code in the address.
    let connected = back(&connector, &format!("{code}#_")).await.unwrap();
    let [one] = <[_; 1]>::try_from(connected).unwrap();
    assert_eq!(
        (one.account.id.as_str(), one.account.handle.as_str()),
        (ID, "phare")
    );
    let left = one.until.unwrap().duration_since(Timestamp::now());
    assert!(left > meta::days(59) && left < meta::days(61));
    let token = Tokens::open(&one.secret).unwrap().access;
    assert!(scene.network().two.desk.known(&token).unwrap().long);
    connector
        .check(&mut Session::new(one.account, one.secret))
        .await
        .unwrap();

    assert!(scene.network().subscribed());
    // Without webhooks the account is connected all the same.
    let again = scene.network().two.consent(meta::REDIRECT, &SCOPES);
    let said = error(400, 100, 0, "no webhooks are configured");
    scene.network().two.desk.force("subscribed_apps", said, 1);
    assert_eq!(back(&connector, &again).await.unwrap().len(), 1);

    for code in [code, "canary-nothing".into()] {
        assert_eq!(
            back(&connector, &code).await.unwrap_err().code,
            Code::NotGranted
        );
    }
    let elsewhere = scene.network().two.consent("https://autre.fr/", &SCOPES);
    assert_eq!(
        back(&connector, &elsewhere).await.unwrap_err().code,
        Code::NotGranted
    );
    let less = scene.network().two.consent(meta::REDIRECT, &SCOPES[..2]);
    assert_eq!(
        back(&connector, &less).await.unwrap_err().code,
        Code::NotGranted
    );
    let none = Instagram::new(http(), None);
    assert!(!none.is_ready());
    assert_eq!(
        back(&none, "x").await.unwrap_err().code,
        Code::NotRegistered
    );
}

#[tokio::test]
async fn a_token_is_renewed_in_time_and_proven_first() {
    let scene = scene().await;
    let connector = scene.connector();
    let fresh = |left| {
        session(
            Platform::Instagram,
            &scene.proxy.url,
            ID,
            &scene.token,
            Some(left),
        )
    };
    let refreshes = || {
        let seen = scene.contract.seen();
        seen.iter()
            .filter(|asked| asked.path == "/refresh_access_token")
            .count()
    };
    let mut early = fresh(21);
    connector.check(&mut early).await.unwrap();
    assert!(early.take_renewed().is_none() && refreshes() == 0);

    let mut near = fresh(19);
    connector.check(&mut near).await.unwrap();
    let (secret, until) = near.take_renewed().unwrap();
    let new = Tokens::open(secret).unwrap().access;
    assert_ne!(new, scene.token);
    assert!(until.unwrap().duration_since(Timestamp::now()) > meta::days(59));
    connector.check(&mut near).await.unwrap();
    assert!(near.take_renewed().is_none() && refreshes() == 1);

    // A new token that opens nothing, or another account, does not replace the old one.
    let other = scene
        .network()
        .two
        .desk
        .grant("17841400000000999", &SCOPES, true);
    for bad in ["canary-bad", &other] {
        let said = json!({ "access_token": bad, "token_type": "bearer", "expires_in": 5_184_000 });
        let said = vigie_connect::testing::contract::Said::json(200, said);
        scene
            .network()
            .two
            .desk
            .force("refresh_access_token", said, 1);
        let mut near = fresh(1);
        connector.check(&mut near).await.unwrap();
        assert!(near.take_renewed().is_none());
        assert_eq!(Tokens::open(near.secret()).unwrap().access, scene.token);
    }
    // The endpoint is down: the old one is still good.
    scene
        .network()
        .two
        .desk
        .force("refresh_access_token", transient(2), 1);
    let mut near = fresh(1);
    connector.check(&mut near).await.unwrap();
    assert!(near.take_renewed().is_none());
    // The wrong account, a token that has ended.
    let mut wrong = session(Platform::Instagram, &scene.proxy.url, ID, &other, Some(50));
    assert_eq!(
        connector.check(&mut wrong).await.unwrap_err().code,
        Code::OtherAccount
    );
    scene
        .network()
        .two
        .desk
        .change(&scene.token, |grant| grant.dead = Some(463));
    assert_eq!(
        connector.check(&mut near).await.unwrap_err().code,
        Code::TokenExpired
    );
}

#[tokio::test]
async fn pictures_are_fetched_by_the_network() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let post = scene.payload(&connector, "Une photo");
    let id = remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
    assert_eq!(scene.shown.fetched.load(Ordering::Relaxed), 1);
    assert_eq!(scene.network().newest()["alts"], json!(["Le phare"]));
    let back = connector
        .read_back(&mut scene.session, &id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(back.url, format!("https://www.instagram.com/p/{id}/"));

    // A carousel: its words once, each picture with its own alternative text.
    let mut post = scene.payload(&connector, "Trois photos");
    post.pictures = ["un", "", "trois"]
        .map(|alt| picture(Some(&scene.shown), alt))
        .to_vec();
    scene.network().two.containers_will(1, None);
    let id = remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
    assert_eq!(scene.network().newest()["alts"], json!(["un", "", "trois"]));
    assert_eq!(scene.shown.fetched.load(Ordering::Relaxed), 4);
    scene.network().two.containers_will(0, None);
    let carousel = connector
        .read_back(&mut scene.session, &id)
        .await
        .unwrap()
        .unwrap();
    let same_words = scene.network().put("Trois photos", Timestamp::now());
    let single = connector
        .read_back(&mut scene.session, &same_words)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(carousel.content_id, single.content_id);

    // An address that the network cannot reach.
    let mut gone = scene.payload(&connector, "Adresse perdue");
    gone.pictures[0]
        .address
        .as_mut()
        .unwrap()
        .set_path("/m/autre");
    let outcome = connector.publish(&mut scene.session, &gone, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::MediaNotPublic));
    let said = error(
        400,
        9_004,
        2_207_052,
        "The media could not be fetched from this URI: http://canary",
    );
    scene.network().two.desk.force("/media", said, 1);
    let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::MediaNotPublic));
    assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
    // Not a JPEG, whatever it claims to be.
    let png = Shown::start(b"\x89PNG");
    let mut post = scene.payload(&connector, "Pas un JPEG");
    post.pictures = vec![picture(Some(&png), "")];
    let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::MediaKind));
    for text in ["Adresse perdue", "Pas un JPEG"] {
        assert_eq!(scene.network().held(text), 0);
    }
}

#[tokio::test]
async fn what_dies_before_publishing_published_nothing() {
    let mut scene = scene().await;
    let connector = scene.connector();
    // A container made, its answer lost; a look at it cut; the quota not told.
    for (nth, (path, fault)) in [
        ("/media ", Fault::CutAfter),
        ("/media ", Fault::CutDuring),
        ("fields=status_code", Fault::CutAfter),
        (
            "content_publishing_limit",
            Fault::Answer(Fault::http(502, "", "<html>")),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let post = scene.payload(&connector, &format!("Coupée {nth}"));
        scene.proxy.harm(path, fault, 1);
        let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
        assert!(
            matches!(outcome, Outcome::NotSent { .. }),
            "{path}: {outcome:?}"
        );
        assert_eq!(scene.network().held(&post.text), 0);
        let again = connector.publish(&mut scene.session, &post, WITHIN).await;
        assert_eq!(says(&again), Says::Published);
        assert_eq!(scene.network().held(&post.text), 1);
    }
}

#[tokio::test]
async fn containers_have_states() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let post = scene.payload(&connector, "États");
    for (state, expected) in [
        ("ERROR", Says::Refused(Code::MediaFailed)),
        ("EXPIRED", Says::NotSent(Code::Slow)),
        ("PUBLISHED", Says::Unknown),
        ("SOMETHING", Says::NotSent(Code::GarbageAnswer)),
    ] {
        scene.network().two.containers_will(1, Some(state));
        let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
        assert_eq!(says(&outcome), expected, "{state}: {outcome:?}");
        assert_eq!(scene.network().held(&post.text), 0);
    }
    // Never ready: nothing is published when the time is over.
    scene.network().two.containers_will(u32::MAX, None);
    let short = Duration::from_secs(2);
    let outcome = connector.publish(&mut scene.session, &post, short).await;
    assert_eq!(says(&outcome), Says::NotSent(Code::Slow));
    scene.network().two.containers_will(0, None);
    // Ready, it said; but not yet there where it is published.
    for said in [
        error(400, 9_007, 2_207_027, "not ready"),
        error(400, -2, 2_207_020, "ended"),
    ] {
        scene.network().two.desk.force("media_publish", said, 1);
        let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
        assert_eq!(says(&outcome), Says::NotSent(Code::Slow));
    }
    for (said, expected) in [
        (
            error(400, 4, 2_207_051, "spam"),
            Says::Refused(Code::BlockedByNetwork),
        ),
        (
            error(400, 9, 2_207_042, "quota"),
            Says::NotSent(Code::RateLimited),
        ),
        (
            error(400, 25, 2_207_050, "restricted"),
            Says::NotSent(Code::AccountSuspended),
        ),
        (error(400, -1, 2_207_001, "server error"), Says::Unknown),
        (error(400, 24, 2_207_008, "temporary"), Says::Unknown),
        (transient(1), Says::Unknown),
    ] {
        scene.network().two.desk.force("media_publish", said, 1);
        let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
        assert_eq!(says(&outcome), expected, "{outcome:?}");
    }
    remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
    assert_eq!(scene.network().held(&post.text), 1);
}

#[tokio::test]
async fn the_quota_is_asked_before() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let post = scene.payload(&connector, "Quota");
    scene.network().two.set_quota(25, 25);
    let before = Timestamp::now();
    let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
    let Outcome::NotSent {
        code,
        retry_at: Some(at),
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    assert_eq!(code, "rate_limited");
    assert!(at.duration_since(before) >= SignedDuration::from_mins(59));
    assert_eq!(scene.network().two.made(), 0, "no container was made");
    scene.network().two.set_quota(24, 25);
    remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
}

#[tokio::test]
async fn limits_and_what_is_found_before() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let account = scene.session.account.clone();
    let full = scene.payload(&connector, &"é".repeat(2_200));
    assert_eq!(connector.problems(&account, &full), []);
    remote(&connector.publish(&mut scene.session, &full, WITHIN).await);
    let before = scene.contract.seen().len();
    let over = scene.payload(&connector, &"é".repeat(2_201));
    let outcome = connector.publish(&mut scene.session, &over, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::TooLong));
    assert_eq!(scene.contract.seen().len(), before, "nothing was asked");

    let words = |mark: char, count: usize| {
        let all: Vec<String> = (0..count).map(|nth| format!("{mark}mot{nth}")).collect();
        all.join(" ")
    };
    for (text, problems) in [
        (words('#', 30), vec![]),
        (words('#', 31), vec![Code::TooManyTags]),
        (words('@', 20), vec![]),
        (words('@', 21), vec![Code::TooManyMentions]),
    ] {
        let post = scene.payload(&connector, &text);
        assert_eq!(connector.problems(&account, &post), problems, "{text}");
    }
    // At the limit for us is taken by the network.
    let tags = scene.payload(&connector, &words('#', 30));
    remote(&connector.publish(&mut scene.session, &tags, WITHIN).await);

    let problem = |change: &dyn Fn(&mut Payload)| {
        let mut post = scene.payload(&connector, "x");
        change(&mut post);
        connector.problems(&account, &post)
    };
    assert_eq!(problem(&|p| p.pictures.clear()), [Code::NeedsPicture]);
    assert_eq!(
        problem(&|p| p.pictures[0].address = None),
        [Code::MediaNotPublic]
    );
    assert_eq!(
        problem(&|p| p.pictures[0].mime = "image/png".into()),
        [Code::MediaKind]
    );
    assert_eq!(problem(&|p| p.pictures[0].alt = "a".repeat(1_000)), []);
    assert_eq!(
        problem(&|p| p.pictures[0].alt = "a".repeat(1_001)),
        [Code::AltTooLong]
    );
    assert_eq!(
        problem(&|p| p.pictures = vec![p.pictures[0].clone(); 11]),
        [Code::TooManyPictures]
    );
    assert_eq!(
        problem(&|p| p.link = Some("https://exemple.fr/".into())),
        [Code::LinkNotInText]
    );
    assert_eq!(
        problem(&|p| p.reply_to = Some("1".into())),
        [Code::NotOffered]
    );
    // Ten are taken.
    let mut ten = scene.payload(&connector, "Dix");
    ten.pictures = vec![ten.pictures[0].clone(); 10];
    remote(&connector.publish(&mut scene.session, &ten, WITHIN).await);
}

#[tokio::test]
async fn nothing_is_deleted_and_gone_is_proven() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let id = scene.network().put("Encore là", Timestamp::now());
    assert!(!connector.describe().deletes);
    let failure = connector.delete(&mut scene.session, &id).await.unwrap_err();
    assert_eq!(failure.code, Code::NotOffered);
    assert_eq!(
        connector.read_back(&mut scene.session, "404").await,
        Ok(None)
    );
    scene
        .network()
        .two
        .desk
        .force(&format!("GET /v25.0/{id}"), missing(&id), 1);
    scene.network().two.desk.force(
        &format!("GET /v25.0/{ID}/media"),
        error(403, 10, 0, "no"),
        1,
    );
    let failure = connector
        .read_back(&mut scene.session, &id)
        .await
        .unwrap_err();
    assert_eq!(failure.code, Code::MissingRight);
    for bad in ["", "..", "a/b"] {
        let failure = connector
            .read_back(&mut scene.session, bad)
            .await
            .unwrap_err();
        assert_eq!(failure.code, Code::BadKey);
    }
}

#[tokio::test]
async fn only_posts_since_then_are_taken_for_ours() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let post = scene.payload(&connector, "Bonjour à tous");
    scene.network().put(
        "Bonjour à tous",
        Timestamp::now() - SignedDuration::from_mins(20),
    );
    assert_eq!(
        connector.find(&mut scene.session, &post).await,
        Found::NotSeen
    );
    let id = scene.network().put("Bonjour à tous ", Timestamp::now());
    let found = connector.find(&mut scene.session, &post).await;
    assert!(
        matches!(&found, Found::Same { remote_id, .. } if *remote_id == id),
        "{found:?}"
    );
    // Without words: only one with as many pictures.
    let mut silent = scene.payload(&connector, "");
    silent.pictures = vec![silent.pictures[0].clone(); 2];
    scene.network().put("", Timestamp::now());
    assert_eq!(
        connector.find(&mut scene.session, &silent).await,
        Found::NotSeen
    );
    let id = remote(&connector.publish(&mut scene.session, &silent, WITHIN).await);
    let found = connector.find(&mut scene.session, &silent).await;
    assert!(
        matches!(&found, Found::Same { remote_id, .. } if *remote_id == id),
        "{found:?}"
    );
}

#[tokio::test]
async fn comments_arrive_and_are_answered() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let now = Timestamp::now();
    let earlier = now - SignedDuration::from_mins(90);
    let post = scene.network().put("Une question ?", earlier);
    scene.network().put("Sans commentaire", earlier);
    let hello = scene
        .network()
        .comment(&post, "ana", &"é".repeat(12_000), earlier);
    scene.network().comment(&post, "phare", "De nous", earlier);
    let old = scene
        .network()
        .comment(&post, "bob", "Vieux", now - meta::days(40));
    let (all, _) = all_arrivals(&connector, &mut scene.session, None).await;
    let [comment] = all.items.as_slice() else {
        panic!("{:?}", all.items);
    };
    assert_eq!(
        (comment.remote_id.as_str(), comment.author.as_str()),
        (hello.as_str(), "ana")
    );
    assert_eq!(
        (comment.text.chars().count(), comment.about.as_deref()),
        (10_000, Some(post.as_str()))
    );
    let (nothing, _) = all_arrivals(&connector, &mut scene.session, all.cursor).await;
    assert_eq!(nothing.items, []);

    // New answers to an old comment, more than a page of them; and many new comments.
    for nth in 0..60 {
        scene
            .network()
            .comment(&old, "cy", &format!("réponse {nth}"), now);
        scene
            .network()
            .comment(&post, "di", &format!("neuf {nth}"), now);
    }
    let (many, _) = all_arrivals(&connector, &mut scene.session, nothing.cursor).await;
    let mut texts: Vec<&str> = many.items.iter().map(|item| item.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 120);
    assert!(
        many.items
            .iter()
            .all(|item| item.about.as_deref() == Some(post.as_str()))
    );

    // The answer, whose own call is the dangerous one: under a comment, under an answer, under the post.
    for (nth, (under, edge)) in [(&hello, "replies"), (&post, "comments")]
        .into_iter()
        .enumerate()
    {
        let mut answer = payload(&connector, &format!("Bonjour {nth}"));
        answer.reply_to = Some(under.clone());
        assert_eq!(connector.problems(&scene.session.account, &answer), []);
        scene
            .proxy
            .harm(&format!("POST /v25.0/{under}/{edge}"), Fault::CutAfter, 1);
        let outcome = connector.publish(&mut scene.session, &answer, WITHIN).await;
        assert_eq!(says(&outcome), Says::Unknown);
        let found = connector.find(&mut scene.session, &answer).await;
        let Found::Same { remote_id, .. } = found else {
            panic!("{found:?}");
        };
        assert_eq!(scene.network().held(&answer.text), 1);
        let back = connector
            .read_back(&mut scene.session, &remote_id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(back.text, answer.text);
        answer.text = format!("Encore {nth}");
        assert_eq!(
            connector.find(&mut scene.session, &answer).await,
            Found::NotSeen
        );
        let outcome = connector.publish(&mut scene.session, &answer, WITHIN).await;
        let Outcome::Published {
            url, content_id, ..
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        assert_eq!(url, format!("https://www.instagram.com/p/{post}/"));
        assert!(!content_id.is_empty());
    }
    // Our own words of long ago are not the answer of now.
    scene.network().comment(&hello, "phare", "Merci", earlier);
    scene.network().comment(&hello, "ana", "Merci", now);
    let mut thanks = payload(&connector, "Merci");
    thanks.reply_to = Some(hello.clone());
    assert_eq!(
        connector.find(&mut scene.session, &thanks).await,
        Found::NotSeen
    );
    // A comment that is gone: nothing was answered.
    let mut answer = payload(&connector, "Trop tard");
    answer.reply_to = Some("404".into());
    let outcome = connector.publish(&mut scene.session, &answer, WITHIN).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_sweep_over_many_posts_takes_turns_and_loses_nothing() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let now = Timestamp::now();
    for nth in 0..40 {
        let post = scene.network().put(&format!("Billet {nth}"), now);
        scene
            .network()
            .comment(&post, "ana", &format!("sur {nth}"), now);
    }
    let (all, turns) = all_arrivals(&connector, &mut scene.session, None).await;
    assert_eq!((all.items.len(), turns > 1), (40, true));
}

#[tokio::test]
async fn webhooks() {
    let scene = scene().await;
    let body = json!({ "object": "instagram", "entry": [
        { "id": ID, "time": 1, "changes": [{ "field": "comments", "value": { "id": "1", "text": "x" } }] },
        { "id": "17841400000000002", "time": 1, "changes": [] },
        { "id": ID, "time": 2, "changes": [] },
    ] });
    let accounts = [ID, "17841400000000002"];
    hooks_hold(&scene.connector(), body.to_string().as_bytes(), &accounts);
}

#[tokio::test]
async fn no_secret_is_ever_printed() {
    let log = meta::Log::default();
    let _guard = log.collect();
    let mut scene = scene().await;
    let http = http();
    let connector = Instagram::new(http.clone(), Some(app(&scene.proxy.url)));
    let code = scene.network().two.consent(meta::REDIRECT, &SCOPES);
    let mut said = format!("{connector:?} {:?}", back(&connector, &code).await);
    said += &format!("{:?}", back(&connector, &code).await);
    let mut near = session(
        Platform::Instagram,
        &scene.proxy.url,
        ID,
        &scene.token,
        Some(1),
    );
    said += &format!("{:?} {near:?}", connector.check(&mut near).await);
    let mut near = session(
        Platform::Instagram,
        &scene.proxy.url,
        ID,
        &scene.token,
        Some(1),
    );
    let echo = json!({ "error": { "code": 100, "message": format!("no: {}", scene.token) } });
    for path in ["/refresh_access_token", PUT] {
        let fault = Fault::Answer(Fault::http(400, "", &echo.to_string()));
        scene.proxy.harm(path, fault, 1);
    }
    for fault in [Fault::CutAfter, Fault::Endless] {
        scene.proxy.harm("/refresh_access_token", fault, 1);
    }
    for _ in 0..3 {
        said += &format!("{:?} {near:?}", connector.check(&mut near).await);
    }
    let mut post = scene.payload(&connector, "x");
    said += &format!(
        "{post:?} {:?}",
        connector.publish(&mut scene.session, &post, WITHIN).await
    );
    post.pictures[0]
        .address
        .as_mut()
        .unwrap()
        .set_path("/m/canary-lost");
    said += &format!(
        "{:?}",
        connector.publish(&mut scene.session, &post, WITHIN).await
    );
    nothing_secret(&said, &log, &http, &scene.network().two.desk.all());
}
