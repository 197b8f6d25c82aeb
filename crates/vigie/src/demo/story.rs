//! What the example company did in the past weeks, and what it plans: posts in every state, each made the way people
//! make it.

use anyhow::{Result, ensure};
use jiff::civil::{Time, time};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use vigie_core::change::ChangeKind;
use vigie_core::content::{Digest, Repliers};
use vigie_core::id::{ChannelId, MemberId, PostId};
use vigie_core::member::{Role, Skill};
use vigie_core::post::PostState;
use vigie_core::schedule;
use vigie_store::SandboxBody;

use super::{Crew, picture};
use crate::app::App;
use crate::change::apply;
use crate::clock::ManualClock;
use crate::media::intake;
use crate::post::actions;
use crate::post::draft::{Draft, DraftMedia, DraftVariant};
use crate::post::who::Who;
use crate::publication::worker;

/// The example's time zone.
pub const ZONE: &str = "Europe/Paris";

/// A post that went out, or will: days from today, hour in Paris, author, peer, page, language, text.
type Planned = (
    i64,
    Time,
    MemberId,
    MemberId,
    ChannelId,
    &'static str,
    &'static str,
);

fn past(c: &Crew) -> Vec<Planned> {
    vec![
        (
            -23,
            time(10, 0, 0, 0),
            c.elodie,
            c.tom,
            c.shop,
            "fr",
            "La boutique de Nantes rouvre après travaux. Venez goûter les nouveaux biscuits, de 10 h à 19 h.",
        ),
        (
            -21,
            time(17, 30, 0, 0),
            c.tom,
            c.grace,
            c.shop,
            "en",
            "Three new teas from small gardens, chosen by our tasters this autumn. In the shop now.",
        ),
        (
            -19,
            time(9, 15, 0, 0),
            c.grace,
            c.ines,
            c.jobs,
            "en",
            "We are looking for a pastry chef in Nantes. Write to us, we answer everyone.",
        ),
        (
            -16,
            time(12, 0, 0, 0),
            c.ines,
            c.hugo,
            c.shop,
            "fr",
            "Trois questions à notre maître de thé : l’eau, le temps, la patience. À lire dans notre carnet.",
        ),
        (
            -14,
            time(18, 0, 0, 0),
            c.hugo,
            c.elodie,
            c.shop,
            "fr",
            "Notre thé fumé est de retour en petite quantité. Une cuillère par tasse, trois minutes.",
        ),
        (
            -12,
            time(8, 45, 0, 0),
            c.elodie,
            c.ines,
            c.jobs,
            "fr",
            "Deux apprenties ont rejoint l’atelier ce mois-ci. Bienvenue à Maëlle et Sofia.",
        ),
        (
            -9,
            time(16, 0, 0, 0),
            c.tom,
            c.hugo,
            c.shop,
            "en",
            "Rinse the pot with hot water first: the tea stays warm, and so does the conversation.",
        ),
        (
            -7,
            time(11, 30, 0, 0),
            c.ines,
            c.tom,
            c.shop,
            "fr",
            "La table du samedi : vingt personnes, six thés, une heure de silence partagé. Merci.",
        ),
        (
            -5,
            time(10, 0, 0, 0),
            c.grace,
            c.elodie,
            c.shop,
            "en",
            "Our tins are refilled at the counter. Bring yours back, we wash it for you.",
        ),
        (
            -2,
            time(17, 0, 0, 0),
            c.hugo,
            c.grace,
            c.shop,
            "fr",
            "Le carnet de recettes d’hiver est en boutique. Le chapitre des sablés vaut le détour.",
        ),
    ]
}

fn coming(c: &Crew) -> Vec<Planned> {
    vec![
        (
            1,
            time(18, 0, 0, 0),
            c.ines,
            c.hugo,
            c.shop,
            "fr",
            "Atelier de dégustation jeudi soir : douze places, inscription en boutique.",
        ),
        (
            3,
            time(9, 0, 0, 0),
            c.grace,
            c.tom,
            c.jobs,
            "en",
            "An evening at the workshop for anyone curious about our trade. Come as you are.",
        ),
        (
            6,
            time(11, 0, 0, 0),
            c.tom,
            c.elodie,
            c.shop,
            "en",
            "A guide to water: soft, hard, and what it does to your cup. New in our notebook.",
        ),
        (
            9,
            time(17, 30, 0, 0),
            c.elodie,
            c.grace,
            c.shop,
            "fr",
            "Les coffrets d’hiver sont prêts. Chacun est noué à la main dans l’atelier de Nantes.",
        ),
        (
            13,
            time(10, 0, 0, 0),
            c.hugo,
            c.ines,
            c.shop,
            "fr",
            "Une matinée avec notre potier : comment naît une théière. En images dans le carnet.",
        ),
        (
            16,
            time(8, 30, 0, 0),
            c.ines,
            c.elodie,
            c.jobs,
            "fr",
            "Portrait de Karim, responsable de la boutique de Rennes depuis sept ans.",
        ),
    ]
}

