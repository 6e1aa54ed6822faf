"""One real step of a recipe on tensors without data: what it computes, moves, keeps and sends.

The update is the product's own, on torch's meta device, so networks of any size cost nothing to
look at. A rank of a larger world is looked at through a world that only notes what it would send.
"""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from whichgen.networks import Classifier, Modality, build_generator, channels_last
from whichgen.objectives.direct import DIRECT
from whichgen.parameters import DgnRecipe, Encoder, GanRecipe, Trunk
from whichgen.training.batches import TypedBatches
from whichgen.training.build import build_update
from whichgen.training.direct import DirectUpdate
from whichgen.training.distributed import World
from whichgen.training.precision import Precision
from whichgen.training.spaces import SampleSpace
from whichgen.training.update import Update

META, BYTES = torch.device("meta"), 4
ADAM_PASSES = (
    7  # the fused step reads weights, gradients, both moments and writes all but gradients
)


@dataclass(frozen=True)
class Work:
    """One operation of a step: its FLOPs, the bytes it reads and writes, whether it convolves."""

    flops: int
    moved: int
    convolves: bool


@dataclass(frozen=True)
class Message:
    """What a rank gives to one collective: `sum` or `gather`, in bytes."""

    kind: str
    size: int

    def sent(self, ranks: int) -> float:
        """Bytes that each rank sends in a ring: a sum goes round twice, a gather once."""
        if self.kind == "gather":
            return self.size * (ranks - 1)
        return 2 * self.size * (ranks - 1) / ranks


@dataclass(frozen=True)
class Step:
    """What one rank does in one step.

    Attributes:
        generator, trained: parameters of the generator, and of all networks in training.
        peak: bytes at the step's height, gradients included, weights and moments not.
    """

    work: Sequence[Work]
    messages: Sequence[Message]
    generator: int
    trained: int
    peak: int

    @property
    def flops(self) -> int:
        """Of matrix products and convolutions."""
        return sum(work.flops for work in self.work)

    @property
    def moved(self) -> int:
        """Bytes, each operation reading and writing all of its tensors."""
        return sum(work.moved for work in self.work)


class Noting(World):
    """The first rank of a world of this size, whose peers only exist in its notes."""

    def __init__(self, size: int) -> None:
        self.rank, self.size = 0, size
        self.messages: list[Message] = []

    def part(self, whole: Tensor, dim: int = 0) -> Tensor:
        """See `World`."""
        return whole.chunk(self.size, dim)[0]

    def whole(self, part: Tensor, dim: int = 0) -> Tensor:
        """See `World`."""
        self.messages.append(Message("gather", part.nbytes))
        return torch.cat([part, *[torch.empty_like(part)] * (self.size - 1)], dim)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """See `World`."""
        self.messages.append(Message("sum", sum(tensor.nbytes for tensor in tensors)))

    def mean(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """See `World`."""
        self.messages.append(Message("sum", sum(term.nbytes for term in terms.values())))
        return terms


class Works(TorchDispatchMode):
    """Notes every operation on the device that runs inside, backward passes too, but views.

    Attributes:
        peak: the most bytes that what the operations made took at one time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Work] = []
        self.peak, self._live, self._storages = 0, 0, set[int]()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        made, given = _tensors(out), _tensors((args, kwargs))
        if not func.is_view and any(t.is_meta for t in [*given, *made]):
            count = flop_registry.get(func._overloadpacket)
            flops = count(*args, **kwargs, out_val=out) if count else 0
            moved = sum(t.nbytes for t in [*given, *made])
            self.seen.append(Work(flops, moved, "convolution" in func.name()))
            for tensor in made:
                self._keep(tensor.untyped_storage())
        return out

    def _keep(self, storage: torch.UntypedStorage) -> None:
        if storage._cdata not in self._storages:
            self._storages.add(storage._cdata)
            self._live += storage.nbytes()
            self.peak = max(self.peak, self._live)
            weakref.finalize(storage, self._free, storage._cdata, storage.nbytes())

    def _free(self, key: int, size: int) -> None:
        self._storages.remove(key)
        self._live -= size


class BlankSpace(SampleSpace):
    """Samples, and the features of an encoder that was never fitted."""

    def __init__(self, modality: Modality, n_types: int, options: Encoder) -> None:
        super().__init__(modality)
        with META:
            net = Classifier(
                modality, n_types=n_types, width=options.width, features=options.features
            )
        self._layers, self._features = net.eval().requires_grad_(False).folded(), options.features

    def real(self, index: Tensor, images: Tensor) -> list[Tensor]:
        """See `SampleSpace`."""
        features = torch.empty(*index.shape, self._features, device=META)
        return [*super().real(index, images), features]

    def fake(self, images: Tensor) -> list[Tensor]:
        """See `SampleSpace`."""
        features = self._layers(images.flatten(0, 1)).unflatten(0, images.shape[:2])
        return [*super().fake(images), features]


def blank_update(
    recipe: GanRecipe | DgnRecipe, trunk: Trunk, info: dict[str, Any], world: World
) -> Update:
    """The recipe's update on the meta device."""
    n_types = len(info["types"]["names"])
    sides = (info["channels"], info["resolution"], info["resolution"])
    types = torch.arange(n_types)
    images = torch.empty(n_types, *sides, dtype=torch.uint8, device=META)
    if isinstance(recipe, GanRecipe):
        return build_update(
            recipe, trunk, images=images, types=types.to(META), info=info, seed=0, world=world
        )
    with META:
        generator = channels_last(build_generator(recipe, trunk, info))
    training = recipe.training
    modality = generator.modality
    space = (
        BlankSpace(modality, n_types, recipe.encoder) if recipe.encoder else SampleSpace(modality)
    )
    return DirectUpdate(
        generator=generator,
        objective=recipe.objective.build(DIRECT, "objective"),
        batches=TypedBatches(images, types, n_types=n_types, seed=0),
        space=space,
        generated_per_type=training.generated_per_type,
        real_per_type=training.real_per_type,
        clip=training.clip,
        seed=0,
        optimiser=torch.optim.AdamW(generator.parameters(), fused=True),
        precision=Precision("float32", META),
        world=world,
    )


def look_at_step(
    recipe: GanRecipe | DgnRecipe, trunk: Trunk, info: dict[str, Any], ranks: int
) -> Step:
    """A step of the first of so many ranks."""
    world = Noting(ranks)
    update = blank_update(recipe, trunk, info, world)
    for optimiser in update.optimisers:  # fused ones refuse this device; they are added by formula
        optimiser.step = lambda: None  # type: ignore[assignment]
    with Works() as works:
        update.step(0)
    trained = _size(update.networks)
    return Step(
        work=[*works.seen, Work(0, ADAM_PASSES * BYTES * trained, convolves=False)],
        messages=tuple(world.messages),
        generator=_size(update.generator),
        trained=trained,
        peak=works.peak,
    )


def _size(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]
