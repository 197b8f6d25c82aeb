//! The table of routes, walked: no entry twice, and every entry kept from those it is not for.
//! What members of each role may do through each route is in the stories of its concept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on must fail"
)]

use axum::{body::Body, http::Request};
use std::collections::BTreeSet;
use vigie::{
    app::routes,
    testing::TestApp,
    web::route::{Route, Who},
};

/// A path with something in every place.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{hash}" | "{*name}" | "{kind}" => "x",
        _ if part.starts_with('{') => "01936d6e-0000-7000-8000-000000000000",
        _ => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn no_entry_is_there_twice_and_the_api_goes_by_tokens() {
    let mut seen = BTreeSet::new();
    for route in routes() {
        let name = format!("{} {}", route.method, route.path);
        assert!(seen.insert(name.clone()), "{name} is there twice");
        let token = matches!(route.who, Who::Token(_));
        assert!(
            token == route.is_api() || (route.is_api() && route.who == Who::Anyone),
            "{name}: tokens are for the API and the API is for tokens"
        );
    }
}

async fn signed_out(app: &TestApp, route: &Route) -> (u16, String) {
    let request = Request::builder()
        .method(route.method.clone())
        .uri(filled(route.path))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = app
        .browser()
        .send(request.body(Body::empty()).unwrap())
        .await;
    (
        answer.status.as_u16(),
        answer.location().unwrap_or_default(),
    )
}

#[tokio::test]
async fn somebody_who_is_not_signed_in_sees_what_is_for_anyone_only() {
    let app = TestApp::new().await;
    // `/readyz` says that it is not ready while the rules are read, which takes a busy machine a while.
    while app.browser().get("/readyz").await.status != 200 {}
    for route in routes() {
        let name = format!("{} {}", route.method, route.path);
        let (status, to) = signed_out(&app, &route).await;
        match route.who {
            Who::Member(_) | Who::SignedIn => {
                assert_eq!(status, 303, "{name}");
                assert!(
                    to.starts_with("/sign-in") || to == "/setup",
                    "{name} leads to {to}"
                );
            }
            Who::Token(_) => assert_eq!(status, 401, "{name}"),
            Who::Anyone | Who::SignedOut => {
                assert!(status < 500 && status != 401, "{name}: {status}")
            }
        }
    }
}

#[tokio::test]
async fn a_form_of_another_site_reaches_no_route() {
    let app = TestApp::new().await;
    for route in routes()
        .into_iter()
        .filter(|r| !r.is_api() && r.method != "GET")
        // Networks call from elsewhere; they sign instead, and no cookie counts (tests/platforms.rs).
        .filter(|r| !r.path.starts_with("/hooks/"))
    {
        let request = Request::builder()
            .method(route.method.clone())
            .uri(filled(route.path));
        let request = request
            .header("sec-fetch-site", "cross-site")
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            app.browser().send(request).await.status.as_u16(),
            403,
            "{} {}",
            route.method,
            route.path
        );
    }
}
