//! Letters of ours that came back: the notice of a mail server that one did not reach its reader (RFC 3464). Anybody
//! can write such a notice; it counts only for the letter whose Message-ID it names, and that nobody can guess. Pure.

use super::{address::Address, letter::is_ours};
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

/// Parts of a notice that are looked at.
const MAX_PARTS: usize = 20;

/// The Message-ID (without `<` `>`) of a letter from `ours` that surely did not reach its reader and will not be tried
/// again; `None` for anything else, such as a notice that it is late.
pub fn read(letter: &[u8], ours: &Address) -> Option<String> {
    let message = MessageParser::new().parse(letter)?;
    let report = message.content_type().is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("multipart")
            && kind
                .subtype()
                .is_some_and(|subtype| subtype.eq_ignore_ascii_case("report"))
    });
    if !report {
        return None;
    }
    let parts = || message.parts.iter().take(MAX_PARTS);
    let failed = parts().any(|part| is(part, "message", "delivery-status") && says_failed(part));
    if !failed {
        return None;
    }
    let mut ids = parts().filter_map(returned);
    let id = ids.find(|id| is_ours(id, ours.domain()))?;
    Some(id)
}

fn is(part: &MessagePart<'_>, kind: &str, sub: &str) -> bool {
    part.content_type().is_some_and(|is| {
        is.ctype().eq_ignore_ascii_case(kind)
            && is.subtype().is_some_and(|s| s.eq_ignore_ascii_case(sub))
    })
}

/// Whether the status is the end of it: failed, for good.
fn says_failed(part: &MessagePart<'_>) -> bool {
    let text = String::from_utf8_lossy(part.contents()).to_ascii_lowercase();
    let field = |name: &str| {
        text.lines()
            .filter_map(|line| line.trim().split_once(':'))
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| value.trim())
            .collect::<Vec<_>>()
    };
    field("action").contains(&"failed") && field("status").iter().any(|s| s.starts_with("5."))
}

/// The Message-ID of the letter that is given back, whole or by its headers.
fn returned(part: &MessagePart<'_>) -> Option<String> {
    let id = |message: &Message<'_>| message.message_id().map(str::to_owned);
    match &part.body {
        PartType::Message(message) => id(message),
        _ if is(part, "text", "rfc822-headers") || is(part, "message", "rfc822") => {
            id(&MessageParser::new().parse(part.contents())?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "vigie.0123456789abcdef0123456789abcdef01234567@corp.example";

    fn ours() -> Address {
        Address::parse("vigie@corp.example").unwrap()
    }

    fn notice(action: &str, status: &str, given: &str) -> Vec<u8> {
        format!(
            "From: MAILER-DAEMON@mx.example\r\nTo: vigie@corp.example\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\n\r\nSorry.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
             Final-Recipient: rfc822; anne@example.com\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--b\r\n{given}\r\n--b--\r\n"
        )
        .into_bytes()
    }

    fn headers(id: &str) -> String {
        format!(
            "Content-Type: text/rfc822-headers\r\n\r\nFrom: vigie@corp.example\r\nMessage-ID: <{id}>\r\n"
        )
    }

    #[test]
    fn only_the_end_of_one_of_our_letters_counts() {
        let whole = format!(
            "Content-Type: message/rfc822\r\n\r\nFrom: vigie@corp.example\r\nMessage-ID: <{ID}>\r\n\r\nwords\r\n"
        );
        for given in [headers(ID), whole] {
            let notice = notice("failed", "5.1.1", &given);
            assert_eq!(read(&notice, &ours()).as_deref(), Some(ID), "{given}");
        }
        let other = ID.replace("corp", "evil");
        for not in [
            notice("delayed", "4.4.1", &headers(ID)),
            notice("delivered", "2.0.0", &headers(ID)),
            notice("failed", "4.4.1", &headers(ID)),
            notice("failed", "5.1.1", &headers(&other)),
            notice("failed", "5.1.1", &headers("1@corp.example")),
            String::from_utf8(notice("failed", "5.1.1", &headers(ID)))
                .unwrap()
                .replace("multipart/report", "multipart/mixed")
                .into_bytes(),
        ] {
            assert_eq!(read(&not, &ours()), None);
        }
    }

    proptest! {
        #[test]
        fn hostile_notices_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), given in "\\PC{0,300}") {
            let _ = read(&bytes, &ours());
            prop_assert_eq!(read(&notice("failed", "5.0.0", &given), &ours()), None);
        }
    }
}
