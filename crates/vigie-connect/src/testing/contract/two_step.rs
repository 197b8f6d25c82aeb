//! What the stand-ins of Instagram and Threads share: tokens of an hour and of 60 days, and containers that fetch
//! their picture.

use super::{
    Asked, Said,
    face::Face,
    meta::{APP, Desk, error, fetch},
};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Mutex};

/// A container.
#[derive(Debug, Clone)]
pub struct Container {
    /// What it was made of.
    pub fields: HashMap<String, String>,
    /// `IN_PROGRESS`, `FINISHED`, `ERROR`, `EXPIRED`, `PUBLISHED`.
    pub state: &'static str,
    /// Why it is in error.
    pub why: String,
    looks: u32,
}

/// One platform's rules.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// `ig` or `th`.
    pub prefix: &'static str,
    /// The edge on which containers are made.
    pub edge: &'static str,
    /// Beginnings of the pictures taken.
    pub magic: &'static [&'static [u8]],
    /// True when answers of the token endpoint are a list of one.
    pub wrapped: bool,
    /// Most children of a carousel.
    pub children: usize,
    /// All rights.
    pub scopes: &'static [&'static str],
}

/// The shared part.
#[derive(Debug)]
pub struct TwoStep {
    /// Tokens and forced answers.
    pub desk: Desk,
    /// The account's id and name.
    pub account: (String, String),
    /// What the account shows of itself.
    pub face: Face,
    rules: Rules,
    codes: Mutex<HashMap<String, (String, Vec<String>)>>,
    containers: Mutex<HashMap<String, Container>>,
    /// How often a new container says `IN_PROGRESS` first, or the state that it ends in.
    next: Mutex<(u32, Option<&'static str>)>,
    /// Used and total of the quota.
    quota: Mutex<(u64, u64)>,
}

impl TwoStep {
    /// For an account.
    pub fn new(rules: Rules, id: &str, name: &str) -> Self {
        Self {
            desk: Desk::default(),
            account: (id.to_owned(), name.to_owned()),
            face: Face::default(),
            rules,
            codes: Mutex::default(),
            containers: Mutex::default(),
            next: Mutex::default(),
            quota: Mutex::new((0, 100)),
        }
    }

    /// A long token with all rights.
    pub fn token(&self) -> String {
        self.desk.grant(&self.account.0, self.rules.scopes, true)
    }

    /// New containers say `IN_PROGRESS` so often, then this.
    pub fn containers_will(&self, looks: u32, end: Option<&'static str>) {
        *self.next.lock().unwrap() = (looks, end);
    }

    /// The quota.
    pub fn set_quota(&self, used: u64, total: u64) {
        *self.quota.lock().unwrap() = (used, total);
    }

    /// Used and total.
    pub fn quota(&self) -> (u64, u64) {
        *self.quota.lock().unwrap()
    }

    /// The person says yes on the network's page, to these rights.
    pub fn consent(&self, redirect: &str, scopes: &[&str]) -> String {
        let code = format!("canary-code-{}", self.desk.id());
        let scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
        let kept = (redirect.to_owned(), scopes);
        self.codes.lock().unwrap().insert(code.clone(), kept);
        code
    }

    /// Containers made so far.
    pub fn made(&self) -> usize {
        self.containers.lock().unwrap().len()
    }

