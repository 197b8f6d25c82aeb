# Publications : pourquoi quelque chose n’a pas été fait, et ce que Vigie dit elle-même dans un fil.

refusal-wrong-state = Ce n’est pas possible à cette étape de la publication.
refusal-may-not-write = Vous n’écrivez pas de publications ici. Un intendant et une seconde personne peuvent changer cela.
refusal-may-not-review = Vous ne relisez pas encore de publications ici. Un intendant et une seconde personne peuvent changer cela.
refusal-needs-person = Il faut une personne : un programme ne peut pas le faire avec un jeton.
refusal-own-content = Personne n’approuve ce qu’il a écrit. Un autre collègue est sollicité.
refusal-content-changed = La publication a changé depuis que vous l’avez vue. Regardez-la de nouveau ; rien n’a été approuvé.
refusal-already-approved = Vous l’avez déjà approuvée. Elle attend quelqu’un d’autre.
refusal-reason-needed = Écrivez pourquoi, en une phrase environ.
refusal-nothing-to-waive = Cette remarque ne bloque plus rien.
refusal-bad-revision = Quelqu’un d’autre a enregistré la publication entre-temps. Votre texte est gardé à la page précédente.
refusal-not-author = Seule la personne qui a écrit la publication peut le faire.
refusal-bad-reviewer = Ce collègue ne peut pas être sollicité pour cette publication.
refusal-no-reviewer = Personne d’autre ne peut encore relire. Invitez un collègue, puis redemandez ; votre publication est enregistrée.
refusal-half-out = Une partie de cette série est sur une page, et le reste n’est pas parti. Retirez d’abord ce qui s’y trouve, puis redemandez la relecture ; tout est gardé.
refusal-window-passed = L’heure prévue pour cette publication est passée. Choisissez-en une autre ; tout le reste est gardé.
refusal-seal-needed = Ici, les approbations sont scellées par une clé d’accès. Ajoutez-en une à votre compte, ou sollicitez un autre relecteur.
refusal-bad-seal = La réponse de votre clé d’accès ne correspond pas à cette publication. Rien n’a été approuvé ; réessayez.
refusal-same-content = La modification proposée ne change rien.
refusal-stale = La publication a changé depuis cette proposition. Reprenez à la main ce que vous voulez.

draft-no-channel = Choisissez au moins une page où publier.
draft-too-many-channels = C’est trop de pages pour une seule publication.
draft-channel-twice = Une page est choisie deux fois.
draft-unknown-channel = L’une des pages n’est plus connectée. Retirez-la, ou connectez-la de nouveau.
draft-text-too-long = Le texte est plus long que ce qu’aucun réseau n’accepte.
draft-too-many-pictures = C’est trop d’images.
draft-too-many-in-all = C’est trop d’images : 64 au plus dans toutes les parties ensemble, car chacune est vérifiée. Mettez-en dans une autre publication.
draft-unknown-picture = L’une des images n’est plus là. Ajoutez-la de nouveau.
draft-alt-too-long = L’un des textes de remplacement est trop long.
draft-warning-too-long = L’avertissement avant le texte est trop long : 200 caractères au plus.
draft-too-many-parts = Cela fait trop de parties : 25 au plus, avec la première.
draft-unknown-answer = Ce à quoi cela répond n’est pas, ou n’est plus, parmi ce qu’a reçu cette page. Partez de « Reçus ».
draft-bad-link = Le lien n’est pas une adresse web. Il devrait commencer par https://.
draft-past = L’heure choisie est déjà passée.

post-said-lapsed = L’heure de cette publication est passée avant qu’elle ait pu partir. C’est de nouveau un brouillon : choisissez une autre heure, puis demandez une relecture.

