//! Calls on behalf of an account whose tokens end and are renewed (OAuth 2).
//!
//! A renewal that is cut off must be survived, since on some networks the old refresh token dies with the answer that
//! was lost. So: it is made early (the old access token then still opens the account), a lost answer is asked for once
//! more with the same token (it is new still, if the network never got the first call), and whatever goes wrong with a
//! renewal, the call that it was made for was not carried out. When the network says that the token is spent, only a
//! person can connect again, and that is what is said.

use crate::{
    Account, Code, Failure, Http, Session,
    oauth::Tokens,
    rest::{self, ReadError, Reply, Request, Said, Stage, Trouble},
};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;

/// What a platform knows about its tokens.
#[async_trait]
pub(crate) trait Opens: Send + Sync {
    /// The one HTTP client.
    fn http(&self) -> &Http;

    /// Reads the platform's errors.
    fn errors(&self) -> ReadError;

    /// The call that trades a refresh token for new tokens; `None` while the program is not registered.
    fn renewal(&self, service: &Url, refresh: &str) -> Option<Request>;

    /// Counts a call that went well, where the network asks money for it.
    fn count(&self, _request: &Request, _reply: &Reply) {}

    /// A harmless read that proves that `bearer` opens the account; the name that the account shows, if it says so.
    async fn prove(
        &self,
        account: &Account,
        bearer: &SecretString,
        until: Instant,
    ) -> Result<Option<String>, Trouble>;
}

/// An account, opened.
pub(crate) struct Signed<'a, O: Opens> {
    opens: &'a O,
    session: &'a mut Session,
    tokens: Tokens,
    service: Url,
    until: Instant,
    renewed: bool,
}

impl<'a, O: Opens> Signed<'a, O> {
    /// Opens `session` for calls that together take at most `within`.
    pub(crate) fn open(
        opens: &'a O,
        session: &'a mut Session,
        within: Duration,
    ) -> Result<Self, Trouble> {
        let not_sent = |failure| Trouble {
            stage: Stage::NotSent,
            status: 0,
            failure,
        };
        let tokens = Tokens::open(session.secret()).map_err(not_sent)?;
        let service = Url::parse(&session.account.service)
            .map_err(|_| Failure::new(Code::BadAddress, "the channel's server is not an address"))
            .map_err(not_sent)?;
        Ok(Self {
            opens,
            session,
            tokens,
            service,
            until: Instant::now() + within,
            renewed: false,
        })
    }

    /// The account.
    pub(crate) fn account(&self) -> &Account {
        &self.session.account
    }

    /// Where the account lives.
    pub(crate) fn service(&self) -> &Url {
        &self.service
    }

    /// When all of it must be done.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }

    /// One call. A call refused for a token that has ended was not carried out: it is sent once more with a new one.
    pub(crate) async fn call(&mut self, request: Request) -> Result<Reply, Trouble> {
        match self.once(request.clone()).await {
            Err(trouble)
                if trouble.stage != Stage::Unknown
                    && trouble.failure.code == Code::TokenExpired
                    && self.tokens.refresh.is_some()
                    && !self.renewed =>
            {
                self.renew().await?;
                self.once(request).await
            }
            other => other,
        }
    }

    async fn once(&self, request: Request) -> Result<Reply, Trouble> {
        let request = request.bearer(&self.tokens.bearer());
        let asked = request.clone();
        let reply = rest::send(self.opens.http(), request, self.opens.errors(), self.until).await;
        if let Ok(reply) = &reply {
            self.opens.count(&asked, reply);
        }
        reply
    }

    /// Proves the tokens, renewing them first when they end before `ahead` from now, and refreshes the account's name.
    pub(crate) async fn check(&mut self, ahead: SignedDuration) -> Result<(), Trouble> {
        let now = Timestamp::now();
        if self.tokens.refresh.is_some() && self.tokens.ends_within(now, ahead) {
            match self.renew().await {
                Ok(()) => return Ok(()),
                // It could not be renewed now; what is there may still be good, and there is time to try again.
                Err(trouble)
                    if trouble.failure.code.is_passing()
                        && !self.tokens.ends_within(now, SignedDuration::ZERO) =>
                {
                    tracing::info!(failure = %trouble.failure, "not renewed yet");
                }
                Err(trouble) => return Err(trouble),
            }
        }
        let proof = self
            .opens
            .prove(&self.session.account, &self.tokens.bearer(), self.until)
            .await;
        match proof {
            Ok(name) => self.named(name),
            Err(trouble)
                if trouble.failure.code == Code::TokenExpired
                    && self.tokens.refresh.is_some()
                    && !self.renewed =>
            {
                // New tokens are proven before they are taken.
                self.renew().await?;
            }
            Err(trouble) => return Err(trouble),
        }
        Ok(())
    }

