"""The collection catalogue: record types, code lists, regions, and what makes a value valid."""
