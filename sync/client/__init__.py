"""The desk's end of the protocol."""
