//! What a post can be besides text, link and pictures: a warning before the text, and who may answer it. Through the
//! pages with scripts off, the API, the check, the review, the publisher and the page on the network.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;

use std::time::Duration;

use axum::http::{HeaderMap, Method};
use company::Company;
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::json;
use vigie::account::session;
use vigie::check::gather::Checked;
use vigie::post::actions;
use vigie::post::draft::{Draft, DraftPart, DraftVariant};
use vigie::publication::{guard, send, worker};
use vigie::testing::{Answer, Browser, Client, TestApp, both_engines};
use vigie_connect::{Account, Code, Connected, Limits};
use vigie_core::content::{MediaRef, Platform, Repliers, Variant};
use vigie_core::id::{ChannelId, MemberId, PostId, TokenId};
use vigie_core::post::PostState;
use vigie_core::publication::{Found, Outcome, PublicationState};
use vigie_core::rights::Scope;
use vigie_store::{ApiToken, ObservedState, PostRecord, PublicationRow, SandboxBody, SandboxPost};

async fn signed_in(test: &TestApp, member: MemberId) -> Browser {
    let browser = test.browser();
    let mut tx = test.app.store.begin().await.unwrap();
    let secret = session::open(&mut tx, member, &HeaderMap::new(), test.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    browser.set_cookie("vigie_session", &secret);
    browser
}

async fn program(test: &TestApp, member: MemberId) -> Client {
    let secret = session::secret().unwrap();
    let new = ApiToken {
        id: TokenId::new(uuid::Uuid::now_v7()),
        member,
        name: "test".into(),
        scopes: Scope::ALL.iter().copied().collect(),
        created_at: test.now(),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    let mut tx = test.app.store.begin().await.unwrap();
    tx.create_token(&new, &session::hash(&secret))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    test.client(&secret)
}

/// A page on X: no warnings there, and not nobody may be asked to answer.
async fn on_x(test: &TestApp, by: MemberId) -> ChannelId {
    elsewhere(test, by, Platform::X).await
}

/// A page on a network that is not called.
async fn elsewhere(test: &TestApp, by: MemberId, platform: Platform) -> ChannelId {
    let account = Account {
        platform,
        service: "https://api.example".into(),
        id: "42".into(),
        handle: "merlin".into(),
        limits: Limits::default(),
    };
    let connected = Connected {
        account,
        secret: SecretString::from("x-canary-7f3a".to_owned()),
        until: None,
    };
    company::channel(&test.app, by, connected).await
}

fn led_to(answer: &Answer) -> PostId {
    let place = answer.location().expect("a redirect");
    let id = place.split('/').nth(2).unwrap();
    id.split('?').next().unwrap().parse().unwrap()
}

async fn post(test: &TestApp, id: PostId) -> PostRecord {
    let mut conn = test.app.store.read().await.unwrap();
    conn.post(id).await.unwrap()
}

fn on(record: &PostRecord, channel: ChannelId) -> &Variant {
    let mut variants = record.content.variants.iter();
    variants.find(|v| v.channel == channel).unwrap()
}

/// A post of Inès on the sandbox, approved by Tom.
async fn approved(test: &TestApp, company: &Company, variant: DraftVariant) -> PostId {
    let ines = company.who(&test.app, company.ines).await;
    let tom = company.who(&test.app, company.tom).await;
    let draft = Draft {
        variants: vec![variant],
        at: None,
    };
    let made = actions::create(&test.app, &ines, &draft).await.unwrap();
    let asked = actions::submit(&test.app, &ines, made.post.id)
        .await
        .unwrap();
    let digest = asked.post.revision.digest;
    actions::approve(&test.app, &tom, asked.post.id, digest, None)
        .await
        .unwrap();
    asked.post.id
}

#[tokio::test]
async fn a_warning_is_never_lost_on_the_way() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let x = on_x(&test, company.ines).await;
    let ines = signed_in(&test, company.ines).await;
    let (here, there) = (company.page.to_string(), x.to_string());
    let (own, none) = (format!("own-{there}"), format!("no-warning-{there}"));
    let mut fields = vec![
        ("channel", here.as_str()),
        ("channel", there.as_str()),
        ("text", "Les photos de l’atelier après l’orage"),
        ("warning", "  Dégâts,\n lumières vives "),
        ("lang", "fr"),
        ("when", "approved"),
    ];
    // Before anything is kept, the composer says which network would not show it.
    let mut asked = fields.clone();
    asked.push(("do", "check"));
    let form = ines.post("/posts/new", &asked).await.expect(200).text();
    assert!(form.contains("Pas montré par\u{a0}: X."), "{form}");
    assert!(
        form.contains("Ce réseau ne montre pas d’avertissement"),
        "{form}"
    );
    // It can be kept, but nobody is asked to approve what would lose it.
    asked.pop();
    asked.push(("do", "submit"));
    let id = led_to(&ines.post("/posts/new", &asked).await.expect(303));
    let record = post(&test, id).await;
    assert_eq!(record.post.state, PostState::Draft);
    assert_eq!(
        on(&record, company.page).warning.as_deref(),
        Some("Dégâts, lumières vives"),
        "one line"
    );

    // Said in the words of that page instead.
    fields.push((&own, "Dégâts, lumières vives : les photos de l’atelier"));
    fields.push((&none, "yes"));
    let version = record.version.to_string();
    fields.push(("version", &version));
    let edit = format!("/posts/{id}/edit");
    let mut submit = fields.clone();
    submit.push(("do", "submit"));
    ines.post(&edit, &submit).await.expect(303);
    let record = post(&test, id).await;
    assert_eq!(record.post.state, PostState::InReview);
    assert_eq!(on(&record, x).warning, None);
    assert!(on(&record, company.page).warning.is_some());
    assert!(
        record
            .content
            .canonical_bytes()
            .starts_with(b"vigie-content/3\n")
    );

    // The form gives back what it was given: saving it unchanged changes nothing.
    let form = ines.get(&edit).await.expect(200).text();
    assert!(
        form.contains(&format!("name=\"{none}\" value=\"yes\" checked")),
        "{form}"
    );
    assert!(!form.contains("différences entre pages"), "{form}");
    let version = record.version.to_string();
    fields.retain(|(name, _)| *name != "version");
    fields.push(("version", &version));
    fields.push(("do", "save"));
    ines.post(&edit, &fields).await.expect(303);
    assert_eq!(post(&test, id).await.version, record.version);

    // A change that was offered for the warning is made in the warning.
    let mut fix = fields.clone();
    fix.push(("fix", "warning|0|9|Orage :"));
    let form = ines.post(&edit, &fix).await.expect(200).text();
    assert!(form.contains("value=\"Orage : lumières vives\""), "{form}");

    // Too long a warning is said beside its field.
    let long = "é".repeat(201);
    let draft = [
        ("channel", here.as_str()),
        ("text", "Bonjour"),
        ("warning", &long),
        ("lang", "fr"),
        ("when", "approved"),
        ("do", "save"),
    ];
    let form = ines.post("/posts/new", &draft).await.expect(422).text();
    assert!(form.contains("200 caractères au plus"), "{form}");
}

#[tokio::test]
async fn who_may_answer_is_what_each_network_does() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let x = on_x(&test, company.ines).await;
    let ines = signed_in(&test, company.ines).await;
    let (here, there) = (company.page.to_string(), x.to_string());
    let all = format!("everyone-{there}");
    let form = ines.get("/posts/new").await.expect(200).text();
    // A choice names who does it.
    assert!(form.contains("personne (Sandbox)"), "{form}");
    assert!(
        form.contains("les comptes nommés dans la publication (Sandbox, X)"),
        "{form}"
    );
    let fields = |who: &'static str, act: &'static str| {
        vec![
            ("channel", here.clone()),
            ("channel", there.clone()),
            ("text", "Fermé lundi".to_owned()),
            ("repliers", who.to_owned()),
            ("lang", "fr".to_owned()),
            ("when", "approved".to_owned()),
            ("do", act.to_owned()),
        ]
    };
    let send = async |fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (*a, b.as_str())).collect();
        ines.post("/posts/new", &fields).await
    };
    let form = send(&fields("nobody", "check")).await.expect(200).text();
    assert!(form.contains("ne laisse pas la page choisir"), "{form}");
    let id = led_to(&send(&fields("nobody", "submit")).await.expect(303));
    assert_eq!(post(&test, id).await.post.state, PostState::Draft);
    // Both do this one.
    let id = led_to(&send(&fields("mentioned", "submit")).await.expect(303));
    let record = post(&test, id).await;
    assert_eq!(record.post.state, PostState::InReview);
    assert_eq!(on(&record, x).repliers, Repliers::Mentioned);
    // One page apart.
    let mut apart = fields("nobody", "submit");
    apart.push((&all, "yes".to_owned()));
    let id = led_to(&send(&apart).await.expect(303));
    let record = post(&test, id).await;
    assert_eq!(record.post.state, PostState::InReview);
    assert_eq!(on(&record, x).repliers, Repliers::Everyone);
    assert_eq!(on(&record, company.page).repliers, Repliers::Nobody);
    let page = ines.get(&format!("/posts/{id}")).await.expect(200).text();
    assert!(
        page.contains("Qui peut répondre\u{a0}: personne."),
        "{page}"
    );
    let form = ines
        .get(&format!("/posts/{id}/edit"))
        .await
        .expect(200)
        .text();
    assert!(
        form.contains(&format!("name=\"{all}\" value=\"yes\" checked")),
        "{form}"
    );
}

