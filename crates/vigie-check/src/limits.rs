//! Bounds that keep a check quick whatever it is given.

/// Characters of a text that are read; more is said in a finding, not ignored in silence.
pub const MAX_CHARS: usize = 1_000_000;

/// Findings that one rule may make in one field.
pub const MAX_PER_RULE: usize = 20;

/// Hits of one condition that are remembered in one field.
pub const MAX_HITS: usize = 256;

/// Attached links and pictures that are read.
pub const MAX_ATTACHED: usize = 64;

/// Words of the organisation's lists that are looked for in one check.
pub const MAX_FACT_TERMS: usize = 20_000;

/// Bytes of one rule file.
pub const MAX_RULE_BYTES: usize = 64 * 1024;

/// Bytes of one table of secret formats.
pub const MAX_TABLE_BYTES: usize = 256 * 1024;

/// Words of the organisation's lists that are remembered in one field.
pub const MAX_LISTED: usize = 10_000;
