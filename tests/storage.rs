#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! Storage in trouble under the real program: a disk that takes no more, a database that another program holds, that is
//! away, read-only, damaged. People read what happened in their language and get back what they typed; nothing is
//! half-done; and when the trouble is over everything goes on by itself.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "the other stories use the rest")]
#[path = "support/server.rs"]
mod server;
#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/visitor.rs"]
mod visitor;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use company::Company;
use reqwest::Method;
use server::{Server, Start};
use vigie::account::session;
use vigie::app::App;
use vigie::clock::SystemClock;
use vigie::config::{Config, Layer};
use vigie::post::actions;
use vigie_core::id::PostId;
use vigie_core::member::Lang;
use vigie_core::publication::PublicationState;
use vigie_core::rights::Scope;
use vigie_store::ApiToken;
use visitor::Visitor;

/// What somebody writes in these stories.
const WORDS: &str = "Le four est rallumé « à l’ancienne » : venez samedi ! <b>&amp;</b>";

/// The company, and the same program opened once more beside the server's, as a second replica without a publisher.
struct Beside {
    app: App,
    company: Company,
    ines: String,
    tom: String,
    token: String,
}

impl Beside {
    async fn open(data: &Path, database: Option<&str>) -> Self {
        let mut flags = Layer::from([("data".to_owned(), data.display().to_string())]);
        if let Some(url) = database {
            flags.insert("database".to_owned(), url.to_owned());
        }
        let config = Config::load(None, std::iter::empty(), flags).unwrap();
        let app = App::open(config, Arc::new(SystemClock)).await.unwrap();
        let company = Company::found(&app).await;
        let now = app.clock.now();
        let mut tx = app.store.begin().await.unwrap();
        tx.set_member_lang(company.tom, Lang::En).await.unwrap();
        let none = HeaderMap::new();
        let ines = session::open(&mut tx, company.ines, &none, now)
            .await
            .unwrap();
        let tom = session::open(&mut tx, company.tom, &none, now)
            .await
            .unwrap();
        let token = session::secret().unwrap();
        let new = ApiToken {
            id: vigie_core::id::TokenId::new(uuid::Uuid::now_v7()),
            member: company.ines,
            name: "test".into(),
            scopes: Scope::ALL.iter().copied().collect(),
            created_at: now,
            expires_at: None,
            last_used_at: Some(now),
            revoked_at: None,
        };
        tx.create_token(&new, &session::hash(&token)).await.unwrap();
        tx.commit().await.unwrap();
        Self {
            app,
            company,
            ines,
            tom,
            token,
        }
    }

    fn visitors(&self, server: &Server) -> (Visitor, Visitor) {
        (
            Visitor::new(&server.url, &self.ines, "fr"),
            Visitor::new(&server.url, &self.tom, "en"),
        )
    }

    /// How many posts there are, and how many entries the log has.
    async fn counts(&self) -> (usize, u64) {
        let mut conn = self.app.store.read().await.unwrap();
        let all = vigie_store::PostFilter::default();
        let posts = conn.posts(&all, None, 100).await.unwrap().lines.len();
        (posts, conn.audit_head().await.unwrap().0)
    }

    /// A post that may go out now.
    async fn approved(&self, text: &str) -> PostId {
        let (ines, tom) = (
            self.company.who(&self.app, self.company.ines).await,
            self.company.who(&self.app, self.company.tom).await,
        );
        let draft = self.company.draft(text);
        let id = actions::create(&self.app, &ines, &draft)
            .await
            .unwrap()
            .post
            .id;
        let asked = actions::submit(&self.app, &ines, id).await.unwrap();
        actions::approve(&self.app, &tom, id, asked.post.revision.digest, None)
            .await
            .unwrap();
        id
    }

