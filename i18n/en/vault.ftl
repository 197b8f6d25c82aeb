# The vault's root keys.

vault-escrow-done = { $people } shares made; any { $needed } of them bring the key back. Hand each to one person, on paper. Vigie keeps none.
vault-recover-type = Type or paste the shares, one a line, then Ctrl-D.
vault-recover-there = There is a vault key already at { $file }. Nothing was changed. Move that file away first if it is the wrong one.
vault-recover-done = The vault key is back at { $file }. Recovering from shares is for emergencies: change the key soon, and note in the log why it was done.
vault-rotate-done = { $n ->
    [0] No secret was sealed. The new key { $key } is in force.
    [one] One secret is now under the new key { $key }. The old key is no longer in the key file: make new shares.
   *[other] { $n } secrets are now under the new key { $key }. The old key is no longer in the key file: make new shares.
  }
