#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! A review where people talk already: Slack (its stand-in holds every call against what Slack publishes). What is
//! asked, decided and said goes out once; an approval from there is a member's who confirmed who they are, or none.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/pages.rs"]
mod pages;

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use company::Company;
use jiff::{SignedDuration, Timestamp};
use pages::{sign_in, signed_in, write};
use serde_json::{Value, json};
use vigie::chat::outbox;
use vigie::testing::{Browser, TestApp};
use vigie_connect::hook::mac;
use vigie_connect::testing::MailServers;
use vigie_connect::testing::contract::Contract;
use vigie_connect::testing::contract::chat::slack as network;
use vigie_core::id::{ChatRoomId, PostId};
use vigie_core::post::PostState;

const SIGNING: &str = "signing-canary-4711";

struct Scene {
    server: Contract<network::Slack>,
    test: TestApp,
    company: Company,
    ines: Browser,
    tom: Browser,
    room: ChatRoomId,
}

impl Scene {
    async fn open() -> Self {
        let server = Contract::start(network::TABLE, network::Slack::default()).await;
        let test = TestApp::with(&[("allowed_private", "127.0.0.1")]).await;
        test.clock.set(Timestamp::now());
        let company = Company::found(&test.app).await;
        let ines = signed_in(&test, company.ines, "fr").await;
        let tom = signed_in(&test, company.tom, "fr").await;
        let api = format!("{}/api/", server.url);
        let form = [
            ("name", "Relecture"),
            ("token", network::BOT),
            ("room", "C1REVUE"),
            ("signing", SIGNING),
            ("server", api.as_str()),
            ("lang", "fr"),
        ];
        let mut wrong = form;
        wrong[1] = ("token", "xoxb-revoked");
        let said = ines
            .post("/chat/open/slack", &wrong)
            .await
            .expect(422)
            .text();
        assert!(said.contains("n’accepte plus la clé"), "{said}");
        ines.post("/chat/open/slack", &form).await.expect(303);
        // One person does not send every draft out of the house.
        let change = test
            .app
            .store
            .read()
            .await
            .unwrap()
            .changes_open()
            .await
            .unwrap()[0]
            .change
            .id;
        let confirm = format!("/changes/{change}/confirm");
        ines.post(&confirm, &[]).await.expect(409);
        let page = tom.get("/changes").await.expect(200).text();
        assert!(
            page.contains("Relecture") && page.contains("C1REVUE"),
            "{page}"
        );
        tom.post(&confirm, &[]).await.expect(303);
        let room = test
            .app
            .store
            .read()
            .await
            .unwrap()
            .chat_rooms()
            .await
            .unwrap()[0]
            .id;
        Self {
            server,
            test,
            company,
            ines,
            tom,
            room,
        }
    }

    async fn asked(&self, text: &str) -> PostId {
        let answer = write(&self.ines, self.company.page, text).await.expect(303);
        let path = answer.location().unwrap();
        path.trim_start_matches("/posts/").parse().unwrap()
    }

    fn messages(&self) -> Vec<network::Message> {
        self.server.network.messages.lock().unwrap().clone()
    }

    fn answers(&self) -> Vec<Value> {
        self.server.network.answers.lock().unwrap().clone()
    }

    async fn call(&self, kind: &str, body: String, at: Timestamp, key: &str) -> u16 {
        let stamp = at.as_second().to_string();
        let key = secrecy::SecretString::from(key.to_owned());
        let signed = hex::encode(mac(&key, format!("v0:{stamp}:{body}").as_bytes()));
        let request = Request::builder()
            .method("POST")
            .uri(format!("/hooks/chat/{}", self.room))
            .header("content-type", kind)
            .header("x-slack-request-timestamp", stamp)
            .header("x-slack-signature", format!("v0={signed}"))
            .body(Body::from(body))
            .unwrap();
        self.test.browser().send(request).await.status.as_u16()
    }

    /// Somebody presses "Approve" under the newest review; what they alone are told.
    async fn press(&self, user: &str, value: &str) -> String {
        let messages = self.messages();
        let mut asking = messages
            .iter()
            .filter(|one| one.body.to_string().contains(value));
        let under = asking
            .next()
            .map_or("1700000000.000001", |one| one.ts.as_str());
        self.press_under(user, value, under).await
    }

    /// The same under whatever message.
    async fn press_under(&self, user: &str, value: &str, ts: &str) -> String {
        let before = self.answers().len();
        self.press_from("T1PHARE", user, value, ts).await;
        self.until(|| self.answers().len() > before).await;
        self.answers().last().unwrap().to_string()
    }

