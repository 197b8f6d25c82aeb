# vigie check et vigie rules.

check-cannot-read = Impossible de lire { $file } : { $why }
check-not-text = { $file } n’est ni un texte en UTF-8 ni une image.
check-cannot-clean = { $file } n’a pas été réécrit sans ses données cachées : { $why }
check-cleaned = Sans données cachées : { $file }
check-bad-line = { $file }, ligne { $line } : { $why }
check-bad-facts = Les faits de { $file } ne se lisent pas : { $why }
check-bad-now = « { $value } » n’est pas un moment. Écrivez par exemple 2026-11-24 ou 2026-11-24T10:00:00+01:00.
check-bad-pack = { $file }:{ $line } : { $why }
check-progress = { $n } lignes vérifiées
check-progress-files = { $n } fichiers vérifiés sur { $of }
check-too-many = { $file } contient plus de { $n } fichiers : les autres n’ont pas été vérifiés.
check-left-out = Laissés de côté dans les dossiers : { $binary } fichiers ni texte ni image, { $large } trop gros.
check-rule-unknown = Aucune règle ne s’appelle { $id }.
check-rule-near = Aucune règle ne s’appelle { $id }. Vouliez-vous dire { $near } ?
check-rule-advice = Conseil
check-rule-source = Source
check-rule-verified = lue à l’origine
check-rule-unverified = à confirmer
check-rule-jurisdictions = Droit
check-rule-in-force = En vigueur
check-rule-skill = Relecture
check-rule-file = Fichier
check-rule-fire = Doit être signalé
check-rule-quiet = Doit passer
check-rules-all-pass = { $rules } règles, { $examples } exemples : tous justes.
check-rules-some-fail = Exemples faux : { $misses } sur { $examples }.
