//! The reader's own settings of the page, kept in cookies: language and look. A member's language is also kept with
//! the member.

use axum::{extract::State, http::header, response::Response};

use super::{
    cookie,
    error::Error,
    form::Form,
    language, local,
    route::{Route, Who},
    see_other,
    viewer::{Theme, Viewer},
};
use crate::app::App;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/language", Who::Anyone, language),
        Route::post("/theme", Who::Anyone, theme),
    ]
}

/// A year, seconds.
const YEAR: u64 = 31_536_000;

async fn language(State(app): State<App>, viewer: Viewer, form: Form) -> Result<Response, Error> {
    let lang = language::named(form.value("lang"));
    if let (Some(lang), Some(me)) = (lang, &viewer.signed) {
        // A member's own language goes before the cookie's, in every browser of theirs.
        let mut tx = app.store.begin().await?;
        tx.set_member_lang(me.id, lang).await?;
        tx.commit().await?;
    }
    Ok(keep(&app, "lang", lang.map(|l| l.as_str()), &form))
}

async fn theme(State(app): State<App>, form: Form) -> Response {
    keep(
        &app,
        "theme",
        Some(Theme::parse(form.value("theme")).as_str()),
        &form,
    )
}

fn keep(app: &App, name: &str, value: Option<&str>, form: &Form) -> Response {
    let mut response = see_other(local(form.value("next")));
    if let Some(line) = value.and_then(|v| cookie::set(name, v, Some(YEAR), app.config.https())) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}
