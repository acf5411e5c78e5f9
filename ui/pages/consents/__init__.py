"""Consents of a whole village: pages to print, a scanned stack to file, erasures that are due."""
