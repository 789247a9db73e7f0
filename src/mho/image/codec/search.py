"""The step that meets a target."""

from __future__ import annotations

from collections.abc import Callable

from mho import checks
from mho.image.codec.codec import Chroma, analyse, checked_effort, decode, smaller, step_of, write
from mho.image.codec.picture import Picture
from mho.image.quality import psnr_of_pixels

__all__ = ["encode_to_psnr", "encode_to_size"]

_FINEST, _COARSEST = step_of(100), 1 << 14
_NEXT = 1.005
"""Ratio of steps that nobody can tell apart: less than 0.05 dB."""


def encode_to_size(picture: Picture, size: int, *, effort: int = 1, chroma: Chroma = "auto") -> bytes:
    """Return the best file of at most `size` bytes.

    Parameters
    ----------
    picture : Picture
        8-bit grey or RGB.
    size : int
        Bytes.
    effort : int
        As of `encode`.
    chroma : {"auto", "420", "444"}
        As of `encode`.

    Raises
    ------
    ValueError
        Even the coarsest file is larger.
    """
    size = checks.positive_int(size, "size")
    exact, effort = analyse(picture, chroma=chroma), checked_effort(effort)

    def file(step: int) -> bytes:
        return write(exact, step, effort=effort)

    smallest = file(_COARSEST)
    if len(smallest) > size:
        raise ValueError(f"size must be at least {len(smallest)} for this picture, got {size}")
    finest = smaller(exact, file(_FINEST))
    if len(finest) <= size:
        return finest
    return _boundary(file, lambda data: len(data) <= size)[1]


def encode_to_psnr(picture: Picture, psnr: float, *, effort: int = 1, chroma: Chroma = "auto") -> bytes:
    """Return the smallest file whose picture reaches a peak signal-to-noise ratio.

    Parameters
    ----------
    picture : Picture
        8-bit grey or RGB.
    psnr : float
        In dB, over all samples.
    effort : int
        As of `encode`.
    chroma : {"auto", "420", "444"}
        As of `encode`.

    Raises
    ------
    ValueError
        Even the best file does not reach it.
    """
    wanted = checks.nonnegative_number(psnr, "psnr")
    exact, effort = analyse(picture, chroma=chroma), checked_effort(effort)

    def file(step: int) -> bytes:
        return write(exact, step, effort=effort)

    def misses(data: bytes) -> bool:
        return psnr_of_pixels(picture.pixels, decode(data, max_pixels=picture.pixels.size).pixels) < wanted

    finest = file(_FINEST)
    if misses(finest):
        without_loss = smaller(exact, finest)
        if without_loss is not finest:
            return without_loss
        raise ValueError(f"psnr must be one that this picture reaches at quality 100, got {psnr}")
    coarsest = file(_COARSEST)
    return smaller(exact, _boundary(file, misses)[0] if misses(coarsest) else coarsest)


def _boundary(file: Callable[[int], bytes], coarse: Callable[[bytes], bool]) -> tuple[bytes, bytes]:
    """Bisect the steps in ratio: the files of two next to each other, the first not `coarse`, the second so."""
    fine, rough, files = _FINEST, _COARSEST, {}
    while rough / fine > _NEXT and rough - fine > 1:
        middle = round((fine * rough) ** 0.5)
        files[middle] = file(middle)
        fine, rough = (fine, middle) if coarse(files[middle]) else (middle, rough)
    return files.get(fine) or file(fine), files.get(rough) or file(rough)
