//! The rules in force: the packs as the organisation changed them, and what they know of it, made ready once for each
//! version of its book. Every check asks the database for the version, so that a change holds at once on every replica.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use vigie_check::{Changes, Content, FactValue, Facts, LoadError, OwnRule, Packs, Report};
use vigie_core::rulebook::{RuleBook, Severity, Value};
use vigie_store::RuleBookRow;

use crate::app::App;

/// The rules that come with the program, what was made ready last, and the right to make the next.
#[derive(Debug)]
pub struct Rules {
    shipped: watch::Receiver<Option<Arc<Packs>>>,
    latest: Mutex<Option<Arc<InForce>>>,
    building: tokio::sync::Mutex<()>,
}

/// The rules of one version of the book.
#[derive(Debug)]
pub struct InForce {
    /// The version; 0 while nothing was changed.
    pub version: i64,
    /// The book.
    pub book: RuleBook,
    /// The packs as they come with the program.
    pub shipped: Arc<Packs>,
    /// The packs, without what is off.
    pub packs: Arc<Packs>,
    /// The organisation's own rules as they are written, those that are off too.
    pub own: Arc<Packs>,
    /// Own rules that this program cannot read, which are left out: an upgrade may have changed what they stand on.
    pub faults: Vec<LoadError>,
    facts: Facts,
    versions: Arc<BTreeMap<String, String>>,
}

impl Rules {
    /// Begins to read the rules that come with the program. The program answers meanwhile: only what checks something
    /// waits for them.
    pub fn read() -> Self {
        let (done, shipped) = watch::channel(None);
        tokio::task::spawn_blocking(move || match Packs::embedded() {
            Ok(packs) => {
                done.send_replace(Some(Arc::new(packs)));
            }
            // Tests exclude it. A program whose own rules cannot be read must not let a post through.
            Err(faults) => {
                for fault in faults {
                    tracing::error!(%fault, "a rule of the program cannot be read");
                }
                std::process::exit(70);
            }
        });
        Self {
            shipped,
            latest: Mutex::new(None),
            building: tokio::sync::Mutex::new(()),
        }
    }

    /// The rules that come with the program, once they are read.
    pub(crate) async fn shipped(&self) -> Arc<Packs> {
        let mut shipped = self.shipped.clone();
        loop {
            if let Some(packs) = &*shipped.borrow_and_update() {
                return Arc::clone(packs);
            }
            if shipped.changed().await.is_err() {
                // The program ends.
                std::future::pending::<()>().await;
            }
        }
    }

    fn latest(&self) -> Option<Arc<InForce>> {
        let latest = self.latest.lock();
        latest.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The rules in force now.
///
/// # Errors
/// Database.
pub async fn in_force(app: &App) -> vigie_store::Result<Arc<InForce>> {
    let version = app.store.read().await?.rule_book_version().await?;
    if let Some(latest) = app.rules.latest().filter(|l| l.version == version) {
        return Ok(latest);
    }
    // One at a time; who waited takes what was built meanwhile.
    let _building = app.rules.building.lock().await;
    let row = app.store.read().await?.rule_book().await?;
    let latest = app.rules.latest();
    if let Some(latest) = latest.as_ref().filter(|l| l.version == row.version) {
        return Ok(Arc::clone(latest));
    }
    let shipped = app.rules.shipped().await;
    let (wanted, packs) = (row.clone(), Arc::clone(&shipped));
    let built = tokio::task::spawn_blocking(move || {
        let before = latest.unwrap_or_else(|| Arc::new(InForce::untouched(&packs)));
        build(&packs, &before, &wanted)
    });
    let built = Arc::new(built.await.unwrap_or_else(|error| {
        tracing::error!(%error, "own rules could not be made ready; the rules that come with Vigie hold");
        InForce::new(&row, &shipped, Arc::clone(&shipped), Arc::new(Packs::none()), Vec::new())
    }));
    *app.rules
        .latest
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&built));
    Ok(built)
}

/// Makes a version ready. Lists and facts alone change quickly: the packs of the version before serve again.
fn build(shipped: &Arc<Packs>, before: &InForce, row: &RuleBookRow) -> InForce {
    let same =
        |a: &RuleBook, b: &RuleBook| (&a.off, &a.severity, &a.own) == (&b.off, &b.severity, &b.own);
    if same(&before.book, &row.book) {
        let (packs, own) = (Arc::clone(&before.packs), Arc::clone(&before.own));
        return InForce::new(row, shipped, packs, own, before.faults.clone());
    }
    if same(&RuleBook::default(), &row.book) {
        let none = Arc::new(Packs::none());
        return InForce::new(row, shipped, Arc::clone(shipped), none, Vec::new());
    }
    let mut changes = changes(&row.book);
    let own =
        |changes: &Changes| Arc::new(Packs::alone(&changes.own).unwrap_or_else(|_| Packs::none()));
    match Packs::changed(&changes) {
        Ok(packs) => InForce::new(row, shipped, Arc::new(packs), own(&changes), Vec::new()),
        Err(faults) => {
            for fault in &faults {
                tracing::error!(
                    rule = fault.file,
                    line = fault.line,
                    "an own rule cannot be read; it is left out"
                );
            }
            changes
                .own
                .retain(|own| !faults.iter().any(|f| f.file == own.file));
            let packs = Packs::changed(&changes).map_or_else(|_| Arc::clone(shipped), Arc::new);
            InForce::new(row, shipped, packs, own(&changes), faults)
        }
    }
}

