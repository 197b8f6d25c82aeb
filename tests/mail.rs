#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! Letters to members on real mail servers: an address is proven, a review is asked for, answered and talked about by
//! letter; what nobody vouches for decides nothing; what is not wanted stops, and nothing is said twice.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use company::Company;
use jiff::{SignedDuration, Timestamp};
use vigie::account::session;
use vigie::mail::{Keys, PURPOSE, inbox, outbox};
use vigie::post::actions;
use vigie::publication::alarm;
use vigie::testing::{Browser, TestApp};
use vigie::web::viewer::session_cookie;
use vigie_connect::mail::Judge;
use vigie_connect::testing::MailServers;
use vigie_connect::testing::mail::Opened;
use vigie_core::id::{MailServerId, MemberId, PostId};
use vigie_core::letter::LetterKind;
use vigie_core::member::Lang;
use vigie_core::post::PostState;
use vigie_store::MailServerRow;

const WITHIN: Duration = Duration::from_secs(30);

/// A mailbox of this test alone.
fn fresh(name: &str) -> String {
    format!("{name}{}", &uuid::Uuid::now_v7().simple().to_string()[8..])
}

struct Scene {
    servers: MailServers,
    test: TestApp,
    company: Company,
    /// Mailbox of the company's Vigie.
    vigie: String,
}

impl Scene {
    async fn open() -> Option<Self> {
        let servers = MailServers::shared()?;
        let authorities = servers.key("corp.test").with_file_name("ca.pem");
        let test = TestApp::with(&[
            ("allowed_private", "127.0.0.1"),
            ("public_url", "https://vigie.test"),
            ("authorities_file", authorities.to_str().unwrap()),
        ])
        .await;
        test.clock.set(Timestamp::now());
        let company = Company::found(&test.app).await;
        let mut tx = test.app.store.begin().await.unwrap();
        tx.set_member_lang(company.lea, Lang::En).await.unwrap();
        tx.commit().await.unwrap();
        Some(Self {
            servers,
            test,
            company,
            vigie: fresh("vigie"),
        })
    }