    async fn press_from(&self, team: &str, user: &str, value: &str, ts: &str) {
        let payload = json!({
            "type": "block_actions", "team": { "id": team },
            "user": { "id": user, "name": "lea", "team_id": team },
            "container": { "type": "message", "message_ts": ts, "channel_id": "C1REVUE" },
            "channel": { "id": "C1REVUE" },
            "message": { "ts": ts, "text": "x" },
            "response_url": format!("{}/actions/T1/2/canary", self.server.url),
            "actions": [{ "action_id": "vigie-approve", "block_id": "b", "type": "button", "value": value, "action_ts": "1" }],
        });
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", &payload.to_string())
            .finish();
        let kind = "application/x-www-form-urlencoded";
        let now = self.test.now();
        assert_eq!(self.call(kind, body, now, SIGNING).await, 200);
    }

    async fn say(&self, user: &str, thread: &str, text: &str, event: &str) {
        let (channel, ts) = thread.split_once(':').unwrap();
        let body = json!({
            "type": "event_callback", "team_id": "T1PHARE", "api_app_id": "A1", "event_id": event,
            "event": { "type": "message", "user": user, "text": text, "ts": "1700000000.000099",
                "channel": channel, "team": "T1PHARE", "channel_type": "channel", "thread_ts": ts },
        });
        let now = self.test.now();
        let status = self
            .call("application/json", body.to_string(), now, SIGNING)
            .await;
        assert_eq!(status, 200);
    }

    async fn until(&self, holds: impl Fn() -> bool) {
        for _ in 0..200 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it did not come");
    }

    async fn state(&self, post: PostId) -> PostState {
        let mut conn = self.test.app.store.read().await.unwrap();
        conn.post(post).await.unwrap().post.state
    }

    async fn comments(&self, post: PostId) -> Vec<String> {
        let mut conn = self.test.app.store.read().await.unwrap();
        let all = conn.comments(post).await.unwrap();
        all.into_iter().map(|c| c.body).collect()
    }
}

