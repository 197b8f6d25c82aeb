#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! Chats that are listened to over a connection that Vigie opens: XMPP and Matrix on real servers, Slack's Socket Mode
//! with its stand-in. Conversations go both ways, once; one process listens at a time; a room decides nothing.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/pages.rs"]
mod pages;

use std::time::Duration;

use company::Company;
use jiff::{SignedDuration, Timestamp};
use pages::{signed_in, write};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use vigie::chat::{keep, outbox};
use vigie::testing::{Browser, TestApp};
use vigie_connect::testing::Synapse;
use vigie_connect::testing::contract::Contract;
use vigie_connect::testing::contract::chat::{slack as network, socket::SocketServer};
use vigie_core::id::{ChatRoomId, PostId};
use vigie_core::post::PostState;
use vigie_store::{ChatLinkRow, ChatRoomRow};

/// The longest wait for something that must come.
const WITHIN: Duration = Duration::from_secs(60);

struct Scene {
    test: TestApp,
    company: Company,
    ines: Browser,
    tom: Browser,
}

impl Scene {
    async fn open(settings: &[(&str, &str)]) -> Self {
        let mut all = vec![("allowed_private", "127.0.0.1")];
        all.extend(settings);
        let test = TestApp::with(&all).await;
        test.clock.set(Timestamp::now());
        let company = Company::found(&test.app).await;
        let ines = signed_in(&test, company.ines, "fr").await;
        let tom = signed_in(&test, company.tom, "fr").await;
        Self {
            test,
            company,
            ines,
            tom,
        }
    }

    /// Inès opens a room, Tom confirms it.
    async fn room(&self, kind: &str, form: &[(&str, &str)]) -> ChatRoomRow {
        let path = format!("/chat/open/{kind}");
        let answer = self.ines.post(&path, form).await;
        assert_eq!(answer.status.as_u16(), 303, "{}", answer.text());
        let mut conn = self.test.app.store.read().await.unwrap();
        let change = conn.changes_open().await.unwrap()[0].change.id;
        drop(conn);
        let confirm = format!("/changes/{change}/confirm");
        self.tom.post(&confirm, &[]).await.expect(303);
        let mut conn = self.test.app.store.read().await.unwrap();
        conn.chat_rooms().await.unwrap().remove(0)
    }

    async fn asked(&self, who: &Browser, text: &str) -> PostId {
        let answer = write(who, self.company.page, text).await.expect(303);
        let path = answer.location().unwrap();
        path.trim_start_matches("/posts/").parse().unwrap()
    }

    async fn link(&self) -> Option<ChatLinkRow> {
        let mut conn = self.test.app.store.read().await.unwrap();
        conn.chat_links().await.unwrap().pop()
    }

    async fn connected(&self) -> ChatLinkRow {
        until("it is connected", async || {
            self.link().await.filter(|link| link.since.is_some())
        })
        .await
    }

    async fn comments(&self, post: PostId) -> Vec<String> {
        let mut conn = self.test.app.store.read().await.unwrap();
        let all = conn.comments(post).await.unwrap();
        all.into_iter().map(|c| c.body).collect()
    }

    async fn commented(&self, post: PostId, n: usize) -> Vec<String> {
        until("it is on the post", async || {
            Some(self.comments(post).await).filter(|all| all.len() >= n)
        })
        .await
    }

    async fn thread(&self, room: ChatRoomId, post: PostId) -> String {
        until("a conversation", async || {
            let mut conn = self.test.app.store.read().await.unwrap();
            conn.chat_thread(room, post).await.unwrap()
        })
        .await
    }

    async fn state(&self, post: PostId) -> PostState {
        let mut conn = self.test.app.store.read().await.unwrap();
        conn.post(post).await.unwrap().post.state
    }

    async fn comment(&self, post: PostId, text: &str) {
        let path = format!("/posts/{post}/comment");
        self.ines.post(&path, &[("text", text)]).await.expect(303);
    }
}

async fn until<T>(what: &str, found: impl AsyncFn() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = found().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let found = tokio::time::timeout(WITHIN, waiting).await;
    found.unwrap_or_else(|_| panic!("in time: {what}"))
}

/// The path of the binding link in some words.
fn bind_path(words: &str) -> Option<String> {
    let rest = words.split("/chat/bind/").nth(1)?;
    let token: String = rest
        .chars()
        .take_while(|c| c.is_alphanumeric() || "-_".contains(*c))
        .collect();
    Some(format!("/chat/bind/{token}"))
}

