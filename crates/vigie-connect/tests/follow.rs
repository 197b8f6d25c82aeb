//! Links followed on a real server on loopback that the operator has allowed, and where following stops.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;
use vigie_connect::{AllowedPrivate, Code, Ended, Http};

const WITHIN: Duration = Duration::from_secs(3);

/// A server that answers each path as told, and remembers what it was asked.
struct Site {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What a path answers: `302 /there`, `200`, `head405 200`, `silent`, `endless`.
async fn site(paths: &[(&str, &str)]) -> Site {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let paths: HashMap<String, String> = paths
        .iter()
        .map(|(p, a)| ((*p).to_owned(), (*a).to_owned()))
        .collect();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (paths, log) = (paths.clone(), Arc::clone(&log));
            tokio::spawn(async move {
                let mut head = vec![0; 8192];
                let read = client.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let mut words = head.split(' ');
                let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
                log.lock().unwrap().push(format!("{method} {path}"));
                let answer = paths.get(path).map_or("404", String::as_str);
                let answer = match answer.strip_prefix("head405 ") {
                    Some(_) if method == "HEAD" => "405",
                    Some(rest) => rest,
                    None => answer,
                };
                if answer == "silent" {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
                let (status, to) = answer.split_once(' ').unwrap_or((answer, ""));
                let (status, body) = match status {
                    "endless" => ("200", true),
                    status => (status, false),
                };
                let location = if to.is_empty() {
                    String::new()
                } else {
                    format!("location: {to}\r\n")
                };
                let head = format!("HTTP/1.1 {status} X\r\n{location}connection: close\r\n\r\n");
                let _ = client.write_all(head.as_bytes()).await;
                while body && client.write_all(&[b'x'; 65_536]).await.is_ok() {}
            });
        }
    });
    Site { base, asked }
}

impl Site {
    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.base)).unwrap()
    }

    fn paths(&self, hops: &[Url]) -> Vec<String> {
        let short = |u: &Url| {
            u.as_str()
                .strip_prefix(&self.base)
                .unwrap_or(u.as_str())
                .to_owned()
        };
        hops.iter().map(short).collect()
    }
}

fn http() -> Http {
    Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap()
}

#[tokio::test]
async fn a_link_is_followed_to_its_end_without_a_body() {
    let site = site(&[
        ("/a", "301 /b#there"),
        ("/b", "307 c?x=1"),
        ("/c?x=1", "endless"),
        ("/get", "head405 302 /c?x=1"),
    ])
    .await;
    let trail = http().follow(&site.url("/a#here"), WITHIN).await;
    assert_eq!(site.paths(&trail.hops), ["/b", "/c?x=1"]);
    assert_eq!(trail.ended, Ended::Answered(200));
    assert_eq!(
        *site.asked.lock().unwrap(),
        ["HEAD /a", "HEAD /b", "HEAD /c?x=1"]
    );
    // A server that does not know HEAD is asked with GET, and nobody waits for its endless page.
    let trail = http().follow(&site.url("/get"), WITHIN).await;
    assert_eq!((trail.hops.len(), trail.ended), (1, Ended::Answered(200)));
    let trail = http().follow(&site.url("/nowhere"), WITHIN).await;
    assert_eq!((trail.hops.len(), trail.ended), (0, Ended::Answered(404)));
}

#[tokio::test]
async fn following_ends_at_private_addresses_circles_and_after_five_hops() {
    let inside = TcpListener::bind("[::1]:0").await.unwrap();
    let port = inside.local_addr().unwrap().port();
    let secret = format!("302 http://[::1]:{port}/secret");
    let long = format!("302 /{}", "x".repeat(5_000));
    let site = site(&[
        ("/in", &secret),
        ("/metadata", "302 http://169.254.169.254/latest/"),
        ("/file", "302 file:///etc/passwd"),
        ("/user", "302 http://a:b@127.0.0.1/"),
        ("/bad", "302 http://[::/"),
        ("/long", &long),
        ("/loop", "302 /loop2"),
        ("/loop2", "302 /loop"),
        ("/1", "302 /2"),
        ("/2", "302 /3"),
        ("/3", "302 /4"),
        ("/4", "302 /5"),
        ("/5", "302 /6"),
        ("/6", "302 /7"),
    ])
    .await;
    let http = http();
    let ended = async |path: &str| http.follow(&site.url(path), WITHIN).await;
    for path in ["/in", "/metadata"] {
        let trail = ended(path).await;
        assert_eq!(
            trail.ended,
            Ended::Failed(Code::AddressNotAllowed),
            "{path}"
        );
        assert_eq!(trail.hops.len(), 1, "where it wanted to go is told");
    }
    for path in ["/file", "/user", "/bad", "/long"] {
        assert_eq!(
            ended(path).await.ended,
            Ended::Failed(Code::BadAddress),
            "{path}"
        );
    }
    assert_eq!(ended("/loop").await.ended, Ended::Loop);
    let trail = ended("/1").await;
    assert_eq!((trail.hops.len(), trail.ended), (6, Ended::TooMany));
    assert!(!site.asked.lock().unwrap().contains(&"HEAD /7".to_owned()));
    let nobody = tokio::time::timeout(Duration::from_millis(50), inside.accept()).await;
    assert!(nobody.is_err(), "nobody called inside");
    let plain = Http::new(AllowedPrivate::default()).unwrap();
    let trail = plain.follow(&site.url("/1"), WITHIN).await;
    assert_eq!(trail.ended, Ended::Failed(Code::AddressNotAllowed));
}

#[tokio::test]
async fn a_silent_server_costs_no_more_than_the_time_given() {
    let site = site(&[("/a", "302 /silent"), ("/silent", "silent")]).await;
    let begun = Instant::now();
    let trail = http()
        .follow(&site.url("/a"), Duration::from_millis(600))
        .await;
    assert_eq!(trail.ended, Ended::Failed(Code::Slow));
    assert_eq!(trail.hops.len(), 1);
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
}
