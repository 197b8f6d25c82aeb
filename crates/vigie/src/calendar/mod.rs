//! The calendar: a month or a week in the organisation's time zone. Days change length when clocks do, so every edge is
//! an instant found from a civil date.

pub mod api;
pub mod cli;

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use vigie_core::publication::PublicationState;
use vigie_core::rights::Act;
use vigie_core::schedule;
use vigie_store::CalendarPost;

use crate::web::error::Error;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::{self};
use crate::words::Words;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/calendar", Who::Member(Act::Read), show)]
}

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    view: String,
    #[serde(default)]
    date: String,
}

/// A day with its posts.
pub struct Day {
    /// The date.
    pub date: Date,
    /// Of another month.
    pub outside: bool,
    /// Today.
    pub today: bool,
    /// Its weekday, short: a phone's list of days shows it.
    pub name: String,
    /// The whole date in words.
    pub said: String,
    /// In order of time.
    pub posts: Vec<Event>,
}

/// A post on a day.
pub struct Event {
    /// The post.
    pub post: CalendarPost,
    /// Its hour there.
    pub time: String,
    /// CSS class of its state, or of what became of it on its pages.
    pub state: &'static str,
    /// Key of the words for that.
    pub said: String,
    /// CSS class of its first channel's colour.
    pub hue: String,
}

#[derive(Template)]
#[template(path = "calendar/calendar.html")]
struct Calendar {
    page: Page,
    w: Words,
    days: Vec<Day>,
    week: bool,
    title: String,
    date: Date,
    before: Date,
    after: Date,
    weekdays: Vec<String>,
}

/// First and last day shown: whole weeks from Monday.
fn span(date: Date, week: bool) -> Result<(Date, Date), jiff::Error> {
    let monday =
        |d: Date| d.checked_sub(jiff::Span::new().days(d.weekday().to_monday_zero_offset()));
    if week {
        let first = monday(date)?;
        return Ok((first, first.checked_add(jiff::Span::new().days(6))?));
    }
    let first = monday(date.first_of_month())?;
    let last = monday(date.last_of_month())?.checked_add(jiff::Span::new().days(6))?;
    Ok((first, last))
}

fn midnight(date: Date, zone: &TimeZone) -> Result<Timestamp, Error> {
    // Where clocks jump over midnight, the day begins after the jump.
    zone.to_timestamp(date.at(0, 0, 0, 0))
        .map_err(|e| Error::Internal(e.into()))
}

async fn show(frame: Frame, Query(asked): Query<Asked>) -> Result<Response, Error> {
    let app = &frame.app;
    let mut conn = app.store.read().await?;
    let org = conn.organisation().await?.ok_or(Error::NotFound)?;
    let zone = schedule::zone(&org.tz).unwrap_or(TimeZone::UTC);
    let today = app.clock.now().to_zoned_datetime(zone.clone()).date();
    let date: Date = asked.date.parse().unwrap_or(today);
    let week = asked.view == "week";
    let far = |e: jiff::Error| Error::Internal(e.into());
    let (first, last) = span(date, week).map_err(far)?;
    let end = last.tomorrow().map_err(far)?;
    let posts = conn
        .calendar(midnight(first, &zone)?, midnight(end, &zone)?)
        .await?;
    let channels = conn.channels().await?;
    let hue = |post: &CalendarPost| {
        let first = post
            .channels
            .first()
            .and_then(|c| channels.iter().find(|r| r.id == c.channel));
        first.map(|c| c.color.clone()).unwrap_or_default()
    };
    let page = frame.page("calendar-title");
    let w = page.w.clone();
    let mut days = Vec::new();
    let mut day = first;
    loop {
        days.push(Day {
            date: day,
            outside: !week && day.month() != date.month(),
            today: day == today,
            name: w.t(format!(
                "weekday-short-{}",
                day.weekday().to_monday_one_offset()
            )),
            said: w.weekday_date(midnight(day, &zone)?),
            posts: vec![],
        });
        if day == last {
            break;
        }
        day = day.tomorrow().map_err(far)?;
    }
    for post in posts {
        let at = post.at.to_zoned_datetime(zone.clone());
        if let Some(day) = days.iter_mut().find(|d| d.date == at.date()) {
            let state = became(&post);
            day.posts.push(Event {
                time: at.strftime("%H:%M").to_string(),
                said: match state {
                    Some(outcome) => format!("outcome-{outcome}"),
                    None => format!("state-{}", post.state),
                },
                state: state.unwrap_or(post.state.as_str()),
                hue: hue(&post),
                post,
            });
        }
    }
    let step = if week {
        jiff::Span::new().weeks(1)
    } else {
        jiff::Span::new().months(1)
    };
    let title = if week {
        w.t2(
            "calendar-from-to",
            "from",
            w.date(midnight(first, &zone)?),
            "to",
            w.date(midnight(last, &zone)?),
        )
    } else {
        format!("{} {}", w.t(format!("month-{}", date.month())), date.year())
    };
    let weekdays = (1..=7).map(|n| w.t(format!("weekday-short-{n}"))).collect();
    web::html(&Calendar {
        w,
        page,
        days,
        week,
        title,
        date,
        before: date.checked_sub(step).unwrap_or(date),
        after: date.checked_add(step).unwrap_or(date),
        weekdays,
    })
}

/// What became of a post on its pages, where that is not simply what was meant: trouble on one of them, or gone from
/// all of them.
fn became(post: &CalendarPost) -> Option<&'static str> {
    let outcomes = || {
        let latest = post.channels.iter().filter_map(|c| c.publication.as_ref());
        latest.map(|p| p.state)
    };
    let trouble = [PublicationState::Unknown, PublicationState::Refused];
    if let Some(state) = trouble.into_iter().find(|t| outcomes().any(|s| s == *t)) {
        return Some(state.as_str());
    }
    let gone = [PublicationState::TakenBack, PublicationState::Cancelled];
    let last = outcomes().next_back()?;
    (gone.contains(&last) && outcomes().all(|s| gone.contains(&s))).then_some(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_month_is_shown_in_whole_weeks() {
        assert_eq!(
            span(date(2026, 11, 24), false).unwrap(),
            (date(2026, 10, 26), date(2026, 12, 6))
        );
        assert_eq!(
            span(date(2026, 11, 24), true).unwrap(),
            (date(2026, 11, 23), date(2026, 11, 29))
        );
    }

    #[test]
    fn the_day_on_which_clocks_change_has_another_length() {
        let paris = schedule::zone("Europe/Paris").unwrap();
        let hours = |d: Date| {
            let (a, b) = (
                midnight(d, &paris).unwrap(),
                midnight(d.tomorrow().unwrap(), &paris).unwrap(),
            );
            b.duration_since(a).as_hours()
        };
        assert_eq!(
            [
                hours(date(2027, 3, 28)),
                hours(date(2026, 10, 25)),
                hours(date(2026, 11, 24))
            ],
            [23, 25, 24]
        );
    }
}
