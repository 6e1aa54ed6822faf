"""Training: the one loop, the two updates, the batches they see, the budget they spend."""