fn listen(test: &TestApp) -> JoinHandle<()> {
    tokio::spawn(keep::run(test.app.clone()))
}

/// Asks a program to end: listening is never in its way.
async fn stop(test: &TestApp, task: JoinHandle<()>) {
    test.app.stop();
    tokio::time::timeout(WITHIN, task).await.unwrap().unwrap();
}

#[cfg(feature = "xmpp")]
mod xmpp {
    use super::*;
    use tokio::sync::mpsc::Receiver;
    use vigie_connect::chat::{Heard, Note};
    use vigie_connect::testing::XmppServer;
    use vigie_connect::xmpp::{Place, Status, Xmpp};

    fn note(text: &str, thread: Option<&str>) -> Note {
        Note {
            key: uuid::Uuid::now_v7().to_string(),
            thread: thread.map(str::to_owned),
            title: text.into(),
            body: vec![],
            contents: vec![],
            findings: vec![],
            actions: vec![],
            links: vec![],
            footer: String::new(),
            lang: "fr".into(),
        }
    }

    /// What is heard next whose words hold `text`, and where; anything else is passed over.
    async fn heard(at: &mut Receiver<Heard>, text: &str) -> (String, String) {
        let waiting = async {
            loop {
                if let Heard::Said {
                    text: said, thread, ..
                } = at.recv().await.unwrap()
                    && said.contains(text)
                {
                    return (said, thread);
                }
            }
        };
        let found = tokio::time::timeout(WITHIN, waiting).await;
        found.unwrap_or_else(|_| panic!("nobody said: {text}"))
    }

    fn settings(server: &XmppServer) -> String {
        server.authority().display().to_string()
    }

    async fn lea(server: &XmppServer, room: &str) -> (Xmpp, Receiver<Heard>) {
        let (lea, heard) = Xmpp::start(server.account("lea", &[room])).unwrap();
        let mut status = lea.status();
        let in_room = |status: &Status| matches!(status, Status::Online(all) if !all.is_empty());
        tokio::time::timeout(WITHIN, status.wait_for(in_room))
            .await
            .unwrap()
            .unwrap();
        (lea, heard)
    }

