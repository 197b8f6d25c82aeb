#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! The main job without a browser: a draft is checked, approved by a peer, published once, read back; and whatever was
//! changed behind Vigie's back does not go out.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;

use company::Company;
use jiff::SignedDuration;
use vigie::app::App;
use vigie::post::actions::{self, ActionError};
use vigie::publication::worker;
use vigie::testing::{TestApp, both_engines};
use vigie_core::id::PostId;
use vigie_core::post::{PostState, Refusal};
use vigie_core::publication::PublicationState;
use vigie_store::testing::tamper;
use vigie_store::{PostRecord, PublicationRow};

async fn post(app: &App, id: PostId) -> PostRecord {
    app.store.read().await.unwrap().post(id).await.unwrap()
}

async fn publications(app: &App, id: PostId) -> Vec<PublicationRow> {
    app.store
        .read()
        .await
        .unwrap()
        .publications(id)
        .await
        .unwrap()
}

async fn alarms(app: &App) -> Vec<String> {
    let mut kinds: Vec<String> = app
        .store
        .read()
        .await
        .unwrap()
        .alarms_open()
        .await
        .unwrap()
        .into_iter()
        .map(|a| a.kind)
        .collect();
    kinds.sort();
    kinds
}

/// Inès writes, Tom approves.
async fn approved(app: &App, company: &Company, text: &str) -> PostId {
    let (ines, tom) = (
        company.who(app, company.ines).await,
        company.who(app, company.tom).await,
    );
    let record = actions::create(app, &ines, &company.draft(text))
        .await
        .unwrap();
    let id = record.post.id;
    let asked = actions::submit(app, &ines, id).await.unwrap();
    assert_eq!(asked.post.state, PostState::InReview);
    assert!(
        !asked.post.assigned.iter().any(|a| a.member == company.ines),
        "the author is never asked"
    );
    let done = actions::approve(app, &tom, id, asked.post.revision.digest, None)
        .await
        .unwrap();
    assert_eq!(done.post.state, PostState::Approved);
    id
}

#[tokio::test]
async fn a_draft_goes_all_the_way_and_back() {
    both_engines(|test: TestApp| async move {
        let app = &test.app;
        let company = Company::found(app).await;
        let id = approved(app, &company, "Portes ouvertes samedi à l’atelier.").await;
        worker::fast(app).await.unwrap();
        let rows = publications(app, id).await;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].state, PublicationState::Published);
        assert_eq!(post(app, id).await.post.state, PostState::Done);
        let account = "sandbox:atelier-merlin";
        let page = app
            .store
            .read()
            .await
            .unwrap()
            .sandbox_posts(account, None, 10)
            .await
            .unwrap();
        assert_eq!(page.len(), 1);
        assert_eq!(page[0].body.text, "Portes ouvertes samedi à l’atelier.");
        // Another round does not send it again, and reading back finds nothing to say.
        worker::fast(app).await.unwrap();
        test.wait(SignedDuration::from_mins(2));
        worker::slow(app).await.unwrap();
        assert_eq!(alarms(app).await, Vec::<String>::new());
        let tom = company.who(app, company.tom).await;
        actions::take_back(app, &tom, rows[0].id, "La date a changé")
            .await
            .unwrap();
        worker::fast(app).await.unwrap();
        assert_eq!(
            publications(app, id).await[0].state,
            PublicationState::TakenBack
        );
        assert!(
            app.store
                .read()
                .await
                .unwrap()
                .sandbox_posts(account, None, 10)
                .await
                .unwrap()
                .is_empty()
        );
        test.wait(SignedDuration::from_mins(2));
        worker::slow(app).await.unwrap();
        assert_eq!(
            alarms(app).await,
            Vec::<String>::new(),
            "what we took back ourselves is no alarm"
        );
    })
    .await;
}

