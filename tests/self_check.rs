#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! The self-check leaves no trace. Words that stand nowhere else are planted in texts, choices and requests that fail,
//! over HTTP to the real program with every line of its log; then the whole data folder, the log, the audit log and the
//! measurements are searched for them. A post that is kept shows that the search finds what is there.

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
#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/visitor.rs"]
mod visitor;

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use base64::Engine as _;
use browser::{Browser, Width};
use company::Company;
use pages::signed_in;
use reqwest::{Method, header};
use server::{Server, Start, free_port};
use vigie::account::session;
use vigie::app::App;
use vigie::clock::SystemClock;
use vigie::config::{Config, Layer};
use vigie::testing::TestApp;
use vigie::web::form::Form;
use vigie::web::limit::Rate;
use vigie::web::route::{Route, Who};
use vigie_core::rights::{Act, Scope};
use vigie_store::ApiToken;
use visitor::Visitor;

/// What every planted word begins with. It is all letters, so that no form or JSON writes it in another way.
const PLANTED: &str = "CANARIQWXZ";
/// Stands in a post that is kept.
const KEPT: &str = "TEMOINQWXZ";

/// A text with something of each family in it, around a planted word.
fn text(word: &str) -> String {
    format!(
        "Bonjour {{{{{word}}}}} ! Mon IBAN FR76 3000 6000 0112 3456 7890 189 {word}, le mot de passe : {word}9! \
         Venez boire un verre de whisky {word}, https://intranet.local/{word}"
    )
}

/// Every way in which bytes may hide in a file or a line: as they are, in base64 at any place, in hexadecimal, in UTF-16.
fn faces(word: &str) -> Vec<Vec<u8>> {
    let mut out = vec![
        word.as_bytes().to_vec(),
        word.to_lowercase().into_bytes(),
        hex::encode(word).into_bytes(),
        word.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for shift in 0..3 {
        let padded = format!("{}{word}", "x".repeat(shift));
        let coded = base64::engine::general_purpose::STANDARD.encode(padded);
        // Without the ends, which depend on the neighbours.
        out.push(coded.as_bytes()[4..coded.len() - 4].to_vec());
    }
    out
}

fn holds(bytes: &[u8], word: &str) -> bool {
    faces(word)
        .iter()
        .any(|face| bytes.windows(face.len()).any(|w| w == face.as_slice()))
}

/// Every file below a folder that holds a word: the database with its journal, and anything else.
fn files_with(folder: &Path, word: &str) -> Vec<String> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files_with(&path, word));
        } else if holds(&std::fs::read(&path).unwrap(), word) {
            out.push(path.display().to_string());
        }
    }
    out
}

/// Every cell of every table that holds a word, read as the engine reads it.
async fn cells_with(database: &Path, word: &str) -> Vec<String> {
    let dump = "import sqlite3, sys\n\
        db = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True)\n\
        db.text_factory = bytes\n\
        for (table,) in db.execute(\"select name from sqlite_master where type = 'table'\").fetchall():\n\
        \x20   for row in db.execute('select * from \"' + table.decode() + '\"'):\n\
        \x20       for cell in row:\n\
        \x20           if isinstance(cell, bytes):\n\
        \x20               print(table.decode(), cell.hex())\n";
    let out = std::process::Command::new("python3")
        .args(["-c", dump])
        .arg(database)
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    let lines = String::from_utf8(out.stdout).unwrap();
    assert!(lines.lines().count() > 50, "a dump of almost nothing");
    lines
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, cell)| holds(&hex::decode(cell).unwrap(), word))
        .map(|(table, _)| table.to_owned())
        .collect()
}

/// The same program opened beside the server, only to found the company and let people in.
async fn people(data: &Path) -> (Company, Vec<String>, String) {
    let flags = Layer::from([("data".to_owned(), data.display().to_string())]);
    let config = Config::load(None, std::iter::empty(), flags).unwrap();
    let app = App::open(config, Arc::new(SystemClock)).await.unwrap();
    let company = Company::found(&app).await;
    let now = app.clock.now();
    let mut tx = app.store.begin().await.unwrap();
    let mut sessions = Vec::new();
    for member in [company.omar, company.tom] {
        sessions.push(
            session::open(&mut tx, member, &HeaderMap::new(), now)
                .await
                .unwrap(),
        );
    }
    let token = session::secret().unwrap();
    let new = ApiToken {
        id: vigie_core::id::TokenId::new(uuid::Uuid::now_v7()),
        member: company.ines,
        name: "test".into(),
        scopes: Scope::ALL.iter().copied().collect(),
        created_at: now,
        expires_at: None,
        last_used_at: Some(now),
        revoked_at: None,
    };
    tx.create_token(&new, &session::hash(&token)).await.unwrap();
    tx.commit().await.unwrap();
    app.store.close().await;
    (company, sessions, token)
}

