//! Letters in, by IMAP. Letters are taken in the order of their UIDs, without marking them; the shell keeps them
//! together with the new [`Cursor`] in one transaction, and only then [`Round::done`] marks them as seen. So nothing is
//! lost and nothing is taken twice, whenever either side dies. When the server numbers its letters anew (another
//! UIDVALIDITY), all that are not marked are taken; one that had been taken and not yet marked is known by its
//! Message-ID.

use super::out::Login;
use crate::{
    Code, Failure,
    reach::{Budget, Metered, Pipe, Reach, Security, Server},
};
use async_imap::{Client, Session, error::Error, extensions::idle::IdleResponse};
use futures::TryStreamExt as _;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    future::Future,
    io,
    time::{Duration, Instant},
};

/// Largest letter taken, in bytes; a larger one is passed over.
pub const MAX_LETTER: usize = 1 << 20;
/// Most letters of one round.
pub const MAX_ROUND: usize = 200;
/// Most bytes of one round.
const MAX_BYTES: usize = 32 << 20;
/// Most bytes that the server may say besides a letter, such as the list of all UIDs.
const CHATTER: usize = 16 << 20;
/// Longest wait for news in one go; RFC 2177 asks for less than 29 minutes.
const MAX_IDLE: Duration = Duration::from_secs(20 * 60);
/// Between two looks where the server cannot say by itself that a letter came.
const POLL: Duration = Duration::from_secs(60);

/// A mailbox that is read.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// How it is reached.
    pub reach: Reach,
    /// Where: port 993 with TLS. (IMAP's STARTTLS is not used.)
    pub server: Server,
    /// Who we are.
    pub login: Login,
    /// Which folder: `INBOX` for the one where letters arrive.
    pub folder: String,
}

/// How far the mailbox has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The numbering that `uid` belongs to.
    pub validity: u32,
    /// The last letter taken or passed over; 0 for none.
    pub uid: u32,
}

/// One letter, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// Its number.
    pub uid: u32,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// What one round brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The letters, oldest first.
    pub letters: Vec<Raw>,
    /// To be kept together with what was made of the letters.
    pub cursor: Cursor,
    /// Letters that were passed over for their size.
    pub too_large: u32,
    /// True when there are more to take now.
    pub more: bool,
}

/// A connection to the mailbox.
pub struct Round {
    session: Session<Metered<Box<dyn Pipe>>>,
    budget: Budget,
    validity: u32,
    idles: bool,
}

impl fmt::Debug for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Round")
            .field("validity", &self.validity)
            .field("idles", &self.idles)
            .finish_non_exhaustive()
    }
}

impl Incoming {
    /// Connects, logs in and opens the folder.
    ///
    /// # Errors
    /// What is wrong; `bad_credentials` when the server refuses the login, `folder_missing` when it refuses the folder.
    pub async fn open(&self, within: Duration) -> Result<Round, Failure> {
        let until = Instant::now() + within;
        let stream = match self.server.security {
            Security::StartTls => {
                return Err(Failure::new(
                    Code::NotOffered,
                    "the mailbox is read over TLS from the first byte (port 993)",
                ));
            }
            Security::Plain | Security::Tls => self.reach.pipe(&self.server, until).await?,
        };
        let (stream, budget) = Metered::new(stream, CHATTER);
        let mut client = Client::new(stream);
        let greeting = bounded(until, async { Ok(client.read_response().await?) }).await?;
        if greeting.is_none() {
            return Err(Failure::new(Code::CutOff, "the server hung up"));
        }
        let (user, password) = (&self.login.user, self.login.password.expose_secret());
        let login = async { Ok(client.login(user, password).await) };
        let mut session = match bounded(until, login).await? {
            Ok(session) => session,
            // What the server says about it may quote the password.
            Err((Error::No(_) | Error::Bad(_), _)) => {
                return Err(Failure::new(
                    Code::BadCredentials,
                    "the server refuses the login",
                ));
            }
            Err((Error::Validate(_), _)) => {
                return Err(Failure::new(
                    Code::BadCredentials,
                    "a name or password with characters that cannot be sent",
                ));
            }
            Err(_) => return Err(Failure::new(Code::CutOff, "cut off during the login")),
        };
        let idles = bounded(until, session.capabilities())
            .await?
            .has_str("IDLE");
        let mailbox = bounded(until, session.select(&self.folder));
        let mailbox = mailbox.await.map_err(|no| match no.code {
            Code::RefusedByServer => Failure::new(Code::FolderMissing, no.detail),
            _ => no,
        })?;
        let validity = mailbox.uid_validity.ok_or_else(|| {
            Failure::new(
                Code::GarbageAnswer,
                "the server numbers its letters for this session only",
            )
        })?;
        Ok(Round {
            session,
            budget,
            validity,
            idles,
        })
    }
}

