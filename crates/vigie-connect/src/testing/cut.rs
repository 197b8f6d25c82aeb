//! A proxy before a real server that does not speak HTTP: it cuts the connection at a word.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What happens when the client says a certain word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snip {
    /// The server does not get it; the connection ends.
    Before,
    /// The server gets the word up to its middle; the connection ends.
    Middle,
    /// The server gets it and answers; the answer is lost, the connection ends.
    After,
    /// The server does not get it; nothing more comes, for ever.
    Silence,
    /// The server gets it and answers; the client gets garbage instead.
    Garbage,
    /// The server does not get it, nor anything more; the client gets the answer `421`.
    Busy,
}

type Rules = Arc<Mutex<Vec<(Vec<u8>, Snip)>>>;

/// The proxy. Ends with the test.
#[derive(Debug)]
pub struct Cut {
    /// Its port on 127.0.0.1.
    pub port: u16,
    rules: Rules,
    connections: Arc<Mutex<u32>>,
    after: Arc<Mutex<Option<u32>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Cut {
    /// Starts before a port on loopback, doing no harm yet.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn before(upstream: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let rules = Rules::default();
        let connections = Arc::new(Mutex::new(0));
        let after = Arc::new(Mutex::new(None));
        let (rules_too, connections_too, after_too) = (
            Arc::clone(&rules),
            Arc::clone(&connections),
            Arc::clone(&after),
        );
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                *connections_too.lock().expect("not poisoned") += 1;
                tokio::spawn(one(
                    client,
                    upstream,
                    Arc::clone(&rules_too),
                    Arc::clone(&after_too),
                ));
            }
        });
        Self {
            port,
            rules,
            connections,
            after,
            task,
        }
    }

    /// The next time that the client says something that holds `word`, this happens.
    ///
    /// # Panics
    /// Never in practice.
    pub fn harm(&self, word: &str, snip: Snip) {
        let mut rules = self.rules.lock().expect("not poisoned");
        rules.push((word.as_bytes().to_vec(), snip));
    }

    /// Every connection ends instead of bringing the server's answer number `answers` (from 0); `None` heals.
    ///
    /// # Panics
    /// Never in practice.
    pub fn after_answers(&self, answers: Option<u32>) {
        *self.after.lock().expect("not poisoned") = answers;
    }

    /// Whatever the server says next on any connection does not arrive: the connection ends.
    ///
    /// # Panics
    /// Never in practice.
    pub fn next_answer(&self) {
        self.harm("", Snip::Before);
    }

    /// Harm that was not met.
    ///
    /// # Panics
    /// Never in practice.
    pub fn left(&self) -> usize {
        self.rules.lock().expect("not poisoned").len()
    }

    /// Connections so far.
    ///
    /// # Panics
    /// Never in practice.
    pub fn connections(&self) -> u32 {
        *self.connections.lock().expect("not poisoned")
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn one(mut client: TcpStream, upstream: u16, rules: Rules, after: Arc<Mutex<Option<u32>>>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", upstream)).await else {
        return;
    };
    let (mut said, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut answers = 0;
    loop {
        tokio::select! {
            read = client.read(&mut said) => {
                let Ok(read @ 1..) = read else { break };
                let chunk = &said[..read];
                let snip = {
                    let mut rules = rules.lock().expect("not poisoned");
                    let met = rules.iter().position(|(word, _)| {
                        !word.is_empty() && chunk.windows(word.len()).any(|part| part == word)
                    });
                    met.map(|at| rules.remove(at).1)
                };
                match snip {
                    None => {
                        if server.write_all(chunk).await.is_err() {
                            break;
                        }
                    }
                    Some(Snip::Before) => break,
                    Some(Snip::Middle) => {
                        let _ = server.write_all(&chunk[..read / 2]).await;
                        break;
                    }
                    Some(Snip::After) => {
                        let _ = server.write_all(chunk).await;
                        let _ = server.read(&mut answered).await;
                        break;
                    }
                    Some(Snip::Silence) => tokio::time::sleep(Duration::from_secs(600)).await,
                    Some(Snip::Garbage) => {
                        let _ = server.write_all(chunk).await;
                        let _ = server.read(&mut answered).await;
                        let _ = client.write_all(b"\x00garbage\r\n\xff\r\n").await;
                        break;
                    }
                    Some(Snip::Busy) => {
                        let _ = client.write_all(b"421 4.3.2 closing\r\n").await;
                        break;
                    }
                }
            }
            read = server.read(&mut answered) => {
                let Ok(read @ 1..) = read else { break };
                if *after.lock().expect("not poisoned") == Some(answers) {
                    break;
                }
                {
                    let mut rules = rules.lock().expect("not poisoned");
                    if let Some(at) = rules.iter().position(|(word, _)| word.is_empty()) {
                        rules.remove(at);
                        break;
                    }
                }
                answers += 1;
                if client.write_all(&answered[..read]).await.is_err() {
                    break;
                }
            }
        }
    }
    let _ = client.shutdown().await;
}
