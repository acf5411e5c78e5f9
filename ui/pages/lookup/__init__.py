"""What others may learn: the standing of villages and towns, and a household for the bank that it agreed to."""
