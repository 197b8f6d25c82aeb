//! What a page shows of itself: now, what changed that nobody looked at yet, and what was found before.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use vigie_connect::Shows;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::id::{ChannelId, PageChangeId};
use vigie_core::page_state::{PagePart, PageState};
use vigie_core::rights::Act;
use vigie_store::{ChannelRow, PageChangeRow, PageFollowers, PageVerdict};

use super::{account, place};
use crate::post::view::People;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// Settled changes shown.
const SHOWN: u32 = 50;
/// Days of followers shown.
const DAYS: u32 = 14;
/// Longest note, in characters.
const NOTE: usize = 1_000;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/channels/{id}/page", Who::Member(Act::Read), show),
        Route::post(
            "/channels/{id}/page/{change}",
            Who::Member(Act::ProposeChange),
            settle,
        ),
    ]
}

/// A part of a page, for a reader.
struct PartView {
    /// Its stable name.
    part: &'static str,
    /// What it shows, a line each.
    lines: Vec<String>,
    /// `shown`, `empty`, `unknown` (not this time), `not_offered` (never on this network) or `kept` (for stewards).
    state: &'static str,
    /// Since when it could not be read: this is what it was before.
    unread: Option<Timestamp>,
}

/// A change, for a reader.
struct ChangeView {
    row: PageChangeRow,
    /// What was and what is shown, unless it names persons and the reader is not in charge.
    sides: Option<(String, String)>,
    /// Who settled it.
    by: String,
    /// It was none of us, and the page still shows it.
    stands: bool,
}

impl ChangeView {
    /// What to do if it was none of us: who went is another matter than who came.
    fn todo(&self, w: &Words) -> String {
        let lists = matches!(
            self.row.part,
            PagePart::Administrator | PagePart::Application
        );
        let left = if lists && self.row.became.is_empty() {
            "-left"
        } else {
            ""
        };
        w.t(format!("page-do-{}{left}", self.row.part.as_str()))
    }

    /// That it still stands there, in words.
    fn standing(&self, w: &Words) -> String {
        match &self.sides {
            None => w.t("page-still-kept"),
            Some((was, became)) if became.is_empty() && !was.is_empty() => {
                w.t1("page-still-gone", "was", was.clone())
            }
            Some(_) => w.t1("page-still", "became", self.became(w)),
        }
    }

    /// What was shown before, in words when it was nothing.
    fn was(&self, w: &Words) -> String {
        self.side(w, |sides| &sides.0)
    }

    /// What is shown now.
    fn became(&self, w: &Words) -> String {
        self.side(w, |sides| &sides.1)
    }

    fn side(&self, w: &Words, which: impl Fn(&(String, String)) -> &String) -> String {
        match self.sides.as_ref().map(which) {
            Some(text) if !text.is_empty() => text.clone(),
            _ => w.t("page-nothing"),
        }
    }
}

#[derive(Template)]
#[template(path = "channel/watch.html")]
struct Watch {
    page: Page,
    w: Words,
    channel: ChannelRow,
    network: &'static str,
    place: String,
    url: String,
    parts: Vec<PartView>,
    read_at: Option<Timestamp>,
    /// Hours between two readings.
    every: u16,
    open: Vec<ChangeView>,
    settled: Vec<ChangeView>,
    followers: Vec<(Timestamp, u64)>,
    counts: bool,
    may: bool,
}

