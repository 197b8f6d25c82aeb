//! What every connector must survive, whatever the platform: one suite, run by each platform's test file.
#![allow(dead_code, missing_docs)]

use jiff::Timestamp;
use std::time::Duration;
use vigie_connect::{
    Allowed, Code, Connector, Payload, Placed, Session, Settling,
    testing::{Fault, Proxy},
};
use vigie_core::{
    content::Repliers,
    publication::{Found, Outcome},
};

/// Long enough for a real answer on a busy machine.
pub const WITHIN: Duration = Duration::from_secs(60);

/// A connector with its server behind a proxy that does harm.
pub struct Subject<'a> {
    /// Made anew for each case: a client remembers when a server asked it to wait.
    pub connector: &'a dyn Fn() -> Box<dyn Connector>,
    /// Before the server.
    pub proxy: &'a Proxy,
    /// An account that may post.
    pub session: Session,
    /// What the first line of the one call that makes a post holds, such as `POST /2/tweets `.
    pub put: &'static str,
    /// The platform's own answer that says no to a post: status and body.
    pub refusal: (u16, &'static str),
    /// The platform's own answer for a token that has ended or was revoked.
    pub expired: (u16, &'static str),
    /// The platform's own answer for a token without the right.
    pub down_scoped: (u16, &'static str),
    /// A good answer of that call but of another shape, as another version of the server would give.
    pub other_shape: &'static str,
    /// How many posts with this text the server holds.
    pub held: &'a (dyn Fn(&str) -> usize + Sync),
    /// What the server holds, in its own word, about who may answer the post with this text.
    pub who: &'a (dyn Fn(&str) -> String + Sync),
    /// What a post needs on this platform, such as a picture.
    pub dress: &'a dyn Fn(&mut Payload),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Says {
    Published,
    NotSent(Code),
    Refused(Code),
    Unknown,
}

pub fn says(outcome: &Outcome) -> Says {
    let code = |code: &str| Code::parse(code).expect("a stable name");
    match outcome {
        Outcome::Published { .. } => Says::Published,
        Outcome::NotSent { code: c, .. } => Says::NotSent(code(c)),
        Outcome::Refused { code: c, .. } => Says::Refused(code(c)),
        Outcome::Unknown { .. } => Says::Unknown,
    }
}

pub fn payload(connector: &dyn Connector, text: &str) -> Payload {
    let now = Timestamp::now();
    Payload {
        key: connector.new_key(now, 3),
        text: text.into(),
        link: None,
        langs: vec!["fr".into()],
        pictures: vec![],
        reply_to: None,
        warning: None,
        repliers: vigie_core::content::Repliers::Everyone,
        created_at: now,
    }
}

/// Every way the one call that makes the post can go wrong. What is claimed is compared with what the server holds;
/// a look tells what is true; never two posts.
pub async fn faults(subject: &mut Subject<'_>) {
    let html = "<html>Bad gateway</html>";
    let short = Duration::from_secs(3);
    let own = |(status, body): (u16, &str)| Fault::Answer(Fault::http(status, "", body));
    // What happens to the call, what may be said of it, and whether the server then holds the post.
    let cases = [
        (
            "coupée avant",
            Fault::CutBefore,
            WITHIN,
            Says::Unknown,
            false,
        ),
        (
            "coupée pendant",
            Fault::CutDuring,
            WITHIN,
            Says::Unknown,
            false,
        ),
        ("coupée après", Fault::CutAfter, WITHIN, Says::Unknown, true),
        (
            "coupée dans la réponse",
            Fault::CutAnswer,
            WITHIN,
            Says::Unknown,
            true,
        ),
        ("sans réponse", Fault::Silence, short, Says::Unknown, false),
        (
            "réponse tardive",
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
            "502 bien que faite",
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
            "du bruit bien que faite",
            Fault::AnswerInstead("\u{0}\u{1}garbage\r\n\r\n".into()),
            WITHIN,
            Says::Unknown,
            true,
        ),
        (
            "200 sans JSON",
            Fault::AnswerInstead(Fault::http(200, "", html)),
            WITHIN,
            Says::Unknown,
            true,
        ),
        (
            "200 d’une autre forme",
            Fault::AnswerInstead(Fault::http(200, "", subject.other_shape)),
            WITHIN,
            Says::Unknown,
            true,
        ),
        (
            "renvoi ailleurs",
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
            "réponse sans fin",
            Fault::Endless,
            WITHIN,
            Says::Unknown,
            true,
        ),
        (
            "le 403 d’une page",
            Fault::Answer(Fault::http(403, "", html)),
            WITHIN,
            Says::Unknown,
            false,
        ),
        (
            "refus",
            own(subject.refusal),
            WITHIN,
            Says::Refused(Code::RefusedByServer),
            false,
        ),
        (
            "jeton fini",
            own(subject.expired),
            WITHIN,
            Says::NotSent(Code::TokenExpired),
            false,
        ),
        (
            "droit perdu",
            own(subject.down_scoped),
            WITHIN,
            Says::NotSent(Code::MissingRight),
            false,
        ),
        (
            "429",
            Fault::Answer(Fault::http(429, "retry-after: 60\r\n", "")),
            WITHIN,
            Says::NotSent(Code::RateLimited),
            false,
        ),
        (
            "429 sans délai",
            Fault::Answer(Fault::http(429, "", "")),
            WITHIN,
            Says::NotSent(Code::RateLimited),
            false,
        ),
    ];
    for (about, fault, within, expected, done) in cases {
        let connector = (subject.connector)();
        let mut post = payload(&*connector, &format!("Essai : {about}"));
        (subject.dress)(&mut post);
        // More than once: a connector that tries again by itself meets the same harm.
        subject.proxy.harm(subject.put, fault, 9);
        let before = Timestamp::now();
        let outcome = connector.publish(&mut subject.session, &post, within).await;
        subject.proxy.heal();
        assert_eq!(says(&outcome), expected, "{about}: {outcome:?}");
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
        assert_eq!((subject.held)(&post.text), usize::from(done), "{about}");
        // Looking tells what is true, and never claims that something is absent which may still come.
        let connector = (subject.connector)();
        let settling = connector.describe().settling;
        let found = connector.find(&mut subject.session, &post).await;
        match (&found, done, settling) {
            (Found::Same { .. }, true, Settling::OwnKey | Settling::ByContent)
            | (Found::Absent, false, Settling::OwnKey)
            | (Found::NotSeen, false, Settling::ByContent)
            | (Found::CannotTell { .. }, _, Settling::ByPerson) => {}
            other => panic!("{about}: {other:?}"),
        }
        if !done || settling == Settling::OwnKey {
            let outcome = connector.publish(&mut subject.session, &post, WITHIN).await;
            assert_eq!(says(&outcome), Says::Published, "{about}: {outcome:?}");
        }
        assert_eq!((subject.held)(&post.text), 1, "{about}: exactly one post");
    }
}

/// A server that asks to wait is not asked again before its time, by this client, for this account.
pub async fn waits_when_told(subject: &mut Subject<'_>) {
    let connector = (subject.connector)();
    let mut post = payload(&*connector, "Essai : patience");
    (subject.dress)(&mut post);
    let slow = Fault::Answer(Fault::http(429, "retry-after: 600\r\n", ""));
    subject.proxy.harm(subject.put, slow, 1);
    let first = connector.publish(&mut subject.session, &post, WITHIN).await;
    assert_eq!(says(&first), Says::NotSent(Code::RateLimited));
    let asked = |proxy: &Proxy| {
        let seen = proxy.seen();
        seen.iter()
            .filter(|line| line.contains(subject.put))
            .count()
    };
    let before = asked(subject.proxy);
    let again = connector.publish(&mut subject.session, &post, WITHIN).await;
    assert_eq!(says(&again), Says::NotSent(Code::RateLimited));
    assert_eq!(asked(subject.proxy), before, "the server was not asked");
    assert_eq!((subject.held)(&post.text), 0);
}

/// Published, read back as published, listed, deleted, deleted again.
pub async fn round_trip(subject: &mut Subject<'_>) {
    let connector = (subject.connector)();
    let mut post = payload(&*connector, "Bonjour du phare, l’été arrive.");
    (subject.dress)(&mut post);
    assert_eq!(connector.problems(&subject.session.account, &post), []);
    connector.check(&mut subject.session).await.unwrap();
    let outcome = connector.publish(&mut subject.session, &post, WITHIN).await;
    let Outcome::Published {
        remote_id,
        url,
        content_id,
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    assert!(url.starts_with("http"), "{url}");
    let reads = connector.describe().reads;
    if reads.posts {
        let back = connector
            .read_back(&mut subject.session, &remote_id)
            .await
            .unwrap();
        let back = back.expect("the post is there");
        assert_eq!(back.text, post.text);
        assert_eq!(back.remote_id, remote_id);
        if !content_id.is_empty() {
            assert_eq!(back.content_id, content_id);
        }
        let page = connector.list(&mut subject.session, None).await.unwrap();
        assert!(page.posts.contains(&back), "{page:?}");
    }
    if connector.describe().deletes {
        connector
            .delete(&mut subject.session, &remote_id)
            .await
            .unwrap();
        connector
            .delete(&mut subject.session, &remote_id)
            .await
            .unwrap();
        assert_eq!((subject.held)(&post.text), 0);
        if reads.posts {
            let back = connector
                .read_back(&mut subject.session, &remote_id)
                .await
                .unwrap();
            assert_eq!(back, None);
        }
    }
}

/// A warning is shown before the text, or the network says beforehand that it has none: it is never dropped.
pub async fn warnings(subject: &mut Subject<'_>) {
    let connector = (subject.connector)();
    let mut post = payload(&*connector, "Essai : derrière un avertissement");
    (subject.dress)(&mut post);
    post.warning = Some("Lumières vives".into());
    let problems = connector.problems(&subject.session.account, &post);
    if !connector.describe().warning {
        assert_eq!(problems, [Code::WarningLost]);
        let outcome = connector.publish(&mut subject.session, &post, WITHIN).await;
        assert_eq!(says(&outcome), Says::Refused(Code::WarningLost));
        assert_eq!((subject.held)(&post.text), 0, "nothing went out");
        return;
    }
    assert_eq!(problems, []);
    let outcome = connector.publish(&mut subject.session, &post, WITHIN).await;
    let Outcome::Published { remote_id, .. } = outcome else {
        panic!("{outcome:?}");
    };
    let back = connector
        .read_back(&mut subject.session, &remote_id)
        .await
        .unwrap();
    assert_eq!(back.expect("the post is there").text, post.words());
    let found = connector.find(&mut subject.session, &post).await;
    assert!(matches!(found, Found::Same { .. }), "{found:?}");
    for other in [None, Some("Autre chose".to_owned())] {
        let mut without = post.clone();
        without.warning = other;
        let found = connector.find(&mut subject.session, &without).await;
        assert!(!matches!(found, Found::Same { .. }), "{found:?}");
    }
    // It counts with the text.
    let most = connector
        .describe()
        .at(&subject.session.account.limits)
        .text
        .most;
    post.text = "é".repeat(most - 3);
    let problems = connector.problems(&subject.session.account, &post);
    assert_eq!(problems, [Code::TooLong]);
}

/// Each limit on who may answer goes out where it is declared, and is a problem where it is not, and on every answer.
/// `words` are those of the network.
pub async fn repliers(subject: &mut Subject<'_>, words: &[(Repliers, &str)]) {
    let connector = (subject.connector)();
    let offered = connector.describe().repliers;
    let named: Vec<Repliers> = words.iter().map(|(who, _)| *who).collect();
    assert_eq!(named, offered, "each has a word of the network");
    for who in Repliers::ALL.iter().filter(|who| !who.is_everyone()) {
        let mut post = payload(&*connector, &format!("Essai : {who} répondent"));
        (subject.dress)(&mut post);
        post.repliers = *who;
        let problems = connector.problems(&subject.session.account, &post);
        let outcome = connector.publish(&mut subject.session, &post, WITHIN).await;
        let Some((_, word)) = words.iter().find(|(named, _)| named == who) else {
            assert_eq!(problems, [Code::RepliersNotOffered]);
            assert_eq!(says(&outcome), Says::Refused(Code::RepliersNotOffered));
            assert_eq!((subject.held)(&post.text), 0, "nothing went out");
            continue;
        };
        assert_eq!(problems, []);
        let Outcome::Published { remote_id, .. } = outcome else {
            panic!("{outcome:?}");
        };
        let back = connector
            .read_back(&mut subject.session, &remote_id)
            .await
            .unwrap();
        // A network that does not say is not guessed at.
        let seen = back.expect("the post is there").repliers;
        assert!(
            seen.is_none_or(|seen| seen == Allowed::By(*who)),
            "{seen:?}"
        );
        assert_eq!((subject.who)(&post.text), *word);
        let found = connector.find(&mut subject.session, &post).await;
        assert!(matches!(found, Found::Same { .. }), "{found:?}");
        post.reply_to = Some("1".into());
        let problems = connector.problems(&subject.session.account, &post);
        assert!(problems.contains(&Code::RepliersNotOffered), "{problems:?}");
    }
}

/// A series: each part answers the one before, is found as such, and all of them are listed as ours.
pub async fn series(subject: &mut Subject<'_>) {
    let connector = (subject.connector)();
    if !connector.describe().series {
        return;
    }
    let mut made: Vec<(String, String)> = Vec::new();
    for n in ["un", "deux", "trois"] {
        let mut post = payload(&*connector, &format!("Essai : suite, {n}"));
        (subject.dress)(&mut post);
        let placed = |(remote_id, content_id): &'_ (String, String)| Placed {
            remote_id: remote_id.clone().leak(),
            content_id: content_id.clone().leak(),
        };
        if let (Some(before), Some(first)) = (made.last(), made.first()) {
            post.reply_to = connector.next_after(&placed(before), &placed(first));
            assert!(post.reply_to.is_some());
        }
        assert_eq!(connector.problems(&subject.session.account, &post), []);
        let outcome = connector.publish(&mut subject.session, &post, WITHIN).await;
        let Outcome::Published {
            remote_id,
            content_id,
            ..
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        let found = connector.find(&mut subject.session, &post).await;
        assert!(
            matches!(&found, Found::Same { remote_id: id, .. } if *id == remote_id),
            "{found:?}"
        );
        // The same words elsewhere are not this part.
        let mut alone = post.clone();
        alone.reply_to = None;
        if post.reply_to.is_some() && connector.describe().settling == Settling::OwnKey {
            let found = connector.find(&mut subject.session, &alone).await;
            assert!(!matches!(found, Found::Same { .. }), "{found:?}");
        }
        assert_eq!((subject.held)(&post.text), 1);
        let back = connector
            .read_back(&mut subject.session, &remote_id)
            .await
            .unwrap();
        // X puts the name of whoever is answered before the words.
        let text = back.expect("the part is there").text;
        assert!(text.ends_with(&post.text), "{text}");
        made.push((remote_id, content_id));
    }
    for (remote_id, _) in made.iter().rev() {
        connector
            .delete(&mut subject.session, remote_id)
            .await
            .unwrap();
    }
}
