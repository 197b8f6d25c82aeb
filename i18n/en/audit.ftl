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

audit-title = Log of decisions
audit-lead = Every decision is written here, and nothing can be erased or changed without it showing.
audit-prove-title = Prove it
audit-prove = { $n ->
    [0] The log is empty.
    [one] One entry. Prove it here, or on a machine that you trust.
   *[other] { $n } entries. Prove them here, or on a machine that you trust.
  }
audit-prove-here = Prove it now
audit-export = Download the log
audit-elsewhere = Prove it elsewhere
audit-elsewhere-how = Download the log, take it to another machine that has the vigie program, and run this command there, without a network:
audit-key = Keep this key outside Vigie: it proves who signed.
audit-root = Root of the tree right now:
audit-altered-do = Stop everything with “Pause”, keep a copy of the database, and tell the person in charge of security.
audit-kind = Show
audit-kind-all = Everything
audit-kind-post = Posts
audit-kind-publication = Publications
audit-kind-channel = Connected pages
audit-kind-page = What happens on the pages
audit-kind-change = Two-person changes
audit-kind-pause = Pauses
audit-kind-alarm = Alarms
audit-kind-rules = rules
audit-kind-member = Arrivals
audit-kind-session = Sign-ins
audit-kind-passkey = Passkeys
audit-kind-token = API tokens
audit-kind-vault = The vault
audit-show = Show
audit-only = Only { $object }.
audit-none-title = Nothing here
audit-none = No decision of this kind was taken yet.
audit-by-vigie = Vigie
audit-by-program = (by a program, with their token)
audit-entry = Entry { $seq }
audit-act = Act
audit-object = Object
audit-open = Open
audit-older = Older

audit-act-post-create = Draft begun
audit-act-post-edit = New version saved
audit-act-post-accept = Proposed edit accepted
audit-act-post-decline = Proposed edit declined
audit-act-post-suggest = Edit proposed
audit-act-post-submit = Review asked for
audit-act-post-offer = Offered to another peer too
audit-act-post-approve = Approved
audit-act-post-request-changes = Changes asked for
audit-act-post-waive = Stop lifted, with a reason
audit-act-post-withdraw = Withdrawn
audit-act-post-archive = Archived
audit-act-post-comment = Comment
audit-act-post-settled = Settled on every page
audit-act-post-lapse = Back with its author
audit-act-publication-begin = Sending begun
audit-act-publication-outcome = Answer of the network
audit-act-publication-interrupted = Sending interrupted
audit-act-publication-looked = Looked up on the network
audit-act-publication-decide = Outcome settled by a person
audit-act-publication-lapse = Window missed
audit-act-publication-break = Part of a series cancelled, since the one before is not on the page
audit-act-publication-take-back = Take-back asked for
audit-act-publication-taken-back = Taken back from the network
audit-act-publication-tampered = Publication refused: not the content that was approved
audit-act-publication-retry = Another try asked for
audit-act-channel-repair = Page repaired
audit-act-change-ask = Change asked for
audit-act-change-confirm = Change confirmed
audit-act-change-refuse = Change refused
audit-act-change-cancel = Change cancelled
audit-act-change-expire = Change expired
audit-act-change-founding = Change made alone, before the second member
audit-act-pause-stop = Everything paused
audit-act-pause-ask-resume = Resuming asked for
audit-act-pause-resume = Publications resumed
audit-act-pause-keep = Pause kept
audit-act-alarm-close = Alarm closed
audit-act-organisation-found = Organisation founded
audit-act-member-join = Member joined
audit-act-passkey-add = Passkey added
audit-act-passkey-remove = Passkey removed
audit-act-passkey-rename = Passkey renamed
audit-act-password-change = Password changed
audit-act-mail-open = The organisation’s e-mail prepared
audit-act-mail-close = The organisation’s e-mail ended
audit-act-mail-ask = Address for letters given
audit-act-mail-prove = Address for letters confirmed
audit-act-mail-remove = Address for letters removed
audit-act-mail-wishes = Wanted letters chosen
audit-act-mail-stop = Letters stopped from a letter
audit-act-authenticator-change = Authenticator changed
audit-act-recovery-new = New recovery codes
audit-act-recovery-use = Recovery code used
audit-act-session-open = Signed in
audit-act-session-open-passkey = Signed in with a passkey
audit-act-session-end = Session ended
audit-act-session-end-others = Other sessions ended
audit-act-session-refuse = Sign-in refused
audit-act-token-create = API token made
audit-act-token-revoke = API token revoked
audit-act-rules-change = Rules changed
audit-act-vault-key = New vault key
audit-act-vault-rotate = Vault re-encrypted
audit-act-page-deleted = Deleted on the network, not by Vigie
audit-act-page-edited = Edited on the network, not by Vigie
audit-act-page-foreign = Posted on the page, not by Vigie
