#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! A page on a network that is signed in at (X, whose stand-in holds every call against what X publishes), as people
//! meet it: connect, publish, read what came back, answer, be warned before the key ends, be called by the network.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/pages.rs"]
mod pages;

use axum::body::Body;
use axum::http::Request;
use company::Company;
use jiff::{SignedDuration, Timestamp};
use pages::{approved, sign_in, signed_in};
use tempfile::TempDir;
use url::Url;
use vigie::publication::worker;
use vigie::testing::{Browser, TestApp};
use vigie_connect::testing::contract::{Contract, XNetwork};
use vigie_core::content::Platform;
use vigie_core::id::ChannelId;
use vigie_core::publication::PublicationState;
use vigie_store::ChannelStatus;

struct Scene {
    server: Contract<XNetwork>,
    test: TestApp,
    company: Company,
    ines: Browser,
    tom: Browser,
    _apps: TempDir,
}

impl Scene {
    async fn open() -> Self {
        let server = Contract::start(XNetwork::FACTS, XNetwork::default()).await;
        let apps = TempDir::new().unwrap();
        let file = apps.path().join("apps.toml");
        let (id, secret) = XNetwork::APP;
        let text = format!(
            "[x]\nid = \"{id}\"\nsecret = \"{secret}\"\napi = \"{}\"\n",
            server.url
        );
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        let settings = [
            ("allowed_private", "127.0.0.1"),
            ("apps_file", file.to_str().unwrap()),
        ];
        let test = TestApp::with(&settings).await;
        test.clock.set(Timestamp::now());
        let company = Company::found(&test.app).await;
        let ines = signed_in(&test, company.ines, "fr").await;
        let tom = signed_in(&test, company.tom, "fr").await;
        Self {
            server,
            test,
            company,
            ines,
            tom,
            _apps: apps,
        }
    }

    /// Inès leaves for the network: its address, as the page shows it.
    async fn away(&self) -> Url {
        let page = self
            .ines
            .post("/channels/connect/x", &[])
            .await
            .expect(200)
            .text();
        let href = page
            .split("class=\"button primary\" href=\"")
            .nth(1)
            .unwrap();
        let href = href.split('"').next().unwrap().replace("&#38;", "&");
        Url::parse(&href.replace("&amp;", "&")).unwrap()
    }

    /// The network lets her in, and sends her back here.
    fn back(&self, away: &Url) -> String {
        let asked = |name: &str| {
            let mut all = away.query_pairs();
            all.find(|(key, _)| key == name).unwrap().1.into_owned()
        };
        assert_eq!(asked("code_challenge_method"), "S256");
        let code = self
            .server
            .network
            .consent(&asked("code_challenge"), &asked("redirect_uri"));
        format!("/channels/back?state={}&code={code}", asked("state"))
    }

    async fn connected(&self) -> ChannelId {
        let away = self.away().await;
        let page = self.ines.get(&self.back(&away)).await.expect(200).text();
        assert!(page.contains("phare_vigie"), "{page}");
        let offer = page.split("name=\"offer\" value=\"").nth(1).unwrap();
        let offer = offer.split('"').next().unwrap().to_owned();
        let form = [("offer", offer.as_str()), ("account", "0")];
        self.ines.post("/channels/choose", &form).await.expect(303);
        self.ines.post("/channels/choose", &form).await.expect(409);
        let mut conn = self.test.app.store.read().await.unwrap();
        let change = conn.changes_open().await.unwrap()[0].change.id;
        let page = conn
            .channel_by_account(Platform::X, "2244994945")
            .await
            .unwrap()
            .unwrap();
        drop(conn);
        assert_eq!(page.status, ChannelStatus::Pending);
        let confirm = format!("/changes/{change}/confirm");
        self.ines.post(&confirm, &[]).await.expect(409);
        self.tom.post(&confirm, &[]).await.expect(303);
        page.id
    }

    async fn wait(&self, span: SignedDuration) {
        self.test.wait(span);
        sign_in(&self.test, &self.ines, self.company.ines).await;
        sign_in(&self.test, &self.tom, self.company.tom).await;
    }
}

