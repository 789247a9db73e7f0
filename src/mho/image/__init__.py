"""Pictures: two thin non-negative factors of one, the codec ``.mho``, photo clean-up, PSNR.

The whole picture is factored, as in-memory factorization chips demonstrate it. That halves the *count of numbers*
against raw pixels; JPEG or lossless PNG do better at the same number of bytes. `mho.image.codec` is a picture codec.
"""

from mho.image.chips import PICTURE_CHIP, picture_engine
from mho.image.factor import FactoredImage, factor_image
from mho.image.halved import HalvedPicture, half_rank, halve, truncated
from mho.image.quality import psnr

__all__ = [
    "PICTURE_CHIP",
    "FactoredImage",
    "HalvedPicture",
    "factor_image",
    "half_rank",
    "halve",
    "picture_engine",
    "psnr",
    "truncated",
]
