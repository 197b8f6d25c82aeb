//! The publisher: approved content goes out, once, with an outcome that is never guessed; and what the pages show is
//! read back.
//!
//! - [`worker`]: the rounds: what is due, what must be looked for, what must be taken back, what lapsed.
//! - `sends`: what is on its way: channels take turns, and a slow network holds up nobody else's.
//! - [`guard`]: the last look before sending: is this, byte for byte, what was approved, and may it go out now?
//! - [`send`]: one publication, from the written intent to the written outcome.
//! - [`readback`]: what stands on the pages, and alarms for what Vigie did not put there.
//! - [`alarm`]: how an alarm is raised.

pub mod alarm;
pub mod guard;
pub mod readback;
pub mod send;
mod sends;
pub mod session;
pub mod worker;
