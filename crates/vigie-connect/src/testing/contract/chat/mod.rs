//! Stand-ins for chats.

pub mod hipchat;
pub mod matrix;
pub mod mattermost;
pub mod slack;
pub mod socket;
pub mod teams;
