//! Conversations by mail against real servers: Postfix, Dovecot and a real name server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on must fail"
)]

use jiff::Timestamp;
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator};
use mail_parser::MessageParser;
use secrecy::SecretString;
use std::{
    io::Write as _,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;
use vigie_connect::{
    AllowedPrivate, Code,
    chat::{ActionId, Heard, Note, Quoted},
    mail::{
        Address, Cursor, Incoming, Letter, Login, Mailbox, Outgoing, Round, Taken, Unsubscribe,
        Unsure, letter::tag, reply,
    },
    reach::{Reach, Security},
    rest::{Stage, Trouble},
    testing::{Cut, MailServers, Snip, mail::server},
};

const WITHIN: Duration = Duration::from_secs(60);

/// A mailbox of this test alone.
fn fresh(name: &str) -> String {
    format!("{name}{}", &uuid::Uuid::now_v7().simple().to_string()[8..])
}

fn token() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

fn letter(to: &str, token: Option<&str>) -> Letter {
    let mailbox = |name: &str, address: &str| Mailbox {
        name: name.into(),
        address: Address::parse(address).unwrap(),
    };
    Letter {
        from: mailbox("Vigie", "vigie@corp.test"),
        to: mailbox("Anne « la cheffe » Durand", to),
        note: Note {
            key: uuid::Uuid::now_v7().to_string(),
            thread: None,
            title: "À relire : nos horaires d'été".into(),
            body: vec!["Karim demande votre avis.".into()],
            contents: vec![Quoted {
                page: "Facebook, page Corp".into(),
                text: ".\nNos horaires changent !\n.\nFrom nine to five.  ".into(),
                pictures: vec![],
            }],
            findings: vec![("warn".into(), "Une date sans année".into())],
            actions: vec![],
            links: vec![(
                "Ouvrir dans Vigie".into(),
                Url::parse("https://vigie.corp.test/r/1").unwrap(),
            )],
            footer: "Répondez « approuve », ou « changer : … ».".into(),
            lang: "fr".into(),
        },
        items: vec![],
        token: token.map(str::to_owned),
        unsubscribe: Some(Unsubscribe {
            url: Url::parse("https://vigie.corp.test/stop/1").unwrap(),
        }),
    }
}

async fn open(incoming: &Incoming) -> Round {
    incoming.open(WITHIN).await.unwrap()
}

/// Takes until a letter is there.
async fn take(incoming: &Incoming, cursor: Option<Cursor>) -> Taken {
    let mut round = open(incoming).await;
    for _ in 0..20 {
        let taken = round.take(cursor, WITHIN).await.unwrap();
        if !taken.letters.is_empty() {
            round.done(&taken.letters, WITHIN).await.unwrap();
            round.close().await;
            return taken;
        }
        round = round.wait(Duration::from_secs(5)).await.unwrap().0;
    }
    panic!("no letter came");
}

/// What a program of another make says about the signature.
fn dkimpy(letter: &[u8], key: &std::path::Path) -> bool {
    let program = r#"
import sys, dkim, subprocess
pem = subprocess.run(["openssl", "pkey", "-in", sys.argv[1], "-pubout"], capture_output=True, check=True).stdout
key = b"".join(l for l in pem.splitlines() if b"-----" not in l)
ok = dkim.verify(sys.stdin.buffer.read(), dnsfunc=lambda *a, **k: b"v=DKIM1; k=rsa; p=" + key)
print("good" if ok else "bad")
"#;
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", program])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    child.stdin.take().unwrap().write_all(letter).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "Debian package python3-dkim");
    String::from_utf8_lossy(&output.stdout).trim() == "good"
}

#[tokio::test]
async fn a_note_goes_out_is_read_and_its_signature_is_good() {
    let Some(servers) = MailServers::shared() else {
        return;
    };
    for (port, security) in [
        ("smtp", Security::StartTls),
        ("smtps", Security::Tls),
        ("plain", Security::Plain),
    ] {
        let anne = fresh("anne");
        let incoming = servers.incoming(&anne);
        // Somebody waits already when it comes.
        let waiting = open(&incoming).await;
        let waiting = tokio::spawn(waiting.wait(Duration::from_secs(120)));
        let outgoing = servers.outgoing(servers.port(port), security);
        let token = token();
        let letter = letter(&format!("{anne}@example.test"), Some(&token));
        let sent = outgoing.send(&letter, WITHIN).await.unwrap();
        let (_, woken) = waiting.await.unwrap().unwrap();
        assert!(woken, "the server said that a letter came");
        let taken = take(&incoming, None).await;
        assert_eq!(taken.letters.len(), 1);
        let bytes = &taken.letters[0].bytes;
        let message = MessageParser::new().parse(bytes).unwrap();
        assert_eq!(message.message_id(), sent.message.as_deref());
        assert_eq!(
            message.subject(),
            Some(format!("À relire : nos horaires d'été {}", tag(&token)).as_str())
        );
        assert!(
            message
                .body_text(0)
                .unwrap()
                .replace('\r', "")
                .contains("> .\n> Nos horaires changent !\n> .\n> From nine to five.  \n")
        );
        // The signature, twice: by the library that we verify with, and by another.
        let mut dns = mail_auth::hickory_resolver::config::NameServerConfig::udp_and_tcp(
            [127, 0, 0, 1].into(),
        );
        dns.connections
            .iter_mut()
            .for_each(|c| c.port = servers.port("dns"));
        let config = mail_auth::hickory_resolver::config::ResolverConfig::from_parts(
            None,
            vec![],
            vec![dns],
        );
        let resolver = MessageAuthenticator::new(config, Default::default()).unwrap();
        let good = AuthenticatedMessage::parse(bytes).unwrap();
        let verdicts = resolver.verify_dkim(&good).await;
        assert_eq!(verdicts.len(), 1);
        assert_eq!(verdicts[0].result(), &DkimResult::Pass);
        let covered = &verdicts[0].signature().unwrap().h;
        for header in [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
        ] {
            assert!(covered.iter().any(|h| h == header), "{header}");
        }
        assert!(dkimpy(bytes, &servers.key("corp.test")));
        let tampered = String::from_utf8(bytes.clone())
            .unwrap()
            .replace("five", "six");
        assert!(!dkimpy(tampered.as_bytes(), &servers.key("corp.test")));
        // Our own letter coming back is nobody's answer.
        assert_eq!(
            servers.judge(None).author(bytes, Timestamp::now()).await,
            Err(Unsure::Automatic)
        );
    }
}

#[test]
fn the_record_to_publish_is_the_one_that_another_program_makes() {
    let Some(servers) = MailServers::shared() else {
        return;
    };
    let out = Command::new("openssl")
        .args(["pkey", "-pubout", "-in"])
        .arg(servers.key("corp.test"))
        .output()
        .unwrap();
    let public: String = String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let record = servers.dkim("corp.test").record().to_owned();
    assert_eq!(record, format!("v=DKIM1; k=rsa; p={public}"));
}

/// A letter of a member, signed for a domain by its key.
struct Answer<'a> {
    from: &'a str,
    signed_by: Option<&'a str>,
    to: &'a str,
    subject: &'a str,
    more: &'a str,
    body: &'a str,
    id: String,
}

