"""Photo clean-up by non-negative factors of overlapping patches: lost pixels, noise."""

from mho.image.cleanup.denoise import denoise
from mho.image.cleanup.inpaint import inpaint

__all__ = ["denoise", "inpaint"]
