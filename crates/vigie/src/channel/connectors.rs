//! The connectors of this program, by platform.

use std::sync::Arc;

use vigie_connect::Connector;
use vigie_core::content::Platform;
use vigie_store::Store;

/// One connector a platform. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connectors {
    sandbox: Arc<dyn Connector>,
}

impl Connectors {
    /// All connectors.
    pub fn new(store: &Store, public_url: &url::Url) -> Self {
        Self {
            sandbox: Arc::new(crate::sandbox::connector::Sandbox::new(
                store.clone(),
                public_url,
            )),
        }
    }

    /// The connector of a platform.
    pub fn of(&self, platform: Platform) -> &Arc<dyn Connector> {
        match platform {
            Platform::Sandbox | Platform::Bluesky => &self.sandbox,
        }
    }
}
