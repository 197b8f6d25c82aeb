//! What every chat must survive.

use futures::future::BoxFuture;
use std::time::Duration;
use url::Url;
use vigie_connect::{
    AllowedPrivate, Code, Http,
    chat::{Action, ActionId, Note, Quoted, Sent},
    rest::{Stage, Trouble},
    testing::{Fault, Proxy},
};

pub const WITHIN: Duration = Duration::from_secs(60);
/// A content that tries everything.
pub const HARD: &str = "<!channel> <@U1LEA> @channel @all @room &amp; <b>gras</b> *étoile* [ici](https://evil.example)\n```\n@here {{DATE(2026-01-01T00:00:00Z)}}\n\nfin ✅";

pub fn http() -> Http {
    Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap()
}

pub fn note(title: &str) -> Note {
    Note {
        key: format!("k{}", uuid::Uuid::now_v7().simple()),
        thread: None,
        title: title.to_owned(),
        body: vec![
            "Léa a écrit un message pour @channel.".into(),
            "Deux <pages> & plus.".into(),
        ],
        contents: vec![Quoted {
            page: "Phare · Mastodon".into(),
            text: HARD.into(),
            pictures: vec!["Un phare @all la nuit".into()],
        }],
        findings: vec![
            ("stop".into(), "Un numéro de carte <5555…>".into()),
            ("hint".into(), "Un lien sans texte".into()),
        ],
        actions: vec![
            Action {
                id: ActionId::Approve,
                label: "Approuver".into(),
                value: "v-approve".into(),
            },
            Action {
                id: ActionId::AskForChanges,
                label: "Demander une retouche".into(),
                value: "v-changes".into(),
            },
        ],
        links: vec![(
            "Ouvrir dans Vigie".into(),
            Url::parse("https://vigie.example/p/7?a=(1)&b=2").unwrap(),
        )],
        footer: "Vous recevez ceci comme relectrice.".into(),
        lang: "fr".into(),
    }
}

/// A note that is too much for every chat.
pub fn huge(title: &str) -> Note {
    let mut note = note(title);
    let text = "é<&>`@all ".repeat(8_000);
    note.title = format!("{title} {}", "t".repeat(900));
    note.body = vec!["b".repeat(9_000); 30];
    note.contents = (0..60)
        .map(|n| Quoted {
            page: format!("page {n} {}", "p".repeat(900)),
            text: text.clone(),
            pictures: vec!["alt ".repeat(900); 30],
        })
        .collect();
    note.findings = vec![("warn".into(), "f<".repeat(3_000)); 200];
    note.links = (0..40)
        .map(|n| {
            (
                "l<".repeat(300),
                Url::parse(&format!("https://vigie.example/{n}")).unwrap(),
            )
        })
        .collect();
    note.footer = "z&".repeat(9_000);
    note
}

/// Notes of every kind and length, the same each time.
pub fn strange(count: usize) -> Vec<Note> {
    use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
    let text = || {
        let piece = prop_oneof![
            "[<>&`'\"@#*_~|(){} \n\r\t]{1,9}",
            "(@all|@here|@room|<!channel>|```|\u{0}|\u{202e}|👩‍👩‍👧‍👦|\n\n|a&amp;)",
            "\\PC{1,12}",
        ];
        (
            prop::collection::vec(piece, 0..6),
            prop_oneof![4 => Just(1), 2 => 1..40_usize, 1 => 1..2_000_usize],
        )
            .prop_map(|(pieces, times)| {
                pieces
                    .concat()
                    .repeat(times)
                    .chars()
                    .take(40_000)
                    .collect::<String>()
            })
    };
    let lines = |most: usize| prop::collection::vec(text(), 0..most);
    let content = (text(), text(), lines(25)).prop_map(|(page, text, pictures)| Quoted {
        page,
        text,
        pictures,
    });
    let link = (text(), "[a-z&()@']{0,30}", 0..60_usize).prop_map(|(label, path, times)| {
        (
            label,
            Url::parse(&format!("https://vigie.example/?{}", path.repeat(times))).unwrap(),
        )
    });
    let whole = (
        (text(), lines(8), prop::collection::vec(content, 0..30)),
        prop::collection::vec(("(stop|review|warn|hint|x)", text()), 0..40),
        prop::collection::vec(link, 0..12),
        (text(), text(), "[a-z&]{0,2100}"),
    )
        .prop_map(
            |((title, body, contents), findings, links, (footer, label, value))| Note {
                title,
                body,
                contents,
                findings,
                links,
                footer,
                actions: vec![Action {
                    id: ActionId::Approve,
                    label,
                    value,
                }],
                ..note("")
            },
        );
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| whole.new_tree(&mut runner).unwrap().current())
        .collect()
}