compose-new-title = Écrire une publication
compose-edit-title = Modifier la publication
compose-suggest-title = Proposer une modification
compose-where = Où elle paraît
compose-text = Texte
compose-own = D’autres mots pour { $name }
compose-own-link = Un autre lien pour { $name }
compose-no-link = Pas de lien là-bas
compose-no-warning = Sans avertissement là-bas (son propre texte le dit)
compose-everyone = Là-bas, tout le monde peut répondre
compose-first-only = Là-bas, seulement la première partie
compose-skip = Sans l’image { $n }
compose-part = Partie { $n }
compose-part-add = Ajouter une partie
compose-parts-hint = Un long récit peut continuer en plusieurs parties, chacune publiée sous la précédente. Une partie laissée vide n’est pas envoyée.
compose-parts-lost = Une seule publication à la fois sur : { $names }.
compose-picture-part = Va avec
compose-lossy = Un programme a écrit cette publication avec des différences entre pages que ce formulaire ne contient pas, comme une autre description de la même image. Elles disparaissent si vous enregistrez ici.
compose-link = Lien
compose-link-hint = Montré comme une carte sous le texte.
compose-more = Avertissement avant le texte, qui peut répondre
compose-warning = Avertissement avant le texte
compose-warning-hint = Quelques mots que l’on voit d’abord ; le texte et les images s’ouvrent ensuite, si l’on veut. Laissez vide la plupart du temps.
compose-warning-lost = Pas montré par : { $names }. Écrivez-le plutôt dans leur propre texte.
compose-repliers = Qui peut répondre
compose-repliers-hint = Seuls les réseaux nommés à côté d’un choix savent le faire. Pour une page d’un autre réseau, cochez « Là-bas, tout le monde peut répondre » sous son propre texte, ou ne la choisissez pas.
compose-repliers-lost = aucune de vos pages ne sait le faire
repliers-everyone = tout le monde
repliers-followers = les comptes qui suivent la page
repliers-followed = les comptes que suit la page
repliers-mentioned = les comptes nommés dans la publication
repliers-nobody = personne
compose-lang = Langue
compose-alt = Ce que montre l’image, pour qui ne peut pas la voir
compose-decorative = Elle ne fait que décorer : rien à dire
compose-remove-picture = Retirer cette image
compose-pictures = Images
compose-file = Choisissez une image, ou déposez-la ici
compose-add-picture = Ajouter
compose-picture-hint = PNG, JPEG ou WebP, jusqu’à 15 mégaoctets. La position, l’appareil et les autres données cachées sont retirés.
compose-note = Pourquoi vous la proposez
compose-when = Quand elle part
compose-when-approved = Dès qu’elle est approuvée
compose-when-at = À une heure fixée ({ $zone })
compose-date = Jour
compose-time = Heure
compose-date-wrong = Choisissez un jour et une heure.
compose-time-gap = Les horloges sautent cette heure cette nuit-là. C’est le même moment après le saut qui est compris : enregistrez encore pour le prendre, ou choisissez-en un autre.
compose-time-fold = Cette heure vient deux fois cette nuit-là. Dites ci-dessous laquelle.
compose-fold = Laquelle des deux ?
compose-fold-earlier = La première fois
compose-fold-later = La seconde fois
compose-submit = Demander une relecture
compose-save = Enregistrer le brouillon
compose-check = Vérifier
compose-suggest = Proposer cette modification
compose-saved = Le brouillon est enregistré.
compose-asked = Un collègue est sollicité pour la regarder.
compose-suggested = Votre modification est proposée. L’auteur décide.
compose-conflict = Quelqu’un d’autre a enregistré cette publication entre-temps. Rien n’est perdu : sa version est comparée à la vôtre sur cette page. Enregistrez encore pour mettre la vôtre à sa place.
compose-theirs = Ce que dit l’autre version
compose-theirs-hint = Barré : seulement chez l’autre. Souligné : seulement chez vous.

compose-then = Si vous demandez une relecture maintenant
compose-then-peer = Un collègue la lit, tiré à tour de rôle ; jamais vous.
compose-then-second = Un second collègue la lit aussi, qui connaît ce domaine : { $skill }.
compose-then-stops = { $n ->
    [one] Une remarque l’arrête tant qu’une seconde personne ne la lève pas, avec une raison écrite.
   *[other] { $n } remarques l’arrêtent tant qu’une seconde personne ne les lève pas, avec une raison écrite.
  }
compose-then-soon = Elle part dès qu’elle est approuvée.
compose-then-at = Une fois approuvée, elle part le { $at }.
compose-no-channel-title = Il n’y a pas encore de page où publier
compose-no-channel = Connectez-en une ; un collègue la confirme, et vous pouvez écrire.
compose-no-page = Choisissez une page pour voir comment la publication y paraîtra.
compose-preview = Telle qu’elle paraîtra :
compose-live = Aperçu et remarques
compose-findings = { $n ->
    [0] Remarques
    [one] { $n } remarque
   *[other] { $n } remarques
  }
