//! Facebook pages against a stand-in that holds each request against Meta's published parameters.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod meta;
mod suite;

use jiff::{SignedDuration, Timestamp};
use meta::{all_arrivals, app, back, going, hooks_hold, http, nothing_secret, picture, session};
use serde_json::json;
use suite::{Says, Subject, WITHIN, payload, says};
use vigie_connect::{
    ArrivalKind, Code, Connector, Facebook, Session,
    oauth::Tokens,
    testing::{
        Fault, Proxy,
        contract::{
            Contract,
            facebook::{Facebook as Network, SCOPES, TABLE},
            meta::{APP, error, limited, missing, transient},
        },
    },
};
use vigie_core::{
    content::Platform,
    publication::{Found, Outcome},
};

const PAGE: &str = "1001";
const PUT: &str = "POST /v25.0/1001/feed";

struct Scene {
    contract: Contract<Network>,
    proxy: Proxy,
    session: Session,
    token: String,
}

async fn scene() -> Scene {
    let network = Network::default()
        .with_page(PAGE, "Le Phare", &["CREATE_CONTENT", "MODERATE"])
        .with_page("1002", "Vitrine", &["ANALYZE"])
        .with_page("1003", "La Digue", &["MANAGE", "CREATE_CONTENT"]);
    let contract = Contract::start(TABLE, network).await;
    let proxy = Proxy::before(contract.address()).await;
    let token = contract.network.desk.grant(PAGE, &SCOPES, true);
    let session = session(Platform::Facebook, &proxy.url, PAGE, &token, None);
    Scene {
        contract,
        proxy,
        session,
        token,
    }
}

