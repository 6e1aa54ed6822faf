"""The report holds what a reader needs, in order, in one file, whatever went wrong before."""

import re

import numpy as np
import pandas as pd
import pytest

from whichgen.comparison.cells import Cell, comparable
from whichgen.comparison.report import render_report
from whichgen.comparison.verdict import decide


@pytest.fixture
def render(info, provenance):
    def make(cells, **changes):
        kept, left_out = comparable(cells)
        given = {"info": info, "provenance": provenance} | changes
        return render_report(cells=kept, verdict=decide(kept, left_out=left_out), **given)

    return make


def without(cell, **changes):
    return Cell(**{**vars(cell), **changes})


def text_of(html):
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_sections_stand_in_order_and_the_answer_comes_first(make_cells, render):
    cells = make_cells(gan={"fd": 20.0})
    html = render(cells, real=cells[0].samples)
    sections = re.findall(r'<section id="(\w+)"', html)
    assert sections == [
        "answer", "axes", "compared", "scores", "seeds", "curves", "samples", "cost",
        "memorisation", "questions", "failed", "provenance",
    ]  # fmt: skip
    headline = re.search(r"<h1>(.*?)</h1>", html).group(1)
    assert headline == "Train a DGN for digits: it wins on quality and loses on none."


def test_one_file_without_network_or_script(make_cells, render):
    cells = make_cells(seeds=2)
    html = render(cells, real=cells[0].samples)
    assert not re.search(r"https?://|<script|<link|@import|url\(", html)
    sources = re.findall(r'(?:src|srcset|href)\s*=\s*"([^"]{0,20})', html)
    # 4 dots and 2 curves in two inks, 3 grids, one grid for each of 10 types
    assert len(sources) == 2 * (4 + 2) + 3 + 10
    assert all(source.startswith("data:image/") for source in sources)
    assert "prefers-color-scheme: dark" in html
    assert 'name="viewport"' in html


def test_it_states_figures_conditions_and_provenance(make_cells, render):
    text = text_of(render(make_cells(gan={"fd": 20.0})))
    for words in (
        "both families were given the labels",
        "1.00 TFLOPs of training",
        "seeds 0, 1, 2, 3, 4, 5",
        "classifier_eeeeeeee",
        "95 % interval",
        "the interesting question is memorisation and cost",
        "against a discriminator of 40.0 k parameters",
        "a set of 10 generators that share layers",
        "It has no discriminator: nothing else is trained.",
        "A GAN&#39;s samples are closer to the real data. the opposite here",
        "Failed runs none Left out none",
        "0123abc",
        "d" * 16,
        "e" * 16,
        "torch 2.13.0",
        "make compare",
    ):
        assert words in text


def test_it_says_how_well_each_family_is_told_from_the_real_images(make_cells, render):
    text = text_of(render(make_cells(gan={"c2st": 0.61}, noise=0)))
    assert (
        "A classifier tells the GAN&#39;s images from real ones at an accuracy of 0.610 (chance "
        "0.5), better than chance in 6 of 6 runs (exact binomial p &lt; 0.05). With 360 images "
        "tried in a run, 0.566 or more is found with a probability of 80 %; less may go unseen."
    ) in text
    chance = make_cells(p_values={"memorisation": 0.5, "c2st": 0.3})
    assert "better than chance in 0 of 6 runs" in text_of(render(chance))


def test_what_was_not_measured_is_named_with_its_reason(make_cells, render):
    cells = [
        without(
            c,
            scores={**c.scores, "gan_train": None, "gan_test": None},
            missing={
                "gan_train": "the generator takes no types",
                "gan_test": "the generator takes no types",
                "per_type_fd": "fewer than 2 images of type 3",
            },
        )
        if c.family == "gan"
        else c
        for c in make_cells(seeds=2)
    ]
    text = text_of(render(cells))
    assert "Not measured gan: GAN-train and GAN-test: the generator takes no types" in text
    assert "gan: per type fd: fewer than 2 images of type 3" in text
    assert "Not measured" not in text_of(render(make_cells(seeds=2)))


def test_what_else_speaks_of_copying_stands_beside_the_share(make_cells, render):
    text = text_of(render(make_cells(gan={"auth_pct": 41.5, "c_t": -3.25}, noise=0)))
    row = text[text.index("Seeds Finding") :]
    assert row.startswith("Seeds Finding GAN 0.500 0.500 to 0.500 0.500 ")
    assert "0.50 0.40 41.5 (55) -3.25 (0) 6 clear DGN" in row