#[tokio::test]
async fn it_goes_out_as_approved_and_is_read_back() {
    both_engines(|test: TestApp| async move {
        let company = Company::found(&test.app).await;
        let variant = DraftVariant {
            warning: Some("Dégâts".into()),
            repliers: Repliers::Nobody,
            ..company::variant(company.page, "Les photos de l’atelier")
        };
        let id = approved(&test, &company, variant).await;
        worker::fast(&test.app).await.unwrap();
        assert_eq!(post(&test, id).await.post.state, PostState::Done);
        let mut conn = test.app.store.read().await.unwrap();
        let held = conn
            .sandbox_posts("sandbox:atelier-merlin", None, 9)
            .await
            .unwrap();
        drop(conn);
        assert_eq!(held[0].body.warning.as_deref(), Some("Dégâts"));
        assert_eq!(held[0].body.repliers, Repliers::Nobody);
        // What it looks like there is what went out: no alarm.
        test.wait(SignedDuration::from_mins(2));
        worker::slow(&test.app).await.unwrap();
        let mut conn = test.app.store.read().await.unwrap();
        assert_eq!(conn.alarms_open().await.unwrap().len(), 0);
        drop(conn);
        // Somebody lets others answer on the page, and the text is the same: an alarm, once.
        let mut open = held[0].body.clone();
        open.repliers = Repliers::Followers;
        for _ in 0..2 {
            let mut tx = test.app.store.begin().await.unwrap();
            let (key, same) = (&held[0].key, &held[0].content_id);
            tx.sandbox_edit("sandbox:atelier-merlin", key, &open, same, test.now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
            test.wait(SignedDuration::from_mins(2));
            worker::slow(&test.app).await.unwrap();
            let mut conn = test.app.store.read().await.unwrap();
            let alarms = conn.alarms_open().await.unwrap();
            let kinds: Vec<&str> = alarms.iter().map(|alarm| alarm.kind.as_str()).collect();
            assert_eq!(kinds, ["edited"]);
        }
        let page = test.browser().get("/sandbox/atelier-merlin").await;
        let page = page.expect(200).text();
        assert!(
            page.contains("<summary dir=\"auto\">Dégâts</summary>"),
            "{page}"
        );
        // It is found by the words of its warning.
        let ines = signed_in(&test, company.ines).await;
        let list = ines.get("/posts?q=degats").await.expect(200).text();
        assert!(list.contains("Les photos de l’atelier"), "{list}");
    })
    .await;
}

#[tokio::test]
async fn a_reviewer_sees_the_warning_what_changed_and_what_was_found_in_it() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = company.who(&test.app, company.ines).await;
    let draft = |warning: &str, repliers| Draft {
        variants: vec![DraftVariant {
            warning: Some(warning.to_owned()),
            repliers,
            ..company::variant(company.page, "Les photos de l’atelier")
        }],
        at: None,
    };
    let made = actions::create(&test.app, &ines, &draft("Dégâts", Repliers::Everyone))
        .await
        .unwrap();
    let id = made.post.id;
    actions::submit(&test.app, &ines, id).await.unwrap();
    let tom = signed_in(&test, company.tom).await;
    let page = format!("/posts/{id}");
    let seen = tom.get(&page).await.expect(200).text();
    assert!(
        seen.contains("Avertissement avant le texte\u{a0}: <strong dir=\"auto\">Dégâts</strong>"),
        "{seen}"
    );
    // A secret in the warning is found there, and stops the post as it would in the text.
    let edited = draft(
        "Voir avec la clé sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        Repliers::Mentioned,
    );
    let version = post(&test, id).await.version;
    actions::edit(&test.app, &ines, id, version, &edited)
        .await
        .unwrap();
    let record = post(&test, id).await;
    let checked: Checked = serde_json::from_value(record.report.unwrap()).unwrap();
    let findings = &checked.variants[0].report.findings;
    let found = findings.iter().find(|f| f.where_ == "warning").unwrap();
    let (from, to) = found.span.unwrap();
    let warning = record.content.variants[0].warning.clone().unwrap();
    assert_eq!(&warning[from..to], "sk_live_4eC39HqLyjWDarjtT1zdp7dc");
    assert_eq!(found.severity.as_str(), "stop");
    let seen = tom.get(&page).await.expect(200).text();
    assert!(
        seen.contains("L’avertissement avant le texte a changé."),
        "{seen}"
    );
    assert!(seen.contains("qui peut répondre."), "{seen}");
    assert!(seen.contains("<del>Dégâts</del>"), "{seen}");

    // A proposed edit that changes nothing but the warning says so.
    let lea = company.who(&test.app, company.lea).await;
    let proposed = draft("Attention", Repliers::Mentioned);
    actions::suggest(&test.app, &lea, id, &proposed, "")
        .await
        .unwrap();
    let seen = tom.get(&page).await.expect(200).text();
    let (_, suggestion) = seen.split_once("propose une modification").unwrap();
    assert!(
        suggestion.contains("L’avertissement avant le texte a changé."),
        "{suggestion}"
    );
}

