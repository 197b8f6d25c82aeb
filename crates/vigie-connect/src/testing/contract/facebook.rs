//! A stand-in for the Graph API of Facebook pages.

use super::{
    Asked, Network, Said,
    face::Face,
    meta::{APP, Desk, error, missing, paged, show, stamp},
};
use crate::oauth::challenge;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Mutex};

/// The table of published facts.
pub const TABLE: &str = include_str!("../../../contracts/facebook.toml");
/// All rights that the connector asks for.
pub const SCOPES: [&str; 5] = [
    "pages_show_list",
    "pages_manage_posts",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_manage_engagement",
];

#[derive(Debug, Default)]
struct State {
    /// Code, with the redirect and the challenge it was given for, and the rights granted.
    codes: HashMap<String, (String, String, Vec<String>)>,
    /// Page, name, tasks of the person.
    pages: Vec<(String, String, Vec<String>)>,
    /// Unpublished photos: id, page, alternative text.
    photos: Vec<(String, String, String)>,
    posts: Vec<Value>,
    comments: Vec<Value>,
    tagged: Vec<Value>,
}

/// The stand-in.
#[derive(Debug, Default)]
pub struct Facebook {
    /// Tokens and forced answers.
    pub desk: Desk,
    /// What its pages show of themselves, besides their name.
    pub face: Face,
    state: Mutex<State>,
}

impl Facebook {
    /// A page that the person of the tests holds these tasks on.
    pub fn with_page(self, id: &str, name: &str, tasks: &[&str]) -> Self {
        let tasks = tasks.iter().map(|t| (*t).to_owned()).collect();
        let page = (id.to_owned(), name.to_owned(), tasks);
        self.state.lock().unwrap().pages.push(page);
        self
    }

    /// The person says yes on Meta's page, to these rights.
    pub fn consent(&self, redirect: &str, verifier: &str, scopes: &[&str]) -> String {
        let code = format!("canary-code-{}", self.desk.id());
        let scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
        let kept = (redirect.to_owned(), challenge(verifier), scopes);
        self.state.lock().unwrap().codes.insert(code.clone(), kept);
        code
    }

    /// How many posts and comments hold this text.
    pub fn held(&self, text: &str) -> usize {
        let state = self.state.lock().unwrap();
        let all = state.posts.iter().chain(&state.comments);
        all.filter(|post| post["message"] == text).count()
    }

    /// A post as it is held.
    pub fn post(&self, id: &str) -> Value {
        let state = self.state.lock().unwrap();
        state
            .posts
            .iter()
            .find(|p| p["id"] == id)
            .cloned()
            .unwrap_or_default()
    }

    /// Photos that nobody sees.
    pub fn unpublished(&self) -> usize {
        self.state.lock().unwrap().photos.len()
    }

    /// Somebody posts on the page with another program; or this one, at another time.
    pub fn put(&self, page: &str, text: &str, at: Timestamp) -> String {
        let id = format!("{page}_{}", self.desk.id());
        let post = json!({ "id": id, "message": text, "created_time": stamp(at),
            "permalink_url": format!("https://www.facebook.com/{id}"), "from": { "id": page, "name": page },
            "attachments": null });
        self.state.lock().unwrap().posts.push(post);
        id
    }

    /// Somebody comments.
    pub fn comment(&self, under: &str, from: (&str, &str), text: &str, at: Timestamp) -> String {
        let post = under.rsplit('_').next().unwrap_or(under);
        let id = format!("{post}_{}", self.desk.id());
        let comment = json!({ "id": id, "message": text, "created_time": stamp(at), "under": under,
            "permalink_url": format!("https://www.facebook.com/{under}?comment_id={id}"),
            "from": { "id": from.0, "name": from.1 } });
        self.state.lock().unwrap().comments.push(comment);
        id
    }

    /// Somebody names the page.
    pub fn tag(&self, text: &str, at: Timestamp) -> String {
        let id = format!("9_{}", self.desk.id());
        let post = json!({ "id": id, "message": text, "created_time": stamp(at),
            "permalink_url": format!("https://www.facebook.com/{id}"), "from": { "id": "9", "name": "Zoé" } });
        self.state.lock().unwrap().tagged.push(post);
        id
    }

    fn sign_in(&self, asked: &Asked) -> Said {
        if asked.field("client_id") != APP.0 || asked.field("client_secret") != APP.1 {
            return error(400, 101, 0, "Error validating application");
        }
        if asked.field("grant_type") == "fb_exchange_token" {
            let short = self.desk.known(&asked.field("fb_exchange_token"));
            let Some(short) = short.filter(|short| short.dead.is_none()) else {
                return error(400, 190, 0, "Invalid OAuth access token");
            };
            let scopes: Vec<&str> = short.scopes.iter().map(String::as_str).collect();
            let long = self.desk.grant(&short.who, &scopes, true);
            return Said::json(
                200,
                json!({ "access_token": long, "token_type": "bearer", "expires_in": 5_183_944 }),
            );
        }
        let kept = self
            .state
            .lock()
            .unwrap()
            .codes
            .remove(&asked.field("code"));
        match kept {
            Some((redirect, challenged, scopes))
                if redirect == asked.field("redirect_uri")
                    && challenged == challenge(&asked.field("code_verifier")) =>
            {
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                let token = self.desk.grant("person", &scopes, false);
                Said::json(
                    200,
                    json!({ "access_token": token, "token_type": "bearer", "expires_in": 3_600 }),
                )
            }
            _ => error(400, 100, 36_009, "This authorization code has been used."),
        }
    }