#[tokio::test]
async fn nobody_approves_what_they_wrote_and_edits_void_approvals() {
    let test = TestApp::new().await;
    let app = &test.app;
    let company = Company::found(app).await;
    let (ines, tom, omar) = (
        company.who(app, company.ines).await,
        company.who(app, company.tom).await,
        company.who(app, company.omar).await,
    );
    let record = actions::create(app, &ines, &company.draft("Bonjour"))
        .await
        .unwrap();
    let id = record.post.id;
    let asked = actions::submit(app, &ines, id).await.unwrap();
    let digest = asked.post.revision.digest;
    let own = actions::approve(app, &ines, id, digest, None).await;
    assert!(matches!(
        own,
        Err(ActionError::Refused(Refusal::OwnContent))
    ));
    let reader = actions::approve(app, &omar, id, digest, None).await;
    assert!(matches!(
        reader,
        Err(ActionError::Refused(Refusal::MayNotReview))
    ));
    // Tom edits: he becomes the last editor, so now he cannot approve either.
    let edited = actions::edit(
        app,
        &tom,
        id,
        asked.version,
        &company.draft("Bonjour à tous"),
    )
    .await
    .unwrap();
    assert_eq!(edited.post.state, PostState::Draft);
    let again = actions::submit(app, &ines, id).await.unwrap();
    let digest = again.post.revision.digest;
    let last_editor = actions::approve(app, &tom, id, digest, None).await;
    assert!(matches!(
        last_editor,
        Err(ActionError::Refused(Refusal::OwnContent))
    ));
    // A page that shows the old text approves nothing.
    let lea = company.who(app, company.lea).await;
    let stale = actions::approve(app, &lea, id, asked.post.revision.digest, None).await;
    assert!(matches!(
        stale,
        Err(ActionError::Refused(Refusal::ContentChanged))
    ));
    assert!(actions::approve(app, &lea, id, digest, None).await.is_ok());
}

#[tokio::test]
async fn a_token_writes_and_never_approves() {
    let test = TestApp::new().await;
    let app = &test.app;
    let company = Company::found(app).await;
    let ines = company.who(app, company.ines).await;
    let record = actions::create(app, &ines, &company.draft("Bonjour"))
        .await
        .unwrap();
    let asked = actions::submit(app, &ines, record.post.id).await.unwrap();
    let token = vigie_core::id::TokenId::new(uuid::Uuid::now_v7());
    let mut conn = app.store.read().await.unwrap();
    let program = vigie::post::who::Who::token(&mut conn, token, company.tom)
        .await
        .unwrap();
    drop(conn);
    let digest = asked.post.revision.digest;
    let refused = actions::approve(app, &program, record.post.id, digest, None).await;
    assert!(matches!(
        refused,
        Err(ActionError::Refused(Refusal::NeedsPerson))
    ));
}

#[tokio::test]
async fn a_suggestion_taken_over_cannot_be_approved_by_its_proposer() {
    let test = TestApp::new().await;
    let app = &test.app;
    let company = Company::found(app).await;
    let (ines, tom) = (
        company.who(app, company.ines).await,
        company.who(app, company.tom).await,
    );
    let id = actions::create(app, &ines, &company.draft("Bonjour"))
        .await
        .unwrap()
        .post
        .id;
    actions::submit(app, &ines, id).await.unwrap();
    let proposal = actions::suggest(
        app,
        &tom,
        id,
        &company.draft("Bonjour à toutes"),
        "plus juste",
    )
    .await
    .unwrap();
    let not_author = actions::accept(app, &company.who(app, company.lea).await, id, proposal).await;
    assert!(matches!(
        not_author,
        Err(ActionError::Refused(Refusal::NotAuthor))
    ));
    actions::accept(app, &ines, id, proposal).await.unwrap();
    let asked = actions::submit(app, &ines, id).await.unwrap();
    assert!(!asked.post.assigned.iter().any(|a| a.member == company.tom));
    let own = actions::approve(app, &tom, id, asked.post.revision.digest, None).await;
    assert!(matches!(
        own,
        Err(ActionError::Refused(Refusal::OwnContent))
    ));
}