#[tokio::test]
async fn a_page_is_connected_by_signing_in_at_its_network() {
    let s = Scene::open().await;
    // Another person, and another session of the same person, bring back nothing; nor does one that said no.
    let away = s.away().await;
    let back = s.back(&away);
    s.tom.get(&back).await.expect(403);
    sign_in(&s.test, &s.ines, s.company.ines).await;
    s.ines.get(&back).await.expect(409);
    let away = s.away().await;
    let no = s.back(&away).split("&code").next().unwrap().to_owned();
    let said = s.ines.get(&format!("{no}&error=access_denied")).await;
    assert!(said.expect(409).text().contains("n’a pas été donné"));
    let away = s.away().await;
    s.wait(SignedDuration::from_mins(16)).await;
    s.ines.get(&s.back(&away)).await.expect(409);
    s.ines.get("/channels/back?state=&code=x").await.expect(409);

    let page = s.connected().await;
    let text = "Portes ouvertes samedi à l’atelier.";
    let post = approved(&s.ines, &s.tom, page, text).await;
    worker::fast(&s.test.app).await.unwrap();
    let mut conn = s.test.app.store.read().await.unwrap();
    let row = conn.publications(post).await.unwrap().remove(0);
    drop(conn);
    assert_eq!(row.state, PublicationState::Published, "{row:?}");
    assert_eq!(s.server.network.held(text), 1);
    // Read back: ours is no alarm, somebody else's is.
    worker::slow(&s.test.app).await.unwrap();
    s.server
        .network
        .elsewhere(0, "Je suis le patron, croyez-moi.", None);
    s.wait(SignedDuration::from_mins(20)).await;
    worker::slow(&s.test.app).await.unwrap();
    let mut conn = s.test.app.store.read().await.unwrap();
    let alarms = conn.alarms_open().await.unwrap();
    let kinds: Vec<_> = alarms.iter().map(|a| a.kind.as_str()).collect();
    assert_eq!(kinds, ["foreign"]);
}

