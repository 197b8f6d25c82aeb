#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! A network that is down, slow, talks nonsense, cuts off or no longer knows the password, as people meet it on the
//! pages: a real Bluesky server behind a proxy that does the harm. Nothing is lost, nothing is there twice, and the pages
//! say in both languages what happened and what comes next.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/pages.rs"]
mod pages;

use std::time::Duration;

use company::Company;
use jiff::{SignedDuration, Timestamp};
use pages::{approved, sign_in, signed_in};
use serde_json::json;
use vigie::publication::worker;
use vigie::testing::{Browser, TestApp};
use vigie_connect::testing::{Fault, Member, Pds, Proxy};
use vigie_core::content::Platform;
use vigie_core::id::{ChannelId, PostId};
use vigie_core::member::Lang;
use vigie_core::publication::PublicationState;
use vigie_store::{ChannelRow, ChannelStatus, PublicationRow};

const PUT: &str = "com.atproto.repo.putRecord";
const GET: &str = "com.atproto.repo.getRecord";

/// The company, its page on a real server, and two people who look: Inès reads French, Tom English.
struct Scene {
    pds: Pds,
    proxy: Proxy,
    account: Member,
    test: TestApp,
    company: Company,
    ines: Browser,
    tom: Browser,
    page: ChannelId,
}

impl Scene {
    /// Connects the page as people do: one gives the app password, another confirms.
    async fn open(name: &str) -> Option<Self> {
        let pds = Pds::shared()?;
        let proxy = Proxy::before(pds.address()).await;
        let account = pds.member(name).await;
        let test = TestApp::with(&[("allowed_private", "127.0.0.1")]).await;
        // What the network says about waiting is measured from its own clock.
        test.clock.set(Timestamp::now());
        let company = Company::found(&test.app).await;
        let mut tx = test.app.store.begin().await.unwrap();
        tx.set_member_lang(company.tom, Lang::En).await.unwrap();
        tx.commit().await.unwrap();
        let (ines, tom) = (
            signed_in(&test, company.ines, "fr").await,
            signed_in(&test, company.tom, "en").await,
        );
        let form = [
            ("identifier", account.handle.as_str()),
            ("secret", account.app_password.as_str()),
            ("service", proxy.url.as_str()),
        ];
        ines.post("/channels/connect/bluesky", &form)
            .await
            .expect(303);
        let mut conn = test.app.store.read().await.unwrap();
        let change = conn.changes_open().await.unwrap()[0].change.id;
        let page = conn
            .channel_by_account(Platform::Bluesky, &account.did)
            .await
            .unwrap()
            .unwrap();
        drop(conn);
        assert_eq!(page.status, ChannelStatus::Pending);
        let confirm = format!("/changes/{change}/confirm");
        ines.post(&confirm, &[]).await.expect(409);
        tom.post(&confirm, &[]).await.expect(303);
        Some(Self {
            pds,
            proxy,
            account,
            test,
            company,
            ines,
            tom,
            page: page.id,
        })
    }

    async fn approved(&self, text: &str) -> PostId {
        approved(&self.ines, &self.tom, self.page, text).await
    }

    /// Time passes; both sign in again.
    async fn wait(&self, span: SignedDuration) {
        self.test.wait(span);
        sign_in(&self.test, &self.ines, self.company.ines).await;
        sign_in(&self.test, &self.tom, self.company.tom).await;
    }

    async fn round(&self) {
        worker::fast(&self.test.app).await.unwrap();
    }

    /// Rounds of the publisher, an hour apart, until the post's only publication is in `state`.
    async fn until(&self, post: PostId, state: PublicationState) {
        for _ in 0..6 {
            if self.publication(post).await.state == state {
                return;
            }
            self.wait(SignedDuration::from_hours(1)).await;
            self.round().await;
        }
        let row = self.publication(post).await;
        panic!("not {state}: {row:?}");
    }

    async fn publication(&self, post: PostId) -> PublicationRow {
        let mut conn = self.test.app.store.read().await.unwrap();
        let mut rows = conn.publications(post).await.unwrap();
        assert_eq!(rows.len(), 1, "one publication a post, for ever");
        rows.remove(0)
    }

    async fn channel(&self) -> ChannelRow {
        let mut conn = self.test.app.store.read().await.unwrap();
        conn.channel(self.page).await.unwrap()
    }

    /// The post's page as both read it.
    async fn read(&self, post: PostId) -> (String, String) {
        self.read_path(&format!("/posts/{post}")).await
    }

