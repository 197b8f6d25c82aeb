//! The contract of every platform.
//!
//! The order of a publication is always: choose a key ([`Connector::new_key`]) and write it down, then
//! [`Connector::publish`]; after [`Outcome::Unknown`], [`Connector::find`] with the same key and payload.

use crate::{
    Code, Counts, Declaration, Failure, Limit, Limits, Segment,
    hook::{HookAnswer, HookCall},
    oauth::{Ask, Back, Going},
    problem,
};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};
use url::Url;
use vigie_core::{
    content::{Platform, Repliers, warned},
    page_state::PageState,
    publication::{Found, Outcome},
};

/// One platform. Calls hold no state; everything they need is in the [`Session`].
#[async_trait]
pub trait Connector: Send + Sync + fmt::Debug {
    /// What this platform can do, and its limits.
    fn describe(&self) -> &'static Declaration;

    /// Whether channels can be connected: false while the operator has not registered the program there.
    fn is_ready(&self) -> bool {
        true
    }

    /// Where people see the account's page.
    fn page(&self, account: &Account) -> String;

    /// Counts a text as the network counts it.
    fn count(&self, account: &Account, text: &str) -> Counts {
        Counts::of(text, self.describe().at(&account.limits).text)
    }

    /// Cuts a text into what the network will show as words, links, mentions and tags.
    fn segments(&self, text: &str) -> Vec<Segment>;

    /// How a post of ours is named when the next part of its series answers it; `None` when it cannot be.
    fn next_after(&self, before: &Placed<'_>, _first: &Placed<'_>) -> Option<String> {
        Some(before.remote_id.to_owned())
    }

    /// What is surely wrong with a payload, without asking anyone; empty when it can be sent.
    fn problems(&self, account: &Account, payload: &Payload) -> Vec<Code> {
        problem::problems(self.describe(), account, payload)
    }

    /// A new key for a publication. To be written down before [`Connector::publish`]. `salt` is any random number.
    fn new_key(&self, now: Timestamp, salt: u16) -> String {
        format!("{:x}-{salt:x}", now.as_microsecond())
    }

    /// Signs in at `service` (empty: found from the identifier, or the platform's own server) with a name and a
    /// password or an address and a secret.
    ///
    /// # Errors
    /// Any [`Failure`]; nothing is kept.
    async fn connect(
        &self,
        _service: &str,
        _identifier: &str,
        _secret: &SecretString,
    ) -> Result<Connected, Failure> {
        Err(not_offered())
    }

    /// Where the person goes to let Vigie in.
    ///
    /// # Errors
    /// Any [`Failure`]; the program is not registered.
    async fn authorize(&self, _service: &str, _ask: &Ask<'_>) -> Result<Going, Failure> {
        Err(not_offered())
    }

    /// The person is back: the accounts that were opened.
    ///
    /// # Errors
    /// Any [`Failure`]; nothing is kept.
    async fn arrive(&self, _service: &str, _back: &Back<'_>) -> Result<Vec<Connected>, Failure> {
        Err(not_offered())
    }

    /// Tries the session's credentials without changing anything on the network. Renews them when their end is near,
    /// and reads again what the server says about itself.
    ///
    /// # Errors
    /// `token_expired`, `account_suspended`, … or a passing failure.
    async fn check(&self, session: &mut Session) -> Result<(), Failure>;

    /// Puts the payload on the page under its key, in at most `within`. The same call with the same payload is the
    /// same post, never a second one, where [`Declaration::settling`] says so.
    async fn publish(&self, session: &mut Session, payload: &Payload, within: Duration) -> Outcome;

    /// Looks whether `expected` is on the page.
    async fn find(&self, session: &mut Session, expected: &Payload) -> Found;

    /// Reads one post; `None` when it is surely not there (any more).
    ///
    /// # Errors
    /// Any [`Failure`].
    async fn read_back(
        &self,
        session: &mut Session,
        remote_id: &str,
    ) -> Result<Option<RemotePost>, Failure>;

