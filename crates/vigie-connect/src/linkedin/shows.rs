//! What the company page itself shows, and who may administer it.
//!
//! Sources: learn.microsoft.com, Community Management: "Organization Lookup API" (the page, and `networkSizes` for its
//! followers), "Organization Access Control by Role" (the finder `organization`). Roles are shown to administrators
//! alone: with less, the page is read without them.

use super::{LinkedIn, call, urn};
use crate::{
    Code, Failure, Session,
    rest::{self, Body, Reply, Trouble},
    shown,
    signed::Signed,
};
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;
use vigie_core::page_state::{Administrator, PageState};

/// Roles in one page of them.
const PAGE: usize = 100;
/// Pages of roles that are read: one more than is believed.
const PAGES: usize = shown::MOST / PAGE + 1;

/// Reads it.
pub async fn read(
    linkedin: &LinkedIn,
    session: &mut Session,
    within: Duration,
) -> Result<PageState, Failure> {
    let mut signed = Signed::open(linkedin, session, within)?;
    let id = signed.account().id.clone();
    let number = id.rsplit(':').next().unwrap_or_default();
    let url = urn::at(signed.service(), &["rest", "organizations", number]);
    let page = signed
        .call(call::call(Method::GET, url, Body::None))
        .await?
        .json;
    shown::about(&page, "/id", number)?;
    let url = urn::at(signed.service(), &["rest", "networkSizes", &id]);
    let url = rest::query(url, &[("edgeType", "COMPANY_FOLLOWED_BY_MEMBER")]);
    let size = signed.call(call::call(Method::GET, url, Body::None)).await;
    let size = allowed(size)?.map(|reply| reply.json);
    Ok(PageState {
        name: shown::name(&page, "/localizedName"),
        handle: shown::name(&page, "/vanityName"),
        description: shown::part(&page, "/localizedDescription", shown::words),
        website: shown::part(&page, "/localizedWebsite", shown::line),
        picture: shown::part(&page, "/logoV2/original", shown::line),
        administrators: administrators(&mut signed, &id).await?,
        followers: size.and_then(|size| shown::followers(&size, "/firstDegreeSize")),
        ..PageState::default()
    })
}

/// What this member is not shown is not known; any other trouble is one.
fn allowed(came: Result<Reply, Trouble>) -> Result<Option<Reply>, Trouble> {
    match came {
        Err(trouble) if trouble.failure.code == Code::MissingRight => Ok(None),
        other => other.map(Some),
    }
}

async fn administrators(
    signed: &mut Signed<'_, LinkedIn>,
    id: &str,
) -> Result<Option<Vec<Administrator>>, Failure> {
    let mut all = Vec::new();
    for page in 0..PAGES {
        let (start, count) = ((page * PAGE).to_string(), PAGE.to_string());
        let url = rest::query(
            urn::at(signed.service(), &["rest", "organizationAcls"]),
            &[
                ("q", "organization"),
                ("organization", id),
                ("state", "APPROVED"),
                ("start", &start),
                ("count", &count),
            ],
        );
        let Some(answer) = allowed(signed.call(call::finder(url)).await)? else {
            return Ok(None);
        };
        let roles = call::elements(&answer.json)?;
        for role in roles {
            // A role that cannot be read would be somebody who went.
            let Some(one) = administrator(role, id) else {
                return Ok(None);
            };
            all.push(one);
        }
        if roles.len() < PAGE {
            return Ok(shown::administrators(all));
        }
    }
    Ok(None)
}

fn administrator(role: &Value, page: &str) -> Option<Administrator> {
    let text =
        |at: &str| Some(shown::line(role.get(at)?.as_str()?)).filter(|text| !text.is_empty());
    let of = text("organization").or_else(|| text("organizationTarget"))?;
    (of == page && role.get("state")? == "APPROVED").then_some(Administrator {
        id: text("roleAssignee")?,
        // A name would take a right of its own.
        name: String::new(),
        role: text("role")?,
    })
}
