//! A stand-in for the app view of Bluesky behind an account's own server: the notifications, from the published lexicon.
//! Unlike the real one of the tests, it can be made to hide, forget and lie.

use super::{Asked, Network, Said};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard};

#[derive(Debug, Default)]
struct State {
    /// Oldest first by the author's clock, as the real one sorts.
    all: Vec<(Timestamp, Value)>,
    /// The number of the tokens that are good.
    generation: u32,
    /// Cursors given out before are not known any more.
    epoch: u32,
    /// Each full page is followed by one from which everything was taken out.
    hides: bool,
}

/// The app view of one account.
#[derive(Debug)]
pub struct AppView {
    /// The account's id.
    pub did: String,
    state: Mutex<State>,
}

impl AppView {
    /// For an account.
    pub fn new(did: &str) -> Self {
        Self {
            did: did.to_owned(),
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What the vault holds for this account.
    pub fn keys(&self) -> String {
        let generation = self.lock().generation;
        Self::tokens(generation).to_string()
    }

    fn tokens(generation: u32) -> Value {
        json!({ "access": format!("access-{generation}"), "refresh": format!("refresh-{generation}"), "password": "mot-de-passe" })
    }

    /// The tokens given out have expired; only the newest can be renewed.
    pub fn expire(&self) {
        self.lock().generation += 1;
    }

    /// Cursors given out are not known any more.
    pub fn forget_cursors(&self) {
        self.lock().epoch += 1;
    }

    /// Pages come with holes from now on.
    pub fn hide(&self) {
        self.lock().hides = true;
    }

    /// Tells of a post by somebody else. `more` is put over what is usual. Returns its address.
    pub fn tell(&self, reason: &str, text: &str, at: Timestamp, more: &Value) -> String {
        let mut state = self.lock();
        let n = state.all.len();
        let uri = format!("at://did:plc:autre/app.bsky.feed.post/3k{n:011}");
        let mut told = json!({
            "uri": uri, "cid": format!("bafyreib{n:051}"),
            "author": { "did": "did:plc:autre", "handle": "autre.exemple.fr" },
            "reason": reason, "isRead": false, "indexedAt": at.to_string(),
            "record": { "$type": "app.bsky.feed.post", "text": text, "createdAt": at.to_string() },
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            told[key] = value.clone();
        }
        let uri = told["uri"].as_str().unwrap_or_default().to_owned();
        let place = state.all.partition_point(|(time, _)| *time <= at);
        state.all.insert(place, (at, told));
        uri
    }
}

fn error(status: u16, name: &str) -> Said {
    Said::json(status, json!({ "error": name, "message": "no" }))
}

impl Network for AppView {
    fn answer(&self, asked: &Asked) -> Said {
        let mut state = self.lock();
        let bearer = asked.authorization.trim_start_matches("Bearer ");
        if asked.path.ends_with("refreshSession") {
            // The grace of the real server: the last refresh token is good once more.
            let last = format!("refresh-{}", state.generation.saturating_sub(1));
            if bearer != last && bearer != format!("refresh-{}", state.generation) {
                return error(400, "ExpiredToken");
            }
            state.generation += 1;
            let n = state.generation;
            return Said::json(
                200,
                json!({ "accessJwt": format!("access-{n}"), "refreshJwt": format!("refresh-{n}"), "did": self.did, "handle": "phare.exemple.fr", "active": true }),
            );
        }
        if bearer != format!("access-{}", state.generation) {
            return error(400, "ExpiredToken");
        }
        let limit: usize = asked.field("limit").parse().unwrap_or(50);
        if !(1..=100).contains(&limit) {
            return error(400, "InvalidRequest");
        }
        let reasons: Vec<&str> = asked
            .query
            .iter()
            .filter(|(key, _)| key == "reasons")
            .map(|(_, value)| value.as_str())
            .collect();
        let cursor = asked.field("cursor");
        // Where the page ends: so many of the oldest are left.
        let (end, hole) = match cursor.split(':').collect::<Vec<_>>().as_slice() {
            [""] => (state.all.len(), false),
            [epoch, end, hole] if *epoch == state.epoch.to_string() => {
                (end.parse().unwrap(), *hole == "hole")
            }
            _ => return error(400, "InvalidRequest"),
        };
        if hole {
            let next = format!("{}:{end}:page", state.epoch);
            return Said::json(200, json!({ "notifications": [], "cursor": next }));
        }
        let start = end.saturating_sub(limit);
        let page: Vec<&Value> = state.all[start..end]
            .iter()
            .rev()
            .map(|(_, told)| told)
            .filter(|told| {
                reasons.is_empty() || reasons.contains(&told["reason"].as_str().unwrap_or_default())
            })
            .collect();
        let mut answer = json!({ "notifications": page });
        if start > 0 {
            let kind = if state.hides { "hole" } else { "page" };
            answer["cursor"] = json!(format!("{}:{start}:{kind}", state.epoch));
        }
        Said::json(200, answer)
    }
}