    #[tokio::test]
    async fn a_review_is_asked_and_talked_about_in_a_room_and_one_process_listens() {
        let Some(server) = XmppServer::shared() else {
            println!("VIGIE_TEST_XMPP=off: this story was not told");
            return;
        };
        let authority = settings(&server);
        let s = Scene::open(&[("authorities_file", &authority)]).await;
        let at = format!("xmpp://127.0.0.1:{}", server.port("starttls"));
        let room = format!("revue{}@rooms.corp.test", uuid::Uuid::now_v7().simple());
        // People are there before Vigie is.
        let (lea, mut at_lea) = lea(&server, &room).await;
        let form = [
            ("name", "Relecture"),
            ("server", at.as_str()),
            ("account", "Bot@corp.test"),
            ("token", server.password.as_str()),
            ("room", room.as_str()),
            ("lang", "fr"),
        ];
        for (field, value, said) in [
            (3, ("token", "wrong"), "mot de passe"),
            (4, ("room", "revue@rooms.evil.test"), "sur un autre serveur"),
            (4, ("room", "revue"), ""),
            (1, ("server", "https://x"), ""),
        ] {
            let mut wrong = form;
            wrong[field] = value;
            let page = s.ines.post("/chat/open/xmpp", &wrong).await.expect(422);
            assert!(page.text().contains(said), "{}", page.text());
        }
        let opened = s.room("xmpp", &form).await;
        assert_eq!(opened.own.as_deref(), Some("bot@corp.test"));
        let page = s.ines.get("/chat").await.expect(200).text();
        assert!(page.contains("La connexion s’ouvre") && !page.contains(&server.password));
        let first = listen(&s.test);
        until("it is in the room", async || {
            s.link().await.filter(|link| link.joined == [room.clone()])
        })
        .await;
        let page = s.ines.get("/chat").await.expect(200).text();
        assert!(page.contains("À l’écoute depuis"), "{page}");
        // A second process does not listen too.
        let other = s.test.replica().await;
        let second = listen(&other);

        let post = s.asked(&s.ines, "Portes ouvertes samedi.").await;
        let (asked, thread) = heard(&mut at_lea, "demande une relecture").await;
        assert!(asked.contains("> Portes ouvertes samedi."), "{asked}");
        assert_eq!(thread, s.thread(opened.id, post).await);
        {
            // An answer may name the conversation, or the message as the room calls it.
            let mut conn = s.test.app.store.read().await.unwrap();
            let message = conn
                .chat_asked(opened.id, post, s.test.now())
                .await
                .unwrap();
            let message = message.unwrap();
            assert_ne!(message, thread, "the room's own id");
            let found = conn.chat_thread_post(opened.id, &message).await.unwrap();
            assert_eq!(found, Some(post));
        }
        // Words of somebody whom Vigie does not know stay in the room; she is told alone how to be known.
        let place = Place::Room(room.clone());
        let say = async |text: &str, thread: Option<&str>| {
            lea.say(&place, &note(text, thread), WITHIN).await.unwrap();
        };
        say("Qui suis-je ?", Some(&thread)).await;
        let vigie = Place::Person("bot@corp.test".to_owned());
        lea.say(&vigie, &note("vigie", None), WITHIN).await.unwrap();
        // Others of this account may answer her too: ours is the link that works here.
        loop {
            let (told, _) = heard(&mut at_lea, "/chat/bind/").await;
            let path = bind_path(&told).unwrap();
            let page = s.tom.get(&path).await;
            if page.status.as_u16() == 200 {
                assert!(page.text().contains("lea@corp.test"));
                s.tom.post(&path, &[]).await.expect(303);
                break;
            }
        }
        assert_eq!(s.comments(post).await, Vec::<String>::new());
        say("La date est-elle juste ?", Some(&thread)).await;
        say("Rien à voir", None).await;
        say("Elle me semble fausse.", Some(&thread)).await;
        let all = s.commented(post, 2).await;
        assert_eq!(
            all,
            [
                "La date est-elle juste ?\n— Relecture",
                "Elle me semble fausse.\n— Relecture"
            ]
        );
        // What is said on the post goes there once, in the same conversation; not what came from there.
        s.comment(post, "Oui, le 28.").await;
        let (_, again) = heard(&mut at_lea, "Oui, le 28.").await;
        assert_eq!(again, thread);
        // An approval in words is none: she is told where.
        say("Approuvé !", Some(&thread)).await;
        let (told, _) = heard(&mut at_lea, "se donne sur sa page").await;
        assert!(told.contains(&format!("/posts/{post}")), "{told}");
        assert_eq!(s.state(post).await, PostState::InReview);
        pages::approve(&s.tom, post).await.expect(303);
        heard(&mut at_lea, "a approuvé").await;
        assert_eq!(s.link().await.unwrap().fence, 1, "one process listened");

        // It ends; the other one goes on at once, and says what waited.
        stop(&s.test, first).await;
        let post = s.asked(&s.ines, "Et dimanche aussi.").await;
        heard(&mut at_lea, "Et dimanche aussi.").await;
        assert_eq!(s.link().await.unwrap().fence, 2);
        let thread = s.thread(opened.id, post).await;
        say("Entendu.", Some(&thread)).await;
        assert_eq!(s.commented(post, 1).await, ["Entendu.\n— Relecture"]);
        stop(&other, second).await;
        // Nothing was said twice.
        tokio::time::sleep(Duration::from_millis(300)).await;
        while let Ok(one) = at_lea.try_recv() {
            if let Heard::Said { text, thread, .. } = one {
                assert!(!text.contains("28") && thread != room, "{text}");
            }
        }
        let log = s.ines.get("/audit").await.expect(200).text();
        assert!(!log.contains(&server.password));
    }

