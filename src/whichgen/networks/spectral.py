"""Spectral normalisation: each weight, as a matrix, divided by its largest singular value.

Miyato et al. 2018, "Spectral normalization for generative adversarial networks"; the projection's
embedding too, as in Miyato and Koyama 2018.
"""

import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm


def normalise_spectra(network: nn.Module) -> None:
    """Normalise every linear layer, convolution and embedding; no weight may be 0.

    The vectors of the power iteration are buffers, which checkpoints hold. torch iterates at every
    look at a weight; here they stay, so that a step has one discriminator, until `iterate_power`.
    """
    for layer in list(network.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
            spectral_norm(layer)
            _norm(layer).eval()


@torch.no_grad()
def iterate_power(network: nn.Module) -> None:
    """One iteration for each weight that is normalised, if there are some."""
    for layer in network.modules():
        if parametrize.is_parametrized(layer, "weight"):
            _norm(layer).train()
            _ = layer.weight
            _norm(layer).eval()


def _norm(layer: nn.Module) -> nn.Module:
    parametrizations = layer.parametrizations
    assert isinstance(parametrizations, nn.Module)
    return parametrizations
