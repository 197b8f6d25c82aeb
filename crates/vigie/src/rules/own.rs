//! Rules of one's own: by a form without code, or as text in the rule language, pasted or as a file.

use std::time::Instant;

use askama::Template;
use axum::extract::{Multipart, Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use vigie_check::{Family, Lang, Severity, cost};
use vigie_core::rulebook::{LARGEST_OWN, Step};

use super::page::reader;
use super::simple::{self, Simple, Wrong, apart, both};
use super::{force, steps};
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::{Said, Words};

/// Longest title, advice and source, characters.
const LONGEST: usize = 600;

/// How the rule is to be written.
#[derive(Debug, Default, Deserialize)]
pub struct As {
    /// `text` for the rule language.
    #[serde(default, rename = "as")]
    how: String,
}

#[derive(Template)]
#[template(path = "rules/own.html")]
struct Editor {
    page: Page,
    w: Words,
    form: Form,
    /// Whether it is written in the rule language.
    text: bool,
    /// What is wrong with the rule, line by line.
    wrong: Vec<String>,
    families: &'static [Family],
    severities: &'static [Severity],
}

fn editor(frame: &Frame, form: Form, text: bool, wrong: Vec<String>) -> Result<Response, Error> {
    let page = frame.page(match form.trimmed("replaces") {
        "" => "rules-own-title",
        _ => "rules-own-edit-title",
    });
    let status = if form.ok() && wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let view = Editor {
        w: page.w.clone(),
        page,
        form,
        text,
        wrong,
        families: Family::ALL,
        severities: Severity::ALL,
    };
    web::html_with(status, &view)
}

/// `GET /rules/new`.
///
/// # Errors
/// Template.
pub async fn new(frame: Frame, Query(how): Query<As>) -> Result<Response, Error> {
    let form = Form::new()
        .with("id", simple::PREFIX)
        .with("family", Family::Reputation.as_str())
        .with("severity", Severity::Warn.as_str())
        .with("source", TEMPLATE);
    let form = if how.how == "text" {
        form
    } else {
        form.with("source", "")
    };
    editor(&frame, form, how.how == "text", Vec::new())
}

/// Where a rule in the rule language begins.
const TEMPLATE: &str = r#"id = "ORG-NAME-01"
family = "reputation"
severity = "warn"
confidence = "high"
source = ""
evidence = "verified"
title = { fr = "", en = "" }
advice = { fr = "", en = "" }

[match]
terms = [""]

[examples]
fire = [{ text = "" }]
quiet = [{ text = "" }]
"#;

/// `GET /rules/{id}/edit`.
///
/// # Errors
/// No such rule of one's own; database.
pub async fn edit(
    frame: Frame,
    Path(id): Path<String>,
    Query(how): Query<As>,
) -> Result<Response, Error> {
    let rules = force::in_force(&frame.app).await?;
    let source = rules.book.own.get(&id).ok_or(Error::NotFound)?;
    let rule = Simple::read(source).filter(|_| how.how != "text");
    let form = match &rule {
        Some(rule) => filled(rule),
        None => Form::new().with("source", source.clone()),
    };
    editor(
        &frame,
        form.with("replaces", id),
        rule.is_none(),
        Vec::new(),
    )
}

fn filled(rule: &Simple) -> Form {
    Form::new()
        .with("id", rule.id.clone())
        .with("family", rule.family.as_str())
        .with("severity", rule.severity.as_str())
        .with("title_fr", apart(&rule.title, Lang::Fr))
        .with("title_en", apart(&rule.title, Lang::En))
        .with("advice_fr", apart(&rule.advice, Lang::Fr))
        .with("advice_en", apart(&rule.advice, Lang::En))
        .with("source", rule.source.clone())
        .with("words", rule.words.join("\n"))
        .with("excuses", rule.excuses.join("\n"))
        .with("fire", rule.fire.join("\n"))
        .with("quiet", rule.quiet.join("\n"))
}

/// The lines of a field that hold something.
fn lines(form: &Form, name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in form.value(name).lines().map(str::trim) {
        if !line.is_empty() && !out.iter().any(|o| o == line) {
            out.push(line.to_owned());
        }
    }
    out
}

/// A text of the form in both languages; one of them is enough.
fn said(form: &mut Form, fr: &'static str, en: &'static str) -> vigie_check::Words {
    let words = both(form.trimmed(fr), form.trimmed(en));
    if words.fr.is_empty() {
        form.wrong_key(fr, "rules-own-one-language");
    }
    for (name, text) in [(fr, &words.fr), (en, &words.en)] {
        if text.chars().count() > LONGEST {
            form.wrong(name, Said::new("form-too-long").with("most", LONGEST));
        }
    }
    words
}

fn read(form: &mut Form, organisation: &str) -> Simple {
    let source = form.trimmed("source").to_owned();
    let rule = Simple {
        id: form.required("id", 40).to_uppercase(),
        family: Family::parse(form.trimmed("family")).unwrap_or(Family::Reputation),
        severity: Severity::parse(form.trimmed("severity")).unwrap_or(Severity::Warn),
        title: said(form, "title_fr", "title_en"),
        advice: said(form, "advice_fr", "advice_en"),
        source: if source.is_empty() {
            organisation.to_owned()
        } else {
            source
        },
        words: lines(form, "words"),
        excuses: lines(form, "excuses"),
        fire: lines(form, "fire"),
        quiet: lines(form, "quiet"),
    };
    if rule.words.is_empty() {
        form.wrong_key("words", "form-required");
    }
    if rule.fire.is_empty() {
        form.wrong_key("fire", "rules-own-no-example");
    }
    rule
}

/// `POST /rules/own`: the form without code.
///
/// # Errors
/// Database; what the book refuses.
pub async fn save_simple(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let org = frame.app.store.read().await?.organisation().await?;
    let rule = read(&mut form, &org.ok_or(Error::NotFound)?.name);
    if !form.ok() {
        return editor(&frame, form, false, Vec::new());
    }
    save(&frame, &me, form, &rule.text(), false).await
}

/// `POST /rules/own/text`: the rule language, pasted or as a file.
///
/// # Errors
/// Database; what the book refuses; a body that cannot be read.
pub async fn save_text(frame: Frame, me: Signed, parts: Multipart) -> Result<Response, Error> {
    let mut form = fields(parts).await?;
    if !form.trimmed("file").is_empty() {
        form.set("source", form.value("file").to_owned());
    }
    let source = form.value("source").to_owned();
    save(&frame, &me, form, &source, true).await
}

/// The fields of the form, the file among them as text.
async fn fields(mut parts: Multipart) -> Result<Form, Error> {
    let broken = |_| Error::input("error-input-body");
    let mut form = Form::new();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let Some(name) = part.name().map(str::to_owned) else {
            continue;
        };
        let bytes = part.bytes().await.map_err(|_| Error::TooLarge)?;
        if bytes.len() > LARGEST_OWN {
            return Err(Error::TooLarge);
        }
        if ["source", "file", "replaces"].contains(&name.as_str()) {
            let text = String::from_utf8_lossy(&bytes);
            form.set(&name, text.replace("\r\n", "\n"));
        }
    }
    Ok(form)
}

