"""whichgen: should you train a GAN or a DGN on your data? An answer with evidence."""

__version__ = "0.1.0"
