"""How a step is computed: what is asked for, what pays on a device, what a machine can do."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from whichgen.errors import WhichgenError
from whichgen.parameters import Execution, ExecutionOptions
from whichgen.training.graphs import GraphedStep
from whichgen.training.update import Loss, Update

PAYS = {"cpu": Execution(), "cuda": Execution(), "mps": Execution()}
"""What `auto` is on each kind of device: what was measured to pay (docs/decisions/precision.md)."""


def resolve(options: ExecutionOptions, device: torch.device) -> Execution:
    """What is asked for, with `auto` replaced by what pays on the device.

    Raises:
        WhichgenError: if the device can not do it.
    """
    chosen = PAYS[device.type].model_dump()
    if options.precision != "auto":
        chosen["precision"] = options.precision
    for name in ("compile", "cuda_graph"):
        if (asked := getattr(options, name)) != "auto":
            chosen[name] = asked == "on"
    if chosen["precision"] == "bfloat16" and not has_bfloat16(device):
        raise WhichgenError(
            f"precision: this {device.type} does not compute in bfloat16; "
            "use --params precision=float32"
        )
    if chosen["cuda_graph"] and device.type != "cuda":
        raise WhichgenError(
            f"cuda_graph: there are none on a {device.type}; use --params cuda_graph=off"
        )
    return Execution.model_validate(chosen)


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 numbers itself, and does not emulate it."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "mps":
        return torch.backends.mps.is_macos_or_newer(14, 0)
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()


def stepper(update: Update, execution: Execution) -> Callable[[int], dict[str, Tensor]]:
    """What makes a step of the update, which is changed for it: have it priced before.

    A graph has the learning rates as tensors: whatever sets them must change them in place.
    """
    if execution.compile:
        update.losses = {name: compiled(loss) for name, loss in update.losses.items()}
    return GraphedStep(update) if execution.cuda_graph else update.step


def compiled(loss: Loss) -> Loss:
    """The loss by torch.compile; its first call, and the first backward pass, take long.

    Raises:
        WhichgenError: when it is called, if it cannot be compiled.
    """
    from torch._dynamo.exc import TorchDynamoException  # seconds, for those who compile

    fast = torch.compile(loss, dynamic=False)

    @functools.wraps(loss)
    def compute(*inputs: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        try:
            return fast(*inputs)
        except TorchDynamoException as error:
            reason = str(error).strip().splitlines()[0]
            raise WhichgenError(
                f"compile: torch.compile failed ({reason}); on a CPU it needs a C++ compiler, "
                "for example g++; --params compile=off does without"
            ) from error

    return compute
