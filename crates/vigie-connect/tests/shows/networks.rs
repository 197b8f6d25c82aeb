//! X and LinkedIn.

use crate::{app, changed, http, read, session, survives};
use serde_json::json;
use vigie_connect::{
    Code, Connector as _, LinkedIn, X,
    testing::{
        Fault, Proxy,
        contract::{Contract, LinkedInNetwork, XNetwork},
    },
};
use vigie_core::{content::Platform, page_state::PagePart};

#[tokio::test]
async fn an_account_of_x() {
    let server = Contract::start(XNetwork::FACTS, XNetwork::default()).await;
    let proxy = Proxy::before(server.address()).await;
    let (token, _) = server.network.grant();
    let mut session = session(Platform::X, &proxy.url, "2244994945", &token);
    let connector = X::new(http(), Some(app(XNetwork::APP, &proxy.url)));
    let link = |short: &str, leads: &str| json!({ "url": { "urls": [{ "url": short, "expanded_url": leads }] } });
    server.network.state().face = json!({
        "description": "Depuis 1862.", "url": "https://t.co/a1", "entities": link("https://t.co/a1", "https://phare.exemple.fr"),
        "profile_image_url": "https://pbs.twimg.com/profile_images/1862/phare_normal.jpg",
        "public_metrics": { "followers_count": 1_862, "following_count": 3 } });
    let before = read(&connector, &mut session).await;
    assert_eq!(before.handle.as_deref(), Some("phare_vigie"));
    assert_eq!(before.website.as_deref(), Some("https://phare.exemple.fr"));
    assert_eq!(before.followers, Some(1_862));
    // The same link, shortened anew.
    server.network.state().face["url"] = json!("https://t.co/b2");
    server.network.state().face["entities"] = link("https://t.co/b2", "https://phare.exemple.fr");
    assert_eq!(changed(&before, &read(&connector, &mut session).await), []);
    // Another picture under the same name of a file.
    server.network.state().face["profile_image_url"] =
        json!("https://pbs.twimg.com/profile_images/1863/phare_normal.jpg");
    server.network.state().face["entities"] = json!({});
    // A link, and not where it leads: nobody changed the website.
    let blind = connector.page_state(&mut session).await.unwrap();
    assert_eq!(blind.website, None);
    assert_eq!(changed(&before, &blind), [PagePart::Picture]);
    server.network.state().face["url"] = json!(null);
    let after = read(&connector, &mut session).await;
    assert_eq!(
        changed(&before, &after),
        [PagePart::Website, PagePart::Picture]
    );
    let fresh = || -> Box<dyn vigie_connect::Connector> {
        Box::new(X::new(http(), Some(app(XNetwork::APP, &proxy.url))))
    };
    assert_eq!(connector.used(), [("call", 4), ("user_read", 4)]);
    assert_eq!(connector.used(), [], "counted once");
    let ended = (
        401,
        r#"{"title":"Unauthorized","detail":"Unauthorized","type":"about:blank","status":401}"#,
    );
    survives(&fresh, &proxy, &mut session, "GET /2/users/me", Some(ended)).await;
}

