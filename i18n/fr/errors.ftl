error-internal-title = Quelque chose n’a pas marché chez nous