impl Answer<'_> {
    fn write(&self, servers: &MailServers) -> Vec<u8> {
        let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
        let letter = format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {date}\r\nMessage-ID: <{}>\r\n{}MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
            self.from,
            self.to,
            self.subject,
            self.id,
            self.more,
            self.body.replace('\n', "\r\n")
        );
        match self.signed_by {
            Some(domain) => servers.dkim(domain).sign(letter.as_bytes()).unwrap(),
            None => letter.into_bytes(),
        }
    }
}

/// What becomes of a letter in the mailbox: the writer's decision and words, or why nobody is its writer.
async fn heard(
    servers: &MailServers,
    ours: &Address,
    letter: &[u8],
    trusted: Option<&str>,
) -> Result<Vec<Heard>, Unsure> {
    let author = servers
        .judge(trusted)
        .author(letter, Timestamp::now())
        .await?;
    Ok(reply::read(letter, &author, ours))
}

#[tokio::test]
async fn only_the_members_own_answer_decides() {
    let Some(servers) = MailServers::shared() else {
        return;
    };
    let (anne, box_name) = (fresh("anne"), fresh("vigie"));
    let ours = Address::parse(&format!("{box_name}@corp.test")).unwrap();
    let (outgoing, token) = (
        servers.outgoing(servers.port("smtp"), Security::StartTls),
        token(),
    );
    let mut question = letter(&format!("{anne}@example.test"), Some(&token));
    question.from.address = ours.clone();
    let sent = outgoing.send(&question, WITHIN).await.unwrap();
    let at_annes = take(&servers.incoming(&anne), None).await;
    let got = MessageParser::new()
        .parse(&at_annes.letters[0].bytes)
        .unwrap();
    let reply_to = got
        .reply_to()
        .unwrap()
        .first()
        .unwrap()
        .address()
        .unwrap()
        .to_owned();
    let subject = "Re: horaires".to_owned();
    let from = format!("Anne Durand <{anne}@example.test>");
    let thread = format!(
        "In-Reply-To: <{0}>\r\nReferences: <{0}>\r\n",
        sent.message.as_deref().unwrap()
    );
    let body = "Approuve\n\nLe 3 mars 2026, Vigie <vigie@corp.test> a écrit :\n> Karim demande";
    let answer = |signed_by| Answer {
        from: &from,
        signed_by,
        to: &reply_to,
        subject: &subject,
        more: &thread,
        body,
        id: format!("{}@example.test", uuid::Uuid::now_v7()),
    };
    let approved = |heard: &[Heard]| {
        matches!(heard, [Heard::Pressed { who, action: ActionId::Approve, value, thread: Some(thread) }]
            if *value == token && who.id == format!("{anne}@example.test") && who.chat == "mail"
                && Some(thread) == sent.thread.as_ref())
    };
    let now = |letter: Vec<u8>| {
        let (servers, ours) = (servers.clone(), ours.clone());
        async move { heard(&servers, &ours, &letter, None).await }
    };

    // Anne's own, through the real mailbox.
    let mine = answer(Some("example.test")).write(&servers);
    servers.deliver(&format!("{anne}@example.test"), &reply_to, &mine);
    let taken = take(&servers.incoming(&box_name), None).await;
    let got = heard(&servers, &ours, &taken.letters[0].bytes, None)
        .await
        .unwrap();
    assert!(approved(&got), "{got:?}");

    let with = |change: &dyn Fn(&mut Answer<'_>)| {
        let mut one = answer(Some("example.test"));
        change(&mut one);
        one.write(&servers)
    };
    let text = |letter: &[u8]| String::from_utf8(letter.to_vec()).unwrap();
    // Nobody surely wrote these.
    let forged: Vec<(&str, Vec<u8>, Unsure)> = vec![
        ("unsigned", answer(None).write(&servers), Unsure::Unsigned),
        (
            "signed by another domain",
            answer(Some("evil.test")).write(&servers),
            Unsure::OtherDomain,
        ),
        (
            "another body",
            text(&mine)
                .replace("Karim demande", "Karim exige")
                .into_bytes(),
            Unsure::Broken,
        ),
        (
            "another word",
            text(&with(&|a| a.body = "Changer : tout"))
                .replace("Changer : tout", "Approuve")
                .into_bytes(),
            Unsure::Broken,
        ),
        (
            "another writer",
            text(&mine)
                .replace(&format!("<{anne}@"), "<karim@")
                .into_bytes(),
            Unsure::Broken,
        ),
        (
            "a writer put before",
            [b"From: Karim <karim@example.test>\r\n".as_slice(), &mine].concat(),
            Unsure::Odd,
        ),
        (
            "two in one line",
            with(&|a| a.from = "a@example.test, b@example.test"),
            Unsure::Odd,
        ),
        (
            "an absence notice",
            with(&|a| a.more = "Auto-Submitted: auto-replied\r\n"),
            Unsure::Automatic,
        ),
        (
            "a bulk letter",
            with(&|a| a.more = "Precedence: bulk\r\n"),
            Unsure::Automatic,
        ),
        (
            "a list",
            with(&|a| a.more = "List-Id: <all.example.test>\r\n"),
            Unsure::List,
        ),
        (
            "a returned letter",
            [b"Return-Path: <>\r\n", mine.as_slice()].concat(),
            Unsure::Bounce,
        ),
        (
            "a signature put twice over a second body",
            text(&mine)
                .replace("dkim-signature", "DKIM-Signature")
                .replacen("a=rsa-sha256", "a=rsa-sha1", 1)
                .into_bytes(),
            Unsure::OtherDomain,
        ),
    ];
    for (about, letter, why) in forged {
        assert_eq!(now(letter).await, Err(why), "{about}");
    }
    let old = Timestamp::now() + jiff::SignedDuration::from_hours(15 * 24);
    assert_eq!(
        servers.judge(None).author(&mine, old).await,
        Err(Unsure::Date)
    );
    // evil.test speaks for itself, not for Anne: the shell sees who it is.
    let evil = Answer {
        from: &format!("Anne Durand <{anne}@evil.test>"),
        ..answer(Some("evil.test"))
    };
    let got = now(evil.write(&servers)).await.unwrap();
    assert!(!approved(&got));
    assert!(
        matches!(&got[..], [Heard::Pressed { who, .. }] if who.id == format!("{anne}@evil.test")),
        "{got:?}"
    );
    // A signed "approve" about something else, put under this token by somebody who knows it.
    let lunch = with(&|a| {
        a.to = "karim@example.test";
        a.subject = "Lunch?";
        a.more = "";
    });
    let moved = [format!("Delivered-To: {reply_to}\r\n").as_bytes(), &lunch].concat();
    let got = now(moved).await.unwrap();
    assert!(matches!(&got[..], [Heard::Said { .. }]), "{got:?}");
    // In words, it is words.
    let got = now(with(&|a| a.body = "Je préfère attendre.\n\n> approuve"))
        .await
        .unwrap();
    assert!(
        matches!(&got[..], [Heard::Said { text, thread, .. }] if text == "Je préfère attendre." && Some(thread) == sent.thread.as_ref())
    );
    // A name server that does not answer is no answer.
    let nowhere = vigie_connect::mail::Judge::asking(([127, 0, 0, 1], 9).into(), None).unwrap();
    assert_eq!(
        nowhere.author(&mine, Timestamp::now()).await,
        Err(Unsure::Later)
    );
    // The operator's own server vouches where nothing is signed, if it is named.
    let vouched = [
        b"Authentication-Results: mx.corp.test; spf=pass smtp.mailfrom=example.test\r\n".as_slice(),
        &answer(None).write(&servers),
    ]
    .concat();
    assert_eq!(
        heard(&servers, &ours, &vouched, None).await,
        Err(Unsure::Unsigned)
    );
    assert_eq!(
        heard(&servers, &ours, &vouched, Some("mx.other.test")).await,
        Err(Unsure::Unsigned)
    );
    // It says nothing about the headers: not a decision, but Anne's words.
    let got = heard(&servers, &ours, &vouched, Some("mx.corp.test"))
        .await
        .unwrap();
    assert!(
        matches!(&got[..], [Heard::Said { who, .. }] if who.id == format!("{anne}@example.test")),
        "{got:?}"
    );
}

