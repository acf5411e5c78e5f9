"""The complaint desk: what is due, taking a complaint down, and one case with its papers."""