def test_each_type_has_its_distance_beside_its_floor(make_cells, render):
    text = text_of(render(make_cells(seeds=2)))
    assert "Type Real share FD floor GAN share GAN agreement GAN FD DGN share" in text
    assert "0.100 2.50 0.100 0.900 7.25 0.100 0.900 7.25" in text


def test_the_same_cells_give_the_same_page(make_cells, render):
    assert render(make_cells(seeds=2)) == render(make_cells(seeds=2))


def test_text_from_outside_is_escaped(make_cells, render, info):
    cells = make_cells(seeds=2)
    cells[0] = without(cells[0], status="failed", error="<script>alert(1)</script>")
    info["types"]["names"] = ["<b>&"] * 10
    html = render(cells, info=info)
    assert "<script" not in html
    assert "<b>&" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;&amp;" in html


def test_failed_and_left_out_cells_are_always_shown(make_cells, make_cell, render):
    cells = [*make_cells(seeds=3), make_cell("dgn", 9, budget_flops=1e9)]
    cells[0] = without(cells[0], status="failed", error="loss is not finite", scores={})
    text = text_of(render(cells))
    assert "gan seed 0: loss is not finite" in text
    assert "dgn seed 9: stale: its budget_flops is 1000000000.0" in text
    assert "GAN, 2 finished, 1 failed" in text


def test_unlabelled_data_say_so(make_cells, render, info):
    plain = info | {"labelled": False, "types": {"names": [], "shares": []}}
    html = render(make_cells(seeds=6, uses_labels=False, per_type={}), info=plain)
    assert "neither family was given labels" in text_of(html)
    assert "a set of generators that share layers" in text_of(html)


def test_every_pair_is_listed_when_there_are_several(make_cells, make_cell, render):
    cells = [*make_cells(), *(make_cell("dgn", s, recipe="dgn_b") for s in range(6))]
    text = text_of(render(cells))
    assert "All pairs of recipes" in text
    assert "gan vs dgn_b" in text


EDGE_CASES = {
    "one seed": lambda cells: [c for c in cells if c.seed == 0],
    "gan only": lambda cells: [c for c in cells if c.family == "gan"],
    "dgn only": lambda cells: [c for c in cells if c.family == "dgn"],
    "no shared seed": lambda cells: [c for c in cells if (c.family == "gan") == (c.seed < 1)],
    "all of one family failed": lambda cells: [
        without(c, status="failed", scores={}, floors={}, cost={}, per_type={}, measured={},
                samples=None, sample_types=None, error=None) if c.family == "dgn" else c
        for c in cells
    ],
    "all failed": lambda cells: [
        without(c, status="failed", scores={}, floors={}, cost={}, samples=None) for c in cells
    ],
    "no metric": lambda cells: [
        without(c, scores={}, floors={}, p_values={}, c2st={}) for c in cells
    ],
    "a metric missing once": lambda cells: [
        without(c, scores={k: v for k, v in c.scores.items() if k != "fd"}) if c.seed else c
        for c in cells
    ],
    "no samples": lambda cells: [without(c, samples=None, sample_types=None) for c in cells],
    "no history": lambda cells: [
        without(c, history=pd.DataFrame(), timing=pd.DataFrame(), measured={}) for c in cells
    ],
    "no cost": lambda cells: [without(c, cost={}) for c in cells],
    "distance of zero": lambda cells: [without(c, scores={**c.scores, "fd": 0.0}) for c in cells],
}  # fmt: skip


@pytest.mark.parametrize("case", EDGE_CASES)
def test_it_never_crashes(make_cells, render, case):
    html = render(EDGE_CASES[case](make_cells(seeds=2)))
    assert "nan" not in text_of(html).split()
    assert "None" not in text_of(html).split()
    assert html.count("<section") == 12
    assert "</html>" in html


def test_colour_images_and_bare_information(make_cells, render):
    cells = make_cells(seeds=1, channels=3)
    html = render(cells, info={}, provenance={}, real=np.zeros((5, 3, 8, 8), np.uint8))
    assert "Git revision unknown" in text_of(html)
    assert "Real, held out" in html
