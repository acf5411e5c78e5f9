"""The signed batch protocol and its two ends."""