/// Whatever a note holds, the chat takes it.
pub async fn takes_all(say: &Say) {
    for (n, strange) in strange(30).into_iter().enumerate() {
        if let Err(trouble) = say(strange.clone(), WITHIN).await {
            panic!("{n}: {trouble:?}");
        }
    }
}

pub type Say = Box<dyn Fn(Note, Duration) -> BoxFuture<'static, Result<Sent, Trouble>>>;

pub struct Subject<'a> {
    /// A new client at each call: a client remembers when a server asked it to wait.
    pub fresh: &'a dyn Fn() -> Say,
    pub proxy: &'a Proxy,
    /// What the first line of the one call that says something holds.
    pub put: &'static str,
    /// The chat's own errors: status, body, what may be said.
    pub own: &'a [(u16, &'static str, Stage, Code)],
    /// A good answer of another shape.
    pub other_shape: &'static str,
    /// How often something with this title was said.
    pub held: &'a dyn Fn(&str) -> usize,
    /// True when a repeat is the same message.
    pub own_key: bool,
    /// True when the receiver speaks our protocol: any 2xx is good and any 4xx a refusal.
    pub ours: bool,
}

/// What it is, the harm, the time given, what may be said, why, and whether it was said all the same.
type Case = (String, Fault, Duration, Option<Stage>, Option<Code>, bool);

