"""What waits, and how things stand with the platform."""
