"""The demonstration: a throw-away vault full of invented people, for training and remote help."""
