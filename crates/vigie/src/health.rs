//! Is the program alive, and is it ready to serve?

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;

use std::time::Duration;

use crate::{
    app::App,
    web::error::storage_kind,
    web::route::{Route, Who},
};

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/healthz", Who::Anyone, alive),
        Route::get("/readyz", Who::Anyone, ready),
    ]
}

async fn alive() -> &'static str {
    "ok\n"
}

/// What `/readyz` answers.
#[derive(Debug, Serialize)]
struct Ready {
    ready: bool,
    /// What is missing, by name.
    missing: Vec<&'static str>,
    /// What is wrong with the database: a name that `/problems/NAME` explains.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

/// Longest wait for the database before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(3);

/// The name of what is wrong with the database, if anything.
async fn trouble(app: &App) -> Option<String> {
    let store = app.store.clone();
    // Not cut off in the middle: that would leave the connection in a state nobody knows.
    let asked = tokio::spawn(async move { store.ready().await });
    let error = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Ok(()))) => return None,
        Ok(Ok(Err(error))) => error,
        Ok(Err(_)) | Err(_) => vigie_store::Error::Busy,
    };
    tracing::warn!(%error, "not ready");
    Some(format!(
        "storage-{}",
        storage_kind(&error).unwrap_or("away")
    ))
}

async fn ready(State(app): State<App>) -> (StatusCode, Json<Ready>) {
    let mut missing = Vec::new();
    if *app.stopping.borrow() {
        missing.push("stopping");
    }
    let trouble = trouble(&app).await;
    if trouble.is_some() {
        missing.push("database");
    }
    // Read while the program already answers; whoever asks this early is told once they are there.
    if tokio::time::timeout(PATIENCE, app.rules.shipped())
        .await
        .is_err()
    {
        missing.push("rules");
    }
    let status = if missing.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(Ready {
            ready: missing.is_empty(),
            missing,
            trouble,
        }),
    )
}
