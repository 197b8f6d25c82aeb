//! Letters out, by submission to a mail server. A letter whose last word got no answer is `Unknown`: perhaps it went
//! out. Its Message-ID is the same at every attempt, so that a repeat is recognised by the reader's mailbox.

use super::{
    address::Address,
    letter::Letter,
    smtp::{self, Line},
};
use crate::{
    Code, Failure,
    chat::Sent,
    reach::{Reach, Server},
    rest::{Stage, Trouble},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::AsyncSmtpConnection,
    commands::{Data, Mail, Rcpt},
    extension::{ClientId, Extension},
};
use mail_auth::{
    common::{
        crypto::{Ed25519Key, RsaKey, Sha256},
        headers::HeaderWriter as _,
    },
    dkim::{DkimSigner, Done},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    fmt,
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

/// What is signed, where it is there. RFC 8058 asks for the two headers of unsubscription.
const SIGNED: [&str; 14] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// Who we are to the mail server.
#[derive(Debug, Clone)]
pub struct Login {
    /// User name.
    pub user: String,
    /// Password.
    pub password: SecretString,
}

/// A key that signs letters for a domain (DKIM), where the mail server does not do it itself.
#[derive(Clone)]
pub struct Dkim {
    signer: Arc<Signer>,
    record: String,
}

enum Signer {
    Rsa(Box<DkimSigner<RsaKey<Sha256>, Done>>),
    Ed25519(Box<DkimSigner<Ed25519Key, Done>>),
}

impl fmt::Debug for Dkim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dkim")
    }
}

impl Dkim {
    /// From a private key in PEM (RSA or Ed25519), whose public half is at `SELECTOR._domainkey.DOMAIN`.
    ///
    /// # Errors
    /// `bad_key`.
    pub fn new(domain: &str, selector: &str, pem: &SecretString) -> Result<Self, Failure> {
        let bad = |why: &str| Failure::new(Code::BadKey, why);
        let named = Address::parse(&format!("x@{domain}"))
            .filter(|_| {
                !selector.is_empty()
                    && selector
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
            })
            .ok_or_else(|| bad("not a domain and a selector"))?;
        let key = PrivateKeyDer::from_pem_slice(pem.expose_secret().as_bytes())
            .map_err(|_| bad("not a private key in PEM"))?;
        let ed25519 = match &key {
            PrivateKeyDer::Pkcs8(der) => {
                Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_pkcs8_der()).ok()
            }
            _ => None,
        };
        // Relaxed for headers and body (the library's default): mail servers fold and trim, and a simple signature
        // does not live through that.
        let (signer, record) = match ed25519 {
            Some(key) => {
                let record = record("ed25519", &key.public_key());
                let signer = DkimSigner::from_key(key)
                    .domain(named.domain())
                    .selector(selector)
                    .headers(SIGNED);
                (Signer::Ed25519(Box::new(signer)), record)
            }
            None => {
                let key = RsaKey::<Sha256>::from_key_der(key)
                    .map_err(|_| bad("neither an RSA nor an Ed25519 key"))?;
                let record = record("rsa", &public_key_info(&key.public_key()));
                let signer = DkimSigner::from_key(key)
                    .domain(named.domain())
                    .selector(selector)
                    .headers(SIGNED);
                (Signer::Rsa(Box::new(signer)), record)
            }
        };
        Ok(Self {
            signer: Arc::new(signer),
            record,
        })
    }

    /// The text to publish at `SELECTOR._domainkey.DOMAIN`: the public half, no secret.
    pub fn record(&self) -> &str {
        &self.record
    }

    /// The letter with a signature before it.
    ///
    /// # Errors
    /// `bad_key`.
    pub fn sign(&self, letter: &[u8]) -> Result<Vec<u8>, Failure> {
        let signature = match &*self.signer {
            Signer::Rsa(signer) => signer.sign(letter),
            Signer::Ed25519(signer) => signer.sign(letter),
        };
        let signature = signature
            .map_err(|_| Failure::new(Code::BadKey, "the key does not sign"))?
            .to_header();
        let mut signed = signature.into_bytes();
        signed.extend_from_slice(letter);
        Ok(signed)
    }
}

fn record(kind: &str, public: &[u8]) -> String {
    format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public))
}

/// An RSA key as the record holds it (RFC 6376 §3.6.1 with its erratum 3017): with the name of its kind around it.
fn public_key_info(key: &[u8]) -> Vec<u8> {
    const RSA: [u8; 15] = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let bits = tagged(0x03, &[&[0], key].concat());
    tagged(0x30, &[&RSA, bits.as_slice()].concat())
}

