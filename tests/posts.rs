//! Writing and reviewing through the pages, with scripts off: nothing typed is lost, nothing hidden is kept, nobody
//! stands in for a second person.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;

use axum::http::HeaderMap;
use company::Company;
use vigie::account::session;
use vigie::testing::{Answer, Browser, TestApp, both_engines};
use vigie_core::id::{MemberId, PostId};
use vigie_core::post::PostState;
use vigie_store::PostRecord;

/// A browser in which a member is signed in.
async fn signed_in(test: &TestApp, member: MemberId) -> Browser {
    let browser = test.browser();
    let mut tx = test.app.store.begin().await.unwrap();
    let secret = session::open(&mut tx, member, &HeaderMap::new(), test.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    browser.set_cookie("vigie_session", &secret);
    browser
}

/// The post that a redirect leads to.
fn led_to(answer: &Answer) -> PostId {
    let place = answer.location().expect("a redirect");
    let id = place
        .split('/')
        .nth(2)
        .and_then(|part| part.split('?').next());
    id.unwrap().parse().unwrap()
}

async fn post(test: &TestApp, id: PostId) -> PostRecord {
    let mut conn = test.app.store.read().await.unwrap();
    conn.post(id).await.unwrap()
}

async fn write(browser: &Browser, company: &Company, text: &str, act: &str) -> PostId {
    let page = company.page.to_string();
    let fields = [
        ("channel", page.as_str()),
        ("text", text),
        ("lang", "fr"),
        ("when", "approved"),
        ("do", act),
    ];
    led_to(&browser.post("/posts/new", &fields).await.expect(303))
}

const EDGE: &str = "----edge";

/// A form with a file, as a browser sends it.
fn multipart(fields: &[(&str, &str)], file: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        let part = format!(
            "--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        out.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../x.png\"\r\nContent-Type: image/png\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(file);
    out.extend_from_slice(format!("\r\n--{EDGE}--\r\n").as_bytes());
    out
}

async fn bring(browser: &Browser, fields: &[(&str, &str)], file: &[u8]) -> Answer {
    let mime = format!("multipart/form-data; boundary={EDGE}");
    let body = multipart(fields, file);
    browser.post_raw("/posts/picture", &mime, body).await
}

fn png() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(8, 6)
        .write_to(&mut out, image::ImageFormat::Png)
        .unwrap();
    out.into_inner()
}

#[tokio::test]
async fn a_picture_joins_what_is_typed_and_a_bad_one_loses_nothing() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = signed_in(&test, company.ines).await;
    let page = company.page.to_string();
    let typed = [
        ("channel", page.as_str()),
        ("text", "Nos mots\r\nsur deux lignes"),
        ("lang", "fr"),
        ("when", "approved"),
    ];
    let shown = bring(&ines, &typed, &png()).await.expect(200).text();
    assert!(shown.contains("Nos mots\nsur deux lignes"), "{shown}");
    assert!(shown.contains("name=\"media\""), "{shown}");
    // One is still where one writes: in the bar of a phone, and after a change of language.
    assert!(shown.contains("<a href=\"/posts/new\" aria-current=\"page\">"));
    assert!(!shown.contains("<a href=\"/posts\" aria-current"));
    assert!(shown.contains("name=\"next\" value=\"/posts/new\""));
    let id = write(&ines, &company, "Un texte", "save").await.to_string();
    let mut kept = typed.to_vec();
    kept.push(("post", &id));
    let shown = bring(&ines, &kept, &png()).await.expect(200).text();
    assert!(shown.contains("<a href=\"/posts\" aria-current=\"page\">"));
    assert!(shown.contains(&format!("name=\"next\" value=\"/posts/{id}/edit\"")));

    let bomb = {
        let mut file = png();
        file[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        file[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        file
    };
    let half = png()[..30].to_vec();
    let hostile: [&[u8]; 6] = [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        b"GIF89a\x01\x00\x01\x00",
        b"<!doctype html><script>x()</script>",
        &half,
        &bomb,
    ];
    for file in hostile {
        let shown = bring(&ines, &typed, file).await.expect(422).text();
        assert!(shown.contains("file-problem"), "{shown}");
        assert!(shown.contains("Nos mots"), "what was typed is still there");
        assert!(!shown.contains("name=\"media\""), "{shown}");
    }
    let omar = signed_in(&test, company.omar).await;
    bring(&omar, &typed, &png()).await.expect(403);
}

#[tokio::test]
async fn two_who_save_at_once_lose_nothing() {
    both_engines(|test| async move {
        let company = Company::found(&test.app).await;
        let (ines, tom) = (
            signed_in(&test, company.ines).await,
            signed_in(&test, company.tom).await,
        );
        let id = write(&ines, &company, "Le premier texte", "save").await;
        let seen = post(&test, id).await.version.to_string();
        let page = company.page.to_string();
        let path = format!("/posts/{id}/edit");
        let form = |text: &'static str, version: &str| {
            [
                ("channel", page.clone()),
                ("text", text.to_owned()),
                ("lang", "fr".to_owned()),
                ("version", version.to_owned()),
                ("do", "save".to_owned()),
            ]
        };
        let send = async |who: &Browser, text: &'static str, version: &str| {
            let fields = form(text, version);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
            who.post(&path, &fields).await
        };
        send(&tom, "Le texte de Tom", &seen).await.expect(303);
        let shown = send(&ines, "Le texte d’Inès", &seen)
            .await
            .expect(422)
            .text();
        assert!(shown.contains("<del>") && shown.contains("Tom"), "{shown}");
        assert!(shown.contains("Le texte d’Inès"), "{shown}");
        assert_eq!(
            post(&test, id).await.content.variants[0].text,
            "Le texte de Tom"
        );
        let now = post(&test, id).await.version.to_string();
        send(&ines, "Le texte d’Inès", &now).await.expect(303);
        assert_eq!(
            post(&test, id).await.content.variants[0].text,
            "Le texte d’Inès"
        );
    })
    .await;
}

