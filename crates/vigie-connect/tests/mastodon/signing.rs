//! Signing in, staying signed in, and no secret in any log.

use super::*;

#[tokio::test]
async fn signing_in() {
    let s = scene(Kind::mastodon()).await;
    let (network, url) = (&s.server.network, s.proxy.url.as_str());
    let redirect: Url = "https://vigie.test/retour".parse().unwrap();
    let going = mastodon()
        .authorize(
            url,
            &Ask {
                redirect: &redirect,
                state: "etat",
                challenge: &challenge("verifieur"),
            },
        )
        .await
        .unwrap();
    let arrive = async |code: &str, verifier: &str, to: &Url| {
        let (code, verifier) = (code.to_owned().into(), verifier.to_owned().into());
        mastodon()
            .arrive(
                url,
                &Back {
                    code: &code,
                    verifier: &verifier,
                    redirect: to,
                    keep: &going.keep,
                },
            )
            .await
            .map_err(|failure| failure.code)
    };
    let code = || network.consent(&going.url, &s.account);
    let elsewhere: Url = "https://ailleurs.test/".parse().unwrap();
    assert_eq!(
        arrive("faux", "verifieur", &redirect).await.unwrap_err(),
        Code::NotGranted
    );
    assert_eq!(
        arrive(&code(), "autre", &redirect).await.unwrap_err(),
        Code::NotGranted
    );
    assert_eq!(
        arrive(&code(), "verifieur", &elsewhere).await.unwrap_err(),
        Code::NotGranted
    );
    let good = code();
    let connected = arrive(&good, "verifieur", &redirect)
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(connected.account.id, s.account);
    assert_eq!(connected.until, None);
    assert!(connected.secret.expose_secret().contains("\"client\""));
    assert!(!format!("{connected:?} {going:?}").contains("-de-test-"));
    assert_eq!(
        arrive(&good, "verifieur", &redirect).await.unwrap_err(),
        Code::NotGranted
    );

    // With a token made in the settings.
    let token = network.token(&s.account, &scopes());
    let connect = async |who: &str, token: &str| {
        let secret = SecretString::from(token.to_owned());
        let connected = mastodon().connect(url, who, &secret).await;
        connected.map(|c| c.account.id).map_err(|f| f.code)
    };
    for who in [
        "",
        "@phare",
        "Phare",
        "phare@exemple.social",
        " @phare@exemple.social ",
    ] {
        assert_eq!(connect(who, &token).await.as_ref(), Ok(&s.account), "{who}");
    }
    assert_eq!(connect("voisin", &token).await, Err(Code::OtherAccount));
    assert_eq!(connect("", "faux").await, Err(Code::BadCredentials));
    let narrow = network.token(&s.account, "write:statuses");
    assert_eq!(connect("", &narrow).await, Err(Code::MissingRight));
    network.suspend(&s.account, true);
    assert_eq!(connect("", &token).await, Err(Code::AccountSuspended));
    // Not such a server.
    s.proxy
        .harm("api", Fault::Answer(Fault::http(200, "", "<html>")), 9);
    assert_eq!(connect("", &token).await, Err(Code::GarbageAnswer));
    let secret = SecretString::from(token);
    let plain = mastodon().connect("http://exemple.test", "", &secret).await;
    assert_eq!(plain.unwrap_err().code, Code::NotEncrypted);
}

#[tokio::test]
async fn tokens_that_end_are_renewed_in_the_middle() {
    let kind = Kind {
        tokens_end: true,
        ..Kind::mastodon()
    };
    let s = scene(kind).await;
    let network = &s.server.network;
    let redirect: Url = "https://vigie.test/retour".parse().unwrap();
    let challenge = challenge("verifieur");
    let ask = Ask {
        redirect: &redirect,
        state: "etat",
        challenge: &challenge,
    };
    let going = mastodon().authorize(&s.proxy.url, &ask).await.unwrap();
    let code = network.consent(&going.url, &s.account).into();
    let verifier = SecretString::from("verifieur".to_owned());
    let back = Back {
        code: &code,
        verifier: &verifier,
        redirect: &redirect,
        keep: &going.keep,
    };
    let connected = mastodon().arrive("", &back).await.unwrap().pop().unwrap();
    let mut session = Session::new(connected.account, connected.secret);
    let mut post = payload(&mastodon(), "Renouvelé");
    post.pictures = vec![picture("Un phare")];
    network.end_tokens();
    published(mastodon().publish(&mut session, &post, WITHIN).await);
    let renewed = session.take_renewed().expect("a new secret").0.clone();
    assert!(session.take_renewed().is_none());
    mastodon()
        .check(&mut Session::new(session.account.clone(), renewed))
        .await
        .unwrap();
    // It ends just before the one call: refused, renewed, made once.
    let ended = Fault::Answer(Fault::http(
        401,
        "",
        r#"{"error":"The access token is invalid"}"#,
    ));
    s.proxy.harm(PUT, ended, 1);
    let post = payload(&mastodon(), "Au dernier moment");
    published(mastodon().publish(&mut session, &post, WITHIN).await);
    assert_eq!(network.held("Au dernier moment").0, 1);
    // The new token opens another account: it does not take the place of the old one.
    session.take_renewed();
    network.end_tokens();
    let other = network.account("voisin");
    let body = json!({ "id": other, "username": "voisin" }).to_string();
    s.proxy.harm(
        "verify_credentials",
        Fault::Answer(Fault::http(200, "", &body)),
        1,
    );
    let outcome = mastodon()
        .publish(&mut session, &payload(&mastodon(), "x"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::OtherAccount));
    assert!(session.take_renewed().is_none());
    // Nothing renews it any more.
    network.forget_refresh();
    let outcome = mastodon()
        .publish(&mut session, &payload(&mastodon(), "x"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::TokenExpired));
    assert_eq!(network.held("x").0, 0);
}