/// One value of DER.
fn tagged(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|b| *b == 0).collect();
    let mut out = vec![tag];
    match (length.as_slice(), u8::try_from(length.len())) {
        ([], _) => out.push(0),
        ([short @ 0..=0x7f], _) => out.push(*short),
        (long, Ok(bytes)) => {
            out.push(0x80 | bytes);
            out.extend_from_slice(long);
        }
        (_, Err(_)) => {}
    }
    out.extend_from_slice(value);
    out
}

/// A mail server that takes our letters.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// How it is reached.
    pub reach: Reach,
    /// Where: port 587 with STARTTLS, 465 with TLS.
    pub server: Server,
    /// `None` for a server that knows us by our address.
    pub login: Option<Login>,
    /// `None` where the server signs.
    pub dkim: Option<Dkim>,
}

impl Outgoing {
    /// Connects and logs in without sending anything: a check for whoever sets it up.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn check(&self, within: Duration) -> Result<(), Failure> {
        let until = Instant::now() + within;
        let mut session = self.open("localhost", until).await?;
        quit(&mut session).await;
        Ok(())
    }

    /// Sends a letter.
    ///
    /// # Errors
    /// `NotSent` (try again; with `sender_refused` when our own address is not taken), `Refused` (the server says no:
    /// `refused_by_server` to this reader, `letter_refused` to the letter itself), `Unknown` (perhaps sent: the
    /// connection ended after the letter left and before the answer).
    pub async fn send(&self, letter: &Letter, within: Duration) -> Result<Sent, Trouble> {
        let until = Instant::now() + within;
        let bytes = letter.write()?;
        let before = |failure: Failure| {
            let stage = match failure.code {
                Code::BadCredentials | Code::NotEncrypted | Code::AddressNotAllowed => {
                    Stage::Refused
                }
                _ => Stage::NotSent,
            };
            Trouble {
                stage,
                status: 0,
                failure,
            }
        };
        let bytes = match &self.dkim {
            Some(dkim) => dkim.sign(&bytes).map_err(before)?,
            None => bytes,
        };
        let (from, to) = (&letter.from.address, &letter.to.address);
        let result = self.deliver(from, to, &bytes, until).await;
        tracing::debug!(
            host = self.server.host,
            message = letter.id(),
            failure = result
                .as_ref()
                .err()
                .map(|t| t.failure.code.as_str())
                .unwrap_or_default(),
            "letter"
        );
        result.map(|()| letter.sent())
    }

    async fn deliver(
        &self,
        from: &Address,
        to: &Address,
        bytes: &[u8],
        until: Instant,
    ) -> Result<(), Trouble> {
        let not_sent = |failure: Failure| Trouble {
            stage: if failure.code == Code::BadCredentials {
                Stage::Refused
            } else {
                Stage::NotSent
            },
            status: 0,
            failure,
        };
        let mut session = self.open(from.domain(), until).await.map_err(not_sent)?;
        let address = |address: &Address| {
            lettre::Address::new(address.local(), address.domain())
                .map_err(|_| Trouble::new(Stage::Refused, Code::BadAddress, "not an address"))
        };
        let mail = Mail::new(Some(address(from)?), vec![]);
        // A lasting no is about whom the command names: only the one to RCPT is about the reader.
        let about = |stage, code| {
            move |mut trouble: Trouble| {
                if trouble.stage == Stage::Refused {
                    (trouble.stage, trouble.failure.code) = (stage, code);
                }
                trouble
            }
        };
        let sender = about(Stage::NotSent, Code::SenderRefused);
        step(session.command(mail), until).await.map_err(sender)?;
        let reader = Rcpt::new(address(to)?, vec![]);
        let reader = step(session.command(reader), until).await;
        // Postfix says here, unless told otherwise, what it has against the sender (`smtpd_delay_reject`).
        reader.map_err(|trouble| match speaks_of_sender(&trouble) {
            true => sender(trouble),
            false => trouble,
        })?;
        let itself = about(Stage::Refused, Code::LetterRefused);
        step(session.command(Data), until).await.map_err(itself)?;
        // From here on the letter may go out. It is pure ASCII, so that no server needs to change it.
        let left = until.saturating_duration_since(Instant::now());
        let unknown = |code, why: &str| Err(Trouble::new(Stage::Unknown, code, why));
        match tokio::time::timeout(left, session.message(bytes)).await {
            Err(_) => unknown(Code::Slow, "no answer to the letter in time"),
            Ok(Ok(_)) => {
                quit(&mut session).await;
                Ok(())
            }
            Ok(Err(error)) if error.status().is_some() => Err(itself(said_no(&error))),
            Ok(Err(error)) if error.is_response() || error.is_client() => {
                unknown(Code::GarbageAnswer, &error.to_string())
            }
            Ok(Err(error)) => unknown(Code::CutOff, &error.to_string()),
        }
    }

    /// Connected, encrypted, logged in.
    async fn open(&self, hello: &str, until: Instant) -> Result<AsyncSmtpConnection, Failure> {
        let line: Line = smtp::line(&self.reach, &self.server, hello, until).await?;
        let name = ClientId::Domain(hello.to_owned());
        let left = until.saturating_duration_since(Instant::now());
        let opened = AsyncSmtpConnection::connect_with_transport(Box::new(line), &name);
        let mut session = match tokio::time::timeout(left, opened).await {
            Err(_) => return Err(Failure::new(Code::Slow, "no greeting in time")),
            Ok(Err(error)) => return Err(before(&error).failure),
            Ok(Ok(session)) => session,
        };
        if let Some(login) = &self.login {
            let offered = session
                .server_info()
                .supports_auth_mechanism(Mechanism::Plain)
                || session
                    .server_info()
                    .supports_auth_mechanism(Mechanism::Login);
            if !offered {
                return Err(Failure::new(
                    Code::BadCredentials,
                    "the server offers no login with a password",
                ));
            }
            let credentials = Credentials::new(
                login.user.clone(),
                login.password.expose_secret().to_owned(),
            );
            let left = until.saturating_duration_since(Instant::now());
            let auth = session.auth(&[Mechanism::Plain, Mechanism::Login], &credentials);
            match tokio::time::timeout(left, auth).await {
                Err(_) => return Err(Failure::new(Code::Slow, "no answer to the login in time")),
                // Servers may quote what they were sent: nothing of that is kept.
                Ok(Err(error)) if error.is_permanent() => {
                    return Err(Failure::new(
                        Code::BadCredentials,
                        "the server refuses the login",
                    ));
                }
                Ok(Err(error)) if error.is_transient() => {
                    return Err(Failure::new(Code::ServerError, "no login for now"));
                }
                Ok(Err(_)) => return Err(Failure::new(Code::CutOff, "cut off during the login")),
                Ok(Ok(_)) => {}
            }
        }
        // Our letters are ASCII; asked only so that a strange server is noticed in the log.
        if !session
            .server_info()
            .supports_feature(Extension::EightBitMime)
        {
            tracing::debug!(host = self.server.host, "a server without 8BITMIME");
        }
        Ok(session)
    }
}

