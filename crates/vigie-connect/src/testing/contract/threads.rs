//! A stand-in for the Threads API.

use super::{
    Asked, Network, Said,
    meta::{error, missing, paged, show, stamp},
    two_step::{Rules, TwoStep},
};
use crate::Unit;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Mutex;

/// The table of published facts.
pub const TABLE: &str = include_str!("../../../contracts/threads.toml");

/// All rights that the connector asks for.
pub const SCOPES: [&str; 6] = [
    "threads_basic",
    "threads_content_publish",
    "threads_read_replies",
    "threads_manage_replies",
    "threads_manage_mentions",
    "threads_delete",
];

const RULES: Rules = Rules {
    prefix: "th",
    edge: "threads",
    magic: &[b"\xff\xd8\xff", b"\x89PNG"],
    wrapped: false,
    children: 20,
    scopes: &SCOPES,
};

/// The stand-in.
#[derive(Debug)]
pub struct Threads {
    /// Tokens, containers, quota.
    pub two: TwoStep,
    /// Posts and answers of anybody.
    posts: Mutex<Vec<Value>>,
    mentions: Mutex<Vec<Value>>,
}

impl Threads {
    /// With one account.
    pub fn new(id: &str, name: &str) -> Self {
        let two = TwoStep::new(RULES, id, name);
        two.set_quota(0, 250);
        Self {
            two,
            posts: Mutex::default(),
            mentions: Mutex::default(),
        }
    }

    /// How many posts and answers hold this text.
    pub fn held(&self, text: &str) -> usize {
        let posts = self.posts.lock().unwrap();
        posts.iter().filter(|post| post["text"] == text).count()
    }

    /// The newest post as it is held.
    pub fn newest(&self) -> Value {
        self.posts
            .lock()
            .unwrap()
            .last()
            .cloned()
            .unwrap_or_default()
    }

    /// Somebody posts, or answers `under`.
    pub fn put(&self, under: Option<&str>, name: &str, text: &str, at: Timestamp) -> String {
        let id = self.two.desk.id().to_string();
        let root = under.map(|under| {
            let posts = self.posts.lock().unwrap();
            let parent = posts.iter().find(|post| post["id"] == under);
            parent
                .and_then(|parent| parent["root"].as_str())
                .unwrap_or(under)
                .to_owned()
        });
        let post = json!({ "id": id, "text": text, "username": name, "timestamp": stamp(at),
            "media_type": "TEXT_POST", "children": null, "link_attachment_url": null,
            "permalink": format!("https://www.threads.com/@{name}/post/{id}"),
            "is_reply_owned_by_me": name == self.two.account.1, "under": under, "root": root });
        self.posts.lock().unwrap().push(post);
        id
    }

    /// Somebody names the account.
    pub fn mention(&self, name: &str, text: &str, at: Timestamp) -> String {
        let id = self.two.desk.id().to_string();
        let post = json!({ "id": id, "text": text, "username": name, "timestamp": stamp(at),
            "permalink": format!("https://www.threads.com/@{name}/post/{id}") });
        self.mentions.lock().unwrap().push(post);
        id
    }

    fn create(&self, asked: &Asked) -> Result<Said, Said> {
        let text = asked.field("text");
        if Unit::EmojiBytes.measure(&text) > 500 {
            return Err(error(
                400,
                100,
                0,
                "(#100) Param text must be at most 500 characters long.",
            ));
        }
        if text.matches("https://").count() > 5 {
            return Err(error(400, 100, 0, "THREADS_API__LINK_LIMIT_EXCEEDED"));
        }
        if asked.field("media_type") == "TEXT" && text.is_empty() {
            return Err(error(400, 100, 0, "(#100) The parameter text is required"));
        }
        let known = [
            "",
            "everyone",
            "accounts_you_follow",
            "mentioned_only",
            "parent_post_author_only",
            "followers_only",
        ];
        if !known.contains(&asked.field("reply_control").as_str()) {
            return Err(error(
                400,
                100,
                0,
                "(#100) Param reply_control must be one of the allowed values",
            ));
        }
        let target = asked.field("reply_to_id");
        let posts = self.posts.lock().unwrap();
        if !target.is_empty() && !posts.iter().any(|post| post["id"] == target.as_str()) {
            return Err(missing(&target));
        }
        drop(posts);
        self.two.create(asked)
    }

    fn publish(&self, asked: &Asked) -> Result<Said, Said> {
        let fields = self.two.take(&asked.field("creation_id"))?;
        let under = fields.get("reply_to_id").map(String::as_str);
        let text = fields.get("text").cloned().unwrap_or_default();
        let id = self.put(under, &self.two.account.1, &text, Timestamp::now());
        let mut posts = self.posts.lock().unwrap();
        let post = posts.last_mut().unwrap();
        post["children"] = self.two.children(&fields);
        post["alts"] = json!(self.two.alts(&fields));
        post["link_attachment_url"] = json!(fields.get("link_attachment"));
        post["reply_control"] = json!(fields.get("reply_control"));
        Ok(Said::json(200, json!({ "id": id })))
    }

