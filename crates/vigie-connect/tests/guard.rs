//! Where the client will not go.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use futures::future::BoxFuture;
use reqwest::Method;
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use url::Url;
use vigie_connect::{
    AllowedPrivate, Code, Http,
    guard::{Door, admit},
    http::Call,
    resolve::Lookup,
};

/// Addresses that must be refused before anything is looked up.
const HOSTILE: &[&str] = &[
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.000.000.001/",
    "http://127.255.255.254:8080/",
    "http://0/",
    "http://0.0.0.0/",
    "http://0.1.2.3/",
    "http://10.0.0.1/",
    "http://167772161/",
    "http://10.255.255.255/",
    "http://100.64.0.1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://100.127.255.255/",
    "http://168.63.129.16/machine/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.170.2/v2/credentials",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://192.168.0.1/",
    "http://192.168.1.1:22/",
    "http://198.18.0.1/",
    "http://198.19.255.255/",
    "http://198.51.100.7/",
    "http://203.0.113.7/",
    "http://224.0.0.1/",
    "http://239.255.255.250/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://１２７.０.０.１/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://%31%32%37.0.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001::1]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fdff::1]/",
    "http://[fe80::1]/",
    "http://[febf::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[100::1]/",
    "http://[5f00::1]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://a.localhost/",
    "http://printer.local/",
    "http://intranet/",
    "http://metadata.google.internal/",
    "http://nas.lan/",
    "http://router.home.arpa/",
    "http://user@exemple.fr/",
    "http://user:word@exemple.fr/",
    "http://exemple.fr@127.0.0.1/",
    "http://exemple.fr:0/",
    "ftp://exemple.fr/",
    "file:///etc/passwd",
    "gopher://exemple.fr/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "unix:/run/x.sock",
    "ws://exemple.fr/",
];

#[test]
fn no_notation_of_a_private_address_is_let_in() {
    assert!(HOSTILE.len() >= 60);
    for text in HOSTILE {
        // An address that does not parse is never called either.
        let Ok(url) = Url::parse(text) else { continue };
        let refused = admit(&url, &AllowedPrivate::default()).expect_err(text);
        assert!(
            matches!(refused.code, Code::BadAddress | Code::AddressNotAllowed),
            "{text}: {refused}"
        );
    }
}

#[test]
fn public_addresses_pass() {
    for text in [
        "https://bsky.social/",
        "https://exemple.fr:8443/x",
        "http://1.1.1.1/",
        "https://[2606:4700:4700::1111]/",
        "https://172.32.0.1/",
        "https://100.128.0.1/",
        "https://[::ffff:1.1.1.1]/",
        "https://[64:ff9b::101:101]/",
        "https://locale.fr/",
        "https://lan.fr/",
    ] {
        assert_eq!(
            admit(&Url::parse(text).unwrap(), &AllowedPrivate::default()),
            Ok(Door::Public),
            "{text}"
        );
    }
}

#[test]
fn what_the_operator_allows_is_one_host_and_port() {
    let allowed = AllowedPrivate::parse(&["pds.lan:3000", "10.0.0.5", "[::1]:2583"]).unwrap();
    let door = |text: &str| admit(&Url::parse(text).unwrap(), &allowed).ok();
    assert_eq!(door("http://pds.lan:3000/"), Some(Door::Allowed));
    assert_eq!(door("http://pds.lan:22/"), None);
    assert_eq!(door("http://10.0.0.5:9/"), Some(Door::Allowed));
    assert_eq!(door("http://10.0.0.6/"), None);
    assert_eq!(door("http://[::1]:2583/"), Some(Door::Allowed));
    assert_eq!(door("http://[::1]/"), None);
    assert!(AllowedPrivate::parse(&["a:b"]).is_err() && AllowedPrivate::parse(&[""]).is_err());
}

/// Says the addresses of its list in turn, one list a look-up.
#[derive(Debug)]
struct Turns(Vec<Vec<SocketAddr>>, AtomicUsize);

impl Lookup for Turns {
    fn lookup(&self, _: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let turn = self.1.fetch_add(1, Ordering::SeqCst);
        let answer = self.0[turn.min(self.0.len() - 1)].clone();
        Box::pin(async move { Ok(answer) })
    }
}

#[tokio::test]
async fn a_name_that_turns_to_this_machine_is_not_followed() {
    let trap = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = trap.local_addr().unwrap().port();
    let public: SocketAddr = "198.41.0.4:0".parse().unwrap();
    let inside: SocketAddr = "127.0.0.1:0".parse().unwrap();
    for (answers, about) in [
        (vec![vec![public], vec![inside]], "public, then inside"),
        (vec![vec![public, inside]], "both at once"),
        (vec![vec![inside]], "inside"),
        (
            vec![vec!["[::ffff:127.0.0.1]:0".parse().unwrap()]],
            "mapped",
        ),
        (
            vec![vec!["169.254.169.254:80".parse().unwrap()]],
            "metadata",
        ),
    ] {
        let lookup = Arc::new(Turns(answers, AtomicUsize::new(0)));
        let http = Http::with_lookup(
            AllowedPrivate::default(),
            Arc::clone(&lookup) as Arc<dyn Lookup>,
        )
        .unwrap();
        let url = Url::parse(&format!("http://turncoat.exemple.fr:{port}/")).unwrap();
        for _ in 0..2 {
            let before = lookup.1.load(Ordering::SeqCst);
            // The public address is not reachable here: it ends by the time limit or at once, never in the trap.
            let error = http
                .send(Call::new(
                    Method::GET,
                    url.clone(),
                    Duration::from_millis(300),
                ))
                .await
                .unwrap_err();
            assert_eq!(
                lookup.1.load(Ordering::SeqCst),
                before + 1,
                "{about}: one look-up a connection"
            );
            let expected = [Code::AddressNotAllowed, Code::Slow, Code::ServerDown];
            assert!(expected.contains(&error.failure.code), "{about}: {error}");
        }
        assert!(
            tokio::time::timeout(Duration::from_millis(50), trap.accept())
                .await
                .is_err(),
            "{about}: the trap is empty"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_not_an_order() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let _ = client.read(&mut [0; 4096]).await;
        let answer =
            "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
        client.write_all(answer.as_bytes()).await.unwrap();
    });
    let http = Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap();
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    let answer = http
        .send(Call::new(Method::GET, url, Duration::from_secs(10)))
        .await
        .unwrap();
    assert_eq!(answer.status, 302);
}

#[tokio::test]
async fn credentials_do_not_travel_in_the_clear() {
    let http = Http::new(AllowedPrivate::default()).unwrap();
    let mut call = Call::new(
        Method::GET,
        Url::parse("http://pds.exemple.fr/").unwrap(),
        Duration::from_secs(1),
    );
    call.bearer = Some("token".to_owned().into());
    let error = http.send(call).await.unwrap_err();
    assert!(!error.left);
    assert_eq!(error.failure.code, Code::NotEncrypted);
}
