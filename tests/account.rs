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
    // What was refused unseen does not count: a flood keeps nobody out for longer than a minute.
    for _ in 0..3 {
        sign_in(&test.browser(), "wrong password entirely", "000000")
            .await
            .expect(429);
    }
    test.wait(SignedDuration::from_mins(1));
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
    let often = SignedDuration::from_mins(50);
    let mut passed = SignedDuration::ZERO;
    while passed + often < session::ABSOLUTE {
        test.wait(often);
        passed += often;
        browser.get("/me").await.expect(200);
    }
    test.wait(often);
    browser.get("/me").await.expect(303);
}

#[tokio::test]
async fn signing_out_ends_the_session_at_the_server() {
    let test = TestApp::new().await;
    let browser = test.browser();
    found(&test, &browser).await;
    let kept = browser.cookie("vigie_session").unwrap();
    let out = browser.post("/sign-out", &[]).await.expect(303);
    let emptied = out.headers["clear-site-data"].to_str().unwrap();
    assert!(emptied.contains("\"storage\""), "{emptied}");
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

/// Signs in again after the clock has moved on, and returns the browser.
async fn again(test: &TestApp, key: &[u8]) -> Browser {
    test.wait(SignedDuration::from_secs(60));
    let browser = test.browser();
    let code = code::code_at(key, test.now()).unwrap();
    sign_in(&browser, PASSWORD, &code).await.expect(303);
    browser
}

/// The acts in the log, oldest first.
async fn acts(test: &TestApp) -> Vec<String> {
    let mut conn = test.app.store.read().await.unwrap();
    let entries = conn.audit_from(0, 1000).await.unwrap();
    entries.into_iter().map(|entry| entry.leaf.act).collect()
}

#[tokio::test]
async fn each_sign_in_gets_a_session_of_its_own_and_planted_ones_are_worth_nothing() {
    let test = TestApp::new().await;
    let (key, _) = found(&test, &test.browser()).await;
    test.wait(SignedDuration::from_secs(60));
    let browser = test.browser();
    browser.set_cookie("vigie_session", "planted-by-somebody-else");
    let code = code::code_at(&key, test.now()).unwrap();
    let answer = sign_in(&browser, PASSWORD, &code).await.expect(303);
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let own = browser.cookie("vigie_session").unwrap();
    assert_ne!(own, "planted-by-somebody-else");
    let second = again(&test, &key).await;
    assert_ne!(second.cookie("vigie_session").unwrap(), own);
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_this_host() {
    let test = TestApp::with(&[("public_url", "https://vigie.example")]).await;
    let browser = test.browser();
    let mut fields = vec![
        ("organisation", "A"),
        ("tz", "Europe/Paris"),
        ("name", "Inès Caron"),
        ("login", "ines"),
        ("password", PASSWORD),
    ];
    if let Some(code) = &test.app.setup_code {
        browser.post("/setup", &fields).await.expect(422);
        fields.push(("setup_code", code));
    }
    let page = browser.post("/setup", &fields).await.expect(200).text();
    let code = code::code_at(&secret(&page), test.now()).unwrap();
    let begun = hidden(&page, "begun");
    let answer = browser
        .post(
            "/setup/authenticator",
            &[("begun", &begun), ("code", &code)],
        )
        .await
        .expect(200);
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-vigie_session="), "{cookie}");
    assert!(cookie.contains("Secure") && !cookie.contains("Domain"));
}

#[tokio::test]
async fn a_session_never_opens_the_api_and_a_token_never_opens_a_page() {
    let test = TestApp::new().await;
    let browser = test.browser();
    found(&test, &browser).await;
    browser.get("/api/v1/me").await.expect(401);
    let form = [
        ("token_name", "script"),
        ("scope", "posts:read"),
        ("days", "30"),
    ];
    let made = browser.post("/me/tokens", &form).await.expect(200).text();
    let (_, rest) = made.split_once("id=\"token-secret\">").unwrap();
    let token = rest.split_once('<').unwrap().0;
    let ask = |path: &'static str| {
        let browser = test.browser();
        let request = browser
            .request(axum::http::Method::GET, path)
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::empty())
            .unwrap();
        async move { browser.send(request).await }
    };
    ask("/api/v1/me").await.expect(200);
    ask("/me").await.expect(303);
    test.wait(SignedDuration::from_hours(24 * 31));
    ask("/api/v1/me").await.expect(401);
}

