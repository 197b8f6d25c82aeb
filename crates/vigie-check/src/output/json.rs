//! One report as a JSON object, in one language. The names here are an interface: extend, never rename.

use serde_json::{Map, Value, json};

use crate::content::Lang;
use crate::report::{Finding, Fix, Report};

/// The report: `findings`, `engine`, `packs`, and `notes` when there are any.
pub fn report(report: &Report, lang: Lang) -> Value {
    let mut out = Map::new();
    let findings: Vec<Value> = report.findings.iter().map(|f| finding(f, lang)).collect();
    out.insert("findings".to_owned(), findings.into());
    out.insert("engine".to_owned(), json!(report.engine));
    out.insert("packs".to_owned(), json!(report.packs));
    if !report.notes.is_empty() {
        let notes: Vec<&str> = report.notes.iter().map(|n| n.get(lang)).collect();
        out.insert("notes".to_owned(), json!(notes));
    }
    Value::Object(out)
}

/// One finding.
pub fn finding(f: &Finding, lang: Lang) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    put("rule", json!(f.rule));
    put("family", json!(f.family));
    put("severity", json!(f.severity));
    put("confidence", json!(f.confidence));
    if let Some((s, e)) = f.span {
        put("span", json!([s, e]));
    }
    put("where", json!(f.where_));
    put("message", json!(f.message.get(lang)));
    put("advice", json!(f.advice.get(lang)));
    if let Some(it) = &f.fix {
        put("fix", fix(it, lang));
    }
    put("source", json!(f.source));
    put("evidence", json!(f.evidence));
    if !f.unknown.is_empty() {
        put("unknown", json!(f.unknown));
    }
    if let Some(skill) = f.skill {
        put("skill", json!(skill));
    }
    Value::Object(out)
}

fn fix(fix: &Fix, lang: Lang) -> Value {
    json!({
        "label": fix.label.get(lang),
        "span": [fix.span.0, fix.span.1],
        "text": fix.text,
        "disposition": fix.disposition,
    })
}
