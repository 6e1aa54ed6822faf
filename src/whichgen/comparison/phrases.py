"""Sentences in English and Chinese, from the templates in ``phrases.yml``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from whichgen.forms import form_of

LANGUAGES = ("en", "zh")
_MISSING_SPACE = re.compile(r"(?<=[A-Za-z0-9%])(?=[一-鿿])|(?<=[一-鿿])(?=[A-Za-z0-9])")


@dataclass(frozen=True)
class Text:
    """The same words in both languages."""

    en: str
    zh: str


Nouns = Mapping[str, Text]
"""What samples are called, by the part of a phrase that it fills: `noun` one, `nouns` several."""


def nouns_of(info: Mapping[str, Any]) -> Nouns:
    """What the samples of the dataset that `info.json` describes are called."""
    form = form_of(info)
    return {"noun": Text(form.noun, form.noun_zh), "nouns": Text(form.nouns, form.noun_zh)}


def english(words: str, nouns: Nouns) -> str:
    """Words with `{noun}` and `{nouns}` in them, filled in."""
    return words.format(**{part: text.en for part, text in nouns.items()})


def phrase(key: str, **parts: Text | str | int) -> Text:
    """The phrase of that name with its parts filled in; a part that is a `Text` is in its language.

    Raises:
        KeyError: there is no such phrase, or it lacks a part.
    """
    template = phrases()[key]
    filled = {
        language: getattr(template, language).format(
            **{name: _in(language, part) for name, part in parts.items()}
        )
        for language in LANGUAGES
    }
    return _text(filled)


def listed(items: Sequence[Text]) -> Text:
    """a; a and b; a, b and c. In Chinese a; a 和 b; a、b 和 c."""
    return _joined(items, ("list.comma", "list.and"))


def clauses(items: Sequence[Text]) -> Text:
    """a; a; b: clauses one after the other."""
    return _joined(items, ("list.semicolon", "list.semicolon"))


def moreover(items: Sequence[Text]) -> Text:
    """a; a and b: whole clauses that hold together."""
    return _joined(items, ("list.comma", "list.moreover"))


@cache
def phrases() -> Mapping[str, Text]:
    """All templates by name."""
    content = resources.files("whichgen.comparison").joinpath("phrases.yml").read_text("utf-8")
    return {key: Text(**languages) for key, languages in yaml.safe_load(content).items()}


def _joined(items: Sequence[Text], marks: tuple[str, str]) -> Text:
    """All but the last joined by the first mark, the last by the second."""
    between, last = (phrases()[mark] for mark in marks)
    joined = {}
    for language in LANGUAGES:
        words = [getattr(item, language) for item in items]
        head = getattr(between, language).join(words[:-1])
        joined[language] = getattr(last, language).join([head, *words[-1:]] if head else words[-1:])
    return _text(joined)


def _text(words: Mapping[str, str]) -> Text:
    """With the space that Chinese sets between its own characters and Latin letters or digits."""
    return Text(en=words["en"], zh=_MISSING_SPACE.sub(" ", words["zh"]))


def _in(language: str, part: Text | str | int) -> str:
    return str(getattr(part, language)) if isinstance(part, Text) else str(part)
