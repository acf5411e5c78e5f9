"""Foundations that know nothing of the office: errors, ids, clock, numbers, text, resources."""
