# Ce qui n’a pas marché : un titre, ce qui s’est passé, ce qui est conservé, comment y remédier.

error-happened = Ce qui s’est passé
error-kept = Ce qui est conservé
error-mend = Que faire
error-wait = { $n ->
    [one] Attendez { $n } seconde.
   *[other] Attendez { $n } secondes.
  }
error-home = Aller à l’accueil
error-operation = Si vous demandez de l’aide, donnez ce nom d’opération :
error-scope-needed = La portée nécessaire : { $scope }.
error-input-body = Le formulaire n’est pas arrivé entier.

error-sign-in-title = Connectez-vous
error-sign-in-what = Cette page est réservée aux membres, et vous n’êtes pas connecté.
error-sign-in-kept = Rien n’a été envoyé ni perdu.
error-sign-in-mend = Connectez-vous : vous reviendrez ici.

error-home-title = Vous êtes déjà connecté
error-home-what = Cette page sert aux personnes qui ne sont pas connectées.
error-home-kept = Rien n’a changé.
error-home-mend = Continuez depuis l’accueil.

error-step-up-title = Confirmez que c’est bien vous
error-step-up-what = Cette action demande une clé d’accès ou un code donné il y a moins de cinq minutes.
error-step-up-kept = Ce que vous avez écrit est encore sur la page précédente.
error-step-up-mend = Confirmez avec votre clé d’accès ou votre code, puis recommencez.

error-token-title = Le jeton d’accès manque ou n’est plus valable
error-token-what = La demande est arrivée sans jeton, ou avec un jeton qui a pris fin.
error-token-kept = Rien n’a été modifié.
error-token-mend = Créez un jeton dans « Mon compte », et envoyez-le ainsi : « Authorization: Bearer … ».

error-scope-title = Ce jeton ne permet pas cela
error-scope-what = Il manque au jeton une portée dont cette demande a besoin.
error-scope-kept = Rien n’a été modifié.
error-scope-mend = Créez un jeton qui a cette portée, ou demandez à son propriétaire.

error-forbidden-title = Cette action ne vous est pas ouverte
error-forbidden-what = Votre rôle dans l’organisation ne la comprend pas.
error-forbidden-kept = Rien n’a été modifié.
error-forbidden-mend = Si vous en avez besoin, demandez à un collègue qui a ce rôle ; un changement de rôle se décide à deux.

error-cross-site-title = La demande ne vient pas des pages de Vigie
error-cross-site-what = Votre navigateur indique qu’un autre site a envoyé ce formulaire, ou n’indique pas d’où il vient.
error-cross-site-kept = Rien n’a été modifié.
error-cross-site-mend = Ouvrez la page dans Vigie et envoyez le formulaire depuis là, avec un navigateur à jour.

error-not-found-title = Il n’y a rien ici
error-not-found-what = L’adresse ne mène nulle part, ou mène à quelque chose que vous ne pouvez pas voir.
error-not-found-kept = Rien n’a été modifié.
error-not-found-mend = Vérifiez l’adresse, ou repartez de l’accueil.

error-method-title = Cette adresse s’utilise autrement
error-method-what = Elle existe, mais pas pour ce type de demande.
error-method-kept = Rien n’a été modifié.
error-method-mend = Revenez en arrière et utilisez les boutons de la page.

error-input-title = Nous n’avons pas pu lire ce qui a été envoyé
error-input-what = Quelque chose manque dans la demande, ou n’a pas la bonne forme.
error-input-kept = Rien n’a été modifié. Ce que vous avez écrit est encore sur la page précédente.
error-input-mend = Revenez en arrière, corrigez et envoyez à nouveau.

error-refused-title = Ce n’est pas possible maintenant
error-refused-what = Les règles de l’organisation ne le permettent pas dans l’état actuel.
error-refused-kept = Rien n’a été modifié.
error-refused-mend = Revoyez la page : elle montre ce qui peut être fait ensuite.

