//! `vigie demo`: the program on a throw-away folder, with an example company in the middle of its work. Everything in
//! it was done the way the pages do it; nothing is faked but the people.

pub mod cli;

use std::collections::BTreeSet;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use uuid::Uuid;
use vigie_core::content::Platform;
use vigie_core::id::{ChannelId, MemberId, PostId, SecretId};
use vigie_core::member::{Lang, Role, Skill};
use vigie_core::vault::{Fresh, Label};
use vigie_store::{NewChannel, NewMember, Organisation, Settings};

use crate::account::{code, password};
use crate::app::App;
use crate::post::actions;
use crate::post::draft::{Draft, DraftVariant};
use crate::post::who::Who;
use crate::vault;

/// The password of everybody in the example.
pub const PASSWORD: &str = "a lighthouse sees far";
/// The authenticator secret of everybody in the example: its code is printed while the demo runs.
pub const AUTHENTICATOR: &[u8; 20] = b"vigie-demo-company!!";

struct Person {
    login: &'static str,
    name: &'static str,
    role: Role,
    reviewer: bool,
    skills: &'static [Skill],
    lang: Lang,
}

const PEOPLE: [Person; 6] = [
    Person {
        login: "elodie",
        name: "Élodie Marchand",
        role: Role::Steward,
        reviewer: true,
        skills: &[Skill::Communication],
        lang: Lang::Fr,
    },
    Person {
        login: "tom",
        name: "Tom Whitfield",
        role: Role::Writer,
        reviewer: true,
        skills: &[],
        lang: Lang::En,
    },
    Person {
        login: "ines",
        name: "Inès Belkacem",
        role: Role::Writer,
        reviewer: true,
        skills: &[Skill::Legal],
        lang: Lang::Fr,
    },
    Person {
        login: "hugo",
        name: "Hugo Le Goff",
        role: Role::Writer,
        reviewer: true,
        skills: &[Skill::Security],
        lang: Lang::Fr,
    },
    Person {
        login: "grace",
        name: "Grace Okafor",
        role: Role::Steward,
        reviewer: true,
        skills: &[Skill::Legal, Skill::Communication],
        lang: Lang::En,
    },
    Person {
        login: "paul",
        name: "Paul Riou",
        role: Role::Reader,
        reviewer: false,
        skills: &[],
        lang: Lang::Fr,
    },
];

/// Fills an empty installation with the example company.
///
/// # Errors
/// Database, randomness.
pub async fn fill(app: &App) -> Result<()> {
    let now = app.clock.now();
    let hash = password::hash(PASSWORD.to_owned()).await?;
    let mut tx = app.store.begin().await?;
    tx.create_organisation(&Organisation {
        name: "Atelier Brume".into(),
        tz: "Europe/Paris".into(),
        lang: Lang::Fr,
        settings: Settings::default(),
        created_at: now,
        updated_at: now,
    })
    .await?;
    let mut ids = Vec::new();
    for person in &PEOPLE {
        let id = MemberId::new(Uuid::now_v7());
        let skills: BTreeSet<Skill> = person.skills.iter().copied().collect();
        let new = NewMember {
            id,
            login: person.login.into(),
            name: person.name.into(),
            role: person.role,
            reviewer: person.reviewer,
            skills,
            lang: person.lang,
        };
        tx.create_member(&new, now).await?;
        tx.set_password(id, &hash, now).await?;
        let label = Label {
            secret: SecretId::new(id.uuid()),
            version: 1,
            purpose: "totp".to_owned(),
        };
        let mut fresh = [0; 80];
        getrandom::fill(&mut fresh)
            .map_err(|e| anyhow::anyhow!("no randomness from the system: {e}"))?;
        let sealed =
            serde_json::to_vec(&app.vault.seal(AUTHENTICATOR, &label, &Fresh::new(fresh))?)?;
        tx.prepare_totp(id, &sealed, now).await?;
        tx.confirm_totp(id, &sealed, 0, now).await?;
        ids.push(id);
    }
    tx.commit().await?;
    let shop = page(app, ids[0], "Atelier Brume").await?;
    let jobs = page(app, ids[4], "Brume recrute").await?;
    posts(app, &ids, shop, jobs, now).await
}

async fn page(app: &App, by: MemberId, name: &str) -> Result<ChannelId> {
    let now = app.clock.now();
    let secret = SecretString::from(Uuid::now_v7().to_string());
    let connected = app
        .connectors
        .of(Platform::Sandbox)
        .connect("", name, &secret)
        .await?;
    let id = ChannelId::new(Uuid::now_v7());
    let mut tx = app.store.begin().await?;
    let sealed = vault::put(&mut tx, &app.vault, vault::CHANNEL, &connected.secret, now).await?;
    let taken: Vec<String> = tx.channels().await?.into_iter().map(|c| c.color).collect();
    let new = NewChannel {
        id,
        platform: Platform::Sandbox,
        handle: connected.account.handle.clone(),
        display: name.to_owned(),
        account: connected.account.id,
        service: String::new(),
        color: crate::web::frame::free_hue(name, &taken),
        secret: Some(sealed),
        created_by: by,
    };
    tx.channel_add(&new, now).await?;
    tx.channel_connect(id, now).await?;
    tx.commit().await?;
    Ok(id)
}

