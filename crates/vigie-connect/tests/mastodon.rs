//! Mastodon: on a server that somebody else made, and on stand-ins for two kinds of server.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

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

const TABLE: &str = include_str!("../contracts/mastodon.toml");
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
async fn signing_in() {
    let s = scene(Kind::mastodon()).await;
    let (network, url) = (&s.server.network, s.proxy.url.as_str());
    let redirect: Url = "https://vigie.test/retour".parse().unwrap();
    let going = mastodon()
        .authorize(
            url,
            &Ask {
                redirect: &redirect,
                state: "etat",
                challenge: &challenge("verifieur"),
            },
        )
        .await
        .unwrap();
    let arrive = async |code: &str, verifier: &str, to: &Url| {
        let (code, verifier) = (code.to_owned().into(), verifier.to_owned().into());
        mastodon()
            .arrive(
                url,
                &Back {
                    code: &code,
                    verifier: &verifier,
                    redirect: to,
                    keep: &going.keep,
                },
            )
            .await
            .map_err(|failure| failure.code)
    };
    let code = || network.consent(&going.url, &s.account);
    let elsewhere: Url = "https://ailleurs.test/".parse().unwrap();
    assert_eq!(
        arrive("faux", "verifieur", &redirect).await.unwrap_err(),
        Code::NotGranted
    );
    assert_eq!(
        arrive(&code(), "autre", &redirect).await.unwrap_err(),
        Code::NotGranted
    );
    assert_eq!(
        arrive(&code(), "verifieur", &elsewhere).await.unwrap_err(),
        Code::NotGranted
    );
    let good = code();
    let connected = arrive(&good, "verifieur", &redirect)
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(connected.account.id, s.account);
    assert_eq!(connected.until, None);
    assert!(connected.secret.expose_secret().contains("\"client\""));
    assert!(!format!("{connected:?} {going:?}").contains("-de-test-"));
    assert_eq!(
        arrive(&good, "verifieur", &redirect).await.unwrap_err(),
        Code::NotGranted
    );

    // With a token made in the settings.
    let token = network.token(&s.account, &scopes());
    let connect = async |who: &str, token: &str| {
        let secret = SecretString::from(token.to_owned());
        let connected = mastodon().connect(url, who, &secret).await;
        connected.map(|c| c.account.id).map_err(|f| f.code)
    };
    for who in [
        "",
        "@phare",
        "Phare",
        "phare@exemple.social",
        " @phare@exemple.social ",
    ] {
        assert_eq!(connect(who, &token).await.as_ref(), Ok(&s.account), "{who}");
    }
    assert_eq!(connect("voisin", &token).await, Err(Code::OtherAccount));
    assert_eq!(connect("", "faux").await, Err(Code::BadCredentials));
    let narrow = network.token(&s.account, "write:statuses");
    assert_eq!(connect("", &narrow).await, Err(Code::MissingRight));
    network.suspend(&s.account, true);
    assert_eq!(connect("", &token).await, Err(Code::AccountSuspended));
    // Not such a server.
    s.proxy
        .harm("api", Fault::Answer(Fault::http(200, "", "<html>")), 9);
    assert_eq!(connect("", &token).await, Err(Code::GarbageAnswer));
    let secret = SecretString::from(token);
    let plain = mastodon().connect("http://exemple.test", "", &secret).await;
    assert_eq!(plain.unwrap_err().code, Code::NotEncrypted);
}

#[tokio::test]
async fn tokens_that_end_are_renewed_in_the_middle() {
    let kind = Kind {
        tokens_end: true,
        ..Kind::mastodon()
    };
    let s = scene(kind).await;
    let network = &s.server.network;
    let redirect: Url = "https://vigie.test/retour".parse().unwrap();
    let challenge = challenge("verifieur");
    let ask = Ask {
        redirect: &redirect,
        state: "etat",
        challenge: &challenge,
    };
    let going = mastodon().authorize(&s.proxy.url, &ask).await.unwrap();
    let code = network.consent(&going.url, &s.account).into();
    let verifier = SecretString::from("verifieur".to_owned());
    let back = Back {
        code: &code,
        verifier: &verifier,
        redirect: &redirect,
        keep: &going.keep,
    };
    let connected = mastodon().arrive("", &back).await.unwrap().pop().unwrap();
    let mut session = Session::new(connected.account, connected.secret);
    let mut post = payload(&mastodon(), "Renouvelé");
    post.pictures = vec![picture("Un phare")];
    network.end_tokens();
    published(mastodon().publish(&mut session, &post, WITHIN).await);
    let renewed = session.take_renewed().expect("a new secret").0.clone();
    assert!(session.take_renewed().is_none());
    mastodon()
        .check(&mut Session::new(session.account.clone(), renewed))
        .await
        .unwrap();
    // It ends just before the one call: refused, renewed, made once.
    let ended = Fault::Answer(Fault::http(
        401,
        "",
        r#"{"error":"The access token is invalid"}"#,
    ));
    s.proxy.harm(PUT, ended, 1);
    let post = payload(&mastodon(), "Au dernier moment");
    published(mastodon().publish(&mut session, &post, WITHIN).await);
    assert_eq!(network.held("Au dernier moment").0, 1);
    // The new token opens another account: it does not take the place of the old one.
    session.take_renewed();
    network.end_tokens();
    let other = network.account("voisin");
    let body = json!({ "id": other, "username": "voisin" }).to_string();
    s.proxy.harm(
        "verify_credentials",
        Fault::Answer(Fault::http(200, "", &body)),
        1,
    );
    let outcome = mastodon()
        .publish(&mut session, &payload(&mastodon(), "x"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::OtherAccount));
    assert!(session.take_renewed().is_none());
    // Nothing renews it any more.
    network.forget_refresh();
    let outcome = mastodon()
        .publish(&mut session, &payload(&mastodon(), "x"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::TokenExpired));
    assert_eq!(network.held("x").0, 0);
}

