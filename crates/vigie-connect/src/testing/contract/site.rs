//! A stand-in for a company's site that does what `docs/site-webhook.md` asks of a receiver.

use super::{Asked, Network, Said};
use crate::hook::{self, Written};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, MutexGuard},
};

/// The table of published facts.
pub const TABLE: &str = include_str!("../../../contracts/site.toml");

#[derive(Debug, Clone)]
struct Post {
    digest: String,
    text: String,
    made: String,
    pictures: Value,
}

#[derive(Debug, Default)]
struct State {
    posts: BTreeMap<String, Post>,
    /// Entries of others, as the feed writes them.
    others: String,
    /// Instead of the feed.
    feed: Option<(u16, String)>,
    /// Signatures are not looked at.
    open: bool,
}

/// The site.
#[derive(Debug)]
pub struct Site {
    secret: SecretString,
    state: Mutex<State>,
}

impl Site {
    /// An empty site that knows this secret.
    pub fn new(secret: &str) -> Self {
        Self {
            secret: SecretString::from(secret.to_owned()),
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// How many posts hold exactly this text.
    pub fn held(&self, text: &str) -> usize {
        let state = self.lock();
        state
            .posts
            .values()
            .filter(|post| post.text == text)
            .count()
    }

    /// The pictures of a post, as they came.
    pub fn pictures(&self, id: &str) -> Value {
        self.lock().posts[id].pictures.clone()
    }

    /// Somebody edits a post on the site.
    pub fn edit(&self, id: &str, text: &str) {
        self.lock().posts.get_mut(id).unwrap().text = text.to_owned();
    }

    /// Somebody posts on the site by themselves; `item` is what the feed holds of it.
    pub fn post(&self, item: &str) {
        self.lock().others.push_str(item);
    }

    /// The feed's address answers this from now on.
    pub fn feed_is(&self, status: u16, text: &str) {
        self.lock().feed = Some((status, text.to_owned()));
    }

    /// The receiver forgets to look at signatures.
    pub fn leave_open(&self) {
        self.lock().open = true;
    }

    fn admitted(&self, state: &State, asked: &Asked) -> bool {
        let time = asked.header("x-vigie-timestamp");
        let mut said = format!("v1:{time}:").into_bytes();
        if asked.method == "POST" {
            said.extend_from_slice(&asked.body);
        } else {
            said.extend_from_slice(format!("{} {}", asked.method, asked.field("id")).as_bytes());
        }
        let given = Some(asked.header("x-vigie-signature"));
        let right = hook::verify(&self.secret, &said, given, "v1=", Written::Hex).is_ok();
        state.open || (right && hook::fresh(Some(time), Timestamp::now()).is_ok())
    }

    fn feed(state: &State) -> String {
        let mut items = String::new();
        for (id, post) in &state.posts {
            let text = post
                .text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('\n', "<br>");
            let at: Timestamp = post.made.parse().unwrap();
            let at = jiff::fmt::rfc2822::DateTimePrinter::new()
                .timestamp_to_string(&at)
                .unwrap();
            let _ = write!(
                items,
                "<item><guid isPermaLink=\"false\">urn:vigie:{id}</guid><link>https://exemple.fr/{id}</link><pubDate>{at}</pubDate><description><![CDATA[{text}]]></description></item>"
            );
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title>Le phare</title>{items}{}</channel></rss>",
            state.others
        )
    }
}

fn error(status: u16, words: &str) -> Said {
    Said::json(status, json!({ "error": words }))
}

impl Network for Site {
    fn answer(&self, asked: &Asked) -> Said {
        let mut state = self.lock();
        if asked.path == "/flux" {
            let (status, text) = state
                .feed
                .clone()
                .unwrap_or_else(|| (200, Self::feed(&state)));
            return Said::json(status, Value::String(text))
                .header("content-type", "application/rss+xml");
        }
        if !self.admitted(&state, asked) {
            return error(401, "the signature is not right");
        }
        let id = asked.field("id");
        let page = format!("https://exemple.fr/{id}");
        match asked.method.as_str() {
            "POST" => {
                let digest = hex::encode(Sha256::digest(&asked.body));
                match state.posts.get(&id) {
                    Some(post) if post.digest != digest => error(409, "another post has this id"),
                    Some(_) => Said::json(200, json!({ "id": id, "url": page })),
                    None => {
                        let post = Post {
                            digest,
                            text: asked.field("text"),
                            made: asked.field("created_at"),
                            pictures: asked.json["pictures"].clone(),
                        };
                        state.posts.insert(id.clone(), post);
                        Said::json(201, json!({ "id": id, "url": page }))
                    }
                }
            }
            "DELETE" => match state.posts.remove(&id) {
                Some(_) => Said::json(204, Value::Null),
                None => error(404, "no such post"),
            },
            _ => match state.posts.get(&id) {
                Some(post) => Said::json(
                    200,
                    json!({ "id": id, "url": page, "digest": post.digest, "text": post.text, "created_at": post.made }),
                ),
                None => error(404, "no such post"),
            },
        }
    }
}
