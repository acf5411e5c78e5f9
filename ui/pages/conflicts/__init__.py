"""The conflict desk: what was changed in two places, decided field by field."""
