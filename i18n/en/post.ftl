# Posts: why something was not done, and what Vigie itself says in a thread.

refusal-wrong-state = This is not possible at this stage of the post.
refusal-may-not-write = You do not write posts here. A steward and a second person can change that.
refusal-may-not-review = You do not review posts here yet. A steward and a second person can change that.
refusal-needs-person = This takes a person: a program cannot do it with a token.
refusal-own-content = Nobody approves what they wrote themselves. Another colleague is asked.
refusal-content-changed = The post has changed since you saw it. Look at it again; nothing was approved.
refusal-already-approved = You have approved this already. It waits for somebody else.
refusal-reason-needed = Please write why, in a sentence or so.
refusal-nothing-to-waive = This finding blocks nothing any more.
refusal-bad-revision = The post has been saved by somebody else meanwhile. Your text is kept on the page before.
refusal-not-author = Only the post’s author can do this.
refusal-bad-reviewer = This colleague cannot be asked for this post.
refusal-no-reviewer = There is nobody else who may review yet. Invite a colleague, then ask again; your post is saved.
refusal-half-out = A part of this series is on a page, and the rest did not go out. Take back what is there first, then ask for review again; everything is kept.
refusal-window-passed = The time set for this post has passed. Choose another; everything else is kept.
refusal-seal-needed = Approvals here are sealed with a passkey. Add one to your account, or ask another reviewer.
refusal-bad-seal = Your passkey’s answer does not fit this post. Nothing was approved; please try again.
refusal-same-content = The proposed edit changes nothing.
refusal-stale = The post has changed since this edit was proposed. Take over what you want by hand.

draft-no-channel = Choose at least one page to publish on.
draft-too-many-channels = These are too many pages for one post.
draft-channel-twice = One page is chosen twice.
draft-unknown-channel = One of the pages is no longer connected. Take it out, or connect it again.
draft-text-too-long = The text is longer than any network takes.
draft-too-many-pictures = These are too many pictures.
draft-too-many-in-all = These are too many pictures: 64 at most in all parts together, since each is checked. Move some to another post.
draft-unknown-picture = One of the pictures is no longer here. Please add it again.
draft-alt-too-long = One of the alternative texts is too long.
draft-warning-too-long = The warning before the text is too long: 200 characters at most.
draft-too-many-parts = These are too many parts: 25 at most, with the first.
draft-unknown-answer = What this answers is not, or no longer, among what this page received. Begin from “Received”.
draft-bad-link = The link is not a web address. It should begin with https://.
draft-past = The time you chose has passed already.

post-said-lapsed = The time for this post passed before it could go out. It is a draft again: set another time, then ask for review.

compose-new-title = Write a post
compose-edit-title = Edit the post
compose-suggest-title = Propose an edit
compose-where = Where it goes
compose-text = Text
compose-own = Other words for { $name }
compose-own-link = Another link for { $name }
compose-no-link = No link there
compose-no-warning = No warning there (its own words say it)
compose-everyone = Everyone may answer there
compose-first-only = Only the first part there
compose-skip = Without picture { $n }
compose-part = Part { $n }
compose-part-add = Add a part
compose-parts-hint = A long story can go on in further parts, each posted below the one before. A part left empty is not sent.
compose-parts-lost = One post only on: { $names }.
compose-picture-part = Goes with
compose-lossy = A program wrote this post with differences between pages that this form does not hold, such as another description of the same picture. They go if you save here.
compose-link = Link
compose-link-hint = Shown as a card below the text.
compose-more = Warning before the text, who may answer
compose-warning = Warning before the text
compose-warning-hint = A few words that readers see first; the text and the pictures open when they wish. Leave it empty for most posts.
compose-warning-lost = Not shown by: { $names }. Write it into their own words instead.
compose-repliers = Who may answer
compose-repliers-hint = Only the networks named beside a choice can do it. For a page on another network, choose “Everyone may answer there” under its own words, or leave it out.
compose-repliers-lost = none of your pages can do it
repliers-everyone = everyone
repliers-followers = the accounts that follow the page
repliers-followed = the accounts that the page follows
repliers-mentioned = the accounts named in the post
repliers-nobody = nobody
compose-lang = Language
compose-alt = What the picture shows, for people who cannot see it
compose-decorative = It only decorates: nothing to say
compose-remove-picture = Remove this picture
compose-pictures = Pictures
compose-file = Choose a picture, or drop it here
compose-add-picture = Add
compose-picture-hint = PNG, JPEG or WebP, up to 15 megabytes. Position, camera and other hidden data are removed.
compose-note = Why you propose it
compose-when = When it goes out
compose-when-approved = As soon as it is approved
compose-when-at = At a set time ({ $zone })
compose-date = Day
compose-time = Hour
compose-date-wrong = Choose a day and an hour.
compose-time-gap = Clocks jump over this hour that night. The same moment after the jump is meant: save again to take it, or choose another.
compose-time-fold = This hour comes twice that night. Say below which one you mean.
compose-fold = Which of the two?
compose-fold-earlier = The first time
compose-fold-later = The second time
compose-submit = Ask for review
compose-save = Save the draft
compose-check = Check
compose-suggest = Propose this edit
compose-saved = The draft is saved.
compose-asked = A colleague has been asked to look at it.
compose-suggested = Your edit is proposed. The author decides.
compose-conflict = Somebody else saved this post meanwhile. Nothing is lost: theirs is compared with yours on this page. Save again to put yours in its place.
compose-theirs = What the other version says
compose-theirs-hint = Crossed out: only in theirs. Underlined: only in yours.

