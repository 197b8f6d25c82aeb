//! Chat over XMPP against a real server: Prosody.
#![cfg(feature = "xmpp")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on must fail"
)]

use secrecy::SecretString;
use std::{
    io::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::mpsc::Receiver;
use vigie_connect::{
    AllowedPrivate, Code,
    chat::{Heard, Note, Quoted},
    reach::{Reach, Security},
    rest::Stage,
    testing::{Cut, XmppServer, mail::server},
    xmpp::{Account, Place, Status, Xmpp},
};

const WITHIN: Duration = Duration::from_secs(60);

fn fresh(service: &str) -> String {
    format!("r{}@{service}.corp.test", uuid::Uuid::now_v7().simple())
}

fn note(text: &str) -> Note {
    Note {
        key: uuid::Uuid::now_v7().to_string(),
        thread: None,
        title: text.into(),
        body: vec!["Un *avis* <b>demandé</b> & \u{0}\u{ffff}".into()],
        contents: vec![Quoted {
            page: "Facebook".into(),
            text: "@all *Bonjour* </body></message>".into(),
            pictures: vec![],
        }],
        findings: vec![],
        actions: vec![],
        links: vec![],
        footer: String::new(),
        lang: "fr".into(),
    }
}

/// Connected, and in all its rooms.
async fn online(account: Account) -> (Xmpp, Receiver<Heard>) {
    let rooms = account.rooms.len();
    let (xmpp, heard) = Xmpp::start(account).unwrap();
    reach(
        &xmpp,
        |status| matches!(status, Status::Online(joined) if joined.len() == rooms),
    )
    .await;
    (xmpp, heard)
}

async fn reach(xmpp: &Xmpp, good: impl Fn(&Status) -> bool) -> Status {
    let mut status = xmpp.status();
    let found = tokio::time::timeout(WITHIN, status.wait_for(good)).await;
    found.expect("in time").expect("it goes on").clone()
}

async fn next(heard: &mut Receiver<Heard>) -> Heard {
    tokio::time::timeout(WITHIN, heard.recv())
        .await
        .expect("in time")
        .expect("it goes on")
}

#[tokio::test]
async fn a_room_hears_and_is_heard() {
    let Some(server) = XmppServer::shared() else {
        return;
    };
    let room = fresh("rooms");
    // The first to come makes the room.
    let (vigie, mut at_vigie) = online(server.account("vigie", &[&room])).await;
    let place = Place::Room(room.clone());
    let early = note("Trop tôt");
    vigie.say(&place, &early, WITHIN).await.unwrap();
    let (anne, mut at_anne) = online(server.account("anne", &[&room])).await;
    let question = note("À relire");
    let sent = vigie.say(&place, &question, WITHIN).await.unwrap();
    assert_eq!(sent.thread.as_deref(), Some(question.key.as_str()));
    assert!(sent.message.is_some(), "the room's own id of it");
    // Anne hears it, once, and nothing of before; as it is, not as mark-up.
    let Heard::Said {
        who, thread, text, ..
    } = next(&mut at_anne).await
    else {
        panic!()
    };
    assert_eq!(
        (who.id.as_str(), who.name.as_str(), who.chat.as_str()),
        ("vigie@corp.test", "vigie", "corp.test")
    );
    assert_eq!(Some(&thread), sent.thread.as_ref());
    assert!(
        text.contains("> @all *Bonjour* </body></message>")
            && text.contains("<b>demandé</b> & ␀\u{fffd}"),
        "{text}"
    );
    // She answers in the thread; we do not hear ourselves.
    let mut answer = note("D'accord");
    answer.thread = sent.thread.clone();
    anne.say(&place, &answer, WITHIN).await.unwrap();
    let Heard::Said {
        who,
        thread,
        text,
        message,
    } = next(&mut at_vigie).await
    else {
        panic!()
    };
    assert_eq!(who.id, "anne@corp.test");
    assert_eq!(Some(&thread), sent.thread.as_ref());
    assert!(text.starts_with("D'accord") && !message.is_empty());
    // The same note again has the same id: it is known as a repeat.
    let again = vigie.say(&place, &question, WITHIN).await.unwrap();
    assert_eq!(again.thread, sent.thread);
    assert!(at_vigie.try_recv().is_err());
}

#[tokio::test]
async fn where_people_are_masked_nobody_is_known() {
    let Some(server) = XmppServer::shared() else {
        return;
    };
    let room = fresh("masked");
    let place = Place::Room(room.clone());
    // The owner sees everybody's address even there, and must not take it for public.
    let (vigie, mut at_vigie) = online(server.account("vigie", &[&room])).await;
    let (karim, mut at_karim) = online(server.account("karim", &[&room])).await;
    karim
        .say(&place, &note("Qui suis-je ?"), WITHIN)
        .await
        .unwrap();
    // The room shows each what was said in one order: what came before our own word was heard before it, or never.
    vigie.say(&place, &note("Bonjour"), WITHIN).await.unwrap();
    assert!(at_vigie.try_recv().is_err(), "of nobody");
    karim.say(&place, &note("Bonsoir"), WITHIN).await.unwrap();
    assert!(at_karim.try_recv().is_err(), "of nobody");
}

#[tokio::test]
async fn a_person_is_told_and_answers() {
    let Some(server) = XmppServer::shared() else {
        return;
    };
    // Accounts of this test alone: whatever is said to a person, all connections of its account hear.
    let mut account = server.account("bot", &[]);
    account.server = vigie_connect::testing::mail::server(server.port("tls"), Security::Tls);
    let (vigie, mut at_vigie) = online(account).await;
    let (lea, mut at_lea) = online(server.account("lea", &[])).await;
    let question = note("Pour vous seule");
    let sent = vigie
        .say(&Place::Person("lea@corp.test".into()), &question, WITHIN)
        .await
        .unwrap();
    loop {
        let Heard::Said {
            who,
            thread,
            text,
            message,
        } = next(&mut at_lea).await
        else {
            continue;
        };
        if message == question.key {
            assert_eq!(who.id, "bot@corp.test");
            assert_eq!(Some(thread), sent.thread);
            assert!(text.starts_with("Pour vous seule"));
            break;
        }
    }
    let mut bind = note("lier");
    bind.body.clear();
    bind.contents.clear();
    lea.say(&Place::Person("bot@corp.test".into()), &bind, WITHIN)
        .await
        .unwrap();
    loop {
        if let Heard::Bind { who } = next(&mut at_vigie).await {
            assert_eq!(who.id, "lea@corp.test");
            break;
        }
    }
    // Nobody there; another server, which ours does not speak to; not a person.
    for (person, code) in [
        ("nobody@corp.test", Code::RefusedByServer),
        ("anne@elsewhere.test", Code::RefusedByServer),
        ("corp.test", Code::BadAddress),
        ("a b", Code::BadAddress),
    ] {
        let no = vigie
            .say(&Place::Person(person.into()), &note("x"), WITHIN)
            .await
            .unwrap_err();
        assert_eq!(
            (no.stage, no.failure.code),
            (Stage::Refused, code),
            "{person}"
        );
    }
    let no = vigie
        .say(&Place::Room(fresh("rooms")), &note("x"), WITHIN)
        .await
        .unwrap_err();
    assert_eq!(no.stage, Stage::NotSent, "a room that it is not in");
    let mut long = note("x");
    long.body = vec!["x".repeat(200_000)];
    let no = vigie
        .say(&Place::Person("lea@corp.test".into()), &long, WITHIN)
        .await
        .unwrap_err();
    assert_eq!(no.failure.code, Code::TooManyBytes);
}

#[tokio::test]
async fn a_connection_that_ends_comes_back() {
    let Some(xmpp) = XmppServer::shared() else {
        return;
    };
    let cut = Cut::before(xmpp.port("starttls")).await;
    let room = fresh("rooms");
    let place = Place::Room(room.clone());
    // Anne stays, and counts what the room shows.
    let (_anne, mut at_anne) = online(xmpp.account("anne", &[&room])).await;
    let mut account = xmpp.account("vigie", &[&room]);
    account.server = server(cut.port, Security::StartTls);
    let (vigie, _heard) = online(account).await;
    // The room shows it to everybody; what it shows to us is lost.
    let lost = note("perdu ?");
    cut.next_answer();
    let unknown = vigie.say(&place, &lost, WITHIN).await.unwrap_err();
    assert_eq!(
        (unknown.stage, unknown.failure.code),
        (Stage::Unknown, Code::CutOff)
    );
    let Heard::Said { text, .. } = next(&mut at_anne).await else {
        panic!()
    };
    assert!(text.starts_with("perdu ?"), "it was said");
    // Between connections nothing leaves.
    reach(&vigie, |status| matches!(status, Status::Failed(_))).await;
    let no = vigie
        .say(&place, &note("jamais"), WITHIN)
        .await
        .unwrap_err();
    assert_eq!(no.stage, Stage::NotSent);
    // It is back by itself, and in its room.
    reach(
        &vigie,
        |status| matches!(status, Status::Online(joined) if joined.contains(&room)),
    )
    .await;
    vigie.say(&place, &note("revenu"), WITHIN).await.unwrap();
    let Heard::Said { text, .. } = next(&mut at_anne).await else {
        panic!()
    };
    assert!(
        text.starts_with("revenu"),
        "nothing was said by itself: {text}"
    );
    assert_eq!(cut.connections(), 2);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let Some(xmpp) = XmppServer::shared() else {
        return;
    };
    let failed = |account: Account| async move {
        let (xmpp, _heard) = Xmpp::start(account).unwrap();
        match reach(&xmpp, |status| matches!(status, Status::Failed(_))).await {
            Status::Failed(failure) => failure.code,
            other => panic!("{other:?}"),
        }
    };
    let good = || xmpp.account("karim", &[]);
    let wrong = Account {
        password: SecretString::from("wrong".to_owned()),
        ..good()
    };
    assert_eq!(failed(wrong).await, Code::BadCredentials);
    let strangers = Reach::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap());
    assert_eq!(
        failed(Account {
            reach: strangers,
            ..good()
        })
        .await,
        Code::ServerDown
    );
    let inside = Reach::new(AllowedPrivate::default());
    assert_eq!(
        failed(Account {
            reach: inside,
            ..good()
        })
        .await,
        Code::AddressNotAllowed
    );
    let mut clear = good();
    clear.server.security = Security::Plain;
    // The server takes no login in clear.
    assert_eq!(failed(clear).await, Code::BadCredentials);
    let mut other = good();
    other.jid = "karim@other.test".into();
    assert_ne!(failed(other).await, Code::BadCredentials);
    for jid in ["", "corp.test", "a@b@c", "@corp.test"] {
        let bad = Account {
            jid: jid.into(),
            ..good()
        };
        assert_eq!(
            Xmpp::start(bad).unwrap_err().code,
            Code::BadAddress,
            "{jid}"
        );
    }
}

