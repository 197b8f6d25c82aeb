//! The frame around every page: headers, errors, languages, cross-site requests, limits.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on must fail"
)]

use axum::{
    body::Body,
    extract::State,
    http::{Method, header},
    response::Response,
};
use futures::StreamExt as _;
use serde_json::json;
use std::time::{Duration, Instant};
use vigie::{
    app::App,
    testing::TestApp,
    web::{
        self,
        error::Error,
        flash::Flash,
        form::Form,
        frame::Frame,
        limit::Rate,
        route::{Route, Who},
    },
};

#[tokio::test]
async fn every_page_carries_the_security_headers() {
    let app = TestApp::new().await;
    for path in ["/healthz", "/sign-in-not-there", "/"] {
        let a = app.browser().get(path).await;
        assert_eq!(
            a.header("content-security-policy"),
            web::headers::CSP,
            "{path}"
        );
        assert_eq!(a.header("x-content-type-options"), "nosniff");
        assert_eq!(a.header("referrer-policy"), "same-origin");
        assert_eq!(a.header("cache-control"), "no-store");
        assert_eq!(
            a.header("strict-transport-security"),
            "",
            "not over plain http"
        );
        assert_eq!(a.header("x-request-id").len(), 32);
    }
    let app = TestApp::with(&[("public_url", "https://vigie.example.org")]).await;
    assert!(
        app.browser()
            .get("/healthz")
            .await
            .header("strict-transport-security")
            .starts_with("max-age=")
    );
}

#[tokio::test]
async fn a_page_that_is_not_there_says_so_in_the_reader_s_language() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    assert!(
        browser
            .get("/nowhere")
            .await
            .expect(404)
            .text()
            .contains("There is nothing here")
    );
    browser.lang = "fr-FR,fr;q=0.9,en;q=0.5";
    let page = browser.get("/nowhere").await.expect(404).text();
    assert!(
        page.contains("Il n’y a rien ici") && page.contains("lang=\"fr\""),
        "{page}"
    );
    browser
        .post("/language", &[("lang", "en"), ("next", "/nowhere")])
        .await
        .expect(303);
    assert!(
        browser
            .get("/nowhere")
            .await
            .text()
            .contains("There is nothing here"),
        "the choice wins over the browser"
    );
}

#[tokio::test]
async fn the_api_answers_with_problem_details() {
    let app = TestApp::new().await;
    let a = app
        .client("x")
        .call(Method::GET, "/api/v1/nowhere", None)
        .await
        .expect(404);
    assert_eq!(a.header("content-type"), "application/problem+json");
    let json = a.json();
    assert_eq!(
        (json["type"].as_str(), json["status"].as_u64()),
        (Some("/problems/not-found"), Some(404))
    );
    assert_eq!(json["operation"].as_str(), Some(a.header("x-request-id")));
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let app = TestApp::new().await;
    let browser = app.browser();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
        ("x-nothing", ""),
    ] {
        let request = browser
            .request(Method::POST, "/theme")
            .header(name, value)
            .body(Body::from("theme=dark"));
        let a = browser.send(request.unwrap()).await.expect(403);
        assert!(a.text().contains("did not come from Vigie"), "{name}");
    }
    assert_eq!(browser.cookie("theme"), None);
}

#[tokio::test]
async fn the_look_is_kept_and_people_stay_on_the_site() {
    let app = TestApp::new().await;
    let browser = app.browser();
    let a = browser
        .post("/theme", &[("theme", "dark"), ("next", "//evil.example/")])
        .await
        .expect(303);
    assert_eq!(a.location().as_deref(), Some("/"));
    assert!(
        browser
            .get("/nowhere")
            .await
            .text()
            .contains("data-theme=\"dark\"")
    );
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_their_hash_only() {
    let app = TestApp::new().await;
    let browser = app.browser();
    let css = web::assets::url("vigie.css");
    let a = browser.get(&css).await.expect(200);
    assert_eq!(
        a.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(a.header("content-type"), "text/css; charset=utf-8");
    let font = a
        .text()
        .split("url(")
        .nth(1)
        .unwrap()
        .split(')')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(
        browser.get(&font).await.expect(200).header("content-type"),
        "font/woff2"
    );
    assert_eq!(
        browser
            .get("/assets/old/vigie.css")
            .await
            .expect(200)
            .header("cache-control"),
        "no-cache"
    );
    browser.get("/assets/x/../../etc/passwd").await.expect(404);
    let request = browser
        .request(Method::GET, &css)
        .header(header::ACCEPT_ENCODING, "br, gzip")
        .body(Body::empty());
    assert_eq!(
        browser
            .send(request.unwrap())
            .await
            .header("content-encoding"),
        "gzip"
    );
}

#[tokio::test]
async fn there_is_no_inline_style_or_script_in_any_template() {
    let inline =
        regex::Regex::new(r#"(?i)\sstyle=|<style|\son[a-z]+="|<script(?:>|[^>]*[^>])>[^<]"#)
            .unwrap();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "html") {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(
                    !inline.is_match(&text),
                    "{}: {:?}",
                    path.display(),
                    inline.find(&text)
                );
            }
        }
    }
}

async fn fails() -> Result<Response, Error> {
    Err(Error::internal("planted-secret"))
}
async fn panics() -> Response {
    panic!("planted-secret")
}
async fn saves(State(app): State<App>) -> Response {
    web::done(&app, "/show", &Flash::good("form-too-long").with("most", 7))
}
async fn shows(frame: Frame) -> Result<Response, Error> {
    #[derive(askama::Template)]
    #[template(
        source = "{% extends \"web/layout.html\" %}{% block main %}<p>shown</p>{% endblock %}",
        ext = "html"
    )]
    struct Show {
        page: web::frame::Page,
    }
    web::html(&Show {
        page: frame.page("home-title"),
    })
}
async fn reads(form: Form) -> String {
    form.value("text").len().to_string()
}

