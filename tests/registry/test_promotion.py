"""Registered, validated, aliased, rolled back: in a real MLflow database."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.registry.comparisons import BAD, GOOD, LICENCE, MIDDLING, Comparison
from whichgen.cli import cli
from whichgen.errors import WhichgenError
from whichgen.registry.connection import open_registry
from whichgen.registry.promotion import closing_line, promote
from whichgen.registry.validation import sha256
from whichgen.registry.versions import Registry
from whichgen.tracking.cell_files import read_cell

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")
GONE = "http://127.0.0.1:9"  # the discard port: nothing listens there
CHAMPION = Path(), ("digits", "gan", 2)


def state(comparison: Comparison) -> dict[str, Any]:
    """Aliases, and the tags of each version."""
    with open_registry(comparison.project, "digits") as registry:
        return {
            "aliases": registry.aliases(),
            "versions": {v.number: dict(v.tags) for v in registry.versions()},
        }


def told(result: dict[str, Any]) -> tuple[str, str | None, str | None]:
    return result["decision"], result["champion_before"], result["champion_after"]


def rollback(*options: str) -> Any:
    return CliRunner().invoke(cli, ["rollback", "--dataset", "digits", *options])


def test_the_first_champion_carries_all_that_is_known_of_it(crowned):
    with open_registry(crowned.project, "digits") as registry:
        version = registry.champion()
        card = (registry.files(version) / "model_card.md").read_text()
        entity = registry.store.client.get_model_version("whichgen-digits", "1")
    tags, folder = version.tags, crowned.cell_folder("gan", 2)
    assert registry.aliases() == {"champion": "1", "challenger": "1"}
    assert tags["whichgen.weights_sha256"] == sha256(folder / "generator.safetensors")
    assert tags["whichgen.data_hash"] == "d" * 16
    assert tags["whichgen.licence"] == LICENCE
    score = read_cell(*CHAMPION).scores["scores"]
    beside = json.loads(tags["whichgen.scores_and_floors"])
    assert beside["coverage"] == [score["coverage"], 0.96]
    assert set(json.loads(tags["whichgen.cells"])) == set("012345")
    assert "# Model card: gan on digits" in card
    assert f"Licence of the images: {LICENCE}." in card
    assert f"on test: fd {score['fd']:.3g}, coverage {score['coverage']:.3g}. Licence" in card
    assert len(entity.description) == 5000 < len(card)  # what PostgreSQL's column takes
    assert entity.description.startswith("**This version is gan, seed 2**")
    assert (
        entity.run_id == registry.store.find_runs({"whichgen.cell": "digits/gan/2"})[0].info.run_id
    )


def test_a_second_run_changes_nothing(crowned):
    before = state(crowned)
    again = promote(crowned.evidence(), "enabled")
    assert told(again) == ("kept", "1", "1")
    assert state(crowned) == before
    assert again["reasons"][0].startswith("it is the champion since 20")


def test_a_better_one_becomes_champion_and_a_worse_one_only_challenger(twice):
    found = state(twice)
    assert found["aliases"] == {"champion": "2", "challenger": "2"}
    assert found["versions"]["2"]["whichgen.champion_before"] == "1"
    twice.write({"gan": GOOD | {"fd": 3.5}}, version=2)
    twice.write({"dgn": BAD}, version=3)
    result = promote(twice.evidence(rescore_of(twice, GOOD)), "enabled")
    assert told(result) == ("kept", "2", "2")
    assert state(twice)["aliases"] == {"champion": "2", "challenger": "3"}


def rescore_of(comparison: Comparison, scores: dict[str, float]) -> Any:
    """Scores of the former champion's cells, which the comparison has no longer."""
    former = {cell.seed: cell for cell in comparison.evidence().cells if cell.recipe == "gan"}

    def rescore(folder: Path) -> dict[str, Any]:
        record = json.loads((folder / "cell.json").read_text())
        own = (folder / "generator.safetensors").read_bytes()
        assert own not in [
            (comparison.cell_folder("dgn", seed) / "generator.safetensors").read_bytes()
            for seed in range(6)
        ]
        like = former[record["seed"]]
        content = {name: getattr(like, name) for name in (
            "dataset", "status", "uses_labels", "data_hash", "extractor_hash", "judge",
            "budget_flops", "n", "p_values", "floors", "cost", "per_type",
        )}  # fmt: skip
        kept = {key: record[key] for key in ("recipe", "family", "seed")}
        return content | kept | {"scores": dict(like.scores) | scores}

    return rescore


@pytest.mark.parametrize(("as_scored", "decision"), [(BAD, "promoted"), (GOOD, "kept")])
def test_a_champion_of_other_data_is_scored_anew_on_the_present_ones(crowned, as_scored, decision):
    later = Comparison(crowned.project, data_hash="f" * 16)
    later.write({"gan": BAD, "dgn": MIDDLING}, version=1)
    result = promote(later.evidence(rescore_of(later, as_scored)), "enabled")
    assert result["decision"] == decision
    assert result["axes"]["quality"]["seeds"] == 6