#[tokio::test]
async fn a_program_says_both_and_reads_both() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = program(&test, company.ines).await;
    let body = |warning: &str, who: &str| {
        json!({ "variants": [{ "channel": company.page.to_string(), "text": "Bonjour",
            "langs": ["fr"], "warning": warning, "repliers": who }] })
    };
    let send =
        async |body: &serde_json::Value| ines.call(Method::POST, "/api/v1/posts", Some(body)).await;
    let made = send(&body("Dégâts", "followers")).await.expect(201).json();
    assert_eq!(made["variants"][0]["warning"], "Dégâts");
    assert_eq!(made["variants"][0]["repliers"], "followers");
    let made = send(&body(" ", "everyone")).await.expect(201).json();
    assert!(made["variants"][0].get("warning").is_none(), "{made}");
    assert!(made["variants"][0].get("repliers").is_none(), "{made}");
    send(&body("Dégâts", "friends")).await.expect(422);
    send(&body(&"é".repeat(201), "everyone")).await.expect(422);
}

/// The states of the parts of a post, in order.
async fn states(test: &TestApp, id: PostId) -> Vec<PublicationState> {
    let mut conn = test.app.store.read().await.unwrap();
    let mut rows = conn.publications(id).await.unwrap();
    rows.sort_by_key(|row| row.part);
    rows.iter().map(|row| row.state).collect()
}