impl Scene {
    fn connector(&self) -> Facebook {
        Facebook::new(http(), Some(app(&self.proxy.url)))
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
    let held = move |text: &str| network.held(text);
    let (url, proxy) = (scene.proxy.url.clone(), &scene.proxy);
    run(&mut Subject {
        connector: &|| Box::new(Facebook::new(http(), Some(app(&url)))),
        proxy,
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
            r#"{"error":{"message":"(#200) Permissions error","type":"OAuthException","code":200}}"#,
        ),
        other_shape: r#"{"success":true}"#,
        held: &held,
        who: &|_| String::new(),
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
    with_subject(async |subject| suite::repliers(subject, &[]).await).await;
}

#[tokio::test]
async fn connecting_gives_the_pages_that_can_be_posted_on() {
    let scene = scene().await;
    let connector = scene.connector();
    assert!(connector.is_ready() && !Facebook::new(http(), None).is_ready());
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
    assert_eq!(asked("code_challenge_method"), "S256");

    let code = scene
        .network()
        .consent(meta::REDIRECT, meta::VERIFIER, &SCOPES);
    let connected = back(&connector, &code).await.unwrap();
    let names: Vec<&str> = connected
        .iter()
        .map(|c| c.account.handle.as_str())
        .collect();
    assert_eq!(names, ["Le Phare", "La Digue"], "ANALYZE is not enough");
    for one in connected {
        assert_eq!(one.until, None, "a page's token does not end");
        let token = Tokens::open(&one.secret).unwrap().access;
        let grant = scene.network().desk.known(&token).unwrap();
        assert!(
            grant.long && grant.who == one.account.id,
            "from the long token"
        );
        let mut session = Session::new(one.account, one.secret);
        connector.check(&mut session).await.unwrap();
    }
    // The same code again, another one, a redirect that is not the same.
    for code in [code, "canary-nothing".into()] {
        assert_eq!(
            back(&connector, &code).await.unwrap_err().code,
            Code::NotGranted
        );
    }
    let elsewhere = scene
        .network()
        .consent("https://autre.fr/", meta::VERIFIER, &SCOPES);
    assert_eq!(
        back(&connector, &elsewhere).await.unwrap_err().code,
        Code::NotGranted
    );
    let stolen = scene.network().consent(meta::REDIRECT, "autre", &SCOPES);
    assert_eq!(
        back(&connector, &stolen).await.unwrap_err().code,
        Code::NotGranted
    );
    // A right that the person has unticked.
    let less = scene
        .network()
        .consent(meta::REDIRECT, meta::VERIFIER, &SCOPES[..4]);
    assert_eq!(
        back(&connector, &less).await.unwrap_err().code,
        Code::NotGranted
    );
    let failure = Facebook::new(http(), None);
    assert_eq!(
        back(&failure, "x").await.unwrap_err().code,
        Code::NotRegistered
    );
}

#[tokio::test]
async fn nobody_without_a_page_is_connected() {
    let network = Network::default().with_page("1002", "Vitrine", &["ANALYZE"]);
    let contract = Contract::start(TABLE, network).await;
    let connector = Facebook::new(http(), Some(app(&contract.url)));
    let code = contract
        .network
        .consent(meta::REDIRECT, meta::VERIFIER, &SCOPES);
    assert_eq!(
        back(&connector, &code).await.unwrap_err().code,
        Code::NoPage
    );
}

#[tokio::test]
async fn the_token_must_be_good_and_of_this_page() {
    let mut scene = scene().await;
    let connector = scene.connector();
    scene.session.account.handle = "Ancien nom".into();
    connector.check(&mut scene.session).await.unwrap();
    assert_eq!(scene.session.account.handle, "Le Phare");
    assert!(scene.session.take_renewed().is_none());
    let other = scene.network().desk.grant("1003", &SCOPES, true);
    let mut wrong = session(Platform::Facebook, &scene.proxy.url, PAGE, &other, None);
    assert_eq!(
        connector.check(&mut wrong).await.unwrap_err().code,
        Code::OtherAccount
    );
    for sub in [463, 460] {
        scene
            .network()
            .desk
            .change(&scene.token, |grant| grant.dead = Some(sub));
        let code = connector.check(&mut scene.session).await.unwrap_err().code;
        assert_eq!(code, Code::TokenExpired);
    }
    scene
        .network()
        .desk
        .change(&scene.token, |grant| grant.dead = Some(459));
    let code = connector.check(&mut scene.session).await.unwrap_err().code;
    assert_eq!(code, Code::AccountSuspended, "a checkpoint");
}

#[tokio::test]
async fn pictures_are_uploaded_before_and_hang_on_one_post() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let mut post = payload(&connector, "Deux photos");
    post.pictures = vec![picture(None, "Le phare, la nuit"), picture(None, "")];
    let id = remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
    let photos =
        scene.network().post(&id)["attachments"]["data"][0]["subattachments"]["data"].clone();
    assert_eq!(photos.as_array().unwrap().len(), 2);
    assert_eq!(
        (&photos[0]["alt"], &photos[1]["alt"]),
        (&json!("Le phare, la nuit"), &json!(""))
    );
    assert_eq!(scene.network().unpublished(), 0);
    let with = connector
        .read_back(&mut scene.session, &id)
        .await
        .unwrap()
        .unwrap();
    // The same words without the photos are another content.
    let plain = scene.network().put(PAGE, "Deux photos", Timestamp::now());
    let without = connector
        .read_back(&mut scene.session, &plain)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(with.content_id, without.content_id);

    // An upload that dies half way: nothing is published, and it may be tried again.
    for (nth, fault) in [Fault::CutDuring, Fault::CutAfter, Fault::CutAnswer]
        .into_iter()
        .enumerate()
    {
        let mut post = payload(&connector, &format!("Coupée {nth}"));
        post.pictures = vec![picture(None, "a"), picture(None, "b")];
        scene.proxy.harm("/photos", fault, 1);
        let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
        assert!(matches!(outcome, Outcome::NotSent { .. }), "{outcome:?}");
        assert_eq!(scene.network().held(&post.text), 0);
        let again = connector.publish(&mut scene.session, &post, WITHIN).await;
        assert_eq!(says(&again), Says::Published);
        assert_eq!(scene.network().held(&post.text), 1);
    }

    let mut post = payload(&connector, "Trop lourde");
    post.pictures = vec![picture(None, "")];
    let said = error(400, 324, 1_366_046, "Photos should be less than 4 MB");
    scene.network().desk.force("/photos", said, 1);
    let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::MediaTooBig));
}