#[tokio::test]
async fn credentials_that_no_longer_do() {
    let mut s = scene(Kind::mastodon()).await;
    let network = Arc::clone(&s.server.network);
    let post = payload(&mastodon(), "Non");
    // Another account's token never posts unseen: a check tells.
    let other = network.account("voisin");
    let token = network.token(&other, &scopes());
    let stranger = session(&s.proxy.url, &token).await;
    let mut mixed = Session::new(s.session.account.clone(), stranger.secret().clone());
    assert_eq!(
        mastodon().check(&mut mixed).await.unwrap_err().code,
        Code::OtherAccount
    );
    assert!(!matches!(
        mastodon().publish(&mut mixed, &post, WITHIN).await,
        Outcome::Published { .. }
    ));
    network.suspend(&s.account, true);
    assert_eq!(
        mastodon().check(&mut s.session).await.unwrap_err().code,
        Code::AccountSuspended
    );
    let outcome = mastodon()
        .publish(&mut s.session, &payload(&mastodon(), "Rien"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::AccountSuspended));
    network.suspend(&s.account, false);
    network.end_tokens();
    assert_eq!(
        mastodon().check(&mut s.session).await.unwrap_err().code,
        Code::TokenExpired
    );
    let outcome = mastodon()
        .publish(&mut s.session, &payload(&mastodon(), "Rien"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::NotSent(Code::TokenExpired));
    assert!(matches!(
        mastodon().find(&mut s.session, &post).await,
        Found::CannotTell { .. }
    ));
    let mut junk = Session::new(s.session.account.clone(), "junk".to_owned().into());
    assert_eq!(
        mastodon().check(&mut junk).await.unwrap_err().code,
        Code::TokenExpired
    );
    assert_eq!(network.held("Rien").0, 0);
}

/// All log lines of a thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);
impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
impl tracing_subscriber::fmt::MakeWriter<'_> for Lines {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_is_ever_printed() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let kind = Kind {
        tokens_end: true,
        ..Kind::mastodon()
    };
    let s = scene(kind).await;
    let redirect: Url = "https://vigie.test/retour".parse().unwrap();
    let challenge = challenge("verifieur-de-test-1");
    let ask = Ask {
        redirect: &redirect,
        state: "etat",
        challenge: &challenge,
    };
    let going = mastodon().authorize(&s.proxy.url, &ask).await.unwrap();
    let code = s.server.network.consent(&going.url, &s.account).into();
    let verifier = SecretString::from("verifieur-de-test-1".to_owned());
    let back = Back {
        code: &code,
        verifier: &verifier,
        redirect: &redirect,
        keep: &going.keep,
    };
    let connected = mastodon().arrive("", &back).await.unwrap().pop().unwrap();
    let mut session = Session::new(connected.account, connected.secret);
    s.server.network.end_tokens();
    mastodon().check(&mut session).await.unwrap();
    let mut shown = format!("{session:?} {back:?} {:?}", mastodon());
    // A server that quotes what it was sent.
    let token: Value = serde_json::from_str(session.secret().expose_secret()).unwrap();
    let quote = format!(
        r#"{{"error":"bad token {}"}}"#,
        token["access"].as_str().unwrap()
    );
    for path in [PUT, "GET /api/v1/accounts", "POST /oauth/token"] {
        s.proxy
            .harm(path, Fault::Answer(Fault::http(400, "", &quote)), 2);
    }
    let post: Payload = payload(&mastodon(), "x");
    shown += &format!(
        "{:?}",
        mastodon().publish(&mut session, &post, WITHIN).await
    );
    shown += &format!("{:?}", mastodon().check(&mut session).await);
    shown += &format!("{:?}", mastodon().find(&mut session, &post).await);
    shown += &format!(
        "{:?}",
        mastodon()
            .arrive("", &back)
            .await
            .map_err(|f| f.to_string())
            .err()
    );
    let log = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    assert!(log.contains("called"), "the log was read");
    // The stand-in's own lines hold what it received; ours begin with our crate.
    let ours: String = log
        .lines()
        .filter(|line| line.contains("vigie_connect"))
        .collect();
    for text in [&shown, &ours] {
        assert!(!text.contains("-de-test-"), "{text}");
    }
}