/// What somebody with access to the database could change after approval, one byte at a time.
const TAMPERINGS: &[(&str, &str)] = &[
    (
        "text",
        "update revision set content = replace(content, 'samedi', 'samedj')",
    ),
    (
        "account",
        "update revision set content = replace(content, 'sandbox:atelier-merlin', 'sandbox:atelier-merlim')",
    ),
    (
        "account of the channel",
        "update channel set account = 'sandbox:autre'",
    ),
    (
        "link",
        "update revision set content = replace(content, 'https://atelier.example', 'https://atelier.exampla')",
    ),
    (
        "language",
        "update revision set content = replace(content, '\"fr\"', '\"en\"')",
    ),
    (
        "window",
        "update revision set content = replace(content, '\"not_before\":null', '\"not_before\":\"2026-11-24T08:00:00Z\"')",
    ),
    (
        "digest of the revision",
        "update revision set digest = (select zeroes from (select x as zeroes from (select sha256 as x from media limit 1) a) b)",
    ),
    (
        "requirements",
        "update post set requirements = replace(requirements, '\"approvals\":1', '\"approvals\":2')",
    ),
    (
        "alternative text",
        "update revision set content = replace(content, 'Une presse', 'Une presge')",
    ),
    ("bytes of the picture", "update media set bytes = thumb"),
    (
        "approval",
        "update approval set digest = (select sha256 from media limit 1)",
    ),
];

#[tokio::test]
async fn whatever_is_changed_after_approval_does_not_go_out() {
    for (what, sql) in TAMPERINGS {
        let test = TestApp::new().await;
        let app = &test.app;
        let company = Company::found(app).await;
        let (ines, tom) = (
            company.who(app, company.ines).await,
            company.who(app, company.tom).await,
        );
        let mut draft = company.draft("Portes ouvertes samedi.");
        draft.variants[0].link = Some("https://atelier.example".into());
        draft.variants[0].media = vec![picture(app, &company).await];
        let id = actions::create(app, &ines, &draft).await.unwrap().post.id;
        let asked = actions::submit(app, &ines, id).await.unwrap();
        actions::approve(app, &tom, id, asked.post.revision.digest, None)
            .await
            .unwrap();
        tamper(&app.store, sql).await;
        worker::fast(app).await.unwrap();
        let rows = publications(app, id).await;
        assert_eq!(rows[0].state, PublicationState::Refused, "{what}");
        assert_eq!(rows[0].error_code.as_deref(), Some("tampered"), "{what}");
        assert_eq!(alarms(app).await, ["tampered"], "{what}");
        let page = app
            .store
            .read()
            .await
            .unwrap()
            .sandbox_posts("sandbox:atelier-merlin", None, 10)
            .await
            .unwrap();
        assert!(page.is_empty(), "{what} went out");
    }
}

