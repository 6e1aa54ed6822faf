"""Fit the judges, gate them, look at the real data through them, measure their floors."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from whichgen.errors import WhichgenError
from whichgen.parameters import Dataset
from whichgen.pipelines.data.nodes import preparation

if TYPE_CHECKING:
    from torch import Tensor

    from whichgen.judges import SecondJudge
    from whichgen.networks import Judge

logger = logging.getLogger(__name__)

LOOKED_AT = 200
"""Images between two signs of life."""


def check_preparation(dataset: Dataset, info: dict[str, Any]) -> dict[str, Any]:
    """The dataset's description, if the packed data are those that the configuration asks for.

    Raises:
        WhichgenError: if the configuration has changed since they were packed.
    """
    wanted, there = preparation(dataset), info["configuration"]
    if wanted != there:
        changed = ", ".join(key for key in wanted if wanted[key] != there.get(key))
        raise WhichgenError(
            f"datasets.{info['name']}: {changed} changed since the data were packed; "
            f"run: kedro run --pipelines=data,extractor --params dataset={info['name']}"
        )
    return info


def fit_judges(
    dataset: Dataset, info: dict[str, Any], train: dict[str, Tensor], device: str
) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Any]]:
    """The weights of the judge and of the second judge, and their card (names, hash, options)."""
    from whichgen.judges import fit_judges as fit
    from whichgen.training.devices import choose_device

    return fit(dataset, info, train, choose_device(device))


def rebuild_extractor(
    weights: dict[str, Tensor], card: dict[str, Any], info: dict[str, Any], dataset: Dataset
) -> Judge:
    """The judge in evaluation mode, on the CPU.

    Raises:
        WhichgenError: if it was fitted to other data or with another configuration.
    """
    from whichgen.networks import judge_from_weights, modality_of

    check_judges(card, info, dataset)
    return judge_from_weights(weights, modality_of(info))


def check_judges(card: dict[str, Any], info: dict[str, Any], dataset: Dataset) -> None:
    """Raises WhichgenError if they were fitted to other data or with another configuration."""
    from whichgen.judges import judge_options

    if card["data_hash"] != info["data_hash"] or card["configuration"] != judge_options(dataset):
        raise WhichgenError(
            f"datasets.{info['name']}.extractor: the data or this configuration changed since the "
            f"judges were fitted; run: kedro run --pipelines=extractor "
            f"--params dataset={info['name']}"
        )


def rebuild_second_judge(
    weights: dict[str, Tensor], card: dict[str, Any], info: dict[str, Any], dataset: Dataset
) -> dict[str, SecondJudge]:
    """The second judge by its name, or nothing where there is none."""
    from whichgen.judges import rebuild_second_judge as rebuild

    return rebuild(weights, card["second"], dataset, info)


def check_gates(
    extractor: Judge,
    second_judge: dict[str, SecondJudge],
    card: dict[str, Any],
    validation: dict[str, Tensor],
    test: dict[str, Tensor],
    info: dict[str, Any],
) -> dict[str, Any]:
    """What each judge, by its name, makes of spoilt images; a warning where one fails."""
    from whichgen.gates import check_judge
    from whichgen.networks import modality_of
    from whichgen.progress import PartsReport

    looks: dict[str, Callable[[Tensor], Tensor]] = {
        card["judge"]: lambda images: extractor.judge(images)[0],
        **{name: judge.look for name, judge in second_judge.items()},
    }
    gates = {}
    for name, look in looks.items():
        with PartsReport(f"gates of {name}") as report:
            gates[name] = check_judge(
                partial(told_look, look, report),
                reference=test["images"],
                images=validation["images"],
                types=validation["types"],
                names=info["types"]["names"],
                corruptions=modality_of(info).corruptions,
            )
    for name, gate in gates.items():
        failed = [check["corruption"] for check in gate["checks"] if not check["passed"]]
        if failed:
            logger.warning("judge %s does not see: %s; its scores say so", name, ", ".join(failed))
    return gates


def extract_real_features(
    extractor: Judge,
    second_judge: dict[str, SecondJudge],
    train: dict[str, Tensor],
    validation: dict[str, Tensor],
    test: dict[str, Tensor],
) -> dict[str, Tensor]:
    """Features (N, d) and recognised types (N,) of three real sets of equal size N.

    N is that of the smaller held-out split (at most that of the training split): `test` is what
    scores are measured against, `validation` gives the floors, `train` shows memorisation. The
    second judge looks at the first two: `validation_second` and `test_second`.
    """
    from whichgen.progress import PartsReport

    n = min(len(train["types"]), len(validation["types"]), len(test["types"]))
    judged = {}
    with PartsReport("features of real images") as report:
        for name, split in (("train", train), ("validation", validation), ("test", test)):
            report(name)
            images = split["images"][:n]
            judged[f"{name}_features"], judged[f"{name}_recognised"] = extractor.judge(images)
            judged[f"{name}_types"] = split["types"][:n]
        for judge in second_judge.values():
            for name, split in (("validation", validation), ("test", test)):
                judged[f"{name}_second"] = told_look(judge.look, report, split["images"][:n])
    return judged


def told_look(
    look: Callable[[Tensor], Tensor], told: Callable[[str], object], images: Tensor
) -> Tensor:
    """`look(images)`, some at a time, and told how many were seen: a large network is slow."""
    import torch

    features, seen = [], 0
    for part in images.split(LOOKED_AT):
        told(f"{seen} of {len(images)} images")
        features.append(look(part))
        seen += len(part)
    return torch.cat(features)


def measure_floors(
    real: dict[str, Tensor], validation: dict[str, Tensor], info: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every score of both judges with the validation split in the place of generated images."""
    from whichgen.evaluation import score_features, score_modes, score_second
    from whichgen.progress import PartsReport

    arrays = {name: tensor.numpy() for name, tensor in real.items()}
    with PartsReport(f"floors of {info['name']}") as report:
        floors = score_features(
            fake=arrays["validation_features"],
            asked=arrays["validation_types"],
            recognised=arrays["validation_recognised"],
            real=arrays,
            n_types=len(info["types"]["names"]),
            told=report,
        )["scores"]
        if "modes" in info:
            held_out = validation["images"][: len(real["validation_types"])].numpy()
            floors |= score_modes(held_out, info["modes"], report)["scores"]
        if "test_second" not in real:
            return floors, {}
        second = score_second(arrays["validation_second"], arrays["test_second"], told=report)
    return floors, second["scores"]
