//! The words of a letter, in its reader's language.

use url::Url;
use vigie_connect::chat::Note;
use vigie_core::content::Digest;
use vigie_core::letter::LetterKind;
use vigie_core::member::Lang;
use vigie_core::post::PostState;
use vigie_core::schedule;
use vigie_store::{Conn, LetterRow, MailServerRow, Member, Organisation, PostRecord};

use super::stop::{self, What};
use crate::app::App;
use crate::chat::note::{contents, findings, words, words_only};
use crate::chat::outbox::About;
use crate::words::Words;

/// Most things said one by one in a gathered letter; beyond that, it says how many there are.
const ITEMS: u32 = 40;
/// How much of a post is quoted where only its beginning is.
const BEGINNING: usize = 120;

/// A letter without its address.
#[derive(Debug)]
pub struct Made {
    /// What is said.
    pub note: Note,
    /// What was gathered.
    pub items: Vec<Note>,
    /// Where these letters are stopped.
    pub stop: Option<Url>,
    /// Whether an answer may decide: the letter carries a token.
    pub answered: bool,
}

/// How letters to one member are said.
struct Writer<'a> {
    app: &'a App,
    conn: &'a mut Conn,
    member: &'a Member,
    org: Organisation,
    w: Words,
    /// Whether answers are read.
    read: bool,
}

/// What is said for a row; `None` when it is no longer worth saying.
///
/// # Errors
/// The database.
pub async fn of(
    app: &App,
    conn: &mut Conn,
    member: &Member,
    server: &MailServerRow,
    row: &LetterRow,
) -> Result<Option<Made>, vigie_store::Error> {
    let Some(org) = conn.organisation().await? else {
        return Ok(None);
    };
    let zone = schedule::zone(&org.tz).unwrap_or(jiff::tz::TimeZone::UTC);
    let mut writer = Writer {
        app,
        conn,
        member,
        org,
        w: Words::new(member.lang).in_zone(zone),
        read: !server.inbox.is_empty(),
    };
    match row.kind.as_str() {
        "gathered" => writer.gathered(row).await,
        "notice" | "unsure" | "counted" => Ok(Some(writer.notice(row))),
        kind => {
            let Some(kind) = LetterKind::parse(kind) else {
                return Ok(None);
            };
            let Some((mut note, answered)) = writer.one(kind, row).await? else {
                return Ok(None);
            };
            let stop = writer.stop(What::Kind(kind));
            if let Some(url) = &stop {
                let label = writer.w.t(format!("mail-stop-link-{kind}"));
                note.links.push((label, url.clone()));
            }
            let why = writer.w.t(format!("mail-why-{kind}"));
            note.footer = match note.footer.is_empty() {
                true => why,
                false => format!("{}\n{why}", note.footer),
            };
            if let Some(post) = row.post {
                note.thread = writer.conn.letter_thread(member.id, post).await?;
            }
            Ok(Some(Made {
                note,
                items: Vec::new(),
                stop,
                answered,
            }))
        }
    }
}

