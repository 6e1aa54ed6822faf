"""What a penalty costs is counted on the real step."""

from kedro.config import OmegaConfigLoader

from benchmarks.penalties import ROOT, price, row
from whichgen.parameters import parse_parameters
from whichgen.settings import CONFIG_LOADER_ARGS


def test_a_penalty_has_a_price_whatever_its_weight_and_a_lazy_one_a_sixteenth_of_it():
    loader = OmegaConfigLoader(conf_source=str(ROOT / "conf"), **CONFIG_LOADER_ARGS)
    parameters = parse_parameters(dict(loader["parameters"]))
    without, penalised = (price(parameters, "digits", r1) for r1 in (0.0, 1.0))
    assert 1.1 * without < penalised < 2 * without
    assert price(parameters, "digits", 50.0) == penalised
    lazy = without + (penalised - without) / 16
    name, *figures, saved = row(parameters, "digits")
    assert name == "digits"
    assert [int(f.replace(",", "")) for f in figures] == [
        round(flops / 1e6) for flops in (without, penalised, lazy)
    ]
    assert saved == f"{1 - lazy / penalised:.0%}"
