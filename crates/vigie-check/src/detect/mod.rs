//! Detectors: what is better said in code than in a pattern (check digits, calendars, hosts). Rules name them.

use jiff::civil::Date;

use crate::content::{Content, Lang};
use crate::eval::Hit;
use crate::facts::Facts;
use crate::text::View;

mod alt;
mod contact;
mod dates;
mod digits;
mod form;
mod identity;
mod links;
mod price;
mod secrets;

/// Text that a detector proposes in place of what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion(pub String);

/// What a detector may look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The field.
    pub view: &'a View<'a>,
    /// Its name, such as `text` or `link[0]`.
    pub field: &'a str,
    /// The whole post.
    pub content: &'a Content,
    /// What is known beside it.
    pub facts: &'a Facts,
    /// Its language, given or guessed.
    pub lang: Option<Lang>,
    /// The day it is read on.
    pub day: Option<Date>,
}

/// A detector: total, linear, never panics.
#[derive(Clone, Copy)]
pub struct Detector {
    /// The name rules use.
    pub name: &'static str,
    /// The work.
    pub run: fn(&Context<'_>) -> Vec<Hit>,
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Detector({})", self.name)
    }
}

const ALL: &[Detector] = &[
    Detector {
        name: "iban",
        run: digits::iban,
    },
    Detector {
        name: "card_luhn",
        run: digits::card,
    },
    Detector {
        name: "nir",
        run: digits::nir,
    },
    Detector {
        name: "siren",
        run: digits::siren,
    },
    Detector {
        name: "phone",
        run: contact::phone,
    },
    Detector {
        name: "email",
        run: contact::email,
    },
    Detector {
        name: "weekday_mismatch",
        run: dates::weekday_mismatch,
    },
    Detector {
        name: "impossible_date",
        run: dates::impossible,
    },
    Detector {
        name: "wrong_tomorrow",
        run: dates::wrong_tomorrow,
    },
    Detector {
        name: "private_host",
        run: links::private_host,
    },
    Detector {
        name: "internal_domain",
        run: links::internal_domain,
    },
    Detector {
        name: "tracking",
        run: links::tracking,
    },
    Detector {
        name: "shared_document",
        run: links::shared_document,
    },
    Detector {
        name: "lookalike_link",
        run: links::lookalike,
    },
    Detector {
        name: "missing_alt",
        run: alt::missing,
    },
    Detector {
        name: "careless_alt",
        run: alt::careless,
    },
    Detector {
        name: "hidden_characters",
        run: form::hidden,
    },
    Detector {
        name: "mixed_script",
        run: form::mixed_script,
    },
    Detector {
        name: "shouting",
        run: form::shouting,
    },
    Detector {
        name: "lowercase_hashtag",
        run: form::lowercase_hashtag,
    },
    Detector {
        name: "percent_mismatch",
        run: price::percent_mismatch,
    },
    Detector {
        name: "reduction",
        run: price::reduction,
    },
    Detector {
        name: "jwt",
        run: secrets::jwt,
    },
    Detector {
        name: "boarding_pass",
        run: identity::boarding_pass,
    },
];

/// The detector of that name.
pub fn by_name(name: &str) -> Option<Detector> {
    ALL.iter().copied().find(|d| d.name == name)
}

/// The names of all detectors.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|d| d.name)
}
