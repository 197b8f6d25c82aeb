#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! Members' ways in: the first run, signing in with two factors, sessions that end, invitations, tokens.

use base64::Engine as _;
use jiff::SignedDuration;
use vigie::account::{code, session};
use vigie::testing::{Answer, Browser, TestApp, both_engines};

/// The value of a hidden field of a page.
fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .expect("the field is there");
    rest.split_once('"').unwrap().0.to_owned()
}

/// The authenticator's secret, as typed from the page.
fn secret(page: &str) -> Vec<u8> {
    let (_, rest) = page.split_once("<code class=\"secret\">").unwrap();
    let typed: String = rest
        .split_once('<')
        .unwrap()
        .0
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let mut out = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for c in typed.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|l| *l == c)
            .unwrap();
        bits = (bits << 5) | value as u32;
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    out
}

const PASSWORD: &str = "le chat dort sur le toit";

/// Founds the company and returns the authenticator's secret and the recovery codes.
async fn found(test: &TestApp, browser: &Browser) -> (Vec<u8>, Vec<String>) {
    let fields = [
        ("organisation", "Atelier Merlin"),
        ("tz", "Europe/Paris"),
        ("name", "Inès Caron"),
        ("login", "ines@atelier.example"),
        ("password", PASSWORD),
    ];
    let page = browser.post("/setup", &fields).await.expect(200).text();
    let key = secret(&page);
    let begun = hidden(&page, "begun");
    let wrong = browser
        .post(
            "/setup/authenticator",
            &[("begun", &begun), ("code", "000000")],
        )
        .await;
    wrong.expect(422);
    let code = code::code_at(&key, test.now()).unwrap();
    let done = browser
        .post(
            "/setup/authenticator",
            &[("begun", &begun), ("code", &code)],
        )
        .await
        .expect(200)
        .text();
    let codes = done
        .split("<li><code>")
        .skip(1)
        .map(|part| part.split_once('<').unwrap().0.to_owned())
        .collect();
    (key, codes)
}

async fn sign_in(browser: &Browser, password: &str, code: &str) -> Answer {
    browser
        .post(
            "/sign-in",
            &[
                ("login", "Ines@Atelier.example "),
                ("password", password),
                ("code", code),
            ],
        )
        .await
}

#[tokio::test]
async fn the_first_run_makes_the_company_once() {
    both_engines(|test: TestApp| async move {
        let browser = test.browser();
        assert_eq!(
            browser.get("/").await.expect(303).location().as_deref(),
            Some("/setup")
        );
        found(&test, &browser).await;
        browser.get("/").await.expect(200);
        let other = test.browser();
        other.get("/setup").await.expect(404);
        other
            .post("/setup", &[("organisation", "Again")])
            .await
            .expect(404);
    })
    .await;
}

#[tokio::test]
async fn it_takes_the_password_and_a_code_and_each_code_works_once() {
    let test = TestApp::new().await;
    let (key, recovery) = found(&test, &test.browser()).await;
    let browser = test.browser();
    let now = code::code_at(&key, test.now()).unwrap();
    // The code of the enrolment was spent there.
    sign_in(&browser, PASSWORD, &now).await.expect(422);
    test.wait(SignedDuration::from_secs(60));
    let next = code::code_at(&key, test.now()).unwrap();
    let wrong = sign_in(&browser, "wrong password entirely", &next)
        .await
        .expect(422)
        .text();
    let nobody = browser
        .post(
            "/sign-in",
            &[("login", "nobody"), ("password", PASSWORD), ("code", &next)],
        )
        .await;
    let nobody = nobody.expect(422).text();
    let said = |page: &str| page.contains("is not right");
    assert!(
        said(&wrong) && said(&nobody),
        "the same words, whoever exists"
    );
    sign_in(&browser, PASSWORD, "").await.expect(422);
    sign_in(&browser, PASSWORD, &next).await.expect(303);
    browser.get("/me").await.expect(200);
    sign_in(&test.browser(), PASSWORD, &next).await.expect(422);
    sign_in(&test.browser(), PASSWORD, &recovery[0])
        .await
        .expect(303);
    sign_in(&test.browser(), PASSWORD, &recovery[0])
        .await
        .expect(422);
}

