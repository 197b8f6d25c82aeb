//! How the organisation works: its name, time zone and language, and how reviews and publications go. Changing any of
//! it takes two people; what is stored with the change is only what would differ.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use vigie_core::change::ChangeKind;
use vigie_core::member::Lang;
use vigie_core::rights::Act;
use vigie_core::schedule;
use vigie_store::Organisation;

use crate::member::propose;
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::{Said, Words};

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/settings", Who::Member(Act::Read), show),
        Route::post("/settings", Who::Member(Act::ProposeChange), ask),
    ]
}

/// What would differ; what is absent stays as it is when the change is confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// Name, 1 to 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// IANA name of the time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// Language of a member who has not chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// Minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_delay_minutes: Option<u32>,
    /// Days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_valid_days: Option<u32>,
    /// Hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_hours: Option<u32>,
    /// Whether approvals need a passkey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_passkey_seal: Option<bool>,
}

impl Wanted {
    /// Reads what a change holds.
    ///
    /// # Errors
    /// It holds something else.
    pub fn read(stored: &serde_json::Value) -> Result<Self, Error> {
        serde_json::from_value(stored.clone()).map_err(|_| Error::input("settings-unreadable"))
    }

    /// The organisation as it would be.
    pub fn applied(&self, org: &Organisation) -> Organisation {
        let mut next = org.clone();
        let wanted = self.clone();
        next.name = wanted.name.unwrap_or(next.name);
        next.tz = wanted.tz.unwrap_or(next.tz);
        next.lang = wanted.lang.unwrap_or(next.lang);
        let s = &mut next.settings;
        s.review_delay_minutes = wanted
            .review_delay_minutes
            .unwrap_or(s.review_delay_minutes);
        s.approval_valid_days = wanted.approval_valid_days.unwrap_or(s.approval_valid_days);
        s.window_hours = wanted.window_hours.unwrap_or(s.window_hours);
        s.require_passkey_seal = wanted
            .require_passkey_seal
            .unwrap_or(s.require_passkey_seal);
        next
    }

    /// What differs between two.
    fn between(now: &Organisation, next: &Organisation) -> Self {
        fn changed<T: PartialEq + Clone>(a: &T, b: &T) -> Option<T> {
            (a != b).then(|| b.clone())
        }
        let (a, b) = (&now.settings, &next.settings);
        Self {
            name: changed(&now.name, &next.name),
            tz: changed(&now.tz, &next.tz),
            lang: changed(&now.lang, &next.lang),
            review_delay_minutes: changed(&a.review_delay_minutes, &b.review_delay_minutes),
            approval_valid_days: changed(&a.approval_valid_days, &b.approval_valid_days),
            window_hours: changed(&a.window_hours, &b.window_hours),
            require_passkey_seal: changed(&a.require_passkey_seal, &b.require_passkey_seal),
        }
    }

    /// One line for each thing that would differ, from what it is to what it would be.
    pub fn lines(&self, w: &Words, org: &Organisation) -> Vec<String> {
        facts(w, org)
            .into_iter()
            .zip(facts(w, &self.applied(org)))
            .filter(|(before, after)| before != after)
            .map(|((label, before), (_, after))| {
                w.t3(
                    "settings-line",
                    "what",
                    label,
                    "before",
                    before,
                    "after",
                    after,
                )
            })
            .collect()
    }
}

/// Every setting with its value, for a reader.
fn facts(w: &Words, org: &Organisation) -> Vec<(String, String)> {
    let s = &org.settings;
    let seal = if s.require_passkey_seal {
        "settings-yes"
    } else {
        "settings-no"
    };
    vec![
        (w.t("settings-name"), org.name.clone()),
        (w.t("settings-tz"), org.tz.clone()),
        (w.t("settings-lang"), native(org.lang).to_owned()),
        (
            w.t("settings-review-delay"),
            s.review_delay_minutes.to_string(),
        ),
        (
            w.t("settings-approval-valid"),
            s.approval_valid_days.to_string(),
        ),
        (w.t("settings-window"), s.window_hours.to_string()),
        (w.t("settings-seal"), w.t(seal)),
    ]
}

/// A language's own name.
const fn native(lang: Lang) -> &'static str {
    match lang {
        Lang::Fr => "Français",
        Lang::En => "English",
    }
}

#[derive(Template)]
#[template(path = "settings/settings.html")]
struct View {
    page: Page,
    w: Words,
    form: Form,
    facts: Vec<(String, String)>,
    langs: Vec<(&'static str, &'static str)>,
    may: bool,
}

fn view(frame: &Frame, me: &Signed, org: &Organisation, form: Form) -> View {
    let page = frame.page("settings-title");
    View {
        facts: facts(&page.w, org),
        langs: Lang::ALL.iter().map(|l| (l.as_str(), native(*l))).collect(),
        w: page.w.clone(),
        page,
        form,
        may: me.may(Act::ProposeChange),
    }
}

async fn organisation(frame: &Frame) -> Result<Organisation, Error> {
    let found = frame.app.store.read().await?.organisation().await?;
    found.ok_or(Error::NotFound)
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    let org = organisation(&frame).await?;
    let s = &org.settings;
    let mut form = Form::new()
        .with("name", org.name.clone())
        .with("tz", org.tz.clone())
        .with("lang", org.lang.as_str())
        .with("review_delay", s.review_delay_minutes.to_string())
        .with("approval_valid", s.approval_valid_days.to_string())
        .with("window", s.window_hours.to_string());
    if s.require_passkey_seal {
        form.set("seal", "yes");
    }
    web::html(&view(&frame, &me, &org, form))
}

/// A whole number of the form within limits; what is wrong is said beside the field.
fn number(form: &mut Form, name: &'static str, least: u32, most: u32) -> u32 {
    match form.trimmed(name).parse::<u32>() {
        Ok(n) if (least..=most).contains(&n) => n,
        _ => {
            let said = Said::new("settings-number")
                .with("least", least)
                .with("most", most);
            form.wrong(name, said);
            least
        }
    }
}

async fn ask(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let org = organisation(&frame).await?;
    let mut next = org.clone();
    next.name = form.required("name", 100);
    next.tz = form.required("tz", 60);
    if schedule::zone(&next.tz).is_err() {
        form.wrong_key("tz", "setup-tz-unknown");
    }
    match Lang::parse(form.trimmed("lang")) {
        Some(lang) => next.lang = lang,
        None => form.wrong_key("lang", "form-required"),
    }
    next.settings.review_delay_minutes = number(&mut form, "review_delay", 5, 7 * 24 * 60);
    next.settings.approval_valid_days = number(&mut form, "approval_valid", 1, 365);
    next.settings.window_hours = number(&mut form, "window", 1, 7 * 24);
    next.settings.require_passkey_seal = form.has("seal");
    let wanted = Wanted::between(&org, &next);
    if form.ok() && wanted == Wanted::default() {
        form.wrong_key("name", "settings-nothing");
    }
    if !form.ok() {
        return web::html_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &view(&frame, &me, &org, form),
        );
    }
    let settings = serde_json::to_value(&wanted).map_err(|e| Error::Internal(e.into()))?;
    propose(&frame, &me, ChangeKind::ChangeWorkflow { settings }).await
}
