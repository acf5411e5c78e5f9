"""Ratings of the year and their explanations."""
