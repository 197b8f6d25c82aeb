//! Mastodon: on a server that somebody else made, and on stand-ins for two kinds of server.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod inbox;
mod looking;
mod signing;
#[path = "../suite/mod.rs"]
mod suite;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use suite::{Says, Subject, WITHIN, payload, says};
use url::Url;
use vigie_connect::{
    AllowedPrivate, ArrivalKind, Code, Connector, Http, Mastodon, Payload, Picture, Session,
    mastodon::DECLARATION,
    oauth::{Ask, Back, challenge},
    testing::{
        Fault, MastodonServer, Proxy,
        contract::{
            Contract,
            mastodon::{Kind, Mastodon as Server},
        },
    },
};
use vigie_core::publication::{Found, Outcome};

const TABLE: &str = include_str!("../../contracts/mastodon.toml");
const PUT: &str = "POST /api/v1/statuses ";

fn http() -> Http {
    Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap()
}

fn mastodon() -> Mastodon {
    Mastodon::new(http())
}

fn scopes() -> String {
    DECLARATION.scopes.join(" ")
}

struct Scene {
    server: Contract<Server>,
    proxy: Proxy,
    account: String,
    session: Session,
}

async fn scene(kind: Kind) -> Scene {
    let server = Contract::start(TABLE, Server::new(kind)).await;
    let proxy = Proxy::before(server.address()).await;
    let account = server.network.account("phare");
    let token = server.network.token(&account, &scopes());
    let session = session(&proxy.url, &token).await;
    Scene {
        server,
        proxy,
        account,
        session,
    }
}

async fn session(url: &str, token: &str) -> Session {
    let secret = SecretString::from(token.to_owned());
    let connected = mastodon().connect(url, "", &secret).await.unwrap();
    Session::new(connected.account, connected.secret)
}