/// Tries the rule and takes it in, or says all that is wrong.
async fn save(
    frame: &Frame,
    me: &Signed,
    form: Form,
    source: &str,
    text: bool,
) -> Result<Response, Error> {
    let rules = force::in_force(&frame.app).await?;
    let w = frame.words();
    let (id, severity) = match simple::tried(source) {
        Ok(rule) => rule,
        Err(wrong) => {
            let wrong = wrong
                .iter()
                .map(|wrong| said_wrong(&w, wrong, text))
                .collect();
            return editor(frame, form, text, wrong);
        }
    };
    let begun = Instant::now();
    if let Some(wrong) = simple::too_dear(source, &rules.shipped, &|| begun.elapsed()) {
        let wrong = said_wrong(&w, &wrong, text);
        return editor(frame, form, text, vec![wrong]);
    }
    let replaces = form.trimmed("replaces").to_owned();
    let taken = rules.book.own.contains_key(&id) || rules.shipped.rule(&id).is_some();
    let wrong = match replaces.as_str() {
        "" if taken => Some("rules-own-taken"),
        "" => None,
        before if before != id => Some("rules-own-name-kept"),
        _ => None,
    };
    if let Some(key) = wrong {
        return editor(frame, form, text, vec![w.t1(key, "id", id)]);
    }
    let step = Step::Put {
        rule: id,
        severity: force::booked(severity),
        source: source.to_owned(),
    };
    let taken = steps::take(frame, me, &[step]).await?;
    Ok(steps::answered(frame, "/rules?show=own", &taken))
}

/// What is wrong, in words. Lines are told where the reader wrote lines.
fn said_wrong(w: &Words, wrong: &Wrong, text: bool) -> String {
    match wrong {
        Wrong::Unread(fault) if text => w.t2(
            "rules-own-line",
            "line",
            fault.line,
            "message",
            fault.message.get(reader(w.lang)),
        ),
        Wrong::Unread(fault) => fault.message.get(reader(w.lang)).to_owned(),
        Wrong::Name => w.t("rules-own-name"),
        Wrong::NoExample => w.t("rules-own-no-example"),
        Wrong::Silent(text) => w.t1("rules-own-silent", "text", text),
        Wrong::Speaks(text) => w.t1("rules-own-speaks", "text", text),
        Wrong::Dear(micros) => w.t2(
            "rules-own-dear",
            "micros",
            micros.to_string(),
            "most",
            cost::MOST.as_micros().to_string(),
        ),
    }
}

/// `POST /rules/{id}/remove`.
///
/// # Errors
/// No such rule of one's own; database.
pub async fn remove(frame: Frame, me: Signed, Path(id): Path<String>) -> Result<Response, Error> {
    let taken = steps::take(&frame, &me, &[Step::Drop { rule: id }]).await?;
    Ok(steps::answered(&frame, "/rules?show=own", &taken))
}
