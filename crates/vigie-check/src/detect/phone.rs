//! Telephone numbers.
//!
//! Own tables rather than a port of libphonenumber: the port takes a tenth of a second and up to 20 MB at its first number,
//! and finds none in a text. Abroad, the calling code and the count of digits decide; for France, Belgium, Switzerland,
//! the United Kingdom and North America the national plans do, so that a person's line is told from a service's.

use super::Context;
use super::numbers::{Group, before, named, runs, said};
use crate::eval::Hit;

/// What may stand between two groups of one telephone number.
const JOINTS: &[char] = &[' ', '.', '-', '–', '‐', '(', ')', '/', '\n'];

/// Calling codes, with the fewest and the most digits that follow.
const CODES: &str = "1:10-10 20:8-10 211:9-9 212:9-9 213:8-9 216:8-8 218:9-9 220:7-7 221:9-9 222:8-8 223:8-8 224:8-9 225:10-10 226:8-8 \
    227:8-8 228:8-8 229:10-10 230:8-8 231:8-9 232:8-8 233:8-9 234:8-10 235:8-8 236:8-8 237:8-9 238:7-7 239:7-7 240:9-9 \
    241:7-8 242:9-9 243:7-9 244:9-9 245:7-9 246:7-7 247:5-6 248:7-7 249:9-9 250:8-9 251:9-9 252:6-9 253:8-8 254:7-10 \
    255:9-9 256:9-9 257:8-8 258:8-9 260:9-9 261:9-9 262:9-9 263:9-10 264:8-9 265:7-9 266:8-8 267:7-10 268:8-8 269:7-7 \
    27:9-10 290:4-5 291:7-7 297:7-7 298:6-6 299:6-6 30:10-12 31:7-11 32:8-9 33:9-9 34:9-9 350:8-8 351:9-9 352:6-11 \
    353:7-10 354:7-9 355:6-9 356:8-8 357:8-8 358:7-12 359:6-9 36:8-9 370:8-8 371:8-8 372:7-8 373:8-8 374:8-8 375:9-11 \
    376:6-9 377:8-9 378:6-10 379:6-11 380:9-9 381:8-12 382:8-9 383:8-9 385:7-9 386:8-8 387:8-9 389:8-8 39:6-12 40:9-9 \
    41:9-12 420:9-12 421:6-9 423:7-9 43:4-13 44:9-10 45:8-8 46:6-10 47:8-8 48:9-9 49:5-13 500:5-5 501:7-7 502:8-11 503:8-8 504:8-11 505:8-8 \
    506:8-10 507:7-8 508:6-9 509:8-8 51:8-9 52:10-10 53:8-10 54:10-11 55:10-11 56:9-11 57:8-11 58:10-10 590:9-9 591:8-9 592:7-7 593:8-11 \
    594:9-9 595:6-11 596:9-9 597:6-7 598:4-13 599:7-8 60:8-10 61:9-10 62:7-12 63:6-13 64:8-10 65:8-11 66:8-13 670:7-8 672:5-6 673:7-7 \
    674:7-7 675:7-8 676:5-7 677:5-7 678:5-7 679:7-7 680:7-7 681:6-6 682:5-5 683:4-7 685:5-10 686:5-8 687:6-6 688:5-7 689:8-8 690:4-7 \
    691:7-7 692:7-7 7:10-10 81:9-11 82:8-11 84:7-10 850:8-10 852:8-11 853:6-8 855:8-10 856:8-10 86:10-12 870:9-9 880:6-10 881:9-9 886:7-10 \
    90:10-13 91:10-13 92:10-12 93:9-9 94:7-9 95:6-10 960:7-10 961:7-8 962:8-9 963:9-9 964:8-10 965:7-8 966:8-10 967:7-9 968:8-9 970:8-10 \
    971:5-12 972:7-12 973:8-8 974:8-9 975:7-8 976:8-10 977:8-11 98:4-10 992:9-9 993:8-8 994:9-9 995:6-9 996:9-10 998:9-9 \
    800:8-8 808:8-8 870:9-9 878:10-10 882:7-12 883:9-12 888:11-11 979:9-9";

/// What kind of line a number opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// A mobile: nearly always somebody's.
    Mobile,
    /// A landline, or a line of which the plan says no more.
    Fixed,
    /// Free, dear or shared: a service's.
    Service,
}