async fn with_trial_routes() -> TestApp {
    let mut app = TestApp::new().await;
    app.routed(vec![
        Route::get("/fail", Who::Anyone, fails),
        Route::get("/panic", Who::Anyone, panics),
        Route::get("/api/v1/panic", Who::Anyone, panics),
        Route::post("/save", Who::Anyone, saves),
        Route::get("/show", Who::Anyone, shows),
        Route::post("/read", Who::Anyone, reads).body(100),
        Route::get("/scarce", Who::Anyone, fails).rate(Rate {
            burst: 2.0,
            per_second: 0.1,
        }),
        Route::get("/members-only", Who::SignedIn, fails),
    ]);
    app
}

#[tokio::test]
async fn faults_and_panics_give_a_calm_page_and_no_detail() {
    let app = with_trial_routes().await;
    for path in ["/fail", "/panic"] {
        let a = app.browser().get(path).await.expect(500);
        let page = a.text();
        assert!(
            page.contains("Something went wrong on our side")
                && page.contains(a.header("x-request-id")),
            "{page}"
        );
        assert!(!page.contains("planted-secret"));
    }
    let a = app
        .client("x")
        .call(Method::GET, "/api/v1/panic", None)
        .await
        .expect(500);
    assert_eq!(a.json()["type"], "/problems/internal");
}

#[tokio::test]
async fn a_notice_is_shown_once_in_the_reader_s_language_and_cannot_be_forged() {
    let app = with_trial_routes().await;
    let browser = app.browser();
    let page = browser.submit("/save", &[]).await.expect(200).text();
    assert!(
        page.contains("7 characters at most") && page.contains("shown"),
        "{page}"
    );
    assert!(!browser.get("/show").await.text().contains("7 characters"));
    browser.post("/save", &[]).await.expect(303);
    let forged = browser.cookie("vigie_flash").unwrap().replacen('e', "f", 1);
    browser.set_cookie("vigie_flash", &forged);
    assert!(!browser.get("/show").await.text().contains("notice"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_by_route() {
    let app = with_trial_routes().await;
    let browser = app.browser();
    browser
        .post("/read", &[("text", &"x".repeat(50))])
        .await
        .expect(200);
    let a = browser
        .post("/read", &[("text", &"x".repeat(200))])
        .await
        .expect(413);
    assert!(a.text().contains("That is too big"));
}

#[tokio::test]
async fn what_nobody_reads_of_a_request_is_dropped_or_the_connection_ends() {
    let app = with_trial_routes().await;
    let browser = app.browser();
    let piece = 64 * 1024;
    // More than the route takes; far more than anybody drops; the same, when the sender asked first whether to go on.
    for (path, pieces, asks, read, ends) in [
        ("/read", 40, false, 40, ""),
        ("/nowhere", 40, false, 40, ""),
        ("/read", 4_000, false, 260, "close"),
        ("/nowhere", 40, true, 0, "close"),
    ] {
        let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = std::sync::Arc::clone(&sent);
        let body = futures::stream::iter(0..pieces).map(move |_| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok::<_, std::io::Error>(vec![b'x'; piece])
        });
        let mut request = browser
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        if asks {
            request = request.header(header::EXPECT, "100-continue");
        }
        let request = request.body(Body::from_stream(body)).unwrap();
        let a = browser.send(request).await;
        assert!(a.status.is_client_error(), "{path}: {}", a.status);
        assert_eq!(a.header("connection"), ends, "{path} {pieces}");
        let sent = sent.load(std::sync::atomic::Ordering::Relaxed);
        assert!(sent <= read && (ends == "close" || sent == read), "{sent}");
    }
}

#[tokio::test]
async fn asking_too_often_says_how_long_to_wait() {
    let app = with_trial_routes().await;
    let browser = app.browser();
    browser.get("/scarce").await.expect(500);
    browser.get("/scarce").await.expect(500);
    let a = browser.get("/scarce").await.expect(429);
    assert_eq!(a.header("retry-after"), "10");
    assert!(a.text().contains("Wait 10 seconds"));
    app.wait(jiff::SignedDuration::from_secs(10));
    browser.get("/scarce").await.expect(500);
}

#[tokio::test]
async fn a_page_for_members_leads_to_sign_in_and_back() {
    let app = with_trial_routes().await;
    let mut tx = app.app.store.begin().await.unwrap();
    tx.create_organisation(&vigie_store::Organisation {
        name: "Atelier Merlin".into(),
        tz: "Europe/Paris".into(),
        lang: vigie_core::member::Lang::Fr,
        settings: vigie_store::Settings::default(),
        created_at: app.now(),
        updated_at: app.now(),
    })
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let a = app.browser().get("/members-only?x=1").await.expect(303);
    assert_eq!(
        a.location().as_deref(),
        Some("/sign-in?next=%2Fmembers-only%3Fx%3D1")
    );
}

#[tokio::test]
async fn the_program_is_ready_on_both_engines_until_it_stops() {
    vigie::testing::both_engines(|app| async move {
        // The rules are read while the program answers already, and it says so; nothing else may be missing meanwhile.
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let a = app.browser().get("/readyz").await;
            if a.status.is_success() {
                assert_eq!(a.json(), json!({ "ready": true, "missing": [] }));
                break;
            }
            let said = a.expect(503).json();
            assert_eq!(said, json!({ "ready": false, "missing": ["rules"] }));
            assert!(Instant::now() < until, "the rules are never read");
        }
        app.app.stop();
        let said = app.browser().get("/readyz").await.expect(503).json();
        assert_eq!(said, json!({ "ready": false, "missing": ["stopping"] }));
    })
    .await;
}
