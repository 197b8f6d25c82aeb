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

audit-title = Journal des décisions
audit-lead = Chaque décision y est écrite, et rien ne peut en être effacé ni changé sans que cela se voie.
audit-prove-title = Le vérifier
audit-prove = { $n ->
    [0] Le journal est vide.
    [one] Une entrée. Vérifiez-la ici, ou sur une machine en qui vous avez confiance.
   *[other] { $n } entrées. Vérifiez-les ici, ou sur une machine en qui vous avez confiance.
  }
audit-prove-here = Vérifier maintenant
audit-export = Télécharger le journal
audit-elsewhere = Vérifier ailleurs
audit-elsewhere-how = Téléchargez le journal, portez-le sur une autre machine où le programme vigie est installé, et lancez-y cette commande, sans réseau :
audit-key = Gardez cette clé hors de Vigie : c’est elle qui prouve qui a signé.
audit-root = Racine de l’arbre en ce moment :
audit-altered-do = Arrêtez tout avec « Pause », gardez une copie de la base, et prévenez la personne chargée de la sécurité.
audit-kind = Montrer
audit-kind-all = Tout
audit-kind-post = Les posts
audit-kind-publication = Les publications
audit-kind-channel = Les pages connectées
audit-kind-page = Ce qui arrive sur les pages
audit-kind-change = Les changements à deux
audit-kind-pause = Les pauses
audit-kind-alarm = Les alarmes
audit-kind-rules = règles
audit-kind-member = Les arrivées
audit-kind-session = Les connexions
audit-kind-passkey = Les clés d’accès
audit-kind-token = Les jetons d’API
audit-kind-vault = Le coffre
audit-show = Montrer
audit-only = Seulement { $object }.
audit-none-title = Rien ici
audit-none = Aucune décision de ce genre n’a encore été prise.
audit-by-vigie = Vigie
audit-by-program = (par un programme, avec son jeton)
audit-entry = Entrée { $seq }
audit-act = Acte
audit-object = Objet
audit-open = Ouvrir
audit-older = Plus anciennes

audit-act-post-create = Brouillon commencé
audit-act-post-edit = Nouvelle version enregistrée
audit-act-post-accept = Proposition acceptée
audit-act-post-decline = Proposition écartée
audit-act-post-suggest = Modification proposée
audit-act-post-submit = Relecture demandée
audit-act-post-offer = Proposé aussi à une autre personne
audit-act-post-approve = Approuvé
audit-act-post-request-changes = Changements demandés
audit-act-post-waive = Blocage levé, avec une raison
audit-act-post-withdraw = Repris par son auteur
audit-act-post-archive = Archivé
audit-act-post-comment = Commentaire
audit-act-post-settled = Tout est réglé sur toutes les pages
audit-act-post-lapse = Rendu à son auteur
audit-act-publication-begin = Envoi commencé
audit-act-publication-outcome = Réponse du réseau
audit-act-publication-interrupted = Envoi interrompu
audit-act-publication-looked = Vérifié sur le réseau
audit-act-publication-decide = Issue constatée par une personne
audit-act-publication-lapse = Créneau manqué
audit-act-publication-break = Partie d’une suite annulée, la précédente n’étant pas sur la page
audit-act-publication-take-back = Retrait demandé
audit-act-publication-taken-back = Retiré du réseau
audit-act-publication-tampered = Publication refusée : contenu différent de celui approuvé
audit-act-publication-retry = Nouvel essai demandé
audit-act-channel-repair = Page reconnectée
audit-act-change-ask = Changement demandé
audit-act-change-confirm = Changement confirmé
audit-act-change-refuse = Changement refusé
audit-act-change-cancel = Changement annulé
audit-act-change-expire = Changement expiré
audit-act-change-founding = Changement fait seul, avant le deuxième membre
audit-act-pause-stop = Tout mis en pause
audit-act-pause-ask-resume = Reprise demandée
audit-act-pause-resume = Publications reprises
audit-act-pause-keep = Pause gardée
audit-act-alarm-close = Alarme close
audit-act-organisation-found = Organisation créée
audit-act-member-join = Nouveau membre
audit-act-passkey-add = Clé d’accès ajoutée
audit-act-passkey-remove = Clé d’accès retirée
audit-act-passkey-rename = Clé d’accès renommée
audit-act-password-change = Mot de passe changé
audit-act-mail-open = Courriel de l’organisation préparé
audit-act-mail-close = Courriel de l’organisation arrêté
audit-act-mail-ask = Adresse pour les lettres donnée
audit-act-mail-prove = Adresse pour les lettres confirmée
audit-act-mail-remove = Adresse pour les lettres retirée
audit-act-mail-wishes = Lettres voulues choisies
audit-act-mail-stop = Lettres arrêtées depuis une lettre
audit-act-authenticator-change = Application de codes changée
audit-act-recovery-new = Nouveaux codes de secours
audit-act-recovery-use = Code de secours utilisé
audit-act-session-open = Connexion
audit-act-session-open-passkey = Connexion par clé d’accès
audit-act-session-end = Session fermée
audit-act-session-end-others = Autres sessions fermées
audit-act-session-refuse = Connexion refusée
audit-act-token-create = Jeton d’API créé
audit-act-token-revoke = Jeton d’API révoqué
audit-act-rules-change = Règles changées
audit-act-vault-key = Nouvelle clé du coffre
audit-act-vault-rotate = Coffre rechiffré
audit-act-page-deleted = Supprimé sur le réseau, pas par Vigie
audit-act-page-edited = Modifié sur le réseau, pas par Vigie
audit-act-page-foreign = Publié sur la page, pas par Vigie
