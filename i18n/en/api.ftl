# The API's own words.

api-bad-post = This post cannot be read: ids, digests or the time are not in their form.
api-bad-query = This question cannot be read.
api-no-version = Give the version that you read, so that nobody’s work is overwritten.
api-bad-facts = The facts must be a flat object of known kinds.
api-bad-limit = The number of lines goes from 1 to 100.
api-bad-stretch = Give `from` and `to` in RFC 3339, `to` after `from`, a hundred days at most.
api-bad-key = An Idempotency-Key has 1 to 255 visible ASCII characters, no space.
api-key-running = A request with this key is running, or broke off on its way. Look at what was done before asking again with another key.
api-key-other = This key was used for another request. Take a new one: nothing was done.
