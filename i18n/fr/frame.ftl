# Ce qui entoure chaque page.

frame-skip = Aller au contenu

nav-label = Pages principales
nav-home = Accueil
nav-posts = Publications
nav-calendar = Calendrier
nav-self-check = Essayer un texte
nav-inbox = Reçus
nav-chat = Salons
nav-alarms = Alarmes
nav-channels = Pages
nav-members = Membres
nav-changes = À deux
nav-rules = Règles
nav-audit = Journal
nav-settings = Réglages
nav-write = Écrire une publication
nav-write-short = Écrire
nav-more = Plus
nav-self = Mon menu
nav-me = Mon compte
nav-sign-out = Se déconnecter

theme-label = Aspect des pages
theme-auto = Comme mon appareil
theme-light = Clair
theme-dark = Sombre

pause-all = Tout mettre en pause
pause-all-explained = Aucun message ne partira avant que deux d’entre vous s’accordent pour reprendre. Rien n’est perdu.
pause-label = Les publications sont en pause
pause-banner = { $name } a tout mis en pause { $when }. Rien ne part.
pause-resume-asked = { $name } a demandé à reprendre ; une deuxième personne doit être d’accord.
pause-see = Voir la pause

home-title = Accueil
home-calm-title = Rien ne vous attend
home-calm-text = Les relectures à faire, vos brouillons et les alertes apparaîtront ici.

form-problems = À revoir :
form-required = Ce champ est à remplir.
form-too-long = Trop long : { $most ->
    [one] { $most } caractère
   *[other] { $most } caractères
  } au plus.

date-long = { $day } { $month } { $year }
date-moment = { $date } à { $time }
date-weekday = { $weekday } { $date }
month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre
weekday-1 = lundi
weekday-2 = mardi
weekday-3 = mercredi
weekday-4 = jeudi
weekday-5 = vendredi
weekday-6 = samedi
weekday-7 = dimanche

ago-now = à l’instant
ago-minutes = { $n ->
    [one] il y a { $n } minute
   *[other] il y a { $n } minutes
  }
ago-hours = { $n ->
    [one] il y a { $n } heure
   *[other] il y a { $n } heures
  }
ago-days = { $n ->
    [one] hier
   *[other] il y a { $n } jours
  }
ahead-minutes = { $n ->
    [one] dans { $n } minute
   *[other] dans { $n } minutes
  }
ahead-hours = { $n ->
    [one] dans { $n } heure
   *[other] dans { $n } heures
  }
ahead-days = { $n ->
    [one] demain
   *[other] dans { $n } jours
  }
