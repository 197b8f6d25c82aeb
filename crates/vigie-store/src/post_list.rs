//! Posts by the many: lists with filters, the calendar, what a member's home page counts.
//!
//! Lists and the calendar read what `post` repeats of the current revision, so that each is one statement. Text is
//! searched without case and accents in Rust, over bounded batches: neither engine can do it alike.

use crate::fold::fold;
use crate::row::{Cells, FromRow, q};
use crate::{Conn, Error, Result};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use std::{fmt, str::FromStr};
use vigie_core::id::{ChannelId, MemberId, PostId, PublicationId};
use vigie_core::post::PostState;
use vigie_core::publication::PublicationState;

queries! {
    LIST = "select p.id, p.author, p.state, p.excerpt, p.folded, p.channels, p.assigned, p.revision_number, \
            p.calendar_at, p.not_after, p.created_at, p.updated_at, p.submitted_at from post p \
            where p.state in ($1, $2, $3, $4, $5, $6) \
            and ($7 = '' or p.author = $7) \
            and ($8 = '' or p.id in (select a.post from assignment a where a.member = $8 and a.ended_at is null)) \
            and ($9 = '' or p.id in (select c.post from post_channel c where c.channel = $9)) \
            and p.calendar_at >= $10 and p.calendar_at < $11 \
            and (p.updated_at < $12 or (p.updated_at = $12 and p.id < $13)) \
            order by p.updated_at desc, p.id desc limit $14";
    /// The same for posts with and without a place in the calendar.
    LIST_ALWAYS = "select p.id, p.author, p.state, p.excerpt, p.folded, p.channels, p.assigned, p.revision_number, \
            p.calendar_at, p.not_after, p.created_at, p.updated_at, p.submitted_at from post p \
            where p.state in ($1, $2, $3, $4, $5, $6) \
            and ($7 = '' or p.author = $7) \
            and ($8 = '' or p.id in (select a.post from assignment a where a.member = $8 and a.ended_at is null)) \
            and ($9 = '' or p.id in (select c.post from post_channel c where c.channel = $9)) \
            and (p.updated_at < $10 or (p.updated_at = $10 and p.id < $11)) \
            order by p.updated_at desc, p.id desc limit $12";
    /// One text a post, its values between tabs and its publications between semicolons: reading a row costs by the
    /// column (1,000 posts on two channels: 6 ms like this, 16 ms as seven columns). None of the values can hold a tab: the excerpt, the only free text, has
    /// single blanks for white space.
    CALENDAR = "select p.id || '\t' || p.author || '\t' || p.state || '\t' || cast(p.calendar_at as text) \
            || '\t' || p.channels || '\t' || p.assigned || '\t' || coalesce((select string_agg( \
            u.channel || ' ' || u.id || ' ' || u.state || ' ' || cast(u.due_at as text) || ' ' \
            || coalesce(cast(u.published_at as text), ''), ';' order by u.created_at, u.id) \
            from publication u where u.post = p.id), '') || '\t' || p.excerpt \
            from post p where p.calendar_at >= $1 and p.calendar_at < $2 and p.state <> 'archived' \
            order by p.calendar_at, p.id limit 5000";
    HOME = "select \
            (select count(*) from post where author = $1 and state = 'draft') as drafts, \
            (select count(*) from post where author = $1 and state = 'changes_requested') as changes_requested, \
            (select count(*) from post where author = $1 and state = 'in_review') as in_review, \
            (select count(*) from assignment a join post p on p.id = a.post \
             where a.member = $1 and a.ended_at is null and p.state = 'in_review' \
             and a.post not in (select v.post from approval v where v.member = $1 and v.voided_at is null)) as to_review, \
            (select count(*) from publication where state = 'ready') as scheduled, \
            (select count(*) from publication where state = 'unknown' and next_try_at is null) as undecided, \
            (select count(*) from change where state = 'open') as changes, \
            (select count(*) from alarm where closed_at is null) as alarms";
}

