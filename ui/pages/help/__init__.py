"""Keys, words and ways, made from the program's own tables."""
