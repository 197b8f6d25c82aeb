#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! The organisation's own rules, from the page: words, facts, weights, switches and rules of its own, alone or with a
//! second person, in force at once wherever a text is checked.

#[allow(dead_code, reason = "the other stories use the rest")]
#[path = "support/browser.rs"]
mod browser;
#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "the other stories use the rest")]
#[path = "support/pages.rs"]
mod pages;
#[allow(dead_code, reason = "the other stories use the rest")]
#[path = "support/server.rs"]
mod server;

use std::sync::Arc;

use axum::http::Method;
use browser::Width;
use company::Company;
use pages::signed_in;
use serde_json::json;
use server::{Server, Start};
use vigie::account::session;
use vigie::app::App;
use vigie::clock::SystemClock;
use vigie::config::{Config, Layer};
use vigie::rules::force;
use vigie::testing::{Browser, Client, TestApp};
use vigie_core::id::TokenId;
use vigie_core::rights::Scope;
use vigie_store::ApiToken;

const CODENAME: &str = "Basalte";

/// Everyone in front of a browser, and a program with Inès's token.
struct People {
    test: TestApp,
    company: Company,
    ines: Browser,
    tom: Browser,
    omar: Browser,
    program: Client,
}

impl People {
    async fn new() -> Self {
        let test = TestApp::new().await;
        let company = Company::found(&test.app).await;
        let ines = signed_in(&test, company.ines, "fr").await;
        let tom = signed_in(&test, company.tom, "fr").await;
        let omar = signed_in(&test, company.omar, "fr").await;
        let secret = session::secret().unwrap();
        let new = ApiToken {
            id: TokenId::new(uuid::Uuid::now_v7()),
            member: company.ines,
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
        let program = test.client(&secret);
        Self {
            test,
            company,
            ines,
            tom,
            omar,
            program,
        }
    }

    /// A second person confirms what waits; how many changes waited.
    async fn confirmed(&self) -> usize {
        let page = self.tom.get("/changes").await.expect(200).text();
        let ids: Vec<&str> = page
            .split("action=\"/changes/")
            .skip(1)
            .filter_map(|rest| rest.split_once("/confirm\"").map(|(id, _)| id))
            .filter(|id| id.len() == 36)
            .collect();
        for id in &ids {
            self.tom
                .post(&format!("/changes/{id}/confirm"), &[])
                .await
                .expect(303);
        }
        ids.len()
    }

    /// Rules that the API's check speaks with, as `RULE severity`.
    async fn heard(&self, text: &str) -> Vec<String> {
        let asked = json!({ "text": text, "lang": "fr", "facts": { "account": "brand" } });
        let report = self
            .program
            .call(Method::POST, "/api/v1/check", Some(&asked))
            .await
            .expect(200)
            .json();
        let findings = report["findings"].as_array().unwrap();
        findings
            .iter()
            .map(|f| {
                format!(
                    "{} {}",
                    f["rule"].as_str().unwrap(),
                    f["severity"].as_str().unwrap()
                )
            })
            .collect()
    }

    async fn log(&self) -> String {
        let export = self
            .program
            .call(Method::GET, "/api/v1/audit/export", None)
            .await;
        export.expect(200).text()
    }
}

#[tokio::test]
async fn a_word_holds_at_once_everywhere_and_stays_among_stewards() {
    let p = People::new().await;
    let replica = p.test.replica().await;
    let text = format!("Fiers de toute l’équipe {CODENAME}, bravo");
    assert!(p.heard(&text).await.is_empty());
    force::in_force(&replica.app).await.unwrap();
    let form = [
        ("list", "codenames"),
        ("add", "Basalte\n\n Héron \nBasalte"),
    ];
    p.ines.post("/rules/lists", &form).await.expect(303);
    assert_eq!(p.confirmed().await, 0, "it adds care: one person does it");

    // The API, the composer, the self-check, a post that is kept, and the other replica.
    assert!(
        p.heard(&text)
            .await
            .contains(&"CONF-CODE-01 stop".to_owned())
    );
    let page = p.company.page.to_string();
    let live = [("text", text.as_str()), ("channel", &page), ("lang", "fr")];
    let live = p.tom.post("/posts/check", &live).await.expect(200).text();
    assert!(live.contains("CONF-CODE-01"), "{live}");
    let advice = p
        .omar
        .post("/self-check/live", &[("text", &text)])
        .await
        .expect(200)
        .text();
    assert!(advice.contains("nom de code"), "{advice}");
    let there = signed_in(&replica, p.company.omar, "fr").await;
    let advice = there
        .post("/self-check/live", &[("text", &text)])
        .await
        .expect(200)
        .text();
    assert!(advice.contains("nom de code"), "{advice}");
    pages::write(&p.tom, p.company.page, &text)
        .await
        .expect(303);
    let mut conn = p.test.app.store.read().await.unwrap();
    let posts = conn
        .posts(&vigie_store::PostFilter::default(), None, 10)
        .await
        .unwrap();
    let post = conn.post(posts.lines[0].id).await.unwrap();
    let revision = conn.revision(post.post.revision.id).await.unwrap();
    assert!(revision.checked_with.unwrap().contains("organisation 1"));
    drop(conn);

    // Nobody else reads the list; the log knows that, not what.
    assert!(
        p.ines
            .get("/rules/lists?list=codenames")
            .await
            .expect(200)
            .text()
            .contains("Héron")
    );
    p.omar.get("/rules/lists").await.expect(403);
    p.tom.post("/rules/lists", &form).await.expect(403);
    let log = p.log().await;
    assert!(
        log.contains("rules.change") && log.contains("list/codenames") && log.contains("+2 -0")
    );
    assert!(!log.contains("Héron") && !log.contains(CODENAME));

    // Taking it out takes two.
    let form = [("list", "codenames"), ("remove", CODENAME)];
    p.ines.post("/rules/lists", &form).await.expect(303);
    assert_eq!(
        p.heard(&text).await,
        ["CONF-CODE-01 stop", "FR-SEC-01 stop"]
    );
    assert!(
        p.tom
            .get("/changes")
            .await
            .expect(200)
            .text()
            .contains(CODENAME),
        "who confirms sees it"
    );
    assert_eq!(p.confirmed().await, 1);
    assert!(p.heard(&text).await.is_empty());
    assert!(p.log().await.contains("+0 -1"));
}

#[tokio::test]
async fn off_and_lower_take_two_and_what_stops_posts_has_a_floor() {
    let p = People::new().await;
    let text = "NOS PORTES SONT OUVERTES SAMEDI, VENEZ NOMBREUX. Lorem ipsum dolor sit amet";
    let before = p.heard(text).await;
    assert!(
        before.contains(&"REP-CAPS-01 hint".to_owned()),
        "{before:?}"
    );
    assert!(
        before.contains(&"REP-LOREM-01 stop".to_owned()),
        "{before:?}"
    );

    p.ines
        .post("/rules/REP-CAPS-01/switch", &[("to", "off")])
        .await
        .expect(303);
    assert_eq!(p.heard(text).await, before, "one person is not enough");
    p.ines
        .post("/rules/REP-LOREM-01/weigh", &[("severity", "review")])
        .await
        .expect(303);
    assert_eq!(p.confirmed().await, 2);
    let after = p.heard(text).await;
    assert!(
        !after.iter().any(|f| f.starts_with("REP-CAPS-01")),
        "{after:?}"
    );
    assert!(
        after.contains(&"REP-LOREM-01 review".to_owned()),
        "{after:?}"
    );
    let page = p.omar.get("/rules/REP-CAPS-01").await.expect(200).text();
    assert!(page.contains("a désactivé cette règle"), "{page}");
    assert!(!page.contains("/switch"), "a reader has no switch");
    let list = p.omar.get("/rules?show=changed").await.expect(200).text();
    assert!(list.contains("REP-CAPS-01") && list.contains("REP-LOREM-01"));
    assert!(!list.contains("REP-TPL-01"));
    let log = p.log().await;
    assert!(
        log.contains("rule/REP-CAPS-01") && log.contains("change_rules"),
        "{log}"
    );

    // Raised as high as a warning, and on again: alone.
    p.ines
        .post("/rules/REP-CAPS-01/switch", &[("to", "on")])
        .await
        .expect(303);
    p.ines
        .post("/rules/REP-CAPS-01/weigh", &[("severity", "warn")])
        .await
        .expect(303);
    assert!(p.heard(text).await.contains(&"REP-CAPS-01 warn".to_owned()));

    for (path, form) in [
        ("/rules/REP-LOREM-01/switch", [("to", "off")]),
        ("/rules/REP-LOREM-01/weigh", [("severity", "warn")]),
    ] {
        let refused = p.ines.post(path, &form).await.expect(409).text();
        assert!(refused.contains("reste active"), "{refused}");
    }
    p.ines
        .post("/rules/REP-NONE-99/switch", &[("to", "off")])
        .await
        .expect(404);
    let page = p.ines.get("/rules/REP-LOREM-01").await.expect(200).text();
    assert!(!page.contains("/switch") && page.contains("au moins un second regard"));
}

/// The form of a rule without code.
const FAIR: [(&str, &str); 11] = [
    ("id", "org-fair-01"),
    ("family", "reputation"),
    ("severity", "warn"),
    ("words", "salon des métiers\ncraft fair*"),
    ("excuses", "ancien nom"),
    ("title_fr", "Salon mal nommé"),
    ("title_en", ""),
    ("advice_fr", "Écrivez « Salon des ateliers »."),
    ("advice_en", "Write “Workshop Fair”."),
    ("fire", "Rendez-vous au salon des métiers\nTwo craft fairs"),
    (
        "quiet",
        "Le salon des métiers, ancien nom du Salon des ateliers",
    ),
];

#[tokio::test]
async fn a_rule_without_code_is_tried_taken_in_changed_and_removed() {
    let p = People::new().await;
    let mut wrong = FAIR;
    wrong[10] = ("quiet", "Au salon des métiers");
    let page = p.ines.post("/rules/own", &wrong).await.expect(422).text();
    assert!(
        page.contains("Elle doit se taire sur «\u{a0}Au salon des métiers\u{a0}»"),
        "{page}"
    );
    assert!(
        page.contains("salon des métiers\ncraft fair*"),
        "what was typed is there"
    );
    wrong[9] = ("fire", "");
    wrong[5] = ("title_fr", "");
    let page = p.ines.post("/rules/own", &wrong).await.expect(422).text();
    assert!(page.contains("Dites-le dans au moins une langue"), "{page}");
    let mut taken = FAIR;
    taken[0] = ("id", "REP-TPL-01");
    p.ines.post("/rules/own", &taken).await.expect(422);

    p.ines.post("/rules/own", &FAIR).await.expect(303);
    assert_eq!(p.confirmed().await, 0);
    assert_eq!(
        p.heard("Venez au Salon des métiers").await,
        ["ORG-FAIR-01 warn"]
    );
    assert!(
        p.heard("Le salon des métiers, son ancien nom")
            .await
            .is_empty()
    );
    let page = p.omar.get("/rules/ORG-FAIR-01").await.expect(200).text();
    assert!(
        page.contains("Salon mal nommé") && page.contains("craft fair*"),
        "{page}"
    );

    // The same name twice; then in place of the one before, which takes two.
    let page = p.ines.post("/rules/own", &FAIR).await.expect(422).text();
    assert!(page.contains("Il y a déjà une règle ORG-FAIR-01"), "{page}");
    let page = p
        .ines
        .get("/rules/ORG-FAIR-01/edit")
        .await
        .expect(200)
        .text();
    assert!(
        page.contains("value=\"Salon mal nommé\""),
        "the form reads it back: {page}"
    );
    let mut other: Vec<(&str, &str)> = FAIR.to_vec();
    other[2] = ("severity", "stop");
    other.push(("replaces", "ORG-FAIR-01"));
    p.ines.post("/rules/own", &other).await.expect(303);
    assert_eq!(
        p.heard("Venez au Salon des métiers").await,
        ["ORG-FAIR-01 warn"]
    );
    assert_eq!(p.confirmed().await, 1);
    assert_eq!(
        p.heard("Venez au Salon des métiers").await,
        ["ORG-FAIR-01 stop"]
    );

    p.ines
        .post("/rules/ORG-FAIR-01/remove", &[])
        .await
        .expect(303);
    assert_eq!(p.confirmed().await, 1);
    assert!(p.heard("Venez au Salon des métiers").await.is_empty());
    p.omar.get("/rules/ORG-FAIR-01").await.expect(404);
}

/// The form of the rule language, as a browser sends it.
fn multipart(source: &str, file: &str) -> (String, Vec<u8>) {
    let part = |name: &str, more: &str, text: &str| {
        format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{text}\r\n")
    };
    let toml = "; filename=\"r.toml\"\r\nContent-Type: text/plain";
    let parts = [
        part("replaces", "", ""),
        part("source", "", source),
        part("file", toml, file),
    ];
    let body = format!("{}--X--\r\n", parts.concat());
    ("multipart/form-data; boundary=X".into(), body.into_bytes())
}

const WRITTEN: &str = r#"id = "ORG-PRICE-01"
family = "legal"
severity = "hint"
confidence = "low"
source = "Charte"
evidence = "verified"
title = { fr = "Prix rond", en = "Round price" }
advice = { fr = "Vérifiez", en = "Check" }
[match]
regex = ['\b\d+00 €']
[examples]
fire = [{ text = "À 100 €" }]
quiet = [{ text = "À 99 €" }]
"#;

#[tokio::test]
async fn a_rule_in_the_rule_language_has_its_faults_told_by_line() {
    let p = People::new().await;
    let send = async |source: &str, file: &str, status: u16| {
        let (mime, body) = multipart(source, file);
        p.ines
            .post_raw("/rules/own/text", &mime, body)
            .await
            .expect(status)
            .text()
    };
    let page = send(&WRITTEN.replace("severity", "severty"), "", 422).await;
    assert!(
        page.contains("Ligne 3\u{a0}: mot inconnu `severty`\u{a0}: vouliez-vous dire `severity`"),
        "{page}"
    );
    assert!(page.contains("severty ="), "what was typed is there");
    let page = send(&WRITTEN.replace("À 99 €", "À 200 €"), "", 422).await;
    assert!(page.contains("Elle doit se taire"), "{page}");
    let page = send(&WRITTEN.replace("ORG-PRICE", "MY-PRICE"), "", 422).await;
    assert!(page.contains("s’appelle ORG-…"), "{page}");
    send("", &"x".repeat(40_000), 413).await;
    send("", WRITTEN, 303).await;
    assert_eq!(p.heard("Le lot à 500 €").await, ["ORG-PRICE-01 hint"]);
    let page = p
        .ines
        .get("/rules/ORG-PRICE-01/edit")
        .await
        .expect(200)
        .text();
    assert!(
        page.contains("regex = ["),
        "it says more than the form can: {page}"
    );
}

#[tokio::test]
async fn what_is_known_of_the_organisation_reaches_the_check() {
    let p = People::new().await;
    let form = [
        ("target", "FR"),
        ("target", "UK"),
        ("crisis", "incendie de l’atelier"),
        ("listed", "true"),
    ];
    p.ines.post("/rules/profile", &form).await.expect(303);
    let rules = force::in_force(&p.test.app).await.unwrap();
    assert_eq!(
        rules.facts().text("crisis"),
        Some("incendie de l’atelier"),
        "an alert holds at once"
    );
    assert_eq!(rules.facts().get("target"), None);
    assert_eq!(p.confirmed().await, 2);
    let rules = force::in_force(&p.test.app).await.unwrap();
    assert_eq!(rules.facts().list("target"), ["FR", "UK"]);
    assert_eq!(
        rules.facts().get("listed"),
        Some(&vigie_check::FactValue::Bool(true))
    );
    let page = p.omar.get("/rules/profile").await.expect(200).text();
    assert!(
        page.contains("France, Royaume-Uni") && !page.contains("<select"),
        "{page}"
    );
    p.ines
        .post("/rules/profile", &[("country", "Narnia")])
        .await
        .expect(409);
    p.omar.post("/rules/profile", &form).await.expect(403);
}

#[tokio::test]
async fn rules_can_be_searched_read_and_asked_for_by_programs() {
    let p = People::new().await;
    let list = p
        .omar
        .get("/rules?q=alcool&family=legal&place=FR")
        .await
        .expect(200)
        .text();
    assert!(
        list.contains("FR-ALC-01") && !list.contains("REP-TPL-01"),
        "{list}"
    );
    let none = p.omar.get("/rules?q=zzzzzz").await.expect(200).text();
    assert!(none.contains("Aucune règle de ce genre"));
    let rules = vigie::rules::force::in_force(&p.test.app).await.unwrap();
    for rule in rules.shipped.rules() {
        let page = p
            .omar
            .get(&format!("/rules/{}", rule.id))
            .await
            .expect(200)
            .text();
        assert!(page.contains("Quand elle parle"), "{}", rule.id);
        let main = page.split("<main").nth(1).unwrap();
        assert!(
            !main.contains("[rule") && !main.contains("{ $"),
            "{}: {main}",
            rule.id
        );
    }
    p.omar.get("/rules/NOPE-01").await.expect(404);

    let all = p
        .program
        .call(Method::GET, "/api/v1/rules", None)
        .await
        .expect(200)
        .json();
    assert_eq!(
        all["rules"].as_array().unwrap().len(),
        rules.shipped.rules().len()
    );
    assert_eq!(all["version"], 0);
    let stops = p
        .program
        .call(
            Method::GET,
            "/api/v1/rules?severity=stop&family=reputation",
            None,
        )
        .await;
    let stops = stops.expect(200).json();
    assert!(
        stops["rules"]
            .as_array()
            .unwrap()
            .iter()
            .all(|r| r["severity"] == "stop")
    );
    let one = p
        .program
        .call(Method::GET, "/api/v1/rules/FR-ALC-01", None)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&one["off"], &one["own"], &one["comes_as"]),
        (&json!(false), &json!(false), &one["severity"])
    );
    assert!(!one["fire"].as_array().unwrap().is_empty() && one["title"]["fr"].is_string());
    p.program
        .call(Method::GET, "/api/v1/rules/NOPE-01", None)
        .await
        .expect(404);
}

