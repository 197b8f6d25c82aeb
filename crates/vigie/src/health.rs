//! Is the program alive, and is it ready to serve?

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;

use crate::{
    app::App,
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
}

async fn ready(State(app): State<App>) -> (StatusCode, Json<Ready>) {
    let mut missing = Vec::new();
    if *app.stopping.borrow() {
        missing.push("stopping");
    }
    if let Err(error) = app.store.ready().await {
        tracing::warn!(%error, "not ready");
        missing.push("database");
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
        }),
    )
}
