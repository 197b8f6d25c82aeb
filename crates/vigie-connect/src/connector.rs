//! The contract of every platform.
//!
//! The order of a publication is always: choose a key ([`Connector::new_key`]) and write it down, then
//! [`Connector::publish`]; after [`Outcome::Unknown`], [`Connector::find`] with the same key and payload.

use crate::{Code, Failure, Segment};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};
use vigie_core::{
    content::Platform,
    publication::{Found, Outcome},
};

/// One platform. Calls hold no state; everything they need is in the [`Session`].
#[async_trait]
pub trait Connector: Send + Sync + fmt::Debug {
    /// What this platform can do, and its limits.
    fn describe(&self) -> &'static Declaration;

    /// Where people see the account's page.
    fn page(&self, account: &Account) -> String;

    /// Counts a text as the network counts it.
    fn count(&self, text: &str) -> Counts;

    /// Cuts a text into what the network will show as words, links, mentions and tags.
    fn segments(&self, text: &str) -> Vec<Segment>;

    /// What is surely wrong with a payload, without asking anyone; empty when it can be sent.
    fn problems(&self, payload: &Payload) -> Vec<Code>;

    /// A new key for a publication. To be written down before [`Connector::publish`]. `salt` is any random number.
    fn new_key(&self, now: Timestamp, salt: u16) -> String;

    /// Signs in at `service` (empty: found from the identifier, or the platform's own server).
    ///
    /// # Errors
    /// Any [`Failure`]; nothing is kept.
    async fn connect(
        &self,
        service: &str,
        identifier: &str,
        secret: &SecretString,
    ) -> Result<Connected, Failure>;

    /// Tries the session's credentials without changing anything on the network. May renew them.
    ///
    /// # Errors
    /// `token_expired`, `account_suspended`, … or a passing failure.
    async fn check(&self, session: &mut Session) -> Result<(), Failure>;

    /// Puts the payload on the page under its key, in at most `within`. The same call with the same payload is the
    /// same post, never a second one, where [`Declaration::settling`] says so.
    async fn publish(&self, session: &mut Session, payload: &Payload, within: Duration) -> Outcome;

    /// Looks whether `expected` is on the page under its key.
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
}

/// What a platform can do. Pages, docs and tests are made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Declaration {
    /// The platform.
    pub platform: Platform,
    /// Its name, the same in every language.
    pub name: &'static str,
    /// True when connecting asks for a server address.
    pub has_service: bool,
    /// The server taken when none is given.
    pub default_service: &'static str,
    /// Limits of a text.
    pub text: Limit,
    /// Most pictures on one post.
    pub pictures: usize,
    /// Most bytes of one picture.
    pub picture_bytes: usize,
    /// Most characters of an alternative text, as counted by the network.
    pub alt_graphemes: usize,
    /// Types of picture taken.
    pub picture_types: &'static [&'static str],
    /// True when a link can be shown as a card.
    pub link_card: bool,
    /// True when a link card and pictures can be on the same post.
    pub link_card_with_pictures: bool,
    /// Most languages on one post; 0 when the platform does not carry them.
    pub languages: usize,
    /// How an unknown outcome is settled.
    pub settling: Settling,
    /// True when posts can be read back one by one and listed.
    pub reads_back: bool,
    /// True when a post can be deleted.
    pub deletes: bool,
    /// What it was proven against.
    pub proven: &'static str,
}

/// Limits of a text; the first that is reached counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// User-perceived characters (Unicode extended grapheme clusters).
    pub graphemes: usize,
    /// Bytes of UTF-8.
    pub bytes: usize,
}

/// The length of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// User-perceived characters.
    pub graphemes: usize,
    /// Bytes of UTF-8.
    pub bytes: usize,
    /// The limits.
    pub limit: Limit,
}

impl Counts {
    /// How many characters are left; negative when too long. The byte limit, when it is the one reached, gives at
    /// least -1.
    pub fn left(&self) -> i64 {
        let difference = |limit: usize, used: usize| {
            i64::try_from(limit)
                .unwrap_or(i64::MAX)
                .saturating_sub(i64::try_from(used).unwrap_or(i64::MAX))
        };
        let graphemes = difference(self.limit.graphemes, self.graphemes);
        if self.bytes > self.limit.bytes {
            graphemes.min(-1)
        } else {
            graphemes
        }
    }

    /// True when the network would take it.
    pub fn fits(&self) -> bool {
        self.graphemes <= self.limit.graphemes && self.bytes <= self.limit.bytes
    }
}

/// How an unknown outcome becomes a known one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Settling {
    /// The post has a key chosen by us: look under it; sending again is the same post.
    OwnKey,
    /// Look among the account's posts for the same content.
    ByContent,
    /// It cannot be known: a person looks.
    ByPerson,
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
}

/// An account with what opens it. `Debug` shows no secret.
#[derive(Debug)]
pub struct Session {
    /// The account.
    pub account: Account,
    secret: SecretString,
    renewed: bool,
}

impl Session {
    /// From the database and the vault.
    pub fn new(account: Account, secret: SecretString) -> Self {
        Self {
            account,
            secret,
            renewed: false,
        }
    }

    /// What opens the account, in the connector's own form.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// Replaces what opens the account; connectors call this when they have renewed it.
    pub fn renew(&mut self, secret: SecretString) {
        self.secret = secret;
        self.renewed = true;
    }

    /// The new secret for the vault, once, if a call has renewed it. Ask after every call, whatever its result.
    pub fn take_renewed(&mut self) -> Option<&SecretString> {
        std::mem::take(&mut self.renewed).then_some(&self.secret)
    }
}

/// A channel just connected.
#[derive(Debug)]
pub struct Connected {
    /// The account.
    pub account: Account,
    /// For the vault.
    pub secret: SecretString,
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
    /// The time shown on the post. Part of the content: the same at every attempt.
    pub created_at: Timestamp,
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
    /// Its key within the account.
    pub key: String,
    /// The network's digest of it: another value means that it was edited.
    pub content_id: String,
    /// Where people see it.
    pub url: String,
    /// Its text.
    pub text: String,
    /// The time it says it was made at.
    pub created_at: Option<Timestamp>,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Newest first.
    pub posts: Vec<RemotePost>,
    /// For the next page; `None` at the end.
    pub cursor: Option<String>,
}
