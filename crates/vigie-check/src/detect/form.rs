//! The outside of a text: hidden characters, shouting, hashtags.

use unicode_segmentation::UnicodeSegmentation as _;

use super::{Context, Suggestion};
use crate::eval::Hit;
use crate::text::{chars, view};

/// Runs of characters that nobody sees. One hit for all: the fix cleans the whole field.
///
/// Joiners inside emoji and between letters of scripts that need them, and a mark at the very start, are ordinary.
pub fn hidden(context: &Context<'_>) -> Vec<Hit> {
    let text = context.view.original();
    let mut count = 0usize;
    let mut bidi = false;
    let mut clean = String::with_capacity(text.len());
    let mut previous: Option<char> = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        if chars::is_hidden(c) && !ordinary(c, previous, next) {
            count += 1;
            bidi |= chars::is_bidi(c);
        } else {
            clean.push(c);
            previous = Some(c);
        }
    }
    if count == 0 {
        return Vec::new();
    }
    let mut hit = Hit::at(0, context.view.clean.len())
        .with("count", count.to_string())
        .with("match", "");
    hit = hit.with(
        "kind_fr",
        if bidi {
            "invisibles ou qui changent le sens d’écriture"
        } else {
            "invisibles"
        },
    );
    hit = hit.with(
        "kind_en",
        if bidi {
            "hidden or direction-changing"
        } else {
            "hidden"
        },
    );
    hit.suggestion = Some(Suggestion(clean));
    vec![hit]
}

fn ordinary(c: char, previous: Option<char>, next: Option<char>) -> bool {
    let joins = |c: char| {
        chars::is_emoji(c)
            || matches!(c, '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}')
            || is_joining_script(c)
    };
    match c {
        '\u{FEFF}' => previous.is_none(),
        '\u{200C}' | '\u{200D}' => previous.is_some_and(joins),
        // Flags of regions are an emoji followed by tags.
        '\u{E0000}'..='\u{E007F}' => {
            previous.is_some_and(|p| p == '\u{1F3F4}' || ('\u{E0000}'..='\u{E007F}').contains(&p))
        }
        '\u{200E}' | '\u{200F}' | '\u{061C}' => {
            previous.is_some_and(is_joining_script) || next.is_some_and(is_joining_script)
        }
        '\u{00AD}' => false,
        _ => false,
    }
}

/// Scripts that are written right to left or need joiners.
fn is_joining_script(c: char) -> bool {
    matches!(c, '\u{0590}'..='\u{08FF}' | '\u{0900}'..='\u{0DFF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}')
}

/// Words in which a letter of another script stands in for a Latin one.
pub fn mixed_script(context: &Context<'_>) -> Vec<Hit> {
    let text = context.view.original();
    view::mixed_words(text)
        .into_iter()
        .filter(|(s, e)| {
            text.get(*s..*e)
                .is_some_and(|w| w.chars().filter(|c| c.is_alphabetic()).count() >= 3)
        })
        .take(crate::limits::MAX_PER_RULE)
        .filter_map(|(s, e)| {
            let word = text.get(s..e)?;
            // Spans of a detector are bytes of the view: count what stands before the word there.
            let before = view::View::new(text.get(..s)?).clean.len();
            let clean = view::View::new(word).clean.into_owned();
            let mut hit = Hit::at(before, before + clean.len()).with("match", word);
            hit.suggestion = Some(Suggestion(clean));
            Some(hit)
        })
        .collect()
}

/// Capitals, exclamation marks and emoji beyond measure.
pub fn shouting(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let (mut upper, mut letters, mut emoji, mut long_upper) = (0usize, 0usize, 0usize, 0usize);
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        let count = word.chars().filter(|c| c.is_alphabetic()).count();
        let up = word.chars().filter(|c| c.is_uppercase()).count();
        letters += count;
        upper += up;
        // Acronyms are short; a shouted word is long.
        if count >= 5 && up == count {
            long_upper += 1;
        }
    }
    emoji += context
        .view
        .original()
        .graphemes(true)
        .filter(|g| g.chars().next().is_some_and(chars::is_emoji))
        .count();
    let capitals = letters > 20 && upper * 10 > letters * 6 && long_upper >= 3;
    let bangs = longest_run(text, '!') >= 3 || longest_run(text, '?') >= 4;
    let crowd = emoji > 6 && emoji * 6 > context.view.word_count();
    if !(capitals || bangs || crowd) {
        return Vec::new();
    }
    let what = |fr: &str, en: &str| (fr.to_owned(), en.to_owned());
    let (fr, en) = if capitals {
        what(
            "presque tout est en capitales",
            "almost everything is in capitals",
        )
    } else if bangs {
        what("la ponctuation est répétée", "punctuation is repeated")
    } else {
        what("il y a beaucoup d’émojis", "there are many emoji")
    };
    vec![Hit::default().with("what_fr", fr).with("what_en", en)]
}

fn longest_run(text: &str, wanted: char) -> usize {
    let (mut best, mut run) = (0, 0);
    for c in text.chars().filter(|c| *c != ' ') {
        run = if c == wanted { run + 1 } else { 0 };
        best = best.max(run);
    }
    best
}

/// Long hashtags all in lower case: hard to read aloud, and easy to read otherwise.
pub fn lowercase_hashtag(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let known = context.facts.list("org.hashtag_history");
    let mut out = Vec::new();
    for (at, _) in text.match_indices('#').take(crate::limits::MAX_HITS) {
        let tag: &str = {
            let rest = text.get(at + 1..).unwrap_or_default();
            let end = rest
                .find(|c: char| !chars::is_word(c))
                .unwrap_or(rest.len());
            rest.get(..end).unwrap_or_default()
        };
        let letters = tag.chars().filter(|c| c.is_alphabetic()).count();
        let whole = format!("#{tag}");
        if letters >= 15
            && !tag.chars().any(char::is_uppercase)
            && !known.iter().any(|k| k.eq_ignore_ascii_case(&whole))
        {
            out.push(Hit::at(at, at + whole.len()));
        }
    }
    out
}
