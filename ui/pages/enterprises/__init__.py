"""Member enterprises of an association: list, one archive whole, import."""
