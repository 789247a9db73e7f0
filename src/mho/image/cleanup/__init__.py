"""Photo clean-up by non-negative factors of overlapping patches: lost pixels, scratches."""

from mho.image.cleanup.inpaint import inpaint

__all__ = ["inpaint"]
