"""Photo clean-up by non-negative factors of overlapping patches: lost pixels, scratches, noise."""

from mho.image.cleanup.denoise import denoise
from mho.image.cleanup.inpaint import inpaint
from mho.image.cleanup.noise import Noise, estimate_noise
from mho.image.cleanup.scratches import scratches

__all__ = ["Noise", "denoise", "estimate_noise", "inpaint", "scratches"]
