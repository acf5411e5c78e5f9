"""Cases under way: what is due, and one case with its steps."""
