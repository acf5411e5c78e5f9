"""The people who work at one vault: their names, roles, regions, and ways in."""
