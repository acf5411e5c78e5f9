"""Exchange with the platform."""