/// Rows read at once while searching text, and at most.
const BATCH: u32 = 500;
const SEARCHED: usize = 20_000;
/// Most posts of one page of a list.
const PAGE: u32 = 200;

/// Which posts a list shows. The default shows all but the archived ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostFilter {
    /// In one of these states; when empty, in any but archived.
    pub states: Vec<PostState>,
    /// Begun by.
    pub author: Option<MemberId>,
    /// Waiting for a review by.
    pub assigned: Option<MemberId>,
    /// With a variant for.
    pub channel: Option<ChannelId>,
    /// Containing all these words, without case and accents.
    pub text: Option<String>,
    /// Planned or published at this time or later.
    pub from: Option<Timestamp>,
    /// Planned or published before.
    pub until: Option<Timestamp>,
}

/// Where the next page of a list begins. Its text form is for addresses and the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostCursor {
    at: i64,
    id: PostId,
}

impl fmt::Display for PostCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.id)
    }
}

/// Not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct BadCursor;

impl FromStr for PostCursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (at, id) = text.split_once('.').ok_or(BadCursor)?;
        Ok(Self {
            at: at.parse().map_err(|_| BadCursor)?,
            id: id.parse().map_err(|_| BadCursor)?,
        })
    }
}

/// A line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostLine {
    /// The post.
    pub id: PostId,
    /// Who began it.
    pub author: MemberId,
    /// Where it stands.
    pub state: PostState,
    /// Its first words.
    pub excerpt: String,
    /// Its channels.
    pub channels: Vec<ChannelId>,
    /// Who is asked to review it.
    pub assigned: Vec<MemberId>,
    /// Number of the current revision.
    pub revision_number: u32,
    /// Planned, or published.
    pub calendar_at: Option<Timestamp>,
    /// When its window ends.
    pub not_after: Timestamp,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When review was last asked for.
    pub submitted_at: Option<Timestamp>,
}

struct Listed {
    line: PostLine,
    folded: String,
}

impl FromRow for Listed {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            line: PostLine {
                id: row.id("id")?,
                author: row.id("author")?,
                state: row.word("state")?,
                excerpt: row.text("excerpt")?,
                channels: row.json("channels")?,
                assigned: row.json("assigned")?,
                revision_number: row.num("revision_number")?,
                calendar_at: row.time_opt("calendar_at")?,
                not_after: row.time("not_after")?,
                created_at: row.time("created_at")?,
                updated_at: row.time("updated_at")?,
                submitted_at: row.time_opt("submitted_at")?,
            },
            folded: row.text("folded")?,
        })
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostPage {
    /// The lines, last changed first.
    pub lines: Vec<PostLine>,
    /// Where the next page begins, if there may be one. A search can have one after an empty page.
    pub next: Option<PostCursor>,
}

/// A post in the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarPost {
    /// The post.
    pub id: PostId,
    /// Who began it.
    pub author: MemberId,
    /// Where it stands.
    pub state: PostState,
    /// Its first words.
    pub excerpt: String,
    /// Who is asked to review it.
    pub assigned: Vec<MemberId>,
    /// Its place.
    pub at: Timestamp,
    /// Its channels, each with the latest publication.
    pub channels: Vec<CalendarChannel>,
}

/// What one channel shows of a post in the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarChannel {
    /// The channel.
    pub channel: ChannelId,
    /// The latest publication, once approved.
    pub publication: Option<CalendarPublication>,
}

/// What the calendar says about a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarPublication {
    /// The publication.
    pub id: PublicationId,
    /// Where it stands.
    pub state: PublicationState,
    /// When it is or was due.
    pub due_at: Timestamp,
    /// When it went out.
    pub published_at: Option<Timestamp>,
}

