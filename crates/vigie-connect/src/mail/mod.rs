//! Conversations by mail: letters out by submission, letters in by IMAP, who surely wrote one, and what it says.
//!
//! Nothing is decided here: a letter becomes [`crate::chat::Heard`], and only a letter whose domain vouches for its
//! writer (see [`authentic`]) gets that far.

pub mod address;
pub mod authentic;
mod headers;
pub mod inbox;
pub mod letter;
pub mod out;
pub mod reply;
pub mod returned;
pub(crate) mod show;
mod smtp;

pub use address::{Address, Mailbox};
pub use authentic::{Author, Judge, Unsure};
pub use inbox::{Cursor, Incoming, Round, Taken};
pub use letter::{Letter, Unsubscribe};
pub use out::{Dkim, Login, Outgoing};
