//! Chats: what is said, what is heard, and every way that saying it can go wrong.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod hipchat;
mod matrix;
mod mattermost;
mod secrets;
mod slack;
mod slack_heard;
mod socket;
mod suite;
mod synapse;
mod teams;
mod webhook;
