//! The real mail servers, started by `tests/support/mail.sh`.

use crate::{
    AllowedPrivate,
    mail::{Dkim, Incoming, Judge, Login, Outgoing},
    reach::{Reach, Security, Server},
};
use secrecy::SecretString;
use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Command, Stdio},
};

/// Postfix, Dovecot and dnsmasq on loopback.
#[derive(Debug, Clone)]
pub struct MailServers {
    folder: PathBuf,
    /// Of every mailbox.
    pub password: String,
}

impl MailServers {
    /// The servers that all tests share: those of the folder named by `VIGIE_TEST_MAIL`, or started (and installed)
    /// by `tests/support/mail.sh`. `None` only under `VIGIE_TEST_MAIL=off`, which is printed.
    ///
    /// # Panics
    /// When they cannot be started.
    pub fn shared() -> Option<Self> {
        let named = std::env::var("VIGIE_TEST_MAIL").unwrap_or_default();
        let folder = match named.as_str() {
            "off" => {
                eprintln!("VIGIE_TEST_MAIL=off: NOT tested on real mail servers");
                return None;
            }
            "" => script("mail.sh"),
            folder => folder.to_owned(),
        };
        let folder = PathBuf::from(folder);
        let password = std::fs::read_to_string(folder.join("password"))
            .expect("tests/support/mail.sh start made a password");
        Some(Self { folder, password })
    }

    /// The port of a service: `smtp`, `smtps`, `plain`, `imaps`, `lmtp`, `dns`.
    ///
    /// # Panics
    /// When there is none.
    pub fn port(&self, name: &str) -> u16 {
        let ports = std::fs::read_to_string(self.folder.join("ports")).expect("the ports");
        ports
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
            .expect("a port of that name")
    }

    /// Trusts the servers' authority, and loopback.
    ///
    /// # Panics
    /// Never in practice.
    pub fn reach(&self) -> Reach {
        let pem = std::fs::read(self.folder.join("ca.pem")).expect("the authority");
        Reach::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap())
            .trusting(&pem)
            .unwrap()
    }

    /// A login as anybody.
    pub fn login(&self, user: &str) -> Login {
        Login {
            user: user.to_owned(),
            password: SecretString::from(self.password.clone()),
        }
    }

    /// Submission as `vigie@corp.test`, signing for that domain.
    pub fn outgoing(&self, port: u16, security: Security) -> Outgoing {
        Outgoing {
            reach: self.reach(),
            server: server(port, security),
            login: Some(self.login("vigie@corp.test")),
            dkim: Some(self.dkim("corp.test")),
        }
    }

    /// The mailbox of `NAME@corp.test` or `NAME@example.test` (they are the same).
    pub fn incoming(&self, name: &str) -> Incoming {
        Incoming {
            reach: self.reach(),
            server: server(self.port("imaps"), Security::Tls),
            login: self.login(name),
            folder: "INBOX".to_owned(),
        }
    }

    /// The key of a domain, selector `test`.
    ///
    /// # Panics
    /// When there is none.
    pub fn dkim(&self, domain: &str) -> Dkim {
        let pem = std::fs::read_to_string(self.key(domain)).expect("a key of that domain");
        Dkim::new(domain, "test", &SecretString::from(pem)).unwrap()
    }

    /// The file of the key of a domain.
    pub fn key(&self, domain: &str) -> PathBuf {
        self.folder.join(format!("dkim-{domain}.pem"))
    }

    /// Asks the name server of the tests.
    ///
    /// # Panics
    /// Never in practice.
    pub fn judge(&self, trusted: Option<&str>) -> Judge {
        let server = SocketAddr::from(([127, 0, 0, 1], self.port("dns")));
        Judge::asking(server, trusted.map(str::to_owned)).unwrap()
    }

    /// Delivers a letter as a receiving mail server does, whoever wrote it.
    ///
    /// # Panics
    /// When it is refused.
    pub fn deliver(&self, from: &str, to: &str, letter: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port("lmtp"))).expect("LMTP");
        let mut answers = BufReader::new(stream.try_clone().expect("a stream"));
        let mut expect = |code: &str| {
            let mut line = String::new();
            while {
                line.clear();
                answers.read_line(&mut line).expect("an answer");
                line.as_bytes().get(3) == Some(&b'-')
            } {}
            assert!(line.starts_with(code), "{line}");
        };
        expect("220");
        for (say, code) in [
            ("LHLO tests.test".to_owned(), "250"),
            (format!("MAIL FROM:<{from}>"), "250"),
            (format!("RCPT TO:<{to}>"), "250"),
            ("DATA".to_owned(), "354"),
        ] {
            write!(stream, "{say}\r\n").expect("LMTP");
            expect(code);
        }
        let mut body = Vec::new();
        for line in letter.split_inclusive(|b| *b == b'\n') {
            if line.starts_with(b".") {
                body.push(b'.');
            }
            body.extend_from_slice(line);
        }
        stream.write_all(&body).expect("LMTP");
        stream.write_all(b"\r\n.\r\n").expect("LMTP");
        expect("250");
    }

    /// The folder of a mailbox on the server's disk: the letters in it, new and seen.
    pub fn mailbox(&self, name: &str) -> PathBuf {
        self.folder.join("mail").join(name)
    }

    /// All letters of a mailbox, as they lie on the server's disk.
    ///
    /// # Panics
    /// Never in practice.
    pub fn letters(&self, name: &str) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        for part in ["new", "cur"] {
            let Ok(folder) = std::fs::read_dir(self.mailbox(name).join(part)) else {
                continue;
            };
            for entry in folder {
                // One may move from `new` to `cur` meanwhile.
                if let Ok(letter) = std::fs::read(entry.unwrap().path()) {
                    all.push(letter);
                }
            }
        }
        all
    }
}

