//! X (formerly Twitter), by its API v2, as the person who let Vigie in (OAuth 2 with PKCE).
//!
//! Every call costs the operator money (see [`PRICES`]): posts are read at most twenty at a time, only since the
//! moment that matters where the interface allows it, and each call asks for the fields that are used.
//!
//! The network keeps no key of ours. Only the call that makes the post can have an unknown outcome; pictures are
//! uploaded before it and die by themselves when no post names them. A text that the account has posted lately is
//! refused there as a duplicate: after an unknown outcome that is no proof, [`Connector::find`] looks.

mod arrivals;
mod call;
mod farewell;
mod media;
mod post;
mod shows;
mod text;
mod used;

use crate::{
    Account, Arrivals, Code, Connected, Connector, Declaration, Failure, Farewell, Http, Limit,
    Limits, MediaWay, Page, Payload, Proven, Reads, RemotePost, Renewal, Revokes, Segment,
    SegmentKind, Session, Settling, Shows, SignIn, Token, Unit,
    hook::{self, HookAnswer, HookCall, Written},
    oauth::{self, App, Ask, Back, Going},
    price::{Meter, Price, Prices},
    problem,
    segments::{self, Names},
};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;
use vigie_core::{
    content::{Platform, Repliers},
    page_state::PageState,
    publication::{Found, Outcome},
};

/// What X can do.
pub static DECLARATION: Declaration = Declaration {
    platform: Platform::X,
    name: Platform::X.name(),
    sign_in: SignIn::OAuth { registered: true },
    has_service: false,
    default_service: "https://api.x.com",
    text: Limit {
        most: 280,
        unit: Unit::Weighted,
        // A link weighs 23 whatever its length.
        bytes: 20_000,
    },
    pictures: 4,
    needs_picture: false,
    picture_bytes: 5_000_000,
    picture_types: &["image/jpeg", "image/png", "image/webp"],
    alt_graphemes: 1_000,
    media: MediaWay::Upload,
    link_card: false,
    link_card_with_pictures: false,
    languages: 0,
    replies: true,
    warning: false,
    repliers: &[Repliers::Followed, Repliers::Mentioned],
    series: true,
    settling: Settling::ByContent,
    reads: Reads {
        posts: true,
        edits: true,
        comments: true,
        mentions: true,
        messages: false,
    },
    // Each reading costs money: once a day.
    shows: Shows {
        website: true,
        followers: true,
        every: 24,
        ..Shows::PROFILE
    },
    deletes: true,
    every: 15,
    hooks: true,
    scopes: &[
        "tweet.read",
        "tweet.write",
        "users.read",
        "media.write",
        "offline.access",
    ],
    version: None,
    token: Token {
        days: None,
        renewal: Renewal::ByItself,
    },
    prices: Some(PRICES),
    revokes: Revokes::Token,
    removal: "https://x.com/settings/connected_apps",
    proven: Proven::Contract("the published OpenAPI of the X API v2"),
    sources: &[
        "https://github.com/xdevplatform/docs/blob/main/openapi.json",
        "https://docs.x.com/fundamentals/counting-characters",
        "https://docs.x.com/x-api/media/quickstart/best-practices",
        "https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code",
        "https://docs.x.com/x-api/webhooks/introduction",
        PRICES_SOURCE,
    ],
};

/// What X asks for each thing. The operator pays, to X.
pub const PRICES: Prices = Prices {
    list: &[
        Price {
            what: "post",
            thousandths: 15,
        },
        Price {
            what: "post_with_link",
            thousandths: 200,
        },
        Price {
            what: "post_read",
            thousandths: 5,
        },
        Price {
            what: "user_read",
            thousandths: 10,
        },
        Price {
            what: "own_post_read",
            thousandths: 1,
        },
    ],
    read: "2026-11-23",
    source: PRICES_SOURCE,
};

/// Where [`PRICES`] are from.
pub const PRICES_SOURCE: &str = "https://docs.x.com/x-api/getting-started/pricing";

/// What posting this text costs, in thousandths of a US dollar: one with a link costs more.
pub fn price(text: &str) -> u32 {
    let link = segments::segments(text, Names::Plain)
        .iter()
        .any(|segment| matches!(segment.kind, SegmentKind::Link { .. }));
    PRICES.of(if link { "post_with_link" } else { "post" })
}

/// Longest time for everything but publishing.
const WITHIN: Duration = Duration::from_secs(30);
/// Longest time for taking back what opens an account: a person waits.
const FAREWELL: Duration = Duration::from_secs(10);
/// Where the person lets Vigie in.
const CONSENT: &str = "https://x.com/i/oauth2/authorize";

/// The connector.
#[derive(Debug, Clone)]
pub struct X {
    http: Http,
    app: Option<App>,
    meter: Meter,
}

impl X {
    /// With the one HTTP client, and Vigie's registration at X: the id and secret of an OAuth 2 confidential client.
    pub fn new(http: Http, app: Option<App>) -> Self {
        Self {
            http,
            app,
            meter: Meter::default(),
        }
    }

    fn app(&self) -> Result<&App, Failure> {
        self.app
            .as_ref()
            .ok_or_else(|| Failure::new(Code::NotRegistered, "X is not in the configuration"))
    }
}

fn address(text: &str) -> Result<Url, Failure> {
    Url::parse(text).map_err(|_| Failure::new(Code::BadAddress, "not an address"))
}