/// Plants a word in every way that a person or a program can send one; the answers may hold it, of course, when they
/// are advice, and must not when they are errors.
async fn plant(omar: &Visitor, stranger: &Visitor, token: &str) {
    let form = [
        ("text", text(PLANTED)),
        ("as", "me".to_owned()),
        ("sells", PLANTED.to_owned()),
        ("where", PLANTED.to_owned()),
        (PLANTED, PLANTED.to_owned()),
    ];
    let fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    for path in ["/self-check", "/self-check/live"] {
        let page = omar.post(path, &fields).await.expect(200);
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        assert!(page.text.contains(PLANTED), "the advice shows the text");
        assert!(page.headers.get(header::SET_COOKIE).is_none(), "{path}");

        let long = format!("text={}", PLANTED.repeat(40_000));
        let urlencoded = "application/x-www-form-urlencoded";
        let mut refused = vec![
            omar.post_raw(path, urlencoded, long.into_bytes())
                .await
                .expect(413),
        ];
        let flood = format!("{PLANTED}=1&").repeat(2_000);
        refused.push(
            omar.post_raw(path, urlencoded, flood.into_bytes())
                .await
                .expect(413),
        );
        refused.push(stranger.post(path, &fields).await.expect(303));
        for kind in [
            "application/json",
            "multipart/form-data",
            "text/plain",
            PLANTED,
        ] {
            let body = format!("{{\"text\": \"{PLANTED}\"}}").into_bytes();
            refused.push(omar.post_raw(path, kind, body).await.expect(200));
        }
        for page in refused {
            assert!(!page.text.contains(PLANTED), "{}", page.text);
            assert!(!page.header("location").contains(PLANTED));
        }
    }
    // In an address it is not read.
    let page = omar
        .get(&format!("/self-check?text={KEPT}x"))
        .await
        .expect(200);
    assert!(!page.text.contains(&format!("{KEPT}x</textarea>")));
    assert!(page.text.contains("\n</textarea>"), "the field is empty");
    by_token(omar, token).await;
}

/// The same over the API, where a repeated request would be answered from what was kept.
async fn by_token(visitor: &Visitor, token: &str) {
    let body = serde_json::json!({ "text": text(PLANTED), "lang": PLANTED, "facts": { PLANTED: PLANTED } });
    let bodies = [
        (200, body.to_string()),
        (
            422,
            serde_json::json!({ "text": PLANTED, PLANTED: 1 }).to_string(),
        ),
        (
            422,
            serde_json::json!({ "text": PLANTED, "facts": { PLANTED: { PLANTED: 1 } } })
                .to_string(),
        ),
        (400, format!("{{\"text\": \"{PLANTED}")),
        (413, format!("{{\"text\": \"{}\"}}", PLANTED.repeat(40_000))),
    ];
    for (status, body) in bodies {
        for key in [None, Some("again"), Some("again")] {
            let page = visitor
                .keyed(token, Method::POST, "/api/v1/check", key, &body)
                .await;
            let page = page.expect(status);
            assert_eq!(page.header("cache-control"), "no-store");
            assert_eq!(page.header("idempotency-replayed"), "");
            // What was found is told, the secret in it masked; what is refused says nothing of the text.
            assert_eq!(status == 200, page.text.contains("\"findings\""));
            assert!(!page.text.contains(PLANTED), "{status}: {}", page.text);
        }
    }
}

