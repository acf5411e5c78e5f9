"""The conflict desk: records that were changed in two places, decided field by field with a reason."""
