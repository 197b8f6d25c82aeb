//! What rules know of the organisation as a whole: markets, country, sector, and what is going on now.

use askama::Template;
use axum::response::Response;
use vigie_core::rights::Act;
use vigie_core::rulebook::{FactShape, PROFILE, RuleBook, Step, Value};

use super::force;
use super::steps::{self, key, known};
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

struct Line {
    name: &'static str,
    key: String,
    shape: &'static str,
    alert: bool,
    /// Choices: value, words, chosen.
    choices: Vec<(String, String, bool)>,
    value: String,
    /// For who only reads.
    said: String,
}

#[derive(Template)]
#[template(path = "rules/profile.html")]
struct View {
    page: Page,
    w: Words,
    lines: Vec<Line>,
    may: bool,
}

fn line(w: &Words, book: &RuleBook, name: &'static str, shape: FactShape, alert: bool) -> Line {
    let value = book.facts.get(name);
    let chosen = |word: &str| match value {
        Some(Value::Text(text)) => text == word,
        Some(Value::Some(words)) => words.contains(word),
        Some(Value::Is(yes)) => yes.to_string() == word,
        None => false,
    };
    let choice = |word: &str| {
        let said = match word {
            "true" => w.t("settings-yes"),
            "false" => w.t("settings-no"),
            word => known(w, Some(&Value::Text(word.to_owned()))),
        };
        (word.to_owned(), said, chosen(word))
    };
    let (kind, words): (&'static str, &[&str]) = match shape {
        FactShape::One(words) => ("one", words),
        FactShape::YesNo => ("one", &["true", "false"]),
        FactShape::Some(words) => ("some", words),
        FactShape::Day => ("date", &[]),
        FactShape::Text => ("text", &[]),
    };
    Line {
        name,
        key: key(name),
        shape: kind,
        alert,
        choices: words.iter().map(|word| choice(word)).collect(),
        value: match value {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        },
        said: known(w, value),
    }
}

/// `GET /rules/profile`.
///
/// # Errors
/// Database, template.
pub async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    let rules = force::in_force(&frame.app).await?;
    let page = frame.page("rules-profile-title");
    let lines = PROFILE
        .iter()
        .map(|(name, shape, alert)| line(&page.w, &rules.book, name, *shape, *alert))
        .collect();
    web::html(&View {
        w: page.w.clone(),
        page,
        lines,
        may: me.may(Act::ProposeChange),
    })
}

/// What the form says of a fact.
fn typed(form: &Form, name: &str, shape: FactShape) -> Option<Value> {
    let text = form.trimmed(name).to_owned();
    match shape {
        FactShape::Some(_) => {
            let words: std::collections::BTreeSet<String> = form
                .all(name)
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect();
            (!words.is_empty()).then_some(Value::Some(words))
        }
        _ if text.is_empty() => None,
        FactShape::YesNo => Some(Value::Is(text == "true")),
        _ => Some(Value::Text(text)),
    }
}

/// `POST /rules/profile`: one step for each fact that differs.
///
/// # Errors
/// What the book refuses; database.
pub async fn save(frame: Frame, me: Signed, form: Form) -> Result<Response, Error> {
    let rules = force::in_force(&frame.app).await?;
    let steps: Vec<Step> = PROFILE
        .iter()
        .map(|(name, shape, _)| ((*name).to_owned(), typed(&form, name, *shape)))
        .filter(|(name, value)| rules.book.facts.get(name) != value.as_ref())
        .map(|(fact, value)| Step::Know { fact, value })
        .collect();
    if steps.is_empty() {
        return Err(Error::refused("rules-refused-nothing"));
    }
    let taken = steps::take(&frame, &me, &steps).await?;
    Ok(steps::answered(&frame, "/rules/profile", &taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_values() {
        let form =
            Form::parse(b"target=FR&target=UK&quiet=false&country=&crisis=+incendie+").unwrap();
        let of = |name: &str| {
            let (_, shape, _) = PROFILE.iter().find(|(n, ..)| *n == name).unwrap();
            typed(&form, name, *shape)
        };
        let both = ["FR".to_owned(), "UK".to_owned()];
        assert_eq!(of("target"), Some(Value::Some(both.into())));
        assert_eq!(of("quiet"), Some(Value::Is(false)));
        assert_eq!(of("country"), None);
        assert_eq!(of("crisis"), Some(Value::Text("incendie".into())));
    }
}