/// A number in a text.
struct Call {
    start: usize,
    end: usize,
    /// Its digits, as they would be dialled in its own country.
    home: String,
    line: Line,
}

impl Call {
    fn hit(&self, context: &Context<'_>) -> Hit {
        let span = (self.start, self.end);
        let seen = context.view.clean.get(span.0..span.1).unwrap_or_default();
        named(span, seen, "numéro de téléphone", "phone number", 2)
    }
}

/// Words that announce a number.
const CALLED: &[&str] = &[
    "tél",
    "tel",
    "téléphone*",
    "telephone*",
    "phone*",
    "portable",
    "mobile",
    "cell",
    "gsm",
    "natel",
    "appel*",
    "call*",
    "ring",
    "text",
    "sms",
    "whatsapp",
    "joindre",
    "joignable",
    "contact*",
    "numéro de",
    "ligne",
    "fax",
    "standard",
    "dial",
    "reach",
    "number is",
    "number-",
    "office",
    "bureau",
    "answering at",
    "desk",
    "perso",
    "☎",
    "📞",
    "📱",
    "☎️",
];

/// Words that make digits something else.
const OTHER: &[&str] = &[
    "isbn",
    "issn",
    "ean",
    "siret",
    "siren",
    "commande*",
    "order*",
    "réf",
    "ref",
    "référence*",
    "reference*",
    "colis",
    "tracking",
    "suivi",
    "lot",
    "loto",
    "tirage*",
    "numéros gagnants",
    "draw",
    "imei",
    "nir",
    "sécu",
    "iban",
    "rib",
    "dossier*",
    "invoice*",
    "facture*",
    "contrat*",
    "part no",
    "sku",
    "serial",
    "npi",
    "routing",
    "ssn",
    "version",
    "security",
    "licence*",
    "license*",
    "permis",
    "passport*",
    "passeport*",
    "account*",
    "compte*",
    "card*",
    "carte*",
    "tva",
    "vat",
];

/// Numbers that can be a person's: no service, no public contact of the organisation.
pub fn phone(context: &Context<'_>) -> Vec<Hit> {
    hits(context, |c| c.line != Line::Service)
}

/// Mobile numbers that are no public contact of the organisation.
pub fn mobile(context: &Context<'_>) -> Vec<Hit> {
    hits(context, |c| c.line == Line::Mobile)
}

fn hits(context: &Context<'_>, wanted: impl Fn(&Call) -> bool) -> Vec<Hit> {
    let public = context.facts.list("org.public_contacts");
    calls(context)
        .into_iter()
        .filter(|c| wanted(c) && !is_public(public, &c.home))
        .map(|c| c.hit(context))
        .collect()
}

/// Any valid number, of a person or of a service.
pub fn any(context: &Context<'_>) -> Vec<Hit> {
    calls(context).into_iter().map(|c| c.hit(context)).collect()
}

/// Whether ten digits are a valid North American number and written as one: with a dash or brackets, or announced.
pub(super) fn written(context: &Context<'_>, span: (usize, usize), bare: &str) -> bool {
    let seen = context.view.clean.get(span.0..span.1).unwrap_or_default();
    let marked = seen.contains(|c: char| !c.is_ascii_digit() && c != ' ');
    said(context, span, (28, 0), CALLED) || marked && american(bare).is_some()
}

fn is_public(public: &[String], home: &str) -> bool {
    public.iter().any(|contact| {
        let digits: String = contact.chars().filter(char::is_ascii_digit).collect();
        digits.len() >= 4
            && (digits.ends_with(home.trim_start_matches('0')) || home.ends_with(&digits))
    })
}

/// The numbers of a text, none overlapping.
fn calls(context: &Context<'_>) -> Vec<Call> {
    let text: &str = &context.view.clean;
    let mut out = Vec::new();
    for run in runs(text, JOINTS) {
        let lead = run.first().and_then(|g| before(text, g.start));
        if lead.is_some_and(crate::text::chars::is_word) {
            continue;
        }
        let mut first = 0;
        while first < run.len() {
            match call_at(context, text, &run, first) {
                Some((call, groups)) => {
                    out.push(call);
                    first += groups;
                }
                None => first += 1,
            }
        }
    }
    out
}

