"""Networks: generators (one, or a set over shared layers), discriminators, extractors."""

from whichgen.networks.blocks import RESOLUTIONS, channels_last, to_float, to_uint8
from whichgen.networks.build import build_generator, load_generator, rebuild_generator
from whichgen.networks.discriminators import Discriminator
from whichgen.networks.extractors import LOOK, Classifier
from whichgen.networks.generators import Generator
from whichgen.networks.interpolation import interpolate, slerp
from whichgen.networks.stems import SharedStem, StemSet

__all__ = [
    "LOOK",
    "RESOLUTIONS",
    "Classifier",
    "Discriminator",
    "Generator",
    "SharedStem",
    "StemSet",
    "build_generator",
    "channels_last",
    "interpolate",
    "load_generator",
    "rebuild_generator",
    "slerp",
    "to_float",
    "to_uint8",
]
