//! What takes two people, through the pages: connecting a page, settings, and the end of a pause. Nobody does both halves.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;

use axum::http::HeaderMap;
use company::Company;
use jiff::SignedDuration;
use vigie::account::session;
use vigie::app::App;
use vigie::testing::{Answer, Browser, TestApp, both_engines};
use vigie_core::content::Platform;
use vigie_core::id::{ChangeId, ChannelId, MemberId};
use vigie_store::{ChannelRow, ChannelStatus};

/// A browser in which a member is signed in.
async fn signed_in(test: &TestApp, member: MemberId) -> Browser {
    let browser = test.browser();
    let mut tx = test.app.store.begin().await.unwrap();
    let secret = session::open(&mut tx, member, &HeaderMap::new(), test.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    browser.set_cookie("vigie_session", &secret);
    browser
}

async fn open_change(app: &App) -> ChangeId {
    let open = app
        .store
        .read()
        .await
        .unwrap()
        .changes_open()
        .await
        .unwrap();
    assert_eq!(open.len(), 1);
    open[0].change.id
}

async fn channel(app: &App, id: ChannelId) -> ChannelRow {
    app.store.read().await.unwrap().channel(id).await.unwrap()
}

async fn answer(browser: &Browser, id: ChangeId, how: &str) -> Answer {
    browser.post(&format!("/changes/{id}/{how}"), &[]).await
}

#[tokio::test]
async fn a_page_is_connected_and_disconnected_by_two() {
    both_engines(|test| async move {
        let company = Company::found(&test.app).await;
        let (ines, omar) = (
            signed_in(&test, company.ines).await,
            signed_in(&test, company.omar).await,
        );
        let form = [("identifier", "Second page")];
        omar.post("/channels/connect/sandbox", &form)
            .await
            .expect(403);
        ines.post("/channels/connect/sandbox", &form)
            .await
            .expect(303);
        let all = test
            .app
            .store
            .read()
            .await
            .unwrap()
            .channels()
            .await
            .unwrap();
        let new = all.iter().find(|c| c.id != company.page).unwrap().clone();
        assert_eq!(new.status, ChannelStatus::Pending);
        assert!(new.secret.is_some(), "its token is sealed already");

        let change = open_change(&test.app).await;
        answer(&ines, change, "confirm").await.expect(409);
        assert_eq!(
            channel(&test.app, new.id).await.status,
            ChannelStatus::Pending
        );
        let page = omar.get("/changes").await.expect(200).text();
        assert!(page.contains("second-page"), "{page}");
        answer(&omar, change, "confirm").await.expect(303);
        assert_eq!(
            channel(&test.app, new.id).await.status,
            ChannelStatus::Connected
        );
        answer(&omar, change, "confirm").await.expect(409);

        let path = format!("/channels/{}/disconnect", new.id);
        ines.post(&path, &[]).await.expect(303);
        assert_eq!(
            channel(&test.app, new.id).await.status,
            ChannelStatus::Connected
        );
        let change = open_change(&test.app).await;
        answer(&omar, change, "refuse").await.expect(303);
        ines.post(&path, &[]).await.expect(303);
        let change = open_change(&test.app).await;
        answer(&omar, change, "confirm").await.expect(303);
        let gone = channel(&test.app, new.id).await;
        assert_eq!(
            (gone.status, gone.secret),
            (ChannelStatus::Disconnected, None)
        );
    })
    .await;
}

#[tokio::test]
async fn a_page_refused_by_a_colleague_loses_its_token() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let (ines, tom) = (
        signed_in(&test, company.ines).await,
        signed_in(&test, company.tom).await,
    );
    ines.post("/channels/connect/sandbox", &[("identifier", "No")])
        .await
        .expect(303);
    let change = open_change(&test.app).await;
    answer(&tom, change, "cancel").await.expect(409);
    answer(&tom, change, "refuse").await.expect(303);
    let all = test
        .app
        .store
        .read()
        .await
        .unwrap()
        .channels()
        .await
        .unwrap();
    let new = all.iter().find(|c| c.id != company.page).unwrap();
    assert_eq!(
        (new.status, new.secret),
        (ChannelStatus::Disconnected, None)
    );
}

