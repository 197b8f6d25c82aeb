//! The organisation's lists of words that rules read. They hold what must not be said: only who looks after the
//! organisation reads them, and the log learns how many words came and went, not which.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use vigie_core::rulebook::{LISTS, LONGEST_WORD, ListKind, MOST_WORDS, Step, list_kind};

use super::steps::{self, key};
use super::{describe, force, page};
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// Which list.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    list: String,
}

struct Line {
    name: &'static str,
    key: String,
    /// Keys of what a change takes.
    adds_alone: bool,
    removes_alone: bool,
    words: Vec<String>,
    /// Rules that read it.
    rules: Vec<String>,
    open: bool,
}

#[derive(Template)]
#[template(path = "rules/lists.html")]
struct View {
    page: Page,
    w: Words,
    lines: Vec<Line>,
    most: usize,
    longest: usize,
}

/// `GET /rules/lists`.
///
/// # Errors
/// Database, template.
pub async fn show(frame: Frame, Query(asked): Query<Asked>) -> Result<Response, Error> {
    let rules = force::in_force(&frame.app).await?;
    let standing = page::all(&rules);
    let readers: Vec<(String, String)> = standing
        .iter()
        .filter_map(|s| {
            Some((
                s.rule.id.clone(),
                describe::text(&rules, s.rule)?.to_owned(),
            ))
        })
        .collect();
    let lines = LISTS
        .iter()
        .map(|(name, kind)| Line {
            name,
            key: key(name),
            adds_alone: *kind == ListKind::Watch,
            removes_alone: *kind == ListKind::Allow,
            words: words(rules.book.lists.get(*name)),
            rules: reading(&readers, name),
            open: asked.list == *name,
        })
        // A list that no rule reads would promise what nothing keeps.
        .filter(|line| !line.rules.is_empty() || !line.words.is_empty())
        .collect();
    let page = frame.page("rules-lists-title");
    web::html(&View {
        w: page.w.clone(),
        page,
        lines,
        most: MOST_WORDS,
        longest: LONGEST_WORD,
    })
}

fn words(list: Option<&BTreeSet<String>>) -> Vec<String> {
    list.map(|words| words.iter().cloned().collect())
        .unwrap_or_default()
}

/// Rules whose text names the list, or whose detector is known to read it.
fn reading(readers: &[(String, String)], list: &str) -> Vec<String> {
    let named = format!("\"{list}\"");
    let detectors = detectors(list);
    readers
        .iter()
        .filter(|(_, text)| {
            text.split("[examples]").next().is_some_and(|rule| {
                rule.contains(&named)
                    || detectors
                        .iter()
                        .any(|d| rule.contains(&format!("detector = \"{d}\"")))
            })
        })
        .map(|(id, _)| id.clone())
        .collect()
}

/// Detectors that read a list.
fn detectors(list: &str) -> &'static [&'static str] {
    match list {
        "org.terms" => &["near_name"],
        "org.official_domains" => &["lookalike_link"],
        "org.public_domains" => &["private_host", "lookalike_link", "shared_document"],
        "org.internal_domains" => &["internal_domain"],
        "org.public_contacts" => &["email", "phone"],
        "org.official_handles" => &["near_name", "unverified_mention"],
        "org.verified_handles" => &["near_name", "unverified_mention"],
        "org.hashtag_history" => &["new_hashtag", "lowercase_hashtag"],
        _ => &[],
    }
}

/// `POST /rules/lists`: words to add, words to take out.
///
/// # Errors
/// No such list; what the book refuses; database.
pub async fn save(frame: Frame, me: Signed, form: Form) -> Result<Response, Error> {
    let list = form.trimmed("list").to_owned();
    let Some(kind) = list_kind(&list) else {
        return Err(Error::NotFound);
    };
    let rules = force::in_force(&frame.app).await?;
    let known = rules.book.lists.get(&list).cloned().unwrap_or_default();
    let add: BTreeSet<String> = form
        .value("add")
        .lines()
        .map(str::trim)
        .filter(|word| !word.is_empty() && !known.contains(*word))
        .map(str::to_owned)
        .collect();
    let remove: BTreeSet<String> = form
        .all("remove")
        .filter(|word| known.contains(*word))
        .map(str::to_owned)
        .collect();
    let taken = steps::take(&frame, &me, &split(list.clone(), kind, add, remove)).await?;
    let back = format!("/rules/lists?list={}", web::encode(&list));
    Ok(steps::answered(&frame, &back, &taken))
}

/// Words that one person may add or take out are not held up by those that take two.
fn split(
    list: String,
    kind: ListKind,
    add: BTreeSet<String>,
    remove: BTreeSet<String>,
) -> Vec<Step> {
    let none = BTreeSet::new;
    let step = |add, remove| Step::Words {
        list: list.clone(),
        add,
        remove,
    };
    match kind {
        _ if add.is_empty() || remove.is_empty() => vec![step(add, remove)],
        ListKind::Both => vec![step(add, remove)],
        ListKind::Watch | ListKind::Allow => vec![step(add, none()), step(none(), remove)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_person_may_do_does_not_wait_for_two() {
        let set = |word: &str| BTreeSet::from([word.to_owned()]);
        let steps = |kind, add, remove| split("nda".into(), kind, add, remove).len();
        assert_eq!(steps(ListKind::Watch, set("a"), set("b")), 2);
        assert_eq!(steps(ListKind::Watch, set("a"), BTreeSet::new()), 1);
        assert_eq!(steps(ListKind::Both, set("a"), set("b")), 1);
    }

    #[test]
    fn it_is_known_which_rules_read_a_list() {
        let packs = vigie_check::Packs::embedded().unwrap();
        let texts: Vec<(String, String)> = packs
            .rules()
            .iter()
            .filter_map(|r| {
                Some((
                    r.id.clone(),
                    vigie_check::packs::shipped(&r.file)?.to_owned(),
                ))
            })
            .collect();
        assert!(reading(&texts, "codenames").contains(&"CONF-CODE-01".to_owned()));
        assert!(reading(&texts, "org.terms").contains(&"REP-TYPO-01".to_owned()));
        assert_eq!(reading(&texts, "org.forbidden_terms"), ["REP-ORG-01"]);
        assert_eq!(reading(&texts, "org.pets"), [""; 0]);
        // A detector that is renamed would no longer be found.
        let detectors: Vec<&str> = LISTS
            .iter()
            .flat_map(|(list, _)| detectors(list))
            .copied()
            .collect();
        let known: Vec<&str> = vigie_check::detect::names().collect();
        assert!(detectors.iter().all(|d| known.contains(d)), "{detectors:?}");
    }
}
