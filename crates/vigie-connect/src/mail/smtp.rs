//! The first words with a submission server, up to an encrypted connection. They are read here to the byte: whatever a
//! server (or somebody between) says in clear after `STARTTLS` is refused, not read as if it had come encrypted.

use crate::{
    Code, Failure,
    reach::{self, Pipe, Reach, Security, Server},
};
use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
};

/// Longest answer to one command, in bytes.
const MAX_ANSWER: usize = 16_384;

/// A connection ready for lettre: it begins with a greeting, as lettre expects.
pub(super) struct Line {
    first: &'static [u8],
    pipe: Box<dyn Pipe>,
    peer: SocketAddr,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.pipe).poll_read(cx, buf);
        }
        let (now, later) = self.first.split_at(self.first.len().min(buf.remaining()));
        buf.put_slice(now);
        self.first = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

impl lettre::transport::smtp::client::AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

/// Connects, up to where commands may be said. Nothing was sent if this fails.
pub(super) async fn line(
    reach: &Reach,
    server: &Server,
    hello: &str,
    until: Instant,
) -> Result<Line, Failure> {
    let mut stream = reach.tcp(server, until).await?;
    let peer = stream
        .peer_addr()
        .map_err(|error| Failure::new(Code::ServerDown, error.to_string()))?;
    let (first, pipe): (&'static [u8], Box<dyn Pipe>) = match server.security {
        Security::Plain => (b"", Box::new(stream)),
        Security::Tls => (b"", Box::new(reach.tls(&server.host, stream, until).await?)),
        Security::StartTls => {
            let left = reach::within(until)?;
            match tokio::time::timeout(left, start_tls(&mut stream, hello)).await {
                Err(_) => return Err(Failure::new(Code::Slow, "no answer in time")),
                Ok(Err(failure)) => return Err(failure),
                Ok(Ok(())) => {}
            }
            let tls = reach.tls(&server.host, stream, until).await?;
            // The greeting came before the encryption; lettre waits for one.
            (b"220 encrypted\r\n", Box::new(tls))
        }
    };
    Ok(Line { first, pipe, peer })
}

async fn start_tls(stream: &mut TcpStream, hello: &str) -> Result<(), Failure> {
    expect(stream, 220).await?;
    say(stream, &format!("EHLO {hello}\r\n")).await?;
    let offers = expect(stream, 250).await?;
    if !offers.lines().any(|line| {
        line.get(4..)
            .is_some_and(|o| o.trim().eq_ignore_ascii_case("STARTTLS"))
    }) {
        return Err(Failure::new(
            Code::NotEncrypted,
            "the server offers no encryption",
        ));
    }
    say(stream, "STARTTLS\r\n").await?;
    expect(stream, 220).await?;
    Ok(())
}

async fn say(stream: &mut TcpStream, line: &str) -> Result<(), Failure> {
    stream
        .write_all(line.as_bytes())
        .await
        .map_err(|error| Failure::new(Code::CutOff, error.to_string()))
}

/// Reads one whole answer; more than that is a fault of the server, or somebody's trick.
async fn expect(stream: &mut TcpStream, code: u16) -> Result<String, Failure> {
    let garbage = |why: &str| Failure::new(Code::GarbageAnswer, why);
    let mut answer = Vec::new();
    let mut chunk = [0; 1_024];
    loop {
        let read = stream
            .read(&mut chunk)
            .await
            .map_err(|error| Failure::new(Code::CutOff, error.to_string()))?;
        if read == 0 {
            return Err(Failure::new(Code::CutOff, "the server hung up"));
        }
        answer.extend_from_slice(chunk.get(..read).unwrap_or_default());
        if answer.len() > MAX_ANSWER {
            return Err(Failure::new(Code::AnswerTooLarge, "an endless answer"));
        }
        let Some(lines) = answer.strip_suffix(b"\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(lines).into_owned();
        let mut ends = text.split("\r\n").enumerate().filter_map(|(at, line)| {
            // "250-…" goes on, "250 …" or "250" ends.
            (line.as_bytes().get(3).is_none_or(|b| *b == b' ')).then_some(at)
        });
        let Some(end) = ends.next() else { continue };
        if end + 1 != text.split("\r\n").count() {
            return Err(garbage("more than one answer to one command"));
        }
        return match text.get(..3).and_then(|c| c.parse::<u16>().ok()) {
            Some(got) if got == code => Ok(text),
            Some(400..=499) => Err(Failure::new(Code::ServerError, text)),
            Some(_) => Err(Failure::new(Code::RefusedByServer, text)),
            None => Err(garbage("not SMTP")),
        };
    }
}
