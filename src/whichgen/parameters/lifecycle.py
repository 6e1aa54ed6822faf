"""When data have drifted, when to train anew, and what may become champion."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from whichgen.parameters.kinds import Count, Share, Strict


class Retraining(Strict):
    """What a scheduled retraining takes, and what it takes for a reason to train.

    Attributes:
        fetch: by dataset, the shell command that brings its raw data up to date.
        when: whether any change is a reason, or of the data only one that counts as drift.
        new_types: whether types are taken that the last training did not know.
        images_per_type: the fewest images that a type may have.
        least_share: the fewest images, as a share of what was packed the last time.
        mislabelled: by how much more often than before the judge may contradict new labels.
    """

    fetch: dict[str, str]
    when: Literal["changed", "drifted"]
    new_types: bool
    images_per_type: Count
    least_share: Share
    mislabelled: Share


class DriftOptions(Strict):
    """From when on data have drifted; see `datasets.drift`.

    A test must be significant and what it measures large: with enough images a trifle is
    significant, and with few a large distance is chance.

    Attributes:
        images: at most so many of either side are compared, in the judge's features. permutations:
            of the test. seed: of both.
        p_value: a test counts below it.
        distance: the least energy coefficient between images that counts, from 0 to 1.
        shares: the least total variation between the shares of the types that counts, from 0 to 1.
        disagreement: by how much more often than before the judge must see another type than the
            label says, from 0 to 1.
    """

    images: Annotated[int, Field(ge=10)]
    permutations: Count
    seed: Annotated[int, Field(ge=0)]
    p_value: Share
    distance: Share
    shares: Share
    disagreement: Share

    @model_validator(mode="after")
    def _p_value_can_be_reached(self) -> "DriftOptions":
        least = 1 / (self.permutations + 1)
        if self.p_value <= least:
            raise ValueError(
                f"drift.p_value: {self.p_value} is never undercut by {self.permutations} "
                f"permutations, whose least is {least:.2g}; give it or permutations more"
            )
        return self


class Promotion(Strict):
    """Whether a comparison's winner may become champion in the model registry.

    Attributes:
        mode: "dry_run" only says what would happen.
    """

    mode: Literal["enabled", "dry_run", "disabled"] = "enabled"
