"""Very many images of one generator, as shards that a killed run goes on with."""

from whichgen.shards.formats import FORMATS
from whichgen.shards.plan import Plan
from whichgen.shards.write import write_shards

__all__ = ["FORMATS", "Plan", "write_shards"]
