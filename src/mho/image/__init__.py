"""Pictures: two thin non-negative factors of one, the codec ``.mho``, photo clean-up, PSNR.

The whole picture is factored, as in-memory factorization chips demonstrate it. That halves the *count of numbers*
against raw pixels; JPEG or lossless PNG do better at the same number of bytes. `mho.image.codec` is a picture codec.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mho.image.chips import PICTURE_CHIP as PICTURE_CHIP
    from mho.image.chips import picture_engine as picture_engine
    from mho.image.codec.chip_dictionary import ChipDictionary as ChipDictionary
    from mho.image.factor import FactoredImage as FactoredImage
    from mho.image.factor import factor_image as factor_image
    from mho.image.halved import HalvedPicture as HalvedPicture
    from mho.image.halved import half_rank as half_rank
    from mho.image.halved import halve as halve
    from mho.image.halved import truncated as truncated
    from mho.image.quality import psnr as psnr

__all__ = [
    "PICTURE_CHIP",
    "ChipDictionary",
    "FactoredImage",
    "HalvedPicture",
    "factor_image",
    "half_rank",
    "halve",
    "picture_engine",
    "psnr",
    "truncated",
]

_HOMES = {
    "PICTURE_CHIP": "chips",
    "ChipDictionary": "codec.chip_dictionary",
    "FactoredImage": "factor",
    "HalvedPicture": "halved",
    "factor_image": "factor",
    "half_rank": "halved",
    "halve": "halved",
    "picture_engine": "chips",
    "psnr": "quality",
    "truncated": "halved",
}
"""Modules of the names, imported when first used: the codec needs no factorization, which takes seconds to import."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mho.image' has no attribute {name!r}")
    value = getattr(import_module(f"mho.image.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