/// The number that begins at one group, and how many groups it takes.
fn call_at(
    context: &Context<'_>,
    text: &str,
    run: &[Group],
    first: usize,
) -> Option<(Call, usize)> {
    let begin = run.get(first)?;
    let lead = before(text, begin.start);
    let plus = lead == Some('+') || lead == Some('(') && text.get(..begin.start)?.ends_with("+(");
    let mut found = None;
    let (mut bare, mut shape) = (String::new(), Vec::new());
    for (n, group) in run.iter().enumerate().skip(first).take(12) {
        bare.push_str(text.get(group.start..group.end)?);
        shape.push(group.len());
        if bare.len() > 17 {
            break;
        }
        let whole = ends_well(text, group.end, run.get(n + 1));
        let read = if plus || bare.starts_with("00") && shape.first() != Some(&1) {
            abroad(
                if plus { &bare } else { bare.get(2..)? },
                text.get(begin.start..group.end)?,
            )
        } else {
            None
        };
        let read = read.or_else(|| home(context, text, run, (first, n), &bare, &shape));
        if let Some((home, line)) = read.filter(|_| whole) {
            let start = begin.start - usize::from(plus);
            found = Some((
                Call {
                    start,
                    end: group.end,
                    home,
                    line,
                },
                n - first + 1,
            ));
        }
    }
    let (call, groups) = found?;
    let behind = text.get(..begin.start)?;
    let touched =
        lead.is_some_and(|c| crate::text::chars::is_word(c) || matches!(c, '$' | '€' | '£' | '#'));
    // « 3,06 12… » goes on from a number before.
    let goes_on = matches!(lead, Some('.' | ',' | '/'))
        && behind
            .trim_end_matches(['.', ',', '/'])
            .ends_with(|c: char| c.is_ascii_digit());
    (plus || !(touched || goes_on)).then_some((call, groups))
}

/// Nothing goes on after the number: no letter, no sum of money.
fn ends_well(text: &str, end: usize, next: Option<&Group>) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let money = |t: &str| {
        t.trim_start().starts_with(['$', '€', '£', '%']) || t.trim_start().starts_with("euros")
    };
    // « x123 »: an extension.
    let extension = rest
        .strip_prefix('x')
        .is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()));
    let letter = rest.chars().next().is_some_and(crate::text::chars::is_word) && !extension;
    let list = next.is_some_and(|g| {
        // « 01 23 45 67 89 100 € » is a list of sums; « 415-666-7777 100 $ » is a call and its price.
        text.get(end..g.start) == Some(" ")
            && money(text.get(g.end..).unwrap_or_default())
            && text
                .get(..end)
                .unwrap_or_default()
                .rfind([' ', '-'])
                .is_some_and(|at| text[at..].starts_with(' '))
    });
    let stop = rest
        .strip_prefix([',', '.', ':'])
        .and_then(|t| t.chars().next());
    !letter
        && !money(rest)
        && !list
        && !stop.is_some_and(|c| c.is_ascii_digit() && rest.starts_with(','))
}

/// A number with its calling code.
fn abroad(bare: &str, seen: &str) -> Option<(String, Line)> {
    let (code, least, most) = CODES.split(' ').find_map(|entry| {
        let (code, range) = entry.split_once(':')?;
        let (least, most) = range.split_once('-')?;
        bare.starts_with(code)
            .then(|| {
                Some((
                    code,
                    least.parse::<usize>().ok()?,
                    most.parse::<usize>().ok()?,
                ))
            })
            .flatten()
    })?;
    let rest = bare.get(code.len()..)?;
    let national =
        if code == "39" || !(seen.contains("(0)") || rest.starts_with('0') && rest.len() > least) {
            rest
        } else {
            rest.strip_prefix('0').unwrap_or(rest)
        };
    if !(least..=most).contains(&national.len()) || !super::numbers::varied(national) {
        return None;
    }
    let line = match code {
        "33" => french(&format!("0{national}"))?,
        "44" => british(&format!("0{national}")).unwrap_or(Line::Fixed),
        "1" => american(national)?,
        "32" => belgian(&format!("0{national}")).unwrap_or(Line::Fixed),
        "41" => swiss(&format!("0{national}")).unwrap_or(Line::Fixed),
        "34" | "351" if national.starts_with(['6', '7', '9']) => Line::Mobile,
        "49" if national.starts_with("15")
            || national.starts_with("16")
            || national.starts_with("17") =>
        {
            Line::Mobile
        }
        "39" if national.starts_with('3') => Line::Mobile,
        "800" | "808" | "979" => Line::Service,
        _ => Line::Fixed,
    };
    Some((national.to_owned(), line))
}