#[tokio::test]
async fn letters_are_taken_once_and_none_is_lost() {
    let Some(servers) = MailServers::shared() else {
        return;
    };
    let name = fresh("vigie");
    let incoming = servers.incoming(&name);
    let deliver = |n: u32| {
        let letter = format!("Message-ID: <{n}@example.test>\r\nSubject: {n}\r\n\r\n{n}\r\n");
        servers.deliver(
            "a@example.test",
            &format!("{name}@corp.test"),
            letter.as_bytes(),
        );
    };
    let subjects = |taken: &Taken| -> Vec<String> {
        let all = taken.letters.iter().map(|l| {
            MessageParser::new()
                .parse(&l.bytes)
                .unwrap()
                .subject()
                .unwrap_or_default()
                .to_owned()
        });
        all.collect()
    };
    (1..=3).for_each(deliver);
    let mut round = open(&incoming).await;
    let first = round.take(None, WITHIN).await.unwrap();
    assert_eq!(subjects(&first), ["1", "2", "3"]);
    // The shell died before it kept them: they come again.
    assert_eq!(round.take(None, WITHIN).await.unwrap(), first);
    // It kept them and died before marking: the cursor knows.
    let none = round.take(Some(first.cursor), WITHIN).await.unwrap();
    assert!(none.letters.is_empty() && none.cursor == first.cursor && !none.more);
    // Somebody reads a new letter before us: it is not lost.
    deliver(4);
    let fourth = round.take(Some(first.cursor), WITHIN).await.unwrap();
    assert_eq!(subjects(&fourth), ["4"]);
    round.done(&fourth.letters, WITHIN).await.unwrap();
    assert_eq!(
        subjects(&round.take(Some(first.cursor), WITHIN).await.unwrap()),
        ["4"]
    );
    round.done(&first.letters, WITHIN).await.unwrap();
    // Too large: passed over, and said.
    let big = format!("Subject: big\r\n\r\n{}", "x".repeat(70).repeat(16_000));
    servers.deliver(
        "a@example.test",
        &format!("{name}@corp.test"),
        big.as_bytes(),
    );
    deliver(5);
    let fifth = round.take(Some(fourth.cursor), WITHIN).await.unwrap();
    assert_eq!(
        (subjects(&fifth), fifth.too_large),
        (vec!["5".to_owned()], 1)
    );
    round.close().await;
    // The server numbers its letters anew. The fifth was kept and not yet marked: it comes again, known by its
    // Message-ID; those marked do not; the sixth is not lost.
    deliver(6);
    let mut anew = fifth.cursor.validity;
    while anew == fifth.cursor.validity {
        for entry in std::fs::read_dir(servers.mailbox(&name)).unwrap() {
            let path = entry.unwrap().path();
            if path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("dovecot")
            {
                let _ = std::fs::remove_file(path);
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        anew = open(&incoming)
            .await
            .take(None, WITHIN)
            .await
            .unwrap()
            .cursor
            .validity;
    }
    let mut round = open(&incoming).await;
    let after = round.take(Some(fifth.cursor), WITHIN).await.unwrap();
    let mut got = subjects(&after);
    got.sort();
    assert_eq!(got, ["5", "6"]);
    round.done(&after.letters, WITHIN).await.unwrap();
    // Without a cursor, what is seen is left alone, now and later.
    let fresh = round.take(None, WITHIN).await.unwrap();
    assert!(fresh.letters.is_empty() && fresh.cursor.uid > 0);
    assert!(
        round
            .take(Some(fresh.cursor), WITHIN)
            .await
            .unwrap()
            .letters
            .is_empty()
    );
    deliver(7);
    assert_eq!(
        subjects(&round.take(Some(fresh.cursor), WITHIN).await.unwrap()),
        ["7"]
    );
}

#[tokio::test]
async fn a_letter_cut_off_is_never_said_to_be_unsent_when_it_went() {
    let Some(servers) = MailServers::shared() else {
        return;
    };
    let cut = Cut::before(servers.port("plain")).await;
    let outgoing = servers.outgoing(cut.port, Security::Plain);
    let end = "\r\n.\r\n";
    let cases = [
        ("EHLO", Snip::Before, Stage::NotSent, false),
        ("EHLO", Snip::Garbage, Stage::NotSent, false),
        ("AUTH", Snip::After, Stage::NotSent, false),
        ("MAIL FROM", Snip::Before, Stage::NotSent, false),
        ("MAIL FROM", Snip::Busy, Stage::NotSent, false),
        ("RCPT TO", Snip::After, Stage::NotSent, false),
        ("DATA\r\n", Snip::Before, Stage::NotSent, false),
        ("DATA\r\n", Snip::After, Stage::NotSent, false),
        ("MIME-Version", Snip::Middle, Stage::Unknown, false),
        ("MIME-Version", Snip::Before, Stage::Unknown, false),
        (end, Snip::Before, Stage::Unknown, false),
        (end, Snip::Busy, Stage::NotSent, false),
        (end, Snip::After, Stage::Unknown, true),
        (end, Snip::Garbage, Stage::Unknown, true),
    ];
    for (word, snip, stage, went) in cases {
        let name = fresh("karim");
        let letter = letter(&format!("{name}@corp.test"), None);
        cut.harm(word, snip);
        let trouble = outgoing.send(&letter, WITHIN).await.unwrap_err();
        assert_eq!(cut.left(), 0, "{word:?} was said");
        assert_eq!(trouble.stage, stage, "{word:?} {snip:?}: {trouble:?}");
        // Sent again as the shell or a person decides: the mailbox tells what is a repeat.
        let sent = outgoing.send(&letter, WITHIN).await.unwrap();
        let expected = if went { 2 } else { 1 };
        let id = format!("<{}>", sent.message.unwrap());
        let mut copies = 0;
        for _ in 0..100 {
            copies = servers
                .letters(&name)
                .iter()
                .filter(|l| String::from_utf8_lossy(l).contains(&id))
                .count();
            if copies >= expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(
            (copies, servers.letters(&name).len()),
            (expected, expected),
            "{word:?} {snip:?}"
        );
    }
    cut.harm(end, Snip::Silence);
    let silent = outgoing
        .send(&letter("karim@corp.test", None), Duration::from_secs(3))
        .await;
    assert_eq!(silent.unwrap_err().stage, Stage::Unknown);
    cut.harm("AUTH", Snip::Silence);
    let silent = outgoing
        .send(&letter("karim@corp.test", None), Duration::from_secs(3))
        .await;
    assert_eq!(silent.unwrap_err().stage, Stage::NotSent);
    // Encrypted, where nobody sees the words: after each of the server's answers.
    let cut = Cut::before(servers.port("smtp")).await;
    let outgoing = servers.outgoing(cut.port, Security::StartTls);
    let mut unknown = 0;
    for answers in 0..30 {
        let name = fresh("leo");
        let letter = letter(&format!("{name}@corp.test"), None);
        cut.after_answers(Some(answers));
        match outgoing.send(&letter, WITHIN).await {
            Ok(_) => break,
            Err(Trouble {
                stage: Stage::NotSent,
                ..
            }) => assert_eq!(servers.letters(&name).len(), 0, "{answers}"),
            Err(Trouble {
                stage: Stage::Unknown,
                ..
            }) => unknown += 1,
            Err(other) => panic!("{answers}: {other:?}"),
        }
        assert!(answers < 29, "it goes through in the end");
    }
    assert_eq!(unknown, 1, "one answer counts");
}

#[tokio::test]
async fn reading_that_is_cut_off_loses_nothing() {
    let Some(servers) = MailServers::shared() else {
        return;
    };
    let name = fresh("vigie");
    let cut = Cut::before(servers.port("imaps")).await;
    let mut incoming = servers.incoming(&name);
    incoming.server.port = cut.port;
    servers.deliver(
        "a@example.test",
        &format!("{name}@corp.test"),
        b"Subject: 1\r\nMessage-ID: <1@a.test>\r\n\r\n1\r\n",
    );
    // What the shell has kept: the cursor, with how many letters.
    let (mut cursor, mut kept, mut failed) = (None, 0, 0);
    for answers in 0..60 {
        cut.after_answers(Some(answers));
        let result = async {
            let mut round = incoming.open(WITHIN).await?;
            let taken = round.take(cursor, WITHIN).await?;
            kept += taken.letters.len();
            cursor = Some(taken.cursor);
            round.done(&taken.letters, WITHIN).await
        };
        match result.await {
            Ok(()) => break,
            Err(failure) => {
                assert!(failure.code.is_passing(), "{answers}: {failure}");
                failed += 1;
            }
        }
    }
    assert_eq!(kept, 1);
    assert!((5..60).contains(&failed), "{failed}");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let Some(servers) = MailServers::shared() else {
        return;
    };
    let good = servers.outgoing(servers.port("smtp"), Security::StartTls);
    good.check(WITHIN).await.unwrap();
    let letter = letter("karim@corp.test", None);
    let trouble = |outgoing: Outgoing| {
        let letter = letter.clone();
        async move { outgoing.send(&letter, WITHIN).await.unwrap_err() }
    };
    // The server says no to the reader, or to the login.
    let mut nobody = letter.clone();
    nobody.to.address = Address::parse("nobody@corp.test").unwrap();
    let no = good.send(&nobody, WITHIN).await.unwrap_err();
    assert_eq!(
        (no.stage, no.failure.code, no.status),
        (Stage::Refused, Code::RefusedByServer, 550)
    );
    let wrong = Login {
        user: "vigie@corp.test".into(),
        password: "wrong".to_owned().into(),
    };
    let no = trouble(Outgoing {
        login: Some(wrong.clone()),
        ..good.clone()
    })
    .await;
    assert_eq!(
        (no.stage, no.failure.code),
        (Stage::Refused, Code::BadCredentials)
    );
    let mut incoming = servers.incoming("vigie");
    incoming.folder = "Nowhere".into();
    assert_eq!(
        incoming.open(WITHIN).await.unwrap_err().code,
        Code::FolderMissing
    );
    incoming.login = wrong;
    assert_eq!(
        incoming.open(WITHIN).await.unwrap_err().code,
        Code::BadCredentials
    );
    // A certificate that nobody vouches for.
    let strangers = Reach::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap());
    let no = trouble(Outgoing {
        reach: strangers.clone(),
        ..good.clone()
    })
    .await;
    assert_eq!(
        (no.stage, no.failure.code),
        (Stage::NotSent, Code::ServerDown)
    );
    let mut incoming = servers.incoming("vigie");
    incoming.reach = strangers;
    assert_eq!(
        incoming.open(WITHIN).await.unwrap_err().code,
        Code::ServerDown
    );
    // Where it may not go, and not in clear to the world.
    let public = Reach::new(AllowedPrivate::default());
    for (host, security, code) in [
        ("127.0.0.1", Security::StartTls, Code::AddressNotAllowed),
        ("localhost", Security::Tls, Code::AddressNotAllowed),
        ("169.254.169.254", Security::Tls, Code::AddressNotAllowed),
        ("[::1]", Security::Tls, Code::AddressNotAllowed),
        ("8.8.8.8", Security::Plain, Code::NotEncrypted),
        ("a/b@127.0.0.1", Security::Tls, Code::BadAddress),
        ("", Security::Tls, Code::BadAddress),
    ] {
        let mut to = server(servers.port("smtp"), security);
        to.host = host.into();
        let no = trouble(Outgoing {
            reach: public.clone(),
            server: to,
            ..good.clone()
        })
        .await;
        assert_eq!(no.failure.code, code, "{host}");
        assert_ne!(no.stage, Stage::Unknown);
    }
    let no = trouble(Outgoing {
        server: server(9, Security::Tls),
        ..good.clone()
    })
    .await;
    assert_eq!(
        (no.stage, no.failure.code),
        (Stage::NotSent, Code::ServerDown)
    );
}

/// A server that says these lines, one after each line it gets.
async fn scripted(lines: &'static [&'static str]) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut chunk = [0; 4_096];
            for line in lines {
                let _ = client.write_all(line.as_bytes()).await;
                if client.read(&mut chunk).await.unwrap_or_default() == 0 {
                    break;
                }
            }
        }
    });
    port
}

