"""Lists handed out as files: one way for all of them."""
