#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! From due to sent: ten thousand approved publications that are due at the same moment, on ten channels of five
//! platforms, each before a stand-in that holds every call against the platform's published interface and counts it
//! against a budget.
//!
//! Two runs. In the first the budgets are wide enough for the burst (the publisher is measured, not the budgets). In the
//! second one channel has the budget that X publishes, 100 posts in 15 minutes: its queue must slow down, without
//! asking in vain, and nobody else's.
//!
//! `BENCH_PUBLICATIONS` (10,000) says how many in the first run; the second has a quarter. `BENCH_WRITE` puts the
//! figures into `docs/performance.md`. `BENCH_DATABASE` takes the address of an empty PostgreSQL database instead of
//! an SQLite file, for the first run alone.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tempfile::TempDir;
use uuid::Uuid;
use vigie::app::App;
use vigie::clock::Clock;
use vigie::config::{Config, Layer};
use vigie::post::actions;
use vigie::publication::worker;
use vigie_connect::oauth::Tokens;
use vigie_connect::testing::contract::metered::{Budget, Counted, Manner, Metered, Time};
use vigie_connect::testing::contract::{
    Contract, LinkedInNetwork, Network, XNetwork, mastodon, meta, site, threads,
};
use vigie_connect::{Account, Connected, Limits};
use vigie_core::content::{Content, Platform, Variant};
use vigie_core::id::{ChannelId, MemberId, PostId, RevisionId};
use vigie_core::member::{Lang, Role};
use vigie_core::post::{Actor, Event, Post, Requirements, RevisionHead, Seal, decide};
use vigie_core::publication::PublicationState;
use vigie_store::{NewChannel, NewMember, NewRevision, Organisation, PostChange, Settings};

const CHANNELS: usize = 10;
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.md");
const MARKS: (&str, &str) = ("<!-- bench: due -->", "<!-- bench: end -->");
const SECRET: &str = "a-secret-of-the-bench-and-its-site";
/// Posts of the channel with a small budget in its quarter of an hour, as X publishes it for one account.
const SMALL: u32 = 100;

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run());
}