async fn show(frame: Frame, me: Signed, Path(id): Path<ChannelId>) -> Result<Response, Error> {
    let may = me.may(Act::ProposeChange);
    let mut conn = frame.app.store.read().await?;
    let channel = conn.channel(id).await?;
    let row = conn.page_state(id).await?;
    let people = People::new(conn.members().await?);
    let seen = |row: PageChangeRow| ChangeView {
        sides: sides(&row, may),
        by: row
            .settled_by
            .map(|by| people.name(&by).to_owned())
            .unwrap_or_default(),
        stands: false,
        row,
    };
    let open = conn.page_changes_open(id).await?;
    let settled = conn.page_changes_settled(id, SHOWN).await?;
    let followers = conn.page_followers(id, DAYS).await?;
    let connector = frame.app.connectors.of(channel.platform);
    let shows = connector.describe().shows;
    let state = row.as_ref().map(|row| &row.state);
    let mut settled: Vec<ChangeView> = settled.into_iter().map(seen).collect();
    if let Some(state) = state {
        standing(&mut settled, state);
    }
    let page = frame.page("page-title");
    web::html(&Watch {
        w: page.w.clone(),
        page,
        network: channel.platform.name(),
        place: place(&channel),
        url: connector.page(&account(&channel)),
        parts: state
            .map(|state| parts(state, &shows, may))
            .unwrap_or_default(),
        read_at: row.as_ref().map(|row| row.read_at),
        every: shows.every,
        open: open.into_iter().map(seen).collect(),
        settled,
        followers: followers.iter().filter_map(at_noon).collect(),
        counts: shows.followers,
        channel,
        may,
    })
}

/// A day as a moment that is that day in every zone of Europe.
fn at_noon(figure: &PageFollowers) -> Option<(Timestamp, u64)> {
    let noon = TimeZone::UTC
        .to_timestamp(figure.day.at(12, 0, 0, 0))
        .ok()?;
    Some((noon, figure.count))
}

/// Both sides of a change; persons are named to those who are in charge of the pages alone.
pub fn sides(row: &PageChangeRow, may: bool) -> Option<(String, String)> {
    let persons = row.part == PagePart::Administrator;
    (may || !persons).then(|| (row.was.clone(), row.became.clone()))
}

/// Marks what was settled as none of us and is still there; what was last said of the same thing counts.
fn standing(settled: &mut [ChangeView], state: &PageState) {
    let mut said = BTreeSet::new();
    for change in settled {
        let row = &change.row;
        let what = match row.became.as_str() {
            "" => (row.part, false, row.was.clone()),
            became => (row.part, true, became.to_owned()),
        };
        change.stands = said.insert(what)
            && row.verdict == Some(PageVerdict::Theirs)
            && state.still_shows(row.part, &row.was, &row.became);
    }
}

fn parts(state: &PageState, shows: &Shows, may: bool) -> Vec<PartView> {
    PagePart::ALL
        .into_iter()
        .filter(|part| *part != PagePart::Followers)
        .map(|part| {
            let lines = lines(state, part);
            let name = match &lines {
                _ if !shows.has(part) => "not_offered",
                None => "unknown",
                Some(lines) if lines.iter().all(String::is_empty) => "empty",
                Some(_) if part == PagePart::Administrator && !may => "kept",
                Some(_) => "shown",
            };
            PartView {
                part: part.as_str(),
                lines: lines.filter(|_| name == "shown").unwrap_or_default(),
                state: name,
                unread: state.unread.get(&part).copied(),
            }
        })
        .collect()
}

fn lines(state: &PageState, part: PagePart) -> Option<Vec<String>> {
    let split = |text: &Option<String>| {
        let text = text.as_deref()?;
        Some(text.lines().map(str::to_owned).collect())
    };
    match part {
        PagePart::Name => split(&state.name),
        PagePart::Handle => split(&state.handle),
        PagePart::Description => split(&state.description),
        PagePart::Website => split(&state.website),
        PagePart::Picture => split(&state.picture),
        PagePart::Administrator => {
            let all = state.administrators.as_ref()?;
            Some(all.iter().map(ToString::to_string).collect())
        }
        PagePart::Application => state.applications.clone(),
        PagePart::Followers => state.followers.map(|count| vec![count.to_string()]),
    }
}

