"""The training loops that one would write from the papers: the reference for the product's speed.

Same networks, first weights, losses and optimisers, so the same computation: a test holds the
losses of both together, step by step. What differs is how it is done, and here it is the plain way:
torch's own data loader over single images, the default layout of memory, one pass after the other,
one parameter after the other, the losses read at every step. What a competent user would do is
done: the discriminator is frozen in the generator's step, and a frozen encoder sees each real image
once.
"""

from benchmarks.textbook.dgn import TextbookDgn
from benchmarks.textbook.gan import TextbookGan

TEXTBOOK: dict[str, type[TextbookGan] | type[TextbookDgn]] = {
    "gan": TextbookGan,
    "dgn": TextbookDgn,
}

__all__ = ["TEXTBOOK", "TextbookDgn", "TextbookGan"]
