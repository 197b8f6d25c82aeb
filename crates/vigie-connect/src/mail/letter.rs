//! A letter from a [`Note`]: plain text and HTML from the same blocks, headers that nothing can be smuggled into, and a
//! Message-ID of our own, by which a repeat is recognised.

use super::{
    address::{self, Address, Mailbox, one_line},
    show,
};
use crate::{
    Code,
    chat::{Note, Sent},
    rest::{Stage, Trouble},
};
use lettre::message::{
    Message, MultiPart, SinglePart,
    header::{HeaderName, HeaderValue},
};
use sha2::{Digest as _, Sha256};
use url::Url;

/// Most characters of a subject.
const SUBJECT: usize = 150;
/// Most characters of a name.
const NAME: usize = 80;
/// Largest letter, in bytes.
pub const MAX_LETTER: usize = 1 << 20;

/// Where a reader stops these letters with one click (RFC 8058).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Called with a POST that holds `List-Unsubscribe=One-Click`; https.
    pub url: Url,
}

/// A letter to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Us.
    pub from: Mailbox,
    /// The reader.
    pub to: Mailbox,
    /// What is said; in a digest, what stands above the notes: its title, its first words, its footer.
    pub note: Note,
    /// The notes of a digest.
    pub items: Vec<Note>,
    /// One-time token (see [`address::is_token`]): answers come to `FROM+TOKEN`, and the subject ends in its
    /// [`tag`], which ties an answer to this letter even where the reader's mail server signs no recipient.
    pub token: Option<String>,
    /// How to stop these letters.
    pub unsubscribe: Option<Unsubscribe>,
}

/// The Message-ID (without `<` `>`) of a note to a person: the same at every attempt.
pub fn message_id(key: &str, to: &Address, from: &Address) -> String {
    let mut hash = Sha256::new();
    hash.update(key);
    hash.update([0]);
    hash.update(to.id());
    let digest = hex::encode(hash.finalize());
    let short = digest.get(..40).unwrap_or(&digest);
    format!("vigie.{short}@{}", from.domain())
}

/// Whether a Message-ID (without `<` `>`) is one that we make for letters from this domain.
pub fn is_ours(id: &str, domain: &str) -> bool {
    id.strip_prefix("vigie.")
        .and_then(|rest| rest.split_once('@'))
        .is_some_and(|(digest, at)| {
            at.eq_ignore_ascii_case(domain)
                && digest.len() == 40
                && digest.bytes().all(|b| b.is_ascii_hexdigit())
        })
}

/// The mark of a token in the subject.
pub fn tag(token: &str) -> String {
    let digest = hex::encode(Sha256::digest(format!("vigie subject {token}")));
    format!("[V-{}]", digest.get(..10).unwrap_or(&digest).to_uppercase())
}

impl Letter {
    /// Its Message-ID, without `<` `>`.
    pub fn id(&self) -> String {
        message_id(&self.note.key, &self.to.address, &self.from.address)
    }

    /// The conversation that it belongs to: that of its note, or one that it opens.
    pub fn thread(&self) -> String {
        self.note
            .thread
            .clone()
            .filter(|id| is_ours(id, self.from.address.domain()))
            .unwrap_or_else(|| self.id())
    }

    /// What is known once it has gone out.
    pub fn sent(&self) -> Sent {
        Sent {
            thread: Some(self.thread()),
            message: Some(self.id()),
        }
    }

    /// The whole letter as it travels, without signature. The same at every attempt but for the date and the marks
    /// between its parts.
    ///
    /// # Errors
    /// Refused with `bad_key` (a token that is none) or `too_many_bytes`.
    pub fn write(&self) -> Result<Vec<u8>, Trouble> {
        let refused = |code, why: &str| Trouble::new(Stage::Refused, code, why);
        let bad = |_| refused(Code::BadAddress, "an address that cannot be written");
        let mailbox = |mailbox: &Mailbox| -> Result<lettre::message::Mailbox, Trouble> {
            let address = lettre::Address::new(mailbox.address.local(), mailbox.address.domain());
            let name = one_line(&mailbox.name, NAME);
            let name = Some(name).filter(|name| !name.is_empty());
            Ok(lettre::message::Mailbox::new(name, address.map_err(bad)?))
        };
        let id = self.id();
        let mut subject = one_line(&self.note.title, SUBJECT);
        let mut message = Message::builder()
            .from(mailbox(&self.from)?)
            .to(mailbox(&self.to)?)
            .date_now()
            .raw_header(ready("Message-ID", format!("<{id}>")))
            .raw_header(ready("Auto-Submitted", "auto-generated".to_owned()));
        if let Some(token) = &self.token {
            let address = self
                .from
                .address
                .plus(token)
                .filter(|_| address::is_token(token))
                .ok_or_else(|| refused(Code::BadKey, "not a token"))?;
            message = message.reply_to(mailbox(&Mailbox {
                name: self.from.name.clone(),
                address,
            })?);
            subject = format!("{subject} {}", tag(token));
        }
        let thread = self.thread();
        if thread != id {
            message = message
                .raw_header(ready("In-Reply-To", format!("<{thread}>")))
                .raw_header(ready("References", format!("<{thread}>")));
        }
        if let Some(Unsubscribe { url }) = &self.unsubscribe {
            if url.scheme() != "https" || url.as_str().len() > 900 {
                return Err(refused(
                    Code::BadLink,
                    "the address to stop letters is not a short https address",
                ));
            }
            message = message
                .raw_header(ready("List-Unsubscribe", format!("<{url}>")))
                .raw_header(ready(
                    "List-Unsubscribe-Post",
                    "List-Unsubscribe=One-Click".to_owned(),
                ));
        }
        let parts = MultiPart::alternative()
            .singlepart(SinglePart::plain(show::text(&self.note, &self.items)))
            .singlepart(SinglePart::html(show::html(&self.note, &self.items)));
        let letter = message
            .subject(subject)
            .multipart(parts)
            .map_err(|_| refused(Code::BadAddress, "a letter that cannot be written"))?
            .formatted();
        if letter.len() > MAX_LETTER {
            return Err(refused(Code::TooManyBytes, "a letter of more than 1 MB"));
        }
        Ok(letter)
    }
}

/// A header whose value is printable ASCII by its making, so that nothing is encoded or folded.
fn ready(name: &'static str, value: String) -> HeaderValue {
    debug_assert!(value.bytes().all(|b| (0x20..0x7f).contains(&b)));
    HeaderValue::dangerous_new_pre_encoded(
        HeaderName::new_from_ascii_str(name),
        value.clone(),
        value,
    )
}
