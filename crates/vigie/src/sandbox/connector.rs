//! The sandbox behind the same contract as every platform. Its posts have the key that the publication chose, so an
//! interrupted publication is the same post when it is repeated.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use vigie_connect::{
    Account, Allowed, Code, Connected, Connector, Declaration, Failure, Limit, Limits, MediaWay,
    Page, Payload, Proven, Reads, RemotePost, Renewal, Revokes, Segment, SegmentKind, Session,
    Settling, Shows, SignIn, Token, Unit,
};
use vigie_core::content::{Digest, MediaRef, Platform, Repliers, warned};
use vigie_core::page_state::PageState;
use vigie_core::publication::{Found, Outcome};
use vigie_store::{SandboxAccount, SandboxBody, SandboxPost, SandboxPut, Store};

/// What the sandbox can do.
pub const DECLARATION: Declaration = Declaration {
    platform: Platform::Sandbox,
    name: Platform::Sandbox.name(),
    sign_in: SignIn::BuiltIn,
    has_service: false,
    default_service: "",
    text: Limit {
        most: 500,
        unit: Unit::Graphemes,
        bytes: 5_000,
    },
    pictures: 4,
    needs_picture: false,
    picture_bytes: 2_000_000,
    picture_types: &["image/jpeg", "image/png", "image/webp"],
    alt_graphemes: 1_000,
    media: MediaWay::Upload,
    link_card: true,
    link_card_with_pictures: true,
    languages: 3,
    replies: true,
    warning: true,
    repliers: &[
        Repliers::Followers,
        Repliers::Followed,
        Repliers::Mentioned,
        Repliers::Nobody,
    ],
    series: true,
    settling: Settling::OwnKey,
    reads: Reads {
        posts: true,
        edits: true,
        ..Reads::NONE
    },
    shows: Shows {
        website: true,
        picture: false,
        ..Shows::PROFILE
    },
    deletes: true,
    every: 1,
    hooks: false,
    scopes: &[],
    version: None,
    token: Token {
        days: None,
        renewal: Renewal::Never,
    },
    prices: None,
    revokes: Revokes::Nothing,
    removal: "",
    proven: Proven::Itself,
    sources: &[],
};

/// Posts on one page of a listing.
const PAGE: u32 = 50;

/// The connector of the sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox {
    store: Store,
    base: String,
}

impl Sandbox {
    /// On this database, with pages below this address.
    pub fn new(store: Store, public_url: &url::Url) -> Self {
        Self {
            store,
            base: public_url.as_str().trim_end_matches('/').to_owned(),
        }
    }

    fn url(&self, handle: &str, key: &str) -> String {
        format!("{}/sandbox/{handle}#{key}", self.base)
    }

    async fn account(&self, session: &Session) -> Result<SandboxAccount, Failure> {
        let mut conn = self.store.read().await.map_err(storage)?;
        let account = conn
            .sandbox_account(&session.account.id)
            .await
            .map_err(storage)?;
        let account =
            account.ok_or_else(|| Failure::new(Code::AccountSuspended, "no such account"))?;
        let given = Sha256::digest(session.secret().expose_secret().as_bytes());
        if subtle::ConstantTimeEq::ct_eq(given.as_slice(), account.token.as_slice()).into() {
            Ok(account)
        } else {
            Err(Failure::new(Code::TokenExpired, "the token does not fit"))
        }
    }

    fn remote(&self, handle: &str, post: SandboxPost) -> RemotePost {
        RemotePost {
            url: self.url(handle, &post.key),
            remote_id: format!("{}/{}", post.account, post.key),
            key: post.key,
            content_id: post.content_id,
            repliers: Some(Allowed::By(post.body.repliers)),
            text: warned(post.body.warning.as_deref(), &post.body.text),
            created_at: Some(post.created_at),
        }
    }

