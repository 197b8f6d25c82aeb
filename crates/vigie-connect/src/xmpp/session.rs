//! From nothing to a session: connected under the rules of [`crate::reach`], encrypted, logged in, bound.

use super::{Account, MAX_STANZA};
use crate::{
    Code, Failure,
    reach::{Budget, Metered, Pipe, Security, within},
};
use futures::{SinkExt as _, StreamExt as _};
use sasl::common::{ChannelBinding, Credentials};
use secrecy::ExposeSecret as _;
use std::{
    borrow::Cow,
    time::{Duration, Instant},
};
use tokio::{io::BufStream, net::TcpStream};
use tokio_xmpp::{
    Error,
    error::AuthError,
    xmlstream::{
        FallibleStreamElement, StreamHeader, Timeouts, XmppStream, XmppStreamElement,
        initiate_stream,
    },
};
use xmpp_parsers::{
    bind::{BindQuery, BindResponse},
    iq::Iq,
    jid::{BareJid, Jid},
    ns,
    sasl::DefinedCondition,
    stanza::Stanza,
    starttls,
};

/// The connection.
pub(super) type Stream = XmppStream<BufStream<Metered<Box<dyn Pipe>>>>;

/// After so long a silence the server is asked whether it is there; after as long again it is not.
const TIMEOUTS: Timeouts = Timeouts {
    read_timeout: Duration::from_secs(60),
    response_timeout: Duration::from_secs(30),
};
/// Stanzas that may come before the answer to the binding.
const PATIENCE: usize = 20;

/// Opens a session; also its budget of bytes, and our full JID.
pub(super) async fn open(
    account: &Account,
    own: &BareJid,
    until: Instant,
) -> Result<(Stream, Budget, Jid), Failure> {
    let left = until.saturating_duration_since(Instant::now());
    match tokio::time::timeout(left, opened(account, own, until)).await {
        Ok(result) => result,
        Err(_) => Err(Failure::new(Code::Slow, "no session in time")),
    }
}

async fn opened(
    account: &Account,
    own: &BareJid,
    until: Instant,
) -> Result<(Stream, Budget, Jid), Failure> {
    let domain = own.domain().as_str();
    let tcp = account.reach.tcp(&account.server, until).await?;
    let pipe: Box<dyn Pipe> = match account.server.security {
        Security::Plain => Box::new(tcp),
        // The certificate is the domain's, whatever machine serves it.
        Security::Tls => Box::new(account.reach.tls(domain, tcp, until).await?),
        Security::StartTls => {
            let tcp = start_tls(tcp, domain, until).await?;
            Box::new(account.reach.tls(domain, tcp, until).await?)
        }
    };
    let (metered, budget) = Metered::new(pipe, MAX_STANZA);
    let pending = initiate_stream(
        BufStream::new(metered),
        ns::JABBER_CLIENT,
        to(domain),
        TIMEOUTS,
    )
    .await
    .map_err(|error| cut(&error))?;
    let (features, stream) = pending
        .recv_features::<FallibleStreamElement>()
        .await
        .map_err(|error| cut(&error))?;
    // Never without a name.
    let ways = features
        .sasl_mechanisms
        .into_iter()
        .filter(|way| way != "ANONYMOUS" && way != "EXTERNAL")
        .collect();
    let credentials = Credentials::default()
        .with_username(own.node().map(|node| node.as_str()).unwrap_or_default())
        .with_password(account.password.expose_secret())
        .with_channel_binding(ChannelBinding::None);
    let stream = match tokio_xmpp::client_login(stream, ways, credentials).await {
        Ok(stream) => stream,
        // What the server says may quote the password.
        Err(Error::Auth(AuthError::Fail(DefinedCondition::TemporaryAuthFailure))) => {
            return Err(Failure::new(Code::ServerError, "no login for now"));
        }
        Err(Error::Auth(_)) => {
            return Err(Failure::new(
                Code::BadCredentials,
                "the server refuses the login",
            ));
        }
        Err(_) => return Err(Failure::new(Code::CutOff, "cut off during the login")),
    };
    let pending = stream
        .send_header(to(domain))
        .await
        .map_err(|error| cut(&error))?;
    let (_, mut stream) = pending
        .recv_features::<FallibleStreamElement>()
        .await
        .map_err(|error| cut(&error))?;
    let bind = Stanza::from(Iq::from_set("bind", BindQuery::new(None)));
    stream
        .send(&XmppStreamElement::Stanza(bind))
        .await
        .map_err(|error| cut(&error))?;
    for _ in 0..PATIENCE {
        match stream.next().await {
            Some(Ok(FallibleStreamElement::Ok(XmppStreamElement::Stanza(Stanza::Iq(iq)))))
                if iq.id() == "bind" =>
            {
                let Iq::Result {
                    payload: Some(payload),
                    ..
                } = iq
                else {
                    break;
                };
                let bound = BindResponse::try_from(payload)
                    .map_err(|_| Failure::new(Code::GarbageAnswer, "not a binding"))?;
                let bound = Jid::from(bound.jid);
                if bound.to_bare() != *own {
                    return Err(Failure::new(Code::OtherAccount, "bound to another account"));
                }
                return Ok((stream, budget, bound));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(cut(&error)),
            None => return Err(Failure::new(Code::CutOff, "the server hung up")),
        }
    }
    Err(Failure::new(
        Code::RefusedByServer,
        "the server gives no session",
    ))
}

/// Asks for encryption. What came in clear with the answer is thrown away with the buffer.
async fn start_tls(tcp: TcpStream, domain: &str, until: Instant) -> Result<TcpStream, Failure> {
    let (metered, _budget) = Metered::new(tcp, MAX_STANZA);
    let pending = initiate_stream(
        BufStream::new(metered),
        ns::JABBER_CLIENT,
        to(domain),
        TIMEOUTS,
    )
    .await
    .map_err(|error| cut(&error))?;
    let (features, mut stream) = pending
        .recv_features::<FallibleStreamElement>()
        .await
        .map_err(|error| cut(&error))?;
    if !features.can_starttls() {
        return Err(Failure::new(
            Code::NotEncrypted,
            "the server offers no encryption",
        ));
    }
    let ask = XmppStreamElement::Starttls(starttls::Nonza::Request(starttls::Request));
    stream.send(&ask).await.map_err(|error| cut(&error))?;
    let left = within(until)?;
    match tokio::time::timeout(left, stream.next()).await {
        Ok(Some(Ok(FallibleStreamElement::Ok(XmppStreamElement::Starttls(
            starttls::Nonza::Proceed(_),
        ))))) => Ok(stream.into_inner().into_inner().into_inner()),
        Err(_) => Err(Failure::new(Code::Slow, "no answer in time")),
        Ok(_) => Err(Failure::new(
            Code::NotEncrypted,
            "the server refuses encryption",
        )),
    }
}

const fn to(domain: &str) -> StreamHeader<'_> {
    StreamHeader {
        to: Some(Cow::Borrowed(domain)),
        from: None,
        id: None,
    }
}

fn cut(error: &dyn std::error::Error) -> Failure {
    Failure::new(Code::CutOff, error.to_string())
}