impl CalendarPost {
    /// From the text of the statement.
    fn parse(line: &str) -> Option<Self> {
        let parts: Vec<&str> = line.splitn(8, '\t').collect();
        let [
            id,
            author,
            state,
            at,
            channels,
            assigned,
            publications,
            excerpt,
        ] = parts[..]
        else {
            return None;
        };
        let channels: Vec<ChannelId> = serde_json::from_str(channels).ok()?;
        let mut post = Self {
            id: id.parse().ok()?,
            author: author.parse().ok()?,
            state: PostState::parse(state)?,
            excerpt: excerpt.to_owned(),
            assigned: serde_json::from_str(assigned).ok()?,
            at: time(at)?,
            channels: channels
                .into_iter()
                .map(|channel| CalendarChannel {
                    channel,
                    publication: None,
                })
                .collect(),
        };
        for text in publications.split_terminator(';') {
            let parts: Vec<&str> = text.split(' ').collect();
            let [channel, id, state, due, published] = parts[..] else {
                return None;
            };
            let channel: ChannelId = channel.parse().ok()?;
            let publication = Some(CalendarPublication {
                id: id.parse().ok()?,
                state: PublicationState::parse(state)?,
                due_at: time(due)?,
                published_at: if published.is_empty() {
                    None
                } else {
                    Some(time(published)?)
                },
            });
            // In the order of creation: the latest one stays.
            match post
                .channels
                .iter_mut()
                .find(|shown| shown.channel == channel)
            {
                Some(shown) => shown.publication = publication,
                None => post.channels.push(CalendarChannel {
                    channel,
                    publication,
                }),
            }
        }
        Some(post)
    }
}

fn time(micros: &str) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros.parse().ok()?).ok()
}

/// What a member's home page counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HomeCounts {
    /// The member's drafts.
    pub drafts: i64,
    /// The member's posts for which changes were asked.
    pub changes_requested: i64,
    /// The member's posts in review.
    pub in_review: i64,
    /// Posts that wait for the member's review.
    pub to_review: i64,
    /// Publications that wait for their time, everybody's.
    pub scheduled: i64,
    /// Publications whose outcome a person must decide.
    pub undecided: i64,
    /// Two-person changes that wait.
    pub changes: i64,
    /// Open alarms.
    pub alarms: i64,
}

impl FromRow for HomeCounts {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            drafts: row.int("drafts")?,
            changes_requested: row.int("changes_requested")?,
            in_review: row.int("in_review")?,
            to_review: row.int("to_review")?,
            scheduled: row.int("scheduled")?,
            undecided: row.int("undecided")?,
            changes: row.int("changes")?,
            alarms: row.int("alarms")?,
        })
    }
}

impl Conn {
    /// One page of at most `limit` (200 at most) posts, last changed first.
    pub async fn posts(
        &mut self,
        filter: &PostFilter,
        after: Option<PostCursor>,
        limit: u32,
    ) -> Result<PostPage> {
        let limit = limit.clamp(1, PAGE);
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let words: Vec<String> = filter
            .text
            .iter()
            .flat_map(|text| text.split_whitespace().map(fold).take(16))
            .collect();
        let batch = if words.is_empty() {
            limit.saturating_add(1)
        } else {
            BATCH
        };
        let mut page = PostPage {
            lines: Vec::new(),
            next: None,
        };
        let (mut cursor, mut seen) = (after, 0_usize);
        loop {
            let rows = self.posts_batch(filter, cursor, batch).await?;
            let last_batch = rows.len() < usize::try_from(batch).unwrap_or(usize::MAX);
            for row in rows {
                let here = PostCursor {
                    at: row.line.updated_at.as_microsecond(),
                    id: row.line.id,
                };
                if words.iter().all(|word| row.folded.contains(word.as_str())) {
                    if page.lines.len() == wanted {
                        page.next = cursor;
                        return Ok(page);
                    }
                    page.lines.push(row.line);
                }
                cursor = Some(here);
                seen += 1;
            }
            if last_batch {
                return Ok(page);
            }
            if seen >= SEARCHED {
                page.next = cursor;
                return Ok(page);
            }
        }
    }

