"""A dictionary of a picture's own, which its file holds."""

from __future__ import annotations

import numpy as np

from mho.image.codec.codec import Chroma, checked_effort, decode, encode, step_of
from mho.image.codec.coder import LAMBDA
from mho.image.codec.dictionary import Dictionary
from mho.image.codec.model import ATOMS
from mho.image.codec.picture import Picture
from mho.image.codec.planes import to_patches, to_planes

__all__ = ["encode_learned", "learned_dictionary"]


def learned_dictionary(picture: Picture) -> Dictionary:
    """Return the DC atom and the principal components of the luma patches beside it, on cells of 16 levels.

    Parameters
    ----------
    picture : Picture
        8-bit grey or RGB.
    """
    patches = to_patches(to_planes(picture.pixels)[0]).reshape(ATOMS, -1).astype(np.float64)
    flat = np.ones((ATOMS, 1))
    basis = np.linalg.qr(np.hstack([flat, np.eye(ATOMS)[:, 1:]]))[0]
    beside = basis[:, 1:]
    codes = beside.T @ patches
    components = np.linalg.eigh(codes @ codes.T)[1][:, ::-1]
    return Dictionary.quantised(np.hstack([flat / np.sqrt(ATOMS), beside @ components]))


def encode_learned(
    picture: Picture, *, quality: float = 60, effort: int = 1, chroma: Chroma = "auto"
) -> tuple[bytes, bool]:
    """Return the better of two `.mho` files, with the universal dictionary and with the picture's own, and which it is.

    The better one has the smaller sum of squared error and bits at the price at which codes are chosen. Contexts were
    trained for the universal atoms, so that the picture's own win where it repeats itself in directions that
    products of cosines do not have: hatching, the screen of a printed photo.

    Parameters
    ----------
    picture : Picture
        8-bit grey or RGB.
    quality : float
        From 0, coarse, to 100.
    effort : int
        As of `encode`.
    chroma : {"auto", "420", "444"}
        As of `encode`.

    Returns
    -------
    bytes
        The file.
    bool
        True if it holds a dictionary of its own.
    """
    step, effort = step_of(quality) / 16, checked_effort(effort)

    def cost(data: bytes) -> float:
        decoded = decode(data, max_pixels=picture.pixels.size).pixels
        error = np.sum((picture.pixels.astype(np.float64) - decoded) ** 2)
        return float(error / step**2 + LAMBDA * 8 * len(data))

    plain = encode(picture, quality=quality, effort=effort, chroma=chroma)
    own = encode(
        picture, quality=quality, effort=effort, chroma=chroma, dictionary=learned_dictionary(picture).weighted()
    )
    return (own, True) if cost(own) < cost(plain) else (plain, False)
