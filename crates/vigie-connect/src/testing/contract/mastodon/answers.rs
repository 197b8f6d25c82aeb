//! What the server answers.

use super::{Mastodon, Media, State, Status, Token};
use crate::{
    oauth,
    testing::contract::{Asked, Network, Said},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::fmt::Write as _;

impl Mastodon {
    fn shown(&self, state: &State, status: &Status) -> Value {
        let (name, _) = &state.accounts[&status.account];
        let mut mentions = Vec::new();
        let content = status
            .html
            .clone()
            .unwrap_or_else(|| content(&status.text, state, &mut mentions));
        let parent = status
            .reply_to
            .as_ref()
            .and_then(|id| state.statuses.iter().find(|s| s.id == *id));
        let boosted = status
            .boost_of
            .as_ref()
            .and_then(|id| state.statuses.iter().find(|s| s.id == *id));
        let media: Vec<Value> = status
            .media
            .iter()
            .map(|id| json!({ "id": id, "type": "image", "url": "https://ici.test/m.png", "description": state.media[id].description }))
            .collect();
        json!({
            "id": status.id, "created_at": status.made, "edited_at": status.edited,
            "uri": format!("https://ici.test/users/{name}/statuses/{}", status.id),
            "url": format!("https://ici.test/@{name}/{}", status.id),
            "content": content, "visibility": status.visibility, "language": status.language,
            "sensitive": !status.warning.is_empty(), "spoiler_text": status.warning,
            "account": entity(&status.account, name),
            "in_reply_to_id": status.reply_to,
            "in_reply_to_account_id": parent.map(|p| p.account.clone()),
            "media_attachments": media, "mentions": mentions, "tags": [], "emojis": [],
            "reblog": boosted.map(|b| self.shown(state, b)), "card": null, "poll": null,
            "replies_count": 0, "reblogs_count": 0, "favourites_count": 0,
        })
    }

    fn about(&self, version: &str) -> Value {
        let (characters, pictures, url) = self.kind.limits;
        let configuration = json!({
            "statuses": { "max_characters": characters, "max_media_attachments": pictures, "characters_reserved_per_url": url },
            "media_attachments": {
                "supported_mime_types": ["image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4"],
                "image_size_limit": 1_000_000, "description_limit": 1_500 },
        });
        match version {
            "v2" => {
                json!({ "domain": "exemple.social", "version": "4.4.0", "configuration": configuration })
            }
            _ => {
                json!({ "uri": "exemple.social", "version": "3.5.0", "configuration": configuration })
            }
        }
    }

    fn grant(&self, state: &mut State, client: &str, account: &str, scopes: &str) -> Said {
        state.count += 1;
        let (token, refresh) = (
            format!("jeton-de-test-{}", state.count),
            format!("renouvellement-de-test-{}", state.count),
        );
        let ends = self.kind.tokens_end;
        let made = Token {
            account: account.to_owned(),
            scopes: scopes.split(' ').map(str::to_owned).collect(),
            client: client.to_owned(),
            until: ends.then(|| Timestamp::now() + SignedDuration::from_hours(24)),
        };
        state.tokens.insert(token.clone(), made);
        let mut answer = json!({ "access_token": token, "token_type": "Bearer", "scope": scopes, "created_at": 1 });
        if ends {
            state.refresh.insert(refresh.clone(), token);
            answer["refresh_token"] = json!(refresh);
            answer["expires_in"] = json!(86_400);
        }
        Said::json(200, answer)
    }

    fn exchange(&self, state: &mut State, asked: &Asked) -> Said {
        let client = asked.field("client_id");
        let known = state.apps.get(&client).cloned();
        let Some((secret, _, scopes)) = known else {
            return error(401, "invalid_client");
        };
        if secret != asked.field("client_secret") {
            return error(401, "invalid_client");
        }
        match asked.field("grant_type").as_str() {
            "authorization_code" => {
                // A code is good once.
                let Some((app, account, redirect, challenge)) =
                    state.codes.remove(&asked.field("code"))
                else {
                    return error(400, "invalid_grant");
                };
                let right = app == client
                    && redirect == asked.field("redirect_uri")
                    && challenge == oauth::challenge(&asked.field("code_verifier"));
                if !right {
                    return error(400, "invalid_grant");
                }
                self.grant(state, &client, &account, &scopes)
            }
            "refresh_token" => {
                let old = state.refresh.remove(&asked.field("refresh_token"));
                match old.and_then(|old| state.tokens.remove(&old)) {
                    Some(token) if token.client == client => {
                        self.grant(state, &client, &token.account, &scopes)
                    }
                    _ => error(400, "invalid_grant"),
                }
            }
            _ => error(400, "unsupported_grant_type"),
        }
    }

    /// Whose token this is, if it carries the right.
    fn opened(&self, state: &State, asked: &Asked, right: &str) -> Result<String, Said> {
        let token = asked.authorization.trim_start_matches("Bearer ");
        let invalid = || error(401, "The access token is invalid");
        let token = state.tokens.get(token).ok_or_else(invalid)?;
        if token.until.is_some_and(|until| until <= Timestamp::now()) {
            return Err(invalid());
        }
        if state.accounts[&token.account].1 {
            return Err(error(403, "Your login is currently disabled"));
        }
        let whole = right.split(':').next().unwrap();
        if !token.scopes.iter().any(|s| s == right || s == whole) {
            return Err(error(403, "This action is outside the authorized scopes"));
        }
        Ok(token.account.clone())
    }

    fn put(&self, state: &mut State, account: &str, asked: &Asked) -> Said {
        let key = format!("{account} {}", asked.header("idempotency-key"));
        if self.kind.keeps_keys
            && let Some(id) = state.keys.get(&key)
            && let Some(status) = state.statuses.iter().find(|s| s.id == *id)
        {
            return Said::json(200, self.shown(state, status));
        }
        let text = asked.field("status");
        let media: Vec<String> = asked.json["media_ids"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|id| id.as_str().unwrap_or_default().to_owned())
            .collect();
        let (most, pictures, _) = self.kind.limits;
        let invalid = self.kind.invalid;
        if text.trim().is_empty() && media.is_empty() {
            return error(invalid, "Validation failed: Text can't be blank");
        }
        let warning = asked.field("spoiler_text");
        // Plain characters: tests with links stay away from the limit.
        if text.chars().count() + warning.chars().count() > most {
            let words = format!("Validation failed: Text character limit of {most} exceeded");
            return error(invalid, &words);
        }
        if media.len() > pictures {
            return error(
                invalid,
                "Validation failed: Cannot attach more than 4 files",
            );
        }
        for id in &media {
            let ready = |m: &&Media| m.looks == 0 && !m.bad && !(m.used && self.kind.media_once);
            if state.media.get(id).filter(ready).is_none() {
                return error(
                    invalid,
                    "Cannot attach files that have not finished processing",
                );
            }
        }
        let parent = Some(asked.field("in_reply_to_id")).filter(|id| !id.is_empty());
        if let Some(parent) = &parent
            && !state.statuses.iter().any(|s| s.id == *parent)
        {
            return error(
                404,
                "The post you are trying to reply to does not appear to exist.",
            );
        }
        let visibility = match asked.field("visibility").as_str() {
            "" => self.kind.visibility.to_owned(),
            said => said.to_owned(),
        };
        let language = asked.field("language");
        if language.len() > 3 {
            return error(422, "Validation failed: Language is invalid");
        }
        for id in &media {
            state.media.get_mut(id).unwrap().used = true;
        }
        let status = Status {
            id: self.next(state),
            account: account.to_owned(),
            text,
            visibility,
            reply_to: parent,
            media,
            language,
            warning,
            made: Timestamp::now().to_string(),
            ..Status::default()
        };
        state.keys.insert(key, status.id.clone());
        let shown = self.shown(state, &status);
        state.statuses.push(status);
        Said::json(200, shown)
    }

    fn media(&self, state: &mut State, asked: &Asked) -> Said {
        let id = self.next(state);
        let description = Some(asked.field("description")).filter(|d| !d.is_empty());
        let media = Media {
            description,
            looks: state.slow,
            bad: state.bad_media,
            used: false,
        };
        let ready = media.looks == 0;
        state.media.insert(id.clone(), media);
        let url = if ready {
            json!("https://ici.test/m.png")
        } else {
            Value::Null
        };
        let shown = json!({ "id": id, "type": "image", "url": url });
        Said::json(if ready { 200 } else { 202 }, shown)
    }

    fn work(state: &mut State, id: &str) -> Said {
        let Some(media) = state.media.get_mut(id) else {
            return error(404, "Record not found");
        };
        media.looks = media.looks.saturating_sub(1);
        if media.looks > 0 {
            return Said::json(206, Value::Null);
        }
        if media.bad {
            return error(
                422,
                "Validation failed: File content type is invalid, File is invalid",
            );
        }
        Said::json(
            200,
            json!({ "id": id, "type": "image", "url": "https://ici.test/m.png" }),
        )
    }

    fn notifications(&self, state: &State, account: &str, asked: &Asked) -> Said {
        let limit: usize = asked.field("limit").parse().unwrap_or(40).min(80);
        let mut all: Vec<&(String, String, String)> = state
            .notifications
            .iter()
            .filter(|(_, of, _)| of == account)
            .collect();
        let min = asked.field("min_id");
        if min.is_empty() {
            all.reverse();
            all.truncate(limit);
        } else {
            // The oldest that are newer, newest first.
            all.retain(|(id, ..)| *id > min);
            all.truncate(limit);
            all.reverse();
        }
        let shown = all.iter().filter_map(|(id, _, about)| {
            let status = state.statuses.iter().find(|s| s.id == *about)?;
            let (name, _) = &state.accounts[&status.account];
            Some(
                json!({ "id": id, "type": "mention", "created_at": status.made,
                "account": entity(&status.account, name), "status": self.shown(state, status) }),
            )
        });
        Said::json(200, shown.collect())
    }
}

fn error(status: u16, words: &str) -> Said {
    Said::json(status, json!({ "error": words }))
}

fn entity(id: &str, name: &str) -> Value {
    let username = name.split('@').next().unwrap();
    json!({ "id": id, "username": username, "acct": name, "display_name": username, "url": format!("https://ici.test/@{name}") })
}

/// Takes a token back: of the program that it was given to; one that is not known is a success too.
fn revoke(state: &mut State, asked: &Asked) -> Said {
    let client = asked.field("client_id");
    let known = state.apps.get(&client);
    let token = asked.field("token");
    let of = state.refresh.get(&token).unwrap_or(&token).clone();
    let theirs = state.tokens.get(&of).is_none_or(|of| of.client == client);
    if !theirs || known.is_none_or(|app| app.0 != asked.field("client_secret")) {
        let body = json!({ "error": "unauthorized_client",
            "error_description": "You are not authorized to revoke this token" });
        return Said::json(403, body);
    }
    if state.refresh.remove(&token).is_none() {
        state.tokens.remove(&token);
    }
    Said::json(200, json!({}))
}

/// The entity `CredentialAccount`: what everybody sees, and how its owner wrote it.
fn credential(id: &str, state: &State) -> Value {
    let mut all = entity(id, &state.accounts[id].0);
    let own = json!({ "note": "", "fields": [], "avatar": "https://ici.test/avatars/original/missing.png",
        "followers_count": 0, "source": { "note": "", "fields": [], "privacy": "public" } });
    let face = state.faces.get(id).cloned().unwrap_or_default();
    for (name, value) in [&own, &face]
        .into_iter()
        .filter_map(Value::as_object)
        .flatten()
    {
        all[name.as_str()] = value.clone();
    }
    all
}

/// A text as Mastodon writes it: escaped, in paragraphs, links cut for the eye, mentions and tags as links.
fn content(text: &str, state: &State, mentions: &mut Vec<Value>) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
    };
    let mut word = |word: &str| {
        if let Some((scheme, rest)) = word
            .split_once("://")
            .filter(|(s, _)| s.starts_with("http"))
        {
            let cut: String = rest.chars().take(30).collect();
            let tail = &rest[cut.len()..];
            let class = if tail.is_empty() { "" } else { "ellipsis" };
            return format!(
                r#"<a href="{}" target="_blank" rel="nofollow noopener"><span class="invisible">{scheme}://</span><span class="{class}">{}</span><span class="invisible">{}</span></a>"#,
                escape(word),
                escape(&cut),
                escape(tail)
            );
        }
        if let Some(name) = word.strip_prefix('@')
            && let Some((id, _)) = state.accounts.iter().find(|(_, (known, _))| known == name)
        {
            let url = format!("https://ici.test/@{name}");
            let short = name.split('@').next().unwrap();
            mentions.push(json!({ "id": id, "username": short, "acct": name, "url": url }));
            return format!(
                r#"<span class="h-card" translate="no"><a href="{url}" class="u-url mention">@<span>{short}</span></a></span>"#
            );
        }
        if let Some(tag) = word.strip_prefix('#') {
            return format!(
                r#"<a href="https://ici.test/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>"#
            );
        }
        escape(word)
    };
    let mut html = String::new();
    for paragraph in text.trim().split("\n\n") {
        let lines: Vec<String> = paragraph
            .split('\n')
            .map(|line| line.split(' ').map(&mut word).collect::<Vec<_>>().join(" "))
            .collect();
        let _ = write!(html, "<p>{}</p>", lines.join("<br />"));
    }
    html
}