#[tokio::test]
async fn a_no_is_about_what_it_answers() {
    let reach = Reach::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap());
    let letter = letter("karim@corp.test", None);
    let lines = |lines: &[&str]| -> &'static [&'static str] {
        let mut all = vec!["220 x\r\n".to_owned(), "250 x\r\n".to_owned()];
        all.extend(lines.iter().map(|line| format!("{line}\r\n")));
        let all: Vec<&'static str> = all.into_iter().map(|l| &*String::leak(l)).collect();
        Vec::leak(all)
    };
    use Code::{LetterRefused, RefusedByServer, SenderRefused, ServerError};
    for (said, stage, code) in [
        (vec!["550 no"], Stage::NotSent, SenderRefused),
        (vec!["450 later"], Stage::NotSent, ServerError),
        (vec!["250 ok", "550 no"], Stage::Refused, RefusedByServer),
        (
            vec![
                "250 ok",
                "553 5.7.1 <v@x>: Sender address rejected: not owned",
            ],
            Stage::NotSent,
            SenderRefused,
        ),
        (
            vec!["250 ok", "250 ok", "554 no"],
            Stage::Refused,
            LetterRefused,
        ),
        (
            vec!["250 ok", "250 ok", "354 go", "554 spam"],
            Stage::Refused,
            LetterRefused,
        ),
    ] {
        let outgoing = Outgoing {
            reach: reach.clone(),
            server: server(scripted(lines(&said)).await, Security::Plain),
            login: None,
            dkim: None,
        };
        let no = outgoing.send(&letter, WITHIN).await.unwrap_err();
        assert_eq!((no.stage, no.failure.code), (stage, code), "{said:?}");
    }
}

