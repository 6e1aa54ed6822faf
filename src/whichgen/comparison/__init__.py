"""Scores of all cells → intervals → verdict, table, figures and the report."""
