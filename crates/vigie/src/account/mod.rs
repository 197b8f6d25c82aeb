//! Members' ways in: first run, invitations, sign-in, codes, passkeys, sessions.

pub mod code;
pub mod device;
pub mod enrol;
pub mod factors;
pub mod invite;
pub mod me;
pub mod passkey;
pub mod password;
pub mod session;
pub mod setup;
pub mod sign_in;
pub mod throttle;
pub mod tidy;

use crate::web::route::Route;
use crate::{app::App, web::error::Error};

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    [
        setup::routes(),
        sign_in::routes(),
        invite::routes(),
        me::routes(),
        factors::routes(),
        passkey::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether the organisation exists. Before it does, every page leads to `/setup`.
///
/// # Errors
/// The database cannot be asked.
pub async fn founded(app: &App) -> Result<bool, Error> {
    Ok(app.store.read().await?.organisation().await?.is_some())
}
