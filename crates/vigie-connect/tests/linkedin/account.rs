//! Letting Vigie in, and staying in.

use super::*;

#[tokio::test]
async fn a_person_lets_vigie_in() {
    let stage = Stage::new().await;
    let linkedin = stage.linkedin();
    let network = &stage.server.network;
    let redirect = Url::parse("https://vigie.exemple.fr/connect/back").unwrap();
    let ask = Ask {
        redirect: &redirect,
        state: "state-1",
        challenge: "sum",
    };
    let going = linkedin.authorize("", &ask).await.unwrap();
    assert_eq!(
        going.url.as_str().split('?').next(),
        Some("https://www.linkedin.com/oauth/v2/authorization")
    );
    let asked: Vec<(String, String)> = going.url.query_pairs().into_owned().collect();
    let names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
    // What is documented for web programs, and nothing else.
    assert_eq!(
        names,
        [
            "response_type",
            "client_id",
            "redirect_uri",
            "state",
            "scope"
        ]
    );
    assert!(asked.contains(&("state".into(), "state-1".into())));
    assert!(!going.url.as_str().contains("canary"));

    let back = async |code: &str| {
        let (code, verifier) = (code.to_owned().into(), SecretString::default());
        let back = Back {
            code: &code,
            verifier: &verifier,
            redirect: &redirect,
            keep: &going.keep,
        };
        linkedin.arrive("", &back).await
    };
    assert_eq!(back("code-wrong").await.unwrap_err().code, Code::NotGranted);
    let code = network.consent(redirect.as_str());
    let opened = back(&code).await.unwrap();
    // Only pages that the member may post for: not those of an analyst, nor a role asked for, nor a brand.
    let pages: Vec<(&str, &str)> = opened
        .iter()
        .map(|page| (page.account.id.as_str(), page.account.handle.as_str()))
        .collect();
    assert_eq!(
        pages,
        [
            (LinkedInNetwork::PAGE, "Phare 5583111"),
            ("urn:li:organization:77", "Phare 77")
        ]
    );
    assert_eq!(
        linkedin.page(&opened[0].account),
        "https://www.linkedin.com/company/5583111/"
    );
    // Without a refresh token a person signs in again, in 60 days.
    let days = opened[0]
        .until
        .unwrap()
        .duration_since(Timestamp::now())
        .as_hours()
        / 24;
    assert!((59..=60).contains(&days), "{days}");
    assert_eq!(
        back(&code).await.unwrap_err().code,
        Code::NotGranted,
        "good once"
    );

    // With one, in a year.
    network.approve();
    let opened = back(&network.consent(redirect.as_str())).await.unwrap();
    let days = opened[0]
        .until
        .unwrap()
        .duration_since(Timestamp::now())
        .as_hours()
        / 24;
    assert!((364..=365).contains(&days), "{days}");

    // More roles than one page of them.
    network.state().roles = (0..230)
        .map(|n| {
            (
                format!("urn:li:organization:{n}"),
                if n == 229 { "ADMINISTRATOR" } else { "ANALYST" },
                "APPROVED",
            )
        })
        .collect();
    let opened = back(&network.consent(redirect.as_str())).await.unwrap();
    assert_eq!(opened[0].account.id, "urn:li:organization:229");
    network.state().roles.clear();
    let none = back(&network.consent(redirect.as_str())).await.unwrap_err();
    assert_eq!(none.code, Code::NoPage);
    network.state().scopes = "r_organization_social,rw_organization_admin".into();
    let less = back(&network.consent(redirect.as_str())).await.unwrap_err();
    assert_eq!(less.code, Code::MissingRight);

    let none = LinkedIn::new(http(), None);
    assert!(!none.is_ready() && linkedin.is_ready());
    assert_eq!(
        none.authorize("", &ask).await.unwrap_err().code,
        Code::NotRegistered
    );
    let wrong = App {
        secret: "wrong".to_owned().into(),
        ..stage.app()
    };
    let wrong = LinkedIn::new(http(), Some(wrong));
    let (code, verifier) = ("x".to_owned().into(), SecretString::default());
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
async fn tokens_are_renewed_where_the_network_allows_it() {
    let stage = Stage::new().await;
    let (linkedin, network) = (stage.linkedin(), &stage.server.network);
    network.approve();
    let mut session = stage.session(60, true);
    network.end_access("EXPIRED_ACCESS_TOKEN");
    published(
        linkedin
            .publish(&mut session, &post("Malgré la fin du jeton"), WITHIN)
            .await,
    );
    assert_eq!(stage.held("Malgré la fin du jeton"), 1);
    let (kept, until) = session.take_renewed().expect("new tokens for the vault");
    assert!(kept.expose_secret().contains("refresh-canary-1") && until.is_some());

    // A week before the end.
    let mut session = stage.session(5, true);
    linkedin.check(&mut session).await.unwrap();
    assert!(session.take_renewed().is_some());
    let mut session = stage.session(20, true);
    linkedin.check(&mut session).await.unwrap();
    assert!(session.take_renewed().is_none(), "not near");
    assert_eq!(session.account.handle, "Phare 5583111");

    // Cut off: asked once more.
    let mut session = stage.session(5, true);
    stage
        .proxy
        .harm("POST /oauth/v2/accessToken", Fault::CutAfter, 1);
    linkedin.check(&mut session).await.unwrap();
    assert!(session.take_renewed().is_some());

    // Without a refresh token only a person helps; nothing was published.
    let mut session = stage.session(60, false);
    for why in ["EXPIRED_ACCESS_TOKEN", "REVOKED_ACCESS_TOKEN"] {
        network.end_access(why);
        let outcome = linkedin
            .publish(&mut session, &post("Trop tard"), WITHIN)
            .await;
        assert_eq!(says(&outcome), Says::NotSent(Code::TokenExpired));
        assert_eq!(
            linkedin.check(&mut session).await.unwrap_err().code,
            Code::TokenExpired
        );
    }
    assert_eq!(stage.held("Trop tard"), 0);
}

#[tokio::test]
async fn what_the_network_says_of_the_page_and_the_version() {
    let stage = Stage::new().await;
    let (linkedin, network) = (stage.linkedin(), &stage.server.network);
    let mut session = stage.session(60, false);
    linkedin.check(&mut session).await.unwrap();
    session.account.id = "urn:li:organization:12".into();
    assert_eq!(
        linkedin.check(&mut session).await.unwrap_err().code,
        Code::OtherAccount
    );
    session.account.id = "urn:li:organization:88".into();
    let failure = linkedin.check(&mut session).await.unwrap_err();
    assert_eq!(failure.code, Code::OtherAccount, "an analyst may not post");
    let outcome = linkedin
        .publish(&mut session, &post("Pas le droit"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::MissingRight));
    session.account.id = LinkedInNetwork::PAGE.into();

    network.state().oldest = 202_701;
    assert_eq!(
        linkedin.check(&mut session).await.unwrap_err().code,
        Code::VersionEnded
    );
    let outcome = linkedin
        .publish(&mut session, &post("Version finie"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::VersionEnded));
    network.state().oldest = 202_512;
    network.state().used_up = true;
    let outcome = linkedin.publish(&mut session, &post("Quota"), WITHIN).await;
    assert_eq!(says(&outcome), Says::NotSent(Code::RateLimited));
    network.state().used_up = false;
    let version = linkedin.describe().version.unwrap();
    assert!(version.ends.unwrap() > "2026-11-28" && version.name.len() == 6);
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
    let network = &stage.server.network;
    network.approve();
    let (linkedin, mut session) = (stage.linkedin(), stage.session(5, true));
    let mut said = format!("{linkedin:?} {session:?}");
    let redirect = Url::parse("https://vigie.exemple.fr/back").unwrap();
    for code in [
        network.consent(redirect.as_str()),
        "code-canary-wrong".to_owned(),
    ] {
        let (code, keep): (SecretString, SecretString) = (code.into(), SecretString::default());
        let back = Back {
            code: &code,
            verifier: &keep,
            redirect: &redirect,
            keep: &keep,
        };
        said += &format!("{back:?} {:?}", linkedin.arrive("", &back).await);
    }
    let mut sent = post("Rien de secret");
    sent.pictures = vec![picture("x")];
    said += &format!(
        "{:?} {:?}",
        linkedin.check(&mut session).await,
        session.take_renewed()
    );
    // A server that quotes what it was sent.
    let kept: serde_json::Value = serde_json::from_str(session.secret().expose_secret()).unwrap();
    let access = kept["access"].as_str().unwrap();
    let echo = json!({ "status": 400, "message": format!("no: {access}") }).to_string();
    stage
        .proxy
        .harm(PUT, Fault::Answer(Fault::http(400, "", &echo)), 1);
    said += &format!("{:?}", linkedin.publish(&mut session, &sent, WITHIN).await);
    network.end_access("EXPIRED_ACCESS_TOKEN");
    let echo =
        json!({ "error": format!("refresh-canary-1 {}", LinkedInNetwork::APP.1) }).to_string();
    stage.proxy.harm(
        "/oauth/v2/accessToken",
        Fault::Answer(Fault::http(400, "", &echo)),
        1,
    );
    said += &format!(
        "{:?} {session:?}",
        linkedin.publish(&mut session, &sent, WITHIN).await
    );
    said += &String::from_utf8_lossy(&log.0.lock().unwrap());
    assert!(said.contains("/oauth/v2/accessToken"), "the log was kept");
    let found = said
        .find("canary")
        .map(|at| &said[at.saturating_sub(200)..at + 6]);
    assert_eq!(found, None);
}