    async fn posts_batch(
        &mut self,
        filter: &PostFilter,
        after: Option<PostCursor>,
        limit: u32,
    ) -> Result<Vec<Listed>> {
        let period = filter.from.is_some() || filter.until.is_some();
        let mut query = q(if period { LIST } else { LIST_ALWAYS });
        for state in PostState::ALL {
            let shown = if filter.states.is_empty() {
                *state != PostState::Archived
            } else {
                filter.states.contains(state)
            };
            query = query.text(if shown { state.as_str() } else { "" });
        }
        query = query
            .text(filter.author.map(|id| id.to_string()).unwrap_or_default())
            .text(filter.assigned.map(|id| id.to_string()).unwrap_or_default())
            .text(filter.channel.map(|id| id.to_string()).unwrap_or_default());
        if period {
            query = query
                .int(filter.from.map_or(i64::MIN, Timestamp::as_microsecond))
                .int(filter.until.map_or(i64::MAX, Timestamp::as_microsecond));
        }
        query
            .int(after.map_or(i64::MAX, |cursor| cursor.at))
            .text(
                after
                    .map(|cursor| cursor.id.to_string())
                    .unwrap_or_default(),
            )
            .int(limit.into())
            .all(self)
            .await
    }

    /// Posts planned or published in `from..until`, by time, in one statement. At most 5,000.
    pub async fn calendar(
        &mut self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<CalendarPost>> {
        let lines: Vec<String> = q(CALENDAR).time(from).time(until).all(self).await?;
        lines
            .iter()
            .map(|line| {
                CalendarPost::parse(line).ok_or_else(|| Error::Unreadable {
                    column: "calendar".into(),
                    why: line.clone(),
                })
            })
            .collect()
    }

    /// What the home page of `member` counts, in one statement.
    pub async fn home_counts(&mut self, member: MemberId) -> Result<HomeCounts> {
        q(HOME).id(member).maybe(self).await?.ok_or(Error::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, act, content, person};
    use jiff::SignedDuration;
    use vigie_core::post::Event;

    #[tokio::test]
    async fn a_list_is_filtered_searched_and_paged() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let paul = testing::member(&store, "paul").await;
            let acme = testing::channel(&store, ines, "acme").await;
            let other = testing::channel(&store, ines, "other").await;
            let june = Timestamp::from_second(1_780_000_000).unwrap();
            for n in 0..5 {
                let text = content(
                    std::slice::from_ref(&acme),
                    &format!("Rentrée n° {n}"),
                    None,
                );
                testing::draft(&store, ines, &text).await;
            }
            let planned = content(&[acme, other.clone()], "L’été à Paris", Some(june));
            let reviewed = testing::in_review(&store, ines, paul, &planned).await;
            let archived = testing::draft(&store, paul, &content(&[], "Vieux", None)).await;
            act(&store, &archived, Event::Archive, &person(paul)).await;

            let mut conn = store.read().await.unwrap();
            let all = conn.posts(&PostFilter::default(), None, 100).await.unwrap();
            assert_eq!((all.lines.len(), all.next), (6, None));
            assert_eq!(all.lines[0].id, reviewed.post.id, "last changed first");

            let (mut met, mut cursor) = (Vec::new(), None);
            loop {
                let page = conn.posts(&PostFilter::default(), cursor, 2).await.unwrap();
                met.extend(page.lines);
                let Some(next) = page.next else { break };
                cursor = Some(next.to_string().parse().unwrap());
            }
            assert_eq!(met, all.lines, "pages neither skip nor repeat");

            for (filter, count) in [
                (
                    PostFilter {
                        states: vec![PostState::InReview],
                        ..Default::default()
                    },
                    1,
                ),
                (
                    PostFilter {
                        states: vec![PostState::Archived],
                        ..Default::default()
                    },
                    1,
                ),
                (
                    PostFilter {
                        author: Some(paul),
                        ..Default::default()
                    },
                    0,
                ),
                (
                    PostFilter {
                        assigned: Some(paul),
                        ..Default::default()
                    },
                    1,
                ),
                (
                    PostFilter {
                        channel: Some(other.id),
                        ..Default::default()
                    },
                    1,
                ),
                (
                    PostFilter {
                        text: Some("ETE paris".into()),
                        ..Default::default()
                    },
                    1,
                ),
                (
                    PostFilter {
                        text: Some("rentree".into()),
                        ..Default::default()
                    },
                    5,
                ),
                (
                    PostFilter {
                        text: Some("rentree paris".into()),
                        ..Default::default()
                    },
                    0,
                ),
                (
                    PostFilter {
                        from: Some(june),
                        until: None,
                        ..Default::default()
                    },
                    1,
                ),
                (
                    PostFilter {
                        until: Some(june),
                        ..Default::default()
                    },
                    0,
                ),
            ] {
                let page = conn.posts(&filter, None, 100).await.unwrap();
                assert_eq!(page.lines.len(), count, "{filter:?}");
            }
            let found = PostFilter {
                text: Some("rentrée".into()),
                ..Default::default()
            };
            let page = conn.posts(&found, None, 2).await.unwrap();
            let rest = conn.posts(&found, page.next, 10).await.unwrap();
            assert_eq!(
                (page.lines.len(), rest.lines.len(), rest.next),
                (2, 3, None)
            );
            assert!("x.y".parse::<PostCursor>().is_err());

            let counts = conn.home_counts(ines).await.unwrap();
            assert_eq!(
                (counts.drafts, counts.in_review, counts.to_review),
                (5, 1, 0)
            );
            assert_eq!(conn.home_counts(paul).await.unwrap().to_review, 1);
            let waiting = conn.posts_waiting(testing::now(), 10).await.unwrap();
            assert_eq!(waiting, [reviewed.post.id]);
            let before = Timestamp::from_second(1).unwrap();
            assert!(conn.posts_waiting(before, 10).await.unwrap().is_empty());
        })
        .await;
    }

    #[tokio::test]
    async fn the_calendar_shows_what_is_planned_and_what_went_out() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let paul = testing::member(&store, "paul").await;
            let channels = [
                testing::channel(&store, ines, "a").await,
                testing::channel(&store, ines, "b").await,
            ];
            let at = Timestamp::from_second(1_900_000_000).unwrap();
            let draft = testing::draft(&store, ines, &content(&channels, "Idée", Some(at))).await;
            let later = at.checked_add(SignedDuration::from_hours(1)).unwrap();
            let (ready, made) =
                testing::approved(&store, ines, paul, &content(&channels, "Prêt", Some(later)))
                    .await;
            testing::draft(&store, ines, &content(&channels, "Sans heure", None)).await;

            let mut conn = store.read().await.unwrap();
            let end = at.checked_add(SignedDuration::from_hours(24)).unwrap();
            let shown = conn.calendar(at, end).await.unwrap();
            assert_eq!(
                shown.iter().map(|post| post.id).collect::<Vec<_>>(),
                [draft.post.id, ready.post.id]
            );
            assert!(
                shown[0]
                    .channels
                    .iter()
                    .all(|channel| channel.publication.is_none())
            );
            let publications: Vec<_> = shown[1]
                .channels
                .iter()
                .map(|channel| channel.publication.clone().unwrap())
                .collect();
            assert!(
                publications
                    .iter()
                    .all(|p| made.contains(&p.id) && p.due_at == later)
            );
            assert!(conn.calendar(end, end).await.unwrap().is_empty());
            assert_eq!(conn.home_counts(ines).await.unwrap().scheduled, 2);
        })
        .await;
    }
}
