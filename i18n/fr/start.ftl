# Pourquoi le programme ne peut pas démarrer : ce qui s’est passé, où, que faire.

start-database-readonly =
    Vigie n’a pas le droit d’écrire dans sa base de données.
    Où : { $at }
    Que faire : donnez à l’utilisateur qui fait tourner Vigie le droit d’écrire dans ce fichier et son dossier, puis relancez. Rien n’a été modifié.

start-database-busy =
    Un autre programme tient la base de données de Vigie et ne la libère pas.
    Où : { $at }
    Que faire : fermez ce programme (une sauvegarde, une autre Vigie, un outil resté ouvert), puis relancez. Rien n’a été modifié.

start-database-full =
    Il n’y a plus de place sur le disque pour la base de données de Vigie.
    Où : { $at }
    Que faire : faites de la place, puis relancez. Ce qui était enregistré est conservé.

start-database-damaged =
    La base de données de Vigie est abîmée, ou n’est pas une base de données.
    Où : { $at }
    Que faire : mettez le fichier de côté, reprenez la dernière sauvegarde, puis relancez. Vigie n’y a rien modifié.

start-database-away =
    La base de données de Vigie ne peut être ni ouverte ni jointe.
    Où : { $at }
    Que faire : vérifiez que le fichier ou le serveur est là, et que l’utilisateur qui fait tourner Vigie y a droit, puis relancez.

start-database-newer =
    Une Vigie plus récente a travaillé avec cette base de données.
    Où : { $at }
    Que faire : lancez cette version ou une plus récente. Celle-ci ne modifie rien, pour ne rien casser.

start-database-other =
    Cette base de données a été préparée par une Vigie qui n’est pas tout à fait celle-ci.
    Où : { $at }
    Que faire : lancez la version qui l’a faite, ou reprenez une sauvegarde. Rien n’a été modifié.

start-database-address =
    L’adresse de la base de données n’est pas de celles que Vigie comprend.
    Que faire : donnez --database postgres://… ou rien, pour un fichier dans le dossier de données.

start-folder-rights =
    Vigie n’a pas le droit d’utiliser son dossier de données.
    Où : { $at }
    Que faire : faites de l’utilisateur qui fait tourner Vigie le propriétaire du dossier et de tout ce qu’il contient, puis relancez.

start-folder-readonly =
    Le disque où se trouve le dossier de données de Vigie ne peut qu’être lu.
    Où : { $at }
    Que faire : rendez-le inscriptible, ou nommez un autre dossier avec --data, puis relancez.

start-folder-full =
    Il n’y a plus de place sur le disque où se trouve le dossier de données de Vigie.
    Où : { $at }
    Que faire : faites de la place, puis relancez. Rien n’a été écrit à moitié.

start-folder-none =
    Ce qui devrait être le dossier de données de Vigie est autre chose.
    Où : { $at }
    Que faire : nommez un dossier avec --data, ou rangez ce qui est à sa place.

start-port =
    Un autre programme écoute déjà à cette adresse.
    Où : { $at }
    Que faire : arrêtez-le (peut-être une autre Vigie), ou nommez une autre adresse avec --listen.

start-key-gone =
    La clé du coffre manque, et la base de données contient ce qu’elle ferme : sans elle, aucune page ne s’ouvre et personne ne peut se connecter.
    Où : { $path }
    Que faire : remettez ce fichier depuis sa sauvegarde, ou refaites-le de ses parts avec « vigie vault recover ». Vigie n’a pas fait de nouvelle clé.