    /// Waits until the server has published it.
    async fn published(&self, id: PostId) {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let mut conn = self.app.store.read().await.unwrap();
            let rows = conn.publications(id).await.unwrap();
            assert_eq!(rows.len(), 1);
            if rows[0].state == PublicationState::Published {
                return;
            }
            assert!(Instant::now() < until, "{rows:?}");
            drop(conn);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// How often the sandbox page shows this text.
    async fn times(&self, text: &str) -> usize {
        let mut conn = self.app.store.read().await.unwrap();
        let page = conn
            .sandbox_posts("sandbox:atelier-merlin", None, 50)
            .await
            .unwrap();
        page.iter().filter(|p| p.body.text == text).count()
    }

    fn form(&self) -> [(&'static str, String); 5] {
        [
            ("text", WORDS.to_owned()),
            ("channel", self.company.page.to_string()),
            ("lang", "fr".to_owned()),
            ("when", "approved".to_owned()),
            ("do", "save".to_owned()),
        ]
    }

    async fn post(&self, visitor: &Visitor) -> visitor::Page {
        let form = self.form();
        let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
        visitor.post("/posts/new", &form).await
    }
}

/// The words as a page shows them in a text field.
const SHOWN: &str =
    "Le four est rallumé « à l’ancienne » : venez samedi ! &#60;b&#62;&#38;amp;&#60;/b&#62;";

/// What each kind of trouble is called, for people and for programs.
struct Trouble {
    status: u16,
    kind: &'static str,
    fr: &'static str,
    en: &'static str,
}

const FULL: Trouble = Trouble {
    status: 507,
    kind: "storage-full",
    fr: "Le disque est plein",
    en: "The disk is full",
};
const BUSY: Trouble = Trouble {
    status: 503,
    kind: "storage-busy",
    fr: "La base de données est occupée",
    en: "The database is busy",
};
const AWAY: Trouble = Trouble {
    status: 503,
    kind: "storage-away",
    fr: "La base de données ne répond pas",
    en: "The database does not answer",
};
const READONLY: Trouble = Trouble {
    status: 503,
    kind: "storage-readonly",
    fr: "La base de données ne peut qu’être lue",
    en: "The database can only be read",
};

/// Everything people and programs meet while nothing can be written.
async fn nothing_can_be_written(server: &Server, beside: &Beside, trouble: &Trouble) {
    let (ines, tom) = beside.visitors(server);
    let variant = serde_json::json!({ "channel": beside.company.page.to_string(), "text": WORDS });
    let body = serde_json::json!({ "variants": [variant] }).to_string();
    let (fr, en, said) = tokio::join!(
        beside.post(&ines),
        beside.post(&tom),
        ines.call(&beside.token, Method::POST, "/api/v1/posts", &body),
    );
    for (page, said) in [(fr, trouble.fr), (en, trouble.en)] {
        let page = page.expect(trouble.status);
        assert!(!page.header("retry-after").is_empty(), "{:?}", page.headers);
        let hidden = format!("name=\"channel\" value=\"{}\"", beside.company.page);
        page.says(&[said, SHOWN, "action=\"/posts/new\"", &hidden]);
    }
    let said = said.expect(trouble.status);
    assert_eq!(said.header("content-type"), "application/problem+json");
    assert!(!said.header("retry-after").is_empty());
    let problem: serde_json::Value = serde_json::from_str(&said.text).unwrap();
    assert_eq!(problem["type"], format!("/problems/{}", trouble.kind));
    ines.get(&format!("/problems/{}", trouble.kind))
        .await
        .says(&[trouble.fr]);
    let ready = ines.get("/readyz").await.expect(503);
    ready.says(&["database", trouble.kind]);
    ines.get("/healthz").await.expect(200);
}

/// Reading goes on; a picture that cannot be kept leaves the text around it.
async fn what_needs_no_writing_goes_on(server: &Server, beside: &Beside, trouble: &Trouble) {
    let (ines, tom) = beside.visitors(server);
    for path in [
        "/",
        "/posts",
        "/posts/new",
        "/calendar",
        "/channels",
        "/alarms",
        "/me",
    ] {
        ines.get(path).await.expect(200);
    }
    let mut png = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(8, 8)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let mut body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\n{WORDS}\r\n--x\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(png.get_ref());
    body.extend_from_slice(b"\r\n--x--\r\n");
    tom.post_raw("/posts/picture", "multipart/form-data; boundary=x", body)
        .await
        .expect(trouble.status)
        .says(&[trouble.en, SHOWN]);
}

/// The whole story of a trouble that stops writing only.
async fn trouble_comes_and_goes(
    server: &Server,
    beside: &Beside,
    trouble: &Trouble,
    begin: impl FnOnce(),
    end: impl FnOnce(),
) {
    let waiting = beside.approved("Avant le souci").await;
    beside.published(waiting).await;
    let before = beside.counts().await;
    begin();
    nothing_can_be_written(server, beside, trouble).await;
    what_needs_no_writing_goes_on(server, beside, trouble).await;
    assert_eq!(beside.counts().await, before, "nothing is half-done");
    end();
    goes_on(server, beside).await;
}

/// After the trouble: ready, the same form goes through, the publisher works, the log is whole.
async fn goes_on(server: &Server, beside: &Beside) {
    let (ines, _) = beside.visitors(server);
    let until = Instant::now() + Duration::from_secs(30);
    while ines.get("/readyz").await.status != 200 {
        assert!(Instant::now() < until, "not ready again:\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    beside.post(&ines).await.expect(303);
    let after = beside.approved("Après le souci").await;
    beside.published(after).await;
    assert_eq!(beside.times("Avant le souci").await, 1);
    assert_eq!(beside.times("Après le souci").await, 1);
    assert!(!server.log().contains("panic"), "{}", server.log());
    let mut export = vigie(&["audit", "export"], &[])
        .arg("--data")
        .arg(&server.data)
        .arg("--database")
        .arg(&beside.app.config.database)
        // The key that signs the log bears the installation's public name.
        .arg("--public-url")
        .arg(&server.url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let verified = vigie(&["audit", "verify", "-"], &[])
        .stdin(export.stdout.take().unwrap())
        .output()
        .unwrap();
    assert!(export.wait().unwrap().success());
    assert!(verified.status.success(), "{verified:?}");
}

/// The program on the command line, in English unless `env` says otherwise.
fn vigie(args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.args(args).env("LC_ALL", "C.UTF-8");
    command.envs(env.iter().copied());
    command
}

fn prlimit(server: &Server, fsize: &str) {
    let set = Command::new("prlimit")
        .args([
            "--pid",
            &server.pid().to_string(),
            &format!("--fsize={fsize}"),
        ])
        .status()
        .expect("prlimit of util-linux");
    assert!(set.success());
}

/// Keeps the signal that comes with the limit from ending the program: the write fails instead, as on a full disk.
fn told_not_killed() -> Start {
    Start {
        by: ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]
            .map(str::to_owned)
            .to_vec(),
        ..Start::default()
    }
}

#[tokio::test]
async fn a_disk_that_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, told_not_killed()).await;
    let beside = Beside::open(&data, None).await;
    // The kernel refuses every write beyond the first page of any file: works on every machine, for every user.
    let (full, room) = (
        || prlimit(&server, "4096:"),
        || prlimit(&server, "unlimited:"),
    );
    trouble_comes_and_goes(&server, &beside, &FULL, full, room).await;
}

/// A small disk of this story alone: the test starts itself once more where it is mounted. It is gone with that process.
fn on_a_small_disk(story: &str) -> Option<PathBuf> {
    if let Some(disk) = std::env::var_os("VIGIE_TEST_DISK") {
        return Some(disk.into());
    }
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().display().to_string();
    let user = if is_root() { "-m" } else { "-rm" };
    let mount = format!("mount -t tmpfs -o size=16m tmpfs {disk} && exec \"$@\"");
    let mut unshare = Command::new("unshare");
    unshare.args([user, "sh", "-c", &mount, "sh"]);
    let mut can = under_timeout(&unshare);
    if !can
        .arg("true")
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
    {
        eprintln!("NOT tested on a disk that is really full: this machine lets nobody mount one");
        assert!(std::env::var_os("CI").is_none(), "CI must tell this story");
        return None;
    }
    let told = unshare
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", story, "--nocapture"])
        .env("VIGIE_TEST_DISK", &disk)
        .status()
        .unwrap();
    assert!(told.success(), "see above");
    None
}

#[tokio::test]
async fn a_disk_that_is_really_full() {
    let Some(disk) = on_a_small_disk("a_disk_that_is_really_full") else {
        return;
    };
    let data = disk.join("data");
    let server = Server::start(&data, Start::default()).await;
    let beside = Beside::open(&data, None).await;
    let ballast = disk.join("ballast");
    let fill = || {
        let mut file = std::fs::File::create(&ballast).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    };
    let room = || std::fs::remove_file(&ballast).unwrap();
    trouble_comes_and_goes(&server, &beside, &FULL, fill, room).await;
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

#[tokio::test]
async fn a_database_that_another_program_holds() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, Start::default()).await;
    let beside = Beside::open(&data, None).await;
    let hold = "import sqlite3, sys\n\
                c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)\n\
                c.execute('begin immediate')\nprint('held', flush=True)\nsys.stdin.read()\n";
    let first = beside.approved("Avant le souci").await;
    beside.published(first).await;
    let before = beside.counts().await;
    let mut holder = Command::new("python3")
        .args(["-c", hold])
        .arg(data.join("vigie.db"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python 3");
    let mut said = [0; 4];
    let out = holder.stdout.as_mut().unwrap();
    out.read_exact(&mut said).expect("it holds the database");
    nothing_can_be_written(&server, &beside, &BUSY).await;
    what_needs_no_writing_goes_on(&server, &beside, &BUSY).await;
    assert_eq!(beside.counts().await, before);
    holder.kill().unwrap();
    holder.wait().unwrap();
    goes_on(&server, &beside).await;
}

/// A PostgreSQL of this story alone.
struct Cluster(PathBuf);

impl Cluster {
    fn run(&self, what: &str) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/postgres.sh");
        let out = Command::new("sh")
            .arg(script)
            .arg(what)
            .env("VIGIE_TEST_POSTGRES_DIR", &self.0)
            .env("VIGIE_TEST_POSTGRES_COMMIT", "on")
            .output()
            .unwrap();
        assert!(out.status.success(), "{what}: {out:?}");
        out
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("stop");
    }
}

#[tokio::test]
async fn a_database_server_that_goes_away_and_comes_back() {
    if std::env::var("VIGIE_TEST_POSTGRES").is_ok_and(|v| v == "off") {
        println!("VIGIE_TEST_POSTGRES=off: this story was not told");
        return;
    }
    let name = format!("vigie-away-{}", std::process::id());
    let cluster = Cluster(std::env::temp_dir().join(name));
    let address = String::from_utf8(cluster.run("start").stdout).unwrap();
    let url = address.trim();
    let folder = tempfile::tempdir().unwrap();
    let start = Start {
        args: vec!["--database".to_owned(), url.to_owned()],
        ..Start::default()
    };
    let server = Server::start(&folder.path().join("data"), start).await;
    let beside = Beside::open(&folder.path().join("data"), Some(url)).await;
    let first = beside.approved("Avant le souci").await;
    beside.published(first).await;
    let before = beside.counts().await;
    cluster.run("halt");
    nothing_can_be_written(&server, &beside, &AWAY).await;
    let (ines, tom) = beside.visitors(&server);
    ines.get("/").await.expect(503).says(&[AWAY.fr]);
    tom.get("/").await.expect(503).says(&[AWAY.en, "vigie.css"]);
    cluster.run("resume");
    let until = Instant::now() + Duration::from_secs(30);
    while ines.get("/readyz").await.status != 200 {
        assert!(Instant::now() < until, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(beside.counts().await, before);

    // A standby that was not promoted, or an operator who protects it: it can only be read.
    let set = async |what: &'static str| {
        vigie_store::testing::alone(url, what).await;
        vigie_store::testing::alone(url, "select pg_reload_conf()").await;
    };
    set("alter system set default_transaction_read_only = on").await;
    let until = Instant::now() + Duration::from_secs(10);
    while ines.get("/readyz").await.status == 200 {
        assert!(Instant::now() < until, "it never became read-only");
    }
    nothing_can_be_written(&server, &beside, &READONLY).await;
    what_needs_no_writing_goes_on(&server, &beside, &READONLY).await;
    set("alter system reset default_transaction_read_only").await;
    goes_on(&server, &beside).await;
    beside.app.store.close().await;
}

/// The same command, ended after half a minute.
fn under_timeout(command: &Command) -> Command {
    let mut out = Command::new("timeout");
    out.arg("30")
        .arg(command.get_program())
        .args(command.get_args());
    out
}

/// Starts where it cannot start, and says so in both languages.
fn refuses(args: &[&str], by: &[String], fr: &str, en: &str) {
    for (lang, said) in [("fr", fr), ("en", en)] {
        let mut command = match by.split_first() {
            None => Command::new(env!("CARGO_BIN_EXE_vigie")),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest);
                command
            }
        };
        // One that starts after all must not be waited for.
        command = under_timeout(&command);
        let out = command
            .arg("serve")
            .args(args)
            .args(["--lang", lang])
            .env("RUST_BACKTRACE", "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {text}");
        assert!(text.contains(said), "no {said:?} in:\n{text}");
        assert!(!text.contains("stack backtrace"), "{text}");
    }
}

#[tokio::test]
async fn a_start_on_something_broken_says_what_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let port = server::free_port();
    let listen = format!("127.0.0.1:{port}");
    let start = |data: &Path, fr: &str, en: &str| {
        let data = data.display().to_string();
        refuses(&["--data", &data, "--listen", &listen], &[], fr, en);
    };
    let whole = at("whole");
    // Closed, so that everything lies in the one file.
    Beside::open(&whole, None).await.app.store.close().await;
    let copy = |name: &str| {
        let to = at(name);
        let done = Command::new("cp").arg("-a").args([&whole, &to]).status();
        assert!(done.unwrap().success());
        to
    };
    let damaged = (
        "abîmée, ou n’est pas une base",
        "damaged, or is not a database",
    );