    async fn read_path(&self, path: &str) -> (String, String) {
        (
            self.ines.get(path).await.expect(200).text(),
            self.tom.get(path).await.expect(200).text(),
        )
    }

    /// How often the server holds this text.
    async fn times(&self, text: &str) -> usize {
        let posts = self.pds.posts(&self.account.did).await;
        posts.iter().filter(|p| p["value"]["text"] == text).count()
    }

    async fn alarms(&self) -> Vec<String> {
        let mut conn = self.test.app.store.read().await.unwrap();
        let open = conn.alarms_open().await.unwrap();
        open.into_iter().map(|a| a.kind).collect()
    }
}

fn told_off() {
    println!("VIGIE_TEST_PDS=off: this story was not told");
}

#[tokio::test]
async fn a_page_is_connected_published_to_and_taken_back() {
    let Some(s) = Scene::open("grace").await else {
        return told_off();
    };
    let text = "Portes ouvertes samedi à l’atelier.";
    let post = s.approved(text).await;
    s.round().await;
    let row = s.publication(post).await;
    assert_eq!(row.state, PublicationState::Published, "{row:?}");
    assert_eq!(s.times(text).await, 1);
    let link = format!(
        "https://bsky.app/profile/{}/post/{}",
        s.account.did, row.remote_key
    );
    let (fr, en) = s.read(post).await;
    assert!(fr.contains(&link) && en.contains(&link), "{fr}");
    assert!(fr.contains("Elle est sur la page, exactement comme approuvée."));
    assert!(en.contains("It is on the page, exactly as approved."));
    let path = format!("/publications/{}/take-back", row.id);
    s.ines
        .post(&path, &[("reason", "La date a changé")])
        .await
        .expect(303);
    s.round().await;
    assert_eq!(s.times(text).await, 0);
    assert!(!s.read(post).await.0.contains(&link));
    s.wait(SignedDuration::from_mins(2)).await;
    worker::slow(&s.test.app).await.unwrap();
    assert_eq!(s.alarms().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_with_a_new_page_is_said_beside_its_field_and_nothing_is_kept() {
    let Some(pds) = Pds::shared() else {
        return told_off();
    };
    let mut proxy = Proxy::before(pds.address()).await;
    let account = pds.member("paula").await;
    let test = TestApp::with(&[("allowed_private", "127.0.0.1")]).await;
    let company = Company::found(&test.app).await;
    let ines = signed_in(&test, company.ines, "fr").await;
    let ask = async |password: &str, service: &str| {
        let form = [
            ("identifier", account.handle.as_str()),
            ("secret", password),
            ("service", service),
        ];
        let page = ines
            .post("/channels/connect/bluesky", &form)
            .await
            .expect(422)
            .text();
        assert!(page.contains(&account.handle), "what was typed is kept");
        assert!(!page.contains(password), "the password is not: {page}");
        page
    };
    let good = account.app_password.as_str();
    let url = proxy.url.clone();
    let wrong = ask("aaaa-bbbb-cccc-dddd", &url).await;
    assert!(
        wrong.contains("L’identifiant ou le mot de passe"),
        "{wrong}"
    );
    let main = ask(&account.password, &url).await;
    assert!(main.contains("mot de passe d’application"), "{main}");
    const CREATE: &str = "com.atproto.server.createSession";
    for (fault, said) in [
        (Fault::Answer("garbage\r\n\r\n".into()), "coupée"),
        (
            Fault::Answer(Fault::http(200, "", "<html>Bonjour</html>")),
            "n’a pas de sens",
        ),
        (
            Fault::Answer(Fault::http(429, "retry-after: 60\r\n", "")),
            "demande de ralentir",
        ),
        (
            Fault::Answer(Fault::http(503, "", "")),
            "a lui-même un souci",
        ),
        (Fault::CutAfter, "coupée"),
        (Fault::Endless, "plus grande que toute"),
    ] {
        proxy.harm(CREATE, fault.clone(), 9);
        let page = ask(good, &url).await;
        assert!(page.contains(said), "{fault:?}: {page}");
        proxy.heal();
        test.app.http.forget_waits();
    }
    proxy.down().await;
    assert!(ask(good, &url).await.contains("ne peut pas être joint"));
    let open = test
        .app
        .store
        .read()
        .await
        .unwrap()
        .channels()
        .await
        .unwrap();
    assert_eq!(
        open.len(),
        1,
        "only the sandbox: nothing was half-connected"
    );
    proxy.up().await;
    let form = [
        ("identifier", account.handle.as_str()),
        ("secret", good),
        ("service", url.as_str()),
    ];
    ines.post("/channels/connect/bluesky", &form)
        .await
        .expect(303);
}

/// A fault of the network while a post is sent, and what the pages say in the meantime.
struct Case {
    fault: Fault,
    state: PublicationState,
    fr: &'static str,
    en: &'static str,
}

#[tokio::test]
async fn a_network_in_trouble_is_explained_and_every_post_is_there_once() {
    use PublicationState::{Ready, Unknown};
    let Some(s) = Scene::open("hugues").await else {
        return told_off();
    };
    let lost = ("La liaison s’est rompue", "The connection broke");
    let cases = [
        Case {
            fault: Fault::Answer(Fault::http(429, "retry-after: 900\r\n", "")),
            state: Ready,
            fr: "demande de ralentir",
            en: "asks to slow down",
        },
        Case {
            fault: Fault::CutDuring,
            state: Unknown,
            fr: lost.0,
            en: lost.1,
        },
        Case {
            fault: Fault::CutAfter,
            state: Unknown,
            fr: lost.0,
            en: lost.1,
        },
        Case {
            fault: Fault::AnswerInstead("\u{0}\u{1}garbage\r\n\r\n".into()),
            state: Unknown,
            fr: lost.0,
            en: lost.1,
        },
        Case {
            fault: Fault::Answer(Fault::http(502, "", "<html>Bad gateway</html>")),
            state: Unknown,
            fr: lost.0,
            en: lost.1,
        },
        Case {
            fault: Fault::Endless,
            state: Unknown,
            fr: lost.0,
            en: lost.1,
        },
    ];
    for (n, case) in cases.into_iter().enumerate() {
        let text = format!("Nouvelle numéro {n} de l’atelier");
        let post = s.approved(&text).await;
        s.proxy.harm(PUT, case.fault.clone(), 1);
        s.round().await;
        assert_eq!(
            s.publication(post).await.state,
            case.state,
            "{:?}",
            case.fault
        );
        let (fr, en) = s.read(post).await;
        assert!(fr.contains(case.fr), "{:?}: {fr}", case.fault);
        assert!(en.contains(case.en), "{:?}: {en}", case.fault);
        assert!(fr.contains("réessaie d’elle-même") && en.contains("tries again by itself"));
        s.until(post, PublicationState::Published).await;
        assert_eq!(s.times(&text).await, 1, "{:?}", case.fault);
        let (fr, en) = s.read(post).await;
        assert!(fr.contains("exactement comme approuvée") && en.contains("exactly as approved"));
        assert!(!fr.contains(case.fr) && !en.contains(case.en));
    }
    assert_eq!(s.alarms().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_network_that_is_down_is_waited_for() {
    let Some(mut s) = Scene::open("iris").await else {
        return told_off();
    };
    let text = "Le four est rallumé.";
    let post = s.approved(text).await;
    s.proxy.down().await;
    for _ in 0..3 {
        s.round().await;
        s.wait(SignedDuration::from_mins(20)).await;
    }
    let row = s.publication(post).await;
    assert_eq!((row.state, row.tries), (PublicationState::Ready, 3));
    let (fr, en) = s.read(post).await;
    assert!(fr.contains("Le serveur du réseau est injoignable."), "{fr}");
    assert!(en.contains("could not be reached"), "{en}");
    // Reading back is no alarm either: the page is not wrong, it is away.
    worker::slow(&s.test.app).await.unwrap();
    assert_eq!(s.alarms().await, Vec::<String>::new());
    assert_eq!(s.channel().await.status, ChannelStatus::Connected);
    s.proxy.up().await;
    s.until(post, PublicationState::Published).await;
    assert_eq!(s.times(text).await, 1);
}

#[tokio::test]
async fn a_network_that_never_answers_is_given_up_in_time_and_looked_at() {
    let Some(s) = Scene::open("jules").await else {
        return told_off();
    };
    let text = "Une lampe par fenêtre.";
    let post = s.approved(text).await;
    s.proxy.harm(PUT, Fault::Silence, 1);
    let within = Duration::from_secs(120);
    let round = tokio::time::timeout(within, s.round());
    // Meanwhile the pages go on: nothing waits for the network but the publisher.
    let (done, page) = tokio::join!(round, s.read(post));
    done.expect("it does not wait for ever");
    assert!(page.0.contains(text));
    assert_eq!(s.publication(post).await.state, PublicationState::Unknown);
    s.until(post, PublicationState::Published).await;
    assert_eq!(s.times(text).await, 1);
}

#[tokio::test]
async fn a_post_that_the_network_refuses_is_an_alarm_with_its_reason() {
    let Some(s) = Scene::open("karim").await else {
        return told_off();
    };
    let post = s.approved("Refusée").await;
    let no = r#"{"error":"InvalidRequest","message":"no"}"#;
    s.proxy
        .harm(PUT, Fault::Answer(Fault::http(400, "", no)), 1);
    s.round().await;
    assert_eq!(s.publication(post).await.state, PublicationState::Refused);
    assert_eq!(s.alarms().await, ["refused"]);
    let (fr, en) = s.read(post).await;
    assert!(fr.contains("Le réseau ne l’a pas prise, et rien n’est sur la page."));
    assert!(en.contains("The network refused it."), "{en}");
    let (fr, en) = s.read_path("/").await;
    assert!(fr.contains("Le réseau a refusé une publication"), "{fr}");
    assert!(en.contains("The network refused a post"), "{en}");
    assert_eq!(s.times("Refusée").await, 0);
}

#[tokio::test]
async fn a_key_that_no_longer_opens_stops_the_page_until_somebody_gives_a_new_one() {
    let Some(s) = Scene::open("louise").await else {
        return told_off();
    };
    let published = s.approved("Avant").await;
    s.round().await;
    let back = s.publication(published).await.id;
    // Somebody revokes the app password at Bluesky. The token it gave lives for two hours more: the proxy ends it now.
    let revoke = json!({ "name": "vigie" });
    s.pds
        .call(
            "com.atproto.server.revokeAppPassword",
            &s.account.access,
            &revoke,
        )
        .await;
    let expired = r#"{"error":"ExpiredToken","message":"Token has expired"}"#;
    s.proxy
        .harm(PUT, Fault::Answer(Fault::http(400, "", expired)), 9);
    let first = s.approved("Pendant").await;
    s.round().await;
    assert_eq!(s.channel().await.status, ChannelStatus::Broken);
    assert_eq!(s.channel().await.trouble.as_deref(), Some("token_expired"));
    assert_eq!(s.alarms().await, ["broken"]);
    let second = s.approved("Pendant aussi").await;
    let tries = s.proxy.seen().len();
    for _ in 0..3 {
        s.wait(SignedDuration::from_mins(20)).await;
        s.round().await;
    }
    assert_eq!(
        s.proxy.seen().len(),
        tries,
        "a network that says no is not asked again and again"
    );
    assert_eq!(s.alarms().await, ["broken"], "one trouble, one alarm");
    for post in [first, second] {
        assert_eq!(s.publication(post).await.state, PublicationState::Ready);
        let (fr, en) = s.read(post).await;
        assert!(fr.contains("La page ne laisse plus entrer Vigie."), "{fr}");
        assert!(
            en.contains("The page does not let Vigie in any more."),
            "{en}"
        );
    }
    let (fr, en) = s.read_path("/").await;
    assert!(fr.contains("Une page ne laisse plus entrer Vigie"), "{fr}");
    assert!(en.contains("A page no longer lets Vigie in"), "{en}");
    let (fr, en) = s.read_path("/channels").await;
    assert!(fr.contains("Le réseau n’accepte plus la clé."), "{fr}");
    assert!(
        en.contains("The network no longer accepts the key."),
        "{en}"
    );

    // A wrong password and another account's change nothing.
    let repair = format!("/channels/{}/repair", s.page);
    let other = s.pds.member("marc").await;
    for wrong in [
        "aaaa-bbbb-cccc-dddd",
        &other.app_password,
        &s.account.password,
    ] {
        let page = s
            .ines
            .post(&repair, &[("secret", wrong)])
            .await
            .expect(409)
            .text();
        assert!(!page.contains(wrong), "{page}");
        assert_eq!(s.channel().await.status, ChannelStatus::Broken);
    }
    assert_eq!(s.alarms().await, ["broken"]);

    s.proxy.heal();
    let new = json!({ "name": "vigie again" });
    let new = s
        .pds
        .call(
            "com.atproto.server.createAppPassword",
            &s.account.access,
            &new,
        )
        .await;
    let form = [("secret", new["password"].as_str().unwrap())];
    let page = s.ines.submit(&repair, &form).await.expect(200).text();
    assert!(page.contains("scellée dans le coffre"), "{page}");
    assert_eq!(s.channel().await.status, ChannelStatus::Connected);
    assert_eq!(
        s.alarms().await,
        Vec::<String>::new(),
        "it closed by itself"
    );
    // At once, without waiting for the next try.
    s.round().await;
    for (post, text) in [(first, "Pendant"), (second, "Pendant aussi")] {
        assert_eq!(s.publication(post).await.state, PublicationState::Published);
        assert_eq!(s.times(text).await, 1);
    }
    let path = format!("/publications/{back}/take-back");
    s.ines
        .post(&path, &[("reason", "Trop tôt")])
        .await
        .expect(303);
    s.round().await;
    assert_eq!(s.times("Avant").await, 0);
}

#[tokio::test]
async fn a_post_is_taken_back_even_when_the_key_was_lost_meanwhile() {
    let Some(s) = Scene::open("nadia").await else {
        return told_off();
    };
    let post = s.approved("À reprendre").await;
    s.round().await;
    let id = s.publication(post).await.id;
    const DELETE: &str = "com.atproto.repo.deleteRecord";
    const CREATE: &str = "com.atproto.server.createSession";
    const REFRESH: &str = "com.atproto.server.refreshSession";
    let expired = Fault::Answer(Fault::http(400, "", r#"{"error":"ExpiredToken"}"#));
    let wrong = Fault::Answer(Fault::http(
        401,
        "",
        r#"{"error":"AuthenticationRequired","message":"Invalid identifier or password"}"#,
    ));
    s.proxy.harm(DELETE, expired.clone(), 9);
    s.proxy.harm(REFRESH, expired, 9);
    s.proxy.harm(CREATE, wrong, 9);
    let path = format!("/publications/{id}/take-back");
    s.ines
        .post(&path, &[("reason", "Trop tôt")])
        .await
        .expect(303);
    s.round().await;
    assert_eq!(
        s.publication(post).await.state,
        PublicationState::TakingBack,
        "it is not forgotten"
    );
    assert_eq!(s.channel().await.status, ChannelStatus::Broken);
    assert_eq!(s.alarms().await, ["broken"]);
    assert!(s.read(post).await.0.contains("ne laisse plus entrer Vigie"));
    let tries = s.proxy.seen().len();
    s.wait(SignedDuration::from_mins(30)).await;
    s.round().await;
    assert_eq!(s.proxy.seen().len(), tries);
    s.proxy.heal();
    let repair = format!("/channels/{}/repair", s.page);
    s.ines
        .post(&repair, &[("secret", &s.account.app_password)])
        .await
        .expect(303);
    s.round().await;
    assert_eq!(s.publication(post).await.state, PublicationState::TakenBack);
    assert_eq!(s.times("À reprendre").await, 0);
}

#[tokio::test]
async fn what_nobody_can_tell_a_person_tells() {
    let Some(s) = Scene::open("olga").await else {
        return told_off();
    };
    let garbage = Fault::Answer(Fault::http(500, "", ""));
    for (text, fault, answer, after, times) in [
        (
            "Y est",
            Fault::CutAfter,
            "there",
            PublicationState::Published,
            1,
        ),
        (
            "Encore",
            Fault::CutBefore,
            "again",
            PublicationState::Published,
            1,
        ),
        (
            "Jamais",
            Fault::CutBefore,
            "no",
            PublicationState::Cancelled,
            0,
        ),
    ] {
        let post = s.approved(text).await;
        s.proxy.harm(PUT, fault, 1);
        s.proxy.harm(GET, garbage.clone(), u32::MAX);
        s.round().await;
        let id = s.publication(post).await.id;
        let path = format!("/publications/{id}/settle");
        s.tom.post(&path, &[("is", answer)]).await.expect(409);
        for _ in 0..20 {
            s.wait(SignedDuration::from_mins(16)).await;
            s.round().await;
        }
        let row = s.publication(post).await;
        assert_eq!(row.state, PublicationState::Unknown);
        assert_eq!(s.alarms().await, ["undecided"]);
        let (fr, en) = s.read(post).await;
        assert!(fr.contains("Regardez la page vous-même"), "{fr}");
        assert!(en.contains("Look at the page yourself"), "{en}");
        s.tom.post(&path, &[("is", "maybe")]).await.expect(422);
        s.tom.post(&path, &[("is", answer)]).await.expect(303);
        s.tom.post(&path, &[("is", answer)]).await.expect(409);
        s.proxy.heal();
        s.round().await;
        assert_eq!(s.publication(post).await.state, after, "{text}");
        assert_eq!(s.alarms().await, Vec::<String>::new());
        assert_eq!(s.times(text).await, times, "{text}");
    }
}
