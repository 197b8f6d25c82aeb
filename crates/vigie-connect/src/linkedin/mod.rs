//! Company pages on LinkedIn, by its versioned REST interface, as a person who administers them.
//!
//! The network keeps no key of ours. Only the call that makes the post (or the comment) can have an unknown outcome;
//! pictures are uploaded before it and nobody sees one that no post names. A version of the interface lives about a
//! year: see [`DECLARATION`] for the one spoken and the day it ends.
//!
//! Signing in is the documented flow for web programs: a code, traded with the secret of the program. LinkedIn
//! documents PKCE for native programs alone, at another address, so no challenge is sent here; the state is bound to
//! the browser by the shell as everywhere.

mod call;
mod comment;
mod little;
mod media;
mod post;
mod shows;
mod urn;

use crate::{
    Account, Arrivals, Code, Connected, Connector, Counts, Declaration, Failure, Http, Limit,
    MediaWay, Page, Payload, Proven, Reads, RemotePost, Renewal, Revokes, Segment, Session,
    Settling, Shows, SignIn, Token, Unit, Version,
    hook::{self, HookAnswer, HookCall, Written},
    oauth::{App, Ask, Back, Going},
    problem,
    segments::{self, Names},
};
use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;
use vigie_core::{
    content::Platform,
    page_state::PageState,
    publication::{Found, Outcome},
};

/// The version spoken.
const VERSION: &str = "202607";

/// What a company page on LinkedIn can do.
pub static DECLARATION: Declaration = Declaration {
    platform: Platform::LinkedIn,
    name: Platform::LinkedIn.name(),
    sign_in: SignIn::OAuth { registered: true },
    has_service: false,
    default_service: "https://api.linkedin.com",
    text: Limit {
        most: 3_000,
        // Which characters are counted is not published; this is the strictest way.
        unit: Unit::Utf16,
        bytes: 12_000,
    },
    pictures: 20,
    needs_picture: false,
    picture_bytes: 5_000_000,
    picture_types: &["image/jpeg", "image/png", "image/gif"],
    alt_graphemes: 4_000,
    media: MediaWay::Upload,
    link_card: true,
    link_card_with_pictures: false,
    languages: 0,
    replies: true,
    warning: false,
    repliers: &[],
    series: false,
    settling: Settling::ByContent,
    reads: Reads {
        posts: true,
        edits: true,
        comments: true,
        mentions: false,
        messages: false,
    },
    // Administrators are shown to administrators alone.
    shows: Shows {
        website: true,
        administrators: true,
        followers: true,
        ..Shows::PROFILE
    },
    deletes: true,
    every: 15,
    hooks: true,
    scopes: &[
        "w_organization_social",
        "r_organization_social",
        // The page on comments names these two for them.
        "w_organization_social_feed",
        "r_organization_social_feed",
        "rw_organization_admin",
    ],
    version: Some(Version {
        name: VERSION,
        ends: Some("2027-07-15"),
    }),
    token: Token {
        days: Some(60),
        // Only programs that LinkedIn has approved for it get a refresh token; theirs are renewed by themselves.
        renewal: Renewal::ByPerson,
    },
    // Its pages about signing in describe no call for it.
    prices: None,
    revokes: Revokes::Nothing,
    removal: "https://www.linkedin.com/mypreferences/d/data-sharing-for-permitted-services",
    proven: Proven::Contract("the published pages of the Community Management API"),
    sources: &[
        "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api",
        "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/comments-api",
        "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/images-api",
        "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format",
        "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-lookup-api",
        "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-access-control-by-role",
        "https://learn.microsoft.com/en-us/linkedin/marketing/integrations/migrations",
        "https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow",
        "https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation",
    ],
};

/// Limits of a comment.
const COMMENT: Limit = Limit {
    most: 1_250,
    unit: Unit::Utf16,
    bytes: 5_000,
};
/// Pixels from which a picture is not taken.
const PIXELS: u64 = 36_152_320;
/// Longest time for everything but publishing.
const WITHIN: Duration = Duration::from_secs(30);
/// Where the person lets Vigie in.
const CONSENT: &str = "https://www.linkedin.com/oauth/v2/authorization";
/// Comes before the body in what is signed.
const SIGNED: &[u8] = b"hmacsha256=";

/// The connector.
#[derive(Debug, Clone)]
pub struct LinkedIn {
    http: Http,
    app: Option<App>,
}

impl LinkedIn {
    /// With the one HTTP client, and Vigie's registration at LinkedIn.
    pub fn new(http: Http, app: Option<App>) -> Self {
        Self { http, app }
    }

    fn app(&self) -> Result<&App, Failure> {
        self.app.as_ref().ok_or_else(|| {
            Failure::new(Code::NotRegistered, "LinkedIn is not in the configuration")
        })
    }
}

fn address(text: &str) -> Result<Url, Failure> {
    Url::parse(text).map_err(|_| Failure::new(Code::BadAddress, "not an address"))
}

