"""Member enterprises of an association: archives, credit events, what is shown of them and to whom."""
