//! The connectors of this program, by platform.

use std::sync::Arc;

use vigie_connect::{AllowedPrivate, Bluesky, Connector, Http};
use vigie_core::content::Platform;
use vigie_store::Store;

use crate::config::Config;
use crate::sandbox::connector::Sandbox;

/// One connector a platform. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connectors {
    sandbox: Arc<dyn Connector>,
    bluesky: Arc<dyn Connector>,
}

impl Connectors {
    /// All connectors. `allowed_private` are the hosts on private addresses that may be called.
    ///
    /// # Errors
    /// An entry of `allowed_private` that is no host; no client for the network can be made.
    pub fn new(store: &Store, config: &Config) -> anyhow::Result<Self> {
        let allowed = AllowedPrivate::parse(&config.allowed_private)?;
        Ok(Self {
            sandbox: Arc::new(Sandbox::new(store.clone(), &config.public_url)),
            bluesky: Arc::new(Bluesky::new(Http::new(allowed)?)),
        })
    }

    /// The connector of a platform.
    pub fn of(&self, platform: Platform) -> &Arc<dyn Connector> {
        match platform {
            Platform::Sandbox => &self.sandbox,
            Platform::Bluesky => &self.bluesky,
        }
    }
}