/// The value of the button that approves.
fn value(message: &network::Message) -> Option<String> {
    let text = message.body.to_string();
    let blocks = message.body["blocks"].as_array().unwrap().iter();
    let mut buttons = blocks.flat_map(|b| b["elements"].as_array().cloned().unwrap_or_default());
    assert!(text.contains("Ouvrir dans Vigie"), "{text}");
    let approve = buttons.find(|e| e["action_id"] == "vigie-approve")?;
    Some(approve["value"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_review_is_asked_answered_and_talked_about_in_a_chat() {
    let s = Scene::open().await;
    let text = "Portes ouvertes <!channel> samedi & dimanche à l’atelier.";
    let post = s.asked(text).await;
    outbox::round(&s.test.app).await.unwrap();
    outbox::round(&s.test.app).await.unwrap();
    let messages = s.messages();
    assert_eq!(messages.len(), 1, "said once");
    let digest = value(&messages[0]).unwrap();
    let shown = messages[0].body.to_string();
    assert!(
        shown.contains("demande une relecture") && shown.contains("samedi"),
        "{shown}"
    );

    // Nobody yet: the press of somebody whom Vigie does not know changes nothing, and shows them alone a link.
    let told = s.press("U1LEA", &digest).await;
    assert!(told.contains("ne sait pas encore qui vous êtes"), "{told}");
    assert_eq!(s.state(post).await, PostState::InReview);
    let link = told.split("/chat/bind/").nth(1).unwrap();
    let token: String = link
        .chars()
        .take_while(|c| c.is_alphanumeric() || "-_".contains(*c))
        .collect();
    let path = format!("/chat/bind/{token}");
    // A fresh proof first; and the page says who would count as Tom.
    s.test.wait(SignedDuration::from_mins(12));
    let refused = s.tom.post(&path, &[]).await;
    assert!(refused.location().unwrap().starts_with("/step-up"));
    sign_in(&s.test, &s.tom, s.company.tom).await;
    let page = s.tom.get(&path).await.expect(200).text();
    assert!(page.contains("U1LEA") && page.contains("T1PHARE"), "{page}");
    s.tom.post(&path, &[]).await.expect(303);
    s.tom.post(&path, &[]).await.expect(409);
    assert!(
        s.tom
            .get("/chat")
            .await
            .expect(200)
            .text()
            .contains("U1LEA")
    );

    // The author is not a second pair of eyes, wherever they press.
    let bound = vigie_store::BoundRow {
        chat: "T1PHARE".into(),
        speaker: "U2INES".into(),
        name: "ines".into(),
    };
    let mut tx = s.test.app.store.begin().await.unwrap();
    tx.chat_bind(&bound, s.company.ines, s.test.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    s.press("U2INES", &digest).await;
    assert_eq!(s.state(post).await, PostState::InReview);
    // A secret of this workspace proves nothing about another one.
    let before = s.answers().len();
    s.press_from("T2AILLEURS", "U1LEA", &digest, &messages[0].ts)
        .await;
    assert_eq!(
        (s.state(post).await, s.answers().len()),
        (PostState::InReview, before)
    );
    // Nor is another content what was approved.
    let other = format!("{post}:{}", "0".repeat(64));
    s.press("U1LEA", &other).await;
    assert_eq!(s.state(post).await, PostState::InReview);

    // What is said in the conversation is on the post, once, with where; what is not a member's stays there.
    let thread = {
        let mut conn = s.test.app.store.read().await.unwrap();
        conn.chat_thread(s.room, post).await.unwrap().unwrap()
    };
    s.say("U1LEA", &thread, "La date est-elle juste ?", "Ev1")
        .await;
    s.say("U1LEA", &thread, "La date est-elle juste ?", "Ev1")
        .await;
    s.say("U9PASSANT", &thread, "Bonjour", "Ev2").await;
    for _ in 0..200 {
        if !s.comments(post).await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        s.comments(post).await,
        ["La date est-elle juste ?\n— Relecture"]
    );
    // It is not said again where it was said; an answer on the page is.
    s.ines
        .post(
            &format!("/posts/{post}/comment"),
            &[("text", "Oui, le 28.")],
        )
        .await
        .expect(303);
    outbox::round(&s.test.app).await.unwrap();
    let messages = s.messages();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[1].body.to_string().contains("Oui, le 28."));
    assert_eq!(messages[1].thread.as_deref(), Some(messages[0].ts.as_str()));

    // Inès opened the room and wrote the post: she may still know what signs its calls. It is approved on the page.
    let told = s.press("U1LEA", &digest).await;
    assert!(told.contains("s’approuve sur la page"), "{told}");
    assert_eq!(s.state(post).await, PostState::InReview);
    let mut tx = s.test.app.store.begin().await.unwrap();
    let mut opened = tx.chat_room(s.room).await.unwrap();
    opened.id = ChatRoomId::new(uuid::Uuid::now_v7());
    opened.created_by = s.company.omar;
    tx.chat_room_add(&opened).await.unwrap();
    tx.chat_room_open(opened.id).await.unwrap();
    tx.commit().await.unwrap();
    let s = Scene {
        room: opened.id,
        ..s
    };
    // Another room of the same workspace changes nothing about what she may know.
    let told = s.press("U1LEA", &digest).await;
    assert!(told.contains("s’approuve sur la page"), "{told}");
    assert_eq!(s.state(post).await, PostState::InReview);
    // The colleague approves exactly this content, which nobody wrote who opened a room there.
    let lea = signed_in(&s.test, s.company.lea, "fr").await;
    let s = Scene { ines: lea, ..s };
    let post = s.asked("Ouverture le 28.").await;
    outbox::round(&s.test.app).await.unwrap();
    let asking = s
        .messages()
        .into_iter()
        .rfind(|one| value(one).is_some_and(|v| v.contains(&post.to_string())))
        .unwrap();
    let digest = value(&asking).unwrap();
    // A press under something else than what asked for this very post approves nothing.
    for elsewhere in [messages[0].ts.as_str(), "1700000009.000009"] {
        let told = s.press_under("U1LEA", &digest, elsewhere).await;
        assert!(told.contains("s’approuve sur la page"), "{told}");
        assert_eq!(s.state(post).await, PostState::InReview);
    }
    let told = s.press_under("U1LEA", &digest, &asking.ts).await;
    assert!(told.contains("Approuvé, exactement ce contenu"), "{told}");
    assert_eq!(s.state(post).await, PostState::Approved);
    outbox::round(&s.test.app).await.unwrap();
    let messages = s.messages();
    assert!(
        messages
            .iter()
            .any(|one| one.body.to_string().contains("a approuvé")),
        "{messages:?}"
    );
    let log = s.ines.get("/audit").await.expect(200).text();
    assert!(!log.contains("canary"));
}

#[tokio::test]
async fn what_is_not_signed_or_too_old_moves_nothing() {
    let s = Scene::open().await;
    let now = s.test.now();
    let body = || json!({ "type": "url_verification", "challenge": "abc" }).to_string();
    let call = |at, key| s.call("application/json", body(), at, key);
    assert_eq!(call(now, SIGNING).await, 200);
    assert_eq!(call(now, "another").await, 403);
    assert_eq!(
        call(now - SignedDuration::from_secs(301), SIGNING).await,
        403
    );
    let room = format!("/chat/{}/close", s.room);
    s.ines.post(&room, &[]).await.expect(303);
    s.ines.post(&room, &[]).await.expect(409);
    assert_eq!(call(now, SIGNING).await, 404, "a closed room hears nothing");
    s.asked("Un texte sans salon.").await;
    outbox::round(&s.test.app).await.unwrap();
    assert!(s.messages().is_empty());
}

#[tokio::test]
async fn where_approvals_are_sealed_a_chat_shows_no_button_that_approves() {
    let s = Scene::open().await;
    let mut tx = s.test.app.store.begin().await.unwrap();
    let mut org = tx.organisation().await.unwrap().unwrap();
    org.settings.require_passkey_seal = true;
    tx.update_organisation(&org, s.test.now()).await.unwrap();
    tx.commit().await.unwrap();
    let post = s.asked("Portes ouvertes samedi.").await;
    outbox::round(&s.test.app).await.unwrap();
    let messages = s.messages();
    assert_eq!(value(&messages[0]), None);
    assert!(messages[0].body.to_string().contains("clé d’accès"));
    // A value made up all the same is told to open the page.
    let mut conn = s.test.app.store.read().await.unwrap();
    let digest = conn.post(post).await.unwrap().post.revision.digest;
    drop(conn);
    let bound = vigie_store::BoundRow {
        chat: "T1PHARE".into(),
        speaker: "U1LEA".into(),
        name: "lea".into(),
    };
    let mut tx = s.test.app.store.begin().await.unwrap();
    tx.chat_bind(&bound, s.company.tom, s.test.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let told = s.press("U1LEA", &format!("{post}:{digest}")).await;
    assert!(told.contains("clé d’accès"), "{told}");
    assert_eq!(s.state(post).await, PostState::InReview);
}

#[tokio::test]
async fn a_review_is_asked_by_letter_too() {
    let Some(servers) = MailServers::shared() else {
        println!("VIGIE_TEST_MAIL=off: this story was not told");
        return;
    };
    let test = TestApp::with(&[("allowed_private", "127.0.0.1")]).await;
    test.clock.set(Timestamp::now());
    let company = Company::found(&test.app).await;
    let ines = signed_in(&test, company.ines, "fr").await;
    let team = format!("relecture-{}", std::process::id());
    let server = format!("smtp+plain://127.0.0.1:{}", servers.port("plain"));
    let to = format!("{team}@example.test");
    let form = [
        ("name", "Relecture par lettre"),
        ("server", server.as_str()),
        ("from", "vigie@corp.test"),
        ("token", servers.password.as_str()),
        ("room", to.as_str()),
        ("lang", "fr"),
    ];
    let mut wrong = form;
    wrong[3] = ("token", "canary-wrong");
    let said = ines
        .post("/chat/open/mail", &wrong)
        .await
        .expect(422)
        .text();
    assert!(
        said.contains("mot de passe") && !said.contains("canary"),
        "{said}"
    );
    ines.post("/chat/open/mail", &form).await.expect(303);
    let tom = signed_in(&test, company.tom, "fr").await;
    let change = test
        .app
        .store
        .read()
        .await
        .unwrap()
        .changes_open()
        .await
        .unwrap()[0]
        .change
        .id;
    tom.post(&format!("/changes/{change}/confirm"), &[])
        .await
        .expect(303);
    write(&ines, company.page, "Portes ouvertes <b>samedi</b>.")
        .await
        .expect(303);
    outbox::round(&test.app).await.unwrap();
    let incoming = servers.incoming(&team);
    let mut round = incoming.open(Duration::from_secs(30)).await.unwrap();
    let mut letters = Vec::new();
    for _ in 0..40 {
        letters = round
            .take(None, Duration::from_secs(30))
            .await
            .unwrap()
            .letters;
        if !letters.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert_eq!(letters.len(), 1);
    let text = String::from_utf8_lossy(&letters[0].bytes).into_owned();
    assert!(
        text.contains("/posts/") && text.contains("vigie@corp.test"),
        "{text}"
    );
}
