//! Every way a call can go wrong, with the real server behind a proxy that does the harm. What is claimed about a post is
//! compared with what the server holds.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use vigie_connect::{
    Code, Connector, Payload, Session,
    testing::{Fault, Member, Pds, Proxy},
};
use vigie_core::{
    content::Repliers,
    publication::{Found, Outcome},
};

/// Long enough for a real answer on a busy machine.
const WITHIN: Duration = Duration::from_secs(60);
const PUT: &str = "com.atproto.repo.putRecord";

struct Scene {
    pds: Pds,
    proxy: Proxy,
    member: Member,
    session: Session,
}

async fn scene(name: &str) -> Option<Scene> {
    let pds = Pds::shared()?;
    let proxy = Proxy::before(pds.address()).await;
    let member = pds.member(name).await;
    let session = pds.session_at(&proxy.url, &member).await;
    Some(Scene {
        pds,
        proxy,
        member,
        session,
    })
}

fn payload(text: &str) -> Payload {
    let now = Timestamp::now();
    let key = Pds::bluesky().new_key(now, 3);
    Payload {
        key,
        text: text.into(),
        link: None,
        langs: vec![],
        pictures: vec![],
        reply_to: None,
        warning: None,
        repliers: Repliers::Everyone,
        created_at: now,
    }
}

