//! Vigie's program: pages, API, command line and workers. The rules are in `vigie-core` and `vigie-check`, the database
//! in `vigie-store`, the outside world in `vigie-connect`. Folders here are concepts, not layers.

pub mod account;
pub mod alarm;
pub mod api;
pub mod app;
pub mod audit;
pub mod calendar;
pub mod change;
pub mod channel;
pub mod chat;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod health;
pub mod help;
pub mod home;
pub mod inbound;
pub mod keys;
pub mod mail;
pub mod media;
pub mod member;
pub mod metrics;
pub mod outside;
pub mod pause;
pub mod post;
pub mod publication;
pub mod remote;
pub mod rules;
pub mod sandbox;
pub mod self_check;
pub mod serve;
pub mod settings;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod token;
pub mod trouble;
pub mod vault;
pub mod web;
pub mod words;
