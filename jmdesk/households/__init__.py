"""Household archives: the list, the search, the dossier, and a household's number."""
