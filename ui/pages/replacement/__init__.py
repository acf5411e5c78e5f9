"""Replacing this computer: settling or rescuing what is left, then ending it as a device."""
