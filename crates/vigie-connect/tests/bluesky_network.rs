//! The connector on a whole Bluesky network: what its app view shows of a post, and what it tells of those who answer.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use vigie_connect::{
    Arrival, ArrivalKind, Bluesky, Connector, Payload, Picture, Session,
    bluesky::record,
    testing::{Member, Pds},
};
use vigie_core::{content::Repliers, publication::Outcome};

const WITHIN: Duration = Duration::from_secs(60);
const POST: &str = "app.bsky.feed.post";
/// One white pixel.
const PNG: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0,
    0, 0, 58, 126, 155, 85, 0, 0, 0, 10, 73, 68, 65, 84, 120, 156, 99, 248, 15, 0, 1, 1, 1, 0, 27,
    182, 238, 86, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

/// The company's account, and two others.
struct Scene {
    network: Pds,
    bluesky: Bluesky,
    us: Member,
    session: Session,
    guest: Member,
    stranger: Member,
}

async fn scene() -> Option<Scene> {
    let network = Pds::network()?;
    let us = network.member("phare").await;
    Some(Scene {
        session: network.session(&us).await,
        bluesky: Pds::bluesky(),
        guest: network.member("ana").await,
        stranger: network.member("zoe").await,
        us,
        network,
    })
}

impl Scene {
    fn payload(&self, text: &str) -> Payload {
        let now = Timestamp::now();
        Payload {
            key: self.bluesky.new_key(now, 7),
            text: text.into(),
            link: None,
            langs: vec!["fr".into()],
            pictures: vec![],
            reply_to: None,
            warning: None,
            repliers: Repliers::Everyone,
            created_at: now,
        }
    }

    /// Publishes: the post's address and content id.
    async fn publish(&mut self, payload: &Payload) -> (String, String) {
        let outcome = self
            .bluesky
            .publish(&mut self.session, payload, WITHIN)
            .await;
        match outcome {
            Outcome::Published {
                remote_id,
                content_id,
                ..
            } => (remote_id, content_id),
            other => panic!("{other:?}"),
        }
    }

