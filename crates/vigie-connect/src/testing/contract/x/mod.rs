//! X, as its documents describe it: one account, its tokens, posts, pictures and mentions.

mod content;

use super::{Asked, Network, Said};
use crate::oauth::challenge;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::sync::{Mutex, MutexGuard};

/// The account's id and name.
const ME: (&str, &str) = ("2244994945", "phare_vigie");
const SCOPES: &str = "tweet.read tweet.write users.read media.write offline.access";

/// A post as X holds it.
#[derive(Debug, Clone)]
pub struct XPost {
    /// Its id.
    pub id: String,
    /// Its words, as they were sent.
    pub text: String,
    /// Its pictures.
    pub media: Vec<String>,
    /// The post that it answers.
    pub reply: Option<String>,
    /// Who may answer, as it was sent; empty for everyone.
    pub repliers: String,
    author: String,
    at: Timestamp,
    history: Vec<String>,
    latest: bool,
}

/// A picture.
#[derive(Debug, Clone, Default)]
pub struct XMedia {
    /// Its id.
    pub id: String,
    /// Bytes announced.
    pub total: usize,
    /// Bytes that came, at least.
    pub came: usize,
    /// True when it is closed.
    pub closed: bool,
    /// Its words.
    pub alt: String,
    states: Vec<&'static str>,
}

#[derive(Debug)]
struct Access {
    token: String,
    scopes: String,
    good: bool,
}

/// What may be changed by a test.
#[derive(Debug)]
pub struct XState {
    access: Vec<Access>,
    /// The one refresh token that is good.
    pub refresh: String,
    codes: Vec<(String, String, String)>,
    /// Posts of everybody.
    pub posts: Vec<XPost>,
    /// Pictures.
    pub media: Vec<XMedia>,
    /// Calls left in the window.
    pub left: i64,
    /// Whether there is credit.
    pub credit: bool,
    /// Whether the account is suspended.
    pub suspended: bool,
    /// The id of the account, which `me` names and whose posts these are.
    pub id: String,
    /// What the account shows of itself: fields of the schema User.
    pub face: Value,
    /// What is given of the scopes asked for.
    pub scopes: String,
    /// The states that the next picture goes through after it is closed.
    pub states: Vec<&'static str>,
    number: u64,
}

/// The network.
#[derive(Debug)]
pub struct XNetwork(Mutex<XState>);

impl Default for XNetwork {
    fn default() -> Self {
        Self(Mutex::new(XState {
            access: Vec::new(),
            refresh: String::new(),
            codes: Vec::new(),
            posts: Vec::new(),
            media: Vec::new(),
            left: 9_000,
            credit: true,
            suspended: false,
            id: ME.0.into(),
            face: json!({}),
            scopes: SCOPES.into(),
            states: Vec::new(),
            number: 0,
        }))
    }
}

impl XNetwork {
    /// The table of facts.
    pub const FACTS: &str = include_str!("../../../../contracts/x.toml");
    /// The program's id and secret.
    pub const APP: (&str, &str) = ("client-id", "client-secret-canary");

    /// The state, to look at or to change.
    pub fn state(&self) -> MutexGuard<'_, XState> {
        self.0.lock().unwrap()
    }

    /// A person says yes on the page of consent: the code that they come back with.
    pub fn consent(&self, challenge: &str, redirect: &str) -> String {
        let mut state = self.state();
        let code = format!("code-canary-{}", state.next());
        state
            .codes
            .push((code.clone(), challenge.to_owned(), redirect.to_owned()));
        code
    }

    /// Tokens, as after signing in: access, refresh.
    pub fn grant(&self) -> (String, String) {
        let answer = self.state().issue();
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        (text("access_token"), text("refresh_token"))
    }

    /// Whether any token given still opens or renews anything.
    pub fn opens(&self) -> bool {
        let state = self.state();
        !state.refresh.is_empty() || state.access.iter().any(|access| access.good)
    }

    /// Every access token given so far has ended.
    pub fn end_access(&self) {
        for access in &mut self.state().access {
            access.good = false;
        }
    }

    /// Somebody posts. `author` 0 is the account itself.
    pub fn elsewhere(&self, author: u64, text: &str, reply: Option<&str>) -> String {
        let mut state = self.state();
        let author = if author == 0 {
            state.id.clone()
        } else {
            author.to_string()
        };
        state.add(
            author,
            text.to_owned(),
            Vec::new(),
            reply.map(str::to_owned),
        )
    }

    /// The account edits a post: it gets a new id.
    pub fn edit(&self, id: &str, text: &str) -> String {
        let mut state = self.state();
        let old = state.posts.iter().position(|post| post.id == id).unwrap();
        let mut new = state.posts[old].clone();
        let number = state.next();
        new.id = number.to_string();
        new.text = text.to_owned();
        new.history.push(new.id.clone());
        state.posts[old].latest = false;
        state.posts[old].history = new.history.clone();
        let id = new.id.clone();
        state.posts.push(new);
        id
    }

    /// How many posts of the account have these words.
    pub fn held(&self, text: &str) -> usize {
        let state = self.state();
        let own = |post: &&XPost| post.author == state.id && post.text == text;
        state.posts.iter().filter(own).count()
    }
}

