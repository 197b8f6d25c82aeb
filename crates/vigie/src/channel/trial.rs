//! Trying a page without putting anything on it: does its key open it, can it be read, what does its server say.
//! Nothing is ever published to try: a trial post is a post, and takes a second pair of eyes.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use vigie_connect::Failure;
use vigie_core::id::ChannelId;
use vigie_core::rights::Act;

use super::{account, health};
use crate::api::Problem;
use crate::app::App;
use crate::publication::session;
use crate::web::error::Error;
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};
use crate::web::viewer::Bearer;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![Route::post("/api/v1/channels/{id}/test", Who::Token(Act::Write), run).rate(Rate::COSTLY)]
}

/// One thing that was tried.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepOut {
    /// `key`, `page`, `received`.
    step: &'static str,
    /// Whether it went well; null when this network does not do that.
    ok: Option<bool>,
    /// Why not, a stable name.
    problem: Option<String>,
    /// Posts read, things received.
    found: Option<usize>,
}

/// What came of a trial.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialOut {
    /// The channel.
    channel: String,
    /// Its network.
    platform: String,
    /// What the connector was proven against: `real_server`, `contract` or `itself`.
    proven: &'static str,
    /// Most characters of a text there, as this network counts.
    most: usize,
    /// What was tried, in order.
    steps: Vec<StepOut>,
}

fn step<T>(step: &'static str, came: Result<T, Failure>, found: impl Fn(&T) -> usize) -> StepOut {
    StepOut {
        step,
        ok: Some(came.is_ok()),
        found: came.as_ref().ok().map(found),
        problem: came.err().map(|failure| failure.code.as_str().to_owned()),
    }
}

/// Tries a channel without putting anything on its page.
#[utoipa::path(post, path = "/api/v1/channels/{id}/test", tag = "channels", params(("id" = String, Path)), responses((status = 200, body = TrialOut), (status = 404, body = Problem)))]
pub async fn run(
    State(app): State<App>,
    _token: Bearer,
    Path(id): Path<ChannelId>,
) -> Result<Json<TrialOut>, Error> {
    let channel = app.store.read().await?.channel(id).await?;
    if !channel.status.is_usable() {
        return Err(Error::refused("channel-not-usable"));
    }
    let key = health::try_one(&app, &channel)
        .await
        .map_err(Error::Internal)?;
    let channel = app.store.read().await?.channel(id).await?;
    let connector = app.connectors.of(channel.platform);
    let declaration = connector.describe();
    let mut steps = vec![StepOut {
        step: "key",
        ok: Some(key.is_none()),
        problem: key.map(str::to_owned),
        found: None,
    }];
    if key.is_none() {
        let mut open = session::open(&app, &channel).await?;
        let reads = declaration.reads;
        steps.push(if reads.posts {
            let listed = connector.list(&mut open.session, None).await;
            step("page", listed, |page| page.posts.len())
        } else {
            not_offered("page")
        });
        steps.push(if reads.comments || reads.mentions || reads.messages {
            let arrived = connector.arrivals(&mut open.session, None).await;
            step("received", arrived, |all| all.items.len())
        } else {
            not_offered("received")
        });
        open.keep(&app, app.clock.now()).await;
    }
    Ok(Json(TrialOut {
        channel: channel.id.to_string(),
        platform: channel.platform.to_string(),
        proven: super::docs::proven(declaration.proven).0,
        most: declaration.at(&account(&channel).limits).text.most,
        steps,
    }))
}

const fn not_offered(step: &'static str) -> StepOut {
    StepOut {
        step,
        ok: None,
        problem: None,
        found: None,
    }
}
