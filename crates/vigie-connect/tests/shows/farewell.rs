//! Taking back what opens an account when its page is disconnected: what is said is what is true at the network.

use crate::{app, http};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::json;
use vigie_connect::{
    Account, Bluesky, Code, Connector, Facebook, Farewell, Instagram, Limits, LinkedIn, Mastodon,
    Revokes, Session, Site, Threads, X,
    mastodon::DECLARATION,
    oauth::Tokens,
    testing::{
        Fault, Pds, Proxy,
        contract::{
            Contract, XNetwork, mastodon,
            profile::{self, Profile},
        },
    },
};
use vigie_core::content::Platform;

fn session(platform: Platform, api: &str, id: &str, tokens: &Tokens) -> Session {
    let account = Account {
        platform,
        service: api.to_owned(),
        id: id.to_owned(),
        handle: "phare".into(),
        limits: Limits::default(),
    };
    Session::new(account, tokens.seal())
}

/// An answer without an end ends.
async fn ends(connector: &dyn Connector, proxy: &Proxy, session: &Session, call: &str) {
    proxy.harm(call, Fault::Endless, 9);
    connector.farewell(session).await.expect_err("endless");
    proxy.heal();
}

/// Whatever goes wrong, it is not said to be done; a person is told where to do it.
async fn survives(
    connector: &dyn Fn() -> Box<dyn Connector>,
    proxy: &Proxy,
    session: &Session,
    call: &str,
) {
    let html = "<html>Bad gateway</html>";
    let answer = |status, body: &str| Fault::Answer(Fault::http(status, "", body));
    for (about, fault) in [
        ("cut before", Fault::CutBefore),
        ("cut during", Fault::CutDuring),
        ("500", answer(500, html)),
        ("503", answer(503, "")),
        ("200, a page", answer(200, html)),
        ("200, of another shape", answer(200, r#"["revoked"]"#)),
        ("403, a page", answer(403, html)),
        ("404", answer(404, "")),
        (
            "429",
            Fault::Answer(Fault::http(429, "retry-after: 60\r\n", "")),
        ),
        (
            "led elsewhere",
            Fault::Answer(Fault::http(
                307,
                "location: http://169.254.169.254/\r\n",
                "",
            )),
        ),
    ] {
        let one = connector();
        proxy.harm(call, fault, 9);
        one.farewell(session).await.expect_err(about);
        proxy.heal();
        assert!(one.removal(&session.account).starts_with("http"), "{about}");
    }
}

#[tokio::test]
async fn x_takes_both_tokens_back() {
    let server = Contract::start(XNetwork::FACTS, XNetwork::default()).await;
    let proxy = Proxy::before(server.address()).await;
    let (access, refresh) = server.network.grant();
    let tokens = Tokens {
        access,
        refresh: Some(refresh),
        until: Some(Timestamp::now() + SignedDuration::from_hours(2)),
        refresh_until: None,
        client: None,
    };
    let mut session = session(Platform::X, &proxy.url, "2244994945", &tokens);
    let fresh =
        || -> Box<dyn Connector> { Box::new(X::new(http(), Some(app(XNetwork::APP, &proxy.url)))) };
    let call = "POST /2/oauth2/revoke";
    survives(&fresh, &proxy, &session, call).await;
    let no = Fault::Answer(Fault::http(200, "", r#"{"revoked":false}"#));
    proxy.harm(call, no, 9);
    fresh()
        .farewell(&session)
        .await
        .expect_err("it says itself that it is not");
    proxy.heal();
    assert!(server.network.opens());
    fresh().check(&mut session).await.unwrap();
    assert_eq!(fresh().farewell(&session).await.unwrap(), Farewell::Revoked);
    assert!(!server.network.opens());
    let after = fresh().check(&mut session).await.unwrap_err();
    assert_eq!(after.code, Code::TokenExpired);
    // Doing it again is the same.
    assert_eq!(fresh().farewell(&session).await.unwrap(), Farewell::Revoked);
    ends(&*fresh(), &proxy, &session, call).await;
    // The program is not registered any more.
    let gone = X::new(http(), None).farewell(&session).await.unwrap_err();
    assert_eq!(gone.code, Code::NotRegistered);
    let wrong = X::new(http(), Some(app(("other", "other"), &proxy.url)));
    wrong.farewell(&session).await.unwrap_err();
}

#[tokio::test]
async fn mastodon_takes_the_programs_own_token_back() {
    let kind = mastodon::Kind::mastodon();
    let server = Contract::start(mastodon::TABLE, mastodon::Mastodon::new(kind)).await;
    let proxy = Proxy::before(server.address()).await;
    let account = server.network.account("phare");
    let (id, secret, access) = server
        .network
        .registered(&account, &DECLARATION.scopes.join(" "));
    let mut tokens = Tokens {
        access,
        refresh: None,
        until: None,
        refresh_until: None,
        client: Some((id, secret)),
    };
    let of = |tokens: &Tokens| session(Platform::Mastodon, &proxy.url, &account, tokens);
    let fresh = || -> Box<dyn Connector> { Box::new(Mastodon::new(http())) };
    survives(&fresh, &proxy, &of(&tokens), "POST /oauth/revoke").await;
    assert_eq!(server.network.tokens(), 1);
    assert_eq!(
        fresh().farewell(&of(&tokens)).await.unwrap(),
        Farewell::Revoked
    );
    assert_eq!(server.network.tokens(), 0);
    assert_eq!(
        fresh().check(&mut of(&tokens)).await.unwrap_err().code,
        Code::TokenExpired
    );
    ends(&*fresh(), &proxy, &of(&tokens), "POST /oauth/revoke").await;
    // A token of another program; one made by hand, which only a person takes back.
    tokens.access = server.network.token(&account, "read");
    fresh().farewell(&of(&tokens)).await.unwrap_err();
    tokens.client = None;
    let by_hand = fresh().farewell(&of(&tokens)).await.unwrap_err();
    assert_eq!(by_hand.code, Code::NotOffered);
    assert_eq!(server.network.tokens(), 1);
    let at = fresh().removal(&of(&tokens).account);
    assert_eq!(at, format!("{}/oauth/authorized_applications", proxy.url));
}

#[tokio::test]
async fn bluesky_ends_the_session_and_says_that_the_password_stays() {
    let server = Contract::start(profile::TABLE, Profile::default()).await;
    let proxy = Proxy::before(server.address()).await;
    let account = Account {
        platform: Platform::Bluesky,
        service: proxy.url.clone(),
        id: profile::DID.into(),
        handle: "phare".into(),
        limits: Limits::default(),
    };
    let session = Session::new(account.clone(), profile::keys().into());
    let fresh = || -> Box<dyn Connector> { Box::new(Bluesky::new(http())) };
    survives(
        &fresh,
        &proxy,
        &session,
        "POST /xrpc/com.atproto.server.deleteSession",
    )
    .await;
    assert_eq!(fresh().farewell(&session).await.unwrap(), Farewell::Partly);
    let call = "POST /xrpc/com.atproto.server.deleteSession";
    ends(&*fresh(), &proxy, &session, call).await;
    // It has ended already.
    let old = json!({ "access": "a", "refresh": "old", "password": "p" }).to_string();
    let session = Session::new(account, SecretString::from(old));
    assert_eq!(fresh().farewell(&session).await.unwrap(), Farewell::Partly);
}

#[tokio::test]
async fn a_real_server_of_bluesky_renews_nothing_afterwards() {
    let Some(pds) = Pds::shared() else { return };
    let member = pds.member("adieu").await;
    let session = pds.session(&member).await;
    let keys: serde_json::Value =
        serde_json::from_str(secrecy::ExposeSecret::expose_secret(session.secret())).unwrap();
    let refresh = keys["refresh"].as_str().unwrap();
    assert_eq!(
        Pds::bluesky().farewell(&session).await.unwrap(),
        Farewell::Partly
    );
    let url = format!("{}/xrpc/com.atproto.server.refreshSession", pds.url);
    let renewed = vigie_connect::http::Call::new(
        reqwest::Method::POST,
        url::Url::parse(&url).unwrap(),
        std::time::Duration::from_secs(20),
    );
    let mut renewed = renewed;
    renewed.bearer = Some(SecretString::from(refresh.to_owned()));
    let answer = Pds::http().send(renewed).await.unwrap();
    assert_eq!(answer.status, 400);
    assert_eq!(
        Pds::bluesky().farewell(&session).await.unwrap(),
        Farewell::Partly
    );
}

#[tokio::test]
async fn networks_without_a_way_say_so_and_where_a_person_does_it() {
    let tokens = Tokens {
        access: "x".into(),
        refresh: None,
        until: None,
        refresh_until: None,
        client: None,
    };
    let all: [Box<dyn Connector>; 8] = [
        Box::new(Facebook::new(http(), None)),
        Box::new(Instagram::new(http(), None)),
        Box::new(Threads::new(http(), None)),
        Box::new(LinkedIn::new(http(), None)),
        Box::new(Site::new(http())),
        Box::new(X::new(http(), None)),
        Box::new(Mastodon::new(http())),
        Box::new(Bluesky::new(http())),
    ];
    for connector in all {
        let declared = connector.describe();
        let session = session(declared.platform, "https://service.example", "1", &tokens);
        let at = connector.removal(&session.account);
        // The company's own site: whoever runs it takes the secret out there.
        assert_eq!(at.is_empty(), declared.platform == Platform::Site, "{at}");
        if declared.revokes == Revokes::Nothing {
            let failure = connector.farewell(&session).await.unwrap_err();
            assert_eq!(failure.code, Code::NotOffered, "{}", declared.name);
        }
    }
}
