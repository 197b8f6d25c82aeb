#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! The log leaves the machine and is proven elsewhere; the vault's keys change and come back.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/pages.rs"]
mod pages;

use std::process::{Command, Output};

use company::Company;
use vigie::app::App;
use vigie::clock::SystemClock;
use vigie::config::{Config, Layer};
use vigie::post::actions;
use vigie::publication::worker;
use vigie::testing::TestApp;
use vigie_core::member::Lang;

async fn app(data: &std::path::Path) -> App {
    let flags = Layer::from([("data".to_owned(), data.display().to_string())]);
    let config = Config::load(None, std::iter::empty(), flags).unwrap();
    App::open(config, std::sync::Arc::new(SystemClock))
        .await
        .unwrap()
}

fn vigie(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(args)
        .env("LANG", "en")
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn a_log_is_exported_and_proven_offline_and_an_altered_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let app = app(&data).await;
    let company = Company::found(&app).await;
    let (ines, tom) = (
        company.who(&app, company.ines).await,
        company.who(&app, company.tom).await,
    );
    let id = actions::create(&app, &ines, &company.draft("Bonjour"))
        .await
        .unwrap()
        .post
        .id;
    let asked = actions::submit(&app, &ines, id).await.unwrap();
    actions::approve(&app, &tom, id, asked.post.revision.digest, None)
        .await
        .unwrap();
    worker::fast(&app).await.unwrap();
    app.store.close().await;

    let file = folder.path().join("log.jsonl");
    let (data, path) = (data.display().to_string(), file.display().to_string());
    let exported = vigie(&["audit", "export", "--data", &data, "--out", &path]);
    assert!(exported.status.success(), "{}", text(&exported));
    let intact = vigie(&["audit", "verify", &path]);
    assert_eq!(intact.status.code(), Some(0), "{}", text(&intact));
    let log = std::fs::read_to_string(&file).unwrap();
    assert!(
        log.contains("\"act\":\"post.approve\"") && log.contains("\"act\":\"publication.outcome\"")
    );
    assert!(
        !log.contains("Bonjour") && !log.contains("Inès"),
        "no text and no name in the log"
    );

    std::fs::write(&file, log.replacen("post.approve", "post.archive", 1)).unwrap();
    let altered = vigie(&["audit", "verify", &path]);
    assert_eq!(altered.status.code(), Some(1));
    assert!(
        text(&altered).contains("Entry 2 was changed."),
        "{}",
        text(&altered)
    );
    // Hashes without a signature prove nothing: anybody can compute them.
    let unsigned: Vec<&str> = log
        .lines()
        .filter(|line| !line.starts_with("{\"checkpoint\""))
        .collect();
    std::fs::write(&file, unsigned.join("\n") + "\n").unwrap();
    let unsigned = vigie(&["audit", "verify", &path]);
    assert_eq!(unsigned.status.code(), Some(1), "{}", text(&unsigned));
    assert!(text(&unsigned).contains("No signature covers entry 0"));
    std::fs::write(&file, "not a log\n").unwrap();
    assert_eq!(vigie(&["audit", "verify", &path]).status.code(), Some(2));
}

#[tokio::test]
async fn root_keys_rotate_and_come_back_from_shares() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = app(&data).await;
    let company = Company::found(&first).await;
    first.store.close().await;
    let dir = data.display().to_string();
    let key = data.join("keys/vault.key");
    let before = std::fs::read_to_string(&key).unwrap();
    let rotated = vigie(&["vault", "rotate", "--data", &dir]);
    assert!(rotated.status.success(), "{}", text(&rotated));
    let after = std::fs::read_to_string(&key).unwrap();
    assert_ne!(before, after);
    assert_eq!(after.lines().count(), 1, "the old key is gone");
    assert!(
        !text(&rotated).contains(after.trim().split_once(':').unwrap().1),
        "the key is never shown"
    );

    let shares = folder.path().join("shares").display().to_string();
    let split = vigie(&[
        "vault", "escrow", "--data", &dir, "--needed", "2", "--people", "3", "--out", &shares,
    ]);
    assert!(split.status.success(), "{}", text(&split));
    std::fs::remove_file(&key).unwrap();
    let one = format!("{shares}/share-1.txt");
    let three = format!("{shares}/share-3.txt");
    let few = vigie(&["vault", "recover", "--data", &dir, &one]);
    assert_eq!(few.status.code(), Some(2));
    let enough = vigie(&["vault", "recover", "--data", &dir, &one, &three]);
    assert!(enough.status.success(), "{}", text(&enough));
    assert_eq!(std::fs::read_to_string(&key).unwrap(), after);

    // The channel's token still opens.
    let again = app(&data).await;
    let mut conn = again.store.read().await.unwrap();
    let secret = conn.channel(company.page).await.unwrap().secret.unwrap();
    assert!(
        vigie::vault::take(&mut conn, &again.vault, secret)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_page_shows_the_log_and_proves_it() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    for (lang, began, intact, altered) in [
        (
            "en",
            "Draft begun",
            "The log is intact",
            "The log was altered",
        ),
        (
            "fr",
            "Brouillon commencé",
            "Le journal est intact",
            "Le journal a été altéré",
        ),
    ] {
        let speaks = if lang == "fr" { Lang::Fr } else { Lang::En };
        let mut tx = test.app.store.begin().await.unwrap();
        tx.set_member_lang(company.ines, speaks).await.unwrap();
        tx.commit().await.unwrap();
        let ines = pages::signed_in(&test, company.ines, lang).await;
        let post = company.who(&test.app, company.ines).await;
        let id = actions::create(&test.app, &post, &company.draft("Bonjour"))
            .await
            .unwrap()
            .post
            .id;
        let page = ines.get("/audit").await.expect(200).text();
        assert!(page.contains(began) && page.contains(&format!("/posts/{id}")));
        // Only this post; only one kind; there is no choice by person.
        let one = ines.get(&format!("/audit?object=post/{id}")).await.text();
        assert_eq!(one.matches("id=\"entry-").count(), 1);
        let none = ines.get("/audit?kind=vault").await.expect(200).text();
        assert_eq!(none.matches("id=\"entry-").count(), 0);
        assert!(!page.contains("name=\"member\""));
        let proof = ines.post("/audit/verify", &[]).await.expect(200).text();
        assert!(proof.contains(intact), "{proof}");
        let export = ines.get("/audit/export").await.expect(200);
        assert!(
            export
                .header("content-disposition")
                .contains("vigie-audit.jsonl")
        );

        if lang == "en" {
            continue;
        }
        let sql = "update audit_entry set act = 'post.submit' where act = 'post.create'";
        vigie_store::testing::tamper(&test.app.store, sql).await;
        let proof = ines.post("/audit/verify", &[]).await.expect(200).text();
        assert!(proof.contains(altered), "{proof}");
    }
}

#[tokio::test]
async fn a_long_log_is_paged() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = pages::signed_in(&test, company.ines, "en").await;
    let who = company.who(&test.app, company.ines).await;
    for n in 0..60 {
        let draft = company.draft(&format!("Bonjour {n}"));
        actions::create(&test.app, &who, &draft).await.unwrap();
    }
    let first = ines.get("/audit?kind=post").await.text();
    assert_eq!(first.matches("id=\"entry-").count(), 50);
    let before = first.split("before=").nth(1).unwrap();
    let before: String = before.chars().take_while(char::is_ascii_digit).collect();
    let second = ines
        .get(&format!("/audit?kind=post&before={before}"))
        .await
        .text();
    assert_eq!(second.matches("id=\"entry-").count(), 10);
}