impl Writer<'_> {
    fn note(&self, row: &LetterRow, title: String) -> Note {
        Note {
            key: row.id.to_string(),
            thread: None,
            title,
            body: Vec::new(),
            contents: Vec::new(),
            findings: Vec::new(),
            actions: Vec::new(),
            links: Vec::new(),
            footer: String::new(),
            lang: self.w.lang_code().to_owned(),
        }
    }

    fn stop(&self, what: What) -> Option<Url> {
        stop::link(self.app, self.member.id, what)
    }

    fn open(&self, note: &mut Note, path: &str) {
        if let Ok(url) = Url::parse(&self.app.config.link(path)) {
            note.links.push((self.w.t("chat-open"), url));
        }
    }

    async fn post(&mut self, row: &LetterRow) -> Result<Option<PostRecord>, vigie_store::Error> {
        let Some(id) = row.post else { return Ok(None) };
        match self.conn.post(id).await {
            Ok(post) => Ok(Some(post)),
            Err(vigie_store::Error::NotFound | vigie_store::Error::Unreadable { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One thing that happened, and whether an answer may decide it.
    async fn one(
        &mut self,
        kind: LetterKind,
        row: &LetterRow,
    ) -> Result<Option<(Note, bool)>, vigie_store::Error> {
        let about: About = serde_json::from_str(&row.about).unwrap_or_default();
        if kind == LetterKind::Alarm {
            let mut note = self.note(row, self.w.t(format!("alarm-{}-title", about.act)));
            note.body = vec![self.w.t(format!("alarm-{}-what", about.act))];
            note.body
                .extend(Some(about.page).filter(|page| !page.is_empty()));
            self.open(&mut note, "/alarms");
            return Ok(Some((note, false)));
        }
        let by = match about.by {
            Some(id) => self.conn.member(id).await?.name,
            None => "Vigie".to_owned(),
        };
        let Some(post) = self.post(row).await? else {
            return Ok(None);
        };
        let path = format!("/posts/{}", post.post.id);
        if kind == LetterKind::Review {
            return self.review(row, &post, by, &path).await;
        }
        let title = match kind {
            LetterKind::Decision => {
                let act = about.act.trim_start_matches("post.");
                self.w.t1(format!("chat-decision-{act}"), "name", by)
            }
            _ => self.w.t1("chat-talk-title", "name", by),
        };
        let mut note = self.note(row, title);
        note.body = words(&about.text);
        note.body.push(self.beginning(&post));
        self.open(&mut note, &path);
        Ok(Some((note, false)))
    }

    /// Which post, in its own first words.
    fn beginning(&self, post: &PostRecord) -> String {
        let text = post.content.variants.first().map_or("", |v| v.text.trim());
        let line = text.lines().next().unwrap_or_default();
        let mut short: String = line.chars().take(BEGINNING).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        self.w.t1("mail-about", "text", short)
    }

    async fn review(
        &mut self,
        row: &LetterRow,
        post: &PostRecord,
        by: String,
        path: &str,
    ) -> Result<Option<(Note, bool)>, vigie_store::Error> {
        let digest = post.post.revision.digest;
        let me = self.member.id;
        let still = post.post.state == PostState::InReview
            && row.digest.as_deref().and_then(Digest::parse) == Some(digest)
            && post.post.assigned.iter().any(|a| a.member == me)
            && !post.post.approvals.iter().any(|a| a.by == me);
        if !still {
            return Ok(None);
        }
        let mut note = self.note(row, self.w.t1("chat-review-title", "name", by));
        note.body.extend(
            post.content
                .window
                .not_before
                .map(|at| self.w.t1("chat-review-when", "when", self.w.moment(at))),
        );
        self.open(&mut note, path);
        // Sealed approvals are given on the page, on what it shows: the letter only leads there.
        if self.org.settings.require_passkey_seal {
            note.body.push(self.w.t("chat-review-sealed"));
            return Ok(Some((note, false)));
        }
        note.contents = contents(self.conn, post, &self.w).await?;
        note.findings = findings(post, self.w.lang)
            .into_iter()
            .map(|(severity, said)| {
                let severity = self.w.t(format!("severity-{severity}"));
                // A colon follows, and French keeps it apart.
                match self.w.lang {
                    Lang::Fr => (format!("{severity}\u{a0}"), said),
                    Lang::En => (severity, said),
                }
            })
            .collect();
        note.body
            .push(self.w.t(match (self.read, words_only(post)) {
                (true, true) => "mail-review-answer",
                (true, false) => "mail-review-words",
                (false, _) => "mail-review-open",
            }));
        note.footer = self.w.t1("chat-review-digest", "digest", digest.short());
        Ok(Some((note, self.read)))
    }

    async fn gathered(&mut self, row: &LetterRow) -> Result<Option<Made>, vigie_store::Error> {
        let (rows, count) = self.conn.letters_inside(row.id, ITEMS).await?;
        let shown = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let mut items = Vec::new();
        let mut kinds = std::collections::BTreeSet::new();
        for one in rows {
            let Some(kind) = LetterKind::parse(&one.kind) else {
                continue;
            };
            if let Some((mut note, _)) = self.one(kind, &one).await? {
                // Gathered, it is told in short: it is read in full, and decided, on its page.
                note.contents = Vec::new();
                note.findings = Vec::new();
                note.footer = String::new();
                if kind == LetterKind::Review {
                    note.body.clear();
                }
                kinds.insert(kind);
                items.push(note);
            }
        }
        if items.is_empty() {
            return Ok(None);
        }
        let mut note = self.note(row, self.w.t1("mail-gathered-title", "n", items.len()));
        let more = count.saturating_sub(shown);
        if more > 0 {
            note.body.push(self.w.t1("mail-gathered-more", "n", more));
        }
        // Last, after the news.
        let mut fewer = self.note(row, self.w.t("mail-fewer"));
        for kind in kinds {
            if let Some(url) = self.stop(What::Kind(kind)) {
                let label = self.w.t(format!("mail-stop-link-{kind}"));
                fewer.links.push((label, url));
            }
        }
        let stop = self.stop(What::Gathered);
        if let Some(url) = &stop {
            fewer
                .links
                .push((self.w.t("mail-stop-link-gathered"), url.clone()));
        }
        items.push(fewer);
        note.footer = self.w.t("mail-why-gathered");
        Ok(Some(Made {
            note,
            items,
            stop,
            answered: false,
        }))
    }

    /// What became of an answer of theirs.
    fn notice(&self, row: &LetterRow) -> Made {
        let about: About = serde_json::from_str(&row.about).unwrap_or_default();
        let kind = &row.kind;
        let mut note = self.note(row, self.w.t(format!("mail-{kind}-title")));
        note.body = words(&about.text);
        let path = row
            .post
            .map_or_else(|| "/".to_owned(), |id| format!("/posts/{id}"));
        self.open(&mut note, &path);
        note.footer = self.w.t(format!("mail-why-{kind}"));
        Made {
            note,
            items: Vec::new(),
            stop: None,
            answered: false,
        }
    }
}
