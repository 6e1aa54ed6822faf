"""Make a former champion champion again."""

from pathlib import Path

from whichgen.errors import WhichgenError
from whichgen.registry.promotion import now
from whichgen.registry.validation import DamagedError, validate
from whichgen.registry.versions import (
    BEFORE,
    SINCE,
    TAKEN_BACK,
    Registry,
    Version,
    open_registry,
)


def roll_back(
    project: Path, dataset: str, *, to: str | None = None, dry: bool = False
) -> tuple[Version, Version]:
    """Move the champion's alias to the champion before it, or to the version `to`.

    A version that gives way to an older one is marked: no promotion makes it champion again.

    Args:
        dry: check all and change nothing.

    Returns:
        The champion there was, and the one there is.

    Raises:
        WhichgenError: if there is no such former champion, or its files are missing or damaged.
    """
    with open_registry(project, dataset) as registry:
        champion = registry.champion()
        if champion is None:
            raise WhichgenError(f"{registry.name}: no champion yet; promote one first")
        target = _target(registry, champion, to)
        try:
            validate(registry.files(target), target)
        except (DamagedError, OSError) as damage:
            raise WhichgenError(
                f"{registry.name}: {target.title} cannot serve: {damage}; the champion stays "
                f"version {champion.number}; restore the file, or choose another by --to"
            ) from damage
        if not dry:
            if int(target.number) < int(champion.number):
                registry.tag(champion, TAKEN_BACK, now())
            registry.crown(target, instead_of=champion)
            registry.untag(target, TAKEN_BACK)
        return champion, target


def _target(registry: Registry, champion: Version, to: str | None) -> Version:
    number = to or champion.tags.get(BEFORE)
    former = {v.number: v for v in registry.versions() if SINCE in v.tags}
    others = ", ".join(name for name in former if name != champion.number) or "none"
    if not number:
        raise WhichgenError(
            f"{registry.name}: there was no champion before version {champion.number}; "
            f"other former champions, for --to: {others}"
        )
    if number == champion.number:
        raise WhichgenError(f"{registry.name}: version {number} is the champion already")
    if number not in former:
        raise WhichgenError(
            f"{registry.name}: version {number} is gone or was never champion; those that were, "
            f"for --to: {others}"
        )
    return former[number]