/// Nobody answers for more than a week: the change is over, and the token that waited for it is destroyed.
#[tokio::test]
async fn a_page_that_nobody_confirms_loses_its_token() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = signed_in(&test, company.ines).await;
    ines.post("/channels/connect/sandbox", &[("identifier", "No")])
        .await
        .expect(303);
    let change = open_change(&test.app).await;
    let pending = |all: Vec<ChannelRow>| all.into_iter().find(|c| c.id != company.page).unwrap();
    let mut conn = test.app.store.read().await.unwrap();
    let before = pending(conn.channels().await.unwrap());
    drop(conn);
    assert_eq!(before.status, ChannelStatus::Pending);
    assert!(before.secret.is_some());
    test.wait(SignedDuration::from_hours(24 * 9));
    vigie::publication::worker::slow(&test.app).await.unwrap();
    let mut conn = test.app.store.read().await.unwrap();
    let after = pending(conn.channels().await.unwrap());
    assert_eq!(
        (after.status, after.secret),
        (ChannelStatus::Disconnected, None)
    );
    assert!(conn.changes_open().await.unwrap().is_empty());
    let settled = conn.change(change).await.unwrap();
    assert_eq!(settled.settled_by, None);
}

#[tokio::test]
async fn a_new_token_that_does_not_open_the_account_leaves_the_old_one() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = signed_in(&test, company.ines).await;
    let before = channel(&test.app, company.page).await;
    assert_eq!(before.platform, Platform::Sandbox);
    let path = format!("/channels/{}/repair", company.page);
    ines.post(&path, &[("secret", "another")]).await.expect(409);
    ines.post(&path, &[]).await.expect(409);
    assert_eq!(channel(&test.app, company.page).await, before);
    let tom = signed_in(&test, company.tom).await;
    tom.post(&path, &[("secret", "another")]).await.expect(403);
}

const SETTINGS: [(&str, &str); 6] = [
    ("name", "Atelier Merlin & filles"),
    ("tz", "America/Montreal"),
    ("lang", "en"),
    ("review_delay", "60"),
    ("approval_valid", "10"),
    ("window", "4"),
];

