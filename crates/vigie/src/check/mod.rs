//! Checking texts with the rules of `vigie-check`: on the command line, in the composer, through the API.

pub mod api;
pub mod cli;
mod folder;
pub mod gather;
pub mod links;
mod picture;
mod progress;
