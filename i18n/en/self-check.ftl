# "Would you post it?": advice to any member on a text of their own.

self-check-title = Would you post it?
self-check-lead = Try a text before it is public. You get advice, not permission: what you do with it is up to you.
self-check-private = Between you and this page: neither your text nor the answer is kept, logged or shown to anyone.
self-check-text = Your text
self-check-situation = Your situation, if you like: the advice becomes more exact
self-check-as = I write
self-check-as-me = as myself
self-check-as-company = for the company
self-check-sells = It promotes something
self-check-sells-yes = yes
self-check-sells-no = no
self-check-where = It is read mostly in
self-check-unsaid = I would rather not say
self-check-ask = What do you think?
self-check-answer = Advice
self-check-waits-title = Write, and see
self-check-waits = Advice appears here as you type.
self-check-calm-title = Nothing to say
self-check-calm = We see nothing in these words that could turn against you or the company. You know the moment and the people better than we do.
self-check-found = { $n ->
    [one] One thing to look at before you post
   *[other] { $n } things to look at before you post
  }
self-check-weight-hint = A detail
self-check-weight-warn = Worth another look
self-check-weight-review = This could go wrong
self-check-weight-stop = Better not as it stands
self-check-why-reputation = Out of its setting, or taken the wrong way, this travels faster than any correction.
self-check-why-confidential = Once it is public it cannot be called back, even if you delete it: somebody may use it, against a person or the company.
self-check-why-identity = People who prepare a fraud collect details like this one to pass for somebody, or to make somebody trust them.
self-check-why-legal = The law says how this may be told, and it also holds for a post.
self-check-mend = What you can do:
self-check-vague = Say more about your situation above and this becomes more exact.
self-check-yours = The choice is yours. If you hesitate, ask somebody you trust, or sleep on it.

place-fr = France
place-eu = another country of the European Union
place-uk = the United Kingdom
place-us = the United States
place-world = all over the world
