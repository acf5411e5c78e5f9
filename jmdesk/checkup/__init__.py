"""Looks over a whole desk, in plain words, and mends what can be made anew."""
