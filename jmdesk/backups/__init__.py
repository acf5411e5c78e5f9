"""Whole copies of a vault: made by themselves, verified, thinned out, rehearsed and restored."""
