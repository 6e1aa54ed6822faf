"""No call in this repository loads what can carry code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for folder in ("src", "benchmarks", "deploy") for path in (ROOT / folder).rglob("*.py")
)
NEVER = {
    *(f"{module}.{name}" for module in ("pickle", "cloudpickle", "dill", "marshal", "joblib")
      for name in ("load", "loads", "Unpickler")),
    "shelve.open", "pandas.read_pickle", "torch.hub.load", "torch.jit.load",
    "yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load",
    "eval", "exec", "compile", "__import__",
}  # fmt: skip
ONLY_WITH = {"torch.load": ("weights_only", True), "numpy.load": ("allow_pickle", False)}


def problems(code: str) -> Iterator[str]:
    """A line for each call of NEVER, and of ONLY_WITH without the keyword it must have."""
    tree = ast.parse(code)
    known = dict(_imported(tree))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        head, _, rest = ast.unparse(call.func).partition(".")
        name = ".".join(filter(None, (known.get(head, head), rest)))
        if name in NEVER:
            yield f"line {call.lineno}: {name}"
        if name in ONLY_WITH:
            keyword, value = ONLY_WITH[name]
            given = {k.arg: getattr(k.value, "value", None) for k in call.keywords}
            if given.get(keyword) is not value:
                yield f"line {call.lineno}: {name} without {keyword}={value}"


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((a.asname or a.name, a.name) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((a.asname or a.name, f"{node.module}.{a.name}") for a in node.names)


def test_nothing_that_carries_code_is_loaded():
    found = [f"{path}, {line}" for path in SOURCES for line in problems(path.read_text())]
    assert not found
    assert ROOT / "src/whichgen/training/checkpoints.py" in SOURCES


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import torch\ntorch.load(f)", ["line 2: torch.load without weights_only=True"]),
        ("import torch as t\nt.load(f, weights_only=False)", ["line 2: torch.load without "]),
        ("import torch\ntorch.load(f, weights_only=True)", []),
        ("import numpy as np\nnp.load(f, allow_pickle=flag)", ["line 2: numpy.load without "]),
        ("from numpy import load\nload(f, allow_pickle=False)", []),
        ("from pickle import loads as read\nread(b)", ["line 2: pickle.loads"]),
        ("import yaml\nyaml.load(f, yaml.SafeLoader)", ["line 2: yaml.load"]),
        ("import re\nre.compile(x).eval()", []),
        ("exec(x)", ["line 1: exec"]),
    ],
)
def test_the_search_finds_it(code, found):
    lines = list(problems(code))
    assert len(lines) == len(found)
    assert all(line.startswith(start) for line, start in zip(lines, found, strict=True))
