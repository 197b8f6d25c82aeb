//! Asks every rule about every field.
//!
//! `run` decides which rules are asked and about what, `fields` makes the parts of a post ready to be read, `nodes` answers
//! the conditions on the text (`denial` whether it says the contrary), `findings` turns hits into words.

mod denial;
mod fields;
mod findings;
pub(crate) mod joined;
mod near;
mod nodes;
mod run;

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;

use crate::content::{Content, Lang, MediaFacts, Trail};
use crate::detect::{Links, Suggestion};
use crate::packs::Packs;
use crate::prepared::{Answers, Listed};
use crate::rule::condition::Known;
use crate::rule::file::FieldKind;
use crate::scan::runs::Runs;
use crate::text::View;
use crate::wake::{Bits, Seen};

pub(crate) use nodes::window;
pub(crate) use run::{Watch, run, watched};

/// Something found: bytes of the view, and what the detector has to say about it.
#[derive(Debug, Clone, Default)]
pub struct Hit {
    /// Bytes of the view; `None` = the whole field.
    pub span: Option<(usize, usize)>,
    /// The field, where it is not the one being read.
    pub field: Option<String>,
    /// Names for the message.
    pub params: BTreeMap<String, String>,
    /// What could be put instead.
    pub suggestion: Option<Suggestion>,
    /// What it is, where the rule itself does not say.
    pub told: Option<Box<Told>>,
}

/// What a hit says about itself: name, and how serious and sure it is where that is not as the rule says.
#[derive(Debug, Clone)]
pub struct Told {
    /// What it is: `{what}` in the message.
    pub what: crate::report::Words,
    /// Another severity than the rule's.
    pub severity: Option<crate::Severity>,
    /// Another confidence than the rule's.
    pub confidence: Option<crate::Confidence>,
    /// Of two hits on the same bytes the lower one is kept.
    pub rank: u8,
}

impl Hit {
    /// A hit on some bytes of the view.
    pub fn at(start: usize, end: usize) -> Self {
        Hit {
            span: Some((start, end)),
            ..Hit::default()
        }
    }

    /// The same hit with a name for the message.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    fn start(&self) -> usize {
        self.span.map_or(0, |s| s.0)
    }
}

/// One field being read.
struct Field<'a> {
    name: Cow<'static, str>,
    kind: FieldKind,
    view: View<'a>,
    /// What is in it, for parts of rules that need something.
    seen: Seen,
    /// Parts of rules that something in it wakes.
    parts: Bits,
    /// Where words of the organisation's lists stand.
    listed: Vec<Listed>,
    plain: OnceCell<String>,
    /// Whether an expression that no literal announces may match it.
    joint: OnceCell<bool>,
    /// Its links.
    links: Links,
    /// Its longest runs of letters and digits.
    runs: OnceCell<Runs>,
}

/// What does not change during one check.
struct Shared<'a> {
    media: &'a [MediaFacts],
    trails: &'a [Trail],
    packs: &'a Packs,
    known: Known<'a>,
    /// What conditions answer, where that was worked out before.
    answers: Option<&'a Answers>,
    lang: &'a dyn Fn() -> Option<Lang>,
    /// Whether parts that lack what they need are asked all the same: a test compares.
    thorough: bool,
    /// Whether the rule being asked knows every fact it needs.
    sure: Cell<bool>,
}

/// A post as it is checked, borrowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post<'a> {
    pub(crate) text: &'a str,
    pub(crate) lang: Option<Lang>,
    pub(crate) links: &'a [String],
    pub(crate) media: &'a [MediaFacts],
    pub(crate) trails: &'a [Trail],
}

impl<'a> From<&'a Content> for Post<'a> {
    fn from(content: &'a Content) -> Self {
        Post {
            text: &content.text,
            lang: content.lang,
            links: &content.links,
            media: &content.media,
            trails: &content.trails,
        }
    }
}
