//! API tokens: made and ended by their member, limited by scopes.

pub mod bearer;
