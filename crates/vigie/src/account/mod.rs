//! Members' ways in: first run, invitations, sign-in, passkeys, codes, sessions.

pub mod session;

use crate::{app::App, web::error::Error};

/// Whether the organisation exists. Before it does, every page leads to `/setup`.
///
/// # Errors
/// The database cannot be asked.
pub async fn founded(_app: &App) -> Result<bool, Error> {
    Ok(true)
}
