"""Everything the verdict says, it says in both languages and with the same figures."""

import re
import string
from pathlib import Path

import pytest

import whichgen.comparison
from whichgen.comparison.cells import Cell, LeftOut
from whichgen.comparison.phrases import (
    LANGUAGES,
    Text,
    clauses,
    english,
    listed,
    moreover,
    nouns_of,
    phrase,
    phrases,
)
from whichgen.comparison.verdict import decide

from .conftest import history
from .test_judges import seen

CHINESE = re.compile(r"[一-鿿]")
FIGURE = re.compile(r"\d[\d,.]*\d|\d")


def parts_of(template):
    return sorted({name for _, name, _, _ in string.Formatter().parse(template) if name})


@pytest.mark.parametrize("key", sorted(phrases()))
def test_a_phrase_has_the_same_parts_and_figures_in_both_languages(key):
    template = phrases()[key]
    assert parts_of(template.en) == parts_of(template.zh)
    assert sorted(FIGURE.findall(template.en)) == sorted(FIGURE.findall(template.zh))
    assert not CHINESE.search(template.en)
    assert CHINESE.search(template.zh) or not re.search(r"[a-z]{3}", strip(template.en))


def strip(template):
    return re.sub(r"\{\w+\}", "", template)


def test_chinese_sentences_use_chinese_punctuation():
    for key, template in phrases().items():
        assert not re.search(r"[一-鿿}][,;:?]|[一-鿿]\.|[()]", template.zh), key


def test_every_phrase_is_said_somewhere():
    folder = Path(whichgen.comparison.__file__).parent
    code = "\n".join(path.read_text() for path in folder.rglob("*.py"))
    named = set(re.findall(r'"([a-z_]+\.[a-z_.]+)"', code))
    families = {key.split(".")[0] for key in re.findall(r'f"([a-z_]+\.)\{', code)}
    unused = [key for key in phrases() if key not in named and key.split(".")[0] not in families]
    assert unused == []


def test_lists_in_both_languages():
    words = [Text("a", "甲"), Text("b", "乙"), Text("c", "丙")]
    assert listed(words) == Text("a, b and c", "甲、乙和丙")
    assert listed(words[:1]) == words[0]
    assert listed([]) == Text("", "")
    assert clauses(words) == Text("a; b; c", "甲；乙；丙")
    assert moreover(words[:2]) == Text("a and b", "甲，且乙")


def test_chinese_stands_apart_from_letters_and_digits():
    assert listed([Text("a", "成本 1"), Text("b", "质量 2")]).zh == "成本 1 和质量 2"
    told = phrase("choice.family", family="GAN", dataset="digits", why=Text("b", "它赢了"))
    assert told.zh == "digits 建议训练 GAN：它赢了。"
    assert phrase("found.equal", whose="其", metric="fd", other="GAN").zh == "其 fd 与 GAN 相同"


def test_a_part_is_filled_in_in_its_own_language():
    said = phrase("gain.quality", **nouns_of({}))
    whole = phrase("axis.win", family="GAN", gain=said, found="x", evidence="p = 0.03")
    assert whole.en == "The GAN comes closer to the real images: x (p = 0.03)."
    assert whole.zh == "GAN 更接近真实图像：x（p = 0.03）。"
    with pytest.raises(KeyError):
        phrase("axis.win", family="GAN")


def test_the_samples_are_called_what_their_form_calls_them():
    points = nouns_of({"modality": "points"})
    assert phrase("gain.quality", **points).en == "comes closer to the real points"
    assert phrase("gain.quality", **points).zh == "更接近真实数据点"
    assert english("nearer to a training {noun} than {nouns}", points) == (
        "nearer to a training point than points"
    )


def texts_of(value):
    """Every {"en": …, "zh": …} within."""
    if isinstance(value, dict):
        if set(value) == set(LANGUAGES):
            return [value]
        return [text for item in value.values() for text in texts_of(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts_of(item)]
    return []


def changed(cells, family, seeds=range(99), **changes):
    return [
        Cell(**{**vars(c), **changes}) if c.family == family and c.seed in seeds else c
        for c in cells
    ]


def crossing(cells):
    curves = {"gan": history(start=300.0, final=5.0), "dgn": history(start=100.0, final=10.0)}
    return [Cell(**{**vars(c), "history": curves[c.family]}) for c in cells]


FAILED = {"status": "failed", "error": "loss is not finite", "scores": {}, "floors": {}}
SITUATIONS = {
    "equal": lambda make: make(),
    "a winner": lambda make: make(gan={"fd": 30.0, "coverage": 0.6}),
    "split": lambda make: make(gan={"fd": 5.0}, dgn={"coverage": 0.95}),
    "outvoted": lambda make: make(gan={"fd": 5.0}, dgn={"coverage": 0.95, "type_agreement": 0.99}),
    "few seeds": lambda make: make(seeds=4, gan={"fd": 30.0}),
    "one seed": lambda make: make(seeds=1),
    "one family": lambda make: [c for c in make() if c.family == "gan"],
    "copies": lambda make: make(gan={"fd": 5.0, "memorisation": 0.7}),
    "both copy": lambda make: make(gan={"memorisation": 0.7}, dgn={"memorisation": 0.7}),
    "leans and misses types": lambda make: make(
        dgn={"fd": 30.0, "memorisation": 0.53, "types_covered": 0.8}
    ),
    "one failed": lambda make: changed(make(seeds=7), "gan", [2], **FAILED),
    "all failed": lambda make: changed(make(), "gan", **FAILED),
    "no floors": lambda make: make(gan={"fd": 30.0}, floors={}),
    "cheap": lambda make: make(curves={"gan": {"flops_per_step": 3e9}}),
    "steady": lambda make: changed(make(noise=4.0), "dgn", scores=make()[0].scores),
    "crossing": lambda make: crossing(make()),
    "crossing, few seeds": lambda make: crossing(make(seeds=2)),
    "unfair": lambda make: changed(make(), "gan", uses_labels=False),
    "judges disagree": lambda make: seen(make(gan={"fd": 30.0}), lambda c: 300 / c.score("fd")),
    "one judge unsure": lambda make: seen(make(gan={"fd": 30.0}), lambda c: 9.0 + c.seed),
    "several pairs": lambda make: make() + [
        Cell(**{**vars(c), "recipe": "dgn_b"}) for c in make() if c.family == "dgn"
    ],
}  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_sentence_of_a_verdict_has_the_same_figures_in_both_languages(make_cells, situation):
    cells = SITUATIONS[situation](make_cells)
    verdict = decide(cells, left_out=[LeftOut("gan", 99, "stale")])
    texts = texts_of(verdict)
    assert len(texts) >= 4
    for text in texts:
        assert CHINESE.search(text["zh"])
        assert not CHINESE.search(text["en"])
        assert sorted(FIGURE.findall(text["en"])) == sorted(FIGURE.findall(text["zh"]))
        assert not re.search(r"[{}]|nan|None(?!:)", text["en"] + text["zh"])
    for key in ("reasons", "caveats"):
        assert all(text["zh"].endswith("。") for text in verdict["recommendation"][key])
        assert all(text["en"].endswith(".") for text in verdict["recommendation"][key])