#[tokio::test]
async fn links_limits_and_what_is_found_before() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let mut post = payload(&connector, "Notre dossier");
    post.link = Some("https://exemple.fr/dossier".into());
    let id = remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
    let card = scene.network().post(&id)["attachments"]["data"][0].clone();
    assert_eq!(card["unshimmed_url"], "https://exemple.fr/dossier");

    let account = scene.session.account.clone();
    let full = payload(&connector, &"é".repeat(63_206));
    assert_eq!(connector.problems(&account, &full), []);
    remote(&connector.publish(&mut scene.session, &full, WITHIN).await);
    let over = payload(&connector, &"é".repeat(63_207));
    assert_eq!(connector.problems(&account, &over), [Code::TooLong]);
    let before = scene.contract.seen().len();
    let outcome = connector.publish(&mut scene.session, &over, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::TooLong));
    assert_eq!(scene.contract.seen().len(), before, "nothing was asked");

    let problem = |change: &dyn Fn(&mut vigie_connect::Payload)| {
        let mut post = payload(&connector, "x");
        change(&mut post);
        connector.problems(&account, &post)
    };
    assert_eq!(
        problem(&|p| p.pictures = vec![picture(None, ""); 11]),
        [Code::TooManyPictures]
    );
    assert_eq!(problem(&|p| p.pictures = vec![picture(None, ""); 10]), []);
    assert_eq!(
        problem(&|p| p.pictures = vec![picture(None, &"a".repeat(1_001))]),
        [Code::AltTooLong]
    );
    let both = |p: &mut vigie_connect::Payload| {
        p.link = Some("https://exemple.fr/".into());
        p.pictures = vec![picture(None, "")];
    };
    assert_eq!(problem(&both), [Code::LinkWithPictures]);
    assert_eq!(
        problem(&|p| p.reply_to = Some("../me".into())),
        [Code::BadKey]
    );
}

#[tokio::test]
async fn each_word_of_the_network_has_its_outcome() {
    let mut scene = scene().await;
    for (said, expected) in [
        (
            error(400, 190, 463, "expired"),
            Says::NotSent(Code::TokenExpired),
        ),
        (
            error(400, 190, 460, "revoked"),
            Says::NotSent(Code::TokenExpired),
        ),
        (
            error(403, 200, 0, "right"),
            Says::NotSent(Code::MissingRight),
        ),
        (
            error(403, 10, 0, "right"),
            Says::NotSent(Code::MissingRight),
        ),
        (error(400, 4, 0, "app"), Says::NotSent(Code::RateLimited)),
        (error(400, 17, 0, "user"), Says::NotSent(Code::RateLimited)),
        (error(400, 32, 0, "page"), Says::NotSent(Code::RateLimited)),
        (
            error(400, 613, 0, "custom"),
            Says::NotSent(Code::RateLimited),
        ),
        (
            error(400, 368, 0, "blocked"),
            Says::Refused(Code::BlockedByNetwork),
        ),
        (
            error(400, 506, 0, "duplicate"),
            Says::Refused(Code::Duplicate),
        ),
        (
            error(400, 1_500, 1_609_005, "link"),
            Says::Refused(Code::BadLink),
        ),
        (
            error(400, 100, 0, "parameter"),
            Says::Refused(Code::RefusedByServer),
        ),
        (
            error(400, 2_635, 0, "version"),
            Says::Refused(Code::VersionEnded),
        ),
        // The network does not know itself: posts have been seen after these.
        (error(400, 1, 0, "unknown error"), Says::Unknown),
        (error(400, 2, 0, "temporary"), Says::Unknown),
        (transient(2), Says::Unknown),
    ] {
        let connector = scene.connector();
        let about = format!("{:?}", said.body);
        scene.network().desk.force(PUT, said, 1);
        let post = payload(&connector, &about);
        let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
        assert_eq!(says(&outcome), expected, "{about}: {outcome:?}");
    }
    // A business limit says when calls come back, and they are not made before.
    let connector = scene.connector();
    scene
        .network()
        .desk
        .force(PUT, limited(80_001, PAGE, 19), 1);
    let post = payload(&connector, "Patience");
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
    assert!(at.duration_since(before).as_mins() >= 18, "{at}");
    let asked = scene.contract.seen().len();
    let again = connector.publish(&mut scene.session, &post, WITHIN).await;
    assert_eq!(says(&again), Says::NotSent(Code::RateLimited));
    assert_eq!(scene.contract.seen().len(), asked);
    // The network itself refuses the same words twice.
    let connector = scene.connector();
    remote(&connector.publish(&mut scene.session, &post, WITHIN).await);
    let twice = connector.publish(&mut scene.session, &post, WITHIN).await;
    assert_eq!(says(&twice), Says::Refused(Code::Duplicate));
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_publishes_nothing() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let mut post = payload(&connector, "Au milieu");
    post.pictures = vec![picture(None, ""), picture(None, "")];
    // The first upload is fine; then the token is revoked.
    scene
        .network()
        .desk
        .force("/feed", error(400, 190, 460, "revoked"), 1);
    let outcome = connector.publish(&mut scene.session, &post, WITHIN).await;
    assert_eq!(says(&outcome), Says::NotSent(Code::TokenExpired));
    assert_eq!(scene.network().held(&post.text), 0);
}

