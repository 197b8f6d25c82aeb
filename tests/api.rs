#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! The API: what a program can do with a token, and what it cannot.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;

use std::collections::BTreeSet;

use axum::http::Method;
use company::Company;
use serde_json::{Value, json};
use vigie::account::session;
use vigie::app;
use vigie::publication::worker;
use vigie::testing::{Client, TestApp};
use vigie_core::id::{MemberId, TokenId};
use vigie_core::rights::Scope;
use vigie_store::ApiToken;

async fn token(test: &TestApp, member: MemberId, scopes: &[Scope]) -> Client {
    let secret = session::secret().unwrap();
    let new = ApiToken {
        id: TokenId::new(uuid::Uuid::now_v7()),
        member,
        name: "test".into(),
        scopes: scopes.iter().copied().collect(),
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

fn post(company: &Company, text: &str) -> Value {
    json!({ "variants": [{ "channel": company.page.to_string(), "text": text, "langs": ["fr"] }] })
}

#[tokio::test]
async fn a_program_writes_and_follows_a_post() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = token(&test, company.ines, Scope::ALL).await;
    let made = ines
        .call(
            Method::POST,
            "/api/v1/posts",
            Some(&post(&company, "Bonjour")),
        )
        .await
        .expect(201)
        .json();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (made["state"].as_str(), made["missing_approvals"].as_u64()),
        (Some("draft"), Some(1))
    );
    let mut changed = post(&company, "Bonjour à tous");
    let path = format!("/api/v1/posts/{id}");
    ines.call(Method::PUT, &path, Some(&changed))
        .await
        .expect(422);
    changed["version"] = json!(99);
    ines.call(Method::PUT, &path, Some(&changed))
        .await
        .expect(409);
    changed["version"] = made["version"].clone();
    ines.call(Method::PUT, &path, Some(&changed))
        .await
        .expect(200);
    let asked = ines
        .call(Method::POST, &format!("{path}/submit"), None)
        .await
        .expect(200)
        .json();
    assert_eq!(asked["state"], "in_review");

    // There is no way to approve with a token: the call does not exist, and the pages want a session.
    for action in ["approve", "waive", "changes"] {
        ines.call(Method::POST, &format!("{path}/{action}"), Some(&json!({})))
            .await
            .expect(404);
    }
    let tom = company.who(&test.app, company.tom).await;
    let digest = vigie_core::content::Digest::parse(asked["digest"].as_str().unwrap()).unwrap();
    vigie::post::actions::approve(&test.app, &tom, id.parse().unwrap(), digest, None)
        .await
        .unwrap();
    worker::fast(&test.app).await.unwrap();
    let out = ines.call(Method::GET, &path, None).await.expect(200).json();
    assert_eq!(out["publications"][0]["state"], "published");
    let publication = out["publications"][0]["id"].as_str().unwrap();
    let back = format!("/api/v1/publications/{publication}/take-back");
    ines.call(
        Method::POST,
        &back,
        Some(&json!({ "text": "La date a changé" })),
    )
    .await
    .expect(202);
    worker::fast(&test.app).await.unwrap();
    let out = ines.call(Method::GET, &path, None).await.expect(200).json();
    assert_eq!(out["publications"][0]["state"], "taken_back");
}

#[tokio::test]
async fn a_token_does_what_its_scopes_and_its_member_may_and_no_more() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let reader = token(&test, company.omar, Scope::ALL).await;
    reader
        .call(Method::GET, "/api/v1/posts", None)
        .await
        .expect(200);
    reader
        .call(
            Method::POST,
            "/api/v1/posts",
            Some(&post(&company, "Bonjour")),
        )
        .await
        .expect(403);
    let narrow = token(&test, company.ines, &[Scope::ReadPosts]).await;
    narrow
        .call(Method::GET, "/api/v1/channels", None)
        .await
        .expect(200);
    let refused = narrow
        .call(
            Method::POST,
            "/api/v1/posts",
            Some(&post(&company, "Bonjour")),
        )
        .await
        .expect(403)
        .json();
    assert!(
        refused["type"]
            .as_str()
            .unwrap()
            .ends_with("/problems/scope")
    );
    let nobody = test.client("vigie_wrong");
    nobody
        .call(Method::GET, "/api/v1/posts", None)
        .await
        .expect(401);
    // A cookie never opens the API, a token never opens a page.
    test.browser().get("/api/v1/posts").await.expect(401);
}

#[tokio::test]
async fn a_check_over_the_api_keeps_nothing() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = token(&test, company.ines, &[Scope::Check]).await;
    let asked = json!({ "text": "Bonjour {{nom}}", "lang": "fr" });
    let report = ines
        .call(Method::POST, "/api/v1/check", Some(&asked))
        .await
        .expect(200)
        .json();
    assert_eq!(report["findings"][0]["rule"], "REP-TPL-01");
    ines.call(Method::POST, "/api/v1/check", Some(&json!({ "words": 1 })))
        .await
        .expect(422);
}

#[tokio::test]
async fn the_description_has_every_call_and_no_other() {
    let test = TestApp::new().await;
    let api = test
        .browser()
        .get("/api/v1/openapi.json")
        .await
        .expect(200)
        .json();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut described = BTreeSet::new();
    for (path, calls) in api["paths"].as_object().unwrap() {
        for method in calls.as_object().unwrap().keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let mounted: BTreeSet<String> = app::routes()
        .iter()
        .filter(|r| r.is_api() && !r.path.ends_with("openapi.json"))
        .map(|r| format!("{} {}", r.method, r.path))
        .collect();
    assert_eq!(described, mounted);
}
