use super::*;
use crate::{
    AllowedPrivate,
    reach::{Reach, Security, Server},
};

const ROOM: &str = "team@rooms.corp.test";

fn state() -> State {
    let account = Account {
        reach: Reach::new(AllowedPrivate::default()),
        server: Server {
            host: "xmpp.corp.test".into(),
            port: 5222,
            security: Security::StartTls,
        },
        jid: "vigie@corp.test".into(),
        password: "x".to_owned().into(),
        nick: "vigie".into(),
        rooms: vec![(ROOM.into(), None)],
    };
    State::new(Jid::new("vigie@corp.test/1").unwrap(), &account)
}

fn presence(state: &mut State, from: &str, kind: &str, inner: &str) -> Vec<Effect> {
    let xml = format!("<presence xmlns='jabber:client' from='{from}' {kind}>{inner}</presence>");
    let element: Element = xml.parse().unwrap();
    state.presence(&Presence::try_from(element).unwrap())
}

fn x(inner: &str) -> String {
    format!("<x xmlns='http://jabber.org/protocol/muc#user'>{inner}</x>")
}

fn said(state: &mut State, from: &str, kind: &str, inner: &str) -> Vec<Effect> {
    let xml = format!(
        "<message xmlns='jabber:client' from='{from}' type='{kind}' id='m1'>{inner}</message>"
    );
    let element: Element = xml.parse().unwrap();
    state.message(Message::try_from(element).unwrap())
}

/// In an open room with Anne.
fn joined() -> State {
    let mut state = state();
    assert_eq!(state.join(Instant::now()).len(), 1);
    assert!(state.join(Instant::now()).is_empty(), "once a minute");
    let anne = "<item affiliation='member' role='participant' jid='anne@corp.test/phone'/>";
    presence(&mut state, &format!("{ROOM}/anne"), "", &x(anne));
    let us = "<item affiliation='owner' role='moderator'/><status code='100'/><status code='110'/><status code='9999'/>";
    presence(&mut state, &format!("{ROOM}/vigie"), "", &x(us));
    assert_eq!(state.joined(), [ROOM]);
    state
}

