//! What becomes of an answer. Words go into the one conversation of the post; a decision is the same as on the page,
//! under the same rules, for exactly the content that the letter showed, once. What does not count decides nothing, and
//! its writer is told so, at most: no stranger is ever answered.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use vigie_connect::chat::{ActionId, Heard};
use vigie_connect::mail::{Address, Author, Unsure, authentic, reply, returned};
use vigie_core::content::Digest;
use vigie_core::id::{LetterId, MemberId, PostId};
use vigie_store::{Conn, LetterInRow, LetterRow, MailServerRow, Member, NewLetter};

use crate::account::session;
use crate::app::App;
use crate::chat::note::words_only;
use crate::chat::outbox::About;
use crate::post::actions::{self, ActionError, Answer};
use crate::post::who::Who;
use crate::web::error::Error;
use crate::words::Words;

/// Notices to one member in a day.
const NOTICES: u64 = 3;
/// Of these, about letters that perhaps are not theirs at all.
const DOUBTS: u64 = 1;

/// What a letter said.
#[derive(Default)]
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

/// The letter of ours to this member that is answered, by its token or its Message-ID.
async fn letter(
    conn: &mut Conn,
    member: MemberId,
    said: &Said,
) -> Result<Option<LetterRow>, vigie_store::Error> {
    let keys = [
        said.decision.as_ref().map(|(_, value)| value),
        said.thread.as_ref(),
    ];
    for key in keys.into_iter().flatten() {
        let found = match key.contains('@') {
            true => conn.letter_by_message(key).await?,
            false => conn.letter_by_token(&session::hash(key)).await?,
        };
        if let Some(found) = found.filter(|row| row.member == member) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Works on a letter that surely is its writer's.
///
/// # Errors
/// The database; the letter is tried again.
pub async fn work(
    app: &App,
    server: &MailServerRow,
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
        return end(app, row, "stranger", None).await;
    };
    reached(app, member.id).await?;
    let mut said = said(reply::read(&row.raw, author, ours));
    if said.decision.is_none() && said.words.is_none() {
        return end(app, row, "nothing", None).await;
    }
    let w = Words::new(member.lang);
    let asked = letter(&mut conn, member.id, &said).await?;
    let notice = |post, text| {
        Some(Notice {
            member: member.id,
            post,
            text,
            most: NOTICES,
        })
    };
    let Some((asked, post)) = asked.and_then(|row| row.post.map(|post| (row, post))) else {
        let text = w.t("mail-notice-nowhere");
        return end(app, row, "nowhere", notice(None, text)).await;
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
            set_up_by: server.created_by,
        },
        // The same letter may come twice, by two ways: its own id counts, not its bytes.
        event: format!(
            "mail/{}",
            hex::encode(Sha256::digest(format!(
                "{}\n{}",
                author.address.id(),
                author.message
            )))
        ),
    };
    let came = match heard.decide(&mut said).await {
        Ok(()) => heard.talk(said.words).await,
        refused => refused,
    };
    match came {
        Ok(()) => end(app, row, "heard", None).await,
        Err(Came::No(text)) => end(app, row, "refused", notice(Some(post), text)).await,
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
        let Some(digest) = digest.filter(|_| self.asked.kind == "review") else {
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
    member: MemberId,
    post: Option<PostId>,
    text: String,
    most: u64,
}

/// A letter of ours came back: its reader's address is marked, on their own page.
async fn came_back(app: &App, ours: &Address, row: &LetterInRow) -> anyhow::Result<()> {
    if let Some(id) = returned::read(&row.raw, ours) {
        let now = app.clock.now();
        let mut tx = app.store.begin().await?;
        if let Some(letter) = tx.letter_by_message(&id).await? {
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
        _ => doubt(app, ours, &row.raw).await?,
    };
    end(app, row, unsure.as_str(), notice).await
}

async fn doubt(app: &App, ours: &Address, raw: &[u8]) -> anyhow::Result<Option<Notice>> {
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
        member: member.id,
        post: asked.post,
        text: Words::new(member.lang).t("mail-notice-unsure"),
        most: DOUBTS,
    }))
}

/// It is judged; its words are forgotten, and what its writer is told is written down with that.
async fn end(
    app: &App,
    row: &LetterInRow,
    verdict: &str,
    notice: Option<Notice>,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    tracing::info!(verdict, "a letter was judged");
    let mut tx = app.store.begin().await?;
    if tx.letter_in_over(row, verdict).await?
        && let Some(notice) = notice
    {
        let day = now
            .checked_sub(SignedDuration::from_hours(24))
            .unwrap_or(Timestamp::MIN);
        if tx.letter_notices(notice.member, day).await? < notice.most {
            let about = About {
                act: "notice".to_owned(),
                text: notice.text,
                ..About::default()
            };
            let new = NewLetter {
                id: LetterId::new(Uuid::now_v7()),
                member: notice.member,
                kind: "notice",
                post: notice.post,
                about: &serde_json::to_string(&about)?,
                digest: None,
                gather_at: None,
            };
            tx.letter_add(&new, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Given up: it decides nothing.
///
/// # Errors
/// The database.
pub async fn give_up(app: &App, row: &LetterInRow) -> anyhow::Result<()> {
    end(app, row, "given_up", None).await
}
