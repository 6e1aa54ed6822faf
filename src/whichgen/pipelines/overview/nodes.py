"""Sum up what was decided on every dataset."""

from __future__ import annotations

from typing import Any


def summarise_verdicts(verdicts: dict[str, dict[str, Any]]) -> tuple[dict[str, Any], str]:
    """What all verdicts say together, as a record and as a page to read."""
    from whichgen.comparison.overview import overview_page, summarise

    overview = summarise(verdicts)
    return overview, overview_page(overview)
