#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! The main job as people do it: the real program, a real browser, a passkey, a real Bluesky server, in both languages.
//!
//! Pictures of each page are left in `target/looks`.

#[path = "support/browser.rs"]
mod browser;
#[allow(dead_code, reason = "the other stories use the rest")]
#[path = "support/server.rs"]
mod server;

use std::path::Path;

use browser::{Browser, Width};
use jiff::Timestamp;
use serde_json::Value;
use server::{Server, Start};
use vigie::account::code;
use vigie::demo;
use vigie_connect::testing::Pds;

const PASSWORD: &str = "a lighthouse sees far";

/// A code that has not been used yet: waits for the next half minute when it must.
async fn fresh_code(secret: &[u8], last: &mut i64) -> String {
    loop {
        let step = Timestamp::now().as_second() / 30;
        if step > *last {
            *last = step;
            return code::code_at(secret, Timestamp::now()).unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
}

/// The authenticator's secret, typed off the page as a person would.
fn typed(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for c in text.bytes().filter(|c| !c.is_ascii_whitespace()) {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|l| *l == c)
            .unwrap();
        bits = (bits << 5) | u32::try_from(value).unwrap();
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from((bits >> held) & 255).unwrap());
        }
    }
    out
}

/// Name, sign-in name, password, then the authenticator; ends on the recovery codes.
async fn enrol(page: &Browser, name: &str, login: &str) -> (Vec<u8>, i64) {
    page.fill("#name", name).await;
    page.fill("#login", login).await;
    page.fill("#password", PASSWORD).await;
    page.click("form[method=post].card .button.primary").await;
    let secret = typed(&page.find("code.secret").await.text().await.unwrap());
    let mut last = 0;
    let code = fresh_code(&secret, &mut last).await;
    page.fill("#code", &code).await;
    page.click("form[method=post].card .button.primary").await;
    page.find("#recovery-codes").await;
    (secret, last)
}

/// Presses what leads to another page, and waits until that page is there: going on at once would race it.
async fn submit(page: &Browser, css: &str) {
    page.leave(css).await;
}

/// The id of the page that the composer shows under this name.
async fn page_named(page: &Browser, name: &str) -> String {
    let script = "return [...document.querySelectorAll('input[name=channel]')]\
                  .find(box => box.closest('label').textContent.includes(arguments[0])).value";
    let found = page.driver().execute(script, vec![name.into()]).await;
    found.unwrap().convert().unwrap()
}

/// A photograph, as far as the program can tell.
fn photo(path: &Path) {
    image::RgbImage::from_fn(960, 540, |x, y| {
        let beam = y.abs_diff(200) * 3 < x;
        let [r, g, b] = if beam { [242, 176, 86] } else { [30, 62, 94] };
        let dusk = u8::try_from(y / 12).unwrap();
        image::Rgb([r + dusk / 4, g + dusk, b + dusk])
    })
    .save(path)
    .unwrap();
}

/// What the facets of a record mark in its text, and what each makes of it.
fn facets(record: &Value) -> Vec<(&str, &str)> {
    let text = record["text"].as_str().unwrap();
    let facets = record["facets"].as_array().unwrap().iter();
    facets
        .map(|facet| {
            let at = |end: &str| usize::try_from(facet["index"][end].as_u64().unwrap()).unwrap();
            let feature = &facet["features"][0];
            let what = ["did", "uri", "tag"]
                .iter()
                .find_map(|of| feature[of].as_str());
            (&text[at("byteStart")..at("byteEnd")], what.unwrap())
        })
        .collect()
}

