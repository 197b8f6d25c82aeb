//! Detectors: what is better said in code than in a pattern (check digits, calendars, hosts). Rules name them.

use jiff::civil::Date;

use crate::content::{MediaFacts, Trail};
use crate::eval::Hit;
use crate::facts::Facts;
use crate::scan::features::Features;
use crate::text::View;

mod alt;
mod bank;
mod birth;
mod company;
mod contact;
mod cut;
mod dates;
mod document;
mod figures;
mod form;
mod handles;
mod health;
mod identity;
mod known;
mod links;
mod machine;
mod national;
mod network;
mod nir;
mod numbers;
mod person;
mod phone;
mod pictures;
mod place;
mod plate;
mod postal;
mod price;
mod reference;
mod secrets;
mod seed;
mod targets;

pub use links::{Links, addresses};

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
    /// The pictures of the post.
    pub media: &'a [MediaFacts],
    /// Where links of the post lead, as far as they were followed.
    pub trails: &'a [Trail],
    /// What is known beside it.
    pub facts: &'a Facts,
    /// The day it is read on.
    pub day: Option<Date>,
    /// The links of the field, once they were looked for.
    pub links: &'a Links,
}

/// A detector: total, linear, never panics.
#[derive(Clone, Copy)]
pub struct Detector {
    /// The name rules use.
    pub name: &'static str,
    /// What a text must hold for it to find anything.
    pub gate: Gate,
    /// The work.
    pub run: fn(&Context<'_>) -> Vec<Hit>,
}

/// What must be there for a detector to find anything: it is not asked elsewhere.
#[derive(Debug, Clone, Copy)]
pub enum Gate {
    /// All these traits of the text.
    Traits(Features),
    /// One of these literals, in lower case, anywhere.
    Words(&'static [&'static str]),
    /// A picture, or what is known of one.
    Pictures,
    /// A link that was followed.
    Trails,
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Detector({})", self.name)
    }
}