/// Collects everything that is logged through `log` and `tracing`, at the most talkative level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Old(Log);

impl log::Log for Old {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        let _ = writeln!(self.0.clone(), "{} {}", record.target(), record.args());
    }
    fn flush(&self) {}
}

#[tokio::test]
async fn no_password_is_ever_printed() {
    let Some(xmpp) = XmppServer::shared() else {
        return;
    };
    let log = Log::default();
    log::set_boxed_logger(Box::new(Old(log.clone()))).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let account = xmpp.account("karim", &[]);
    let mut said = format!("{account:?}");
    let (karim, _heard) = online(account.clone()).await;
    said += &format!("{karim:?}");
    let wrong = Account {
        password: SecretString::from("canary-wrong".to_owned()),
        ..account
    };
    let (bad, _heard) = Xmpp::start(wrong).unwrap();
    said += &format!(
        "{:?}",
        reach(&bad, |status| matches!(status, Status::Failed(_))).await
    );
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(
        logged.contains("XMPP is not connected"),
        "the log was collected"
    );
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    for password in [xmpp.password.as_str(), "canary-wrong"] {
        for form in [
            password.to_owned(),
            STANDARD.encode(format!("\0karim\0{password}")),
        ] {
            assert!(
                !logged.contains(&form) && !said.contains(&form),
                "a password was printed"
            );
        }
    }
}
