#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! Who may call what, for every route there is: the table in `tests/rights.txt` against the running program.
//!
//! A new route fails this test until it has its line. `VIGIE_BLESS=1` writes the table anew; read the difference.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;

use std::collections::BTreeMap;
use std::path::Path;

use axum::http::{HeaderMap, Method, StatusCode};
use company::Company;
use vigie::account::session;
use vigie::app;
use vigie::testing::TestApp;
use vigie::web::route::{Route, Who};
use vigie_core::id::{MemberId, TokenId};
use vigie_core::rights::{Scope, allowed};
use vigie_store::ApiToken;

/// The path with something in the place of its parameters.
fn filled(path: &str) -> String {
    let mut out = String::new();
    for part in path.split('/').skip(1) {
        out.push('/');
        out.push_str(if part.starts_with('{') {
            "01890a5d-ac96-774b-bcce-b302099a8057"
        } else {
            part
        });
    }
    if out.is_empty() { "/".to_owned() } else { out }
}

/// Nobody, reader, writer, steward; a dash for those who may not.
fn line(route: &Route) -> String {
    use vigie_core::member::Role;
    let columns = |may: &dyn Fn(Role) -> bool| {
        let letter = |role, letter| if may(role) { letter } else { '-' };
        format!(
            "{}{}{}",
            letter(Role::Reader, 'r'),
            letter(Role::Writer, 'w'),
            letter(Role::Steward, 's')
        )
    };
    // The members of the table: readers do not review, writers and stewards do.
    let reviews = |role| role != Role::Reader;
    let who = match route.who {
        Who::Anyone => "n rws page".to_owned(),
        Who::SignedOut => "n --- page".to_owned(),
        Who::SignedIn => "- rws page".to_owned(),
        Who::Member(act) => format!(
            "- {} page",
            columns(&|role| allowed(role, reviews(role), act))
        ),
        Who::Token(act) => format!(
            "- {} token",
            columns(&|role| allowed(role, reviews(role), act))
        ),
    };
    format!("{who} {} {}", route.method, route.path)
}

#[test]
fn every_route_is_in_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/rights.txt");
    let mut lines: Vec<String> = app::routes().iter().map(line).collect();
    lines.sort_by_key(|l| l.rsplit(' ').take(2).map(str::to_owned).collect::<Vec<_>>());
    let now = lines.join("\n") + "\n";
    if std::env::var_os("VIGIE_BLESS").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let table = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        table, now,
        "tests/rights.txt is not what the routes say; if the change is meant, VIGIE_BLESS=1"
    );
}

async fn cookie(test: &TestApp, member: MemberId) -> String {
    let mut tx = test.app.store.begin().await.unwrap();
    let secret = session::open(&mut tx, member, &HeaderMap::new(), test.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    secret
}

async fn token(test: &TestApp, member: MemberId) -> String {
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
    secret
}

#[tokio::test]
async fn the_program_does_what_the_table_says() {
    let table = include_str!("rights.txt");
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let people = BTreeMap::from([('r', company.omar), ('w', company.tom), ('s', company.ines)]);
    let mut tried = 0;
    for entry in table.lines() {
        let [nobody, roles, kind, method, path] = entry.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{entry}")
        };
        let method: Method = method.parse().unwrap();
        let path = filled(path);
        for (column, (letter, member)) in
            ['r', 'w', 's'].iter().map(|l| (*l, people[l])).enumerate()
        {
            let may = roles.as_bytes()[column] == letter as u8;
            let status = if kind == "token" {
                let client = test.client(&token(&test, member).await);
                client
                    .call(method.clone(), &path, Some(&serde_json::json!({})))
                    .await
                    .status
            } else {
                let browser = test.browser();
                browser.set_cookie("vigie_session", &cookie(&test, member).await);
                page(&browser, &method, &path).await
            };
            let refused = status == StatusCode::FORBIDDEN
                || (nobody == "n" && roles == "---" && status == StatusCode::SEE_OTHER);
            assert_ne!(
                status,
                StatusCode::INTERNAL_SERVER_ERROR,
                "{letter} at {entry}"
            );
            assert_eq!(!refused, may, "{letter} at {entry}: {status}");
            tried += 1;
        }
        let outside = if kind == "token" {
            test.client("wrong")
                .call(method.clone(), &path, None)
                .await
                .status
        } else {
            page(&test.browser(), &method, &path).await
        };
        let turned_away = matches!(outside, StatusCode::UNAUTHORIZED)
            || (outside == StatusCode::SEE_OTHER && nobody == "-");
        assert_eq!(turned_away, nobody == "-", "nobody at {entry}: {outside}");
    }
    assert!(tried > 150, "only {tried} tried");
}

async fn page(browser: &vigie::testing::Browser, method: &Method, path: &str) -> StatusCode {
    if *method == Method::GET {
        browser.get(path).await.status
    } else {
        browser.post(path, &[]).await.status
    }
}