impl Network for Mastodon {
    fn answer(&self, asked: &Asked) -> Said {
        let mut state = self.lock();
        let state = &mut *state;
        let (left, reset) = match &mut state.left {
            Some((left, until)) => {
                let had = *left;
                *left = had.saturating_sub(1);
                if had == 0 {
                    // A date, not a number.
                    return error(429, "Too many requests")
                        .header("x-ratelimit-limit", "300")
                        .header("x-ratelimit-remaining", "0")
                        .header("x-ratelimit-reset", until.to_string());
                }
                (had - 1, *until)
            }
            None => (299, Timestamp::now() + SignedDuration::from_mins(5)),
        };
        let said = self.route(state, asked).unwrap_or_else(|said| said);
        said.header("x-ratelimit-limit", "300")
            .header("x-ratelimit-remaining", left.to_string())
            .header("x-ratelimit-reset", reset.to_string())
    }
}

impl Mastodon {
    fn route(&self, state: &mut State, asked: &Asked) -> Result<Said, Said> {
        let path = asked.segments();
        Ok(match (asked.method.as_str(), path.as_slice()) {
            ("POST", ["api", "v1", "apps"]) => {
                let id = format!("app-{}", state.apps.len());
                let secret = format!("secret-de-test-{}", state.apps.len());
                let app = (
                    secret.clone(),
                    asked.field("redirect_uris"),
                    asked.field("scopes"),
                );
                state.apps.insert(id.clone(), app);
                Said::json(
                    200,
                    json!({ "id": "7", "name": asked.field("client_name"), "client_id": id, "client_secret": secret }),
                )
            }
            ("POST", ["oauth", "token"]) => self.exchange(state, asked),
            ("POST", ["oauth", "revoke"]) => revoke(state, asked),
            ("GET", ["api", "v2", "instance"]) if !self.kind.second_instance => {
                error(404, "The page you are looking for isn't here.")
            }
            ("GET", ["api", version, "instance"]) => Said::json(200, self.about(version)),
            ("GET", ["api", "v1", "accounts", "verify_credentials"]) => {
                let id = self.opened(state, asked, "read:accounts")?;
                Said::json(200, credential(&id, state))
            }
            ("GET", ["api", "v1", "accounts", of, "statuses"]) => {
                self.opened(state, asked, "read:statuses")?;
                let max = asked.field("max_id");
                let boosts = asked.field("exclude_reblogs") != "true";
                let limit = asked.field("limit").parse().unwrap_or(20).min(40);
                let page = state.statuses.iter().rev().filter(|s| {
                    s.account == *of
                        && (max.is_empty() || s.id < max)
                        && (boosts || s.boost_of.is_none())
                });
                Said::json(
                    200,
                    page.take(limit).map(|s| self.shown(state, s)).collect(),
                )
            }
            ("POST", ["api", "v2", "media"]) => {
                self.opened(state, asked, "write:media")?;
                self.media(state, asked)
            }
            ("GET", ["api", "v1", "media", id]) => {
                self.opened(state, asked, "write:media")?;
                Self::work(state, id)
            }
            ("POST", ["api", "v1", "statuses"]) => {
                let account = self.opened(state, asked, "write:statuses")?;
                self.put(state, &account, asked)
            }
            ("GET", ["api", "v1", "statuses", id]) => {
                self.opened(state, asked, "read:statuses")?;
                match state.statuses.iter().find(|s| s.id == *id) {
                    Some(status) => Said::json(200, self.shown(state, status)),
                    None => error(404, "Record not found"),
                }
            }
            ("DELETE", ["api", "v1", "statuses", id]) => {
                let account = self.opened(state, asked, "write:statuses")?;
                let at = state
                    .statuses
                    .iter()
                    .position(|s| s.id == *id && s.account == account);
                match at {
                    Some(at) => {
                        let shown = self.shown(state, &state.statuses[at]);
                        state.statuses.remove(at);
                        Said::json(200, shown)
                    }
                    None if self.kind.gone == 200 => Said::json(200, json!({})),
                    None => error(404, "Record not found"),
                }
            }
            ("GET", ["api", "v1", "notifications"]) => {
                let account = self.opened(state, asked, "read:notifications")?;
                self.notifications(state, &account, asked)
            }
            _ => error(404, "The page you are looking for isn't here."),
        })
    }
}