#[tokio::test]
async fn only_posts_since_then_are_taken_for_ours() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let post = payload(&connector, "Bonjour à tous");
    let old = Timestamp::now() - SignedDuration::from_mins(20);
    scene.network().put(PAGE, "Bonjour à tous", old);
    assert_eq!(
        connector.find(&mut scene.session, &post).await,
        Found::NotSeen
    );
    // The network trims, and writes accents and line ends in its own way.
    let id = scene
        .network()
        .put(PAGE, "Bonjour a\u{300} tous\r\n", Timestamp::now());
    for nth in 0..60 {
        scene
            .network()
            .put(PAGE, &format!("Autre {nth}"), Timestamp::now());
    }
    let found = connector.find(&mut scene.session, &post).await;
    assert!(
        matches!(&found, Found::Same { remote_id, .. } if *remote_id == id),
        "{found:?}"
    );
    // Over pages, newest first.
    let mut cursor = None;
    let mut seen = 0;
    loop {
        let page = connector
            .list(&mut scene.session, cursor.as_deref())
            .await
            .unwrap();
        seen += page.posts.len();
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, 62);
    // Without words: only one with the same pictures, or the same link.
    let mut photos = payload(&connector, "");
    photos.pictures = vec![picture(None, ""), picture(None, "")];
    let mut link = payload(&connector, "");
    link.link = Some("https://exemple.fr/a".into());
    let mut other = payload(&connector, "");
    other.link = Some("https://exemple.fr/b".into());
    remote(&connector.publish(&mut scene.session, &other, WITHIN).await);
    assert_eq!(
        connector.find(&mut scene.session, &photos).await,
        Found::NotSeen
    );
    assert_eq!(
        connector.find(&mut scene.session, &link).await,
        Found::NotSeen
    );
    for post in [&photos, &link] {
        let id = remote(&connector.publish(&mut scene.session, post, WITHIN).await);
        let found = connector.find(&mut scene.session, post).await;
        assert!(
            matches!(&found, Found::Same { remote_id, .. } if *remote_id == id),
            "{found:?}"
        );
    }
    // When the list cannot be read, nothing is claimed.
    scene
        .network()
        .desk
        .force("published_posts", transient(2), 1);
    let found = connector.find(&mut scene.session, &post).await;
    assert!(matches!(found, Found::CannotTell { .. }), "{found:?}");
}