#[tokio::test]
async fn a_company_page_on_linkedin_and_who_administers_it() {
    let server = Contract::start(LinkedInNetwork::FACTS, LinkedInNetwork::default()).await;
    let proxy = Proxy::before(server.address()).await;
    let token = server.network.grant();
    let mut session = session(
        Platform::LinkedIn,
        &proxy.url,
        LinkedInNetwork::PAGE,
        &token,
    );
    let linkedin = || LinkedIn::new(http(), Some(app(LinkedInNetwork::APP, &proxy.url)));
    let person = |n: usize| format!("urn:li:person:p{n}");
    {
        let mut state = server.network.state();
        state.face = json!({ "localizedDescription": "Depuis 1862.", "localizedWebsite": "https://phare.exemple.fr",
            "logoV2": { "original": "urn:li:digitalmediaAsset:C4D0A1" } });
        state.followers = 219_145;
        state.others = vec![
            (person(2), "CONTENT_ADMIN", "APPROVED"),
            (person(3), "ADMINISTRATOR", "REQUESTED"),
        ];
    }
    let before = read(&linkedin(), &mut session).await;
    assert_eq!(before.name.as_deref(), Some("Phare 5583111"));
    assert_eq!(before.followers, Some(219_145));
    let ids = |state: &vigie_core::page_state::PageState| -> Vec<String> {
        let all = state.administrators.clone().unwrap();
        all.into_iter()
            .map(|one| format!("{} {}", one.id, one.role))
            .collect()
    };
    assert_eq!(
        ids(&before),
        [
            "urn:li:person:abc ADMINISTRATOR",
            "urn:li:person:p2 CONTENT_ADMIN"
        ]
    );
    // The one who asked is let in.
    server.network.state().others[1].2 = "APPROVED";
    server.network.state().face["logoV2"]["original"] = json!("urn:li:digitalmediaAsset:C4D0B2");
    let after = read(&linkedin(), &mut session).await;
    assert_eq!(
        changed(&before, &after),
        [PagePart::Picture, PagePart::Administrator]
    );

    // Many are read page by page; more than are believed are not known.
    server.network.state().others = (0..150)
        .map(|n| (person(n), "ANALYST", "APPROVED"))
        .collect();
    assert_eq!(ids(&read(&linkedin(), &mut session).await).len(), 151);
    server.network.state().others = (0..350)
        .map(|n| (person(n), "ANALYST", "APPROVED"))
        .collect();
    let state = linkedin().page_state(&mut session).await.unwrap();
    assert_eq!(state.administrators, None);
    server.network.state().others = vec![(String::new(), "ANALYST", "APPROVED")];
    let state = linkedin().page_state(&mut session).await.unwrap();
    assert_eq!(state.administrators, None, "a role that cannot be read");
    server.network.state().others = Vec::new();

    let fresh = || -> Box<dyn vigie_connect::Connector> { Box::new(linkedin()) };
    let ended = (
        401,
        r#"{"status":401,"serviceErrorCode":65601,"code":"REVOKED_ACCESS_TOKEN","message":"revoked"}"#,
    );
    survives(
        &fresh,
        &proxy,
        &mut session,
        "GET /rest/organizations/",
        Some(ended),
    )
    .await;
    // Half a reading is none: what could not be asked now may be asked later.
    for call in ["GET /rest/networkSizes/", "GET /rest/organizationAcls"] {
        proxy.harm(call, Fault::Answer(Fault::http(500, "", "")), 9);
        let failure = linkedin().page_state(&mut session).await.unwrap_err();
        assert_eq!(failure.code, Code::ServerError, "{call}");
        proxy.heal();
    }

    // Somebody who only writes for the page is not shown its roles: the rest is read.
    server.network.state().roles[0].1 = "CONTENT_ADMIN";
    let state = linkedin().page_state(&mut session).await.unwrap();
    assert_eq!((state.administrators, state.followers), (None, None));
    assert_eq!(state.website.as_deref(), Some("https://phare.exemple.fr"));
}

#[tokio::test]
async fn what_x_asks_money_for_is_counted_and_what_fails_is_not() {
    let server = Contract::start(XNetwork::FACTS, XNetwork::default()).await;
    let proxy = Proxy::before(server.address()).await;
    let (token, _) = server.network.grant();
    let mut session = session(Platform::X, &proxy.url, "2244994945", &token);
    let x = X::new(http(), Some(app(XNetwork::APP, &proxy.url)));
    let now = jiff::Timestamp::now();
    let within = std::time::Duration::from_secs(30);
    for text in ["Bonjour", "Voir https://phare.exemple.fr"] {
        let payload = vigie_connect::Payload {
            key: x.new_key(now, 1),
            warning: None,
            text: text.into(),
            repliers: Default::default(),
            link: None,
            langs: vec![],
            pictures: vec![],
            reply_to: None,
            created_at: now,
        };
        x.publish(&mut session, &payload, within).await;
    }
    let used = x.used();
    // Each is read once after it was made.
    let read = ("own_post_read", 2);
    assert_eq!(
        used,
        [("call", 4), read, ("post", 1), ("post_with_link", 1)]
    );
    let page = x.list(&mut session, None).await.unwrap();
    assert_eq!(page.posts.len(), 2);
    assert_eq!(x.used(), [("call", 1), ("own_post_read", 2)]);
    server.network.elsewhere(9, "Merci @phare_vigie", None);
    let came = x.arrivals(&mut session, None).await.unwrap().items.len();
    let used = x.used();
    assert_eq!(used[0], ("call", 1));
    assert!(
        used.contains(&("post_read", u64::try_from(came).unwrap())),
        "{used:?}"
    );
    for fault in [Fault::CutBefore, Fault::Answer(Fault::http(500, "", ""))] {
        proxy.harm("GET /2/users/", fault, 9);
        x.list(&mut session, None).await.unwrap_err();
        proxy.heal();
    }
    assert_eq!(x.used(), []);
}
