//! Letting Vigie in, and staying in.

use super::*;

#[tokio::test]
async fn a_person_lets_vigie_in() {
    let stage = Stage::new().await;
    let x = stage.x();
    let redirect = Url::parse("https://vigie.exemple.fr/connect/back").unwrap();
    let sum = challenge(VERIFIER);
    let ask = Ask {
        redirect: &redirect,
        state: "state-1",
        challenge: &sum,
    };
    let going = x.authorize("", &ask).await.unwrap();
    let asked: Vec<(String, String)> = going.url.query_pairs().into_owned().collect();
    let value = |key: &str| {
        let found = asked.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(going.url.host_str(), Some("x.com"));
    assert_eq!(
        (
            value("state"),
            value("code_challenge"),
            value("code_challenge_method")
        ),
        (Some("state-1"), Some(sum.as_str()), Some("S256"))
    );
    assert_eq!(
        value("scope"),
        Some("tweet.read tweet.write users.read media.write offline.access")
    );
    assert!(!going.url.as_str().contains("canary"));

    let back = async |code: &str, verifier: &str| {
        let (code, verifier) = (code.to_owned().into(), verifier.to_owned().into());
        let back = Back {
            code: &code,
            verifier: &verifier,
            redirect: &redirect,
            keep: &going.keep,
        };
        x.arrive("", &back).await
    };
    let code = stage.server.network.consent(&sum, redirect.as_str());
    assert_eq!(
        back("code-wrong", VERIFIER).await.unwrap_err().code,
        Code::NotGranted
    );
    assert_eq!(
        back(&code, "another").await.unwrap_err().code,
        Code::NotGranted
    );
    let mut opened = back(&code, VERIFIER).await.unwrap();
    assert_eq!(opened.len(), 1);
    let opened = opened.remove(0);
    assert_eq!(
        (
            opened.account.id.as_str(),
            opened.account.handle.as_str(),
            opened.until
        ),
        ("2244994945", "phare_vigie", None)
    );
    assert_eq!(x.page(&opened.account), "https://x.com/phare_vigie");
    // A code is good once.
    assert_eq!(
        back(&code, VERIFIER).await.unwrap_err().code,
        Code::NotGranted
    );
    let mut session = Session::new(opened.account, opened.secret);
    x.check(&mut session).await.unwrap();

    // Less was given than asked for.
    stage.server.network.state().scopes = "tweet.read users.read offline.access".into();
    let code = stage.server.network.consent(&sum, redirect.as_str());
    assert_eq!(
        back(&code, VERIFIER).await.unwrap_err().code,
        Code::MissingRight
    );

    // Not registered, or with the wrong secret.
    let http = Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap();
    let none = X::new(http.clone(), None);
    assert!(!none.is_ready() && x.is_ready());
    assert_eq!(
        none.authorize("", &ask).await.unwrap_err().code,
        Code::NotRegistered
    );
    let wrong = App {
        secret: "wrong".to_owned().into(),
        ..stage.app()
    };
    let wrong = X::new(http, Some(wrong));
    let (code, verifier) = ("x".to_owned().into(), VERIFIER.to_owned().into());
    let back = Back {
        code: &code,
        verifier: &verifier,
        redirect: &redirect,
        keep: &going.keep,
    };
    assert_eq!(
        wrong.arrive("", &back).await.unwrap_err().code,
        Code::NotRegistered
    );
}

#[tokio::test]
async fn tokens_are_renewed_in_the_middle_of_a_publication() {
    let stage = Stage::new().await;
    let x = stage.x();
    let mut session = stage.session(120);
    let before = session.secret().expose_secret().to_owned();
    stage.server.network.end_access();
    published(
        x.publish(&mut session, &post("Malgré la fin du jeton"), WITHIN)
            .await,
    );
    assert_eq!(stage.held("Malgré la fin du jeton"), 1);
    let (kept, until) = session.take_renewed().expect("new tokens for the vault");
    assert!(kept.expose_secret() != before && until.is_none());
    assert!(session.take_renewed().is_none());
    // The new ones are whole: they are renewed in their turn.
    stage.server.network.end_access();
    x.check(&mut session).await.unwrap();
    assert!(session.take_renewed().is_some());
    // The name is as the network shows it.
    assert_eq!(session.account.handle, "phare_vigie");

    // Near their end they are renewed before.
    let mut session = stage.session(30);
    x.check(&mut session).await.unwrap();
    assert!(session.take_renewed().is_some());
    let mut session = stage.session(90);
    x.check(&mut session).await.unwrap();
    assert!(session.take_renewed().is_none(), "not near");
}

#[tokio::test]
async fn a_renewal_that_is_cut_off_is_survived() {
    let stage = Stage::new().await;
    let token = "POST /2/oauth2/token";
    // The network never got it: asked once more.
    for fault in [
        Fault::CutBefore,
        Fault::Answer(Fault::http(502, "", "<html>")),
    ] {
        let (x, mut session) = (stage.x(), stage.session(30));
        stage.proxy.harm(token, fault, 1);
        x.check(&mut session).await.unwrap();
        assert!(session.take_renewed().is_some());
    }

    // The network did it, and the answer was lost: the old refresh token is dead. That is said at once, while the
    // access is still good for what is under way.
    let (x, mut session) = (stage.x(), stage.session(30));
    stage.proxy.harm(token, Fault::CutAfter, 1);
    assert_eq!(
        x.check(&mut session).await.unwrap_err().code,
        Code::TokenExpired
    );
    assert!(session.take_renewed().is_none());
    published(
        x.publish(&mut session, &post("Encore valable"), WITHIN)
            .await,
    );

    // With the access at its end: nothing was published, and only a person helps.
    stage.server.network.end_access();
    let outcome = x.publish(&mut session, &post("Plus valable"), WITHIN).await;
    assert_eq!(says(&outcome), Says::NotSent(Code::TokenExpired));
    assert_eq!(stage.held("Plus valable"), 0);

    // The token endpoint is down: passing, and the old tokens are kept.
    let (x, mut session) = (stage.x(), stage.session(30));
    let down = Fault::Answer(Fault::http(503, "", "<html>"));
    stage.proxy.harm(token, down.clone(), 9);
    x.check(&mut session).await.unwrap();
    stage.server.network.end_access();
    let outcome = x.publish(&mut session, &post("Plus tard"), WITHIN).await;
    assert_eq!(says(&outcome), Says::NotSent(Code::ServerError));
    stage.proxy.heal();
    published(x.publish(&mut session, &post("Plus tard"), WITHIN).await);

    // New tokens whose proof cannot be had are kept: the old ones are dead. Those of another account are not.
    let (x, mut session) = (stage.x(), stage.session(30));
    stage.proxy.harm("GET /2/users/me", down, 1);
    x.check(&mut session).await.unwrap();
    assert!(session.take_renewed().is_some());
    let (x, mut session) = (stage.x(), stage.session(30));
    stage.server.network.state().id = "17".into();
    assert_eq!(
        x.check(&mut session).await.unwrap_err().code,
        Code::OtherAccount
    );
    assert!(session.take_renewed().is_none());
}

#[tokio::test]
async fn what_the_network_says_of_the_account() {
    let stage = Stage::new().await;
    let mut session = stage.session(120);
    let network = &stage.server.network;
    network.state().suspended = true;
    let failure = stage.x().check(&mut session).await.unwrap_err();
    assert_eq!(failure.code, Code::AccountSuspended);
    network.state().suspended = false;
    network.state().id = "17".into();
    let failure = stage.x().check(&mut session).await.unwrap_err();
    assert_eq!(failure.code, Code::OtherAccount);
    network.state().id = "2244994945".into();

    // Without credit nothing is done, and the post is not at fault.
    network.state().credit = false;
    let outcome = stage
        .x()
        .publish(&mut session, &post("Sans crédit"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::Unpaid));
    network.state().credit = true;

    // The last call of a window: the next waits until its end, without asking.
    network.state().left = 1;
    let x = stage.x();
    x.check(&mut session).await.unwrap();
    let failure = x.check(&mut session).await.unwrap_err();
    assert_eq!(failure.code, Code::RateLimited);
    let wait = failure.retry_at.unwrap().duration_since(Timestamp::now());
    assert!((800..=900).contains(&wait.as_secs()), "{wait}");
    assert!(network.state().left == 0, "asked once");
    let failure = stage.x().check(&mut session).await.unwrap_err();
    assert_eq!(failure.code, Code::RateLimited);
    network.state().left = 900;

    // Revoked for good.
    network.end_access();
    network.state().refresh = "revoked".into();
    let outcome = stage
        .x()
        .publish(&mut session, &post("Révoqué"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::TokenExpired));
    let found = stage.x().find(&mut session, &post("Révoqué")).await;
    assert!(matches!(found, Found::CannotTell { .. }));
}

#[tokio::test]
async fn no_secret_is_ever_printed() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let stage = Stage::new().await;
    let (x, mut session) = (stage.x(), stage.session(30));
    let mut said = format!("{x:?} {session:?}");
    let redirect = Url::parse("https://vigie.exemple.fr/back").unwrap();
    let code = stage
        .server
        .network
        .consent(&challenge(VERIFIER), redirect.as_str());
    for code in [code, "code-canary-wrong".to_owned()] {
        let (code, verifier): (SecretString, SecretString) =
            (code.into(), VERIFIER.to_owned().into());
        let keep = SecretString::default();
        let back = Back {
            code: &code,
            verifier: &verifier,
            redirect: &redirect,
            keep: &keep,
        };
        said += &format!("{back:?} {:?}", x.arrive("", &back).await);
    }
    let mut sent = post("Rien de secret");
    sent.pictures = vec![picture("x")];
    said += &format!("{:?}", x.check(&mut session).await);
    said += &format!("{:?}", session.take_renewed());
    // A server that quotes what it was sent.
    let kept: serde_json::Value = serde_json::from_str(session.secret().expose_secret()).unwrap();
    let (access, refresh) = (
        kept["access"].as_str().unwrap(),
        kept["refresh"].as_str().unwrap(),
    );
    let echo = json!({ "title": "T", "type": "about:blank", "detail": format!("no: {access}") });
    stage.proxy.harm(
        PUT,
        Fault::Answer(Fault::http(400, "", &echo.to_string())),
        1,
    );
    said += &format!("{:?}", x.publish(&mut session, &sent, WITHIN).await);
    stage.server.network.end_access();
    let echo = json!({ "error": format!("{refresh} {}", XNetwork::APP.1) });
    stage.proxy.harm(
        "oauth2/token",
        Fault::Answer(Fault::http(400, "", &echo.to_string())),
        1,
    );
    said += &format!(
        "{:?} {session:?}",
        x.publish(&mut session, &sent, WITHIN).await
    );
    said += &String::from_utf8_lossy(&log.0.lock().unwrap());
    assert!(said.contains("/2/oauth2/token"), "the log was kept");
    for word in ["canary", "Y2xpZW50LWlkO"] {
        let found = said
            .find(word)
            .map(|at| &said[at.saturating_sub(200)..at + 40]);
        // The stand-in's own log names what it got; only ours counts.
        assert_eq!(found, None, "{word}");
    }
}