    /// The token endpoints; `None` for any other request.
    pub fn tokens(&self, asked: &Asked) -> Option<Said> {
        let good = |token: &str, seconds: i64| json!({ "access_token": token, "token_type": "bearer", "expires_in": seconds });
        let say = |kind: &str| format!("{}_{kind}_token", self.rules.prefix);
        let secret = || asked.field("client_secret") == APP.1;
        let grant = self.desk.known(&asked.field("access_token"));
        let grant = grant.filter(|grant| grant.dead.is_none());
        let refused = || error(400, 190, 0, "Invalid access token");
        Some(match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/oauth/access_token") => {
                let kept = self.codes.lock().unwrap().remove(&asked.field("code"));
                match kept {
                    Some((redirect, scopes))
                        if secret()
                            && asked.field("client_id") == APP.0
                            && redirect == asked.field("redirect_uri") =>
                    {
                        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                        let token = self.desk.grant(&self.account.0, &scopes, false);
                        let answer = json!({ "access_token": token, "user_id": self.account.0,
                            "permissions": scopes.join(",") });
                        Said::json(
                            200,
                            if self.rules.wrapped {
                                json!({ "data": [answer] })
                            } else {
                                answer
                            },
                        )
                    }
                    _ if self.rules.wrapped => Said::json(
                        400,
                        json!({ "error_type": "OAuthException", "code": 400,
                            "error_message": "Matching code was not found or was already used" }),
                    ),
                    _ => error(400, 100, 36_009, "This authorization code has been used."),
                }
            }
            ("GET", "/access_token") => match grant {
                Some(grant)
                    if secret() && !grant.long && asked.field("grant_type") == say("exchange") =>
                {
                    let scopes: Vec<&str> = grant.scopes.iter().map(String::as_str).collect();
                    Said::json(
                        200,
                        good(&self.desk.grant(&grant.who, &scopes, true), 5_183_944),
                    )
                }
                _ => refused(),
            },
            ("GET", "/refresh_access_token") => match grant {
                Some(grant) if grant.long && asked.field("grant_type") == say("refresh") => {
                    let scopes: Vec<&str> = grant.scopes.iter().map(String::as_str).collect();
                    Said::json(
                        200,
                        good(&self.desk.grant(&grant.who, &scopes, true), 5_184_000),
                    )
                }
                _ => refused(),
            },
            _ => return None,
        })
    }

    /// Makes a container; its picture is fetched now.
    ///
    /// # Errors
    /// Error 100 for what cannot be.
    pub fn create(&self, asked: &Asked) -> Result<Said, Said> {
        let bad = |why: &str| error(400, 100, 0, why);
        let fields: HashMap<String, String> = asked.form.iter().cloned().collect();
        let (looks, end) = *self.next.lock().unwrap();
        let mut container = Container {
            fields,
            state: end.unwrap_or("FINISHED"),
            why: String::new(),
            looks,
        };
        if let Some(url) = container.fields.get("image_url") {
            match fetch(url) {
                None => {
                    container.state = "ERROR";
                    container.why =
                        "Error: Media download has failed with error code 2207052".into();
                }
                Some(bytes) if bytes.len() > 8_000_000 => {
                    return Err(error(400, 36_000, 2_207_004, "The image is too large."));
                }
                Some(bytes) if !self.rules.magic.iter().any(|m| bytes.starts_with(m)) => {
                    return Err(error(
                        400,
                        36_001,
                        2_207_005,
                        "The image format is not supported.",
                    ));
                }
                Some(_) => {}
            }
        } else if let Some(children) = container.fields.get("children") {
            let all: Vec<&str> = children.split(',').collect();
            let held = self.containers.lock().unwrap();
            let ready = all.iter().all(|id| {
                held.get(*id).is_some_and(|child| {
                    child.state == "FINISHED"
                        && child.looks == 0
                        && child
                            .fields
                            .get("is_carousel_item")
                            .is_some_and(|is| is == "true")
                })
            });
            if !ready || !(2..=self.rules.children).contains(&all.len()) {
                return Err(bad("(#100) Param children is not valid"));
            }
        } else if container
            .fields
            .get("media_type")
            .is_none_or(|kind| kind != "TEXT")
        {
            return Err(bad("(#100) No media"));
        }
        let id = self.desk.id().to_string();
        self.containers
            .lock()
            .unwrap()
            .insert(id.clone(), container);
        Ok(Said::json(200, json!({ "id": id })))
    }

    /// A container's state.
    pub fn status(&self, id: &str) -> Option<(&'static str, String)> {
        let mut all = self.containers.lock().unwrap();
        let container = all.get_mut(id)?;
        if container.looks > 0 {
            container.looks -= 1;
            return Some(("IN_PROGRESS", String::new()));
        }
        Some((container.state, container.why.clone()))
    }

    /// Publishes a container: gives its fields, once.
    ///
    /// # Errors
    /// As documented for containers that are not ready.
    pub fn take(&self, id: &str) -> Result<HashMap<String, String>, Said> {
        let (used, total) = *self.quota.lock().unwrap();
        if used >= total {
            return Err(error(
                400,
                9,
                2_207_042,
                "You reached maximum number of posts",
            ));
        }
        let mut all = self.containers.lock().unwrap();
        let container = all
            .get_mut(id)
            .ok_or_else(|| error(400, 24, 2_207_006, "The requested resource does not exist"))?;
        if container.looks > 0 || container.state == "IN_PROGRESS" {
            return Err(error(
                400,
                9_007,
                2_207_027,
                "The media is not ready for publishing",
            ));
        }
        match container.state {
            "FINISHED" => container.state = "PUBLISHED",
            "EXPIRED" => return Err(error(400, -2, 2_207_020, "The media has expired")),
            _ => return Err(error(400, 100, 0, "The container cannot be published")),
        }
        let fields = container.fields.clone();
        self.quota.lock().unwrap().0 += 1;
        Ok(fields)
    }

    /// The children of a carousel as a list, or nothing.
    pub fn children(&self, fields: &HashMap<String, String>) -> Value {
        match fields.get("children") {
            Some(ids) => {
                let ids: Vec<Value> = ids.split(',').map(|id| json!({ "id": id })).collect();
                json!({ "data": ids })
            }
            None => Value::Null,
        }
    }

    /// The alternative texts of a post, in order.
    pub fn alts(&self, fields: &HashMap<String, String>) -> Vec<String> {
        let alt =
            |fields: &HashMap<String, String>| fields.get("alt_text").cloned().unwrap_or_default();
        match fields.get("children") {
            Some(ids) => {
                let all = self.containers.lock().unwrap();
                ids.split(',')
                    .filter_map(|id| all.get(id))
                    .map(|c| alt(&c.fields))
                    .collect()
            }
            None => vec![alt(fields)],
        }
    }

    /// True for the edge on which containers are made.
    pub fn makes(&self, edge: &str) -> bool {
        edge == self.rules.edge
    }
}
