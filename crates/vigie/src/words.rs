//! Every word a person reads, from `i18n/{fr,en}/*.ftl`, and how dates and numbers are said.
//!
//! Templates hold a [`Words`] named `w`: `{{ w.t("nav-home") }}`, `{{ w.t1("ago-hours", "n", hours) }}`,
//! `{{ w.date(post.at) }}`, `{{ w.icon("pause") }}`.

use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, static_loader};
use jiff::{Timestamp, tz::TimeZone};
use std::{borrow::Borrow, borrow::Cow, collections::HashMap, fmt};
pub use vigie_core::member::Lang;

static_loader! {
    static CATALOGUE = {
        locales: "../../i18n",
        fallback_language: "en",
        // The isolating marks would end up in plain texts, titles and tests; HTML isolates with `dir="auto"` where needed.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

fn id(lang: Lang) -> &'static LanguageIdentifier {
    static FR: LanguageIdentifier = fluent_templates::langid!("fr");
    static EN: LanguageIdentifier = fluent_templates::langid!("en");
    match lang {
        Lang::Fr => &FR,
        Lang::En => &EN,
    }
}

/// A value that a message can hold: text or a number (numbers choose plurals).
pub trait Arg {
    /// The value as Fluent takes it.
    fn value(&self) -> FluentValue<'static>;
}

impl<T: Arg + ?Sized> Arg for &T {
    fn value(&self) -> FluentValue<'static> {
        (**self).value()
    }
}

macro_rules! text_args {
    ($($t:ty),*) => { $(impl Arg for $t {
        fn value(&self) -> FluentValue<'static> { FluentValue::String(Cow::Owned(self.to_string())) }
    })* };
}
text_args!(str, String, Cow<'_, str>, char);

macro_rules! number_args {
    ($($t:ty),*) => { $(impl Arg for $t {
        fn value(&self) -> FluentValue<'static> { FluentValue::from(*self) }
    })* };
}
number_args!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

/// Named values of a message.
pub type Args = HashMap<Cow<'static, str>, FluentValue<'static>>;

/// The message `key` in `lang`. A key that does not exist is shown as itself between brackets: a test makes sure that
/// none is missing, and a page with one odd word is better than no page.
pub fn t(lang: Lang, key: &str, args: &Args) -> String {
    CATALOGUE
        .try_lookup_complete(id(lang), key, Some(args))
        .unwrap_or_else(|| format!("[{key}]"))
}

/// A message and its values, said later in the reader's language.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// Key of the message.
    pub key: Cow<'static, str>,
    /// Named values.
    pub args: Vec<(Cow<'static, str>, Value)>,
}

/// A value kept with a message.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number, which may choose a plural.
    Number(i64),
    /// A text.
    Text(String),
}

impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Self::Text(v.to_owned())
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Self::Text(v)
    }
}
macro_rules! number_values {
    ($($t:ty),*) => { $(impl From<$t> for Value {
        fn from(v: $t) -> Self { Self::Number(i64::try_from(v).unwrap_or(i64::MAX)) }
    })* };
}
number_values!(u8, u16, u32, u64, usize, i32, i64);

impl Said {
    /// The message `key`, without values.
    pub fn new(key: impl Into<Cow<'static, str>>) -> Self {
        Self {
            key: key.into(),
            args: Vec::new(),
        }
    }

    /// The same with the value `name`.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.args.push((name.into(), value.into()));
        self
    }

    /// The text in `lang`.
    pub fn text(&self, lang: Lang) -> String {
        let args = self.args.iter().map(|(k, v)| {
            let v = match v {
                Value::Number(n) => FluentValue::from(*n),
                Value::Text(s) => FluentValue::String(Cow::Owned(s.clone())),
            };
            (k.clone(), v)
        });
        t(lang, &self.key, &args.collect())
    }
}

/// How things are said to one reader: language and time zone.
#[derive(Debug, Clone)]
pub struct Words {
    /// The reader's language.
    pub lang: Lang,
    /// The organisation's time zone.
    pub zone: TimeZone,
}

impl Words {
    /// Words in `lang`, times in UTC.
    pub fn new(lang: Lang) -> Self {
        Self {
            lang,
            zone: TimeZone::UTC,
        }
    }

    /// The same with times in `zone`.
    #[must_use]
    pub fn in_zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    /// The message `key`.
    pub fn t(&self, key: impl fmt::Display) -> String {
        t(self.lang, &key.to_string(), &Args::new())
    }

    /// The message `key`, when there is one.
    pub fn find(&self, key: &str) -> Option<String> {
        CATALOGUE.try_lookup_complete(id(self.lang), key, None)
    }

