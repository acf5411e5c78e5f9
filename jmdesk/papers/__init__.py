"""Papers of an office: editable templates filled with what the records say, numbered, kept, and printed."""