fn draft(channels: &[ChannelId], lang: &str, text: &str, at: Option<Timestamp>) -> Draft {
    let variants = channels
        .iter()
        .map(|channel| DraftVariant {
            channel: *channel,
            text: text.to_owned(),
            link: None,
            langs: vec![lang.to_owned()],
            media: vec![],
        })
        .collect();
    Draft { variants, at }
}

/// Posts in every state.
async fn posts(
    app: &App,
    ids: &[MemberId],
    shop: ChannelId,
    jobs: ChannelId,
    now: Timestamp,
) -> Result<()> {
    let later = |hours| now.checked_add(SignedDuration::from_hours(hours));
    let [elodie, tom, ines, hugo, grace, ..] = ids else {
        anyhow::bail!("the example has six people")
    };

    // Out already.
    for (author, peer, lang, text) in [
        (
            elodie,
            tom,
            "fr",
            "La boutique de Nantes rouvre samedi après travaux. Venez goûter les nouveaux biscuits, de 10 h à 19 h.",
        ),
        (
            tom,
            grace,
            "en",
            "Three new teas from small gardens, chosen by our tasters this spring. In the shop from Tuesday.",
        ),
    ] {
        approved(app, author, peer, &draft(&[shop], lang, text, None)).await?;
    }
    crate::publication::worker::fast(app).await?;

    // Approved, waiting for its time.
    let text =
        "Atelier de dégustation jeudi prochain à 18 h : douze places, inscription en boutique.";
    approved(
        app,
        ines,
        hugo,
        &draft(&[shop], "fr", text, Some(later(50)?)),
    )
    .await?;
    let text = "We are looking for a pastry chef in Nantes. Write to us, we answer everyone.";
    approved(
        app,
        grace,
        tom,
        &draft(&[jobs], "en", text, Some(later(98)?)),
    )
    .await?;

    // In review.
    let text = "Merci à toutes celles et ceux qui sont venus samedi. Prochaine date très bientôt !";
    submitted(app, tom, &draft(&[shop], "fr", text, Some(later(26)?))).await?;
    let text = "Le pire est passé : nos livraisons reprennent lundi. #AtelierBrume";
    let id = submitted(app, elodie, &draft(&[shop], "fr", text, None)).await?;
    let by = Who::member(&mut app.store.read().await?, *ines).await?;
    let better = draft(
        &[shop],
        "fr",
        "Nos livraisons reprennent lundi. Merci de votre patience. #AtelierBrume",
        None,
    );
    actions::suggest(
        app,
        &by,
        id,
        &better,
        "« Le pire est passé » inquiète plus qu’il ne rassure.",
    )
    .await?;
    actions::comment(app, &by, id, "Je propose une version plus simple.").await?;

    // A finding that asks for a second pair of eyes, and one that stops.
    let text = "Produit reçu gratuitement de la marque Feuille d’Or, code promo BRUME10 : foncez !";
    submitted(app, hugo, &draft(&[shop], "fr", text, None)).await?;
    let text = "Bonjour {{prénom}}, la nouvelle collection est là.";
    submitted(app, ines, &draft(&[shop], "fr", text, None)).await?;

    // Changes asked.
    let id = submitted(
        app,
        hugo,
        &draft(
            &[jobs],
            "fr",
            "On recrute un vendeur jeune et dynamique à Rennes.",
            None,
        ),
    )
    .await?;
    let by = Who::member(&mut app.store.read().await?, *grace).await?;
    actions::request_changes(
        app,
        &by,
        id,
        "« Jeune » n’est pas permis dans une offre d’emploi : parlons de l’énergie du poste.",
    )
    .await?;

    // Drafts.
    for (author, text) in [
        (
            elodie,
            "Idée : les coulisses de l’atelier, en trois photos.",
        ),
        (
            tom,
            "Behind the scenes: how we taste forty teas in one morning (draft)",
        ),
    ] {
        let who = Who::member(&mut app.store.read().await?, *author).await?;
        actions::create(app, &who, &draft(&[shop], "fr", text, None)).await?;
    }
    crate::audit::checkpoint::make(app).await?;
    Ok(())
}

async fn submitted(app: &App, author: &MemberId, draft: &Draft) -> Result<PostId> {
    let who = Who::member(&mut app.store.read().await?, *author).await?;
    let id = actions::create(app, &who, draft).await?.post.id;
    actions::submit(app, &who, id).await?;
    Ok(id)
}

async fn approved(app: &App, author: &MemberId, peer: &MemberId, draft: &Draft) -> Result<()> {
    let id = submitted(app, author, draft).await?;
    let digest = app.store.read().await?.post(id).await?.post.revision.digest;
    // Where a finding asks for a second pair of eyes, the example simply stays in review.
    let who = Who::member(&mut app.store.read().await?, *peer).await?;
    actions::approve(app, &who, id, digest, None).await?;
    Ok(())
}

/// The code of the authenticator now.
///
/// # Errors
/// Never for this secret.
pub fn code_now(now: Timestamp) -> Result<String> {
    code::code_at(AUTHENTICATOR, now)
}
