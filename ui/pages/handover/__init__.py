"""Handover when staff change."""
