"""The extractor's folded layers give what its own layers give, with fewer of them."""

import pytest
import torch
from torch import nn

from whichgen.networks import Classifier, modality_of


@pytest.mark.parametrize("channels", [1, 3])
def test_folding_the_normalisations_changes_no_feature(channels):
    torch.manual_seed(0)
    images = modality_of({"channels": channels, "resolution": 12})
    net = Classifier(images, n_types=3, width=8, features=5).eval()
    for layer in net.layers:
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2.0)
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
    folded, seen = net.folded(), torch.randn(7, channels, 12, 12)
    assert not any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in folded)
    torch.testing.assert_close(folded(seen), net.layers(seen), rtol=1e-4, atol=1e-4)