impl Round {
    /// Takes the letters after the cursor, up to [`MAX_ROUND`]; without one, or when the server has numbered its
    /// letters anew, those that are not marked as seen. They stay unmarked.
    ///
    /// # Errors
    /// What went wrong; nothing is lost, the same cursor brings the same letters.
    pub async fn take(
        &mut self,
        cursor: Option<Cursor>,
        within: Duration,
    ) -> Result<Taken, Failure> {
        let until = Instant::now() + within;
        let same = cursor.filter(|cursor| cursor.validity == self.validity);
        let after = same.map_or(0, |cursor| cursor.uid);
        self.refill(0);
        // A new look: what came since the folder was opened is not told by itself.
        bounded(until, self.session.noop()).await?;
        // Without a cursor, seen letters up to this one are none of our business.
        let last = match same {
            Some(_) => 0,
            None => {
                let last = bounded(until, self.session.uid_search("UID *")).await?;
                last.into_iter().max().unwrap_or(0)
            }
        };
        let question = match same {
            // Somebody may have read a letter before us: it is taken nonetheless.
            Some(_) => format!("UID {}:*", after.saturating_add(1)),
            None => "UNSEEN".to_owned(),
        };
        let found = bounded(until, self.session.uid_search(question)).await?;
        // `n:*` names the last letter even if it is before n.
        let mut uids: Vec<u32> = found.into_iter().filter(|uid| *uid > after).collect();
        uids.sort_unstable();
        let mut more = uids.len() > MAX_ROUND;
        uids.truncate(MAX_ROUND);
        let mut taken = Taken {
            letters: Vec::new(),
            cursor: Cursor {
                validity: self.validity,
                uid: after,
            },
            too_large: 0,
            more: false,
        };
        let mut bytes = 0_usize;
        for uid in uids {
            if bytes > MAX_BYTES {
                more = true;
                break;
            }
            match self.letter(uid, until).await? {
                Found::Letter(letter) => {
                    bytes = bytes.saturating_add(letter.len());
                    taken.letters.push(Raw { uid, bytes: letter });
                }
                Found::TooLarge => taken.too_large += 1,
                Found::Gone => {}
            }
            taken.cursor.uid = uid;
        }
        if !more {
            taken.cursor.uid = taken.cursor.uid.max(last);
        }
        taken.more = more;
        Ok(taken)
    }

    async fn letter(&mut self, uid: u32, until: Instant) -> Result<Found, Failure> {
        self.refill(0);
        let asked = self.fetch(uid, "(UID RFC822.SIZE)", until).await?;
        let Some(size) = asked.iter().find_map(|fetch| fetch.size) else {
            return Ok(Found::Gone);
        };
        if usize::try_from(size).unwrap_or(usize::MAX) > MAX_LETTER {
            return Ok(Found::TooLarge);
        }
        self.refill(MAX_LETTER);
        let got = self.fetch(uid, "(UID BODY.PEEK[])", until).await?;
        match got.iter().find_map(|fetch| fetch.body()) {
            None => Ok(Found::Gone),
            // The server said otherwise.
            Some(body) if body.len() > MAX_LETTER => Ok(Found::TooLarge),
            Some(body) => Ok(Found::Letter(body.to_vec())),
        }
    }

    async fn fetch(
        &mut self,
        uid: u32,
        what: &str,
        until: Instant,
    ) -> Result<Vec<async_imap::types::Fetch>, Failure> {
        let session = &mut self.session;
        let all = bounded(until, async {
            let stream = session.uid_fetch(uid.to_string(), what).await?;
            stream.try_collect::<Vec<_>>().await
        })
        .await?;
        // Servers add news about other letters.
        Ok(all
            .into_iter()
            .filter(|fetch| fetch.uid == Some(uid))
            .collect())
    }

    /// Marks letters as seen, once they are kept.
    ///
    /// # Errors
    /// What went wrong; it does no harm, the cursor knows them.
    pub async fn done(&mut self, letters: &[Raw], within: Duration) -> Result<(), Failure> {
        if letters.is_empty() {
            return Ok(());
        }
        let until = Instant::now() + within;
        self.refill(0);
        let set: Vec<String> = letters.iter().map(|l| l.uid.to_string()).collect();
        let session = &mut self.session;
        bounded(until, async {
            let stream = session
                .uid_store(set.join(","), "+FLAGS.SILENT (\\Seen)")
                .await?;
            stream.try_collect::<Vec<_>>().await
        })
        .await?;
        Ok(())
    }

    /// Waits until something happens in the mailbox, or `most` has passed; true when it is worth a look. Without the
    /// server's help (IDLE) it waits a minute at a time. A connection that fails meanwhile is an error: open another.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn wait(self, most: Duration) -> Result<(Self, bool), Failure> {
        let most = most.min(MAX_IDLE);
        self.refill(0);
        if !self.idles {
            tokio::time::sleep(most.min(POLL)).await;
            return Ok((self, true));
        }
        let (budget, validity) = (self.budget, self.validity);
        let mut idle = self.session.idle();
        let short = Duration::from_secs(30);
        bounded(Instant::now() + short, idle.init()).await?;
        let woken = {
            // The server's signs of life must not make it wait for ever.
            let (wait, _stop) = idle.wait_with_timeout(most);
            match tokio::time::timeout(most, wait).await {
                Err(_) => false,
                Ok(Ok(answer)) => matches!(answer, IdleResponse::NewData(_)),
                Ok(Err(error)) => return Err(failure(&error)),
            }
        };
        let session = bounded(Instant::now() + short, idle.done()).await?;
        let round = Self {
            session,
            budget,
            validity,
            idles: true,
        };
        Ok((round, woken))
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(2), self.session.logout()).await;
    }

    fn refill(&self, more: usize) {
        self.budget.refill(CHATTER.saturating_add(more));
    }
}

enum Found {
    Letter(Vec<u8>),
    TooLarge,
    Gone,
}

/// One step, within its time.
async fn bounded<T>(
    until: Instant,
    what: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    let left = until.saturating_duration_since(Instant::now());
    match tokio::time::timeout(left, what).await {
        Err(_) => Err(Failure::new(Code::Slow, "no answer in time")),
        Ok(Err(error)) => Err(failure(&error)),
        Ok(Ok(done)) => Ok(done),
    }
}

fn failure(error: &Error) -> Failure {
    let code = match error {
        Error::Io(io) if io.kind() == io::ErrorKind::FileTooLarge => Code::AnswerTooLarge,
        Error::Io(_) | Error::ConnectionLost => Code::CutOff,
        Error::No(_) => Code::RefusedByServer,
        _ => Code::GarbageAnswer,
    };
    Failure::new(code, error.to_string())
}