    #[tokio::test]
    async fn while_a_server_is_away_the_page_says_so_and_what_waited_is_not_old_news() {
        let Some(server) = XmppServer::shared() else {
            println!("VIGIE_TEST_XMPP=off: this story was not told");
            return;
        };
        let authority = settings(&server);
        let s = Scene::open(&[("authorities_file", &authority)]).await;
        let at = format!("xmpp://127.0.0.1:{}", server.port("starttls"));
        let room = format!("absent{}@rooms.corp.test", uuid::Uuid::now_v7().simple());
        let (_lea, mut at_lea) = lea(&server, &room).await;
        let form = [
            ("name", "Relecture"),
            ("server", at.as_str()),
            ("account", "karim@corp.test"),
            ("token", server.password.as_str()),
            ("room", room.as_str()),
            ("lang", "fr"),
        ];
        s.room("xmpp", &form).await;
        // While nobody listens, what is to be said waits; a day later it is not said any more.
        s.asked(&s.ines, "Une vieille nouvelle.").await;
        s.test.wait(SignedDuration::from_hours(25));
        let tom = signed_in(&s.test, s.company.tom, "fr").await;
        let ines = signed_in(&s.test, s.company.ines, "fr").await;
        outbox::round(&s.test.app).await.unwrap();
        s.asked(&ines, "Une nouvelle fraîche.").await;
        let task = listen(&s.test);
        let (said, _) = heard(&mut at_lea, "nouvelle").await;
        assert!(said.contains("fraîche"), "{said}");
        // A process that dies without a word: its lease ends, and the page does not say that somebody listens.
        task.abort();
        s.test.wait(SignedDuration::from_mins(2));
        let page = tom.get("/chat").await.expect(200).text();
        assert!(
            page.contains("La connexion s’ouvre") && !page.contains("À l’écoute"),
            "{page}"
        );
        let other = s.test.replica().await;
        let task = listen(&other);
        until("another process has it", async || {
            s.link()
                .await
                .filter(|link| link.fence == 2 && link.since.is_some())
        })
        .await;
        // A closed room is left, and its connection with it.
        let mut conn = s.test.app.store.read().await.unwrap();
        let id = conn.chat_rooms().await.unwrap()[0].id;
        drop(conn);
        let ines = signed_in(&s.test, s.company.ines, "fr").await;
        ines.post(&format!("/chat/{id}/close"), &[])
            .await
            .expect(303);
        until("it is let go", async || {
            s.link().await.filter(|link| link.since.is_none())
        })
        .await;
        outbox::forget(&s.test.app).await.unwrap();
        assert_eq!(s.link().await, None);
        stop(&other, task).await;
    }
}

fn path_of(room: &str) -> String {
    room.replace('!', "%21").replace(':', "%3A")
}

