#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! What a page shows of itself: the first reading is what later ones are compared with; a change is an alarm once, and is
//! settled by somebody in charge with a reason; followers are a figure a day.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/pages.rs"]
mod pages;

use company::Company;
use jiff::{SignedDuration, Timestamp};
use pages::{sign_in, signed_in};
use serde_json::json;
use tempfile::TempDir;
use vigie::channel::{farewell, health, spending};
use vigie::testing::{Browser, TestApp};
use vigie_connect::testing::contract::{Contract, LinkedInNetwork, XNetwork};
use vigie_connect::testing::{Fault, Proxy};
use vigie_connect::{Account, Connected, Limits};
use vigie_core::change::ChangeKind;
use vigie_core::content::Platform;
use vigie_core::id::{ChannelId, PageChangeId};
use vigie_core::page_state::PagePart;
use vigie_store::{AlarmRow, FarewellOutcome, PageVerdict};

const HOURS: SignedDuration = SignedDuration::from_hours(6);

struct Scene {
    test: TestApp,
    company: Company,
    ines: Browser,
    omar: Browser,
}

impl Scene {
    async fn with(settings: &[(&'static str, &str)]) -> Self {
        let test = TestApp::with(settings).await;
        test.clock.set(Timestamp::now());
        let company = Company::found(&test.app).await;
        let ines = signed_in(&test, company.ines, "fr").await;
        let omar = signed_in(&test, company.omar, "fr").await;
        Self {
            test,
            company,
            ines,
            omar,
        }
    }

    /// Six hours pass, and the keys are tried.
    async fn round(&self) {
        self.test.wait(HOURS);
        sign_in(&self.test, &self.ines, self.company.ines).await;
        sign_in(&self.test, &self.omar, self.company.omar).await;
        health::check(&self.test.app).await.unwrap();
    }

    /// Somebody changes the page of the sandbox.
    async fn dress(&self, name: &str, website: &str) {
        let mut tx = self.test.app.store.begin().await.unwrap();
        tx.sandbox_account_dress("sandbox:atelier-merlin", name, "Depuis 1862.", website)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn alarms(&self) -> Vec<AlarmRow> {
        let mut conn = self.test.app.store.read().await.unwrap();
        conn.alarms_open().await.unwrap()
    }

    async fn open(&self, page: ChannelId) -> Vec<PageChangeId> {
        let mut conn = self.test.app.store.read().await.unwrap();
        let all = conn.page_changes_open(page).await.unwrap();
        all.into_iter().map(|row| row.id).collect()
    }

    async fn page(&self, browser: &Browser, page: ChannelId) -> String {
        let at = format!("/channels/{page}/page");
        browser.get(&at).await.expect(200).text()
    }
}

#[tokio::test]
async fn a_change_is_an_alarm_once_and_is_settled_with_a_reason() {
    let s = Scene::with(&[]).await;
    let page = s.company.page;
    assert!(s.page(&s.ines, page).await.contains("Pas encore lu"));
    s.dress("Atelier Merlin", "https://merlin.example").await;
    s.round().await;
    assert_eq!(
        s.alarms().await,
        [],
        "the first reading is compared with nothing"
    );
    assert!(
        s.page(&s.ines, page)
            .await
            .contains("https://merlin.example")
    );
    s.round().await;
    assert_eq!(s.alarms().await, []);

    s.dress("Atelier Merlin", "https://mer1in.example").await;
    s.round().await;
    let alarms = s.alarms().await;
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].kind, "page_website");
    for _ in 0..2 {
        s.round().await;
    }
    let again = s.alarms().await;
    assert_eq!(
        (again.len(), again[0].times),
        (1, 1),
        "never twice for the same"
    );
    let shown = s.page(&s.ines, page).await;
    for words in [
        "https://merlin.example",
        "https://mer1in.example",
        "Le site a changé",
        "Sandbox",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let list = s.ines.get("/alarms").await.expect(200).text();
    assert!(
        list.contains(
            "De «\u{a0}https://merlin.example\u{a0}» à «\u{a0}https://mer1in.example\u{a0}»"
        ),
        "{list}"
    );
    assert!(list.contains(&format!("/channels/{page}/page")) && !list.contains("/close"));
    let channels = s.ines.get("/channels").await.expect(200).text();
    assert!(channels.contains("Quelque chose a changé sur la page"));

    // Only where both sides are seen, with a verdict and a reason, by somebody in charge, on that page, once.
    let close = format!("/alarms/{}/close", alarms[0].id);
    s.ines.post(&close, &[("note", "Vu.")]).await.expect(409);
    let id = s.open(page).await[0];
    let at = format!("/channels/{page}/page/{id}");
    let said = [
        ("verdict", "ours"),
        ("note", "Nouveau site, Tom l’a mis en ligne."),
    ];
    s.omar.post(&at, &said).await.expect(403);
    s.ines
        .post(&at, &[("note", "Nouveau site.")])
        .await
        .expect(409);
    s.ines
        .post(&at, &[("verdict", "ours"), ("note", " ")])
        .await
        .expect(409);
    s.ines
        .post(&at, &[("verdict", "noted"), ("note", "Vu.")])
        .await
        .expect(409);
    let other = format!("/channels/{}/page/{id}", uuid::Uuid::now_v7());
    s.ines.post(&other, &said).await.expect(404);
    assert_eq!(s.alarms().await.len(), 1);
    s.ines.post(&at, &said).await.expect(303);
    s.ines.post(&at, &said).await.expect(409);
    assert_eq!(s.alarms().await, []);
    let shown = s.page(&s.omar, page).await;
    assert!(
        shown.contains("Nouveau site, Tom l’a mis en ligne.") && shown.contains("c’était nous")
    );
    let mut conn = s.test.app.store.read().await.unwrap();
    let closed = conn.alarms_closed(5).await.unwrap();
    assert_eq!(closed[0].closed_by, Some(s.company.ines));
    drop(conn);
    let log = s.ines.get("/audit?kind=page").await.expect(200).text();
    assert!(
        log.contains("Changement trouvé sur une page")
            && log.contains("Changement sur une page réglé")
    );

    // What was none of us is not forgotten while it stands there.
    s.dress("Atelier Merlin", "https://mer1in.evil").await;
    s.round().await;
    let at = format!("/channels/{page}/page/{}", s.open(page).await[0]);
    let said = [("verdict", "theirs"), ("note", "Mot de passe changé.")];
    s.ines.post(&at, &said).await.expect(303);
    let still = "toujours là\u{a0}: «\u{a0}https://mer1in.evil\u{a0}»";
    assert!(s.page(&s.omar, page).await.contains(still));
    s.dress("Atelier Merlin", "https://mer1in.example").await;
    s.round().await;
    assert!(!s.page(&s.omar, page).await.contains("toujours là"));
}

#[tokio::test]
async fn a_server_that_shows_now_one_and_now_the_other_is_one_alarm() {
    let s = Scene::with(&[]).await;
    let page = s.company.page;
    s.round().await;
    for name in ["Autre nom", "Atelier Merlin", "Autre nom"] {
        s.dress(name, "").await;
        s.round().await;
    }
    let alarms = s.alarms().await;
    let mut kinds: Vec<(&str, i64)> = alarms.iter().map(|a| (a.kind.as_str(), a.times)).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [("page_description", 1), ("page_name", 3)]);
    // The alarm closes when the last of them is settled.
    let open = s.open(page).await;
    assert_eq!(open.len(), 4);
    for (n, id) in open.iter().enumerate() {
        assert!(!s.alarms().await.is_empty(), "{n}");
        let at = format!("/channels/{page}/page/{id}");
        let said = [("verdict", "theirs"), ("note", "Mot de passe changé.")];
        s.ines.post(&at, &said).await.expect(303);
    }
    assert_eq!(s.alarms().await, []);
    let mut conn = s.test.app.store.read().await.unwrap();
    let settled = conn.page_changes_settled(page, 10).await.unwrap();
    assert!(
        settled
            .iter()
            .all(|row| row.verdict == Some(PageVerdict::Theirs))
    );
    drop(conn);
    // After thirteen months it is forgotten; the alarms and the log stay.
    s.test.wait(SignedDuration::from_hours(24 * 401));
    vigie::channel::watch::forget(&s.test.app).await.unwrap();
    let mut conn = s.test.app.store.read().await.unwrap();
    assert_eq!(conn.page_changes_settled(page, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_page_that_is_no_longer_used_is_forgotten_and_a_trial_reads_nothing_twice() {
    let s = Scene::with(&[]).await;
    let page = s.company.page;
    s.round().await;
    let mut tx = s.test.app.store.begin().await.unwrap();
    let first = tx.page_state(page).await.unwrap().unwrap();
    drop(tx);
    // Tried again by hand, at once: the reading is not due.
    s.test.wait(SignedDuration::from_mins(5));
    let mut conn = s.test.app.store.read().await.unwrap();
    let channel = conn.channel(page).await.unwrap();
    drop(conn);
    assert_eq!(health::try_one(&s.test.app, &channel).await.unwrap(), None);
    let mut conn = s.test.app.store.read().await.unwrap();
    let row = conn.page_state(page).await.unwrap().unwrap();
    assert_eq!(row.read_at, first.read_at);
    drop(conn);
    let tom = signed_in(&s.test, s.company.tom, "fr").await;
    sign_in(&s.test, &s.ines, s.company.ines).await;
    s.ines
        .post(&format!("/channels/{page}/disconnect"), &[])
        .await
        .expect(303);
    let mut conn = s.test.app.store.read().await.unwrap();
    let change = conn.changes_open().await.unwrap()[0].change.id;
    drop(conn);
    tom.post(&format!("/changes/{change}/confirm"), &[])
        .await
        .expect(303);
    let mut conn = s.test.app.store.read().await.unwrap();
    assert_eq!(conn.page_state(page).await.unwrap(), None);
    drop(conn);
    s.page(&s.ines, page).await;
}

/// A configuration with the registration of the tests.
fn registered(name: &str, (id, secret): (&str, &str), api: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("apps.toml");
    std::fs::write(
        &file,
        format!("[{name}]\nid = \"{id}\"\nsecret = \"{secret}\"\napi = \"{api}\"\n"),
    )
    .unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (folder, file)
}

async fn connected(
    s: &Scene,
    platform: Platform,
    service: &str,
    id: &str,
    access: &str,
) -> ChannelId {
    connected_with(s, platform, service, id, json!({ "access": access })).await
}

async fn connected_with(
    s: &Scene,
    platform: Platform,
    service: &str,
    id: &str,
    tokens: serde_json::Value,
) -> ChannelId {
    let connected = Connected {
        account: Account {
            platform,
            service: service.to_owned(),
            id: id.to_owned(),
            handle: "phare".into(),
            limits: Limits::default(),
        },
        secret: tokens.to_string().into(),
        until: None,
    };
    company::channel(&s.test.app, s.company.ines, connected).await
}

#[tokio::test]
async fn followers_are_a_figure_a_day_and_only_a_steep_jump_is_noted() {
    let server = Contract::start(XNetwork::FACTS, XNetwork::default()).await;
    let (_folder, file) = registered("x", XNetwork::APP, &server.url);
    let s = Scene::with(&[("allowed_private", "127.0.0.1"), ("apps_file", &file)]).await;
    let (token, _) = server.network.grant();
    let page = connected(&s, Platform::X, &server.url, "2244994945", &token).await;
    let follow = |count: u64| {
        server.network.state().face = json!({ "public_metrics": { "followers_count": count } });
    };
    let read = || {
        server
            .seen()
            .iter()
            .filter(|asked| !asked.field("user.fields").is_empty())
            .count()
    };
    for (day, count) in [1_000, 1_100, 1_101, 5_000].into_iter().enumerate() {
        follow(count);
        // Each reading costs money: once a day, though the key is tried four times.
        for _ in 0..4 {
            s.round().await;
        }
        assert_eq!(read(), day + 1);
    }
    let mut conn = s.test.app.store.read().await.unwrap();
    let figures = conn.page_followers(page, 9).await.unwrap();
    let counts: Vec<u64> = figures.iter().map(|figure| figure.count).collect();
    assert_eq!(counts, [5_000, 1_101, 1_100, 1_000]);
    let noted = conn.page_changes_settled(page, 9).await.unwrap();
    assert_eq!(noted.len(), 1);
    assert_eq!(
        (
            noted[0].part,
            noted[0].was.as_str(),
            noted[0].became.as_str()
        ),
        (PagePart::Followers, "1101", "5000")
    );
    drop(conn);
    assert_eq!(s.alarms().await, [], "a number of followers is no alarm");
    let shown = s.page(&s.ines, page).await;
    assert!(shown.contains("Beaucoup plus ou beaucoup moins"), "{shown}");

    // What it costs is counted, by this process and others together.
    s.test.clock.set("2027-03-11T00:00:00Z".parse().unwrap());
    sign_in(&s.test, &s.ines, s.company.ines).await;
    spending::note(&s.test.app).await.unwrap();
    let mut tx = s.test.app.store.begin().await.unwrap();
    let used = tx.network_use(Platform::X, "2027-03").await.unwrap();
    // Sixteen trials of the key, each a profile read, and four readings.
    assert_eq!(
        used,
        [("call".to_owned(), 20), ("user_read".to_owned(), 20)]
    );
    tx.network_use_add(Platform::X, "2027-03", "post_with_link", 2)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    spending::note(&s.test.app).await.unwrap();
    let shown = s.ines.get("/channels").await.expect(200).text();
    for words in [
        "Ce que coûte X ce mois-ci",
        "0,60 dollars américains jusqu’ici, pour 20 appels",
        "environ 1,86 dollars",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let tom = signed_in(&s.test, s.company.omar, "fr").await;
    let shown = tom.get("/channels").await.expect(200).text();
    assert!(!shown.contains("Ce que coûte X"));
}

#[tokio::test]
async fn administrators_are_named_to_those_in_charge_alone() {
    let server = Contract::start(LinkedInNetwork::FACTS, LinkedInNetwork::default()).await;
    let (_folder, file) = registered("linkedin", LinkedInNetwork::APP, &server.url);
    let s = Scene::with(&[("allowed_private", "127.0.0.1"), ("apps_file", &file)]).await;
    let token = server.network.grant();
    let page = connected(
        &s,
        Platform::LinkedIn,
        &server.url,
        LinkedInNetwork::PAGE,
        &token,
    )
    .await;
    s.round().await;
    let somebody = "urn:li:person:quelqu1";
    let state = || server.network.state();
    state().others = vec![(somebody.into(), "ADMINISTRATOR", "APPROVED")];
    s.round().await;
    let alarms = s.alarms().await;
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].kind, "page_administrator");
    assert!(!alarms[0].detail.to_string().contains(somebody));
    assert!(s.page(&s.ines, page).await.contains(somebody));
    assert!(!s.page(&s.omar, page).await.contains(somebody));
    for browser in [&s.ines, &s.omar] {
        let list = browser.get("/alarms").await.expect(200).text();
        assert!(
            list.contains("Les administrateurs d’une page ont changé") && !list.contains(somebody)
        );
    }
    // Trouble with the network is no change, and what was known stays known.
    state().used_up = true;
    s.round().await;
    state().used_up = false;
    s.round().await;
    assert_eq!(s.alarms().await.len(), 1);
    // Whoever connected it administers it no more: who does is not known then, and is no news.
    state().roles[0].1 = "CONTENT_ADMIN";
    s.round().await;
    assert_eq!(s.alarms().await.len(), 1);
    // Not for days, though: whoever took the page may have done that.
    for _ in 0..18 {
        s.round().await;
    }
    let alarms = s.alarms().await;
    let shut: Vec<_> = alarms
        .iter()
        .filter(|one| one.kind == "page_unread")
        .collect();
    assert_eq!((alarms.len(), shut.len(), shut[0].times), (2, 1, 1));
    let shown = s.page(&s.ines, page).await;
    assert_eq!(shown.matches("N’a plus pu être lu depuis").count(), 1);
    state().roles[0].1 = "ADMINISTRATOR";
    for _ in 0..5 {
        s.round().await;
    }
    assert_eq!(s.alarms().await.len(), 1, "it can be read again");
    assert!(!s.page(&s.ines, page).await.contains("N’a plus pu être lu"));
}

/// Inès asks that a page be used no more, Tom confirms.
async fn disconnect(s: &Scene, page: ChannelId) {
    sign_in(&s.test, &s.ines, s.company.ines).await;
    let tom = signed_in(&s.test, s.company.tom, "fr").await;
    s.ines
        .post(&format!("/channels/{page}/disconnect"), &[])
        .await
        .expect(303);
    let mut conn = s.test.app.store.read().await.unwrap();
    let change = conn.changes_open().await.unwrap()[0].change.id;
    drop(conn);
    tom.post(&format!("/changes/{change}/confirm"), &[])
        .await
        .expect(303);
}

#[tokio::test]
async fn what_opened_a_page_is_taken_back_at_the_network_or_a_person_is_told_where_to() {
    let server = Contract::start(XNetwork::FACTS, XNetwork::default()).await;
    let proxy = Proxy::before(server.address()).await;
    let (_folder, file) = registered("x", XNetwork::APP, &proxy.url);
    let s = Scene::with(&[("allowed_private", "127.0.0.1"), ("apps_file", &file)]).await;
    let left = async |page: ChannelId| {
        let mut conn = s.test.app.store.read().await.unwrap();
        let all = conn.farewells().await.unwrap();
        let row = all.into_iter().find(|row| row.channel == page).unwrap();
        // Whatever the network said, the key is destroyed here.
        assert_eq!(conn.channel(page).await.unwrap().secret, None);
        row
    };
    let connect = async |id: &str| {
        let (access, refresh) = server.network.grant();
        let tokens = json!({ "access": access, "refresh": refresh });
        connected_with(&s, Platform::X, &proxy.url, id, tokens).await
    };
    let page = connect("1").await;
    assert!(server.network.opens());
    disconnect(&s, page).await;
    assert!(!server.network.opens());
    assert_eq!(left(page).await.outcome, FarewellOutcome::Revoked);
    let shown = s.ines.get("/channels").await.expect(200).text();
    assert!(shown.contains("ce qui ouvrait cette page ne l’ouvre plus"));
    assert!(!shown.contains("https://x.com/settings/connected_apps"));

    let page = connect("2").await;
    let down = Fault::Answer(Fault::http(500, "", ""));
    proxy.harm("POST /2/oauth2/revoke", down, 9);
    disconnect(&s, page).await;
    proxy.heal();
    let row = left(page).await;
    assert_eq!(
        (row.outcome, row.trouble.as_deref()),
        (FarewellOutcome::Failed, Some("server_error"))
    );
    let shown = s.ines.get("/channels").await.expect(200).text();
    assert!(shown.contains("X n’a pas pu être prévenu"), "{shown}");
    assert!(shown.contains("https://x.com/settings/connected_apps"));

    server.network.end_access();
    // A connection that a second person refuses: its key is taken back too.
    let page = connect("3").await;
    let mut tx = s.test.app.store.begin().await.unwrap();
    let kind = ChangeKind::ConnectChannel {
        channel: page,
        platform: Platform::X,
        handle: "phare".into(),
    };
    let now = s.test.now();
    vigie::change::apply::prepare(&mut tx, s.company.ines, kind, now)
        .await
        .unwrap();
    let change = tx.changes_open().await.unwrap()[0].change.id;
    tx.commit().await.unwrap();
    vigie::change::apply::refuse(&s.test.app, s.company.tom, change)
        .await
        .unwrap();
    assert_eq!(left(page).await.outcome, FarewellOutcome::Revoked);
    assert!(!server.network.opens());

    // The program stops after the page was taken out of use and before the network had answered.
    let page = connect("4").await;
    let kind = ChangeKind::DisconnectChannel { channel: page };
    let mut tx = s.test.app.store.begin().await.unwrap();
    let packed = farewell::pack(&s.test.app, &mut tx, &kind, true)
        .await
        .unwrap()
        .unwrap();
    tx.channel_disconnect(page, now).await.unwrap();
    packed.begin(&mut tx, now).await.unwrap();
    tx.commit().await.unwrap();
    assert!(server.network.opens());
    assert_eq!(left(page).await.outcome, FarewellOutcome::Untold);
    let shown = s.ines.get("/channels").await.expect(200).text();
    assert!(
        shown.contains("Vigie s’est arrêté avant la réponse de X"),
        "{shown}"
    );

    // A page of the sandbox is nowhere outside.
    disconnect(&s, s.company.page).await;
    let mut conn = s.test.app.store.read().await.unwrap();
    assert_eq!(conn.farewells().await.unwrap().len(), 4);
}
