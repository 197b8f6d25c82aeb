# vigie check and vigie rules.

check-cannot-read = Cannot read { $file }: { $why }
check-not-text = { $file } is neither UTF-8 text nor a picture.
check-cannot-clean = { $file } was not written again without its hidden data: { $why }
check-cleaned = Without hidden data: { $file }
check-bad-line = { $file }, line { $line }: { $why }
check-bad-facts = The facts of { $file } cannot be read: { $why }
check-bad-now = “{ $value }” is not a moment. Write for example 2026-11-24 or 2026-11-24T10:00:00+01:00.
check-bad-pack = { $file }:{ $line }: { $why }
check-progress = { $n } lines checked
check-progress-files = { $n } of { $of } files checked
check-too-many = { $file } holds more than { $n } files: the others were not checked.
check-left-out = Left out in folders: { $binary } files that are neither text nor picture, { $large } too large.
check-rule-unknown = No rule is called { $id }.
check-rule-near = No rule is called { $id }. Did you mean { $near }?
check-rule-advice = Advice
check-rule-source = Source
check-rule-verified = read at its origin
check-rule-unverified = to be confirmed
check-rule-jurisdictions = Law of
check-rule-in-force = In force
check-rule-skill = Second reader
check-rule-file = File
check-rule-fire = Must be found
check-rule-quiet = Must pass
check-rules-all-pass = { $rules } rules, { $examples } examples: all right.
check-rules-some-fail = Examples that went wrong: { $misses } of { $examples }.
