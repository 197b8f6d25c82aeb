# What went wrong: a title, what happened, what was kept, how to mend it.

error-happened = What happened
error-kept = What was kept
error-mend = What to do
error-wait = { $n ->
    [one] Wait one second.
   *[other] Wait { $n } seconds.
  }
error-home = Go to the home page
error-operation = If you ask for help, give this name of the operation:
error-scope-needed = The scope that is needed: { $scope }.
error-input-body = The form did not arrive whole.

error-sign-in-title = Please sign in
error-sign-in-what = This page is for members, and you are not signed in.
error-sign-in-kept = Nothing was sent or lost.
error-sign-in-mend = Sign in, and you will come back here.

error-home-title = You are signed in already
error-home-what = This page is for people who are not signed in.
error-home-kept = Nothing has changed.
error-home-mend = Go on from the home page.

error-step-up-title = Please prove once more that it is you
error-step-up-what = This act asks for a passkey or a code given less than five minutes ago.
error-step-up-kept = What you typed is still on the page before.
error-step-up-mend = Confirm with your passkey or code, then do it again.

error-token-title = The access token is missing or no longer valid
error-token-what = The request came without a token, or with one that has ended.
error-token-kept = Nothing was changed.
error-token-mend = Make a token in “My account”, and send it as “Authorization: Bearer …”.

error-scope-title = This token may not do that
error-scope-what = The token lacks a scope that this request needs.
error-scope-kept = Nothing was changed.
error-scope-mend = Make a token that has the scope, or ask the token’s owner.

error-forbidden-title = This is not open to you
error-forbidden-what = Your role in the organisation does not include this.
error-forbidden-kept = Nothing was changed.
error-forbidden-mend = If you need it, ask a colleague who has the role; a change of role takes two people.

error-cross-site-title = The request did not come from Vigie’s own pages
error-cross-site-what = Your browser says that another site sent this form, or it does not say where it comes from.
error-cross-site-kept = Nothing was changed.
error-cross-site-mend = Open the page in Vigie and send the form from there, with an up-to-date browser.

error-not-found-title = There is nothing here
error-not-found-what = The address leads nowhere, or to something that is not yours to see.
error-not-found-kept = Nothing was changed.
error-not-found-mend = Check the address, or start from the home page.

error-method-title = This address works in another way
error-method-what = It exists, but not for this kind of request.
error-method-kept = Nothing was changed.
error-method-mend = Go back and use the buttons of the page.

error-input-title = We could not read what was sent
error-input-what = Something in the request is missing or has the wrong form.
error-input-kept = Nothing was changed. What you typed is still on the page before.
error-input-mend = Go back, correct it and send it again.

error-refused-title = This cannot be done now
error-refused-what = The rules of the organisation do not allow it in the present state.
error-refused-kept = Nothing was changed.
error-refused-mend = Look at the page again: it shows what can be done next.

error-conflict-title = Somebody was faster
error-conflict-what = It was changed by someone else while you were working on it.
error-conflict-kept = Their change is kept; yours was not applied, and is still on the page before.
error-conflict-mend = Load the page again, compare, and redo your change if it is still needed.

error-too-large-title = That is too big
error-too-large-what = What was sent is larger than this page accepts.
error-too-large-kept = Nothing was changed.
error-too-large-mend = Send something smaller, or in several parts.

error-too-many-title = A little slower, please
error-too-many-what = Too many requests came from you or your network in a short time.
error-too-many-kept = The last one was not carried out; everything before it is kept.
error-too-many-mend = Wait a moment, then try again.

error-timeout-title = That took too long
error-timeout-what = The answer did not come in time, and we stopped waiting.
error-timeout-kept = What was saved before is kept. The last step may or may not have been done.
error-timeout-mend = Look at the page again before repeating the step.

error-storage-full-title = The disk is full
error-storage-full-what = There is no room left to write on the machine that runs Vigie.
error-storage-full-kept = Everything saved before is kept; the last step was not carried out. Nothing is published meanwhile.
error-storage-full-mend = Ask the person who runs the machine to make room, then try again.

error-storage-readonly-title = The database can only be read
error-storage-readonly-what = Vigie can read its data but not write it just now.
error-storage-readonly-kept = Everything saved before is kept; the last step was not carried out. Nothing is published meanwhile.
error-storage-readonly-mend = Ask the person who runs the machine to look at the rights of the data folder.

error-storage-busy-title = The database is busy
error-storage-busy-what = Another program holds the database, and it did not let go in time.
error-storage-busy-kept = The last step was not carried out; everything before it is kept.
error-storage-busy-mend = Try again in a few seconds.

error-storage-away-title = The database does not answer
error-storage-away-what = Vigie cannot reach its database.
error-storage-away-kept = What was saved before is kept. Nothing can be approved or published meanwhile.
error-storage-away-mend = Try again in a minute; if it lasts, tell the person who runs the machine.

error-storage-damaged-title = The database is damaged
error-storage-damaged-what = Vigie reads things in its database that cannot be there.
error-storage-damaged-kept = The last step was not carried out. What was saved before is in the latest backup at least. Nothing is published meanwhile.
error-storage-damaged-mend = Tell the person who runs the machine: the database must be brought back from a backup.

error-internal-title = Something went wrong on our side
error-internal-what = A fault in Vigie stopped this step. It is not your doing.
error-internal-kept = What was saved before is kept; the last step was not finished.
error-internal-mend = Try again. If it happens once more, give the operation’s name below to the person who runs Vigie.

# What was typed, on the page of an error.
kept-title = What you typed
kept-again-hint = It is all here. When the trouble is over, send it again from this page; or copy it.
kept-copy = It is all here: copy it before you leave this page.
kept-again = Send it again
kept-words = Your words
kept-sign-in = Your session has ended, and nothing of what you typed is lost. Sign in in a new tab, come back here and send it again.
kept-sign-in-link = Sign in in a new tab