async fn run() {
    let all: usize = std::env::var("BENCH_PUBLICATIONS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(10_000);
    let wide = burst(all).await;
    let (small, others) = with_a_small_budget(all / 4).await;
    let text = format!("{wide}{others}{small}");
    println!("{text}");
    if std::env::var_os("BENCH_WRITE").is_some() {
        write(&text);
    }
}

/// Everything due at once, budgets wide enough.
async fn burst(all: usize) -> String {
    let stage = Stage::open(all, false).await;
    let begun = Instant::now();
    let worker = stage.start();
    stage.until_done(&stage.channels).await;
    let took = begun.elapsed();
    stage.app.stop();
    worker.await.unwrap();
    let delays = stage.delays(&stage.channels).await;
    let over: u64 = stage.channels.iter().map(|c| c.counted().over).sum();
    let calls: u64 = stage.channels.iter().map(|c| c.counted().calls).sum();
    assert_eq!(delays.len(), stage.publications(), "all were sent");
    assert_eq!(over, 0, "no budget was broken");
    let last: Vec<f64> = delays_by_channel(&stage).await;
    format!(
        "| {} publications due at once on {CHANNELS} channels of five platforms: from due to sent, median (99th percentile, worst) | {} |\n\
         | the same: publications a second; first and last channel to be done | {:.0}; {:.1} s and {:.1} s |\n\
         | the same: calls counted against a budget; refused for being over it | {}; {over} |\n",
        thousands(stage.publications()),
        spread(&delays),
        stage.publications() as f64 / took.as_secs_f64(),
        last.iter().copied().fold(f64::MAX, f64::min),
        last.iter().copied().fold(0.0, f64::max),
        thousands(usize::try_from(calls).unwrap()),
    )
}

/// Seconds until the last publication of each channel was sent.
async fn delays_by_channel(stage: &Stage) -> Vec<f64> {
    let mut last = Vec::new();
    for channel in &stage.channels {
        let delays = stage.delays(std::slice::from_ref(channel)).await;
        last.push(delays.last().copied().unwrap_or_default());
    }
    last
}

/// One channel has a small budget. The clock stands as long as anything happens; then it goes on to the moment at which
/// the budget is given again.
async fn with_a_small_budget(all: usize) -> (String, String) {
    let stage = Stage::open(all, true).await;
    let (small, others) = stage.channels.split_first().unwrap();
    let begun = Instant::now();
    let worker = stage.start();
    stage.until_done(others).await;
    let took = begun.elapsed();
    let mut windows = 1;
    while !stage.is_done(small).await {
        let done = small.counted().done;
        tokio::time::sleep(Duration::from_secs(2)).await;
        if small.counted().done > done || stage.is_done(small).await {
            continue;
        }
        let until = small.used_up_until();
        let until = until.expect("the queue stands still, and there is budget left");
        stage.watch.skip_to(until + SignedDuration::from_secs(1));
        stage.app.http.forget_waits();
        stage.app.wake.notify_one();
        windows += 1;
        assert!(windows < 1_000, "it never ends");
    }
    stage.app.stop();
    worker.await.unwrap();
    let (slow, quick) = (
        stage.delays(std::slice::from_ref(small)).await,
        stage.delays(others).await,
    );
    let over: u64 = others.iter().map(|c| c.counted().over).sum();
    let tries = stage.tries(small).await;
    assert_eq!(
        slow.len() + quick.len(),
        stage.publications(),
        "all were sent"
    );
    let minutes = slow.last().copied().unwrap_or_default() / 60.0;
    (
        format!(
            "| the channel with {SMALL} posts in 15 minutes: quarters of an hour needed for its {} posts, the last sent after | {windows}, {minutes:.0} min |\n\
             | the same: posts refused for being over the budget; tries for each post sent | {}; {:.2} |\n",
            slow.len(),
            small.counted().over,
            tries as f64 / slow.len().max(1) as f64,
        ),
        format!(
            "| {} due at once, one channel with the budget that X publishes: the nine others, median (99th percentile, worst) | {} |\n\
             | the same: publications a second of the nine; refused for being over a budget | {:.0}; {over} |\n",
            thousands(stage.publications()),
            spread(&quick),
            quick.len() as f64 / took.as_secs_f64(),
        ),
    )
}

fn spread(sorted: &[f64]) -> String {
    let at = |share: f64| {
        let place = (sorted.len() as f64 * share) as usize;
        sorted[place.min(sorted.len() - 1)]
    };
    format!(
        "{:.1} s ({:.1} s, {:.1} s)",
        at(0.5),
        at(0.99),
        sorted[sorted.len() - 1]
    )
}

fn thousands(n: usize) -> String {
    match n {
        0..1_000 => n.to_string(),
        _ => format!("{},{:03}", n / 1_000, n % 1_000),
    }
}

/// Between the marks of the document.
fn write(rows: &str) {
    let old = std::fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = old.split_once(MARKS.0).expect("the first mark");
    let (_, after) = rest.split_once(MARKS.1).expect("the last mark");
    let day = Timestamp::now().strftime("%-d %B %Y").to_string();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let text = format!(
        "{before}{}\n{day}, {cores} cores, load {load} at the end:\n\n| what | figure |\n|---|---|\n{rows}{}{after}",
        MARKS.0, MARKS.1
    );
    std::fs::write(DOCUMENT, text).unwrap();
}

/// The program's clock and the networks': it stands until the run begins, then goes on as time does, and can be moved.
struct Watch(Mutex<(Timestamp, Option<Instant>)>);

impl Watch {
    fn skip_to(&self, at: Timestamp) {
        *self.0.lock().unwrap() = (at, Some(Instant::now()));
    }
}

impl Clock for Watch {
    fn now(&self) -> Timestamp {
        let (at, since) = *self.0.lock().unwrap();
        since.map_or(at, |since| {
            at + SignedDuration::try_from(since.elapsed()).unwrap()
        })
    }
}

/// A channel and what stands in for its network.
struct Channel {
    id: ChannelId,
    platform: Platform,
    account: String,
    posts: Vec<PostId>,
    counts: Arc<dyn Fn() -> (Counted, Option<Timestamp>) + Send + Sync>,
}

impl Channel {
    fn counted(&self) -> Counted {
        (self.counts)().0
    }

    fn used_up_until(&self) -> Option<Timestamp> {
        (self.counts)().1
    }
}

struct Stage {
    app: App,
    watch: Arc<Watch>,
    due: Timestamp,
    channels: Vec<Channel>,
    _servers: Vec<Box<dyn Send>>,
    _folder: TempDir,
}

impl Stage {
    async fn open(all: usize, small: bool) -> Self {
        let watch = Arc::new(Watch(Mutex::new((Timestamp::now(), None))));
        let folder = TempDir::new().unwrap();
        let mut networks = Networks::new(&watch);
        networks.start(small).await;
        let app = open_app(folder.path(), &watch, small).await;
        let due = watch.now() + SignedDuration::from_mins(1);
        let mut stage = Self {
            app,
            watch,
            due,
            channels: Vec::new(),
            _servers: networks.servers,
            _folder: folder,
        };
        stage.fill(networks.accounts, all / CHANNELS).await;
        stage
    }

    /// The moment has come; the publisher begins.
    fn start(&self) -> tokio::task::JoinHandle<()> {
        self.watch.skip_to(self.due);
        tokio::spawn(worker::run(self.app.clone()))
    }

    fn publications(&self) -> usize {
        self.channels.iter().map(|c| c.posts.len()).sum()
    }

    /// The company, its channels and its approved posts, written as the pages write them, but many in a transaction.
    async fn fill(&mut self, accounts: Vec<Connecting>, each: usize) {
        let now = self.watch.now();
        let mut tx = self.app.store.begin().await.unwrap();
        tx.create_organisation(&Organisation {
            name: "Atelier Merlin".into(),
            tz: "Europe/Paris".into(),
            lang: Lang::Fr,
            settings: Settings::default(),
            created_at: now,
            updated_at: now,
        })
        .await
        .unwrap();
        let mut people = Vec::new();
        for login in ["ines", "tom"] {
            let id = MemberId::new(Uuid::now_v7());
            let member = NewMember {
                id,
                login: login.into(),
                name: login.into(),
                role: Role::Steward,
                reviewer: true,
                skills: std::collections::BTreeSet::new(),
                lang: Lang::Fr,
            };
            tx.create_member(&member, now).await.unwrap();
            people.push(id);
        }
        tx.commit().await.unwrap();
        for (connected, counts) in accounts {
            let account = connected.account.clone();
            let id = connect(&self.app, people[0], connected).await;
            self.channels.push(Channel {
                id,
                platform: account.platform,
                account: account.id,
                posts: Vec::new(),
                counts,
            });
        }
        for first in (0..each).step_by(50) {
            let mut tx = self.app.store.begin().await.unwrap();
            for n in first..(first + 50).min(each) {
                for channel in &mut self.channels {
                    let post = approved(&self.app, &mut tx, channel, n, self.due, &people).await;
                    channel.posts.push(post);
                }
            }
            tx.commit().await.unwrap();
        }
    }

    async fn until_done(&self, channels: &[Channel]) {
        for channel in channels {
            while !self.is_done(channel).await {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// Whether the network has all posts of a channel, and the database too.
    async fn is_done(&self, channel: &Channel) -> bool {
        if channel.counted().done < u64::try_from(channel.posts.len()).unwrap() {
            return false;
        }
        let mut conn = self.app.store.read().await.unwrap();
        let mut unsettled = 0;
        for post in &channel.posts {
            unsettled += conn.publications_unsettled(*post).await.unwrap();
        }
        unsettled == 0
    }

    /// Seconds from due to sent, sorted.
    async fn delays(&self, channels: &[Channel]) -> Vec<f64> {
        let mut conn = self.app.store.read().await.unwrap();
        let mut all = Vec::new();
        for post in channels.iter().flat_map(|channel| &channel.posts) {
            for row in conn.publications(*post).await.unwrap() {
                assert_eq!(row.state, PublicationState::Published, "{row:?}");
                let sent = row.published_at.unwrap();
                all.push(sent.duration_since(row.due_at).as_secs_f64());
            }
        }
        all.sort_by(f64::total_cmp);
        all
    }

    /// How often sending was begun.
    async fn tries(&self, channel: &Channel) -> usize {
        let mut conn = self.app.store.read().await.unwrap();
        let mut all = 0;
        for post in &channel.posts {
            for row in conn.publications(*post).await.unwrap() {
                all += conn.attempts(row.id).await.unwrap().len();
            }
        }
        all
    }
}

async fn open_app(folder: &Path, watch: &Arc<Watch>, small: bool) -> App {
    let apps = folder.join("apps.toml");
    let of = |name, (id, secret)| format!("[{name}]\nid = \"{id}\"\nsecret = \"{secret}\"\n");
    let text = [
        of("x", XNetwork::APP),
        of("linkedin", LinkedInNetwork::APP),
        of("threads", meta::APP),
    ];
    std::fs::write(&apps, text.concat()).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&apps, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let hosts: Vec<String> = (1..=9).map(|n| format!("127.0.0.{n}")).collect();
    let mut flags = Layer::from([
        ("data".to_owned(), folder.join("data").display().to_string()),
        ("apps_file".to_owned(), apps.display().to_string()),
        ("allowed_private".to_owned(), hosts.join(",")),
        ("ocr".to_owned(), "off".to_owned()),
        ("follow_links".to_owned(), "off".to_owned()),
    ]);
    if let Some(url) = std::env::var("BENCH_DATABASE").ok().filter(|_| !small) {
        flags.insert("database".to_owned(), url);
    }
    let config = Config::load(None, std::iter::empty(), flags).unwrap();
    let clock = Arc::clone(watch) as Arc<dyn Clock>;
    App::open(config, clock).await.unwrap()
}

/// An account, and how to count the calls to its network.
type Connecting = (
    Connected,
    Arc<dyn Fn() -> (Counted, Option<Timestamp>) + Send + Sync>,
);

/// The networks: three accounts at X, three servers of the fediverse, two pages of LinkedIn, Threads, a site. All of one
/// platform share a host, as they do outside; the servers of the fediverse have one each.
struct Networks {
    time: Time,
    accounts: Vec<Connecting>,
    servers: Vec<Box<dyn Send>>,
}

impl Networks {
    fn new(watch: &Arc<Watch>) -> Self {
        let watch = Arc::clone(watch);
        Self {
            time: Arc::new(move || watch.now()),
            accounts: Vec::new(),
            servers: Vec::new(),
        }
    }

    async fn start(&mut self, small: bool) {
        for n in 0..3 {
            self.x(n, small && n == 0).await;
        }
        for n in 0..3 {
            self.mastodon(n).await;
        }
        for page in [LinkedInNetwork::PAGE, "urn:li:organization:77"] {
            self.linkedin(page).await;
        }
        self.threads().await;
        self.site().await;
    }

    async fn stand<N: Network>(
        &mut self,
        host: u8,
        table: &str,
        network: N,
        (manner, budgets): (Manner, &[(&'static str, u32, i64)]),
    ) -> (String, Arc<Metered<N>>) {
        let budgets = budgets.iter().map(|(call, most, minutes)| Budget {
            call,
            most: *most,
            per: SignedDuration::from_mins(*minutes),
        });
        let time = Arc::clone(&self.time);
        let metered = Metered::new(network, manner, budgets.collect(), time);
        let server = Contract::start_at(host, table, metered).await;
        let (url, network) = (server.url.clone(), Arc::clone(&server.network));
        self.servers.push(Box::new(server));
        (url, network)
    }

    fn account<N: Network>(
        &mut self,
        (platform, service): (Platform, &str),
        (id, handle): (&str, &str),
        secret: SecretString,
        network: &Arc<Metered<N>>,
    ) {
        let account = Account {
            platform,
            service: service.to_owned(),
            id: id.to_owned(),
            handle: handle.to_owned(),
            limits: Limits::default(),
        };
        let connected = Connected {
            account,
            until: None,
            secret,
        };
        let network = Arc::clone(network);
        let counts = move || (network.counted(), network.used_up_until());
        self.accounts.push((connected, Arc::new(counts)));
    }

    /// Published: 100 posts and 900 readings of posts in 15 minutes for each account.
    async fn x(&mut self, n: u32, small: bool) {
        let (posts, reads) = if small { (SMALL, 900) } else { (5_000, 5_000) };
        let budgets = [
            ("POST /2/tweets", posts, 15),
            ("GET /2/tweets/*", reads, 15),
        ];
        let network = XNetwork::default();
        let id = format!("22449949{n:02}");
        network.state().id.clone_from(&id);
        // The stand-in's own count is the test's to set; the budget counts here.
        network.state().left = i64::MAX;
        let (access, _) = network.grant();
        let (url, network) = self
            .stand(2, XNetwork::FACTS, network, (Manner::X, &budgets))
            .await;
        let secret = tokens(&access).seal();
        self.account((Platform::X, &url), (&id, "phare_vigie"), secret, &network);
    }

    /// The default of a server: 300 calls in 5 minutes for each account.
    async fn mastodon(&mut self, n: u8) {
        let network = mastodon::Mastodon::new(mastodon::Kind::mastodon());
        let mut account = network.account("phare");
        for _ in 0..n {
            account = network.account("phare");
        }
        let scopes = vigie_connect::mastodon::DECLARATION.scopes.join(" ");
        let token = network.token(&account, &scopes);
        let budgets = [("POST /api/v1/statuses", 5_000, 5), ("", 20_000, 5)];
        let (url, network) = self
            .stand(
                3 + n,
                mastodon::TABLE,
                network,
                (Manner::Mastodon, &budgets),
            )
            .await;
        let secret = tokens(&token).seal();
        self.account(
            (Platform::Mastodon, &url),
            (&account, "phare"),
            secret,
            &network,
        );
    }

    /// A page; the budget is the program's, for a day.
    async fn linkedin(&mut self, page: &str) {
        let network = LinkedInNetwork::default();
        let access = network.grant();
        let budgets = [("POST /rest/posts", 10_000, 1_440), ("", 100_000, 1_440)];
        let (url, network) = self
            .stand(
                6,
                LinkedInNetwork::FACTS,
                network,
                (Manner::LinkedIn, &budgets),
            )
            .await;
        let secret = tokens(&access).seal();
        self.account(
            (Platform::LinkedIn, &url),
            (page, "phare"),
            secret,
            &network,
        );
    }

    /// Published: 250 posts in 24 hours for each profile, which the network says when asked.
    async fn threads(&mut self) {
        let network = threads::Threads::new("25001", "phare");
        network.two.set_quota(0, 50_000);
        let token = network.two.token();
        let budgets = [("POST /v1.0/*/threads_publish", 50_000, 1_440)];
        let (url, network) = self
            .stand(7, threads::TABLE, network, (Manner::Meta, &budgets))
            .await;
        let secret = tokens(&token).seal();
        self.account(
            (Platform::Threads, &url),
            ("25001", "phare"),
            secret,
            &network,
        );
    }

    async fn site(&mut self) {
        let budgets = [("POST /vigie", 10_000, 1)];
        let network = site::Site::new(SECRET);
        let table = site::TABLE;
        let (url, network) = self
            .stand(8, table, network, (Manner::RetryAfter, &budgets))
            .await;
        let (address, feed) = (format!("{url}/vigie"), format!("{url}/flux"));
        let http = vigie_connect::Http::new(
            vigie_connect::AllowedPrivate::parse(&["127.0.0.8", "127.0.0.1"]).unwrap(),
        )
        .unwrap();
        let secret = SecretString::from(SECRET.to_owned());
        let connector = vigie_connect::Site::new(http);
        let connected = vigie_connect::Connector::connect(&connector, &address, &feed, &secret)
            .await
            .unwrap();
        let counts = move || (network.counted(), network.used_up_until());
        self.accounts.push((connected, Arc::new(counts)));
    }
}

fn tokens(access: &str) -> Tokens {
    Tokens {
        access: access.to_owned(),
        refresh: None,
        until: None,
        refresh_until: None,
        client: None,
    }
}

async fn connect(app: &App, by: MemberId, connected: Connected) -> ChannelId {
    let now = app.clock.now();
    let id = ChannelId::new(Uuid::now_v7());
    let mut tx = app.store.begin().await.unwrap();
    let purpose = vigie::vault::CHANNEL;
    let secret = vigie::vault::put(&mut tx, &app.vault, purpose, &connected.secret, now)
        .await
        .unwrap();
    let account = connected.account;
    let new = NewChannel {
        id,
        platform: account.platform,
        handle: account.handle.clone(),
        display: account.handle,
        account: account.id,
        service: account.service,
        color: "sea".into(),
        secret: Some(secret),
        token_until: None,
        limits: None,
        created_by: by,
    };
    tx.channel_add(&new, now).await.unwrap();
    tx.channel_connect(id, now).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// A post for one channel: written by the first of `people`, approved by the second.
async fn approved(
    app: &App,
    tx: &mut vigie_store::Tx,
    channel: &Channel,
    n: usize,
    due: Timestamp,
    people: &[MemberId],
) -> PostId {
    // Written one after the other: a key on the network is made of the moment.
    let now = app.clock.now() + SignedDuration::from_micros(i64::try_from(n).unwrap());
    let content = Content {
        variants: vec![Variant {
            channel: channel.id,
            platform: channel.platform,
            account: channel.account.clone(),
            text: format!("Publication numéro {n} : l’atelier ouvre ses portes samedi, venez !"),
            link: None,
            langs: vec!["fr".into()],
            media: vec![],
            reply_to: None,
            warning: None,
            repliers: vigie_core::content::Repliers::Everyone,
            parts: vec![],
        }],
        window: vigie_core::schedule::window(Some(due), now, SignedDuration::from_hours(240)),
    };
    let digest = content.digest();
    let head = RevisionHead {
        id: RevisionId::new(Uuid::now_v7()),
        number: 1,
        digest,
        editor: people[0],
        proposer: None,
    };
    let post = Post::draft(PostId::new(Uuid::now_v7()), head);
    let new = NewRevision {
        content: &content,
        report: None,
        checked_with: None,
    };
    let mut record = tx.post_create(&post, new, now).await.unwrap();
    let submit = Event::Submit {
        requirements: Requirements::default(),
        digest,
        drawn: vec![people[1]],
    };
    let approve = Event::Approve {
        digest,
        seal: Seal::Session,
    };
    for (event, member) in [(submit, people[0]), (approve, people[1])] {
        let actor = Actor::Member {
            id: member,
            writes: true,
            reviews: true,
            skills: std::collections::BTreeSet::new(),
        };
        let decision = decide(&record.post, event, &actor, now).unwrap();
        let change = PostChange::default();
        record = tx
            .post_save(&record, &decision.post, change, now)
            .await
            .unwrap();
    }
    actions::enqueue(app, tx, &record, now).await.unwrap();
    post.id
}
