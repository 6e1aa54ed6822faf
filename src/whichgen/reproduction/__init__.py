"""Runs a comparison again, from its revision and data, and says what came out otherwise."""
