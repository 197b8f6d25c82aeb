//! A small company in the database, made the way the pages make it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;
use vigie::app::App;
use vigie::post::draft::{Draft, DraftVariant};
use vigie::post::who::Who;
use vigie_core::id::{ChannelId, MemberId};
use vigie_core::member::{Lang, Role, Skill};
use vigie_store::{NewChannel, NewMember, Organisation, Settings};

/// Its people and its page.
pub struct Company {
    /// Writes and reviews.
    pub ines: MemberId,
    /// Writes and reviews.
    pub tom: MemberId,
    /// Writes and reviews, knows the law.
    pub lea: MemberId,
    /// Reads.
    pub omar: MemberId,
    /// The page on the sandbox.
    pub page: ChannelId,
}

impl Company {
    /// Founds it.
    pub async fn found(app: &App) -> Self {
        let now = app.clock.now();
        let mut tx = app.store.begin().await.unwrap();
        tx.create_organisation(&Organisation {
            name: "Atelier Merlin".into(),
            tz: "Europe/Paris".into(),
            lang: Lang::Fr,
            settings: Settings::default(),
            created_at: now,
            updated_at: now,
        })
        .await
        .unwrap();
        let mut people = Vec::new();
        for (login, name, role, reviewer, skills) in [
            ("ines", "Inès Caron", Role::Steward, true, vec![]),
            (
                "tom",
                "Tom Baker",
                Role::Writer,
                true,
                vec![Skill::Communication],
            ),
            (
                "lea",
                "Léa Roux",
                Role::Writer,
                true,
                vec![Skill::Legal, Skill::Security],
            ),
            ("omar", "Omar Diallo", Role::Reader, false, vec![]),
        ] {
            let id = MemberId::new(Uuid::now_v7());
            let skills: BTreeSet<Skill> = skills.into_iter().collect();
            let new = NewMember {
                id,
                login: login.into(),
                name: name.into(),
                role,
                reviewer,
                skills,
                lang: Lang::Fr,
            };
            tx.create_member(&new, now).await.unwrap();
            people.push(id);
        }
        tx.commit().await.unwrap();
        let page = page(app, people[0], "Atelier Merlin").await;
        Self {
            ines: people[0],
            tom: people[1],
            lea: people[2],
            omar: people[3],
            page,
        }
    }

    /// A member as an actor.
    pub async fn who(&self, app: &App, member: MemberId) -> Who {
        Who::member(&mut app.store.read().await.unwrap(), member)
            .await
            .unwrap()
    }

    /// A text for the page.
    pub fn draft(&self, text: &str) -> Draft {
        Draft {
            variants: vec![variant(self.page, text)],
            at: None,
        }
    }

    /// The same at a set time.
    pub fn draft_at(&self, text: &str, at: Timestamp) -> Draft {
        Draft {
            at: Some(at),
            ..self.draft(text)
        }
    }
}

/// A text for a page.
pub fn variant(channel: ChannelId, text: &str) -> DraftVariant {
    DraftVariant {
        channel,
        text: text.into(),
        link: None,
        langs: vec!["fr".into()],
        media: vec![],
        reply_to: None,
        warning: None,
        repliers: vigie_core::content::Repliers::Everyone,
        parts: vec![],
    }
}

/// A page on the sandbox, connected.
pub async fn page(app: &App, by: MemberId, name: &str) -> ChannelId {
    let connector = app.connectors.of(vigie_core::content::Platform::Sandbox);
    let secret = SecretString::from("sandbox-canary-7f3a".to_owned());
    let connected = connector.connect("", name, &secret).await.unwrap();
    channel(app, by, connected).await
}

/// A connected account as a channel.
pub async fn channel(app: &App, by: MemberId, connected: vigie_connect::Connected) -> ChannelId {
    let now = app.clock.now();
    let id = ChannelId::new(Uuid::now_v7());
    let mut tx = app.store.begin().await.unwrap();
    let secret = vigie::vault::put(
        &mut tx,
        &app.vault,
        vigie::vault::CHANNEL,
        &connected.secret,
        now,
    )
    .await
    .unwrap();
    let new = NewChannel {
        id,
        platform: connected.account.platform,
        handle: connected.account.handle.clone(),
        display: connected.account.handle,
        account: connected.account.id,
        service: connected.account.service,
        color: "sea".into(),
        secret: Some(secret),
        token_until: None,
        limits: None,
        created_by: by,
    };
    tx.channel_add(&new, now).await.unwrap();
    tx.channel_connect(id, now).await.unwrap();
    tx.commit().await.unwrap();
    id
}
