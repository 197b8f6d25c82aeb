//! What went wrong, as a name. The words live in `i18n/*/errors.ftl` (`error-NAME-title`, `-what`, `-kept`, `-mend`); the
//! outer layer ([`super::shape`]) turns the name into a page or into problem details (RFC 9457).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use vigie_core::rights::{Act, Scope, token_allows};

use crate::words::Said;

/// Everything a handler can answer instead of its page.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in; `next` is where to go afterwards.
    #[error("not signed in")]
    SignIn {
        /// Path and query to come back to.
        next: Option<String>,
    },
    /// Only for people who are not signed in.
    #[error("already signed in")]
    Home,
    /// The act needs a fresh proof (passkey or code); `next` is where to go afterwards.
    #[error("a fresh proof is needed")]
    StepUp {
        /// Path and query to come back to.
        next: String,
    },
    /// The API needs a token.
    #[error("no valid token")]
    Token,
    /// The token lacks a scope.
    #[error("the token has no scope for {act}")]
    Scope {
        /// What was to be done.
        act: Act,
    },
    /// Not allowed for this member.
    #[error("forbidden")]
    Forbidden,
    /// The request came from another site.
    #[error("cross-site request")]
    CrossSite,
    /// There is no such thing, or it is none of theirs.
    #[error("not found")]
    NotFound,
    /// The path exists, not with this method.
    #[error("method not allowed")]
    Method,
    /// What was sent cannot be understood; the message says what.
    #[error("bad input: {}", .0.key)]
    Input(Said),
    /// The rules refuse; the message says why.
    #[error("refused: {}", .0.key)]
    Refused(Said),
    /// Somebody changed the thing meanwhile.
    #[error("conflict")]
    Conflict,
    /// Too much was sent.
    #[error("too large")]
    TooLarge,
    /// Too often; come back in `seconds`.
    #[error("too many requests")]
    TooMany {
        /// Seconds to wait.
        seconds: u64,
    },
    /// It took too long.
    #[error("timeout")]
    Timeout,
    /// The database is locked, full, read-only, away or damaged. `kind` is `busy`, `full`, `readonly`, `away` or
    /// `damaged`.
    #[error("storage {kind}: {source}")]
    Storage {
        /// Which of them.
        kind: &'static str,
        /// What the log reads; never shown.
        source: anyhow::Error,
    },
    /// Our fault. What the log reads; never shown.
    #[error("internal: {0:#}")]
    Internal(anyhow::Error),
}

