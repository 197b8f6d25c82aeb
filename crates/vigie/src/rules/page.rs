//! The list of all rules, and the page of one.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;
use vigie_check::{Evidence, Family, Lang as CheckLang, Rule, Severity};
use vigie_core::member::Lang;
use vigie_core::rights::Act;
use vigie_core::rulebook::{Severity as Booked, Step, floor};

use super::force::{InForce, booked, engine};
use super::{describe, force, steps};
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    family: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    place: String,
    /// `own`, `off` or `changed`.
    #[serde(default)]
    show: String,
}

/// A rule as it stands here.
#[derive(Clone, Copy)]
pub struct Standing<'a> {
    /// The rule: as it comes, or the organisation's.
    pub rule: &'a Rule,
    /// How serious it comes.
    pub from: Severity,
    /// How serious it is here, were it on.
    pub severity: Severity,
    /// Off here.
    pub off: bool,
    /// The organisation's own.
    pub own: bool,
}

impl Standing<'_> {
    /// Whether the organisation changed its weight.
    pub fn changed(&self) -> bool {
        self.from != self.severity
    }
}

/// Every rule, those that are off too, in order of their ids.
pub fn all(rules: &InForce) -> Vec<Standing<'_>> {
    let shipped = rules.shipped.rules().iter();
    let mut out: Vec<Standing<'_>> = shipped
        .map(|rule| standing(rule, rule.severity, rules, false))
        .chain(
            rules
                .own
                .rules()
                .iter()
                .map(|rule| standing(rule, rule.severity, rules, true)),
        )
        .collect();
    out.sort_by(|a, b| a.rule.id.cmp(&b.rule.id));
    out
}

fn standing<'a>(rule: &'a Rule, from: Severity, rules: &InForce, own: bool) -> Standing<'a> {
    let here = engine(rules.book.weight(&rule.id, booked(from)));
    Standing {
        rule,
        from,
        severity: here.unwrap_or(from),
        off: rules.book.off.contains(&rule.id),
        own,
    }
}

/// One rule by its id.
pub fn one<'a>(rules: &'a InForce, id: &str) -> Option<Standing<'a>> {
    all(rules).into_iter().find(|s| s.rule.id == id)
}

/// Whether a rule is among what was asked for.
fn wanted(asked: &Asked, standing: &Standing<'_>, lang: CheckLang) -> bool {
    let rule = standing.rule;
    let shown = match asked.show.as_str() {
        "own" => standing.own,
        "off" => standing.off,
        "changed" => standing.off || standing.own || standing.changed(),
        _ => true,
    };
    let q = fold(asked.q.trim());
    shown
        && (asked.family.is_empty() || asked.family == rule.family.as_str())
        && (asked.severity.is_empty() || asked.severity == standing.severity.as_str())
        && (asked.place.is_empty() || rule.jurisdictions.contains(&asked.place))
        && (q.is_empty()
            || [
                &rule.id,
                rule.title.get(lang),
                rule.message.get(lang),
                rule.advice.get(lang),
            ]
            .iter()
            .any(|text| fold(text).contains(&q)))
}

fn fold(text: &str) -> String {
    text.to_lowercase().replace('’', "'")
}

/// The engine's language of a reader.
pub const fn reader(lang: Lang) -> CheckLang {
    match lang {
        Lang::Fr => CheckLang::Fr,
        Lang::En => CheckLang::En,
    }
}

#[derive(Template)]
#[template(path = "rules/list.html")]
struct List<'a> {
    page: Page,
    w: Words,
    asked: Asked,
    lang: CheckLang,
    /// By family.
    groups: Vec<(Family, Vec<Standing<'a>>)>,
    found: usize,
    total: usize,
    families: &'static [Family],
    severities: &'static [Severity],
    places: Vec<String>,
    /// Own rules that cannot be read any more: name and why.
    faults: Vec<(String, String)>,
    may: bool,
}

