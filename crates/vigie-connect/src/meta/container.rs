//! Posts in two steps, as on Instagram and Threads: a container is made and filled, which is harmless, then published.

use super::Graph;
use crate::{
    Code, Failure, Picture,
    rest::{self, Stage, Trouble},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::time::Duration;
use vigie_core::publication::Outcome;

/// First wait for a container; then doubled each time.
const FIRST: Duration = Duration::from_millis(500);
/// Longest wait between two looks.
const LONGEST: Duration = Duration::from_secs(30);
/// Pictures that the network is asked to fetch at the same time.
const AT_ONCE: usize = 4;
/// When to try again while nothing may be published: the network's window rolls over a day and does not say more.
const LATER: SignedDuration = SignedDuration::from_hours(1);

/// Where an answer says how many posts may still be published.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// The edge.
    pub edge: &'static str,
    /// The field of those published.
    pub used: &'static str,
    /// The field of the rules.
    pub config: &'static str,
}

impl Quota {
    /// Asks whether one more may be published.
    ///
    /// # Errors
    /// `rate_limited` when not; any trouble of the call.
    pub async fn allows(self, graph: &Graph<'_>, account: &str) -> Result<(), Trouble> {
        let fields = format!("{},{}", self.used, self.config);
        let answer = graph
            .get(&[account, self.edge], &[("fields", &fields)])
            .await?;
        let number = |pointer: String| answer.pointer(&pointer).and_then(Value::as_u64);
        let used = number(format!("/data/0/{}", self.used));
        let total = number(format!("/data/0/{}/quota_total", self.config));
        if let (Some(used), Some(total)) = (used, total)
            && used >= total
        {
            let mut trouble = Trouble::new(
                Stage::NotSent,
                Code::RateLimited,
                "no more posts may be published now",
            );
            let later = Timestamp::now().checked_add(LATER).ok();
            trouble.failure = trouble.failure.retry_at(later);
            return Err(trouble);
        }
        Ok(())
    }
}

/// Waits until a container is ready to be published. `status` is the field that says so, `why` the one with the reason
/// of an error.
///
/// # Errors
/// `media_failed`, `media_not_public`, `slow`; nothing is published then. Stage unknown only when it is published
/// already.
async fn ready(graph: &Graph<'_>, id: &str, status: &str, why: &str) -> Result<(), Trouble> {
    let fields = format!("{status},{why}");
    let mut wait = FIRST;
    loop {
        let answer = graph.get(&[id], &[("fields", &fields)]).await?;
        let reason = rest::text(&answer, &format!("/{why}"));
        match rest::text(&answer, &format!("/{status}")) {
            "FINISHED" => return Ok(()),
            "IN_PROGRESS" => {}
            "PUBLISHED" => {
                return Err(Trouble::new(
                    Stage::Unknown,
                    Code::KeyTaken,
                    "it is published already",
                ));
            }
            "EXPIRED" => {
                return Err(Trouble::new(
                    Stage::NotSent,
                    Code::Slow,
                    "the container has ended",
                ));
            }
            "ERROR" => {
                let unreachable = ["2207052", "2207003", "DOWNLOAD", "URI"]
                    .iter()
                    .any(|word| reason.contains(word));
                let code = if unreachable {
                    Code::MediaNotPublic
                } else {
                    Code::MediaFailed
                };
                return Err(Trouble::new(
                    Stage::Refused,
                    code,
                    super::error::plain(reason),
                ));
            }
            _ => {
                return Err(Trouble::new(
                    Stage::NotSent,
                    Code::GarbageAnswer,
                    "a container without a state",
                ));
            }
        }
        if graph.left() <= wait {
            return Err(Trouble::new(
                Stage::NotSent,
                Code::Slow,
                "the network is not ready with it",
            ));
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST);
    }
}

/// The edges and fields of one platform's containers.
#[derive(Debug, Clone, Copy)]
pub struct Containers {
    /// The edge on which they are made.
    pub edge: &'static str,
    /// The field of their state.
    pub status: &'static str,
    /// The field of the reason of an error.
    pub why: &'static str,
}

impl Containers {
    /// Makes a container and waits until it can be published.
    ///
    /// # Errors
    /// As [`ready`].
    pub async fn make(
        self,
        graph: &Graph<'_>,
        account: &str,
        fields: Vec<(&'static str, String)>,
    ) -> Result<String, Trouble> {
        let answer = graph.post(&[account, self.edge], fields).await?;
        let id = made(&answer).map_err(|failure| Trouble {
            stage: Stage::NotSent,
            status: 0,
            failure,
        })?;
        ready(graph, &id, self.status, self.why).await?;
        Ok(id)
    }

    /// Makes the containers of a carousel, some at a time, since the network fetches a picture during each call; their
    /// ids, in order, as the field of the carousel.
    ///
    /// # Errors
    /// As [`ready`].
    pub async fn carousel(
        self,
        graph: &Graph<'_>,
        account: &str,
        pictures: Vec<Vec<(&'static str, String)>>,
    ) -> Result<Vec<(&'static str, String)>, Trouble> {
        let mut making = Vec::new();
        for mut fields in pictures {
            fields.push(("is_carousel_item", "true".to_owned()));
            making.push(self.make(graph, account, fields));
        }
        let children: Vec<String> = stream::iter(making).buffered(AT_ONCE).try_collect().await?;
        Ok(vec![
            ("media_type", "CAROUSEL".to_owned()),
            ("children", children.join(",")),
        ])
    }
}

/// The address at which the network fetches a picture, and its alternative text.
///
/// # Errors
/// `media_not_public`.
pub fn fetched(picture: &Picture) -> Result<Vec<(&'static str, String)>, Trouble> {
    let address = picture.address.as_ref().ok_or_else(|| {
        let detail = "a picture without an address";
        Trouble::new(Stage::Refused, Code::MediaNotPublic, detail)
    })?;
    let mut fields = vec![("image_url", address.to_string())];
    if !picture.alt.is_empty() {
        fields.push(("alt_text", picture.alt.clone()));
    }
    Ok(fields)
}

/// Outcome of what comes before publishing: nothing was published, unless the network says that it was.
pub fn published_or_not(trouble: Trouble) -> Outcome {
    if trouble.failure.code == Code::KeyTaken {
        trouble.outcome()
    } else {
        trouble.before()
    }
}

/// The id of something just made.
///
/// # Errors
/// `garbage_answer`; stage unknown.
pub fn made(answer: &Value) -> Result<String, Failure> {
    rest::id(answer, "/id")
        .ok_or_else(|| Failure::new(Code::GarbageAnswer, "a success without an id"))
}