#[tokio::test]
async fn a_new_password_takes_the_old_one_and_ends_the_other_sessions() {
    const NEW: &str = "la pluie tombe sur les quais";
    let test = TestApp::new().await;
    let here = test.browser();
    let (key, _) = found(&test, &here).await;
    let there = again(&test, &key).await;
    let change = |current, new| {
        let here = &here;
        async move {
            here.post("/me/password", &[("current", current), ("password", new)])
                .await
        }
    };
    change("not my password", NEW).await.expect(422);
    change(PASSWORD, "short").await.expect(422);
    change(PASSWORD, "ines caron merlin").await.expect(422);
    there.get("/me").await.expect(200);
    change(PASSWORD, NEW).await.expect(303);
    here.get("/me").await.expect(200);
    there.get("/me").await.expect(303);
    test.wait(SignedDuration::from_mins(6));
    let code = code::code_at(&key, test.now()).unwrap();
    sign_in(&test.browser(), PASSWORD, &code).await.expect(422);
    sign_in(&test.browser(), NEW, &code).await.expect(303);
    let refused = change(NEW, PASSWORD).await.expect(303);
    let to = refused.location().unwrap();
    assert!(to.starts_with("/step-up"), "a fresh proof first");
    let acts = acts(&test).await;
    assert!(acts.iter().any(|act| act == "password.change"));
    assert_eq!(
        acts.iter().filter(|act| *act == "session.refuse").count(),
        1
    );
}

#[tokio::test]
async fn a_lost_phone_is_replaced_after_a_recovery_code() {
    let test = TestApp::new().await;
    let (old, recovery) = found(&test, &test.browser()).await;
    let here = test.browser();
    sign_in(&here, PASSWORD, &recovery[0]).await.expect(303);
    let page = here.get("/me/authenticator").await.expect(200).text();
    let (new, begun) = (secret(&page), hidden(&page, "begun"));
    let give = |browser: Browser, code: String| {
        let begun = begun.clone();
        async move {
            let fields = [("begun", begun.as_str()), ("code", code.as_str())];
            (browser.post("/me/authenticator", &fields).await, browser)
        }
    };
    let (wrong, here) = give(here, "000000".into()).await;
    wrong.expect(422);
    let there = again(&test, &old).await;
    let code = code::code_at(&new, test.now()).unwrap();
    // Without a session the form is of no use, even with a right code.
    let (stranger, _) = give(test.browser(), code.clone()).await;
    assert!(stranger.location().unwrap().starts_with("/sign-in"));
    let (done, _) = give(here, code).await;
    assert_eq!(done.expect(303).location().as_deref(), Some("/me"));
    there.get("/me").await.expect(303);
    test.wait(SignedDuration::from_secs(60));
    let code = code::code_at(&old, test.now()).unwrap();
    sign_in(&test.browser(), PASSWORD, &code).await.expect(422);
    let code = code::code_at(&new, test.now()).unwrap();
    sign_in(&test.browser(), PASSWORD, &code).await.expect(303);
}

#[tokio::test]
async fn a_passkey_is_added_only_after_a_fresh_proof() {
    let test = TestApp::new().await;
    let browser = test.browser();
    found(&test, &browser).await;
    let start = || browser.post_raw("/passkey/add/start", "application/json", b"{}".to_vec());
    let options = start().await.expect(200).json();
    let wanted = &options["options"]["publicKey"]["authenticatorSelection"];
    assert_eq!(wanted["userVerification"], "required");
    test.wait(SignedDuration::from_mins(6));
    let refused = start().await.expect(303);
    assert!(refused.location().unwrap().starts_with("/step-up"));
}

