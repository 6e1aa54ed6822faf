"""The comparison as a report: what it says, and that as a page, as Markdown and as data."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from whichgen.comparison import cards, machine, pictures, rankings, sections, sheets
from whichgen.comparison.answers import answers
from whichgen.comparison.cells import FAMILIES, Cell, by_seed, recipes_of
from whichgen.comparison.figures import HEADLINE, Chart, inline_svg
from whichgen.comparison.phrases import nouns_of
from whichgen.comparison.table import measured_table, score_table
from whichgen.comparison.wording import FAMILY_NAMES, scaled
from whichgen.forms import form_of


def report_content(
    *,
    cells: Sequence[Cell],
    verdict: Mapping[str, Any],
    info: Mapping[str, Any],
    provenance: Mapping[str, Any],
    gates: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything the report of one dataset says, as text and rows of text.

    Args:
        cells: the compared cells, failed ones included (the first list of ``comparable``).
        verdict: what ``decide`` made of these cells; it also names the cells left out.
        info: the dataset's ``info.json``.
        provenance: ``git_revision``, ``dirty``, ``python``, ``packages`` (name → version) and
            ``command``; further keys are shown as they are, missing ones as unknown.
        gates: what each judge was asked before it may judge (``gates.json``), if it was.
    """
    names, nouns = type_names(info), nouns_of(info)
    scores, pair = score_table(cells), verdict["pairs"].get(verdict["headline"] or "")
    chosen, confidence = shown_cells(cells, verdict), cards.confidence_line(verdict, pair)
    return {
        "verdict": verdict,
        "confidence": confidence,
        "reasons": verdict["recommendation"]["reasons"],
        "family_names": FAMILY_NAMES,
        "axes": cards.axis_cards(pair, nouns),
        "compared": sections.compared_rows(cells, verdict, info),
        "scores": sections.score_rows(scores, nouns),
        "told_apart": cards.told_apart_sentences(cells, pair, nouns),
        "missing": sections.missing_rows(cells),
        "crossings": rankings.crossing_rows(verdict),
        "ranks": rankings.rank_rows(verdict),
        "rank_names": cards.axis_names(verdict["ranks"]),
        "objective_names": cards.axis_names(verdict["pareto"]["objectives"]),
        "pairwise": rankings.pairwise_tables(verdict),
        "pareto": rankings.pareto_rows(verdict),
        "improvement": rankings.improvement_rows(verdict),
        "iqm": rankings.iqm_rows(verdict),
        "agreement": rankings.agreement_rows(verdict),
        "gates": rankings.gate_rows(gates),
        "shown_seed": next((cell.seed for cell in chosen.values()), None),
        "type_rows": sections.type_rows(chosen, names),
        "costs": sections.cost_rows(scores, measured_table(cells), nouns),
        "memorisation": cards.memorisation_rows(cells, pair),
        "at_floor": cards.floor_sentence(cells, pair),
        "answers": answers(cells, verdict, confidence, nouns, types=len(names) or None),
        "provenance": sections.provenance_rows(cells, verdict, provenance),
        "budget": scaled(verdict["budget_flops"], "FLOPs"),
        **{part: vars(text) for part, text in nouns.items()},
    }


def render_page(
    content: Mapping[str, Any],
    *,
    cells: Sequence[Cell],
    info: Mapping[str, Any],
    charts: Mapping[str, Chart],
    test: pictures.Split | None = None,
    train: pictures.Split | None = None,
) -> str:
    """The report as one self-contained HTML page that loads nothing and reads without scripts.

    Args:
        content: what ``report_content`` made of the same cells.
        charts: by name, as ``draw_charts`` made them; what is missing is said.
        test, train: the splits' images in the order of the splits, for the grids and for what is
            nearest to a sample.
    """
    test, train = test or {}, train or {}
    verdict, names, form = content["verdict"], type_names(info), form_of(info)
    chosen = shown_cells(cells, verdict)
    dgn = chosen.get("dgn")
    shown = {
        "grids": pictures.grids(chosen, test, form),
        "type_grids": pictures.grids_by_type(dgn, names, form) if dgn else [],
        "walks": pictures.walks(chosen, form),
        "triplets": [
            p for cell in chosen.values() for p in pictures.triplets(cell, train, test, form)
        ],
    }
    room = sheets.LIMIT - sum(len(item.uri) for group in shown.values() for item in group)
    data = machine.script_data(cells, names, nouns_of(info)) | {
        "sheets": sheets.cell_sheets(
            cells, train, test, form, first=[cell.recipe for cell in chosen.values()], limit=room
        ),
        "real": sheets.real_sheet(test, form),
        "shown": {family: [cell.recipe, cell.seed] for family, cell in chosen.items()},
        "columns": sheets.COLUMNS,
    }
    script = resources.files(__package__).joinpath("templates/report.js").read_text("utf-8")
    return str(
        template("report.html.j2").render(
            **content,
            **shown,
            alone=form.alone,
            dots=[(name, inline_svg(charts[name])) for name in HEADLINE if name in charts],
            charts={name: inline_svg(c) for name, c in charts.items() if name not in HEADLINE},
            captions={name: chart.caption for name, chart in charts.items()},
            data=json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def render_markdown(content: Mapping[str, Any], figures: Mapping[str, Chart]) -> str:
    """The same as Markdown, beside the folder ``figures`` with the PNG files."""
    captions = [(f"figures/{name}.png", chart.caption) for name, chart in figures.items()]
    return markdown("report.md.j2", **content, figures=captions)


def shown_cells(cells: Sequence[Cell], verdict: Mapping[str, Any]) -> dict[str, Cell]:
    """One finished cell a family, of the headline recipes, at the first seed both finished."""
    pair = verdict["pairs"].get(verdict["headline"] or "", {})
    finished: dict[str, dict[int, Cell]] = {}
    for family in FAMILIES:
        recipe = pair.get(family) or next(iter(recipes_of(cells, family)), "")
        group = by_seed(cells, recipe)
        finished[family] = {seed: cell for seed, cell in group.items() if not cell.failed}
    shared = set(finished["gan"]) & set(finished["dgn"])
    return {family: group[min(shared or group)] for family, group in finished.items() if group}


def type_names(info: Mapping[str, Any]) -> list[str]:
    """The names of the dataset's types; empty where they are not known."""
    return [str(name) for name in (info.get("types") or {}).get("names") or []]


def markdown(name: str, **content: Any) -> str:
    """The Markdown template of that name, filled in, without runs of empty lines."""
    return re.sub(r"\n{3,}", "\n\n", template(name).render(**content)).strip() + "\n"


def template(name: str) -> Any:
    """The template of that name; in HTML all text is escaped."""
    environment = Environment(
        loader=PackageLoader("whichgen", "comparison/templates"),
        autoescape=name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