fn picture(alt: &str) -> Picture {
    Picture {
        bytes: Bytes::from_static(b"\x89PNG\r\n\x1a\n...."),
        mime: "image/png".into(),
        alt: alt.into(),
        width: 1,
        height: 1,
        address: None,
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

fn subject<'a>(
    proxy: &'a Proxy,
    session: Session,
    held: &'a (dyn Fn(&str) -> usize + Sync),
) -> Subject<'a> {
    Subject {
        connector: &|| Box::new(mastodon()),
        proxy,
        session,
        put: PUT,
        refusal: (422, r#"{"error":"Validation failed: no"}"#),
        expired: (401, r#"{"error":"The access token is invalid"}"#),
        down_scoped: (
            403,
            r#"{"error":"This action is outside the authorized scopes"}"#,
        ),
        other_shape: r#"{"data":{"id":"1"}}"#,
        held,
        who: &|_| String::new(),
        dress: &|_| {},
    }
}

#[tokio::test]
async fn the_suite_on_a_server_made_by_others() {
    let Some(server) = MastodonServer::shared() else {
        return;
    };
    let who = server.resident("phare");
    let proxy = Proxy::before(server.address()).await;
    let held = |text: &str| server.held(&who, text);
    let mut subject = subject(&proxy, session(&proxy.url, &who.token).await, &held);
    suite::faults(&mut subject).await;
    suite::waits_when_told(&mut subject).await;
    suite::round_trip(&mut subject).await;
    suite::warnings(&mut subject).await;
    suite::series(&mut subject).await;
    suite::repliers(&mut subject, &[]).await;
}

#[tokio::test]
async fn the_suite_on_each_kind_of_server() {
    for kind in [Kind::mastodon(), Kind::gotosocial()] {
        let s = scene(kind).await;
        let held = |text: &str| s.server.network.held(text).0;
        let mut subject = subject(&s.proxy, s.session, &held);
        suite::faults(&mut subject).await;
        suite::waits_when_told(&mut subject).await;
        suite::round_trip(&mut subject).await;
        suite::warnings(&mut subject).await;
        suite::series(&mut subject).await;
        suite::repliers(&mut subject, &[]).await;
    }
}

#[tokio::test]
async fn a_whole_story_on_a_server_made_by_others() {
    let Some(server) = MastodonServer::shared() else {
        return;
    };
    let (mastodon, who, other) = (mastodon(), server.resident("phare"), server.resident("zoe"));
    // In by the front door.
    let redirect: Url = "https://vigie.test/retour".parse().unwrap();
    let ask = Ask {
        redirect: &redirect,
        state: "etat",
        challenge: &challenge("verifieur"),
    };
    let going = mastodon.authorize(&server.url, &ask).await.unwrap();
    assert!(going.url.as_str().starts_with(&server.url));
    let code = SecretString::from(format!("mockcode_{}", who.name));
    let verifier = SecretString::from("verifieur".to_owned());
    let back = |code| Back {
        code,
        verifier: &verifier,
        redirect: &redirect,
        keep: &going.keep,
    };
    let wrong = SecretString::from("faux".to_owned());
    let refused = mastodon.arrive("", &back(&wrong)).await.unwrap_err();
    assert_eq!(refused.code, Code::NotGranted);
    let mut all = mastodon.arrive("", &back(&code)).await.unwrap();
    let connected = all.pop().unwrap();
    assert_eq!(connected.account.id, who.id);
    assert_eq!(connected.account.limits.text, Some(500));
    let mut session = Session::new(connected.account, connected.secret);
    mastodon.check(&mut session).await.unwrap();

    // With pictures, words of all kinds, a reply.
    let mut post = payload(
        &mastodon,
        "Bonjour <b> & merci — https://exemple.fr/a?b=c&d=e#f\nligne\n\nsuite #été",
    );
    post.pictures = vec![picture("Un phare"), picture("")];
    let (id, content) = published(mastodon.publish(&mut session, &post, WITHIN).await);
    let held = server.posts(&who);
    assert_eq!(held[0]["media_attachments"][0]["description"], "Un phare");
    assert_eq!(
        (&held[0]["visibility"], &held[0]["language"]),
        (&json!("public"), &json!("fr"))
    );
    let back = mastodon
        .read_back(&mut session, &id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (back.text.as_str(), back.content_id.as_str()),
        (post.text.as_str(), content.as_str())
    );
    assert!(
        matches!(mastodon.find(&mut session, &post).await, Found::Same { remote_id, content_id, .. } if remote_id == id && content_id == content)
    );
    // Edited by somebody: another content id.
    server.call(
        "PUT",
        &format!("/api/v1/statuses/{id}"),
        &who.token,
        &json!({ "status": "changé" }),
    );
    let edited = mastodon
        .read_back(&mut session, &id)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(edited.content_id, content);
    assert_eq!(mastodon.find(&mut session, &post).await, Found::NotSeen);

    // A comment reaches the account, is answered, and the answer stands under it.
    let start = mastodon.arrivals(&mut session, None).await.unwrap();
    let said = server.call(
        "POST",
        "/api/v1/statuses",
        &other.token,
        &json!({ "status": format!("@{} Bravo !", who.name), "in_reply_to_id": id }),
    );
    let came = mastodon
        .arrivals(&mut session, start.cursor.as_deref())
        .await
        .unwrap();
    assert_eq!(came.items.len(), 1, "{came:?}");
    let comment = &came.items[0];
    assert_eq!(comment.kind, ArrivalKind::Comment);
    assert_eq!(Some(comment.remote_id.as_str()), said["id"].as_str());
    assert_eq!(comment.about.as_deref(), Some(id.as_str()));
    assert!(comment.text.ends_with("Bravo !") && comment.author.starts_with(&other.name));
    let again = mastodon
        .arrivals(&mut session, came.cursor.as_deref())
        .await
        .unwrap();
    assert_eq!(again.items, []);
    let mut answer = payload(&mastodon, &format!("@{} Merci à vous", other.name));
    answer.reply_to = Some(comment.remote_id.clone());
    let (id, _) = published(mastodon.publish(&mut session, &answer, WITHIN).await);
    let held = server.posts(&who);
    assert_eq!(held[0]["id"], json!(id));
    assert_eq!(held[0]["in_reply_to_id"], said["id"]);
    assert!(matches!(
        mastodon.find(&mut session, &answer).await,
        Found::Same { .. }
    ));
}

#[tokio::test]
async fn the_servers_limits_count() {
    for kind in [Kind::mastodon(), Kind::gotosocial()] {
        let mut s = scene(kind.clone()).await;
        let (most, pictures, url) = kind.limits;
        let mastodon = mastodon();
        let account = &s.session.account;
        assert_eq!(account.handle, "phare@exemple.social");
        assert_eq!(mastodon.page(account), format!("{}/@phare", s.proxy.url));
        assert_eq!(mastodon.count(account, "https://exemple.fr/a").used, url);
        let at = payload(&mastodon, &"é".repeat(most));
        let over = payload(&mastodon, &"é".repeat(most + 1));
        assert_eq!(mastodon.problems(account, &over), [Code::TooLong]);
        published(mastodon.publish(&mut s.session, &at, WITHIN).await);
        assert_eq!(
            says(&mastodon.publish(&mut s.session, &over, WITHIN).await),
            Says::Refused(Code::TooLong)
        );
        // The server's own word is the same.
        let limits = std::mem::take(&mut s.session.account.limits);
        s.session.account.limits.text = Some(100_000);
        assert_eq!(
            says(&mastodon.publish(&mut s.session, &over, WITHIN).await),
            Says::Refused(Code::TooLong)
        );
        s.session.account.limits = limits;
        let mut many = payload(&mastodon, "Photos");
        many.pictures = vec![picture("a"); pictures];
        published(mastodon.publish(&mut s.session, &many, WITHIN).await);
        many.pictures.push(picture("b"));
        assert_eq!(
            mastodon.problems(&s.session.account, &many),
            [Code::TooManyPictures]
        );
        many.pictures = vec![picture(&"a".repeat(1_501))];
        assert_eq!(
            mastodon.problems(&s.session.account, &many),
            [Code::AltTooLong]
        );
        many.pictures[0].bytes = vec![0; 1_000_001].into();
        assert!(
            mastodon
                .problems(&s.session.account, &many)
                .contains(&Code::MediaTooBig)
        );
    }
    // An older server knows the first version of the question only.
    let old = Kind {
        second_instance: false,
        limits: (777, 3, 20),
        ..Kind::mastodon()
    };
    let mut s = scene(old).await;
    assert_eq!(s.session.account.limits.text, Some(777));
    // What a check reads again.
    s.session.account.limits.text = Some(1);
    s.session.account.handle = "ancien@nom".into();
    mastodon().check(&mut s.session).await.unwrap();
    assert_eq!(s.session.account.limits.text, Some(777));
    assert!(s.session.account.handle.starts_with("phare@"));
    // A server that says nothing about itself leaves what is known.
    s.proxy
        .harm("instance", Fault::Answer(Fault::http(500, "", "")), 9);
    mastodon().check(&mut s.session).await.unwrap();
    assert_eq!(s.session.account.limits.text, Some(777));
}

#[tokio::test]
async fn visibility_and_language_are_always_said() {
    let mut s = scene(Kind::gotosocial()).await;
    let mut post = payload(&mastodon(), "En clair");
    post.langs = vec!["fr-CA".into()];
    published(mastodon().publish(&mut s.session, &post, WITHIN).await);
    assert_eq!(
        s.server.network.held("En clair"),
        (1, "public".to_owned(), "fr".to_owned())
    );
    post.langs.push("en".into());
    assert_eq!(
        mastodon().problems(&s.session.account, &post),
        [Code::TooManyLanguages]
    );
}

#[tokio::test]
async fn pictures_that_take_time_fail_or_are_cut() {
    let mut s = scene(Kind::mastodon()).await;
    let network = Arc::clone(&s.server.network);
    let with = |text: &str| {
        let mut post = payload(&mastodon(), text);
        post.pictures = vec![picture("Un phare"), picture("")];
        post
    };
    // 202, then 206, then ready.
    network.pictures_take(2, false);
    published(
        mastodon()
            .publish(&mut s.session, &with("Lente"), WITHIN)
            .await,
    );
    assert!(matches!(
        mastodon().find(&mut s.session, &with("Lente")).await,
        Found::Same { .. }
    ));
    // Another alternative text is another post.
    let mut other = with("Lente");
    other.pictures[0].alt = "Une tour".into();
    assert_eq!(
        mastodon().find(&mut s.session, &other).await,
        Found::NotSeen
    );
    // Never ready within the time.
    network.pictures_take(1_000, false);
    let short = Duration::from_secs(4);
    let outcome = mastodon()
        .publish(&mut s.session, &with("Jamais"), short)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::Slow));
    // The server cannot read it.
    network.pictures_take(1, true);
    let outcome = mastodon()
        .publish(&mut s.session, &with("Illisible"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::Refused(Code::MediaFailed));
    network.pictures_take(0, false);
    for (fault, expected) in [
        (Fault::CutBefore, Says::NotSent(Code::CutOff)),
        (Fault::CutDuring, Says::NotSent(Code::CutOff)),
        (Fault::CutAfter, Says::NotSent(Code::CutOff)),
        (
            Fault::Answer(Fault::http(500, "", "")),
            Says::NotSent(Code::ServerError),
        ),
        (
            Fault::Answer(Fault::http(200, "", "<html>")),
            Says::NotSent(Code::GarbageAnswer),
        ),
        (
            Fault::Answer(Fault::http(200, "", "{}")),
            Says::NotSent(Code::GarbageAnswer),
        ),
        (
            Fault::Answer(Fault::http(413, "", "<html>")),
            Says::Refused(Code::MediaTooBig),
        ),
        (Fault::Endless, Says::NotSent(Code::AnswerTooLarge)),
    ] {
        s.proxy.harm("POST /api/v2/media", fault.clone(), 1);
        let outcome = mastodon()
            .publish(&mut s.session, &with("Coupée"), WITHIN)
            .await;
        assert_eq!(says(&outcome), expected, "{fault:?}: {outcome:?}");
        s.proxy.heal();
        assert_eq!(network.held("Coupée").0, 0, "{fault:?}");
    }
    let mut wrong = with("Genre");
    wrong.pictures[0].mime = "image/svg+xml".into();
    let outcome = mastodon().publish(&mut s.session, &wrong, WITHIN).await;
    assert_eq!(says(&outcome), Says::Refused(Code::MediaKind));
}
