"""One folder per page; pages are strangers to each other and meet only through the context."""
