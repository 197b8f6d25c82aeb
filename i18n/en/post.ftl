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
draft-unknown-picture = One of the pictures is no longer here. Please add it again.
draft-alt-too-long = One of the alternative texts is too long.
draft-bad-link = The link is not a web address. It should begin with https://.
draft-past = The time you chose has passed already.

post-said-lapsed = The time for this post passed before it could go out. It is a draft again: set another time, then ask for review.
