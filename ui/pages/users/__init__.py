"""Who works at this vault, and one's own ways in."""
