"""Every record type of the catalogue: list, form, history; made from the catalogue alone."""