#[tokio::test]
async fn nothing_of_a_tried_text_stays_anywhere() {
    let data = tempfile::tempdir().unwrap();
    let (company, sessions, token) = people(data.path()).await;
    let measured = free_port();
    let start = Start {
        env: vec![
            ("VIGIE_LOG".into(), "trace".into()),
            (
                "VIGIE_METRICS_LISTEN".into(),
                format!("127.0.0.1:{measured}"),
            ),
        ],
        ..Start::default()
    };
    let mut server = Server::start(data.path(), start).await;
    let omar = Visitor::new(&server.url, &sessions[0], "fr");
    let tom = Visitor::new(&server.url, &sessions[1], "en");
    let stranger = Visitor::new(&server.url, "nobody", "fr");
    plant(&omar, &stranger, &token).await;

    // A post is kept, on purpose: the search below must find it.
    let page = company.page.to_string();
    let words = format!("Bonjour {KEPT}");
    let post = [
        ("text", words.as_str()),
        ("channel", &page),
        ("lang", "fr"),
        ("when", "approved"),
        ("do", "save"),
    ];
    tom.post("/posts/new", &post).await.expect(303);

    let database = data.path().join("vigie.db");
    assert!(
        !files_with(data.path(), KEPT).is_empty(),
        "the search of files finds nothing"
    );
    assert!(
        cells_with(&database, KEPT)
            .await
            .contains(&"revision".to_owned())
    );
    assert_eq!(files_with(data.path(), PLANTED), Vec::<String>::new());
    assert_eq!(cells_with(&database, PLANTED).await, Vec::<String>::new());

    let export = omar
        .call(&token, Method::GET, "/api/v1/audit/export", "")
        .await
        .expect(200);
    assert!(export.text.contains("post.create"), "{}", export.text);
    assert!(!holds(export.text.as_bytes(), PLANTED));
    let metrics = reqwest::get(format!("http://127.0.0.1:{measured}/metrics"))
        .await
        .unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("vigie_answers_total") && !holds(metrics.as_bytes(), PLANTED));

    server.kill();
    let log = server.log();
    for line in ["/self-check/live", "/api/v1/check", "TRACE"] {
        assert!(
            log.contains(line),
            "the log says less than everything: no {line}"
        );
    }
    let said: Vec<&str> = log
        .lines()
        .filter(|l| holds(l.as_bytes(), PLANTED))
        .collect();
    assert!(said.is_empty(), "{said:#?}");
    assert_eq!(
        files_with(data.path(), PLANTED),
        Vec::<String>::new(),
        "once it is closed"
    );
}

/// In a browser: advice while typing, one press mends, nothing is left in the tab, and it works without scripts.
#[tokio::test]
async fn a_person_tries_a_text() {
    let data = tempfile::tempdir().unwrap();
    let (_, sessions, _) = people(data.path()).await;
    let server = Server::start(data.path(), Start::default()).await;
    for lang in ["fr", "en"] {
        let page = Browser::open(lang).await;
        page.go(&server.url).await;
        let cookie = thirtyfour::Cookie::new("vigie_session", sessions[0].clone());
        page.driver().add_cookie(cookie).await.unwrap();
        page.go(&format!("{}/self-check", server.url)).await;
        if lang == "en" {
            page.click("details.self summary").await;
            page.leave("form[action='/language'] button").await;
            assert!(page.text().await.contains("Would you post it?"));
        }
        page.axe("self-check, empty").await;
        page.look(&format!("self-check-empty-{lang}")).await;
        let text = "Merci {{nom}} ! Tout est là : https://atelier-roux.example/a?fbclid=IwAR0abc";
        page.fill("#text", text).await;
        page.find("#live .finding-card.stop").await;
        page.axe("self-check").await;
        page.look(&format!("self-check-{lang}")).await;
        let kept =
            "return JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage)])";
        let kept = page.driver().execute(kept, vec![]).await.unwrap();
        let kept = kept.convert::<String>().unwrap();
        assert!(
            !kept.contains("atelier-roux"),
            "it stays in the tab: {kept}"
        );
        page.leave("#live button[name=fix]").await;
        let mended = page
            .find("#text")
            .await
            .prop("value")
            .await
            .unwrap()
            .unwrap();
        assert!(!mended.contains("fbclid"), "{mended}");
        page.width(Width::Phone).await;
        assert!(!page.overflows().await, "it fits a phone");
        page.look(&format!("self-check-{lang}-phone")).await;
        page.width(Width::Desktop).await;
        page.scripts(false).await;
        page.go(&format!("{}/self-check", server.url)).await;
        assert_eq!(
            page.find("#text")
                .await
                .prop("value")
                .await
                .unwrap()
                .unwrap(),
            ""
        );
        page.fill("#text", "Le four est rallumé, venez samedi.")
            .await;
        page.click("#compose .button.primary").await;
        page.find("#findings-title .icon").await;
        let calm = if lang == "fr" {
            "Rien à signaler"
        } else {
            "Nothing to say"
        };
        let text = page.text().await;
        assert!(text.contains(calm), "{text}");
        page.close().await;
    }
}

