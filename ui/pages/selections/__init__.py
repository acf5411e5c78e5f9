"""Honest enterprises: rounds and candidates of an assessment by the trade itself."""
