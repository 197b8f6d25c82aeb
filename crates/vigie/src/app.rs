//! The running program: what handlers share, and the assembly of all routes.

use anyhow::Context as _;
use axum::Router;
use secrecy::ExposeSecret as _;
use std::{ops::Deref, sync::Arc};
use tokio::sync::{Notify, watch};
use vigie_core::vault::RootKeys;
use vigie_store::Store;

use crate::{
    account::passkey::Passkeys,
    channel::{apps::Apps, connectors::Connectors},
    clock::Clock,
    config::Config,
    keys::Keys,
    metrics::Metrics,
    rules::force::Rules,
    web::{self, limit::Limits, route::Route},
};

/// What every handler and worker shares. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of [`App`].
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The database.
    pub store: Store,
    /// The program's own secrets.
    pub keys: Keys,
    /// The vault's root keys.
    pub vault: RootKeys,
    /// The platforms.
    pub connectors: Connectors,
    /// The guarded client, one for everything.
    pub http: vigie_connect::Http,
    /// Connections to mail servers.
    pub mail: vigie_connect::reach::Reach,
    /// Passkeys.
    pub passkeys: Passkeys,
    /// What the first-run page asks for when others could reach it: printed in the log at start.
    pub setup_code: Option<String>,
    /// The rules in force, made ready.
    pub rules: Rules,
    /// The name of this process among the publishers: a fresh one at every start.
    pub worker: String,
    /// Wakes the publisher before its next round.
    pub wake: Notify,
    /// How often callers may ask.
    pub limits: Limits,
    /// Counters for the operator.
    pub metrics: Metrics,
    /// Becomes true when the program should end; workers watch it.
    pub stopping: watch::Sender<bool>,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the program together. Opens nothing on the network.
    ///
    /// # Errors
    /// Key files or database that cannot be opened.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let rules = Rules::read();
        crate::keys::create_private_dir(&config.data)?;
        let keys = Keys::load_or_create(&config)?;
        let store = Store::open(&config.database)
            .await
            .context("the database cannot be used")?;
        if keys.new_vault && store.read().await?.organisation().await?.is_some() {
            // The one just made would only hide that the right one is missing.
            std::fs::remove_file(&config.vault_key_file)?;
            return Err(crate::trouble::KeyGone(config.vault_key_file.clone()).into());
        }
        let vault = RootKeys::parse(keys.vault.expose_secret())
            .with_context(|| config.vault_key_file.display().to_string())?;
        let allowed = vigie_connect::AllowedPrivate::parse(&config.allowed_private)?;
        let mut http = vigie_connect::Http::new(allowed)?;
        if let Some(file) = &config.authorities_file {
            let place = || format!("authorities_file: {}", file.display());
            let pem = std::fs::read(file).with_context(place)?;
            http = http.trusting(&pem).with_context(place)?;
        }
        let mail = http.reach();
        let apps = Apps::read(&config.apps_file)?;
        let connectors = Connectors::new(&store, &config, &http, &apps);
        let passkeys = Passkeys::new(&config)?;
        let setup_code = match config.exposed() {
            true => Some(crate::account::session::secret().map_err(|e| anyhow::anyhow!("{e}"))?),
            false => None,
        };
        let (stopping, _) = watch::channel(false);
        Ok(Self(Arc::new(Parts {
            config,
            clock,
            store,
            keys,
            vault,
            connectors,
            http,
            mail,
            passkeys,
            setup_code,
            rules,
            worker: uuid::Uuid::now_v7().to_string(),
            wake: Notify::new(),
            limits: Limits::default(),
            metrics: Metrics::default(),
            stopping,
        })))
    }

    /// Asks workers and connections to end.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until [`App::stop`] was called.
    pub async fn stopped(&self) {
        let mut watch = self.stopping.subscribe();
        // An error means that the sender is gone, and with it the program.
        let _ = watch.wait_for(|stop| *stop).await;
    }
}

/// Every route of the program, concept by concept. This list mounts, guards, and is walked by the tests.
pub fn routes() -> Vec<Route> {
    [
        crate::health::routes(),
        web::routes(),
        crate::home::routes(),
        crate::account::routes(),
        crate::post::page::routes(),
        crate::chat::routes(),
        crate::mail::routes(),
        crate::inbound::routes(),
        crate::inbound::api::routes(),
        crate::outside::routes(),
        crate::self_check::routes(),
        crate::media::routes(),
        crate::calendar::routes(),
        crate::channel::page::routes(),
        crate::channel::hook::routes(),
        crate::channel::watch_page::routes(),
        crate::channel::fetch::routes(),
        crate::member::routes(),
        crate::change::page::routes(),
        crate::pause::routes(),
        crate::alarm::routes(),
        crate::rules::routes(),
        crate::settings::routes(),
        crate::sandbox::page::routes(),
        crate::api::routes(),
        crate::post::api::routes(),
        crate::channel::api::routes(),
        crate::channel::trial::routes(),
        crate::calendar::api::routes(),
        crate::member::api::routes(),
        crate::change::api::routes(),
        crate::alarm::api::routes(),
        crate::audit::page::routes(),
        crate::audit::api::routes(),
        crate::check::api::routes(),
        crate::pause::api::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The program as an HTTP service.
pub fn router(app: &App) -> Router {
    web::dress(app, web::route::mount(app, routes()))
}
