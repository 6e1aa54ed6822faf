"""Which modes each recipe reaches where the modes are known, by the protocol of PacGAN.

    python -m benchmarks.modes stacked
    python -m benchmarks.modes stacked --recipes gan dgn --seeds 2 --first-seed 900

Each recipe of `modes.yml` (or any other, as it is shipped) trains one cell a seed by the project's
own pipeline, all under one budget of training FLOPs, and draws as many samples as the published
figures were counted on. The table has the mean and its standard error over the seeds, beside what
real test data get and what was published. Stopped or killed, the same command goes on: the figures
of each cell stay in benchmarks/results/modes, and a cell is trained again only if its recipe, its
budget or the data changed. See docs/modes.md.
"""

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from benchmarks.cells import ROOT, in_project, trained_cell
from benchmarks.known_modes import KnownModes, known_modes
from benchmarks.markdown import table
from benchmarks.modes_plan import FIGURES, Plan, read_plans, whole_recipe
from benchmarks.workloads import prepared
from whichgen.drawing import draw
from whichgen.networks import load_generator
from whichgen.training.seeding import stream
from whichgen.training.spec import code_hash

RESULTS = ROOT / "benchmarks/results/modes"
PREFIX = "modes_"
"""Of a recipe's name while it is trained here, so that no cell of the user's is touched."""
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A dataset with known modes, and what its cells are trained by.

    Attributes:
        recipes: by name, in plain types. data: what else decides a cell's figures.
        results: the folder of the cells' figures.
    """

    dataset: str
    plan: Plan
    recipes: dict[str, dict[str, Any]]
    data: dict[str, Any]
    known: KnownModes
    results: Path

    def cell(self, name: str, seed: int) -> Row:
        """A cell's figures, from its file or from a training."""
        path = self._file(name, seed)
        if path.is_file():
            kept: Row = json.loads(path.read_text())
            return kept
        print(f"{name} on {self.dataset}, seed {seed}", flush=True)
        row = self._train(name, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(row, indent=2) + "\n")
        part.replace(path)
        return row

    def _file(self, name: str, seed: int) -> Path:
        decides = [self.recipes[name], self.plan.budget, self.plan.samples, self.data]
        digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:8]
        return self.results / self.dataset / name / f"{seed}_{digest}.json"

    def _train(self, name: str, seed: int) -> Row:
        settings = {"dataset": self.dataset, "budget": self.plan.budget}
        with trained_cell(settings, PREFIX + name, self.recipes[name], seed) as folder:
            cell = json.loads((folder / "cell.json").read_text())
            measured = json.loads((folder / "measured.json").read_text())
            row = {
                "status": cell["status"],
                "steps": cell["cost"]["steps"],
                "seconds": measured["seconds"],
                "code": code_hash(),
            }
            if cell["status"] != "ok":
                return row
            rng = stream(seed, "modes")
            samples, _ = draw(load_generator(folder), self.plan.samples, rng)
        return row | self.known.figures(samples)


def prepare(dataset: str, plan: Plan, names: Sequence[str]) -> tuple[Bench, Row]:
    """The bench for these recipes, and the figures of real test data.

    Raises:
        SystemExit: with one line, for an unknown recipe or a dataset whose modes are not known.
    """
    with prepared(dataset) as (parameters, catalog):
        test, info, card = (catalog.load(name) for name in ("test", "info", "extractor_card"))
    options = parameters.datasets[dataset]
    recipes = {name: whole_recipe(name, plan, parameters) for name in names}
    known = known_modes(options, info, ROOT / "data/01_raw" / dataset)
    data = {
        "trunk": options.trunk.model_dump(),
        "data_hash": info["data_hash"],
        "extractor_hash": card["extractor_hash"],
    }
    bench = Bench(
        dataset=dataset, plan=plan, recipes=recipes, data=data, known=known, results=RESULTS
    )
    return bench, known.figures(test["images"][: plan.samples].numpy())


def report(bench: Bench, rows: Mapping[str, Sequence[Row]], real: Row) -> str:
    """What was measured here, what real data get, what was published."""
    lines = [[name, *_summary(of)] for name, of in rows.items()]
    lines.append(["real test data", "", *(f"{real[key]:.4g}" for key in FIGURES), "", ""])
    for name, of in bench.plan.published.items():
        shown = [f"{of[key]:g}" if key in of else "" for key in FIGURES]
        lines.append([f"published: {name}", "", *shown, "", ""])
    figures = [f"modes of {bench.known.count}", "high quality", "reverse KL"]
    codes = {row["code"] for of in rows.values() for row in of}
    notes = [
        f"{bench.dataset}, {bench.plan.budget:g} training FLOPs a cell, "
        f"{bench.plan.samples:,} samples. {bench.known.about}",
        table(["recipe", "seeds", *figures, "steps", "minutes"], lines),
    ]
    if len(codes) > 1:
        notes.append(f"The cells are of {len(codes)} versions of the training code.")
    return "\n\n".join(notes)


def _summary(rows: Sequence[Row]) -> list[str]:
    """Seeds that did not fail, the means of the figures, median steps and minutes."""
    ended = [row for row in rows if row["status"] == "ok"]
    seeds = f"{len(ended)}" if len(ended) == len(rows) else f"{len(ended)} of {len(rows)}"
    figures = [_spread([row[key] for row in ended]) for key in FIGURES]
    steps, seconds = (median(row[key] for row in rows) for key in ("steps", "seconds"))
    return [seeds, *figures, f"{steps:,.0f}", f"{seconds / 60:.1f}"]


def _spread(values: Sequence[float]) -> str:
    """The mean, with its standard error where there are several values."""
    if not values:
        return ""
    error = f" ± {stdev(values) / len(values) ** 0.5:.2g}" if len(values) > 1 else ""
    return f"{mean(values):.4g}{error}"


def main() -> None:
    """Train what is missing, and print."""
    plans = read_plans()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", choices=plans)
    parser.add_argument(
        "--recipes", nargs="+", help="of modes.yml, or shipped ones; all of modes.yml"
    )
    parser.add_argument("--seeds", type=int, default=10, help="how many (10)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first of them (0)")
    parser.add_argument("--budget", type=float, help="training FLOPs of a cell, if not modes.yml's")
    given = parser.parse_args()
    plan = plans[given.dataset]
    if given.budget:
        plan = plan.model_copy(update={"budget": given.budget})
    in_project()
    bench, real = prepare(given.dataset, plan, given.recipes or list(plan.recipes))
    rows: dict[str, list[Row]] = {name: [] for name in bench.recipes}
    for seed in range(given.first_seed, given.first_seed + given.seeds):
        for name in bench.recipes:
            rows[name].append(bench.cell(name, seed))
    text = report(bench, rows, real)
    written = RESULTS / f"{given.dataset}.md"
    written.write_text(text + "\n")
    print(f"\n{text}\n\nAlso in {written.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