fn part(text: &str) -> DraftPart {
    DraftPart {
        text: text.to_owned(),
        media: vec![],
    }
}

fn three(company: &Company) -> DraftVariant {
    DraftVariant {
        parts: vec![part("Deux : l’encre"), part("Trois : le papier")],
        ..company::variant(company.page, "Un : la presse")
    }
}

async fn held(test: &TestApp) -> Vec<SandboxPost> {
    let mut conn = test.app.store.read().await.unwrap();
    let mut all = conn
        .sandbox_posts("sandbox:atelier-merlin", None, 20)
        .await
        .unwrap();
    all.reverse();
    all
}

#[tokio::test]
async fn a_series_goes_out_in_order_and_is_taken_back_whole() {
    use PublicationState::{Published, TakenBack};
    both_engines(|test: TestApp| async move {
        let company = Company::found(&test.app).await;
        let id = approved(&test, &company, three(&company)).await;
        worker::fast(&test.app).await.unwrap();
        assert_eq!(states(&test, id).await, [Published, Published, Published]);
        assert_eq!(post(&test, id).await.post.state, PostState::Done);
        let all = held(&test).await;
        let mut texts: Vec<&str> = all.iter().map(|one| one.body.text.as_str()).collect();
        texts.sort_unstable();
        assert_eq!(
            texts,
            ["Deux : l’encre", "Trois : le papier", "Un : la presse"]
        );
        let of = |text: &str| {
            all.iter()
                .find(|one| one.body.text.starts_with(text))
                .unwrap()
        };
        let name = |text: &str| Some(format!("sandbox:atelier-merlin/{}", of(text).key));
        assert_eq!(of("Un").body.reply_to, None);
        assert_eq!(of("Deux").body.reply_to, name("Un"));
        assert_eq!(of("Trois").body.reply_to, name("Deux"));
        test.wait(SignedDuration::from_mins(2));
        worker::slow(&test.app).await.unwrap();
        let mut conn = test.app.store.read().await.unwrap();
        assert_eq!(conn.alarms_open().await.unwrap().len(), 0);
        let rows = conn.publications(id).await.unwrap();
        drop(conn);
        // A look that finds a part which is known already has not found another that says the same.
        let of = |part| rows.iter().find(|row| row.part == part).unwrap();
        let found = Found::Same {
            remote_id: of(0).remote_id.clone().unwrap(),
            url: String::new(),
            content_id: String::new(),
        };
        let mut tx = test.app.store.begin().await.unwrap();
        let own = send::not_of_another(&mut tx, of(0), found.clone()).await;
        assert_eq!(own.unwrap(), found);
        let other = send::not_of_another(&mut tx, of(1), found).await;
        assert_eq!(other.unwrap(), Found::NotSeen);
        drop(tx);
        let second = of(1).id;
        let ines = company.who(&test.app, company.ines).await;
        actions::take_back(&test.app, &ines, second, "Erreur de date")
            .await
            .unwrap();
        worker::fast(&test.app).await.unwrap();
        assert_eq!(states(&test, id).await, [TakenBack, TakenBack, TakenBack]);
        assert_eq!(held(&test).await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_series_that_breaks_off_says_how_much_is_on_the_page() {
    use PublicationState::{Cancelled, Published, Refused, TakenBack};
    both_engines(|test: TestApp| async move {
        let company = Company::found(&test.app).await;
        let id = approved(&test, &company, three(&company)).await;
        // The network says no to the second: something else is under its key.
        let mut tx = test.app.store.begin().await.unwrap();
        let rows = tx.publications(id).await.unwrap();
        let second = rows.iter().find(|row| row.part == 1).unwrap();
        let body = SandboxBody {
            text: "Autre chose".into(),
            link: None,
            langs: vec![],
            media: vec![],
            warning: None,
            repliers: Repliers::Everyone,
            reply_to: None,
        };
        let account = "sandbox:atelier-merlin";
        tx.sandbox_put(account, &second.remote_key, &body, "none", test.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        worker::fast(&test.app).await.unwrap();
        worker::fast(&test.app).await.unwrap();
        assert_eq!(states(&test, id).await, [Published, Refused, Cancelled]);
        assert_eq!(post(&test, id).await.post.state, PostState::Done);
        let ines = signed_in(&test, company.ines).await;
        let page = ines.get(&format!("/posts/{id}")).await.expect(200).text();
        assert!(page.contains("1 partie sur 3 est sur la page"), "{page}");
        assert!(page.contains("partie 2 sur 3"), "{page}");
        let first = rows.iter().find(|row| row.part == 0).unwrap().id;
        let who = company.who(&test.app, company.ines).await;
        actions::take_back(&test.app, &who, first, "Incomplet")
            .await
            .unwrap();
        worker::fast(&test.app).await.unwrap();
        assert_eq!(states(&test, id).await, [TakenBack, Refused, Cancelled]);
    })
    .await;
}

/// Withdrawn and approved again without an edit, a series has two rows for each part: those of before are not its own.
#[tokio::test]
async fn a_series_approved_again_goes_out_whole() {
    use PublicationState::Published;
    both_engines(|test: TestApp| async move {
        let company = Company::found(&test.app).await;
        let id = approved(&test, &company, three(&company)).await;
        let ines = company.who(&test.app, company.ines).await;
        let tom = company.who(&test.app, company.tom).await;
        actions::withdraw(&test.app, &ines, id).await.unwrap();
        test.wait(SignedDuration::from_mins(1));
        let asked = actions::submit(&test.app, &ines, id).await.unwrap();
        let digest = asked.post.revision.digest;
        actions::approve(&test.app, &tom, id, digest, None)
            .await
            .unwrap();
        worker::fast(&test.app).await.unwrap();
        worker::fast(&test.app).await.unwrap();
        let all = states(&test, id).await;
        assert_eq!(
            all.iter().filter(|s| **s == Published).count(),
            3,
            "{all:?}"
        );
        assert_eq!(held(&test).await.len(), 3);
        let browser = signed_in(&test, company.ines).await;
        let page = browser
            .get(&format!("/posts/{id}"))
            .await
            .expect(200)
            .text();
        assert!(!page.contains("sur 6"), "{page}");
    })
    .await;
}

/// Withdrawn in the middle, a series cannot be approved anew beside its own first part.
#[tokio::test]
async fn a_series_half_out_is_taken_back_before_it_is_reviewed_again() {
    use PublicationState::{Cancelled, Published, TakenBack};
    both_engines(|test: TestApp| async move {
        let company = Company::found(&test.app).await;
        let id = approved(&test, &company, three(&company)).await;
        let first = claim(&test, &test.app.worker).await;
        send::send(&test.app, &first).await.unwrap();
        let ines = company.who(&test.app, company.ines).await;
        actions::withdraw(&test.app, &ines, id).await.unwrap();
        assert_eq!(states(&test, id).await, [Published, Cancelled, Cancelled]);
        let refused = actions::submit(&test.app, &ines, id).await.unwrap_err();
        assert!(
            matches!(refused, actions::ActionError::HalfOut),
            "{refused}"
        );
        actions::take_back(&test.app, &ines, first.id, "Incomplet")
            .await
            .unwrap();
        worker::fast(&test.app).await.unwrap();
        assert_eq!(states(&test, id).await, [TakenBack, Cancelled, Cancelled]);
        actions::submit(&test.app, &ines, id).await.unwrap();
    })
    .await;
}

/// Somebody deleted the first part on the network: nothing answers what is not there.
#[tokio::test]
async fn a_part_deleted_there_is_not_answered() {
    use PublicationState::{Cancelled, Published, Refused};
    both_engines(|test: TestApp| async move {
        let company = Company::found(&test.app).await;
        let id = approved(&test, &company, three(&company)).await;
        let first = claim(&test, &test.app.worker).await;
        send::send(&test.app, &first).await.unwrap();
        let mut tx = test.app.store.begin().await.unwrap();
        let sent = tx.publication(first.id).await.unwrap();
        let name = sent.remote_id.unwrap();
        tx.observed_state(first.channel, &name, ObservedState::Deleted, test.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        worker::fast(&test.app).await.unwrap();
        worker::fast(&test.app).await.unwrap();
        assert_eq!(states(&test, id).await, [Published, Refused, Cancelled]);
        assert_eq!(held(&test).await.len(), 1);
    })
    .await;
}

/// Taken back while a part is on its way: that part is deleted too once it is known to be there, and none follows it.
#[tokio::test]
async fn a_part_on_its_way_is_taken_back_with_its_series() {
    use PublicationState::{Cancelled, Published, Ready, Sending, TakenBack};
    both_engines(|test: TestApp| async move {
        let company = Company::found(&test.app).await;
        let id = approved(&test, &company, three(&company)).await;
        let first = claim(&test, &test.app.worker).await;
        send::send(&test.app, &first).await.unwrap();
        // The program is killed when the network has the second.
        let second = claim(&test, "killed").await;
        let mut tx = test.app.store.begin().await.unwrap();
        tx.publication_begin(
            second.id,
            second.attempt,
            "killed",
            second.digest,
            test.now(),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        put_on_network(&test, &second).await;
        assert_eq!(states(&test, id).await, [Published, Sending, Ready]);
        let ines = company.who(&test.app, company.ines).await;
        actions::take_back(&test.app, &ines, first.id, "Erreur de date")
            .await
            .unwrap();
        assert_eq!(states(&test, id).await[2], Cancelled);
        assert_eq!(held(&test).await.len(), 2);
        for _ in 0..4 {
            test.wait(SignedDuration::from_mins(2));
            worker::fast(&test.app).await.unwrap();
        }
        assert_eq!(states(&test, id).await, [TakenBack, TakenBack, Cancelled]);
        assert_eq!(held(&test).await.len(), 0);
    })
    .await;
}

/// Killed at any point between the intent and the outcome of any part: in the end each part is there once.
#[tokio::test]
async fn a_series_survives_a_kill_at_every_part() {
    use PublicationState::{Published, Ready, Unknown};
    both_engines(|test: TestApp| async move {
        let company = Company::found(&test.app).await;
        // Which part is interrupted, and whether the network had it by then.
        for (at, sent) in [
            (0, false),
            (1, false),
            (2, false),
            (0, true),
            (1, true),
            (2, true),
        ] {
            let before = held(&test).await.len();
            let id = approved(&test, &company, three(&company)).await;
            // The parts before it go out as ever, one at a time and in order.
            for n in 0..at {
                let row = claim(&test, &test.app.worker).await;
                assert_eq!(row.part, n);
                send::send(&test.app, &row).await.unwrap();
            }
            let row = claim(&test, "killed").await;
            assert_eq!(row.part, at);
            {
                let now = test.now();
                let mut tx = test.app.store.begin().await.unwrap();
                let digest = row.digest;
                tx.publication_begin(row.id, row.attempt, "killed", digest, now)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                if sent {
                    put_on_network(&test, &row).await;
                }
            }
            test.wait(SignedDuration::from_mins(2));
            worker::fast(&test.app).await.unwrap();
            let now = states(&test, id).await;
            assert!(
                !now[usize::try_from(at).unwrap() + 1..].contains(&Published) || sent,
                "nothing overtakes a part that nobody knows of: {now:?}"
            );
            assert!(
                now.iter()
                    .all(|state| [Published, Unknown, Ready].contains(state))
            );
            for _ in 0..4 {
                test.wait(SignedDuration::from_mins(2));
                worker::fast(&test.app).await.unwrap();
            }
            assert_eq!(
                states(&test, id).await,
                [Published, Published, Published],
                "{at} {sent}"
            );
            assert_eq!(
                held(&test).await.len(),
                before + 3,
                "each once: {at} {sent}"
            );
        }
    })
    .await;
}

/// The one publication that is due, claimed as the publisher claims.
/// What the network got before the program died.
async fn put_on_network(test: &TestApp, row: &PublicationRow) {
    let mut conn = test.app.store.read().await.unwrap();
    let cleared = guard::was_sent(&test.app, &mut conn, row).await.unwrap();
    drop(conn);
    let cleared = cleared.unwrap();
    let mut open = vigie::publication::session::open(&test.app, &cleared.channel)
        .await
        .unwrap();
    let connector = test.app.connectors.of(Platform::Sandbox);
    let outcome = connector
        .publish(&mut open.session, &cleared.payload, Duration::from_secs(9))
        .await;
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
}

async fn claim(test: &TestApp, owner: &str) -> PublicationRow {
    let mut tx = test.app.store.begin().await.unwrap();
    let lease = SignedDuration::from_secs(90);
    let mut rows = tx
        .publications_claim(test.now(), owner, lease, 9)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

#[tokio::test]
async fn parts_are_added_without_scripts_and_said_where_they_do_not_go() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let facebook = elsewhere(&test, company.ines, Platform::Facebook).await;
    let ines = signed_in(&test, company.ines).await;
    let (here, there) = (company.page.to_string(), facebook.to_string());
    let first_only = format!("first-only-{there}");
    let mut fields = vec![
        ("channel", here.as_str()),
        ("channel", there.as_str()),
        ("text", "Un : la presse"),
        ("lang", "fr"),
        ("when", "approved"),
    ];
    let mut more = fields.clone();
    more.push(("do", "part"));
    let form = ines.post("/posts/new", &more).await.expect(200).text();
    assert!(form.contains("name=\"part-1\""), "{form}");
    assert!(
        form.contains("Une seule publication à la fois sur\u{a0}: Facebook."),
        "{form}"
    );
    fields.push(("parts", "2"));
    fields.push(("part-1", "Deux : appelez Hélène au 06 12 34 56 78"));
    fields.push(("part-2", "  "));
    let mut asked = fields.clone();
    asked.push(("do", "check"));
    let form = ines.post("/posts/new", &asked).await.expect(200).text();
    assert!(form.contains("pas de suite"), "{form}");
    assert!(
        form.contains(&format!("value=\"part-1@{here}|")),
        "a change is offered in the part: {form}"
    );
    fields.push((&first_only, "yes"));
    asked = fields.clone();
    let fix = format!("part-1@{here}|0|4|Ensuite");
    asked.push(("fix", &fix));
    let form = ines.post("/posts/new", &asked).await.expect(200).text();
    assert!(form.contains("Ensuite : appelez"), "{form}");
    // An empty part before it is none: the number on the page leads to the right field.
    asked.retain(|(name, _)| !name.starts_with("part-"));
    asked.push(("part-1", " "));
    asked.push(("part-2", "Deux : appelez Hélène au 06 12 34 56 78"));
    let form = ines.post("/posts/new", &asked).await.expect(200).text();
    assert!(form.contains("Ensuite : appelez"), "{form}");
    asked = fields.clone();
    asked.push(("do", "save"));
    let id = led_to(&ines.post("/posts/new", &asked).await.expect(303));
    let record = post(&test, id).await;
    assert_eq!(
        on(&record, company.page).parts.len(),
        1,
        "an empty part is none"
    );
    assert_eq!(on(&record, facebook).parts.len(), 0);
    let checked: Checked = serde_json::from_value(record.report.clone().unwrap()).unwrap();
    let places: Vec<&str> = checked
        .variants
        .iter()
        .flat_map(|v| v.report.findings.iter().map(|f| f.where_.as_str()))
        .collect();
    assert!(places.contains(&"part[1]"), "{places:?}");
    // Saving the form unchanged changes nothing, and no part counts as lost.
    let edit = format!("/posts/{id}/edit");
    let form = ines.get(&edit).await.expect(200).text();
    assert!(form.contains("name=\"parts\" value=\"1\""), "{form}");
    assert!(!form.contains("différences entre pages"), "{form}");
    let page = ines.get(&format!("/posts/{id}")).await.expect(200).text();
    assert!(page.contains("partie 2 sur 2"), "{page}");
}

#[tokio::test]
async fn a_series_that_is_cut_in_another_way_says_so() {
    const SAID: &str = "Les parties ont changé";
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = company.who(&test.app, company.ines).await;
    let lea = company.who(&test.app, company.lea).await;
    let tom = signed_in(&test, company.tom).await;
    let draft = |texts: &[&str]| Draft {
        variants: vec![DraftVariant {
            parts: texts[1..].iter().map(|text| part(text)).collect(),
            ..company::variant(company.page, texts[0])
        }],
        at: None,
    };
    // The same words one after the other, cut elsewhere; as more parts; as one; and other words in the same cut.
    let old = ["Un\n\nDeux", "Trois"];
    for (new, said) in [
        (&["Un", "Deux\n\nTrois"][..], true),
        (&["Un", "Deux", "Trois"], true),
        (&["Un\n\nDeux\n\nTrois"], true),
        (&["Un\n\nDeux", "Quatre"], false),
    ] {
        let made = actions::create(&test.app, &ines, &draft(&old))
            .await
            .unwrap();
        let id = made.post.id;
        actions::submit(&test.app, &ines, id).await.unwrap();
        let page = format!("/posts/{id}");
        actions::suggest(&test.app, &lea, id, &draft(new), "")
            .await
            .unwrap();
        let seen = tom.get(&page).await.expect(200).text();
        assert!(seen.contains("propose une modification"), "{seen}");
        assert_eq!(seen.contains(SAID), said, "suggested: {new:?} {seen}");

        let made = actions::create(&test.app, &ines, &draft(&old))
            .await
            .unwrap();
        let id = made.post.id;
        actions::submit(&test.app, &ines, id).await.unwrap();
        let version = post(&test, id).await.version;
        actions::edit(&test.app, &ines, id, version, &draft(new))
            .await
            .unwrap();
        let seen = tom.get(&format!("/posts/{id}")).await.expect(200).text();
        assert_eq!(seen.contains(SAID), said, "edited: {new:?} {seen}");
    }
}

#[tokio::test]
async fn every_picture_of_a_series_is_looked_at_or_refused() {
    use vigie::post::draft::DraftMedia;
    use vigie_core::content::Digest;
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let name = |n: u8| Digest([n; 32]);
    let media = |n: u8| DraftMedia {
        sha256: name(n),
        alt: String::new(),
        decorative: true,
    };
    let with = |many: u8| {
        let mut variant = three(&company);
        variant.media = (0..20).map(media).collect();
        variant.parts[0].media = (20..40).map(media).collect();
        variant.parts[1].media = (40..56).map(media).collect();
        variant.parts.push(DraftPart {
            text: "Quatre".into(),
            media: (56..many).map(media).collect(),
        });
        Draft {
            variants: vec![variant],
            at: None,
        }
    };
    let ines = company.who(&test.app, company.ines).await;
    let refused = async |many| {
        let made = actions::create(&test.app, &ines, &with(many)).await;
        made.unwrap_err().to_string()
    };
    assert_eq!(refused(65).await, "too many pictures in all parts");
    assert_eq!(refused(64).await, "unknown picture", "as many as are read");
    // A content with more, however it was made, is refused before any picture of it is read.
    let made = actions::create(&test.app, &ines, &company.draft("Un"))
        .await
        .unwrap();
    let mut content = made.content;
    content.variants[0].media = (0..65)
        .map(|n| MediaRef {
            sha256: name(n),
            mime: "image/png".into(),
            alt: String::new(),
            decorative: true,
            width: 1,
            height: 1,
        })
        .collect();
    let mut conn = test.app.store.read().await.unwrap();
    let first = vigie::channel::fits::first(&test.app, &mut conn, &content).await;
    assert_eq!(first.unwrap(), Some(Code::TooManyPictures));
    drop(conn);
    // A form and a program are told the same.
    let browser = signed_in(&test, company.ines).await;
    let here = company.page.to_string();
    let all: Vec<(String, String)> = (0..65)
        .flat_map(|n| {
            let sha256 = name(n).to_string();
            [
                (format!("in-{sha256}"), (n / 20).to_string()),
                ("media".to_owned(), sha256),
            ]
        })
        .collect();
    let mut fields = vec![
        ("channel", here.as_str()),
        ("text", "Un"),
        ("lang", "fr"),
        ("when", "approved"),
        ("parts", "3"),
        ("do", "save"),
    ];
    fields.extend(all.iter().map(|(a, b)| (a.as_str(), b.as_str())));
    let form = browser.post("/posts/new", &fields).await.expect(422).text();
    assert!(
        form.contains("64 au plus dans toutes les parties"),
        "{form}"
    );
    let pictures = |from: u8, to: u8| -> Vec<serde_json::Value> {
        (from..to)
            .map(|n| json!({ "sha256": name(n).to_string(), "decorative": true }))
            .collect()
    };
    let body = json!({ "variants": [{ "channel": here, "text": "Un", "langs": ["fr"],
        "media": pictures(0, 20), "parts": [{ "text": "Deux", "media": pictures(20, 40) },
        { "text": "Trois", "media": pictures(40, 60) }, { "text": "Quatre", "media": pictures(60, 65) }] }] });
    let client = program(&test, company.ines).await;
    let said = client
        .call(Method::POST, "/api/v1/posts", Some(&body))
        .await
        .expect(422);
    assert!(said.text().contains("64"), "{}", said.text());
}
