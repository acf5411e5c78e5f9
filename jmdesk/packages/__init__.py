"""Signed packages at the desk: kept, in force by date, and what taking effect does to the records."""
