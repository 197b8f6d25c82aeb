//! Names to addresses, once per connection: every answer is judged, and the connection goes to the very address that
//! was judged. A name cannot lead to a public address while it is judged and to a private one afterwards.

use crate::{Code, Failure, guard};
use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// Longest wait for an answer of the name servers.
const WITHIN: Duration = Duration::from_secs(5);

/// Looks names up. The system's resolver in the product; tests give their own answers.
pub trait Lookup: Send + Sync + fmt::Debug {
    /// The addresses of `name`; ports are ignored.
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct System;

impl Lookup for System {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

/// What the HTTP client asks.
#[derive(Debug)]
pub(crate) struct Guarded {
    /// Who answers.
    pub lookup: Arc<dyn Lookup>,
    /// True to refuse a name if any of its addresses is not public.
    pub public_only: bool,
}

/// The addresses of a name, each judged.
///
/// # Errors
/// `unknown_server`, `address_not_allowed`.
pub(crate) async fn judged(
    lookup: &Arc<dyn Lookup>,
    name: &str,
    public_only: bool,
) -> Result<Vec<IpAddr>, Failure> {
    let unknown = |why: String| Failure::new(Code::UnknownServer, format!("{name}: {why}"));
    let found = tokio::time::timeout(WITHIN, lookup.lookup(name.to_owned()))
        .await
        .map_err(|_| unknown("no answer from the name servers".into()))?
        .map_err(|error| unknown(error.to_string()))?;
    if found.is_empty() {
        return Err(unknown("no address".into()));
    }
    if public_only && !found.iter().all(|address| guard::is_public(address.ip())) {
        return Err(guard::not_allowed(name));
    }
    Ok(found.into_iter().map(|address| address.ip()).collect())
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = Arc::clone(&self.lookup);
        let public_only = self.public_only;
        Box::pin(async move {
            let found = judged(&lookup, name.as_str(), public_only).await?;
            Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}
