"""Draw the shards of a plan that are not there yet."""

import os
from collections.abc import Callable
from pathlib import Path

from whichgen.drawing import draw
from whichgen.networks import Generator
from whichgen.shards.formats import FORMATS
from whichgen.shards.manifest import PART, Manifest, sole_writer
from whichgen.shards.plan import Plan, Shard
from whichgen.training.seeding import stream

PIECE = 512  # images in memory at a time


def write_shards(
    generator: Generator, plan: Plan, folder: Path, drawn: Callable[[int, bool], None]
) -> None:
    """Write the plan's shards and their manifest to the folder, which is made if it is not there.

    A shard depends on the plan and on its number only, so the folder of a run that was killed and
    repeated is that of one that was not. A finished shard is kept if its bytes still have their
    hash, and drawn again if not.

    Args:
        drawn: told of every piece: how many images, and whether they were there before.

    Raises:
        WhichgenError: if the folder is of another plan, in use, or holds other files.
        OSError: if the disk is full; finished shards stay.
    """
    ending = FORMATS[plan.form][0]
    with sole_writer(folder):
        manifest = Manifest(folder, plan.settings())
        for shard in plan.shards():
            name = f"shard-{shard.index:06d}.{ending}"
            if manifest.holds(name):
                drawn(shard.n, True)
                continue
            part = folder / f"{name}{PART}"
            try:
                _write_shard(generator, plan, shard, part, drawn)
                manifest.finish(part, name, shard.n)
            except OSError:
                part.unlink(missing_ok=True)  # of no use, and the disk may be full
                raise


def _write_shard(
    generator: Generator,
    plan: Plan,
    shard: Shard,
    part: Path,
    drawn: Callable[[int, bool], None],
) -> None:
    rng = stream(plan.latent_seed, "shard", shard.index)
    open_shard = FORMATS[plan.form][1]
    with part.open("wb") as file:
        with open_shard(file, generator.modality.form, plan.type_names) as content:
            for first in range(0, shard.n, PIECE):
                n = min(PIECE, shard.n - first)
                content.add(
                    shard.first + first, *draw(generator, n, rng, plan.type_, plan.truncation)
                )
                drawn(n, False)
        file.flush()
        os.fsync(file.fileno())
