//! LinkedIn, as its documents describe it: one member, their roles at pages, posts, pictures and comments.

mod content;

use super::{Asked, Network, Said};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard};

const SCOPES: &str = "r_organization_social,r_organization_social_feed,rw_organization_admin,\
                      w_organization_social,w_organization_social_feed";
/// The signs that the little text reserves.
const RESERVED: &str = r"\|{}@[]()<>#*_~";

/// A post as LinkedIn holds it: what people see of it.
#[derive(Debug, Clone)]
pub struct LinkedInPost {
    /// Its URN.
    pub id: String,
    /// The page.
    pub author: String,
    /// Its words as they are seen, cut where a reserved sign stood bare.
    pub seen: String,
    /// As it was sent.
    pub commentary: String,
    /// Pictures or a card.
    pub content: Value,
    /// Milliseconds since 1970.
    pub at: i64,
    activity: String,
}

/// A comment.
#[derive(Debug, Clone)]
pub struct LinkedInComment {
    /// Its number.
    pub id: String,
    /// The post's activity.
    pub activity: String,
    /// Who.
    pub actor: String,
    /// Its words.
    pub text: String,
    /// The comment that it answers.
    pub parent: Option<String>,
    /// Milliseconds since 1970.
    pub at: i64,
}

impl LinkedInComment {
    /// Its URN.
    pub fn urn(&self) -> String {
        format!("urn:li:comment:({},{})", self.activity, self.id)
    }
}

/// What may be changed by a test.
#[derive(Debug)]
pub struct LinkedInState {
    access: Vec<(String, String, &'static str)>,
    /// The refresh token, where the program is approved for one.
    pub refresh: Option<String>,
    codes: Vec<(String, String)>,
    /// Page, role, state.
    pub roles: Vec<(String, &'static str, &'static str)>,
    /// Who has which role at the page of the tests, besides the member: person, role, state.
    pub others: Vec<(String, &'static str, &'static str)>,
    /// What the page shows of itself.
    pub face: Value,
    /// How many follow it.
    pub followers: u64,
    /// Posts.
    pub posts: Vec<LinkedInPost>,
    /// Comments.
    pub comments: Vec<LinkedInComment>,
    /// Pictures: URN and bytes that came.
    pub images: Vec<(String, usize)>,
    /// The states that pictures go through.
    pub states: Vec<&'static str>,
    /// Where pictures are sent; the server itself when empty.
    pub place: String,
    /// What is given of the scopes asked for.
    pub scopes: String,
    /// The oldest version that is alive.
    pub oldest: u32,
    /// True when the day's calls are used up.
    pub used_up: bool,
    number: u64,
}

/// The network.
#[derive(Debug)]
pub struct LinkedInNetwork(Mutex<LinkedInState>);

impl Default for LinkedInNetwork {
    fn default() -> Self {
        let page = |id: u32| format!("urn:li:organization:{id}");
        Self(Mutex::new(LinkedInState {
            access: Vec::new(),
            refresh: None,
            codes: Vec::new(),
            roles: vec![
                (page(5_583_111), "ADMINISTRATOR", "APPROVED"),
                (page(77), "CONTENT_ADMIN", "APPROVED"),
                (page(88), "ANALYST", "APPROVED"),
                (page(99), "ADMINISTRATOR", "REQUESTED"),
                (
                    "urn:li:organizationBrand:4".into(),
                    "ADMINISTRATOR",
                    "APPROVED",
                ),
            ],
            others: Vec::new(),
            face: json!({}),
            followers: 0,
            posts: Vec::new(),
            comments: Vec::new(),
            images: Vec::new(),
            states: Vec::new(),
            place: String::new(),
            scopes: SCOPES.into(),
            oldest: 202_512,
            used_up: false,
            number: 0,
        }))
    }
}

impl LinkedInNetwork {
    /// The table of facts.
    pub const FACTS: &str = include_str!("../../../../contracts/linkedin.toml");
    /// The program's id and secret.
    pub const APP: (&str, &str) = ("client-id", "client-secret-canary");
    /// A page that the member administers.
    pub const PAGE: &str = "urn:li:organization:5583111";

