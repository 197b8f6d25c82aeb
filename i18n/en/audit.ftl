# The log of decisions.

audit-verify-intact = { $entries ->
    [0] The log is empty, and intact.
    [one] The log is intact: its one entry is as it was written.
   *[other] The log is intact: all { $entries } entries are as they were written.
  }
audit-verify-signed = { $checkpoints ->
    [0] No checkpoint covers it: nothing proves that its end was not cut off.
    [one] One signed checkpoint covers the first { $signed } entries.
   *[other] { $checkpoints } signed checkpoints cover the first { $signed } entries.
  }
audit-verify-evidence = { $n ->
    [0] No approval in it was sealed with a passkey.
    [one] One approval was sealed with a passkey; its signature fits.
   *[other] { $n } approvals were sealed with a passkey; their signatures fit.
  }
audit-verify-root = Root of the tree: { $root }
audit-verify-key = Signed by: { $key }
audit-verify-pin = This key was read from the file itself. Compare it with the one on the audit page, or give that one with --key.
audit-verify-altered = { $n ->
    [one] The log was altered. One entry is not as it was written:
   *[other] The log was altered. { $n } entries are not as they were written:
  }
audit-verify-other-key = This log was signed by another key than the one you gave
audit-verify-unreadable = This is not a log that Vigie exported, or it was damaged on the way
audit-problem-changed = Entry { $seq } was changed.
audit-problem-removed = Entry { $seq } was removed.
audit-problem-moved = Entry { $seq } stands in another place.
audit-problem-inserted = Entry { $seq } was inserted.
audit-problem-broken = Entry { $seq } was changed, or entries right after it were removed and the rest numbered again.
audit-problem-unsigned = No signature covers entry { $seq } and what follows: anybody could have written it.
audit-problem-evidence = Entry { $seq } names evidence that is missing, was changed, or proves nothing.
audit-problem-checkpoint-signature = The checkpoint after entry { $seq } is not signed by the key.
audit-problem-checkpoint-root = The checkpoint after entry { $seq } does not fit: something up to that entry was changed.
