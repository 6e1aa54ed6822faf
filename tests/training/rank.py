"""One of the ranks of test_distributed.py: what it sees of its world, as JSON in a file."""

import json
import sys
from pathlib import Path

import torch
from torch import nn

from whichgen.training.batches import MixedBatches
from whichgen.training.distributed import PeerLostError, Ranks
from whichgen.training.guard import FiniteGuard

CPU = torch.device("cpu")


def slices(world):
    images = torch.arange(40, dtype=torch.uint8).view(40, 1, 1, 1)
    batches = MixedBatches(images, torch.zeros(40), seed=1, world=world)
    return {
        "columns": world.part(torch.arange(12).view(2, 6), dim=1).tolist(),
        "batch": batches.at(7, 6)[0].flatten().tolist(),
    }


def gathered(world):
    """The loss is the sum of squares of what all ranks have, weighted by place."""
    own = (torch.arange(4.0).view(2, 2) + 10 * world.rank).requires_grad_(True)
    whole = world.whole(own, dim=1)
    (whole.square() * torch.arange(1.0, whole.shape[1] + 1)).sum().backward()
    return {"whole": whole.tolist(), "gradient": own.grad.tolist()}


def sums(world):
    image = torch.arange(16.0).view(1, 2, 2, 4).to(memory_format=torch.channels_last)
    scalar = torch.tensor(1.0 + world.rank)
    world.add_up([image, scalar])
    mean = world.mean({"a": torch.tensor(3.0 * world.rank), "b": torch.tensor(1.0)})
    return {
        "sums": [image.tolist(), float(scalar)],
        "mean": {name: float(term) for name, term in mean.items()},
    }


def orders(world):
    """Each rank wants something else at each call."""
    wanted = ([0, 1, 0, 0], [0, 0, 0, 15])[world.rank]
    return [world.agree(order) for order in wanted] + [world.agree(2 * world.rank, at_once=True)]


def broken_on_one(world):
    """A loss that is not finite on rank 1 only, then a finite one."""
    torch.manual_seed(0)
    net = nn.Linear(3, 2)
    optimiser = torch.optim.AdamW(net.parameters(), lr=0.1, fused=True)
    guard, weights = FiniteGuard(CPU, world), []
    for factor in (1.0, float("nan") if world.rank == 1 else 1.0, 1.0):
        guard.descend(optimiser, net(torch.ones(3)).square().sum() * factor)
        weights.append(net.weight.tolist())
    return {"tripped": float(guard.tripped), "weights": weights}


def first_alone(world):
    done = []

    def work():
        done.append(1)
        return {"step": 3, "weights": {"a": torch.tensor([1.5, -2.0])}, "anchor": None}

    state = world.from_first(work)
    state["weights"]["a"] = state["weights"]["a"].tolist()
    return {"state": state, "worked": len(done)}


def lost(world):
    """Rank 1 ends without a word."""
    if world.rank == 1:
        return None
    try:
        world.add_up([torch.ones(3)])
    except PeerLostError:
        return "lost"
    return "nothing noticed"


def main():
    world = Ranks(CPU)
    asked = (slices, gathered, sums, orders, broken_on_one, first_alone, lost)
    seen = {look.__name__: look(world) for look in asked}
    Path(sys.argv[1]).write_text(json.dumps(seen))


if __name__ == "__main__":
    main()
