//! Facebook, Instagram and Threads.

use crate::{app, changed, http, read, session, survives};
use serde_json::json;
use vigie_connect::{
    Code, Connector as _, Facebook, Instagram, Threads,
    testing::{
        Proxy,
        contract::{Contract, facebook, instagram, meta::APP, threads},
    },
};
use vigie_core::{content::Platform, page_state::PagePart};

const ENDED: (u16, &str) = (
    401,
    r#"{"error":{"message":"Session has expired","type":"OAuthException","code":190,"error_subcode":463}}"#,
);

#[tokio::test]
async fn a_page_of_facebook() {
    let network = facebook::Facebook::default().with_page("1001", "Le Phare", &["CREATE_CONTENT"]);
    let server = Contract::start(facebook::TABLE, network).await;
    let proxy = Proxy::before(server.address()).await;
    let token = server.network.desk.grant("1001", &facebook::SCOPES, true);
    let mut session = session(Platform::Facebook, &proxy.url, "1001", &token);
    let connector = Facebook::new(http(), Some(app(APP, &proxy.url)));
    let bare = read(&connector, &mut session).await;
    assert_eq!(bare.name.as_deref(), Some("Le Phare"));
    assert_eq!(
        (bare.website.as_deref(), bare.followers),
        (Some(""), Some(0))
    );

    let picture = |key: &str, address: &str| {
        json!({ "picture": { "data": { "cache_key": key, "is_silhouette": false,
        "url": address } } })
    };
    server.network.face.set(
        json!({ "about": "Depuis 1862.", "description": "Ouvert le samedi.",
        "website": "https://phare.exemple.fr", "username": "lephare", "followers_count": 1_862 }),
    );
    server
        .network
        .face
        .set(picture("42", "https://cdn.example/a?oh=1"));
    let before = read(&connector, &mut session).await;
    assert_eq!(
        before.description.as_deref(),
        Some("Depuis 1862.\n\nOuvert le samedi.")
    );
    assert_eq!(before.followers, Some(1_862));
    // Its address is signed anew with every answer.
    server
        .network
        .face
        .set(picture("42", "https://cdn.example/a?oh=2"));
    let same = read(&connector, &mut session).await;
    assert_eq!(changed(&before, &same), []);
    server
        .network
        .face
        .set(picture("43", "https://cdn.example/b"));
    server
        .network
        .face
        .set(json!({ "website": "https://pharre.exemple.fr", "about": null }));
    let after = read(&connector, &mut session).await;
    assert_eq!(
        changed(&before, &after),
        [PagePart::Description, PagePart::Website, PagePart::Picture]
    );

    // Another shape of a part is not known, and no loss.
    server
        .network
        .face
        .set(json!({ "website": ["x"], "followers_count": "many" }));
    let odd = connector.page_state(&mut session).await.unwrap();
    assert_eq!((odd.website, odd.followers), (None, None));
    server
        .network
        .face
        .set(json!({ "website": "", "followers_count": 1 }));

    let fresh = || -> Box<dyn vigie_connect::Connector> {
        Box::new(Facebook::new(http(), Some(app(APP, &proxy.url))))
    };
    survives(
        &fresh,
        &proxy,
        &mut session,
        "GET /v25.0/1001?",
        Some(ENDED),
    )
    .await;
    let scopes = ["pages_show_list"];
    let less = server.network.desk.grant("1001", &scopes, true);
    let mut session = crate::session(Platform::Facebook, &proxy.url, "1001", &less);
    let failure = connector.page_state(&mut session).await.unwrap_err();
    assert_eq!(failure.code, Code::MissingRight);
}

#[tokio::test]
async fn an_account_of_instagram() {
    let server = Contract::start(instagram::TABLE, instagram::Instagram::new("17", "phare")).await;
    let proxy = Proxy::before(server.address()).await;
    let token = server.network.two.token();
    let mut session = session(Platform::Instagram, &proxy.url, "17", &token);
    let connector = Instagram::new(http(), Some(app(APP, &proxy.url)));
    let face = &server.network.two.face;
    face.set(json!({ "name": "Le phare", "followers_count": 12,
        "profile_picture_url": "https://scontent-a.example/v/t51/42_n.jpg?oh=1&oe=2" }));
    let before = read(&connector, &mut session).await;
    assert_eq!(
        (before.handle.as_deref(), before.followers),
        (Some("phare"), Some(12))
    );
    face.set(json!({ "profile_picture_url": "https://scontent-b.example/v/t51/42_n.jpg?oh=9" }));
    assert_eq!(changed(&before, &read(&connector, &mut session).await), []);
    face.set(json!({ "profile_picture_url": "https://scontent-b.example/v/t51/43_n.jpg", "name": "Le phar" }));
    let after = read(&connector, &mut session).await;
    assert_eq!(
        changed(&before, &after),
        [PagePart::Name, PagePart::Picture]
    );
    let fresh = || -> Box<dyn vigie_connect::Connector> {
        Box::new(Instagram::new(http(), Some(app(APP, &proxy.url))))
    };
    survives(&fresh, &proxy, &mut session, "GET /v25.0/me?", Some(ENDED)).await;
}

#[tokio::test]
async fn an_account_of_threads() {
    let server = Contract::start(threads::TABLE, threads::Threads::new("18", "phare")).await;
    let proxy = Proxy::before(server.address()).await;
    let token = server.network.two.token();
    let mut session = session(Platform::Threads, &proxy.url, "18", &token);
    let connector = Threads::new(http(), Some(app(APP, &proxy.url)));
    let face = &server.network.two.face;
    face.set(
        json!({ "name": "Le phare", "threads_biography": "Depuis 1862.",
        "threads_profile_picture_url": "https://scontent-a.example/v/42_n.jpg?oh=1" }),
    );
    let before = read(&connector, &mut session).await;
    assert_eq!(before.description.as_deref(), Some("Depuis 1862."));
    face.set(json!({ "threads_biography": "Cadeaux : exemple.test" }));
    let after = read(&connector, &mut session).await;
    assert_eq!(changed(&before, &after), [PagePart::Description]);
    let fresh = || -> Box<dyn vigie_connect::Connector> {
        Box::new(Threads::new(http(), Some(app(APP, &proxy.url))))
    };
    survives(&fresh, &proxy, &mut session, "GET /v1.0/me?", Some(ENDED)).await;
}