/// A step before the letter itself: whatever happens, nothing was sent.
async fn step<T>(
    what: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
    until: Instant,
) -> Result<T, Trouble> {
    let left = until.saturating_duration_since(Instant::now());
    match tokio::time::timeout(left, what).await {
        Err(_) => Err(Trouble::new(
            Stage::NotSent,
            Code::Slow,
            "no answer in time",
        )),
        Ok(Err(error)) => Err(before(&error)),
        Ok(Ok(done)) => Ok(done),
    }
}

/// An error before the letter itself.
fn before(error: &lettre::transport::smtp::Error) -> Trouble {
    if error.status().is_some() {
        return said_no(error);
    }
    let code = if error.is_response() || error.is_client() {
        Code::GarbageAnswer
    } else {
        Code::CutOff
    };
    Trouble::new(Stage::NotSent, code, error.to_string())
}

/// The server's own no: 4xx may be tried again, 5xx not.
fn said_no(error: &lettre::transport::smtp::Error) -> Trouble {
    let (stage, code) = if error.is_permanent() {
        (Stage::Refused, Code::RefusedByServer)
    } else {
        (Stage::NotSent, Code::ServerError)
    };
    let mut trouble = Trouble::new(stage, code, error.to_string());
    trouble.status = error.status().map_or(0, u16::from);
    trouble
}

/// Whether a no is about our own address (RFC 3463 §3.2: X.1.7 and X.1.8), though it came after the reader's.
fn speaks_of_sender(trouble: &Trouble) -> bool {
    let said = trouble.failure.detail.to_ascii_lowercase();
    ["5.1.7", "5.1.8", "sender address rejected"]
        .iter()
        .any(|words| said.contains(words))
}

/// Politeness; the letter is sent already.
async fn quit(session: &mut AsyncSmtpConnection) {
    let _ = tokio::time::timeout(Duration::from_secs(2), session.quit()).await;
}
