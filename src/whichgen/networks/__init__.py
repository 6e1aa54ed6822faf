"""Networks: generators (one, or a set over shared layers), discriminators, extractors."""

from whichgen.networks.augment import DiffAugment
from whichgen.networks.blocks import RESOLUTIONS, channels_last, to_float, to_uint8
from whichgen.networks.build import (
    build_discriminator,
    build_generator,
    load_generator,
    rebuild_generator,
    with_networks,
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
from whichgen.networks.modalities import MODALITIES, Augment, Modality, modality_of
from whichgen.networks.modalities.modality import Corruption
from whichgen.networks.spectral import iterate_power
from whichgen.networks.stems import SharedStem, StemSet

__all__ = [
    "MODALITIES",
    "RESOLUTIONS",
    "Augment",
    "Classifier",
    "ConvolutionalDiscriminator",
    "Corruption",
    "DiffAugment",
    "Discriminator",
    "Extractor",
    "Generator",
    "Judge",
    "Modality",
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
    "modality_of",
    "rebuild_generator",
    "slerp",
    "to_float",
    "to_uint8",
    "with_networks",
]