    /// The account's posts, newest first, whoever made them. Pass [`Page::cursor`] to go on.
    ///
    /// # Errors
    /// Any [`Failure`].
    async fn list(&self, session: &mut Session, cursor: Option<&str>) -> Result<Page, Failure>;

    /// Deletes a post. Deleting one that is gone is a success.
    ///
    /// # Errors
    /// Any [`Failure`]; the post may be gone all the same after a passing one: repeat.
    async fn delete(&self, session: &mut Session, remote_id: &str) -> Result<(), Failure>;

    /// What reached the account: comments, mentions, messages. Without a cursor the newest; pass
    /// [`Arrivals::cursor`] to get what came since. The same item may come again.
    ///
    /// # Errors
    /// Any [`Failure`].
    async fn arrivals(
        &self,
        _session: &mut Session,
        _cursor: Option<&str>,
    ) -> Result<Arrivals, Failure> {
        Ok(Arrivals::default())
    }

    /// What the page itself shows now: its name, its website, who administers it … What [`Declaration::shows`] does not
    /// name is `None`, and so is what could not be had this time.
    ///
    /// # Errors
    /// Any [`Failure`].
    async fn page_state(&self, _session: &mut Session) -> Result<PageState, Failure> {
        Err(not_offered())
    }

    /// What was used since this was last asked, by the names of [`Declaration::prices`], and `call`: how many calls.
    fn used(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// Takes back at the network what opens the account, as far as [`Declaration::revokes`] says. The account cannot be
    /// used afterwards; whatever comes of it, a person can still do it at [`Connector::removal`].
    ///
    /// # Errors
    /// `not_offered`; any other [`Failure`]: it may have been taken back all the same.
    async fn farewell(&self, _session: &Session) -> Result<Farewell, Failure> {
        Err(not_offered())
    }

    /// Where a person takes back at the network what opens this account; empty where there is no such page.
    fn removal(&self, _account: &Account) -> String {
        self.describe().removal.to_owned()
    }

    /// A call of the network to Vigie. Whatever it says is only a reason to look: nothing of it is believed.
    ///
    /// # Errors
    /// `forged` for one that is not signed as it should be; `not_offered`.
    fn hook(&self, _call: &HookCall<'_>) -> Result<HookAnswer, Failure> {
        Err(not_offered())
    }
}

/// What was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// All that opened the account.
    Revoked,
    /// The session; something that a person made there is left, such as an app password.
    Partly,
}

fn not_offered() -> Failure {
    Failure::new(Code::NotOffered, "this platform does not do that")
}

/// An account on a platform, as kept in the database. No secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The platform.
    pub platform: Platform,
    /// Where the account lives: scheme, host and port, without a slash at the end.
    pub service: String,
    /// The platform's own, stable id of it (a DID on Bluesky).
    pub id: String,
    /// The name shown, which its owner may change.
    pub handle: String,
    /// What its server says about itself.
    #[serde(default)]
    pub limits: Limits,
}

/// An account with what opens it. `Debug` shows no secret.
#[derive(Debug)]
pub struct Session {
    /// The account. A check may refresh its limits and its handle.
    pub account: Account,
    secret: SecretString,
    until: Option<Timestamp>,
    renewed: bool,
}

impl Session {
    /// From the database and the vault.
    pub fn new(account: Account, secret: SecretString) -> Self {
        Self {
            account,
            secret,
            until: None,
            renewed: false,
        }
    }

    /// What opens the account, in the connector's own form.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// Replaces what opens the account; connectors call this when they have renewed it. `until` is when it ends.
    pub fn renew(&mut self, secret: SecretString, until: Option<Timestamp>) {
        self.secret = secret;
        self.until = until;
        self.renewed = true;
    }

    /// The new secret for the vault and when it ends, once, if a call has renewed it. Ask after every call, whatever
    /// its result.
    pub fn take_renewed(&mut self) -> Option<(&SecretString, Option<Timestamp>)> {
        std::mem::take(&mut self.renewed).then_some((&self.secret, self.until))
    }
}