#[tokio::test]
async fn credentials_that_no_longer_do() {
    let mut s = scene(Kind::mastodon()).await;
    let network = Arc::clone(&s.server.network);
    let post = payload(&mastodon(), "Non");
    // Another account's token never posts unseen: a check tells.
    let other = network.account("voisin");
    let token = network.token(&other, &scopes());
    let stranger = session(&s.proxy.url, &token).await;
    let mut mixed = Session::new(s.session.account.clone(), stranger.secret().clone());
    assert_eq!(
        mastodon().check(&mut mixed).await.unwrap_err().code,
        Code::OtherAccount
    );
    assert!(!matches!(
        mastodon().publish(&mut mixed, &post, WITHIN).await,
        Outcome::Published { .. }
    ));
    network.suspend(&s.account, true);
    assert_eq!(
        mastodon().check(&mut s.session).await.unwrap_err().code,
        Code::AccountSuspended
    );
    let outcome = mastodon()
        .publish(&mut s.session, &payload(&mastodon(), "Rien"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::AccountSuspended));
    network.suspend(&s.account, false);
    network.end_tokens();
    assert_eq!(
        mastodon().check(&mut s.session).await.unwrap_err().code,
        Code::TokenExpired
    );
    let outcome = mastodon()
        .publish(&mut s.session, &payload(&mastodon(), "Rien"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::TokenExpired));
    assert!(matches!(
        mastodon().find(&mut s.session, &post).await,
        Found::CannotTell { .. }
    ));
    let mut junk = Session::new(s.session.account.clone(), "junk".to_owned().into());
    assert_eq!(
        mastodon().check(&mut junk).await.unwrap_err().code,
        Code::TokenExpired
    );
    assert_eq!(network.held("Rien").0, 0);
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

/// All log lines of a thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);
impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
impl tracing_subscriber::fmt::MakeWriter<'_> for Lines {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_is_ever_printed() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let kind = Kind {
        tokens_end: true,
        ..Kind::mastodon()
    };
    let s = scene(kind).await;
    let redirect: Url = "https://vigie.test/retour".parse().unwrap();
    let challenge = challenge("verifieur-de-test-1");
    let ask = Ask {
        redirect: &redirect,
        state: "etat",
        challenge: &challenge,
    };
    let going = mastodon().authorize(&s.proxy.url, &ask).await.unwrap();
    let code = s.server.network.consent(&going.url, &s.account).into();
    let verifier = SecretString::from("verifieur-de-test-1".to_owned());
    let back = Back {
        code: &code,
        verifier: &verifier,
        redirect: &redirect,
        keep: &going.keep,
    };
    let connected = mastodon().arrive("", &back).await.unwrap().pop().unwrap();
    let mut session = Session::new(connected.account, connected.secret);
    s.server.network.end_tokens();
    mastodon().check(&mut session).await.unwrap();
    let mut shown = format!("{session:?} {back:?} {:?}", mastodon());
    // A server that quotes what it was sent.
    let token: Value = serde_json::from_str(session.secret().expose_secret()).unwrap();
    let quote = format!(
        r#"{{"error":"bad token {}"}}"#,
        token["access"].as_str().unwrap()
    );
    for path in [PUT, "GET /api/v1/accounts", "POST /oauth/token"] {
        s.proxy
            .harm(path, Fault::Answer(Fault::http(400, "", &quote)), 2);
    }
    let post: Payload = payload(&mastodon(), "x");
    shown += &format!(
        "{:?}",
        mastodon().publish(&mut session, &post, WITHIN).await
    );
    shown += &format!("{:?}", mastodon().check(&mut session).await);
    shown += &format!("{:?}", mastodon().find(&mut session, &post).await);
    shown += &format!(
        "{:?}",
        mastodon()
            .arrive("", &back)
            .await
            .map_err(|f| f.to_string())
            .err()
    );
    let log = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    assert!(log.contains("called"), "the log was read");
    // The stand-in's own lines hold what it received; ours begin with our crate.
    let ours: String = log
        .lines()
        .filter(|line| line.contains("vigie_connect"))
        .collect();
    for text in [&shown, &ours] {
        assert!(!text.contains("-de-test-"), "{text}");
    }
}