    async fn sign_in(&self, member: MemberId) -> Browser {
        let mut browser = self.test.browser();
        browser.lang = "fr";
        let mut tx = self.test.app.store.begin().await.unwrap();
        let secret = session::open(&mut tx, member, &HeaderMap::new(), self.test.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        browser.set_cookie(&session_cookie(&self.test.app), &secret);
        browser
    }

    fn sender(&self) -> String {
        format!("{}@corp.test", self.vigie)
    }

    fn form(&self) -> Vec<(&'static str, String)> {
        let key = std::fs::read_to_string(self.servers.key("corp.test")).unwrap();
        vec![
            ("sender", self.sender()),
            (
                "server",
                format!("smtp+plain://127.0.0.1:{}", self.servers.port("plain")),
            ),
            ("account", self.sender()),
            ("password", self.servers.password.clone()),
            ("selector", "test".to_owned()),
            ("domain", "corp.test".to_owned()),
            ("dkim", key),
        ]
    }

    /// The same server with an inbox, set up by somebody.
    async fn with_inbox(&self, by: MemberId) -> MailServerRow {
        let app = &self.test.app;
        let now = self.test.now();
        let keys = Keys {
            password: self.servers.password.clone(),
            inbox: self.servers.password.clone(),
            ..Keys::default()
        };
        let mut tx = app.store.begin().await.unwrap();
        let secret = vigie::vault::put(&mut tx, &app.vault, PURPOSE, &keys.seal(), now)
            .await
            .unwrap();
        let row = MailServerRow {
            id: MailServerId::new(uuid::Uuid::now_v7()),
            status: "pending".into(),
            sender: self.sender(),
            server: format!("smtp+plain://127.0.0.1:{}", self.servers.port("plain")),
            account: self.sender(),
            selector: String::new(),
            domain: String::new(),
            record: String::new(),
            inbox: format!("imaps://127.0.0.1:{}", self.servers.port("imaps")),
            inbox_account: self.vigie.clone(),
            folder: "INBOX".into(),
            trusted: String::new(),
            secret: Some(secret),
            trouble: None,
            inbox_trouble: None,
            cursor: None,
            read_at: None,
            created_by: by,
            created_at: now,
        };
        tx.mail_server_add(&row).await.unwrap();
        tx.mail_server_open(row.id).await.unwrap();
        tx.commit().await.unwrap();
        row
    }

    async fn proven(&self, member: MemberId, name: &str) -> String {
        let box_name = fresh(name);
        let address = format!("{box_name}@example.test");
        let mut tx = self.test.app.store.begin().await.unwrap();
        tx.mail_address_put(member, &address, &address, self.test.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        box_name
    }

    /// The letters of a mailbox, oldest first, once there are so many; and no more come.
    async fn letters(&self, name: &str, count: usize) -> Vec<Opened> {
        for _ in 0..240 {
            if self.servers.letters(name).len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(125)).await;
        }
        let mut all: Vec<Opened> = self
            .servers
            .letters(name)
            .iter()
            .map(|letter| Opened::read(letter))
            .collect();
        assert_eq!(all.len(), count, "{all:#?}");
        all.sort_by(|a, b| a.subject.cmp(&b.subject));
        all
    }

    async fn send(&self) {
        // Twice: what was said is not said again.
        for _ in 0..2 {
            outbox::round(&self.test.app).await.unwrap();
        }
    }

    async fn asked(&self, text: &str) -> (PostId, MemberId) {
        let ines = self.sign_in(self.company.ines).await;
        let channel = self.company.page.to_string();
        let form = [
            ("text", text),
            ("channel", channel.as_str()),
            ("lang", "fr"),
            ("when", "approved"),
            ("do", "submit"),
        ];
        let answer = ines.post("/posts/new", &form).await.expect(303);
        let path = answer.location().unwrap();
        let post: PostId = path.trim_start_matches("/posts/").parse().unwrap();
        let mut conn = self.test.app.store.read().await.unwrap();
        let asked = conn.post(post).await.unwrap().post.assigned[0].member;
        (post, asked)
    }

    /// The letter that asks for a review of a post.
    async fn review_letter(&self, name: &str, post: PostId) -> Opened {
        self.send().await;
        for _ in 0..240 {
            let letters = self.servers.letters(name);
            let mut letters = letters.iter().map(|letter| Opened::read(letter));
            let found = letters.find(|l| l.text.contains(&post.to_string()) && l.stop.is_some());
            if let Some(found) = found {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(125)).await;
        }
        panic!("no letter about {post}");
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

    /// An answer to a letter, as a mail program writes it, signed for a domain.
    fn answer(&self, to: &Opened, from: &str, domain: &str, body: &str) -> Vec<u8> {
        let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
        let letter = format!(
            "From: {from}@example.test\r\nTo: {}\r\nSubject: Re: relecture\r\nDate: {date}\r\nMessage-ID: <{}@example.test>\r\n\
             In-Reply-To: <{}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
            to.reply_to,
            uuid::Uuid::now_v7(),
            to.id,
            body.replace('\n', "\r\n"),
        );
        let signed = self.servers.dkim(domain).sign(letter.as_bytes()).unwrap();
        let sender = format!("{from}@example.test");
        self.servers.deliver(&sender, &to.reply_to, &signed);
        signed
    }

    /// The same letter once more, as another way brings it: other bytes, the same signature.
    fn resend(&self, to: &Opened, from: &str, signed: &[u8]) {
        let copy = [b"X-Way: another\r\n".as_slice(), signed].concat();
        let sender = format!("{from}@example.test");
        self.servers.deliver(&sender, &to.reply_to, &copy);
    }

    async fn sealed(&self, sealed: bool) {
        let mut tx = self.test.app.store.begin().await.unwrap();
        let mut org = tx.organisation().await.unwrap().unwrap();
        org.settings.require_passkey_seal = sealed;
        tx.update_organisation(&org, self.test.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The letters of a mailbox whose subject holds these words, once there are so many.
    async fn titled(&self, name: &str, words: &str, count: usize) -> Vec<Opened> {
        for _ in 0..80 {
            let letters = self.servers.letters(name);
            let opened = letters.iter().map(|letter| Opened::read(letter));
            let found: Vec<Opened> = opened.filter(|l| l.subject.contains(words)).collect();
            if found.len() >= count {
                assert_eq!(found.len(), count, "{found:#?}");
                return found;
            }
            tokio::time::sleep(Duration::from_millis(125)).await;
        }
        panic!("{count} letters “{words}” did not come");
    }

    /// Reads the inbox and works on what came.
    async fn read(&self) {
        let app = &self.test.app;
        let row = app.store.read().await.unwrap();
        let row = { row }.mail_server_in_use().await.unwrap().unwrap();
        inbox::look(app, &row).await.unwrap();
        inbox::judge_kept(app, &row, &self.servers.judge(None))
            .await
            .unwrap();
        let mut conn = app.store.read().await.unwrap();
        assert_eq!(conn.letters_in_wait().await.unwrap(), 0);
    }

    async fn wants(&self, member: MemberId, kind: LetterKind) -> bool {
        let mut conn = self.test.app.store.read().await.unwrap();
        let row = conn.mail_address(member).await.unwrap().unwrap();
        row.wishes.kinds.contains(&kind)
    }
}

/// The path of a link in a letter.
fn link(text: &str, begins: &str) -> String {
    let (_, rest) = text
        .split_once(&format!("https://vigie.test{begins}"))
        .unwrap_or_else(|| panic!("no link to {begins}:\n{text}"));
    let end: String = rest.chars().take_while(|c| !c.is_whitespace()).collect();
    format!("{begins}{end}")
}

#[tokio::test]
async fn a_server_takes_two_people_and_an_address_is_proven_by_a_letter() {
    let Some(s) = Scene::open().await else { return };
    let (ines, tom) = (
        s.sign_in(s.company.ines).await,
        s.sign_in(s.company.tom).await,
    );
    // Nothing can be sent yet: the page says so.
    let page = tom.get("/me/mail").await.expect(200).text();
    assert!(page.contains("n’envoie pas encore de lettres"), "{page}");
    let mut form = s.form();
    let post = |form: &[(&'static str, String)]| -> Vec<(&'static str, String)> { form.to_vec() };
    async fn submit(
        browser: &Browser,
        path: &str,
        form: &[(&'static str, String)],
    ) -> vigie::testing::Answer {
        let fields: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
        browser.post(path, &fields).await
    }
    let mut wrong = post(&form);
    wrong[3].1 = "canary-wrong".to_owned();
    let said = submit(&ines, "/settings/mail", &wrong).await.expect(422);
    let said = said.text();
    assert!(
        said.contains("refuse ce nom") && !said.contains("canary"),
        "{said}"
    );
    let mut wrong = post(&form);
    wrong[6].1 = "canary-key".to_owned();
    let said = submit(&ines, "/settings/mail", &wrong).await.expect(422);
    assert!(!said.text().contains("canary") && said.text().contains("PEM"));
    // Both sides are tried before anything is asked of anybody.
    form.extend([
        (
            "inbox",
            format!("imaps://127.0.0.1:{}", s.servers.port("imaps")),
        ),
        ("inbox_account", s.vigie.clone()),
        ("inbox_password", "canary-inbox".to_owned()),
        ("folder", "INBOX".to_owned()),
    ]);
    let said = submit(&ines, "/settings/mail", &form).await.expect(422);
    let said = said.text();
    assert!(
        said.contains("refuse ce nom") && !said.contains("canary"),
        "{said}"
    );
    let mut wrong = post(&form);
    wrong[9].1 = s.servers.password.clone();
    wrong[10].1 = "Nowhere".to_owned();
    let said = submit(&ines, "/settings/mail", &wrong).await.expect(422);
    assert!(said.text().contains("n’a pas ce dossier"));
    form[9].1 = s.servers.password.clone();
    // A password in an address would be shown and logged with it.
    for (field, scheme) in [(1, "smtp+plain"), (7, "imaps")] {
        let mut wrong = post(&form);
        wrong[field].1 = wrong[field].1.replace(
            &format!("{scheme}://"),
            &format!("{scheme}://vigie:canary@"),
        );
        let said = submit(&ines, "/settings/mail", &wrong).await.expect(422);
        assert!(said.text().contains("sans identifiant, mot de passe"));
    }

    submit(&ines, "/settings/mail", &form).await.expect(303);
    submit(&tom, "/settings/mail", &form).await.expect(403);
    let change = {
        let mut conn = s.test.app.store.read().await.unwrap();
        conn.changes_open().await.unwrap()[0].change.id
    };
    // What waits for a second person is not closed beside its change.
    let pending = {
        let mut conn = s.test.app.store.read().await.unwrap();
        conn.mail_servers().await.unwrap()[0].id
    };
    let close = format!("/settings/mail/{pending}/close");
    let page = ines.get("/settings/mail").await.expect(200).text();
    assert!(page.contains(&s.sender()) && !page.contains(&close));
    ines.post(&close, &[]).await.expect(409);
    let confirm = format!("/changes/{change}/confirm");
    ines.post(&confirm, &[]).await.expect(409);
    let page = tom.get("/changes").await.expect(200).text();
    assert!(page.contains(&s.sender()), "{page}");
    tom.post(&confirm, &[]).await.expect(303);
    let page = ines.get("/settings/mail").await.expect(200).text();
    assert!(page.contains(&close));
    assert!(
        page.contains("test._domainkey.corp.test") && page.contains("v=DKIM1; k=rsa; p="),
        "{page}"
    );
    assert!(!page.contains(&s.servers.password) && !page.contains("PRIVATE KEY"));
    // Without an address of one's own there is nobody to try it on.
    ines.post("/settings/mail/test", &[]).await.expect(409);

    // Tom's address.
    let box_name = fresh("tom");
    let address = format!("{box_name}@example.test");
    tom.post("/me/mail/address", &[("address", "tom@@x")])
        .await
        .expect(422);
    tom.post("/me/mail/address", &[("address", "nobody@corp.test")])
        .await
        .expect(422);
    tom.post("/me/mail/address", &[("address", &address)])
        .await
        .expect(303);
    let letter = s.letters(&box_name, 1).await.remove(0);
    let path = link(&letter.text, "/me/mail/prove/");
    let token = path.rsplit('/').next().unwrap();
    assert!(
        (16..=40).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphanumeric()),
        "{token}"
    );
    // Only for him, only by the button, only once.
    let lea = s.sign_in(s.company.lea).await;
    lea.get(&path).await.expect(409);
    let shown = tom.get(&path).await.expect(200).text();
    assert!(shown.contains(&address), "{shown}");
    let mut conn = s.test.app.store.read().await.unwrap();
    assert_eq!(conn.mail_address(s.company.tom).await.unwrap(), None);
    drop(conn);
    s.test.wait(SignedDuration::from_mins(12));
    let stale = tom.post(&path, &[]).await.expect(303);
    assert!(stale.location().unwrap().starts_with("/step-up"));
    let tom = s.sign_in(s.company.tom).await;
    tom.post(&path, &[]).await.expect(303);
    tom.post(&path, &[]).await.expect(409);
    assert!(tom.get("/me/mail").await.text().contains(&address));

    // Léa cannot have the same; nobody else is shown his; the log does not say it.
    let lea = s.sign_in(s.company.lea).await;
    lea.post(
        "/me/mail/address",
        &[("address", &address.replace("example", "Example"))],
    )
    .await
    .expect(303);
    let letters = s.letters(&box_name, 2).await;
    let theirs = letters
        .iter()
        .map(|letter| link(&letter.text, "/me/mail/prove/"))
        .find(|other| *other != path)
        .unwrap();
    let said = lea.post(&theirs, &[]).await.expect(409).text();
    assert!(said.contains("Another member"), "{said}");
    for page in [
        "/members",
        "/audit",
        "/audit/export",
        "/me/mail",
        "/settings/mail",
    ] {
        let text = lea.get(page).await.expect(200).text();
        assert!(!text.contains(&box_name), "{page}");
    }
    // A trial letter to whoever set it up and has an address; a signed one.
    form.clear();
    let steward = s.proven(s.company.ines, "ines").await;
    let ines = s.sign_in(s.company.ines).await;
    ines.post("/settings/mail/test", &[]).await.expect(303);
    let letter = s.letters(&steward, 1).await.remove(0);
    assert!(letter.subject.contains("Lettre d’essai"), "{letter:?}");

    // Removed in one step.
    tom.post("/me/mail/remove", &[]).await.expect(303);
    tom.post("/me/mail/remove", &[]).await.expect(409);
    assert!(!tom.get("/me/mail").await.text().contains(&box_name));
    // As many proofs as anybody needs, not as many as anybody likes.
    for _ in 0..5 {
        tom.post("/me/mail/address", &[("address", &address)]).await;
    }
    assert!(s.servers.letters(&box_name).len() <= 4);
}

#[tokio::test]
async fn a_review_is_asked_answered_and_talked_about_by_letter() {
    let Some(s) = Scene::open().await else { return };
    let (company, app) = (&s.company, &s.test.app);
    s.with_inbox(company.omar).await;
    let boxes = [
        (company.tom, s.proven(company.tom, "tom").await),
        (company.lea, s.proven(company.lea, "lea").await),
        (company.ines, s.proven(company.ines, "ines").await),
    ];
    let box_of = |member: MemberId| boxes.iter().find(|b| b.0 == member).unwrap().1.as_str();
    let (post, asked) = s.asked("Portes ouvertes <samedi> à l’atelier.").await;
    let name = box_of(asked);
    s.send().await;
    let letter = s.letters(name, 1).await.remove(0);
    let french = asked == company.tom;
    let words = if french {
        ("demande une relecture", "seul sur la première ligne")
    } else {
        ("asks for a review", "alone on the first line")
    };
    assert!(letter.subject.contains(words.0), "{letter:?}");
    assert!(letter.text.contains(words.1), "{}", letter.text);
    assert!(
        letter
            .text
            .contains("> Portes ouvertes <samedi> à l’atelier.")
    );
    assert!(letter.html.contains("&lt;samedi&gt;") && !letter.html.contains("<samedi>"));
    assert!(
        letter
            .text
            .contains(&format!("https://vigie.test/posts/{post}"))
    );
    assert!(letter.reply_to.starts_with(&format!("{}+", s.vigie)));
    assert_eq!(s.servers.letters(box_of(company.ines)).len(), 0);

    // Somebody else signs well, in their own name: it decides nothing, and whoever it names is told once.
    for _ in 0..2 {
        s.answer(&letter, name, "evil.test", "approve");
    }
    s.read().await;
    s.send().await;
    assert_eq!(s.state(post).await, PostState::InReview);
    let told = s.letters(name, 2).await;
    let notice = told.iter().find(|l| l.id != letter.id).unwrap();
    assert!(
        notice.stop.is_none() && notice.reply_to.is_empty(),
        "{notice:?}"
    );

    // Their own words are in the post's conversation, once.
    s.answer(&letter, name, "example.test", "La date est-elle juste ?");
    s.read().await;
    s.read().await;
    let by = if french { "par courriel" } else { "by e-mail" };
    assert_eq!(
        s.comments(post).await,
        [format!("La date est-elle juste ?\n— {by}")]
    );
    // What looks like a decision and is none is a remark, and its writer is told that it decided nothing.
    s.answer(&letter, name, "example.test", "Approved, thank you");
    s.read().await;
    s.send().await;
    assert_eq!(s.state(post).await, PostState::InReview);
    let title = if french {
        "n’a rien décidé"
    } else {
        "decided nothing"
    };
    let told = s.titled(name, title, 1).await.remove(0);
    assert!(told.text.contains(&format!("/posts/{post}")), "{told:?}");
    s.answer(
        &letter,
        name,
        "example.test",
        "Approuve.\n\nMerci\n\nEnvoyé de mon iPhone",
    );
    s.read().await;
    s.send().await;
    assert_eq!(s.state(post).await, PostState::Approved);
    assert_eq!(s.comments(post).await[2], format!("Merci\n— {by}"));
    let title = if french {
        "approbation compte"
    } else {
        "approval counted"
    };
    s.titled(name, title, 1).await;
    // The letter decides once.
    s.answer(&letter, name, "example.test", "changes: all of it");
    s.read().await;
    assert_eq!(s.state(post).await, PostState::Approved);

    // Inès gets what happened in one letter, in the morning, once; then nothing, since nothing happened.
    s.send().await;
    assert_eq!(s.servers.letters(box_of(company.ines)).len(), 0);
    for _ in 0..3 {
        s.test.wait(SignedDuration::from_hours(24));
        s.send().await;
    }
    let gathered = s.letters(box_of(company.ines), 1).await.remove(0);
    assert!(gathered.subject.contains("4 nouvelles"), "{gathered:?}");
    assert!(
        gathered.text.contains("a approuvé") && gathered.text.contains("La date est-elle juste"),
        "{}",
        gathered.text
    );
    assert!(gathered.stop.is_some() && gathered.reply_to.is_empty());

    // Changes are asked for by letter too, and say where.
    let by = |member: MemberId, french: &'static str, english: &'static str| match member {
        tom if tom == company.tom => french,
        _ => english,
    };
    let (other, peer) = s.asked("Fermeture lundi.").await;
    let letter = s.review_letter(box_of(peer), other).await;
    // Peers are asked in turn: each in their own language.
    assert_ne!(peer, asked);
    let title = by(peer, "demande une relecture", "asks for a review");
    assert!(letter.subject.contains(title), "{letter:?}");
    s.answer(
        &letter,
        box_of(peer),
        "example.test",
        "Changer : la date\nest fausse",
    );
    s.read().await;
    assert_ne!(s.state(other).await, PostState::InReview);
    assert_eq!(
        s.comments(other).await,
        [format!(
            "la date\nest fausse\n— {}",
            by(peer, "par courriel", "by e-mail")
        )]
    );
    // A letter about a content that has changed since decides nothing about the new one.
    let (third, peer) = s.asked("Fermeture mardi.").await;
    let letter = s.review_letter(box_of(peer), third).await;
    let ines = company.who(app, company.ines).await;
    let seen = actions::withdraw(app, &ines, third).await.unwrap().version;
    let draft = company.draft("Fermeture mercredi.");
    actions::edit(app, &ines, third, seen, &draft)
        .await
        .unwrap();
    actions::submit(app, &ines, third).await.unwrap();
    for word in ["approve", "changes: all of it"] {
        s.answer(&letter, box_of(peer), "example.test", word);
    }
    s.read().await;
    assert_eq!(s.state(third).await, PostState::InReview);
    assert!(s.comments(third).await.is_empty());
}

#[tokio::test]
async fn letters_stop_by_one_click_and_nothing_changes_by_looking() {
    let Some(s) = Scene::open().await else { return };
    s.with_inbox(s.company.omar).await;
    let boxes = [
        (s.company.tom, s.proven(s.company.tom, "tom").await),
        (s.company.lea, s.proven(s.company.lea, "lea").await),
    ];
    let (post, asked) = s.asked("Portes ouvertes samedi.").await;
    let name = &boxes.iter().find(|b| b.0 == asked).unwrap().1;
    s.send().await;
    let letter = s.letters(name, 1).await.remove(0);
    let stop = letter.stop.clone().unwrap();
    let path = stop.strip_prefix("https://vigie.test").unwrap();
    assert_eq!(link(&letter.text, "/hooks/mail/stop/"), path);
    let stranger = s.test.browser();
    stranger.get(path).await.expect(200);
    assert!(s.wants(asked, LetterKind::Review).await);
    let forged = path.replace(".review.", ".alarm.");
    stranger.get(&forged).await.expect(404);
    stranger.post(&forged, &[]).await.expect(404);
    // As a mail program calls: no cookie, no origin.
    for _ in 0..2 {
        let call = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("List-Unsubscribe=One-Click"))
            .unwrap();
        let said = stranger.send(call).await.expect(200).text();
        assert!(said.contains("Pour les reprendre"), "{said}");
    }
    assert!(!s.wants(asked, LetterKind::Review).await);
    assert!(s.wants(asked, LetterKind::Alarm).await);
    // Both of them are asked in turn; only the other one gets a letter.
    let (second, _) = s.asked("Un autre texte.").await;
    let (third, _) = s.asked("Encore un texte.").await;
    s.send().await;
    assert_ne!((post, second), (second, third));
    s.letters(name, 1).await;

    // Wanted again, by themselves; gathered never.
    let browser = s.sign_in(asked).await;
    let form = [
        ("kind", "review"),
        ("kind", "talk"),
        ("rhythm", "never"),
        ("hour", "8"),
    ];
    browser.post("/me/mail/wishes", &form).await.expect(303);
    assert!(s.wants(asked, LetterKind::Review).await);
    let ines = s.sign_in(s.company.ines).await;
    ines.post(&format!("/posts/{post}/comment"), &[("text", "Oui.")])
        .await
        .expect(303);
    s.test.wait(SignedDuration::from_hours(48));
    s.send().await;
    s.letters(name, 1).await;
    // An address that the server refuses shows on its owner's page.
    let mut tx = s.test.app.store.begin().await.unwrap();
    tx.mail_address_put(asked, "nobody@corp.test", "nobody@corp.test", s.test.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut reached = asked == s.company.omar;
    for text in ["Un.", "Deux."] {
        reached |= s.asked(text).await.1 == asked;
    }
    assert!(reached, "the rotation comes to everybody");
    s.send().await;
    let page = s.sign_in(asked).await.get("/me/mail").await.text();
    assert!(page.contains("refus"), "{page}");
}

#[tokio::test]
async fn a_letter_that_comes_back_shows_on_its_readers_page() {
    let Some(s) = Scene::open().await else { return };
    s.with_inbox(s.company.omar).await;
    // The server takes this letter, and cannot deliver it.
    let mut tx = s.test.app.store.begin().await.unwrap();
    let address = "tom=gone@example.test";
    tx.mail_address_put(s.company.tom, address, address, s.test.now())
        .await
        .unwrap();
    let (kind, page) = (alarm::Kind::Foreign, s.company.page);
    alarm::on_page(&mut tx, kind, page, "post-1", "", s.test.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    s.send().await;
    s.letters(&s.vigie, 1).await;
    s.read().await;
    let tom = s.sign_in(s.company.tom).await;
    let page = tom.get("/me/mail").await.expect(200).text();
    assert!(page.contains("est revenue"), "{page}");
    // Nobody is answered for it.
    s.send().await;
    s.letters(&s.vigie, 1).await;
    // One that comes back late says nothing about the address that they have proven since.
    s.test.wait(SignedDuration::from_mins(1));
    s.proven(s.company.tom, "tom").await;
    let bounce = s.servers.letters(&s.vigie).remove(0);
    let late = [b"X-Way: another\r\n".as_slice(), &bounce].concat();
    s.servers.deliver("", &s.sender(), &late);
    s.read().await;
    let page = tom.get("/me/mail").await.expect(200).text();
    assert!(!page.contains("est revenue"), "{page}");
}

#[tokio::test]
async fn who_ever_set_up_the_mail_is_not_approved_by_letter() {
    let Some(s) = Scene::open().await else { return };
    s.with_inbox(s.company.ines).await;
    let boxes = [
        (s.company.tom, s.proven(s.company.tom, "tom").await),
        (s.company.lea, s.proven(s.company.lea, "lea").await),
    ];
    // Inès wrote the post and set the mail up: she may know what signs letters. It is approved on the page.
    let (post, asked) = s.asked("Portes ouvertes samedi.").await;
    let name = &boxes.iter().find(|b| b.0 == asked).unwrap().1;
    let letter = s.review_letter(name, post).await;
    s.answer(&letter, name, "example.test", "approve");
    s.read().await;
    assert_eq!(s.state(post).await, PostState::InReview);
    // Another server takes its place: she knows what she knew.
    s.with_inbox(s.company.omar).await;
    s.answer(&letter, name, "example.test", "approve");
    s.read().await;
    assert_eq!(s.state(post).await, PostState::InReview);
    // A stranger's name server is not asked: nobody waits for it.
    let stranger = format!(
        "From: a@strangers.test\r\nTo: {}\r\nSubject: x\r\nDate: {}\r\nMessage-ID: <{}@strangers.test>\r\n\r\nx\r\n",
        s.sender(),
        Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000"),
        uuid::Uuid::now_v7(),
    );
    let signed = s.servers.dkim("corp.test").sign(stranger.as_bytes());
    s.servers
        .deliver("a@strangers.test", &s.sender(), &signed.unwrap());
    let app = &s.test.app;
    let row = { app.store.read().await.unwrap() }
        .mail_server_in_use()
        .await;
    inbox::look(app, &row.unwrap().unwrap()).await.unwrap();
    let deaf = Judge::asking("127.0.0.1:9".parse().unwrap(), None).unwrap();
    let row = { app.store.read().await.unwrap() }
        .mail_server_in_use()
        .await;
    inbox::judge_kept(app, &row.unwrap().unwrap(), &deaf)
        .await
        .unwrap();
    let mut conn = app.store.read().await.unwrap();
    assert_eq!(conn.letters_in_wait().await.unwrap(), 0);
}

#[tokio::test]
async fn an_answer_is_judged_once_however_often_it_comes() {
    let Some(s) = Scene::open().await else { return };
    s.with_inbox(s.company.omar).await;
    let boxes = [
        (s.company.tom, s.proven(s.company.tom, "tom").await),
        (s.company.lea, s.proven(s.company.lea, "lea").await),
    ];
    let (post, asked) = s.asked("Portes ouvertes samedi.").await;
    let name = &boxes.iter().find(|b| b.0 == asked).unwrap().1;
    let letter = s.review_letter(name, post).await;
    // A decision that was refused does not wait for better days.
    s.sealed(true).await;
    let refused = s.answer(&letter, name, "example.test", "approve");
    let remark = s.answer(&letter, name, "example.test", "Bien vu");
    s.read().await;
    s.sealed(false).await;
    s.resend(&letter, name, &refused);
    s.read().await;
    assert_eq!(s.state(post).await, PostState::InReview);
    assert_eq!(s.comments(post).await.len(), 1);
    // Days later they are still known.
    s.test.wait(SignedDuration::from_hours(72));
    vigie::chat::outbox::forget(&s.test.app).await.unwrap();
    outbox::forget(&s.test.app).await.unwrap();
    for again in [&refused, &remark] {
        s.resend(
            &letter,
            name,
            &[b"X-Late: yes\r\n", again.as_slice()].concat(),
        );
    }
    s.read().await;
    assert_eq!(s.state(post).await, PostState::InReview);
    assert_eq!(s.comments(post).await.len(), 1);
    // The question is still open: said anew, the word counts.
    s.answer(&letter, name, "example.test", "approve");
    s.read().await;
    assert_ne!(s.state(post).await, PostState::InReview);
}

#[tokio::test]
async fn a_flood_of_alarms_is_gathered() {
    let Some(s) = Scene::open().await else { return };
    s.with_inbox(s.company.omar).await;
    let name = s.proven(s.company.tom, "tom").await;
    for n in 0..25 {
        let mut tx = s.test.app.store.begin().await.unwrap();
        let (kind, id) = (alarm::Kind::Foreign, format!("post-{n}"));
        alarm::on_page(&mut tx, kind, s.company.page, &id, "", s.test.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    for _ in 0..2 {
        s.send().await;
    }
    let at_once = s.letters(&name, 20).await;
    assert!(at_once.iter().all(|letter| letter.text.contains("/alarms")));
    s.test.wait(SignedDuration::from_hours(24));
    s.send().await;
    let all = s.letters(&name, 21).await;
    let gathered = all.iter().find(|l| l.subject.contains("nouvelles"));
    assert!(gathered.unwrap().subject.contains("5 nouvelles"));
    // What could not go for days is no news any more.
    let mut tx = s.test.app.store.begin().await.unwrap();
    let (kind, page) = (alarm::Kind::Foreign, s.company.page);
    alarm::on_page(&mut tx, kind, page, "post-old", "", s.test.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    s.test.wait(SignedDuration::from_hours(24 * 5));
    s.send().await;
    s.letters(&name, 21).await;
}

#[tokio::test]
async fn where_approvals_are_sealed_a_letter_only_leads_to_the_page() {
    let Some(s) = Scene::open().await else { return };
    s.with_inbox(s.company.omar).await;
    let boxes = [
        (s.company.tom, s.proven(s.company.tom, "tom").await),
        (s.company.lea, s.proven(s.company.lea, "lea").await),
    ];
    let (post, asked) = s.asked("Portes ouvertes samedi.").await;
    let name = &boxes.iter().find(|b| b.0 == asked).unwrap().1;
    s.send().await;
    let open = s.letters(name, 1).await.remove(0);
    s.sealed(true).await;
    // A letter from before decides no more.
    s.answer(&open, name, "example.test", "approve");
    s.read().await;
    assert_eq!(s.state(post).await, PostState::InReview);
    let (other, peer) = s.asked("Fermeture lundi.").await;
    let name = &boxes.iter().find(|b| b.0 == peer).unwrap().1;
    s.send().await;
    let mut found = None;
    for _ in 0..80 {
        found = s
            .servers
            .letters(name)
            .iter()
            .map(|letter| Opened::read(letter))
            .find(|letter| letter.text.contains(&other.to_string()));
        if found.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(125)).await;
    }
    let mut sealed = found.unwrap();
    assert!(!sealed.text.contains("Fermeture") && sealed.reply_to.is_empty());
    // Its content was never shown: it decides nothing, sealed or not.
    s.sealed(false).await;
    sealed.reply_to = s.sender();
    for word in ["approve", "changes: all of it"] {
        s.answer(&sealed, name, "example.test", word);
    }
    s.read().await;
    assert_eq!(s.state(other).await, PostState::InReview);
    assert!(s.comments(other).await.is_empty());
}

#[tokio::test]
async fn an_answer_counts_once_wherever_the_reader_dies() {
    let Some(s) = Scene::open().await else { return };
    let app = &s.test.app;
    let row = s.with_inbox(s.company.omar).await;
    let boxes = [
        (s.company.tom, s.proven(s.company.tom, "tom").await),
        (s.company.lea, s.proven(s.company.lea, "lea").await),
    ];
    let (post, asked) = s.asked("Portes ouvertes samedi.").await;
    let name = &boxes.iter().find(|b| b.0 == asked).unwrap().1;
    s.send().await;
    let letter = s.letters(name, 1).await.remove(0);
    s.answer(&letter, name, "example.test", "Bien vu");
    let mailbox = s.servers.incoming(&s.vigie);
    let mut round = mailbox.open(WITHIN).await.unwrap();
    let mut taken = round.take(None, WITHIN).await.unwrap();
    for _ in 0..40 {
        if !taken.letters.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(125)).await;
        taken = round.take(None, WITHIN).await.unwrap();
    }
    assert_eq!(taken.letters.len(), 1);
    // It dies before the letters are kept: they are taken again. It dies after, before the server is told: they are
    // known, by where it had read to, and by their bytes where the server has numbered its letters anew.
    assert!(inbox::keep(app, &row, &taken).await.unwrap());
    round.close().await;
    assert!(
        !inbox::keep(app, &row, &taken).await.unwrap(),
        "another reader read on"
    );
    let judge = s.servers.judge(None);
    inbox::judge_kept(app, &row, &judge).await.unwrap();
    assert_eq!(s.comments(post).await.len(), 1);
    let mut anew = s.with_inbox(s.company.omar).await;
    anew.cursor = None;
    inbox::take(app, &anew, &mailbox).await.unwrap();
    inbox::judge_kept(app, &anew, &judge).await.unwrap();
    assert_eq!(s.comments(post).await.len(), 1);
}
