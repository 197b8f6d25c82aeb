#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! The publisher is killed (SIGKILL) two hundred times at random moments while it publishes on a real Bluesky server.
//! At the end nothing is lost and nothing is there twice.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "the other stories use the rest")]
#[path = "support/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use company::{Company, channel, variant};
use rand::{RngExt as _, SeedableRng as _};
use secrecy::SecretString;
use server::{Server, Start};
use vigie::app::App;
use vigie::clock::SystemClock;
use vigie::config::{Config, Layer};
use vigie::post::actions;
use vigie::post::draft::Draft;
use vigie_connect::testing::Pds;
use vigie_core::content::Platform;
use vigie_core::id::{ChannelId, PostId};
use vigie_core::post::PostState;
use vigie_core::publication::PublicationState;

const KILLS: usize = 200;

async fn approved(app: &App, company: &Company, page: ChannelId, text: &str) -> PostId {
    let (ines, tom) = (
        company.who(app, company.ines).await,
        company.who(app, company.tom).await,
    );
    let draft = Draft {
        variants: vec![variant(page, text)],
        at: None,
    };
    let id = actions::create(app, &ines, &draft).await.unwrap().post.id;
    let asked = actions::submit(app, &ines, id).await.unwrap();
    let after = actions::approve(app, &tom, id, asked.post.revision.digest, None)
        .await
        .unwrap();
    assert_eq!(
        after.post.state,
        PostState::Approved,
        "nothing was found in “{text}”: {:?}",
        after.report
    );
    id
}

#[tokio::test]
async fn killed_two_hundred_times_nothing_is_lost_and_nothing_is_twice() {
    let Some(pds) = Pds::shared() else {
        println!("VIGIE_TEST_PDS=off: this story was not told");
        return;
    };
    let member = pds.member("crash").await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let allowed = pds.address().to_owned();
    let flags = Layer::from([
        ("data".to_owned(), data.display().to_string()),
        ("allowed_private".to_owned(), allowed.clone()),
    ]);
    let config = Config::load(None, std::iter::empty(), flags).unwrap();
    let app = App::open(config, Arc::new(SystemClock)).await.unwrap();
    let company = Company::found(&app).await;
    let secret = SecretString::from(member.app_password.clone());
    let connected = app
        .connectors
        .of(Platform::Bluesky)
        .connect(&pds.url, &member.handle, &secret)
        .await
        .expect("it connects");
    let page = channel(&app, company.ines, connected).await;

    let start = Start {
        env: vec![("VIGIE_ALLOWED_PRIVATE".to_owned(), allowed)],
        ..Start::default()
    };
    let seed = std::env::var("VIGIE_TEST_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or_else(rand::random::<u64>);
    println!("VIGIE_TEST_SEED={seed} tells the same story again");
    let mut dice = rand::rngs::StdRng::seed_from_u64(seed);
    let mut texts = BTreeMap::new();
    for n in 0..KILLS {
        let text = format!("Publication numéro {n} de la série");
        texts.insert(approved(&app, &company, page, &text).await, text);
        let mut server = Server::start(&data, start.clone()).await;
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..220))).await;
        server.kill();
    }
    // A claim that died is taken up when its lease has run out.
    let _server = Server::start(&data, start).await;
    let until = Instant::now() + Duration::from_secs(240);
    let states = loop {
        let mut states = BTreeMap::new();
        for id in texts.keys() {
            let rows = app
                .store
                .read()
                .await
                .unwrap()
                .publications(*id)
                .await
                .unwrap();
            assert_eq!(rows.len(), 1, "one publication a post, for ever");
            states.insert(*id, rows[0].state);
        }
        let moving = states.values().filter(|s| !s.is_settled()).count();
        if moving == 0 || Instant::now() > until {
            break states;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for post in pds.posts(&member.did).await {
        *seen
            .entry(
                post["value"]["text"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            )
            .or_default() += 1;
    }
    for (id, text) in &texts {
        let times = seen.get(text).copied().unwrap_or(0);
        match states[id] {
            PublicationState::Published => assert_eq!(times, 1, "{text} is there {times} times"),
            PublicationState::Refused => assert_eq!(times, 0, "{text} was refused and is there"),
            PublicationState::Unknown => assert!(times <= 1, "{text} is there {times} times"),
            other => panic!("{text} ended as {other}"),
        }
    }
    let published = states
        .values()
        .filter(|s| **s == PublicationState::Published)
        .count();
    println!("{published} of {KILLS} published, each once");
    assert_eq!(
        published, KILLS,
        "nothing refused it, so everything went out"
    );
}
