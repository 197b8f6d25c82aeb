# Commandes qui interrogent un Vigie en marche par son API.

remote-no-token = Pas de jeton d’accès. Créez-en un sous « Mon compte », puis donnez-le dans la variable VIGIE_TOKEN ou dans un fichier avec --token-file.
remote-no-file = Lecture impossible : { $file }
remote-bad-server = { $url } n’est pas l’adresse d’un serveur.
remote-not-encrypted = { $url } n’est pas chiffrée, et le jeton serait lisible en chemin. Prenez une adresse https.
remote-no-answer = { $url } ne répond pas. { $why }
remote-status = Le serveur a répondu par le statut { $status }, sans raison.
remote-none = Aucun.
remote-no-channel = Aucune page n’est encore connectée. Connectez-en une sur la page « Pages » ; un collègue la confirme.
remote-which-channel = Il y a plusieurs pages. Dites laquelle avec --channel : { $names }.
remote-unknown-channel = Aucune page connectée ne s’appelle { $name }. Il y a : { $names }.
remote-two-channels = Plusieurs pages s’appellent { $name }. Donnez l’identifiant, tel que vigie channel list le montre.
remote-alt-missing = Chaque image demande une description : { $pictures } images, { $alts } descriptions. Donnez --alt une fois par image, vide quand elle ne fait que décorer.
remote-draft-kept = Le brouillon { $id } est gardé, mais aucune relecture n’a été demandée
remote-commented = C’est dit.
remote-missing = { $n ->
    [one] Attend { $n } accord
   *[other] Attend { $n } accords
  }
remote-nothing-published = Rien de cette publication n’est sur une page : il n’y a rien à retirer.
remote-taken-back = { $n ->
    [one] Il est en cours de suppression sur { $n } page. La copie et la raison sont gardées.
   *[other] Il est en cours de suppression sur { $n } pages. La copie et la raison sont gardées.
  }
remote-reviews = relit
remote-reviews-not = ne relit pas
remote-paused = Tout est en pause : rien ne part. Reprendre demande deux personnes, sur la page « Pause ».
remote-not-paused = Rien n’est en pause.
remote-bad-time = « { $value } » n’est pas un moment. Écrivez par exemple 2026-12-01T09:00:00+01:00.