    /// The state, to look at or to change.
    pub fn state(&self) -> MutexGuard<'_, LinkedInState> {
        self.0.lock().unwrap()
    }

    /// A person says yes on the page of consent: the code that they come back with.
    pub fn consent(&self, redirect: &str) -> String {
        let mut state = self.state();
        let code = format!("code-canary-{}", state.next());
        state.codes.push((code.clone(), redirect.to_owned()));
        code
    }

    /// The program is approved for refresh tokens.
    pub fn approve(&self) {
        self.state().refresh = Some("refresh-canary-1".into());
    }

    /// An access token, as after signing in.
    pub fn grant(&self) -> String {
        let answer = self.state().issue();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Every access token given so far answers with this error from now on, such as `EXPIRED_ACCESS_TOKEN`.
    pub fn end_access(&self, error: &'static str) {
        for access in &mut self.state().access {
            access.2 = error;
        }
    }

    /// Somebody comments on a post.
    pub fn comment(&self, post: &str, actor: &str, text: &str) -> String {
        let mut state = self.state();
        let post = state.posts.iter().find(|held| held.id == post).unwrap();
        let activity = post.activity.clone();
        let comment = LinkedInComment {
            id: state.next().to_string(),
            activity,
            actor: actor.into(),
            text: text.into(),
            parent: None,
            at: Timestamp::now().as_millisecond(),
        };
        let urn = comment.urn();
        state.comments.push(comment);
        urn
    }

    /// How many posts are seen with these words.
    pub fn held(&self, text: &str) -> usize {
        let state = self.state();
        state.posts.iter().filter(|post| post.seen == text).count()
    }
}

fn error(status: u16, code: &str, number: u32, message: &str) -> Said {
    let body =
        json!({ "status": status, "code": code, "serviceErrorCode": number, "message": message });
    Said::json(status, body)
}

fn missing() -> Said {
    error(404, "NOT_FOUND", 0, "Not found")
}

/// What people see of a commentary: it ends at the first reserved sign that stands bare, but for templates, mentions
/// and tags.
fn seen(commentary: &str) -> String {
    let mut out = String::new();
    let mut rest = commentary;
    while let Some(c) = rest.chars().next() {
        if let Some(template) = rest.strip_prefix(r"{hashtag|\#|") {
            let Some((tag, after)) = template.split_once('}') else {
                return out;
            };
            out.push('#');
            out.push_str(&tag.replace('\\', ""));
            rest = after;
            continue;
        }
        let mut chars = rest.chars();
        chars.next();
        if c == '\\' {
            let Some(next) = chars.next().filter(|next| RESERVED.contains(*next)) else {
                return out;
            };
            out.push(next);
        } else if RESERVED.contains(c) {
            return out;
        } else {
            out.push(c);
        }
        rest = chars.as_str();
    }
    out
}

/// `%3A` and the like written out; a name that is not encoded is not found.
fn decoded(segment: &str) -> String {
    if segment.contains([':', '(', ',']) {
        return String::new();
    }
    let form = segment.replace('+', "%2B");
    let pairs = url::form_urlencoded::parse(form.as_bytes());
    pairs.map(|(key, _)| key.into_owned()).collect()
}

impl LinkedInState {
    fn next(&mut self) -> u64 {
        self.number += 1;
        7_200_000_000_000_000_000 + self.number
    }

    fn issue(&mut self) -> Value {
        let token = format!("access-canary-{}", self.next());
        self.access.push((token.clone(), self.scopes.clone(), ""));
        let mut body =
            json!({ "access_token": token, "expires_in": 5_184_000, "scope": self.scopes });
        if let Some(refresh) = &self.refresh {
            body["refresh_token"] = json!(refresh);
            body["refresh_token_expires_in"] = json!(31_536_000);
        }
        body
    }

