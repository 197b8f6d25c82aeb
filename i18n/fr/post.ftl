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
draft-unknown-picture = L’une des images n’est plus là. Ajoutez-la de nouveau.
draft-alt-too-long = L’un des textes de remplacement est trop long.
draft-bad-link = Le lien n’est pas une adresse web. Il devrait commencer par https://.
draft-past = L’heure choisie est déjà passée.

post-said-lapsed = L’heure de cette publication est passée avant qu’elle ait pu partir. C’est de nouveau un brouillon : choisissez une autre heure, puis demandez une relecture.