compose-findings-no-page = Vigie regarde dès qu’une page est choisie.
compose-findings-none = Rien n’a été trouvé. Un collègue regarde tout de même.

severity-hint = Conseil
severity-warn = À revoir
severity-review = Second regard
severity-stop = Arrêt
skill-legal = droit
skill-security = sécurité
skill-communication = communication

posts-title = Publications
posts-views = Vues
posts-all = Toutes
posts-review = À relire par moi
posts-mine = Les miennes
posts-out = Approuvées et parues
posts-search = Chercher
posts-none-title = Rien ici
posts-none = Écrivez une publication : un collègue sera sollicité pour la regarder.
posts-untitled = Sans mots
posts-asked = sollicités : { $names }
posts-more = Publications plus anciennes

state-draft = Brouillon
state-in_review = En relecture
state-changes_requested = Changements demandés
state-approved = Approuvée
state-done = Terminée
state-archived = Rangée

outcome-ready = En attente
outcome-sending = Envoi en cours
outcome-published = Parue
outcome-refused = Refusée
outcome-unknown = Inconnu
outcome-lapsed = Trop tard
outcome-cancelled = Annulée
outcome-taking_back = Retrait en cours
outcome-taken_back = Retirée

publication-ready = Elle part quand son heure vient.
publication-sending = Elle est en route.
publication-published = Elle est sur la page, exactement comme approuvée.
publication-refused = Le réseau ne l’a pas prise, et rien n’est sur la page.
publication-unknown = La liaison s’est rompue pendant l’envoi. Vigie la cherche sur la page et ne l’envoie jamais deux fois.
publication-lapsed = Son heure est passée avant qu’elle ait pu partir.
publication-cancelled = Elle a été reprise avant de partir.
publication-taking_back = Elle est en cours de suppression sur la page.
publication-taken_back = Elle a été supprimée sur la page. La copie et la raison sont gardées ici.
publication-next = Vigie réessaie d’elle-même le { $at }.

post-title = Publication
post-alt = Texte de l’image :
post-warning = Avertissement avant le texte :
post-repliers = Qui peut répondre : { $who }.
post-part = partie { $n } sur { $of }
post-series-broke = { $n ->
    [one] { $n } partie sur { $of } est sur la page ; les autres ne partiront pas d’elles-mêmes. Retirez-la (toutes les parties partent), ou laissez-la ainsi et écrivez ce qui manque dans une nouvelle publication.
   *[other] { $n } parties sur { $of } sont sur la page ; les autres ne partiront pas d’elles-mêmes. Retirez-la (toutes les parties partent), ou laissez-la ainsi et écrivez ce qui manque dans une nouvelle publication.
  }
post-changed = Ce qui a changé dans la version { $n }
post-changed-since = Ce qui a changé depuis que vous l’aviez en main (version { $since } à version { $n })
post-changed-pages = Les pages où elle paraît ont changé.
post-changed-answer = Ce à quoi elle répond a changé.
post-changed-warning = L’avertissement avant le texte a changé.
post-changed-repliers = Ce qui a changé : qui peut répondre.
post-changed-parts = Les parties ont changé : leur nombre, l’endroit où l’une finit, ou les images de l’une.
post-changed-link = Le lien a changé.
post-changed-pictures = Les images ont changé.
post-changed-alt = Le texte d’une image a changé.
post-changed-time = L’heure de départ a changé.
post-another-at = Sans réponse d’ici le { $at }, un autre collègue est sollicité aussi.
post-suggestion = Modification proposée
post-suggestion-by = { $name } propose une modification
post-suggestion-take = La reprendre
post-suggestion-leave = La laisser
post-suggestion-taken = La modification est reprise. Redemandez une relecture.
post-suggestion-left = La modification est laissée de côté.
post-outcomes = Sur les pages
post-answers = Répond à { $name } :
post-answers-gone = Répond à quelque chose qui n’est plus gardé ici.
post-see-live = La voir en place
post-take-back = La retirer
post-take-back-series = La retirer, toutes les parties
post-take-back-why = Pourquoi ? C’est gardé dans le journal.
post-take-back-do = La supprimer de la page maintenant
post-taking-back = Elle est en cours de retrait.
post-thread = Conversation
post-thread-empty = Personne n’a encore rien dit.
post-comment = Dire quelque chose
post-comment-do = Envoyer
post-commented = C’est dit.
post-decide = Que faire
post-next = Et maintenant ?
post-next-draft = C’est un brouillon. Demandez une relecture quand il est prêt.
post-next-changes_requested = Un collègue demande des changements. Modifiez-la, ou répondez dans la conversation, puis redemandez.
post-next-approved = Elle est approuvée et part d’elle-même.
post-next-done = Tout est réglé.
post-next-archived = Elle est rangée.
post-asked = Sollicités : { $names }
post-approved-by = Approuvée par { $names }
post-missing = { $n ->
    [one] Il manque { $n } approbation.
   *[other] Il manque { $n } approbations.
  }