#[tokio::test]
async fn a_stop_is_lifted_by_a_second_person_with_a_reason_and_never_by_the_author() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let people = [company.ines, company.tom, company.lea];
    let ines = signed_in(&test, company.ines).await;
    let id = write(&ines, &company, "TODO : écrire ce texte", "submit").await;
    let record = post(&test, id).await;
    assert_eq!(record.post.state, PostState::InReview);
    let stops = record.post.missing().stops.clone();
    let rule = stops.iter().next().expect("a stop").clone();
    let digest = record.post.revision.digest.to_string();
    let (approve, waive) = (format!("/posts/{id}/approve"), format!("/posts/{id}/waive"));
    let reason = "C’est le nom de notre jeu, il s’écrit ainsi.";

    let lift = [
        ("digest", digest.as_str()),
        ("rule", rule.as_str()),
        ("reason", reason),
    ];
    ines.post(&approve, &[("digest", &digest)])
        .await
        .expect(409);
    ines.post(&waive, &lift).await.expect(409);
    assert!(
        ines.get(&format!("/posts/{id}"))
            .await
            .expect(200)
            .text()
            .contains("TODO")
    );

    let lea = signed_in(&test, people[2]).await;
    let short = [
        ("digest", digest.as_str()),
        ("rule", rule.as_str()),
        ("reason", "ok"),
    ];
    lea.post(&waive, &short).await.expect(409);
    for rule in &stops {
        let lift = [
            ("digest", digest.as_str()),
            ("rule", rule.as_str()),
            ("reason", reason),
        ];
        lea.post(&waive, &lift).await.expect(303);
    }
    for reviewer in [people[2], people[1]] {
        if post(&test, id).await.post.state == PostState::InReview {
            let browser = signed_in(&test, reviewer).await;
            browser
                .post(&approve, &[("digest", &digest)])
                .await
                .expect(303);
        }
    }
    assert_eq!(post(&test, id).await.post.state, PostState::Approved);
}

#[tokio::test]
async fn an_hour_that_clocks_jump_over_is_explained_and_the_next_save_takes_the_moment_after() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = signed_in(&test, company.ines).await;
    let page = company.page.to_string();
    let at = |date: &'static str, time: &'static str| {
        [
            ("channel", page.clone()),
            ("text", "Au printemps".to_owned()),
            ("lang", "fr".to_owned()),
            ("when", "at".to_owned()),
            ("date", date.to_owned()),
            ("time", time.to_owned()),
            ("do", "save".to_owned()),
        ]
    };
    let send = async |date: &'static str, time: &'static str| {
        let fields = at(date, time);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        ines.post("/posts/new", &fields).await
    };
    let shown = send("2027-03-28", "02:30").await.expect(422).text();
    assert!(shown.contains("value=\"03:30\""), "{shown}");
    let id = led_to(&send("2027-03-28", "03:30").await.expect(303));
    let planned = post(&test, id).await.content.window.not_before.unwrap();
    assert_eq!(planned.to_string(), "2027-03-28T01:30:00Z");
    // Twice that night: which one is asked.
    send("2027-10-31", "02:30").await.expect(422);
}

/// A picture taken in, by its digest.
async fn picture(test: &TestApp, member: MemberId) -> String {
    let row = vigie::media::intake::keep(&test.app, member, png()).await;
    row.unwrap().sha256.to_string()
}

