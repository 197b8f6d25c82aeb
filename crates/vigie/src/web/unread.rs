//! What no handler read of a request. A server that answers while somebody still sends and then hangs up shows them no
//! page at all, and a proxy that sends the next request on the same connection loses that one too. So the rest is read
//! and dropped; when there is too much of it, the answer says that the connection ends here.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::stream::{Fuse, Stream, StreamExt as _};

/// Most bytes that are read only to be dropped: the largest picture that is taken, and its form.
const MOST: usize = 16 * 1024 * 1024;

/// Longest wait for them.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body of which the layer around the handler keeps a hold. Recalled, it ends in an error for whoever still reads.
#[derive(Clone)]
struct Held(Arc<Mutex<Option<Flow>>>);

struct Flow {
    body: Fuse<BodyDataStream>,
    /// Whether a byte of it was ever asked for.
    asked: bool,
}

impl Held {
    fn of(body: Body) -> Self {
        Self(Arc::new(Mutex::new(Some(Flow {
            body: body.into_data_stream().fuse(),
            asked: false,
        }))))
    }

    fn recall(&self) -> Option<Flow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Stream for Held {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut flow = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match flow.as_mut() {
            Some(flow) => {
                flow.asked = true;
                flow.body.poll_next_unpin(cx)
            }
            None => Poll::Ready(Some(Err(axum::Error::new(std::io::Error::other(
                "the request was answered before its body was read",
            ))))),
        }
    }
}

/// Reads what is left, up to a bound; whether that was all.
async fn drained(mut flow: Flow) -> bool {
    let mut left = MOST;
    while let Some(chunk) = flow.body.next().await {
        let Ok(chunk) = chunk else {
            return false;
        };
        let Some(rest) = left.checked_sub(chunk.len()) else {
            return false;
        };
        left = rest;
    }
    true
}

/// Answers once the whole request is read, or says that the connection closes.
pub async fn drop_rest(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() || request.version() > Version::HTTP_11 {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    // Who asks first and was refused sends nothing, until the first read of the body says “go on”.
    let waits = parts.headers.contains_key(header::EXPECT);
    let held = Held::of(body);
    let request = Request::from_parts(parts, Body::from_stream(held.clone()));
    let mut response = next.run(request).await;
    let whole = match held.recall() {
        Some(flow) if flow.asked || !waits => tokio::time::timeout(PATIENCE, drained(flow))
            .await
            .unwrap_or(false),
        _ => false,
    };
    if !whole {
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