    fn token(&mut self, asked: &Asked) -> Said {
        let no = |error: &str| {
            let body =
                json!({ "error": error, "error_description": "Unable to retrieve access token" });
            Said::json(400, body)
        };
        let (id, secret) = LinkedInNetwork::APP;
        if asked.field("client_id") != id || asked.field("client_secret") != secret {
            let body = json!({ "error": "invalid_client", "error_description": "Client authentication failed" });
            return Said::json(401, body);
        }
        if asked.field("grant_type") == "refresh_token" {
            return match &self.refresh {
                Some(refresh) if *refresh == asked.field("refresh_token") => {
                    Said::json(200, self.issue())
                }
                _ => no("invalid_grant"),
            };
        }
        let good = self.codes.iter().position(|(code, redirect)| {
            *code == asked.field("code") && *redirect == asked.field("redirect_uri")
        });
        match good {
            Some(at) => {
                self.codes.remove(at);
                Said::json(200, self.issue())
            }
            None => no("invalid_grant"),
        }
    }

    fn may(&self, page: &str) -> bool {
        self.roles.iter().any(|(of, role, state)| {
            of == page && ["ADMINISTRATOR", "CONTENT_ADMIN"].contains(role) && *state == "APPROVED"
        })
    }

    /// The member's own role at a page.
    fn role(&self, page: &str) -> Option<&'static str> {
        let own = self
            .roles
            .iter()
            .find(|(of, _, state)| of == page && *state == "APPROVED");
        own.map(|(_, role, _)| *role)
    }

    /// Who has a role at a page: shown to its administrators.
    fn roles_of(&self, asked: &Asked) -> Said {
        let page = asked.field("organization");
        let Some(own) = self.role(&page).filter(|role| *role == "ADMINISTRATOR") else {
            return error(
                403,
                "ACCESS_DENIED",
                100,
                "Not enough permissions to access",
            );
        };
        let member = ("urn:li:person:abc".to_owned(), own, "APPROVED");
        let wanted = asked.field("state");
        let all: Vec<Value> = std::iter::once(&member)
            .chain(&self.others)
            .filter(|(_, _, state)| wanted.is_empty() || *state == wanted)
            .map(|(who, role, state)| {
                json!({ "organization": page, "role": role, "state": state, "roleAssignee": who })
            })
            .collect();
        Self::list(asked, &all)
    }

    fn list(asked: &Asked, all: &[Value]) -> Said {
        let number = |name: &str, other: usize| asked.field(name).parse().unwrap_or(other);
        let (start, count) = (number("start", 0), number("count", 10));
        if !(1..=100).contains(&count) {
            return error(
                400,
                "INVALID_VALUE_FOR_FIELD",
                0,
                "count is not between 1 and 100",
            );
        }
        let page: Vec<&Value> = all.iter().skip(start).take(count).collect();
        let body = json!({ "elements": page, "paging": { "start": start, "count": count, "links": [], "total": all.len() } });
        Said::json(200, body)
    }

