//! Taking a step: alone where it adds care, prepared for a second person where it does not.

use axum::response::Response;
use jiff::Timestamp;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::change::ChangeKind;
use vigie_core::rulebook::{RuleBook, Step, StepRefusal, Value};
use vigie_store::Tx;

use crate::change::apply;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::Frame;
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It holds.
    Done,
    /// It waits for a second person.
    Waits,
}

/// The key of a refusal's words.
pub const fn refusal_key(refusal: StepRefusal) -> &'static str {
    match refusal {
        StepRefusal::Unknown => "rules-refused-unknown",
        StepRefusal::Floor => "rules-refused-floor",
        StepRefusal::TooMuch => "rules-refused-too-much",
        StepRefusal::BadValue => "rules-refused-value",
        StepRefusal::Nothing => "rules-refused-nothing",
    }
}

impl From<StepRefusal> for Error {
    fn from(refusal: StepRefusal) -> Self {
        Self::refused(refusal_key(refusal))
    }
}

/// Takes some steps, each by itself, in one transaction.
///
/// # Errors
/// A step that is refused: none is taken then. Database.
pub async fn take(frame: &Frame, me: &Signed, steps: &[Step]) -> Result<Vec<Taken>, Error> {
    let now = frame.app.clock.now();
    let mut tx = frame.app.store.begin().await?;
    let mut out = Vec::new();
    for step in steps {
        let book = tx.rule_book().await?.book;
        book.after(step)?;
        if book.takes_two(step) {
            let kind = ChangeKind::ChangeRules { step: step.clone() };
            apply::prepare(&mut tx, me.id, kind, now).await?;
            out.push(Taken::Waits);
        } else {
            settle(&mut tx, step).await?;
            log(&mut tx, me, step, now).await?;
            out.push(Taken::Done);
        }
    }
    tx.commit().await?;
    Ok(out)
}

/// Writes the book after a step.
///
/// # Errors
/// What the book no longer allows; somebody else's change meanwhile; database.
pub async fn settle(tx: &mut Tx, step: &Step) -> Result<(), Error> {
    let row = tx.rule_book().await?;
    let next = row.book.after(step)?;
    tx.rule_book_put(&next, row.version).await?;
    Ok(())
}

async fn log(tx: &mut Tx, me: &Signed, step: &Step, now: Timestamp) -> Result<(), Error> {
    let actor = AuditActor::Member { member: me.id };
    let to = step.detail();
    tx.audit(now, actor, "rules.change", &step.object(), &[("to", &to)])
        .await?;
    Ok(())
}

/// Back to a page, with what came of it.
pub fn answered(frame: &Frame, path: &str, taken: &[Taken]) -> Response {
    let key = match (taken.contains(&Taken::Done), taken.contains(&Taken::Waits)) {
        (true, true) => "rules-partly",
        (_, true) => "rules-waits",
        _ => "rules-done",
    };
    web::done(&frame.app, path, &Flash::good(key))
}

/// A step in words, for the person who confirms it.
pub fn said(w: &Words, book: &RuleBook, step: &Step) -> Vec<String> {
    match step {
        Step::Off { rule, .. } => vec![w.t1("rules-step-off", "rule", rule)],
        Step::On { rule, .. } => vec![w.t1("rules-step-on", "rule", rule)],
        Step::Weigh {
            rule,
            from,
            severity,
        } => {
            let word = |s| w.t(format!("severity-{s}"));
            let (before, after) = (book.weight(rule, *from), severity.unwrap_or(*from));
            vec![w.t3(
                "settings-line",
                "what",
                rule,
                "before",
                word(before),
                "after",
                word(after),
            )]
        }
        Step::Words { list, add, remove } => {
            let mut lines = vec![w.t(format!("rules-list-{}", key(list)))];
            let all = |words: &std::collections::BTreeSet<String>| {
                words
                    .iter()
                    .take(50)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(" · ")
            };
            if !add.is_empty() {
                lines.push(w.t2("rules-step-add", "n", add.len(), "words", all(add)));
            }
            if !remove.is_empty() {
                lines.push(w.t2("rules-step-remove", "n", remove.len(), "words", all(remove)));
            }
            lines
        }
        Step::Know { fact, value } => {
            let before = book.facts.get(fact);
            vec![w.t3(
                "settings-line",
                "what",
                w.t(format!("rules-fact-{}", key(fact))),
                "before",
                known(w, before),
                "after",
                known(w, value.as_ref()),
            )]
        }
        Step::Put {
            rule,
            severity,
            source,
        } => {
            let word = w.t(format!("severity-{severity}"));
            let mut lines = vec![w.t2("rules-step-put", "rule", rule, "severity", word)];
            lines.extend(source.lines().map(str::to_owned));
            lines
        }
        Step::Drop { rule } => vec![w.t1("rules-step-drop", "rule", rule)],
    }
}

/// A name of a list or fact as part of a message's key.
pub fn key(name: &str) -> String {
    name.replace(['.', '_'], "-").to_lowercase()
}

/// A value in words.
pub fn known(w: &Words, value: Option<&Value>) -> String {
    let one = |word: &str| w.find(&format!("rules-value-{}", key(&word.replace(' ', "-"))));
    match value {
        None => w.t("rules-unknown"),
        Some(Value::Is(true)) => w.t("settings-yes"),
        Some(Value::Is(false)) => w.t("settings-no"),
        Some(Value::Text(text)) => one(text).unwrap_or_else(|| text.clone()),
        Some(Value::Some(words)) => words
            .iter()
            .map(|word| one(word).unwrap_or_else(|| word.clone()))
            .collect::<Vec<_>>()
            .join(", "),
    }
}