#[tokio::test]
async fn an_invitation_works_once_and_for_seven_days() {
    let test = TestApp::new().await;
    let browser = test.browser();
    let (key, _) = found(&test, &browser).await;
    let invite = |browser: Browser| async move {
        let page = browser
            .post(
                "/members/invite",
                &[("name", "Tom Baker"), ("role", "reader")],
            )
            .await
            .expect(200)
            .text();
        let (_, rest) = page.split_once("/invite/").unwrap();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        format!("/invite/{}", rest.split_at(end.unwrap()).0)
    };
    let late = invite(browser).await;
    test.browser().get(&late).await.expect(200);
    test.wait(SignedDuration::from_hours(24 * 7 + 1));
    assert!(test.browser().get(&late).await.status.is_client_error());

    let link = invite(again(&test, &key).await).await;
    let tom = test.browser();
    let with = |password| {
        [
            ("name", "Tom Baker"),
            ("login", "tom"),
            ("password", password),
        ]
    };
    let named = tom.post(&link, &with("tom baker merlin")).await;
    named.expect(422);
    let page = tom.post(&link, &with("seven green bottles standing")).await;
    let page = page.expect(200).text();
    let begun = hidden(&page, "begun");
    let code = code::code_at(&secret(&page), test.now()).unwrap();
    let accept = format!("{link}/authenticator");
    let done = [("begun", begun.as_str()), ("code", code.as_str())];
    tom.post(&accept, &done).await.expect(200);
    tom.get("/members").await.expect(200);
    // The role is that of the invitation.
    tom.post("/members/invite", &[("name", "X"), ("role", "steward")])
        .await
        .expect(403);
    let thief = test.browser();
    assert!(thief.get(&link).await.status.is_client_error());
    assert!(thief.post(&accept, &done).await.status.is_client_error());
}

#[tokio::test]
async fn what_is_past_its_time_is_forgotten() {
    let test = TestApp::new().await;
    let (key, _) = found(&test, &test.browser()).await;
    again(&test, &key).await;
    assert_eq!(vigie::account::tidy::once(&test.app).await.unwrap(), (0, 0));
    test.wait(SignedDuration::from_hours(72));
    assert_eq!(vigie::account::tidy::once(&test.app).await.unwrap(), (2, 1));
}

#[tokio::test]
async fn a_passkey_ceremony_ends_on_another_replica_and_only_once() {
    both_engines(|test| async move {
        let other = test.replica().await;
        let json = "application/json";
        let start = async || {
            let begun = test
                .browser()
                .post_raw("/passkey/sign-in/start", json, b"{}".to_vec())
                .await
                .expect(200)
                .json();
            begun["ceremony"].as_str().unwrap().to_owned()
        };
        let finish = async |name: &str| {
            let answer = serde_json::json!({
                "ceremony": name,
                "answer": {
                    "id": "AAAA", "rawId": "AAAA", "type": "public-key", "extensions": {},
                    "response": {
                        "authenticatorData": "AAAA", "clientDataJSON": "AAAA", "signature": "AAAA"
                    }
                }
            });
            let browser = other.browser();
            let path = "/passkey/sign-in/finish";
            let sent = browser.post_raw(path, json, answer.to_string().into_bytes());
            sent.await.expect(422).text()
        };
        let name = start().await;
        // The other replica knows it, and finds that the key is nobody's.
        let known = finish(&name).await;
        let again = finish(&name).await;
        assert_ne!(known, again, "a name works once");
        let invented = finish("no-such-name").await;
        let plain = |text: &str| text.split("error-id").next().unwrap().to_owned();
        assert_eq!(plain(&again).len(), plain(&invented).len());
        let late = start().await;
        test.wait(SignedDuration::from_mins(6));
        assert_ne!(finish(&late).await, known);
        other.app.store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_member_sees_where_they_are_signed_in_and_ends_what_is_not_them() {
    let test = TestApp::new().await;
    let browser = test.browser();
    let (key, _) = found(&test, &browser).await;
    let lost = again(&test, &key).await;
    lost.get("/me").await.expect(200);
    let page = browser.get("/me").await.expect(200).text();
    assert!(
        page.contains("A device that does not say what it is"),
        "{page}"
    );
    let (_, rest) = page.split_once("action=\"/me/sessions/").unwrap();
    let id = rest.split_once('/').unwrap().0;
    browser
        .post(&format!("/me/sessions/{id}/end"), &[])
        .await
        .expect(303);
    lost.get("/me").await.expect(303);
    browser.get("/me").await.expect(200);
    // Nobody ends a session that is not theirs, not even by knowing its id.
    let mine = test
        .app
        .store
        .read()
        .await
        .unwrap()
        .members()
        .await
        .unwrap()[0]
        .id;
    let idle = test.now() - SignedDuration::from_hours(1);
    let left = test
        .app
        .store
        .read()
        .await
        .unwrap()
        .sessions(mine, test.now(), idle)
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
}
