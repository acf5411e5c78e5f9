"""Workflows of the offices as data: states, steps, who may take them, and the clocks that run meanwhile."""
