//! What becomes of an answer. Words go into the one conversation of the post; a decision is the same as on the page,
//! under the same rules, for exactly the content that the letter showed, once. What does not count decides nothing, and
//! its writer is told so, at most: no stranger is ever answered.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use vigie_connect::chat::{ActionId, Heard};
use vigie_connect::mail::reply::Missed;
use vigie_connect::mail::{Address, Author, Unsure, authentic, reply, returned};
use vigie_core::content::Digest;
use vigie_core::id::{LetterId, MemberId, PostId};
use vigie_store::{Conn, LetterInRow, LetterRow, Member, NewLetter, Tx};

use crate::account::session;
use crate::app::App;
use crate::chat::note::words_only;
use crate::chat::outbox::About;
use crate::post::actions::{self, ActionError, Answer};
use crate::post::who::Who;
use crate::web::error::Error;
use crate::words::Words;

/// What a member is told about their own letters. Each kind has a title of its own, and so many go in a day.
#[derive(Clone, Copy)]
enum Kind {
    /// It did not count, or decided nothing.
    No,
    /// Perhaps it is not theirs at all.
    Doubt,
    /// It counted.
    Yes,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::No => "notice",
            Self::Doubt => "unsure",
            Self::Yes => "counted",
        }
    }

    const fn most(self) -> u64 {
        match self {
            Self::No => 3,
            Self::Doubt => 1,
            Self::Yes => 10,
        }
    }
}

/// What a letter said.
#[derive(Clone, Default)]
struct Said {
    decision: Option<(ActionId, String)>,
    words: Option<String>,
    thread: Option<String>,
}

fn said(heard: Vec<Heard>) -> Said {
    let mut out = Said::default();
    for one in heard {
        match one {
            Heard::Pressed {
                action,
                value,
                thread,
                ..
            } => {
                out.decision = Some((action, value));
                out.thread = out.thread.or(thread);
            }
            Heard::Said { text, thread, .. } => {
                out.words = Some(text);
                out.thread = out.thread.or(Some(thread));
            }
            Heard::Bind { .. } => {}
        }
    }
    out
}

/// The letter of ours to this member that is answered, by its token or its Message-ID. A decision is about the letter
/// that the signature names, and about no other.
async fn letter(
    conn: &mut Conn,
    member: MemberId,
    said: &Said,
) -> Result<Option<LetterRow>, vigie_store::Error> {
    let key = match (&said.decision, &said.thread) {
        (Some((_, value)), _) => value,
        (None, Some(thread)) => thread,
        (None, None) => return Ok(None),
    };
    let found = match key.contains('@') {
        true => conn.letter_by_message(key).await?,
        false => conn.letter_by_token(&session::hash(key)).await?,
    };
    Ok(found.filter(|row| row.member == member))
}

/// Whether a letter may be a member's: it names an address that one of them has proven. Nothing is asked of anybody
/// about letters of others.
///
/// # Errors
/// The database.
pub async fn perhaps_ours(app: &App, raw: &[u8]) -> anyhow::Result<bool> {
    let Some(claimed) = authentic::claimed(raw) else {
        // Odd, automatic, returned: known without a question.
        return Ok(true);
    };
    let mut conn = app.store.read().await?;
    let address = conn.mail_address_of(&claimed.address.id()).await?;
    Ok(address.is_some())
}

/// A letter of nobody that we know.
///
/// # Errors
/// The database.
pub async fn stranger(app: &App, row: &LetterInRow) -> anyhow::Result<()> {
    end(app, row, "stranger", None, None).await
}

