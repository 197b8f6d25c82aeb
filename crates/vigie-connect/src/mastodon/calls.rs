//! Calls on behalf of an account, and what the network's errors mean.

use crate::{
    Account, Code, Failure, Http, Session,
    oauth::Tokens,
    rest::{self, Body, Reply, Request, Said, Stage, Trouble},
};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;

/// Tokens that end are renewed this long before.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// Reads `{"error": "…"}` (entity `Error`), also with the names of RFC 6749. Words are only looked at where the status
/// does not say enough; they may come in the account's language.
pub fn read_error(status: u16, json: &Value) -> Option<Said> {
    let error = json.get("error")?.as_str()?;
    let more = rest::text(json, "/error_description");
    let says = |words: &str| error.contains(words);
    let code = match (status, error) {
        // Of the token endpoint: the code, or a token that renews, is not good.
        (_, "invalid_grant") => Some(Code::NotGranted),
        (_, "invalid_client" | "unauthorized_client") => Some(Code::NotRegistered),
        (403, _) if says("login is currently disabled") || says("suspended") => {
            Some(Code::AccountSuspended)
        }
        (403, _) if says("authorized scopes") => Some(Code::MissingRight),
        // "This action is not allowed" and the like: this post, not the token.
        (403, _) if says("not allowed") => Some(Code::RefusedByServer),
        (413, _) => Some(Code::MediaTooBig),
        (422 | 400, _) if says("character limit") => Some(Code::TooLong),
        _ => None,
    };
    Some(Said {
        code,
        again: false,
        message: format!("{status} {error} {more}").trim_end().to_owned(),
    })
}

/// The address of an account's server.
pub fn service_of(account: &Account) -> Result<Url, Failure> {
    Url::parse(&account.service)
        .map_err(|_| Failure::new(Code::BadAddress, "the channel's server is not an address"))
}

/// Whether `json` is the account with this id.
pub fn is_account(json: &Value, pointer: &str, id: &str) -> bool {
    rest::id(json, pointer).is_some_and(|found| found == id)
}

/// An open account, for calls that end together at `until`.
#[derive(Debug)]
pub struct Signed<'a> {
    http: &'a Http,
    /// The session.
    pub session: &'a mut Session,
    tokens: Tokens,
    service: Url,
    /// When the time is over.
    pub until: Instant,
}

impl<'a> Signed<'a> {
    /// Opens `session` for calls that together take at most `within`.
    pub fn open(
        http: &'a Http,
        session: &'a mut Session,
        within: Duration,
    ) -> Result<Self, Failure> {
        let tokens = Tokens::open(session.secret())?;
        let service = service_of(&session.account)?;
        let until = Instant::now() + within;
        Ok(Self {
            http,
            session,
            tokens,
            service,
            until,
        })
    }

    /// The account's id.
    pub fn id(&self) -> &str {
        &self.session.account.id
    }

    /// An address of the interface.
    pub fn at(&self, path: &[&str]) -> Url {
        rest::at(&self.service, path)
    }

    /// One call. A call refused for an old token was not carried out: it is sent once more with a new one, where the
    /// server gives such.
    pub async fn call(&mut self, request: Request) -> Result<Reply, Trouble> {
        match self.once(request.clone()).await {
            Err(trouble)
                if trouble.stage == Stage::Refused
                    && trouble.failure.code == Code::TokenExpired
                    && self.tokens.refresh.is_some() =>
            {
                self.renew().await?;
                self.once(request).await
            }
            other => other,
        }
    }

    async fn once(&self, request: Request) -> Result<Reply, Trouble> {
        let request = request.bearer(&self.tokens.bearer());
        rest::send(self.http, request, read_error, self.until).await
    }

    /// Renews a token whose end is near.
    pub async fn keep_fresh(&mut self) -> Result<(), Trouble> {
        if self.tokens.refresh.is_some() && self.tokens.ends_within(Timestamp::now(), AHEAD) {
            self.renew().await?;
        }
        Ok(())
    }

    /// A new token, proven before it takes the old one's place. Whatever goes wrong here, the call was not carried out.
    async fn renew(&mut self) -> Result<(), Trouble> {
        let not_sent = |mut trouble: Trouble| {
            trouble.stage = Stage::NotSent;
            if matches!(trouble.failure.code, Code::NotGranted | Code::NotRegistered) {
                trouble.failure.code = Code::TokenExpired;
            }
            trouble
        };
        let (Some(refresh), Some((id, secret))) = (&self.tokens.refresh, &self.tokens.client)
        else {
            return Err(Trouble::new(
                Stage::NotSent,
                Code::TokenExpired,
                "nothing renews this token",
            ));
        };
        let form = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", refresh.clone()),
            ("client_id", id.clone()),
            ("client_secret", secret.clone()),
        ];
        let request = Request::post(self.at(&["oauth", "token"]), Body::Form(form)).secret();
        let reply = rest::send(self.http, request, read_error, self.until)
            .await
            .map_err(not_sent)?;
        let mut tokens = Tokens::answered(&reply.json, Timestamp::now())
            .map_err(|f| Trouble::new(Stage::NotSent, f.code, f.detail))?;
        tokens.client = self.tokens.client.clone();
        if tokens.refresh.is_none() {
            tokens.refresh = self.tokens.refresh.clone();
        }
        let account = who(self.http, &self.service, &tokens.bearer(), self.until)
            .await
            .map_err(not_sent)?;
        if !is_account(&account, "/id", self.id()) {
            return Err(Trouble::new(
                Stage::NotSent,
                Code::OtherAccount,
                "the new token opens another account",
            ));
        }
        self.session.renew(tokens.seal(), tokens.ends());
        self.tokens = tokens;
        tracing::info!(account = %self.id(), "token renewed");
        Ok(())
    }
}

/// Whom a token belongs to.
pub async fn who(
    http: &Http,
    service: &Url,
    bearer: &SecretString,
    until: Instant,
) -> Result<Value, Trouble> {
    let url = rest::at(service, &["api", "v1", "accounts", "verify_credentials"]);
    let request = Request::get(url).bearer(bearer);
    Ok(rest::send(http, request, read_error, until).await?.json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_are_told_apart() {
        let code = |status, error: &str| {
            read_error(status, &json!({ "error": error })).map(|said| said.code)
        };
        assert_eq!(code(401, "The access token is invalid"), Some(None));
        assert_eq!(
            code(403, "Your login is currently disabled"),
            Some(Some(Code::AccountSuspended))
        );
        assert_eq!(
            code(403, "This action is outside the authorized scopes"),
            Some(Some(Code::MissingRight))
        );
        assert_eq!(
            code(403, "This action is not allowed"),
            Some(Some(Code::RefusedByServer))
        );
        assert_eq!(
            code(
                422,
                "Validation failed: Text character limit of 500 exceeded"
            ),
            Some(Some(Code::TooLong))
        );
        for other in [json!({}), json!({ "error": 1 }), json!([]), json!("error")] {
            assert_eq!(read_error(422, &other), None, "{other}");
        }
    }
}