#[tokio::test]
async fn nothing_said_in_clear_is_believed() {
    let Some(servers) = MailServers::shared() else {
        return;
    };
    let send = |port| {
        let outgoing = servers.outgoing(port, Security::StartTls);
        async move {
            outgoing
                .send(&letter("karim@corp.test", None), WITHIN)
                .await
                .unwrap_err()
        }
    };
    // Somebody between strips the offer, or says words that would be read as if they had come encrypted.
    let stripped = scripted(&["220 x\r\n", "250-x\r\n250 AUTH PLAIN\r\n"]).await;
    assert_eq!(send(stripped).await.failure.code, Code::NotEncrypted);
    let injected = scripted(&[
        "220 x\r\n",
        "250-x\r\n250 STARTTLS\r\n",
        "220 go\r\n250-x\r\n250 AUTH PLAIN\r\n",
    ])
    .await;
    assert_eq!(send(injected).await.failure.code, Code::GarbageAnswer);
    let refuses = scripted(&["554 no\r\n"]).await;
    assert_eq!(send(refuses).await.failure.code, Code::RefusedByServer);
    let endless: &'static [&'static str] =
        Box::leak(Box::new([&*String::leak("220-x\r\n".repeat(9_000))]));
    assert_eq!(
        send(scripted(endless).await).await.failure.code,
        Code::AnswerTooLarge
    );
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
    let Some(servers) = MailServers::shared() else {
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
    let name = fresh("anne");
    let mut said = String::new();
    let outgoing = servers.outgoing(servers.port("smtp"), Security::StartTls);
    said += &format!("{outgoing:?}");
    outgoing
        .send(&letter(&format!("{name}@corp.test"), None), WITHIN)
        .await
        .unwrap();
    let incoming = servers.incoming(&name);
    let round = open(&incoming).await;
    said += &format!("{incoming:?} {round:?}");
    drop(take(&incoming, None).await);
    let wrong = Login {
        user: "vigie@corp.test".into(),
        password: SecretString::from("canary-wrong".to_owned()),
    };
    let bad = Outgoing {
        login: Some(wrong.clone()),
        ..outgoing.clone()
    };
    said += &format!(
        "{:?}",
        bad.send(&letter("karim@corp.test", None), WITHIN).await
    );
    let mut bad = incoming.clone();
    bad.login = wrong;
    said += &format!("{:?}", bad.open(WITHIN).await);
    // A server that quotes what it was sent.
    let quoting = scripted(&[
        "220 x\r\n",
        "250-x\r\n250 AUTH PLAIN\r\n",
        "535 no: canary-wrong\r\n",
    ])
    .await;
    let mut bad = servers.outgoing(quoting, Security::Plain);
    bad.login = Some(Login {
        user: "vigie".into(),
        password: SecretString::from("canary-wrong".to_owned()),
    });
    said += &format!(
        "{:?}",
        bad.send(&letter("karim@corp.test", None), WITHIN).await
    );
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("letter"), "the log was collected");
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    for password in [servers.password.as_str(), "canary-wrong"] {
        for form in [
            password.to_owned(),
            STANDARD.encode(format!("\0vigie@corp.test\0{password}")),
            STANDARD.encode(password),
        ] {
            assert!(!logged.contains(&form), "a password was logged");
            assert!(!said.contains(&form), "a password was said");
        }
    }
}