fn problem(status: u16, title: &str, kind: &str, detail: &str) -> Said {
    let kind = match kind {
        "" => "about:blank".to_owned(),
        kind => format!("https://api.twitter.com/2/problems/{kind}"),
    };
    let body = json!({ "title": title, "type": kind, "detail": detail, "status": status });
    Said::json(status, body)
}

fn forbidden(detail: &str) -> Said {
    problem(403, "Forbidden", "", detail)
}

fn invalid(message: &str) -> Said {
    let body = json!({
        "errors": [{ "parameters": {}, "message": message }],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.twitter.com/2/problems/invalid-request",
    });
    Said::json(400, body)
}

fn not_found(id: &str) -> Said {
    let body = json!({ "errors": [{
        "value": id, "resource_id": id, "parameter": "id", "resource_type": "tweet",
        "title": "Not Found Error",
        "detail": format!("Could not find tweet with id: [{id}]."),
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }] });
    Said::json(200, body)
}

impl XState {
    fn next(&mut self) -> u64 {
        self.number += 1;
        1_900_000_000_000_000_000 + self.number
    }

    fn issue(&mut self) -> Value {
        let number = self.next();
        let (token, refresh) = (
            format!("access-canary-{number}"),
            format!("refresh-canary-{number}"),
        );
        self.access.push(Access {
            token: token.clone(),
            scopes: self.scopes.clone(),
            good: true,
        });
        // Single use: the one before is dead.
        self.refresh.clone_from(&refresh);
        json!({
            "token_type": "bearer", "expires_in": 7_200, "access_token": token,
            "refresh_token": refresh, "scope": self.scopes,
        })
    }

    fn add(
        &mut self,
        author: String,
        text: String,
        media: Vec<String>,
        reply: Option<String>,
    ) -> String {
        let id = self.next().to_string();
        self.posts.push(XPost {
            history: vec![id.clone()],
            id: id.clone(),
            text,
            media,
            reply,
            repliers: String::new(),
            author,
            at: Timestamp::now(),
            latest: true,
        });
        id
    }

    fn token(&mut self, asked: &Asked) -> Said {
        let (id, secret) = XNetwork::APP;
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let error = |status: u16, error: &str| {
            let body = json!({ "error": error, "error_description": "Value passed for the token was invalid." });
            Said::json(status, body)
        };
        if asked.authorization != basic {
            return error(401, "unauthorized_client");
        }
        match asked.field("grant_type").as_str() {
            "authorization_code" => {
                let good = self.codes.iter().position(|(code, sum, redirect)| {
                    *code == asked.field("code")
                        && *sum == challenge(&asked.field("code_verifier"))
                        && *redirect == asked.field("redirect_uri")
                });
                match good {
                    Some(at) => {
                        self.codes.remove(at);
                        Said::json(200, self.issue())
                    }
                    None => error(400, "invalid_request"),
                }
            }
            "refresh_token" if asked.field("refresh_token") == self.refresh => {
                Said::json(200, self.issue())
            }
            "refresh_token" => error(400, "invalid_request"),
            _ => error(400, "unsupported_grant_type"),
        }
    }