    let garbage = copy("garbage");
    std::fs::write(
        garbage.join("vigie.db"),
        "Ceci n’est pas une base. ".repeat(400),
    )
    .unwrap();
    let _ = std::fs::remove_file(garbage.join("vigie.db-wal"));
    start(&garbage, damaged.0, damaged.1);

    let cut = copy("cut");
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(cut.join("vigie.db"))
        .unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    let _ = std::fs::remove_file(cut.join("vigie.db-wal"));
    start(&cut, damaged.0, damaged.1);

    let stub = copy("stub");
    std::fs::write(stub.join("vigie.db"), "SQLite format 3").unwrap();
    start(&stub, damaged.0, damaged.1);

    let keyless = copy("keyless");
    std::fs::remove_file(keyless.join("keys/vault.key")).unwrap();
    start(
        &keyless,
        "La clé du coffre manque",
        "The vault’s key is missing",
    );
    assert!(
        !keyless.join("keys/vault.key").exists(),
        "no other key is made"
    );

    let file = at("file");
    std::fs::write(&file, "x").unwrap();
    start(&file, "est autre chose", "is something else");

    let _taken = std::net::TcpListener::bind(&listen).unwrap();
    start(
        &whole,
        "écoute déjà à cette adresse",
        "listens on this address already",
    );

