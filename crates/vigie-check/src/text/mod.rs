//! Reading a text as a person would: hidden characters out, look-alike letters folded, spans back in the original.

pub mod chars;
pub mod fuzzy;
pub(crate) mod hashtags;
pub mod language;
pub mod mask;
pub mod nearest;
pub mod random;
pub mod span;
pub mod view;

pub use view::View;