post-missing-skill = Il faut un second regard qui connaît :
post-review-lead = C’est vous qui regardez. Lisez-la comme vos clients la liront.
post-yours-waits = Vous y avez pris part, alors quelqu’un d’autre la regarde.
post-approve = Approuver exactement ceci
post-approved-goes = Approuvée. Elle part d’elle-même.
post-approved-waits = Votre approbation est gardée. Il en faut encore une.
post-findings-none = Rien n’a été trouvé.
post-digest = Vous approuvez ces mots et ces images exacts (empreinte { $digest }). Tout changement redemande.
post-suggest = Proposer une modification
post-ask-changes = Demander des changements
post-ask-changes-what = Que faudrait-il changer ?
post-ask-changes-do = Demander
post-changes-asked = Des changements sont demandés à l’auteur.
post-stop = Ceci arrête la publication : { $rule }
post-stop-why = Pourquoi elle peut paraître malgré tout, en une phrase
post-stop-do = Lever l’arrêt
post-waived = L’arrêt est levé, avec votre raison.
post-edit = Modifier
post-withdraw = La remettre en brouillon
post-withdrawn = C’est de nouveau un brouillon. Rien n’en paraît.
post-archive = Ranger
post-archived = Elle est rangée.

# Nobody could tell whether it went out: a person looks and says so.
settle-lead = Vigie n’a pas pu savoir si elle est sur la page. Regardez la page vous-même, puis dites ce que vous avez vu.
settle-there = Elle y est
settle-again = Elle n’y est pas : l’envoyer encore
settle-no = Elle n’y est pas : en rester là
settle-done = C’est noté. Merci d’avoir regardé.
settle-choose = Dites ce que vous avez vu sur la page.
settle-not-now = Vigie cherche encore, ou un collègue l’a déjà dit.

# Why a publication is not out (yet).
why-no-entry = La page ne laisse plus entrer Vigie. La publication attend ; dès que quelqu’un donne un nouveau mot de passe d’application sous « Pages », elle repart d’elle-même.
why-vault_closed = Le coffre ne s’ouvre pas avec le fichier de clé de cette machine. La publication attend que la personne qui fait tourner Vigie remette le bon fichier.
why-tampered = Ce qui est dans la base n’est pas ce qui a été approuvé. Rien n’a été envoyé.
why-interrupted = Vigie a été arrêtée pendant l’envoi, et cherche sur la page ce qu’il en est advenu.
why-absent = Elle n’était pas sur la page quand Vigie a regardé ; elle est donc renvoyée.
why-different = Autre chose se trouve à sa place sur la page.
why-unknown_server = Le serveur du réseau est introuvable.
why-server_down = Le serveur du réseau est injoignable.
why-slow = Le réseau n’a pas répondu à temps.
why-cut_off = La liaison a été coupée.
why-garbage_answer = La réponse du réseau n’a pas de sens.
why-answer_too_large = La réponse du réseau est plus grande que toute vraie réponse.
why-server_error = Le réseau a lui-même des ennuis.
why-rate_limited = Le réseau demande de ralentir.
post-said-out-though-withdrawn = Ce post était déjà en route quand il a été repris, et il est paru tel qu’il avait été approuvé. S’il ne doit pas rester, retirez-le ci-dessus.
settle-withdrawn = Ce post a été repris : il ne sera pas renvoyé. Dites s’il est sur la page ou non.
post-history = { $n ->
    [one] Historique (une étape)
   *[other] Historique ({ $n } étapes)
  }
post-history-log = Voir ces étapes dans le journal
