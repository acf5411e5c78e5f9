"""The complaint desk of an association (W7): intake, steps, conflicts of interest, papers, statistics."""
