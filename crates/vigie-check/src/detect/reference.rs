//! Numbers of files, orders and contracts.

use std::sync::LazyLock;

use super::Context;
use super::numbers::named;
use crate::eval::Hit;

/// Words that name something with a number, and whether the number needs a sign (« n° ») to be one.
const LABELS: &[(&str, bool)] = &[
    ("dossier", false),
    ("commande", false),
    ("contrat", false),
    ("facture", false),
    ("ticket", false),
    ("sinistre", false),
    ("réservation", false),
    ("reservation", false),
    ("abonnement", false),
    ("abonné", true),
    ("abonnée", true),
    ("colis", false),
    ("allocataire", false),
    ("adhérent", true),
    ("adhérente", true),
    ("adhésion", false),
    ("patient", true),
    ("patiente", true),
    ("client", true),
    ("cliente", true),
    ("compte", true),
    ("compte client", false),
    ("fiche client", false),
    ("numéro client", false),
    ("n° client", false),
    ("code client", false),
    ("numéro de client", false),
    ("matricule", false),
    ("police", true),
    ("devis", false),
    ("ordonnance", true),
    ("prêt", true),
    ("crédit", true),
    ("carte de fidélité", false),
    ("badge", true),
    ("demande", true),
    ("réclamation", true),
    ("livraison", true),
    ("suivi", true),
    ("référence", true),
    ("candidature", true),
    ("locataire", true),
    ("bail", true),
    ("compteur", true),
    ("pdl", false),
    ("order", false),
    ("file", true),
    ("case", true),
    ("account", true),
    ("claim", false),
    ("policy", false),
    ("invoice", false),
    ("booking", false),
    ("customer", true),
    ("client id", false),
    ("customer id", false),
    ("parcel", false),
    ("shipment", false),
    ("member", true),
    ("membership", true),
    ("employee", true),
    ("staff", true),
    ("employee id", false),
    ("staff id", false),
    ("loan", true),
    ("prescription", true),
    ("loyalty card", false),
    ("subscriber", true),
    ("tenant", true),
    ("tracking number", false),
    ("return", true),
    ("refund", true),
    ("application", true),
    ("complaint", true),
    ("reference", true),
    ("badge id", false),
    ("meter", true),
];

/// The same by their first byte.
static BY_LETTER: LazyLock<Vec<Vec<(&str, bool)>>> = LazyLock::new(|| {
    let mut out = vec![Vec::new(); 256];
    for label in LABELS {
        if let Some(slot) = label
            .0
            .bytes()
            .next()
            .and_then(|b| out.get_mut(usize::from(b)))
        {
            slot.push(*label);
        }
    }
    out
});

/// The words, for the gate.
pub(super) const WORDS: &[&str] = &[
    "dossier",
    "commande",
    "contrat",
    "facture",
    "ticket",
    "sinistre",
    "servation",
    "abonn",
    "colis",
    "allocataire",
    "adhé",
    "patient",
    "client",
    "compte",
    "matricule",
    "police",
    "devis",
    "ordonnance",
    "prêt ",
    "crédit",
    "fidélité",
    "badge",
    "demande n",
    "réclamation",
    "livraison n",
    "suivi n",
    "référence",
    "candidature n",
    "locataire n",
    "bail n",
    "pdl",
    "order",
    "file ",
    "case ",
    "account",
    "claim",
    "policy",
    "invoice",
    "booking",
    "customer",
    "parcel",
    "shipment",
    "member",
    "employee",
    "staff",
    "loan",
    "prescription",
    "loyalty",
    "subscriber",
    "tenant",
    "tracking",
    "return ",
    "refund ",
    "application ",
    "complaint",
    "reference",
    "meter",
];

/// What says that a number follows.
const SIGNS: &[&str] = &[
    "numéro", "numero", "number", "n°", "nº", "n o", "no.", "no ", "num.", "num ", "nr", "ref.",
    "ref", "réf.", "réf", "id", "#", ":", "code", "n ", "is", "est", "était", "le", "=", "(", "-",
];

/// Words after a bare number that make it a count.
const UNITS: &[&str] = &[
    "€",
    "$",
    "£",
    "%",
    "euro",
    "k€",
    "km",
    "kg",
    "pièce",
    "exempl",
    "page",
    "unité",
    "units",
    "people",
    "personnes",
    "fois",
    "times",
    "ans",
    "heures",
    "x ",
];

/// File, order, contract, customer and staff numbers: a word, perhaps a sign, and four digits or more.
pub fn number(context: &Context<'_>) -> Vec<Hit> {
    let low = context.view.low.as_str();
    let text: &str = &context.view.clean;
    if !super::numbers::digits(text, 3) {
        return Vec::new();
    }
    let mut out: Vec<Hit> = Vec::new();
    let mut from = 0;
    for at in word_starts(low) {
        if at < from || out.len() >= crate::limits::MAX_HITS {
            continue;
        }
        let rest = low.get(at..).unwrap_or_default();
        let first = rest.as_bytes().first().copied().unwrap_or_default();
        let labels = BY_LETTER
            .get(usize::from(first))
            .into_iter()
            .flatten()
            .filter(|(label, _)| rest.starts_with(label));
        let found = labels
            .filter_map(|(label, sign)| after(low, at + label.len(), *sign))
            .max();
        if let Some((start, end)) = found.filter(|_| !public(low, at)) {
            let seen = text.get(start..end).unwrap_or_default();
            let shown = shown(text, at, start, seen);
            let (fr, en) = ("numéro de dossier ou de client", "file or customer number");
            out.push(named((at, end), seen, fr, en, 3).with("match", shown));
            from = end;
        }
    }
    out
}