#[tokio::test]
async fn guessing_has_to_wait_longer_and_longer() {
    let test = TestApp::new().await;
    let (key, _) = found(&test, &test.browser()).await;
    let browser = test.browser();
    for _ in 0..6 {
        sign_in(&browser, "wrong password entirely", "000000")
            .await
            .expect(422);
    }
    sign_in(&browser, "wrong password entirely", "000000")
        .await
        .expect(429);
    // Not for good: the right one gets in after the wait.
    test.wait(SignedDuration::from_mins(16));
    let code = code::code_at(&key, test.now()).unwrap();
    sign_in(&test.browser(), PASSWORD, &code).await.expect(303);
}

#[tokio::test]
async fn sessions_end_when_idle_and_in_any_case() {
    let test = TestApp::new().await;
    let browser = test.browser();
    found(&test, &browser).await;
    browser.get("/me").await.expect(200);
    test.wait(
        session::IDLE
            .checked_sub(SignedDuration::from_secs(1))
            .unwrap(),
    );
    browser.get("/me").await.expect(200);
    test.wait(session::IDLE);
    browser.get("/me").await.expect(303);

    let test = TestApp::new().await;
    let browser = test.browser();
    found(&test, &browser).await;
    for _ in 0..24 {
        test.wait(SignedDuration::from_hours(7));
        browser.get("/me").await;
    }
    browser.get("/me").await.expect(303);
}

#[tokio::test]
async fn signing_out_ends_the_session_at_the_server() {
    let test = TestApp::new().await;
    let browser = test.browser();
    found(&test, &browser).await;
    let kept = browser.cookie("vigie_session").unwrap();
    browser.post("/sign-out", &[]).await.expect(303);
    let thief = test.browser();
    thief.set_cookie("vigie_session", &kept);
    thief.get("/me").await.expect(303);
}

#[tokio::test]
async fn what_an_intruder_would_do_first_needs_a_fresh_proof() {
    let test = TestApp::new().await;
    let browser = test.browser();
    let (key, _) = found(&test, &browser).await;
    let form = [
        ("token_name", "script"),
        ("scope", "posts:read"),
        ("days", "30"),
    ];
    let made = browser.post("/me/tokens", &form).await.expect(200).text();
    let (_, rest) = made.split_once("id=\"token-secret\">").unwrap();
    let token = rest.split_once('<').unwrap().0.to_owned();
    assert!(
        !browser.get("/me").await.expect(200).text().contains(&token),
        "shown once"
    );
    test.wait(SignedDuration::from_mins(6));
    let refused = browser.post("/me/tokens", &form).await.expect(303);
    assert!(refused.location().unwrap().starts_with("/step-up"));
    let code = code::code_at(&key, test.now()).unwrap();
    let before = browser.cookie("vigie_session");
    browser
        .post("/step-up", &[("code", &code), ("next", "/me")])
        .await
        .expect(303);
    assert_ne!(
        before,
        browser.cookie("vigie_session"),
        "a new secret after a fresh proof"
    );
    browser.post("/me/tokens", &form).await.expect(200);
}

#[tokio::test]
async fn an_interrupted_enrolment_leaves_nothing_and_ends() {
    let test = TestApp::new().await;
    let browser = test.browser();
    let fields = [
        ("organisation", "A"),
        ("tz", "Europe/Paris"),
        ("name", "Inès"),
        ("login", "ines"),
        ("password", PASSWORD),
    ];
    let page = browser.post("/setup", &fields).await.expect(200).text();
    let (key, begun) = (secret(&page), hidden(&page, "begun"));
    assert!(
        test.app
            .store
            .read()
            .await
            .unwrap()
            .organisation()
            .await
            .unwrap()
            .is_none()
    );
    test.wait(SignedDuration::from_mins(31));
    let code = code::code_at(&key, test.now()).unwrap();
    browser
        .post(
            "/setup/authenticator",
            &[("begun", &begun), ("code", &code)],
        )
        .await
        .expect(422);
    let sealed = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(&begun)
        .unwrap();
    assert!(
        !String::from_utf8_lossy(&sealed).contains("argon2"),
        "what was typed is sealed"
    );
}