#[tokio::test]
async fn matrix_is_heard_and_nothing_is_lost_or_said_twice_over_a_restart() {
    let Some(server) = Synapse::shared() else {
        println!("VIGIE_TEST_SYNAPSE=off: this story was not told");
        return;
    };
    let s = Scene::open(&[]).await;
    let (bot, lea) = (server.resident("vigie").await, server.resident("lea").await);
    let made = json!({ "preset": "public_chat" });
    let made = server.call("POST", "/createRoom", Some(&lea), &made).await;
    let there = made["room_id"].as_str().unwrap().to_owned();
    let form = [
        ("name", "Relecture"),
        ("server", server.url.as_str()),
        ("token", bot.token.as_str()),
        ("room", there.as_str()),
        ("lang", "fr"),
    ];
    let room = s.room("matrix", &form).await;
    let task = listen(&s.test);
    s.connected().await;
    let post = s.asked(&s.ines, "Portes ouvertes samedi.").await;
    outbox::round(&s.test.app).await.unwrap();
    let thread = s.thread(room.id, post).await;

    let put = async |id: &str, text: &str, thread: Option<&str>| {
        let path = format!("/rooms/{}/send/m.room.message/{id}", path_of(&there));
        let mut body = json!({ "msgtype": "m.text", "body": text });
        if let Some(thread) = thread {
            body["m.relates_to"] = json!({ "rel_type": "m.thread", "event_id": thread });
        }
        server.call("PUT", &path, Some(&lea), &body).await;
    };
    let sync = server.call("GET", "/sync", Some(&lea), &json!(null)).await;
    // The same question is answered from a cache: each goes on from the one before.
    let place = |sync: &Value| sync["next_batch"].as_str().unwrap().to_owned();
    let since = std::cell::RefCell::new(place(&sync));
    let invited = async || {
        let path = format!("/sync?since={}", since.borrow());
        let sync = server.call("GET", &path, Some(&lea), &json!(null)).await;
        since.replace(place(&sync));
        let rooms = sync["rooms"]["invite"].as_object()?;
        rooms.keys().next().cloned()
    };
    put("t1", "Qui suis-je ?", Some(&thread)).await;
    put("t2", "!vigie", None).await;
    // She alone is told, in a room with Vigie.
    let aside = until("an invitation", &invited).await;
    let join = format!("/rooms/{}/join", path_of(&aside));
    server.call("POST", &join, Some(&lea), &json!({})).await;
    let messages = format!("/rooms/{}/messages?dir=b&limit=20", path_of(&aside));
    let path = until("the link", async || {
        let all = server
            .call("GET", &messages, Some(&lea), &json!(null))
            .await;
        bind_path(&all.to_string())
    })
    .await;
    let page = s.tom.get(&path).await.expect(200).text();
    assert!(page.contains(&lea.id), "{page}");
    s.tom.post(&path, &[]).await.expect(303);
    assert!(s.comments(post).await.is_empty(), "of nobody");

    put("t3", "La date est-elle juste ?", Some(&thread)).await;
    assert_eq!(
        s.commented(post, 1).await,
        ["La date est-elle juste ?\n— Relecture"]
    );
    let page = s.ines.get("/chat").await.expect(200).text();
    assert!(
        page.contains("À l’écoute depuis") && page.contains(&bot.id),
        "{page}"
    );
    // It ends, things are said, another process goes on from the same place: each once.
    stop(&s.test, task).await;
    put("t4", "Pendant l’arrêt.", Some(&thread)).await;
    let other = s.test.replica().await;
    let task = listen(&other);
    put("t5", "approuvé", Some(&thread)).await;
    assert_eq!(
        s.commented(post, 3).await,
        [
            "La date est-elle juste ?\n— Relecture",
            "Pendant l’arrêt.\n— Relecture",
            "approuvé\n— Relecture"
        ]
    );
    assert_eq!(s.state(post).await, PostState::InReview);
    until("where to approve", async || {
        let all = server
            .call("GET", &messages, Some(&lea), &json!(null))
            .await;
        all.to_string()
            .contains("se donne sur sa page")
            .then_some(())
    })
    .await;
    assert_eq!(invited().await, None, "one room with her alone");
    // What it read is written down with what it heard: an older holder writes nothing any more.
    let link = s.connected().await;
    let mut tx = s.test.app.store.begin().await.unwrap();
    let stale = tx
        .chat_link_cursor(&link.account, link.fence - 1, "s0", None)
        .await;
    assert!(matches!(stale, Err(vigie_store::Error::Conflict)));
    drop(tx);
    stop(&other, task).await;
    assert_eq!(s.comments(post).await.len(), 3);
    // The server does not know that place any more: it goes on from now, and says that something was missed.
    let mut tx = s.test.app.store.begin().await.unwrap();
    tx.chat_link_cursor(&link.account, link.fence, "nowhere", None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let third = s.test.replica().await;
    let task = listen(&third);
    until("it goes on", async || {
        s.link().await.filter(|link| link.missed_at.is_some())
    })
    .await;
    put("t6", "Et maintenant ?", Some(&thread)).await;
    assert_eq!(s.commented(post, 4).await.len(), 4);
    stop(&third, task).await;
}

/// The value of the button that approves, if it is still there.
fn approve(message: &network::Message) -> Option<String> {
    let blocks = message.body["blocks"].as_array().unwrap().iter();
    let mut buttons = blocks.flat_map(|b| b["elements"].as_array().cloned().unwrap_or_default());
    let approve = buttons.find(|e| e["action_id"] == "vigie-approve")?;
    Some(approve["value"].as_str().unwrap().to_owned())
}

fn press(server: &str, value: &str) -> Value {
    json!({
        "type": "block_actions", "team": { "id": "T1PHARE" },
        "user": { "id": "U1LEA", "name": "lea", "team_id": "T1PHARE" },
        "container": { "type": "message", "message_ts": "1700000000.000001", "channel_id": "C1REVUE" },
        "channel": { "id": "C1REVUE" },
        "message": { "ts": "1700000000.000001", "text": "x" },
        "response_url": format!("{server}/actions/T1/2/canary"),
        "actions": [{ "action_id": "vigie-approve", "block_id": "b", "type": "button", "value": value, "action_ts": "1" }],
    })
}

#[tokio::test]
async fn slack_is_heard_over_a_connection_of_ours_and_a_decided_request_loses_its_button() {
    let server = Contract::start(network::TABLE, network::Slack::default()).await;
    let sockets = SocketServer::start().await;
    *server.network.socket.lock().unwrap() = sockets.url.clone();
    let s = Scene::open(&[]).await;
    let api = format!("{}/api/", server.url);
    let mut form = vec![
        ("name", "Relecture"),
        ("token", network::BOT),
        ("room", "C1REVUE"),
        ("server", api.as_str()),
        ("lang", "fr"),
    ];
    // One of the two: calls that are signed, or a connection of ours.
    s.ines.post("/chat/open/slack", &form).await.expect(422);
    form.push(("app", network::APP));
    let room = s.room("slack", &form).await;
    let page = s.ines.get("/chat").await.expect(200).text();
    assert!(
        !page.contains("/hooks/chat/") && !page.contains("xapp-"),
        "{page}"
    );
    // Nothing is signed, so whatever calls is not heard.
    let hook = format!("/hooks/chat/{}", room.id);
    s.test
        .browser()
        .post(&hook, &[("command", "/vigie")])
        .await
        .expect(404);
    let task = listen(&s.test);
    let mut socket = sockets.accept().await;
    s.connected().await;

    let post = s.asked(&s.tom, "Portes ouvertes samedi.").await;
    outbox::round(&s.test.app).await.unwrap();
    let messages = || server.network.messages.lock().unwrap().clone();
    let answers = || server.network.answers.lock().unwrap().clone();
    let value = approve(&messages()[0]).unwrap();
    socket
        .envelope("e1", "interactive", &press(&server.url, &value))
        .await;
    assert_eq!(socket.acknowledged().await, "e1");
    let told = answers().last().unwrap().to_string();
    let path = bind_path(&told).unwrap();
    // A new link voids the old one.
    socket
        .envelope("e2", "interactive", &press(&server.url, &value))
        .await;
    assert_eq!(socket.acknowledged().await, "e2");
    s.ines.get(&path).await.expect(409);
    let path = bind_path(&answers().last().unwrap().to_string()).unwrap();
    s.ines.post(&path, &[]).await.expect(303);

    // What is acknowledged is on the post.
    let thread = s.thread(room.id, post).await;
    let (channel, ts) = thread.split_once(':').unwrap();
    let event = json!({
        "type": "event_callback", "team_id": "T1PHARE", "api_app_id": "A1", "event_id": "Ev1",
        "event": { "type": "message", "user": "U1LEA", "text": "C’est bon.", "ts": "1700000000.000099",
            "channel": channel, "team": "T1PHARE", "channel_type": "channel", "thread_ts": ts },
    });
    for id in ["e3", "e4"] {
        socket.envelope(id, "events_api", &event).await;
        assert_eq!(socket.acknowledged().await, id);
        assert_eq!(s.comments(post).await, ["C’est bon.\n— Relecture"]);
    }
    // A colleague approves; the request shows it and loses its button, once.
    socket
        .envelope("e5", "interactive", &press(&server.url, &value))
        .await;
    assert_eq!(socket.acknowledged().await, "e5");
    assert_eq!(s.state(post).await, PostState::Approved);
    outbox::round(&s.test.app).await.unwrap();
    outbox::round(&s.test.app).await.unwrap();
    let now = messages();
    let shown = now[0].body.to_string();
    assert_eq!(approve(&now[0]), None, "{shown}");
    let mut conn = s.test.app.store.read().await.unwrap();
    let digest = conn.post(post).await.unwrap().post.revision.digest;
    drop(conn);
    assert!(
        shown.contains("Inès Caron a approuvé")
            && shown.contains("Portes ouvertes samedi.")
            && shown.contains(&digest.short()),
        "{shown}"
    );
    let changed = || {
        let seen = server.seen();
        seen.iter()
            .filter(|asked| asked.path.ends_with("chat.update"))
            .count()
    };
    assert_eq!((changed(), now.len()), (1, 2), "and one line in the thread");
    // A review that is not decided keeps its button.
    let other = s.asked(&s.tom, "Et dimanche aussi.").await;
    outbox::round(&s.test.app).await.unwrap();
    s.comment(other, "Je regarde.").await;
    outbox::round(&s.test.app).await.unwrap();
    assert!(approve(&messages()[2]).is_some() && changed() == 1);
    stop(&s.test, task).await;
    assert_eq!(s.link().await.unwrap().since, None);
}