#[async_trait]
impl Connector for X {
    fn describe(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn is_ready(&self) -> bool {
        self.app.is_some()
    }

    fn page(&self, account: &Account) -> String {
        post::page(account)
    }

    fn segments(&self, text: &str) -> Vec<Segment> {
        segments::segments(text, Names::Plain)
    }

    fn problems(&self, account: &Account, payload: &Payload) -> Vec<Code> {
        let mut all = problem::problems(&DECLARATION, account, payload);
        let bad = |id: &String| !post::is_post_id(id);
        if payload.reply_to.as_ref().is_some_and(bad) && !all.contains(&Code::BadKey) {
            all.push(Code::BadKey);
        }
        all
    }

    async fn authorize(&self, _service: &str, ask: &Ask<'_>) -> Result<Going, Failure> {
        let app = self.app()?;
        let scopes = DECLARATION.scopes.join(" ");
        Ok(Going {
            url: oauth::consent(&address(CONSENT)?, &app.id, &scopes, ask),
            keep: SecretString::default(),
        })
    }

    async fn arrive(&self, _service: &str, back: &Back<'_>) -> Result<Vec<Connected>, Failure> {
        let app = self.app()?;
        let until = Instant::now() + WITHIN;
        let base = match &app.api {
            Some(api) => api.clone(),
            None => address(DECLARATION.default_service)?,
        };
        let tokens = call::trade(&self.http, app, &base, back, until).await?;
        let (id, handle) = call::me(&self.http, &base, &tokens.bearer(), until).await?;
        let account = Account {
            platform: Platform::X,
            service: base.as_str().trim_end_matches('/').to_owned(),
            id,
            handle,
            limits: Limits::default(),
        };
        Ok(vec![Connected {
            account,
            until: tokens.ends(),
            secret: tokens.seal(),
        }])
    }

    async fn check(&self, session: &mut Session) -> Result<(), Failure> {
        call::check(self, session, WITHIN).await
    }

    async fn publish(&self, session: &mut Session, payload: &Payload, within: Duration) -> Outcome {
        if let Some(code) = self.problems(&session.account, payload).first() {
            return Outcome::Refused {
                code: code.as_str().into(),
                detail: "found before sending".into(),
            };
        }
        post::publish(self, session, payload, within).await
    }

    async fn find(&self, session: &mut Session, expected: &Payload) -> Found {
        post::find(self, session, expected, WITHIN).await
    }

    async fn read_back(
        &self,
        session: &mut Session,
        remote_id: &str,
    ) -> Result<Option<RemotePost>, Failure> {
        post::read_back(self, session, remote_id, WITHIN).await
    }

    async fn list(&self, session: &mut Session, cursor: Option<&str>) -> Result<Page, Failure> {
        post::list(self, session, cursor, WITHIN).await
    }

    async fn delete(&self, session: &mut Session, remote_id: &str) -> Result<(), Failure> {
        post::delete(self, session, remote_id, WITHIN).await
    }

    async fn arrivals(
        &self,
        session: &mut Session,
        cursor: Option<&str>,
    ) -> Result<Arrivals, Failure> {
        arrivals::arrivals(self, session, cursor, WITHIN).await
    }

    async fn page_state(&self, session: &mut Session) -> Result<PageState, Failure> {
        shows::read(self, session, WITHIN).await
    }

    fn used(&self) -> Vec<(&'static str, u64)> {
        self.meter.take()
    }

    async fn farewell(&self, session: &Session) -> Result<Farewell, Failure> {
        farewell::farewell(self, session, FAREWELL).await
    }

    /// Signed with the secret of the OAuth 2 client, in the header made for it; the older header is taken too, when it
    /// is signed with the same secret.
    fn hook(&self, call: &HookCall<'_>) -> Result<HookAnswer, Failure> {
        let secret = &self.app()?.secret;
        if !call.post {
            let asked = call
                .asked("crc_token")
                // Letters and digits only: the answer signs it, and must not be good as the signature of a call.
                .filter(|token| {
                    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
                    !token.is_empty() && token.len() <= 1_024 && token.bytes().all(plain)
                })
                .ok_or_else(|| Failure::new(Code::Forged, "no crc_token"))?;
            let token = STANDARD.encode(hook::mac(secret, asked.as_bytes()));
            let said = json!({ "response_token": format!("sha256={token}") });
            return Ok(HookAnswer::Say("application/json", said.to_string()));
        }
        let given = call
            .header("x-twitter-webhooks-signature-oauth2")
            .or_else(|| call.header("x-twitter-webhooks-signature"));
        hook::verify(secret, call.body, given, "sha256=", Written::Base64)?;
        let json: Value = serde_json::from_slice(call.body).unwrap_or_default();
        // The Account Activity API names the account; the X Activity API the one that the filter is about.
        let named = ["/for_user_id", "/data/filter/user_id"]
            .iter()
            .filter_map(|at| json.pointer(at)?.as_str())
            .find(|id| post::is_post_id(id));
        let named = named.ok_or_else(|| Failure::new(Code::Forged, "no account is named"))?;
        Ok(HookAnswer::Look(vec![named.to_owned()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_costs_more() {
        let listed = |what: &str| PRICES.of(what);
        assert_eq!((listed("post"), listed("post_with_link")), (15, 200));
        assert_eq!(price("Bonjour"), listed("post"));
        assert_eq!(price("Voir https://exemple.fr"), listed("post_with_link"));
    }
}
