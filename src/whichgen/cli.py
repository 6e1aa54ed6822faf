"""The commands that are neither Kedro's nor DVC's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whichgen.errors import WhichgenError

if TYPE_CHECKING:
    from whichgen.networks import Generator

MODELS = Path("data/06_models")
REPORTS = Path("data/08_reporting")


class PlainErrors(click.Group):
    """A group whose commands end with one line when the user made a mistake."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn `WhichgenError` into click's own error."""
        try:
            return super().invoke(ctx)
        except WhichgenError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=PlainErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="whichgen")
def cli() -> None:
    """GAN or DGN for your data?

    Train and compare with `kedro run` or `dvc repro`, in the project's folder; these commands use
    what they leave behind.
    """


@cli.command()
def recipes() -> None:
    """List the recipes of both families."""
    parameters = _parameters()
    width = max(len(name) for name in parameters["recipes"])
    for name, recipe in sorted(parameters["recipes"].items(), key=lambda r: (r[1]["family"], r[0])):
        click.echo(f"{recipe['family']}  {name:<{width}}  {recipe['summary']}")


@cli.command()
@click.option("--dataset", help="The dataset that was compared.  [default: as in globals.yml]")
def results(dataset: str | None) -> None:
    """Print the last comparison: the verdict, then every score and cost as a Markdown table."""
    import json

    import pandas as pd

    from whichgen.comparison.table import markdown_table

    dataset = dataset or _parameters()["dataset"]
    folder = REPORTS / dataset / "comparison"
    if not (folder / "verdict.json").is_file():
        raise WhichgenError(f"{folder}: no comparison yet; run dvc repro, or kedro run")
    verdict = json.loads((folder / "verdict.json").read_text())
    click.echo(verdict["recommendation"]["sentence"]["en"] + "\n")
    click.echo(markdown_table(pd.read_csv(folder / "table.csv")))


@cli.group()
def report() -> None:
    """Look at the report of the last comparison."""


@report.command("open")
@click.option("--dataset", help="The dataset that was compared.  [default: as in globals.yml]")
def open_report(dataset: str | None) -> None:
    """Print where the report is, and open it in the browser."""
    import webbrowser

    dataset = dataset or _parameters()["dataset"]
    page = (REPORTS / dataset / "comparison" / "report.html").resolve()
    if not page.is_file():
        raise WhichgenError(f"{page}: no report yet; run dvc repro, or kedro run")
    click.echo(page)
    if not webbrowser.open(page.as_uri()):
        click.echo("No browser could be started here: open the file in one.", err=True)