/// From nothing to a post on two networks: two people, pages that a second person confirms, a passkey's seal, a pause.
async fn main_job(lang: &str) {
    let Some(pds) = Pds::shared() else {
        println!("VIGIE_TEST_PDS=off: this story was not told");
        return;
    };
    let in_words = |fr: &'static str, en: &'static str| if lang == "fr" { fr } else { en };
    let (account, partner) = (pds.member("merlin").await, pds.member("moulin").await);
    let data = tempfile::tempdir().unwrap();
    let start = Start {
        env: vec![
            ("VIGIE_ALLOWED_PRIVATE".to_owned(), pds.address().to_owned()),
            ("VIGIE_FOLLOW_LINKS".to_owned(), "off".to_owned()),
        ],
        ..Start::default()
    };
    let mut server = Server::start(data.path(), start).await;
    let url = server.url.clone();

    let ines = Browser::open(lang).await;
    ines.go(&url).await;
    ines.fill("#organisation", "Atelier Merlin").await;
    ines.axe("setup").await;
    enrol(&ines, "Inès Caron", "ines").await;

    // The second member comes by a link.
    ines.go(&format!("{url}/members")).await;
    ines.axe("members").await;
    ines.fill("#name", "Tom Baker").await;
    submit(&ines, "form[action='/members/invite'] .button.primary").await;
    let link = ines.find("#invite-link").await.text().await.unwrap();
    let tom = Browser::open(lang).await;
    tom.plug_in_passkey().await;
    tom.go(&link).await;
    enrol(&tom, "Tom Baker", "tom").await;
    tom.go(&format!("{url}/me")).await;
    tom.axe("me").await;
    tom.click("#passkey-add").await;
    tom.find("form[action^='/me/passkeys/']").await;

    // Two pages, one of them on a real network: one asks, the other confirms.
    ines.go(&format!("{url}/channels")).await;
    ines.axe("channels").await;
    ines.click("#connect-sandbox > summary").await;
    ines.fill("#sandbox-identifier", "Atelier Merlin").await;
    submit(&ines, "form[action$='/connect/sandbox'] .button").await;
    ines.click("#connect-bluesky > summary").await;
    ines.axe("channels, a network opened").await;
    ines.fill("#bluesky-identifier", &account.handle).await;
    ines.fill("#bluesky-secret", &account.app_password).await;
    ines.fill("#bluesky-service", &pds.url).await;
    submit(&ines, "form[action$='/connect/bluesky'] .button").await;
    ines.find("li .badge.pending").await;
    ines.go(&format!("{url}/changes")).await;
    assert!(
        !ines.has("form[action$='/confirm']").await,
        "nobody confirms what they prepared"
    );
    tom.go(&format!("{url}/changes")).await;
    tom.axe("changes").await;
    tom.look(&format!("changes-{lang}")).await;
    for _ in 0..2 {
        submit(&tom, "form[action$='/confirm'] .button").await;
    }
    ines.go(&format!("{url}/channels")).await;
    ines.find("li:has(.badge.connected) ~ li:has(.badge.connected)")
        .await;
    let page = ines.text().await;
    assert!(page.contains(&account.handle) && !page.contains(&account.app_password));
    ines.axe("channels, connected").await;
    ines.look(&format!("channels-{lang}")).await;
    ines.width(Width::Phone).await;
    assert!(!ines.overflows().await, "the pages' page fits a phone");
    ines.look(&format!("channels-{lang}-phone")).await;
    // A network where nobody registered Vigie, opened: long names fit too.
    ines.click("#connect-facebook > summary").await;
    assert!(!ines.overflows().await, "a network opened fits a phone");
    ines.axe("channels, a network to register at").await;
    ines.look(&format!("channels-open-{lang}-phone")).await;
    for (path, form) in [
        ("chat", Some("#open-slack > summary")),
        ("inbox", None),
        ("outside", None),
    ] {
        ines.width(Width::Desktop).await;
        ines.go(&format!("{url}/{path}")).await;
        if let Some(summary) = form {
            ines.click(summary).await;
        }
        ines.axe(path).await;
        ines.look(&format!("{path}-{lang}")).await;
        ines.width(Width::Phone).await;
        assert!(!ines.overflows().await, "{path} fits a phone");
        ines.look(&format!("{path}-{lang}-phone")).await;
    }
    ines.width(Width::Desktop).await;

    // A draft for both, with a slip; the finding comes while typing, its words are mended.
    ines.go(&format!("{url}/posts/new")).await;
    let bluesky = page_named(&ines, &account.handle).await;
    let sandbox = page_named(&ines, "Atelier Merlin").await;
    for page in [&bluesky, &sandbox] {
        let tick = format!("input[name=channel][value='{page}']");
        if !ines.find(&tick).await.is_selected().await.unwrap() {
            ines.click(&tick).await;
        }
    }
    ines.fill("#text", "Bonjour {{nom}}, portes ouvertes samedi.")
        .await;
    ines.find("#live .finding-card.stop").await;
    ines.axe("composer").await;
    ines.look(&format!("composer-{lang}")).await;
    ines.width(Width::Phone).await;
    assert!(!ines.overflows().await, "the composer fits a phone");
    ines.look(&format!("composer-{lang}-phone")).await;
    ines.width(Width::Desktop).await;
    let text = in_words(
        "Bonjour à tous, portes ouvertes samedi.",
        "Good morning, our doors are open on Saturday.",
    );
    ines.fill("#text", text).await;

    // Other words for Bluesky, where a mention, a link and a tag mean something, and a picture for both.
    let (mention, link) = (
        format!("@{}", partner.handle),
        "https://atelier-merlin.example/visite",
    );
    let (tag, alt) = (
        in_words("#PortesOuvertes", "#OpenDoors"),
        in_words("Le phare au crépuscule", "The lighthouse at dusk"),
    );
    let own = in_words(
        "Samedi, l’atelier s’ouvre à tous",
        "Doors open on Saturday 🎉",
    );
    let own = format!("{own}, {mention} : {link} {tag}");
    ines.click(&format!("details:has(#own-{bluesky}) summary"))
        .await;
    ines.fill(&format!("#own-{bluesky}"), &own).await;
    let picture = tempfile::tempdir().unwrap();
    let picture = picture.path().join("phare.png");
    photo(&picture);
    ines.attach("#file", &picture).await;
    ines.fill("input[name^='alt-']", alt).await;
    ines.find(&format!("#live .preview-media img[alt='{alt}']"))
        .await;
    let shown = ines.find("#live").await.text().await.unwrap();
    assert!(shown.contains(text) && shown.contains(&own), "{shown}");
    assert!(
        shown.contains("Bluesky") && shown.contains("Sandbox"),
        "{shown}"
    );
    let linked = ines.texts("#live .facet").await;
    assert_eq!(linked, [mention.as_str(), link, tag]);
    assert!(!ines.has("#live .finding-card").await, "{shown}");
    ines.axe("composer, two pages").await;
    ines.look(&format!("composer-bluesky-{lang}")).await;
    ines.width(Width::Phone).await;
    assert!(!ines.overflows().await, "two pages fit a phone");
    ines.look(&format!("composer-bluesky-{lang}-phone")).await;
    ines.width(Width::Desktop).await;

    // A colleague is asked.
    submit(&ines, "#compose button[value=submit]").await;
    ines.find(".badge.in_review").await;
    assert!(
        !ines.has("#approve").await,
        "the author has no button to approve"
    );

    // Tom reviews on a phone and seals with his passkey.
    tom.width(Width::Phone).await;
    tom.go(&url).await;
    tom.axe("home").await;
    submit(&tom, "a.open[href^='/posts/']").await;
    tom.find("form#approve[data-seal]").await;
    assert!(!tom.overflows().await, "the review fits a phone");
    tom.axe("review").await;
    tom.look(&format!("review-{lang}-phone")).await;
    submit(&tom, "#approve .button").await;
    tom.find(".badge.approved, .badge.done").await;
    let post = tom.driver().current_url().await.unwrap().to_string();

    // It is on the page, read by anybody.
    let reader = Browser::open(lang).await;
    reader.go(&format!("{url}/sandbox/atelier-merlin")).await;
    reader.until_text(text, 20).await;
    reader.axe("sandbox").await;

    // And it is on Bluesky, word for word, with what its words lead to.
    tom.go(&post).await;
    let both = |state| format!("li:has(.badge.{state}) ~ li:has(.badge.{state})");
    tom.until(&both("published"), 20).await;
    let records = pds.posts(&account.did).await;
    let [record] = records.as_slice() else {
        panic!("one post, not {records:?}");
    };
    let (key, value) = (record["uri"].as_str().unwrap(), &record["value"]);
    assert_eq!(value["text"], own.as_str());
    let leads = [
        (mention.as_str(), partner.did.as_str()),
        (link, link),
        (tag, tag.trim_start_matches('#')),
    ];
    assert_eq!(facets(value), leads);
    assert_eq!(value["langs"], serde_json::json!([lang]));
    assert_eq!(value["embed"]["images"][0]["alt"], alt);
    let live = tom.find("a[href^='https://bsky.app/']").await;
    let key = key.rsplit('/').next().unwrap();
    assert_eq!(
        live.attr("href").await.unwrap().unwrap(),
        format!("https://bsky.app/profile/{}/post/{key}", account.did)
    );
    assert!(!tom.overflows().await, "what became of it fits a phone");
    tom.axe("outcome").await;
    tom.look(&format!("outcome-{lang}-phone")).await;
    tom.width(Width::Desktop).await;
    tom.axe("outcome, desktop").await;
    tom.look(&format!("outcome-{lang}")).await;

    // Anyone pauses; it takes two to go on.
    submit(&ines, "form[action='/pause'] button").await;
    ines.find(".pause-banner").await;
    submit(&ines, "form[action='/pause/resume'] button").await;
    assert!(!ines.has("form[action='/pause/confirm']").await);
    tom.go(&format!("{url}/pause")).await;
    tom.axe("pause").await;
    submit(&tom, "form[action='/pause/confirm'] button").await;

    // Taken back: gone from both pages.
    let reason = in_words("La date a changé", "The date has changed");
    for _ in 0..2 {
        tom.go(&post).await;
        tom.click("li:has(.badge.published) summary").await;
        tom.fill("li:has(.badge.published) input[name=reason]", reason)
            .await;
        submit(&tom, "li:has(.badge.published) form .button").await;
    }
    tom.until(&both("taken_back"), 20).await;
    assert!(tom.text().await.contains(reason), "why is kept beside it");
    assert!(!tom.has("a[href^='https://bsky.app/']").await);
    tom.axe("taken back").await;
    tom.look(&format!("taken-back-{lang}")).await;
    assert_eq!(pds.posts(&account.did).await, Vec::<Value>::new());
    reader.go(&format!("{url}/sandbox/atelier-merlin")).await;
    assert!(!reader.text().await.contains(text));

    // Signed out, and in again with the passkey alone.
    tom.go(&format!("{url}/me")).await;
    tom.driver()
        .execute(
            "document.querySelector(\"form[action='/sign-out']\").submit()",
            vec![],
        )
        .await
        .unwrap();
    tom.find("#passkey-sign-in").await;
    tom.axe("sign-in").await;
    tom.click("#passkey-sign-in").await;
    tom.find("nav.places").await;

    for (path, name) in [
        ("/calendar", "calendar"),
        ("/calendar?view=week", "week"),
        ("/posts", "posts"),
        ("/alarms", "alarms"),
    ] {
        tom.go(&format!("{url}{path}")).await;
        tom.axe(name).await;
        tom.width(Width::Phone).await;
        assert!(!tom.overflows().await, "{name} fits a phone");
        tom.width(Width::Desktop).await;
    }

    // The log proves itself on another machine, the passkey's seal included.
    server.kill();
    let log = data.path().join("log.jsonl");
    let vigie = |args: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_vigie"))
            .args(args)
            .env("VIGIE_PUBLIC_URL", &url)
            .env("LANG", "en")
            .output()
            .unwrap()
    };
    let folder = data.path().display().to_string();
    let file = log.display().to_string();
    let exported = vigie(&["audit", "export", "--data", &folder, "--out", &file]);
    assert!(
        exported.status.success(),
        "{}",
        String::from_utf8_lossy(&exported.stderr)
    );
    let proof = vigie(&["audit", "verify", &file, "--format", "json"]);
    let proof: serde_json::Value = serde_json::from_slice(&proof.stdout).unwrap();
    assert_eq!(
        (proof["verdict"].as_str(), proof["evidence"].as_u64()),
        (Some("intact"), Some(1))
    );
    for browser in [ines, tom, reader] {
        browser.close().await;
    }
}

