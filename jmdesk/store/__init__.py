"""The encrypted store: tables from the catalogue, one write path, change log, outbox, search."""
