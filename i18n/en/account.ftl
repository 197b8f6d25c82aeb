# Signing in, becoming a member, my account.

setup-title = Welcome to Vigie
setup-lead = Two short steps, and your company can publish without fear. Everything stays on this machine.
setup-company = Your company
setup-organisation = Its name
setup-tz = Its time zone
setup-tz-hint = As in Europe/Paris. Posts are planned in it.
setup-tz-unknown = This time zone is not known. Write it as in Europe/Paris.
setup-you = You, its first member
setup-code = Setup code
setup-code-hint = It stands in the server’s log, because others could reach this page.
setup-code-wrong = This is not the code in the server’s log.

enrol-name = Your name
enrol-login = Name to sign in with
enrol-login-hint = Your e-mail address or any short name.
enrol-password = Password
enrol-password-hint = At least 12 characters. A sentence that only you would think of is best.
enrol-next = Go on
enrol-finish = Finish
enrol-too-old = This form waited too long. Please begin again; nothing was kept.
enrol-authenticator-title = Your second key
enrol-authenticator-why = A password alone can be stolen. Your phone shows a new code every half minute; both together open your account.
enrol-authenticator-open = Open an authenticator app on your phone (any will do).
enrol-authenticator-scan = Scan this picture with it.
enrol-authenticator-qr = QR code for the authenticator app
enrol-authenticator-type = Or type this key:
enrol-authenticator-code = Type the code that it shows.
enrol-recovery-title = Your recovery codes
enrol-recovery-why = If your phone is lost, each of these codes opens your account once, in the place of its code. Print them, or write them down.
enrol-recovery-once = They are shown only now.
enrol-recovery-done = I have put them away

password-too-short = At least 12 characters, please.
password-too-long = This password is too long.
password-guessable = This password is too easy to guess.
login-taken = Somebody signs in with this name already.

sign-in-title = Sign in
sign-in-passkey = Sign in with a passkey
sign-in-passkey-failed = The passkey did not work. Try again, or use your password.
sign-in-code = Code
sign-in-code-hint = From your authenticator app, or one of your recovery codes.
sign-in-code-wrong = This code is not right, or was used already. Wait for the next one.
sign-in-do = Sign in
sign-in-wrong = Name, password or code is not right.
sign-out-done = You are signed out.
step-up-title = Is it you?
step-up-why = What you are about to do matters for your account. Please give a fresh code.
step-up-do = It is me
passkey-too-old = This took too long. Please try again.
passkey-wrong = This passkey is not known here, or its answer does not fit.

invite-title = You are invited
invite-heading = Join { $organisation } on Vigie
invite-lead = { $name } invites you. Tell us who you are; it takes two minutes.
invite-over = This invitation was used, has ended or was taken back. Ask the colleague who sent it for a new one.

me-title = My account
me-passkeys = Passkeys
me-passkeys-why = A passkey signs you in with your fingerprint, face or PIN, and seals what you approve.
me-passkeys-none = You have none yet.
me-passkey-add = Add a passkey
me-passkey-name = This device
me-passkey-removed = The passkey is removed.
me-remove = Remove
me-sessions = Where you are signed in
me-session-unknown = A device that does not say what it is
me-session-this = here
me-session-end = End
me-session-ended = That session has ended.
me-sessions-end = End all others
me-sessions-ended = All other sessions have ended.
me-recovery = Recovery codes
me-recovery-left = { $n ->
    [0] You have no recovery code left.
    [one] You have { $n } recovery code left.
   *[other] You have { $n } recovery codes left.
  }
me-recovery-new = Make new ones
me-tokens = Access tokens
me-tokens-why = A program can write for you with a token. It never approves: that takes a person.
me-token-name = What it is for
me-token-scopes = What it may do
me-token-no-scope = Choose at least one.
me-token-days = Days until it ends
me-token-days-wrong = Between 1 and 365 days.
me-token-create = Make a token
me-token-new = Your new token
me-token-once = Copy it now: it is not shown again.
me-token-until = until
me-token-revoke = Revoke
me-token-revoked = The token no longer works.
me-passkey-rename = Rename
me-passkey-rename-label = New name
me-passkey-rename-do = Save
me-passkey-renamed = The passkey has its new name.
me-factors = Password and authenticator app
me-factors-why = Changing either one ends your sessions everywhere else.
me-password-title = Change my password
me-password-why = Your other sessions end once it is changed.
me-password-current = Your password now
me-password-new = Your new password
me-password-do = Change it
me-password-wrong = This is not your password.
me-password-changed = Your password is changed. Your other sessions have ended.
me-authenticator-new = Set up another authenticator app
me-authenticator-changed = Your new authenticator app is in force. Your other sessions have ended.
me-back = Back
