//! The rules over the API, to be read: as they come, and as they stand here.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::{Standing, all, one};
use super::{describe, force};
use crate::api::Problem;
use crate::app::App;
use crate::web::error::Error;
use crate::web::viewer::Bearer;

/// Words in both languages.
#[derive(Debug, Serialize, ToSchema)]
pub struct Said {
    /// French.
    fr: String,
    /// English.
    en: String,
}

impl From<&vigie_check::Words> for Said {
    fn from(words: &vigie_check::Words) -> Self {
        Self {
            fr: words.fr.clone(),
            en: words.en.clone(),
        }
    }
}

/// A rule as it stands here.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleOut {
    /// Its id, such as `FR-ALC-01`.
    id: String,
    /// `reputation`, `confidential`, `identity` or `legal`.
    family: String,
    /// How serious it is here, were it on: `hint`, `warn`, `review` or `stop`.
    severity: String,
    /// How serious it comes.
    comes_as: String,
    /// Switched off by the organisation.
    off: bool,
    /// Written by the organisation.
    own: bool,
    /// Countries or unions whose law it is; empty = everywhere.
    jurisdictions: Vec<String>,
    /// What it is.
    title: Said,
    /// What to do.
    advice: Said,
    /// Where it comes from.
    source: String,
    /// Whether that was read at its origin: `verified` or `unverified`.
    evidence: String,
    /// First day in force.
    valid_from: Option<String>,
    /// Last day in force.
    valid_to: Option<String>,
    /// Skill of the second reader.
    skill: Option<String>,
}

impl RuleOut {
    fn of(it: &Standing<'_>) -> Self {
        let rule = it.rule;
        Self {
            id: rule.id.clone(),
            family: rule.family.to_string(),
            severity: it.severity.to_string(),
            comes_as: it.from.to_string(),
            off: it.off,
            own: it.own,
            jurisdictions: rule.jurisdictions.clone(),
            title: Said::from(&rule.title),
            advice: Said::from(&rule.advice),
            source: rule.source.clone(),
            evidence: rule.evidence.to_string(),
            valid_from: rule.valid_from.map(|day| day.to_string()),
            valid_to: rule.valid_to.map(|day| day.to_string()),
            skill: rule.skill.map(|skill| skill.to_string()),
        }
    }
}

/// All rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleList {
    /// Version of the organisation's own choices; 0 while there are none.
    version: i64,
    /// The rules, in order of their ids.
    rules: Vec<RuleOut>,
}

/// One rule with its examples.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleWhole {
    /// The rule.
    #[serde(flatten)]
    rule: RuleOut,
    /// What a finding says; `{match}` is what was found.
    message: Said,
    /// Texts on which it speaks.
    fire: Vec<String>,
    /// Texts on which it is silent.
    quiet: Vec<String>,
}

/// Which rules.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only this family.
    family: Option<String>,
    /// Only this severity, as it stands here.
    severity: Option<String>,
}

/// All rules, those that are off too.
#[utoipa::path(get, path = "/api/v1/rules", tag = "rules", params(Which), responses((status = 200, body = RuleList), (status = 401, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    _token: Bearer,
    Query(which): Query<Which>,
) -> Result<Json<RuleList>, Error> {
    let rules = force::in_force(&app).await?;
    let is = |wanted: &Option<String>, word: &str| wanted.as_ref().is_none_or(|w| w == word);
    let out = all(&rules)
        .iter()
        .filter(|it| is(&which.family, it.rule.family.as_str()))
        .filter(|it| is(&which.severity, it.severity.as_str()))
        .map(RuleOut::of)
        .collect();
    Ok(Json(RuleList {
        version: rules.version,
        rules: out,
    }))
}

/// One rule, with its examples.
#[utoipa::path(get, path = "/api/v1/rules/{id}", tag = "rules", params(("id" = String, Path,)), responses((status = 200, body = RuleWhole), (status = 404, body = Problem)))]
pub async fn show(
    State(app): State<App>,
    _token: Bearer,
    Path(id): Path<String>,
) -> Result<Json<RuleWhole>, Error> {
    let rules = force::in_force(&app).await?;
    let it = one(&rules, &id.to_uppercase()).ok_or(Error::NotFound)?;
    Ok(Json(RuleWhole {
        rule: RuleOut::of(&it),
        message: Said::from(&it.rule.message),
        fire: it.rule.fire.iter().map(describe::example).collect(),
        quiet: it.rule.quiet.iter().map(describe::example).collect(),
    }))
}