/// Works on a letter that surely is its writer's.
///
/// # Errors
/// The database; the letter is tried again.
pub async fn work(
    app: &App,
    ours: &Address,
    row: &LetterInRow,
    author: &Author,
) -> anyhow::Result<()> {
    let mut conn = app.store.read().await?;
    let address = conn.mail_address_of(&author.address.id()).await?;
    let member = match address {
        Some(address) => Some(conn.member(address.member).await?),
        None => None,
    };
    let Some(member) = member.filter(Member::is_active) else {
        return stranger(app, row).await;
    };
    reached(app, member.id).await?;
    let mut said = said(reply::read(&row.raw, author, ours));
    if said.decision.is_none() && said.words.is_none() {
        return end(app, row, "nothing", None, None).await;
    }
    // The same letter may come twice, by two ways: its own id counts, not its bytes.
    let event = format!(
        "mail/{}",
        hex::encode(Sha256::digest(format!(
            "{}\n{}",
            author.address.id(),
            author.message
        )))
    );
    // A decision is judged once, whatever became of it: one that was refused does not wait for better days.
    let judged = said.decision.is_some().then(|| format!("{event}/judged"));
    if let Some(judged) = &judged
        && conn.chat_was_heard(judged).await?
    {
        return end(app, row, "again", None, None).await;
    }
    let judged = judged.as_deref();
    let w = Words::new(member.lang);
    let asked = letter(&mut conn, member.id, &said).await?;
    let notice = |kind, post, text| {
        Some(Notice {
            kind,
            member: member.id,
            post,
            text,
        })
    };
    let Some((asked, post)) = asked.and_then(|row| row.post.map(|post| (row, post))) else {
        let text = w.t("mail-notice-nowhere");
        return end(app, row, "nowhere", notice(Kind::No, None, text), judged).await;
    };
    let who = Who::member(&mut conn, member.id).await?;
    drop(conn);
    let heard = Letter {
        app,
        who: &who,
        w: &w,
        post,
        asked: &asked,
        answer: Answer {
            letter: asked.id,
            id: &row.id,
        },
        event,
    };
    let told = match (&said.decision, reply::missed(&row.raw, author, ours)) {
        (Some((ActionId::Approve, _)), _) => Some((Kind::Yes, w.t("mail-counted"))),
        (None, Some(missed)) => heard.missed(missed).map(|text| (Kind::No, text)),
        _ => None,
    };
    let told = told.and_then(|(kind, text)| notice(kind, Some(post), text));
    let came = match heard.decide(&mut said).await {
        Ok(()) => heard.talk(said.words).await,
        refused => refused,
    };
    match came {
        Ok(()) => end(app, row, "heard", told, judged).await,
        Err(Came::No(text)) => {
            let notice = notice(Kind::No, Some(post), text);
            end(app, row, "refused", notice, judged).await
        }
        Err(Came::Trouble(error)) => Err(error),
    }
}

/// Who writes from an address reads there.
async fn reached(app: &App, member: MemberId) -> Result<(), vigie_store::Error> {
    let mut tx = app.store.begin().await?;
    tx.mail_reached(member, None, app.clock.now()).await?;
    tx.commit().await
}

/// Why an answer did not count.
enum Came {
    /// In words for its writer.
    No(String),
    /// It is tried again.
    Trouble(anyhow::Error),
}

/// An answer of a member to a letter about a post.
struct Letter<'a> {
    app: &'a App,
    who: &'a Who,
    w: &'a Words,
    post: PostId,
    asked: &'a LetterRow,
    answer: Answer<'a>,
    event: String,
}

impl Letter<'_> {
    fn no(&self, key: &str) -> Came {
        Came::No(self.w.t(key))
    }

    /// Whether the letter answered asked for a decision, and showed about what.
    fn asks(&self) -> bool {
        self.asked.kind == "review" && self.asked.asks
    }

    /// What to say of an answer that looks like a decision and is none; nothing where none was asked for.
    fn missed(&self, missed: Missed) -> Option<String> {
        let key = match missed {
            _ if self.asked.kind != "review" => return None,
            _ if !self.asks() => "chat-review-sealed",
            Missed::Words => "mail-notice-missed",
            Missed::Unsigned => "mail-notice-untied",
        };
        Some(self.w.t(key))
    }

    fn refused(&self, error: ActionError) -> Came {
        match error {
            ActionError::SealNeeded => self.no("chat-review-sealed"),
            error => match Error::from(error) {
                Error::Refused(said) | Error::Input(said) => Came::No(self.w.say(&said)),
                Error::NotFound => self.no("mail-notice-nowhere"),
                error => Came::Trouble(anyhow::anyhow!("{error:?}")),
            },
        }
    }

    /// The decision, if there is one. The words that say what should change are part of it.
    async fn decide(&self, said: &mut Said) -> Result<(), Came> {
        let Some((action, _)) = said.decision.take() else {
            return Ok(());
        };
        // This very letter decided already, and the program died before it could say so.
        let again = self.asked.used_by.as_deref() == Some(self.answer.id);
        let digest = self.asked.digest.as_deref().and_then(Digest::parse);
        // Without a token, it showed no content that could be decided.
        let Some(digest) = digest.filter(|_| self.asks()) else {
            return Err(self.no("mail-notice-no-question"));
        };
        match action {
            ActionId::Approve if again => Ok(()),
            ActionId::Approve => self.approve(digest).await,
            ActionId::AskForChanges => {
                let Some(words) = said.words.take() else {
                    return Err(self.no("mail-notice-say-what"));
                };
                if again {
                    return Ok(());
                }
                let by = self.w.t("mail-by");
                let done = actions::request_changes_by_letter(
                    self.app,
                    self.who,
                    self.post,
                    (&words, &by),
                    digest,
                    self.answer,
                )
                .await;
                done.map(|_| ()).map_err(|error| self.refused(error))
            }
        }
    }

    async fn approve(&self, digest: Digest) -> Result<(), Came> {
        let mut conn = self.app.store.read().await.map_err(store)?;
        let shown = words_only(&conn.post(self.post).await.map_err(store)?);
        drop(conn);
        if !shown {
            return Err(self.no("mail-review-words"));
        }
        let done =
            actions::approve_by_letter(self.app, self.who, self.post, digest, self.answer).await;
        done.map(|_| ()).map_err(|error| self.refused(error))
    }

    /// The words besides a decision: a remark.
    async fn talk(&self, words: Option<String>) -> Result<(), Came> {
        let Some(words) = words else { return Ok(()) };
        let by = self.w.t("mail-by");
        let (app, who, post) = (self.app, self.who, self.post);
        let done = actions::comment_by_letter(app, who, post, &words, &by, &self.event).await;
        done.map(|_| ()).map_err(|error| self.refused(error))
    }
}