async fn picture(app: &App, company: &Company) -> vigie::post::draft::DraftMedia {
    use sha2::Digest as _;
    let bytes = b"the exact bytes of a picture".as_slice();
    let sha256 = vigie_core::content::Digest(sha2::Sha256::digest(bytes).into());
    let new = vigie_store::NewMedia {
        id: vigie_core::id::MediaId::new(uuid::Uuid::now_v7()),
        sha256,
        mime: "image/png",
        width: 8,
        height: 8,
        bytes,
        thumb: b"thumb",
        owner: company.ines,
    };
    let mut tx = app.store.begin().await.unwrap();
    tx.media_add(new, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    vigie::post::draft::DraftMedia {
        sha256,
        alt: "Une presse".into(),
        decorative: false,
    }
}

#[tokio::test]
async fn what_vigie_did_not_put_on_the_page_is_an_alarm() {
    both_engines(|test: TestApp| async move {
        let app = &test.app;
        let company = Company::found(app).await;
        let account = "sandbox:atelier-merlin";
        let said = |text: &str| vigie_store::SandboxBody {
            text: text.into(),
            link: None,
            langs: vec![],
            media: vec![],
            warning: None,
            repliers: vigie_core::content::Repliers::Everyone,
            reply_to: None,
        };
        let outside = async |key: &str, text: &str| {
            let body = said(text);
            let id = vigie::sandbox::connector::content_id(&body);
            let mut tx = app.store.begin().await.unwrap();
            tx.sandbox_put(account, key, &body, &id, app.clock.now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        let read = async || {
            test.wait(SignedDuration::from_mins(2));
            worker::slow(app).await.unwrap();
        };
        outside("old", "There before Vigie came").await;
        read().await;
        assert_eq!(alarms(app).await, Vec::<String>::new());
        let first = approved(app, &company, "Un").await;
        let second = approved(app, &company, "Deux").await;
        worker::fast(app).await.unwrap();
        read().await;
        assert_eq!(alarms(app).await, Vec::<String>::new());

        outside("foreign", "Not ours").await;
        let (edited, deleted) = (
            publications(app, first).await[0].remote_key.clone(),
            publications(app, second).await[0].remote_key.clone(),
        );
        let mut tx = app.store.begin().await.unwrap();
        let body = said("Changed by somebody");
        let id = vigie::sandbox::connector::content_id(&body);
        tx.sandbox_edit(account, &edited, &body, &id, app.clock.now())
            .await
            .unwrap();
        assert!(tx.sandbox_delete(account, &deleted).await.unwrap());
        tx.commit().await.unwrap();
        read().await;
        assert_eq!(alarms(app).await, ["deleted", "edited", "foreign"]);
        // Seen once is said once.
        read().await;
        assert_eq!(alarms(app).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_window_that_passed_gives_the_post_back() {
    let test = TestApp::new().await;
    let app = &test.app;
    let company = Company::found(app).await;
    let (ines, tom) = (
        company.who(app, company.ines).await,
        company.who(app, company.tom).await,
    );
    let at = app
        .clock
        .now()
        .checked_add(SignedDuration::from_hours(1))
        .unwrap();
    let id = actions::create(app, &ines, &company.draft_at("À l’heure", at))
        .await
        .unwrap()
        .post
        .id;
    let asked = actions::submit(app, &ines, id).await.unwrap();
    actions::approve(app, &tom, id, asked.post.revision.digest, None)
        .await
        .unwrap();
    worker::fast(app).await.unwrap();
    assert_eq!(
        publications(app, id).await[0].state,
        PublicationState::Ready,
        "not before its time"
    );
    test.wait(SignedDuration::from_hours(26));
    worker::fast(app).await.unwrap();
    assert_eq!(
        publications(app, id).await[0].state,
        PublicationState::Lapsed
    );
    assert_eq!(post(app, id).await.post.state, PostState::Draft);
    let late = actions::submit(app, &ines, id).await;
    assert!(matches!(late, Err(ActionError::WindowPassed)));
}

#[tokio::test]
async fn an_unanswered_review_is_offered_to_one_more_peer_at_a_time() {
    let test = TestApp::new().await;
    let app = &test.app;
    let company = Company::found(app).await;
    let ines = company.who(app, company.ines).await;
    let id = actions::create(app, &ines, &company.draft("Bonjour"))
        .await
        .unwrap()
        .post
        .id;
    actions::submit(app, &ines, id).await.unwrap();
    worker::slow(app).await.unwrap();
    assert_eq!(post(app, id).await.post.assigned.len(), 1);
    test.wait(SignedDuration::from_hours(5));
    worker::slow(app).await.unwrap();
    let asked = post(app, id).await.post.assigned;
    assert_eq!(asked.len(), 2);
    assert!(
        asked
            .iter()
            .all(|a| [company.tom, company.lea].contains(&a.member))
    );
    test.wait(SignedDuration::from_hours(5));
    worker::slow(app).await.unwrap();
    assert_eq!(
        post(app, id).await.post.assigned.len(),
        2,
        "nobody is left to ask"
    );
}

#[tokio::test]
async fn no_token_leaves_the_vault() {
    let test = TestApp::new().await;
    let app = &test.app;
    let company = Company::found(app).await;
    approved(app, &company, "Bonjour").await;
    worker::fast(app).await.unwrap();
    let mut conn = app.store.read().await.unwrap();
    let channel = conn.channel(company.page).await.unwrap();
    assert!(!format!("{channel:?}").contains("canary"));
    let secret = conn.secret(channel.secret.unwrap()).await.unwrap();
    assert!(!String::from_utf8_lossy(&secret.envelope).contains("canary"));
    let key = app.vault.to_text();
    let (_, key) = key.trim().split_once(':').unwrap();
    assert!(!format!("{:?}", app.vault).contains(key), "no key in Debug");
}

/// What is on the sandbox page.
async fn on_page(app: &App) -> usize {
    let mut conn = app.store.read().await.unwrap();
    let page = conn.sandbox_posts("sandbox:atelier-merlin", None, 10);
    page.await.unwrap().len()
}

/// As after a crash in the middle of a call: the outcome is unknown, and it is time to look.
const UNKNOWN: &str = "update publication set state = 'unknown', tries = 1, next_try_at = 0, \
                       published_at = null, settled_at = null, remote_id = null, url = null";

#[tokio::test]
async fn what_was_withdrawn_on_its_way_is_not_sent_again() {
    both_engines(|test| async move {
        let app = &test.app;
        let company = Company::found(app).await;
        let (ines, tom) = (
            company.who(app, company.ines).await,
            company.who(app, company.tom).await,
        );
        let id = approved(app, &company, "Bonjour").await;
        tamper(&app.store, UNKNOWN).await;
        actions::withdraw(app, &ines, id).await.unwrap();
        // It is edited and approved again before anybody knows what became of the first version.
        let draft = company.draft("Bonjour à tous");
        let version = post(app, id).await.version;
        actions::edit(app, &ines, id, version, &draft)
            .await
            .unwrap();
        let asked = actions::submit(app, &ines, id).await.unwrap();
        actions::approve(app, &tom, id, asked.post.revision.digest, None)
            .await
            .unwrap();
        assert_eq!(
            publications(app, id).await.len(),
            1,
            "one at a time on a page"
        );
        worker::fast(app).await.unwrap();
        worker::fast(app).await.unwrap();
        let rows = publications(app, id).await;
        let states: Vec<_> = rows.iter().map(|r| r.state).collect();
        assert_eq!(
            states,
            [PublicationState::Cancelled, PublicationState::Published]
        );
        assert!(alarms(app).await.is_empty(), "{:?}", alarms(app).await);
        assert_eq!(on_page(app).await, 1);
        assert_eq!(post(app, id).await.post.state, PostState::Done);
    })
    .await;
}

#[tokio::test]
async fn what_went_out_although_withdrawn_is_said() {
    both_engines(|test| async move {
        let app = &test.app;
        let company = Company::found(app).await;
        let ines = company.who(app, company.ines).await;
        let id = approved(app, &company, "Bonjour").await;
        worker::fast(app).await.unwrap();
        assert_eq!(on_page(app).await, 1);
        tamper(&app.store, UNKNOWN).await;
        tamper(&app.store, "update post set state = 'approved'").await;
        actions::withdraw(app, &ines, id).await.unwrap();
        worker::fast(app).await.unwrap();
        let rows = publications(app, id).await;
        assert_eq!(rows[0].state, PublicationState::Published);
        assert!(rows[0].url.is_some());
        let mut conn = app.store.read().await.unwrap();
        let said = conn.comments(id).await.unwrap();
        assert!(
            said.iter()
                .any(|c| c.body == "post-said-out-though-withdrawn")
        );
        drop(conn);
        actions::take_back(app, &ines, rows[0].id, "Trop tôt")
            .await
            .unwrap();
        worker::fast(app).await.unwrap();
        assert_eq!(on_page(app).await, 0);
        assert!(alarms(app).await.is_empty());
    })
    .await;
}
