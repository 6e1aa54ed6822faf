"""The grid of cells as jobs: each trained and scored in a working folder of its own."""
