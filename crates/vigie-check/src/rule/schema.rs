//! The rule language as a JSON schema, made from the types that read it: editors complete and check rule files with it.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::file::RuleFile;
use crate::detect;

/// The schema, as committed in `docs/rule.schema.json`.
///
/// Draft 7: editors of TOML know no later one.
pub fn rule() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<RuleFile>().to_value();
    let top = [
        ("title", json!("Rule of Vigie")),
        (
            "description",
            json!("One rule. The language is described in docs/rules.md."),
        ),
        (
            "anyOf",
            json!([{ "required": ["when"] }, { "required": ["match"] }]),
        ),
        (
            "if",
            json!({ "properties": { "severity": { "enum": ["review", "stop"] } } }),
        ),
        ("then", json!({ "required": ["skill"] })),
    ];
    for (key, value) in top {
        schema[key] = value;
    }
    schema["properties"]["id"]["pattern"] = json!("^[A-Z0-9-]*-[A-Z0-9-]*$");
    schema["properties"]["id"]["maxLength"] = json!(40);
    let mut names: Vec<&str> = detect::names().collect();
    names.sort_unstable();
    schema["definitions"]["NodeFile"]["properties"]["detector"]["enum"] = json!(names);
    day(&mut schema["properties"]["valid_from"]);
    day(&mut schema["properties"]["valid_to"]);
    schema
}

fn day(schema: &mut Value) {
    schema["pattern"] = json!("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
}