    /// Takes a token back; one that is not known is a success too (RFC 7009).
    fn revoke(&mut self, asked: &Asked) -> Said {
        let (id, secret) = XNetwork::APP;
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        if asked.authorization != basic {
            return Said::json(401, json!({ "error": "unauthorized_client" }));
        }
        let token = asked.field("token");
        for access in self
            .access
            .iter_mut()
            .filter(|access| access.token == token)
        {
            access.good = false;
        }
        if self.refresh == token {
            self.refresh.clear();
        }
        Said::json(200, json!({ "revoked": true }))
    }

    fn route(&mut self, asked: &Asked) -> Said {
        let segments = asked.segments();
        if segments == ["2", "oauth2", "token"] {
            return self.token(asked);
        }
        if segments == ["2", "oauth2", "revoke"] {
            return self.revoke(asked);
        }
        let bearer = asked.authorization.trim_start_matches("Bearer ").to_owned();
        let given = self.access.iter().find(|a| a.token == bearer && a.good);
        let Some(scopes) = given.map(|access| access.scopes.clone()) else {
            return problem(401, "Unauthorized", "", "Unauthorized");
        };
        if self.suspended {
            return forbidden(
                "Your account is suspended and is not permitted to access this feature.",
            );
        }
        if self.left < 0 {
            return problem(429, "Too Many Requests", "", "Too Many Requests");
        }
        let needs = match (asked.method.as_str(), segments.get(1)) {
            (_, Some(&"media")) => "media.write",
            ("POST" | "DELETE", _) => "tweet.write",
            _ => "tweet.read",
        };
        if !scopes.split(' ').any(|scope| scope == needs) {
            return forbidden("Forbidden");
        }
        match (asked.method.as_str(), segments.as_slice()) {
            ("GET", ["2", "users", "me"]) => {
                let mut user = json!({ "id": self.id, "name": "Le phare", "username": ME.1 });
                // More than these is shown only when it is asked for by name.
                let fields = asked.field("user.fields");
                for (name, value) in self.face.as_object().into_iter().flatten() {
                    let default = ["name", "username"].contains(&name.as_str());
                    if default || fields.split(',').any(|field| field == name) {
                        user[name.as_str()] = value.clone();
                    }
                }
                Said::json(200, json!({ "data": user }))
            }
            ("POST", ["2", "tweets"]) => self.post(asked),
            ("GET", ["2", "tweets", id]) => match self.posts.iter().find(|p| p.id == *id) {
                Some(post) => {
                    let shown = self.shown(post, &asked.field("tweet.fields"));
                    Said::json(200, json!({ "data": shown }))
                }
                None => not_found(id),
            },
            ("DELETE", ["2", "tweets", id]) => {
                let before = self.posts.len();
                self.posts
                    .retain(|post| post.id != *id || post.author != self.id);
                if self.posts.len() == before {
                    return not_found(id);
                }
                Said::json(200, json!({ "data": { "deleted": true } }))
            }
            ("GET", ["2", "users", _, which]) => self.timeline(asked, *which == "mentions"),
            ("POST", ["2", "media", "upload", "initialize"]) => {
                self.upload(asked, "", "initialize")
            }
            ("POST", ["2", "media", "upload", id, step]) => self.upload(asked, id, step),
            ("GET", ["2", "media", "upload"]) => self.upload(asked, "", "status"),
            ("POST", ["2", "media", "metadata"]) => {
                let words = asked.json.pointer("/metadata/alt_text/text");
                let words = words.and_then(Value::as_str).unwrap().to_owned();
                let id = asked.field("id");
                match self.media.iter_mut().find(|media| media.id == id) {
                    Some(media) if words.chars().count() <= 1_000 => {
                        media.alt = words;
                        Said::json(200, json!({ "data": { "id": id } }))
                    }
                    _ => invalid("Your media IDs are invalid."),
                }
            }
            _ => problem(404, "Not Found", "", "Not Found"),
        }
    }
}

impl Network for XNetwork {
    fn answer(&self, asked: &Asked) -> Said {
        let mut state = self.state();
        state.left -= 1;
        let said = state.route(asked);
        let reset = Timestamp::now().as_second() + 900;
        said.header("x-rate-limit-limit", "900")
            .header("x-rate-limit-remaining", state.left.max(0).to_string())
            .header("x-rate-limit-reset", reset.to_string())
    }
}