pub async fn faults(subject: &Subject<'_>) {
    use Stage::{NotSent, Refused, Unknown};
    let html = "<html>Bad gateway</html>";
    let short = Duration::from_secs(3);
    let answer = |status, headers, body| Fault::Answer(Fault::http(status, headers, body));
    let good = |stage| (!subject.ours).then_some(stage);
    let mut cases: Vec<Case> = vec![
        (
            "coupée avant".into(),
            Fault::CutBefore,
            WITHIN,
            Some(Unknown),
            None,
            false,
        ),
        (
            "coupée pendant".into(),
            Fault::CutDuring,
            WITHIN,
            Some(Unknown),
            None,
            false,
        ),
        (
            "coupée après".into(),
            Fault::CutAfter,
            WITHIN,
            Some(Unknown),
            None,
            true,
        ),
        (
            "coupée dans la réponse".into(),
            Fault::CutAnswer,
            WITHIN,
            Some(Unknown),
            None,
            true,
        ),
        (
            "sans réponse".into(),
            Fault::Silence,
            short,
            Some(Unknown),
            Some(Code::Slow),
            false,
        ),
        (
            "tardive".into(),
            Fault::Late(Duration::from_secs(30)),
            short,
            Some(Unknown),
            Some(Code::Slow),
            true,
        ),
        (
            "500".into(),
            answer(500, "", html),
            WITHIN,
            Some(Unknown),
            Some(Code::ServerError),
            false,
        ),
        (
            "502 bien que faite".into(),
            Fault::AnswerInstead(Fault::http(502, "", html)),
            WITHIN,
            Some(Unknown),
            Some(Code::ServerError),
            true,
        ),
        (
            "503".into(),
            answer(503, "retry-after: 9\r\n", ""),
            WITHIN,
            Some(Unknown),
            None,
            false,
        ),
        (
            "bruit".into(),
            Fault::AnswerInstead("\u{0}\u{1}garbage\r\n\r\n".into()),
            WITHIN,
            Some(Unknown),
            None,
            true,
        ),
        (
            "200 sans JSON".into(),
            Fault::AnswerInstead(Fault::http(200, "", html)),
            WITHIN,
            good(Unknown),
            None,
            true,
        ),
        (
            "200 autre forme".into(),
            Fault::AnswerInstead(Fault::http(200, "", subject.other_shape)),
            WITHIN,
            good(Unknown),
            None,
            true,
        ),
        (
            "renvoi".into(),
            answer(307, "location: http://169.254.169.254/\r\n", ""),
            WITHIN,
            Some(Unknown),
            None,
            false,
        ),
        (
            "sans fin".into(),
            Fault::Endless,
            WITHIN,
            Some(Unknown),
            Some(Code::AnswerTooLarge),
            true,
        ),
        (
            "403 d’une page".into(),
            answer(403, "", html),
            WITHIN,
            Some(if subject.ours { Refused } else { Unknown }),
            None,
            false,
        ),
        (
            "429".into(),
            answer(429, "retry-after: 60\r\n", ""),
            WITHIN,
            Some(NotSent),
            Some(Code::RateLimited),
            false,
        ),
        (
            "429 sans délai".into(),
            answer(429, "", html),
            WITHIN,
            Some(NotSent),
            Some(Code::RateLimited),
            false,
        ),
    ];
    for (status, body, stage, code) in subject.own {
        cases.push((
            format!("{status} {code}"),
            answer(*status, "", body),
            WITHIN,
            Some(*stage),
            Some(*code),
            false,
        ));
    }
    for (n, (about, fault, within, stage, code, done)) in cases.into_iter().enumerate() {
        let say = (subject.fresh)();
        let note = note(&format!("Essai {n} : {about}"));
        subject.proxy.harm(subject.put, fault, 9);
        let asked = count(subject);
        let said = say(note.clone(), within).await;
        subject.proxy.heal();
        assert_eq!(
            count(subject) - asked,
            1,
            "{about}: one attempt, no repeat of its own"
        );
        assert_eq!(
            said.as_ref().err().map(|t| t.stage),
            stage,
            "{about}: {said:?}"
        );
        if let (Err(trouble), Some(code)) = (&said, code) {
            assert_eq!(trouble.failure.code, code, "{about}");
            if about == "429" {
                assert!(trouble.failure.retry_at.is_some(), "{about}: {trouble:?}");
            }
        }
        assert_eq!((subject.held)(&note.title), usize::from(done), "{about}");
        // What surely was not said may be said again; with a key of ours, whatever happened.
        if !done || subject.own_key {
            let say = (subject.fresh)();
            say(note.clone(), WITHIN).await.unwrap();
        }
        assert_eq!((subject.held)(&note.title), 1, "{about}: exactly once");
    }
}

fn count(subject: &Subject<'_>) -> usize {
    subject
        .proxy
        .seen()
        .iter()
        .filter(|line| line.contains(subject.put))
        .count()
}

/// A chat that is down, and one that asks to wait.
pub async fn waits_when_told(subject: &Subject<'_>) {
    let say = (subject.fresh)();
    let slow = Fault::Answer(Fault::http(429, "retry-after: 600\r\n", ""));
    subject.proxy.harm(subject.put, slow, 1);
    let note = note("Essai : patience");
    for _ in 0..2 {
        let trouble = say(note.clone(), WITHIN).await.unwrap_err();
        assert_eq!(
            (trouble.stage, trouble.failure.code),
            (Stage::NotSent, Code::RateLimited)
        );
    }
    assert_eq!(
        count(subject),
        1,
        "the server was not asked before its time"
    );
    assert_eq!((subject.held)(&note.title), 0);
}

/// No address of a private network is called unless the operator allows it.
pub async fn guarded(say: impl AsyncFn(Http, Note) -> Result<Sent, Trouble>) {
    let http = Http::new(AllowedPrivate::default()).unwrap();
    let trouble = say(http, note("Essai : garde")).await.unwrap_err();
    assert_eq!(
        (trouble.stage, trouble.failure.code),
        (Stage::NotSent, Code::AddressNotAllowed)
    );
}