/// The book as the engine takes it.
fn changes(book: &RuleBook) -> Changes {
    let own = |(id, source): (&String, &String)| OwnRule {
        file: id.clone(),
        source: source.clone(),
    };
    Changes {
        off: book.off.clone(),
        severity: book
            .severity
            .iter()
            .filter_map(|(rule, severity)| Some((rule.clone(), engine(*severity)?)))
            .collect(),
        own: book.own.iter().map(own).collect(),
    }
}

/// A severity of the book as the engine names it.
pub fn engine(severity: Severity) -> Option<vigie_check::Severity> {
    vigie_check::Severity::parse(severity.as_str())
}

/// A severity of the engine as the book names it.
pub fn booked(severity: vigie_check::Severity) -> Severity {
    Severity::parse(severity.as_str()).unwrap_or(Severity::Stop)
}

/// What is known of the organisation, as facts.
fn facts(book: &RuleBook) -> Facts {
    let mut facts = Facts::new();
    for (key, value) in &book.facts {
        facts.set(key.clone(), fact(value));
    }
    for (list, words) in &book.lists {
        facts.set(list.clone(), words.iter().cloned().collect::<Vec<_>>());
    }
    facts
}

fn fact(value: &Value) -> FactValue {
    match value {
        Value::Is(yes) => FactValue::Bool(*yes),
        // The fact `listed` is true, false or the name of a market.
        Value::Text(text) if text == "true" => FactValue::Bool(true),
        Value::Text(text) if text == "false" => FactValue::Bool(false),
        Value::Text(text) => FactValue::Text(text.clone()),
        Value::Some(words) => match words.first() {
            Some(only) if words.len() == 1 => FactValue::Text(only.clone()),
            _ => FactValue::List(words.iter().cloned().collect()),
        },
    }
}

impl InForce {
    /// The rules as they come, for an organisation that changed nothing.
    fn untouched(shipped: &Arc<Packs>) -> Self {
        let none = Arc::new(Packs::none());
        let row = RuleBookRow::default();
        Self::new(&row, shipped, Arc::clone(shipped), none, Vec::new())
    }

    fn new(
        row: &RuleBookRow,
        shipped: &Arc<Packs>,
        packs: Arc<Packs>,
        own: Arc<Packs>,
        faults: Vec<LoadError>,
    ) -> Self {
        let facts = packs.prepare(&facts(&row.book));
        let mut versions = packs.versions().clone();
        if row.version > 0 {
            versions.insert("organisation".to_owned(), row.version.to_string());
        }
        Self {
            version: row.version,
            book: row.book.clone(),
            shipped: Arc::clone(shipped),
            packs,
            own,
            faults,
            facts,
            versions: Arc::new(versions),
        }
    }

    /// What is known of the organisation, to be completed with what is known of one post.
    pub fn facts(&self) -> Facts {
        self.facts.clone()
    }

    /// Checks one text. The report says which version of the organisation's book it was checked with.
    pub fn check(&self, content: &Content, facts: &Facts) -> Report {
        let mut report = vigie_check::check(content, facts, &self.packs);
        report.packs = Arc::clone(&self.versions);
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: i64, book: RuleBook) -> RuleBookRow {
        RuleBookRow { version, book }
    }

    #[test]
    fn lists_and_facts_reach_the_check_without_building_packs_anew() {
        let shipped = Arc::new(Packs::embedded().unwrap());
        let start = InForce::untouched(&shipped);
        let mut book = RuleBook::default();
        book.lists
            .insert("codenames".into(), ["Basalte".to_owned()].into());
        book.facts.insert(
            "target".into(),
            Value::Some(["FR".to_owned(), "UK".to_owned()].into()),
        );
        book.facts
            .insert("country".into(), Value::Text("FR".into()));
        book.facts
            .insert("listed".into(), Value::Text("true".into()));
        let next = build(&shipped, &start, &row(3, book));
        assert!(Arc::ptr_eq(&next.packs, &shipped));
        let facts = next.facts().with("now", "2026-11-24");
        assert_eq!(facts.list("target"), ["FR", "UK"]);
        assert_eq!(facts.text("country"), Some("FR"));
        assert_eq!(facts.get("listed"), Some(&FactValue::Bool(true)));
        let report = next.check(&Content::text("Fiers de l’équipe Basalte"), &facts);
        assert!(report.findings.iter().any(|f| f.rule == "CONF-CODE-01"));
        assert_eq!(report.packs["organisation"], "3");
        let before = start.check(&Content::text("Fiers de l’équipe Basalte"), &start.facts());
        assert!(before.findings.is_empty() && !before.packs.contains_key("organisation"));
    }

    #[test]
    fn an_own_rule_that_cannot_be_read_is_left_out_and_said() {
        let shipped = Arc::new(Packs::embedded().unwrap());
        let start = InForce::untouched(&shipped);
        let mut book = RuleBook::default();
        book.off.insert("REP-TPL-01".into());
        book.own.insert("ORG-OLD-01".into(), "id = 3".into());
        let next = build(&shipped, &start, &row(1, book));
        assert_eq!(next.faults[0].file, "ORG-OLD-01");
        assert!(next.packs.rule("REP-TPL-01").is_none(), "the rest holds");
        assert!(next.packs.rules().len() > 20);
    }
}
