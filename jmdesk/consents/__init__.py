"""Consents as they happen: signed, declined, withdrawn, and what each of them opens or closes."""