#[tokio::test]
async fn no_single_byte_can_be_changed_into_a_decision() {
    let Some(servers) = MailServers::shared() else {
        return;
    };
    let ours = Address::parse("vigie@corp.test").unwrap();
    let token = token();
    let words = Answer {
        from: "Anne <anne@example.test>",
        signed_by: Some("example.test"),
        to: &format!("vigie+{token}@corp.test"),
        subject: "Re: horaires",
        more: "",
        body: "approuvE pas\n\n--x\n\nnon",
        id: "1@example.test".into(),
    }
    .write(&servers);
    let judge = servers.judge(None);
    let now = Timestamp::now();
    let good = judge.author(&words, now).await.unwrap();
    let (mut held, mut refused) = (0, 0);
    for at in 0..words.len() {
        for byte in [b' ', b'\n', b'>', 0, 0xff, b'"'] {
            let mut changed = words.clone();
            changed[at] = byte;
            match judge.author(&changed, now).await {
                Ok(author) => {
                    held += 1;
                    assert_eq!(
                        (&author.address, &author.message),
                        (&good.address, &good.message),
                        "{at}"
                    );
                    let heard = reply::read(&changed, &author, &ours);
                    assert!(
                        !heard.iter().any(|one| matches!(one, Heard::Pressed { .. })),
                        "{at} {byte}: {heard:?}"
                    );
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > held, "{refused} refused, {held} held");
}
