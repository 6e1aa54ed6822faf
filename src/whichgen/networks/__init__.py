"""Networks: generators (one, or a set over shared layers), discriminators, extractors."""

from whichgen.networks.augment import DiffAugment
from whichgen.networks.blocks import RESOLUTIONS, channels_last, to_float, to_uint8
from whichgen.networks.build import (
    build_discriminator,
    build_generator,
    load_generator,
    rebuild_generator,
)
from whichgen.networks.discriminators import ConvolutionalDiscriminator, Discriminator
from whichgen.networks.extractors import (
    Classifier,
    Extractor,
    Judge,
    TypedExtractor,
    judge_from_weights,
    look_at,
)
from whichgen.networks.generators import Generator
from whichgen.networks.interpolation import interpolate, slerp
from whichgen.networks.spectral import iterate_power
from whichgen.networks.stems import SharedStem, StemSet

__all__ = [
    "RESOLUTIONS",
    "Classifier",
    "ConvolutionalDiscriminator",
    "DiffAugment",
    "Discriminator",
    "Extractor",
    "Generator",
    "Judge",
    "SharedStem",
    "StemSet",
    "TypedExtractor",
    "build_discriminator",
    "build_generator",
    "channels_last",
    "interpolate",
    "iterate_power",
    "judge_from_weights",
    "load_generator",
    "look_at",
    "rebuild_generator",
    "slerp",
    "to_float",
    "to_uint8",
]