/// Where the log of this process goes.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn panics(form: Form) -> axum::response::Response {
    panic!("while reading {}", form.value("text"))
}

/// A fault in the program while it reads a text.
#[tokio::test]
async fn a_fault_while_a_text_is_read_says_where_and_not_what() {
    let lines = Lines::default();
    let writer = lines.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .init();
    vigie::web::panic::log_place_only();
    let mut test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let who = Who::Member(Act::Check);
    test.routed(vec![
        Route::post("/private", who, panics).private(),
        Route::post("/kept", who, panics),
        Route::post("/scarce", who, panics).private().rate(Rate {
            burst: 0.0,
            per_second: 0.1,
        }),
    ]);
    let omar = signed_in(&test, company.omar, "fr").await;
    let form = [("text", PLANTED)];
    let kept = omar.post("/kept", &form).await.expect(500);
    assert!(
        kept.text().contains(PLANTED),
        "other forms come back with the error"
    );
    assert!(
        !omar
            .post("/private", &form)
            .await
            .expect(500)
            .text()
            .contains(PLANTED)
    );
    assert!(
        !omar
            .post("/scarce", &form)
            .await
            .expect(429)
            .text()
            .contains(PLANTED)
    );
    let log = lines.0.lock().unwrap().clone();
    assert!(
        String::from_utf8_lossy(&log).contains("self_check.rs"),
        "the place is said"
    );
    assert!(!holds(&log, PLANTED));
}

/// Any role may use it; the words are advice, in the reader's language; a fix is one press.
#[tokio::test]
async fn everyone_gets_advice_in_their_language() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    for (member, lang, calm, found, weight) in [
        (
            company.omar,
            "fr",
            "Rien à signaler",
            "Une chose à regarder",
            "Mieux vaut éviter",
        ),
        (
            company.ines,
            "fr",
            "Rien à signaler",
            "Une chose à regarder",
            "Mieux vaut éviter",
        ),
    ] {
        let browser = signed_in(&test, member, lang).await;
        let page = browser.get("/self-check").await.expect(200).text();
        assert!(
            page.contains("href=\"/self-check\" aria-current=\"page\""),
            "{page}"
        );
        assert!(page.contains("method=\"post\" action=\"/self-check\""));
        let page = browser.post(
            "/self-check",
            &[("text", "Le four est rallumé, venez samedi.")],
        );
        assert!(page.await.expect(200).text().contains(calm));
        let page = browser.post(
            "/self-check/live",
            &[("text", "Bonjour {{prénom}}, à samedi")],
        );
        let page = page.await.expect(200).text();
        assert!(page.contains(found) && page.contains(weight), "{page}");
        assert!(
            page.contains("<mark class=\"found stop\">{{prénom}}</mark>"),
            "{page}"
        );
        for workflow in [
            "Second regard",
            "Second pair of eyes",
            "Stop<",
            "relecteur",
            "approuv",
        ] {
            assert!(!page.contains(workflow), "{workflow}: {page}");
        }
    }
    test.browser().get("/self-check").await.expect(303);
}

#[tokio::test]
async fn a_fix_is_one_press_and_a_made_up_one_changes_nothing() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let omar = signed_in(&test, company.omar, "fr").await;
    let text = "Le programme : https://atelier-roux.example/fete?fbclid=IwAR0abc";
    let page = omar
        .post("/self-check", &[("text", text)])
        .await
        .expect(200)
        .text();
    let Some((_, rest)) = page.split_once("name=\"fix\" value=\"") else {
        panic!("no fix is offered:\n{page}");
    };
    let fix = rest
        .split_once('"')
        .unwrap()
        .0
        .replace("&amp;", "&")
        .replace("&#38;", "&");
    let page = omar
        .post("/self-check", &[("text", text), ("fix", &fix)])
        .await
        .expect(200)
        .text();
    assert!(!page.contains("fbclid"), "{page}");
    for odd in ["", "|", "1|2", "9999|1|x", "a|b|c", "3|1|x", "0|999999|x"] {
        let page = omar
            .post("/self-check", &[("text", text), ("fix", odd)])
            .await
            .expect(200)
            .text();
        assert!(page.contains("fbclid"), "{odd}");
    }
}
