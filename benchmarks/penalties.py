"""What a penalty costs: training FLOPs of a GAN's step with R1 and without.

    python -m benchmarks.penalties

The last two columns are of a lazy penalty, R1 at one step in 16 (Karras et al. 2020, StyleGAN2,
section 3.1), which is not built (docs/decisions/adversarial.md). FLOPs are counted, not timed, so
they are the same on every machine.
"""

import torch
from kedro.config import OmegaConfigLoader

from benchmarks.markdown import table
from benchmarks.workloads import ROOT
from whichgen.parameters import GanRecipe, Parameters, parse_parameters
from whichgen.settings import CONFIG_LOADER_ARGS
from whichgen.training.build import build_update
from whichgen.training.flops import count_flops

EVERY = 16
SIDES = {"digits": 8, "fashion_mnist": 28}
N_TYPES = 10


def price(parameters: Parameters, dataset: str, r1: float) -> int:
    """FLOPs of a step of `non_saturating` on grey images of the dataset's size, with labels."""
    recipe, side = parameters.recipes["non_saturating"], SIDES[dataset]
    assert isinstance(recipe, GanRecipe)
    objective = recipe.objective.model_copy(update={"r1": r1})
    types = torch.arange(recipe.training.batch) % N_TYPES
    update = build_update(
        recipe.model_copy(update={"objective": objective}),
        parameters.datasets[dataset].trunk,
        images=torch.zeros(len(types), 1, side, side, dtype=torch.uint8),
        types=types,
        info={
            "channels": 1,
            "resolution": side,
            "labelled": True,
            "types": {"shares": [1 / N_TYPES] * N_TYPES},
        },
        seed=0,
    )
    return count_flops(lambda: update.step(0))


def row(parameters: Parameters, dataset: str) -> list[str]:
    """MFLOPs without, with and with a lazy penalty."""
    without, penalised = (price(parameters, dataset, r1) for r1 in (0.0, 10.0))
    lazy = without + (penalised - without) / EVERY
    share = f"{1 - lazy / penalised:.0%}"
    return [dataset, *(f"{flops / 1e6:,.0f}" for flops in (without, penalised, lazy)), share]


def main() -> None:
    """Count and print."""
    loader = OmegaConfigLoader(conf_source=str(ROOT / "conf"), **CONFIG_LOADER_ARGS)
    parameters = parse_parameters(dict(loader["parameters"]))
    header = ["dataset", "MFLOPs, no penalty", "R1 at every step", f"at one in {EVERY}", "saved"]
    print(table(header, [row(parameters, dataset) for dataset in SIDES]))


if __name__ == "__main__":
    main()
