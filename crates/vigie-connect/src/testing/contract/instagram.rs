//! A stand-in for the Instagram API with Instagram Login.

use super::{
    Asked, Network, Said,
    meta::{error, missing, paged, show, stamp},
    two_step::{Rules, TwoStep},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Mutex;

/// The table of published facts.
pub const TABLE: &str = include_str!("../../../contracts/instagram.toml");

const BASIC: &str = "instagram_business_basic";
const PUBLISH: &str = "instagram_business_content_publish";
const COMMENTS: &str = "instagram_business_manage_comments";
/// All rights that the connector asks for.
pub const SCOPES: [&str; 3] = [BASIC, PUBLISH, COMMENTS];

const RULES: Rules = Rules {
    prefix: "ig",
    edge: "media",
    // JPEG only.
    magic: &[b"\xff\xd8\xff"],
    wrapped: true,
    children: 10,
    scopes: &SCOPES,
};

#[derive(Debug, Default)]
struct State {
    media: Vec<Value>,
    comments: Vec<Value>,
    subscribed: bool,
}

/// The stand-in.
#[derive(Debug)]
pub struct Instagram {
    /// Tokens, containers, quota.
    pub two: TwoStep,
    state: Mutex<State>,
}

impl Instagram {
    /// With one professional account.
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            two: TwoStep::new(RULES, id, name),
            state: Mutex::default(),
        }
    }

    /// How many posts and comments hold this text.
    pub fn held(&self, text: &str) -> usize {
        let state = self.state.lock().unwrap();
        state
            .media
            .iter()
            .filter(|post| post["caption"] == text)
            .count()
            + state
                .comments
                .iter()
                .filter(|comment| comment["text"] == text)
                .count()
    }

    /// Whether webhooks about the account were asked for.
    pub fn subscribed(&self) -> bool {
        self.state.lock().unwrap().subscribed
    }

    /// The newest post as it is held.
    pub fn newest(&self) -> Value {
        self.state
            .lock()
            .unwrap()
            .media
            .last()
            .cloned()
            .unwrap_or_default()
    }

    /// The account posts with its own program.
    pub fn put(&self, text: &str, at: Timestamp) -> String {
        let id = self.two.desk.id().to_string();
        let post = self.post(&id, text, Value::Null, at);
        self.state.lock().unwrap().media.push(post);
        id
    }

    fn post(&self, id: &str, text: &str, children: Value, at: Timestamp) -> Value {
        let caption = if text.is_empty() {
            Value::Null
        } else {
            json!(text)
        };
        json!({ "id": id, "caption": caption, "timestamp": stamp(at), "children": children,
            "permalink": format!("https://www.instagram.com/p/{id}/") })
    }

    /// Somebody comments on a post, or answers a comment.
    pub fn comment(&self, under: &str, name: &str, text: &str, at: Timestamp) -> String {
        let id = self.two.desk.id().to_string();
        let mut state = self.state.lock().unwrap();
        let parent = state.comments.iter().find(|comment| comment["id"] == under);
        // An answer to an answer is put under the same comment.
        let parent = parent.map(|comment| match comment["parent"].as_str() {
            Some(top) => top.to_owned(),
            None => under.to_owned(),
        });
        let media = match &parent {
            Some(top) => {
                let top = state
                    .comments
                    .iter()
                    .find(|comment| comment["id"] == top.as_str());
                top.map(|top| top["media"].clone()).unwrap_or_default()
            }
            None => {
                json!({ "id": under, "permalink": format!("https://www.instagram.com/p/{under}/") })
            }
        };
        state.comments.push(
            json!({ "id": id, "text": text, "username": name, "timestamp": stamp(at),
            "media": media, "parent": parent }),
        );
        id
    }

    fn full(state: &State, id: &str) -> Option<Value> {
        if let Some(post) = state.media.iter().find(|post| post["id"] == id) {
            let all = state
                .comments
                .iter()
                .filter(|comment| comment["media"]["id"] == id);
            let count = all.clone().count();
            let top: Vec<Value> = all
                .filter(|comment| comment["parent"].is_null())
                .filter_map(|comment| Self::full(state, comment["id"].as_str()?))
                .collect();
            let mut post = post.clone();
            post["comments_count"] = json!(count);
            post["comments"] = json!({ "data": top });
            return Some(post);
        }
        let mut comment = state
            .comments
            .iter()
            .find(|comment| comment["id"] == id)?
            .clone();
        let answers: Vec<&Value> = state
            .comments
            .iter()
            .filter(|c| c["parent"] == id)
            .collect();
        comment["replies"] = json!({ "data": answers });
        Some(comment)
    }

    fn publish(&self, asked: &Asked) -> Result<Said, Said> {
        let fields = self.two.take(&asked.field("creation_id"))?;
        let id = self.two.desk.id().to_string();
        let text = fields.get("caption").cloned().unwrap_or_default();
        let mut post = self.post(&id, &text, self.two.children(&fields), Timestamp::now());
        post["alts"] = json!(self.two.alts(&fields));
        self.state.lock().unwrap().media.push(post);
        Ok(Said::json(200, json!({ "id": id })))
    }

    fn create(&self, asked: &Asked) -> Result<Said, Said> {
        let caption = asked.field("caption");
        if caption.chars().count() > 2_200 {
            return Err(error(400, 36_004, 2_207_010, "The caption was too long."));
        }
        if caption.matches('#').count() > 30 || caption.matches('@').count() > 20 {
            return Err(error(400, 100, 2_207_040, "Too many tags"));
        }
        if asked.field("alt_text").chars().count() > 1_000 {
            return Err(error(400, 100, 0, "(#100) alt_text is too long"));
        }
        self.two.create(asked)
    }

    fn answer_to(&self, asked: &Asked, under: &str, edge: &str) -> Result<Said, Said> {
        let held = Self::full(&self.state.lock().unwrap(), under).ok_or_else(|| missing(under))?;
        if held.get(edge).is_none() {
            return Err(error(
                400,
                100,
                0,
                &format!("(#100) Tried accessing nonexisting field ({edge})"),
            ));
        }
        let id = self.comment(
            under,
            &self.two.account.1,
            &asked.field("message"),
            Timestamp::now(),
        );
        Ok(Said::json(200, json!({ "id": id })))
    }

    fn read(&self, asked: &Asked, of: &str, edge: &str) -> Result<Said, Said> {
        let state = self.state.lock().unwrap();
        let arg = |name: &str| asked.field(name);
        let fields = asked.field("fields");
        let answer = match edge {
            "media" => {
                let all: Vec<Value> = state
                    .media
                    .iter()
                    .filter_map(|post| Self::full(&state, post["id"].as_str()?))
                    .collect();
                paged(&all, &fields, arg)?
            }
            "" => show(&Self::full(&state, of).ok_or_else(|| missing(of))?, &fields)?,
            edge => {
                let held = Self::full(&state, of).ok_or_else(|| missing(of))?;
                let Some(list) = held[edge]["data"].as_array() else {
                    return Err(error(
                        400,
                        100,
                        0,
                        &format!("(#100) Tried accessing nonexisting field ({edge})"),
                    ));
                };
                paged(list, &fields, arg)?
            }
        };
        Ok(Said::json(200, answer))
    }

    fn graph(&self, asked: &Asked, parts: &[&str]) -> Result<Said, Said> {
        let right = match (asked.method.as_str(), parts) {
            ("POST", [_, "media" | "media_publish"]) | ("GET", [_, "content_publishing_limit"]) => {
                PUBLISH
            }
            (_, [_, "comments" | "replies" | "subscribed_apps"]) => COMMENTS,
            _ => BASIC,
        };
        let grant = self.two.desk.admit(asked, right)?;
        match (asked.method.as_str(), parts) {
            ("GET", ["me"]) => {
                let name = if grant.who == self.two.account.0 {
                    &self.two.account.1
                } else {
                    "autre"
                };
                let me = self.two.face.on(
                    json!({ "user_id": grant.who, "username": name, "name": null,
                    "profile_picture_url": null, "followers_count": 0 }),
                );
                Ok(Said::json(
                    200,
                    json!({ "data": [show(&me, &asked.field("fields"))?] }),
                ))
            }
            ("GET", [_, "content_publishing_limit"]) => {
                let (used, total) = self.two.quota();
                Ok(Said::json(
                    200,
                    json!({ "data": [{ "quota_usage": used,
                    "config": { "quota_total": total, "quota_duration": 86_400 } }] }),
                ))
            }
            ("POST", [_, edge]) if self.two.makes(edge) => self.create(asked),
            ("POST", [_, "media_publish"]) => self.publish(asked),
            ("POST", [_, "subscribed_apps"]) => {
                self.state.lock().unwrap().subscribed = true;
                Ok(Said::json(200, json!({ "success": true })))
            }
            ("POST", [under, edge @ ("comments" | "replies")]) => {
                self.answer_to(asked, under, edge)
            }
            ("GET", [id]) => match self.two.status(id) {
                Some((state, why)) => Ok(Said::json(
                    200,
                    show(
                        &json!({ "id": id, "status_code": state, "status": why }),
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

impl Network for Instagram {
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
