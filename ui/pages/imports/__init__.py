"""The import wizard: choose a register, check its columns, try it, import it."""
