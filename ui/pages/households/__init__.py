"""Household archives: list, search, dossier, a new household, consents."""
