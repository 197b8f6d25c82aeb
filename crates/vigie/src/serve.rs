//! `vigie serve`: the pages, the API and the workers, until the program is asked to end.

use anyhow::{Context as _, Result};
use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use crate::{
    app::{self, App},
    cli::{Settings, Speech},
    clock::SystemClock,
    config::Config,
};

/// Start the pages, the API and the workers.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  vigie serve --data /var/lib/vigie\n  \
vigie serve --database postgres://vigie@db/vigie --public-url https://vigie.example.org")]
pub struct Serve {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    speech: Speech,
}

/// Runs `vigie serve`.
///
/// # Errors
/// Settings, key files, database or address that cannot be used.
pub fn run(args: Serve) -> Result<ExitCode> {
    let config = args.settings.load()?;
    log_to_stderr(&config.log)?;
    crate::web::panic::log_place_only();
    let served = crate::cli::block_on(async {
        let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
        serve(app).await
    });
    match served {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            let w = args.speech.words();
            eprintln!("{}", crate::trouble::said(&error, &config, &w));
            Ok(ExitCode::from(2))
        }
    }
}

/// Serves until a signal or [`App::stop`], then lets requests in hand end.
///
/// # Errors
/// The address cannot be listened on.
pub async fn serve(app: App) -> Result<()> {
    let listen = app.config.listen;
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    announce(&app.config);
    if let Some(at) = app.config.metrics_listen {
        let listener = tokio::net::TcpListener::bind(at)
            .await
            .with_context(|| format!("cannot listen on {at}"))?;
        let (measured, router) = (app.clone(), crate::metrics::router(&app));
        tokio::spawn(async move {
            let until = async move { measured.stopped().await };
            if let Err(error) = axum::serve(listener, router)
                .with_graceful_shutdown(until)
                .await
            {
                tracing::error!(%error, "the measurements ended");
            }
        });
    }
    let service = app::router(&app).into_make_service_with_connect_info::<SocketAddr>();
    let stopping = app.clone();
    tokio::spawn(async move {
        signal().await;
        stopping.stop();
    });
    tokio::spawn(crate::account::tidy::run(app.clone()));
    let worker = tokio::spawn(crate::publication::worker::run(app.clone()));
    let chats = tokio::spawn(crate::chat::outbox::run(app.clone()));
    let letters = tokio::spawn(crate::mail::run(app.clone()));
    let kept = tokio::spawn(crate::chat::keep::run(app.clone()));
    let stopped = app.clone();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move { stopped.stopped().await })
        .await?;
    app.stop();
    // What is being sent is written down before the end.
    let _ = worker.await;
    let _ = chats.await;
    let _ = letters.await;
    let _ = kept.await;
    app.store.close().await;
    tracing::info!("stopped in order");
    Ok(())
}

fn announce(config: &Config) {
    tracing::info!(listen = %config.listen, "serving");
    if config.exposed() && !config.https() {
        tracing::warn!(
            "listening beyond this machine without https: put a TLS proxy in front and set public_url to its address"
        );
    }
    eprintln!("Vigie: {}", config.public_url);
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut term) => tokio::select! {
            _ = term.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

/// Log lines go to standard error; JSON when it is not a terminal.
///
/// # Errors
/// A filter that does not parse.
pub fn log_to_stderr(filter: &str) -> Result<()> {
    use std::io::IsTerminal as _;
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .with_context(|| format!("log: cannot use \"{filter}\""))?;
    // When it refuses a body, the web library writes a part of it, which may be anybody's words; the library for web
    // sockets writes what chats say.
    let mut filter = filter;
    for silent in [
        "axum::rejection=off",
        "tungstenite=off",
        "tokio_tungstenite=off",
    ] {
        filter = filter.add_directive(silent.parse()?);
    }
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second call (tests that start two programs) keeps the first one's.
    let _ = if std::io::stderr().is_terminal() {
        lines.try_init()
    } else {
        lines.json().try_init()
    };
    Ok(())
}