async fn settle(
    frame: Frame,
    me: Signed,
    Path((channel, id)): Path<(ChannelId, PageChangeId)>,
    form: Form,
) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    let verdict = match form.value("verdict") {
        "ours" => PageVerdict::Ours,
        "theirs" => PageVerdict::Theirs,
        _ => return Err(Error::refused("page-verdict-needed")),
    };
    let note: String = form.trimmed("note").chars().take(NOTE).collect();
    if note.chars().count() < 3 {
        return Err(Error::refused("refusal-reason-needed"));
    }
    let mut tx = frame.app.store.begin().await?;
    let row = tx.page_change(id).await?;
    if row.channel != channel {
        return Err(Error::NotFound);
    }
    tx.page_change_settle(id, verdict, &note, me.id, now)
        .await?;
    if let Some(alarm) = &row.alarm
        && tx.page_changes_left(alarm).await? == 0
    {
        tx.alarm_settle(alarm, me.id, &note, now).await?;
    }
    let actor = AuditActor::Member { member: me.id };
    let (part, word) = (row.part.as_str(), verdict.as_str());
    let detail: vigie_store::Detail<'_> = &[("part", &part), ("change", &id), ("verdict", &word)];
    tx.audit(
        now,
        actor,
        "page.settle",
        &format!("page/{channel}"),
        detail,
    )
    .await?;
    tx.commit().await?;
    let flash = match verdict {
        PageVerdict::Theirs => Flash::good("page-settled-theirs"),
        _ => Flash::good("page-settled-ours"),
    };
    Ok(web::done(
        &frame.app,
        &format!("/channels/{channel}/page"),
        &flash,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigie_core::page_state::Administrator;

    #[test]
    fn what_is_not_offered_is_told_from_what_is_empty_and_persons_are_for_those_in_charge() {
        let state = PageState {
            name: Some("Le phare".into()),
            description: Some(String::new()),
            administrators: Some(vec![Administrator {
                id: "p1".into(),
                name: String::new(),
                role: "ADMIN".into(),
            }]),
            ..PageState::default()
        };
        let shows = Shows {
            administrators: true,
            ..Shows::PROFILE
        };
        let of = |may: bool, part: &str| {
            let all = parts(&state, &shows, may);
            let one = all.into_iter().find(|one| one.part == part).unwrap();
            (one.state, one.lines)
        };
        assert_eq!(of(true, "name"), ("shown", vec!["Le phare".to_owned()]));
        assert_eq!(of(true, "description").0, "empty");
        assert_eq!(of(true, "picture").0, "unknown");
        assert_eq!(of(true, "website").0, "not_offered");
        assert_eq!(of(true, "administrator").1, ["p1 (ADMIN)"]);
        assert_eq!(of(false, "administrator"), ("kept", vec![]));
    }

    #[test]
    fn what_was_none_of_us_and_is_still_there_is_said_until_it_is_gone_or_ours() {
        let change = |was: &str, became: &str, verdict| ChangeView {
            row: PageChangeRow {
                id: PageChangeId::new(uuid::Uuid::nil()),
                channel: ChannelId::new(uuid::Uuid::nil()),
                part: PagePart::Website,
                was: was.into(),
                became: became.into(),
                since: Timestamp::UNIX_EPOCH,
                seen_at: Timestamp::UNIX_EPOCH,
                alarm: None,
                verdict: Some(verdict),
                note: None,
                settled_by: None,
                settled_at: None,
            },
            sides: None,
            by: String::new(),
            stands: false,
        };
        let of = |changes: &mut [ChangeView], website: &str| {
            let state = PageState {
                website: Some(website.into()),
                ..PageState::default()
            };
            standing(changes, &state);
            changes.iter().filter(|one| one.stands).count()
        };
        let mut theirs = [change("a", "b", PageVerdict::Theirs)];
        assert_eq!(of(&mut theirs, "b"), 1);
        assert_eq!(of(&mut theirs, "a"), 0);
        let mut later = [
            change("a", "b", PageVerdict::Ours),
            change("a", "b", PageVerdict::Theirs),
        ];
        assert_eq!(of(&mut later, "b"), 0);
    }
}
