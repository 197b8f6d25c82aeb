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

#[tokio::test]
async fn a_write_with_a_key_is_done_once() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = token(&test, company.ines, Scope::ALL).await;
    let tom = token(&test, company.tom, Scope::ALL).await;
    let body = post(&company, "Bonjour");
    let send = async |client: &Client, key: &str, body: &Value| {
        client
            .call_with(
                Method::POST,
                "/api/v1/posts",
                &[("idempotency-key", key)],
                Some(body),
            )
            .await
    };
    let first = send(&ines, "k-1", &body).await.expect(201).json();
    let again = send(&ines, "k-1", &body).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json(), first);
    // Another request under the same key, and a key that is none, do nothing.
    let other = send(&ines, "k-1", &post(&company, "Autre")).await;
    other.expect(422);
    send(&ines, "with space", &body).await.expect(422);
    send(&ines, &"k".repeat(256), &body).await.expect(422);
    // Keys of two people never meet.
    send(&tom, "k-1", &body).await.expect(201);
    let list = ines.call(Method::GET, "/api/v1/posts", None).await.json();
    assert_eq!(list["posts"].as_array().unwrap().len(), 2);

    // A refusal gives the key back.
    let path = format!("/api/v1/posts/{}", first["id"].as_str().unwrap());
    let mut changed = post(&company, "Bonjour à tous");
    changed["version"] = json!(99);
    let put = async |body: &Value| {
        let key = &[("idempotency-key", "k-2")];
        ines.call_with(Method::PUT, &path, key, Some(body)).await
    };
    put(&changed).await.expect(409);
    changed["version"] = first["version"].clone();
    put(&changed).await.expect(200);

    // Two at once: one does it, the other gets its answer or is told that it runs.
    let (a, b) = tokio::join!(send(&ines, "k-3", &body), send(&ines, "k-3", &body));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert!(
        statuses == [201, 201] || statuses == [201, 409],
        "{statuses:?}"
    );
    let list = ines.call(Method::GET, "/api/v1/posts", None).await.json();
    assert_eq!(list["posts"].as_array().unwrap().len(), 3);

    // After a day the key is forgotten.
    test.wait(jiff::SignedDuration::from_hours(25));
    assert!(vigie::web::idempotent::forget(&test.app).await.unwrap() >= 3);
    send(&ines, "k-1", &body).await.expect(201);
}

#[tokio::test]
async fn lists_come_in_pieces() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = token(&test, company.ines, Scope::ALL).await;
    let get = async |path: &str| ines.call(Method::GET, path, None).await;
    for path in [
        "/api/v1/members",
        "/api/v1/channels",
        "/api/v1/changes",
        "/api/v1/alarms",
        "/api/v1/posts",
        "/api/v1/audit",
    ] {
        for (limit, status) in [(0, 422), (101, 422), (1, 200)] {
            get(&format!("{path}?limit={limit}")).await.expect(status);
        }
    }
    let mut names = BTreeSet::new();
    let mut after = String::new();
    for _ in 0..20 {
        let page = get(&format!("/api/v1/members?limit=2{after}")).await.json();
        for member in page["members"].as_array().unwrap() {
            assert!(names.insert(member["name"].as_str().unwrap().to_owned()));
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let all = test
        .app
        .store
        .read()
        .await
        .unwrap()
        .members()
        .await
        .unwrap();
    assert_eq!(names.len(), all.len());
    get("/api/v1/members?after=nobody").await.expect(422);
    get("/api/v1/calendar?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z")
        .await
        .expect(200);
    for wrong in [
        "from=2026-11-01T00:00:00Z&to=2026-10-01T00:00:00Z",
        "from=x&to=y",
        "from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z",
    ] {
        get(&format!("/api/v1/calendar?{wrong}")).await.expect(422);
    }
}

#[tokio::test]
async fn the_log_is_read_and_proved_from_outside() {
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
        .json();
    let log = ines
        .call(Method::GET, "/api/v1/audit?kind=post&limit=1", None)
        .await
        .expect(200)
        .json();
    let entry = &log["entries"][0];
    assert_eq!(entry["act"], "post.create");
    assert_eq!(entry["actor"]["kind"], "token");
    assert_eq!(
        entry["object"].as_str().unwrap(),
        format!("post/{}", made["id"].as_str().unwrap())
    );
    let head = ines
        .call(Method::GET, "/api/v1/audit/head", None)
        .await
        .json();
    let export = ines
        .call(Method::GET, "/api/v1/audit/export", None)
        .await
        .expect(200)
        .text();
    let against = vigie_core::audit::verify::Against {
        key: Some(vigie_core::audit::note::NoteKey::parse(head["key"].as_str().unwrap()).unwrap()),
        checkpoint: None,
    };
    let verdict = vigie::audit::proof::prove_export(export.as_bytes(), &against).unwrap();
    assert!(
        matches!(&verdict, vigie_core::audit::verify::Verdict::Intact { root, .. } if *root == head["root"].as_str().unwrap()),
        "{verdict:?}"
    );
    let narrow = token(&test, company.ines, &[Scope::ReadPosts]).await;
    narrow
        .call(Method::GET, "/api/v1/audit/export", None)
        .await
        .expect(403);
}
