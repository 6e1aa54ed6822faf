"""How a training is computed and saved."""

from typing import Annotated, Literal

from pydantic import Field

from whichgen.parameters.kinds import Count, NumberType, Strict, Switch


class ExecutionOptions(Strict):
    """How steps are to be computed; `auto` is what was measured to pay on the device."""

    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    compile: Switch = "auto"
    cuda_graph: Switch = "auto"


class Execution(Strict):
    """How steps are computed; it changes results, by their last bits or more: a part of a cell.

    Attributes:
        precision: what the trained networks compute in; see `training.precision`.
        compile: whether the losses are compiled by torch.compile.
        cuda_graph: whether a step is recorded as a CUDA graph; see `training.graphs`.
    """

    precision: NumberType = "float32"
    compile: bool = False
    cuda_graph: bool = False


class CheckpointOptions(Strict):
    """How often a training saves its state, and how many of the last ones stay."""

    every_seconds: Annotated[float, Field(ge=0)]
    keep: Count
