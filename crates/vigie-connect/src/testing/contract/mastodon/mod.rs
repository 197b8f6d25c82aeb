//! A stand-in for a server of the fediverse, from Mastodon's documentation, and with what other servers were seen to do.

mod answers;

use jiff::{SignedDuration, Timestamp};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};
use url::Url;

/// The table of published facts.
pub const TABLE: &str = include_str!("../../../../contracts/mastodon.toml");

/// How a kind of server behaves.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Most characters, pictures, and what a link counts.
    pub limits: (usize, usize, usize),
    /// False where the `Idempotency-Key` does nothing.
    pub keeps_keys: bool,
    /// The status of an answer for a text too long or missing.
    pub invalid: u16,
    /// The status of an answer for a post that is deleted again.
    pub gone: u16,
    /// What a post is without a word on who may see it.
    pub visibility: &'static str,
    /// False on older servers.
    pub second_instance: bool,
    /// True when tokens end and can be renewed.
    pub tokens_end: bool,
    /// True when a picture may be on one post only.
    pub media_once: bool,
    /// Ids are written so.
    pub id: fn(u64) -> String,
}

impl Kind {
    /// Mastodon itself.
    pub fn mastodon() -> Self {
        Self {
            limits: (500, 4, 23),
            keeps_keys: true,
            invalid: 422,
            gone: 404,
            visibility: "public",
            second_instance: true,
            tokens_end: false,
            media_once: true,
            id: |n| format!("1{n:017}"),
        }
    }

    /// `GoToSocial`, as measured.
    pub fn gotosocial() -> Self {
        Self {
            limits: (5_000, 6, 25),
            keeps_keys: false,
            invalid: 400,
            gone: 200,
            visibility: "unlisted",
            id: |n| format!("01KB{n:022}"),
            ..Self::mastodon()
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Status {
    id: String,
    account: String,
    text: String,
    /// Instead of what is made from the text.
    html: Option<String>,
    visibility: String,
    reply_to: Option<String>,
    media: Vec<String>,
    language: String,
    warning: String,
    made: String,
    edited: Option<String>,
    boost_of: Option<String>,
}

#[derive(Debug, Clone)]
struct Token {
    account: String,
    scopes: Vec<String>,
    client: String,
    until: Option<Timestamp>,
}

#[derive(Debug, Clone)]
struct Media {
    description: Option<String>,
    /// Looks until it is ready.
    looks: u32,
    bad: bool,
    used: bool,
}

#[derive(Debug, Default)]
struct State {
    count: u64,
    /// Name and whether suspended, by id.
    accounts: BTreeMap<String, (String, bool)>,
    apps: BTreeMap<String, (String, String, String)>,
    codes: BTreeMap<String, (String, String, String, String)>,
    tokens: BTreeMap<String, Token>,
    refresh: BTreeMap<String, String>,
    /// What accounts show of themselves.
    faces: BTreeMap<String, serde_json::Value>,
    statuses: Vec<Status>,
    media: BTreeMap<String, Media>,
    keys: BTreeMap<String, String>,
    /// Id, account and status.
    notifications: Vec<(String, String, String)>,
    /// How long pictures take, in looks, and whether they fail.
    slow: u32,
    bad_media: bool,
    /// Calls left, and when more are given.
    left: Option<(u32, Timestamp)>,
}

/// The server.
#[derive(Debug)]
pub struct Mastodon {
    kind: Kind,
    state: Mutex<State>,
}

impl Mastodon {
    /// A server of a kind, empty.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn next(&self, state: &mut State) -> String {
        state.count += 1;
        (self.kind.id)(state.count)
    }

    /// A new account; `name` may have a server (`bob@loin.test`). Returns its id.
    pub fn account(&self, name: &str) -> String {
        let mut state = self.lock();
        let id = self.next(&mut state);
        state.accounts.insert(id.clone(), (name.to_owned(), false));
        id
    }

    /// Suspends an account, or lets it back.
    pub fn suspend(&self, account: &str, suspended: bool) {
        self.lock().accounts.get_mut(account).unwrap().1 = suspended;
    }

    /// An account changes what it shows of itself: fields of the entity `CredentialAccount`.
    pub fn face(&self, account: &str, fields: serde_json::Value) {
        self.lock().faces.insert(account.to_owned(), fields);
    }

    /// A token made in the settings of an account.
    pub fn token(&self, account: &str, scopes: &str) -> String {
        let mut state = self.lock();
        state.count += 1;
        let token = format!("jeton-de-test-{}", state.count);
        let made = Token {
            account: account.to_owned(),
            scopes: scopes.split(' ').map(str::to_owned).collect(),
            client: String::new(),
            until: None,
        };
        state.tokens.insert(token.clone(), made);
        token
    }

    /// How many tokens open or renew anything.
    pub fn tokens(&self) -> usize {
        let state = self.lock();
        state.tokens.len() + state.refresh.len()
    }

    /// A program with a token for an account, as after signing in: its id, its secret, the token.
    pub fn registered(&self, account: &str, scopes: &str) -> (String, String, String) {
        let token = self.token(account, scopes);
        let mut state = self.lock();
        let app = (
            "secret-de-test".to_owned(),
            String::new(),
            scopes.to_owned(),
        );
        state.apps.insert("programme".to_owned(), app);
        state.tokens.get_mut(&token).unwrap().client = "programme".to_owned();
        ("programme".to_owned(), "secret-de-test".to_owned(), token)
    }

    /// Ends all tokens, as time or a person would.
    pub fn end_tokens(&self) {
        let past = Timestamp::now() - SignedDuration::from_secs(1);
        for token in self.lock().tokens.values_mut() {
            token.until = Some(past);
        }
    }

    /// Forgets everything that renews tokens.
    pub fn forget_refresh(&self) {
        self.lock().refresh.clear();
    }

    /// The person says yes on the page at `url`; the code that comes back.
    ///
    /// # Panics
    /// When the page would have shown an error.
    pub fn consent(&self, url: &Url, account: &str) -> String {
        assert_eq!(url.path(), "/oauth/authorize");
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["code_challenge_method"], "S256");
        let mut state = self.lock();
        let (_, redirects, scopes) = state.apps.get(&query["client_id"]).expect("registered");
        assert!(
            redirects
                .split('\n')
                .any(|known| known == query["redirect_uri"])
        );
        for scope in query["scope"].split(' ') {
            assert!(scopes.split(' ').any(|known| known == scope), "{scope}");
        }
        state.count += 1;
        let code = format!("code-de-test-{}", state.count);
        let kept = (
            query["client_id"].clone(),
            account.to_owned(),
            query["redirect_uri"].clone(),
            query["code_challenge"].clone(),
        );
        state.codes.insert(code.clone(), kept);
        code
    }

    /// Somebody posts. `html` is shown instead of what the text would be made into. Returns its id.
    pub fn post(
        &self,
        account: &str,
        text: &str,
        html: Option<&str>,
        reply_to: Option<&str>,
    ) -> String {
        let mut state = self.lock();
        let id = self.next(&mut state);
        let status = Status {
            id: id.clone(),
            account: account.to_owned(),
            text: text.to_owned(),
            html: html.map(str::to_owned),
            visibility: "public".to_owned(),
            reply_to: reply_to.map(str::to_owned),
            made: Timestamp::now().to_string(),
            ..Status::default()
        };
        state.statuses.push(status);
        id
    }

    /// Somebody boosts a post.
    pub fn boost(&self, account: &str, of: &str) -> String {
        let id = self.post(account, "", None, None);
        self.change(&id, |status| status.boost_of = Some(of.to_owned()));
        id
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Status)) {
        let mut state = self.lock();
        change(state.statuses.iter_mut().find(|s| s.id == id).unwrap());
    }