#[tokio::test]
async fn what_is_said_to_a_page_is_answered_by_a_post_that_a_peer_reads() {
    let s = Scene::open().await;
    let page = s.connected().await;
    let text = "Portes ouvertes samedi à l’atelier.";
    approved(&s.ines, &s.tom, page, text).await;
    worker::fast(&s.test.app).await.unwrap();
    let ours = s.server.network.state().posts[0].id.clone();
    let asked = "@phare_vigie À quelle heure <b>samedi</b> ?";
    let theirs = s.server.network.elsewhere(7, asked, Some(&ours));
    worker::slow(&s.test.app).await.unwrap();
    let inbox = s.ines.get("/inbox").await.expect(200).text();
    assert!(
        inbox.contains("&#60;b&#62;samedi") || inbox.contains("&lt;b&gt;samedi"),
        "{inbox}"
    );
    let link = inbox.split("href=\"/posts/new?answer=").nth(1).unwrap();
    let id = link.split('"').next().unwrap().to_owned();
    let form = s
        .ines
        .get(&format!("/posts/new?answer={id}"))
        .await
        .expect(200)
        .text();
    assert!(
        form.contains(&format!("name=\"reply-{page}\" value=\"{theirs}\"")),
        "{form}"
    );
    let reply = format!("reply-{page}");
    let channel = page.to_string();
    let fields = [
        ("channel", channel.as_str()),
        (reply.as_str(), theirs.as_str()),
        ("answer", id.as_str()),
        ("text", "Dès dix heures, avec plaisir !"),
        ("lang", "fr"),
        ("when", "approved"),
        ("do", "submit"),
    ];
    let to = s.ines.post("/posts/new", &fields).await.expect(303);
    let to = to.location().unwrap().to_owned();
    let waits = async || {
        let inbox = s.tom.get("/inbox").await.expect(200).text();
        inbox.contains("?answer=") && !inbox.contains("Une réponse s’écrit")
    };
    assert!(!waits().await, "somebody answers");
    // Withdrawn, it waits again; asked for review again, it does not; answering nothing any more, it does.
    s.ines
        .post(&format!("{to}/withdraw"), &[])
        .await
        .expect(303);
    assert!(waits().await, "withdrawn");
    s.ines.post(&format!("{to}/submit"), &[]).await.expect(303);
    assert!(!waits().await, "asked for again");
    s.ines
        .post(&format!("{to}/withdraw"), &[])
        .await
        .expect(303);
    s.ines.post(&format!("{to}/archive"), &[]).await.expect(303);
    assert!(waits().await, "put away");
    let to = s.ines.post("/posts/new", &fields).await.expect(303);
    let to = to.location().unwrap().to_owned();
    assert!(!waits().await, "another answer is written");
    // The reviewer sees what is answered; nothing goes out before their yes.
    let review = s.tom.get(&to).await.expect(200).text();
    assert!(review.contains("À quelle heure"), "{review}");
    worker::fast(&s.test.app).await.unwrap();
    assert_eq!(s.server.network.held("Dès dix heures, avec plaisir !"), 0);
    let digest = review.split("name=\"digest\" value=\"").nth(1).unwrap();
    let digest = digest.split('"').next().unwrap().to_owned();
    s.tom
        .post(&format!("{to}/approve"), &[("digest", &digest)])
        .await
        .expect(303);
    worker::fast(&s.test.app).await.unwrap();
    let answer = {
        let state = s.server.network.state();
        let mut posts = state.posts.iter();
        posts.find(|p| p.text.contains("Dès dix heures")).cloned()
    };
    assert_eq!(answer.unwrap().reply.as_deref(), Some(theirs.as_str()));
    // It is no longer among what waits; a second person may set the next one aside.
    let inbox = s.tom.get("/inbox").await.expect(200).text();
    assert!(
        inbox.contains("Une réponse s’écrit") && !inbox.contains("?answer="),
        "{inbox}"
    );
    s.server
        .network
        .elsewhere(8, "@phare_vigie Publicité", None);
    s.wait(SignedDuration::from_mins(20)).await;
    worker::slow(&s.test.app).await.unwrap();
    let inbox = s.tom.get("/inbox").await.expect(200).text();
    let aside = inbox.split("action=\"/inbox/").nth(1).unwrap();
    let aside = format!("/inbox/{}", aside.split('"').next().unwrap());
    s.tom.post(&aside, &[]).await.expect(303);
    s.tom.post(&aside, &[]).await.expect(409);
    // And a month later all of it is forgotten.
    s.wait(SignedDuration::from_hours(24 * 31)).await;
    vigie::inbound::forget(&s.test.app).await.unwrap();
    let inbox = s.ines.get("/inbox").await.expect(200).text();
    assert!(
        inbox.contains("Rien n’attend") && !inbox.contains("samedi"),
        "{inbox}"
    );
}

#[tokio::test]
async fn a_text_that_the_network_would_not_take_is_said_before_anybody_reads_it() {
    let s = Scene::open().await;
    let page = s.connected().await;
    let long = "é".repeat(281);
    let channel = page.to_string();
    let fields = [
        ("channel", channel.as_str()),
        ("text", long.as_str()),
        ("lang", "fr"),
        ("when", "approved"),
        ("do", "check"),
    ];
    let live = s
        .ines
        .post("/posts/check", &fields)
        .await
        .expect(200)
        .text();
    assert!(live.contains("trop long pour ce réseau"), "{live}");
    let mut fields = fields;
    fields[4] = ("do", "submit");
    let said = s.ines.post("/posts/new", &fields).await;
    let to = said.location();
    let text = match to {
        Some(to) => s.ines.get(&to).await.text(),
        None => said.text(),
    };
    assert!(text.contains("trop long pour ce réseau"), "{text}");
    let mut conn = s.test.app.store.read().await.unwrap();
    let filter = vigie_store::PostFilter::default();
    let posts = conn.posts(&filter, None, 9).await.unwrap();
    assert!(posts.lines.iter().all(|p| p.state.as_str() == "draft"));
}