    let away = ["--data", &at("away").display().to_string(), "--database"].map(str::to_owned);
    let url = "postgres://vigie:hunter2@127.0.0.1:9/vigie";
    let args: Vec<&str> = away.iter().map(String::as_str).chain([url]).collect();
    refuses(
        &args,
        &[],
        "ne peut être ni ouverte ni jointe",
        "cannot be opened or reached",
    );
    let out = vigie(&["serve"], &[]).args(&args).output().unwrap();
    assert!(!String::from_utf8_lossy(&out.stderr).contains("hunter2"));
}

#[tokio::test]
async fn a_start_without_the_right_to_write_or_without_room_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{}", server::free_port());
    // Rights do not bind root, so it becomes nobody; the program must then be where nobody can read it.
    let program = folder.path().join("vigie");
    std::fs::hard_link(env!("CARGO_BIN_EXE_vigie"), &program)
        .or_else(|_| std::fs::copy(env!("CARGO_BIN_EXE_vigie"), &program).map(drop))
        .unwrap();
    let mode = |path: &Path, mode: u32| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(folder.path(), 0o755);
    let program = program.display().to_string();
    let by: Vec<String> = if is_root() {
        let nobody = [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ];
        nobody
            .map(str::to_owned)
            .into_iter()
            .chain([program.clone()])
            .collect()
    } else {
        vec![program.clone()]
    };
    let data = folder.path().join("closed");
    std::fs::create_dir(&data).unwrap();
    mode(&data, 0o555);
    let args = ["--data", &data.display().to_string(), "--listen", &listen].map(str::to_owned);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    refuses(
        &args,
        &by,
        "n’a pas le droit d’utiliser son dossier",
        "may not use its data folder",
    );
    mode(&data, 0o755);
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0);

    // No room at all: not even for a key. The next start, with room, begins from nothing.
    let data = folder.path().join("full").display().to_string();
    let full = [
        "sh",
        "-c",
        "trap '' XFSZ; exec prlimit --fsize=0 \"$@\"",
        "sh",
        &program,
    ];
    let full = full.map(str::to_owned);
    let args = ["--data", &data, "--listen", &listen];
    refuses(
        &args,
        &full,
        "Il n’y a plus de place",
        "There is no room left",
    );
    let _server = Server::start(Path::new(&data), Start::default()).await;
}