error-conflict-title = Quelqu’un a été plus rapide
error-conflict-what = Une autre personne l’a modifié pendant que vous y travailliez.
error-conflict-kept = Sa modification est conservée ; la vôtre n’a pas été appliquée et se trouve encore sur la page précédente.
error-conflict-mend = Rechargez la page, comparez, et refaites votre modification si elle est encore utile.

error-too-large-title = C’est trop volumineux
error-too-large-what = Ce qui a été envoyé dépasse ce que cette page accepte.
error-too-large-kept = Rien n’a été modifié.
error-too-large-mend = Envoyez quelque chose de plus petit, ou en plusieurs fois.

error-too-many-title = Un peu moins vite, s’il vous plaît
error-too-many-what = Trop de demandes sont venues de vous ou de votre réseau en peu de temps.
error-too-many-kept = La dernière n’a pas été exécutée ; tout ce qui précède est conservé.
error-too-many-mend = Attendez un instant, puis réessayez.

error-timeout-title = Cela a pris trop de temps
error-timeout-what = La réponse n’est pas venue à temps, et nous avons cessé d’attendre.
error-timeout-kept = Ce qui était enregistré est conservé. La dernière étape a pu être faite ou non.
error-timeout-mend = Revoyez la page avant de recommencer cette étape.

error-storage-full-title = Le disque est plein
error-storage-full-what = Il n’y a plus de place pour écrire sur la machine qui fait tourner Vigie.
error-storage-full-kept = Tout ce qui était enregistré est conservé ; la dernière étape n’a pas été exécutée. Rien n’est publié entre-temps.
error-storage-full-mend = Demandez à la personne qui gère la machine de faire de la place, puis réessayez.

error-storage-readonly-title = La base de données ne peut qu’être lue
error-storage-readonly-what = Vigie peut lire ses données, mais pas les écrire pour l’instant.
error-storage-readonly-kept = Tout ce qui était enregistré est conservé ; la dernière étape n’a pas été exécutée. Rien n’est publié entre-temps.
error-storage-readonly-mend = Demandez à la personne qui gère la machine de vérifier les droits du dossier de données.

error-storage-busy-title = La base de données est occupée
error-storage-busy-what = Un autre programme tient la base de données et ne l’a pas libérée à temps.
error-storage-busy-kept = La dernière étape n’a pas été exécutée ; tout ce qui précède est conservé.
error-storage-busy-mend = Réessayez dans quelques secondes.

error-storage-away-title = La base de données ne répond pas
error-storage-away-what = Vigie n’arrive pas à joindre sa base de données.
error-storage-away-kept = Ce qui était enregistré est conservé. Rien ne peut être approuvé ni publié entre-temps.
error-storage-away-mend = Réessayez dans une minute ; si cela dure, prévenez la personne qui gère la machine.

error-storage-damaged-title = La base de données est abîmée
error-storage-damaged-what = Vigie lit dans sa base des choses qui ne peuvent pas s’y trouver.
error-storage-damaged-kept = La dernière étape n’a pas été exécutée. Ce qui était enregistré est au moins dans la dernière sauvegarde. Rien n’est publié entre-temps.
error-storage-damaged-mend = Prévenez la personne qui gère la machine : il faut reprendre la base d’une sauvegarde.

error-internal-title = Quelque chose n’a pas marché de notre côté
error-internal-what = Un défaut de Vigie a interrompu cette étape. Vous n’y êtes pour rien.
error-internal-kept = Ce qui était enregistré est conservé ; la dernière étape n’a pas été terminée.
error-internal-mend = Réessayez. Si cela se reproduit, donnez le nom de l’opération ci-dessous à la personne qui gère Vigie.

# What was typed, on the page of an error.
kept-title = Ce que vous avez écrit
kept-again-hint = Tout est là. Quand le souci sera passé, renvoyez-le depuis cette page ; ou copiez-le.
kept-copy = Tout est là : copiez-le avant de quitter cette page.
kept-again = Renvoyer
kept-words = Vos mots
kept-sign-in = Votre session est finie, et rien de ce que vous avez écrit n’est perdu. Connectez-vous dans un nouvel onglet, revenez ici et renvoyez.
kept-sign-in-link = Se connecter dans un nouvel onglet
