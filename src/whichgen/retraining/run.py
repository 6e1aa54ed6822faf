"""One run of the scheduled retraining, from its lock to its record."""

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from whichgen.errors import WhichgenError
from whichgen.notifications import notify
from whichgen.parameters import Parameters
from whichgen.retraining.inputs import RAW, hash_configuration, hash_folder, present_inputs
from whichgen.retraining.plan import make_plan
from whichgen.retraining.record import Record
from whichgen.retraining.stages import REPORTS, Stages
from whichgen.retraining.state import Owed, Stage, State, Unfinished, load_state, save_state
from whichgen.retraining.validation import known_data
from whichgen.training.process import only_process

logger = logging.getLogger(__name__)
Say = Callable[[str], None]
LOCK = "lock"


class BusyError(WhichgenError):
    """Another process retrains this dataset."""


def retrain(
    project: Path, parameters: Parameters, dataset: str, *, force: bool, say: Say
) -> Record:
    """Do what there is to do; write and tell the record of it.

    Raises:
        BusyError: if another process does it.
        OSError: if the record cannot be written, as on a full disk; the state then is as it was.
    """
    with ExitStack() as stack:
        lock = retraining_folder(project, dataset) / LOCK
        try:
            stack.enter_context(only_process(lock, f"retraining of {dataset}"))
        except WhichgenError as error:
            raise BusyError(str(error)) from None
        run = Run(project, parameters, dataset, say)
        run.do(force=force)
        return run.record


def foresee(project: Path, parameters: Parameters, dataset: str, *, force: bool) -> str:
    """What `retrain` would do with the raw data that are here; nothing is changed.

    Raises:
        WhichgenError: if these data are not fit.
    """
    state = load_state(retraining_folder(project, dataset))
    if state.unfinished and not force:
        return f"would go on at {state.unfinished.stage}, begun {state.unfinished.began}"
    inputs = present_inputs(project, parameters, dataset)
    plan = make_plan(project, parameters, dataset, inputs, state, force=force)
    return f"{'would train' if plan.train else 'nothing to do'}: {'; '.join(plan.reasons)}"


def retraining_folder(project: Path, dataset: str) -> Path:
    """Where state, records and logs are."""
    return project / REPORTS / dataset / "retraining"


class Run:
    """One run: it begins a retraining, goes on with one, or finds nothing to do.

    Attributes:
        record: what it did.
    """

    def __init__(self, project: Path, parameters: Parameters, dataset: str, say: Say) -> None:
        self._project, self._parameters, self._say = project, parameters, say
        self._folder = retraining_folder(project, dataset)
        self.record = Record(dataset=dataset)
        log = self._folder / f"{self.record.started}.log"
        self._stages = Stages(project, parameters, dataset, log)
        self._state = State()

    def do(self, *, force: bool) -> None:
        """Go through the stages; whatever happens ends in a record, if one can be written."""
        from whichgen.hooks import explain

        try:
            self._work(force)
        except Exception as error:
            known = explain(error)
            if known is None:
                logger.exception("%s, at stage %s", self.record.dataset, self.record.stage)
            reason = known or f"{type(error).__name__}: {error}"
            self.record.fail(reason.replace(f"{self._project}/", ""))
        self.record.write(self._folder)
        if self._state.unfinished and self._state.unfinished.stage == "record":
            self._keep(self._state.after("record"))
        notify(self._project, self.record.summary, asdict(self.record))

    def _work(self, force: bool) -> None:
        self._state = load_state(self._folder)
        unfinished, dataset = self._state.unfinished, self.record.dataset
        configuration = hash_configuration(self._parameters, dataset)
        if unfinished and unfinished.waits_for_promotion(configuration) and not force:
            self._say("the last retraining goes on; new data wait for the next run")
        else:
            self._begin(force)
        if self._state.unfinished:
            self._go_on(self._state.unfinished)

    def _begin(self, force: bool) -> None:
        """Fetch, validate, decide: begin a retraining, go on with the last one, or do nothing."""
        self._enter("fetch")
        self._stages.fetch()
        self._enter("validation")
        dataset, before = self.record.dataset, self._state.unfinished
        inputs = present_inputs(self._project, self._parameters, dataset)
        if before and before.inputs == inputs and not force:
            self._say("the last retraining goes on")
            return
        plan = make_plan(self._project, self._parameters, dataset, inputs, self._state, force=force)
        self._say("; ".join(plan.reasons))
        self.record.drift = plan.drift
        if not plan.train:
            self._keep(self._state.model_copy(update={"unfinished": None}))
            for what in sorted(self._state.owed):
                self._settle(what)
            self.record.do_nothing(plan.reasons)
            return
        last = self._stages.last_promotion()
        begun = Unfinished(
            began=self.record.started,
            inputs=inputs,
            reasons=plan.reasons,
            drift=plan.drift,
            champion=last["champion_after"] if last else None,
        )
        known = self._state.known or known_data(self._project, dataset)
        self._keep(self._state.begin(begun, known))

    def _go_on(self, unfinished: Unfinished) -> None:
        """The unfinished retraining to its end, but for the record."""
        self.record.concern(unfinished)
        todo: Mapping[Stage, Callable[[], dict[str, Any] | None]] = {
            "data": partial(self._pack, unfinished.inputs.raw),
            "train": self._stages.train,
            "compare": self._stages.compare,
            "promotion": self._stages.promotion,
            "push": partial(self._settle, "push"),
            "publish": partial(self._settle, "publish"),
        }
        while unfinished.stage != "record":
            self._enter(unfinished.stage)
            found = todo[unfinished.stage]()
            self._keep(self._state.after(unfinished.stage, found))
            assert self._state.unfinished
            unfinished = self._state.unfinished
        self.record.decide(unfinished)

    def _pack(self, validated: str) -> None:
        """Pack the raw data, and only those that were validated.

        Raises:
            WhichgenError: if they changed meanwhile.
        """
        self._stages.data()
        raw = self._project / RAW / self.record.dataset
        if hash_folder(raw) != validated:
            raise WhichgenError(
                f"{raw}: changed while they were packed; the next run begins anew: let nothing "
                "write there but retraining.fetch"
            )

    def _settle(self, what: Owed) -> None:
        """Push or publish; where that fails, the next run tries it again."""
        try:
            self._stages.push() if what == "push" else self._stages.publish()
        except WhichgenError as error:
            self.record.warnings.append(f"{what}: {error}")
            self._keep(self._state.owing(what, still=True))
        else:
            self._keep(self._state.owing(what, still=False))

    def _enter(self, stage: str) -> None:
        self.record.enter(stage)
        self._say(stage)

    def _keep(self, state: State) -> None:
        if state != self._state:
            save_state(self._folder, state)
        self._state = state
