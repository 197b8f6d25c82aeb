# Commands that ask a running Vigie over its API.

remote-no-token = No access token. Make one under “My account”, then give it in the variable VIGIE_TOKEN or in a file with --token-file.
remote-no-file = Cannot read { $file }
remote-bad-server = { $url } is not the address of a server.
remote-not-encrypted = { $url } is not encrypted, and the token would be readable on the way. Use an https address.
remote-no-answer = { $url } does not answer. { $why }
remote-status = The server answered with status { $status } and no reason.
remote-none = None.
remote-no-channel = There is no connected page yet. Connect one on the page “Pages”; a colleague confirms it.
remote-which-channel = There are several pages. Say which with --channel: { $names }.
remote-unknown-channel = No connected page is called { $name }. There are: { $names }.
remote-two-channels = Several pages are called { $name }. Give the id, as vigie channel list shows it.
remote-alt-missing = Each picture needs a description: { $pictures } pictures, { $alts } descriptions. Give --alt once for each, empty when a picture only decorates.
remote-draft-kept = The draft { $id } is kept, but no review was asked for
remote-commented = Said.
remote-missing = { $n ->
    [one] Waits for { $n } approval
   *[other] Waits for { $n } approvals
  }
remote-nothing-published = Nothing of this post is on a page, so there is nothing to take back.
remote-taken-back = { $n ->
    [one] It is being deleted on { $n } page. The copy and the reason are kept.
   *[other] It is being deleted on { $n } pages. The copy and the reason are kept.
  }
remote-reviews = reviews
remote-reviews-not = does not review
remote-paused = Everything is paused: nothing goes out. Starting again takes two people, at the page “Pause”.
remote-not-paused = Nothing is paused.
remote-bad-time = “{ $value }” is not a moment. Write for example 2026-12-01T09:00:00+01:00.