fn who(effects: &[Effect]) -> Option<String> {
    match effects {
        [] => None,
        [Effect::Heard(Heard::Said { who, .. } | Heard::Bind { who })] => Some(who.id.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_an_open_room_says_who_somebody_is() {
    let anne = format!("{ROOM}/anne");
    let body = "<body>Bonjour</body>";
    let mut state = joined();
    assert_eq!(
        who(&said(&mut state, &anne, "groupchat", body)).as_deref(),
        Some("anne@corp.test")
    );
    // Nobody known, or somebody new under a name that was Anne's.
    let new = format!("{ROOM}/new");
    assert_eq!(
        who(&said(&mut state, &new, "groupchat", body)).as_deref(),
        Some("")
    );
    presence(&mut state, &anne, "type='unavailable'", &x(""));
    assert_eq!(
        who(&said(&mut state, &anne, "groupchat", body)).as_deref(),
        Some("")
    );
    let evil = "<item affiliation='none' role='participant' jid='evil@elsewhere.test/1'/>";
    presence(&mut state, &anne, "", &x(evil));
    assert_eq!(
        who(&said(&mut state, &anne, "groupchat", body)).as_deref(),
        Some("evil@elsewhere.test")
    );
    // The room is masked from now on.
    let mut state = joined();
    assert!(said(&mut state, ROOM, "groupchat", &x("<status code='173'/>")).is_empty());
    assert_eq!(
        who(&said(&mut state, &anne, "groupchat", body)).as_deref(),
        Some("")
    );
    // Only the room says that: Anne does not.
    let mut state = joined();
    let by_mail = said(&mut state, "anne@corp.test/phone", "chat", body);
    assert_eq!(who(&by_mail).as_deref(), Some("anne@corp.test"));
    // A private word through the room counts like one in it.
    assert_eq!(
        who(&said(&mut state, &anne, "chat", "<body>lier</body>")).as_deref(),
        Some("anne@corp.test")
    );
    assert_eq!(
        who(&said(&mut state, &new, "chat", "<body>lier</body>")).as_deref(),
        Some("")
    );
}

#[test]
fn what_was_said_before_or_by_ourselves_is_not_heard() {
    let mut state = joined();
    let anne = format!("{ROOM}/anne");
    for inner in [
        "<body>x</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>",
        "<body>x</body><x xmlns='jabber:x:delay' stamp='20260101T00:00:00'/>",
        "<received xmlns='urn:xmpp:carbons:2'/><body>x</body>",
        "<subject>x</subject>",
        "<body> \n </body>",
        "",
    ] {
        assert!(
            said(&mut state, &anne, "groupchat", inner).is_empty(),
            "{inner}"
        );
    }
    let ours = said(
        &mut state,
        &format!("{ROOM}/vigie"),
        "groupchat",
        "<body>x</body>",
    );
    assert!(matches!(&ours[..], [Effect::Shown(id, None)] if id == "m1"));
    // From nobody, from another room, from our own account.
    for (from, kind) in [
        ("other@rooms.corp.test/anne", "groupchat"),
        ("corp.test", "chat"),
        ("vigie@corp.test/2", "chat"),
        (ROOM, "groupchat"),
    ] {
        assert!(
            said(&mut state, from, kind, "<body>x</body>").is_empty(),
            "{from}"
        );
    }
    let no = "<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    let refused = said(&mut state, ROOM, "error", no);
    assert!(
        matches!(&refused[..], [Effect::Refused(id, why)] if id == "m1" && why == "forbidden"),
        "{refused:?}"
    );
    let long = format!("<body>{}</body>", "é".repeat(MAX_HEARD + 5));
    let heard = said(&mut state, &anne, "groupchat", &long);
    assert!(
        matches!(&heard[..], [Effect::Heard(Heard::Said { text, .. })] if text.chars().count() == MAX_HEARD)
    );
}

#[test]
fn a_room_is_made_left_and_joined_again() {
    let mut state = state();
    let us = format!("{ROOM}/vigie");
    let made = presence(
        &mut state,
        &us,
        "",
        &x("<status code='110'/><status code='201'/>"),
    );
    let [Effect::Send(stanza)] = &made[..] else {
        panic!("{made:?}")
    };
    let Stanza::Iq(Iq::Set { payload, .. }) = &**stanza else {
        panic!()
    };
    assert!(
        payload.is("query", MUC_OWNER) && state.joined().is_empty(),
        "locked until then"
    );
    let done = Iq::Result {
        from: Some(Jid::new(ROOM).unwrap()),
        to: None,
        id: "instant".into(),
        payload: None,
    };
    state.iq(done);
    assert_eq!(state.joined(), [ROOM]);
    // Another name is not leaving; being thrown out is.
    presence(
        &mut state,
        &us,
        "type='unavailable'",
        &x("<status code='110'/><status code='303'/>"),
    );
    assert_eq!(state.joined(), [ROOM]);
    presence(
        &mut state,
        &us,
        "type='unavailable'",
        &x("<status code='110'/><status code='307'/>"),
    );
    assert!(state.joined().is_empty());
    assert!(state.join(Instant::now()).is_empty(), "not at once");
    assert_eq!(state.join(Instant::now() + JOIN_AGAIN).len(), 1);
    // Somebody has the name.
    let taken =
        "<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    presence(&mut state, &us, "type='error'", taken);
    let again = state.join(Instant::now());
    let [Effect::Send(stanza)] = &again[..] else {
        panic!()
    };
    let Stanza::Presence(asked) = &**stanza else {
        panic!()
    };
    assert_eq!(
        asked.to.as_ref().unwrap().as_str(),
        format!("{ROOM}/vigie_")
    );
    // An answer by somebody else proves nothing.
    let fake = Iq::Result {
        from: Some(Jid::new("evil@corp.test/1").unwrap()),
        to: None,
        id: "after-m1".into(),
        payload: None,
    };
    assert!(state.iq(fake).is_empty());
}

#[test]
fn an_answer_names_what_it_answers_and_its_quotation_is_left_out() {
    let mut state = joined();
    let sid = format!("<stanza-id xmlns='urn:xmpp:sid:0' by='{ROOM}' id='s1'/>");
    let forged = "<stanza-id xmlns='urn:xmpp:sid:0' by='evil@rooms.corp.test' id='s0'/>";
    let inner = format!("<body>x</body>{forged}{sid}");
    let ours = said(&mut state, &format!("{ROOM}/vigie"), "groupchat", &inner);
    assert!(
        matches!(&ours[..], [Effect::Shown(id, Some(stable))] if id == "m1" && stable == "s1"),
        "{ours:?}"
    );
    let mut heard =
        |inner: &str| match &said(&mut state, &format!("{ROOM}/anne"), "groupchat", inner)[..] {
            [Effect::Heard(Heard::Said { thread, text, .. })] => (thread.clone(), text.clone()),
            other => panic!("{other:?}"),
        };
    let reply = "<reply xmlns='urn:xmpp:reply:0' to='x' id='s1'/>";
    let fallback = |start: &str, end: &str| {
        format!(
            "<body>&gt; \u{e9}t\u{e9}\nD'accord</body><thread>other</thread>{reply}<fallback xmlns='urn:xmpp:fallback:0' \
             for='urn:xmpp:reply:0'><body start='{start}' end='{end}'/></fallback>"
        )
    };
    assert_eq!(heard(&fallback("0", "6")), ("s1".into(), "D'accord".into()));
    // Nonsense leaves the words as they are.
    for (start, end) in [("9", "2"), ("-1", "6"), ("0", "x"), ("", "")] {
        assert_eq!(heard(&fallback(start, end)).1, "> \u{e9}t\u{e9}\nD'accord");
    }
    assert_eq!(heard("<body>seul</body><thread>t1</thread>").0, "t1");
    assert_eq!(heard("<body>seul</body>").0, ROOM);
    assert_eq!(
        heard("<body>seul</body><reply xmlns='urn:xmpp:reply:0'/>").0,
        ROOM
    );
}

#[test]
fn a_second_word_about_who_somebody_is_makes_them_nobody() {
    let mut state = joined();
    let anne = format!("{ROOM}/anne");
    let item = |jid: &str| {
        x(&format!(
            "<item affiliation='member' role='participant' jid='{jid}'/>"
        ))
    };
    let two = format!(
        "{}{}",
        item("boss@corp.test/1"),
        item("anne@corp.test/phone")
    );
    presence(&mut state, &anne, "", &two);
    let body = "<body>Bonjour</body>";
    assert_eq!(
        who(&said(&mut state, &anne, "groupchat", body)).as_deref(),
        Some("")
    );
    // Nor are we somebody else.
    let us = format!("{}{}", x("<status code='110'/>"), item("eve@corp.test/1"));
    presence(&mut state, &format!("{ROOM}/eve"), "", &us);
    let eve = said(&mut state, &format!("{ROOM}/eve"), "groupchat", body);
    assert_eq!(who(&eve).as_deref(), Some(""));
}

#[test]
fn only_the_room_itself_says_how_much_it_shows() {
    let mut state = joined();
    let anne = format!("{ROOM}/anne");
    let masked = format!("{}<body>x</body>", x("<status code='173'/>"));
    for _ in 0..2 {
        let heard = said(&mut state, &anne, "groupchat", &masked);
        assert_eq!(who(&heard).as_deref(), Some("anne@corp.test"));
    }
    said(&mut state, ROOM, "groupchat", &x("<status code='173'/>"));
    let opened = format!("{}<body>x</body>", x("<status code='172'/>"));
    let present = "<item affiliation='member' role='participant' jid='anne@corp.test/phone'/>";
    presence(&mut state, &anne, "", &x(present));
    let heard = said(&mut state, &anne, "groupchat", &opened);
    assert_eq!(who(&heard).as_deref(), Some(""));
}

#[test]
fn a_room_that_forgot_us_is_joined_again_and_the_note_was_not_said() {
    let mut state = joined();
    let error = "<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    // Somebody in the room does not decide that.
    let by_anne = said(&mut state, &format!("{ROOM}/anne"), "error", error);
    assert!(matches!(&by_anne[..], [Effect::Refused(id, _)] if id == "m1"));
    assert_eq!(state.joined(), [ROOM]);
    let refused = said(&mut state, ROOM, "error", error);
    assert!(matches!(&refused[..], [Effect::Outside(id)] if id == "m1"));
    assert!(state.joined().is_empty());
    assert_eq!(state.join(Instant::now()).len(), 1, "at once");
}
