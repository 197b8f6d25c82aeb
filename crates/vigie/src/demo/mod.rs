//! `vigie demo`: the program on a throw-away folder, with an example company in the middle of its work. Everything in
//! it was done the way the pages do it; nothing is faked but the people.

pub mod cli;
mod picture;
mod story;

use std::sync::Arc;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use uuid::Uuid;
use vigie_core::content::Platform;
use vigie_core::id::{ChannelId, MemberId, SecretId};
use vigie_core::member::{Lang, Role, Skill};
use vigie_core::vault::{Fresh, Label};
use vigie_store::{NewChannel, NewMember, Organisation, Settings, Tx};

use crate::account::{code, password};
use crate::app::App;
use crate::clock::{Clock, ManualClock, SystemClock};
use crate::config::Config;
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

/// How far back the example's first post lies.
const BEFORE: SignedDuration = SignedDuration::from_hours(24 * 24);

/// Fills an empty installation with the example company. Its past weeks are lived through on a clock of their own, so
/// that log, outcomes and calendar look as they would.
///
/// # Errors
/// Database, randomness, an installation that is not empty.
pub async fn fill(config: &Config) -> Result<()> {
    let now = SystemClock.now();
    let clock = Arc::new(ManualClock::at(now.checked_sub(BEFORE)?));
    let app = App::open(config.clone(), Arc::clone(&clock) as Arc<dyn Clock>).await?;
    let crew = found(&app).await?;
    story::tell(&app, &clock, &crew, now).await?;
    app.store.close().await;
    Ok(())
}

/// Who and what the story needs.
struct Crew {
    elodie: MemberId,
    tom: MemberId,
    ines: MemberId,
    hugo: MemberId,
    grace: MemberId,
    paul: MemberId,
    /// The page of the shop.
    shop: ChannelId,
    /// The page that looks for people.
    jobs: ChannelId,
}

async fn found(app: &App) -> Result<Crew> {
    let now = app.clock.now();
    let hash = password::hash(PASSWORD.to_owned()).await?;
    let mut tx = app.store.begin().await?;
    tx.create_organisation(&Organisation {
        name: "Atelier Brume".into(),
        tz: story::ZONE.into(),
        lang: Lang::Fr,
        settings: Settings::default(),
        created_at: now,
        updated_at: now,
    })
    .await?;
    let mut ids = Vec::new();
    for person in &PEOPLE {
        ids.push(join(app, &mut tx, person, &hash, now).await?);
    }
    tx.commit().await?;
    let [elodie, tom, ines, hugo, grace, paul] = ids[..] else {
        anyhow::bail!("the example has six people")
    };
    Ok(Crew {
        elodie,
        tom,
        ines,
        hugo,
        grace,
        paul,
        shop: page(app, elodie, "Atelier Brume").await?,
        jobs: page(app, grace, "Brume recrute").await?,
    })
}

async fn join(
    app: &App,
    tx: &mut Tx,
    person: &Person,
    hash: &str,
    now: Timestamp,
) -> Result<MemberId> {
    let id = MemberId::new(Uuid::now_v7());
    let new = NewMember {
        id,
        login: person.login.into(),
        name: person.name.into(),
        role: person.role,
        reviewer: person.reviewer,
        skills: person.skills.iter().copied().collect(),
        lang: person.lang,
    };
    tx.create_member(&new, now).await?;
    tx.set_password(id, hash, now).await?;
    let label = Label {
        secret: SecretId::new(id.uuid()),
        version: 1,
        purpose: "totp".to_owned(),
    };
    let mut fresh = [0; 80];
    getrandom::fill(&mut fresh)
        .map_err(|e| anyhow::anyhow!("no randomness from the system: {e}"))?;
    let sealed = serde_json::to_vec(&app.vault.seal(AUTHENTICATOR, &label, &Fresh::new(fresh))?)?;
    tx.prepare_totp(id, &sealed, now).await?;
    tx.confirm_totp(id, &sealed, 0, now).await?;
    Ok(id)
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
        token_until: None,
        limits: None,
        created_by: by,
    };
    tx.channel_add(&new, now).await?;
    tx.channel_connect(id, now).await?;
    tx.commit().await?;
    Ok(id)
}

/// The code of the authenticator now.
///
/// # Errors
/// Never for this secret.
pub fn code_now(now: Timestamp) -> Result<String> {
    code::code_at(AUTHENTICATOR, now)
}
