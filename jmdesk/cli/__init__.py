"""The command line: the composition root above sync and ui."""