#[tokio::test]
async fn each_page_may_have_other_words_another_link_and_fewer_pictures() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let second = company::page(&test.app, company.ines, "Merlin recrute").await;
    let ines = signed_in(&test, company.ines).await;
    let sha256 = picture(&test, company.ines).await;
    let (one, two) = (company.page.to_string(), second.to_string());
    let alt = format!("alt-{sha256}");
    let (own, own_link) = (format!("own-{two}"), format!("own-link-{two}"));
    let skip = format!("skip-{two}-{sha256}");
    let fields = [
        ("channel", one.as_str()),
        ("channel", &two),
        ("text", "Portes ouvertes samedi"),
        ("link", "https://merlin.example/samedi"),
        ("media", &sha256),
        (&alt, "La boutique"),
        (&own, "Venez nous parler d’un métier samedi"),
        (&own_link, "https://merlin.example/emploi"),
        (&skip, "yes"),
        ("lang", "fr"),
        ("when", "approved"),
        ("do", "save"),
    ];
    let id = led_to(&ines.post("/posts/new", &fields).await.expect(303));
    let kept = post(&test, id).await.content;
    let of = |channel: &str| {
        let found = |v: &&vigie_core::content::Variant| v.channel.to_string() == channel;
        kept.variants.iter().find(found).unwrap()
    };
    assert_eq!(
        of(&one).link.as_deref(),
        Some("https://merlin.example/samedi")
    );
    assert_eq!(
        of(&two).link.as_deref(),
        Some("https://merlin.example/emploi")
    );
    assert_eq!((of(&one).media.len(), of(&two).media.len()), (1, 0));

    // The form gives back what it was given, so that saving it unchanged changes nothing.
    let form = ines
        .get(&format!("/posts/{id}/edit"))
        .await
        .expect(200)
        .text();
    assert!(
        form.contains(&format!("name=\"{skip}\" value=\"yes\" checked")),
        "{form}"
    );
    assert!(
        form.contains("value=\"https://merlin.example/emploi\""),
        "{form}"
    );

    let none = format!("no-link-{two}");
    let mut without: Vec<(&str, &str)> = fields.to_vec();
    without.push((&none, "yes"));
    let version = post(&test, id).await.version.to_string();
    without.push(("version", &version));
    ines.post(&format!("/posts/{id}/edit"), &without)
        .await
        .expect(303);
    let kept = post(&test, id).await.content;
    assert!(kept.variants.iter().any(|v| v.link.is_none()));
    let form = ines
        .get(&format!("/posts/{id}/edit"))
        .await
        .expect(200)
        .text();
    assert!(
        form.contains(&format!("name=\"{none}\" value=\"yes\" checked")),
        "{form}"
    );
}

#[tokio::test]
async fn what_the_form_cannot_hold_is_said_before_it_would_be_lost() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let second = company::page(&test.app, company.ines, "Merlin recrute").await;
    let ines = signed_in(&test, company.ines).await;
    let sha256 = picture(&test, company.ines).await;
    let sha256 = vigie_core::content::Digest::parse(&sha256).unwrap();
    let described = |channel, alt: &str| vigie::post::draft::DraftVariant {
        media: vec![vigie::post::draft::DraftMedia {
            sha256,
            alt: alt.to_owned(),
            decorative: false,
        }],
        ..company::variant(channel, "Portes ouvertes samedi")
    };
    let draft = vigie::post::draft::Draft {
        variants: vec![
            described(company.page, "La boutique"),
            described(second, "L’atelier"),
        ],
        at: None,
    };
    let who = company.who(&test.app, company.ines).await;
    let made = vigie::post::actions::create(&test.app, &who, &draft)
        .await
        .unwrap();
    let form = ines
        .get(&format!("/posts/{}/edit", made.post.id))
        .await
        .text();
    assert!(form.contains("différences entre pages"), "{form}");
}

#[tokio::test]
async fn a_reviewer_sees_all_that_changed_since_they_last_had_it_in_hand() {
    both_engines(|test| async move {
        let company = Company::found(&test.app).await;
        let ines = signed_in(&test, company.ines).await;
        let tom = signed_in(&test, company.tom).await;
        let id = write(&ines, &company, "Nous ouvrons samedi matin", "submit").await;
        let page = format!("/posts/{id}");
        tom.post(&format!("{page}/comment"), &[("text", "Quelle heure ?")])
            .await
            .expect(303);
        for text in ["Nous ouvrons dimanche matin", "Nous ouvrons dimanche soir"] {
            let version = post(&test, id).await.version.to_string();
            let channel = company.page.to_string();
            let fields = [
                ("channel", channel.as_str()),
                ("text", text),
                ("lang", "fr"),
                ("when", "approved"),
                ("version", version.as_str()),
                ("do", "submit"),
            ];
            ines.post(&format!("{page}/edit"), &fields)
                .await
                .expect(303);
        }
        // Two changes lie between what Tom spoke about and now: he sees both, Léa the last one.
        let seen = tom.get(&page).await.expect(200).text();
        assert!(seen.contains("<del>samedi</del>"), "{seen}");
        assert!(seen.contains("<ins>soir</ins>"), "{seen}");
        assert!(seen.contains("version 1 à version 3"), "{seen}");
        let lea = signed_in(&test, company.lea).await;
        let seen = lea.get(&page).await.expect(200).text();
        assert!(
            !seen.contains("<del>samedi</del>") && seen.contains("<ins>soir</ins>"),
            "{seen}"
        );
    })
    .await;
}
