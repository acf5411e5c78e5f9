"""Who may do what: the matrix as data, the guard that asks it, and the rule of two persons. Pure."""
