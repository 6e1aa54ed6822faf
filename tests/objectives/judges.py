"""Discriminators for tests, with slopes by torch's own differentiation."""

import torch


class FunctionJudge:
    """A `Judge` of a function images → logits."""

    def __init__(self, function):
        self._function = function

    def __call__(self, images):
        return self._function(images)

    def with_slopes(self, images):
        images = images.detach().requires_grad_(True)
        logits = self._function(images)
        return logits, torch.autograd.grad(logits.sum(), images, create_graph=True)[0]
