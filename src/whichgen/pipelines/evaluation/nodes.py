"""Draw from a generator, look at the samples through the judge, score them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whichgen.errors import WhichgenError
from whichgen.pipelines.extractor.nodes import told_look

if TYPE_CHECKING:
    from torch import Tensor

    from whichgen.grids import Pixels
    from whichgen.judges import SecondJudge
    from whichgen.networks import Judge

GRID_COLUMNS, GRID_ROWS = 10, 10
STRIPS, STRIP_STEPS = 10, 9  # interpolations: at most so many, of so many images


def draw_samples(
    weights: dict[str, Tensor],
    cell: dict[str, Any],
    info: dict[str, Any],
    card: dict[str, Any],
    real: dict[str, Tensor],
) -> dict[str, Tensor]:
    """As many images as the test set has, of the same types where the generator takes types.

    Returns:
        `images` (N, *shape) and `types` (N,) int64, the types asked for.

    Raises:
        WhichgenError: if the cell was trained on other data or chosen by another judge.
    """
    from whichgen.networks import rebuild_generator
    from whichgen.training.seeding import stream

    for key, current in (("data_hash", info), ("extractor_hash", card)):
        if cell[key] != current[key]:
            raise WhichgenError(
                f"{cell['recipe']} on {cell['dataset']}, seed {cell['seed']}: trained with another "
                f"{key} ({cell[key]}, now {current[key]}); run: kedro run "
                f"--pipelines={cell['family']} --params dataset={cell['dataset']},"
                f"recipe={cell['recipe']},seed={cell['seed']}"
            )
    generator = rebuild_generator(cell, weights)
    asked = real["test_types"] if generator.n_types else None
    n = len(real["test_types"])
    drawn, types = generator.sample(n, stream(cell["seed"], "test"), asked)
    return {"images": generator.modality.to_stored(drawn), "types": types}


def extract_features(
    samples: dict[str, Tensor], extractor: Judge, second_judge: dict[str, SecondJudge]
) -> dict[str, Tensor]:
    """Features (N, d) float32 and recognised types (N,) int64 of the generated images.

    With a second judge its features (N, d₂) too, as `second`.
    """
    from whichgen.progress import PartsReport

    features, recognised = extractor.judge(samples["images"])
    looked = {"features": features, "recognised": recognised}
    with PartsReport("features of generated images") as report:
        for judge in second_judge.values():
            looked["second"] = told_look(judge.look, report, samples["images"])
    return looked


def find_neighbours(features: dict[str, Tensor], real: dict[str, Tensor]) -> dict[str, Tensor]:
    """The nearest training and held-out image of every generated one.

    Returns:
        `train` and `held_out` (N,) int64, rows of the two splits; `to_train` and `to_held_out`
        (N,) float32, distances in the judge's features.
    """
    import torch

    from whichgen.metrics import nearest_neighbours

    sets = features["features"], real["train_features"], real["test_features"]
    found = nearest_neighbours(*(each.numpy() for each in sets))
    return {name: torch.from_numpy(values) for name, values in found.items()}


def draw_interpolations(
    weights: dict[str, Tensor], cell: dict[str, Any], samples: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Walks between two latents: one for each of the first types, or ten where there are none.

    Returns:
        `images` (B, steps, *shape) and `types` (B,) int64.
    """
    from whichgen.networks import interpolate, rebuild_generator
    from whichgen.training.seeding import stream

    generator = rebuild_generator(cell, weights)
    present = samples["types"].unique()[:STRIPS]
    types = (
        present.repeat(-(-STRIPS // len(present)))[:STRIPS] if not generator.n_types else present
    )
    rng = stream(cell["seed"], "interpolation")
    walks = interpolate(generator, rng, types, STRIP_STEPS)
    return {"images": generator.modality.to_stored(walks), "types": types}


def score_cell(
    cell: dict[str, Any],
    samples: dict[str, Tensor],
    features: dict[str, Tensor],
    real: dict[str, Tensor],
    floors: dict[str, float],
    second_floors: dict[str, float],
    gates: dict[str, Any],
    card: dict[str, Any],
    info: dict[str, Any],
) -> dict[str, Any]:
    """The cell's scores beside their floors. A failed run is recorded as failed, without scores.

    `second` holds the scores and floors of the second judge, None where there is none. `gated`
    says of each judge whether it passed its gates; the name of one that did not says so too.
    """
    from whichgen.evaluation import score_features, score_modes, score_second
    from whichgen.forms import form_of
    from whichgen.judges import distance_name
    from whichgen.progress import PartsReport

    kept = ("dataset", "recipe", "family", "seed", "status", "error", "uses_labels", "ended")
    hashes = ("configuration_hash", "data_hash", "extractor_hash")
    record = {key: cell[key] for key in (*kept, *hashes, "budget_flops")}
    record |= {
        **_named(card["judge"], card["judge"], gates),
        "n": len(samples["types"]),
        "floors": floors,
        "second": None,
        "cost": cell["cost"],
    }
    if cell["status"] != "ok":
        return record
    with PartsReport(f"scores of {cell['recipe']} on {cell['dataset']}") as report:
        if card["second"]:
            record["second"] = {
                **_named(distance_name(card["second"]), card["second"], gates),
                **score_second(features["second"].numpy(), real["test_second"].numpy(), report),
                "floors": second_floors,
            }
        typed = cell["family"] == "dgn" or info["labelled"]
        scored = score_features(
            fake=features["features"].numpy(),
            asked=samples["types"].numpy() if typed else None,
            recognised=features["recognised"].numpy(),
            real={name: tensor.numpy() for name, tensor in real.items()},
            n_types=len(info["types"]["names"]),
            told=report,
            nouns=form_of(info).nouns,
        )
        if "modes" in info:
            found = score_modes(samples["images"].numpy(), info["modes"], report)
            scored |= {name: scored[name] | values for name, values in found.items()}
        return record | scored


def _named(name: str, judge: str, gates: dict[str, Any]) -> dict[str, Any]:
    passed = gates[judge]["passed"]
    return {"judge": name if passed else f"{name}, not gated", "gated": passed}


def draw_grids(samples: dict[str, Tensor], info: dict[str, Any]) -> tuple[Pixels, Pixels]:
    """Two uncurated pictures (H, W, C): the first samples, and those of each type."""
    from whichgen.forms import form_of

    form = form_of(info)
    images, types = samples["images"].numpy(), samples["types"].numpy()
    shown = images[: form.capacity(GRID_COLUMNS, GRID_ROWS)]
    return (
        form.picture(shown, GRID_COLUMNS, least=28),
        form.picture_by_type(images, types, GRID_COLUMNS, least=28),
    )