@cli.command()
@click.option("--recipe", required=True, help="The recipe that was trained, for example dgn.")
@click.option("--dataset", help="The dataset it was trained on.  [default: as in globals.yml]")
@click.option("--seed", default=0, show_default=True, help="The seed it was trained with.")
@click.option("--type", "type_", help="Only this type: its name or its number.")
@click.option("--n", default=64, show_default=True, type=click.IntRange(1), help="How many images.")
@click.option("--latent-seed", default=0, show_default=True, help="Another seed, other images.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["png", "npz"]),
    help="A grid, or arrays `images` (n, C, H, W) and `types` (n,).  [default: by --out's ending]",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
def sample(
    recipe: str,
    dataset: str | None,
    seed: int,
    type_: str | None,
    n: int,
    latent_seed: int,
    form: str | None,
    out: Path,
) -> None:
    """Draw images from a trained cell into a picture or an array file."""
    import torch

    from whichgen.networks import load_generator, to_uint8
    from whichgen.training.seeding import stream

    dataset = dataset or _parameters()["dataset"]
    folder = MODELS / dataset / recipe / str(seed)
    if not (folder / "cell.json").is_file():
        raise WhichgenError(f"{folder}: not trained; {_trained(dataset)}")
    generator = load_generator(folder)
    asked = None if type_ is None else torch.full((n,), _type_index(type_, folder, generator))
    images, types = generator.sample(n, stream(latent_seed, "sample"), asked)
    _write(out, form or out.suffix.lstrip("."), to_uint8(images).numpy(), types.numpy())
    click.echo(f"{n} images of {recipe} on {dataset}, seed {seed}: {out}")


@cli.command()
@click.option("--executor", type=click.Choice(["local", "slurm"]), default="local")
@click.option("--dataset", "datasets", multiple=True, help="Again for more.  [default: the grid's]")
@click.option("--recipe", "recipes", multiple=True, help="Again for more.  [default: the grid's]")
@click.option("--seed", "seeds", multiple=True, type=click.IntRange(0), help="Likewise.")
@click.option("--jobs", type=click.IntRange(1), help="At a time.  [default: local 1, slurm all]")
@click.option("--cpus", type=click.IntRange(1), help="Cores of a job.")
@click.option("--gpus", type=click.IntRange(1), help="GPUs of a job.")
@click.option("--time", "minutes", type=click.IntRange(1), help="Slurm: minutes a job.  [60]")
@click.option("--memory", type=click.FloatRange(0, min_open=True), help="Slurm: GB of a job.")
@click.option("--partition", help="Slurm: where the jobs run.")
@click.option("--slurm", multiple=True, metavar="KEY=VALUE", help="Slurm: account=…, qos=…, again.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done; on Slurm, the script.")
def sweep(
    executor: str,
    datasets: tuple[str, ...],
    recipes: tuple[str, ...],
    seeds: tuple[int, ...],
    slurm: tuple[str, ...],
    dry_run: bool,
    **needs: Any,
) -> None:
    """Train and score the grid's cells as jobs, each in a folder of its own; collect the results.

    The grid is conf/base/parameters_sweep.yml. Finished cells are left as they are. Stopped or
    killed, the same command goes on. See docs/sweep.md.
    """
    from whichgen.parameters import parse_parameters
    from whichgen.sweep import command
    from whichgen.sweep.cells import grid
    from whichgen.sweep.executors import Needs

    more = dict(option.split("=", 1) for option in slurm if "=" in option)
    if len(more) < len(slurm):
        raise WhichgenError("--slurm: give KEY=VALUE, for example --slurm account=vision")
    parameters = parse_parameters(_parameters())
    cells = grid(parameters, datasets, recipes, seeds)
    act = command.tell_plan if dry_run else command.sweep
    asked = Needs(slurm=more, **needs)
    act(Path.cwd(), parameters, cells, executor == "slurm", asked, click.echo)


@cli.command()
@click.option("--dataset", help="Only the cells of this dataset.")
def sync(dataset: str | None) -> None:
    """Show in MLflow every cell and comparison whose files are here."""
    from whichgen.tracking.sync import sync as publish

    for name in publish(Path.cwd(), dataset):
        click.echo(name)


def _parameters() -> dict[str, Any]:
    """The parameters of the project in the working folder."""
    from kedro.config import OmegaConfigLoader

    from whichgen.settings import CONFIG_LOADER_ARGS

    if not Path("conf/base").is_dir():
        raise WhichgenError("conf/base: not here; run this in the project's folder")
    return dict(OmegaConfigLoader(conf_source="conf", **CONFIG_LOADER_ARGS)["parameters"])


def _trained(dataset: str) -> str:
    """What is trained on the dataset, and how to train."""
    found = sorted(
        f"{path.parent.parent.name} seed {path.parent.name}"
        for path in (MODELS / dataset).glob("*/*/cell.json")
    )
    there = f"trained on {dataset}: {', '.join(found)}" if found else f"no cell of {dataset} is"
    return f"{there}; train with kedro run --params dataset={dataset},recipe=…,seed=…"


def _type_index(asked: str, folder: Path, generator: Generator) -> int:
    """The number of the type of that name or number."""
    import json

    names = json.loads((folder / "cell.json").read_text())["data"]["types"]["names"]
    if not generator.n_types:
        raise WhichgenError(f"--type: {folder} was trained without labels and has no types")
    if asked in names:
        return names.index(asked)
    if asked.isdecimal() and int(asked) < len(names):
        return int(asked)
    raise WhichgenError(f"--type: '{asked}' is not a number below {len(names)} nor one of {names}")


def _write(out: Path, form: str, images: Any, types: Any) -> None:
    """A grid about as wide as it is high, or arrays, by `form`."""
    import numpy as np

    from whichgen.grids import image_grid, magnification, png_bytes

    if form not in ("png", "npz"):
        raise WhichgenError(f"--out: {out} ends neither in .png nor in .npz; give --format")
    out.parent.mkdir(parents=True, exist_ok=True)
    if form == "npz":
        with out.open("wb") as file:
            np.savez_compressed(file, images=images, types=types)
        return
    columns = max(1, round(len(images) ** 0.5))
    out.write_bytes(png_bytes(image_grid(images, columns, magnification(images.shape[2]))))
