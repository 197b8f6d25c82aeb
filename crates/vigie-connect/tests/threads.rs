//! Threads against a stand-in that holds each request against what Meta documents, and really fetches the pictures.
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
    ArrivalKind, Code, Connector, Payload, Session, Threads,
    oauth::Tokens,
    testing::{
        Fault, Proxy,
        contract::{
            Contract, Said,
            meta::{APP, Shown, error, limited, missing, transient},
            threads::{SCOPES, TABLE, Threads as Network},
        },
    },
};
use vigie_core::{
    content::{Platform, Repliers},
    publication::{Found, Outcome},
};

const ID: &str = "25001";
const PUT: &str = "POST /v1.0/25001/threads_publish";

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
    let session = session(Platform::Threads, &proxy.url, ID, &token, Some(50));
    Scene {
        contract,
        proxy,
        session,
        token,
        shown: Shown::start(JPEG),
    }
}

impl Scene {
    fn connector(&self) -> Threads {
        Threads::new(http(), Some(app(&self.proxy.url)))
    }

    fn network(&self) -> &Network {
        &self.contract.network
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
    let network_too = std::sync::Arc::clone(&network);
    let held = move |text: &str| network.held(text);
    let who = move |text: &str| {
        let newest = network_too.newest();
        assert_eq!(newest["text"], text);
        newest["reply_control"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let (url, proxy) = (scene.proxy.url.clone(), &scene.proxy);
    run(&mut Subject {
        connector: &|| Box::new(Threads::new(http(), Some(app(&url)))),
        proxy,
        session: scene.session,
        put: PUT,
        refusal: (
            400,
            r#"{"error":{"message":"(#100) Invalid parameter","type":"THApiException","code":100}}"#,
        ),
        expired: (
            401,
            r#"{"error":{"message":"Session has expired","type":"OAuthException","code":190,"error_subcode":463}}"#,
        ),
        down_scoped: (
            403,
            r#"{"error":{"message":"(#10) Application does not have permission","type":"THApiException","code":10}}"#,
        ),
        other_shape: r#"{"success":true}"#,
        held: &held,
        who: &who,
        dress: &|_| {},
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
    with_subject(async |subject| suite::repliers(subject, &WHO).await).await;
}

const WHO: [(Repliers, &str); 3] = [
    (Repliers::Followers, "followers_only"),
    (Repliers::Followed, "accounts_you_follow"),
    (Repliers::Mentioned, "mentioned_only"),
];

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
    let code = scene.network().two.consent(meta::REDIRECT, &SCOPES);
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
    let none = Threads::new(http(), None);
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
            Platform::Threads,
            &scene.proxy.url,
            ID,
            &scene.token,
            Some(left),
        )
    };
    let mut early = fresh(21);
    connector.check(&mut early).await.unwrap();
    assert!(early.take_renewed().is_none());
    let mut near = fresh(19);
    connector.check(&mut near).await.unwrap();
    let (secret, until) = near.take_renewed().unwrap();
    assert_ne!(Tokens::open(secret).unwrap().access, scene.token);
    assert!(until.unwrap().duration_since(Timestamp::now()) > meta::days(59));
    connector.check(&mut near).await.unwrap();
    let other = scene.network().two.desk.grant("25999", &SCOPES, true);
    for bad in ["canary-bad", &other] {
        let said = json!({ "access_token": bad, "token_type": "bearer", "expires_in": 5_184_000 });
        let said = Said::json(200, said);
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
    let mut wrong = session(Platform::Threads, &scene.proxy.url, ID, &other, Some(50));
    assert_eq!(
        connector.check(&mut wrong).await.unwrap_err().code,
        Code::OtherAccount
    );
    scene
        .network()
        .two
        .desk
        .change(&scene.token, |grant| grant.dead = Some(460));
    let mut dead = fresh(1);
    assert_eq!(
        connector.check(&mut dead).await.unwrap_err().code,
        Code::TokenExpired
    );
    let outcome = connector
        .publish(&mut dead, &payload(&connector, "x"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::TokenExpired));
}

#[tokio::test]
async fn texts_cards_pictures_and_carousels() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let mut post = payload(&connector, "Notre dossier");
    post.link = Some("https://exemple.fr/dossier".into());
    remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
    assert_eq!(
        scene.network().newest()["link_attachment_url"],
        "https://exemple.fr/dossier"
    );
    // A card alone takes its address as words, and is found by them.
    post.text = String::new();
    let id = remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
    let found = connector.find(&mut scene.session, &post).await;
    assert!(
        matches!(&found, Found::Same { remote_id, .. } if *remote_id == id),
        "{found:?}"
    );

    let mut post = payload(&connector, "Une photo");
    post.pictures = vec![picture(Some(&scene.shown), "Le phare")];
    let id = remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
    assert_eq!(scene.shown.fetched.load(Ordering::Relaxed), 1);
    assert_eq!(scene.network().newest()["alts"], json!(["Le phare"]));
    let back = connector
        .read_back(&mut scene.session, &id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        back.url,
        format!("https://www.threads.com/@phare/post/{id}")
    );

    let mut post = payload(&connector, "Vingt photos");
    post.pictures = (0..20)
        .map(|nth| picture(Some(&scene.shown), &nth.to_string()))
        .collect();
    assert_eq!(connector.problems(&scene.session.account, &post), []);
    remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
    let alts: Vec<String> = (0..20).map(|nth| nth.to_string()).collect();
    assert_eq!(scene.network().newest()["alts"], json!(alts));
    assert_eq!(scene.shown.fetched.load(Ordering::Relaxed), 21);

    // The order is kept, whatever the order of the answers.
    let mut post = payload(&connector, "Quatre photos");
    post.pictures = (0..4)
        .map(|nth| picture(Some(&scene.shown), &nth.to_string()))
        .collect();
    scene
        .proxy
        .harm("/threads ", Fault::Late(Duration::from_millis(400)), 1);
    remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
    assert_eq!(
        scene.network().newest()["alts"],
        json!(["0", "1", "2", "3"])
    );

    let mut gone = payload(&connector, "Adresse perdue");
    gone.pictures = vec![picture(Some(&scene.shown), "")];
    gone.pictures[0]
        .address
        .as_mut()
        .unwrap()
        .set_path("/m/autre");
    let outcome = connector.publish(&mut scene.session, &gone, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::MediaNotPublic));
    assert_eq!(scene.network().held("Adresse perdue"), 0);
}

#[tokio::test]
async fn what_dies_before_publishing_published_nothing() {
    let mut scene = scene().await;
    let connector = scene.connector();
    for (nth, (path, fault)) in [
        ("/threads ", Fault::CutAfter),
        ("/threads ", Fault::CutDuring),
        ("fields=status", Fault::CutAfter),
        (
            "threads_publishing_limit",
            Fault::Answer(Fault::http(502, "", "<html>")),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut post = payload(&connector, &format!("Coupée {nth}"));
        post.pictures = vec![picture(Some(&scene.shown), "")];
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
async fn containers_have_states_and_errors_have_outcomes() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let post = payload(&connector, "États");
    for (state, expected) in [
        ("ERROR", Says::Refused(Code::MediaFailed)),
        ("EXPIRED", Says::NotSent(Code::Slow)),
        ("PUBLISHED", Says::Unknown),
    ] {
        scene.network().two.containers_will(1, Some(state));
        let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
        assert_eq!(says(&outcome), expected, "{state}: {outcome:?}");
    }
    scene.network().two.containers_will(u32::MAX, None);
    let short = Duration::from_secs(2);
    let outcome = connector.publish(&mut scene.session, &post, short).await;
    assert_eq!(says(&outcome), Says::NotSent(Code::Slow));
    scene.network().two.containers_will(0, None);
    for (said, expected) in [
        (
            error(400, 9_007, 2_207_027, "not ready"),
            Says::NotSent(Code::Slow),
        ),
        (
            error(400, 190, 463, "expired"),
            Says::NotSent(Code::TokenExpired),
        ),
        (
            error(403, 10, 0, "right"),
            Says::NotSent(Code::MissingRight),
        ),
        (
            error(400, 368, 0, "blocked"),
            Says::Refused(Code::BlockedByNetwork),
        ),
        (
            error(400, 10, 4_279_013, "restricted"),
            Says::NotSent(Code::AccountSuspended),
        ),
        (
            error(400, 613, 0, "custom"),
            Says::NotSent(Code::RateLimited),
        ),
        (transient(2), Says::Unknown),
        (error(400, 2, 0, "temporary"), Says::Unknown),
    ] {
        let about = format!("{:?}", said.body);
        scene
            .network()
            .two
            .desk
            .force("POST /v1.0/25001/threads_publish", said, 1);
        let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
        assert_eq!(says(&outcome), expected, "{about}: {outcome:?}");
    }
    assert_eq!(scene.network().held(&post.text), 0);
    let said = limited(80_001, ID, 25);
    scene
        .network()
        .two
        .desk
        .force("POST /v1.0/25001/threads_publish", said, 1);
    let before = Timestamp::now();
    let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
    let Outcome::NotSent {
        retry_at: Some(at), ..
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    assert!(at.duration_since(before).as_mins() >= 24);
    // The day's quota, for posts and for answers.
    let connector = scene.connector();
    let target = scene
        .network()
        .put(None, "ana", "Bonjour", Timestamp::now());
    scene.network().two.set_quota(250, 250);
    for reply_to in [None, Some(target)] {
        let made = scene.network().two.made();
        let mut post = payload(&connector, "Quota");
        post.reply_to = reply_to;
        let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
        assert_eq!(says(&outcome), Says::NotSent(Code::RateLimited));
        assert_eq!(scene.network().two.made(), made, "no container was made");
    }
}

#[tokio::test]
async fn limits_and_what_is_found_before() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let account = scene.session.account.clone();
    // An emoji counts as its bytes, here and there.
    for (text, fits) in [
        ("é".repeat(500), true),
        ("é".repeat(501), false),
        ("👍".repeat(125), true),
        ("👍".repeat(126), false),
        (format!("{}👍", "a".repeat(496)), true),
        (format!("{}👍", "a".repeat(497)), false),
    ] {
        let post = payload(&connector, &text);
        assert_eq!(
            connector.problems(&account, &post).is_empty(),
            fits,
            "{text}"
        );
        if fits {
            remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
        }
    }
    let links = |count: usize| {
        let all: Vec<String> = (0..count)
            .map(|nth| format!("https://exemple.fr/{nth}"))
            .collect();
        all.join(" ")
    };
    let five = payload(&connector, &links(5));
    assert_eq!(connector.problems(&account, &five), []);
    remote(&connector.publish(&mut scene.session, &five, WITHIN).await);
    assert_eq!(
        connector.problems(&account, &payload(&connector, &links(6))),
        [Code::TooManyLinks]
    );
    let mut card = payload(&connector, &links(5));
    card.link = Some("https://exemple.fr/4".into());
    assert_eq!(
        connector.problems(&account, &card),
        [],
        "the same link counts once"
    );
    card.link = Some("https://exemple.fr/autre".into());
    assert_eq!(connector.problems(&account, &card), [Code::TooManyLinks]);
    let problem = |change: &dyn Fn(&mut Payload)| {
        let mut post = payload(&connector, "x");
        post.pictures = vec![picture(Some(&scene.shown), "")];
        change(&mut post);
        connector.problems(&account, &post)
    };
    assert_eq!(
        problem(&|p| p.pictures[0].address = None),
        [Code::MediaNotPublic]
    );
    assert_eq!(
        problem(&|p| p.pictures[0].mime = "image/gif".into()),
        [Code::MediaKind]
    );
    assert_eq!(
        problem(&|p| p.pictures[0].alt = "a".repeat(1_001)),
        [Code::AltTooLong]
    );
    assert_eq!(
        problem(&|p| p.pictures = vec![p.pictures[0].clone(); 21]),
        [Code::TooManyPictures]
    );
    assert_eq!(
        problem(&|p| p.link = Some("https://exemple.fr/".into())),
        [Code::LinkWithPictures]
    );
    assert_eq!(
        problem(&|p| p.reply_to = Some("a/b".into())),
        [Code::BadKey]
    );
    let before = scene.contract.seen().len();
    let outcome = connector
        .publish(&mut scene.session, &payload(&connector, &links(6)), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::Refused(Code::TooManyLinks));
    assert_eq!(scene.contract.seen().len(), before, "nothing was asked");
}

#[tokio::test]
async fn a_limit_that_only_the_network_knows_is_a_refusal() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let said = error(400, 100, 0, "THREADS_API__LINK_LIMIT_EXCEEDED");
    scene
        .network()
        .two
        .desk
        .force("POST /v1.0/25001/threads", said, 1);
    let post = payload(&connector, "un.exemple deux.exemple");
    let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::TooManyLinks));
}

