# Les mots propres à l’API.

api-bad-post = Cette publication ne peut pas être lue : les identifiants, les empreintes ou l’heure n’ont pas leur forme.
api-bad-query = Cette question ne peut pas être lue.
api-no-version = Donnez la version que vous avez lue, pour que le travail de personne ne soit écrasé.
api-bad-facts = Les faits doivent former un objet plat, de sortes connues.
api-bad-limit = Le nombre de lignes va de 1 à 100.
api-bad-stretch = Donnez « from » et « to » en RFC 3339, « to » après « from », cent jours au plus.
api-bad-key = La clé Idempotency-Key fait 1 à 255 caractères ASCII visibles, sans espace.
api-key-running = Une demande avec cette clé est en cours, ou s’est arrêtée en chemin. Regardez ce qui a été fait avant de redemander avec une autre clé.
api-key-other = Cette clé a déjà servi à une autre demande. Prenez-en une nouvelle : rien n’a été fait.
