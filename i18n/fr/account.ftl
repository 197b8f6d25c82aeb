# Se connecter, devenir membre, mon compte.

setup-title = Bienvenue dans Vigie
setup-lead = Deux courtes étapes, et votre entreprise peut publier sans crainte. Tout reste sur cette machine.
setup-company = Votre entreprise
setup-organisation = Son nom
setup-tz = Son fuseau horaire
setup-tz-hint = Par exemple Europe/Paris. Les publications y sont planifiées.
setup-tz-unknown = Ce fuseau horaire est inconnu. Écrivez-le comme Europe/Paris.
setup-you = Vous, son premier membre
setup-code = Code d’installation
setup-code-hint = Il se trouve dans le journal du serveur, car d’autres pourraient atteindre cette page.
setup-code-wrong = Ce n’est pas le code du journal du serveur.

enrol-name = Votre nom
enrol-login = Nom de connexion
enrol-login-hint = Votre adresse électronique ou un nom court.
enrol-password = Mot de passe
enrol-password-hint = Au moins 12 caractères. Le mieux est une phrase à laquelle personne d’autre ne penserait.
enrol-next = Continuer
enrol-finish = Terminer
enrol-too-old = Ce formulaire a attendu trop longtemps. Recommencez ; rien n’a été gardé.
enrol-authenticator-title = Votre seconde clé
enrol-authenticator-why = Un mot de passe seul peut être volé. Votre téléphone montre un nouveau code toutes les trente secondes ; les deux ensemble ouvrent votre compte.
enrol-authenticator-open = Ouvrez une application d’authentification sur votre téléphone (n’importe laquelle).
enrol-authenticator-scan = Scannez cette image.
enrol-authenticator-qr = Code QR pour l’application d’authentification
enrol-authenticator-type = Ou saisissez cette clé :
enrol-authenticator-code = Saisissez le code qu’elle montre.
enrol-recovery-title = Vos codes de secours
enrol-recovery-why = Si votre téléphone est perdu, chacun de ces codes ouvre votre compte une fois, à la place de son code. Imprimez-les ou notez-les.
enrol-recovery-once = Ils ne sont montrés que maintenant.
enrol-recovery-done = Je les ai mis à l’abri

password-too-short = Au moins 12 caractères, s’il vous plaît.
password-too-long = Ce mot de passe est trop long.
password-guessable = Ce mot de passe est trop facile à deviner.
login-taken = Quelqu’un se connecte déjà avec ce nom.

sign-in-title = Se connecter
sign-in-passkey = Se connecter avec une clé d’accès
sign-in-passkey-failed = La clé d’accès n’a pas fonctionné. Réessayez, ou utilisez votre mot de passe.
sign-in-code = Code
sign-in-code-hint = Celui de votre application d’authentification, ou l’un de vos codes de secours.
sign-in-code-wrong = Ce code n’est pas juste, ou a déjà servi. Attendez le suivant.
sign-in-do = Se connecter
sign-in-wrong = Le nom, le mot de passe ou le code n’est pas juste.
sign-out-done = Vous êtes déconnecté.
step-up-title = Est-ce bien vous ?
step-up-why = Ce que vous allez faire compte pour votre compte. Donnez un code tout neuf.
step-up-do = C’est bien moi
passkey-too-old = Cela a pris trop de temps. Réessayez.
passkey-wrong = Cette clé d’accès est inconnue ici, ou sa réponse ne convient pas.

invite-title = Vous êtes invité
invite-heading = Rejoindre { $organisation } sur Vigie
invite-lead = { $name } vous invite. Dites-nous qui vous êtes ; il faut deux minutes.
invite-over = Cette invitation a servi, est terminée ou a été retirée. Demandez-en une autre au collègue qui l’a envoyée.

me-title = Mon compte
me-passkeys = Clés d’accès
me-passkeys-why = Une clé d’accès vous connecte par votre empreinte, votre visage ou un code, et scelle ce que vous approuvez.
me-passkeys-none = Vous n’en avez pas encore.
me-passkey-add = Ajouter une clé d’accès
me-passkey-name = Cet appareil
me-passkey-removed = La clé d’accès est retirée.
me-remove = Retirer
me-sessions = Où vous êtes connecté
me-session-unknown = Un appareil qui ne dit pas ce qu’il est
me-session-this = ici
me-session-end = Fermer
me-session-ended = Cette session est fermée.
me-sessions-end = Fermer toutes les autres
me-sessions-ended = Toutes les autres sessions sont fermées.
me-recovery = Codes de secours
me-recovery-left = { $n ->
    [0] Il ne vous reste aucun code de secours.
    [one] Il vous reste { $n } code de secours.
   *[other] Il vous reste { $n } codes de secours.
  }
me-recovery-new = En faire de nouveaux
me-tokens = Jetons d’accès
me-tokens-why = Un programme peut écrire pour vous avec un jeton. Il n’approuve jamais : il faut une personne.
me-token-name = À quoi il sert
me-token-scopes = Ce qu’il peut faire
me-token-no-scope = Choisissez-en au moins un.
me-token-days = Jours avant sa fin
me-token-days-wrong = Entre 1 et 365 jours.
me-token-create = Faire un jeton
me-token-new = Votre nouveau jeton
me-token-once = Copiez-le maintenant : il ne sera plus montré.
me-token-until = jusqu’au
me-token-revoke = Révoquer
me-token-revoked = Le jeton ne fonctionne plus.
me-passkey-rename = Renommer
me-passkey-rename-label = Nouveau nom
me-passkey-rename-do = Enregistrer
me-passkey-renamed = La clé d’accès a son nouveau nom.
me-factors = Mot de passe et application d’authentification
me-factors-why = Changer l’un ou l’autre ferme vos sessions partout ailleurs.
me-password-title = Changer mon mot de passe
me-password-why = Vos autres sessions se ferment dès qu’il est changé.
me-password-current = Votre mot de passe actuel
me-password-new = Votre nouveau mot de passe
me-password-do = Le changer
me-password-wrong = Ce n’est pas votre mot de passe.
me-password-changed = Votre mot de passe est changé. Vos autres sessions sont fermées.
me-authenticator-new = Installer une autre application d’authentification
me-authenticator-changed = Votre nouvelle application d’authentification est en service. Vos autres sessions sont fermées.
me-back = Retour