    fn person(&self, asked: &Asked, edge: &str) -> Result<Said, Said> {
        let grant = self.desk.admit(asked, "pages_show_list")?;
        let state = self.state.lock().unwrap();
        if edge == "permissions" {
            let rights: Vec<Value> = SCOPES
                .iter()
                .map(|scope| {
                    let given = grant.scopes.iter().any(|g| g == scope);
                    json!({ "permission": scope, "status": if given { "granted" } else { "declined" } })
                })
                .collect();
            return Ok(Said::json(200, json!({ "data": rights })));
        }
        let scopes: Vec<&str> = grant.scopes.iter().map(String::as_str).collect();
        let pages: Vec<Value> = state
            .pages
            .iter()
            .map(|(id, name, tasks)| {
                let token = self.desk.grant(id, &scopes, grant.long);
                json!({ "id": id, "name": name, "tasks": tasks, "access_token": token })
            })
            .collect();
        let page = paged(&pages, &asked.field("fields"), |name| asked.field(name))?;
        Ok(Said::json(200, page))
    }

    /// Every field that the reference names for a page; those that are not set are left out of an answer.
    fn page(&self, id: &str, name: &str) -> Value {
        self.face.on(json!({ "id": id, "name": name, "username": null, "about": null, "description": null,
            "website": null, "followers_count": 0,
            "picture": { "data": { "cache_key": "0", "is_silhouette": true, "url": "https://cdn.example/0" } } }))
    }

    fn feed(&self, asked: &Asked, page: &str) -> Result<Said, Said> {
        let grant = self.desk.admit(asked, "pages_manage_posts")?;
        own(&grant.who, page)?;
        let text = asked.field("message");
        let mut state = self.state.lock().unwrap();
        let media: Vec<Value> =
            serde_json::from_str(&asked.field("attached_media")).unwrap_or_default();
        if text.is_empty() && media.is_empty() && asked.field("link").is_empty() {
            return Err(error(400, 100, 0, "(#100) Missing message or attachment"));
        }
        if text.chars().count() > 63_206 {
            return Err(error(400, 100, 0, "(#100) The message is too long"));
        }
        if media.is_empty()
            && !text.is_empty()
            && state.posts.iter().any(|p| p["message"] == text.as_str())
        {
            return Err(error(400, 506, 0, "(#506) Duplicate status message"));
        }
        let mut photos = Vec::new();
        for item in &media {
            let fbid = item["media_fbid"].as_str().unwrap_or_default();
            let Some(at) = state.photos.iter().position(|p| p.0 == fbid && p.1 == page) else {
                return Err(error(400, 100, 0, "(#100) No such photo"));
            };
            let (id, _, alt) = state.photos.remove(at);
            photos.push(
                json!({ "media_type": "photo", "target": { "id": id }, "alt": alt,
                "unshimmed_url": null, "subattachments": null }),
            );
        }
        let attachments = match (photos.len(), asked.field("link")) {
            (0, link) if link.is_empty() => Value::Null,
            (0, link) => json!({ "data": [{ "media_type": "link", "unshimmed_url": link,
                "target": { "id": null }, "subattachments": null }] }),
            (1, _) => json!({ "data": photos }),
            _ => {
                json!({ "data": [{ "media_type": "album", "target": { "id": "1" }, "unshimmed_url": null,
                "subattachments": { "data": photos } }] })
            }
        };
        let id = format!("{page}_{}", self.desk.id());
        let message = if text.is_empty() {
            Value::Null
        } else {
            json!(text)
        };
        state.posts.push(
            json!({ "id": id, "message": message, "created_time": stamp(Timestamp::now()),
            "permalink_url": format!("https://www.facebook.com/{page}/posts/{id}"),
            "from": { "id": page, "name": page }, "attachments": attachments }),
        );
        Ok(Said::json(200, json!({ "id": id })))
    }