#[tokio::test]
async fn found_listed_deleted() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let post = payload(&connector, "Bonjour à tous");
    let old = Timestamp::now() - SignedDuration::from_mins(20);
    scene.network().put(None, "phare", "Bonjour à tous", old);
    scene
        .network()
        .put(None, "autre", "Bonjour à tous", Timestamp::now());
    assert_eq!(
        connector.find(&mut scene.session, &post).await,
        Found::NotSeen
    );
    let id = scene
        .network()
        .put(None, "phare", "Bonjour à tous\n", Timestamp::now());
    let found = connector.find(&mut scene.session, &post).await;
    assert!(
        matches!(&found, Found::Same { remote_id, .. } if *remote_id == id),
        "{found:?}"
    );
    assert_eq!(
        connector.read_back(&mut scene.session, "404").await,
        Ok(None)
    );
    connector.delete(&mut scene.session, "404").await.unwrap();
    scene.network().two.desk.force("DELETE", missing(&id), 1);
    assert!(connector.delete(&mut scene.session, &id).await.is_err());
    scene
        .network()
        .two
        .desk
        .force(&format!("GET /v1.0/{id}"), missing(&id), 1);
    let read = format!("GET /v1.0/{ID}/threads");
    scene
        .network()
        .two
        .desk
        .force(&read, error(403, 10, 0, "no"), 1);
    let failure = connector
        .read_back(&mut scene.session, &id)
        .await
        .unwrap_err();
    assert_eq!(failure.code, Code::MissingRight);
    for bad in ["", "..", "a/b"] {
        let failure = connector.delete(&mut scene.session, bad).await.unwrap_err();
        assert_eq!(failure.code, Code::BadKey);
    }
}

