from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from whichgen.errors import WhichgenError
from whichgen.tracking.settings import (
    TrackingSettings,
    credentials,
    load_settings,
    tracking_uri,
)

REPOSITORY = Path(__file__).parents[2]


def write_settings(project: Path, text: str, layer: str = "base") -> None:
    folder = project / "conf" / layer
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlflow.yml").write_text(text)


def test_the_shipped_file_is_read_alike_by_kedro() -> None:
    loader = OmegaConfigLoader(
        str(REPOSITORY / "conf"),
        base_env="base",
        default_run_env="base",
        config_patterns={"mlflow": ["mlflow*"]},
    )
    settings = load_settings(REPOSITORY, {})
    assert settings == TrackingSettings(**loader["mlflow"])
    assert settings == TrackingSettings()


def test_local_settings_override_base_and_the_environment_overrides_both(tmp_path: Path) -> None:
    write_settings(tmp_path, "mode: required\nexperiment: ours\n")
    write_settings(tmp_path, "mode: best_effort\n", layer="local")
    assert load_settings(tmp_path, {}) == TrackingSettings(mode="best_effort", experiment="ours")
    assert load_settings(tmp_path, {"WHICHGEN_TRACKING": "off"}).mode == "off"


def test_a_bare_yaml_off_is_the_mode_off(tmp_path: Path) -> None:
    write_settings(tmp_path, "mode: off\n")
    assert load_settings(tmp_path, {}).mode == "off"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("mode: sometimes\n", "conf/base/mlflow.yml: mode: "),
        ("mdoe: off\n", "conf/base/mlflow.yml: mdoe: "),
        ("- mode\n", "conf/base/mlflow.yml: expected keys and values"),
        ("mode: [\n", "conf/base/mlflow.yml: not valid YAML"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_key(tmp_path: Path, text: str, named: str) -> None:
    write_settings(tmp_path, text)
    with pytest.raises(WhichgenError) as error:
        load_settings(tmp_path, {})
    assert named in str(error.value)
    assert "\n" not in str(error.value)


def test_a_mistake_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(WhichgenError, match=r"WHICHGEN_TRACKING: mode: .*'best_effort'"):
        load_settings(tmp_path, {"WHICHGEN_TRACKING": "no"})


def test_the_address_comes_from_settings_then_environment_then_the_project(tmp_path: Path) -> None:
    named = TrackingSettings(tracking_uri="http://one")
    environment = {"MLFLOW_TRACKING_URI": "http://two"}
    assert tracking_uri(tmp_path, named, environment) == "http://one"
    assert tracking_uri(tmp_path, TrackingSettings(), environment) == "http://two"
    default = tracking_uri(tmp_path, TrackingSettings(), {})
    assert default == f"sqlite:///{tmp_path.resolve()}/mlflow.db"


def test_user_and_password_of_an_address_go_another_way_than_the_address(tmp_path: Path) -> None:
    named = TrackingSettings(tracking_uri="https://ann:p%40ss@host:5000/sub")
    assert tracking_uri(tmp_path, named, {}) == "https://host:5000/sub"
    expected = {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "p@ss"}
    assert credentials(named, {}) == expected
    by_environment = {"MLFLOW_TRACKING_URI": "https://ann:p%40ss@host"}
    assert tracking_uri(tmp_path, TrackingSettings(), by_environment) == "https://host"
    assert credentials(TrackingSettings(), by_environment) == expected
    assert credentials(TrackingSettings(tracking_uri="https://host"), {}) == {}
    assert credentials(TrackingSettings(), {}) == {}


def test_a_file_that_is_not_yaml_is_not_quoted(tmp_path: Path) -> None:
    write_settings(tmp_path, "mode: off\ntracking_uri: 'https://ann:s3cret@host\n", layer="local")
    with pytest.raises(WhichgenError, match=r"not valid YAML: .* in line 3") as error:
        load_settings(tmp_path, {})
    assert "s3cret" not in str(error.value)
