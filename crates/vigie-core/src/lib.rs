//! The company's rules as pure functions.

pub mod id;
pub mod member;
pub mod rights;
