"""A judge from elsewhere: Inception or DINOv2, from an ONNX file that the user has."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from whichgen.errors import WhichgenError
from whichgen.parameters import ExternalJudge

BATCH = 32
INSTALL = "pip install 'whichgen[inception]'"


@dataclass(frozen=True)
class Preparation:
    """What the network expects: the side in pixels, and pixels 0 to 1 less `mean`, over `deviation`
    (a number for each of three channels)."""

    side: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


PREPARATIONS = {
    "inception": Preparation(299, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "dinov2": Preparation(224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def external_name(options: ExternalJudge) -> str:
    """The judge's name and the first 8 hex digits of its file's SHA-256: `inception_6726825d`.

    Raises:
        WhichgenError: if the file is missing.
    """
    return f"{options.name}_{hashlib.sha256(_content(options)).hexdigest()[:8]}"


class ExternalExtractor:
    """A network in an ONNX file as a judge: its first output, as it is, is the feature vector.

    The network takes float32 images (B, 3, side, side), B free, and gives (B, d) or (B, d, 1, 1),
    or (B, T, d), of which the first of the T tokens is taken (the class token of a transformer).
    An ONNX file is data: unlike a pickle, it cannot run code when it is loaded.

    Args:
        options: name and file. expected: the name that the scores bear, hash included.

    Raises:
        WhichgenError: if the file is missing, another one than expected, or no such network, or if
            ONNX Runtime is not installed.
    """

    def __init__(self, options: ExternalJudge, *, expected: str) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise WhichgenError(
                f"external_judge: {options.name} needs ONNX Runtime; run: {INSTALL}"
            ) from None
        name = external_name(options)
        if name != expected:
            raise WhichgenError(
                f"{options.weights}: this is {name}, the judges were made with {expected}; "
                "run: kedro run --pipelines=extractor"
            )
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = torch.get_num_threads()
        settings.log_severity_level = 3  # errors only: they are told below
        try:
            self._session = onnxruntime.InferenceSession(
                _content(options), settings, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its own exceptions have no common class
            raise WhichgenError(f"{options.weights}: not an ONNX network ({error})") from None
        self._options, self._preparation = options, PREPARATIONS[options.name]

    def look(self, images: Tensor) -> Tensor:
        """uint8 images (N, C, R, R), C of 1 or 3 → features (N, d)."""
        (first, *_), (output, *_) = self._session.get_inputs(), self._session.get_outputs()
        looked = []
        for part in images.split(BATCH):
            try:
                (features,) = self._session.run(
                    [output.name], {first.name: self._prepared(part).numpy()}
                )
            except Exception as error:
                raise WhichgenError(
                    f"{self._options.weights}: does not take images (B, 3, "
                    f"{self._preparation.side}, {self._preparation.side}) ({error})"
                ) from None
            looked.append(_vectors(torch.from_numpy(features)))
        return torch.cat(looked)

    def _prepared(self, images: Tensor) -> Tensor:
        pixels = images.float().div_(255).expand(-1, 3, -1, -1)
        side = self._preparation.side
        # Bilinear without antialiasing where it is enlarged, as all images here are.
        resized = interpolate(pixels, (side, side), mode="bilinear", align_corners=False)
        mean, deviation = (
            torch.tensor(values).view(3, 1, 1)
            for values in (self._preparation.mean, self._preparation.deviation)
        )
        return (resized - mean) / deviation


def _vectors(features: Tensor) -> Tensor:
    """(B, d), (B, d, 1, 1) or (B, T, d) → (B, d)."""
    if features.ndim == 3:
        return features[:, 0]
    return features.flatten(1)


def _content(options: ExternalJudge) -> bytes:
    try:
        return Path(options.weights).read_bytes()
    except OSError as error:
        raise WhichgenError(
            f"{options.weights}: {error.strerror}; external_judge.weights must name an ONNX file "
            "of the network (docs/decisions/judge.md)"
        ) from None
