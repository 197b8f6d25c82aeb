//! A handler that panics answers with a page like any other error, and the message of the panic, which may hold what it
//! was working on, stays out of the answer and of the log.

use axum::response::{IntoResponse as _, Response};
use std::any::Any;

use super::error::Error;

/// The answer to a panic.
pub fn answer(_: Box<dyn Any + Send + 'static>) -> Response {
    Error::internal("a handler panicked").into_response()
}

/// Makes panics say where, and not what, in the log.
pub fn log_place_only() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}
