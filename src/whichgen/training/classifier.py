"""Training of the judge: a classifier of the types, fitted to the training split only."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from whichgen.networks import Classifier, Modality, channels_last
from whichgen.training.batches import MixedBatches
from whichgen.training.fitting import fit
from whichgen.training.packed import Images
from whichgen.training.seeding import seeded_initialisation, stream


def fit_classifier(
    images: Images,
    types: Tensor,
    *,
    modality: Modality,
    n_types: int,
    width: int,
    features: int,
    images_seen: int,
    batch: int,
    rate: float,
    seed: int,
    title: str,
) -> Classifier:
    """Train the classifier by AdamW on samples as the modality varies them; then standardise it.

    Args:
        images: (N, *shape), stored, the training split. types: (N,) int64.
        width, features: of the network. images_seen, batch: how long and by how many at a time.
        rate: see `fitting.fit`. title: what the progress is shown under.

    Returns:
        The classifier in evaluation mode, frozen.
    """
    with seeded_initialisation(seed, "extractor"):
        net = Classifier(modality, n_types=n_types, width=width, features=features)
        net = channels_last(net.to(images.device))
        batches = MixedBatches(images, types, seed=seed)

        def loss(step: int) -> Tensor:
            stored, wanted = batches.at(step, batch)
            varied = modality.vary(modality.to_float(stored), stream(seed, "shift", step))
            return cross_entropy(net(varied), wanted, label_smoothing=0.05)

        # Inside the seeded block: dropout draws from it too.
        fit(net.parameters(), loss, images_seen=images_seen, batch=batch, rate=rate, title=title)
    net.freeze(images)
    return net