/// `GET /rules`.
///
/// # Errors
/// Database, template.
pub async fn list(frame: Frame, me: Signed, Query(asked): Query<Asked>) -> Result<Response, Error> {
    let rules = force::in_force(&frame.app).await?;
    let every = all(&rules);
    let lang = reader(frame.viewer.lang);
    let mut places: Vec<String> = every
        .iter()
        .flat_map(|s| s.rule.jurisdictions.clone())
        .collect();
    places.sort();
    places.dedup();
    let total = every.len();
    let found: Vec<Standing<'_>> = every
        .into_iter()
        .filter(|s| wanted(&asked, s, lang))
        .collect();
    let groups = Family::ALL
        .iter()
        .map(|family| (*family, of(&found, *family)))
        .filter(|(_, rules)| !rules.is_empty())
        .collect();
    let page = frame.page("rules-title");
    web::html(&List {
        w: page.w.clone(),
        page,
        lang,
        groups,
        found: found.len(),
        total,
        families: Family::ALL,
        severities: Severity::ALL,
        places,
        faults: rules
            .faults
            .iter()
            .map(|f| (f.file.clone(), f.message.get(lang).to_owned()))
            .collect(),
        may: me.may(Act::ProposeChange),
        asked,
    })
}

fn of<'a>(rules: &[Standing<'a>], family: Family) -> Vec<Standing<'a>> {
    rules
        .iter()
        .filter(|s| s.rule.family == family)
        .copied()
        .collect()
}

#[derive(Template)]
#[template(path = "rules/rule.html")]
struct One<'a> {
    page: Page,
    w: Words,
    lang: CheckLang,
    it: Standing<'a>,
    verified: bool,
    /// What a finding says, with dots for what was found.
    message: String,
    /// When it speaks, in words.
    conditions: Vec<String>,
    fire: Vec<String>,
    quiet: Vec<String>,
    /// Weights that it may be given here.
    weights: Vec<Severity>,
    /// Whether it may be switched off.
    may_off: bool,
    may: bool,
}

/// `GET /rules/{id}`.
///
/// # Errors
/// No such rule; database; template.
pub async fn show(frame: Frame, me: Signed, Path(id): Path<String>) -> Result<Response, Error> {
    let rules = force::in_force(&frame.app).await?;
    let it = one(&rules, &id).ok_or(Error::NotFound)?;
    let source = describe::source(&rules, it.rule);
    let page = frame.page("rules-one-title");
    let texts = |examples: &[vigie_check::rule::file::Example]| {
        examples.iter().map(describe::example).collect()
    };
    let least = floor(booked(it.from));
    web::html(&One {
        lang: reader(frame.viewer.lang),
        verified: it.rule.evidence == Evidence::Verified,
        message: describe::without_marks(it.rule.message.get(reader(frame.viewer.lang))),
        conditions: source
            .map(|source| describe::conditions(&page.w, &source))
            .unwrap_or_default(),
        fire: texts(&it.rule.fire),
        quiet: texts(&it.rule.quiet),
        weights: Severity::ALL
            .iter()
            .copied()
            .filter(|s| booked(*s) >= least)
            .collect(),
        may_off: least == Booked::Hint,
        may: me.may(Act::ProposeChange),
        w: page.w.clone(),
        page,
        it,
    })
}

/// `POST /rules/{id}/switch`: off, or on again.
///
/// # Errors
/// No such rule; what the book refuses; database.
pub async fn switch(
    frame: Frame,
    me: Signed,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Error> {
    let rules = force::in_force(&frame.app).await?;
    let it = one(&rules, &id).ok_or(Error::NotFound)?;
    let (rule, from) = (id.clone(), booked(it.from));
    let step = match form.trimmed("to") {
        "off" => Step::Off { rule, from },
        _ => Step::On { rule, from },
    };
    let taken = steps::take(&frame, &me, &[step]).await?;
    Ok(steps::answered(&frame, &format!("/rules/{id}"), &taken))
}

/// `POST /rules/{id}/weigh`: more or less serious here.
///
/// # Errors
/// No such rule; what the book refuses; database.
pub async fn weigh(
    frame: Frame,
    me: Signed,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Error> {
    let rules = force::in_force(&frame.app).await?;
    let it = one(&rules, &id).ok_or(Error::NotFound)?;
    let step = Step::Weigh {
        rule: id.clone(),
        from: booked(it.from),
        severity: Booked::parse(form.trimmed("severity")),
    };
    let taken = steps::take(&frame, &me, &[step]).await?;
    Ok(steps::answered(&frame, &format!("/rules/{id}"), &taken))
}
