//! What a page shows of itself, read on every network: what is there, what changed, and every way in which the reading
//! can go wrong. A reading that went wrong is never a page that lost its name.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod farewell;
mod meta;
mod networks;
mod servers;

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use url::Url;
use vigie_connect::{
    Account, AllowedPrivate, Code, Connector, Http, Limits, Session,
    oauth::{App, Tokens},
    testing::{Fault, Proxy},
};
use vigie_core::{
    content::Platform,
    page_state::{PagePart, PageState, compare},
};

pub fn http() -> Http {
    Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap()
}

pub fn app((id, secret): (&str, &str), api: &str) -> App {
    App {
        id: id.into(),
        secret: secret.to_owned().into(),
        api: Some(Url::parse(api).unwrap()),
    }
}

pub fn session(platform: Platform, api: &str, id: &str, access: &str) -> Session {
    let tokens = Tokens {
        access: access.to_owned(),
        refresh: None,
        until: Some(Timestamp::now() + SignedDuration::from_hours(24 * 50)),
        refresh_until: None,
        client: None,
    };
    let account = Account {
        platform,
        service: api.to_owned(),
        id: id.to_owned(),
        handle: "phare".into(),
        limits: Limits::default(),
    };
    Session::new(account, tokens.seal())
}

/// What is read now.
pub async fn read(connector: &dyn Connector, session: &mut Session) -> PageState {
    let state = connector.page_state(session).await.unwrap();
    // What the table of the platform says is what is there.
    let shows = connector.describe().shows;
    let has = [
        (PagePart::Name, state.name.is_some()),
        (PagePart::Handle, state.handle.is_some()),
        (PagePart::Description, state.description.is_some()),
        (PagePart::Website, state.website.is_some()),
        (PagePart::Picture, state.picture.is_some()),
        (PagePart::Administrator, state.administrators.is_some()),
        (PagePart::Application, state.applications.is_some()),
        (PagePart::Followers, state.followers.is_some()),
    ];
    for (part, there) in has {
        assert_eq!(there, shows.has(part), "{part:?}");
    }
    state
}

/// The parts that are other ones.
pub fn changed(before: &PageState, after: &PageState) -> Vec<PagePart> {
    let all = compare(before, after);
    all.iter().map(|change| change.part).collect()
}

/// Every way in which the reading call `get` can go wrong. `expired` is the network's own answer for a token that ended.
pub async fn survives(
    connector: &dyn Fn() -> Box<dyn Connector>,
    proxy: &Proxy,
    session: &mut Session,
    get: &str,
    expired: Option<(u16, &str)>,
) {
    let html = "<html>Bad gateway</html>";
    let answer = |status, body: &str| Fault::Answer(Fault::http(status, "", body));
    let many = format!("[{}1]", "1,".repeat(2_000_000));
    let mut cases = vec![
        ("cut before", Fault::CutBefore, None),
        ("cut during", Fault::CutDuring, None),
        ("cut after", Fault::CutAfter, None),
        ("cut in the answer", Fault::CutAnswer, None),
        ("endless", Fault::Endless, None),
        ("500", answer(500, html), None),
        ("200, a page", answer(200, html), None),
        ("200, empty", answer(200, ""), None),
        ("200, nothing", answer(200, "null"), None),
        ("200, a list", answer(200, "[]"), None),
        ("200, no part", answer(200, "{}"), None),
        (
            "200, of another",
            answer(200, r#"{"id":"9","did":"did:plc:x"}"#),
            None,
        ),
        ("200, too large", answer(200, &many), None),
        (
            "429",
            Fault::Answer(Fault::http(429, "retry-after: 60\r\n", "")),
            Some(Code::RateLimited),
        ),
        (
            "led elsewhere",
            Fault::Answer(Fault::http(
                302,
                "location: http://169.254.169.254/\r\n",
                "",
            )),
            None,
        ),
    ];
    if let Some((status, body)) = expired {
        cases.push(("ended", answer(status, body), Some(Code::TokenExpired)));
    }
    for (about, fault, code) in cases {
        // Made anew: a client remembers when a server asked it to wait.
        let one = connector();
        proxy.harm(get, fault, 9);
        let came = tokio::time::timeout(Duration::from_secs(60), one.page_state(session)).await;
        proxy.heal();
        let failure = came.expect("bounded").expect_err(about);
        match code {
            Some(code) => assert_eq!(failure.code, code, "{about}: {failure}"),
            None => assert!(
                failure.code.is_passing() || failure.code == Code::BadAddress,
                "{about}: {failure}"
            ),
        }
    }
    read(&*connector(), session).await;
}
