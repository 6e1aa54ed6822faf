from pathlib import Path

import pytest

from tests.untrained import INFO, write_untrained
from whichgen.networks import Generator, load_generator
from whichgen.shards import Plan, write_shards

PLAN = Plan(
    model="a cell", weights="0", n=1300, shard_size=600, form="parquet", latent_seed=0,
    type_=None, truncation=1.0, type_names=tuple(INFO["types"]["names"]),
)  # fmt: skip


@pytest.fixture(scope="session")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Generator:
    return load_generator(write_untrained(tmp_path_factory.mktemp("cell")))


def drawn(generator: Generator, plan: Plan, folder: Path) -> int:
    """Write the shards; how many images were drawn, and not there before."""
    made = []
    write_shards(generator, plan, folder, lambda n, before: made.append(0 if before else n))
    return sum(made)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