#[async_trait]
impl Connector for LinkedIn {
    fn describe(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn is_ready(&self) -> bool {
        self.app.is_some()
    }

    fn page(&self, account: &Account) -> String {
        let id = account.id.strip_prefix("urn:li:organization:");
        format!(
            "https://www.linkedin.com/company/{}/",
            id.unwrap_or_default()
        )
    }

    fn segments(&self, text: &str) -> Vec<Segment> {
        // A name after an @ is words here: a mention needs the id of the one who is named.
        segments::segments(text, Names::Nobody)
    }

    fn problems(&self, account: &Account, payload: &Payload) -> Vec<Code> {
        let mut all = problem::problems(&DECLARATION, account, payload);
        let mut say = |wrong: bool, code| {
            if wrong && !all.contains(&code) {
                all.push(code);
            }
        };
        let large = |p: &crate::Picture| u64::from(p.width) * u64::from(p.height) >= PIXELS;
        say(payload.pictures.iter().any(large), Code::MediaTooBig);
        if let Some(to) = &payload.reply_to {
            say(comment::Target::parse(to).is_none(), Code::BadKey);
            say(
                payload.text.len() <= DECLARATION.text.bytes
                    && !Counts::of(&payload.text, COMMENT).fits(),
                Code::TooLong,
            );
            say(payload.text.trim().is_empty(), Code::Empty);
            say(!payload.pictures.is_empty(), Code::TooManyPictures);
            let unseen = |link: &String| !payload.text.contains(link.as_str());
            say(
                payload.link.as_ref().is_some_and(unseen),
                Code::LinkNotInText,
            );
        }
        all
    }

    async fn authorize(&self, _service: &str, ask: &Ask<'_>) -> Result<Going, Failure> {
        let app = self.app()?;
        let mut url = address(CONSENT)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &app.id)
            .append_pair("redirect_uri", ask.redirect.as_str())
            .append_pair("state", ask.state)
            .append_pair("scope", &DECLARATION.scopes.join(" "));
        Ok(Going {
            url,
            keep: SecretString::default(),
        })
    }

    async fn arrive(&self, _service: &str, back: &Back<'_>) -> Result<Vec<Connected>, Failure> {
        call::arrive(&self.http, self.app()?, back, Instant::now() + WITHIN).await
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
        match &payload.reply_to {
            Some(to) => comment::publish(self, session, payload, to, within).await,
            None => post::publish(self, session, payload, within).await,
        }
    }

    async fn find(&self, session: &mut Session, expected: &Payload) -> Found {
        match &expected.reply_to {
            Some(to) => comment::find(self, session, expected, to, WITHIN).await,
            None => post::find(self, session, expected, WITHIN).await,
        }
    }

    async fn read_back(
        &self,
        session: &mut Session,
        remote_id: &str,
    ) -> Result<Option<RemotePost>, Failure> {
        match urn::Comment::parse(remote_id) {
            Some(comment) => comment::read_back(self, session, &comment, WITHIN).await,
            None => post::read_back(self, session, remote_id, WITHIN).await,
        }
    }

    async fn list(&self, session: &mut Session, cursor: Option<&str>) -> Result<Page, Failure> {
        post::list(self, session, cursor, WITHIN).await
    }

    async fn delete(&self, session: &mut Session, remote_id: &str) -> Result<(), Failure> {
        match urn::Comment::parse(remote_id) {
            Some(comment) => comment::delete(self, session, &comment, WITHIN).await,
            None => post::delete(self, session, remote_id, WITHIN).await,
        }
    }

    /// Comments on the newest posts. Answers to comments and mentions elsewhere are not read.
    async fn arrivals(
        &self,
        session: &mut Session,
        cursor: Option<&str>,
    ) -> Result<Arrivals, Failure> {
        comment::arrivals(self, session, cursor, WITHIN).await
    }

    async fn page_state(&self, session: &mut Session) -> Result<PageState, Failure> {
        shows::read(self, session, WITHIN).await
    }

    /// Only programs that LinkedIn has approved for it are called.
    fn hook(&self, call: &HookCall<'_>) -> Result<HookAnswer, Failure> {
        let secret = &self.app()?.secret;
        if !call.post {
            let code = call
                .asked("challengeCode")
                .filter(|code| {
                    (1..=100).contains(&code.len())
                        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                })
                .ok_or_else(|| Failure::new(Code::Forged, "no challengeCode"))?;
            let response = hex::encode(hook::mac(secret, code.as_bytes()));
            let said = json!({ "challengeCode": code, "challengeResponse": response });
            return Ok(HookAnswer::Say("application/json", said.to_string()));
        }
        let signed = [SIGNED, call.body].concat();
        let given = call.header("x-li-signature");
        hook::verify(secret, &signed, given, "", Written::Hex)?;
        let json: Value = serde_json::from_slice(call.body).unwrap_or_default();
        let told = json.get("notifications").and_then(Value::as_array);
        let mut named: Vec<String> = told
            .into_iter()
            .flatten()
            .filter_map(|told| told.get("organizationalEntity")?.as_str())
            .filter(|urn| urn::is_organization(urn))
            .map(str::to_owned)
            .collect();
        named.sort();
        named.dedup();
        Ok(HookAnswer::Look(named))
    }
}
