"""Train the article's DGN under both signs of its second term, and draw what each does.

    python -m benchmarks.article

Two cells of `article_dgn` on digits, alike but for `objective.sign`, each over the whole budget
(its rule to stop is put out of reach; the table says when it would have been met). Prints a table
and writes docs/images/article-curves.png and docs/images/article-samples.png.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from matplotlib.figure import Figure

from benchmarks.cells import ROOT, in_project, looks, trained_cell
from benchmarks.markdown import figure, table
from whichgen.grids import Pixels, image_grid, png_bytes
from whichgen.parameters import parse_recipes

SIGNS = ("printed", "diversity")
COLOURS = {"printed": "#b3541e", "diversity": "#1e6fb3"}
PLAN = {"dataset": "digits", "budget": 3.0e11}
SEED, PER_TYPE, SCALE = 900, 8, 4
OUT_OF_REACH = {"training.stop_when.validation_fd.at_most": -1.0}  # no distance is below 0
RECIPE = ROOT / "conf/base/parameters/recipes/dgn/article_dgn.yml"
CURVES = {
    "entropy": "H(G), nats, by kernel density",
    "log_p_data": "E log p_data, nats, by kernel density",
    "validation_coverage": "coverage of validation images",
    "validation_spread": "spread within a type, real = 1",
}


def train(sign: str, plan: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame, Pixels]:
    """One cell: its history, its validations, and a column of samples of each type."""
    import torch

    from whichgen.networks import load_generator, to_uint8

    with trained_cell(plan, "article_dgn", {"objective.sign": sign, **OUT_OF_REACH}, SEED) as cell:
        history, validations = pd.read_csv(cell / "history.csv"), looks(cell)
        generator = load_generator(cell)
    types = torch.arange(generator.n_types).repeat(PER_TYPE)
    images, _ = generator.sample(len(types), torch.Generator().manual_seed(SEED), types)
    grid = image_grid(to_uint8(images).numpy(), generator.n_types, SCALE)
    return history, validations, grid


def draw(histories: Mapping[str, pd.DataFrame]) -> Figure:
    """A panel a figure, a line a sign, over the training steps."""
    picture = Figure(figsize=(9, 5), layout="constrained")
    for axes, (name, title) in zip(picture.subplots(2, 2).flat, CURVES.items(), strict=True):
        for sign, history in histories.items():
            rows = history.dropna(subset=name)
            axes.plot(rows["step"], rows[name], color=COLOURS[sign], label=sign)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("step", fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    picture.axes[0].legend(frameon=False, title="sign")
    return picture


def report(histories: Mapping[str, pd.DataFrame], validations: Mapping[str, pd.DataFrame]) -> str:
    """The last row of each cell, the best validation distance, and when the rule was met."""
    rows = []
    for sign, looked in validations.items():
        last, best = histories[sign].iloc[-1], looked["validation_fd"].min()
        terms = [last[name] for name in ("log_p_data", "entropy", "kl")]
        seen = [last[f"validation_{name}"] for name in ("fd", "coverage", "spread")]
        rows.append([sign, *map(figure, terms), *map(figure, seen), figure(best), met(looked)])
    names = [
        "sign",
        "E log p_data",
        "H(G)",
        "KL",
        "FD",
        "coverage",
        "spread",
        "best FD",
        "rule met",
    ]
    return table(names, rows)


def met(looked: pd.DataFrame) -> str:
    """The first validation within the recipe's bounds, as a step and a share of the budget."""
    recipe = parse_recipes(yaml.safe_load(RECIPE.read_text())["recipes"])["article_dgn"]
    rule = recipe.training.stop_when
    for row in looked.to_dict("records"):
        if all(bound.holds(row[name]) for name, bound in rule.items()):
            return f"step {row['step']}, {row['flops'] / looked['flops'].max():.0%}"
    return "never"


def main() -> None:
    """Train, draw, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images")
    out: Path = parser.parse_args().out
    in_project()
    trained = {sign: train(sign, PLAN) for sign in SIGNS}
    histories = {sign: history for sign, (history, _, _) in trained.items()}
    draw(histories).savefig(out / "article-curves.png", dpi=80)
    grids = [grid for _, _, grid in trained.values()]
    gap = np.full((grids[0].shape[0], 6 * SCALE, grids[0].shape[2]), 255, np.uint8)
    both = np.concatenate([grids[0], gap, grids[1]], axis=1)
    (out / "article-samples.png").write_bytes(png_bytes(both))
    print(report(histories, {sign: validations for sign, (_, validations, _) in trained.items()}))


if __name__ == "__main__":
    main()