    /// The message `key` with one value.
    pub fn t1(&self, key: impl fmt::Display, name: &'static str, value: impl Arg) -> String {
        t(
            self.lang,
            &key.to_string(),
            &Args::from([(name.into(), value.value())]),
        )
    }

    /// The message `key` with two values.
    pub fn t2(
        &self,
        key: impl fmt::Display,
        n1: &'static str,
        v1: impl Arg,
        n2: &'static str,
        v2: impl Arg,
    ) -> String {
        t(
            self.lang,
            &key.to_string(),
            &Args::from([(n1.into(), v1.value()), (n2.into(), v2.value())]),
        )
    }

    /// The message `key` with three values.
    #[expect(
        clippy::too_many_arguments,
        reason = "read at the call as name, value pairs"
    )]
    pub fn t3(
        &self,
        key: impl fmt::Display,
        n1: &'static str,
        v1: impl Arg,
        n2: &'static str,
        v2: impl Arg,
        n3: &'static str,
        v3: impl Arg,
    ) -> String {
        let args = [
            (n1.into(), v1.value()),
            (n2.into(), v2.value()),
            (n3.into(), v3.value()),
        ];
        t(self.lang, &key.to_string(), &Args::from(args))
    }

    /// A message kept for later.
    pub fn say(&self, said: &Said) -> String {
        said.text(self.lang)
    }

    /// The language as HTML names it: `fr` or `en`.
    pub fn lang_code(&self) -> &'static str {
        self.lang.as_str()
    }

    /// The sign `name` of the sprite, hidden from screen readers: words always stand beside it.
    pub fn icon(&self, name: &'static str) -> Icon {
        Icon(name)
    }

    /// "24 November 2026", in the organisation's zone.
    pub fn date(&self, at: impl Borrow<Timestamp>) -> String {
        let z = at.borrow().to_zoned_datetime(self.zone.clone());
        let month = self.t(format!("month-{}", z.month()));
        // French writes the first of a month as an ordinal.
        let day = match (self.lang, z.day()) {
            (Lang::Fr, 1) => "1er".to_owned(),
            (_, d) => d.to_string(),
        };
        self.t3(
            "date-long",
            "day",
            day,
            "month",
            month,
            "year",
            z.year().to_string(),
        )
    }

    /// "14:05", 24 hours, in the organisation's zone.
    pub fn time(&self, at: impl Borrow<Timestamp>) -> String {
        at.borrow()
            .to_zoned_datetime(self.zone.clone())
            .strftime("%H:%M")
            .to_string()
    }

    /// "24 November 2026 at 14:05".
    pub fn moment(&self, at: impl Borrow<Timestamp>) -> String {
        let at = at.borrow();
        self.t2("date-moment", "date", self.date(at), "time", self.time(at))
    }

    /// "Tuesday 24 November 2026".
    pub fn weekday_date(&self, at: impl Borrow<Timestamp>) -> String {
        let at = at.borrow();
        let z = at.to_zoned_datetime(self.zone.clone());
        let weekday = self.t(format!("weekday-{}", z.weekday().to_monday_one_offset()));
        self.t2("date-weekday", "weekday", weekday, "date", self.date(at))
    }

    /// "3 minutes ago", "in 2 hours"; beyond a week, the date.
    pub fn ago(&self, at: impl Borrow<Timestamp>, now: impl Borrow<Timestamp>) -> String {
        let at = at.borrow();
        let seconds = now.borrow().duration_since(*at).as_secs();
        let (n, unit) = match seconds.unsigned_abs() {
            0..60 => return self.t("ago-now"),
            s @ 60..3600 => (s / 60, "minutes"),
            s @ 3600..86_400 => (s / 3600, "hours"),
            s @ 86_400..604_800 => (s / 86_400, "days"),
            _ => return self.date(at),
        };
        let key = if seconds >= 0 {
            format!("ago-{unit}")
        } else {
            format!("ahead-{unit}")
        };
        self.t1(key, "n", n)
    }

    /// The instant as machines read it, for `<time datetime>`.
    pub fn machine(&self, at: impl Borrow<Timestamp>) -> String {
        at.borrow().to_string()
    }
}

/// A sign of the sprite, as HTML.
#[derive(Debug, Clone, Copy)]
pub struct Icon(&'static str);

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sprite = crate::web::assets::url("vendor/icons.svg");
        write!(
            f,
            r##"<svg class="icon" aria-hidden="true" focusable="false"><use href="{sprite}#{}"/></svg>"##,
            self.0
        )
    }
}

impl askama::filters::HtmlSafe for Icon {}
