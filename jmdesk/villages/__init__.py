"""Credit villages and towns: gates and scores by open rules, each figure with its basis."""