/// In a browser: the pages pass axe, fit a phone, and a rule is written without a script.
#[tokio::test]
async fn a_steward_at_the_pages() {
    let data = tempfile::tempdir().unwrap();
    let flags = Layer::from([("data".to_owned(), data.path().display().to_string())]);
    let config = Config::load(None, std::iter::empty(), flags).unwrap();
    let app = App::open(config, Arc::new(SystemClock)).await.unwrap();
    let company = Company::found(&app).await;
    let now = app.clock.now();
    let mut tx = app.store.begin().await.unwrap();
    let none = axum::http::HeaderMap::new();
    let session = session::open(&mut tx, company.ines, &none, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.store.close().await;
    let server = Server::start(data.path(), Start::default()).await;
    let page = browser::Browser::open("fr").await;
    page.go(&server.url).await;
    let cookie = thirtyfour::Cookie::new("vigie_session", session);
    page.driver().add_cookie(cookie).await.unwrap();

    page.go(&format!("{}/rules/lists?list=codenames", server.url))
        .await;
    page.fill("#add-codenames", "Basalte\nHéron").await;
    page.leave("#codenames .button.primary").await;
    page.find("input[value='Héron']").await;
    page.scripts(false).await;
    page.go(&format!("{}/rules/new", server.url)).await;
    for (css, text) in [
        ("#id", "ORG-FAIR-01"),
        ("#words", "salon des métiers"),
        ("#title_fr", "Salon mal nommé"),
        ("#advice_fr", "Écrivez autrement."),
        ("#fire", "Au salon des métiers"),
    ] {
        page.fill(css, text).await;
    }
    page.click("form .button.primary").await;
    page.find("a[href='/rules/ORG-FAIR-01']").await;
    page.scripts(true).await;
    for lang in ["fr", "en"] {
        for (name, path) in [
            ("rules", "/rules"),
            ("rules-found", "/rules?q=a&family=legal&severity=stop"),
            ("rules-one", "/rules/FR-ALC-01"),
            ("rules-own", "/rules/ORG-FAIR-01"),
            ("rules-lists", "/rules/lists?list=codenames"),
            ("rules-profile", "/rules/profile"),
            ("rules-new", "/rules/new"),
            ("rules-text", "/rules/new?as=text"),
        ] {
            page.go(&format!("{}{path}", server.url)).await;
            page.axe(name).await;
            page.look(&format!("{name}-{lang}")).await;
            page.width(Width::Phone).await;
            assert!(!page.overflows().await, "{name} fits a phone");
            page.look(&format!("{name}-{lang}-phone")).await;
            page.width(Width::Desktop).await;
        }
        page.click("details.self summary").await;
        page.leave("form[action='/language'] button").await;
    }
    page.close().await;
}
