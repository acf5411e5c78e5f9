"""Rating of households: rule packages as data, a pure engine, facts, scorecards and their explanation in words."""
