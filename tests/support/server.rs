//! The real program, started as a user starts it: own data folder, own port, killed on drop.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A running `vigie` process on loopback.
pub struct Server {
    child: Child,
    /// `http://localhost:PORT`; the name, not the number, because passkeys need a domain.
    pub url: String,
    /// The data folder; kept when the server is killed so that it can be started again on it.
    pub data: PathBuf,
    log: Arc<Mutex<String>>,
}

/// How to start a server.
#[derive(Default, Clone)]
pub struct Start {
    /// Extra command-line arguments.
    pub args: Vec<String>,
    /// Extra environment variables.
    pub env: Vec<(String, String)>,
    /// `demo` instead of `serve`.
    pub demo: bool,
    /// The port to listen on; a free one when absent.
    pub port: Option<u16>,
    /// A program, with its arguments, that starts the server in its own place: `prlimit`, `unshare`.
    pub by: Vec<String>,
}

impl Server {
    /// Starts the program on `data` and waits until it answers `/readyz`.
    ///
    /// # Panics
    /// When it does not answer within a minute; the message holds its log.
    pub async fn start(data: &Path, start: Start) -> Self {
        let port = start.port.unwrap_or_else(free_port);
        let program = env!("CARGO_BIN_EXE_vigie");
        let mut command = match start.by.split_first() {
            None => Command::new(program),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        command.arg(if start.demo { "demo" } else { "serve" });
        if !start.demo {
            command.arg("--data").arg(data);
        }
        command
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"))
            .args(&start.args)
            .env("VIGIE_PUBLIC_URL", format!("http://localhost:{port}"))
            .envs(start.env.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().expect("piped"), &log);
        collect(child.stderr.take().expect("piped"), &log);
        let mut server = Self {
            child,
            url: format!("http://localhost:{port}"),
            data: data.to_owned(),
            log,
        };
        server.wait_ready().await;
        server
    }

    async fn wait_ready(&mut self) {
        cryptography();
        let client = reqwest::Client::new();
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            if let Ok(answer) = client.get(format!("{}/readyz", self.url)).send().await
                && answer.status().is_success()
            {
                return;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("vigie stopped with {status}:\n{}", self.log());
            }
            assert!(
                Instant::now() < until,
                "vigie is not ready:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Everything the program has printed so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("not poisoned").clone()
    }

    /// Ends the program as a power cut would (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- log of the server ---\n{}", self.log());
        }
    }
}

fn collect(stream: impl std::io::Read + Send + 'static, log: &Arc<Mutex<String>>) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut log = log.lock().expect("not poisoned");
            log.push_str(&line);
            log.push('\n');
        }
    });
}

/// The HTTP client of the tests speaks to loopback only, but will not be made without a provider.
pub fn cryptography() {
    // An error says that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A port that is free at this moment.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a free port")
        .port()
}

/// Where pictures and reports of a run go: `target/looks/NAME`.
pub fn looks(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("inside target")
        .join("looks");
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    folder.join(name)
}

/// Writes `bytes` to `path`.
pub fn write(path: &Path, bytes: &[u8]) {
    use std::io::Write;
    File::create(path)
        .and_then(|mut file| file.write_all(bytes))
        .expect("the file is written");
}