def test_a_champion_that_cannot_make_the_types_of_today_gives_way(crowned):
    later = Comparison(crowned.project, data_hash="f" * 16)
    later.info["types"] = later.info["types"] | {"names": [*"abcdefghij"]}
    later.write({"gan": BAD, "dgn": MIDDLING}, version=1)
    result = promote(later.evidence(), "enabled")
    assert told(result) == ("promoted", "1", "2")
    assert result["reasons"][0].startswith("the champion's types: ['0', '1'")


@pytest.mark.parametrize("there", [False, True])
def test_a_dry_run_says_what_would_be_and_changes_nothing(comparison, request, there):
    if there:
        comparison = request.getfixturevalue("crowned")
        before = state(comparison)
        comparison.write({"dgn": GOOD}, version=1)
    else:
        comparison.write({"gan": BAD, "dgn": GOOD})
    files = sorted(comparison.project.rglob("*"))
    result = promote(comparison.evidence(), "dry_run")
    assert sorted(comparison.project.rglob("*")) == files
    assert (result["decision"], result["would_be"]) == ("dry_run", "promoted")
    assert result["candidate"] == {"recipe": "dgn", "seed": 2, "version": None}
    assert "dry run; nothing changed, it would be promoted; dgn, seed 2" in closing_line(result)
    if there:
        assert state(comparison) == before


def test_disabled_asks_nobody(comparison, monkeypatch):
    comparison.write({"gan": GOOD, "dgn": BAD})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", GONE)
    assert promote(comparison.evidence(), "disabled")["decision"] == "disabled"


def test_with_mlflow_away_it_is_one_line(comparison, monkeypatch):
    comparison.write({"gan": GOOD, "dgn": BAD})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", GONE)
    for act in (lambda: promote(comparison.evidence(), "enabled"), lambda: rollback()):
        failed = None
        try:
            output = act().output
        except WhichgenError as error:
            failed, output = error, str(error)
        assert f"MLflow at {GONE}: no answer" in output
        assert "the champion is as it was" in output
    assert failed is None  # the command line caught its own


def test_damaged_files_of_a_candidate_are_refused(crowned):
    crowned.write({"dgn": GOOD}, version=1)
    real = Registry.files

    def flipped(registry, version):
        folder = real(registry, version)
        [path] = folder.rglob("generator.safetensors")
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        return folder

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Registry, "files", flipped)
        result = promote(crowned.evidence(), "enabled")
    assert told(result) == ("refused", "1", "1")
    assert "generator.safetensors is damaged" in result["reasons"][0]
    assert state(crowned)["aliases"] == {"champion": "1", "challenger": "1"}


def test_rollback_there_and_back_again(twice):
    before = state(twice)
    dry = rollback("--dry-run")
    assert "Champion would be version 1 (gan, seed 2) for version 2 (dgn, seed 2)" in dry.output
    assert state(twice) == before
    done = rollback()
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "Undo: whichgen rollback --dataset digits --to 2"
    assert state(twice)["aliases"]["champion"] == "1"
    refused = promote(twice.evidence(), "enabled")  # a schedule does not undo it
    assert told(refused) == ("refused", "1", "1")
    assert "version 2 (dgn, seed 2) was rolled back on" in refused["reasons"][0]
    assert "no champion before version 1; other former champions, for --to: 2" in rollback().output
    assert rollback("--to", "2").exit_code == 0
    assert state(twice) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--to", "2"], "version 2 is the champion already"),
        (["--to", "9"], "version 9 is gone or was never champion; those that were, for --to: 1"),
    ],
)
def test_a_rollback_to_what_cannot_be_is_refused(twice, options, said):
    refused = rollback(*options)
    assert refused.exit_code == 1
    assert said in refused.output
    assert state(twice)["aliases"]["champion"] == "2"


@pytest.mark.parametrize("harm", ["flip", "remove", "remove all"])
def test_a_rollback_to_damaged_files_is_refused(twice, harm):
    with open_registry(twice.project, "digits") as registry:
        [path] = registry.files(registry.versions()[0]).rglob("generator.safetensors")
    content = path.read_bytes()
    if harm == "flip":
        path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    elif harm == "remove":
        path.unlink()
    else:
        shutil.rmtree(path.parents[1])
    refused = rollback()
    assert refused.exit_code == 1
    assert "version 1 (gan, seed 2) cannot serve:" in refused.output
    assert ("damaged" if harm == "flip" else "missing") in refused.output
    assert state(twice)["aliases"]["champion"] == "2"


def test_without_a_champion_there_is_nothing_to_roll_back(tracked):
    refused = rollback()
    assert refused.exit_code == 1
    assert refused.output == "Error: whichgen-digits: no champion yet; promote one first\n"