#[tokio::test]
async fn gone_is_not_the_same_as_not_allowed_to_see() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let id = scene.network().put(PAGE, "Encore là", Timestamp::now());
    scene
        .network()
        .desk
        .force(&format!("GET /v25.0/{id}"), missing(&id), 1);
    let right = error(403, 10, 0, "(#10) pages_read_engagement is missing");
    scene.network().desk.force("published_posts", right, 1);
    let failure = connector
        .read_back(&mut scene.session, &id)
        .await
        .unwrap_err();
    assert_eq!(failure.code, Code::MissingRight);
    assert!(
        connector
            .read_back(&mut scene.session, &id)
            .await
            .unwrap()
            .is_some()
    );
    let gone = format!("{PAGE}_404");
    assert_eq!(
        connector.read_back(&mut scene.session, &gone).await,
        Ok(None)
    );
    connector.delete(&mut scene.session, &gone).await.unwrap();
    // A deletion that the network does not carry out is no success.
    scene.network().desk.force("DELETE", missing(&id), 1);
    assert!(connector.delete(&mut scene.session, &id).await.is_err());
    for bad in ["", "..", "a/b", "me?x"] {
        let failure = connector
            .read_back(&mut scene.session, bad)
            .await
            .unwrap_err();
        assert_eq!(failure.code, Code::BadKey);
        assert_eq!(
            connector
                .delete(&mut scene.session, bad)
                .await
                .unwrap_err()
                .code,
            Code::BadKey
        );
    }
}

