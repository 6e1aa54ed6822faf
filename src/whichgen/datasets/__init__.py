"""Datasets over time: what comes in, which versions there are, how far the data have moved."""