#[tokio::test]
async fn a_call_of_the_network_is_proven_before_it_moves_anything() {
    let s = Scene::open().await;
    s.connected().await;
    worker::slow(&s.test.app).await.unwrap();
    let crc = s
        .ines
        .get("/hooks/x?crc_token=abc")
        .await
        .expect(200)
        .text();
    assert!(
        crc.contains("response_token") && crc.contains("sha256="),
        "{crc}"
    );
    let body = r#"{"for_user_id":"2244994945"}"#;
    let key = secrecy::SecretString::from(XNetwork::APP.1.to_owned());
    let good = vigie_connect::hook::mac(&key, body.as_bytes());
    let good = format!(
        "sha256={}",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, good)
    );
    let asked = || s.server.seen().len();
    for (signature, status) in [("sha256=AAAA", 403), ("", 403), (good.as_str(), 200)] {
        // Not twice within a minute, whoever calls.
        s.test.wait(SignedDuration::from_mins(2));
        let before = asked();
        let request = Request::builder()
            .method("POST")
            .uri("/hooks/x")
            .header("x-twitter-webhooks-signature", signature)
            .header("cookie", "vigie=whatever")
            .body(Body::from(body))
            .unwrap();
        let answer = s.test.browser().send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{signature}");
        worker::slow(&s.test.app).await.unwrap();
        assert_eq!(
            asked() > before,
            status == 200,
            "{signature}: the page is read, or not"
        );
    }
    s.ines.get("/hooks/nowhere").await.expect(404);
    s.ines.get("/hooks/bluesky").await.expect(403);
}

#[tokio::test]
async fn a_key_that_ends_is_warned_of_and_replaced_by_the_same_account_only() {
    let s = Scene::open().await;
    let page = s.connected().await;
    let soon = s.test.now() + SignedDuration::from_hours(24 * 10);
    let mut tx = s.test.app.store.begin().await.unwrap();
    tx.channel_until(page, Some(soon)).await.unwrap();
    tx.commit().await.unwrap();
    worker::slow(&s.test.app).await.unwrap();
    let pages = s.ines.get("/channels").await.expect(200).text();
    assert!(pages.contains("Reconnectez-vous avant"), "{pages}");
    let alarms = s.ines.get("/alarms").await.expect(200).text();
    assert!(alarms.contains("s’éteint bientôt"), "{alarms}");
    let again = |s: &Scene, page: String| {
        let href = page
            .split("class=\"button primary\" href=\"")
            .nth(1)
            .unwrap();
        let href = href.split('"').next().unwrap().replace("&#38;", "&");
        s.back(&Url::parse(&href.replace("&amp;", "&")).unwrap())
    };
    let repair = format!("/channels/{page}/repair");
    for (id, status) in [("77", 409), ("2244994945", 303)] {
        s.server.network.state().id = id.to_owned();
        let away = s.ines.post(&repair, &[]).await.expect(200).text();
        let back = again(&s, away);
        let choose = s.ines.get(&back).await.expect(200).text();
        let offer = choose.split("name=\"offer\" value=\"").nth(1).unwrap();
        let offer = offer.split('"').next().unwrap().to_owned();
        let form = [("offer", offer.as_str()), ("account", "0")];
        s.ines.post("/channels/choose", &form).await.expect(status);
    }
    let pages = s.ines.get("/channels").await.expect(200).text();
    assert!(!pages.contains("Reconnectez-vous avant"), "{pages}");
    let alarms = s.ines.get("/alarms").await.expect(200).text();
    assert!(
        !alarms.contains("s’éteint bientôt"),
        "the alarm closes by itself"
    );
    // Whoever looks after it sees what was called, and no secret.
    let calls = s.ines.get("/outside").await.expect(200).text();
    assert!(
        calls.contains("/2/oauth2/token") && !calls.contains("canary"),
        "{calls}"
    );
}

#[tokio::test]
async fn a_network_where_nobody_registered_vigie_says_what_to_do() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = signed_in(&test, company.ines, "fr").await;
    let page = ines.get("/channels").await.expect(200).text();
    assert!(
        page.contains("keys/apps.toml") && page.contains("/channels/back"),
        "{page}"
    );
    let said = ines
        .post("/channels/connect/x", &[])
        .await
        .expect(422)
        .text();
    assert!(said.contains("ne l’a pas encore enregistrée"), "{said}");
    ines.post("/channels/connect/nowhere", &[])
        .await
        .expect(404);
}