/// A number as it is dialled at home: one of the plans that we know, or any where a word announces it.
fn home(
    context: &Context<'_>,
    text: &str,
    run: &[Group],
    (first, last): (usize, usize),
    bare: &str,
    shape: &[usize],
) -> Option<(String, Line)> {
    let (start, end) = (run.get(first)?.start, run.get(last)?.end);
    let span = (start, end);
    if !super::numbers::varied(bare) || !(7..=12).contains(&bare.len()) {
        return None;
    }
    let digit_by_digit = shape.iter().all(|g| *g == 1);
    let joints = |wanted: &[char]| {
        (first + 1..=last).any(|n| {
            let gap = run
                .get(n - 1)
                .zip(run.get(n))
                .and_then(|(a, b)| text.get(a.end..b.start));
            gap.is_some_and(|g| g.contains(wanted))
        })
    };
    let called = || {
        said(context, span, (28, 0), CALLED)
            || text.get(..start).is_some_and(|t| t.ends_with("tel:"))
    };
    // « that's lot (202) 555-0152 »: brackets are for calls.
    let bracketed = shape == [3, 3, 4]
        && before(text, start) == Some('(')
        && run
            .get(first)
            .is_some_and(|g| text.get(g.end..).is_some_and(|t| t.starts_with(')')));
    let other = || !bracketed && said(context, span, (22, 0), OTHER);
    let line = match shape {
        [2, 2, 2, 2, 2]
        | [10]
        | [4, 2, 2, 2]
        | [4, 3, 3]
        | [2, 8]
        | [2, 4, 4]
        | [4, 6]
        | [2, 3, 3, 2] => french(bare),
        [1, 3, 3, 3] | [1, 3, 2, 2, 2] | [1, 2, 2, 2, 2, 1] | [1, 9] => {
            french(bare).filter(|l| *l == Line::Service)
        }
        [3, 3, 2, 2] => swiss(bare)
            .or_else(|| french(bare))
            .or_else(|| belgian(bare)),
        [3, 3, 4] | [3, 7] => american(bare)
            .filter(|_| shape != [3, 7])
            .filter(|_| !super::national::nhs_given(bare) || written(context, span, bare))
            .or_else(|| british(bare))
            .or_else(|| swiss(bare)),
        [5, 6] | [5, 3, 3] | [4, 3, 4] | [11] | [5, 2, 2, 2] | [3, 8] | [4, 7] => british(bare),
        [5, 5] | [6, 4] => british(bare),
        [3, 4, 4] if bare.starts_with("02") => british(bare),
        [1, 3, 3, 4] if bare.starts_with('1') => american(bare.get(1..)?),
        [2, 3, 2, 2] | [3, 2, 2, 2] | [9] | [2, 7] | [3, 6] if bare.len() == 9 => {
            belgian(bare).filter(|_| joints(&['/']) || called())
        }
        _ if digit_by_digit => french(bare),
        _ => None,
    };
    // Ten digits in one piece are often something else in North America.
    let weak = shape == [10] && !bare.starts_with('0');
    let american_bare = || american(bare).filter(|_| bare.len() == 10);
    match line.or_else(|| american_bare().filter(|_| weak)) {
        Some(line) if !weak => (!other() || called()).then(|| (bare.to_owned(), line)),
        Some(line) => called().then(|| (bare.to_owned(), line)),
        None => {
            // Other plans: where a word announces the number and nothing says otherwise.
            let whole = !run.get(last + 1).is_some_and(|g| {
                text.get(end..g.start) == Some(" ") || text.get(end..g.start) == Some("-")
            });
            let year = bare.starts_with("19") || bare.starts_with("20");
            let close =
                said(context, span, (22, 10), CALLED) && !digit_by_digit && !joints(&['\n']);
            (close
                && whole
                && !year
                && !other()
                && shape.len() <= 6
                && shape.iter().all(|g| *g >= 2))
            .then(|| (bare.to_owned(), Line::Fixed))
        }
    }
}

/// Ten digits: 01 to 05 landlines, 06 and 07 mobiles, 08 and 09 services and boxes.
fn french(bare: &str) -> Option<Line> {
    let zeros = bare.get(2..).is_some_and(|t| t.bytes().all(|b| b == b'0'));
    if bare.len() != 10 || !bare.starts_with('0') {
        return None;
    }
    match bare.as_bytes().get(1)? {
        b'1'..=b'5' if !zeros => Some(Line::Fixed),
        b'6' | b'7' if !zeros => Some(Line::Mobile),
        b'8' | b'9' => Some(Line::Service),
        _ => None,
    }
}