    /// The thread of a post as the app view shows it to `who`, once `there` holds. To others than its author: an
    /// author's own server adds what the app view does not know yet.
    async fn thread(&self, who: &Member, uri: &str, there: impl Fn(u16, &Value) -> bool) -> Value {
        let query = [("uri", uri), ("depth", "10")];
        let mut last = (0, Value::Null);
        // Two minutes at least, on a very busy machine.
        for _ in 0..480 {
            last = self
                .network
                .ask("app.bsky.feed.getPostThread", who, &query)
                .await;
            if there(last.0, &last.1) {
                return last.1;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        panic!("the app view does not show it: {last:?}");
    }

    /// Reads what arrived since `cursor` until `count` posts were told of: each once, and the last cursor.
    async fn arrivals(
        &mut self,
        cursor: Option<&str>,
        count: usize,
    ) -> (Vec<Arrival>, Option<String>) {
        let mut last = (vec![], None);
        for _ in 0..480 {
            let came = self
                .bluesky
                .arrivals(&mut self.session, cursor)
                .await
                .unwrap();
            let each: BTreeSet<&str> = came.items.iter().map(|a| a.remote_id.as_str()).collect();
            assert_eq!(each.len(), came.items.len(), "each once: {:?}", came.items);
            if came.items.len() >= count {
                return (came.items, came.cursor);
            }
            last = (came.items, came.cursor);
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        panic!("the app view does not tell of {count}: {last:?}");
    }

    /// A post of somebody else, behind Vigie's back: its address and content id.
    async fn writes(&self, who: &Member, record: Value) -> (String, String) {
        let body = json!({ "repo": who.did, "collection": POST, "record": record });
        let made = self
            .network
            .call("com.atproto.repo.createRecord", &who.access, &body)
            .await;
        let said = |name: &str| made[name].as_str().unwrap().to_owned();
        (said("uri"), said("cid"))
    }

    /// What a post of somebody else says that names our account at its beginning.
    fn naming(&self, rest: &str, at: Timestamp) -> Value {
        let name = format!("@{}", self.us.handle);
        json!({ "$type": POST, "text": format!("{name} {rest}"), "createdAt": record::created_at(at),
            "facets": [{ "index": { "byteStart": 0, "byteEnd": name.len() },
                "features": [{ "$type": "app.bsky.richtext.facet#mention", "did": self.us.did }] }] })
    }
}

fn strong((uri, cid): &(String, String)) -> Value {
    json!({ "uri": uri, "cid": cid })
}

fn is_there(status: u16, answer: &Value) -> bool {
    status == 200 && answer["thread"]["post"]["uri"].is_string()
}

fn ids(arrivals: &[Arrival]) -> BTreeSet<String> {
    arrivals
        .iter()
        .map(|a| a.remote_id.split('|').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_post_and_its_thread_as_others_see_them() {
    let Some(mut s) = scene().await else { return };
    let (_, start) = s.arrivals(None, 0).await;

    // A post with a link and a picture is shown with both.
    let mut post = s.payload("Le phare rouvre : https://phare.exemple.fr/visites #mer");
    post.pictures = vec![Picture {
        bytes: Bytes::from_static(PNG),
        mime: "image/png".into(),
        alt: "Le phare, de nuit".into(),
        width: 1,
        height: 1,
        address: None,
    }];
    let ours = s.publish(&post).await;
    let shown = s.thread(&s.stranger, &ours.0, is_there).await["thread"]["post"].clone();
    assert_eq!(shown["cid"], ours.1);
    assert_eq!(shown["author"]["handle"], s.us.handle);
    assert_eq!(shown["record"]["text"], post.text);
    let facets = &shown["record"]["facets"];
    assert_eq!(
        facets[0]["features"][0]["uri"],
        "https://phare.exemple.fr/visites"
    );
    assert_eq!(facets[1]["features"][0]["tag"], "mer");
    assert_eq!(shown["embed"]["$type"], "app.bsky.embed.images#view");
    assert_eq!(shown["embed"]["images"][0]["alt"], "Le phare, de nuit");
    assert!(shown["threadgate"].is_null() && shown["viewer"]["replyDisabled"].is_null());

    // A card alone.
    let mut card = s.payload("À lire");
    card.link = Some("https://phare.exemple.fr/horaires".into());
    let card = s.publish(&card).await;
    let shown = s.thread(&s.stranger, &card.0, is_there).await["thread"]["post"].clone();
    assert_eq!(shown["embed"]["$type"], "app.bsky.embed.external#view");
    assert_eq!(
        shown["embed"]["external"]["uri"],
        "https://phare.exemple.fr/horaires"
    );

    // Somebody answers and names the account in it, names it elsewhere, and quotes it.
    let now = Timestamp::now();
    let mut answer = s.naming("ouvert le lundi ?", now);
    answer["reply"] = json!({ "root": strong(&ours), "parent": strong(&ours) });
    let answer = s.writes(&s.guest, answer).await;
    let mention = s.writes(&s.guest, s.naming("magnifique", now)).await;
    let quote = json!({ "$type": POST, "text": "Enfin !", "createdAt": record::created_at(now),
        "embed": { "$type": "app.bsky.embed.record", "record": strong(&ours) } });
    let quote = s.writes(&s.guest, quote).await;
    let (came, _) = s.arrivals(start.as_deref(), 3).await;
    assert_eq!(came.len(), 3);
    let of = |uri: &str| came.iter().find(|a| a.remote_id.starts_with(uri)).unwrap();
    let shape = |a: &Arrival| (a.kind, a.about.clone(), a.author.clone());
    let (about, author) = (Some(ours.0.clone()), s.guest.handle.clone());
    assert_eq!(
        shape(of(&answer.0)),
        (ArrivalKind::Comment, about.clone(), author.clone())
    );
    assert_eq!(
        shape(of(&mention.0)),
        (ArrivalKind::Mention, None, author.clone())
    );
    assert_eq!(shape(of(&quote.0)), (ArrivalKind::Mention, about, author));
    assert!(of(&answer.0).text.ends_with("ouvert le lundi ?"));

    // Vigie's answer stands in the thread, below what it answers.
    let mut reply = s.payload("Oui, de 9 h à 18 h.");
    reply.reply_to = Some(of(&answer.0).remote_id.clone());
    let reply = s.publish(&reply).await;
    let below = |answer: &Value| answer["thread"]["replies"][0]["replies"][0]["post"].clone();
    let thread = s
        .thread(&s.stranger, &ours.0, |_, a| below(a)["uri"].is_string())
        .await;
    assert_eq!(thread["thread"]["replies"][0]["post"]["uri"], answer.0);
    assert_eq!(below(&thread)["uri"], reply.0);
    assert_eq!(thread["thread"]["post"]["quoteCount"], 1);

    // Taken back, it is gone for everybody.
    s.bluesky.delete(&mut s.session, &ours.0).await.unwrap();
    let gone = |status: u16, answer: &Value| status == 400 && answer["error"] == "NotFound";
    s.thread(&s.stranger, &ours.0, gone).await;
}

#[tokio::test]
async fn nothing_that_arrives_is_lost() {
    let Some(mut s) = scene().await else { return };
    // An account that nobody wrote to yet.
    let (none, start) = s.arrivals(None, 0).await;
    assert_eq!(none, []);
    // More than one page, in two commits.
    let base = Timestamp::now() - SignedDuration::from_secs(130);
    let mut told = BTreeSet::new();
    for half in 0..2 {
        let writes: Vec<Value> = (0..60)
            .map(|n| {
                let n = half * 60 + n;
                let value = s.naming(&format!("n° {n}"), base + SignedDuration::from_secs(n));
                json!({ "$type": "com.atproto.repo.applyWrites#create", "collection": POST, "value": value })
            })
            .collect();
        let body = json!({ "repo": s.guest.did, "writes": writes });
        let made = s
            .network
            .call("com.atproto.repo.applyWrites", &s.guest.access, &body)
            .await;
        let results = made["results"].as_array().unwrap();
        told.extend(
            results
                .iter()
                .map(|r| r["uri"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(told.len(), 120);
    let (came, cursor) = s.arrivals(start.as_deref(), 120).await;
    assert_eq!(ids(&came), told);
    // The same from the old cursor; and the later cursor loses nothing that comes late.
    let (again, _) = s.arrivals(start.as_deref(), 120).await;
    assert_eq!(again, came);
    let late = s.naming("en retard", base - SignedDuration::from_secs(60));
    let late = s.writes(&s.stranger, late).await;
    told.insert(late.0);
    let (came, cursor) = s.arrivals(cursor.as_deref(), 121).await;
    assert_eq!(ids(&came), told);

    // Dated by its author's clock, hours ago, where the app view sorts it: it comes when a day is looked back.
    let old = s.naming("hier", base - SignedDuration::from_hours(5));
    let old = s.writes(&s.stranger, old).await;
    s.thread(&s.guest, &old.0, is_there).await;
    let (came, cursor) = s.arrivals(cursor.as_deref(), 121).await;
    assert_eq!(ids(&came), told);
    let mut later: Value = serde_json::from_str(&cursor.unwrap()).unwrap();
    later["looked"] = json!(Timestamp::now() - SignedDuration::from_hours(2));
    told.insert(old.0);
    let (came, _) = s.arrivals(Some(&later.to_string()), 122).await;
    assert_eq!(ids(&came), told);
}

#[tokio::test]
async fn who_may_answer_is_who_the_app_view_lets() {
    let Some(mut s) = scene().await else { return };
    let (guest, stranger) = (s.guest.clone(), s.stranger.clone());
    let text = format!("Bonjour @{}", guest.handle);
    for (repliers, the_guest_may) in [(Repliers::Nobody, false), (Repliers::Mentioned, true)] {
        let mut post = s.payload(&text);
        post.repliers = repliers;
        let ours = s.publish(&post).await;
        let seen = async |who: &Member| {
            let thread = s.thread(who, &ours.0, is_there).await;
            let post = thread["thread"]["post"].clone();
            assert!(post["threadgate"]["uri"].is_string(), "{post}");
            post["viewer"]["replyDisabled"].as_bool().unwrap_or(false)
        };
        assert!(seen(&stranger).await, "{repliers:?}");
        assert_eq!(seen(&guest).await, !the_guest_may, "{repliers:?}");
        // The gate is gone with the post.
        s.bluesky.delete(&mut s.session, &ours.0).await.unwrap();
        let gates = s.network.records(&s.us.did, "app.bsky.feed.threadgate");
        assert_eq!(gates.await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn what_the_page_shows() {
    let Some(mut s) = scene().await else { return };
    let profile = json!({ "repo": s.us.did, "collection": "app.bsky.actor.profile", "rkey": "self",
        "record": { "$type": "app.bsky.actor.profile", "displayName": "Le Phare", "description": "Depuis 1862." } });
    s.network
        .call("com.atproto.repo.putRecord", &s.us.access, &profile)
        .await;
    for who in [&s.guest, &s.stranger] {
        let follow = json!({ "repo": who.did, "collection": "app.bsky.graph.follow", "record": {
            "$type": "app.bsky.graph.follow", "subject": s.us.did, "createdAt": record::created_at(Timestamp::now()) } });
        s.network
            .call("com.atproto.repo.createRecord", &who.access, &follow)
            .await;
    }
    let mut state = s.bluesky.page_state(&mut s.session).await.unwrap();
    for _ in 0..480 {
        if state.followers == Some(2) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
        state = s.bluesky.page_state(&mut s.session).await.unwrap();
    }
    assert_eq!(state.followers, Some(2));
    assert_eq!(state.name.as_deref(), Some("Le Phare"));
    assert_eq!(state.description.as_deref(), Some("Depuis 1862."));
    assert_eq!(state.handle.as_deref(), Some(s.us.handle.as_str()));
    // The same as others see it.
    let actor = [("actor", s.us.did.as_str())];
    let seen = s
        .network
        .ask("app.bsky.actor.getProfile", &s.stranger, &actor);
    let seen = seen.await.1;
    assert_eq!(seen["displayName"], "Le Phare");
    assert_eq!(seen["followersCount"], 2);
}
