//! Ways to reach a person.

use std::sync::LazyLock;

use super::Context;
use super::numbers::named;
use crate::eval::Hit;
use crate::scan::pattern::Pattern;
use crate::text::mask::mask;

/// An address that is spelled out to escape robots.
static SPELLED: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(concat!(
        r"(?i)\b[a-z0-9][a-z0-9._\-]{1,40} ?(?:[\[({]\s?(?:at|arobase|a)\s?[\])}]|\barobase\b) ?[a-z0-9\-]{2,40}",
        r" ?(?:\.|[\[({]\s?(?:dot|point)\s?[\])}]|\bpoint\b|\bdot\b) ?[a-z]{2,12}\b"
    ))
});
static EMAIL: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(
        r"(?i)\b[a-z0-9][a-z0-9._%+\-]{0,63}@(?:[a-z0-9\-]{1,63}\.){1,4}(?:xn--[a-z0-9]{2,20}|[a-z]{2,18})\b",
    )
});

/// Words before the `@` that name a service rather than a person.
const SERVICES: &str = "contact info infos hello bonjour presse press media rh hr jobs job recrutement careers support help aide \
    service serviceclient service-client sav sales commercial accueil dpo privacy rgpd legal security securite \
    abuse newsletter noreply no-reply reservation reservations booking events evenements partenariats \
    communication team equipe office welcome candidature candidatures webmaster billetterie inscription \
    inscriptions medias relationspresse rp pr comm com marketing compta comptabilite facturation billing accounts \
    admin administration direction secretariat location locations vente ventes achats boutique shop store order \
    orders commande commandes devis quote quotes rdv formation formations training stage stages emploi apply \
    talent talents people hotel resa theatre club asso association mairie musee museum festival don dons donate \
    benevoles volunteer volunteers adherents members membership enquiries enquiry inquiries questions question faq \
    feedback avis reclamation reclamations complaints returns retours livraison delivery studio atelier agence \
    agency cabinet accessibilite accessibility ethique ethics alerte alertes report signalement phishing \
    postmaster hostmaster it dsi helpdesk serviceclients clients customer customers customerservice customercare \
    care concierge visites visit visits groups groupes scolaires schools presidence partners partenaires sponsors \
    sponsoring jury concours contest coucou salut hey hi news actu redaction editorial editor letters podcast \
    radio prenom nom firstname lastname name votre your vous you exemple example";

/// E-mail addresses that can be a person's; those of services and of the organisation's public contacts pass.
pub fn email(context: &Context<'_>) -> Vec<Hit> {
    let Some(regex) = &*EMAIL else {
        return Vec::new();
    };
    if !context.view.clean.contains('@') {
        return Vec::new();
    }
    regex
        .find_iter(&context.view.clean)
        .filter(|m| {
            let address = m.as_str().to_lowercase();
            let name = address.split('@').next().unwrap_or_default();
            let public = context
                .facts
                .list("org.public_contacts")
                .iter()
                .any(|c| c.eq_ignore_ascii_case(&address));
            !public && !is_service(name)
        })
        .map(|m| address((m.start(), m.end()), masked(m.as_str())))
        .collect()
}

/// `contact`, `sav-lyon`, `presse.fr`, `no-reply`
fn is_service(name: &str) -> bool {
    let listed = |word: &str| SERVICES.split(' ').any(|s| s == word);
    let first = name.split(['.', '-', '_', '+']).next();
    listed(name) || first.is_some_and(|first| first.len() > 2 && listed(first))
}

fn address(span: (usize, usize), shown: String) -> Hit {
    named(span, "", "adresse e-mail", "e-mail address", 2).with("match", shown)
}

/// Addresses spelled out: `lucie.roux [at] atelier [dot] example`.
pub fn spelled_email(context: &Context<'_>) -> Vec<Hit> {
    let Some(regex) = &*SPELLED else {
        return Vec::new();
    };
    let found = regex
        .find_iter(&context.view.clean)
        .take(crate::limits::MAX_HITS);
    found
        .filter(|m| {
            let low = m.as_str().to_lowercase();
            let name = low.split([' ', '[', '(', '{']).next().unwrap_or_default();
            !is_service(name)
        })
        .map(|m| address((m.start(), m.end()), mask(m.as_str())))
        .collect()
}

/// First letter and host: enough to see which address is meant.
fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((name, host)) => format!("{}••••@{host}", name.chars().next().unwrap_or('•')),
        None => mask(address),
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn addresses_of_persons() {
        each_found(
            email,
            &[
                "lucie.roux@atelier.example",
                "a@xn--d1acufc.xn--p1ai",
                "Écrivez à tom+news@mail.example !",
            ],
        );
        none_found(
            email,
            &[
                "contact@atelier.example",
                "sav-lyon@atelier.example",
                "@atelier",
                "a @ b.example",
            ],
        );
        each_found(
            spelled_email,
            &[
                "lucie.roux [at] atelier [dot] example",
                "tom arobase mail point example",
                "tom(at)mail.example",
            ],
        );
        none_found(
            spelled_email,
            &["contact [at] atelier.example", "meet me at noon. ok"],
        );
    }
}