    fn read(&self, asked: &Asked, of: &str, edge: &str) -> Result<Said, Said> {
        let posts = self.posts.lock().unwrap();
        let mentions = self.mentions.lock().unwrap();
        let fields = asked.field("fields");
        let ours = |post: &&Value| post["username"] == self.two.account.1.as_str();
        let has = |post: &Value| posts.iter().any(|other| other["root"] == post["id"]);
        let with = |post: &Value| {
            let mut post = post.clone();
            post["has_replies"] = json!(has(&post));
            // Only answers have it.
            post["replied_to"] = match &post["under"] {
                Value::Null => Value::Null,
                under => json!({ "id": under }),
            };
            post
        };
        let list: Vec<Value> = match edge {
            "" => {
                let post = posts.iter().find(|post| post["id"] == of);
                return Ok(Said::json(
                    200,
                    show(&with(post.ok_or_else(|| missing(of))?), &fields)?,
                ));
            }
            "threads" => posts
                .iter()
                .filter(ours)
                .filter(|p| p["under"].is_null())
                .map(with)
                .collect(),
            "replies" => posts
                .iter()
                .filter(ours)
                .filter(|p| !p["under"].is_null())
                .map(with)
                .collect(),
            "conversation" => {
                if !posts.iter().any(|post| post["id"] == of) {
                    return Err(missing(of));
                }
                posts
                    .iter()
                    .filter(|post| post["root"] == of)
                    .map(with)
                    .collect()
            }
            _ => mentions.clone(),
        };
        Ok(Said::json(
            200,
            paged(&list, &fields, |name| asked.field(name))?,
        ))
    }

    fn graph(&self, asked: &Asked, parts: &[&str]) -> Result<Said, Said> {
        let right = match (asked.method.as_str(), parts) {
            ("POST", [_, "threads" | "threads_publish"]) => "threads_content_publish",
            ("DELETE", _) => "threads_delete",
            (_, [_, "conversation" | "replies"]) => "threads_read_replies",
            (_, [_, "mentions"]) => "threads_manage_mentions",
            _ => "threads_basic",
        };
        let grant = self.two.desk.admit(asked, right)?;
        match (asked.method.as_str(), parts) {
            ("GET", ["me"]) => {
                let name = if grant.who == self.two.account.0 {
                    &self.two.account.1
                } else {
                    "autre"
                };
                let me = self
                    .two
                    .face
                    .on(json!({ "id": grant.who, "username": name, "name": null,
                    "threads_profile_picture_url": null, "threads_biography": null }));
                Ok(Said::json(200, show(&me, &asked.field("fields"))?))
            }
            ("GET", [_, "threads_publishing_limit"]) => {
                let (used, total) = self.two.quota();
                let rule = json!({ "quota_total": total, "quota_duration": 86_400 });
                let all = json!({ "quota_usage": used, "config": rule, "reply_quota_usage": used, "reply_config": rule });
                Ok(Said::json(
                    200,
                    json!({ "data": [show(&all, &asked.field("fields"))?] }),
                ))
            }
            ("POST", [_, edge]) if self.two.makes(edge) => self.create(asked),
            ("POST", [_, "threads_publish"]) => self.publish(asked),
            ("DELETE", [id]) => {
                let mut posts = self.posts.lock().unwrap();
                let before = posts.len();
                posts.retain(|post| post["id"] != *id);
                if posts.len() == before {
                    return Err(missing(id));
                }
                Ok(Said::json(
                    200,
                    json!({ "success": true, "deleted_id": id }),
                ))
            }
            ("GET", [id]) => match self.two.status(id) {
                Some((state, why)) => Ok(Said::json(
                    200,
                    show(
                        &json!({ "id": id, "status": state, "error_message": why }),
                        &asked.field("fields"),
                    )?,
                )),
                None => self.read(asked, id, ""),
            },
            ("GET", [of, edge]) => self.read(asked, of, edge),
            _ => Err(error(400, 2_500, 0, "Unknown path components")),
        }
    }
}

impl Network for Threads {
    fn answer(&self, asked: &Asked) -> Said {
        if let Some(said) = self.two.desk.forced(asked) {
            return said;
        }
        if let Some(said) = self.two.tokens(asked) {
            return said;
        }
        let parts = asked.segments();
        self.graph(asked, &parts[1..]).unwrap_or_else(|said| said)
    }
}