/// Ten or eleven digits: 01 and 02 landlines, 07 mobiles, 03 and 08 services.
fn british(bare: &str) -> Option<Line> {
    if !matches!(bare.len(), 10 | 11) || !bare.starts_with('0') {
        return None;
    }
    match (bare.as_bytes().get(1)?, bare.len()) {
        (b'1', _) | (b'2', 11) => Some(Line::Fixed),
        (b'7', 11) => Some(Line::Mobile),
        (b'3' | b'5' | b'9', 11) | (b'8', _) => Some(Line::Service),
        _ => None,
    }
}

/// Ten digits, area and exchange from 2 to 9; 8xx doubled is free, 900 is dear.
fn american(bare: &str) -> Option<Line> {
    let digits = bare.as_bytes();
    let high = |n: usize| digits.get(n).is_some_and(|b| (b'2'..=b'9').contains(b));
    if digits.len() != 10
        || !high(0)
        || !high(3)
        || digits.get(1..3) == Some(b"11")
        || digits.get(4..6) == Some(b"11")
    {
        return None;
    }
    let area = bare.get(..3)?;
    Some(match area {
        "800" | "888" | "877" | "866" | "855" | "844" | "833" | "900" => Line::Service,
        _ => Line::Fixed,
    })
}

/// Nine digits, ten for mobiles (04…).
fn belgian(bare: &str) -> Option<Line> {
    match (bare.get(..2)?, bare.len()) {
        ("04", 10) => Some(Line::Mobile),
        ("08", 9) if bare.starts_with("0800") => Some(Line::Service),
        ("09", 9) if bare.starts_with("090") => Some(Line::Service),
        (_, 9) if bare.starts_with('0') => Some(Line::Fixed),
        _ => None,
    }
}

/// Ten digits: 07x mobiles, 08 and 09 services.
fn swiss(bare: &str) -> Option<Line> {
    if bare.len() != 10 {
        return None;
    }
    match bare.get(..2)? {
        "07" => Some(Line::Mobile),
        "02" | "03" | "04" | "05" | "06" => Some(Line::Fixed),
        "08" | "09" => Some(Line::Service),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, found, none_found};
    use super::*;

    #[test]
    fn lines_of_persons() {
        each_found(
            phone,
            &[
                "06 98 76 54 32",
                "0698765432",
                "06.98.76.54.32.",
                "06\u{a0}98\u{202f}76-54-32",
                "+33 6 98 76 54 32",
                "+33(0)698765432",
                "+33 (0)6 98 76 54 32",
                "0033 6 98 76 54 32",
                "06 98 76\n54 32",
                "ring him on 07700 900614",
                "020 7946 0812",
                "+44 7700 900 123",
                "(415) 555-0132",
                "that's lot (202) 555-0152",
                "415-666-7777 100$",
                "+1 415 555 0132",
                "079 123 45 67",
                "0470 12 34 56",
                "02/345 67 89",
                "tel:+33-6-12-34-56-78",
                "My number-01 23 45 67 89",
                "My Japanese phone number is 090-1234-5678",
                "0 6 9 8 7 6 5 4 3 2",
            ],
        );
        assert_eq!(found(phone, "06 98 76 54 32 06 12 34 56 78").len(), 2);
        assert_eq!(
            found(mobile, "01 98 76 54 32 ou 06 12 34 56 78"),
            ["06 12 34 56 78"]
        );
    }

    #[test]
    fn services_and_other_numbers() {
        none_found(
            phone,
            &[
                "0 806 00 00 00",
                "09 70 12 34 56",
                "0800 123 4567",
                "1-800-555-0199",
                "3 615",
                "Réf. 0612345678",
                "01 23 45 67 89 €",
                "01 23 45 67 89 100$",
                "abc01 23 45 67 89",
                "01 23 45 67 89def",
                "03/27/2011",
                "2012-01-02 08:00",
                "ISBN 978-2-1234-5680-3",
                "Tirage du loto : 04 12 23 34 45",
                "1 250 000 €",
                "10-12-2026 14h",
            ],
        );
        each_found(any, &["0 806 12 34 56", "09 70 12 34 56", "1-800-555-0199"]);
    }
}
