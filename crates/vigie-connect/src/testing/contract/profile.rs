//! A stand-in for the server of a Bluesky account with the app view behind it: what an account shows of itself, from the
//! published lexicons. It says what the test wants it to.

use super::{Asked, Network, Said, face::Face};
use serde_json::{Value, json};

/// The table of published facts.
pub const TABLE: &str = include_str!("../../../contracts/bluesky-page.toml");
/// The account.
pub const DID: &str = "did:plc:phare";

/// One account.
#[derive(Debug)]
pub struct Profile {
    /// The record of its profile.
    pub record: Face,
    /// What the app view says.
    pub view: Face,
    /// What its own server says.
    pub own: Face,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            record: Face::new(
                json!({ "$type": "app.bsky.actor.profile", "displayName": "Le phare",
                "description": "Depuis 1862.", "website": "https://phare.exemple.fr",
                "avatar": { "$type": "blob", "ref": { "$link": "bafkreiphare" }, "mimeType": "image/png", "size": 70 } }),
            ),
            view: Face::new(
                json!({ "did": DID, "handle": "phare.exemple.fr", "followersCount": 1_862 }),
            ),
            own: Face::new(json!({ "did": DID, "handle": "phare.exemple.fr", "active": true })),
        }
    }
}

/// What the vault holds for the account.
pub fn keys() -> String {
    json!({ "access": "access-canary", "refresh": "refresh-canary", "password": "mot-de-passe" })
        .to_string()
}

impl Network for Profile {
    fn answer(&self, asked: &Asked) -> Said {
        let named = asked.path.trim_start_matches("/xrpc/");
        let answer = match named {
            "com.atproto.repo.getRecord" => {
                let record = self.record.on(json!({}));
                if record["$type"] == Value::Null {
                    return error(400, "RecordNotFound");
                }
                json!({ "uri": format!("at://{DID}/app.bsky.actor.profile/self"), "cid": "bafyreiprofil", "value": record })
            }
            "com.atproto.server.deleteSession" => {
                return match asked.authorization.as_str() {
                    "Bearer refresh-canary" => Said::json(200, Value::Null),
                    _ => error(400, "ExpiredToken"),
                };
            }
            _ if asked.authorization != "Bearer access-canary" => {
                return error(400, "InvalidToken");
            }
            "app.bsky.actor.getProfile" => self.view.on(json!({})),
            _ => self.own.on(json!({})),
        };
        Said::json(200, answer)
    }
}

fn error(status: u16, name: &str) -> Said {
    Said::json(status, json!({ "error": name, "message": "no" }))
}
