"""Benchmarks: the commands that make every published figure. See docs/benchmarks.md."""