/// Lives through the past weeks, then leaves work in hand for whoever looks around.
pub async fn tell(app: &App, clock: &ManualClock, crew: &Crew, now: Timestamp) -> Result<()> {
    for (n, (day, hour, author, peer, page, lang, text)) in past(crew).into_iter().enumerate() {
        let at = moment(now, day, hour)?;
        clock.set(at.checked_sub(SignedDuration::from_hours(3))?);
        let mut draft = draft(&[page], lang, text, Some(at));
        if n % 4 == 1 {
            let shade = u8::try_from(n).unwrap_or_default() * 4;
            draft = with_picture(
                app,
                author,
                draft,
                shade,
                "Trois boîtes de thé sur une étagère",
            )
            .await?;
        }
        approved(app, author, peer, &draft).await?;
        clock.set(at.checked_add(SignedDuration::from_secs(2))?);
        worker::fast(app).await?;
        worker::slow(app).await?;
    }
    clock.set(now);
    taken_back(app, clock, crew).await?;
    for (day, hour, author, peer, page, lang, text) in coming(crew) {
        let at = Some(moment(now, day, hour)?);
        approved(app, author, peer, &draft(&[page], lang, text, at)).await?;
    }
    in_hand(app, crew, now).await?;
    a_stranger_posts(app, clock, crew, now).await?;
    worker::slow(app).await?;
    crate::audit::checkpoint::make(app).await?;
    Ok(())
}

/// A day and an hour in the company's zone.
fn moment(now: Timestamp, day: i64, hour: Time) -> Result<Timestamp> {
    let zone = schedule::zone(ZONE).unwrap_or(jiff::tz::TimeZone::UTC);
    let date = now
        .to_zoned_datetime(zone.clone())
        .date()
        .checked_add(day.days())?;
    Ok(zone.to_timestamp(date.to_datetime(hour))?)
}

/// One that went out with a wrong day, and was taken back at once.
async fn taken_back(app: &App, clock: &ManualClock, c: &Crew) -> Result<()> {
    let text = "Nocturne en boutique vendredi, jusqu’à 22 h : thé fumé et châtaignes.";
    approved(app, c.tom, c.ines, &draft(&[c.shop], "fr", text, None)).await?;
    worker::fast(app).await?;
    let now = app.clock.now();
    let mut conn = app.store.read().await?;
    let filter = vigie_store::PostFilter {
        text: Some("Nocturne".to_owned()),
        ..Default::default()
    };
    let found = conn.posts(&filter, None, 1).await?;
    let by = Who::member(&mut conn, c.tom).await?;
    for line in found.lines {
        for row in conn.publications(line.id).await? {
            actions::take_back(app, &by, row.id, "La nocturne est jeudi, pas vendredi.").await?;
        }
    }
    drop(conn);
    clock.set(now.checked_add(SignedDuration::from_secs(30))?);
    worker::fast(app).await
}

