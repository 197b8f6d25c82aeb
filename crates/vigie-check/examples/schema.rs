//! Writes the schema of the rule language: `make docs` puts it in `docs/rule.schema.json`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    let schema = vigie_check::rule::schema::rule();
    writeln!(std::io::stdout(), "{schema:#}")
}