    async fn put(&self, session: &Session, payload: &Payload) -> Result<Outcome, Failure> {
        let account = self.account(session).await?;
        let body = body(payload);
        let id = content_id(&body);
        let mut tx = self.store.begin().await.map_err(storage)?;
        let put = tx
            .sandbox_put(
                &account.account,
                &payload.key,
                &body,
                &id,
                payload.created_at,
            )
            .await
            .map_err(storage)?;
        tx.commit().await.map_err(storage)?;
        Ok(match put {
            SandboxPut::Created | SandboxPut::Same => Outcome::Published {
                remote_id: format!("{}/{}", account.account, payload.key),
                url: self.url(&account.handle, &payload.key),
                content_id: id,
            },
            SandboxPut::Different => Outcome::Refused {
                code: Code::KeyTaken.as_str().to_owned(),
                detail: "another post has this key".to_owned(),
            },
        })
    }
}

fn storage(error: vigie_store::Error) -> Failure {
    Failure::new(Code::ServerDown, error.to_string())
}

/// What a payload says, as the sandbox keeps it. Pictures are named by their digest: Vigie has their bytes.
fn body(payload: &Payload) -> SandboxBody {
    SandboxBody {
        text: payload.text.clone(),
        link: payload.link.clone(),
        langs: payload.langs.clone(),
        warning: payload.warning.clone(),
        repliers: payload.repliers,
        reply_to: payload.reply_to.clone(),
        media: payload
            .pictures
            .iter()
            .map(|picture| MediaRef {
                sha256: Digest(Sha256::digest(&picture.bytes).into()),
                mime: picture.mime.clone(),
                width: picture.width,
                height: picture.height,
                alt: picture.alt.clone(),
                decorative: picture.alt.is_empty(),
            })
            .collect(),
    }
}

/// Digest of a post, as this network computes it.
pub fn content_id(body: &SandboxBody) -> String {
    hex::encode(Sha256::digest(serde_json::to_vec(body).unwrap_or_default()))
}

fn key_of(remote_id: &str) -> &str {
    remote_id.rsplit_once('/').map_or(remote_id, |(_, key)| key)
}