compose-then = If you ask for review now
compose-then-peer = One colleague reads it, drawn in turn; never you.
compose-then-second = A second colleague who knows { $skill } reads it too.
compose-then-stops = { $n ->
    [one] One finding stops it until a second person lifts it with a written reason.
   *[other] { $n } findings stop it until a second person lifts them with a written reason.
  }
compose-then-soon = It goes out as soon as they approve.
compose-then-at = Once approved, it goes out on { $at }.
compose-no-channel-title = There is no page to publish on yet
compose-no-channel = Connect one first; a colleague confirms it, and you can write.
compose-no-page = Choose a page to see how the post will look there.
compose-preview = As it will look:
compose-live = Preview and findings
compose-findings = { $n ->
    [0] Findings
    [one] { $n } finding
   *[other] { $n } findings
  }
compose-findings-no-page = Vigie looks as soon as a page is chosen.
compose-findings-none = Nothing found. A colleague still looks.

severity-hint = Hint
severity-warn = Look again
severity-review = Second pair of eyes
severity-stop = Stop
skill-legal = law
skill-security = security
skill-communication = communication

posts-title = Posts
posts-views = Views
posts-all = All
posts-review = For me to review
posts-mine = Mine
posts-out = Approved and out
posts-search = Search
posts-none-title = Nothing here
posts-none = Write a post: a colleague will be asked to look at it.
posts-untitled = Without words
posts-asked = asked: { $names }
posts-more = Older posts

state-draft = Draft
state-in_review = In review
state-changes_requested = Changes asked
state-approved = Approved
state-done = Done
state-archived = Put away

outcome-ready = Waiting
outcome-sending = Being sent
outcome-published = Published
outcome-refused = Refused
outcome-unknown = Unknown
outcome-lapsed = Too late
outcome-cancelled = Cancelled
outcome-taking_back = Being taken back
outcome-taken_back = Taken back

publication-ready = It goes out when its time comes.
publication-sending = It is on its way.
publication-published = It is on the page, exactly as approved.
publication-refused = The network did not take it, and nothing is on the page.
publication-unknown = The connection broke while it was sent. Vigie looks for it on the page and never sends it twice.
publication-lapsed = Its time passed before it could go out.
publication-cancelled = It was withdrawn before it went out.
publication-taking_back = It is being deleted on the page.
publication-taken_back = It was deleted on the page. The copy and the reason are kept here.
publication-next = Vigie tries again by itself on { $at }.

post-title = Post
post-alt = Picture text:
post-warning = Warning before the text:
post-repliers = Who may answer: { $who }.
post-part = part { $n } of { $of }
post-series-broke = { $n ->
    [one] { $n } of { $of } parts is on the page; the others will not go out by themselves. Take it back (all its parts go), or leave it as it is and write what is missing as a new post.
   *[other] { $n } of { $of } parts are on the page; the others will not go out by themselves. Take it back (all its parts go), or leave it as it is and write what is missing as a new post.
  }
