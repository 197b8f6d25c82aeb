# The API's own words.

api-bad-post = This post cannot be read: ids, digests or the time are not in their form.
api-bad-query = This question cannot be read.
api-no-version = Give the version that you read, so that nobody’s work is overwritten.
api-bad-facts = The facts must be a flat object of known kinds.