#[tokio::test]
async fn settings_change_by_two_and_only_what_was_said() {
    both_engines(|test| async move {
        let company = Company::found(&test.app).await;
        let (ines, tom) = (
            signed_in(&test, company.ines).await,
            signed_in(&test, company.tom).await,
        );
        tom.post("/settings", &SETTINGS).await.expect(403);
        let mut wrong = SETTINGS;
        wrong[1].1 = "Nowhere/Land";
        wrong[3].1 = "0";
        ines.post("/settings", &wrong).await.expect(422);
        ines.post("/settings", &SETTINGS).await.expect(303);
        let page = tom.get("/changes").await.expect(200).text();
        assert!(
            page.contains("America/Montreal") && page.contains("Europe/Paris"),
            "{page}"
        );
        assert!(!page.contains("passkey"), "what stays is not listed");
        answer(&ines, open_change(&test.app).await, "confirm")
            .await
            .expect(409);
        answer(&tom, open_change(&test.app).await, "confirm")
            .await
            .expect(303);
        let org = test
            .app
            .store
            .read()
            .await
            .unwrap()
            .organisation()
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (org.name.as_str(), org.tz.as_str()),
            (SETTINGS[0].1, SETTINGS[1].1)
        );
        assert_eq!(
            (org.settings.review_delay_minutes, org.settings.window_hours),
            (60, 4)
        );
        assert!(!org.settings.require_passkey_seal);
        // Nothing differs any more.
        ines.post("/settings", &SETTINGS).await.expect(422);
        tom.get("/settings").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn one_pauses_two_resume() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let (omar, tom) = (
        signed_in(&test, company.omar).await,
        signed_in(&test, company.tom).await,
    );
    omar.post("/pause", &[("reason", "strange posts")])
        .await
        .expect(303);
    assert!(
        tom.get("/")
            .await
            .expect(200)
            .text()
            .contains("strange posts")
    );
    tom.post("/pause", &[]).await.expect(409);
    tom.post("/pause/confirm", &[]).await.expect(409);
    tom.post("/pause/resume", &[]).await.expect(303);
    tom.post("/pause/confirm", &[]).await.expect(409);
    omar.post("/pause/keep", &[]).await.expect(303);
    omar.post("/pause/confirm", &[]).await.expect(409);
    tom.post("/pause/resume", &[]).await.expect(303);
    omar.post("/pause/confirm", &[]).await.expect(303);
    assert!(
        !test
            .app
            .store
            .read()
            .await
            .unwrap()
            .pause()
            .await
            .unwrap()
            .pause
            .is_paused()
    );
}

#[tokio::test]
async fn a_broken_page_is_repaired_by_a_token_that_opens_the_same_account() {
    both_engines(|test| async move {
        let company = Company::found(&test.app).await;
        let ines = signed_in(&test, company.ines).await;
        let before = channel(&test.app, company.page).await;
        let mut tx = test.app.store.begin().await.unwrap();
        tx.channel_broken(company.page, "token_expired")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        // The sandbox knows the account's only token; what is tested is that it is sealed anew and the old seal is gone.
        let path = format!("/channels/{}/repair", company.page);
        ines.post(&path, &[("secret", "sandbox-canary-7f3a")])
            .await
            .expect(303);
        let after = channel(&test.app, company.page).await;
        assert_eq!(
            (after.status, after.trouble),
            (ChannelStatus::Connected, None)
        );
        assert_ne!(after.secret, before.secret);
        let old = test
            .app
            .store
            .read()
            .await
            .unwrap()
            .secret(before.secret.unwrap())
            .await;
        assert!(old.is_err(), "the old token is destroyed");
        let page = ines.get("/channels").await.expect(200).text();
        assert!(
            !page.contains("canary"),
            "a token is never on a page: {page}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_change_about_somebody_does_not_wait_for_them_and_an_old_one_is_over() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let (ines, omar, tom) = (
        signed_in(&test, company.ines).await,
        signed_in(&test, company.omar).await,
        signed_in(&test, company.tom).await,
    );
    let role = [("role", "writer"), ("reviewer", "on")];
    ines.post(&format!("/members/{}/role", company.omar), &role)
        .await
        .expect(303);
    let said = async |browser: &Browser| {
        let home = browser.get("/").await.expect(200).text();
        home.contains("class=\"notice\"") && home.contains("/changes")
    };
    assert!(said(&tom).await, "a third person is told");
    assert!(!said(&omar).await, "the person concerned is not");
    assert!(!said(&ines).await, "nor the one who asked");

    test.wait(jiff::SignedDuration::from_hours(24 * 7 + 1));
    vigie::publication::worker::slow(&test.app).await.unwrap();
    let tom = signed_in(&test, company.tom).await;
    let page = tom.get("/changes").await.expect(200).text();
    assert!(page.contains("trop longtemps sans réponse"), "{page}");
    let log = tom.get("/audit?kind=change").await.expect(200).text();
    assert!(log.contains("Changement expiré"));
}

#[tokio::test]
async fn the_company_can_always_go_on_working() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let all = test
        .app
        .store
        .read()
        .await
        .unwrap()
        .members()
        .await
        .unwrap();
    let reviewers: Vec<_> = all.iter().filter(|m| m.reviewer).map(|m| m.id).collect();
    // One reviewer after the other loses the right, until the last.
    for (n, id) in reviewers.iter().enumerate() {
        // A change of role ends the sessions of the member.
        let ines = signed_in(&test, company.ines).await;
        let second = if *id == company.omar {
            company.tom
        } else {
            company.omar
        };
        let second = signed_in(&test, second).await;
        let form = [("role", "steward")];
        let asked = ines.post(&format!("/members/{id}/role"), &form).await;
        if n + 1 == reviewers.len() {
            let why = asked.expect(409).text();
            assert!(why.contains("relecteur"), "{why}");
        } else {
            asked.expect(303);
            answer(&second, open_change(&test.app).await, "confirm")
                .await
                .expect(303);
        }
    }

    // Nobody has a passkey: that every approval be sealed by one is refused as long as there are reviewers.
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = signed_in(&test, company.ines).await;
    let page = ines.get("/settings").await.expect(200).text();
    let mut form: Vec<(String, String)> = vec![("seal".into(), "on".into())];
    for name in [
        "name",
        "tz",
        "lang",
        "review_delay",
        "approval_valid",
        "window",
    ] {
        if let Some((_, rest)) = page.split_once(&format!("name=\"{name}\"")) {
            let tag = rest.split('>').next().unwrap();
            let value = tag
                .split("value=\"")
                .nth(1)
                .and_then(|v| v.split('"').next());
            let chosen = rest.split("selected").next().unwrap();
            let option = chosen
                .rsplit("value=\"")
                .next()
                .and_then(|v| v.split('"').next());
            let value = value.or(option).unwrap().to_owned();
            form.push((name.into(), value));
        }
    }
    let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let why = ines.post("/settings", &form).await.expect(409).text();
    assert!(why.contains("clé d’accès"), "{why}");
}
