"""Numbers → point estimates, their uncertainty, and drawings of both. Knows no cells."""
