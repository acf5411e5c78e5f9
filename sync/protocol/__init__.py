"""The protocol itself: bytes in, bytes out; no I/O and no clock."""
