//! Members' ways in: first run, invitations, sign-in, passkeys, codes, sessions.

pub mod session;
