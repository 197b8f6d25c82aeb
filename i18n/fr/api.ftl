# Les mots propres à l’API.

api-bad-post = Cette publication ne peut pas être lue : les identifiants, les empreintes ou l’heure n’ont pas leur forme.
api-bad-query = Cette question ne peut pas être lue.
api-no-version = Donnez la version que vous avez lue, pour que le travail de personne ne soit écrasé.
api-bad-facts = Les faits doivent former un objet plat, de sortes connues.