/// A letter as its reader sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// Subject.
    pub subject: String,
    /// Where answers go.
    pub reply_to: String,
    /// Message-ID, without `<` `>`.
    pub id: String,
    /// The plain text, lines ended by `\n`.
    pub text: String,
    /// The HTML.
    pub html: String,
    /// The address in `List-Unsubscribe`, where a mail program may stop these letters with one call.
    pub stop: Option<String>,
}

impl Opened {
    /// Opens a letter.
    ///
    /// # Panics
    /// It is none.
    pub fn read(letter: &[u8]) -> Self {
        let message = mail_parser::MessageParser::new()
            .parse(letter)
            .expect("a letter");
        let raw = |name: &str| {
            message
                .headers_raw()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        let one_click =
            raw("List-Unsubscribe-Post").as_deref() == Some("List-Unsubscribe=One-Click");
        Self {
            subject: message.subject().unwrap_or_default().to_owned(),
            reply_to: message
                .reply_to()
                .and_then(|to| to.first())
                .and_then(|to| to.address())
                .unwrap_or_default()
                .to_owned(),
            id: message.message_id().unwrap_or_default().to_owned(),
            text: message
                .body_text(0)
                .map(|text| text.replace('\r', ""))
                .unwrap_or_default(),
            html: message
                .body_html(0)
                .map(|html| html.into_owned())
                .unwrap_or_default(),
            stop: raw("List-Unsubscribe")
                .filter(|_| one_click)
                .map(|url| url.trim_matches(['<', '>']).to_owned()),
        }
    }
}

/// A server on loopback.
pub fn server(port: u16, security: Security) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port,
        security,
    }
}

/// What `tests/support/NAME start` prints.
pub(super) fn script(name: &str) -> String {
    let repo = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new("sh")
        .arg(repo.join("tests/support").join(name))
        .arg("start")
        .stderr(Stdio::inherit())
        .output()
        .expect("sh runs");
    assert!(output.status.success(), "tests/support/{name} start failed");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