#[tokio::test]
async fn comments_and_mentions_arrive_and_are_answered() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let now = Timestamp::now();
    let earlier = now - SignedDuration::from_mins(90);
    let post = scene.network().put(PAGE, "Une question ?", earlier);
    let hello = scene
        .network()
        .comment(&post, ("77", "Ana"), &"é".repeat(12_000), earlier);
    scene
        .network()
        .comment(&post, (PAGE, "Le Phare"), "De nous", earlier);
    scene
        .network()
        .comment(&post, ("78", "Bob"), "Vieux", now - meta::days(40));
    let tag = scene.network().tag("Avec Le Phare", earlier);
    let (all, _) = all_arrivals(&connector, &mut scene.session, None).await;
    let mut seen: Vec<(&str, ArrivalKind)> = all
        .items
        .iter()
        .map(|item| (item.remote_id.as_str(), item.kind))
        .collect();
    seen.sort_by_key(|(id, _)| *id != hello);
    assert_eq!(
        seen,
        [
            (hello.as_str(), ArrivalKind::Comment),
            (tag.as_str(), ArrivalKind::Mention)
        ]
    );
    let comment = all
        .items
        .iter()
        .find(|item| item.remote_id == hello)
        .unwrap();
    assert_eq!(comment.text.chars().count(), 10_000);
    assert_eq!(
        (comment.author.as_str(), comment.about.as_deref()),
        ("Ana", Some(post.as_str()))
    );
    assert!(comment.url.starts_with("https://www.facebook.com/"));

    // Nothing new: only what overlaps may come again. More than one page of new ones: none is lost.
    let (nothing, _) = all_arrivals(&connector, &mut scene.session, all.cursor.clone()).await;
    assert_eq!(nothing.items, []);
    for nth in 0..330 {
        let at = now + SignedDuration::from_secs(nth);
        scene
            .network()
            .comment(&post, ("79", "Cy"), &format!("n° {nth}"), at);
    }
    let (many, _) = all_arrivals(&connector, &mut scene.session, nothing.cursor).await;
    let mut texts: Vec<&str> = many.items.iter().map(|item| item.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 330);

    // The answer, whose own call is the dangerous one.
    let mut answer = payload(&connector, "Bonjour Ana");
    answer.reply_to = Some(hello.clone());
    let reply = format!("POST /v25.0/{hello}/comments");
    scene.proxy.harm(&reply, Fault::CutAfter, 1);
    let outcome = connector.publish(&mut scene.session, &answer, WITHIN).await;
    assert_eq!(says(&outcome), Says::Unknown);
    let found = connector.find(&mut scene.session, &answer).await;
    let Found::Same { remote_id, .. } = found else {
        panic!("{found:?}");
    };
    assert_eq!(scene.network().held("Bonjour Ana"), 1);
    let back = connector
        .read_back(&mut scene.session, &remote_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(back.text, "Bonjour Ana");
    connector
        .delete(&mut scene.session, &remote_id)
        .await
        .unwrap();
    assert_eq!(
        connector.find(&mut scene.session, &answer).await,
        Found::NotSeen
    );
    let id = remote(&connector.publish(&mut scene.session, &answer, WITHIN).await);
    assert_eq!(
        connector
            .read_back(&mut scene.session, &id)
            .await
            .unwrap()
            .unwrap()
            .text,
        "Bonjour Ana"
    );
    answer.reply_to = Some("404_404".into());
    let outcome = connector.publish(&mut scene.session, &answer, WITHIN).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_sweep_that_is_cut_goes_on_where_it_was() {
    let mut scene = scene().await;
    let connector = scene.connector();
    let post = scene
        .network()
        .put(PAGE, "Une question ?", Timestamp::now());
    for nth in 0..120 {
        scene
            .network()
            .comment(&post, ("79", "Cy"), &format!("n° {nth}"), Timestamp::now());
    }
    scene.network().desk.force("/comments", transient(2), 1);
    let first = connector.arrivals(&mut scene.session, None).await.unwrap();
    assert_eq!(first.items.len(), 50, "what was read is given");
    let (rest, _) = all_arrivals(&connector, &mut scene.session, first.cursor.clone()).await;
    assert_eq!(rest.items.len(), 70);
    // A first step that fails is said.
    scene
        .network()
        .desk
        .force("published_posts", error(400, 190, 0, "no"), 1);
    let failure = connector
        .arrivals(&mut scene.session, None)
        .await
        .unwrap_err();
    assert_eq!(failure.code, Code::TokenExpired);
    // A cursor that is broken is a new beginning.
    let (anew, _) = all_arrivals(&connector, &mut scene.session, Some("{".into())).await;
    assert_eq!(anew.items.len(), 120);
}

#[tokio::test]
async fn webhooks() {
    let scene = scene().await;
    let body = json!({ "object": "page", "entry": [
        { "id": "1003", "time": 1, "changes": [{ "field": "mention", "value": {} }] },
        { "id": PAGE, "time": 1, "changes": [{ "field": "feed", "value": { "message": "\u{e9}" } }] },
        { "id": PAGE, "time": 2, "changes": [] },
        { "id": "../1" },
    ] });
    // Meta signs the bytes as it sends them, with letters escaped.
    let raw = body.to_string().replace('é', "\\u00e9");
    hooks_hold(&scene.connector(), raw.as_bytes(), &[PAGE, "1003"]);
}

#[tokio::test]
async fn no_secret_is_ever_printed() {
    let log = meta::Log::default();
    let _guard = log.collect();
    let mut scene = scene().await;
    let http = http();
    let connector = Facebook::new(http.clone(), Some(app(&scene.proxy.url)));
    let code = scene
        .network()
        .consent(meta::REDIRECT, meta::VERIFIER, &SCOPES);
    let mut said = format!("{connector:?} {:?}", back(&connector, &code).await);
    said += &format!("{:?}", back(&connector, &code).await);
    for fault in [
        Fault::CutAfter,
        Fault::Answer("garbage".into()),
        Fault::Endless,
    ] {
        scene.proxy.harm("oauth/access_token", fault, 1);
        said += &format!("{:?}", back(&connector, &code).await);
    }
    // A server that quotes what it was sent.
    let echo = json!({ "error": { "code": 100, "message": format!("no: {}", scene.token) } });
    for path in [PUT, "oauth/access_token"] {
        let fault = Fault::Answer(Fault::http(400, "", &echo.to_string()));
        scene.proxy.harm(path, fault, 1);
    }
    let post = payload(&connector, "x");
    said += &format!(
        "{:?}",
        connector.publish(&mut scene.session, &post, WITHIN).await
    );
    said += &format!("{:?} {:?}", back(&connector, &code).await, scene.session);
    nothing_secret(&said, &log, &http, &scene.network().desk.all());
}