/// Where words begin.
fn word_starts(low: &str) -> impl Iterator<Item = usize> {
    let mut inside = false;
    low.char_indices().filter_map(move |(at, c)| {
        let begins = c.is_alphanumeric() && !inside;
        inside = c.is_alphanumeric();
        begins.then_some(at)
    })
}

/// « dossier n° 88•••• »: the word is shown, the number masked.
fn shown(text: &str, at: usize, start: usize, seen: &str) -> String {
    format!(
        "{}{}",
        text.get(at..start).unwrap_or_default(),
        crate::text::mask::mask(seen)
    )
}

/// Where the number after a label stands.
fn after(low: &str, from: usize, needs_sign: bool) -> Option<(usize, usize)> {
    let mut at = from;
    let mut signed = false;
    for _ in 0..5 {
        let rest = low.get(at..)?;
        let bare = rest.trim_start_matches([' ', '\u{a0}', '\'']);
        at += rest.len() - bare.len();
        let Some(sign) = SIGNS.iter().find(|s| bare.starts_with(**s)) else {
            break;
        };
        // « order no 12 » but not « order nothing »; a sign of letters ends with its word.
        let next = bare.get(sign.len()..).and_then(|t| t.chars().next());
        let letters = sign.chars().next_back().is_some_and(char::is_alphabetic);
        if letters && next.is_some_and(char::is_alphabetic) {
            break;
        }
        signed |= !matches!(*sign, "is" | "est" | "était" | "le" | "-" | "(") || signed;
        at += sign.len();
    }
    if at == from {
        // « dossier88412 », « dossiers »
        return None;
    }
    let rest = low.get(at..)?;
    let length = token(rest);
    let seen = rest.get(..length)?;
    let digits = seen.bytes().filter(u8::is_ascii_digit).count();
    let year = seen.len() == 4 && (seen.starts_with("19") || seen.starts_with("20"));
    let tail = rest.get(length..).unwrap_or_default().trim_start();
    let count = UNITS.iter().any(|u| tail.starts_with(u)) || !signed && plural(tail);
    let enough = digits >= if signed { 3 } else { 4 };
    // « client 20993 », « police 4471-B »: too long or too odd for a count.
    let odd = digits >= 5 || digits == 4 && seen.len() > 4;
    let told = signed || !year && (odd || !needs_sign);
    (enough && told && !count).then_some((at, at + length))
}

/// « 4111 vélos »
fn plural(tail: &str) -> bool {
    let word: String = tail.chars().take_while(|c| c.is_alphabetic()).collect();
    word.chars().count() > 3
        && word.ends_with(['s', 'x'])
        && !matches!(
            word.as_str(),
            "dans" | "mais" | "depuis" | "is" | "was" | "vous" | "plus" | "sans" | "alors"
        )
}

/// The length of what can be a number of a file: up to four letters, digits, with dashes and slashes between.
fn token(rest: &str) -> usize {
    let mut end = 0;
    let mut letters = 0;
    for (at, c) in rest.char_indices().take(32) {
        if c.is_ascii_digit() {
            end = at + 1;
            letters = 0;
        } else if c.is_ascii_alphabetic() && letters < 4 {
            letters += 1;
            // Letters count once a digit follows, or stand last: « 2291-a ».
            if end > 0
                && !rest
                    .get(at + 1..)
                    .is_some_and(|t| t.starts_with(|n: char| n.is_alphanumeric()))
                && letters <= 2
                && rest.get(end..at).is_some_and(|g| g == "-" || g.is_empty())
            {
                end = at + 1;
            }
        } else if matches!(c, '-' | '/' | '_' | '.')
            || c == ' '
                && end > 0
                && rest
                    .get(at + 1..)
                    .is_some_and(|t| t.starts_with(|n: char| n.is_ascii_digit()))
        {
            letters = if c == ' ' { letters } else { 0 };
        } else {
            break;
        }
    }
    end
}

/// Files of the company itself, of tenders and of decrees.
fn public(low: &str, at: usize) -> bool {
    let behind = crate::eval::window(low, at, 24);
    [
        "notre ",
        "our ",
        "nos ",
        "appel d'offres",
        "tender",
        "dépôt de ",
        "dossier de presse",
        "arrêté",
        "décret",
        "rcs",
        "siren",
        "siret",
        "ouvrir un ",
    ]
    .iter()
    .any(|w| super::numbers::holds(behind, w.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, found, none_found};
    use super::*;

    #[test]
    fn of_somebody() {
        each_found(
            number,
            &[
                "merci à Mme X, dossier 88412",
                "votre dossier 2026-88412 est bloqué",
                "your parcel 2291-A is with your neighbour",
                "Shout-out to customer #40772, Rosa",
                "(matricule 20418, né",
                "assurance habitation (contrat 77-20418)",
                "your order #A-552013 left",
                "colis n° 7741-2296",
                "numéro client : 449 201",
                "claim no. 88-1203",
                "votre commande n°88412",
                "your order number is 5520133",
                "la police 4471-B dès demain",
                "(client 20993)",
            ],
        );
        assert_eq!(
            found(number, "commande n° AB-99120 partie"),
            ["commande n° AB-99120"]
        );
    }

    #[test]
    fn of_nobody() {
        none_found(
            number,
            &[
                "Le dossier 2026 de l'économie sociale",
                "Dossier n° 7 : la carte bancaire",
                "Notre commande de 30 vélos",
                "commande 4111 vélos",
                "our order 5520133 of steel",
                "un compte à 12 000 abonnés",
                "customer 5000 times happier",
                "4 200 clientes et clients",
                "case 3",
                "Commande 1200 € minimum",
                "in order to win 10000 points",
            ],
        );
    }
}
