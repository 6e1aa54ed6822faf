"""What a step sees: every image once an epoch, as a function of seed and step alone."""

import torch

from whichgen.training.batches import EpochOrder, MixedBatches, TypedBatches


def test_an_epoch_shows_every_item_once_and_the_next_in_another_order():
    order = EpochOrder(12, 0, "x")
    epochs = [torch.cat([order.at(3 * e + i, 4) for i in range(3)]) for e in range(2)]
    assert all(sorted(epoch.tolist()) == list(range(12)) for epoch in epochs)
    assert not torch.equal(*epochs)


def test_a_step_is_the_same_whatever_was_asked_before():
    walked, jumped = EpochOrder(10, 5, "x"), EpochOrder(10, 5, "x")
    for step in range(7):
        walked.at(step, 4)
    assert torch.equal(walked.at(7, 4), jumped.at(7, 4))
    assert not torch.equal(jumped.at(7, 4), EpochOrder(10, 6, "x").at(7, 4))


def test_a_batch_larger_than_the_data_runs_on_into_the_next_epoch():
    counts = torch.bincount(EpochOrder(3, 0, "x").at(0, 9), minlength=3)
    assert counts.tolist() == [3, 3, 3]


def test_mixed_batches_keep_image_and_type_together():
    types = torch.arange(20) % 4
    images = types.to(torch.uint8).reshape(20, 1, 1, 1).expand(20, 1, 8, 8)
    pixels, drawn = MixedBatches(images, types, seed=0).at(1, 7)
    assert pixels[:, 0, 0, 0].tolist() == drawn.tolist()


def test_typed_batches_hold_only_their_own_type():
    types = torch.tensor([0] * 3 + [1] * 9 + [2] * 5)
    images = torch.arange(17, dtype=torch.uint8).reshape(17, 1, 1, 1)
    index, drawn = TypedBatches(images, types, n_types=3, seed=0).at(2, 6)
    assert index.shape == (3, 6)
    assert types[index].tolist() == [[0] * 6, [1] * 6, [2] * 6]
    assert torch.equal(drawn.flatten(1), index.to(torch.uint8))
