"""Villages without a computer: the town keeps their archives in their name, and prints their forms in one go."""
