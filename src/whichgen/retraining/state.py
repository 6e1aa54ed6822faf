"""How far a dataset's retraining is: one small file, from which a killed one goes on."""

from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import ValidationError

from whichgen.catalog.whole import write_whole
from whichgen.errors import WhichgenError
from whichgen.parameters import Strict
from whichgen.retraining.inputs import Inputs
from whichgen.retraining.validation import Known

Stage = Literal["data", "train", "compare", "promotion", "push", "publish", "record"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Owed = Literal["push", "publish"]
FILE = "state.json"


class Unfinished(Strict):
    """A retraining that has begun and not ended.

    Attributes:
        began: when, as in `Record.started`. inputs: what it trains on.
        stage: the next one to do. reasons: why it began. drift: as it was measured, or None.
        champion: the version that served when it began, None if there was none.
        promotion: what the promotion said, once it has.
    """

    began: str
    inputs: Inputs
    stage: Stage = STAGES[0]
    reasons: list[str]
    drift: dict[str, Any] | None = None
    champion: str | None = None
    promotion: dict[str, Any] | None = None

    def waits_for_promotion(self, configuration: str) -> bool:
        """Whether only what follows the comparison is left, and the configuration is the same."""
        compared = STAGES.index(self.stage) >= STAGES.index("promotion")
        return compared and configuration == self.inputs.configuration


class State(Strict):
    """What lasts from one run to the next.

    Attributes:
        trained: the inputs of the last retraining that came to its end.
        known: what was packed before a retraining began, until one ends: what is packed by then may
            be data that another validation refuses. None: nothing was, or what is packed now.
        unfinished: the one that goes on. owed: what failed after a promotion and is tried again.
    """

    trained: Inputs | None = None
    known: Known | None = None
    unfinished: Unfinished | None = None
    owed: frozenset[Owed] = frozenset()

    def begin(self, unfinished: Unfinished, known: Known | None) -> "State":
        """With this retraining in the place of any other."""
        return self.model_copy(update={"unfinished": unfinished, "known": known})

    def after(self, stage: Stage, promotion: dict[str, Any] | None = None) -> "State":
        """With this stage of the unfinished retraining done; after the last it has ended.

        Args:
            promotion: what the stage of that name said.
        """
        assert self.unfinished is not None
        following = STAGES[STAGES.index(stage) + 1 :]
        if not following:
            return State(trained=self.unfinished.inputs, owed=self.owed)
        done: dict[str, Any] = {"stage": following[0]}
        if stage == "promotion":
            done["promotion"] = promotion
        return self.begin(self.unfinished.model_copy(update=done), self.known)

    def owing(self, what: Owed, still: bool) -> "State":
        """With that to be tried again, or no more."""
        owed = self.owed | {what} if still else self.owed - {what}
        return self.model_copy(update={"owed": owed})


def load_state(folder: Path) -> State:
    """The state in the folder; the first one where there is none.

    Raises:
        WhichgenError: if the file is not one.
    """
    path = folder / FILE
    try:
        return State.model_validate_json(path.read_bytes()) if path.is_file() else State()
    except ValidationError:
        raise WhichgenError(
            f"{path}: damaged; remove it: the next retraining then begins anew, and DVC skips "
            "what is there already"
        ) from None


def save_state(folder: Path, state: State) -> None:
    """Write it whole, or leave the one before."""
    write_whole(folder / FILE, state.model_dump_json(indent=2).encode())
