# L’entreprise d’exemple.

demo-open = Ouvrez { $url } dans votre navigateur. Tout est jeté quand vous arrêtez avec Ctrl-C.
demo-sign-in = Connectez-vous sous l’un de ces noms : { $names } ; le mot de passe est : { $password }
demo-code = Le code en ce moment : { $code }
