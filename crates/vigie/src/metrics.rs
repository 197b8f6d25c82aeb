//! Measurements for the operator, on a listener of their own (`metrics_listen`), in the Prometheus text format. Counts
//! only: nothing about people or content.

use axum::{Router, extract::State, http::StatusCode, routing::get};
use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::app::App;

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Metrics {
    answers: [AtomicU64; 5],
    micros: AtomicU64,
}

impl Metrics {
    /// Counts an answer and the microseconds it took.
    pub fn answered(&self, status: StatusCode, micros: u128) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = self.answers.get(class) {
            counter.fetch_add(1, Relaxed);
        }
        self.micros
            .fetch_add(u64::try_from(micros).unwrap_or(u64::MAX), Relaxed);
    }

    fn text(&self) -> String {
        let mut out = String::from("# TYPE vigie_answers_total counter\n");
        for (class, counter) in self.answers.iter().enumerate() {
            let _ = writeln!(
                out,
                "vigie_answers_total{{status=\"{}xx\"}} {}",
                class + 1,
                counter.load(Relaxed)
            );
        }
        let _ = writeln!(
            out,
            "# TYPE vigie_answer_microseconds_total counter\nvigie_answer_microseconds_total {}",
            self.micros.load(Relaxed)
        );
        out
    }
}

/// The measurements as an HTTP service: `/metrics` alone.
pub fn router(app: &App) -> Router {
    let show = |State(app): State<App>| async move { app.metrics.text() };
    Router::new()
        .route("/metrics", get(show))
        .with_state(app.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_class() {
        let metrics = Metrics::default();
        metrics.answered(StatusCode::OK, 5);
        metrics.answered(StatusCode::NOT_FOUND, 7);
        let text = metrics.text();
        assert!(
            text.contains("{status=\"2xx\"} 1") && text.contains("{status=\"4xx\"} 1"),
            "{text}"
        );
        assert!(text.contains("microseconds_total 12"));
    }
}