/// A channel just connected.
#[derive(Debug)]
pub struct Connected {
    /// The account.
    pub account: Account,
    /// For the vault.
    pub secret: SecretString,
    /// When the secret ends, where that is known and a person must do something about it.
    pub until: Option<Timestamp>,
}

/// What is to be published, exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The key chosen before the first call ([`Connector::new_key`]).
    pub key: String,
    /// The text.
    pub text: String,
    /// A link shown as a card.
    pub link: Option<String>,
    /// Languages (BCP 47).
    pub langs: Vec<String>,
    /// Pictures, in order.
    pub pictures: Vec<Picture>,
    /// The network's id of the post or comment that this answers.
    pub reply_to: Option<String>,
    /// What readers see before the text.
    pub warning: Option<String>,
    /// Who may answer it.
    pub repliers: Repliers,
    /// The time shown on the post. Part of the content: the same at every attempt.
    pub created_at: Timestamp,
}

impl Payload {
    /// All that readers see in words: the warning, then the text.
    pub fn words(&self) -> String {
        warned(self.warning.as_deref(), &self.text)
    }

    /// How long it is on a network with these limits: a warning counts with the text.
    pub fn counts(&self, limit: Limit) -> Counts {
        Counts::of(&self.text, limit).with_warning(self.warning.as_deref().unwrap_or_default())
    }
}

/// A post of ours, as the network knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<'a> {
    /// The network's id of it.
    pub remote_id: &'a str,
    /// The network's digest of it, where it has one.
    pub content_id: &'a str,
}

/// A picture with its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// The exact bytes.
    pub bytes: Bytes,
    /// Their type.
    pub mime: String,
    /// Alternative text; empty for a decorative picture.
    pub alt: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Where the network can fetch it for a short time, for [`crate::MediaWay::Fetched`]. Signed: treat as a secret.
    pub address: Option<Url>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Picture({}, {} bytes, {}x{})",
            self.mime,
            self.bytes.len(),
            self.width,
            self.height
        )
    }
}

/// A post as it stands on the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemotePost {
    /// The network's id of it.
    pub remote_id: String,
    /// Its key within the account, where the network keeps ours; else empty.
    pub key: String,
    /// The network's digest of it, or ours of what it shows: another value means that it was edited.
    pub content_id: String,
    /// Where people see it.
    pub url: String,
    /// Its text.
    pub text: String,
    /// The time it says it was made at.
    pub created_at: Option<Timestamp>,
    /// Who may answer it; `None` where the network does not say, or it was not read.
    pub repliers: Option<Allowed>,
}

/// Who may answer a post, as its network says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Allowed {
    /// By a rule that Vigie has a word for.
    By(Repliers),
    /// By rules that Vigie never sets and has no word for: somebody else made them.
    Otherwise,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Newest first.
    pub posts: Vec<RemotePost>,
    /// For the next page; `None` at the end.
    pub cursor: Option<String>,
}

/// What reached an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// In any order, each at least once.
    pub items: Vec<Arrival>,
    /// To be passed the next time; `None` keeps the last one.
    pub cursor: Option<String>,
}

/// A comment, mention or message. Its words are somebody else's: hostile until shown otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What it is.
    pub kind: ArrivalKind,
    /// The network's id of it; an answer names it.
    pub remote_id: String,
    /// The network's id of the post of ours that it is about, where there is one.
    pub about: Option<String>,
    /// The name its author shows.
    pub author: String,
    /// Its words, at most 10,000 characters.
    pub text: String,
    /// Where people see it; empty when nowhere.
    pub url: String,
    /// When it was made.
    pub at: Timestamp,
}

/// What kind of thing reached an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalKind {
    /// An answer to a post of ours.
    Comment,
    /// A post that names the account.
    Mention,
    /// A message to the account.
    Message,
}

impl ArrivalKind {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Mention => "mention",
            Self::Message => "message",
        }
    }
}
