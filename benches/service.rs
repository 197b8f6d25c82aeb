#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! What `docs/performance.md` states: start-up, idle memory, the calendar with a thousand posts, two hundred members at
//! once. Run it with `make bench`; `BENCH_SECONDS` shortens the last part (300 by default).

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vigie::account::session;
use vigie::app::App;
use vigie::clock::SystemClock;
use vigie::config::{Config, Layer};
use vigie::demo;
use vigie_core::content::Platform;
use vigie_core::id::{MemberId, PostId, RevisionId};
use vigie_core::member::{Lang, Role};
use vigie_core::post::{Post, RevisionHead};
use vigie_store::{NewMember, NewRevision};

const MEMBERS: usize = 200;
const POSTS: i64 = 1_000;

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run());
}

async fn run() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let sessions = fill(&data).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://localhost:{port}");
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();

    let mut starts = Vec::new();
    let mut server = None;
    for _ in 0..10 {
        drop(server.take());
        let begun = Instant::now();
        let mut running = Server::start(&data, port);
        loop {
            assert!(
                running.0.try_wait().unwrap().is_none(),
                "the program stopped at once"
            );
            if client
                .get(format!("{url}/sign-in"))
                .send()
                .await
                .is_ok_and(|a| a.status().is_success())
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        starts.push(begun.elapsed());
        server = Some(running);
    }
    starts.sort();
    let server = server.unwrap();
    println!(
        "start-up to first page: median {:.0?}, slowest of ten {:.0?}",
        starts[5], starts[9]
    );
    tokio::time::sleep(Duration::from_secs(3)).await;
    println!("idle memory: {} MB", server.memory() / 1024);

    let calendar = format!("{url}/calendar?view=month");
    let cookie = |n: usize| format!("vigie_session={}", sessions[n % sessions.len()]);
    let mut times = Vec::new();
    for n in 0..200 {
        let begun = Instant::now();
        let answer = client
            .get(&calendar)
            .header("cookie", cookie(n))
            .send()
            .await
            .unwrap();
        let page = answer.text().await.unwrap();
        times.push(begun.elapsed());
        assert!(
            page.matches("class=\"event").count() > 900,
            "the calendar shows the posts"
        );
    }
    times.sort();
    println!(
        "calendar of {POSTS} posts, whole answer: median {:.1?}, 95th {:.1?}",
        times[100], times[190]
    );

    let seconds: u64 = std::env::var("BENCH_SECONDS")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(300);
    let until = Instant::now() + Duration::from_secs(seconds);
    let (done, errors, slowest) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicU64::new(0)),
    );
    let mut people = Vec::new();
    for n in 0..MEMBERS {
        let (client, url, cookie) = (client.clone(), url.clone(), cookie(n));
        let (done, errors, slowest) =
            (Arc::clone(&done), Arc::clone(&errors), Arc::clone(&slowest));
        people.push(tokio::spawn(async move {
            let mut turn = n;
            while Instant::now() < until {
                let begun = Instant::now();
                let request = match turn % 4 {
                    0 => client.get(format!("{url}/")),
                    1 => client.get(format!("{url}/posts")),
                    2 => client.get(format!("{url}/calendar?view=week")),
                    _ => client
                        .post(format!("{url}/posts/check"))
                        .header("sec-fetch-site", "same-origin")
                        .header("content-type", "application/x-www-form-urlencoded")
                        .body(
                            "text=Bonjour+%7B%7Bnom%7D%7D%2C+portes+ouvertes+samedi&when=approved",
                        ),
                };
                let answer = request.header("cookie", &cookie).send().await;
                if !answer.is_ok_and(|a| a.status().is_success()) {
                    errors.fetch_add(1, Ordering::Relaxed);
                }
                done.fetch_add(1, Ordering::Relaxed);
                slowest.fetch_max(
                    u64::try_from(begun.elapsed().as_millis()).unwrap(),
                    Ordering::Relaxed,
                );
                turn += 1;
                // A person reads for a second or two.
                tokio::time::sleep(Duration::from_millis(
                    1_000 + u64::try_from(n % 10).unwrap() * 100,
                ))
                .await;
            }
        }));
    }
    for person in people {
        person.await.unwrap();
    }
    println!(
        "{MEMBERS} members for {seconds} s: {} requests, {} errors, slowest {} ms, memory {} MB",
        done.load(Ordering::Relaxed),
        errors.load(Ordering::Relaxed),
        slowest.load(Ordering::Relaxed),
        server.memory() / 1024
    );
    assert_eq!(
        errors.load(Ordering::Relaxed),
        0,
        "every request was answered"
    );
}

/// The example company, a thousand planned posts this month, and two hundred signed-in browsers.
async fn fill(data: &Path) -> Vec<String> {
    let flags = Layer::from([("data".to_owned(), data.display().to_string())]);
    let config = Config::load(None, std::iter::empty(), flags).unwrap();
    demo::fill(&config).await.unwrap();
    let app = App::open(config, Arc::new(SystemClock)).await.unwrap();
    let now = Timestamp::now();
    let mut conn = app.store.read().await.unwrap();
    let members: Vec<MemberId> = conn.members().await.unwrap().iter().map(|m| m.id).collect();
    let page = conn
        .channels_usable()
        .await
        .unwrap()
        .into_iter()
        .find(|c| c.platform == Platform::Sandbox)
        .unwrap();
    drop(conn);
    let first = now
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .date()
        .first_of_month();
    let first = jiff::tz::TimeZone::UTC
        .to_timestamp(first.at(6, 0, 0, 0))
        .unwrap();
    let mut tx = app.store.begin().await.unwrap();
    for n in 0..POSTS {
        let at = first
            .checked_add(SignedDuration::from_mins(n * 40))
            .unwrap();
        let content = vigie_core::content::Content {
            variants: vec![vigie_core::content::Variant {
                channel: page.id,
                platform: page.platform,
                account: page.account.clone(),
                text: format!(
                    "Publication numéro {n} : une nouvelle de l’atelier, avec assez de mots pour une ligne."
                ),
                link: None,
                langs: vec!["fr".into()],
                media: vec![],
                reply_to: None,
                warning: None,
                repliers: vigie_core::content::Repliers::Everyone,
                parts: vec![],
            }],
            window: vigie_core::schedule::window(Some(at), now, SignedDuration::from_hours(24)),
        };
        let head = RevisionHead {
            id: RevisionId::new(Uuid::now_v7()),
            number: 1,
            digest: content.digest(),
            editor: members[0],
            proposer: None,
        };
        let post = Post::draft(PostId::new(Uuid::now_v7()), head);
        let new = NewRevision {
            content: &content,
            report: None,
            checked_with: None,
        };
        tx.post_create(&post, new, now).await.unwrap();
    }
    let mut sessions = Vec::new();
    for n in 0..MEMBERS {
        let id = MemberId::new(Uuid::now_v7());
        let member = NewMember {
            id,
            login: format!("member-{n}"),
            name: format!("Member {n}"),
            role: Role::Writer,
            reviewer: true,
            skills: std::collections::BTreeSet::new(),
            lang: Lang::En,
        };
        tx.create_member(&member, now).await.unwrap();
        sessions.push(
            session::open(&mut tx, id, &HeaderMap::new(), now)
                .await
                .unwrap(),
        );
    }
    tx.commit().await.unwrap();
    app.store.close().await;
    sessions
}

struct Server(Child);

impl Server {
    fn start(data: &Path, port: u16) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_vigie"))
            .args(["serve", "--data"])
            .arg(data)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Resident memory, KiB.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
