"""A picture as the product of two thin non-negative factors, and how close the product comes.

The whole picture is factored, as in-memory factorization chips demonstrate it. That halves the *count of numbers*
against raw pixels; it is no picture codec, which JPEG or lossless PNG do better at the same number of bytes.
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
