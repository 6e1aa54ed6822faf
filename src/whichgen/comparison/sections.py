"""The report's tables as plain rows of text; the template only lays them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from whichgen.comparison.cells import FAMILIES, Cell, by_seed, recipes_of
from whichgen.comparison.phrases import Nouns, Text, english, nouns_of, phrase
from whichgen.comparison.table import shown
from whichgen.comparison.wording import (
    COSTS,
    FAMILY_NAMES,
    MEASURED,
    METRICS,
    listed,
    number,
    scaled,
)
from whichgen.forms import form_of

Words = Mapping[str, str]  # by language


def compared_rows(
    cells: Sequence[Cell], verdict: Mapping[str, Any], info: Mapping[str, Any]
) -> list[tuple[Words, Words | str]]:
    """What was compared, as terms and descriptions; a description is English where it is a name."""
    nouns, counts = nouns_of(info), info.get("counts") or {}
    splits = listed([f"{count:,} {split}" for split, count in counts.items()])
    budget = scaled(verdict["budget_flops"], "FLOPs")
    unspent = any(cell.stopped_early for cell in cells)
    judge = {"judge": verdict["judge"] or "unknown", "n": f"{verdict['images']:,}"}
    several = nouns["nouns"]
    return [
        (_said("term.dataset"), _dataset(verdict["dataset"], info)),
        (vars(Text(several.en.capitalize(), several.zh)), splits or "unknown"),
        *(
            (_said("term.recipes", family=FAMILY_NAMES[family]), _recipe_list(cells, family))
            for family in FAMILIES
        ),
        (
            _said("term.information"),
            _said(f"information.{verdict['information'].replace(' ', '_')}"),
        ),
        (_said("term.budget"), _said(f"budget.{'unspent' if unspent else 'spent'}", budget=budget)),
        (_said("term.judge"), _said("judged.by", **judge, **nouns)),
    ]


def score_rows(table: pd.DataFrame, nouns: Nouns) -> dict[str, Any]:
    """The scores side by side: a header a recipe, a row a metric with its floor."""
    scores = table[table["kind"] == "score"]
    return {
        "recipes": _recipe_heads(scores),
        "rows": [
            {
                "name": METRICS[str(metric)].name,
                "better": METRICS[str(metric)].better,
                "meaning": english(METRICS[str(metric)].meaning, nouns),
                "cells": [shown(row) for _, row in group.iterrows()],
                "floor": number(group["floor"].median()),
            }
            for metric, group in scores.groupby("metric", sort=False)
        ],
    }


def missing_rows(cells: Sequence[Cell]) -> list[str]:
    """What could not be measured, and why: a line for each recipe and reason."""
    names: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        for metric, reason in cell.missing.items():
            known = names.setdefault((cell.recipe, reason), [])
            name = METRICS[metric].name if metric in METRICS else metric.replace("_", " ")
            if name not in known:
                known.append(name)
    return [f"{recipe}: {listed(found)}: {why}" for (recipe, why), found in names.items()]


def cost_rows(table: pd.DataFrame, measured: pd.DataFrame, nouns: Nouns) -> dict[str, Any]:
    """Computed costs, then what was measured on the machine, a column a recipe."""
    costs = pd.concat([table[table["kind"] == "cost"], measured])
    names = {**COSTS, **MEASURED}
    return {
        "recipes": _recipe_heads(costs),
        "rows": [
            {
                "name": english(names[str(metric)], nouns),
                "cells": [shown(row) for _, row in group.iterrows()],
            }
            for metric, group in costs.groupby("metric", sort=False)
        ],
    }


def type_rows(chosen: Mapping[str, Cell], names: Sequence[str]) -> dict[str, Any]:
    """Share, agreement and distance by type of the shown cells; no rows where not measured.

    A row is the type's name, what real samples get (share, distance) and what each family gets.
    """
    measured = {family: cell for family, cell in chosen.items() if cell.per_type.get("share")}
    rows = []
    for index, name in enumerate(names if measured else []):
        first = next(iter(measured.values()))
        real = [_at(first, key, index) for key in ("real_share", "fd_floor")]
        sides = [
            [_at(cell, key, index) for key in ("share", "agreement", "fd")]
            for cell in measured.values()
        ]
        rows.append((name, real, sides))
    families = [FAMILY_NAMES[family] for family in measured]
    heads = [f"{name} {what}" for name in families for what in ("share", "agreement", "FD")]
    return {"heads": heads, "rows": rows}


def provenance_rows(
    cells: Sequence[Cell], verdict: Mapping[str, Any], provenance: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """What it takes to make this report again."""
    packages = provenance.get("packages") or {}
    known = ("git_revision", "dirty", "python", "packages", "command")
    dirty = {None: "unknown", False: "no"}.get(provenance.get("dirty"), "yes: uncommitted changes")
    return [
        ("Command", str(provenance.get("command") or "unknown")),
        ("Git revision", str(provenance.get("git_revision") or "unknown")),
        ("Working tree dirty", dirty),
        ("Data hash", cells[0].data_hash),
        ("Extractor hash", next((c.extractor_hash for c in cells if c.extractor_hash), "unknown")),
        ("Judge", str(verdict["judge"] or "unknown")),
        ("Device", listed(sorted({str(c.measured.get("device", "unknown")) for c in cells}))),
        ("Python", str(provenance.get("python") or "unknown")),
        ("Packages", ", ".join(f"{k} {v}" for k, v in sorted(packages.items())) or "unknown"),
        *((key, str(value)) for key, value in provenance.items() if key not in known),
    ]


def _said(key: str, **parts: Text | str) -> Words:
    return vars(phrase(key, **parts))


def _dataset(name: str, info: Mapping[str, Any]) -> str:
    """Its name, and what is in it."""
    form, types = form_of(info), (info.get("types") or {}).get("names") or []
    size = f"{form.words(form.shape)}, " if set(form.sizes) <= set(info) else ""
    kind = "labelled" if info.get("labelled") else "not labelled"
    return f"{name}: {size}{kind}{f', {len(types)} types' if types else ''}"


def _recipe_list(cells: Sequence[Cell], family: str) -> str:
    parts = []
    for recipe in recipes_of(cells, family):
        seeds = by_seed(cells, recipe)
        failed = sum(cell.failed for cell in seeds.values())
        parts.append(
            f"{recipe} (seeds {', '.join(map(str, seeds))}{f'; {failed} failed' if failed else ''})"
        )
    return "; ".join(parts) or "none was run"


def _recipe_heads(table: pd.DataFrame) -> list[dict[str, Any]]:
    heads = table.groupby("recipe", sort=False).agg(
        family=("family", "first"), n=("n", "max"), failed=("failed", "first")
    )
    return [
        {"recipe": recipe, "family": row.family, "n": row.n, "failed": row.failed}
        for recipe, row in heads.iterrows()
    ]


def _at(cell: Cell, key: str, index: int) -> str:
    values = cell.per_type.get(key) or []
    return number(values[index]) if index < len(values) else number(None)
