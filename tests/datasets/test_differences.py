"""What changed between two versions, and the words of `whichgen data`."""

from collections import Counter
from pathlib import PurePosixPath

from click.testing import CliRunner

from whichgen.cli import cli
from whichgen.datasets.differences import compare_contents


def contents(**files):
    return {PurePosixPath(path.replace("__", "/")): content for path, content in files.items()}


def test_files_are_known_by_their_content():
    before = contents(a__1="x", a__2="y", b__3="z", b__4="w")
    after = contents(a__9="x", b__2="y", b__3="new", b__4="w", c__4="w")
    difference = compare_contents(before, after)
    assert difference.before == Counter(a=2, b=2)
    assert difference.after == Counter(a=1, b=3, c=1)
    assert difference.added == [PurePosixPath("b/3")]
    assert difference.removed == [PurePosixPath("b/3")]
    assert difference.relabelled == {PurePosixPath("b/2"): ["a"], PurePosixPath("c/4"): ["b"]}


def test_a_flat_folder_has_one_nameless_type():
    difference = compare_contents(contents(p="x"), contents(q="x", r="y"))
    assert (difference.before, difference.after) == (Counter({"": 1}), Counter({"": 2}))
    assert (difference.added, difference.removed) == ([PurePosixPath("r")], [])
    assert difference.relabelled == {}


def test_every_dataset_is_listed_and_an_unknown_one_named():
    listed = CliRunner().invoke(cli, ["data", "list"])
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.output.splitlines()][1:] == sorted(
        [
            "digits",
            "digits_unlabelled",
            "fashion_mnist",
            "fashion_mnist_unlabelled",
            "grid",
            "my_images",
            "ring",
            "stacked",
            "stacked_garments",
        ]
    )
    shown = CliRunner().invoke(cli, ["data", "show", "digits"])
    assert shown.exit_code == 0
    assert "8×8 px, grey" in shown.output
    refused = CliRunner().invoke(cli, ["data", "show", "nope"])
    assert refused.exit_code == 1
    assert "nope: no dataset of this name; known: digits" in refused.output
