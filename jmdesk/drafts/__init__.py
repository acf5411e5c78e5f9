"""Unsaved input of forms, kept encrypted until it is saved or let go: it survives a lock and a crash."""
