//! Connections that are not HTTP (mail, XMPP), under the same rules: names are judged once, the connection goes to the
//! very address that was judged, and only TLS with a valid certificate leaves this network.

use crate::{
    AllowedPrivate, Code, Failure,
    guard::{self, Door},
    resolve::{self, Lookup, System},
};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::{Host, Url};

/// Longest wait for one connection, TLS included.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after a first word; never without it.
    StartTls,
    /// None: only to a host that the operator has allowed by name.
    Plain,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Name, or address (IPv6 in brackets).
    pub host: String,
    /// Port.
    pub port: u16,
    /// How.
    pub security: Security,
}

/// Opens connections. Cheap to clone.
#[derive(Clone)]
pub struct Reach {
    rules: Arc<AllowedPrivate>,
    lookup: Arc<dyn Lookup>,
    authorities: Arc<Vec<CertificateDer<'static>>>,
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach")
            .field("rules", &self.rules)
            .field("authorities", &self.authorities.len())
            .finish_non_exhaustive()
    }
}

impl Reach {
    /// Under these rules, with the system's way to look names up and the usual certificate authorities.
    pub fn new(rules: AllowedPrivate) -> Self {
        Self::with_lookup(rules, Arc::new(System))
    }

    /// With another way to look names up.
    pub fn with_lookup(rules: AllowedPrivate, lookup: Arc<dyn Lookup>) -> Self {
        Self {
            rules: Arc::new(rules),
            lookup,
            authorities: Arc::default(),
        }
    }

    /// Trusts the certificate authorities of this PEM file too: a company's own, for its own servers.
    ///
    /// # Errors
    /// `bad_key` when it holds no certificate.
    pub fn trusting(mut self, pem: &[u8]) -> Result<Self, Failure> {
        let bad = || Failure::new(Code::BadKey, "not a PEM file with certificates");
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|_| bad())?;
        if certificates.is_empty() {
            return Err(bad());
        }
        self.authorities = Arc::new(certificates);
        Ok(self)
    }

    /// Judges a server and looks it up: the addresses that may be connected to.
    ///
    /// # Errors
    /// `bad_address`, `address_not_allowed`, `unknown_server`, `not_encrypted`.
    pub async fn addresses(&self, server: &Server) -> Result<Vec<SocketAddr>, Failure> {
        let bad = || Failure::new(Code::BadAddress, "not the name of a server");
        let url =
            Url::parse(&format!("https://{}:{}/", server.host, server.port)).map_err(|_| bad())?;
        // Nothing but a host may be in it.
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(bad());
        }
        let door = guard::admit(&url, &self.rules)?;
        if door == Door::Public && server.security == Security::Plain {
            return Err(Failure::new(
                Code::NotEncrypted,
                "mail and chat only travel encrypted",
            ));
        }
        let ips = match url.host().ok_or_else(bad)? {
            Host::Ipv4(ip) => vec![ip.into()],
            Host::Ipv6(ip) => vec![ip.into()],
            Host::Domain(name) => resolve::judged(&self.lookup, name, door == Door::Public).await?,
        };
        Ok(ips
            .into_iter()
            .map(|ip| SocketAddr::new(ip, server.port))
            .collect())
    }

    /// Connects; `until` bounds it.
    ///
    /// # Errors
    /// As [`Reach::addresses`], and `server_down` or `slow`: nothing was sent.
    pub async fn tcp(&self, server: &Server, until: Instant) -> Result<TcpStream, Failure> {
        let mut last = Failure::new(Code::ServerDown, "no address");
        for address in self.addresses(server).await? {
            let left = within(until)?;
            match tokio::time::timeout(left, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = Failure::new(Code::ServerDown, error.to_string()),
                Err(_) => last = Failure::new(Code::Slow, "no connection in time"),
            }
        }
        Err(last)
    }

    /// Connects, with TLS from the first byte unless the server is [`Security::Plain`].
    ///
    /// # Errors
    /// As [`Reach::tcp`] and [`Reach::tls`].
    pub(crate) async fn pipe(
        &self,
        server: &Server,
        until: Instant,
    ) -> Result<Box<dyn Pipe>, Failure> {
        let stream = self.tcp(server, until).await?;
        Ok(match server.security {
            Security::Plain => Box::new(stream),
            Security::Tls | Security::StartTls => {
                Box::new(self.tls(&server.host, stream, until).await?)
            }
        })
    }

    /// Speaks TLS on a connection, with a certificate for `host`.
    ///
    /// # Errors
    /// `server_down` (a certificate that is not valid) or `slow`.
    pub async fn tls<S>(
        &self,
        host: &str,
        stream: S,
        until: Instant,
    ) -> Result<TlsStream<S>, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| Failure::new(Code::BadAddress, "not the name of a server"))?;
        let connector = TlsConnector::from(Arc::new(self.config()?));
        match tokio::time::timeout(within(until)?, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(Failure::new(Code::ServerDown, error.to_string())),
            Err(_) => Err(Failure::new(Code::Slow, "no TLS in time")),
        }
    }

    fn config(&self) -> Result<rustls::ClientConfig, Failure> {
        let broken =
            |why: String| Failure::new(Code::ServerDown, format!("TLS cannot be set up: {why}"));
        let mut roots = rustls::RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for authority in self.authorities.iter() {
            roots
                .add(authority.clone())
                .map_err(|error| broken(error.to_string()))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Ok(rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| broken(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth())
    }
}

/// The time left for one connection.
pub(crate) fn within(until: Instant) -> Result<Duration, Failure> {
    let left = until
        .saturating_duration_since(Instant::now())
        .min(CONNECT_WITHIN);
    if left.is_zero() {
        return Err(Failure::new(Code::Slow, "no time left"));
    }
    Ok(left)
}

/// Anything that bytes travel on.
pub(crate) trait Pipe: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Pipe for T {}

/// How many bytes may still be read.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// From now on so many.
    pub fn refill(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// A connection that reads no more than it may: libraries gather any number of bytes.
pub(crate) struct Metered<S> {
    stream: S,
    budget: Budget,
}

impl<S> Metered<S> {
    /// Reads `bytes`, and more after a [`Budget::refill`].
    pub fn new(stream: S, bytes: usize) -> (Self, Budget) {
        let budget = Budget(Arc::new(AtomicUsize::new(bytes)));
        let metered = Self {
            stream,
            budget: budget.clone(),
        };
        (metered, budget)
    }

    /// The connection itself.
    #[cfg(feature = "xmpp")]
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S> fmt::Debug for Metered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metered").finish_non_exhaustive()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let read = buf.filled().len().saturating_sub(before);
        let left = self.budget.0.load(Ordering::Relaxed);
        if read > left {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the server says too much",
            )));
        }
        self.budget.refill(left - read);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
