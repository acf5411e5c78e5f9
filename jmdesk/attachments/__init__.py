"""Attachments: photos and PDF papers beside records, checked, cleaned, and kept inside the encrypted store."""