    fn named(&mut self, name: Option<String>) {
        if let Some(name) = name {
            self.session.account.handle = name;
        }
    }

    /// New tokens. Whatever goes wrong here, the call that they are for was not carried out.
    async fn renew(&mut self) -> Result<(), Trouble> {
        self.renewed = true;
        let not_sent = |mut trouble: Trouble| {
            trouble.stage = Stage::NotSent;
            trouble
        };
        let refresh = self.tokens.refresh.clone().unwrap_or_default();
        let request = self.opens.renewal(&self.service, &refresh).ok_or_else(|| {
            Trouble::new(
                Stage::NotSent,
                Code::NotRegistered,
                "the program is not registered there",
            )
        })?;
        let http = self.opens.http();
        let mut answer = rest::send(http, request.clone(), refused, self.until).await;
        if matches!(&answer, Err(trouble) if trouble.stage == Stage::Unknown) {
            answer = rest::send(http, request, refused, self.until).await;
        }
        let answer = answer.map_err(not_sent)?;
        let mut fresh =
            Tokens::answered(&answer.json, Timestamp::now()).map_err(|failure| Trouble {
                stage: Stage::NotSent,
                status: answer.status,
                failure,
            })?;
        if fresh.refresh.is_none() {
            fresh.refresh = Some(refresh);
            fresh.refresh_until = self.tokens.refresh_until;
        }
        fresh.client = self.tokens.client.clone();
        let proof = self
            .opens
            .prove(&self.session.account, &fresh.bearer(), self.until)
            .await;
        match proof {
            Ok(name) => self.named(name),
            // The old ones may be dead by now; these are the network's own answer, and are kept.
            Err(trouble) if trouble.failure.code.is_passing() => {}
            Err(trouble) => return Err(not_sent(trouble)),
        }
        self.tokens = fresh;
        self.session.renew(self.tokens.seal(), self.tokens.ends());
        tracing::info!(account = %self.session.account.id, "tokens renewed");
        Ok(())
    }
}

/// Reads the error of a token endpoint (RFC 6749 §5.2): a code or a refresh token that is not good is `token_expired`.
pub(crate) fn refused(status: u16, answer: &Value) -> Option<Said> {
    let error = answer.get("error")?.as_str()?;
    if status < 400 {
        return None;
    }
    let code = match error {
        "invalid_client" | "unauthorized_client" => Code::NotRegistered,
        "temporarily_unavailable" | "server_error" => Code::ServerError,
        "invalid_scope" => Code::MissingRight,
        _ => Code::TokenExpired,
    };
    Some(Said {
        code: Some(code),
        again: code == Code::ServerError,
        message: error.to_owned(),
    })
}

/// Trades the code of a person who is back for tokens that carry `scopes`.
pub(crate) async fn trade(
    http: &Http,
    request: Request,
    scopes: &[&str],
    until: Instant,
) -> Result<Tokens, Failure> {
    let answer =
        rest::send(http, request, refused, until)
            .await
            .map_err(|trouble| match trouble.failure.code {
                // A code that is wrong, used, or too old: the person goes there again.
                Code::TokenExpired => Failure::new(Code::NotGranted, "the code was not taken"),
                _ => trouble.failure,
            })?;
    // The person, or the network, may have given less than was asked for.
    if let Some(given) = answer.json.get("scope").and_then(Value::as_str) {
        let given: Vec<&str> = given.split([' ', ',']).collect();
        if let Some(missing) = scopes.iter().find(|scope| !given.contains(*scope)) {
            return Err(Failure::new(
                Code::MissingRight,
                format!("{missing} was not given"),
            ));
        }
    }
    Tokens::answered(&answer.json, Timestamp::now())
}