    /// Somebody edits a post.
    pub fn edit(&self, id: &str, text: &str) {
        self.change(id, |status| {
            status.text = text.to_owned();
            status.edited = Some(Timestamp::now().to_string());
        });
    }

    /// Moves a post back in time.
    pub fn made_before(&self, id: &str, by: SignedDuration) {
        self.change(id, |status| {
            status.made = (Timestamp::now() - by).to_string();
        });
    }

    /// Only the accounts named see it.
    pub fn make_direct(&self, id: &str) {
        self.change(id, |status| status.visibility = "direct".to_owned());
    }

    /// Tells an account about a post.
    pub fn notify(&self, account: &str, status: &str) -> String {
        let mut state = self.lock();
        let id = self.next(&mut state);
        let told = (id.clone(), account.to_owned(), status.to_owned());
        state.notifications.push(told);
        id
    }

    /// Pictures are ready after so many looks, or never.
    pub fn pictures_take(&self, looks: u32, bad: bool) {
        let mut state = self.lock();
        (state.slow, state.bad_media) = (looks, bad);
    }

    /// So many calls are left for the next minutes.
    pub fn calls_left(&self, left: u32, until: Timestamp) {
        self.lock().left = Some((left, until));
    }

    /// How many posts hold exactly this text, and who may see the last of them, in which language.
    pub fn held(&self, text: &str) -> (usize, String, String) {
        let state = self.lock();
        let all: Vec<&Status> = state.statuses.iter().filter(|s| s.text == text).collect();
        let last = all.last().copied().cloned().unwrap_or_default();
        (all.len(), last.visibility, last.language)
    }
}