    fn route(&mut self, asked: &Asked) -> Said {
        let decoded: Vec<String> = asked.segments().into_iter().map(decoded).collect();
        let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
        if segments == ["oauth", "v2", "accessToken"] {
            return self.token(asked);
        }
        let bearer = asked.authorization.trim_start_matches("Bearer ").to_owned();
        let scopes = match self.access.iter().find(|access| access.0 == bearer) {
            Some((_, scopes, "")) => scopes.clone(),
            Some((_, _, why)) => {
                return error(
                    401,
                    why,
                    65_602,
                    "The token used in the request has expired",
                );
            }
            None => return error(401, "INVALID_ACCESS_TOKEN", 65_600, "Invalid access token"),
        };
        if segments.first() == Some(&"rest") {
            let version: u32 = asked.header("linkedin-version").parse().unwrap_or(0);
            if version < self.oldest || asked.header("x-restli-protocol-version") != "2.0.0" {
                let words = format!("Requested version {version}01 is not active");
                let body =
                    json!({ "status": 426, "code": "NONEXISTENT_VERSION", "message": words });
                return Said::json(426, body);
            }
        }
        if self.used_up {
            return error(
                429,
                "QUOTA_EXCEEDED",
                101,
                "Resource level throttle limit for calls to this resource is reached.",
            );
        }
        let write = asked.method != "GET";
        let needs = match segments.get(1) {
            Some(&("organizationAcls" | "organizations" | "networkSizes")) => {
                "rw_organization_admin"
            }
            Some(&"socialActions") if write => "w_organization_social_feed",
            Some(&"socialActions") => "r_organization_social_feed",
            _ if write => "w_organization_social",
            _ => "r_organization_social",
        };
        if !scopes.split(',').any(|scope| scope == needs) {
            return error(
                403,
                "ACCESS_DENIED",
                100,
                "Not enough permissions to access",
            );
        }
        match (asked.method.as_str(), segments.as_slice()) {
            ("GET", ["rest", "organizationAcls"]) if asked.field("q") == "organization" => {
                self.roles_of(asked)
            }
            ("GET", ["rest", "networkSizes", of]) => {
                if self.role(of) != Some("ADMINISTRATOR") {
                    return error(
                        403,
                        "ACCESS_DENIED",
                        100,
                        "Not enough permissions to access",
                    );
                }
                Said::json(200, json!({ "firstDegreeSize": self.followers }))
            }
            ("GET", ["rest", "organizationAcls"]) => {
                let role = |(of, role, state): &(String, &str, &str)| {
                    json!({
                        "organization": of, "role": role, "state": state, "roleAssignee": "urn:li:person:abc",
                    })
                };
                let wanted = asked.field("state");
                let all: Vec<Value> = self
                    .roles
                    .iter()
                    .filter(|(_, _, state)| wanted.is_empty() || *state == wanted)
                    .map(role)
                    .collect();
                Self::list(asked, &all)
            }
            ("GET", ["rest", "organizations", id]) => {
                let number: u64 = id.parse().unwrap_or_default();
                let mut body = json!({ "id": number, "localizedName": format!("Phare {id}"), "vanityName": format!("phare-{id}") });
                for (name, value) in self.face.as_object().into_iter().flatten() {
                    body[name.as_str()] = value.clone();
                }
                Said::json(200, body)
            }
            ("POST", ["rest", "images"]) => {
                let image = format!("urn:li:image:D4E10AQ{}", self.next());
                self.images.push((image.clone(), 0));
                let place = match self.place.as_str() {
                    "" => format!(
                        "http://{}/dms-uploads/{}",
                        asked.header("host"),
                        self.images.len() - 1
                    ),
                    place => place.to_owned(),
                };
                let value = json!({ "uploadUrlExpiresAt": 1_900_000_000_000_i64, "uploadUrl": place, "image": image });
                Said::json(200, json!({ "value": value }))
            }
            ("PUT", ["dms-uploads", at]) => {
                let at: usize = at.parse().unwrap_or(usize::MAX);
                match self.images.get_mut(at) {
                    Some(image) => {
                        image.1 = asked.body.len();
                        Said::json(201, Value::Null)
                    }
                    None => missing(),
                }
            }
            ("GET", ["rest", "images", urn]) => {
                let state = if self.states.is_empty() {
                    "AVAILABLE"
                } else {
                    self.states.remove(0)
                };
                Said::json(200, json!({ "id": urn, "status": state }))
            }
            ("POST", ["rest", "posts"]) => self.post(asked),
            ("GET", ["rest", "posts"]) => {
                let author = asked.field("author");
                let mut all: Vec<&LinkedInPost> =
                    self.posts.iter().filter(|p| p.author == author).collect();
                all.sort_by_key(|post| std::cmp::Reverse((post.at, post.id.clone())));
                let all: Vec<Value> = all.into_iter().map(Self::shown).collect();
                Self::list(asked, &all)
            }
            ("GET", ["rest", "posts", id]) => match self.posts.iter().find(|post| post.id == *id) {
                Some(post) => Said::json(200, Self::shown(post)),
                None => missing(),
            },
            ("DELETE", ["rest", "posts", id]) => {
                // Idempotent.
                self.posts.retain(|post| post.id != *id);
                Said::json(204, Value::Null)
            }
            (_, ["rest", "socialActions", urn, "comments"]) => self.comments(asked, urn, None),
            (_, ["rest", "socialActions", urn, "comments", id]) => {
                self.comments(asked, urn, Some(id))
            }
            _ => missing(),
        }
    }
}

impl Network for LinkedInNetwork {
    fn answer(&self, asked: &Asked) -> Said {
        self.state().route(asked)
    }
}