impl Error {
    /// Our own mistake, in the log's words.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(anyhow::anyhow!(message.into()))
    }

    /// A refusal by the message `key`.
    pub fn refused(key: &'static str) -> Self {
        Self::Refused(Said::new(key))
    }

    /// Input that cannot be used, by the message `key`.
    pub fn input(key: &'static str) -> Self {
        Self::Input(Said::new(key))
    }

    /// The stable name and HTTP status.
    pub fn kind(&self) -> (&'static str, StatusCode) {
        match self {
            Self::SignIn { .. } => ("sign-in", StatusCode::UNAUTHORIZED),
            Self::Home => ("home", StatusCode::SEE_OTHER),
            Self::StepUp { .. } => ("step-up", StatusCode::FORBIDDEN),
            Self::Token => ("token", StatusCode::UNAUTHORIZED),
            Self::Scope { .. } => ("scope", StatusCode::FORBIDDEN),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN),
            Self::CrossSite => ("cross-site", StatusCode::FORBIDDEN),
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND),
            Self::Method => ("method", StatusCode::METHOD_NOT_ALLOWED),
            Self::Input(_) => ("input", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Refused(_) => ("refused", StatusCode::CONFLICT),
            Self::Conflict => ("conflict", StatusCode::CONFLICT),
            Self::TooLarge => ("too-large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::TooMany { .. } => ("too-many", StatusCode::TOO_MANY_REQUESTS),
            Self::Timeout => ("timeout", StatusCode::SERVICE_UNAVAILABLE),
            Self::Storage { kind: "full", .. } => {
                ("storage-full", StatusCode::INSUFFICIENT_STORAGE)
            }
            Self::Storage {
                kind: "readonly", ..
            } => ("storage-readonly", StatusCode::SERVICE_UNAVAILABLE),
            Self::Storage { kind: "busy", .. } => ("storage-busy", StatusCode::SERVICE_UNAVAILABLE),
            Self::Storage {
                kind: "damaged", ..
            } => ("storage-damaged", StatusCode::SERVICE_UNAVAILABLE),
            Self::Storage { .. } => ("storage-away", StatusCode::SERVICE_UNAVAILABLE),
            Self::Internal(_) => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// What an error answer carries to the outer layer, which knows the reader.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Stable name, also the last part of the problem `type`.
    pub kind: &'static str,
    /// HTTP status.
    pub status: StatusCode,
    /// More about this very case.
    pub detail: Option<Said>,
    /// Seconds to wait before trying again, said to people and programs.
    pub wait: Option<u64>,
    /// The same said to programs only, where people must do something first.
    pub retry: Option<u64>,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (kind, status) = self.kind();
        match &self {
            Self::Internal(e) => {
                tracing::error!(error = %format_args!("{e:#}"), "a request failed")
            }
            Self::Storage { source, .. } => {
                tracing::error!(kind, error = %format_args!("{source:#}"), "storage failed")
            }
            Self::Token | Self::CrossSite | Self::TooMany { .. } => tracing::info!(kind, "refused"),
            _ => {}
        }
        let detail = match &self {
            Self::Input(said) | Self::Refused(said) => Some(said.clone()),
            Self::Scope { act } => {
                let needed = Scope::ALL.iter().find(|s| token_allows(&[**s], *act));
                needed.map(|s| Said::new("error-scope-needed").with("scope", s.as_str()))
            }
            _ => None,
        };
        let retry = match &self {
            Self::Storage { kind: "busy", .. } => Some(2),
            Self::Storage { kind: "away", .. } | Self::Timeout => Some(10),
            // Somebody must mend it first; a program need not ask every second.
            Self::Storage { .. } => Some(60),
            _ => None,
        };
        let (wait, to) = match self {
            Self::TooMany { seconds } => (Some(seconds), None),
            Self::Home => (None, Some("/".to_owned())),
            Self::StepUp { next } => (
                None,
                Some(format!("/step-up?next={}", super::encode(&next))),
            ),
            Self::SignIn { next } => {
                let next = next
                    .filter(|n| n != "/")
                    .map(|n| format!("?next={}", super::encode(&n)));
                (None, Some(format!("/sign-in{}", next.unwrap_or_default())))
            }
            _ => (None, None),
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(Problem {
            kind,
            status,
            detail,
            wait,
            retry,
        });
        if let Some(location) = to.and_then(|to| HeaderValue::from_str(&to).ok()) {
            // The outer layer makes it a redirect for pages; the API never asks with a cookie and gets the problem.
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

/// The kind of storage trouble that an error of the database is: `busy`, `full`, `readonly`, `away` or `damaged`;
/// nothing when it is no trouble of the storage.
pub const fn storage_kind(error: &vigie_store::Error) -> Option<&'static str> {
    use vigie_store::Error as E;
    match error {
        E::Busy => Some("busy"),
        E::Full => Some("full"),
        E::ReadOnly => Some("readonly"),
        E::Unreachable(_) => Some("away"),
        E::Corrupt(_) => Some("damaged"),
        _ => None,
    }
}

impl From<vigie_store::Error> for Error {
    fn from(error: vigie_store::Error) -> Self {
        use vigie_store::Error as E;
        match (&error, storage_kind(&error)) {
            (_, Some(kind)) => Self::Storage {
                kind,
                source: error.into(),
            },
            (E::NotFound, None) => Self::NotFound,
            (E::Conflict | E::Unique(_), None) => Self::Conflict,
            (_, None) => Self::Internal(error.into()),
        }
    }
}

impl From<crate::vault::Error> for Error {
    fn from(error: crate::vault::Error) -> Self {
        match error {
            crate::vault::Error::Store(error) => error.into(),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<askama::Error> for Error {
    fn from(e: askama::Error) -> Self {
        Self::Internal(anyhow::anyhow!("a template failed: {e}"))
    }
}

impl From<anyhow::Error> for Error {
    fn from(e: anyhow::Error) -> Self {
        // Trouble of the storage stays what it is, through whatever it came.
        match e.downcast::<vigie_store::Error>() {
            Ok(error) => error.into(),
            Err(e) => Self::Internal(e),
        }
    }
}
