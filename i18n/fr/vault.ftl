# Les clés racines du coffre.

vault-escrow-done = { $people } parts ont été faites ; { $needed } d’entre elles, n’importe lesquelles, rendent la clé. Remettez-en une à chaque personne, sur papier. Vigie n’en garde aucune.
vault-recover-type = Saisissez ou collez les parts, une par ligne, puis Ctrl-D.
vault-recover-there = Il y a déjà une clé du coffre ici : { $file }. Rien n’a été changé. Si ce n’est pas la bonne, déplacez d’abord ce fichier.
vault-recover-done = La clé du coffre est revenue ici : { $file }. Une ouverture par parts est une urgence : changez bientôt la clé, et notez dans le journal pourquoi cela a été fait.
vault-rotate-done = { $n ->
    [0] Aucun secret n’était scellé. La nouvelle clé { $key } est en vigueur.
    [one] Un secret est maintenant sous la nouvelle clé { $key }. L’ancienne n’est plus dans le fichier : faites de nouvelles parts.
   *[other] { $n } secrets sont maintenant sous la nouvelle clé { $key }. L’ancienne n’est plus dans le fichier : faites de nouvelles parts.
  }
