//! “Would you post it?”: any member tries a text of their own and gets advice, and nobody else learns of it. Nothing of
//! the text, of the choices or of the answer is stored or logged: the routes are private, the text comes in the body of
//! a form and never in an address, and the only things that are read from the database are the organisation and its rules.

use askama::Template;
use axum::response::Response;
use vigie_check::{Content, Facts, Report};
use vigie_core::rights::Act;
use vigie_store::Organisation;

use crate::post::view::{self, FindingView, Run};
use crate::rules::force;
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};
use crate::web::{self};
use crate::words::Words;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    let who = Who::Member(Act::Check);
    vec![
        Route::get("/self-check", who, show),
        Route::post("/self-check", who, answer)
            .rate(Rate::TYPING)
            .private(),
        Route::post("/self-check/live", who, live_part)
            .rate(Rate::TYPING)
            .private(),
    ]
}

/// For whom one writes: form value and the facts `account` and `channel`.
const AS: [(&str, &str, &str); 2] = [("me", "employee", "personal"), ("company", "brand", "post")];
/// Whether it sells something: form value and the fact `commercial`.
const SELLS: [(&str, bool); 2] = [("yes", true), ("no", false)];
/// Where it is read: form values, which are also those of the fact `target`.
const WHERE: [&str; 5] = ["FR", "EU", "UK", "US", "world"];

/// What somebody says about the situation; what they do not say, or say in other words than the form's, stays unknown.
fn facts(form: &Form, org: &Organisation, known: Facts, day: String) -> Facts {
    let mut facts = known.with("now", day);
    let chosen = form.trimmed("as");
    if let Some((name, account, channel)) = AS.iter().find(|(name, ..)| *name == chosen) {
        facts.set("account", *account).set("channel", *channel);
        let whose = if *name == "me" { "employer" } else { "brand" };
        facts.set(whose, org.name.clone());
    }
    if let Some((_, sells)) = SELLS
        .iter()
        .find(|(name, _)| *name == form.trimmed("sells"))
    {
        facts.set("commercial", *sells);
    }
    if let Some(place) = WHERE.iter().find(|place| **place == form.trimmed("where")) {
        facts.set("target", *place);
    }
    facts
}

/// Facts that the form can say.
const ASKED: [&str; 3] = ["account", "commercial", "target"];

/// The answer to one text.
struct Advice {
    /// Whether there was anything to read.
    empty: bool,
    findings: Vec<FindingView>,
    /// The text with findings marked.
    marked: Vec<Run>,
    /// Whether saying more about the situation would make the answer more exact.
    vague: bool,
}

impl Advice {
    fn of(report: &Report, text: &str, w: &Words) -> Self {
        let asks = |key: &String| ASKED.contains(&key.as_str());
        Self {
            empty: text.trim().is_empty(),
            findings: view::findings_alone(report, text, w.lang),
            marked: view::marked(text, &report.findings),
            vague: report.findings.iter().any(|f| f.unknown.iter().any(asks)),
        }
    }
}

/// Reads a text and forgets it.
async fn advice(frame: &Frame, form: &Form) -> Result<Advice, Error> {
    let org = frame.app.store.read().await?.organisation().await?;
    let org = org.ok_or(Error::NotFound)?;
    let rules = force::in_force(&frame.app).await?;
    let w = frame.words();
    let now = frame.app.clock.now().to_zoned_datetime(w.zone.clone());
    let text = form.value("text");
    let facts = facts(form, &org, rules.facts(), now.date().to_string());
    let report = rules.check(&Content::text(text), &facts);
    Ok(Advice::of(&report, text, &w))
}

/// The sign of a severity. Nothing is stopped here, so there is no stop sign.
fn weight_icon(severity: &str) -> &'static str {
    match severity {
        "stop" => "circle-alert",
        "review" => "triangle-alert",
        "warn" => "eye",
        _ => "lightbulb",
    }
}

#[derive(Template)]
#[template(path = "self_check/self_check.html")]
struct View {
    page: Page,
    w: Words,
    form: Form,
    advice: Advice,
    places: [&'static str; 5],
}

impl View {
    fn icon(&self, severity: &str) -> &'static str {
        weight_icon(severity)
    }
}

#[derive(Template)]
#[template(path = "self_check/live_part.html")]
struct LivePart {
    w: Words,
    advice: Advice,
}

impl LivePart {
    fn icon(&self, severity: &str) -> &'static str {
        weight_icon(severity)
    }
}

async fn page(frame: &Frame, form: Form) -> Result<Response, Error> {
    let page = frame.page("self-check-title");
    web::html(&View {
        advice: advice(frame, &form).await?,
        w: page.w.clone(),
        page,
        form,
        places: WHERE,
    })
}

/// `GET /self-check`: an empty page, whatever the address says.
async fn show(frame: Frame) -> Result<Response, Error> {
    page(&frame, Form::new().with("as", "me")).await
}

/// `POST /self-check`: the page with its answer; a press of a fix puts it into the text first.
async fn answer(frame: Frame, mut form: Form) -> Result<Response, Error> {
    if let Some(text) = view::fixed(form.value("text"), form.value("fix")) {
        form.set("text", text);
    }
    page(&frame, form).await
}

/// `POST /self-check/live`: the part that changes while somebody types.
async fn live_part(frame: Frame, form: Form) -> Result<Response, Error> {
    web::html(&LivePart {
        advice: advice(&frame, &form).await?,
        w: frame.words(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigie_check::FactValue;
    use vigie_core::member::Lang;

    fn said(body: &str) -> Facts {
        let org = Organisation {
            name: "Atelier Merlin".into(),
            tz: "Europe/Paris".into(),
            lang: Lang::Fr,
            settings: vigie_store::Settings::default(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            updated_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let form = Form::parse(body.as_bytes()).unwrap();
        facts(&form, &org, Facts::new(), "2026-11-24".into())
    }

    #[test]
    fn choices_become_facts_and_anything_else_stays_unknown() {
        let mine = said("as=me&sells=no&where=UK");
        assert_eq!(mine.text("account"), Some("employee"));
        assert_eq!(mine.text("employer"), Some("Atelier Merlin"));
        assert_eq!(mine.get("commercial"), Some(&FactValue::Bool(false)));
        assert_eq!(mine.text("target"), Some("UK"));
        assert_eq!(said("as=company").text("brand"), Some("Atelier Merlin"));
        let odd = said("as=canary&sells=canary&where=canary&account=brand");
        assert_eq!(odd.keys().collect::<Vec<_>>(), ["now"]);
    }
}