/// What waits for somebody: reviews, a proposed edit, findings, changes asked, drafts, and a change of rights.
async fn in_hand(app: &App, c: &Crew, now: Timestamp) -> Result<()> {
    let text = "Merci à toutes celles et ceux qui sont venus samedi. Prochaine date très bientôt !";
    let at = Some(moment(now, 2, time(12, 0, 0, 0))?);
    let thanks = draft(&[c.shop], "fr", text, at);
    let thanks = with_picture(app, c.tom, thanks, 30, "Les boîtes de thé du samedi").await?;
    submitted(app, c.tom, &thanks).await?;

    let text = "Le pire est passé : nos livraisons reprennent lundi. #AtelierBrume";
    let id = submitted(app, c.elodie, &draft(&[c.shop], "fr", text, None)).await?;
    let by = Who::member(&mut app.store.read().await?, c.ines).await?;
    let text = "Nos livraisons reprennent lundi. Merci de votre patience. #AtelierBrume";
    let why = "« Le pire est passé » inquiète plus qu’il ne rassure.";
    actions::suggest(app, &by, id, &draft(&[c.shop], "fr", text, None), why).await?;
    actions::comment(app, &by, id, "Je propose une version plus simple.").await?;

    // A finding that asks for a second pair of eyes, and one that stops.
    let text = "Produit reçu gratuitement de la marque Feuille d’Or, code promo BRUME10 : foncez !";
    submitted(app, c.hugo, &draft(&[c.shop], "fr", text, None)).await?;
    let text = "Bonjour {{prénom}}, la nouvelle collection est là.";
    submitted(app, c.ines, &draft(&[c.shop], "fr", text, None)).await?;

    let text = "On recrute un vendeur jeune et dynamique à Rennes.";
    let id = submitted(app, c.hugo, &draft(&[c.jobs], "fr", text, None)).await?;
    let by = Who::member(&mut app.store.read().await?, c.grace).await?;
    let why = "« Jeune » n’est pas permis dans une offre d’emploi : parlons de l’énergie du poste.";
    actions::request_changes(app, &by, id, why).await?;

    for (author, lang, text) in [
        (
            c.elodie,
            "fr",
            "Idée : les coulisses de l’atelier, en trois photos.",
        ),
        (
            c.tom,
            "en",
            "Behind the scenes: how we taste forty teas in one morning (draft)",
        ),
    ] {
        let who = Who::member(&mut app.store.read().await?, author).await?;
        actions::create(app, &who, &draft(&[c.shop], lang, text, None)).await?;
    }

    // Paul, who reads, asked to write: one of two people has agreed.
    let kind = ChangeKind::ChangeRole {
        member: c.paul,
        role: Role::Writer,
        reviewer: false,
        skills: [Skill::Communication].into(),
    };
    let mut tx = app.store.begin().await?;
    let asked = apply::prepare(&mut tx, c.elodie, kind, now).await;
    asked.map_err(|e| anyhow::anyhow!("{e}"))?;
    tx.commit().await?;
    Ok(())
}

/// Somebody who had the page's key of old posts past Vigie: the reading of the page finds it.
async fn a_stranger_posts(app: &App, clock: &ManualClock, c: &Crew, now: Timestamp) -> Result<()> {
    let mut tx = app.store.begin().await?;
    let account = tx.channel(c.jobs).await?.account;
    let body = SandboxBody {
        text: "Gagnez un coffret : cliquez vite sur le lien en bio !!!".to_owned(),
        link: None,
        langs: vec!["fr".to_owned()],
        media: vec![],
        warning: None,
        repliers: Repliers::Everyone,
        reply_to: None,
    };
    tx.sandbox_put(&account, "not-by-vigie", &body, "none", now)
        .await?;
    tx.commit().await?;
    clock.set(now.checked_add(SignedDuration::from_mins(1))?);
    Ok(())
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
            reply_to: None,
            warning: None,
            repliers: Repliers::Everyone,
            parts: vec![],
        })
        .collect();
    Draft { variants, at }
}

async fn with_picture(
    app: &App,
    owner: MemberId,
    mut draft: Draft,
    shade: u8,
    alt: &str,
) -> Result<Draft> {
    let row = intake::keep(app, owner, picture::tins(shade)?).await;
    let sha256: Digest = row.map_err(|e| anyhow::anyhow!("{e}"))?.sha256;
    for variant in &mut draft.variants {
        variant.media.push(DraftMedia {
            sha256,
            alt: alt.to_owned(),
            decorative: false,
        });
    }
    Ok(draft)
}

async fn submitted(app: &App, author: MemberId, draft: &Draft) -> Result<PostId> {
    let who = Who::member(&mut app.store.read().await?, author).await?;
    let id = actions::create(app, &who, draft).await?.post.id;
    actions::submit(app, &who, id).await?;
    Ok(id)
}

async fn approved(app: &App, author: MemberId, peer: MemberId, draft: &Draft) -> Result<()> {
    let id = submitted(app, author, draft).await?;
    let mut conn = app.store.read().await?;
    let digest = conn.post(id).await?.post.revision.digest;
    let who = Who::member(&mut conn, peer).await?;
    drop(conn);
    let after = actions::approve(app, &who, id, digest, None).await?;
    // An example in which the check finds something by accident would show another story than it tells.
    ensure!(
        after.post.state == PostState::Approved,
        "the example's post needs more than one peer: {:?}: {:?}",
        draft.variants.first().map(|v| &v.text),
        after.post.requirements
    );
    Ok(())
}
