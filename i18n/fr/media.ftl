# Images.

media-empty = Le fichier est vide.
media-too-large = Le fichier dépasse 15 mégaoctets.
media-kind = Ce n’est pas une image PNG, JPEG ou WebP. Les images animées ne sont pas encore prises.
media-damaged = L’image est abîmée, ou se déplie en quelque chose d’énorme. Essayez de l’enregistrer à nouveau.