#[tokio::test]
async fn answers_and_mentions_arrive_and_are_answered() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let now = Timestamp::now();
    let earlier = now - SignedDuration::from_mins(90);
    let post = scene
        .network()
        .put(None, "phare", "Une question ?", earlier);
    scene.network().put(None, "phare", "Sans réponse", earlier);
    let hello = scene
        .network()
        .put(Some(&post), "ana", &"é".repeat(12_000), earlier);
    let ours = scene
        .network()
        .put(Some(&hello), "phare", "De nous", earlier);
    let deep = scene.network().put(Some(&ours), "bob", "Plus bas", earlier);
    scene
        .network()
        .put(Some(&post), "bob", "Vieux", now - meta::days(40));
    let mention = scene.network().mention("zoe", "avec @phare", earlier);
    let (all, _) = all_arrivals(&connector, &mut scene.session, None).await;
    let mut seen: Vec<(String, ArrivalKind)> = all
        .items
        .iter()
        .map(|item| (item.remote_id.clone(), item.kind))
        .collect();
    seen.sort_by(|a, b| a.0.cmp(&b.0));
    let mut expected = vec![
        (hello.clone(), ArrivalKind::Comment),
        (deep, ArrivalKind::Comment),
        (mention, ArrivalKind::Mention),
    ];
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(seen, expected);
    let first = all
        .items
        .iter()
        .find(|item| item.remote_id == hello)
        .unwrap();
    assert_eq!(
        (first.text.chars().count(), first.about.as_deref()),
        (10_000, Some(post.as_str()))
    );
    let (nothing, _) = all_arrivals(&connector, &mut scene.session, all.cursor).await;
    assert_eq!(nothing.items, []);
    for nth in 0..130 {
        scene
            .network()
            .put(Some(&post), "cy", &format!("n° {nth}"), now);
        scene.network().mention("di", &format!("m {nth}"), now);
    }
    let (many, _) = all_arrivals(&connector, &mut scene.session, nothing.cursor).await;
    let mut texts: Vec<&str> = many.items.iter().map(|item| item.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 260);

    let mut answer = payload(&connector, "Bonjour Ana");
    answer.reply_to = Some(hello.clone());
    scene.proxy.harm(PUT, Fault::CutAfter, 1);
    let outcome = connector.publish(&mut scene.session, &answer, WITHIN).await;
    assert_eq!(says(&outcome), Says::Unknown);
    let found = connector.find(&mut scene.session, &answer).await;
    assert!(matches!(found, Found::Same { .. }), "{found:?}");
    assert_eq!(scene.network().held("Bonjour Ana"), 1);
    // The same words under another post, as parts of a series may be, are another answer.
    let Found::Same {
        remote_id: first, ..
    } = found
    else {
        panic!("{found:?}");
    };
    let mut next = answer.clone();
    next.reply_to = Some(first.clone());
    assert_eq!(
        connector.find(&mut scene.session, &next).await,
        Found::NotSeen
    );
    let second = scene
        .network()
        .put(Some(&first), "phare", "Bonjour Ana", Timestamp::now());
    for (expected, id) in [(&answer, &first), (&next, &second)] {
        let found = connector.find(&mut scene.session, expected).await;
        assert!(
            matches!(&found, Found::Same { remote_id, .. } if remote_id == id),
            "{found:?}"
        );
    }
    answer.text = "Encore".into();
    let id = remote(&connector.publish(&mut scene.session, &answer, WITHIN).await);
    assert_eq!(scene.network().newest()["under"], hello.as_str());
    connector.delete(&mut scene.session, &id).await.unwrap();
    assert_eq!(
        connector.find(&mut scene.session, &answer).await,
        Found::NotSeen
    );
    answer.reply_to = Some("404".into());
    let outcome = connector.publish(&mut scene.session, &answer, WITHIN).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
}

