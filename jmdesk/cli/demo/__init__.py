"""``jmdesk demo``: the main job end to end with real parts, on invented people."""