#[async_trait]
impl Connector for Sandbox {
    fn describe(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn page(&self, account: &Account) -> String {
        format!("{}/sandbox/{}", self.base, account.handle)
    }

    fn segments(&self, text: &str) -> Vec<Segment> {
        // The sandbox shows what the text says and nothing more.
        vec![Segment {
            kind: SegmentKind::Text,
            range: 0..text.len(),
        }]
    }

    fn new_key(&self, _now: Timestamp, _salt: u16) -> String {
        uuid::Uuid::now_v7().simple().to_string()
    }

    /// `identifier` is the page's name; the account is made on the spot, opened by the secret given. One that is there
    /// already opens to its own secret only.
    async fn connect(
        &self,
        _service: &str,
        identifier: &str,
        secret: &SecretString,
    ) -> Result<Connected, Failure> {
        let handle = handle(identifier)
            .ok_or_else(|| Failure::new(Code::UnknownHandle, "not a name for a page"))?;
        let account = SandboxAccount {
            account: format!("sandbox:{handle}"),
            display: identifier.trim().to_owned(),
            token: Sha256::digest(secret.expose_secret().as_bytes()).into(),
            created_at: Timestamp::now(),
            handle,
            about: None,
            website: None,
        };
        let mut tx = self.store.begin().await.map_err(storage)?;
        match tx.sandbox_account_add(&account).await {
            Ok(()) => tx.commit().await.map_err(storage)?,
            Err(vigie_store::Error::Unique(_)) => {
                drop(tx);
                let known = Account {
                    platform: Platform::Sandbox,
                    service: String::new(),
                    id: account.account.clone(),
                    handle: account.handle.clone(),
                    limits: Limits::default(),
                };
                let session = Session::new(known, secret.clone());
                self.account(&session).await.map_err(|_| {
                    Failure::new(Code::BadCredentials, "this page is there already")
                })?;
            }
            Err(error) => return Err(storage(error)),
        }
        Ok(Connected {
            account: Account {
                platform: Platform::Sandbox,
                service: String::new(),
                id: account.account,
                handle: account.handle,
                limits: Limits::default(),
            },
            secret: secret.clone(),
            until: None,
        })
    }

    async fn check(&self, session: &mut Session) -> Result<(), Failure> {
        self.account(session).await.map(|_| ())
    }

    async fn publish(
        &self,
        session: &mut Session,
        payload: &Payload,
        _within: Duration,
    ) -> Outcome {
        match self.put(session, payload).await {
            Ok(outcome) => outcome,
            Err(failure) if failure.code.is_passing() => Outcome::NotSent {
                code: failure.code.as_str().to_owned(),
                retry_at: failure.retry_at,
            },
            Err(failure) => Outcome::Refused {
                code: failure.code.as_str().to_owned(),
                detail: failure.detail,
            },
        }
    }

    async fn find(&self, session: &mut Session, expected: &Payload) -> Found {
        let looked = async {
            let account = self.account(session).await?;
            let mut conn = self.store.read().await.map_err(storage)?;
            let post = conn
                .sandbox_post(&account.account, &expected.key)
                .await
                .map_err(storage)?;
            Ok::<_, Failure>((account, post))
        };
        match looked.await {
            Err(failure) => failure.cannot_tell(),
            Ok((_, None)) => Found::Absent,
            Ok((account, Some(post))) if post.content_id == content_id(&body(expected)) => {
                let remote = self.remote(&account.handle, post);
                Found::Same {
                    remote_id: remote.remote_id,
                    url: remote.url,
                    content_id: remote.content_id,
                }
            }
            Ok((_, Some(_))) => Found::Different {
                detail: "the post under this key says something else".to_owned(),
            },
        }
    }

    async fn read_back(
        &self,
        session: &mut Session,
        remote_id: &str,
    ) -> Result<Option<RemotePost>, Failure> {
        let account = self.account(session).await?;
        let mut conn = self.store.read().await.map_err(storage)?;
        let post = conn
            .sandbox_post(&account.account, key_of(remote_id))
            .await
            .map_err(storage)?;
        Ok(post.map(|post| self.remote(&account.handle, post)))
    }

    async fn list(&self, session: &mut Session, cursor: Option<&str>) -> Result<Page, Failure> {
        let account = self.account(session).await?;
        let after = match cursor {
            None => None,
            Some(text) => {
                let parsed = text.split_once('.').and_then(|(at, key)| {
                    Some((Timestamp::from_microsecond(at.parse().ok()?).ok()?, key))
                });
                Some(parsed.ok_or_else(|| Failure::new(Code::BadKey, "not a cursor"))?)
            }
        };
        let mut conn = self.store.read().await.map_err(storage)?;
        let posts = conn
            .sandbox_posts(&account.account, after, PAGE)
            .await
            .map_err(storage)?;
        let full = u32::try_from(posts.len()).is_ok_and(|n| n == PAGE);
        let cursor = posts
            .last()
            .filter(|_| full)
            .map(|p| format!("{}.{}", p.created_at.as_microsecond(), p.key));
        let posts = posts
            .into_iter()
            .map(|post| self.remote(&account.handle, post))
            .collect();
        Ok(Page { posts, cursor })
    }

    async fn page_state(&self, session: &mut Session) -> Result<PageState, Failure> {
        let account = self.account(session).await?;
        Ok(PageState {
            name: Some(account.display),
            handle: Some(account.handle),
            description: Some(account.about.unwrap_or_default()),
            website: Some(account.website.unwrap_or_default()),
            ..PageState::default()
        })
    }

    async fn delete(&self, session: &mut Session, remote_id: &str) -> Result<(), Failure> {
        let account = self.account(session).await?;
        let mut tx = self.store.begin().await.map_err(storage)?;
        tx.sandbox_delete(&account.account, key_of(remote_id))
            .await
            .map_err(storage)?;
        tx.commit().await.map_err(storage)
    }
}

/// A name for addresses: lower case, digits and hyphens, 2 to 40 of them.
fn handle(name: &str) -> Option<String> {
    let mut out = String::new();
    for c in name.trim().to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'à' | 'â' | 'ä' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'î' | 'ï' => out.push('i'),
            'ô' | 'ö' => out.push('o'),
            'ù' | 'û' | 'ü' => out.push('u'),
            'ç' => out.push('c'),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    let out = out.trim_end_matches('-').to_owned();
    (2..=40).contains(&out.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::handle;

    #[test]
    fn names_of_pages() {
        assert_eq!(
            handle("  L’Atelier Hélène & fils "),
            Some("l-atelier-helene-fils".to_owned())
        );
        assert_eq!(handle("!"), None);
        assert_eq!(handle(&"a".repeat(41)), None);
    }
}
