"""Numbers → point estimates and, in a file of its own, their uncertainty. Knows no cells."""