post-changed = What changed in version { $n }
post-changed-since = What changed since you last had it in hand (version { $since } to version { $n })
post-changed-pages = The pages it goes to have changed.
post-changed-answer = What it answers has changed.
post-changed-warning = The warning before the text has changed.
post-changed-repliers = Who may answer has changed.
post-changed-parts = The parts have changed: how many there are, where one ends, or the pictures of one.
post-changed-link = The link has changed.
post-changed-pictures = The pictures have changed.
post-changed-alt = A picture’s text has changed.
post-changed-time = The time it goes out has changed.
post-another-at = If nobody answers by { $at }, another colleague is asked too.
post-suggestion = Proposed edit
post-suggestion-by = { $name } proposes an edit
post-suggestion-take = Take it over
post-suggestion-leave = Leave it
post-suggestion-taken = The edit is taken over. Ask for review again.
post-suggestion-left = The edit is left aside.
post-outcomes = On the pages
post-answers = Answers { $name }:
post-answers-gone = Answers something that is no longer kept here.
post-see-live = See it there
post-take-back = Take it back
post-take-back-series = Take it back, all parts
post-take-back-why = Why? This is kept in the log.
post-take-back-do = Delete it on the page now
post-taking-back = It is being taken back.
post-thread = Conversation
post-thread-empty = Nobody has said anything yet.
post-comment = Say something
post-comment-do = Send
post-commented = Said.
post-decide = What to do
post-next = What next?
post-next-draft = It is a draft. Ask for review when it is ready.
post-next-changes_requested = A colleague asked for changes. Edit it, or answer in the conversation, then ask again.
post-next-approved = It is approved and goes out by itself.
post-next-done = Everything is settled.
post-next-archived = It is put away.
post-asked = Asked: { $names }
post-approved-by = Approved by { $names }
post-missing = { $n ->
    [one] { $n } more approval is needed.
   *[other] { $n } more approvals are needed.
  }
post-missing-skill = A second pair of eyes is needed that knows:
post-review-lead = You are the one who looks. Read it as your customers will.
post-yours-waits = You had a hand in it, so somebody else looks at it.
post-approve = Approve exactly this
post-approved-goes = Approved. It goes out by itself.
post-approved-waits = Your approval is kept. One more is needed.
post-findings-none = Nothing was found.
post-digest = You approve these exact words and pictures (fingerprint { $digest }). Any change asks again.
post-suggest = Propose an edit
post-ask-changes = Ask for changes
post-ask-changes-what = What should change?
post-ask-changes-do = Ask
post-changes-asked = The author is asked for changes.
post-stop = This stops the post: { $rule }
post-stop-why = Why it may go out all the same, in a sentence
post-stop-do = Lift it
post-waived = It is lifted, with your reason.
post-edit = Edit
post-withdraw = Take it back to the drafts
post-withdrawn = It is a draft again. Nothing of it goes out.
post-archive = Put away
post-archived = It is put away.

# Nobody could tell whether it went out: a person looks and says so.
settle-lead = Vigie could not find out whether it is on the page. Look at the page yourself, then say what you saw.
settle-there = It is there
settle-again = It is not there: send it again
settle-no = It is not there: leave it
settle-done = Noted. Thank you for looking.
settle-choose = Say what you saw on the page.
settle-not-now = Vigie is still looking, or a colleague has told it already.

# Why a publication is not out (yet).
why-no-entry = The page does not let Vigie in any more. It waits; once somebody gives a new app password under “Pages” it goes on by itself.
why-vault_closed = The vault does not open with the key file of this machine. It waits until whoever runs Vigie brings the right file back.
why-tampered = What lies in the database is not what was approved. Nothing was sent.
why-interrupted = Vigie was stopped while it was being sent, and looks on the page for what became of it.
why-absent = It was not on the page when Vigie looked, so it is sent again.
why-different = Something else stands on the page in its place.
why-unknown_server = The network’s server was not found.
why-server_down = The network’s server could not be reached.
why-slow = The network did not answer in time.
why-cut_off = The connection was cut.
why-garbage_answer = The network’s answer made no sense.
why-answer_too_large = The network’s answer was larger than any true one.
why-server_error = The network has trouble of its own.
why-rate_limited = The network asks to slow down.
post-said-out-though-withdrawn = This post was already on its way when it was withdrawn, and it went out as it had been approved. If it should not stay, take it back above.
settle-withdrawn = This post was withdrawn: it will not be sent again. Say whether it is on the page or not.
post-history = { $n ->
    [one] History (one step)
   *[other] History ({ $n } steps)
  }
post-history-log = See these steps in the log
