//! Where a link leads: redirects followed one by one, each address judged like any other before it is called.

use reqwest::Method;
use std::time::{Duration, Instant};
use url::Url;

use crate::http::Call;
use crate::{Code, Http};

/// Redirects that are followed.
pub const MOST_HOPS: usize = 5;
/// Longest wait for one answer.
const ONE: Duration = Duration::from_secs(4);
/// Longest address that is followed.
const MOST_LENGTH: usize = 4_096;

/// How following a link ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// An answer of this status that sends nowhere.
    Answered(u16),
    /// No answer, or an address that is not called.
    Failed(Code),
    /// More redirects than are followed.
    TooMany,
    /// Back to an address that was there before.
    Loop,
}

/// The way of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The addresses it was sent on to, in order; also the one that could not be called.
    pub hops: Vec<Url>,
    /// How it ended.
    pub ended: Ended,
}

impl Http {
    /// Follows a link for at most `within`. No cookie, no credential and no body is sent, and no body is read.
    pub async fn follow(&self, link: &Url, within: Duration) -> Trail {
        let until = Instant::now() + within;
        let mut here = link.clone();
        here.set_fragment(None);
        let mut hops: Vec<Url> = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now()).min(ONE);
            let (status, location) = match self.ask(&here, left).await {
                Ok(answer) => answer,
                Err(code) => {
                    let ended = Ended::Failed(code);
                    return Trail { hops, ended };
                }
            };
            let to = matches!(status, 301 | 302 | 303 | 307 | 308)
                .then_some(location)
                .flatten();
            let Some(to) = to else {
                let ended = Ended::Answered(status);
                return Trail { hops, ended };
            };
            let next = (to.len() <= MOST_LENGTH)
                .then(|| here.join(&to).ok())
                .flatten();
            let Some(mut next) = next else {
                let ended = Ended::Failed(Code::BadAddress);
                return Trail { hops, ended };
            };
            next.set_fragment(None);
            if next == *link || next == here || hops.contains(&next) {
                let ended = Ended::Loop;
                return Trail { hops, ended };
            }
            hops.push(next.clone());
            if hops.len() > MOST_HOPS {
                let ended = Ended::TooMany;
                return Trail { hops, ended };
            }
            here = next;
        }
    }

    /// Status and `Location` of an address. Servers that do not know HEAD are asked again with GET.
    async fn ask(&self, url: &Url, within: Duration) -> Result<(u16, Option<String>), Code> {
        let mut last = Err(Code::Slow);
        for method in [Method::HEAD, Method::GET] {
            let call = Call {
                headers_only: true,
                ..Call::new(method, url.clone(), within)
            };
            last = match self.send(call).await {
                Ok(answer) => Ok((answer.status, answer.location)),
                Err(none) => Err(none.failure.code),
            };
            // What HEAD answers with an error may be there for GET.
            if !matches!(
                last,
                Ok((400 | 403 | 404 | 405 | 406 | 501, _)) | Err(Code::CutOff)
            ) {
                break;
            }
        }
        last
    }
}
