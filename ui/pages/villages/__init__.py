"""Credit villages and towns: the scoreboard, one village or town, its case and papers."""