fn store(error: vigie_store::Error) -> Came {
    Came::Trouble(error.into())
}

/// What its writer is told.
struct Notice {
    kind: Kind,
    member: MemberId,
    post: Option<PostId>,
    text: String,
}

/// A letter of ours came back: its reader's address is marked, on their own page.
async fn came_back(app: &App, ours: &Address, row: &LetterInRow) -> anyhow::Result<()> {
    if let Some(id) = returned::read(&row.raw, ours) {
        let now = app.clock.now();
        let mut tx = app.store.begin().await?;
        let Some(letter) = tx.letter_by_message(&id).await? else {
            return Ok(());
        };
        // One from before went to the address that they had then.
        let address = tx.mail_address(letter.member).await?;
        if address.is_some_and(|address| address.proven_at <= letter.created_at) {
            tx.mail_reached(letter.member, Some("returned"), now)
                .await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// A letter that nobody surely wrote decides nothing. Whoever it names is told, if it answers a letter of ours to
/// them: once a day at most, since it may not be theirs.
///
/// # Errors
/// The database; the letter is tried again.
pub async fn unsure(
    app: &App,
    ours: &Address,
    row: &LetterInRow,
    unsure: Unsure,
) -> anyhow::Result<()> {
    if unsure == Unsure::Bounce {
        came_back(app, ours, row).await?;
    }
    let notice = match unsure {
        // Programs, lists and returned letters are never answered.
        Unsure::Odd | Unsure::Automatic | Unsure::Bounce | Unsure::List => None,
        Unsure::Date => doubt(app, ours, &row.raw, "mail-notice-date").await?,
        _ => doubt(app, ours, &row.raw, "mail-notice-unsure").await?,
    };
    end(app, row, unsure.as_str(), notice, None).await
}

async fn doubt(
    app: &App,
    ours: &Address,
    raw: &[u8],
    key: &'static str,
) -> anyhow::Result<Option<Notice>> {
    let Some(claimed) = authentic::claimed(raw) else {
        return Ok(None);
    };
    let mut conn = app.store.read().await?;
    let Some(address) = conn.mail_address_of(&claimed.address.id()).await? else {
        return Ok(None);
    };
    let member = conn.member(address.member).await?;
    let said = said(reply::read(raw, &claimed, ours));
    let Some(asked) = letter(&mut conn, member.id, &said).await? else {
        return Ok(None);
    };
    Ok(Some(Notice {
        kind: Kind::Doubt,
        member: member.id,
        post: asked.post,
        text: Words::new(member.lang).t(key),
    }))
}

/// It is judged; its words are forgotten. What its writer is told is written down with that, and that its decision
/// (`judged`) was judged.
async fn end(
    app: &App,
    row: &LetterInRow,
    verdict: &str,
    notice: Option<Notice>,
    judged: Option<&str>,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    tracing::info!(verdict, "a letter was judged");
    let mut tx = app.store.begin().await?;
    if tx.letter_in_over(row, verdict).await? {
        if let Some(judged) = judged {
            tx.chat_heard(judged, now).await?;
        }
        if let Some(notice) = notice {
            tell(&mut tx, notice, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Writes a notice down, if today's are not used up.
async fn tell(tx: &mut Tx, notice: Notice, now: Timestamp) -> anyhow::Result<()> {
    let (kind, member) = (notice.kind.as_str(), notice.member);
    let day = now
        .checked_sub(SignedDuration::from_hours(24))
        .unwrap_or(Timestamp::MIN);
    if tx.letter_notices(member, kind, day).await? >= notice.kind.most() {
        return Ok(());
    }
    let about = About {
        act: kind.to_owned(),
        text: notice.text,
        ..About::default()
    };
    let new = NewLetter {
        id: LetterId::new(Uuid::now_v7()),
        member,
        kind,
        post: notice.post,
        about: &serde_json::to_string(&about)?,
        digest: None,
        gather_at: None,
    };
    tx.letter_add(&new, now).await?;
    Ok(())
}

/// Given up: it decides nothing.
///
/// # Errors
/// The database.
pub async fn give_up(app: &App, row: &LetterInRow) -> anyhow::Result<()> {
    end(app, row, "given_up", None, None).await
}
