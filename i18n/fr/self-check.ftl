# « Le publieriez-vous ? » : des conseils à chacun sur un texte à soi.

self-check-title = Le publieriez-vous ?
self-check-lead = Essayez un texte avant qu’il soit public. Vous recevez un conseil, pas une permission : vous en faites ce que vous voulez.
self-check-private = Entre vous et cette page : ni votre texte ni la réponse ne sont conservés, journalisés ou montrés à qui que ce soit.
self-check-text = Votre texte
self-check-situation = Votre situation, si vous voulez : le conseil sera plus juste
self-check-as = J’écris
self-check-as-me = en mon nom
self-check-as-company = pour l’entreprise
self-check-sells = Le texte fait la promotion de quelque chose
self-check-sells-yes = oui
self-check-sells-no = non
self-check-where = On le lira surtout
self-check-unsaid = Je préfère ne pas le dire
self-check-ask = Qu’en pensez-vous ?
self-check-answer = Conseils
self-check-waits-title = Écrivez, vous verrez
self-check-waits = Les conseils apparaissent ici pendant que vous tapez.
self-check-calm-title = Rien à signaler
self-check-calm = Nous ne voyons rien dans ces mots qui puisse se retourner contre vous ou contre l’entreprise. Vous connaissez mieux que nous le moment et les personnes.
self-check-found = { $n ->
    [one] Une chose à regarder avant de publier
   *[other] { $n } choses à regarder avant de publier
  }
self-check-weight-hint = Un détail
self-check-weight-warn = À relire
self-check-weight-review = Cela peut mal tourner
self-check-weight-stop = Mieux vaut éviter sous cette forme
self-check-why-reputation = Sorti de son contexte, ou mal pris, ce genre de phrase va plus vite que toutes les mises au point.
self-check-why-confidential = Une fois public, cela ne se rattrape plus, même en l’effaçant : quelqu’un peut s’en servir, contre une personne ou contre l’entreprise.
self-check-why-identity = Qui prépare une fraude ramasse ce genre de détail pour se faire passer pour quelqu’un, ou pour gagner sa confiance.
self-check-why-legal = La loi encadre la façon de le dire, et elle vaut aussi pour une publication.
self-check-mend = Ce que vous pouvez faire :
self-check-vague = Précisez votre situation ci-dessus : le conseil sera plus juste.
self-check-yours = Le choix vous appartient. Si vous hésitez, parlez-en à quelqu’un de confiance, ou laissez passer la nuit.

place-fr = en France
place-eu = dans un autre pays de l’Union européenne
place-uk = au Royaume-Uni
place-us = aux États-Unis
place-world = partout dans le monde