const ALL: &[Detector] = &[
    Detector {
        name: "iban",
        gate: Gate::Traits(Features::DIGITS),
        run: bank::iban,
    },
    Detector {
        name: "card_luhn",
        gate: Gate::Traits(Features::DIGITS),
        run: bank::card,
    },
    Detector {
        name: "nir",
        gate: Gate::Traits(Features::DIGITS),
        run: nir::nir,
    },
    Detector {
        name: "siren",
        gate: Gate::Words(company::WORDS),
        run: company::number,
    },
    Detector {
        name: "phone",
        gate: Gate::Traits(Features::DIGITS),
        run: phone::phone,
    },
    Detector {
        name: "email",
        gate: Gate::Traits(Features::AT),
        run: contact::email,
    },
    Detector {
        name: "rib",
        gate: Gate::Traits(Features::DIGITS),
        run: bank::rib,
    },
    Detector {
        name: "bank_account",
        gate: Gate::Words(bank::ACCOUNT_WORDS),
        run: bank::account,
    },
    Detector {
        name: "us_ssn",
        gate: Gate::Traits(Features::DIGITS),
        run: national::us_ssn,
    },
    Detector {
        name: "uk_nino",
        gate: Gate::Traits(Features::DIGIT),
        run: national::uk_nino,
    },
    Detector {
        name: "uk_nhs",
        gate: Gate::Traits(Features::DIGITS),
        run: national::uk_nhs,
    },
    Detector {
        name: "foreign_id",
        gate: Gate::Traits(Features::DIGITS),
        run: national::foreign,
    },
    Detector {
        name: "mobile_phone",
        gate: Gate::Traits(Features::DIGITS),
        run: phone::mobile,
    },
    Detector {
        name: "any_phone",
        gate: Gate::Traits(Features::DIGIT),
        run: phone::any,
    },
    Detector {
        name: "spelled_email",
        gate: Gate::Words(&["at]", "at)", "at}", "at ]", "at )", "arobase", "(a)", "[a]"]),
        run: contact::spelled_email,
    },
    Detector {
        name: "postal_address",
        gate: Gate::Words(postal::WORDS),
        run: postal::address,
    },
    Detector {
        name: "birth_date",
        gate: Gate::Words(birth::WORDS),
        run: birth::date,
    },
    Detector {
        name: "number_plate",
        gate: Gate::Traits(Features::CODE),
        run: plate::plate,
    },
    Detector {
        name: "mrz",
        gate: Gate::Words(&["<<"]),
        run: document::mrz,
    },
    Detector {
        name: "document_number",
        gate: Gate::Words(document::WORDS),
        run: document::number,
    },
    Detector {
        name: "imei",
        gate: Gate::Words(&["imei"]),
        run: machine::imei,
    },
    Detector {
        name: "vin",
        gate: Gate::Traits(Features::CODE),
        run: machine::vin,
    },
    Detector {
        name: "health_record",
        gate: Gate::Words(health::WORDS),
        run: health::record,
    },
    Detector {
        name: "health_provider",
        gate: Gate::Words(health::WORDS),
        run: health::carer,
    },
    Detector {
        name: "file_number",
        gate: Gate::Words(reference::WORDS),
        run: reference::number,
    },
    Detector {
        name: "ip_address",
        gate: Gate::Traits(Features::LINK),
        run: network::ip,
    },
    Detector {
        name: "private_ip",
        gate: Gate::Traits(Features::LINK),
        run: network::private_ip,
    },
    Detector {
        name: "mac_address",
        gate: Gate::Traits(Features::DIGIT),
        run: network::mac,
    },
    Detector {
        name: "person_name",
        gate: Gate::Traits(Features::ANY),
        run: person::name,
    },
    Detector {
        name: "first_name",
        gate: Gate::Traits(Features::ANY),
        run: person::first_name,
    },
    Detector {
        name: "place",
        gate: Gate::Traits(Features::ANY),
        run: place::place,
    },
    Detector {
        name: "weekday_mismatch",
        gate: Gate::Words(dates::MONTH_WORDS),
        run: dates::weekday_mismatch,
    },
    Detector {
        name: "impossible_date",
        gate: Gate::Traits(Features::DIGIT),
        run: dates::impossible,
    },
    Detector {
        name: "wrong_tomorrow",
        gate: Gate::Words(&[
            "demain",
            "tomorrow",
            "aujourd'hui",
            "today",
            "ce soir",
            "tonight",
        ]),
        run: dates::wrong_tomorrow,
    },
    Detector {
        name: "private_host",
        gate: Gate::Traits(Features::LINK),
        run: links::private_host,
    },
    Detector {
        name: "internal_domain",
        gate: Gate::Traits(Features::LINK),
        run: links::internal_domain,
    },
    Detector {
        name: "tracking",
        gate: Gate::Traits(Features::LINK),
        run: links::tracking,
    },
    Detector {
        name: "shared_document",
        gate: Gate::Traits(Features::LINK),
        run: links::shared_document,
    },
    Detector {
        name: "lookalike_link",
        gate: Gate::Traits(Features::LINK),
        run: links::lookalike,
    },
    Detector {
        name: "missing_alt",
        gate: Gate::Pictures,
        run: alt::missing,
    },
    Detector {
        name: "careless_alt",
        gate: Gate::Pictures,
        run: alt::careless,
    },
    Detector {
        name: "hidden_characters",
        gate: Gate::Traits(Features::STRANGE),
        run: form::hidden,
    },
    Detector {
        name: "mixed_script",
        gate: Gate::Traits(Features::STRANGE),
        run: form::mixed_script,
    },
    Detector {
        name: "shouting",
        gate: Gate::Traits(Features::LOUD),
        run: form::shouting,
    },
    Detector {
        name: "lowercase_hashtag",
        gate: Gate::Traits(Features::HASH),
        run: form::lowercase_hashtag,
    },
    Detector {
        name: "percent_mismatch",
        gate: Gate::Traits(Features::PERCENT.and(Features::DIGIT)),
        run: price::percent_mismatch,
    },
    Detector {
        name: "reversed_price",
        gate: Gate::Words(figures::PRICE_WORDS),
        run: figures::reversed_price,
    },
    Detector {
        name: "reversed_hours",
        gate: Gate::Words(figures::HOUR_WORDS),
        run: figures::reversed_hours,
    },
    Detector {
        name: "wrong_total",
        gate: Gate::Words(&["="]),
        run: figures::wrong_total,
    },
    Detector {
        name: "reduction",
        gate: Gate::Words(&[
            "%",
            "au lieu de",
            "instead of",
            "was",
            "prix ",
            "monstre",
            "slashed",
        ]),
        run: price::reduction,
    },
    Detector {
        name: "jwt",
        gate: Gate::Words(&["eyj"]),
        run: secrets::jwt,
    },
    Detector {
        name: "assigned_secret",
        gate: Gate::Words(secrets::NAMES),
        run: secrets::assigned,
    },
    Detector {
        name: "bare_secret",
        gate: Gate::Traits(Features::LONG_RUN),
        run: secrets::bare,
    },
    Detector {
        name: "seed_phrase",
        gate: Gate::Words(seed::WORDS),
        run: seed::phrase,
    },
    Detector {
        name: "near_name",
        gate: Gate::Traits(Features::ANY),
        run: known::near_name,
    },
    Detector {
        name: "new_hashtag",
        gate: Gate::Traits(Features::HASH),
        run: known::new_hashtag,
    },
    Detector {
        name: "unverified_mention",
        gate: Gate::Traits(Features::AT),
        run: known::unverified_mention,
    },
    Detector {
        name: "mention_owner",
        gate: Gate::Traits(Features::AT),
        run: known::mention_owner,
    },
    Detector {
        name: "lookalike_handle",
        gate: Gate::Traits(Features::AT),
        run: handles::lookalike,
    },
    Detector {
        name: "cut",
        gate: Gate::Traits(Features::ANY),
        run: cut::cut,
    },
    Detector {
        name: "past_event",
        gate: Gate::Words(dates::MONTH_WORDS),
        run: dates::past_event,
    },
    Detector {
        name: "boarding_pass",
        gate: Gate::Words(&["m1", "m2", "m3", "m4"]),
        run: identity::boarding_pass,
    },
    Detector {
        name: "removed_data",
        gate: Gate::Pictures,
        run: pictures::removed_data,
    },
    Detector {
        name: "unread_picture",
        gate: Gate::Pictures,
        run: pictures::unread_picture,
    },
    Detector {
        name: "disguised_file",
        gate: Gate::Pictures,
        run: pictures::disguised_file,
    },
    Detector {
        name: "registered_picture",
        gate: Gate::Pictures,
        run: pictures::registered_picture,
    },
    Detector {
        name: "other_target",
        gate: Gate::Words(&["](", "href"]),
        run: targets::other_target,
    },
    Detector {
        name: "masked_host",
        gate: Gate::Traits(Features::LINK),
        run: targets::masked_host,
    },
    Detector {
        name: "leads_elsewhere",
        gate: Gate::Trails,
        run: targets::leads_elsewhere,
    },
    Detector {
        name: "unfollowed_link",
        gate: Gate::Trails,
        run: targets::unfollowed_link,
    },
    Detector {
        name: "dead_link",
        gate: Gate::Trails,
        run: targets::dead_link,
    },
    Detector {
        name: "inward_link",
        gate: Gate::Trails,
        run: targets::inward_link,
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