/// What the connector may say.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Says {
    NotSent(&'static str),
    Refused(&'static str),
    Unknown,
}

fn says(outcome: &Outcome) -> Option<Says> {
    let code = |code: &str| Code::parse(code).expect("a stable name").as_str();
    match outcome {
        Outcome::Published { .. } => None,
        Outcome::NotSent { code: c, .. } => Some(Says::NotSent(code(c))),
        Outcome::Refused { code: c, .. } => Some(Says::Refused(code(c))),
        Outcome::Unknown { .. } => Some(Says::Unknown),
    }
}

#[tokio::test]
async fn a_broken_put_is_told_apart_and_never_makes_two_posts() {
    broken("hugo", PUT, Repliers::Everyone).await;
}

/// A post and its gate in one commit: the same harm, the same truth.
#[tokio::test]
async fn a_broken_commit_is_told_apart_and_never_makes_two_posts() {
    broken(
        "gaston",
        "com.atproto.repo.applyWrites",
        Repliers::Mentioned,
    )
    .await;
}

async fn broken(name: &str, put: &str, repliers: Repliers) {
    let Some(mut s) = scene(name).await else {
        return;
    };
    let html = "<html>Bad gateway</html>";
    let xrpc = r#"{"error":"InvalidRequest","message":"no"}"#;
    let short = Duration::from_secs(3);
    // What happens to the call, what may be said of it, and whether the server then holds the post.
    let cases = [
        ("cut before", Fault::CutBefore, WITHIN, Says::Unknown, false),
        ("cut during", Fault::CutDuring, WITHIN, Says::Unknown, false),
        ("cut after", Fault::CutAfter, WITHIN, Says::Unknown, true),
        (
            "cut in the answer",
            Fault::CutAnswer,
            WITHIN,
            Says::Unknown,
            true,
        ),
        ("no answer", Fault::Silence, short, Says::Unknown, false),
        (
            "late answer",
            Fault::Late(Duration::from_secs(30)),
            short,
            Says::Unknown,
            true,
        ),
        (
            "500",
            Fault::Answer(Fault::http(500, "", html)),
            WITHIN,
            Says::Unknown,
            false,
        ),
        (
            "502 though done",
            Fault::AnswerInstead(Fault::http(502, "", html)),
            WITHIN,
            Says::Unknown,
            true,
        ),
        (
            "503",
            Fault::Answer(Fault::http(503, "retry-after: 9\r\n", "")),
            WITHIN,
            Says::Unknown,
            false,
        ),
        (
            "garbage though done",
            Fault::AnswerInstead("\u{0}\u{1}garbage\r\n\r\n".into()),
            WITHIN,
            Says::Unknown,
            true,
        ),
        (
            "200 not JSON",
            Fault::AnswerInstead(Fault::http(200, "", html)),
            WITHIN,
            Says::Unknown,
            true,
        ),
        (
            "200 of another shape",
            Fault::AnswerInstead(Fault::http(200, "", r#"{"uri":"at://x","cid":1}"#)),
            WITHIN,
            Says::Unknown,
            true,
        ),
        (
            "redirect",
            Fault::Answer(Fault::http(
                307,
                "location: http://169.254.169.254/\r\n",
                "",
            )),
            WITHIN,
            Says::Unknown,
            false,
        ),
        (
            "endless answer",
            Fault::Endless,
            WITHIN,
            Says::Unknown,
            true,
        ),
        (
            "a page's 403",
            Fault::Answer(Fault::http(403, "", html)),
            WITHIN,
            Says::Unknown,
            false,
        ),
        (
            "refused",
            Fault::Answer(Fault::http(400, "", xrpc)),
            WITHIN,
            Says::Refused("refused_by_server"),
            false,
        ),
        (
            "429",
            Fault::Answer(Fault::http(429, "retry-after: 60\r\n", "")),
            WITHIN,
            Says::NotSent("rate_limited"),
            false,
        ),
        (
            "taken down",
            Fault::Answer(Fault::http(400, "", r#"{"error":"AccountTakedown"}"#)),
            WITHIN,
            Says::NotSent("account_suspended"),
            false,
        ),
    ];
    let mut held = 0;
    for (about, fault, within, expected, done) in cases {
        // A client of its own: one that a server asked to wait does wait.
        let bluesky = Pds::bluesky();
        let mut post = payload(about);
        post.repliers = repliers;
        s.proxy.harm(put, fault, 1);
        let before = Timestamp::now();
        let outcome = bluesky.publish(&mut s.session, &post, within).await;
        assert_eq!(says(&outcome), Some(expected), "{about}: {outcome:?}");
        if let Outcome::NotSent {
            retry_at: Some(at),
            code,
        } = &outcome
        {
            assert!(
                code == "rate_limited" && at.duration_since(before).as_secs() >= 59,
                "{about}: {at}"
            );
        }
        s.proxy.heal();
        // Looking tells what is true, and sending again makes it one post.
        let found = bluesky.find(&mut s.session, &post).await;
        match (&found, done) {
            (Found::Same { .. }, true) | (Found::Absent, false) => {}
            other => panic!("{about}: {other:?}"),
        }
        assert!(
            matches!(
                Pds::bluesky().publish(&mut s.session, &post, WITHIN).await,
                Outcome::Published { .. }
            ),
            "{about}"
        );
        held += 1;
        assert_eq!(
            s.pds.posts(&s.member.did).await.len(),
            held,
            "{about}: exactly one post"
        );
    }
}

#[tokio::test]
async fn what_goes_wrong_before_the_put_leaves_nothing() {
    let Some(mut s) = scene("ines").await else {
        return;
    };
    let bluesky = Pds::bluesky();
    let mut post = payload(&format!("@{} bonjour", s.member.handle));
    post.pictures = vec![vigie_connect::Picture {
        bytes: bytes::Bytes::from_static(b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"),
        mime: "image/gif".into(),
        alt: "Un point".into(),
        width: 1,
        height: 1,
        address: None,
    }];
    let html = "<html>";
    for path in ["uploadBlob", "resolveHandle"] {
        for (fault, code) in [
            (Fault::CutBefore, "cut_off"),
            (Fault::CutDuring, "cut_off"),
            (Fault::CutAfter, "cut_off"),
            (Fault::Answer(Fault::http(500, "", html)), "server_error"),
            (Fault::Answer(Fault::http(429, "", "")), "rate_limited"),
            (Fault::Answer(Fault::http(200, "", html)), "garbage_answer"),
            (Fault::Endless, "answer_too_large"),
        ] {
            s.proxy.harm(path, fault.clone(), 1);
            let outcome = bluesky.publish(&mut s.session, &post, WITHIN).await;
            assert_eq!(
                says(&outcome),
                Some(Says::NotSent(code)),
                "{path} {fault:?}: {outcome:?}"
            );
            assert_eq!(bluesky.find(&mut s.session, &post).await, Found::Absent);
            s.proxy.heal();
        }
    }
    s.proxy
        .harm("uploadBlob", Fault::Answer(Fault::http(413, "", "")), 1);
    assert_eq!(
        says(&bluesky.publish(&mut s.session, &post, WITHIN).await),
        Some(Says::Refused("media_too_big"))
    );
    assert!(matches!(
        bluesky.publish(&mut s.session, &post, WITHIN).await,
        Outcome::Published { .. }
    ));
    assert!(matches!(
        bluesky.find(&mut s.session, &post).await,
        Found::Same { .. }
    ));
}

#[tokio::test]
async fn an_expired_token_is_renewed_in_the_middle() {
    let Some(mut s) = scene("jules").await else {
        return;
    };
    let bluesky = Pds::bluesky();
    let expired = Fault::Answer(Fault::http(
        400,
        "",
        r#"{"error":"ExpiredToken","message":"Token has expired"}"#,
    ));
    s.proxy.harm(PUT, expired.clone(), 1);
    assert!(matches!(
        bluesky
            .publish(&mut s.session, &payload("un"), WITHIN)
            .await,
        Outcome::Published { .. }
    ));
    assert!(s.session.take_renewed().is_some());
    assert_eq!(
        s.proxy
            .seen()
            .iter()
            .filter(|line| line.contains("createSession"))
            .count(),
        1,
        "no new sign-in"
    );
    // Always expired: it ends, and nothing was sent.
    s.proxy.harm(PUT, expired.clone(), 9);
    assert_eq!(
        says(
            &bluesky
                .publish(&mut s.session, &payload("deux"), WITHIN)
                .await
        ),
        Some(Says::NotSent("token_expired"))
    );
    s.proxy.heal();
    // The renewal fails: the same.
    for (fault, code) in [
        (Fault::CutAfter, "cut_off"),
        (Fault::Answer(Fault::http(503, "", "")), "server_error"),
        (Fault::Answer(Fault::http(200, "", "{}")), "garbage_answer"),
    ] {
        s.proxy.harm(PUT, expired.clone(), 1);
        s.proxy.harm("refreshSession", fault, 1);
        assert_eq!(
            says(
                &bluesky
                    .publish(&mut s.session, &payload("trois"), WITHIN)
                    .await
            ),
            Some(Says::NotSent(code))
        );
        s.proxy.heal();
    }
    assert_eq!(s.pds.posts(&s.member.did).await.len(), 1);
    // A renewal whose answer was lost does not lock the channel out.
    assert!(matches!(
        bluesky
            .publish(&mut s.session, &payload("quatre"), WITHIN)
            .await,
        Outcome::Published { .. }
    ));
}

#[tokio::test]
async fn looks_and_deletions_that_fail_say_so() {
    let Some(mut s) = scene("karim").await else {
        return;
    };
    let bluesky = Pds::bluesky();
    let post = payload("là");
    let Outcome::Published { remote_id, .. } = bluesky.publish(&mut s.session, &post, WITHIN).await
    else {
        panic!()
    };
    for (fault, code) in [
        (Fault::CutBefore, Code::CutOff),
        (Fault::CutAnswer, Code::CutOff),
        (Fault::Answer(Fault::http(500, "", "")), Code::ServerError),
        (
            Fault::Answer(Fault::http(404, "", "Not Found")),
            Code::GarbageAnswer,
        ),
        (
            Fault::Answer(Fault::http(200, "", r#"{"uri":"at://other","records":7}"#)),
            Code::GarbageAnswer,
        ),
        (Fault::Endless, Code::AnswerTooLarge),
    ] {
        s.proxy.harm("repo.", fault.clone(), 9);
        assert!(
            matches!(
                bluesky.find(&mut s.session, &post).await,
                Found::CannotTell { .. }
            ),
            "{fault:?}"
        );
        assert_eq!(
            bluesky
                .read_back(&mut s.session, &remote_id)
                .await
                .unwrap_err()
                .code,
            code,
            "{fault:?}"
        );
        assert_eq!(
            bluesky.list(&mut s.session, None).await.unwrap_err().code,
            code,
            "{fault:?}"
        );
        s.proxy.heal();
    }
    s.proxy.harm("deleteRecord", Fault::CutAfter, 1);
    assert_eq!(
        bluesky
            .delete(&mut s.session, &remote_id)
            .await
            .unwrap_err()
            .code,
        Code::CutOff
    );
    bluesky.delete(&mut s.session, &remote_id).await.unwrap();
    assert_eq!(
        bluesky.read_back(&mut s.session, &remote_id).await.unwrap(),
        None
    );
}

/// Collects everything that is logged, at the most talkative level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_is_ever_printed() {
    let Some(pds) = Pds::shared() else { return };
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (bluesky, member) = (Pds::bluesky(), pds.member("lea").await);
    let proxy = Proxy::before(pds.address()).await;
    let mut said = String::new();
    let mut secrets = vec![
        member.app_password.clone(),
        member.password.clone(),
        "canary-wrong-password".to_owned(),
    ];
    let mut session = pds.session_at(&proxy.url, &member).await;
    let mut keep = |session: &Session| {
        let kept: serde_json::Value =
            serde_json::from_str(session.secret().expose_secret()).unwrap();
        secrets.extend(["access", "refresh"].map(|key| kept[key].as_str().unwrap().to_owned()));
    };
    keep(&session);
    let connected = bluesky
        .connect(
            &pds.url,
            &member.handle,
            &member.app_password.clone().into(),
        )
        .await
        .unwrap();
    said += &format!("{connected:?} {session:?} {bluesky:?}");
    for word in ["canary-wrong-password", &member.password] {
        let failure = bluesky
            .connect(
                &pds.url,
                &member.handle,
                &SecretString::from(word.to_owned()),
            )
            .await
            .unwrap_err();
        said += &format!("{failure} {failure:?}");
    }
    let expired = Fault::http(400, "", r#"{"error":"ExpiredToken"}"#);
    for fault in [
        Fault::CutAfter,
        Fault::Answer(expired),
        Fault::Answer("garbage".into()),
        Fault::Endless,
    ] {
        proxy.harm(PUT, fault, 1);
        said += &format!(
            "{:?} {session:?}",
            bluesky.publish(&mut session, &payload("x"), WITHIN).await
        );
        keep(&session);
    }
    // A server that quotes what it was sent.
    let access = secrets[secrets.len() - 2].clone();
    let echo = json!({ "error": "InvalidRequest", "message": format!("no: {access}") }).to_string();
    proxy.harm(PUT, Fault::Answer(Fault::http(400, "", &echo)), 1);
    let outcome = bluesky.publish(&mut session, &payload("x"), WITHIN).await;
    assert_eq!(says(&outcome), Some(Says::Refused("refused_by_server")));
    said += &format!("{outcome:?}");
    let echo =
        json!({ "error": "AuthenticationRequired", "message": member.app_password }).to_string();
    proxy.harm(
        "createSession",
        Fault::Answer(Fault::http(401, "", &echo)),
        1,
    );
    let failure = bluesky
        .connect(
            &proxy.url,
            &member.handle,
            &member.app_password.clone().into(),
        )
        .await
        .unwrap_err();
    assert_eq!(failure.code, Code::BadCredentials);
    said += &format!("{failure:?}");
    // A vault entry that is broken is not quoted in the error about it.
    let mut secret: serde_json::Value =
        serde_json::from_str(session.secret().expose_secret()).unwrap();
    secret["refresh"] = json!(7);
    let mut broken = Session::new(session.account.clone(), secret.to_string().into());
    said += &format!("{:?} {broken:?}", bluesky.check(&mut broken).await);
    let mut newline = secret.clone();
    newline["refresh"] = json!("r");
    newline["access"] = json!("canary\ntoken");
    let mut broken = Session::new(session.account.clone(), newline.to_string().into());
    said += &format!("{:?}", bluesky.check(&mut broken).await);
    secrets.push("canary".into());

    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("putRecord"), "the log was collected");
    for secret in secrets {
        assert!(!said.contains(&secret), "a secret was said");
        assert!(!logged.contains(&secret), "a secret was logged");
    }
}
