"""Alembic's entry point for its own command line; the program migrates through ``jmdesk.store.migrate``."""