    fn photo(&self, asked: &Asked, page: &str) -> Result<Said, Said> {
        let grant = self.desk.admit(asked, "pages_manage_posts")?;
        own(&grant.who, page)?;
        let size: usize = asked.field("source").parse().unwrap_or(0);
        if size > 4_000_000 {
            let message = "Your photos couldn't be uploaded. Photos should be less than 4 MB";
            return Err(error(400, 324, 1_366_046, message));
        }
        let id = self.desk.id().to_string();
        let mut state = self.state.lock().unwrap();
        if asked.field("published") == "false" {
            let photo = (id.clone(), page.to_owned(), asked.field("alt_text_custom"));
            state.photos.push(photo);
        } else {
            // Published at once: a post of its own.
            state
                .posts
                .push(json!({ "id": format!("{page}_{id}"), "message": "" }));
        }
        Ok(Said::json(200, json!({ "id": id })))
    }

    fn answer_to(&self, asked: &Asked, under: &str) -> Result<Said, Said> {
        let grant = self.desk.admit(asked, "pages_manage_engagement")?;
        {
            let state = self.state.lock().unwrap();
            if !state
                .posts
                .iter()
                .chain(&state.comments)
                .any(|p| p["id"] == under)
            {
                return Err(missing(under));
            }
        }
        let from = (grant.who.as_str(), grant.who.as_str());
        let id = self.comment(under, from, &asked.field("message"), Timestamp::now());
        Ok(Said::json(200, json!({ "id": id })))
    }

    fn full(state: &State, id: &str) -> Option<Value> {
        let mut found = state
            .posts
            .iter()
            .chain(&state.comments)
            .find(|p| p["id"] == id)?
            .clone();
        let under: Vec<&Value> = state.comments.iter().filter(|c| c["under"] == id).collect();
        found["comments"] = json!({ "data": under });
        Some(found)
    }

    fn read(&self, asked: &Asked, of: &str, edge: &str) -> Result<Said, Said> {
        let right = if edge == "tagged" {
            "pages_read_user_content"
        } else {
            "pages_read_engagement"
        };
        let grant = self.desk.admit(asked, right)?;
        let state = self.state.lock().unwrap();
        let arg = |name: &str| asked.field(name);
        let fields = asked.field("fields");
        let answer = match edge {
            "" if of == "me" => {
                let page = state.pages.iter().find(|page| page.0 == grant.who);
                let name = page.map(|page| page.1.clone());
                show(&json!({ "id": grant.who, "name": name }), &fields)?
            }
            "" if state.pages.iter().any(|page| page.0 == of) => {
                own(&grant.who, of)?;
                let name = state.pages.iter().find(|page| page.0 == of);
                show(&self.page(of, name.map_or("", |page| &page.1)), &fields)?
            }
            "" => show(&Self::full(&state, of).ok_or_else(|| missing(of))?, &fields)?,
            "published_posts" => {
                own(&grant.who, of)?;
                let posts: Vec<Value> = state
                    .posts
                    .iter()
                    .filter_map(|post| Self::full(&state, post["id"].as_str()?))
                    .collect();
                paged(&posts, &fields, arg)?
            }
            "tagged" => paged(&state.tagged, &fields, arg)?,
            _ => {
                let of = Self::full(&state, of).ok_or_else(|| missing(of))?;
                let list = of["comments"]["data"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                paged(&list, &fields, arg)?
            }
        };
        Ok(Said::json(200, answer))
    }

    fn delete(&self, asked: &Asked, id: &str) -> Result<Said, Said> {
        self.desk.admit(asked, "pages_manage_posts")?;
        let mut state = self.state.lock().unwrap();
        let before = state.posts.len() + state.comments.len();
        state.posts.retain(|post| post["id"] != id);
        state.comments.retain(|comment| comment["id"] != id);
        if state.posts.len() + state.comments.len() == before {
            return Err(missing(id));
        }
        Ok(Said::json(200, json!({ "success": true })))
    }
}

fn own(who: &str, page: &str) -> Result<(), Said> {
    if who == page {
        return Ok(());
    }
    Err(error(
        403,
        10,
        0,
        "(#10) This endpoint requires the page's own token",
    ))
}

impl Network for Facebook {
    fn answer(&self, asked: &Asked) -> Said {
        if let Some(said) = self.desk.forced(asked) {
            return said;
        }
        let parts = asked.segments();
        let answer = match (asked.method.as_str(), &parts[1..]) {
            ("GET", ["oauth", "access_token"]) => Ok(self.sign_in(asked)),
            (method, rest) => self.desk.proven(asked).and_then(|()| match (method, rest) {
                ("GET", ["me", edge @ ("permissions" | "accounts")]) => self.person(asked, edge),
                ("GET", [of]) => self.read(asked, of, ""),
                ("GET", [of, edge]) => self.read(asked, of, edge),
                ("POST", [page, "feed"]) => self.feed(asked, page),
                ("POST", [page, "photos"]) => self.photo(asked, page),
                ("POST", [under, "comments"]) => self.answer_to(asked, under),
                ("DELETE", [id]) => self.delete(asked, id),
                _ => Err(error(400, 2_500, 0, "Unknown path components")),
            }),
        };
        answer.unwrap_or_else(|said| said)
    }
}
