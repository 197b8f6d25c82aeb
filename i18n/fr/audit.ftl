# Le journal des décisions.

audit-verify-intact = { $entries ->
    [0] Le journal est vide, et intact.
    [one] Le journal est intact : sa seule entrée est telle qu’elle a été écrite.
   *[other] Le journal est intact : ses { $entries } entrées sont telles qu’elles ont été écrites.
  }
audit-verify-signed = { $checkpoints ->
    [0] Aucun point de contrôle ne le couvre : rien ne prouve que sa fin n’a pas été coupée.
    [one] Un point de contrôle signé couvre les { $signed } premières entrées.
   *[other] { $checkpoints } points de contrôle signés couvrent les { $signed } premières entrées.
  }
audit-verify-evidence = { $n ->
    [0] Aucune approbation n’y est scellée par une clé d’accès.
    [one] Une approbation est scellée par une clé d’accès ; sa signature est juste.
   *[other] { $n } approbations sont scellées par une clé d’accès ; leurs signatures sont justes.
  }
audit-verify-root = Racine de l’arbre : { $root }
audit-verify-key = Signé par : { $key }
audit-verify-pin = Cette clé a été lue dans le fichier lui-même. Comparez-la à celle de la page du journal, ou donnez celle-ci avec --key.
audit-verify-altered = { $n ->
    [one] Le journal a été altéré. Une entrée n’est pas telle qu’elle a été écrite :
   *[other] Le journal a été altéré. { $n } entrées ne sont pas telles qu’elles ont été écrites :
  }
audit-verify-other-key = Ce journal a été signé par une autre clé que celle que vous avez donnée
audit-verify-unreadable = Ce n’est pas un journal exporté par Vigie, ou il a été abîmé en chemin
audit-problem-changed = L’entrée { $seq } a été changée.
audit-problem-removed = L’entrée { $seq } a été retirée.
audit-problem-moved = L’entrée { $seq } se trouve à une autre place.
audit-problem-inserted = L’entrée { $seq } a été ajoutée après coup.
audit-problem-broken = L’entrée { $seq } a été changée, ou des entrées qui la suivaient ont été retirées et les autres renumérotées.
audit-problem-unsigned = Aucune signature ne couvre l’entrée { $seq } ni la suite : n’importe qui a pu l’écrire.
audit-problem-evidence = L’entrée { $seq } cite une preuve qui manque, qui a été changée ou qui ne prouve rien.
audit-problem-checkpoint-signature = Le point de contrôle après l’entrée { $seq } n’est pas signé par la clé.
audit-problem-checkpoint-root = Le point de contrôle après l’entrée { $seq } ne correspond pas : quelque chose a été changé jusqu’à cette entrée.