#[tokio::test]
async fn webhooks() {
    let scene = scene().await;
    let body = json!({ "app_id": "4711", "topic": "moderate", "target_id": "78901", "time": 1_723_226_877,
        "subscription_id": "234567", "has_uid_field": false, "values": { "field": "replies", "value": {
            "id": "8901234", "username": "ana", "text": "Réponse", "replied_to": { "id": "567890" },
            "root_post": { "id": "123456", "owner_id": ID, "username": "phare" } } } });
    hooks_hold(&scene.connector(), body.to_string().as_bytes(), &[ID]);
    let body = json!({ "topic": "interaction", "values": { "field": "mentions", "value": { "id": "1" } } });
    hooks_hold(&scene.connector(), body.to_string().as_bytes(), &[]);
}

#[tokio::test]
async fn no_secret_is_ever_printed() {
    let log = meta::Log::default();
    let _guard = log.collect();
    let mut scene = scene().await;
    let http = http();
    let connector = Threads::new(http.clone(), Some(app(&scene.proxy.url)));
    let code = scene.network().two.consent(meta::REDIRECT, &SCOPES);
    let mut said = format!("{connector:?} {:?}", back(&connector, &code).await);
    said += &format!("{:?}", back(&connector, &code).await);
    let echo = json!({ "error": { "code": 100, "message": format!("no: {}", scene.token) } });
    for path in ["/refresh_access_token", PUT] {
        let fault = Fault::Answer(Fault::http(400, "", &echo.to_string()));
        scene.proxy.harm(path, fault, 1);
    }
    scene
        .proxy
        .harm("/refresh_access_token", Fault::CutAfter, 1);
    for _ in 0..3 {
        let mut near = session(
            Platform::Threads,
            &scene.proxy.url,
            ID,
            &scene.token,
            Some(1),
        );
        said += &format!("{:?} {near:?}", connector.check(&mut near).await);
    }
    let mut post = payload(&connector, "x");
    post.pictures = vec![picture(Some(&scene.shown), "")];
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
