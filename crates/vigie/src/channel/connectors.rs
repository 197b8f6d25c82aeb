//! The connectors of this program, by platform.

use std::sync::Arc;

use vigie_connect::{
    Bluesky, Connector, Declaration, Facebook, Http, Instagram, LinkedIn, Mastodon, Site, Threads,
    X,
};
use vigie_core::content::Platform;
use vigie_store::Store;

use super::apps::Apps;
use crate::config::Config;
use crate::sandbox::connector::Sandbox;

/// What all platforms can do, without a running program.
///
/// # Errors
/// No client for the network can be made.
pub fn declarations() -> anyhow::Result<Vec<&'static Declaration>> {
    let http = Http::new(vigie_connect::AllowedPrivate::default())?;
    let mut all: Vec<_> = outside(&http, &Apps::default())
        .iter()
        .map(|(_, connector)| connector.describe())
        .collect();
    all.push(&crate::sandbox::connector::DECLARATION);
    Ok(all)
}

/// The connectors of networks, in the order in which people see them.
fn outside(http: &Http, apps: &Apps) -> Vec<(Platform, Arc<dyn Connector>)> {
    let http = || http.clone();
    let app = |platform| apps.of(platform);
    vec![
        (
            Platform::Facebook,
            Arc::new(Facebook::new(http(), app(Platform::Facebook))),
        ),
        (
            Platform::Instagram,
            Arc::new(Instagram::new(http(), app(Platform::Instagram))),
        ),
        (
            Platform::Threads,
            Arc::new(Threads::new(http(), app(Platform::Threads))),
        ),
        (
            Platform::LinkedIn,
            Arc::new(LinkedIn::new(http(), app(Platform::LinkedIn))),
        ),
        (Platform::X, Arc::new(X::new(http(), app(Platform::X)))),
        (Platform::Mastodon, Arc::new(Mastodon::new(http()))),
        (Platform::Bluesky, Arc::new(Bluesky::new(http()))),
        (Platform::Site, Arc::new(Site::new(http()))),
    ]
}

/// One connector a platform. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connectors {
    all: Arc<[(Platform, Arc<dyn Connector>)]>,
    sandbox: Arc<dyn Connector>,
}

impl Connectors {
    /// All connectors, on one client for the network. `apps` are the operator's registrations.
    pub fn new(store: &Store, config: &Config, http: &Http, apps: &Apps) -> Self {
        let sandbox: Arc<dyn Connector> = Arc::new(Sandbox::new(store.clone(), &config.public_url));
        let mut all = outside(http, apps);
        all.push((Platform::Sandbox, Arc::clone(&sandbox)));
        Self {
            all: all.into(),
            sandbox,
        }
    }

    /// The connector of a platform.
    pub fn of(&self, platform: Platform) -> &Arc<dyn Connector> {
        // A test holds that every platform is in the list.
        self.all
            .iter()
            .find(|(known, _)| *known == platform)
            .map_or(&self.sandbox, |(_, connector)| connector)
    }

    /// All platforms, in the order in which people see them.
    pub fn all(&self) -> impl Iterator<Item = (Platform, &Arc<dyn Connector>)> {
        self.all
            .iter()
            .map(|(platform, connector)| (*platform, connector))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_has_its_connector_and_says_its_own_name() {
        let mut declared: Vec<&str> = declarations()
            .unwrap()
            .iter()
            .map(|declaration| declaration.platform.as_str())
            .collect();
        declared.sort_unstable();
        let mut all: Vec<&str> = Platform::ALL.iter().map(|p| p.as_str()).collect();
        all.sort_unstable();
        assert_eq!(declared, all);
        for declaration in declarations().unwrap() {
            assert_eq!(declaration.name, declaration.platform.name());
            assert!(declaration.every >= 1 && declaration.text.most > 0);
        }
    }
}