#[tokio::test]
async fn the_main_job_in_french() {
    main_job("fr").await;
}

#[tokio::test]
async fn the_main_job_in_english() {
    main_job("en").await;
}

/// The pictures of the README, from the example company: light and dark, desktop and phone.
#[tokio::test]
async fn the_example_company_is_worth_a_look() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(
        folder.path(),
        Start {
            demo: true,
            ..Start::default()
        },
    )
    .await;
    let url = server.url.clone();
    let page = Browser::open("en").await;
    page.go(&format!("{url}/sign-in")).await;
    page.fill("#login", "grace").await;
    page.fill("#password", demo::PASSWORD).await;
    let mut last = 0;
    let code = fresh_code(demo::AUTHENTICATOR, &mut last).await;
    page.fill("#code", &code).await;
    page.click("form[action='/sign-in'] .button.primary").await;
    page.find("nav.places").await;
    page.axe("home").await;
    page.look("home").await;
    page.go(&format!("{url}/calendar")).await;
    page.look("calendar").await;
    page.scheme(true).await;
    page.axe("calendar, dark").await;
    page.look("calendar-dark").await;
    page.scheme(false).await;
    page.go(&format!("{url}/posts?q=Feuille")).await;
    page.click("a.open[href^='/posts/']").await;
    page.find("#approve").await;
    page.axe("review").await;
    page.look("review").await;
    // Approving works without any script.
    page.scripts(false).await;
    page.click("#approve .button").await;
    page.find(".notice.good").await;
    page.scripts(true).await;
    page.go(&format!("{url}/posts/new")).await;
    page.click("input[name=channel]").await;
    page.fill(
        "#text",
        "Hello {{name}}, our new tea is 100% natural. Monday 3 December, doors open at 9 am.",
    )
    .await;
    page.find("#live .finding-card").await;
    page.look("composer").await;
    page.close().await;
}
