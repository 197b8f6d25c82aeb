//! Mastodon, Bluesky and the company's own site.

use crate::{changed, http, read, session, survives};
use secrecy::SecretString;
use serde_json::json;
use vigie_connect::{
    Account, Bluesky, Code, Connector, Limits, Mastodon, Session, Site,
    mastodon::DECLARATION,
    testing::{
        Fault, MastodonServer, Pds, Proxy,
        contract::{
            Contract, mastodon,
            profile::{self, Profile},
            site,
        },
    },
};
use vigie_core::{content::Platform, page_state::PagePart};

#[tokio::test]
async fn an_account_of_mastodon() {
    let kind = mastodon::Kind::mastodon();
    let server = Contract::start(mastodon::TABLE, mastodon::Mastodon::new(kind)).await;
    let proxy = Proxy::before(server.address()).await;
    let account = server.network.account("phare");
    let token = server
        .network
        .token(&account, &DECLARATION.scopes.join(" "));
    let mut session = session(Platform::Mastodon, &proxy.url, &account, &token);
    let connector = Mastodon::new(http());
    let face = |note: &str, picture: &str| {
        json!({
        "display_name": "Le phare", "avatar": format!("https://ici.test/avatars/original/{picture}.png"),
        "followers_count": 1_862, "note": format!("<p>{note}</p>"),
        "fields": [{ "name": "Site", "value": "<a href=\"https://phare.exemple.fr\">phare</a>", "verified_at": null }],
        "source": { "note": note, "fields": [{ "name": "Site", "value": "https://phare.exemple.fr" }] } })
    };
    server.network.face(&account, face("Depuis 1862.", "a1"));
    let before = read(&connector, &mut session).await;
    assert_eq!(before.handle.as_deref(), Some("phare"));
    assert_eq!(
        before.website.as_deref(),
        Some("Site: https://phare.exemple.fr")
    );
    assert_eq!(
        (before.followers, before.picture.as_deref()),
        (Some(1_862), Some("a1.png"))
    );
    server.network.face(&account, face("Depuis 1862 !", "b2"));
    let after = read(&connector, &mut session).await;
    assert_eq!(
        changed(&before, &after),
        [PagePart::Description, PagePart::Picture]
    );
    let fresh = || -> Box<dyn Connector> { Box::new(Mastodon::new(http())) };
    let call = "GET /api/v1/accounts/verify_credentials";
    let ended = (401, r#"{"error":"The access token was revoked"}"#);
    survives(&fresh, &proxy, &mut session, call, Some(ended)).await;
}

#[tokio::test]
async fn an_account_on_somebody_elses_mastodon() {
    let Some(server) = MastodonServer::shared() else {
        return;
    };
    let alice = server.resident("alice");
    let token = SecretString::from(alice.token.clone());
    let connected = Mastodon::new(http())
        .connect(&server.url, "", &token)
        .await
        .unwrap();
    let mut session = Session::new(connected.account, connected.secret);
    let state = read(&Mastodon::new(http()), &mut session).await;
    assert_eq!(state.handle.as_deref(), Some(&*alice.name));
}

fn bluesky_session(url: &str) -> Session {
    let account = Account {
        platform: Platform::Bluesky,
        service: url.to_owned(),
        id: profile::DID.into(),
        handle: "phare.exemple.fr".into(),
        limits: Limits::default(),
    };
    Session::new(account, profile::keys().into())
}

#[tokio::test]
async fn an_account_of_bluesky() {
    let server = Contract::start(profile::TABLE, Profile::default()).await;
    let proxy = Proxy::before(server.address()).await;
    let mut session = bluesky_session(&proxy.url);
    let connector = Bluesky::new(http());
    let before = read(&connector, &mut session).await;
    assert_eq!(before.handle.as_deref(), Some("phare.exemple.fr"));
    assert_eq!(before.picture.as_deref(), Some("bafkreiphare"));
    assert_eq!(before.followers, Some(1_862));
    server
        .network
        .own
        .set(json!({ "handle": "pharre.exemple.fr" }));
    server
        .network
        .record
        .set(json!({ "website": "https://pharre.exemple.fr" }));
    let after = read(&connector, &mut session).await;
    assert_eq!(
        changed(&before, &after),
        [PagePart::Handle, PagePart::Website]
    );
    // Without an app view, or with one that answers nonsense, only the number is not known.
    let call = "GET /xrpc/app.bsky.actor.getProfile";
    for body in [
        "[]",
        r#"{"did":"did:plc:autre","followersCount":9}"#,
        "<html>",
    ] {
        proxy.harm(call, Fault::Answer(Fault::http(200, "", body)), 9);
        let state = connector.page_state(&mut session).await.unwrap();
        assert_eq!(
            (state.followers, state.name.as_deref()),
            (None, Some("Le phare"))
        );
        proxy.heal();
    }
    let fresh = || -> Box<dyn Connector> { Box::new(Bluesky::new(http())) };
    for call in [
        "GET /xrpc/com.atproto.server.getSession",
        "GET /xrpc/com.atproto.repo.getRecord",
    ] {
        survives(&fresh, &proxy, &mut session, call, None).await;
    }
    // No profile was made yet: every part is empty, and its pages show the handle.
    server.network.record.set(json!({ "$type": null }));
    let bare = read(&connector, &mut session).await;
    assert_eq!(
        (bare.name, bare.picture.as_deref()),
        (bare.handle, Some(""))
    );
}

#[tokio::test]
async fn an_account_on_a_real_server_of_bluesky() {
    let Some(pds) = Pds::shared() else { return };
    let (bluesky, member) = (Pds::bluesky(), pds.member("montre").await);
    let mut session = pds.session(&member).await;
    let bare = bluesky.page_state(&mut session).await.unwrap();
    assert_eq!(bare.handle.as_deref(), Some(member.handle.as_str()));
    // Without a profile, its pages show the handle.
    assert_eq!((&bare.name, bare.followers), (&bare.handle, None));
    let record = json!({ "$type": "app.bsky.actor.profile", "displayName": "Le phare", "description": "Depuis 1862." });
    let body = json!({ "repo": member.did, "collection": "app.bsky.actor.profile", "rkey": "self", "record": record });
    pds.call("com.atproto.repo.putRecord", &member.access, &body)
        .await;
    let after = bluesky.page_state(&mut session).await.unwrap();
    assert_eq!(
        changed(&bare, &after),
        [PagePart::Name, PagePart::Description]
    );
}

#[tokio::test]
async fn the_feed_of_the_companys_site() {
    let secret = "secret-de-test-0123456789";
    let server = Contract::start(site::TABLE, site::Site::new(secret)).await;
    let proxy = Proxy::before(server.address()).await;
    let connector = Site::new(http());
    let secret = SecretString::from(secret.to_owned());
    let (address, feed) = (
        format!("{}/vigie", proxy.url),
        format!("{}/flux", proxy.url),
    );
    let connected = connector.connect(&address, &feed, &secret).await.unwrap();
    let mut session = Session::new(connected.account, connected.secret);
    let before = read(&connector, &mut session).await;
    assert_eq!(before.name.as_deref(), Some("Le phare"));
    let other =
        "<rss><channel><title>Le phar</title><link>https://autre.example</link></channel></rss>";
    server.network.feed_is(200, other);
    let after = read(&connector, &mut session).await;
    assert_eq!(
        changed(&before, &after),
        [PagePart::Name, PagePart::Website]
    );
    let fresh = || -> Box<dyn Connector> { Box::new(Site::new(http())) };
    survives(&fresh, &proxy, &mut session, "GET /flux", None).await;
    // Without a feed there is nothing to read.
    let connected = connector.connect(&address, "", &secret).await.unwrap();
    let mut session = Session::new(connected.account, connected.secret);
    let failure = connector.page_state(&mut session).await.unwrap_err();
    assert_eq!(failure.code, Code::NotOffered);
}
