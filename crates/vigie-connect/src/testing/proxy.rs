//! A proxy before a real server that does harm to chosen requests.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut before the server gets anything.
    CutBefore,
    /// Half of the request reaches the server, then the connection is cut.
    CutDuring,
    /// The server carries the request out; its answer is lost.
    CutAfter,
    /// The server carries the request out; half of its answer arrives.
    CutAnswer,
    /// The server never gets it; no answer ever comes.
    Silence,
    /// The server carries it out; its answer comes after this time.
    Late(Duration),
    /// The server never gets it; this is answered, byte for byte.
    Answer(String),
    /// The server carries it out; this is answered instead.
    AnswerInstead(String),
    /// The server carries it out; an endless answer comes.
    Endless,
}

impl Fault {
    /// An answer of `status` with `headers` (each ended by `\r\n`) and `body`, as for [`Fault::Answer`].
    pub fn http(status: u16, headers: &str, body: &str) -> String {
        format!(
            "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    }
}

type Rules = Arc<Mutex<Vec<(String, Fault, u32)>>>;

/// The proxy. Ends with the test.
#[derive(Debug)]
pub struct Proxy {
    /// Its address, `http://127.0.0.1:PORT`.
    pub url: String,
    address: SocketAddr,
    upstream: String,
    rules: Rules,
    seen: Arc<Mutex<Vec<String>>>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Proxy {
    /// Starts before the server at `upstream` (`host:port`), doing no harm yet.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address: SocketAddr = listener.local_addr().expect("an address");
        let mut proxy = Self {
            url: format!("http://{address}"),
            address,
            upstream: upstream.to_owned(),
            rules: Rules::default(),
            seen: Arc::default(),
            task: None,
        };
        proxy.serve(listener);
        proxy
    }

    fn serve(&mut self, listener: TcpListener) {
        let (rules, seen) = (Arc::clone(&self.rules), Arc::clone(&self.seen));
        let upstream = self.upstream.clone();
        self.task = Some(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(one(
                    client,
                    upstream.clone(),
                    Arc::clone(&rules),
                    Arc::clone(&seen),
                ));
            }
        }));
    }

    /// Listens no more: connections are refused, as by a server that is down.
    pub async fn down(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let _ = task.await;
        }
    }

    /// Listens again at the same address.
    ///
    /// # Panics
    /// When somebody took the port meanwhile.
    pub async fn up(&mut self) {
        let listener = TcpListener::bind(self.address)
            .await
            .expect("the port is still free");
        self.serve(listener);
    }

    /// The next `times` requests whose first line holds `path` meet `fault`.
    ///
    /// # Panics
    /// Never in practice.
    pub fn harm(&self, path: &str, fault: Fault, times: u32) {
        self.rules
            .lock()
            .expect("not poisoned")
            .push((path.to_owned(), fault, times));
    }

    /// Forgets all harm not yet done.
    ///
    /// # Panics
    /// Never in practice.
    pub fn heal(&self) {
        self.rules.lock().expect("not poisoned").clear();
    }

    /// The first lines of all requests so far.
    ///
    /// # Panics
    /// Never in practice.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// One connection, one request: the answer always closes it, so that every request is seen.
async fn one(mut client: TcpStream, upstream: String, rules: Rules, seen: Arc<Mutex<Vec<String>>>) {
    let Some(request) = read_request(&mut client).await else {
        return;
    };
    let first = String::from_utf8_lossy(request.split(|b| *b == b'\r').next().unwrap_or_default())
        .into_owned();
    let fault = {
        let mut rules = rules.lock().expect("not poisoned");
        let rule = rules
            .iter_mut()
            .find(|(path, _, times)| *times > 0 && first.contains(path.as_str()));
        rule.map(|rule| {
            rule.2 -= 1;
            rule.1.clone()
        })
    };
    seen.lock().expect("not poisoned").push(first);
    match fault {
        None => drop(pass(&mut client, &upstream, &request).await),
        Some(Fault::CutBefore) => {}
        Some(Fault::CutDuring) => {
            if let Ok(mut server) = TcpStream::connect(&upstream).await {
                let half = request.get(..request.len() * 2 / 3).unwrap_or_default();
                let _ = server.write_all(half).await;
                let _ = server.shutdown().await;
            }
        }
        Some(Fault::CutAfter) => drop(ask(&upstream, &request).await),
        Some(Fault::CutAnswer) => {
            let answer = ask(&upstream, &request).await;
            let half = answer
                .get(..answer.len().saturating_sub(20))
                .unwrap_or_default();
            let _ = client.write_all(half).await;
        }
        Some(Fault::Silence) => tokio::time::sleep(Duration::from_secs(600)).await,
        Some(Fault::Late(wait)) => {
            let answer = ask(&upstream, &request).await;
            tokio::time::sleep(wait).await;
            let _ = client.write_all(&answer).await;
        }
        Some(Fault::Answer(answer)) => drop(client.write_all(answer.as_bytes()).await),
        Some(Fault::AnswerInstead(answer)) => {
            ask(&upstream, &request).await;
            let _ = client.write_all(answer.as_bytes()).await;
        }
        Some(Fault::Endless) => {
            ask(&upstream, &request).await;
            let _ = client
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"uri\":\"")
                .await;
            while client.write_all(&[b'a'; 65_536]).await.is_ok() {}
        }
    }
    let _ = client.shutdown().await;
}

async fn pass(client: &mut TcpStream, upstream: &str, request: &[u8]) -> std::io::Result<()> {
    let answer = ask(upstream, request).await;
    client.write_all(&answer).await
}

/// The whole answer of the server to a request, which is told to close.
async fn ask(upstream: &str, request: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    if let Ok(mut server) = TcpStream::connect(upstream).await {
        let end = request
            .windows(2)
            .position(|two| two == b"\r\n")
            .unwrap_or_default()
            + 2;
        let _ = server.write_all(&request[..end]).await;
        let _ = server.write_all(b"connection: close\r\n").await;
        let _ = server.write_all(&request[end..]).await;
        let _ = server.read_to_end(&mut answer).await;
    }
    answer
}

async fn read_request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let mut chunk = vec![0; 65_536];
    loop {
        let head = all
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .map(|at| at + 4);
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&all[..head]).to_ascii_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if all.len() >= head + length.unwrap_or(0_usize) {
                return Some(all);
            }
        }
        match client.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => all.extend_from_slice(&chunk[..read]),
        }
    }
}
